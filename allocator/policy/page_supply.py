"""The parts of the law's page about the six supply modes, the sub-rounds, the draw and the month."""

from __future__ import annotations

from allocator.policy.model import Calendar, DrawRules, ModeRule, OneSexRule, SupplyRules
from allocator.policy.shown import Entry, Words


def supply_entries(rules: SupplyRules, words: Words) -> list[Entry]:
    """Sub-rounds in order, who is in need, and what each mode fixes."""
    then = words.say("then")
    told = then.join(words.say(f"sub_round_{name}") for name in rules.sub_rounds)
    entries = [Entry("sub_rounds", words.say("sub_rounds"), (told,), words.source(rules))]
    if "need" in rules.sub_rounds:
        entries.append(Entry("need", words.say("need_name"), tuple(_need(rules, words))))
    if rules.rooms is not None:
        says = (words.say("rooms_joint"),)
        entries.append(Entry("rooms", words.say("rooms_name"), says, words.source(rules.rooms)))
        entries += [_one_sex(place, rule, words) for place, rule in enumerate(rules.rooms.one_sex)]
    for mode, rule in rules.modes.items():
        says = (_mode(rule, words),)
        entries.append(Entry(f"mode.{mode}", words.say(f"mode_{mode}"), says, words.source(rule)))
    return entries


def _need(rules: SupplyRules, words: Words) -> list[str]:
    who = [words.listed([flag], "flag") for flag in rules.need_flags]
    who += [words.say("need_asked")] if rules.need_by_request else []
    which = (
        words.say("need_floor", floor=rules.ground_floor_up_to)
        if rules.ground_floor_up_to
        else words.say("need_accessible")
    )
    return [words.say("need_who", who=("、" if words.language == "zh" else ", ").join(who)), which]


def _one_sex(place: int, rule: OneSexRule, words: Words) -> Entry:
    """Whose floors or buildings are for one sex whole."""
    joined = "、" if words.language == "zh" else ", "
    named = [*(words.say(f"mode_{mode}") for mode in rule.modes), *rule.projects]
    where = joined.join(named) or words.say("rooms_everywhere")
    says = (words.say(f"rooms_{rule.unit}", where=where),)
    return Entry(f"rooms.one_sex[{place}]", words.say("rooms_one_sex_name"), says, words.source(rule))


def _mode(rule: ModeRule, words: Words) -> str:
    """Owner, operator, who allocates, rent, subsidy, sale, and what ends with a head lease."""
    told = [
        words.say(f"mode_{name}", value=words.say(f"{name}_{getattr(rule, name)}"))
        for name in ("owner", "operator", "allocator", "rent_rule", "subsidy_paid_by")
    ]
    told += [words.say("mode_surplus")] if rule.surplus_to_bureau else []
    told.append(words.say("mode_sale" if rule.sale_option else "mode_no_sale"))
    told += [words.say("mode_head_lease")] if rule.ends_with_head_lease else []
    return ("；" if words.language == "zh" else "; ").join(told)


def draw_entries(rules: DrawRules, words: Words) -> list[Entry]:
    """Where the public value comes from, in order, and when none is needed."""
    names = {
        source.id: source.name_zh if words.language == "zh" else source.name_en for source in rules.sources
    }
    first = rules.sources[0].id
    says = [words.say("draw_source", name=names[first])]
    says += [words.say("draw_fallback", name=names[name]) for name in rules.fallbacks]
    says += [
        words.say("draw_other", name=names[name]) for name in names if name not in {first, *rules.fallbacks}
    ]
    says += [words.say("draw_skip")] if rules.skip_when_supply_suffices else []
    says += [words.say("draw_stand_in")] if rules.stand_in is not None else []
    return [Entry("draw", words.say("draw_name"), tuple(says), words.source(rules))]


def calendar_entries(rules: Calendar, words: Words) -> list[Entry]:
    """Day of each stage, the public windows, the hour of the public value."""
    joined = "；" if words.language == "zh" else "; "
    days = joined.join(
        words.say("stage_day", stage=words.say(f"stage_{stage}"), day=day)
        for stage, day in rules.stage_day.items()
    )
    windows = words.say(
        "windows",
        roster=rules.roster_window_days,
        order=rules.order_window_days,
        result=rules.result_window_days,
    )
    hour = words.say("public_value_at", at=rules.public_value_at, offset=rules.utc_offset)
    return [Entry("calendar", words.say("calendar_name"), (days, windows, hour), words.source(rules))]
