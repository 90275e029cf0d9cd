"""Files of the subsidy laboratory (TOML) as strict frozen documents; shares are exact fractions, money is whole fen.

A share is written ``0.3`` or ``"3/10"`` and read as what it spells. Money and incomes are of a month and a household.
docs/reference/subsidy-lab.md says what each key holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from allocator.policy.faults import Faults
from allocator.policy.sourced import Strict
from scenarios import toml_files
from scenarios.files import PolicyChange
from scenarios.ownership_files import LoanRate, Money, Monthly, Months, Share
from scenarios.subsidy_chains import AIMS, GREATEST
from scenarios.toml_files import place_in, read_document, shipped_in

LIBRARY: Final = Path(__file__).with_name("library") / "subsidy"
NUM_DECILES: Final = 10
PREFIX: Final = "subsidylab"
GREATEST_HOUSEHOLDS: Final = 1_000_000
GREATEST_LOTS: Final = 50_000_000  # draws x households


def _three(value: object) -> object:
    return tuple(value) if isinstance(value, list) else (value, value, value)


# Least, likeliest, greatest; one number where it is certain.
Estimate = Annotated[tuple[Share, Share, Share], BeforeValidator(_three)]
Count = Annotated[int, Field(ge=1, le=GREATEST_HOUSEHOLDS)]
Steps = Annotated[tuple[Monthly, ...], Field(min_length=1, max_length=20)]


class Synthetic(Strict):
    """A population by decile. ``incomes_fen``: the middle of each decile of household income, rising.

    ``spread``: of incomes inside a decile, ``rent_spread``: of market rents, each at most so far to either side.
    ``persons``: shares of households of 1, 2, … persons; ``rents_fen``: their market rents.
    """

    households: int = Field(ge=NUM_DECILES, le=GREATEST_HOUSEHOLDS, multiple_of=NUM_DECILES)
    seed: int = Field(ge=0, le=2**63 - 1)
    incomes_fen: tuple[Monthly, ...] = Field(min_length=NUM_DECILES, max_length=NUM_DECILES)
    spread: Share = Fraction(0)
    persons: tuple[Share, ...] = Field(min_length=1, max_length=20)
    rents_fen: Steps
    rent_spread: Share = Fraction(0)
    income_step_fen: Count = 10_000
    rent_step_fen: Count = 10_000

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if list(self.incomes_fen) != sorted(self.incomes_fen):
            raise ValueError("incomes_fen from the poorest decile to the richest")
        if sum(self.persons) != 1:
            raise ValueError("the shares of persons together are 1")
        if len(self.rents_fen) != len(self.persons):
            raise ValueError("rents_fen as many as persons")
        return self


class Population(Strict):
    """Whose rent it is: ``file`` (CSV beside this one: persons, income_fen, rent_fen, households) or ``synthetic``."""

    file: str | None = None
    synthetic: Synthetic | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.file is None) == (self.synthetic is None):
            raise ValueError("either file or synthetic")
        return self


class Unit(Strict):
    """A public dwelling by persons (the last for all larger households). Lists hold for 1, 2, … persons.

    ``worth_fen``: its market rent; ``rent_fen``: the public rent, at most ``rent_income_share`` of income.
    ``capital_fen`` is borne over ``months`` at ``monthly_rate``, ``residual_share`` of it stands at the end.
    ``valued``: what a month in it is worth to a household, as a share of ``worth_fen``.
    """

    worth_fen: Steps
    rent_fen: Steps
    rent_income_share: Share = Fraction(1)
    capital_fen: tuple[Money, ...] = Field(min_length=1, max_length=20)
    months: Months
    monthly_rate: LoanRate
    residual_share: Share = Fraction(0)
    running_fen: Monthly = 0
    valued: Estimate = (Fraction(1), Fraction(1), Fraction(1))
    take_up: Estimate


class Voucher(Strict):
    """Money for a home on the market. ``pass_through``: the share of it that ends in a higher rent."""

    take_up: Estimate
    pass_through: Estimate
    admin_fen: Monthly = 0


class Relief(Strict):
    """A lower rent where the household lives. ``compensation``: the part of it the treasury makes good to the landlord."""

    take_up: Estimate
    compensation: Share
    admin_fen: Monthly = 0


class Forms(Strict):
    """Three forms of help of equal benefit. ``alike``: among whom one amount is paid, their mean benefit of a unit.

    ``assumed_pass_through``: what whoever sets the amounts takes the pass-through for.
    """

    alike: Literal["household", "persons", "everybody"]
    draws: int = Field(ge=20, le=10_000)
    seed: int = Field(ge=0, le=2**63 - 1)
    assumed_pass_through: Share = Fraction(0)
    unit: Unit
    voucher: Voucher
    relief: Relief

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.assumed_pass_through > Fraction(9, 10):
            raise ValueError("assumed_pass_through at most 0.9: beyond, ten times the benefit would be paid")
        return self


class Law(Strict):
    """A shipped authority's (or a folder's) subsidy on a day: of a ``public`` lease, or of a home on the ``market``."""

    policy: str = Field(min_length=1)
    on: date
    which: Literal["public", "market"]
    area_cm2: int = Field(default=600_000, ge=1, le=10_000_000)
    rent_per_m2_fen: int = Field(default=4000, ge=0, le=10_000_000)


class Rung(Strict):
    """So much up to that income of the household, this included; without an income: for all above."""

    up_to_fen: Monthly | None = None
    amount_fen: Monthly


class Cliffs(Strict):
    """Where a yuan more of income costs more than a yuan: of a ``law``, or of ``tiers`` in the file.

    ``rent_fen``: the rent paid, which no subsidy is above; ``step_fen``: the rise of income rates are told for.
    """

    persons: tuple[Annotated[int, Field(ge=1, le=20)], ...] = Field(default=(1,), min_length=1, max_length=20)
    rent_fen: Monthly
    step_fen: Count = 10_000
    law: Law | None = None
    tiers: tuple[Rung, ...] = ()

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.law is None) == (not self.tiers):
            raise ValueError("either law or tiers")
        bounds = [rung.up_to_fen for rung in self.tiers]
        known = [bound for bound in bounds if bound is not None]
        if known != sorted(set(known)) or None in bounds[:-1]:
            raise ValueError("tiers by rising up_to_fen, each once; only the last may be without")
        return self


class Grid(Strict):
    """The frontier: so many budgets, evenly from the least to what lifts everybody that can be lifted."""

    points: int = Field(ge=2, le=200)


class Tiers(Strict):
    """The best tiers under a budget. ``aims`` in their order; ``slope``: greatest loss of subsidy for a yuan of income."""

    amounts_fen: tuple[Monthly, ...] = Field(min_length=1, max_length=64)
    budget_fen: Money
    threshold: Share
    aims: tuple[str, ...] = Field(min_length=1, max_length=3)
    slope: Share | None = None
    poorer_never_less: bool = True
    take_up: Share = Fraction(1)
    pass_through: Share = Fraction(0)
    frontier: Grid | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if any(aim not in AIMS for aim in self.aims) or len(set(self.aims)) < len(self.aims):
            raise ValueError(f"aims each once, out of {', '.join(AIMS)}")
        if GREATEST in self.aims[1:]:
            raise ValueError(f"{GREATEST} stands first or not at all")
        if self.take_up == 0:
            raise ValueError("take_up above 0")
        return self

    @property
    def paid_fen(self) -> int:
        """What may be paid out if everybody entitled took it up: then the budget is met on average."""
        return int(self.budget_fen / self.take_up)


class SubsidyFile(Strict):
    """One file of the subsidy laboratory."""

    format: Literal["allocator-subsidy/1"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")
    title_zh: str = ""
    title_en: str = ""
    note: str = ""
    policy: tuple[PolicyChange, ...] = ()
    population: Population | None = None
    forms: Forms | None = None
    cliffs: Cliffs | None = None
    tiers: Tiers | None = None

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if self.forms is None and self.cliffs is None and self.tiers is None:
            raise ValueError("at least one of the sections forms, cliffs, tiers")
        if self.population is None and (self.forms is not None or self.tiers is not None):
            raise ValueError("forms and tiers need a section population")
        if self.policy and (self.cliffs is None or self.cliffs.law is None):
            raise ValueError("changes of the law need a section cliffs.law")
        if any(change.from_month for change in self.policy):
            raise ValueError("changes of the law hold from the start: no from_month here")
        return self

    @model_validator(mode="after")
    def _small_enough(self) -> Self:
        made = self.population and self.population.synthetic
        if self.forms is not None and made and self.forms.draws * made.households > GREATEST_LOTS:
            raise ValueError(f"draws x households is at most {GREATEST_LOTS}")
        return self


def shipped() -> list[str]:
    """Names of the shipped files."""
    return shipped_in(LIBRARY)


def place_of(name_or_file: str) -> Path:
    """The file of that path, or the shipped one of that name. Raises ``Refused`` for neither."""
    return place_in(LIBRARY, name_or_file, PREFIX)


def read(place: Path, faults: Faults) -> SubsidyFile | None:
    """The file's document, or ``None`` and every fault of it with file, key and cure."""
    asked = read_document(place, SubsidyFile, PREFIX, faults)
    return _checked(asked, place.name, faults, "")


def validated(table: Mapping[str, Any], file: str, faults: Faults, section: str) -> SubsidyFile | None:
    """A table that stands at ``section`` of another file (with its dot) as the document, or its faults."""
    asked = toml_files.validated(table, SubsidyFile, PREFIX, file, faults, section)
    return _checked(asked, file, faults, section)


def _checked(asked: SubsidyFile | None, file: str, faults: Faults, section: str) -> SubsidyFile | None:
    if asked is not None:
        _check_estimates(asked, file, faults, section)
    return None if len(faults) else asked


def _check_estimates(asked: SubsidyFile, file: str, faults: Faults, section: str) -> None:
    """Least, likeliest and greatest in this order."""
    if asked.forms is None:
        return
    unit, voucher, relief = asked.forms.unit, asked.forms.voucher, asked.forms.relief
    for key, three in (
        ("forms.unit.valued", unit.valued),
        ("forms.unit.take_up", unit.take_up),
        ("forms.voucher.take_up", voucher.take_up),
        ("forms.voucher.pass_through", voucher.pass_through),
        ("forms.relief.take_up", relief.take_up),
    ):
        if list(three) != sorted(three):
            faults.add(
                "subsidylab_not_rising", file, section + key, value=", ".join(str(one) for one in three)
            )
