"""The policy in force on one date: what every room asks."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from allocator.policy.model import (
    AllocationRules,
    Authority,
    Calendar,
    DrawRules,
    RegistryRules,
    SupplyRules,
    TenancyRules,
)
from allocator.policy.rules import EntitlementRules, RankingRules, ScreeningRules
from allocator.policy.sourced import Strict


class Policy(Strict):
    """The law of one authority on one day, whole."""

    on: date
    authority: Authority
    supply: SupplyRules
    draw: DrawRules
    calendar: Calendar
    allocation: AllocationRules
    screening: ScreeningRules
    entitlement: EntitlementRules
    ranking: RankingRules
    tenancy: TenancyRules
    registry: RegistryRules

    def document(self) -> dict[str, Any]:
        """JSON of objects, lists, text, whole numbers, booleans and null; no floats. Each rule with its approver."""
        document = self.written()
        _approve(document, document["authority"].get("approval"))
        return document

    def written(self) -> dict[str, Any]:
        """The same as the files have it: rules that name no approver stay without."""
        document: dict[str, Any] = json.loads(self.model_dump_json())
        return document


def _approve(value: Any, approval: dict[str, Any] | None) -> None:
    """Every rule that names no approver gets the authority's: each parameter carries one."""
    if approval is None:
        return
    if isinstance(value, dict):
        if value.get("approved_by") == "":
            value |= {
                "approved_by": approval["by"],
                "approved_on": approval["on"],
                "approved_tag": approval["tag"],
            }
        for inner in value.values():
            _approve(inner, approval)
    elif isinstance(value, list):
        for inner in value:
            _approve(inner, approval)
