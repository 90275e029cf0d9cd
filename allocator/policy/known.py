"""Income and assets as the law counts them, in columns: what every room takes as known, and nothing else.

Screening, points and subsidies ask here, so that one household has one income. With a minimum wage imputed an adult
able to work brings at least that wage. The household's own figure is the mean of twelve months, so a lower
sum of months never lowers it. A value that is stale or contradicts another one is not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from allocator.model.composition import Composition, months_before
from allocator.policy.proof import Freshness, Imputation

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Causes = npt.NDArray[np.int8]

MONTHS_PER_YEAR: Final = 12
# Why a value that stands in its cell is not known.
NO_CAUSE, STALE, CONTRADICTORY = 0, 1, 2
CAUSE_NAMES: Final = {NO_CAUSE: None, STALE: "stale", CONTRADICTORY: "contradictory"}


@dataclass(frozen=True, eq=False)
class Known:
    """``(n,)`` each: the value (0 where unknown), where it is known, and why not where a cell is filled.

    ``floor``: what it can never be less than, whatever is filed; ``is_raised``: where it is more than was filed.
    """

    amounts: Ints
    known: Bools
    cause: Causes
    floor: Ints
    is_raised: Bools


@dataclass(frozen=True, eq=False)
class Proof:
    """By what an amount is known: whose income counts, the wage imputed, how old a value may be."""

    counted: tuple[str, ...]
    imputation: Imputation | None = None
    freshness: Freshness | None = None


def income_of(people: Composition, proof: Proof) -> Known:
    """Fen per year of each household, imputed wages included.

    A contradiction: an income of nothing beside a wage that a member states.
    """
    filed, known = whole_of(people.households["income_per_year_fen"])
    wages, stated = whole_of(people.members["income_per_month_fen"])
    contradictory = known & (filed == 0) & people.any(stated & (wages > 0))
    values, floor = filed, np.zeros(len(people), dtype=np.int64)
    if proof.imputation is not None:
        able = _able(people, proof.imputation)
        least = np.where(able, proof.imputation.wage_per_month_fen, 0)
        floor = _yearly(people, proof.counted, least)
        values = np.maximum(filed, _yearly(people, proof.counted, np.maximum(wages, least)))
    return _judged(people, proof, (filed, values, floor), known, contradictory)


def assets_of(people: Composition, proof: Proof) -> Known:
    """Fen of each household."""
    values, known = whole_of(people.households["assets_fen"])
    nothing = np.zeros(len(values), dtype=np.int64)
    return _judged(people, proof, (values, values, nothing), known, np.zeros(len(values), dtype=bool))


def _judged(
    people: Composition, proof: Proof, figures: tuple[Ints, Ints, Ints], known: Bools, contradictory: Bools
) -> Known:
    filed, values, floor = figures
    cause = np.where(contradictory, CONTRADICTORY, np.where(is_stale(people, proof), STALE, NO_CAUSE))
    cause = np.where(known, cause, NO_CAUSE).astype(np.int8)
    sound = known & (cause == NO_CAUSE)
    return Known(np.where(sound, values, 0), sound, cause, floor, sound & (values > filed))


def is_stale(people: Composition, proof: Proof) -> Bools:
    """Whether the day of income and assets is too long ago for the law, or yet to come."""
    rule = proof.freshness
    if rule is None:
        return np.zeros(len(people), dtype=bool)
    as_of = people.households["income_as_of"].to_numpy(dtype="datetime64[D]")
    oldest = np.datetime64(months_before(people.on, rule.income_months), "D")
    outside = (as_of < oldest) | (as_of > np.datetime64(people.on, "D"))
    return np.where(np.isnat(as_of), rule.date_required, outside).astype(bool)


def _able(people: Composition, rule: Imputation) -> Bools:
    """Per member whether it is able to work."""
    able = (people.ages >= rule.age_from) & (people.ages < rule.age_under)
    if rule.exempt_flags:
        able &= ~people.flagged(rule.exempt_flags)
    return np.asarray(able)


def _yearly(people: Composition, counted: Iterable[str], brought: Ints) -> Ints:
    """Twelve months of what the counted members bring a month, per household."""
    rows = people.related(counted)
    sums = np.zeros(len(people), dtype=np.int64)
    np.add.at(sums, people.position[rows], brought[rows])
    return sums * MONTHS_PER_YEAR


def whole_of(column: Any) -> tuple[Ints, Bools]:
    """A whole-number column and where it is known; unknown cells read 0."""
    array = column.astype("Int64")
    return array.fillna(0).to_numpy(dtype=np.int64), array.notna().to_numpy(dtype=bool)
