"""Changes to a market that must change nothing else, on a city too large to enumerate (``slow``: at full size)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from allocator.mechanisms import solve
from allocator.model.instance import Instance, Ints
from benchmarks.mechanisms import shortage

SMALL, FULL = (2_000, 40, 6), (100_000, 500, 10)
Run = tuple[str, int, bool]
RUNS: tuple[Run, ...] = (
    ("serial", 1, False),
    ("band_optimum", 1, False),
    ("band_optimum", 20, False),
    ("band_optimum", 5, True),
    ("deferred_acceptance", 1, False),
    ("top_trading_cycles", 1, False),
)
SIZES = (SMALL, pytest.param(FULL, marks=pytest.mark.slow))


@cache
def city(size: tuple[int, int, int], num_bands: int) -> Instance:
    """Places for a third of the households and pools of very unequal popularity."""
    return shortage(*size, num_bands, seed=7)


def assigned(instance: Instance, run: Run) -> Ints:
    """(n,) the pool of each household, -1 for none."""
    mechanism, _, housing_first = run
    options: dict[str, Any] = {"housing_first": True} if housing_first else {}
    return solve(instance, mechanism, **options).matching.assigned


@cache
def before(size: tuple[int, int, int], run: Run) -> Ints:
    """The assignment of the city as it is."""
    return assigned(city(size, run[1]), run)


def starts(counts: Ints) -> Ints:
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


def with_other_pool_names(instance: Instance) -> tuple[Instance, Callable[[Ints], Ints]]:
    """The pools sorted the other way round."""
    last = instance.num_pools - 1
    turned = replace(instance, capacity=instance.capacity[::-1].copy(), pool=last - instance.pool)
    return turned, lambda found: np.where(found >= 0, last - found, -1)


def with_a_pool_nobody_lists(instance: Instance) -> tuple[Instance, Callable[[Ints], Ints]]:
    """A further pool before all others."""
    wider = replace(
        instance,
        pool_ids=["A", *instance.pool_ids],
        capacity=np.concatenate(([7], instance.capacity)),
        pool=instance.pool + 1,
    )
    return wider, lambda found: np.where(found >= 0, found - 1, -1)


def with_a_household_that_lists_nothing(instance: Instance) -> tuple[Instance, Callable[[Ints], Ints]]:
    """A further household behind all others."""
    longer = replace(
        instance,
        household_ids=[*instance.household_ids, "Z"],
        band=np.append(instance.band, instance.band[-1]),
        start=np.append(instance.start, instance.start[-1]),
    )
    return longer, lambda found: found[:-1]


def with_every_pool_split(instance: Instance) -> tuple[Instance, Callable[[Ints], Ints]]:
    """Every pool as two copies with its places between them, liked equally and asked one after the other."""
    half = instance.capacity // 2
    twins = np.stack([2 * instance.pool, 2 * instance.pool + 1], axis=1).ravel()
    split = replace(
        instance,
        pool_ids=[f"{name}{twin}" for name in instance.pool_ids for twin in "ab"],
        capacity=np.stack([half, instance.capacity - half], axis=1).ravel(),
        start=2 * instance.start,
        pool=twins,
        rank=np.repeat(instance.rank, 2),
    )
    return split, lambda found: np.where(found >= 0, found // 2, -1)


def with_the_city_twice(instance: Instance) -> tuple[Instance, Callable[[Ints], Ints]]:
    """A second city beside the first, its households each behind their twin."""
    n, num_choices = instance.num_households, np.diff(instance.start)
    pool = np.split(instance.pool, instance.start[1:-1])
    twins = [part for one in pool for part in (one, one + instance.num_pools)]
    ranks = [part for one in np.split(instance.rank, instance.start[1:-1]) for part in (one, one)]
    twice = replace(
        instance,
        household_ids=[f"{name}{twin}" for name in instance.household_ids for twin in "ab"],
        band=np.repeat(instance.band, 2),
        pool_ids=[f"{twin}{name}" for twin in "ab" for name in instance.pool_ids],
        capacity=np.concatenate((instance.capacity, instance.capacity)),
        start=starts(np.repeat(num_choices, 2)),
        pool=np.concatenate(twins),
        rank=np.concatenate(ranks),
    )

    def back(found: Ints) -> Ints:
        first, second = found.reshape(n, 2).T
        assert np.array_equal(first, np.where(second >= 0, second - instance.num_pools, -1))
        return first

    return twice, back


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "change",
    [
        with_other_pool_names,
        with_a_pool_nobody_lists,
        with_a_household_that_lists_nothing,
        with_every_pool_split,
        with_the_city_twice,
    ],
)
def test_what_concerns_nobody_changes_nobody(
    change: Callable[[Instance], tuple[Instance, Callable[[Ints], Ints]]],
    size: tuple[int, int, int],
    run: Run,
) -> None:
    """Other names, a pool nobody lists, a household without a list, pools in two halves, a second city: all get what they got."""
    changed, back = change(city(size, run[1]))
    assert np.array_equal(back(assigned(changed, run)), before(size, run))


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("size", SIZES)
def test_without_those_left_over_the_others_keep_their_places(size: tuple[int, int, int], run: Run) -> None:
    """Taking out everybody who got nothing moves nobody who got something."""
    instance, found = city(size, run[1]), before(size, run)
    stays = found >= 0
    counts = np.diff(instance.start)
    kept = np.repeat(stays, counts)
    rest = replace(
        instance,
        household_ids=[
            name for name, is_kept in zip(instance.household_ids, stays.tolist(), strict=True) if is_kept
        ],
        band=np.unique(instance.band[stays], return_inverse=True)[1].astype(np.int64),
        start=starts(counts[stays]),
        pool=instance.pool[kept],
        rank=instance.rank[kept],
    )
    assert np.array_equal(assigned(rest, run), found[stays])
