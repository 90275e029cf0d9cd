"""The law in force as a page a person reads."""

from __future__ import annotations

from fractions import Fraction

from allocator.messages import text_of
from allocator.policy.in_force import Policy
from allocator.policy.quantities import QUANTITIES
from allocator.policy.rules import Bucket, Criterion


def page(policy: Policy, language: str) -> str:
    """Criteria, branches, ranking, entitlement, allocation and tenancy, each with its source and tag."""
    authority = policy.authority
    name = authority.name_zh if language == "zh" else authority.name_en
    title = text_of(
        "policy_page_title", language, name=name, authority=authority.id, on=policy.on.isoformat()
    )
    parts = [
        ("criteria", _criteria(policy, language)),
        ("branches", _branches(policy)),
        ("ranking", _ranking(policy, language)),
        ("entitlement", _entitlement(policy)),
        ("allocation", _allocation(policy)),
        ("tenancy", _tenancy(policy)),
    ]
    lines = [title]
    for part, entries in parts:
        lines += ["", "## " + text_of(f"policy_page_{part}", language), *entries]
    return "\n".join(lines)


def _source(reference: str, tag: str) -> str:
    return f"    {reference} [{tag}]"


def _criteria(policy: Policy, language: str) -> list[str]:
    lines = []
    for name in policy.screening.used():
        criterion = policy.screening.criteria[name]
        what = criterion.description_zh if language == "zh" else criterion.description_en
        lines += [
            f"- {name}: {what}",
            f"    {asked(criterion, language)}",
            _source(criterion.reference, criterion.tag),
        ]
        if criterion.override is not None:
            statuses = ", ".join(str(status) for status in criterion.override.statuses)
            lines.append(f"    ({statuses}: {criterion.override.reference} [{criterion.override.tag}])")
    return lines


def asked(criterion: Criterion, language: str) -> str:
    """What a criterion asks, in words with its unit and its inclusive or exclusive bound."""
    form = QUANTITIES[criterion.rule].form
    if form == "one_of":
        return text_of("policy_one_of", language, values=", ".join(criterion.one_of))
    if form != "bound":
        return text_of(f"policy_{form}", language)
    word = {
        ("at_most", True): "at_most",
        ("at_most", False): "below",
        ("at_least", True): "at_least",
        ("at_least", False): "above",
    }[criterion.direction or "at_most", bool(criterion.inclusive)]
    scale = QUANTITIES[criterion.rule].scale
    return text_of(
        f"policy_{word}", language, bound=_bounds(criterion.bounds, scale, language), unit=criterion.unit
    )


def _bounds(buckets: tuple[Bucket, ...], scale: int, language: str) -> str:
    if len(buckets) == 1:
        return amount(buckets[0].value, scale)
    shown = []
    for bucket in buckets:
        persons = f"{bucket.size_from}-{bucket.size_up_to}" if bucket.size_up_to else f"{bucket.size_from}+"
        shown.append(text_of("policy_bucket", language, persons=persons, bound=amount(bucket.value, scale)))
    return "; ".join(shown)


def amount(value: int, scale: int) -> str:
    """Base units in the law's unit, exact."""
    exact = Fraction(value, scale)
    if exact.denominator == 1:
        return str(int(exact))
    return f"{value // scale}.{value % scale:0{len(str(scale)) - 1}d}".rstrip("0")


def _branches(policy: Policy) -> list[str]:
    lines = []
    for branch, rule in policy.screening.branches.items():
        ways = " | ".join(" + ".join(way) for way in rule.ways)
        always = f"; {' + '.join(rule.always)}" if rule.always else ""
        lines += [f"- {branch}: {ways}{always}", _source(rule.reference, rule.tag)]
    return lines


def _ranking(policy: Policy, language: str) -> list[str]:
    lines = [_source(policy.ranking.reference, policy.ranking.tag)]
    for place, group in enumerate(policy.ranking.groups):
        lines += [f"- {place}: {group.id} {group.note}".rstrip(), _source(group.reference, group.tag)]
    for line in policy.ranking.lines:
        what = line.description_zh if language == "zh" else line.description_en
        lines += [f"- {line.id}: {what}", _source(line.reference, line.tag)]
    return lines


def _entitlement(policy: Policy) -> list[str]:
    rules = policy.entitlement
    rows = [f"- {row.id}: {', '.join(str(kind) for kind in row.types)}" for row in rules.rows]
    return [*rows, _source(rules.reference, rules.tag)]


def _allocation(policy: Policy) -> list[str]:
    rules = policy.allocation
    lines = [f"- mechanism: {rules.mechanism}; dwelling_rule: {rules.dwelling_rule}"]
    if rules.local_rule:
        lines.append(f"    {rules.local_rule}")
    return [*lines, _source(rules.reference, rules.tag)]


def _tenancy(policy: Policy) -> list[str]:
    rules = policy.tenancy
    lines = [
        f"- lease_months: {rules.lease_months}; max_waivers: {rules.max_waivers}",
        _source(rules.reference, rules.tag),
    ]
    for tier in rules.subsidy.tiers if rules.subsidy else ():
        upper = "" if tier.income_up_to_fen is None else f"(…, {amount(tier.income_up_to_fen, 100)}]"
        who = ", ".join(tier.statuses) or upper
        lines.append(f"- {tier.id}: {who}: {amount(tier.share_per_mille, 10)} %")
    return lines
