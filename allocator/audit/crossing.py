"""The laws of ``band_optimum`` where quotas cross: every level's value from the assignment, every proof added up.

A proof is a tree of multipliers (docs/reference/crossing.md). Any multipliers give a true bound, so a proof
that adds up is one whoever made it, and nothing is solved again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from allocator.audit.crossing_rows import Rows, reserves_at, rows_of
from allocator.audit.judgement import FORMAT, Breach, Judgement
from allocator.audit.quota_seating import Right, seat
from allocator.model.instance import Instance, Ints

LAWS: Final = ("shortfall", "reserved", "housing", "rank_optimality", "tie_rule")
_TENANTS: Final = -1
_DEEPEST: Final = 200


@dataclass(eq=False)
class _Walk:
    """The rows with what the levels so far have fixed, and the proofs not yet used."""

    instance: Instance
    assigned: Ints
    rows: Rows
    proofs: Iterator[object]
    num_proofs: int = 0
    held: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    breaches: list[Breach] = field(default_factory=list)

    def claims_of(self, household: int) -> list[int]:
        """The claims of one household, best first."""
        at = self.rows.of_household.get(household)
        return [] if at is None else [claim for claim, _ in self.rows.members[at]]

    def prove(
        self, law: str, weights: dict[int, int], most: int, household: int = -1, band: int = -1
    ) -> None:
        """Take the next proof and add it up; a breach where it does not show ``most``."""
        self.num_proofs += 1
        tree = next(self.proofs, None)
        if not _shows(self.rows, tree, weights, most, _DEEPEST):
            name = "" if household < 0 else self.instance.household_ids[household]
            self.breaches.append(Breach(law, name, band=band))

    def level(self, law: str, weights: dict[int, int], value: int, *, is_most: bool, band: int = -1) -> None:
        """A level's value, proved the best and fixed."""
        if not weights:
            return
        sign = 1 if is_most else -1
        self.prove(
            law, {variable: sign * weight for variable, weight in weights.items()}, sign * value, band=band
        )
        self.rows.row(list(weights.items()), value, value)


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
    walk = _Walk(instance, assigned, rows_of(instance), iter(proofs))
    walk.held = walk.rows.claims.held(assigned)
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


def proves_nothing_possible(instance: Instance, tree: object) -> bool:
    """Whether the tree shows a sum of nothing to be less than nothing: then no assignment keeps every bound."""
    return _shows(rows_of(instance), tree, {}, -1, _DEEPEST)


def _levels(walk: _Walk, *, housing_first: bool, most_first: bool) -> dict[str, Any]:
    short = _shortfall(walk)
    walk.level("shortfall", dict.fromkeys(walk.rows.short, 1), short, is_most=False)
    seated = _seated(walk)
    walk.level("reserved", dict.fromkeys(walk.rows.seated, 1), seated, is_most=True)
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


def _bands(walk: _Walk) -> list[tuple[int, list[int]]]:
    own, band = walk.rows.claims.own, walk.instance.band
    bands = [
        (number, np.flatnonzero((band == number) & (own < 0)).tolist())
        for number in range(walk.instance.num_bands)
    ]
    tenants = np.flatnonzero(own >= 0).tolist()
    return [(_TENANTS, tenants), *bands] if tenants else bands


def _shortfall(walk: _Walk) -> int:
    """The soft minima's rows end with the variable of what they lack; without it they count what there is."""
    lacking = set(walk.rows.short)
    total = 0
    for members, low in zip(walk.rows.members, walk.rows.low, strict=True):
        if members and members[-1][0] in lacking:
            there = sum(
                int(walk.held[walk.rows.claims.household[claim]] == claim) for claim, _ in members[:-1]
            )
            total += max(0, low - there)
    return total


