"""Sections of a law file as strict documents, each in dated versions."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from allocator.policy.allocating import PRIVATE
from allocator.policy.dated import Version, check_order, closed, span_of
from allocator.policy.faults import Faults
from allocator.policy.model import (
    AllocationRules,
    Calendar,
    DrawRules,
    RegistryRules,
    SupplyRules,
    TenancyRules,
)
from allocator.policy.proof import CountedPersons, Freshness, Imputation
from allocator.policy.rules import EntitlementRules, RankingRules

Model = TypeVar("Model", bound=BaseModel)

SECTIONS: Final[dict[str, type[BaseModel]]] = {
    "supply": SupplyRules,
    "draw": DrawRules,
    "calendar": Calendar,
    "allocation": AllocationRules,
    "persons": CountedPersons,
    "entitlement": EntitlementRules,
    "ranking": RankingRules,
    "tenancy": TenancyRules,
    "registry": RegistryRules,
    "imputation": Imputation,
    "freshness": Freshness,
}
# Sections a law may do without, on any day.
OPTIONAL: Final = ("imputation", "freshness")


def validated(model: type[Model], table: dict[str, Any], file: str, key: str, faults: Faults) -> Model | None:
    """The table as that document, or ``None`` with every fault of it told."""
    try:
        return model.model_validate_json(json.dumps(table, default=_plain))
    except ValidationError as invalid:
        errors = [dict(error) for error in invalid.errors(include_url=False)]
        for error in errors:
            if not any(_is_inside(other, error) for other in errors):
                _tell(error, file, key, faults)
        return None


def _is_inside(inner: dict[str, Any], outer: dict[str, Any]) -> bool:
    """A list that is short because an entry is faulty is no fault of its own."""
    depth = len(outer["loc"])
    return len(inner["loc"]) > depth and inner["loc"][:depth] == outer["loc"]


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)  # a decimal where a whole number must stand: the document refuses it
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _tell(error: dict[str, Any], file: str, key: str, faults: Faults) -> None:
    where = ".".join([key, *(str(step) for step in error["loc"] if step != "[key]")])
    if error["type"] == "extra_forbidden":
        names, _, last = error["loc"] if len(error["loc"]) == 3 else ("", 0, "")
        is_private = key.startswith("allocation") and names == "groups" and last in PRIVATE
        faults.add("policy_group_private" if is_private else "policy_key_unknown", file, where, value=last)
    elif error["type"] == "missing":
        faults.add("policy_key_missing", file, where)
    else:
        faults.add("policy_value_wrong", file, where, value=error.get("input"), expected=error["msg"])


def versions_of(section: str, tables: object, file: str, faults: Faults) -> tuple[Version[Any], ...]:
    """All dated versions of a section; faults in order, dates and content are told."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        faults.add("policy_not_dated", file, section)
        return ()
    spans, versions = [], []
    for position, table in enumerate(tables):
        key = f"{section}[{position}]"
        rest = dict(table)
        span = span_of(rest, file, key, faults)
        content = validated(SECTIONS[section], rest, file, key, faults)
        if span is not None:
            spans.append(span)
            if content is not None:
                versions.append(Version(span.first, span.last, content))
    check_order(spans, file, faults)
    return closed(versions)
