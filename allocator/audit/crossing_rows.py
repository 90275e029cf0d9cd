"""The bounds of an instance as numbered rows over numbered variables, read afresh (docs/reference/crossing.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from allocator.audit.claims import Claims, claims_of, group
from allocator.audit.judgement import Bools
from allocator.model.instance import Instance, Ints


@dataclass(eq=False)
class Rows:
    """``members`` of each row: (variable, coefficient); ``low`` and ``high`` of rows; ``least``, ``most`` of variables.

    The claims are the first variables. ``seated``: variables of members on places reserved for them;
    ``short``: variables of soft minima; ``of_household``: the row of a household.
    """

    claims: Claims
    rank: Ints
    most: list[int]
    least: list[int]
    members: list[list[tuple[int, int]]] = field(default_factory=list)
    low: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)
    seated: list[int] = field(default_factory=list)
    short: list[int] = field(default_factory=list)
    of_household: dict[int, int] = field(default_factory=dict)

    def variable(self, most: int) -> int:
        """A further variable from 0 to ``most``."""
        self.least.append(0)
        self.most.append(most)
        return len(self.most) - 1

    def row(self, members: list[tuple[int, int]], low: int, high: int) -> int:
        """A further row."""
        self.members.append(members)
        self.low.append(low)
        self.high.append(high)
        return len(self.members) - 1


def rows_of(instance: Instance) -> Rows:
    """Households in order, then pools by id, then quotas by id."""
    claims = claims_of(instance)
    count = len(claims.household)
    rows = Rows(claims, _ranks(instance, claims), [1] * count, [0] * count)
    asking: dict[int, list[int]] = {}
    for claim, household in enumerate(claims.household.tolist()):
        asking.setdefault(household, []).append(claim)
    for household, own in sorted(asking.items()):
        must = int(claims.own[household] >= 0)
        rows.of_household[household] = rows.row([(claim, 1) for claim in own], must, 1)
    for pool in range(instance.num_pools):
        _pool_rows(instance, rows, pool)
    _quota_rows(instance, rows)
    return rows


def _ranks(instance: Instance, claims: Claims) -> Ints:
    """The rank of each claim; a tenant's own pool that it did not list stands one behind its last rank."""
    rank = np.ones(len(claims.household), dtype=np.int64)
    for claim, (household, pool) in enumerate(
        zip(claims.household.tolist(), claims.pool.tolist(), strict=True)
    ):
        listed = slice(int(instance.start[household]), int(instance.start[household + 1]))
        at = np.flatnonzero(instance.pool[listed] == pool)
        ranks = instance.rank[listed]
        rank[claim] = ranks[at[0]] if len(at) else int(ranks.max(initial=0)) + 1
    return rank


def reserves_at(instance: Instance, pool: int) -> list[tuple[int, Bools, bool]]:
    """Places, members (n,) and release of each reserve, each cut to what is left of the capacity."""
    left = int(instance.capacity[pool])
    found = []
    for entry in instance.extensions.get("reserves", []):
        if entry["pool"] == instance.pool_ids[pool]:
            places = min(int(entry["places"]), left)
            left -= places
            found.append((places, group(instance, [entry["group"]]), bool(entry.get("release", False))))
    return found


def _pool_rows(instance: Instance, rows: Rows, pool: int) -> None:
    asked = np.flatnonzero(rows.claims.pool == pool)
    if not len(asked):
        return
    capacity = int(instance.capacity[pool])
    reserves = reserves_at(instance, pool)
    if not reserves:
        rows.row([(claim, 1) for claim in asked.tolist()], 0, capacity)
        return
    households = rows.claims.household[asked]
    kinds: dict[tuple[bool, ...], list[int]] = {}
    for claim, household in zip(asked.tolist(), households.tolist(), strict=True):
        at_home = bool(rows.claims.own[household] == pool)
        kind = (at_home, *(bool(members[household]) for _, members, _ in reserves))
        kinds.setdefault(kind, []).append(claim)
    on_place: dict[int, list[int]] = {}
    for kind, inside in sorted(kinds.items()):
        seats = []
        for place in range(-1, len(reserves)):
            is_own = place >= 0 and kind[place + 1]
            if place >= 0 and not (is_own or kind[0] or reserves[place][2]):
                continue
            seat = rows.variable(len(inside))
            seats.append(seat)
            on_place.setdefault(place, []).append(seat)
            if is_own:
                rows.seated.append(seat)
        rows.row([*((claim, 1) for claim in inside), *((seat, -1) for seat in seats)], 0, 0)
    sizes = [*(places for places, _, _ in reserves), capacity - sum(places for places, _, _ in reserves)]
    for place, on_it in sorted(on_place.items()):
        rows.row([(seat, 1) for seat in on_it], 0, sizes[place])


def _quota_rows(instance: Instance, rows: Rows) -> None:
    quotas: dict[str, dict[str, Any]] = {}
    for kind in ("max", "min", "min_soft"):
        quotas |= {quota["id"]: quota for quota in instance.extensions.get(kind, [])}
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    for _, quota in sorted(quotas.items()):
        members = group(instance, quota.get("groups"))
        pools = [index[name] for name in quota["pools"]]
        counts = members[rows.claims.household] & np.isin(rows.claims.pool, pools)
        inside = [(claim, 1) for claim in np.flatnonzero(counts).tolist()]
        least = quota.get("min", 0)
        rows.row(inside, least, max(least, quota.get("max", len(inside))))
        if soft := quota.get("min_soft", 0):
            lack = rows.variable(soft)
            rows.short.append(lack)
            rows.row([*inside, (lack, 1)], soft, len(inside) + soft)
