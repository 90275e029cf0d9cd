"""A policy book: all dated versions of one authority's law, loaded whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from allocator.errors import Refused
from allocator.model.canonical import canonical_bytes, fingerprint, sha256_hex
from allocator.model.enums import Branch
from allocator.policy.allocating_checks import check_group_references, check_one_band
from allocator.policy.checks import (
    check_approvals,
    check_branches,
    check_override,
    check_section,
    check_tie_breaks,
)
from allocator.policy.criteria import criterion_versions
from allocator.policy.dated import Version, check_order, closed, in_force, span_of
from allocator.policy.faults import Faults
from allocator.policy.files_in import folder_of, parse, read_files
from allocator.policy.in_force import Policy
from allocator.policy.model import Authority, TenancyRules
from allocator.policy.rules import BranchRule, Criterion, ScreeningRules
from allocator.policy.sections import OPTIONAL, SECTIONS, validated, versions_of

IN_FORCE = "in_force.json"
# Names that stand beside the criteria in the findings.
_TAKEN = ("receipt_no", "branch")


@dataclass(frozen=True)
class PolicyBook:
    """The law of one authority through time, and the files it came from."""

    authority: Authority
    sections: Mapping[str, tuple[Version[Any], ...]]
    branches: Mapping[Branch, tuple[Version[BranchRule], ...]]
    criteria: Mapping[str, tuple[Version[Criterion], ...]]
    files: Mapping[str, bytes]

    def in_force(self, on: date) -> Policy:
        """The policy on that day. Raises ``Refused`` where a part of it is not (or no longer) in force."""
        parts: dict[str, Any] = {name: in_force(versions, on) for name, versions in self.sections.items()}
        missing = sorted(name for name, part in parts.items() if part is None and name not in OPTIONAL)
        branches = {branch: in_force(versions, on) for branch, versions in self.branches.items()}
        asked = {branch: rule for branch, rule in branches.items() if rule is not None}
        if missing or not asked:
            raise Refused(
                "policy_not_in_force",
                authority=self.authority.id,
                on=on.isoformat(),
                missing=", ".join(missing) or "branches",
                first=self.first_day().isoformat(),
            )
        criteria = {name: in_force(versions, on) for name, versions in self.criteria.items()}
        screening = ScreeningRules(
            persons=parts.pop("persons"),
            criteria={name: found for name, found in criteria.items() if found is not None},
            branches=asked,
            imputation=parts.pop("imputation", None),
            freshness=parts.pop("freshness", None),
        )
        parts["tenancy"] = _with_heads(parts["tenancy"], screening)
        return Policy(on=on, authority=self.authority, screening=screening, **parts)

    def first_day(self) -> date:
        """The day from which every part that must hold does."""
        needed = [versions for name, versions in self.sections.items() if name not in OPTIONAL and versions]
        return max(versions[0].first for versions in needed)

    def published_files(self, on: date) -> dict[str, bytes]:
        """The TOML files as they were read, and what held on that day as canonical JSON."""
        return dict(self.files) | {IN_FORCE: canonical_bytes(self.in_force(on).document())}

    def days_of_change(self) -> tuple[date, ...]:
        """The days on which some part begins to hold, rising."""
        every = [*self.sections.values(), *self.branches.values(), *self.criteria.values()]
        return tuple(sorted({version.first for versions in every for version in versions}))


def _with_heads(tenancy: TenancyRules, screening: ScreeningRules) -> TenancyRules:
    """Subsidies count the heads and the income that the screening counts, unless they say otherwise."""
    programmes = {"subsidy": tenancy.subsidy, "market_subsidy": tenancy.market_subsidy}
    return tenancy.model_copy(
        update={
            name: rules.model_copy(
                update={
                    "counted": rules.counted or screening.persons.income,
                    "freshness": rules.freshness or screening.freshness,
                    "imputation": rules.imputation or screening.imputation,
                }
            )
            for name, rules in programmes.items()
            if rules is not None
        }
    )


def fingerprint_of(files: Mapping[str, bytes]) -> str:
    """``sha256:`` of the canonical JSON that maps each file name to the hex SHA-256 of its bytes (bundle.md)."""
    return fingerprint({name: sha256_hex(content) for name, content in files.items()})


def load(name_or_dir: str | Path) -> PolicyBook:
    """The book of a shipped authority or of a folder.

    Raises ``Refused`` with all faults of the folder at once: a policy never half loads.
    """
    folder = folder_of(name_or_dir)
    faults = Faults()
    files = read_files(folder, faults)
    tables = {name: parse(name, content, faults) for name, content in files.items()}
    book = _Reading(faults).book({name: table for name, table in tables.items() if table is not None}, files)
    if faults or book is None:
        listed = faults.listed()
        raise Refused("policy_invalid", folder=folder.name, count=len(listed), faults=listed)
    return book


class _Reading:
    """Gathers the sections of all files of one folder; what is wrong goes to ``faults``."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.authority: Authority | None = None
        self.sections: dict[str, tuple[Version[Any], ...]] = {}
        self.criteria: dict[str, tuple[Version[Criterion], ...]] = {}
        self.branches: dict[Branch, tuple[Version[BranchRule], ...]] = {}
        self.places: dict[str, str] = {}

    def book(self, tables: Mapping[str, dict[str, Any]], files: Mapping[str, bytes]) -> PolicyBook | None:
        """The whole book, or ``None`` where a part is missing."""
        for file, table in tables.items():
            for section, content in table.items():
                self._take(section, content, file)
        if len(tables) == len(files):
            self._check_whole()
        if self.authority is None:
            return None
        return PolicyBook(self.authority, self.sections, self.branches, self.criteria, dict(files))

    def _take(self, section: str, content: Any, file: str) -> None:
        if section not in {*SECTIONS, "authority", "criteria", "branches"}:
            known = ", ".join(sorted({*SECTIONS, "authority", "criteria", "branches"}))
            self.faults.add("policy_section_unknown", file, section, known=known)
            return
        if section in self.places:
            self.faults.add("policy_section_twice", file, section, other=self.places[section])
            return
        self.places[section] = file
        if section == "authority":
            self._take_authority(content, file)
        elif section == "criteria":
            self._take_criteria(content, file)
        elif section == "branches":
            self._take_branches(content, file)
        else:
            self.sections[section] = versions_of(section, content, file, self.faults)
            for version in self.sections[section]:
                key = f"{section}[{version.first}]"
                check_section(version.content, file, key, self.faults)
                check_approvals(version.content, file, key, self.faults)

    def _take_authority(self, content: Any, file: str) -> None:
        if not isinstance(content, dict):
            self.faults.add("policy_value_wrong", file, "authority", value=content, expected="a table")
            return
        self.authority = validated(Authority, content, file, "authority", self.faults)

    def _take_criteria(self, content: Any, file: str) -> None:
        if not isinstance(content, dict):
            self.faults.add("policy_value_wrong", file, "criteria", value=content, expected="a table")
            return
        for name, table in content.items():
            self.places[f"criteria.{name}"] = file
            if name in _TAKEN:
                self.faults.add("policy_twice", file, f"criteria.{name}", value=name)
            self.criteria[name] = criterion_versions(name, table, file, self.faults)
            for version in self.criteria[name]:
                check_override(version.content, file, f"criteria.{name}", self.faults)
                check_approvals(version.content, file, f"criteria.{name}", self.faults)

    def _take_branches(self, content: Any, file: str) -> None:
        if not isinstance(content, list) or not all(isinstance(table, dict) for table in content):
            self.faults.add("policy_not_dated", file, "branches")
            return
        spans: dict[Branch, list[Any]] = {}
        versions: dict[Branch, list[Version[BranchRule]]] = {}
        for position, table in enumerate(content):
            key = f"branches[{position}]"
            rest = dict(table)
            span = span_of(rest, file, key, self.faults)
            rule = validated(BranchRule, rest, file, key, self.faults)
            if span is not None and rule is not None:
                spans.setdefault(rule.branch, []).append(span)
                versions.setdefault(rule.branch, []).append(Version(span.first, span.last, rule))
        for branch, found in versions.items():
            check_order(spans[branch], file, self.faults)
            self.branches[branch] = closed(found)
            for version in found:
                check_approvals(version.content, file, f"branches.{branch.value}", self.faults)

    def _check_whole(self) -> None:
        for section in (*SECTIONS, "authority", "criteria", "branches"):
            if section not in self.places and section not in OPTIONAL:
                self.faults.add("policy_section_missing", f"{section}.toml", section)
        check_tie_breaks(self.sections, self.places.get("ranking", "ranking.toml"), self.faults)
        if {"criteria", "branches"} <= set(self.places):
            check_branches(self.branches, self.criteria, self.places, self.faults)
        if {"allocation", "ranking"} <= set(self.places):
            versions = (self.sections["allocation"], self.sections["ranking"])
            check_group_references(*versions, self.places["allocation"], self.faults)
            check_one_band(*versions, self.places["allocation"], self.faults)
