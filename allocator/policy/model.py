"""The policy in force on one date, as strict frozen documents (unknown keys are refused).

What screening, entitlement and scoring need stands in ``policy.screening``; here stands what the other
rooms read. Every rule carries its reference and how sure it is (``domain.md``: V, S, I, U, or M for a
modelling choice of an example).
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from allocator.model.breaches import BreachKind
from allocator.model.enums import BenefitStatus, Relation, Stage, SupplyMode
from allocator.policy.allocating import (
    HouseholdGroup,
    PriorityRule,
    QuotaRule,
    ReserveRule,
    TransferRules,
)
from allocator.policy.proof import Freshness, Imputation
from allocator.policy.sourced import Approval, Sourced, Strict

# The sub-round of tenants among themselves.
TRANSFER: Final = "transfer"


class Authority(Strict):
    """Whose law this is. ``rehearsal_only``: no round under it is ever real.

    ``approval``: who approves the rules that name nobody themselves.
    """

    id: str
    name_zh: str
    name_en: str
    approval: Approval | None = None
    rehearsal_only: bool = False
    accepts_synthetic_ids: bool = False


class ModeRule(Sourced):
    """What a supply mode fixes (domain.md 0)."""

    owner: Literal["developer", "employer", "private_landlord", "government", "platform_company"]
    operator: Literal["developer", "employer", "government", "platform_company"]
    allocator: Literal["bureau", "employer"]
    surplus_to_bureau: bool
    rent_rule: Literal["regulated", "employer", "head_lease", "government"]
    subsidy_paid_by: Literal["treasury", "employer", "none"]
    sale_option: bool
    ends_with_head_lease: bool


class OneSexRule(Sourced):
    """Floors or buildings that are for one sex whole, in these projects; without a condition in all of them.

    A building is all beds of one project. A project takes the first rule that names it; without one its rooms are told apart.
    """

    modes: tuple[SupplyMode, ...] = ()
    projects: tuple[str, ...] = ()
    unit: Literal["floor", "building"]


class RoomRules(Sourced):
    """宿舍空房的性别划分: empty rooms go to one sex before the seed, from the lists.

    ``joint``: the split of all of them together that fills the most beds, ties to the fewest for women, with its proof.
    """

    split: Literal["joint"]
    one_sex: tuple[OneSexRule, ...] = ()


class SupplyRules(Sourced):
    """Sub-rounds in order and what feeds them."""

    modes: dict[SupplyMode, ModeRule]
    sub_rounds: tuple[Literal["need", "employer", "public"], ...]
    # A flat on this floor or below counts as ground floor for the sub-round of need; 0: accessible ones only.
    ground_floor_up_to: int = Field(ge=0)
    # Marks of a household in need: any of them is enough.
    need_flags: tuple[Literal["severe_disability", "serious_illness"], ...]
    need_by_request: bool
    # None: project by project, from demand counts (docs/decisions/rooms-by-demand.md).
    rooms: RoomRules | None = None

    @model_serializer(mode="wrap")
    def _without_rooms(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Laws that say nothing of rooms keep their bytes, and so their fingerprint.
        document: dict[str, Any] = write(self)
        if self.rooms is None:
            del document["rooms"]
        return document


class PublicValueSource(Strict):
    """A named public source of randomness and the one spelling of its value (a regular expression)."""

    id: str
    name_zh: str
    name_en: str
    form: str
    bits: int = Field(ge=128)


class DrawRules(Sourced):
    """Where the public value comes from and when the ceremony is skipped."""

    sources: tuple[PublicValueSource, ...]
    fallbacks: tuple[str, ...] = ()
    # The value rehearsals run with; None: a real value is always needed.
    stand_in: str | None = None
    skip_when_supply_suffices: bool


class Calendar(Sourced):
    """Day of the month of each stage (1 is the first; above the month's length runs on) and windows in days."""

    stage_day: dict[Stage, int]
    roster_window_days: int = Field(ge=0)
    order_window_days: int = Field(ge=0)
    result_window_days: int = Field(ge=0)
    # Local time of the public value on the day of the draw, as +HH:MM from UTC.
    public_value_at: str = Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    utc_offset: str = Field(pattern=r"^[+-](0\d|1[0-4]):[0-5]\d$")


class AllocationRules(Sourced):
    """Which mechanism, and what it may decide."""

    mechanism: str
    housing_first: bool = False
    # Where bounds cross: as many of a band as can be, or the earlier first (contract, section 5). None: they may not.
    housed: Literal["count", "order"] | None = None
    # None: a band is one (priority group, points); "priority_group": points only order, bands are groups.
    optimise_within: Literal["priority_group"] | None = None
    # Which dwelling inside the pool: the published order, or a second ticket.
    dwelling_rule: Literal["order", "ticket"] = "order"
    local_rule: str = ""
    # Of the public sub-round (``policy/allocating.py``).
    groups: tuple[HouseholdGroup, ...] = ()
    priority: tuple[PriorityRule, ...] = ()
    reserves: tuple[ReserveRule, ...] = ()
    quotas: tuple[QuotaRule, ...] = ()
    # None: who holds a lease takes no part.
    transfers: TransferRules | None = None

    @property
    def declares(self) -> bool:
        """Whether any priority, reserve or quota is declared."""
        return bool(self.priority or self.reserves or self.quotas)

    def of_sub_round(self, name: str) -> AllocationRules:
        """The rules as they hold there: tenants among themselves trade, whatever the mechanism of the others."""
        if name != TRANSFER:
            return self
        return self.model_copy(
            update={"mechanism": "top_trading_cycles", "housing_first": False, "housed": None}
        )

    @model_serializer(mode="wrap")
    def _without_empty_rules(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Laws that declare nothing of the kind keep the bytes, and so the fingerprint, they always had.
        document: dict[str, Any] = write(self)
        for name in ("housed", "groups", "priority", "reserves", "quotas", "transfers"):
            if not getattr(self, name):
                del document[name]
        return document


class SubsidyTier(Sourced):
    """Share of the rent standard paid, by benefit status or monthly income per head (fen).

    ``income_above_fen`` is exclusive, ``income_up_to_fen`` inclusive.
    """

    id: str
    statuses: tuple[str, ...] = ()
    income_above_fen: int | None = None
    income_up_to_fen: int | None = None
    share_per_mille: int = Field(ge=0, le=1000)


class SubsidyRules(Sourced):
    """租赁补贴 on a public lease: rent standard x share x area, the area capped (cm²).

    ``form`` carries the year whose rule it is: where the form changes, both stay, each under its name.
    """

    form: Literal["share_of_rent_2015"] = "share_of_rent_2015"
    area_cap_cm2: int
    tiers: tuple[SubsidyTier, ...]
    # One step up for severe disability, serious illness, or all members of that age without children.
    step_up_flags: tuple[str, ...] = ()
    step_up_all_aged: int | None = None
    assets_caps_fen: tuple[tuple[int, int], ...] = ()  # (household size up to, cap); inclusive
    requires_no_home: bool = False
    # Who counts as a head; empty in the file: those who count for income (``persons.income``).
    counted: tuple[Relation, ...] = ()
    # How income and assets are known; not in the file: as the law's own ``freshness`` and ``imputation``.
    freshness: Freshness | None = None
    imputation: Imputation | None = None


class AmountBucket(Strict):
    """Fen a month for households of ``size_from`` to ``size_up_to`` persons (``None``: and more)."""

    size_from: int = Field(ge=1)
    size_up_to: int | None = None
    value: int = Field(ge=0)


class MarketTier(Sourced):
    """A step of a market subsidy, by benefit status or monthly income per head (fen; bounds as ``SubsidyTier``).

    ``amounts_fen`` for ``table_2020``, ``rate_per_m2_fen`` (fen per m² and month) for ``rate_by_persons_2018``.
    """

    id: str
    statuses: tuple[BenefitStatus, ...] = ()
    income_above_fen: int | None = None
    income_up_to_fen: int | None = None
    amounts_fen: tuple[AmountBucket, ...] = ()
    rate_per_m2_fen: int | None = Field(default=None, ge=0)


class MarketSubsidyRules(Sourced):
    """租赁补贴 on a home rented on the market; never paid on a public lease.

    ``table_2020``: the lesser of the actual rent and the table's amount for the tier and household size.
    ``rate_by_persons_2018``: rate x (area per person x persons, at least and at most so many cm², less what
    is owned where the rule says so).
    """

    form: Literal["table_2020", "rate_by_persons_2018"]
    tiers: tuple[MarketTier, ...] = Field(min_length=1)
    assets_caps_fen: tuple[tuple[int, int], ...] = ()  # (household size up to, cap); inclusive
    requires_no_home: bool = False
    area_per_person_cm2: int | None = Field(default=None, ge=1)
    area_at_least_cm2: int | None = Field(default=None, ge=0)
    area_up_to_cm2: int | None = Field(default=None, ge=1)
    less_owned_area: bool = False
    # Districts (codes of the household's ``district``) that pay so many thousandths of the table.
    reduced_districts: tuple[str, ...] = ()
    reduced_per_mille: int | None = Field(default=None, ge=0, le=1000)
    # Who counts as a head; empty in the file: those who count for income (``persons.income``).
    counted: tuple[Relation, ...] = ()
    # How income and assets are known; not in the file: as the law's own ``freshness`` and ``imputation``.
    freshness: Freshness | None = None
    imputation: Imputation | None = None


class BanRules(Sourced):
    """禁申期 after a breach: so many months, from the day the dwelling is given back (or the lie is found)."""

    months: int = Field(ge=1)


class VacateRule(Sourced):
    """腾退: after so many full months of what was reported the lease ends; without ``months``, at once.

    ``inclusive``: whether the number itself is enough. ``counting``: months on end, or all together. ``bars``:
    whether the ban on a new application follows.
    """

    kind: BreachKind
    months: int | None = Field(default=None, ge=1)
    inclusive: bool | None = None
    counting: Literal["consecutive", "accumulated"] | None = None
    bars: bool


class TenancyRules(Sourced):
    """Leases, waivers, breaches and subsidies."""

    lease_months: int = Field(ge=1)
    max_waivers: int = Field(ge=0)
    # None: the law names no ban.
    ban: BanRules | None = None
    subsidy: SubsidyRules | None = None
    market_subsidy: MarketSubsidyRules | None = None
    # What ends a lease, each kind once; a kind that is not named ends none.
    vacate: tuple[VacateRule, ...] = ()


class WorkYear(Sourced):
    """One year's table: weekdays that are days off, and Saturdays and Sundays that are worked instead."""

    year: int = Field(ge=2000, le=2100)
    days_off: tuple[date, ...]
    make_up: tuple[date, ...]


class RegistryRules(Sourced):
    """How leases are filed: within so many working days. ``years``: tables of the years that are at hand."""

    rows_per_part: int = Field(ge=1)
    file_within_days: int = Field(ge=0)
    years: tuple[WorkYear, ...] = ()
