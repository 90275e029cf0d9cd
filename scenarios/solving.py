"""One sub-round solved on arrays: wishes that may be granted, the published order, the policy's own mechanism."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from allocator import mechanisms
from allocator.errors import NoAllocation
from allocator.model.enums import SolutionStatus
from allocator.model.instance import UNASSIGNED, Instance
from allocator.policy.model import AllocationRules
from allocator.rounds.declared import Declared, extensions_of
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


def solved(market: Market, drawn: Drawn, rules: AllocationRules) -> tuple[Ints, Ints]:
    """``order`` and, for each of it, the pool it gets (``UNASSIGNED``: none).

    ``drawn`` puts some households (places from 0) into the published order. Who wishes for nothing that is open
    takes no part: tickets hang on the household alone, so nobody else's place changes. Raises ``NoAllocation``
    where the declared quotas cannot be met, and what the mechanism raises where it cannot serve them.
    """
    everybody = market.declared is not None
    order = drawn(np.arange(len(market.band)) if everybody else np.unique(market.owner))
    if not len(order):
        return order, order
    is_open = np.flatnonzero(market.capacity > 0)
    instance = _instance(market, order, is_open)
    solution = mechanisms.solve(instance, rules.mechanism, housing_first=rules.housing_first)
    if solution.status not in {SolutionStatus.OPTIMAL, SolutionStatus.FEASIBLE}:
        raise NoAllocation(
            "scenario_round_infeasible", mechanism=rules.mechanism, status=str(solution.status)
        )
    assigned = solution.matching.assigned
    is_housed = assigned != UNASSIGNED
    return order, np.where(is_housed, is_open[np.where(is_housed, assigned, 0)], UNASSIGNED)


def _instance(market: Market, order: Ints, is_open: Ints) -> Instance:
    """The instance of the open pools in the published order, with what is declared."""
    counts = np.bincount(market.owner, minlength=len(market.band))
    at = spread((np.cumsum(counts) - counts)[order], counts[order])
    number = np.cumsum(market.capacity > 0) - 1
    pool = number[market.pool[at]].astype(np.int64)
    names = [market.pool_names[place] for place in is_open]
    bare = Instance(
        household_ids=[""] * len(order),
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
