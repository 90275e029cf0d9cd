"""The bounds of an instance as numbered rows over numbered variables, read afresh (docs/reference/crossing.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from allocator.audit.claims import Claims, claims_of, group
from allocator.audit.judgement import Bools
from allocator.audit.quota_seating import Places, places_of
from allocator.model.instance import Instance, Ints


@dataclass(eq=False)
class Rows:
    """``members`` of each row: variables and their coefficients; ``low`` and ``high`` of rows; ``least``, ``most``
    of variables.

    The claims are the first variables, ``start`` (n + 1,) cuts them by household. ``seated``: variables of members on
    places reserved for them; ``short``: variables of soft minima; ``row_of`` (n,) the row of a household, -1 without
    claims; ``num_fixed`` rows come from the instance, those behind them are levels.
    """

    claims: Claims
    rank: Ints
    start: Ints
    most: Ints
    least: Ints
    row_of: Ints
    members: list[tuple[Ints, Ints]] = field(default_factory=list)
    low: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)
    seated: list[int] = field(default_factory=list)
    short: list[int] = field(default_factory=list)
    num_fixed: int = 0

    @property
    def num_claims(self) -> int:
        """Claims come first among the variables."""
        return len(self.claims.household)

    @property
    def num_household_rows(self) -> int:
        """Rows of households come first."""
        return len(self.asking)

    @cached_property
    def asking(self) -> Ints:
        """The households with claims, by row."""
        return np.flatnonzero(self.row_of >= 0)

    @cached_property
    def rows_of_claim(self) -> tuple[list[int], list[int]]:
        """By claim the rows of pools, cells and quotas that count it (all once): where they begin (m + 1), and the rows."""
        rows = range(self.num_household_rows, self.num_fixed)
        counted = [self.members[row][0] for row in rows]
        claim = np.concatenate([np.empty(0, dtype=np.int64), *counted])
        row = np.repeat(np.arange(rows.start, rows.stop), [len(one) for one in counted])
        is_claim = claim < self.num_claims
        claim, row = claim[is_claim], row[is_claim]
        order = np.argsort(claim, kind="stable")
        begins = np.searchsorted(claim[order], np.arange(self.num_claims + 1))
        return begins.tolist(), row[order].tolist()

    def variables(self, mosts: Sequence[int]) -> list[int]:
        """Further variables from 0 to each of these."""
        first = len(self.most)
        self.most = np.concatenate([self.most, np.array(mosts, dtype=np.int64)])
        self.least = np.concatenate([self.least, np.zeros(len(mosts), dtype=np.int64)])
        return list(range(first, len(self.most)))

    def row(self, variables: Ints, factors: Ints | None, low: int, high: int) -> None:
        """A further row; without ``factors`` all are 1."""
        ones = np.ones(len(variables), dtype=np.int64) if factors is None else factors
        self.members.append((variables, ones))
        self.low.append(low)
        self.high.append(high)

    def settle(self, row: int, value: int) -> None:
        """A row's sum is known."""
        self.low[row] = self.high[row] = value

    def bounds_of_households(self) -> tuple[Bools, Bools]:
        """(asking,) who must hold one of its claims; who may hold one."""
        number = self.num_household_rows
        return np.array(self.low[:number]) > 0, np.array(self.high[:number]) > 0


