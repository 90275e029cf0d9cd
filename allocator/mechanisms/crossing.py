"""``band_optimum`` where quotas cross: totals of a group across pools, groups that overlap.

Who can be housed together is then no matroid, so "as many" and "the earlier first" can disagree and the
caller says which is meant (contract, section 5). The levels are those of the definition, each solved exactly.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, Final

import numpy as np

from allocator.errors import Refused
from allocator.mechanisms.crossing_levels import InfeasibleError, Levels, LimitReachedError
from allocator.mechanisms.crossing_program import Program, program_of, quotas_of
from allocator.mechanisms.crossing_proofs import Prover, UnprovedError
from allocator.mechanisms.report import CERTIFICATE_FORMAT, rank_counts
from allocator.model.enums import SolutionStatus
from allocator.model.instance import UNASSIGNED, Instance, Matching, Solution

NAME: Final = "band_optimum"
TENANTS: Final = -1
MOST_CHOICES: Final = 10_000  # a count, not a time: the same on every machine


def crossing_optimum(
    instance: Instance, crossing: tuple[str, str], *, housing_first: bool, housed: str | None
) -> Solution:
    """The band-lexicographic assignment under quotas of any shape; ``crossing``: two sets that cross.

    Raises ``Refused`` where ``housed`` is not said, or where there are more than ``MOST_CHOICES``.
    """
    if housed is None:
        raise Refused("mechanism_housed_needed", first=crossing[0], second=crossing[1])
    program = program_of(instance)
    if program.num_claims > MOST_CHOICES:
        raise Refused(
            "mechanism_crossing_too_large",
            first=crossing[0],
            second=crossing[1],
            most=MOST_CHOICES,
            choices=program.num_claims,
        )
    options = {"housing_first": housing_first, "housed": housed}
    bands = _bands(instance, program)
    try:
        try:
            levels = Levels(program)
        except InfeasibleError:
            report = {"code": "mechanism_infeasible", "advice": advice(instance), "crossing": list(crossing)}
            return _ended(instance, options, SolutionStatus.INFEASIBLE, report)
        figures = _all_levels(levels, bands, housing_first=housing_first, most_first=housed == "count")
    except (LimitReachedError, UnprovedError):
        return _ended(instance, options, SolutionStatus.LIMIT, {"crossing": list(crossing)})
    held = np.flatnonzero(levels.found[: program.num_claims])
    assigned = np.full(instance.num_households, UNASSIGNED, np.int64)
    assigned[program.wishes.household[held]] = program.wishes.pool[held]
    return Solution(
        mechanism=NAME,
        status=SolutionStatus.OPTIMAL,
        matching=Matching(assigned),
        certificate={
            "format": CERTIFICATE_FORMAT,
            "mechanism": NAME,
            "housing_first": housing_first,
            "housed": housed,
            "num_households": instance.num_households,
            "num_housed": len(held),
            **figures,
            "proofs": levels.proofs,
        },
        report={**rank_counts(replace(instance, rank=program.rank), held), "crossing": list(crossing)},
        options=options,
    )


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


def _ended(
    instance: Instance, options: dict[str, Any], status: SolutionStatus, report: dict[str, Any]
) -> Solution:
    return Solution(
        mechanism=NAME,
        status=status,
        matching=Matching(np.full(instance.num_households, UNASSIGNED, np.int64)),
        certificate={},
        report=report,
        options=options,
        is_drawn=False,
    )
