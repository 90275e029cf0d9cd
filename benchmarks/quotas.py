"""How long ``band_optimum`` takes under quotas beside the bare flow on a synthetic shortage.

Run alone (``python benchmarks/quotas.py [--households N --pools C --choices K]``) or as a part of ``make bench``.
The city is that of ``benchmarks.mechanisms`` with groups: a maximum and a minimum for a group in every pool, half
of the pools with a reserve, and totals over everybody in each of ten districts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from allocator.mechanisms import solve
from allocator.model.instance import Instance
from benchmarks.mechanisms import SEED, bare_flow, medians, ratios_told, shortage

DISTRICTS = 10
FLOORS = {"band_optimum with quotas": 3.0}


def with_quotas(instance: Instance) -> Instance:
    """Two disjoint groups of a fifth of the households each; every bound is one that can be kept."""
    names, sizes = list(instance.pool_ids), instance.capacity.tolist()
    members = np.arange(instance.num_households)
    pools = list(zip(names, sizes, strict=True))
    owner = np.repeat(members, np.diff(instance.start))
    asking = np.bincount(instance.pool[owner % 5 == 1], minlength=instance.num_pools).tolist()
    maxima = [
        {"id": f"most {name}", "pools": [name], "groups": ["a"], "max": size // 2} for name, size in pools
    ]
    minima = [
        {"id": f"least {name}", "pools": [name], "groups": ["b"], "min": min(size // 10, asked // 10)}
        for (name, size), asked in zip(pools, asking, strict=True)
    ]
    for number in range(DISTRICTS):
        inside = names[number::DISTRICTS]
        places = sum(sizes[number::DISTRICTS])
        maxima.append(
            {"id": f"district {number}", "pools": inside, "max": places * 9 // 10, "min": places // 4}
        )
    minima += maxima[-DISTRICTS:]
    reserves = [
        {"pool": name, "group": "b", "places": size // 4, "release": True} for name, size in pools[::2]
    ]
    return replace(
        instance,
        extensions={"max": maxima, "min": minima, "reserves": reserves},
        groups={"a": members[members % 5 == 0], "b": members[members % 5 == 1]},
    )


def measure(num_households: int, num_pools: int, num_choices: int) -> dict[str, float]:
    """Median seconds by row of the table; the rows take turns."""
    one = shortage(num_households, num_pools, num_choices, 1, SEED)
    limited = with_quotas(one)
    many = with_quotas(shortage(num_households, num_pools, num_choices, min(200, num_households), SEED))
    acts: dict[str, Callable[[], object]] = {
        "bare flow": lambda: bare_flow(one),
        "band_optimum, no quotas": lambda: solve(one, "band_optimum"),
        "band_optimum with quotas": lambda: solve(limited, "band_optimum"),
        "  200 bands": lambda: solve(many, "band_optimum"),
    }
    return medians(acts)


def main(num_households: int = 100_000, num_pools: int = 500, num_choices: int = 10) -> dict[str, float]:
    """Print the table; give the ratios to the bare flow by row."""
    title = f"{num_households:,} households x {num_pools} pools x {num_choices} choices"
    return ratios_told(title, measure(num_households, num_pools, num_choices), FLOORS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=100_000)
    parser.add_argument("--pools", type=int, default=500)
    parser.add_argument("--choices", type=int, default=10)
    wish = parser.parse_args()
    main(wish.households, wish.pools, wish.choices)
