"""The parts of the law's page about priority, points and the fit of a dwelling."""

from __future__ import annotations

from allocator.policy.rules import EntitlementRules, FitRow, PriorityGroup, RankingRules, Shortlist
from allocator.policy.shown import Entry, Words


def ranking_entries(rules: RankingRules, words: Words) -> list[Entry]:
    """Priority groups in order, score lines, the waiting period, the shortlist."""
    entries = [Entry("ranking", words.say("ranking_name"), (_order(rules, words),), words.source(rules))]
    for place, group in enumerate(rules.groups, 1):
        name = words.say("group", place=place)
        entries.append(Entry(f"group.{group.id}", name, (_marks(group, words),), words.source(group)))
    for place, tie in enumerate(rules.tie_breaks, 1):
        name = words.say("tie_break", place=place)
        entries.append(Entry(f"tie_break.{tie.id}", name, (_marks(tie, words),), words.source(tie)))
    for line in rules.lines:
        what = line.description_zh if words.language == "zh" else line.description_en
        entries.append(Entry(f"line.{line.id}", words.say("line"), (what,), words.source(line)))
    if rules.waiting is not None:
        spans = {"alarm": rules.waiting.alarm_months, "ceiling": rules.waiting.ceiling_months}
        told = words.say("waiting", **spans)
        entries.append(Entry("waiting", words.say("waiting_name"), (told,), words.source(rules.waiting)))
    if rules.shortlist is not None:
        entries.append(_shortlist(rules.shortlist, words))
    return entries


def _order(rules: RankingRules, words: Words) -> str:
    """Groups, then points, then the draw."""
    return words.say(f"order_{'groups' if rules.groups else 'none'}_{'points' if rules.lines else 'draw'}")


def _shortlist(rule: Shortlist, words: Words) -> Entry:
    ratio = {"dwellings": rule.dwellings, "households": rule.households}
    told = words.say(f"shortlist_{rule.per}", **ratio)
    return Entry("shortlist", words.say("shortlist_name"), (told,), words.source(rule))


def _marks(group: PriorityGroup, words: Words) -> str:
    """Any of these marks is enough."""
    marks = [words.listed([flag], "flag") for flag in group.flags]
    marks += [words.listed([status], "status") for status in group.statuses]
    if group.member_age_from is not None:
        marks.append(words.say("aged", age=group.member_age_from))
    if group.registered_queue:
        marks.append(words.say("queue"))
    if group.lost_rounds_from is not None:
        marks.append(words.say("lost", count=group.lost_rounds_from))
    told = words.say("marks", marks=("、" if words.language == "zh" else ", ").join(marks))
    return told + words.say("assigned_any") if group.assigned_any else told


def entitlement_entries(rules: EntitlementRules, words: Words) -> list[Entry]:
    """Rows in the order in which they are asked: the first that fits counts."""
    rows = [
        Entry(f"row.{row.id}", _family(row, words), (words.listed(row.types, "type"),)) for row in rules.rows
    ]
    return [
        Entry("entitlement", words.say("entitlement_name"), (words.say("rows"),), words.source(rules)),
        *rows,
    ]


def _family(row: FitRow, words: Words) -> str:
    """The households of a row: size, and what else is asked."""
    asked = [words.size(row.persons_from, row.persons_up_to)]
    for name in ("has_couple", "has_child", "same_sex"):
        wanted = getattr(row, name)
        if wanted is not None:
            asked.append(words.say(name + ("" if wanted else "_not")))
    for name in ("children_under", "generations_from"):
        if getattr(row, name) is not None:
            asked.append(words.say(name, count=getattr(row, name)))
    return ("，" if words.language == "zh" else ", ").join(asked)
