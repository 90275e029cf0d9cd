"""The parts of the law's page about leases, subsidies and the registry."""

from __future__ import annotations

from allocator.policy.model import (
    MarketSubsidyRules,
    MarketTier,
    RegistryRules,
    SubsidyRules,
    SubsidyTier,
    TenancyRules,
    VacateRule,
)
from allocator.policy.shown import Entry, Words

_CM2_PER_M2 = 10_000
_FEN = 100
# A bucket up to here is meant to take every larger household.
_NOBODY_LARGER = 99


def tenancy_entries(rules: TenancyRules, words: Words) -> list[Entry]:
    """Lease, waivers, breaches, and the subsidies with their tiers."""
    told = (words.say("lease", months=rules.lease_months), words.say("waivers", waivers=rules.max_waivers))
    entries = [Entry("lease", words.say("lease_name"), told, words.source(rules))]
    for rule in rules.vacate:
        name = words.say("vacate_name")
        entries.append(Entry(f"vacate.{rule.kind}", name, (vacated(rule, words),), words.source(rule)))
    if rules.ban is not None:
        ban = (words.say("ban", months=rules.ban.months),)
        entries.append(Entry("ban", words.say("ban_name"), ban, words.source(rules.ban)))
    if rules.subsidy is not None:
        entries += _public(rules.subsidy, words)
    if rules.market_subsidy is not None:
        entries += _market(rules.market_subsidy, words)
    return entries


def vacated(rule: VacateRule, words: Words) -> str:
    """What ends a lease, after how many months, and whether a ban follows."""
    kind = words.say(f"breach_{rule.kind}")
    if rule.months is None:
        told = words.say("vacate", kind=kind)
    else:
        word = f"vacate_{rule.counting}_" + ("from" if rule.inclusive else "after")
        told = words.say(word, kind=kind, months=rule.months)
    return told + words.say("vacate_bars") if rule.bars else told


def _public(rules: SubsidyRules, words: Words) -> list[Entry]:
    says = [words.say("subsidy", area=words.amount(rules.area_cap_cm2, _CM2_PER_M2)), *_asked(rules, words)]
    steps = [words.listed([flag], "flag") for flag in rules.step_up_flags]
    if rules.step_up_all_aged is not None:
        steps.append(words.say("step_up_aged", age=rules.step_up_all_aged))
    if steps:
        says.append(words.say("step_up", who=("、" if words.language == "zh" else ", ").join(steps)))
    name = words.say("subsidy_name", year=rules.form[-4:])
    entries = [Entry(rules.form, name, tuple(says), words.source(rules))]
    for tier in rules.tiers:
        paid = words.say("share", share=words.amount(tier.share_per_mille, 10))
        entries.append(Entry(f"{rules.form}.{tier.id}", _who(tier, words), (paid,), words.source(tier)))
    return entries


def _market(rules: MarketSubsidyRules, words: Words) -> list[Entry]:
    says = [words.say(f"market_{rules.form}", **_areas(rules, words)), *_asked(rules, words)]
    if rules.less_owned_area:
        says.append(words.say("less_owned_area"))
    if rules.reduced_per_mille is not None:
        share = words.amount(rules.reduced_per_mille, 10)
        says.append(words.say("reduced", districts=", ".join(rules.reduced_districts), share=share))
    name = words.say("market_name", year=rules.form[-4:])
    entries = [Entry(rules.form, name, tuple(says), words.source(rules))]
    for tier in rules.tiers:
        if tier.rate_per_m2_fen is not None:
            paid = words.say("rate", rate=words.amount(tier.rate_per_m2_fen, _FEN))
        else:
            paid = words.say("paid", amounts=words.bounds(tier.amounts_fen, _FEN))
        entries.append(Entry(f"{rules.form}.{tier.id}", _who(tier, words), (paid,), words.source(tier)))
    return entries


def _areas(rules: MarketSubsidyRules, words: Words) -> dict[str, str]:
    areas = {"each": rules.area_per_person_cm2, "low": rules.area_at_least_cm2, "high": rules.area_up_to_cm2}
    return {name: words.amount(area, _CM2_PER_M2) for name, area in areas.items() if area is not None}


def _asked(rules: SubsidyRules | MarketSubsidyRules, words: Words) -> list[str]:
    """What bars a subsidy: a home, assets over the cap of the size."""
    told = [words.say("requires_no_home")] if rules.requires_no_home else []
    first, caps = 1, []
    for last, cap in rules.assets_caps_fen:
        persons = words.size(first, None if last >= _NOBODY_LARGER else last)
        caps.append(words.say("bucket", persons=persons, bound=words.amount(cap, _FEN)))
        first = last + 1
    joined = "；" if words.language == "zh" else "; "
    return [*told, words.say("assets_caps", caps=joined.join(caps))] if caps else told


def _who(tier: SubsidyTier | MarketTier, words: Words) -> str:
    """The certificates of the tier, or its span of income."""
    if tier.statuses:
        return words.listed(tier.statuses, "status")
    low, high = tier.income_above_fen, tier.income_up_to_fen
    if low is None:
        return words.say("income_up_to", high=words.amount(high or 0, _FEN))
    if high is None:
        return words.say("income_above", low=words.amount(low, _FEN))
    return words.say("income_span", low=words.amount(low, _FEN), high=words.amount(high, _FEN))


def registry_entries(rules: RegistryRules, words: Words) -> list[Entry]:
    """Within how many days leases are filed."""
    told = words.say("registry", days=rules.file_within_days, rows=f"{rules.rows_per_part:,}")
    entries = [Entry("registry", words.say("registry_name"), (told,), words.source(rules))]
    joined = "、" if words.language == "zh" else ", "
    for table in rules.years:
        days = {
            name: joined.join(f"{day:%m-%d}" for day in getattr(table, name))
            for name in ("days_off", "make_up")
        }
        name = words.say("work_year", year=table.year)
        entries.append(
            Entry(f"year.{table.year}", name, (words.say("work_days", **days),), words.source(table))
        )
    return entries
