"""Small rent-to-own contracts: the shipped pilot with single keys changed."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from scenarios.ownership_files import LIBRARY, Ownership

# Nobody falls into arrears, nobody leaves, nothing is a matter of chance.
CALM: dict[str, Any] = {
    "tenant.shock": 0,
    "tenant.loses_job": 0,
    "tenant.exit_hazard": 0,
    "tenant.resale_hazard": 0,
    "dwelling.volatility": 0,
    "run.cohorts": 2,
    "run.households": 10,
}


def contract(**changes: Any) -> Ownership:
    """The pilot with ``section__key`` (or a whole section) replaced."""
    return changed({name.replace("__", "."): value for name, value in changes.items()})


def changed(changes: dict[str, Any]) -> Ownership:
    """The pilot with the keys ``section.key`` replaced."""
    text = (LIBRARY / "estate_pilot.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text, parse_float=str)
    for path, value in changes.items():
        *sections, key = path.split(".")
        inner = table
        for section in sections:
            inner = inner[section]
        inner[key] = value
    return Ownership.model_validate_json(json.dumps(table))
