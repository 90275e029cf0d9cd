"""审核意见 of one household: the same functions on one row, with what they found kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any, Final

import pandas as pd

from allocator.messages import text_of
from allocator.model.columns import HOUSEHOLDS
from allocator.model.composition import Composition
from allocator.model.enums import Branch
from allocator.model.facts import Facts
from allocator.policy.in_force import Policy
from allocator.policy.known import CAUSE_NAMES
from allocator.policy.quantities import QUANTITIES, UNIT_CODES
from allocator.policy.rules import Criterion
from allocator.screening.criteria import FAILS, HOLDS, NOT_ASKED, UNKNOWN, Outcome, judge
from allocator.screening.verdicts import asked_by, columns_of

Plain = int | float | str | None
# Quantities that hang on no column of the household itself.
_ELSEWHERE: Final[dict[str, tuple[str, str]]] = {
    "applicant_age": ("birth_date", "出生日期"),
    "num_persons": ("relation", "与申请人关系"),
    "num_waivers": ("num_waivers", "放弃次数"),
}
# Columns that ``income_as_of`` dates.
_DATED: Final = ("income_per_year", "assets")


@dataclass(frozen=True)
class Origin:
    """Where a value comes from: the column of the application, its state on the day, and when it was established.

    ``column``: the English header; ``established_on``: of income and assets, where the application says it.
    """

    column: str
    header_zh: str
    as_of: date
    established_on: date | None = None

    def text(self, language: str) -> str:
        """The source in words."""
        name = self.header_zh if language == "zh" else self.column
        told = text_of("finding_origin", language, name=name, on=self.as_of.isoformat())
        if self.established_on is None:
            return told + text_of("finding_origin_end", language)
        return told + text_of("finding_established", language, on=self.established_on.isoformat())

    def document(self) -> dict[str, str | None]:
        """For machines."""
        established = None if self.established_on is None else self.established_on.isoformat()
        return {"column": self.column, "as_of": self.as_of.isoformat(), "established_on": established}


@dataclass(frozen=True)
class Finding:
    """One criterion asked of one household.

    ``holds``: ``None`` where the value is unknown, ``cause``: why one that was filed is not known (``stale``,
    ``contradictory``). ``value`` and ``bound`` in ``unit``; ``exact`` is the unrounded value. ``short_by``: how much
    less (or more) would have passed, in ``unit``; ``None`` unless a bound failed, and where no figure filed would
    have passed because imputed wages alone, ``floor``, are over the bound. ``is_raised``: the value is more than was
    filed. ``by_status``: a certificate of civil affairs stood in.
    """

    criterion: str
    holds: bool | None
    value: Plain
    bound: Plain
    unit: str
    direction: str | None
    inclusive: bool | None
    reference: str
    tag: str
    description_zh: str
    description_en: str
    evidence_zh: str = ""
    evidence_en: str = ""
    exact: Fraction | None = None
    short_by: Plain = None
    by_status: bool = False
    cause: str | None = None
    floor: Plain = None
    is_raised: bool = False
    origin: Origin | None = None

    def text(self, language: str) -> str:
        """The finding in words: what is asked, what was found, the article, what would have passed."""
        is_zh = language == "zh"
        unit = text_of(UNIT_CODES[self.unit], language) if self.unit in UNIT_CODES else ""
        told = text_of(
            self.code,
            language,
            what=self.description_zh if is_zh else self.description_en,
            value="" if self.value is None else self.value,
            bound=self.bound,
            unit=unit,
            reference=self.reference,
            evidence=self.evidence_zh if is_zh else self.evidence_en,
            short_by=self.short_by,
            floor=self.floor,
        )
        if self.is_raised:
            told += text_of("finding_raised", language)
        return (
            told + self.origin.text(language) if self.origin is not None and self.value is not None else told
        )

    @property
    def code(self) -> str:
        """Text code of the sentence."""
        if self.holds is None:
            return f"finding_{self.cause or 'unknown'}"
        if self.holds:
            return "finding_by_status" if self.by_status else "finding_holds"
        if self.floor is not None:
            return "finding_imputed_fails"
        if self.short_by is None:
            return "finding_fails"
        return "finding_less_would_pass" if self.direction == "at_most" else "finding_more_would_pass"

    def document(self) -> dict[str, Any]:
        """As ``policy try --json`` prints it."""
        return {
            "criterion": self.criterion,
            "holds": self.holds,
            "value": self.value,
            "bound": self.bound,
            "inclusive": self.inclusive,
            "direction": self.direction,
            "unit": self.unit,
            "reference": self.reference,
            "tag": self.tag,
            "by_status": self.by_status,
            "short_by": self.short_by,
            "cause": self.cause,
            "origin": None if self.origin is None else self.origin.document(),
            "imputed_floor": self.floor,
            "is_imputed": self.is_raised,
        }


def findings_of(facts: Facts, policy: Policy, on: date, num_waivers: int = 0) -> list[Finding]:
    """Every criterion the law asks of the one household of these facts, in the order of its branch.

    Raises ``ValueError`` when the facts hold another number of households than one.
    """
    if len(facts.households) != 1:
        raise ValueError(f"findings of one household, not of {len(facts.households)}")
    return findings_by_row(Composition.of(facts, on), policy, [num_waivers])[0]


def findings_by_row(composition: Composition, policy: Policy, num_waivers: Any = None) -> list[list[Finding]]:
    """The findings of each household in order; for explaining, not for the hot path."""
    columns = columns_of(composition, policy, num_waivers)
    outcomes = {name: judge(policy.screening.criteria[name], columns) for name in policy.screening.used()}
    branches = composition.households["branch"].fillna("").tolist()
    days = composition.households["income_as_of"]
    return [
        _of_row(row, branch, policy, outcomes, _Day(composition.on, days.iloc[row]))
        for row, branch in enumerate(branches)
    ]


@dataclass(frozen=True)
class _Day:
    """The day asked about, and the day on which this household's income and assets were established."""

    on: date
    established_on: Any


