"""The law in force as a page a person reads."""

from __future__ import annotations

from allocator.messages import text_of
from allocator.model.columns import (
    BENEFIT_STATUSES,
    BRANCHES,
    DWELLING_TYPES,
    FLAGS,
    REGISTRATIONS,
    RELATIONS,
)
from allocator.policy.in_force import Policy
from allocator.policy.page_tenancy import tenancy_lines
from allocator.policy.quantities import QUANTITIES, UNIT_CODES
from allocator.policy.rules import Criterion, FitRow, PriorityGroup
from allocator.policy.shown import amount, bounds, source, words


def page(policy: Policy, language: str) -> str:
    """Criteria, branches, ranking, entitlement, allocation and tenancy, each with its source and tag."""
    authority = policy.authority
    name = authority.name_zh if language == "zh" else authority.name_en
    title = text_of(
        "policy_page_title", language, name=name, authority=authority.id, on=policy.on.isoformat()
    )
    lines = [title]
    for part, entries in parts(policy, language):
        lines += ["", "## " + part, *entries]
    return "\n".join([*lines, "", text_of("policy_page_tags", language)])


def parts(policy: Policy, language: str) -> list[tuple[str, list[str]]]:
    """Title and lines of each part: an entry begins with ``- ``, its further lines are indented."""
    found = {
        "persons": _persons(policy, language),
        "criteria": _criteria(policy, language),
        "branches": _branches(policy, language),
        "ranking": _ranking(policy, language),
        "entitlement": _entitlement(policy, language),
        "allocation": _allocation(policy, language),
        "tenancy": tenancy_lines(policy.tenancy, language),
    }
    return [(text_of(f"policy_page_{name}", language), lines) for name, lines in found.items()]


def _persons(policy: Policy, language: str) -> list[str]:
    rules = policy.screening
    counted = {
        name: words(getattr(rules.persons, name), RELATIONS, language)
        for name in ("income", "housing", "fit")
    }
    lines = [f"- {text_of('policy_page_counted', language, **counted)}", source(rules.persons, language)]
    if rules.freshness is not None:
        told = text_of("policy_page_freshness", language, months=rules.freshness.income_months)
        lines += [f"- {told}", source(rules.freshness, language)]
    if rules.imputation is not None:
        rule = rules.imputation
        wage = amount(rule.wage_per_month_fen, 100)
        told = text_of(
            "policy_page_imputation", language, wage=wage, first=rule.age_from, last=rule.age_under
        )
        lines += [f"- {told}", source(rule, language)]
    return lines


def _criteria(policy: Policy, language: str) -> list[str]:
    lines = []
    for name in policy.screening.used():
        criterion = policy.screening.criteria[name]
        what = criterion.description_zh if language == "zh" else criterion.description_en
        lines += [
            f"- {name}: {what}",
            f"    {asked(criterion, language)}",
            source(criterion, language),
        ]
        if criterion.override is not None:
            statuses = words(criterion.override.statuses, BENEFIT_STATUSES, language)
            lines.append(f"    ({statuses}: {criterion.override.reference} [{criterion.override.tag}])")
    return lines


def asked(criterion: Criterion, language: str) -> str:
    """What a criterion asks, in words with its unit and its inclusive or exclusive bound."""
    form = QUANTITIES[criterion.rule].form
    if form == "one_of":
        spelled = REGISTRATIONS | BENEFIT_STATUSES
        return text_of("policy_one_of", language, values=words(criterion.one_of, spelled, language))
    if form != "bound":
        return text_of(f"policy_{form}", language)
    word = {
        ("at_most", True): "at_most",
        ("at_most", False): "below",
        ("at_least", True): "at_least",
        ("at_least", False): "above",
    }[criterion.direction or "at_most", bool(criterion.inclusive)]
    scale = QUANTITIES[criterion.rule].scale
    unit = criterion.unit if language != "zh" else text_of(UNIT_CODES[criterion.unit], language)
    return text_of(f"policy_{word}", language, bound=bounds(criterion.bounds, scale, language), unit=unit)


def _branches(policy: Policy, language: str) -> list[str]:
    lines = []
    either = text_of("policy_page_or", language)
    for branch, rule in policy.screening.branches.items():
        ways = either.join(" + ".join(way) for way in rule.ways)
        always = text_of("policy_page_always", language, names=" + ".join(rule.always)) if rule.always else ""
        lines += [f"- {words([branch], BRANCHES, language)}: {ways}{always}", source(rule, language)]
    return lines


def _ranking(policy: Policy, language: str) -> list[str]:
    lines = [source(policy.ranking, language)]
    for place, group in enumerate(policy.ranking.groups):
        lines += [f"- {place}: {group.id}: {_marks(group, language)}", source(group, language)]
    for line in policy.ranking.lines:
        what = line.description_zh if language == "zh" else line.description_en
        lines += [f"- {line.id}: {what}", source(line, language)]
    waiting = policy.ranking.waiting
    if waiting is not None:
        spans = {"alarm": waiting.alarm_months, "ceiling": waiting.ceiling_months}
        lines += [f"- {text_of('policy_page_waiting', language, **spans)}", source(waiting, language)]
    rule = policy.ranking.shortlist
    if rule is not None:
        ratio = {"dwellings": rule.dwellings, "households": rule.households}
        lines += [f"- {text_of('policy_page_shortlist', language, **ratio)}", source(rule, language)]
    return lines


def _marks(group: PriorityGroup, language: str) -> str:
    """Any of these marks is enough."""
    marks = [words([flag], FLAGS, language) for flag in group.flags]
    marks += [words([status], BENEFIT_STATUSES, language) for status in group.statuses]
    if group.member_age_from is not None:
        marks.append(text_of("policy_page_aged", language, age=group.member_age_from))
    if group.registered_queue:
        marks.append(text_of("policy_page_queue", language))
    if group.lost_rounds_from is not None:
        marks.append(text_of("policy_page_lost", language, count=group.lost_rounds_from))
    return ", ".join(marks)


def _entitlement(policy: Policy, language: str) -> list[str]:
    rules = policy.entitlement
    rows = [
        f"- {row.id}: {_family(row, language)}: {words(row.types, DWELLING_TYPES, language)}"
        for row in rules.rows
    ]
    return [*rows, source(rules, language)]


def _family(row: FitRow, language: str) -> str:
    """The households of a row: size, and what else is asked."""
    size = f"{row.persons_from}+"
    if row.persons_up_to is not None:
        size = "-".join(dict.fromkeys([str(row.persons_from), str(row.persons_up_to)]))
    asked = [text_of("policy_page_size", language, persons=size)]
    for name in ("has_couple", "has_child", "same_sex"):
        wanted = getattr(row, name)
        if wanted is not None:
            asked.append(text_of(f"policy_page_{name}" + ("" if wanted else "_not"), language))
    for name in ("children_under", "generations_from"):
        if getattr(row, name) is not None:
            asked.append(text_of(f"policy_page_{name}", language, count=getattr(row, name)))
    return ("，" if language == "zh" else ", ").join(asked)


def _allocation(policy: Policy, language: str) -> list[str]:
    rules = policy.allocation
    told = {"mechanism": rules.mechanism, "dwelling_rule": rules.dwelling_rule}
    lines = ["- " + text_of("policy_page_mechanism", language, **told)]
    if rules.local_rule:
        lines.append(f"    {rules.local_rule}")
    return [*lines, source(rules, language)]
