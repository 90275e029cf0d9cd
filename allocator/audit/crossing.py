"""The laws of ``band_optimum`` where quotas cross: every level's value from the assignment, every proof added up.

A proof bounds a sum by multipliers (docs/reference/crossing.md). Any multipliers give a true bound, so a proof
that adds up is one whoever made it, and nothing is solved again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from allocator.audit.claims import group
from allocator.audit.crossing_rows import Rows, rows_of
from allocator.audit.crossing_sums import Sums, Weights
from allocator.audit.judgement import FORMAT, Breach, Judgement
from allocator.audit.quota_seating import Right, places_of, seat
from allocator.model.instance import Instance, Ints

LAWS: Final = ("shortfall", "reserved", "housing", "rank_optimality", "tie_rule")
_TENANTS: Final = -1
_NOTHING: Final = Weights(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))


@dataclass(eq=False)
class _Walk:
    """The rows with what the levels so far have fixed, and the proofs not yet used. ``held`` (n,) claims."""

    instance: Instance
    assigned: Ints
    rows: Rows
    sums: Sums
    proofs: Iterator[object]
    held: Ints
    num_proofs: int = 0
    breaches: list[Breach] = field(default_factory=list)

    def claims_of(self, households: Ints) -> Ints:
        """The claims of some households."""
        inside = np.zeros(self.instance.num_households, dtype=np.bool_)
        inside[households] = True
        return np.flatnonzero(inside[self.rows.claims.household])

    def prove(self, law: str, weights: Weights, most: int, band: int = -1) -> None:
        """Take the next proof and add it up; a breach where it does not show ``most``."""
        if not self.sums.shows(next(self.proofs, None), weights, most, self.num_proofs):
            name = "" if weights.household < 0 else self.instance.household_ids[weights.household]
            self.breaches.append(Breach(law, name, band=band))
        self.num_proofs += 1

    def level(self, law: str, sum_of: Weights, value: int, *, is_most: bool, band: int = -1) -> None:
        """A level's value, proved the best and fixed."""
        if not len(sum_of.variables):
            return
        sign = 1 if is_most else -1
        self.prove(law, Weights(sum_of.variables, sign * sum_of.values), sign * value, band=band)
        self.rows.row(sum_of.variables, sum_of.values, value, value)

    def refuse(self, law: str, household: int, first: int, last: int) -> None:
        """No better: none of these claims of the household can be had."""
        claims = np.arange(first, last)
        self.prove(law, Weights(claims, np.ones(len(claims), dtype=np.int64), household), 0)


def judge_crossing(
    instance: Instance, assigned: Ints, solution: Mapping[str, Any], *, housing_first: bool
) -> Judgement:
    """Certificate (its figures computed afresh, its proofs as published) and breaches of a feasible assignment.

    Where ``options.housed`` says neither ``count`` nor ``order`` there is no definition to judge by.
    """
    options, certificate = solution.get("options"), solution.get("certificate")
    housed = options.get("housed") if isinstance(options, Mapping) else None
    if housed not in {"count", "order"}:
        return Judgement(None, (Breach("housing"),))
    published = certificate.get("proofs") if isinstance(certificate, Mapping) else None
    proofs = published if isinstance(published, list) else []
    rows = rows_of(instance)
    walk = _Walk(instance, assigned, rows, Sums(rows), iter(proofs), rows.claims.held(assigned))
    figures = _levels(walk, housing_first=housing_first, most_first=housed == "count")
    if len(proofs) != walk.num_proofs:
        walk.breaches.append(Breach("tie_rule"))
    return Judgement(
        {
            "format": FORMAT,
            "mechanism": "band_optimum",
            "housing_first": housing_first,
            "housed": housed,
            "num_households": instance.num_households,
            "num_housed": int((assigned >= 0).sum()),
            **figures,
            "proofs": proofs,
        },
        tuple(walk.breaches),
    )


def proves_nothing_possible(instance: Instance, proof: object) -> bool:
    """Whether the proof shows a sum of nothing to be less than nothing: then no assignment keeps every bound."""
    return Sums(rows_of(instance)).shows(proof, _NOTHING, -1)


def _ones(variables: Ints | list[int]) -> Weights:
    return Weights(np.asarray(variables, dtype=np.int64), np.ones(len(variables), dtype=np.int64))


