"""How each quantity the law may name is counted: one registered function per quantity.

A quantity is a fraction of whole numbers, ``numerator / denominator``, with a mask of where it is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from allocator.model.composition import NO_AGE, full_months
from allocator.policy.known import MONTHS_PER_YEAR, Causes, Known
from allocator.screening.columns import Bools, Columns, Ints


@dataclass(frozen=True, eq=False)
class Amount:
    """``(n,)`` each: fraction in base units (fen, cm², months, years, persons) and where it is known."""

    numerator: Ints
    denominator: Ints
    known: Bools
    # Why a filled cell is not known (``known.CAUSE_NAMES``); None: no cell of this quantity can be so.
    cause: Causes | None = None
    # The least the numerator can be whatever is filed, and where it is more than was filed (imputed wages).
    floor: Ints | None = None
    is_raised: Bools | None = None


Counting = Callable[[Columns], Amount]
COUNTED: Final[dict[str, Counting]] = {}


def counts(*names: str) -> Callable[[Counting], Counting]:
    """Register the function for these quantities."""

    def register(function: Counting) -> Counting:
        COUNTED.update(dict.fromkeys(names, function))
        return function

    return register


def _whole(columns: Columns, name: str) -> Amount:
    values, known = columns.whole(name)
    return Amount(values, np.ones(len(columns), dtype=np.int64), known)


def _of(found: Known) -> Amount:
    ones = np.ones_like(found.amounts)
    return Amount(found.amounts, ones, found.known, found.cause, found.floor, found.is_raised)


def _over(amount: Amount, persons: Ints, times: int = 1) -> Amount:
    """Per head: unknown where nobody is counted."""
    known = amount.known & (persons > 0)
    return replace(amount, denominator=np.maximum(persons, 1) * times, known=known)


@counts("income_per_year")
def income_per_year(columns: Columns) -> Amount:
    """Fen per year of the household."""
    return _over_nobody_unknown(_of(columns.income), columns.persons("income"))


@counts("income_per_head_per_year")
def income_per_head_per_year(columns: Columns) -> Amount:
    """Fen per year and head."""
    return _over(_of(columns.income), columns.persons("income"))


@counts("income_per_head_per_month")
def income_per_head_per_month(columns: Columns) -> Amount:
    """Fen per month and head, the mean of twelve months."""
    return _over(_of(columns.income), columns.persons("income"), MONTHS_PER_YEAR)


@counts("assets")
def assets(columns: Columns) -> Amount:
    """Fen of the household."""
    return _over_nobody_unknown(_of(columns.assets), columns.persons("income"))


@counts("assets_per_head")
def assets_per_head(columns: Columns) -> Amount:
    """Fen per head."""
    return _over(_of(columns.assets), columns.persons("income"))


@counts("usable_area_per_head")
def usable_area_per_head(columns: Columns) -> Amount:
    """cm² of usable area (使用面积) per head; never read off the building area."""
    return _over(_whole(columns, "usable_area_cm2"), columns.persons("housing"))


@counts("building_area_per_head")
def building_area_per_head(columns: Columns) -> Amount:
    """cm² of building area (建筑面积) per head."""
    return _over(_whole(columns, "building_area_cm2"), columns.persons("housing"))


@counts("building_area")
def building_area(columns: Columns) -> Amount:
    """cm² of building area of the household's home; 0 without one."""
    return _whole(columns, "building_area_cm2")


@counts("social_insurance_months")
def social_insurance_months(columns: Columns) -> Amount:
    """Months paid."""
    return _whole(columns, "social_insurance_months")


@counts("employment_months")
def employment_months(columns: Columns) -> Amount:
    """Months of stable work."""
    return _whole(columns, "employment_months")


@counts("residence_permit_months")
def residence_permit_months(columns: Columns) -> Amount:
    """Months with a residence permit."""
    return _whole(columns, "residence_permit_months")


@counts("months_since_home_disposed")
def months_since_home_disposed(columns: Columns) -> Amount:
    """Full months since the last home was given up; a date after the day asked about is not known."""
    dates = columns.composition.households["last_home_disposed_on"].to_numpy(dtype="datetime64[D]")
    return _counted(full_months(dates, columns.composition.on))


@counts("applicant_age")
def applicant_age(columns: Columns) -> Amount:
    """Full years of the applicant."""
    return _counted(columns.composition.applicant_age)


@counts("num_persons")
def num_persons(columns: Columns) -> Amount:
    """Persons counted for the fit of a dwelling."""
    persons = columns.persons("fit")
    return Amount(persons, np.ones_like(persons), persons > 0)


@counts("num_waivers")
def num_waivers(columns: Columns) -> Amount:
    """Waivers so far."""
    return _counted(columns.num_waivers)


def _counted(values: Ints) -> Amount:
    known = values != NO_AGE
    return Amount(np.where(known, values, 0), np.ones_like(values), known)


def _over_nobody_unknown(amount: Amount, persons: Ints) -> Amount:
    """A household of nobody has no size, so no bound by size."""
    return replace(amount, known=amount.known & (persons > 0))
