"""综合评分: priority groups and whole points, in columns.

A value that is missing brings no points and no priority; it never takes a household off the roster.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.model.composition import Composition, full_months
from allocator.model.enums import Relation
from allocator.model.facts import Facts
from allocator.policy.in_force import Policy
from allocator.policy.known import MONTHS_PER_YEAR, Proof, income_of
from allocator.policy.quantities import NOTHING_DECLARED
from allocator.policy.rules import PriorityGroup, ScoreLine, ScreeningRules

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def priority_groups(
    facts: Facts,
    policy: Policy,
    on: date,
    *,
    lost_rounds: pd.Series | None = None,
    composition: Composition | None = None,
) -> pd.Series:
    """Number of each household's group, int64, in the households' order: 0 stands first.

    Who fits no group of the law comes after the last one. ``lost_rounds``: draws lost so far, in the
    households' order (none: 0).
    """
    people = composition if composition is not None else Composition.of(facts, on)
    return pd.Series(_first_of(policy.ranking.groups, people, lost_rounds), name="priority_group")


def tie_breaks(
    facts: Facts,
    policy: Policy,
    on: date,
    *,
    lost_rounds: pd.Series | None = None,
    composition: Composition | None = None,
) -> pd.Series:
    """同等条件下优先: number of the first tie-break each household fits, int64, as ``priority_groups`` counts groups.

    It parts equals only: households of one group with equal points. All 0 where the law has none.
    """
    people = composition if composition is not None else Composition.of(facts, on)
    return pd.Series(_first_of(policy.ranking.tie_breaks, people, lost_rounds), name="tie_break")


def _first_of(groups: tuple[PriorityGroup, ...], people: Composition, lost_rounds: pd.Series | None) -> Ints:
    lost = _lost(lost_rounds, len(people))
    number = np.full(len(people), len(groups), dtype=np.int64)
    for place in reversed(range(len(groups))):
        number[_belongs(groups[place], people, lost)] = place
    return number


def _belongs(group: PriorityGroup, people: Composition, lost_rounds: Ints) -> Bools:
    belongs = people.any(people.flagged(group.flags)) if group.flags else np.zeros(len(people), dtype=bool)
    if group.member_age_from is not None:
        belongs |= people.any(people.ages >= group.member_age_from)
    if group.lost_rounds_from is not None:
        belongs |= lost_rounds >= group.lost_rounds_from
    if group.registered_queue:
        queue = people.households["registered_queue"].fillna("").str.strip()
        belongs |= ((queue != "") & ~queue.isin(NOTHING_DECLARED)).to_numpy(dtype=bool)
    if group.statuses:
        wanted = [str(status) for status in group.statuses]
        belongs |= people.households["benefit_status"].isin(wanted).to_numpy(dtype=bool)
    return belongs


def points(
    facts: Facts,
    policy: Policy,
    on: date,
    *,
    lost_rounds: pd.Series | None = None,
    composition: Composition | None = None,
) -> pd.DataFrame:
    """``receipt_no``, one int64 column per score line and ``points``, their sum; the households' order.

    ``lost_rounds``: draws lost so far, in the households' order (none: 0).
    """
    people = composition if composition is not None else Composition.of(facts, on)
    asked = _Asked(people, policy.screening, _lost(lost_rounds, len(people)))
    scored = {line.id: _points_of(line, asked) for line in policy.ranking.lines}
    total = sum(scored.values(), np.zeros(len(people), dtype=np.int64))
    receipts = people.households["receipt_no"].reset_index(drop=True)
    return pd.DataFrame({"receipt_no": receipts, **scored, "points": total})


def _lost(lost_rounds: pd.Series | None, num_households: int) -> Ints:
    if lost_rounds is None:
        return np.zeros(num_households, dtype=np.int64)
    return pd.Series(lost_rounds).astype("Int64").fillna(0).to_numpy(dtype=np.int64)


@dataclass(frozen=True, eq=False)
class _Asked:
    people: Composition
    rules: ScreeningRules
    lost_rounds: Ints

    @property
    def proof(self) -> Proof:
        """By what an income is known: as in the screening, imputed wages included."""
        rules = self.rules
        return Proof(rules.persons.income, rules.imputation, rules.freshness)

    def whole(self, name: str) -> tuple[Ints, Bools]:
        column = self.people.households[name].astype("Int64")
        return column.fillna(0).to_numpy(dtype=np.int64), column.notna().to_numpy(dtype=bool)


@dataclass(frozen=True, eq=False)
class _Measure:
    """``numerator / denominator`` of what the line counts, and where it is known."""

    numerator: Ints
    denominator: Any = 1
    known: Any = True


def _points_of(line: ScoreLine, asked: _Asked) -> Ints:
    measure = _MEASURES[line.rule](line, asked)
    # Full steps only, in whole numbers: ``per`` units of the measure make one step.
    steps = np.maximum(measure.numerator, 0) // (measure.denominator * line.per)
    scored = np.minimum(np.where(measure.known, steps, 0) * line.each, line.cap)
    return np.asarray(scored, dtype=np.int64)


def _waited_months(_line: ScoreLine, asked: _Asked) -> _Measure:
    registered = asked.people.households["registered_on"].to_numpy(dtype="datetime64[D]")
    return _Measure(full_months(registered, asked.people.on))


def _area_shortfall(line: ScoreLine, asked: _Asked) -> _Measure:
    area, known = asked.whole(f"{line.area}_area_cm2")
    persons = asked.people.persons(asked.rules.persons.housing)
    return _Measure((line.line or 0) * persons - area, np.maximum(persons, 1), known & (persons > 0))


def _income_headroom(line: ScoreLine, asked: _Asked) -> _Measure:
    income = income_of(asked.people, asked.proof)
    heads = asked.people.persons(asked.rules.persons.income) * MONTHS_PER_YEAR
    distance = (line.line or 0) * heads - income.amounts
    return _Measure(distance, np.maximum(heads, 1), income.known & (heads > 0))


def _minor_children(line: ScoreLine, asked: _Asked) -> _Measure:
    people = asked.people
    minors = people.related([Relation.CHILD]) & (people.ages >= 0) & (people.ages < (line.age_from or 0))
    return _Measure(people.count(minors))


def _flagged(line: ScoreLine, asked: _Asked) -> _Measure:
    return _Measure(asked.people.any(asked.people.flagged(line.flags)).astype(np.int64))


def _aged(line: ScoreLine, asked: _Asked) -> _Measure:
    return _Measure(asked.people.any(asked.people.ages >= (line.age_from or 0)).astype(np.int64))


def _insured_months(_line: ScoreLine, asked: _Asked) -> _Measure:
    return _Measure(asked.whole("social_insurance_months")[0])


def _employed_months(_line: ScoreLine, asked: _Asked) -> _Measure:
    return _Measure(asked.whole("employment_months")[0])


def _lost_rounds(_line: ScoreLine, asked: _Asked) -> _Measure:
    return _Measure(asked.lost_rounds)


_MEASURES: Final[dict[str, Callable[[ScoreLine, _Asked], _Measure]]] = {
    "waited_months": _waited_months,
    "area_shortfall": _area_shortfall,
    "income_headroom": _income_headroom,
    "minor_children": _minor_children,
    "flagged": _flagged,
    "aged": _aged,
    "insured_months": _insured_months,
    "employed_months": _employed_months,
    "lost_rounds": _lost_rounds,
}
