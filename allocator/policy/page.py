"""The law in force as a page a person reads: every rule in words, with its article and how sure it is."""

from __future__ import annotations

from allocator.messages import text_of
from allocator.policy.in_force import Policy
from allocator.policy.page_allocation import allocation_entries
from allocator.policy.page_ranking import entitlement_entries, ranking_entries
from allocator.policy.page_supply import calendar_entries, draw_entries, supply_entries
from allocator.policy.page_tenancy import registry_entries, tenancy_entries
from allocator.policy.quantities import QUANTITIES, UNIT_CODES
from allocator.policy.rules import BranchRule, Criterion
from allocator.policy.shown import Entry, Words, words_of


def page(policy: Policy, language: str) -> str:
    """The whole law of one day; who approves most of it stands at the head, what the tags mean at the end."""
    authority, words = policy.authority, words_of(policy, language)
    name = authority.name_zh if language == "zh" else authority.name_en
    lines = [words.say("title", name=name, authority=authority.id, on=policy.on.isoformat())]
    if authority.rehearsal_only:
        lines.append(words.say("rehearsal_only"))
    if words.usual is not None:
        lines.append(words.say("usual", approved=words.approved(words.usual)))
    if authority.approval is not None and (authority.approval.note or authority.approval.note_zh):
        note = authority.approval.note_zh or authority.approval.note
        lines.append(words.say("note", note=note if language == "zh" else authority.approval.note or note))
    for title, entries in parts(policy, language):
        if entries:
            lines += ["", "## " + title, *(line for entry in entries for line in entry.lines())]
    return "\n".join([*lines, "", words.say("tags")])


def parts(policy: Policy, language: str) -> list[tuple[str, list[Entry]]]:
    """Title and entries of each part of the page."""
    words = words_of(policy, language)
    found = {
        "persons": _persons(policy, words),
        "criteria": _criteria(policy, words),
        "branches": _branches(policy, words),
        "ranking": ranking_entries(policy.ranking, words),
        "entitlement": entitlement_entries(policy.entitlement, words),
        "supply": supply_entries(policy.supply, words),
        "draw": draw_entries(policy.draw, words),
        "calendar": calendar_entries(policy.calendar, words),
        "allocation": allocation_entries(policy.allocation, words),
        "tenancy": tenancy_entries(policy.tenancy, words),
        "registry": registry_entries(policy.registry, words),
    }
    return [(words.say(f"part_{name}"), entries) for name, entries in found.items()]


def _persons(policy: Policy, words: Words) -> list[Entry]:
    rules = policy.screening
    counted = tuple(
        words.say(f"counted_{name}", who=words.listed(getattr(rules.persons, name), "relation"))
        for name in ("income", "housing", "fit")
    )
    entries = [Entry("persons", words.say("counted"), counted, words.source(rules.persons))]
    if rules.freshness is not None:
        fresh = rules.freshness
        told = words.say(
            "freshness_dated" if fresh.date_required else "freshness", months=fresh.income_months
        )
        entries.append(Entry("freshness", words.say("freshness_name"), (told,), words.source(fresh)))
    if rules.imputation is not None:
        rule = rules.imputation
        ages = {"first": rule.age_from, "last": rule.age_under}
        told = words.say("imputation", wage=words.amount(rule.wage_per_month_fen, 100), **ages)
        exempt = words.say("imputation_exempt", flags=words.listed(rule.exempt_flags, "flag"))
        says = (told, exempt) if rule.exempt_flags else (told,)
        entries.append(Entry("imputation", words.say("imputation_name"), says, words.source(rule)))
    return entries


def _criteria(policy: Policy, words: Words) -> list[Entry]:
    entries = []
    for name in policy.screening.used():
        criterion = policy.screening.criteria[name]
        says = [asked(criterion, words)]
        if criterion.when_blank == "not_asked":
            says.append(words.say("blank_not_asked"))
        elif evidence := _evidence(criterion, words):
            says.append(words.say("evidence", evidence=evidence))
        if criterion.override is not None:
            statuses = words.listed(criterion.override.statuses, "status")
            says += [words.say("override", statuses=statuses), *words.source(criterion.override)]
        entries.append(Entry(name, described(criterion, words), tuple(says), words.source(criterion)))
    return entries


def described(criterion: Criterion, words: Words) -> str:
    """What a criterion is about."""
    return criterion.description_zh if words.language == "zh" else criterion.description_en


def _evidence(criterion: Criterion, words: Words) -> str:
    return criterion.evidence_zh if words.language == "zh" else criterion.evidence_en


def asked(criterion: Criterion, words: Words) -> str:
    """What a criterion asks, in words with its unit and its inclusive or exclusive bound."""
    form = QUANTITIES[criterion.rule].form
    if form == "one_of":
        closed_set = "status" if criterion.rule == "benefit_status" else "registration"
        return words.say("one_of", values=words.listed(criterion.one_of, closed_set))
    if form != "bound":
        return words.say(form)
    word = {
        ("at_most", True): "at_most",
        ("at_most", False): "below",
        ("at_least", True): "at_least",
        ("at_least", False): "above",
    }[criterion.direction or "at_most", bool(criterion.inclusive)]
    unit = text_of(UNIT_CODES[criterion.unit], words.language)
    scale = QUANTITIES[criterion.rule].scale
    if len(criterion.bounds) > 1:
        return words.say(f"{word}_by_size", bound=words.bounds(criterion.bounds, scale), unit=unit)
    return words.say(word, bound=words.bounds(criterion.bounds, scale), unit=unit)


def _branches(policy: Policy, words: Words) -> list[Entry]:
    return [
        Entry(
            branch.value, words.say(f"branch_{branch}"), tuple(_ways(rule, policy, words)), words.source(rule)
        )
        for branch, rule in policy.screening.branches.items()
    ]


def _ways(rule: BranchRule, policy: Policy, words: Words) -> list[str]:
    """What must hold, criterion by criterion in words."""

    def named(names: tuple[str, ...]) -> str:
        joined = "；" if words.language == "zh" else "; "
        return joined.join(described(policy.screening.criteria[name], words) for name in names)

    if len(rule.ways) == 1:
        lines = [words.say("all_of", names=named(rule.ways[0]))]
    else:
        lines = [words.say("any_of")]
        lines += [words.say("way", number=at, names=named(way)) for at, way in enumerate(rule.ways, 1)]
    return [*lines, words.say("always", names=named(rule.always))] if rule.always else lines