def _levels(walk: _Walk, *, housing_first: bool, most_first: bool) -> dict[str, Any]:
    short = _shortfall(walk)
    walk.level("shortfall", _ones(walk.rows.short), short, is_most=False)
    seated = _seated(walk)
    walk.level("reserved", _ones(walk.rows.seated), seated, is_most=True)
    bands = _bands(walk)
    housed, ranks = [], []
    for band, members in bands:
        housed.append(_housed(walk, band, members, most_first=most_first))
        if not housing_first:
            ranks.append(_ranked(walk, band, members))
    if housing_first:
        ranks = [_ranked(walk, band, members) for band, members in bands]
    _ties(walk)
    return {
        "shortfall": short,
        "reserved_filled": seated,
        "bands": [
            {"band": band, "num_households": len(members), "num_housed": number, "total_rank": total}
            for (band, members), number, total in zip(bands, housed, ranks, strict=True)
        ],
    }


def _bands(walk: _Walk) -> list[tuple[int, Ints]]:
    own, band = walk.rows.claims.own, walk.instance.band
    bands = [
        (number, np.flatnonzero((band == number) & (own < 0))) for number in range(walk.instance.num_bands)
    ]
    tenants = np.flatnonzero(own >= 0)
    return [(_TENANTS, tenants), *bands] if len(tenants) else bands


def _shortfall(walk: _Walk) -> int:
    """The soft minima's rows end with the variable of what they lack; without it they count what there is."""
    rows = walk.rows
    is_held = np.zeros(len(rows.most), dtype=np.int64)
    is_held[walk.held[walk.held >= 0]] = 1
    lacking = set(rows.short)
    total = 0
    for (variables, _), low in zip(rows.members, rows.low, strict=True):
        if len(variables) and int(variables[-1]) in lacking:
            total += max(0, low - int(is_held[variables[:-1]].sum()))
    return total


def _seated(walk: _Walk) -> int:
    """Members on places of their own groups, over all pools with reserves."""
    total = 0
    for pool, (*reserves, open_places) in places_of(walk.instance).items():
        members = [group(walk.instance, [str(place.group)]) for place in reserves]
        people: dict[tuple[Right, ...], int] = {}
        for household in np.flatnonzero(walk.assigned == pool).tolist():
            is_home = bool(walk.rows.claims.own[household] == pool)
            own = [bool(inside[household]) for inside in members]
            rights = [
                (is_own or is_home or place.is_released, is_own)
                for is_own, place in zip(own, reserves, strict=True)
            ]
            kind = (*rights, (True, False))
            people[kind] = people.get(kind, 0) + 1
        sizes = [place.number for place in (*reserves, open_places)]
        kinds = list(people)
        seats = seat([people[kind] for kind in kinds], kinds, sizes) or []
        total += sum(
            number
            for kind, row in zip(kinds, seats, strict=True)
            for (_, counts), number in zip(kind, row, strict=True)
            if counts
        )
    return total


def _housed(walk: _Walk, band: int, members: Ints, *, most_first: bool) -> int:
    rows = walk.rows
    asking = members[rows.row_of[members] >= 0]
    number = int((walk.held[asking] >= 0).sum())
    if most_first:
        walk.level("housing", _ones(walk.claims_of(asking)), number, is_most=True, band=band)
    begins, row_of, held = rows.start.tolist(), rows.row_of.tolist(), walk.held.tolist()
    for household in asking.tolist():
        is_housed = int(held[household] >= 0)
        if not is_housed:
            walk.refuse("housing", household, begins[household], begins[household + 1])
        rows.settle(row_of[household], is_housed)
    return number


def _ranked(walk: _Walk, band: int, members: Ints) -> int:
    held = walk.held[members]
    total = int(walk.rows.rank[held[held >= 0]].sum())
    claims = walk.claims_of(members)
    walk.level("rank_optimality", Weights(claims, walk.rows.rank[claims]), total, is_most=False, band=band)
    return total


def _ties(walk: _Walk) -> None:
    rows = walk.rows
    begins = rows.start.tolist()
    for household, held in enumerate(walk.held.tolist()):
        if held < 0:
            continue
        first, last = begins[household : household + 2]
        if held > first:
            walk.refuse("tie_rule", household, first, held)
        rows.least[first:last] = rows.most[first:last] = 0
        rows.least[held] = rows.most[held] = 1