def _seated(walk: _Walk) -> int:
    """Members on places of their own groups, over all pools with reserves."""
    total = 0
    for pool in range(walk.instance.num_pools):
        reserves = reserves_at(walk.instance, pool)
        if not reserves:
            continue
        people: dict[tuple[Right, ...], int] = {}
        for household in np.flatnonzero(walk.assigned == pool).tolist():
            is_home = bool(walk.rows.claims.own[household] == pool)
            own = [bool(members[household]) for _, members, _ in reserves]
            rights = [
                (is_own or is_home or released, is_own)
                for is_own, (_, _, released) in zip(own, reserves, strict=True)
            ]
            kind = (*rights, (True, False))
            people[kind] = people.get(kind, 0) + 1
        sizes = [places for places, _, _ in reserves]
        sizes.append(int(walk.instance.capacity[pool]) - sum(sizes))
        kinds = list(people)
        seats = seat([people[kind] for kind in kinds], kinds, sizes) or []
        total += sum(
            number
            for kind, row in zip(kinds, seats, strict=True)
            for (_, counts), number in zip(kind, row, strict=True)
            if counts
        )
    return total


def _housed(walk: _Walk, band: int, members: list[int], *, most_first: bool) -> int:
    asking = [household for household in members if walk.claims_of(household)]
    number = int((walk.held[asking] >= 0).sum()) if asking else 0
    if most_first:
        claims = [claim for household in asking for claim in walk.claims_of(household)]
        walk.level("housing", dict.fromkeys(claims, 1), number, is_most=True, band=band)
    for household in asking:
        is_housed = int(walk.held[household] >= 0)
        if not is_housed:
            walk.prove("housing", dict.fromkeys(walk.claims_of(household), 1), 0, household)
        row = walk.rows.of_household[household]
        walk.rows.low[row] = walk.rows.high[row] = is_housed
    return number


def _ranked(walk: _Walk, band: int, members: list[int]) -> int:
    claims = [claim for household in members for claim in walk.claims_of(household)]
    total = sum(
        int(walk.rows.rank[walk.held[household]]) for household in members if walk.held[household] >= 0
    )
    weights = {claim: int(walk.rows.rank[claim]) for claim in claims}
    walk.level("rank_optimality", weights, total, is_most=False, band=band)
    return total


def _ties(walk: _Walk) -> None:
    for household in sorted(walk.rows.of_household):
        held = int(walk.held[household])
        if held < 0:
            continue
        claims = walk.claims_of(household)
        better = [claim for claim in claims if claim < held]
        if better:
            walk.prove("tie_rule", dict.fromkeys(better, 1), 0, household)
        for claim in claims:
            walk.rows.least[claim] = walk.rows.most[claim] = int(claim == held)


def _shows(rows: Rows, tree: object, weights: Mapping[int, int], most: int, depth: int) -> bool:
    """Whether the tree proves that the weighted sum is at most ``most`` within the rows and bounds."""
    if not isinstance(tree, Mapping) or depth == 0:
        return False
    if "split" not in tree:
        return _leaf_shows(rows, tree.get("duals"), tree.get("over"), weights, most)
    variable = tree["split"]
    if not _is_number(variable) or not 0 <= variable < len(rows.most):
        return False
    low, high = rows.least[variable], rows.most[variable]
    holds = low == 0 and high == 1
    for answer, value in (("no", 0), ("yes", 1)):
        rows.least[variable] = rows.most[variable] = value
        holds = holds and _shows(rows, tree.get(answer), weights, most, depth - 1)
    rows.least[variable], rows.most[variable] = low, high
    return holds


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _leaf_shows(rows: Rows, duals: object, over: object, weights: Mapping[int, int], most: int) -> bool:
    """Weak duality in whole numbers: any multipliers of rows bound the sum."""
    if not _is_number(over) or not isinstance(over, int) or over < 1 or not isinstance(duals, Sequence):
        return False
    left = {variable: weight * over for variable, weight in weights.items()}
    total = 0
    for pair in duals:
        if not isinstance(pair, Sequence) or len(pair) != 2 or not all(map(_is_number, pair)):
            return False
        row, dual = pair
        if not 0 <= row < len(rows.members):
            return False
        total += dual * (rows.high[row] if dual > 0 else rows.low[row])
        for variable, weight in rows.members[row]:
            left[variable] = left.get(variable, 0) - dual * weight
    for variable, weight in left.items():
        total += weight * (rows.most[variable] if weight > 0 else rows.least[variable])
    return total < (most + 1) * over
