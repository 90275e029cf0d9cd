"""Screening, entitlement and ranking as they hold on one date. Numbers are whole base units (fen, cm², months)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from allocator.model.enums import BenefitStatus, Branch, DwellingType, Flag
from allocator.policy.proof import CountedPersons, Freshness, Imputation
from allocator.policy.sourced import Sourced, Strict


class Bucket(Strict):
    """A bound for households of ``size_from`` to ``size_up_to`` persons (``None``: and more)."""

    size_from: int = Field(ge=1)
    size_up_to: int | None = None
    value: int


class Override(Sourced):
    """Statuses granted by civil affairs that stand in for the criterion (社会救助暂行办法)."""

    statuses: tuple[BenefitStatus, ...] = Field(min_length=1)


class Criterion(Sourced):
    """准入条件: one quantity against one bound.

    ``when_blank``: ``incomplete`` asks for the paper; ``not_asked`` is for what is claimed or recorded
    (a queue, another product, a home given up): where nothing is claimed, nothing is asked.
    """

    id: str
    rule: str
    description_zh: str
    description_en: str
    unit: str
    direction: Literal["at_most", "at_least"] | None = None
    inclusive: bool | None = None
    bounds: tuple[Bucket, ...] = ()
    one_of: tuple[str, ...] = ()
    when_blank: Literal["incomplete", "not_asked"] = "incomplete"
    override: Override | None = None
    evidence_zh: str = ""
    evidence_en: str = ""


class BranchRule(Sourced):
    """准入类别: any of the ways suffices, each way asks all its criteria; ``always`` is asked besides."""

    branch: Branch
    ways: tuple[tuple[str, ...], ...] = Field(min_length=1)
    always: tuple[str, ...] = ()


class ScreeningRules(Strict):
    """Who may be on the roster."""

    persons: CountedPersons
    imputation: Imputation | None = None
    freshness: Freshness | None = None
    criteria: dict[str, Criterion]
    branches: dict[Branch, BranchRule]

    def used(self) -> tuple[str, ...]:
        """Ids of the criteria some branch asks, in the order of the file."""
        asked = {name for branch in self.branches.values() for way in branch.ways for name in way}
        asked |= {name for branch in self.branches.values() for name in branch.always}
        return tuple(name for name in self.criteria if name in asked)


class FitRow(Strict):
    """可配户型 of the households it describes; an absent condition asks nothing. The first row that fits counts."""

    id: str
    persons_from: int = Field(ge=1)
    persons_up_to: int | None = None
    has_couple: bool | None = None
    has_child: bool | None = None
    # Exclusive: every child is younger than that many years.
    children_under: int | None = None
    same_sex: bool | None = None
    generations_from: int | None = None
    types: tuple[DwellingType, ...] = Field(min_length=1)


class EntitlementRules(Sourced):
    """户型标准. Beds are for one person alone, whatever the rows say."""

    rows: tuple[FitRow, ...] = Field(min_length=1)


class PriorityGroup(Sourced):
    """优先保障对象: any one mark is enough."""

    id: str
    flags: tuple[Flag, ...] = ()
    # Inclusive: some member is at least so old.
    member_age_from: int | None = None
    registered_queue: bool = False
    # Inclusive: so many draws were lost before.
    lost_rounds_from: int | None = None
    statuses: tuple[BenefitStatus, ...] = ()
    # 直接配租: behind its own list such a household takes any dwelling it is entitled to.
    assigned_any: bool = False


class ScoreLine(Sourced):
    """评分项: whole points for what the rule counts.

    ``each`` points for every ``per`` whole units of the quantity, at most ``cap``. ``line`` is the
    level counted from (m² per head in cm², yuan per head and month in fen) where the rule measures a distance.
    """

    id: str
    description_zh: str
    description_en: str
    rule: Literal[
        "waited_months",
        "area_shortfall",
        "income_headroom",
        "minor_children",
        "flagged",
        "aged",
        "insured_months",
        "employed_months",
        "lost_rounds",
    ]
    each: int = Field(ge=0)
    per: int = Field(ge=1, default=1)
    cap: int = Field(ge=0)
    line: int | None = None
    area: Literal["usable", "building"] = "building"
    flags: tuple[Flag, ...] = ()
    age_from: int | None = None


class Shortlist(Sourced):
    """入围: households by registration date, so that they are at most ``households`` to ``dwellings`` places.

    Exact whole numbers (1:1.2 is 5 to 6). Nobody is cut off by what the law does not name: who registered on
    the last day that gets in gets in with all of that day. ``per``: counted over the whole public sub-round, or
    for each project among those who list it (a plan is of one project's dwellings).
    """

    dwellings: int = Field(ge=1)
    households: int = Field(ge=1)
    per: Literal["round", "project"] = "round"


class WaitingRules(Sourced):
    """轮候期: full months from registration after which the bureau is warned, and within which it must house.

    Watched, never decided by: who waits long is found by points or groups that the law declares.
    """

    alarm_months: int = Field(ge=1)
    ceiling_months: int = Field(ge=1)

    @model_validator(mode="after")
    def _alarm_comes_first(self) -> Self:
        if self.alarm_months > self.ceiling_months:
            raise ValueError("alarm_months must not be above ceiling_months")
        return self


class RankingRules(Sourced):
    """Groups (the first is band 0; who fits none comes after them all), points and the shortlist.

    ``tie_breaks``: 同等条件下优先. Among equals (one group, equal points) who fits the first stands before who fits
    the second, and so on, before the draw; never points.
    """

    groups: tuple[PriorityGroup, ...] = ()
    lines: tuple[ScoreLine, ...] = ()
    tie_breaks: tuple[PriorityGroup, ...] = ()
    shortlist: Shortlist | None = None
    # None: the law sets no waiting period.
    waiting: WaitingRules | None = None
