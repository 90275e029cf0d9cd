"""Scenario files (TOML) as strict frozen documents: what is asked of a what-if. Unknown keys are refused.

Shares and rates are modelling choices (domain.md, section 6); months of a change count from the end of the warm-up.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from allocator.model.enums import BenefitStatus, SupplyMode
from allocator.policy.sourced import Strict

FORMAT = "allocator-scenario/1"
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Month = Annotated[int, Field(ge=0, le=1200)]
# A whole rule is a table, or a list of tables; what may stand in it says the law's own section.
Value = bool | int | str | list[Any] | dict[str, Any]


class Run(Strict):
    """How large, how long, how often. ``households``: sitting tenants at the start; ``months`` counts the warm-up.

    Without a sitting tenant runs a bureau's own delivery only (``running.checked``).
    """

    policy: str = "example"
    start: str = Field(default="2026-03", pattern=r"^[12]\d{3}-(0[1-9]|1[0-2])$")
    months: int = Field(default=24, ge=1, le=1200)
    warm_up_months: int = Field(default=6, ge=0)
    households: int = Field(default=2000, ge=0, le=2_000_000)
    waiting: int = Field(default=600, ge=0, le=2_000_000)
    replications: int = Field(default=4, ge=1, le=9999)
    seed: int = Field(default=1, ge=0, le=2**63 - 1)
    world: str = "shortage"


class PolicyChange(Strict):
    """One parameter of the law, by its path: ``value`` sets it, ``add`` adds, ``times`` multiplies ("11/10")."""

    path: str = Field(min_length=1)
    value: Value | None = None
    add: int | None = None
    times: str | None = Field(default=None, pattern=r"^\d{1,9}(/[1-9]\d{0,8})?$")
    from_month: Month = 0

    @model_validator(mode="after")
    def _one_verb(self) -> Self:
        if sum(verb is not None for verb in (self.value, self.add, self.times)) != 1:
            raise ValueError("exactly one of value, add, times")
        return self


class Places(Strict):
    """Places of one mode built (or, below nothing, given up as they fall vacant) in each of these months."""

    mode: SupplyMode
    per_month: int = Field(ge=-100_000, le=100_000)
    from_month: Month = 0
    until_month: Month | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until_month is not None and self.until_month < self.from_month:
            raise ValueError("until_month is before from_month")
        return self


class ByBranch(Strict):
    """A monthly share for each branch."""

    local: Share
    new_employee: Share
    migrant: Share
    employer: Share


class EmployerChange(Strict):
    """An employer grows or shrinks (share more or fewer of its staff apply), sheds staff, or moves to a district."""

    employer: str = Field(min_length=1)
    from_month: Month = 0
    growth: float = Field(default=0.0, ge=-1, le=10, allow_inf_nan=False)
    leaving: Share = 0.0
    moves_to_district: str | None = None


class Demand(Strict):
    """Who comes and who goes. ``arrivals_per_month``: new applications over sitting tenants at the start."""

    arrivals_per_month: Share = 0.018
    # Peak from August to December (domain.md, section 6); January first.
    season: tuple[Annotated[float, Field(ge=0, le=12, allow_inf_nan=False)], ...] = Field(
        default=(0.75, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0, 1.15, 1.25, 1.3, 1.2, 1.15),
        min_length=12,
        max_length=12,
    )
    leaves_list: Share = 0.01
    exits: ByBranch = ByBranch(local=0.004, new_employee=0.012, migrant=0.012, employer=0.02)
    income_growth: float = Field(default=0.0, ge=-0.5, le=1, allow_inf_nan=False)
    income_spread: Share = 0.08
    employers: tuple[EmployerChange, ...] = ()


class Behaviour(Strict):
    """Shares of offers refused near and far, more for each point of burden above 30 %, and other habits."""

    refuse_near: Share = 0.08
    refuse_far: Share = 0.25
    refuse_per_burden: Share = 0.5
    wishes_transfer: Share = 0.001
    vacate_months: int = Field(default=3, ge=0, le=60)


class Relief(Strict):
    """租金减免: so many thousandths of the rent are not asked of these tenants; borne by the landlord.

    ``income_up_to_fen``: per head and month, inclusive; ``statuses``: certificates that are enough. Neither: all.
    """

    per_mille: int = Field(ge=0, le=1000)
    income_up_to_fen: int | None = Field(default=None, ge=0)
    statuses: tuple[BenefitStatus, ...] = ()
    from_month: Month = 0


class Money(Strict):
    """``market_rent_per_mille``: what the market asks for the same home, over the public rent (domain.md 6: 10-16 : 6-11)."""

    market_rent_per_mille: int = Field(default=1600, ge=0, le=100_000)


class Scenario(Strict):
    """One scenario file, or several in a row (``reading.stacked``). The labs' sections: ``lab_files``."""

    format: Literal["allocator-scenario/1"] = "allocator-scenario/1"
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_+-]{0,199}$")
    title_zh: str = ""
    title_en: str = ""
    note: str = ""
    run: Run = Run()
    policy: tuple[PolicyChange, ...] = ()
    places: tuple[Places, ...] = ()
    demand: Demand = Demand()
    behaviour: Behaviour = Behaviour()
    relief: tuple[Relief, ...] = ()
    money: Money = Money()
    rent_to_own: dict[str, Any] | None = None
    subsidy: dict[str, Any] | None = None

    @property
    def labs(self) -> list[str]:
        """Sections of the laboratories asked beside the simulation, in order."""
        return [name for name in ("rent_to_own", "subsidy") if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _longer_than_the_warm_up(self) -> Self:
        if self.run.warm_up_months >= self.run.months:
            raise ValueError("run.months must be more than run.warm_up_months")
        return self


def baseline_of(run: Run) -> Scenario:
    """The empty scenario with these settings: nothing is changed."""
    return Scenario(name="baseline", title_zh="基准情景", title_en="baseline", run=run)
