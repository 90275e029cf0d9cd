"""The choices that count under ``priority`` and ``current``, with each household's key at the pool.

A household in no tier of a pool is not admitted there. A sitting tenant stands first at its own pool and
wants nothing it likes less, so its list ends there (mechanisms as contract, section 5, states them).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from allocator.errors import Refused
from allocator.model.instance import Instance, Ints

NOT_LISTED = -1


@dataclass(frozen=True, eq=False)
class Wishes:
    """m choices, household by household, best first (tied groups in list order).

    ``start`` (n + 1,); ``household``, ``pool`` (m,); ``choice`` (m,) index in ``Instance.pool``, -1 for a
    tenant's own pool that is not on its list; ``key`` (m,) = tier * n + household, smaller is better: tier 0
    the tenant at its own pool, then the tiers of ``priority`` from 1 (without one: 1 for all).
    ``own`` (n,) the tenant's pool, -1 for none; ``tiers`` (n,) by pool with ``priority``, 0 = not admitted.
    """

    start: Ints
    household: Ints
    pool: Ints
    choice: Ints
    key: Ints
    own: Ints
    tiers: dict[int, Ints]
    num_tiers: int

    @cached_property
    def _by_pool(self) -> tuple[Ints, Ints]:
        along = np.argsort(self.pool, kind="stable")
        return along, self.pool[along]

    def asking(self, pool: int) -> Ints:
        """The choices of that pool, by household."""
        along, pools = self._by_pool
        low, high = np.searchsorted(pools, (pool, pool + 1))
        return along[low:high]


def wishes_of(instance: Instance) -> Wishes:
    """Lay out the choices that count. O(E)."""
    n = instance.num_households
    own, tiers = _own_pools(instance), _tiers(instance)
    household = np.repeat(np.arange(n), np.diff(instance.start))
    pool, choice = instance.pool, np.arange(len(instance.pool))
    if (own >= 0).any():
        household, pool, choice = _ending_at_home(household, pool, choice, own)
    tier = np.ones(len(pool), np.int64)
    if tiers:
        _set_tiers(tier, household, pool, tiers)
    tier[own[household] == pool] = 0
    stays = tier >= 0
    household, pool, choice, tier = household[stays], pool[stays], choice[stays], tier[stays]
    start = np.searchsorted(household, np.arange(n + 1))
    num_tiers = 1 + max((int(levels.max(initial=0)) for levels in tiers.values()), default=1)
    return Wishes(start, household, pool, choice, tier * n + household, own, tiers, max(num_tiers, 2))


def _own_pools(instance: Instance) -> Ints:
    own = np.full(instance.num_households, -1, np.int64)
    current = instance.extensions.get("current", {})
    if current:
        place = {name: number for number, name in enumerate(instance.pool_ids)}
        for at, name in enumerate(instance.household_ids):
            if name in current:
                own[at] = place[current[name]]
    return own


def _tiers(instance: Instance) -> dict[int, Ints]:
    """(n,) tier from 1 of every household at each pool with ``priority``; 0 where it is not admitted."""
    priority: dict[str, Any] = instance.extensions.get("priority", {})
    if not priority:
        return {}
    at = {name: number for number, name in enumerate(instance.household_ids)}
    place = {name: number for number, name in enumerate(instance.pool_ids)}
    found = {}
    for pool, tiers in priority.items():
        levels = np.zeros(instance.num_households, np.int64)
        for number, tier in enumerate(tiers, start=1):
            levels[[at[name] for name in tier]] = number
        found[place[pool]] = levels
    return found


def _ending_at_home(household: Ints, pool: Ints, choice: Ints, own: Ints) -> tuple[Ints, Ints, Ints]:
    """A tenant's list, cut behind its own pool; the own pool is added where it is not listed."""
    is_home = pool == own[household]
    end = np.full(len(own), len(pool), np.int64)
    end[household[is_home]] = np.flatnonzero(is_home)
    keep = np.arange(len(pool)) <= end[household]
    missing = np.flatnonzero((own >= 0) & (end == len(pool)))
    household = np.concatenate((household[keep], missing))
    pool = np.concatenate((pool[keep], own[missing]))
    choice = np.concatenate((choice[keep], np.full(len(missing), NOT_LISTED)))
    along = np.argsort(household, kind="stable")
    return household[along], pool[along], choice[along]


def _set_tiers(tier: Ints, household: Ints, pool: Ints, tiers: dict[int, Ints]) -> None:
    by_pool = np.argsort(pool, kind="stable")
    for place, levels in tiers.items():
        low, high = np.searchsorted(pool[by_pool], (place, place + 1))
        at = by_pool[low:high]
        tier[at] = np.where(levels[household[at]] > 0, levels[household[at]], -1)


def refuse_too_many_tenants(instance: Instance, mechanism: str, own: Ints, capacity: Ints) -> None:
    """Raise ``Refused`` where a pool has fewer places than sitting tenants: nobody could be kept from harm."""
    tenants = np.bincount(own[own >= 0], minlength=instance.num_pools)
    over = np.flatnonzero(tenants > capacity)
    if len(over):
        pool = int(over[0])
        raise Refused(
            "mechanism_too_many_tenants",
            mechanism=mechanism,
            pool=instance.pool_ids[pool],
            tenants=int(tenants[pool]),
            capacity=int(capacity[pool]),
        )
