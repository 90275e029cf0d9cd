"""Files of a laboratory (TOML) read strictly: every fault with file, key and cure, numbers as they are spelled.

The sentences of a laboratory begin with its ``prefix``: ``<prefix>_unknown``, ``_file_large``, ``_file_malformed``,
``_key_unknown``, ``_key_missing``, ``_out_of_bounds``, ``_value_wrong``.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from allocator.errors import Refused
from allocator.policy.faults import Faults

MAX_BYTES: Final = 1_000_000
_BOUNDS: Final = {"greater_than_equal": (">=", "ge"), "less_than_equal": ("<=", "le")}
Document = TypeVar("Document", bound=BaseModel)


def shipped_in(library: Path) -> list[str]:
    """Names of the files shipped in a folder."""
    return sorted(place.stem for place in library.glob("*.toml"))


def place_in(library: Path, name_or_file: str, prefix: str) -> Path:
    """The file of that path, or the shipped one of that name. Raises ``Refused`` for neither."""
    if Path(name_or_file).is_file():
        return Path(name_or_file)
    names = shipped_in(library)
    if name_or_file in names:
        return library / f"{name_or_file}.toml"
    raise Refused(f"{prefix}_unknown", value=name_or_file, names=", ".join(names))


def read_document(
    place: Path, model: type[Document], prefix: str, faults: Faults, chosen: Collection[str] = ()
) -> Document | None:
    """The file as that document, or ``None`` and every fault of it; ``chosen``: as ``validated``."""
    with place.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        faults.add(f"{prefix}_file_large", place.name, "-", limit=MAX_BYTES)
        return None
    try:
        table = tomllib.loads(content.decode("utf-8-sig"), parse_float=str)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as fault:
        faults.add(f"{prefix}_file_malformed", place.name, "-", reason=str(fault))
        return None
    return validated(table, model, prefix, place.name, faults, chosen=chosen)


def validated(
    table: Mapping[str, Any],
    model: type[Document],
    prefix: str,
    file: str,
    faults: Faults,
    section: str = "",
    chosen: Collection[str] = (),
) -> Document | None:
    """The table as that document, or ``None`` and every fault of it; keys are told below ``section`` (with its dot).

    ``chosen``: names by which one of several forms of a table is chosen; they are values, and no part of a key.
    """
    try:
        return model.model_validate_json(json.dumps(table, default=str))
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False):
            _tell(dict(error), file, prefix, faults, section, chosen)
    except (RecursionError, ValueError) as fault:
        faults.add(f"{prefix}_file_malformed", file, section.rstrip(".") or "-", reason=str(fault))
    return None


def _tell(
    error: dict[str, Any], file: str, prefix: str, faults: Faults, section: str, chosen: Collection[str]
) -> None:
    key = section + (".".join(str(step) for step in error["loc"] if step not in chosen) or "-")
    kind, value = error["type"], error.get("input")
    if kind == "extra_forbidden":
        faults.add(f"{prefix}_key_unknown", file, key)
    elif kind in {"missing", "union_tag_not_found"}:
        faults.add(f"{prefix}_key_missing", file, key)
    elif kind in _BOUNDS:
        sign, name = _BOUNDS[kind]
        bound = f"{sign} {error['ctx'][name]}"
        faults.add(f"{prefix}_out_of_bounds", file, key, value=str(value), bound=bound)
    else:
        shown = "" if isinstance(value, dict | list) else repr(value)
        faults.add(f"{prefix}_value_wrong", file, key, value=shown, expected=error["msg"])


def flat(document: dict[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Every single figure with its dotted name; entries of a list count from 1."""
    rows: list[tuple[str, Any]] = []
    for name, value in document.items():
        if isinstance(value, dict):
            rows += flat(value, f"{before}{name}.")
        elif isinstance(value, list):
            rows += [(f"{before}{name}.{number}", entry) for number, entry in enumerate(value, start=1)]
        else:
            rows.append((before + name, value))
    return rows
