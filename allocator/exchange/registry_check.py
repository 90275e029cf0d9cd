"""Checking an export from its folder alone: every count, hash and sum is taken again from the bytes."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Bounded

from allocator.exchange.registry import (
    FIELD_NAMES,
    FIELDS,
    MANIFEST,
    SCHEMA_VERSION,
    control_totals,
    plain,
)
from allocator.model.canonical import canonical_bytes, sha256_hex
from allocator.model.problem import Problem

_MANIFEST_BYTES: Final = 16 * 1024 * 1024
_DIGITS: Final = 18
_INTEGERS: Final = tuple(place for place, field in enumerate(FIELDS) if field.kind == "integer")
_DATES: Final = tuple(place for place, field in enumerate(FIELDS) if field.kind == "date")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Part(_Strict):
    """One part as the manifest counts it."""

    name: str = Bounded(pattern=r"^leases-\d{4}-\d{2}-\d{3,}-pt\d{4,}\.csv$")
    rows: int = Bounded(ge=1)
    sha256: str = Bounded(pattern=r"^[0-9a-f]{64}$")


class Controls(_Strict):
    """Sums over what is filed, fen per month."""

    rent_fen: int = Bounded(ge=0)
    subsidy_fen: int = Bounded(ge=0)


class Manifest(_Strict):
    """The manifest of an export, as strict as its maker."""

    format: str = Bounded(pattern=r"^allocator-registry/1$")
    schema_version: int
    authority: str
    month: str = Bounded(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    export_number: int = Bounded(ge=1)
    kind: str = Bounded(pattern=r"^(full|increment)$")
    rehearsal: bool
    fields: list[str]
    record_count: int = Bounded(ge=0)
    tombstone_count: int = Bounded(ge=0)
    controls: Controls
    parts: list[Part]


def check_export(folder: Path) -> list[Problem]:
    """Everything in the folder that is not what the manifest says; empty where all agrees.

    Checked: the manifest's own form, files missing or added, each part's hash, header and rows, the number of
    records and tombstones, leases that stand twice, and the control sums.
    """
    manifest, problems = read_manifest(folder)
    if manifest is None:
        return problems
    frame, faults = _read_parts(folder, manifest)
    problems += faults
    if frame is not None:
        problems += _totals(frame, manifest)
    return problems


def read_export(folder: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """The records of an export as a frame with the columns of ``FIELDS``, and what ``check_export`` finds."""
    problems = check_export(folder)
    if problems:
        return pd.DataFrame(columns=list(FIELD_NAMES)), problems
    manifest, _ = read_manifest(folder)
    frame, _ = _read_parts(folder, manifest) if manifest else (None, [])
    return (pd.DataFrame(columns=list(FIELD_NAMES)) if frame is None else frame), []


def read_manifest(folder: Path) -> tuple[Manifest | None, list[Problem]]:
    """The manifest of the folder, or why it is none."""
    path = folder / MANIFEST
    if not path.is_file():
        return None, [Problem("registry_manifest_missing", MANIFEST, 0, "", folder.name)]
    if path.stat().st_size > _MANIFEST_BYTES:
        return None, [Problem("registry_manifest_malformed", MANIFEST, 0, "", "size")]
    content = path.read_bytes()
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as fault:
        first = fault.errors()[0]
        return None, [
            Problem("registry_manifest_malformed", MANIFEST, 0, ".".join(map(str, first["loc"])), "")
        ]
    known = manifest.schema_version == SCHEMA_VERSION and manifest.fields == list(FIELD_NAMES)
    if not known or canonical_bytes(json.loads(content)) != content:
        return None, [Problem("registry_manifest_malformed", MANIFEST, 0, "schema_version", "")]
    return manifest, []


def _read_parts(folder: Path, manifest: Manifest) -> tuple[pd.DataFrame | None, list[Problem]]:
    listed = {part.name for part in manifest.parts}
    problems = [
        Problem("registry_file_unlisted", entry.name, 0, "", entry.name)
        for entry in sorted(folder.iterdir())
        if entry.name not in listed | {MANIFEST}
    ]
    frames = []
    for part in manifest.parts:
        frame, faults = _read_part(folder / part.name, part)
        problems += faults
        frames.append(frame)
    if any(frame is None for frame in frames):
        return None, problems
    return (pd.concat(frames, ignore_index=True) if frames else _empty()), problems


def _read_part(path: Path, part: Part) -> tuple[pd.DataFrame | None, list[Problem]]:
    if not path.is_file():
        return None, [Problem("registry_part_missing", part.name, 0, "", part.name)]
    content = path.read_bytes()
    if sha256_hex(content) != part.sha256:
        return None, [Problem("registry_part_altered", part.name, 0, "", part.name)]
    rows, problems = _rows_of(content, part)
    if problems:
        return None, problems
    return frame_of(rows), []


def _rows_of(content: bytes, part: Part) -> tuple[list[list[str]], list[Problem]]:
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        return [], [Problem("registry_part_malformed", part.name, 1, "", "")]
    if not lines or lines[0] != list(FIELD_NAMES):
        return [], [Problem("registry_part_malformed", part.name, 1, "", "")]
    days: dict[str, bool] = {}
    problems = [
        Problem("registry_part_malformed", part.name, number, "", "")
        for number, line in enumerate(lines[1:], start=2)
        if not _is_row(line, days)
    ]
    if len(lines) - 1 != part.rows:
        problems.append(
            Problem("registry_rows_differ", part.name, 0, "", str(len(lines) - 1), params={"said": part.rows})
        )
    return lines[1:], problems


def _is_row(line: list[str], days: dict[str, bool]) -> bool:
    """Whether the cells are of their kinds; ``days`` keeps what was found of each date, for there are few."""
    if len(line) != len(FIELDS) or line[0] not in {"file", "cancel"}:
        return False
    integers = "".join([line[place] for place in _INTEGERS])
    if not (integers.isascii() and integers.isdigit()):
        return False
    if any(not 1 <= len(line[place]) <= _DIGITS for place in _INTEGERS):
        return False
    return all(
        days[line[place]] if line[place] in days else days.setdefault(line[place], _is_date(line[place]))
        for place in _DATES
    )


def _is_date(cell: str) -> bool:
    try:
        return date.fromisoformat(cell).isoformat() == cell
    except ValueError:
        return False


def frame_of(rows: list[list[str]]) -> pd.DataFrame:
    """Rows of a part as a typed frame: text, int64 and dates."""
    columns: dict[str, Any] = {}
    for field, cells in zip(FIELDS, zip(*rows, strict=True), strict=True):
        if field.kind == "integer":
            columns[field.name] = pd.Series([int(cell) for cell in cells], dtype="int64")
        elif field.kind == "date":
            columns[field.name] = pd.Series(np.array(cells, dtype="datetime64[s]"))
        else:
            columns[field.name] = pd.Series([plain(cell) for cell in cells], dtype="str")
    return pd.DataFrame(columns)


def _empty() -> pd.DataFrame:
    dtypes = {"text": "str", "integer": "int64", "date": "datetime64[s]"}
    return pd.DataFrame({field.name: pd.Series(dtype=dtypes[field.kind]) for field in FIELDS})


def _totals(frame: pd.DataFrame, manifest: Manifest) -> list[Problem]:
    counted = control_totals(frame)
    said = {
        "record_count": manifest.record_count,
        "tombstone_count": manifest.tombstone_count,
        "rent_fen": manifest.controls.rent_fen,
        "subsidy_fen": manifest.controls.subsidy_fen,
    }
    found = {**counted["controls"], "record_count": counted["record_count"]}
    found["tombstone_count"] = counted["tombstone_count"]
    problems = [
        Problem("registry_total_differs", MANIFEST, 0, name, str(found[name]), params={"said": said[name]})
        for name in said
        if said[name] != found[name]
    ]
    twice = frame.loc[frame["lease_no"].duplicated(keep=False), "lease_no"]
    return problems + [
        Problem("registry_lease_twice", MANIFEST, 0, "lease_no", lease) for lease in sorted(set(twice))
    ]
