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
    Strict,
    SupplyRules,
    TenancyRules,
)
from allocator.policy.rules import EntitlementRules, RankingRules, ScreeningRules


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
        """JSON of objects, lists, text, whole numbers, booleans and null; no floats."""
        document: dict[str, Any] = json.loads(self.model_dump_json())
        return document
