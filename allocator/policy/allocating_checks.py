"""What an ``[[allocation]]`` may declare: groups that exist and stay public, exact amounts, fields its mechanism honours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Final

from allocator.model.enums import Flag
from allocator.policy.allocating import LOTTERIES, Amount, HouseholdGroup
from allocator.policy.dated import Version
from allocator.policy.faults import Faults
from allocator.policy.model import AllocationRules
from allocator.policy.rules import PriorityGroup, RankingRules

# What a bundle certifies of each mechanism: the declared rules it honours (contract, section 5).
IN_BUNDLE: Final = {
    "serial": frozenset({"reserves", "max"}),
    "band_optimum": frozenset({"reserves", "max", "min_soft"}),
    "deferred_acceptance": frozenset({"priority", "reserves", "max"}),
    "top_trading_cycles": frozenset({"priority"}),
    "probabilistic_serial": frozenset({"max"}),
    "leximin_lottery": frozenset({"max"}),
}
# Those of them whose bundle may hold sitting tenants beside all others.
SERVE_TENANTS: Final = ("band_optimum", "deferred_acceptance", "top_trading_cycles")
_BOUNDS: Final = ("max", "min", "min_soft")
# Marks of health and of hardship: a group made of these alone is never told apart in public (contract, section 6).
_PRIVATE_FLAGS: Final = frozenset({Flag.SEVERE_DISABILITY, Flag.SERIOUS_ILLNESS, Flag.ORPHAN})


def check_declared(rules: AllocationRules, file: str, key: str, faults: Faults) -> None:
    """Everything that can be judged from one version of the section alone."""
    if rules.housing_first and rules.mechanism != "band_optimum":
        faults.add("policy_housing_first_unread", file, f"{key}.housing_first", mechanism=rules.mechanism)
    if rules.housed is not None and rules.mechanism != "band_optimum":
        faults.add("policy_housed_unread", file, f"{key}.housed", mechanism=rules.mechanism)
    for field in ("groups", "priority", "reserves", "quotas"):
        _check_distinct([rule.id for rule in getattr(rules, field)], file, f"{key}.{field}", faults)
    _check_groups(rules, file, key, faults)
    for place, amount in _amounts(rules):
        _check_amount(amount, file, f"{key}.{place}", faults)
    for quota in rules.quotas:
        if not any(getattr(quota, bound) for bound in _BOUNDS):
            faults.add("policy_quota_without_bound", file, f"{key}.quotas.{quota.id}")
    _check_served(rules, file, key, faults)
    _check_transfers(rules, file, key, faults)


def _check_transfers(rules: AllocationRules, file: str, key: str, faults: Faults) -> None:
    """Tenants among all others need a mechanism that lets them keep what they have."""
    transfers = rules.transfers
    if transfers is None or transfers.form == "sub_round":
        return
    if rules.mechanism not in SERVE_TENANTS:
        others = ", ".join(SERVE_TENANTS)
        faults.add(
            "policy_transfers_not_served", file, f"{key}.transfers", mechanism=rules.mechanism, others=others
        )
    if transfers.vacancies:
        faults.add("policy_transfers_vacancies_unread", file, f"{key}.transfers.vacancies")


def _check_distinct(names: Sequence[str], file: str, key: str, faults: Faults) -> None:
    for place, name in enumerate(names):
        if name in names[:place]:
            faults.add("policy_twice", file, key, value=name)


def _check_groups(rules: AllocationRules, file: str, key: str, faults: Faults) -> None:
    """Every group is defined by something and read somewhere; every name stands for a group, once in its rule."""
    known = [group.id for group in rules.groups]
    named: set[str] = set()
    for place, names in _named_groups(rules):
        _check_distinct(names, file, f"{key}.{place}", faults)
        named |= set(names)
        for name in names:
            if name not in known:
                words = ", ".join(known) or "-"
                faults.add("policy_reference_missing", file, f"{key}.{place}", value=name, known=words)
    for rule in rules.priority:
        for group in rules.groups:
            is_named = any(group.id in tier for tier in rule.tiers)
            if is_named and not rule.others and group.when_small != "refuse":
                faults.add(
                    "policy_group_must_refuse", file, f"{key}.groups.{group.id}.when_small", rule=rule.id
                )
    relative = {group.id for group in rules.groups if group.of_pool is not None}
    for quota in rules.quotas:
        if quota.over == "together" and relative & set(quota.groups):
            faults.add("policy_quota_relative", file, f"{key}.quotas.{quota.id}.groups")
    for group in rules.groups:
        if group.id not in named:
            faults.add("policy_group_unread", file, f"{key}.groups.{group.id}")
        if not _conditions(group):
            faults.add("policy_group_without_condition", file, f"{key}.groups.{group.id}")


def _conditions(group: HouseholdGroup) -> tuple[object, ...]:
    given: tuple[Any, ...] = (
        group.branches,
        group.registrations,
        group.districts,
        group.employers,
        group.priority_groups,
        group.of_pool,
    )
    return tuple(condition for condition in given if condition)


def _named_groups(rules: AllocationRules) -> Iterator[tuple[str, list[str]]]:
    for priority in rules.priority:
        yield f"priority.{priority.id}.tiers", [name for tier in priority.tiers for name in tier]
    for reserve in rules.reserves:
        yield f"reserves.{reserve.id}.group", [reserve.group]
    for quota in rules.quotas:
        yield f"quotas.{quota.id}.groups", list(quota.groups)


def _amounts(rules: AllocationRules) -> Iterator[tuple[str, Amount]]:
    for reserve in rules.reserves:
        yield f"reserves.{reserve.id}.amount", reserve.amount
    for quota in rules.quotas:
        for bound in _BOUNDS:
            amount = getattr(quota, bound)
            if amount is not None:
                yield f"quotas.{quota.id}.{bound}", amount


def _check_amount(amount: Amount, file: str, key: str, faults: Faults) -> None:
    """Places or a share, one of the two; a share of at most all, and rounded as it says."""
    if (amount.places is None) == (amount.share is None):
        faults.add("policy_amount_one_of", file, key)
        return
    if (amount.rounding is not None) != (amount.share is not None):
        code = "policy_key_missing" if amount.rounding is None else "policy_key_unknown"
        faults.add(code, file, f"{key}.rounding")
    if amount.share is not None and Fraction(amount.share) > 1:
        faults.add("policy_share_above_one", file, f"{key}.share", value=amount.share)


def _check_served(rules: AllocationRules, file: str, key: str, faults: Faults) -> None:
    """What the mechanism does not honour is refused here: before there is a round."""
    honoured = IN_BUNDLE[rules.mechanism]
    for place, field in _fields(rules):
        if field in honoured:
            continue
        code = "policy_rule_not_honoured"
        if field == "min" and rules.mechanism == "band_optimum":
            code = "policy_minimum_hard"
        elif field == "min" and rules.mechanism == "leximin_lottery":
            code = "policy_minimum_lottery"
        others = ", ".join(name for name, fields in IN_BUNDLE.items() if field in fields) or "-"
        faults.add(code, file, f"{key}.{place}", mechanism=rules.mechanism, field=field, others=others)
    _check_together(rules, file, key, faults)


def _fields(rules: AllocationRules) -> Iterator[tuple[str, str]]:
    """Where each field of the instance comes from."""
    yield from ((f"priority.{rule.id}", "priority") for rule in rules.priority)
    yield from ((f"reserves.{rule.id}", "reserves") for rule in rules.reserves)
    for quota in rules.quotas:
        for bound in _BOUNDS:
            if getattr(quota, bound) is not None:
                yield f"quotas.{quota.id}.{bound}", bound


def _check_together(rules: AllocationRules, file: str, key: str, faults: Faults) -> None:
    """A maximum over several pools together needs choosing in order without released places."""
    together = [quota.id for quota in rules.quotas if quota.over == "together" and quota.max is not None]
    is_released = any(reserve.release for reserve in rules.reserves)
    for name in together:
        place = f"{key}.quotas.{name}.over"
        if rules.mechanism == "deferred_acceptance":
            faults.add("policy_max_together", file, place, mechanism=rules.mechanism)
        elif rules.mechanism == "serial" and is_released:
            faults.add("policy_max_beside_release", file, place)


def check_one_band(
    allocation: Sequence[Version[AllocationRules]],
    ranking: Sequence[Version[RankingRules]],
    file: str,
    faults: Faults,
) -> None:
    """A lottery treats all households of a sub-round alike: nothing may part them into several bands on any day."""
    for version in allocation:
        rules = version.content
        for other in ranking if rules.mechanism in LOTTERIES else ():
            if not _meet(version, other):
                continue
            parted = {
                "ranking.groups": bool(other.content.groups),
                "ranking.lines": bool(other.content.lines) and rules.optimise_within is None,
                "ranking.tie_breaks": bool(other.content.tie_breaks),
            }
            by = ", ".join(name for name, is_parted in parted.items() if is_parted)
            if by:
                place = f"allocation[{version.first}].mechanism"
                faults.add("policy_lottery_one_band", file, place, mechanism=rules.mechanism, by=by)


def check_group_references(
    allocation: Sequence[Version[AllocationRules]],
    ranking: Sequence[Version[RankingRules]],
    file: str,
    faults: Faults,
) -> None:
    """Priority groups that allocation groups name exist on every day, and are no matter of health or hardship alone."""
    for version in allocation:
        for group in version.content.groups:
            place = f"allocation[{version.first}].groups.{group.id}.priority_groups"
            for rules in (one.content for one in ranking if _meet(version, one)):
                known = {one.id: one for one in rules.groups}
                for name in group.priority_groups:
                    if name not in known:
                        words = ", ".join(known) or "-"
                        faults.add("policy_reference_missing", file, place, value=name, known=words)
                    elif _is_private(known[name]):
                        faults.add("policy_group_private", file, place, value=name)


def _meet(one: Version[Any], other: Version[Any]) -> bool:
    """Whether some day lies in both spans."""
    starts, ends = max(one.first, other.first), [end for end in (one.last, other.last) if end is not None]
    return not ends or starts <= min(ends)


def _is_private(group: PriorityGroup) -> bool:
    """Made of marks of health or hardship alone."""
    others = (
        set(group.flags) - _PRIVATE_FLAGS,
        group.member_age_from,
        group.registered_queue,
        group.lost_rounds_from,
    )
    return not any(others)
