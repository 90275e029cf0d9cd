"""How long the mechanisms take beside the bare flow on a synthetic shortage.

Run alone (``python benchmarks/mechanisms.py [--households N --pools C --choices K]``) or as a part of
``make bench``. Medians of three; ratios are to the bare flow of the same run: the same arcs added in bulk to
``SimpleMinCostFlow`` (cost = rank, one large cost for staying unhoused), built and solved.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from ortools.graph.python import min_cost_flow

from allocator.mechanisms import solve
from allocator.model.instance import Instance

REPEATS = 3
SEED = 20260301
UNHOUSED_COST = 1000


def shortage(num_households: int, num_pools: int, num_choices: int, num_bands: int, seed: int) -> Instance:
    """A city with places for a third of its households and pools of very unequal popularity."""
    random = np.random.default_rng(seed)
    size = random.lognormal(0, 0.8, num_pools)
    capacity = np.maximum(1, np.round(size / size.sum() * num_households / 3)).astype(np.int64)
    popularity = np.log(random.lognormal(0, 1.0, num_pools))
    # Gumbel noise: the largest k are k draws without replacement, the popular pools first and oftener.
    blocks = []
    for low in range(0, num_households, 20_000):
        rows = min(20_000, num_households - low)
        taste = popularity + random.gumbel(size=(rows, num_pools))
        best = np.argpartition(-taste, num_choices - 1, axis=1)[:, :num_choices]
        by_taste = np.argsort(-np.take_along_axis(taste, best, axis=1), axis=1)
        blocks.append(np.take_along_axis(best, by_taste, axis=1))
    pool = np.concatenate(blocks).astype(np.int64).ravel()
    return Instance(
        household_ids=[f"H{number:07d}" for number in range(num_households)],
        band=np.arange(num_households) * num_bands // num_households,
        pool_ids=[f"P{number:05d}" for number in range(num_pools)],
        capacity=capacity,
        start=np.arange(num_households + 1) * num_choices,
        pool=pool,
        rank=np.tile(np.arange(1, num_choices + 1), num_households),
    )


def with_reserves(instance: Instance) -> Instance:
    """A quarter of every pool reserved for a third of the households, released to others."""
    sizes = zip(instance.pool_ids, instance.capacity.tolist(), strict=True)
    reserves = [{"pool": pool, "group": "g", "places": size // 4, "release": True} for pool, size in sizes]
    members = np.arange(0, instance.num_households, 3)
    return replace(instance, extensions={"reserves": reserves}, groups={"g": members})


def bare_flow(instance: Instance) -> int:
    """The plain min-cost flow over all households, as any first draft would write it. Gives its cost."""
    n, num_pools = instance.num_households, instance.num_pools
    owner = np.repeat(np.arange(n), np.diff(instance.start))
    pools = n + np.arange(num_pools)
    sink = n + num_pools
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(
        np.concatenate((owner, np.arange(n), pools)),
        np.concatenate((n + instance.pool, np.full(n + num_pools, sink))),
        np.concatenate((np.ones(len(owner) + n, np.int64), instance.capacity)),
        np.concatenate((instance.rank, np.full(n, UNHOUSED_COST), np.zeros(num_pools, np.int64))),
    )
    flow.set_nodes_supplies(np.append(np.arange(n), sink), np.append(np.ones(n, np.int64), -n))
    if flow.solve() != flow.OPTIMAL:
        raise RuntimeError("the bare flow was not solved")
    return int(flow.optimal_cost())


def seconds(act: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def measure(num_households: int, num_pools: int, num_choices: int) -> dict[str, float]:
    """Median seconds by row of the table."""
    one = shortage(num_households, num_pools, num_choices, 1, SEED)
    many = shortage(num_households, num_pools, num_choices, min(200, num_households), SEED)
    kept = with_reserves(one)
    acts: dict[str, Callable[[], object]] = {
        "bare flow": lambda: bare_flow(one),
        "band_optimum, 1 band": lambda: solve(one, "band_optimum"),
        "band_optimum, 200 bands": lambda: solve(many, "band_optimum"),
        "  housing first": lambda: solve(many, "band_optimum", housing_first=True),
        "serial": lambda: solve(one, "serial"),
        "deferred_acceptance": lambda: solve(one, "deferred_acceptance"),
        "  with reserves": lambda: solve(kept, "deferred_acceptance"),
        "top_trading_cycles": lambda: solve(one, "top_trading_cycles"),
    }
    return medians(acts)


def medians(acts: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds by name; the acts take turns, so that a busy machine slows all alike."""
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(REPEATS):
        for name, act in acts.items():
            taken[name].append(seconds(act))
    return {name: statistics.median(times) for name, times in taken.items()}


def ratios_told(title: str, taken: Mapping[str, float], floors: Mapping[str, float]) -> dict[str, float]:
    """Print the table; give the ratios to the bare flow by row."""
    ratios = {name: time_taken / taken["bare flow"] for name, time_taken in taken.items()}
    print(f"{title}, medians of {REPEATS}")
    print(f"{'':26}{'seconds':>9}{'ratio':>8}{'floor':>8}")
    for name, ratio in ratios.items():
        floor = f"{floors[name]:.2f}" if name in floors else ""
        print(f"{name:26}{taken[name]:9.3f}{ratio:8.2f}{floor:>8}")
    return ratios


FLOORS = {"band_optimum, 1 band": 1.25, "band_optimum, 200 bands": 1.5}


def main(num_households: int = 100_000, num_pools: int = 300, num_choices: int = 10) -> dict[str, float]:
    """Print the table; give the ratios to the bare flow by row."""
    title = f"{num_households:,} households x {num_pools} pools x {num_choices} choices"
    return ratios_told(title, measure(num_households, num_pools, num_choices), FLOORS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=100_000)
    parser.add_argument("--pools", type=int, default=300)
    parser.add_argument("--choices", type=int, default=10)
    wish = parser.parse_args()
    main(wish.households, wish.pools, wish.choices)
