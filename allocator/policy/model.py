"""The policy in force on one date, as strict frozen documents (unknown keys are refused).

What screening, entitlement and scoring need stands in ``policy.screening``; here stands what the other
rooms read. Every rule carries its reference and how sure it is (``domain.md``: V, S, I, U, or M for a
modelling choice of an example).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from allocator.model.enums import Stage, SupplyMode

Tag = Literal["V", "S", "I", "U", "M"]


class Strict(BaseModel):
    """Unknown keys refused, no coercion, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Sourced(Strict):
    """A rule that says where it comes from."""

    reference: str = Field(min_length=1)
    tag: Tag
    note: str = ""


class Authority(Strict):
    """Whose law this is. ``rehearsal_only``: no round under it is ever real."""

    id: str
    name_zh: str
    name_en: str
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


class SupplyRules(Sourced):
    """Sub-rounds in order and what feeds them."""

    modes: dict[SupplyMode, ModeRule]
    sub_rounds: tuple[Literal["need", "employer", "public"], ...]
    # A flat on this floor or below counts as ground floor for the sub-round of need; 0: accessible ones only.
    ground_floor_up_to: int = Field(ge=0)
    # Marks of a household in need: any of them is enough.
    need_flags: tuple[Literal["severe_disability", "serious_illness"], ...]
    need_by_request: bool


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
    # None: a band is one (priority group, points); "priority_group": points only order, bands are groups.
    optimise_within: Literal["priority_group"] | None = None
    # Which dwelling inside the pool: the published order, or a second ticket.
    dwelling_rule: Literal["order", "ticket"] = "order"
    local_rule: str = ""


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
    """租赁补贴: rent standard x share x area, the area capped (cm²)."""

    area_cap_cm2: int
    tiers: tuple[SubsidyTier, ...]
    # One step up for severe disability, serious illness, or all members of that age without children.
    step_up_flags: tuple[str, ...] = ()
    step_up_all_aged: int | None = None
    assets_caps_fen: tuple[tuple[int, int], ...] = ()  # (household size up to, cap); inclusive
    requires_no_home: bool = False


class TenancyRules(Sourced):
    """Leases, waivers, rent relief and subsidy."""

    lease_months: int = Field(ge=1)
    max_waivers: int = Field(ge=0)
    subsidy: SubsidyRules | None = None


class RegistryRules(Sourced):
    """How leases are filed."""

    rows_per_part: int = Field(ge=1)
    file_within_days: int = Field(ge=0)
