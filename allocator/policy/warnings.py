"""What a sound law should be asked about: parameters nobody reads, ends without a sequel, sizes without a row.

A warning never refuses a law. Each has file, key and cure, like a fault.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from allocator.policy.book import PolicyBook
from allocator.policy.dated import Version
from allocator.policy.faults import FaultList, Faults
from allocator.policy.model import SupplyRules
from allocator.policy.rules import EntitlementRules, FitRow, RankingRules
from allocator.policy.sourced import Sourced, every_rule

# Households up to this size need a row of the entitlement.
_LARGEST: Final = 12
# Which parameters of a score line its rule reads.
_READ: Final[Mapping[str, tuple[str, ...]]] = {
    "area_shortfall": ("line",),
    "income_headroom": ("line",),
    "flagged": ("flags",),
    "aged": ("age_from",),
    "minor_children": ("age_from",),
}


def warnings_of(book: PolicyBook) -> FaultList:
    """Every warning of a loaded book, by file and key."""
    faults, places = Faults(), _places(book)
    for name, versions in book.sections.items():
        _check_end(versions, places[name], name, faults)
        for version in versions:
            key = f"{name}[{version.first}]"
            _check_late(version, places[name], key, faults)
            _check_content(version.content, places[name], key, faults)
    for branch, rules in book.branches.items():
        _check_end(rules, places["branches"], f"branches.{branch.value}", faults)
    _check_criteria(book, places["criteria"], faults)
    _check_approvers(book, places, faults)
    return faults.listed()


def _places(book: PolicyBook) -> dict[str, str]:
    """Section -> file."""
    tables = {name: tomllib.loads(content.decode("utf-8")) for name, content in book.files.items()}
    return {section: name for name, table in tables.items() for section in table}


def _check_end(versions: tuple[Version[Any], ...], file: str, key: str, faults: Faults) -> None:
    if versions and versions[-1].last is not None:
        faults.add("policy_warning_ends", file, key, last=versions[-1].last)


def _check_late(version: Version[Any], file: str, key: str, faults: Faults) -> None:
    approved = getattr(version.content, "approved_on", None)
    if approved is not None and approved > version.first:
        faults.add("policy_warning_approved_late", file, key, on=approved, first=version.first)


def _check_content(content: object, file: str, key: str, faults: Faults) -> None:
    match content:
        case EntitlementRules():
            _check_rows(content, file, key, faults)
        case RankingRules():
            for line in content.lines:
                for field in ("line", "flags", "age_from"):
                    if getattr(line, field) and field not in _READ.get(line.rule, ()):
                        place = f"{key}.lines.{line.id}.{field}"
                        faults.add("policy_warning_field_unread", file, place, rule=line.rule)
        case SupplyRules() if "need" not in content.sub_rounds and content.need_flags:
            faults.add("policy_warning_need_unread", file, f"{key}.need_flags")
        case _:
            pass


def _check_rows(rules: EntitlementRules, file: str, key: str, faults: Faults) -> None:
    """Every size has a row that asks nothing else, and no row stands behind one that takes all it would."""
    for persons in range(1, _LARGEST + 1):
        fitting = [row for row in rules.rows if _takes(row, persons)]
        if not fitting:
            faults.add("policy_warning_sizes", file, f"{key}.rows", persons=persons)
    for position, row in enumerate(rules.rows):
        last = row.persons_up_to or _LARGEST
        for other in rules.rows[:position]:
            if _asks_size_only(other) and all(
                _takes(other, persons) for persons in range(row.persons_from, last + 1)
            ):
                place = f"{key}.rows.{row.id}"
                faults.add("policy_warning_row_unreached", file, place, other=other.id)
                break


def _takes(row: FitRow, persons: int) -> bool:
    return row.persons_from <= persons and (row.persons_up_to is None or persons <= row.persons_up_to)


def _asks_size_only(row: FitRow) -> bool:
    asked = (row.has_couple, row.has_child, row.children_under, row.same_sex, row.generations_from)
    return all(condition is None for condition in asked)


def _check_criteria(book: PolicyBook, file: str, faults: Faults) -> None:
    """A value that no branch asks on any of its days, and criteria that end while they are asked no more."""
    asked: dict[str, list[Version[Any]]] = {}
    for versions in book.branches.values():
        for version in versions:
            names = {name for way in version.content.ways for name in way} | {*version.content.always}
            for name in names:
                asked.setdefault(name, []).append(version)
    for name, found in book.criteria.items():
        for value in found:
            _check_late(value, file, f"criteria.{name}", faults)
            if not any(_meet(value, other) for other in asked.get(name, [])):
                faults.add("policy_warning_unasked", file, f"criteria.{name}", first=value.first)


def _meet(one: Version[Any], other: Version[Any]) -> bool:
    """Whether some day lies in both spans."""
    first = max(one.first, other.first)
    return first <= (one.last or date.max) and first <= (other.last or date.max)


def _check_approvers(book: PolicyBook, places: Mapping[str, str], faults: Faults) -> None:
    """How many rules of each file name no approver, or none with a day: one line a file, not one a rule."""
    default = book.authority.approval
    if default is not None and default.on is None:
        faults.add("policy_warning_approval_day", places["authority"], "authority.approval.on", by=default.by)
    missing, undated = Counter[str](), Counter[str]()
    for section, content in _top_rules(book):
        for _, rule in every_rule(content, section):
            missing[places[section]] += not rule.approved_by and default is None
            undated[places[section]] += bool(rule.approved_by) and rule.approved_on is None
    for file in missing:
        if missing[file]:
            faults.add("policy_warning_approver", file, "approved_by", count=missing[file])
        if undated[file]:
            faults.add("policy_warning_approved_undated", file, "approved_on", count=undated[file])


def _top_rules(book: PolicyBook) -> Iterator[tuple[str, Sourced]]:
    for name, versions in book.sections.items():
        yield from ((name, version.content) for version in versions)
    for rules in book.branches.values():
        yield from (("branches", version.content) for version in rules)
    for found in book.criteria.values():
        yield from (("criteria", version.content) for version in found)
