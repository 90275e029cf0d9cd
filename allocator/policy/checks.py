"""What sound parts of a law must be to one another: tiles, spellings, days, references."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from typing import Any, Final

from allocator.model.enums import Branch, Stage, SupplyMode
from allocator.policy.allocating_checks import check_declared
from allocator.policy.criteria import check_buckets
from allocator.policy.dated import Version, covers
from allocator.policy.faults import Faults
from allocator.policy.model import (
    AllocationRules,
    Calendar,
    DrawRules,
    MarketSubsidyRules,
    RegistryRules,
    SubsidyRules,
    SupplyRules,
    TenancyRules,
)
from allocator.policy.quantities import QUANTITIES
from allocator.policy.rules import BranchRule, Criterion, EntitlementRules, RankingRules
from allocator.policy.sourced import every_rule

MECHANISMS: Final = (
    "serial",
    "band_optimum",
    "deferred_acceptance",
    "top_trading_cycles",
    "probabilistic_serial",
    "leximin_lottery",
)
_SATURDAY: Final = 5
# Columns that stand beside the score lines.
_TAKEN: Final = ("receipt_no", "points")
# Stage whose day must lie behind the window that the other stage opens.
_WINDOWS: Final = (
    (Stage.PUBLISH_ROSTER, "roster_window_days", Stage.DRAW),
    (Stage.PUBLISH_ORDER, "order_window_days", Stage.ALLOCATE),
    (Stage.PUBLISH_RESULT, "result_window_days", Stage.OFFER),
)


def check_section(content: object, file: str, key: str, faults: Faults) -> None:
    """The inner order of one section's version."""
    match content:
        case SupplyRules():
            _check_supply(content, file, key, faults)
        case DrawRules():
            _check_draw(content, file, key, faults)
        case Calendar():
            _check_calendar(content, file, key, faults)
        case AllocationRules():
            _check_allocation(content, file, key, faults)
        case EntitlementRules():
            _check_distinct([row.id for row in content.rows], file, f"{key}.rows", faults)
        case RankingRules():
            _check_distinct([group.id for group in content.groups], file, f"{key}.groups", faults)
            _check_distinct([line.id for line in content.lines], file, f"{key}.lines", faults, _TAKEN)
            _check_distinct([tie.id for tie in content.tie_breaks], file, f"{key}.tie_breaks", faults)
            _check_lines(content, file, key, faults)
        case TenancyRules():
            _check_vacate(content, file, key, faults)
            if content.subsidy is not None:
                _check_tiers(content.subsidy, file, f"{key}.subsidy", faults)
            if content.market_subsidy is not None:
                _check_tiers(content.market_subsidy, file, f"{key}.market_subsidy", faults)
                _check_form(content.market_subsidy, file, f"{key}.market_subsidy", faults)
        case RegistryRules():
            _check_years(content, file, key, faults)
        case _:
            pass


def _check_years(rules: RegistryRules, file: str, key: str, faults: Faults) -> None:
    """Each year once; days of that year; a day off is a weekday, a make-up day a Saturday or Sunday."""
    _check_distinct([str(table.year) for table in rules.years], file, f"{key}.years", faults)
    for place, table in enumerate(rules.years):
        for field, is_weekday in (("days_off", True), ("make_up", False)):
            for day in getattr(table, field):
                if day.year != table.year or (day.weekday() < _SATURDAY) != is_weekday:
                    faults.add(
                        "policy_work_day", file, f"{key}.years[{place}].{field}", value=day, year=table.year
                    )


def _check_distinct(
    names: Iterable[str], file: str, key: str, faults: Faults, taken: Iterable[str] = ()
) -> None:
    seen: set[str] = set(taken)
    for name in names:
        if name in seen:
            faults.add("policy_twice", file, key, value=name)
        seen.add(name)


def _check_supply(rules: SupplyRules, file: str, key: str, faults: Faults) -> None:
    for mode in SupplyMode:
        if mode not in rules.modes:
            faults.add("policy_key_missing", file, f"{key}.modes.{mode.value}")
    _check_distinct(rules.sub_rounds, file, f"{key}.sub_rounds", faults)
    for place, rule in enumerate(rules.rooms.one_sex if rules.rooms else ()):
        named = [*rule.modes, *rule.projects]
        _check_distinct(named, file, f"{key}.rooms.one_sex[{place}]", faults)


