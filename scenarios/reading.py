"""Scenario files read, checked and stacked: every fault of every file at once, with file, key and cure."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from allocator.errors import Refused
from allocator.policy.faults import Faults
from scenarios.files import Scenario
from scenarios.lab_files import SECTION, SUBSIDY, read_sections

LIBRARY: Final = Path(__file__).with_name("library")
MAX_BYTES: Final = 1_000_000
_CONCATENATED: Final = ("policy", "places", "relief", "employers")


@dataclass(frozen=True)
class Stack:
    """Scenarios stacked in the order given, the later one winning.

    ``names``: of the files, in order; ``origins``: file and key of each change of ``scenario.policy``.
    ``overruled``: paths that more than one file sets, each once.
    """

    scenario: Scenario
    names: tuple[str, ...]
    origins: tuple[tuple[str, str], ...]
    overruled: tuple[str, ...]


def shipped() -> list[str]:
    """Names of the shipped scenarios."""
    return sorted(place.stem for place in LIBRARY.glob("*.toml"))


def place_of(name_or_file: str) -> Path:
    """The file of that path, or of the shipped scenario of that name. Raises ``Refused`` for neither."""
    place = Path(name_or_file)
    if place.is_file():
        return place
    if name_or_file in shipped():
        return LIBRARY / f"{name_or_file}.toml"
    raise Refused("scenario_unknown", value=name_or_file, names=", ".join(shipped()))


def read_stack(names_or_files: Sequence[str]) -> Stack:
    """The files stacked. Raises ``Refused`` with the faults of all of them; nothing runs before."""
    places = [place_of(name) for name in names_or_files]
    faults = Faults()
    scenarios = [read_file(place, faults) for place in places]
    refuse_faults(faults)
    return stacked([s for s in scenarios if s is not None], [place.name for place in places])


def refuse_faults(faults: Faults) -> None:
    """Raise ``Refused`` with every fault, where there is one."""
    if len(faults):
        listed = faults.listed()
        raise Refused("scenario_invalid", count=len(listed), faults=listed)


def read_file(place: Path, faults: Faults) -> Scenario | None:
    """The scenario of one file, or ``None`` with its faults told."""
    table = _table(place, faults)
    if table is None:
        return None
    if not isinstance(table.get("name", ""), str):
        table["name"] = str(table["name"])
    read_sections(table, place, faults)
    return validated(Scenario, {"name": place.stem.lower()} | table, place.name, faults)


def _table(place: Path, faults: Faults) -> dict[str, Any] | None:
    """What stands in the file; numbers of the laboratories' sections as they are spelled, so that they stay exact."""
    content = place.read_bytes()[: MAX_BYTES + 1]
    if len(content) > MAX_BYTES:
        faults.add("scenario_file_large", place.name, "-", limit=MAX_BYTES)
        return None
    try:
        text = content.decode("utf-8-sig")
        table = tomllib.loads(text)
        exact = tomllib.loads(text, parse_float=str)
        table |= {section: exact[section] for section in (SECTION, SUBSIDY) if section in table}
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as fault:
        faults.add("scenario_file_malformed", place.name, "-", reason=str(fault))
        return None
    return table


def validated(
    model: type[Scenario], table: Mapping[str, Any], file: str, faults: Faults, key: str = ""
) -> Scenario | None:
    """The table as that document, or ``None`` with every fault of it told."""
    try:
        return model.model_validate_json(json.dumps(table, default=_plain))
    except (ValidationError, ValueError) as invalid:
        if not isinstance(invalid, ValidationError):
            faults.add("scenario_file_malformed", file, "-", reason=str(invalid))
            return None
        for error in invalid.errors(include_url=False):
            tell(dict(error), file, key, faults)
        return None


def tell(error: dict[str, Any], file: str, key: str, faults: Faults) -> None:
    """One error of pydantic as a fault: file, key, what is wrong, and what may stand there."""
    where = (
        ".".join([*([key] if key else []), *(str(step) for step in error["loc"] if step != "[key]")]) or "-"
    )
    context = error.get("ctx") or {}
    bounds = {"greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt", "less_than": "lt"}
    if error["type"] == "extra_forbidden":
        faults.add("scenario_key_unknown", file, where)
    elif error["type"] == "missing":
        faults.add("scenario_key_missing", file, where)
    elif error["type"] in bounds:
        sign = {"ge": ">=", "le": "<=", "gt": ">", "lt": "<"}[bounds[error["type"]]]
        bound = f"{sign} {context[bounds[error['type']]]}"
        faults.add("scenario_out_of_bounds", file, where, value=error.get("input"), bound=bound)
    else:
        value = error.get("input")
        shown = "" if isinstance(value, dict | list) else repr(value)
        faults.add("scenario_value_wrong", file, where, value=shown, expected=error["msg"])


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else str(value)


def stacked(scenarios: Sequence[Scenario], files: Sequence[str]) -> Stack:
    """One scenario of several: changes in the order of the files, single settings of the last that names them."""
    merged = Scenario(name="baseline") if not scenarios else scenarios[0]
    for scenario in scenarios[1:]:
        merged = _merged(merged, scenario)
    name = "+".join(scenario.name for scenario in scenarios) or "baseline"
    titles = {
        title: " + ".join(getattr(s, title) or s.name for s in scenarios)
        for title in ("title_zh", "title_en")
    }
    origins = tuple(
        (file, f"policy.{number}")
        for file, scenario in zip(files, scenarios, strict=True)
        for number in range(len(scenario.policy))
    )
    return Stack(
        merged.model_copy(update={"name": name, **titles}),
        tuple(scenario.name for scenario in scenarios),
        origins,
        _overruled(scenarios),
    )


def _merged(first: Any, second: Any) -> Any:
    """``second`` over ``first``: what it names wins, lists of changes grow."""
    updates: dict[str, Any] = {}
    for field in sorted(second.model_fields_set):
        before, after = getattr(first, field), getattr(second, field)
        if field in _CONCATENATED and isinstance(after, tuple):
            updates[field] = (*before, *after)
        elif isinstance(after, BaseModel) and isinstance(before, BaseModel):
            updates[field] = _merged(before, after)
        else:
            updates[field] = after
    return first.model_copy(update=updates)


def _overruled(scenarios: Sequence[Scenario]) -> tuple[str, ...]:
    """Paths set to a value by a later file over an earlier one."""
    seen: set[str] = set()
    again: list[str] = []
    for scenario in scenarios:
        here = [change.path for change in scenario.policy]
        again += [c.path for c in scenario.policy if c.path in seen and c.value is not None]
        seen |= set(here)
    return tuple(dict.fromkeys(again))


def with_settings(scenario: Scenario, settings: Mapping[str, Any]) -> Scenario:
    """The scenario with the settings of the command over those of its file (``None``: not given).

    Raises ``Refused`` as a file would.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    if not given:
        return scenario
    faults = Faults()
    document = scenario.model_dump(mode="json", exclude_unset=False)
    document["run"] = document["run"] | given
    checked = validated(Scenario, document, "--", faults)
    refuse_faults(faults)
    assert checked is not None
    return checked
