"""Reserves and maxima of the pools, and the places they make of a pool (slot expansion).

A pool with reserves is several institutions: each reserve in the order declared, then the open places. A
household asks first for the places reserved for its own groups, then for an open one, then for what other
groups leave (``release``); so a group is owed its number and no more (Kominers and Sonmez 2016 for the
expansion; Hafalir, Yenmez and Yildirim 2013 for the order).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.errors import Refused
from allocator.mechanisms.market import Flags
from allocator.mechanisms.wishes import Wishes
from allocator.model.instance import Instance, Ints


@dataclass(frozen=True, eq=False)
class Reserve:
    """Places kept for a group; ``members`` (n,) bool."""

    places: int
    members: Flags
    is_released: bool


@dataclass(frozen=True, eq=False)
class Ceiling:
    """At most ``most`` households of ``members`` (n,) bool in ``pools`` together."""

    name: str
    members: Flags
    pools: tuple[int, ...]
    most: int


@dataclass(frozen=True, eq=False)
class PoolRules:
    """One pool: places in all, reserves as declared (never more than the places), ceilings on it alone."""

    capacity: int
    reserves: tuple[Reserve, ...]
    ceilings: tuple[Ceiling, ...]

    @property
    def num_open(self) -> int:
        """Places not reserved."""
        return self.capacity - sum(reserve.places for reserve in self.reserves)


def ceilings_of(instance: Instance) -> list[Ceiling]:
    """The maxima, sorted by the quota's id; without ``groups`` a quota counts everybody."""
    place = {name: number for number, name in enumerate(instance.pool_ids)}
    quotas: list[dict[str, Any]] = instance.extensions.get("max", [])
    members: dict[tuple[str, ...] | None, Flags] = {None: np.ones(instance.num_households, bool)}
    found = []
    for quota in sorted(quotas, key=lambda quota: str(quota["id"])):
        groups = tuple(sorted(quota["groups"])) if "groups" in quota else None
        if groups not in members:
            members[groups] = members_of(instance, list(groups or ()))
        pools = tuple(sorted(place[name] for name in quota["pools"]))
        found.append(Ceiling(quota["id"], members[groups], pools, quota["max"]))
    return found


def members_of(instance: Instance, groups: list[str]) -> Flags:
    """(n,) who is in any of the groups."""
    members = np.zeros(instance.num_households, bool)
    for name in groups:
        members[instance.groups.get(name, np.empty(0, np.int64))] = True
    return members


def rules_of(instance: Instance, mechanism: str, wishes: Wishes) -> tuple[Ints, dict[int, PoolRules]]:
    """(C,) capacities after maxima on everybody in a pool, and the rules of every pool that has any.

    Raises ``Refused`` for maxima that are no partition of one pool, or that cut a reserve's group there.
    """
    capacity = instance.capacity.copy()
    by_pool: dict[int, list[Ceiling]] = {}
    for ceiling in ceilings_of(instance):
        if not ceiling.pools:
            continue
        if len(ceiling.pools) > 1:
            raise Refused("mechanism_max_across_pools", mechanism=mechanism, quota=ceiling.name)
        (pool,) = ceiling.pools
        if ceiling.members.all():
            capacity[pool] = min(capacity[pool], ceiling.most)
        else:
            by_pool.setdefault(pool, []).append(ceiling)
    reserves = reserves_of(instance, capacity)
    rules = {}
    for pool in sorted({*by_pool, *reserves}):
        one = PoolRules(int(capacity[pool]), reserves.get(pool, ()), tuple(by_pool.get(pool, ())))
        _refuse_crossing(instance, mechanism, wishes, pool, one)
        rules[pool] = one
    return capacity, rules


def reserves_of(instance: Instance, capacity: Ints) -> dict[int, tuple[Reserve, ...]]:
    """The reserves of each pool in the order declared; beyond the pool's places nothing can be reserved."""
    place = {name: number for number, name in enumerate(instance.pool_ids)}
    groups = sorted({entry["group"] for entry in instance.extensions.get("reserves", [])})
    members = {name: members_of(instance, [name]) for name in groups}
    found: dict[int, tuple[Reserve, ...]] = {}
    for entry in instance.extensions.get("reserves", []):
        pool = place[entry["pool"]]
        before = found.get(pool, ())
        left = int(capacity[pool]) - sum(reserve.places for reserve in before)
        reserve = Reserve(min(entry["places"], left), members[entry["group"]], entry.get("release", False))
        found[pool] = (*before, reserve)
    return found


def _refuse_crossing(instance: Instance, mechanism: str, wishes: Wishes, pool: int, rules: PoolRules) -> None:
    """Maxima must part those who ask for the pool; beside them reserves must part them too, and not cross."""
    if not rules.ceilings:
        return
    asking = wishes.household[wishes.asking(pool)]
    counted = np.sum([ceiling.members[asking] for ceiling in rules.ceilings], axis=0)
    if counted.max(initial=0) > 1:
        names = ", ".join(ceiling.name for ceiling in rules.ceilings)
        raise Refused(
            "mechanism_max_overlapping", mechanism=mechanism, quotas=names, pool=instance.pool_ids[pool]
        )
    tenants = wishes.own[asking] == pool
    for ceiling in rules.ceilings:
        count = int((ceiling.members[asking] & tenants).sum())
        if count > ceiling.most:
            raise Refused(
                "mechanism_max_below_tenants", mechanism=mechanism, quota=ceiling.name, tenants=count
            )
    groups = [reserve.members[asking] for reserve in rules.reserves]
    is_parted = not groups or np.sum(groups, axis=0).max(initial=0) <= 1
    for ceiling in rules.ceilings:
        inside = ceiling.members[asking]
        if not is_parted or any(0 < int(group[inside].sum()) < int(inside.sum()) for group in groups):
            raise Refused(
                "mechanism_max_crosses_reserve",
                mechanism=mechanism,
                quota=ceiling.name,
                pool=instance.pool_ids[pool],
            )
