"""What may be taken from the cells: values that are neither stale nor contradict another value.

Income counts as the law has it: with a minimum wage imputed, an adult able to work brings at least that
wage. The household's own figure is the mean of twelve months, so a lower sum of months never lowers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from allocator.model.composition import months_before

if TYPE_CHECKING:
    from allocator.policy.rules import Imputation
    from allocator.screening.columns import Columns

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Causes = npt.NDArray[np.int8]

MONTHS_PER_YEAR: Final = 12
# Why a value that stands in its cell is not known.
NO_CAUSE, STALE, CONTRADICTORY = 0, 1, 2
CAUSE_NAMES: Final = {NO_CAUSE: None, STALE: "stale", CONTRADICTORY: "contradictory"}


@dataclass(frozen=True, eq=False)
class Known:
    """``(n,)`` each: the value (0 where unknown), where it is known, and why not where a cell is filled."""

    values: Ints
    known: Bools
    cause: Causes


def income_of(columns: Columns) -> Known:
    """Fen per year of each household, imputed wages included.

    A contradiction: an income of nothing beside a wage that a member states.
    """
    values, known = columns.whole("income_per_year_fen")
    wages, stated = columns.wages
    earns = columns.composition.any(stated & (wages > 0))
    contradictory = known & (values == 0) & earns
    if columns.imputation is not None:
        values = np.maximum(values, _with_wages(columns, columns.imputation))
    return _judged(columns, values, known, contradictory)


def assets_of(columns: Columns) -> Known:
    """Fen of each household."""
    values, known = columns.whole("assets_fen")
    return _judged(columns, values, known, np.zeros(len(values), dtype=bool))


def _judged(columns: Columns, values: Ints, known: Bools, contradictory: Bools) -> Known:
    cause = np.where(contradictory, CONTRADICTORY, np.where(is_stale(columns), STALE, NO_CAUSE))
    cause = np.where(known, cause, NO_CAUSE).astype(np.int8)
    sound = known & (cause == NO_CAUSE)
    return Known(np.where(sound, values, 0), sound, cause)


def is_stale(columns: Columns) -> Bools:
    """Whether the day of income and assets is too long ago for the law, or yet to come."""
    rule = columns.freshness
    if rule is None:
        return np.zeros(len(columns), dtype=bool)
    as_of = columns.composition.households["income_as_of"].to_numpy(dtype="datetime64[D]")
    on = columns.composition.on
    oldest = np.datetime64(months_before(on, rule.income_months), "D")
    outside = (as_of < oldest) | (as_of > np.datetime64(on, "D"))
    return np.where(np.isnat(as_of), rule.date_required, outside).astype(bool)


def _with_wages(columns: Columns, rule: Imputation) -> Ints:
    """Twelve months of what each counted member brings: at least the wage where it is able to work."""
    people = columns.composition
    wages, _ = columns.wages
    able = (people.ages >= rule.age_from) & (people.ages < rule.age_under)
    if rule.exempt_flags:
        able &= ~people.flagged(rule.exempt_flags)
    brought = np.where(able, np.maximum(wages, rule.wage_per_month_fen), wages)
    counted = people.related(columns.counted.income)
    sums = np.zeros(len(people), dtype=np.int64)
    np.add.at(sums, people.position[counted], brought[counted])
    return sums * MONTHS_PER_YEAR


def whole_of(column: Any) -> tuple[Ints, Bools]:
    """A whole-number column and where it is known; unknown cells read 0."""
    array = column.astype("Int64")
    return array.fillna(0).to_numpy(dtype=np.int64), array.notna().to_numpy(dtype=bool)
