"""Small cities for the tests of scenarios."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from allocator import policy
from allocator.policy.book import PolicyBook
from scenarios.files import Run, Scenario
from scenarios.reading import Stack, read_stack

START = date(2026, 3, 1)
VILLAGE = Run(households=60, waiting=40, months=4, warm_up_months=1, replications=2)


def example() -> PolicyBook:
    """The law of the example city."""
    return policy.load("example")


def scenario(**changes: Any) -> Scenario:
    """A scenario in the village; parts as in a file."""
    run = changes.pop("run", VILLAGE)
    document = {"name": "village", "run": run.model_dump(mode="json"), **changes}
    return Scenario.model_validate_json(json.dumps(document))


def written(folder: Path, name: str, text: str) -> str:
    """A scenario file of that text."""
    place = folder / f"{name}.toml"
    place.write_text(f'format = "allocator-scenario/1"\n{text}', encoding="utf-8")
    return str(place)


def stack(folder: Path, text: str, name: str = "asked") -> Stack:
    """That text, read as a file."""
    return read_stack([written(folder, name, text)])
