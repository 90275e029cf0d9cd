"""A million households × 2,000 pools × 10 choices: ratios to the bare flow of that size, memory, and where the time goes.

Run alone (``python benchmarks/million.py``): minutes, so no part of ``make bench``. Every row is one run in a process
of its own, which reads the city from a file and tells its seconds, processor seconds and peak memory. Ratios are of
processor seconds, so that a busy machine does not blur them; all rows use one thread. The last rows are lists of 30
choices instead of 10, for a tenth of the households and a quarter of the pools.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from allocator.mechanisms import solve
from allocator.mechanisms.housing import house_bands
from allocator.mechanisms.market import Market
from allocator.mechanisms.ranks import improve_band
from allocator.mechanisms.ties import settle_ties
from allocator.model.instance import Instance
from benchmarks.mechanisms import SEED, bare_flow, shortage

BARE = "bare flow"
LEVELS = "band_optimum by levels"
FLOORS = {"band_optimum": 1.5, "deferred_acceptance": 0.5}
FLOOR_GIB = 8
FLOOR_LONGER = 4


@dataclass(frozen=True)
class Cost:
    """What one act took: seconds by the clock and of the processor; ``gib`` the peak memory of its process."""

    name: str
    seconds: float
    processor_seconds: float
    gib: float


def peak_gib() -> float:
    """The peak memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def timed(name: str, act: Callable[[], object]) -> Cost:
    """One call."""
    began, began_processor = time.perf_counter(), time.process_time()
    act()
    taken, taken_processor = time.perf_counter() - began, time.process_time() - began_processor
    return Cost(name, taken, taken_processor, peak_gib())


def save(path: Path, num_households: int, num_pools: int, num_choices: int) -> None:
    """Draw a city of one band and keep it."""
    city = shortage(num_households, num_pools, num_choices, 1, SEED)
    np.savez(path, capacity=city.capacity, pool=city.pool.reshape(num_households, num_choices))


def load(path: Path) -> Instance:
    """The city that was saved."""
    with np.load(path) as saved:
        capacity, pool = saved["capacity"], saved["pool"]
    num_households, num_choices = pool.shape
    return Instance(
        household_ids=[f"H{number:07d}" for number in range(num_households)],
        band=np.zeros(num_households, np.int64),
        pool_ids=[f"P{number:05d}" for number in range(len(capacity))],
        capacity=capacity,
        start=np.arange(num_households + 1) * num_choices,
        pool=pool.ravel(),
        rank=np.tile(np.arange(1, num_choices + 1), num_households),
    )


def measure(path: Path, name: str) -> list[Cost]:
    """One row of the table, or the levels of ``band_optimum`` in turn. Runs in a process of its own."""
    city = load(path)
    if name == BARE:
        return [timed(name, lambda: bare_flow(city))]
    if name != LEVELS:
        return [timed(name, lambda: solve(city, name))]
    market = Market(city)
    return [
        timed("  greedy pass", lambda: house_bands(market, [(0, city.num_households)])),
        timed("  ranks and prices", lambda: improve_band(market, 0, city.num_households)),
        timed("  ties", lambda: settle_ties(market)),
    ]


def alone(path: Path, name: str) -> list[Cost]:
    """``measure`` in a fresh process, whose peak memory is its own."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as executor:
        return executor.submit(measure, path, name).result()


def main(num_households: int, num_pools: int) -> None:
    """Print the table, then what longer lists cost."""
    with tempfile.TemporaryDirectory() as folder:
        city, few, many = (Path(folder, f"{name}.npz") for name in ("city", "few", "many"))
        save(city, num_households, num_pools, 10)
        print(f"{num_households:,} households x {num_pools} pools x 10 choices")
        print(f"{'':24}{'seconds':>9}{'processor':>11}{'ratio':>8}{'floor':>7}{'GiB':>7} (floor {FLOOR_GIB})")
        bare = 0.0
        for name in (BARE, "band_optimum", LEVELS, "deferred_acceptance", "serial"):
            for cost in alone(city, name):
                bare = bare or cost.processor_seconds
                print(
                    f"{cost.name:24}{cost.seconds:9.1f}{cost.processor_seconds:11.1f}"
                    f"{cost.processor_seconds / bare:8.2f}{FLOORS.get(cost.name, ''):>7}{cost.gib:7.2f}",
                    flush=True,
                )
        save(few, num_households // 10, num_pools // 4, 10)
        save(many, num_households // 10, num_pools // 4, 30)
        short, long = (alone(path, "band_optimum")[0].processor_seconds for path in (few, many))
        print(
            f"30 choices cost {long / short:.2f} x 10 choices (floor {FLOOR_LONGER}): "
            f"{short:.2f} s and {long:.2f} s of the processor"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument("--pools", type=int, default=2_000)
    wish = parser.parse_args()
    main(wish.households, wish.pools)