def _check_draw(rules: DrawRules, file: str, key: str, faults: Faults) -> None:
    names = [source.id for source in rules.sources]
    _check_distinct(names, file, f"{key}.sources", faults)
    for position, source in enumerate(rules.sources):
        try:
            re.compile(source.form)
        except re.error:
            faults.add(
                "policy_value_wrong",
                file,
                f"{key}.sources[{position}].form",
                value=source.form,
                expected="a regular expression",
            )
            return
    for name in rules.fallbacks:
        if name not in names:
            faults.add(
                "policy_reference_missing", file, f"{key}.fallbacks", value=name, known=", ".join(names)
            )
    value = rules.stand_in
    if value is not None and not any(re.fullmatch(source.form, value) for source in rules.sources[:1]):
        faults.add("policy_stand_in", file, f"{key}.stand_in", value=value)


def _check_calendar(rules: Calendar, file: str, key: str, faults: Faults) -> None:
    missing = [stage.value for stage in Stage if stage not in rules.stage_day]
    for stage in missing:
        faults.add("policy_key_missing", file, f"{key}.stage_day.{stage}")
    if missing:
        return
    days = [rules.stage_day[stage] for stage in Stage]
    if days != sorted(days) or days[0] < 1:
        faults.add("policy_calendar_order", file, f"{key}.stage_day")
    for opened, window, waited in _WINDOWS:
        length = getattr(rules, window)
        if length and rules.stage_day[waited] <= rules.stage_day[opened] + length:
            faults.add(
                "policy_calendar_window", file, f"{key}.{window}", stage=waited.value, opened=opened.value
            )


def _check_allocation(rules: AllocationRules, file: str, key: str, faults: Faults) -> None:
    if rules.mechanism not in MECHANISMS:
        faults.add(
            "policy_reference_missing",
            file,
            f"{key}.mechanism",
            value=rules.mechanism,
            known=", ".join(MECHANISMS),
        )
    else:
        check_declared(rules, file, key, faults)
    if rules.mechanism == "band_optimum" and not rules.local_rule.strip():
        faults.add("policy_local_rule_missing", file, f"{key}.local_rule")


def _check_lines(rules: RankingRules, file: str, key: str, faults: Faults) -> None:
    needs = {
        "area_shortfall": "line",
        "income_headroom": "line",
        "flagged": "flags",
        "aged": "age_from",
        "minor_children": "age_from",
    }
    for position, line in enumerate(rules.lines):
        field = needs.get(line.rule)
        if field is not None and not getattr(line, field):
            faults.add("policy_key_missing", file, f"{key}.lines[{position}].{field}")


def check_approvals(content: object, file: str, key: str, faults: Faults) -> None:
    """Whoever approved also says when, unless who it is was inferred; a day has its approver. In all rules inside."""
    for place, rule in every_rule(content, key):
        if rule.approved_on is not None and not rule.approved_by.strip():
            faults.add("policy_key_missing", file, f"{place}.approved_by")
        if rule.approved_by.strip() and rule.approved_on is None and rule.approved_tag == "V":
            faults.add("policy_approval_day", file, f"{place}.approved_on")


def _check_vacate(rules: TenancyRules, file: str, key: str, faults: Faults) -> None:
    """Each kind once; months say whether the number itself is enough and how they are counted."""
    _check_distinct([str(rule.kind) for rule in rules.vacate], file, f"{key}.vacate", faults)
    for place, rule in enumerate(rules.vacate):
        for field in ("inclusive", "counting"):
            stands = getattr(rule, field) is not None
            if rule.months is not None and not stands:
                code = "policy_vacate_inclusive" if field == "inclusive" else "policy_vacate_counting"
                faults.add(code, file, f"{key}.vacate[{place}].{field}")
            elif rule.months is None and stands:
                faults.add("policy_key_unknown", file, f"{key}.vacate[{place}].{field}")
        if rule.bars and rules.ban is None:
            faults.add("policy_vacate_bars", file, f"{key}.vacate[{place}].bars")


# What each form of a market subsidy asks of the rule, and of each of its tiers.
_FORM_RULE: Final = {
    "table_2020": (),
    "rate_by_persons_2018": ("area_per_person_cm2", "area_at_least_cm2", "area_up_to_cm2"),
}
_FORM_TIER: Final = {"table_2020": "amounts_fen", "rate_by_persons_2018": "rate_per_m2_fen"}


