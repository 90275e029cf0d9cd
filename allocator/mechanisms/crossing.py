"""``band_optimum`` where quotas cross: totals of a group across pools, groups that overlap.

Who can be housed together is then no matroid, so "as many" and "the earlier first" can disagree and the
caller says which is meant (contract, section 5). The levels are those of the definition, each solved exactly.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from allocator.errors import Refused
from allocator.mechanisms.crossing_flow import Found, Impossible, flow_optimum
from allocator.mechanisms.crossing_levels import InfeasibleError, Levels, LimitReachedError
from allocator.mechanisms.crossing_program import Program, program_of, quotas_of, ranks_of
from allocator.mechanisms.crossing_proofs import Prover, UnprovedError
from allocator.mechanisms.report import CERTIFICATE_FORMAT, rank_counts
from allocator.mechanisms.wishes import wishes_of
from allocator.model.enums import SolutionStatus
from allocator.model.instance import UNASSIGNED, Instance, Ints, Matching, Solution

NAME: Final = "band_optimum"
TENANTS: Final = -1
MOST_CHOICES: Final = 10_000  # a count, not a time: the same on every machine


def crossing_optimum(
    instance: Instance, crossing: tuple[str, str], *, housing_first: bool, housed: str | None
) -> Solution:
    """The band-lexicographic assignment under quotas of any shape; ``crossing``: two sets that cross.

    A flow where those that bind are one, else by the definition. Raises ``Refused`` where ``housed`` is not said, or
    where they are no flow and there are more than ``MOST_CHOICES``.
    """
    if housed is None:
        raise Refused("mechanism_housed_needed", first=crossing[0], second=crossing[1])
    asked = _Asked(instance, crossing, {"housing_first": housing_first, "housed": housed})
    try:
        found = flow_optimum(instance, housing_first=housing_first, most_first=housed == "count")
    except UnprovedError:
        return asked.ended(SolutionStatus.LIMIT, {})
    if isinstance(found, Found):
        return asked.solution(found.held, found.figures, found.proofs)
    if isinstance(found, Impossible) and found.advice is not None:
        report = {"code": "mechanism_infeasible", "advice": found.advice}
        return asked.ended(SolutionStatus.INFEASIBLE, report)
    program = program_of(instance)
    if program.num_claims > MOST_CHOICES:
        # A quota that fits neither side stands there alone, twice.
        first, second = found if isinstance(found, tuple) and len(set(found)) > 1 else crossing
        raise Refused(
            "mechanism_crossing_too_large",
            first=first,
            second=second,
            most=MOST_CHOICES,
            choices=program.num_claims,
        )
    return _by_definition(asked, program)


def optimum_by_definition(
    instance: Instance, crossing: tuple[str, str], *, housing_first: bool, housed: str
) -> Solution:
    """The same by the definition alone, whatever the shape and the size: slow, and what the flow is held against."""
    asked = _Asked(instance, crossing, {"housing_first": housing_first, "housed": housed})
    return _by_definition(asked, program_of(instance))


@dataclass(frozen=True, eq=False)
class _Asked:
    """What was asked for: the instance, two sets that cross, the options."""

    instance: Instance
    crossing: tuple[str, str]
    options: dict[str, Any]

    def solution(self, held: Ints, figures: dict[str, Any], proofs: list[dict[str, Any]]) -> Solution:
        """The optimum: ``held`` (n,) the claim of each household, -1 for none."""
        wishes = wishes_of(self.instance)
        assigned = np.append(wishes.pool, UNASSIGNED)[held]
        claims = held[held >= 0]
        return Solution(
            mechanism=NAME,
            status=SolutionStatus.OPTIMAL,
            matching=Matching(assigned),
            certificate={
                "format": CERTIFICATE_FORMAT,
                "mechanism": NAME,
                **self.options,
                "num_households": self.instance.num_households,
                "num_housed": len(claims),
                **figures,
                "proofs": proofs,
            },
            report={
                **rank_counts(replace(self.instance, rank=ranks_of(self.instance, wishes)), claims),
                "crossing": list(self.crossing),
            },
            options=self.options,
        )

    def ended(self, status: SolutionStatus, report: dict[str, Any]) -> Solution:
        """Nobody is assigned."""
        return Solution(
            mechanism=NAME,
            status=status,
            matching=Matching(np.full(self.instance.num_households, UNASSIGNED, np.int64)),
            certificate={},
            report={**report, "crossing": list(self.crossing)},
            options=self.options,
            is_drawn=False,
        )


def _by_definition(asked: _Asked, program: Program) -> Solution:
    """Level by level with whole numbers, every no with a proof of its own."""
    bands = _bands(asked.instance, program)
    options = asked.options
    try:
        try:
            levels = Levels(program)
        except InfeasibleError:
            report = {"code": "mechanism_infeasible", "advice": advice(asked.instance)}
            return asked.ended(SolutionStatus.INFEASIBLE, report)
        figures = _all_levels(
            levels, bands, housing_first=options["housing_first"], most_first=options["housed"] == "count"
        )
    except (LimitReachedError, UnprovedError):
        return asked.ended(SolutionStatus.LIMIT, {})
    claims = np.flatnonzero(levels.found[: program.num_claims])
    held = np.full(asked.instance.num_households, -1, np.int64)
    held[program.wishes.household[claims]] = claims
    return asked.solution(held, figures, levels.proofs)


def _bands(instance: Instance, program: Program) -> list[tuple[int, list[int]]]:
    """Tenants first as band ``TENANTS`` (where there are any), then every band without them."""
    is_tenant = program.wishes.own >= 0
    bands = [
        (band, np.flatnonzero((instance.band == band) & ~is_tenant).tolist())
        for band in range(instance.num_bands)
    ]
    return [(TENANTS, np.flatnonzero(is_tenant).tolist()), *bands] if is_tenant.any() else bands


def _all_levels(
    levels: Levels, bands: list[tuple[int, list[int]]], *, housing_first: bool, most_first: bool
) -> dict[str, Any]:
    """Shortfall, reserves, bands, ties; gives the value of each level."""
    program = levels.program
    short = levels.best(program.shortfalls, [1] * len(program.shortfalls), is_most=False)
    reserved = levels.best(program.reserved, [1] * len(program.reserved), is_most=True)
    housed, ranks = [], []
    for _, members in bands:
        housed.append(levels.house(members, most_first=most_first))
        if not housing_first:
            ranks.append(levels.improve(members))
    if housing_first:
        ranks = [levels.improve(members) for _, members in bands]
    levels.settle(sorted(itertools.chain.from_iterable(members for _, members in bands)))
    return {
        "shortfall": short,
        "reserved_filled": reserved,
        "bands": [
            {"band": band, "num_households": len(members), "num_housed": number, "total_rank": rank}
            for (band, members), number, rank in zip(bands, housed, ranks, strict=True)
        ],
    }


def advice(instance: Instance) -> dict[str, Any]:
    """Which minima stand against each other, and the least by which they would have to be lowered.

    ``quotas``: minima none of which can be left out of the conflict; ``relaxation``: least in total, and of
    the least the smallest by quota id, as ``{"quota", "from", "to"}``; ``proof``: that nothing is feasible.
    """
    minima = [quota for quota in quotas_of(instance) if quota.least]
    names = [quota.name for quota in minima]
    dropped: set[str] = set()
    for name in names:
        if not _is_feasible(instance, frozenset({*dropped, name})):
            dropped.add(name)
    return {
        "quotas": [name for name in names if name not in dropped],
        "relaxation": _relaxation(instance, names),
        "proof": Prover(program_of(instance)).prove([], [], -1),
    }


def _is_feasible(instance: Instance, without: frozenset[str]) -> bool:
    try:
        Levels(program_of(instance, without=without))
    except InfeasibleError:
        return False
    return True


def _relaxation(instance: Instance, names: list[str]) -> list[dict[str, Any]]:
    """Every hard minimum gets a shortfall; the total is made least, then each in the order of ids."""
    program = program_of(instance, without=frozenset(names))
    short: dict[str, tuple[int, int]] = {}
    for quota in quotas_of(instance):
        if quota.least:
            claims = [
                int(claim)
                for pool in quota.pools
                for claim in program.wishes.asking(pool)
                if quota.members[program.wishes.household[claim]]
            ]
            variable = program.new(quota.least)
            program.rows.append(
                ([*claims, variable], [1] * (len(claims) + 1), quota.least, len(claims) + quota.least)
            )
            short[quota.name] = (variable, quota.least)
    try:
        levels = Levels(program)
    except InfeasibleError:
        return []
    levels.best([variable for variable, _ in short.values()], [1] * len(short), is_most=False)
    found = []
    for name, (variable, least) in sorted(short.items()):
        if lack := levels.best([variable], [1], is_most=False):
            found.append({"quota": name, "from": least, "to": least - lack})
    return found
