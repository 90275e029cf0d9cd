"""Reading a bundle that may be hostile: bytes of the folder, strict JSON, strict CSV as arrow columns."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from allocator.audit.results import Fault
from allocator.model.canonical import canonical_bytes
from allocator.model.instance import Ints

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "roster.csv": ("code", "band", "points", "salt"),
    "preferences.csv": ("code", "rank", "pool"),
    "pools.csv": ("pool", "project_id", "dwelling_type", "sex", "rent_per_m2_fen", "capacity"),
    "dwellings.csv": ("pool", "place", "dwelling_id"),
    "order.csv": ("position", "code", "band", "ticket"),
    "removals.csv": ("code",),
    "result.csv": ("code", "pool", "dwelling_id"),
}
# Of bundles under declared rules, of those drawn from chances, and of those with rooms split jointly.
OPTIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "groups.csv": ("code", "group"),
    "chances.csv": ("code", "pool", "chance"),
    "rooms.csv": ("dwelling_id", "room_id", "unit"),
    "current.csv": ("code", "pool"),
}
WHOLE: Final = frozenset({"band", "points", "rank", "rent_per_m2_fen", "capacity", "place", "position"})
DOCUMENTS: Final = ("commitment.json", "draw.json", "certificate.json")
FIXED: Final = (*DOCUMENTS, *COLUMNS, "verify.py", "README.txt")
# Of bundles under declared rules only, with the key of the commitment that fingerprints each.
RULES_FILES: Final[Mapping[str, str]] = {"groups.csv": "groups_sha256", "rules.json": "rules_sha256"}
# The same where the law asks for a joint split of dormitory rooms.
ROOMS_FILES: Final[Mapping[str, str]] = {"rooms.csv": "rooms_sha256", "split.json": "split_sha256"}
# And where tenants take part.
CURRENT: Final = "current.csv"
CURRENT_KEY: Final = "current_sha256"
IN_FORCE: Final = "policy/in_force.json"
# What desktops leave behind in any folder; nothing reads them.
LITTER: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
LARGEST: Final = 10**15
_NAME: Final = re.compile(r"(policy/)?\w[\w.-]*")

Table = Mapping[str, Any]


def is_plain_name(name: str) -> bool:
    """A file of the bundle: a plain name, or one inside ``policy/``; no path tricks."""
    return _NAME.fullmatch(name) is not None and len(name) <= 200


def names_in(folder: Path) -> Iterator[str]:
    """Every file in the folder by its name relative to it; links and oddities raise ``Fault``."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise Fault(_shown(name), "audit_not_a_file")
        if path.is_file() and path.name not in LITTER:
            yield name


def _shown(name: str) -> str:
    return name if name.isprintable() else ascii(name)


def read_file(folder: Path, name: str) -> bytes:
    """Bytes of one file; ``Fault`` where it is missing or unreadable."""
    try:
        return (folder / name).read_bytes()
    except (OSError, ValueError):
        raise Fault(_shown(name), "audit_missing_file") from None


def document_of(name: str, content: bytes) -> dict[str, Any]:
    """A canonical JSON object without floats; ``Fault`` otherwise."""
    try:
        document = json.loads(content, parse_float=_refuse, parse_constant=_refuse)
        is_canonical = canonical_bytes(document) == content
    except (ValueError, RecursionError):
        raise Fault(name, "audit_not_json") from None
    if not isinstance(document, dict):
        raise Fault(name, "audit_not_json")
    if not is_canonical:
        raise Fault(name, "audit_not_canonical")
    return document


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def table_of(name: str, content: bytes) -> dict[str, Any]:
    """Columns of a CSV file: arrow text, int64 arrays for whole numbers. ``Fault`` with the line otherwise."""
    columns = COLUMNS.get(name) or OPTIONAL[name]
    header = (",".join(columns) + "\n").encode()
    if not content.startswith(header):
        raise Fault(f"{name}:1", "audit_csv_header", expected=",".join(columns))
    if not content.endswith(b"\n"):
        raise Fault(name, "audit_csv_end")
    _refuse_controls(name, content)
    try:
        texts = _texts(name, content, columns)
    except (pa.ArrowException, UnicodeDecodeError, csv.Error):
        _locate(name, content, len(columns))
    return {
        column: _whole(name, column, texts[column]) if column in WHOLE else texts[column]
        for column in columns
    }


def _refuse_controls(name: str, content: bytes) -> None:
    signs = np.frombuffer(content, dtype=np.uint8)
    odd = np.flatnonzero(((signs < 32) & (signs != 10)) | (signs == 127))
    if len(odd):
        line = content.count(b"\n", 0, int(odd[0])) + 1
        raise Fault(f"{name}:{line}", "audit_csv_control")


def _texts(name: str, content: bytes, columns: Sequence[str]) -> dict[str, pa.Array]:
    if content.count(b"\n") == 1:
        return {column: pa.array([], type=pa.string()) for column in columns}
    if b'"' in content:
        return _quoted_texts(name, content, columns)
    table = pa_csv.read_csv(
        pa.BufferReader(content),
        read_options=pa_csv.ReadOptions(column_names=list(columns), skip_rows=1),
        parse_options=pa_csv.ParseOptions(quote_char=False, ignore_empty_lines=False),
        convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string())),
    )
    return {column: _one_array(table[column]) for column in columns}


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], type=pa.string())


def _quoted_texts(name: str, content: bytes, columns: Sequence[str]) -> dict[str, pa.Array]:
    """The slow road: quotes are allowed exactly where RFC 4180 needs them."""
    text = content.decode("utf-8")
    rows = list(csv.reader(io.StringIO(text), strict=True))[1:]
    lines = text.split("\n")[1:-1]
    for number, (line, row) in enumerate(zip(lines, rows, strict=False), 2):
        plain = ",".join(
            '"' + cell.replace('"', '""') + '"' if set(cell) & set(',"') else cell for cell in row
        )
        if len(row) != len(columns) or plain != line:
            raise Fault(f"{name}:{number}", "audit_csv_row")
    if len(lines) != len(rows):
        raise Fault(name, "audit_csv_row")
    return {
        column: pa.array([row[place] for row in rows], type=pa.string())
        for place, column in enumerate(columns)
    }


def _locate(name: str, content: bytes, num_columns: int) -> NoReturn:
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        if line.count(b",") != num_columns - 1 or not _is_text(line):
            raise Fault(f"{name}:{number}", "audit_csv_row")
    raise Fault(name, "audit_csv_row")


def _is_text(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _whole(name: str, column: str, texts: pa.Array) -> Ints:
    """Whole numbers written plainly: no sign but a minus before points, no leading zeros, not huge."""
    try:
        numbers = pc.cast(texts, pa.int64())
        plain = pc.equal(pc.cast(numbers, pa.string()), texts)
    except pa.ArrowException:
        plain = pc.match_substring_regex(texts, r"^(0|-?[1-9][0-9]{0,17})$")
        numbers = pc.cast(pc.if_else(plain, texts, "0"), pa.int64())
    values: Ints = numbers.to_numpy(zero_copy_only=False)
    lowest = -LARGEST if column == "points" else 0
    is_good = plain.to_numpy(zero_copy_only=False) & (values >= lowest) & (values <= LARGEST)
    if not is_good.all():
        place = int(np.argmin(is_good))
        raise Fault(f"{name}:{place + 2}", "audit_csv_number", column=column, value=texts[place].as_py())
    return values
