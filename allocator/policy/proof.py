"""Whose income and homes count, and what proof of them is taken: rules that screening, points and subsidies share."""

from __future__ import annotations

from pydantic import Field

from allocator.model.enums import Flag, Relation
from allocator.policy.sourced import Sourced


class CountedPersons(Sourced):
    """Who counts as a person of the household for income, for housing, and for the fit of a dwelling."""

    income: tuple[Relation, ...] = Field(min_length=1)
    housing: tuple[Relation, ...] = Field(min_length=1)
    fit: tuple[Relation, ...] = Field(min_length=1)


class Imputation(Sourced):
    """推定收入: an adult able to work counts with at least this wage, whatever is proved (fen a month).

    Able to work: from ``age_from`` to under ``age_under`` and without one of ``exempt_flags``.
    """

    wage_per_month_fen: int = Field(ge=1)
    age_from: int = Field(ge=16)
    age_under: int = Field(ge=17)
    exempt_flags: tuple[Flag, ...] = ()


class Freshness(Sourced):
    """证明时效: income and assets established more than so many full months ago are not known any more.

    ``date_required``: a value that does not say of when it is, is not known either.
    """

    income_months: int = Field(ge=1)
    date_required: bool = False