def _of_row(row: int, branch: str, policy: Policy, outcomes: dict[str, Outcome], day: _Day) -> list[Finding]:
    rule = policy.screening.branches.get(Branch(branch)) if branch else None
    if rule is None:
        return [_closed_branch(branch)]
    criteria = policy.screening.criteria
    return [
        _finding(criteria[name], outcomes[name], row, day)
        for name in asked_by(rule)
        if outcomes[name].holds[row] != NOT_ASKED
    ]


def _closed_branch(branch: str) -> Finding:
    """The law has no such branch, or none is named."""
    return Finding(
        criterion="branch",
        holds=False if branch else None,
        value=branch or None,
        bound=None,
        unit="none",
        direction=None,
        inclusive=None,
        reference="",
        tag="V",
        description_zh="准入类别",
        description_en="Branch",
        evidence_zh="准入类别",
        evidence_en="the branch applied for",
    )


def _origin(rule: str, day: _Day) -> Origin:
    """The column of the application that the quantity hangs on."""
    name, header = _ELSEWHERE.get(rule) or _headers()[QUANTITIES[rule].column]
    is_dated = name in _DATED and not pd.isna(day.established_on)
    return Origin(name, header, day.on, day.established_on.date() if is_dated else None)


@cache
def _headers() -> dict[str, tuple[str, str]]:
    """Frame column -> headers of the file."""
    return {column.frame_name: (column.name, column.header_zh) for column in HOUSEHOLDS.columns}


def _finding(criterion: Criterion, outcome: Outcome, row: int, day: _Day) -> Finding:
    holds = {HOLDS: True, FAILS: False, UNKNOWN: None}[int(outcome.holds[row])]
    exact, bound = _exact(outcome, row)
    by_status = bool(outcome.by_status[row])
    override = criterion.override if by_status else None
    fails_bound = holds is False and exact is not None
    floor = _floor(criterion, outcome, row) if fails_bound else None
    scale = QUANTITIES[criterion.rule].scale
    return Finding(
        criterion=criterion.id,
        holds=holds,
        value=_word(outcome, row) if outcome.amount is None else plain(exact, scale),
        bound=_words_wanted(criterion) if bound is None else plain(bound, scale),
        unit=criterion.unit,
        direction=criterion.direction,
        inclusive=criterion.inclusive,
        reference=criterion.reference if override is None else override.reference,
        tag=criterion.tag if override is None else override.tag,
        description_zh=criterion.description_zh,
        description_en=criterion.description_en,
        evidence_zh=criterion.evidence_zh,
        evidence_en=criterion.evidence_en,
        exact=None if exact is None else exact / scale,
        short_by=_short_by(criterion, outcome, row) if fails_bound and floor is None else None,
        by_status=by_status,
        cause=_cause(outcome, row) if holds is None else None,
        floor=None if floor is None else plain(floor, scale),
        is_raised=_is_raised(outcome, row) and not by_status,
        origin=_origin(criterion.rule, day),
    )


def _exact(outcome: Outcome, row: int) -> tuple[Fraction | None, Fraction | None]:
    amount, bound = outcome.amount, outcome.bound
    if amount is None or bound is None:
        return None, None
    value = Fraction(int(amount.numerator[row]), int(amount.denominator[row])) if amount.known[row] else None
    return value, Fraction(int(bound[row]))


def _word(outcome: Outcome, row: int) -> str | None:
    return str(outcome.words.iloc[row]) or None


def _cause(outcome: Outcome, row: int) -> str | None:
    cause = outcome.amount.cause if outcome.amount is not None else None
    return None if cause is None else CAUSE_NAMES[int(cause[row])]


def _words_wanted(criterion: Criterion) -> str | None:
    return ", ".join(criterion.one_of) or None


def _floor(criterion: Criterion, outcome: Outcome, row: int) -> Fraction | None:
    """What imputed wages alone come to where that is over the bound already; else None."""
    amount, bound = outcome.amount, outcome.bound
    if amount is None or bound is None or amount.floor is None or criterion.direction != "at_most":
        return None
    least = Fraction(int(amount.floor[row]), int(amount.denominator[row]))
    passes = least <= int(bound[row]) if criterion.inclusive else least < int(bound[row])
    return None if passes else least


def _is_raised(outcome: Outcome, row: int) -> bool:
    amount = outcome.amount
    return amount is not None and amount.is_raised is not None and bool(amount.is_raised[row])


def _short_by(criterion: Criterion, outcome: Outcome, row: int) -> Plain:
    """The least change of the value that passes, rounded up to what is counted (a fen, a cm², a month)."""
    value, bound = _exact(outcome, row)
    assert value is not None
    assert bound is not None
    change = abs(value - bound)
    whole = -(-change.numerator // change.denominator)
    if not criterion.inclusive and whole == change:
        whole += 1
    return plain(Fraction(whole), QUANTITIES[criterion.rule].scale)


def plain(value: Fraction | None, scale: int) -> Plain:
    """Base units as a number in the law's unit: whole where it is, else as many decimals as the unit has.

    Rounding is for the eye only; whether a bound holds was decided on whole numbers.
    """
    if value is None:
        return None
    shown = value / scale
    if shown.denominator == 1:
        return int(shown)
    return float(round(shown, len(str(scale)) - 1))
