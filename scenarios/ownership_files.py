"""Rent-to-own files (TOML) as strict frozen documents; shares and rates are exact fractions, money is whole fen.

A share or a rate is written ``0.3`` or ``"3/10"`` and read as what it spells. Rates are per month.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, PlainValidator, model_validator
from pydantic_core import PydanticKnownError

from allocator.model.enums import SupplyMode
from allocator.policy.faults import Faults
from allocator.policy.sourced import Strict
from scenarios import toml_files
from scenarios.documents import GREATEST_MONEY, LONGEST_NUMBER
from scenarios.files import PolicyChange
from scenarios.toml_files import place_in, read_document, shipped_in

LIBRARY: Final = Path(__file__).with_name("library") / "own"
NUM_DECILES: Final = 10
GREATEST_MONTHS: Final = 600
GREATEST_HOUSEHOLDS: Final = 1_000_000
PREFIX: Final = "own"
_PRICES: Final = ("cost", "market")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9])?|-?[0-9]+/0*[1-9][0-9]*")


def _exact(value: object) -> Fraction:
    is_number = isinstance(value, int | str) and not isinstance(value, bool)
    if not (is_number and len(str(value)) <= LONGEST_NUMBER and _NUMBER.fullmatch(str(value))):
        raise ValueError('a number such as 0.3, or a fraction as text such as "3/10"')
    return Fraction(str(value))


def _within(least: Fraction, greatest: Fraction) -> Callable[[object], Fraction]:
    """Reads an exact number between both bounds, these included."""

    def read_number(value: object) -> Fraction:
        found = _exact(value)
        if found < least:
            raise PydanticKnownError("greater_than_equal", {"ge": float(least)})
        if found > greatest:
            raise PydanticKnownError("less_than_equal", {"le": float(greatest)})
        return found

    return read_number


_TENTH: Final = Fraction(1, 10)
Share = Annotated[Fraction, PlainValidator(_within(Fraction(0), Fraction(1)))]
Rate = Annotated[Fraction, PlainValidator(_within(-_TENTH, _TENTH))]
LoanRate = Annotated[Fraction, PlainValidator(_within(Fraction(0), _TENTH))]
Money = Annotated[int, Field(ge=0, le=GREATEST_MONEY)]
Monthly = Annotated[int, Field(ge=0, le=10**9)]
Months = Annotated[int, Field(ge=1, le=GREATEST_MONTHS)]


class Run(Strict):
    """``cohorts`` share their luck of prices and jobs; ``households`` in each, as many of every income decile."""

    months: Months
    cohorts: int = Field(ge=2, le=100_000)
    households: int = Field(ge=NUM_DECILES, le=GREATEST_HOUSEHOLDS, multiple_of=NUM_DECILES)
    seed: int = Field(ge=0, le=2**63 - 1)
    monthly_rate: Rate

    @model_validator(mode="after")
    def _small_enough(self) -> Self:
        if self.cohorts * self.households > GREATEST_HOUSEHOLDS:
            raise ValueError(f"cohorts x households is at most {GREATEST_HOUSEHOLDS}")
        return self


class Dwelling(Strict):
    """The dwelling at month 0. ``volatility``: standard deviation of the month's growth of the market value."""

    building_area_cm2: int = Field(ge=1, le=100_000_000)
    value_fen: Money
    monthly_appreciation: Rate
    volatility: Share = Fraction(0)


class CostPrice(Strict):
    """Cost C per m² of building area, with interest, less depreciation: C A (1 + i)^t (1 - d t), never below nothing."""

    rule: Literal["cost"]
    cost_per_m2_fen: Money
    monthly_interest: Rate
    monthly_depreciation: Share


class MarketPrice(Strict):
    """A share of the market value of the day."""

    rule: Literal["market"]
    market_share: Share


class Step(Strict):
    """From the end of this month on, this share of the dwelling may be bought."""

    month: Months
    share: Share


