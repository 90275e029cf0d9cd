"""The part of the law's page about groups, priority, reserves and quotas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from allocator.policy.allocating import Amount, HouseholdGroup, PoolsNamed
from allocator.policy.model import AllocationRules
from allocator.policy.shown import Entry, Words


def declared_entries(rules: AllocationRules, words: Words) -> list[Entry]:
    """Every group with its conditions, then who stands first where, what is kept for whom, and what is bounded."""
    return [
        *(_group(group, words) for group in rules.groups),
        *_priority(rules, words),
        *_reserves(rules, words),
        *_quotas(rules, words),
        *_transfers(rules, words),
    ]


def _transfers(rules: AllocationRules, words: Words) -> list[Entry]:
    """Whether and how tenants who ask to move take part."""
    transfers = rules.transfers
    if transfers is None:
        return []
    says = [words.say(f"transfers_{transfers.form}")]
    says += [words.say("transfers_vacancies")] if transfers.vacancies else []
    return [Entry("allocation.transfers", words.say("transfers"), tuple(says), words.source(transfers))]


def _group(group: HouseholdGroup, words: Words) -> Entry:
    conditions = {
        "branches": words.listed(group.branches, "branch"),
        "registrations": words.listed(group.registrations, "registration"),
        "districts": ", ".join(group.districts),
        "employers": ", ".join(group.employers),
        "priority_groups": ", ".join(group.priority_groups),
    }
    says = [words.say(f"group_{name}", values=told) for name, told in conditions.items() if told]
    says += [words.say(f"group_of_{group.of_pool}")] if group.of_pool else []
    says.append(words.say(f"group_small_{group.when_small}"))
    name = words.say("group_name", group=_named(group, words))
    return Entry(f"allocation.groups.{group.id}", name, tuple(says), words.source(group))


def _named(group: HouseholdGroup, words: Words) -> str:
    return group.description_zh if words.language == "zh" else group.description_en


def _names(rules: AllocationRules, groups: Sequence[str], words: Words) -> str:
    known = {group.id: group for group in rules.groups}
    joined = "、" if words.language == "zh" else ", "
    return joined.join(_named(known[group], words) for group in groups)


def _pools(pools: PoolsNamed, words: Words) -> str:
    """Which pools, in words."""
    asked = {
        "modes": words.listed(pools.modes, "mode"),
        "types": words.listed(pools.types, "type"),
        "projects": ", ".join(pools.projects),
        "districts": ", ".join(pools.districts),
        "employers": ", ".join(pools.employers),
    }
    told = [words.say(f"pools_{name}", values=values) for name, values in asked.items() if values]
    return ("；" if words.language == "zh" else "; ").join(told) or words.say("pools_all")


def _amount(amount: Amount, words: Words) -> str:
    if amount.share is None:
        return words.say("amount_places", places=amount.places)
    return words.say(f"amount_share_{amount.rounding}", share=amount.share)


def _priority(rules: AllocationRules, words: Words) -> Iterator[Entry]:
    for rule in rules.priority:
        says = [
            words.say("tier", number=number, groups=_names(rules, tier, words))
            for number, tier in enumerate(rule.tiers, 1)
        ]
        says.append(words.say("tier_others" if rule.others else "tier_nobody_else"))
        name = words.say("priority_name", pools=_pools(rule.pools, words))
        yield Entry(f"allocation.priority.{rule.id}", name, tuple(says), words.source(rule))


def _reserves(rules: AllocationRules, words: Words) -> Iterator[Entry]:
    for rule in rules.reserves:
        kept = words.say(
            "reserve", amount=_amount(rule.amount, words), group=_names(rules, (rule.group,), words)
        )
        says = (kept, words.say("reserve_released" if rule.release else "reserve_kept"))
        name = words.say("reserve_name", pools=_pools(rule.pools, words))
        yield Entry(f"allocation.reserves.{rule.id}", name, says, words.source(rule))


def _quotas(rules: AllocationRules, words: Words) -> Iterator[Entry]:
    for rule in rules.quotas:
        who = _names(rules, rule.groups, words) or words.say("quota_everybody")
        bounds = {"max": rule.max, "min": rule.min, "min_soft": rule.min_soft}
        says = [
            words.say(f"quota_{name}", groups=who, amount=_amount(amount, words))
            for name, amount in bounds.items()
            if amount is not None
        ]
        says.append(words.say(f"quota_over_{rule.over}"))
        name = words.say("quota_name", pools=_pools(rule.pools, words))
        yield Entry(f"allocation.quotas.{rule.id}", name, tuple(says), words.source(rule))
