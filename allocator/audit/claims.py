"""Who may ask for which pool, and in what standing, read afresh from the fields of contract section 4."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.audit.judgement import Bools
from allocator.model.instance import Instance, Ints

NOBODY = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Claims:
    """(m,) claims sorted by household, best first: ``household``, ``pool`` and ``tier``.

    Tier 0: a tenant at its own pool (added where it is not listed); from 1 the pool's ``priority`` (1
    without one); -1: not admitted. ``own`` (n,) a tenant's pool or -1. A tenant's claims end with its own pool.
    """

    household: Ints
    pool: Ints
    tier: Ints
    own: Ints

    def held(self, assigned: Ints) -> Ints:
        """(n,) the claim each household holds, -1 where it holds none of its own."""
        found = np.full(len(assigned), -1, dtype=np.int64)
        is_held = (self.pool == assigned[self.household]) & (self.tier >= 0)
        found[self.household[is_held]] = np.flatnonzero(is_held)
        return found


def claims_of(instance: Instance) -> Claims:
    """Every claim of the instance. O(E log E)."""
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    current = instance.extensions.get("current", {})
    own = np.array([index.get(current.get(name), -1) for name in instance.household_ids], dtype=np.int64)
    owner = np.repeat(np.arange(instance.num_households), np.diff(instance.start))
    pool = instance.pool
    at_home = np.full(instance.num_households, NOBODY)
    home_choices = np.flatnonzero(own[owner] == pool)
    at_home[owner[home_choices]] = home_choices
    counts = np.arange(len(pool)) <= at_home[owner]
    added = np.flatnonzero((own >= 0) & (at_home == NOBODY))
    owner = np.concatenate([owner[counts], added])
    pool = np.concatenate([pool[counts], own[added]])
    order = np.argsort(owner, kind="stable")
    owner, pool = owner[order], pool[order]
    return Claims(owner, pool, _tiers(instance, owner, pool, own), own)


def _tiers(instance: Instance, owner: Ints, pool: Ints, own: Ints) -> Ints:
    tier = np.ones(len(pool), dtype=np.int64)
    position = {name: place for place, name in enumerate(instance.household_ids)}
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    by_pool = np.argsort(pool, kind="stable")
    for name, tiers in instance.extensions.get("priority", {}).items():
        level = np.full(instance.num_households, -1, dtype=np.int64)
        for number, members in enumerate(tiers):
            level[[position[member] for member in members]] = number + 1
        low, high = np.searchsorted(pool[by_pool], [index[name], index[name] + 1])
        tier[by_pool[low:high]] = level[owner[by_pool[low:high]]]
    tier[pool == own[owner]] = 0
    return tier


def group(instance: Instance, names: list[str] | None) -> Bools:
    """(n,) who is in any of the groups; everybody for None."""
    if names is None:
        return np.ones(instance.num_households, dtype=np.bool_)
    inside = np.zeros(instance.num_households, dtype=np.bool_)
    for name in names:
        inside[instance.groups.get(name, np.empty(0, dtype=np.int64))] = True
    return inside


def counted(instance: Instance) -> Iterator[tuple[dict[str, Any], Bools, list[int]]]:
    """Each maximum with whom it counts (n,) and the pools it counts."""
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    for quota in instance.extensions.get("max", []):
        yield quota, group(instance, quota.get("groups")), [index[name] for name in quota["pools"]]


def unclaimed(instance: Instance, claims: Claims, assigned: Ints) -> Iterator[dict[str, object]]:
    """Households in a pool they did not ask for or are not admitted to."""
    held = claims.held(assigned)
    for household in np.flatnonzero((assigned >= 0) & (held < 0)).tolist():
        pool = instance.pool_ids[int(assigned[household])]
        # A tenant that slid below its own pool is the matter of the law on tenants.
        if claims.own[household] < 0 or not _listed(instance, household, int(assigned[household])):
            yield {"household": instance.household_ids[household], "pool": pool}


def _listed(instance: Instance, household: int, pool: int) -> bool:
    return pool in instance.pool[instance.start[household] : instance.start[household + 1]]


def slighted_tenants(instance: Instance, claims: Claims, assigned: Ints) -> Iterator[dict[str, object]]:
    """Tenants left with less than their own pool."""
    held = claims.held(assigned)
    for household in np.flatnonzero((claims.own >= 0) & (held < 0)).tolist():
        yield {
            "household": instance.household_ids[household],
            "pool": instance.pool_ids[int(claims.own[household])],
        }


def above_maximum(instance: Instance, assigned: Ints) -> Iterator[dict[str, object]]:
    """Maxima that are exceeded."""
    for quota, members, pools in counted(instance):
        load = int((members & np.isin(assigned, pools)).sum())
        if load > quota["max"]:
            yield {"quota": quota["id"], "load": load, "max": quota["max"]}