class Contract(Strict):
    """What is agreed. ``premium_share``: paid on top of the rent and credited whole; ``credit_share``: of the rent.

    ``credit_cap``: the credit is at most this share of the price. ``refund_share``: of the premiums, to those who
    leave without buying. ``clawback``: share of the discount due on a resale in the first, second, … year.
    """

    rent_fen: Monthly
    premium_share: Share
    credit_share: Share
    credit_cap: Share
    deposit_fen: Money
    refund_share: Share
    steps: tuple[Step, ...] = Field(min_length=1, max_length=100)
    clawback: tuple[Share, ...] = (
        Fraction(1),
        Fraction(4, 5),
        Fraction(3, 5),
        Fraction(2, 5),
        Fraction(1, 5),
    )

    @model_validator(mode="after")
    def _a_staircase(self) -> Self:
        months = [step.month for step in self.steps]
        if months != sorted(set(months)):
            raise ValueError("steps in rising months, each month once")
        if sum(step.share for step in self.steps) > 1:
            raise ValueError("the shares of all steps together are at most 1")
        return self


class Mortgage(Strict):
    """``income_share``: the greatest part of the month's income for instalments; ``loan_share``: of a step's price."""

    monthly_rate: LoanRate
    months: Months
    income_share: Share
    loan_share: Share


class Tenant(Strict):
    """The household. ``subsidised_rent_fen``: what it would pay as a subsidised tenant instead.

    ``incomes_fen``: of a month, the middle of each decile, rising. The logarithm of income is an AR(1) with
    ``persistence`` and ``shock`` (standard deviation); ``common_shock``: the part of its variance all of a cohort share.
    """

    subsidised_rent_fen: Monthly
    savings_fen: Money
    savings_share: Share
    savings_monthly_rate: Rate
    incomes_fen: tuple[Monthly, ...] = Field(min_length=NUM_DECILES, max_length=NUM_DECILES)
    income_growth: Rate = Fraction(0)
    persistence: Share
    shock: Share
    common_shock: Share = Fraction(0)
    loses_job: Share
    finds_job: Share
    jobless_income: Share
    pay_share: Share
    arrears_months: int = Field(ge=1, le=60)
    exit_hazard: Share
    resale_hazard: Share = Fraction(0)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if list(self.incomes_fen) != sorted(self.incomes_fen):
            raise ValueError("incomes_fen from the poorest decile to the richest")
        return self


class Payers(Strict):
    """Who bears what. ``top_up_fen``: treasury to landlord, a month and dwelling let, on the share not sold."""

    build_fen: Money
    grant_fen: Money
    running_fen: Monthly
    top_up_fen: Monthly
    price_to_treasury: Share


class Ownership(Strict):
    """One rent-to-own file."""

    format: Literal["allocator-own/1"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")
    title_zh: str = ""
    title_en: str = ""
    note: str = ""
    supply_mode: SupplyMode
    run: Run
    policy: tuple[PolicyChange, ...] = ()
    dwelling: Dwelling
    price: CostPrice | MarketPrice = Field(discriminator="rule")
    contract: Contract
    mortgage: Mortgage
    tenant: Tenant
    payers: Payers

    @model_validator(mode="after")
    def _steps_within_the_run(self) -> Self:
        if self.contract.steps[-1].month > self.run.months:
            raise ValueError("the last step lies within run.months")
        if any(change.from_month for change in self.policy):
            raise ValueError("changes of the law hold from the start: no from_month here")
        return self


def shipped() -> list[str]:
    """Names of the shipped files."""
    return shipped_in(LIBRARY)


def place_of(name_or_file: str) -> Path:
    """The file of that path, or the shipped one of that name. Raises ``Refused`` for neither."""
    return place_in(LIBRARY, name_or_file, PREFIX)


def read(place: Path, faults: Faults) -> Ownership | None:
    """The file's document, or ``None`` and every fault of it with file, key and cure."""
    return read_document(place, Ownership, PREFIX, faults, _PRICES)


def validated(table: dict[str, Any], file: str, faults: Faults, section: str) -> Ownership | None:
    """The table as a document, or ``None`` and its faults; keys are told below ``section`` (with its dot)."""
    return toml_files.validated(table, Ownership, PREFIX, file, faults, section, _PRICES)
