"""``[rent_to_own]`` and ``[subsidy]`` in a scenario file, read: the keys of a laboratory's file over those of the file named.

Whom they are about is the simulated city, and the law is the scenario's: neither stands in a section.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from allocator.errors import Refused
from allocator.policy.faults import Faults
from scenarios import ownership_files, subsidy_lab_files
from scenarios.ownership_files import NUM_DECILES, Ownership
from scenarios.subsidy_lab_files import SubsidyFile

SECTION: Final = "rent_to_own"
SUBSIDY: Final = "subsidy"
# Asked by a command of its own; no section of a scenario file.
RESERVED: Final = {"supply": "scenario portfolio"}
# What may be taken from the city: section and key of the rent-to-own file.
FIGURES: Final = {
    "rent_fen": ("contract", "rent_fen"),
    "subsidised_rent_fen": ("tenant", "subsidised_rent_fen"),
    "incomes_fen": ("tenant", "incomes_fen"),
}
_OF_THE_SCENARIO: Final = ("format", "name", "policy")
_OF_THE_LAW: Final = ("policy", "on")
_PEOPLE: Final = "population"
_OF_THE_FILE: Final = (*_OF_THE_SCENARIO, "title_zh", "title_en", "note")
_NOTHING: Final[dict[str, Any]] = {"rent_fen": 0, "subsidised_rent_fen": 0, "incomes_fen": [0] * NUM_DECILES}


def read_sections(table: dict[str, Any], place: Path, faults: Faults) -> None:
    """Put the sections of the scenario file at ``place`` into its table whole; numbers stay as they are spelled.

    What is wrong goes to ``faults``, and the section out of the table.
    """
    for section, command in RESERVED.items():
        if table.pop(section, None) is not None:
            faults.add("scenario_section_reserved", place.name, section, command=command)
    for section, read in ((SECTION, _read_own), (SUBSIDY, _read_subsidy)):
        if isinstance(table.get(section), dict):
            before = len(faults)
            found = read(table[section], place, faults)
            if found is None or len(faults) > before:
                del table[section]
            else:
                table[section] = found


def _read_own(table: Mapping[str, Any], place: Path, faults: Faults) -> dict[str, Any] | None:
    before = len(faults)
    own = _without(table, _OF_THE_SCENARIO, SECTION, place, faults)
    city = own.pop("city", list(FIGURES))
    if not (isinstance(city, list) and all(name in FIGURES for name in city)):
        faults.add(
            "scenario_name_unknown", place.name, f"{SECTION}.city", value=city, known=", ".join(FIGURES)
        )
    own = _laid_over(own, SECTION, ownership_files.place_of, _OF_THE_FILE, place, faults)
    if len(faults) > before:
        return None
    section = {"city": city, **own}
    document_of(section, {}, place.name, faults)
    return section


def _read_subsidy(table: Mapping[str, Any], place: Path, faults: Faults) -> dict[str, Any] | None:
    before = len(faults)
    own = _without(table, (*_OF_THE_SCENARIO, _PEOPLE), SUBSIDY, place, faults)
    law = own.get("cliffs", {}).get("law", {}) if isinstance(own.get("cliffs"), dict) else {}
    if isinstance(law, dict):
        _without(law, _OF_THE_LAW, f"{SUBSIDY}.cliffs.law", place, faults)
    dropped = (*_OF_THE_FILE, _PEOPLE)
    section = _laid_over(own, SUBSIDY, subsidy_lab_files.place_of, dropped, place, faults)
    if len(faults) > before:
        return None
    subsidy_document(section, {"policy": "-", "on": "2000-01-01"}, (), place.name, faults)
    return section


def _without(
    table: Mapping[str, Any], barred: Sequence[str], section: str, place: Path, faults: Faults
) -> dict[str, Any]:
    """The section without what is the scenario's own, which is told as unknown here."""
    for key in barred:
        if key in table:
            faults.add("scenario_key_unknown", place.name, f"{section}.{key}")
    return {key: value for key, value in table.items() if key not in barred}


def _laid_over(
    own: dict[str, Any],
    section: str,
    place_of: Callable[[str], Path],
    dropped: Sequence[str],
    place: Path,
    faults: Faults,
) -> dict[str, Any]:
    """The section over the laboratory's file it names, beside the scenario file or shipped."""
    name = own.pop("file", None)
    if name is None:
        return own
    beside = place.parent / str(name)
    try:
        found = beside if beside.is_file() else place_of(str(name))
        table = tomllib.loads(found.read_text(encoding="utf-8-sig"), parse_float=str)
    except Refused as unknown:
        faults.add(unknown.code, place.name, f"{section}.file", **unknown.params)
        return own
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        faults.add("scenario_file_malformed", place.name, f"{section}.file", reason=str(fault))
        return own
    return _over({key: value for key, value in table.items() if key not in dropped}, own)


def _over(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """``second`` laid over ``first``, table by table."""
    both = dict(first)
    for key, value in second.items():
        before = both.get(key)
        both[key] = _over(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return both


def document_of(
    section: Mapping[str, Any], figures: Mapping[str, Any], file: str, faults: Faults
) -> Ownership | None:
    """The section as a rent-to-own document with these figures of the city (none yet: nothings in their place)."""
    table = {key: value for key, value in section.items() if key != "city"}
    for name in section["city"]:
        part, key = FIGURES[name]
        inner = table.get(part)
        if isinstance(inner, dict):
            table[part] = {**inner, key: figures.get(name, _NOTHING[name])}
    document = {"format": "allocator-own/1", "name": SECTION, **table}
    return ownership_files.validated(document, file, faults, f"{SECTION}.")


def subsidy_document(
    section: Mapping[str, Any],
    law: Mapping[str, Any],
    changes: Sequence[Mapping[str, Any]],
    file: str,
    faults: Faults,
) -> SubsidyFile | None:
    """The section as a subsidy document about the simulated tenants, its cliffs under that law with these changes."""
    table = {"format": "allocator-subsidy/1", "name": SUBSIDY, _PEOPLE: {"file": "-"}, **section}
    cliffs = section.get("cliffs")
    if isinstance(cliffs, dict) and isinstance(cliffs.get("law"), dict):
        table |= {"cliffs": {**cliffs, "law": {**cliffs["law"], **law}}, "policy": list(changes)}
    return subsidy_lab_files.validated(table, file, faults, f"{SUBSIDY}.")