def rows_of(instance: Instance) -> Rows:
    """Households in order, then pools by id, then quotas by id."""
    claims = claims_of(instance)
    count = len(claims.household)
    start = np.searchsorted(claims.household, np.arange(instance.num_households + 1))
    has_claims = np.diff(start) > 0
    row_of = np.where(has_claims, np.cumsum(has_claims) - 1, -1)
    one, none = np.ones(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    rows = Rows(claims, _ranks(instance, claims), start, one, none, row_of)
    bounds = zip(start[:-1].tolist(), start[1:].tolist(), (claims.own >= 0).tolist(), strict=True)
    everyone = np.arange(count)
    for first, last, is_tenant in bounds:
        if last > first:
            # Views of one column of ones: a row of a household costs no memory of its own.
            rows.row(everyone[first:last], one[first:last], int(is_tenant), 1)
    _pool_rows(instance, rows)
    _quota_rows(instance, rows)
    rows.num_fixed = len(rows.members)
    return rows


def _ranks(instance: Instance, claims: Claims) -> Ints:
    """The rank of each claim; a tenant's own pool that it did not list stands one behind its last rank."""
    size = max(instance.num_pools, 1)
    owner = np.repeat(np.arange(instance.num_households), np.diff(instance.start))
    listed = owner * size + instance.pool
    order = np.argsort(listed, kind="stable")
    key = claims.household * size + claims.pool
    at = np.searchsorted(listed[order], key)
    is_listed = at < len(listed)
    is_listed[is_listed] = listed[order][at[is_listed]] == key[is_listed]
    last = np.zeros(instance.num_households, dtype=np.int64)
    np.maximum.at(last, owner, instance.rank)
    rank = last[claims.household] + 1
    rank[is_listed] = instance.rank[order[at[is_listed]]]
    return rank


def _pool_rows(instance: Instance, rows: Rows) -> None:
    order = np.argsort(rows.claims.pool, kind="stable")
    cuts = np.searchsorted(rows.claims.pool[order], np.arange(instance.num_pools + 1)).tolist()
    reserved = places_of(instance)
    for pool, capacity in enumerate(instance.capacity.tolist()):
        asked = order[cuts[pool] : cuts[pool + 1]]
        if not len(asked):
            continue
        if pool in reserved:
            _seat_rows(instance, rows, pool, asked, reserved[pool])
        else:
            rows.row(asked, None, 0, capacity)


def _seat_rows(instance: Instance, rows: Rows, pool: int, asked: Ints, places: tuple[Places, ...]) -> None:
    """A row for each kind of claimant, then one for the open places and each reserve that somebody may sit on."""
    *reserves, open_places = places
    households = rows.claims.household[asked]
    of_group = [group(instance, [str(place.group)])[households] for place in reserves]
    kind = np.stack([rows.claims.own[households] == pool, *of_group], axis=1)
    kinds, kind_of = np.unique(kind, axis=0, return_inverse=True)
    on_place: dict[int, list[int]] = {}
    for number, (is_home, *is_own) in enumerate(kinds.tolist()):
        inside = asked[kind_of.reshape(-1) == number]
        may = [
            place for place, reserve in enumerate(reserves) if is_own[place] or is_home or reserve.is_released
        ]
        seats = rows.variables([len(inside)] * (1 + len(may)))
        for place, seat in zip([-1, *may], seats, strict=True):
            on_place.setdefault(place, []).append(seat)
            if place >= 0 and is_own[place]:
                rows.seated.append(seat)
        factors = np.concatenate([np.ones(len(inside), dtype=np.int64), np.full(len(seats), -1)])
        rows.row(np.concatenate([inside, seats]), factors, 0, 0)
    for place, on_it in sorted(on_place.items()):
        size = open_places.number if place < 0 else reserves[place].number
        rows.row(np.array(on_it, dtype=np.int64), None, 0, size)


def _quota_rows(instance: Instance, rows: Rows) -> None:
    quotas: dict[str, dict[str, Any]] = {}
    for kind in ("max", "min", "min_soft"):
        quotas |= {quota["id"]: quota for quota in instance.extensions.get(kind, [])}
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    for _, quota in sorted(quotas.items()):
        members = group(instance, quota.get("groups"))
        pools = np.zeros(instance.num_pools, dtype=np.bool_)
        pools[[index[name] for name in quota["pools"]]] = True
        inside = np.flatnonzero(members[rows.claims.household] & pools[rows.claims.pool])
        least = quota.get("min", 0)
        rows.row(inside, None, least, max(least, quota.get("max", len(inside))))
        if soft := quota.get("min_soft", 0):
            (lack,) = rows.variables([soft])
            rows.short.append(lack)
            rows.row(np.append(inside, lack), None, soft, len(inside) + soft)
