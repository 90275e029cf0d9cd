"""One sub-round solved on arrays: wishes that may be granted, the published order, the policy's own mechanism."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from allocator.model.instance import UNASSIGNED, Instance
from allocator.policy.model import AllocationRules
from allocator.rounds.declared import Declared, extensions_of
from allocator.rounds.solving import loads_of, solve_round
from scenarios.snapshot import NOBODY, Bools, Homes, Ints, Lists, spread


@dataclass(frozen=True, eq=False)
class Market:
    """``band`` (n,) dense of each household, in any order; wishes sorted by owner and rank; ``capacity`` (C,).

    ``declared``: reserves, quotas and priorities the policy declares for this sub-round, which name the households by
    ``codes`` and the pools by ``pool_names``.
    """

    band: Ints
    owner: Ints
    pool: Ints
    rank: Ints
    capacity: Ints
    pool_names: Sequence[str]
    declared: Declared | None = None
    codes: Any = None


Drawn = Callable[[Ints], Ints]


def solved(market: Market, drawn: Drawn, rules: AllocationRules, seed: str) -> tuple[Ints, Ints]:
    """``order`` and, for each of it, the pool it gets (``UNASSIGNED``: none).

    ``drawn`` puts some households (places from 0) into the published order; ``seed`` draws the assignment of a lottery.
    Who wishes for nothing that is open takes no part: tickets hang on the household alone, so nobody else's place
    changes. Raises ``NoAllocation`` where the declared quotas cannot be met, and what the mechanism raises where it
    cannot serve them.
    """
    order, is_open, instance = _asked(market, drawn)
    if not len(order):
        return order, order
    assigned = solve_round(instance, rules, seed).matching.assigned
    is_housed = assigned != UNASSIGNED
    return order, np.where(is_housed, is_open[np.where(is_housed, assigned, 0)], UNASSIGNED)


def places_filled(market: Market, drawn: Drawn, rules: AllocationRules) -> Ints:
    """(C,) places that the mechanism fills (``rounds.solving.loads_of``), no seed needed."""
    filled = np.zeros(len(market.capacity), dtype=np.int64)
    order, is_open, instance = _asked(market, drawn)
    if len(order):
        filled[is_open] = loads_of(solve_round(instance, rules), instance)
    return filled


def _asked(market: Market, drawn: Drawn) -> tuple[Ints, Ints, Instance]:
    """The published order, the open pools, and the instance of both."""
    everybody = market.declared is not None
    order = drawn(np.arange(len(market.band)) if everybody else np.unique(market.owner))
    is_open = np.flatnonzero(market.capacity > 0)
    return order, is_open, _instance(market, order, is_open)


def _instance(market: Market, order: Ints, is_open: Ints) -> Instance:
    """The instance of the open pools in the published order, with what is declared."""
    counts = np.bincount(market.owner, minlength=len(market.band))
    at = spread((np.cumsum(counts) - counts)[order], counts[order])
    number = np.cumsum(market.capacity > 0) - 1
    pool = number[market.pool[at]].astype(np.int64)
    names = [market.pool_names[place] for place in is_open]
    bare = Instance(
        household_ids=list(map(str, order.tolist())),
        band=np.unique(market.band[order], return_inverse=True)[1].astype(np.int64),
        pool_ids=names,
        capacity=market.capacity[is_open].astype(np.int64),
        start=np.r_[0, np.cumsum(counts[order])].astype(np.int64),
        pool=pool,
        rank=market.rank[at],
    )
    if market.declared is None:
        return bare
    codes = pd.Series(market.codes[order], dtype="str")
    households = np.repeat(np.arange(len(order)), counts[order])
    extensions, groups = extensions_of(market.declared, codes, households, pool, names)
    return replace(bare, household_ids=list(codes), extensions=extensions, groups=groups)


def edges_of(
    lists: Lists,
    homes: Homes,
    profile: Ints,
    may_take: Bools,
    employer: Ints,
    is_open: Bools,
    employer_of: Ints,
) -> tuple[Ints, Ints, Ints]:
    """Owner (place in ``profile``), pool and dense rank of every wish that may be granted, sorted by owner and rank."""
    counts = lists.start[profile + 1] - lists.start[profile]
    at = spread(lists.start[profile], counts)
    owner = np.repeat(np.arange(len(profile)), counts)
    pool = lists.pool[at]
    kept = np.flatnonzero(is_open[pool])
    owner, pool, rank = owner[kept], pool[kept], lists.rank[at[kept]]
    whose = employer_of[pool]
    fits = may_take[owner, homes.pool_type[pool]] & ((whose == NOBODY) | (whose == employer[owner]))
    owner, pool, rank = owner[fits], pool[fits], rank[fits]
    return owner, pool, dense(owner, rank)


def dense(owner: Ints, rank: Ints) -> Ints:
    """Ranks from 1 without a gap inside each owner; equal ones stay equal."""
    if not len(owner):
        return np.zeros(0, dtype=np.int64)
    is_first = np.r_[True, owner[1:] != owner[:-1]]
    running = np.cumsum(np.r_[True, rank[1:] != rank[:-1]] | is_first)
    return np.asarray(running - np.maximum.accumulate(np.where(is_first, running, 0)) + 1)