def _check_form(rules: MarketSubsidyRules, file: str, key: str, faults: Faults) -> None:
    """A form has all its figures and none of another form's; a table has an amount for every size."""
    needed = _FORM_RULE[rules.form]
    for field in dict.fromkeys(name for names in _FORM_RULE.values() for name in names):
        _check_wanted(getattr(rules, field) is not None, field in needed, file, f"{key}.{field}", faults)
    for tier in rules.tiers:
        for field in _FORM_TIER.values():
            stands = getattr(tier, field) not in (None, ())
            wanted = field == _FORM_TIER[rules.form]
            _check_wanted(stands, wanted, file, f"{key}.tiers.{tier.id}.{field}", faults)
        if tier.amounts_fen:
            sizes = [(bucket.size_from, bucket.size_up_to) for bucket in tier.amounts_fen]
            check_buckets(sizes, file, f"{key}.tiers.{tier.id}.amounts_fen", faults)
    low, high = rules.area_at_least_cm2, rules.area_up_to_cm2
    if low is not None and high is not None and low > high:
        faults.add("policy_bucket_hole", file, f"{key}.area_up_to_cm2", expected=low, found=high)
    has_share = rules.reduced_per_mille is not None
    _check_wanted(has_share, bool(rules.reduced_districts), file, f"{key}.reduced_per_mille", faults)


def _check_wanted(stands: bool, wanted: bool, file: str, key: str, faults: Faults) -> None:
    if stands != wanted:
        faults.add("policy_key_missing" if wanted else "policy_key_unknown", file, key)


def _check_tiers(rules: SubsidyRules | MarketSubsidyRules, file: str, key: str, faults: Faults) -> None:
    """Income tiers follow one another from nothing upwards or downwards without a hole or overlap."""
    _check_distinct([tier.id for tier in rules.tiers], file, f"{key}.tiers", faults)
    by_income = [
        (tier.income_above_fen, tier.income_up_to_fen, tier.id)
        for tier in rules.tiers
        if tier.income_above_fen is not None or tier.income_up_to_fen is not None
    ]
    by_income.sort(key=lambda span: -1 if span[0] is None else span[0])
    for lower, upper in pairwise(by_income):
        if upper[0] != lower[1]:
            faults.add("policy_tier_hole", file, f"{key}.tiers.{upper[2]}", expected=lower[1], found=upper[0])
    sizes = [size for size, _ in rules.assets_caps_fen]
    if sizes != sorted(set(sizes)):
        faults.add("policy_bucket_hole", file, f"{key}.assets_caps_fen", expected="rising", found=sizes)


def check_branches(
    branches: dict[Branch, tuple[Version[BranchRule], ...]],
    criteria: dict[str, tuple[Version[Criterion], ...]],
    files: dict[str, str],
    faults: Faults,
) -> None:
    """Branches ask only criteria that stand and hold on every day they are asked; each is asked somewhere."""
    asked: set[str] = set()
    for branch, versions in branches.items():
        place = f"branches.{branch.value}"
        for version in versions:
            names = {name for way in version.content.ways for name in way} | set(version.content.always)
            asked |= names
            for name in sorted(names):
                _check_named(name, version, criteria, files["branches"], place, faults)
    for name in sorted(set(criteria) - asked):
        faults.add("policy_criterion_unread", files[f"criteria.{name}"], f"criteria.{name}")


def _check_named(
    name: str,
    branch: Version[BranchRule],
    criteria: dict[str, tuple[Version[Criterion], ...]],
    file: str,
    place: str,
    faults: Faults,
) -> None:
    if name not in criteria:
        known = ", ".join(sorted(criteria))
        faults.add("policy_reference_missing", file, place, value=name, known=known)
        return
    versions: Any = criteria[name]
    if versions and not covers(versions, branch.first, branch.last):
        faults.add("policy_not_covered", file, place, value=name, first=branch.first)


def check_tie_breaks(sections: Mapping[str, tuple[Version[Any], ...]], file: str, faults: Faults) -> None:
    """Ties are broken inside equal points; where points part no bands there is no such place."""
    for ranking in sections.get("ranking", ()):
        for allocation in sections.get("allocation", ()):
            first = max(ranking.first, allocation.first)
            both = first <= min(ranking.last or date.max, allocation.last or date.max)
            if both and ranking.content.tie_breaks and allocation.content.optimise_within is not None:
                faults.add(
                    "policy_tie_break_coarse", file, f"ranking[{ranking.first}].tie_breaks", first=first
                )


def check_override(criterion: Criterion, file: str, key: str, faults: Faults) -> None:
    """Only an upper bound can be stood in for by a status."""
    if criterion.override is not None and QUANTITIES[criterion.rule].form != "bound":
        faults.add("policy_key_unknown", file, f"{key}.override")
