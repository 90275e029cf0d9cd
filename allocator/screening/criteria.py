"""准入条件 on columns: one criterion, every household at once, exactly.

Whole numbers only: ``numerator <= bound * denominator``; a per-head value is never rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.policy.quantities import QUANTITIES
from allocator.policy.rules import Bucket, Criterion
from allocator.screening.columns import Bools, Columns, Ints, says_nothing
from allocator.screening.counting import COUNTED, Amount

Answers = npt.NDArray[np.int8]

HOLDS: Final = 1
FAILS: Final = 0
UNKNOWN: Final = -1
NOT_ASKED: Final = -2


@dataclass(frozen=True, eq=False)
class Outcome:
    """``holds`` ``(n,) int8``; ``amount`` and ``bound`` (base units) for bounds, ``words`` for what is declared.

    ``by_status``: where a certificate of civil affairs stands in for the criterion.
    """

    holds: Answers
    by_status: Bools
    amount: Amount | None = None
    bound: Ints | None = None
    words: Any = None


def judge(criterion: Criterion, columns: Columns) -> Outcome:
    """The criterion asked of every household."""
    form = QUANTITIES[criterion.rule].form
    if form == "bound":
        return _bound(criterion, columns)
    if form == "consented":
        return _consented(criterion, columns)
    words, known = columns.text(QUANTITIES[criterion.rule].column)
    holds = {"one_of": _one_of, "declared": _declared, "not_declared": _not_declared}[form](criterion, words)
    return Outcome(_answers(holds, known, criterion), np.zeros(len(columns), dtype=bool), words=words)


def _bound(criterion: Criterion, columns: Columns) -> Outcome:
    amount = COUNTED[criterion.rule](columns)
    bound = bound_of(criterion.bounds, columns.persons(QUANTITIES[criterion.rule].household))
    passes = _passes(criterion, amount.numerator, bound * amount.denominator)
    holds = _answers(passes, amount.known, criterion)
    holds, by_status = _overridden(criterion, columns, holds)
    return Outcome(holds, by_status, amount, bound)


def bound_of(buckets: tuple[Bucket, ...], persons: Ints) -> Ints:
    """The bound of each household's size; households of nobody read the first bucket."""
    if len(buckets) == 1:
        return np.full(len(persons), buckets[0].value, dtype=np.int64)
    starts = np.array([bucket.size_from for bucket in buckets], dtype=np.int64)
    values = np.array([bucket.value for bucket in buckets], dtype=np.int64)
    return values[np.maximum(np.searchsorted(starts, persons, side="right") - 1, 0)]


def _passes(criterion: Criterion, left: Ints, right: Ints) -> Bools:
    if criterion.direction == "at_most":
        return left <= right if criterion.inclusive else left < right
    return left >= right if criterion.inclusive else left > right


def _answers(passes: Bools, known: Bools, criterion: Criterion) -> Answers:
    blank = NOT_ASKED if criterion.when_blank == "not_asked" else UNKNOWN
    return np.where(known, passes, blank).astype(np.int8)


def _overridden(criterion: Criterion, columns: Columns, holds: Answers) -> tuple[Answers, Bools]:
    """A listed status stands in; an unknown one leaves open what would have failed."""
    if criterion.override is None:
        return holds, np.zeros(len(holds), dtype=bool)
    words, known = columns.text("benefit_status")
    by_status = words.isin([str(status) for status in criterion.override.statuses]).to_numpy(dtype=bool)
    open_case = ~known & (holds == FAILS)
    answers = np.where(by_status, HOLDS, np.where(open_case, UNKNOWN, holds)).astype(np.int8)
    return answers, by_status


def _consented(criterion: Criterion, columns: Columns) -> Outcome:
    """A plain yes or no; where the cell is blank, an application put forward by an employer is its consent.

    A consent where no employer is named contradicts itself and is not known.
    """
    says_yes, is_said = columns.yes_no(QUANTITIES[criterion.rule].column)
    _, is_put_forward = columns.text("employer_id")
    words = np.where(is_said, np.where(says_yes, "yes", "no"), np.where(is_put_forward, "employer", ""))
    says_no = is_said & ~says_yes
    holds = _answers(is_put_forward & ~says_no, is_put_forward | says_no, criterion)
    return Outcome(holds, np.zeros(len(columns), dtype=bool), words=pd.Series(words))


def _one_of(criterion: Criterion, words: Any) -> Bools:
    return np.asarray(words.isin(criterion.one_of).to_numpy(dtype=bool))


def _declared(_criterion: Criterion, words: Any) -> Bools:
    return ~says_nothing(words)


def _not_declared(_criterion: Criterion, words: Any) -> Bools:
    return says_nothing(words)
