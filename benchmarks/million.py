"""A million households × 2,000 pools × 10 choices: ratios to the bare flow of that size, memory, and where the time goes.

Run alone (``python benchmarks/million.py``): minutes, so no part of ``make bench``. One run each; the longer lists
of the second table are 30 choices instead of 10 for a tenth of the households.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import itertools

from allocator.mechanisms import solve
from allocator.mechanisms.housing import house_band
from allocator.mechanisms.market import Market
from allocator.mechanisms.ranks import improve_band
from allocator.mechanisms.ties import settle_ties
from benchmarks.mechanisms import SEED, bare_flow, seconds, shortage

FLOORS = {"band_optimum": 1.5, "deferred_acceptance": 0.5}


def levels(num_households: int, num_pools: int, num_choices: int) -> dict[str, float]:
    """Seconds of the greedy pass, the ranks and the ties of one band."""
    instance = shortage(num_households, num_pools, num_choices, 1, SEED)
    market = Market(instance)
    marks = [time.perf_counter()]
    house_band(market, 0, num_households)
    marks.append(time.perf_counter())
    improve_band(market, 0, num_households)
    marks.append(time.perf_counter())
    settle_ties(market)
    marks.append(time.perf_counter())
    names = ("greedy pass", "ranks and prices", "ties")
    return dict(zip(names, (b - a for a, b in itertools.pairwise(marks)), strict=True))


def main(num_households: int, num_pools: int) -> None:
    """Print both tables."""
    city = shortage(num_households, num_pools, 10, 1, SEED)
    flow = seconds(lambda: bare_flow(city))
    print(f"{num_households:,} households x {num_pools} pools x 10 choices")
    print(f"{'bare flow':24}{flow:9.1f} s")
    for name in ("band_optimum", "deferred_acceptance", "serial"):
        taken = seconds(lambda name=name: solve(city, name))
        print(f"{name:24}{taken:9.1f} s{taken / flow:8.2f} x", f"(floor {FLOORS.get(name, '-')})")
    for name, taken in levels(num_households, num_pools, 10).items():
        print(f"  {name:22}{taken:9.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    print(f"{'peak memory':24}{peak:9.1f} GiB (floor 8)")
    few, many = (shortage(num_households // 10, num_pools // 4, k, 1, SEED) for k in (10, 30))
    short, long = (seconds(lambda one=one: solve(one, "band_optimum")) for one in (few, many))
    print(f"30 choices cost {long / short:.2f} x 10 choices (floor 4): {short:.2f} s and {long:.2f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument("--pools", type=int, default=2_000)
    wish = parser.parse_args()
    main(wish.households, wish.pools)
