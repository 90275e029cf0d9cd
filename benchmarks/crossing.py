"""How long ``band_optimum`` and its judge take where quotas cross: totals of employers across the totals of districts.

Run alone: ``python benchmarks/crossing.py [--households N --pools C --choices K --bands B --housed count|order]``.
The city is that of ``benchmarks.mechanisms``: ten districts, none of which may fill more than nine tenths of its
places, and forty employers, each with a total over all pools; half of the totals bind.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from allocator import audit
from allocator.mechanisms import solve
from allocator.model.documents import solution_document
from allocator.model.instance import Instance, Solution
from benchmarks.mechanisms import SEED, shortage

DISTRICTS = 10
EMPLOYERS = 40
T = TypeVar("T")


def with_crossing(instance: Instance, *, is_by_district: bool = False, has_minima: bool = False) -> Instance:
    """Every third household is of some employer. ``is_by_district``: the totals count in one district each, so that
    those that bind are no flow; ``has_minima``: every total asks for somebody too.
    """
    names, sizes = list(instance.pool_ids), instance.capacity.tolist()
    households = np.arange(instance.num_households)
    employer = np.where(households % 3 == 0, households // 3 % EMPLOYERS, -1)
    maxima = []
    for number in range(DISTRICTS):
        places = sum(sizes[number::DISTRICTS])
        maxima.append(
            {"id": f"district {number}", "pools": names[number::DISTRICTS], "max": places * 9 // 10}
        )
    share = sum(sizes) // (3 * EMPLOYERS)
    for number in range(EMPLOYERS):
        pools = names[number % DISTRICTS :: DISTRICTS] if is_by_district else names
        most = (share * 4 // 5 if number % 2 else share * 2) // (DISTRICTS if is_by_district else 1)
        total = {"id": f"employer {number}", "pools": pools, "groups": [f"e{number}"], "max": most}
        maxima.append({**total, "min": share // 2} if has_minima else total)
    minima = [quota for quota in maxima if "min" in quota]
    groups = {f"e{number}": households[employer == number] for number in range(EMPLOYERS)}
    return replace(instance, extensions={"max": maxima, **({"min": minima} if minima else {})}, groups=groups)


@dataclass(frozen=True)
class Taken:
    """Seconds by the clock and of the processor."""

    clock: float
    processor: float


def timed(act: Callable[[], T]) -> tuple[T, Taken]:
    """What it gives, and what it took."""
    clock, processor = time.perf_counter(), time.process_time()
    result = act()
    return result, Taken(time.perf_counter() - clock, time.process_time() - processor)


def judged(instance: Instance, solution: Solution) -> int:
    """Certify; how many proofs have prices of their own. Raises where a law is broken."""
    document = solution_document(instance, solution)
    # This instance was never a file, so it has no fingerprint.
    laws = [result for result in audit.certify(instance, document) if result.law != "fingerprint"]
    broken = [result.law for result in laws if not result.holds]
    if broken:
        raise RuntimeError(f"laws broken: {broken}")
    return sum("as" not in proof for proof in solution.certificate["proofs"])


def main(instance: Instance, housed: str) -> dict[str, Taken]:
    """Print and give what solving and judging took."""
    solution, solving = timed(lambda: solve(instance, "band_optimum", housed=housed))
    number, judging = timed(lambda: judged(instance, solution))
    proofs = len(solution.certificate["proofs"])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{len(instance.pool):,} choices, {instance.num_bands} bands, housed={housed}: {solution.status}")
    print(f"{proofs:,} proofs, {number:,} of them with prices; {memory:.1f} GB")
    for name, taken in (("solve", solving), ("certify", judging)):
        print(f"{name:10}{taken.clock:8.1f} s{taken.processor:8.1f} s of the processor")
    return {"solve": solving, "certify": judging}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=100_000)
    parser.add_argument("--pools", type=int, default=500)
    parser.add_argument("--choices", type=int, default=10)
    parser.add_argument("--bands", type=int, default=1)
    parser.add_argument("--housed", choices=("count", "order"), default="count")
    parser.add_argument(
        "--by-district", action="store_true", help="employers' totals count in one district each"
    )
    parser.add_argument("--minima", action="store_true", help="every employer's total has a minimum too")
    wish = parser.parse_args()
    city = shortage(wish.households, wish.pools, wish.choices, wish.bands, SEED)
    main(with_crossing(city, is_by_district=wish.by_district, has_minima=wish.minima), wish.housed)
