"""How long it takes to tell one household what its better pools would have cost others (floor: 50 ms for all of them).

Run alone: ``python -m benchmarks.costs [--households N --pools C --choices K]``. The graph that all households share is
built once and stated apart. Wall time, and the processor's own beside it, since the machine may be busy.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from allocator.measures.costs import CostsToOthers
from allocator.mechanisms import solve
from benchmarks.mechanisms import SEED, shortage

ASKED = 60
FLOOR_MS = 50


def main(num_households: int = 100_000, num_pools: int = 300, num_choices: int = 10) -> None:
    """Print a row per mechanism and number of bands."""
    print(f"{num_households:,} households x {num_pools} pools x {num_choices} choices, {ASKED} of them asked")
    print(f"{'':26}{'built, s':>10}{'median, ms':>12}{'longest':>9}{'cpu, ms':>9}{'floor':>7}")
    for mechanism, num_bands in (("band_optimum", 1), ("band_optimum", 200), ("serial", 200)):
        instance = shortage(num_households, num_pools, num_choices, num_bands, SEED)
        assigned = solve(instance, mechanism).matching.assigned
        began = time.perf_counter()
        costs = CostsToOthers(instance, assigned, mechanism)
        built = time.perf_counter() - began
        later = np.flatnonzero(costs.held.rank > 1)
        asked = later[np.linspace(0, len(later) - 1, ASKED).astype(np.int64)].tolist()
        wall, processor = [], []
        for household in asked:
            began, cpu = time.perf_counter(), time.process_time()
            costs.of(household)
            wall.append(1000 * (time.perf_counter() - began))
            processor.append(1000 * (time.process_time() - cpu))
        name = f"{mechanism}, {num_bands} band{'s' if num_bands > 1 else ''}"
        print(
            f"{name:26}{built:10.2f}{statistics.median(wall):12.1f}{max(wall):9.1f}"
            f"{statistics.median(processor):9.1f}{FLOOR_MS:7}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=100_000)
    parser.add_argument("--pools", type=int, default=300)
    parser.add_argument("--choices", type=int, default=10)
    wish = parser.parse_args()
    main(wish.households, wish.pools, wish.choices)
