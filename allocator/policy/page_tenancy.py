"""The part of the law's page about leases and subsidies."""

from __future__ import annotations

from allocator.messages import text_of
from allocator.model.columns import BENEFIT_STATUSES
from allocator.policy.model import MarketSubsidyRules, MarketTier, SubsidyRules, SubsidyTier, TenancyRules
from allocator.policy.shown import amount, bounds, source, words

_CM2_PER_M2 = 10_000


def tenancy_lines(rules: TenancyRules, language: str) -> list[str]:
    """Lease, waivers, breaches, and the subsidies with their tiers."""
    lines = [
        "- " + text_of("policy_page_lease", language, months=rules.lease_months, waivers=rules.max_waivers),
        source(rules, language),
    ]
    for name in ("idle", "arrears"):
        months = getattr(rules, f"vacate_after_{name}_months")
        if months is not None:
            lines.append("- " + text_of(f"policy_page_{name}", language, months=months))
    if rules.ban is not None:
        told = text_of("policy_page_ban", language, months=rules.ban.months)
        lines += ["- " + told, source(rules.ban, language)]
    if rules.subsidy is not None:
        lines += _public(rules.subsidy, language)
    if rules.market_subsidy is not None:
        lines += _market(rules.market_subsidy, language)
    return lines


def _public(rules: SubsidyRules, language: str) -> list[str]:
    cap = amount(rules.area_cap_cm2, _CM2_PER_M2)
    lines = [text_of("policy_page_subsidy", language, form=rules.form, area=cap), source(rules, language)]
    return lines + [
        f"- {rules.form}.{tier.id}: {_who(tier, language)}: {amount(tier.share_per_mille, 10)} %"
        for tier in rules.tiers
    ]


def _market(rules: MarketSubsidyRules, language: str) -> list[str]:
    lines = [text_of("policy_page_market", language, form=rules.form), source(rules, language)]
    for tier in rules.tiers:
        if tier.rate_per_m2_fen is not None:
            paid = text_of("policy_page_rate", language, rate=amount(tier.rate_per_m2_fen, 100))
        else:
            paid = text_of("policy_page_paid", language, amounts=bounds(tier.amounts_fen, 100, language))
        lines.append(f"- {rules.form}.{tier.id}: {_who(tier, language)}: {paid}")
    return lines


def _who(tier: SubsidyTier | MarketTier, language: str) -> str:
    """The certificates of the tier, or its span of income."""
    if tier.statuses:
        return words(tier.statuses, BENEFIT_STATUSES, language)
    low = "[0" if tier.income_above_fen is None else "(" + amount(tier.income_above_fen, 100)
    high = "…" if tier.income_up_to_fen is None else amount(tier.income_up_to_fen, 100)
    return f"{low}, {high}]"
