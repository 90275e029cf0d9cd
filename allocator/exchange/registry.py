"""The registry file (``allocator-registry/1``): effective leases as CSV parts with a counted, hashed manifest.

It carries what the registry must know of each household by law (``docs/reference/registry.md``): the
applicant's name and ID number stand in it. It is handed to the registry, never published; its files are
readable by their owner alone.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd

from allocator.errors import Refused
from allocator.model.canonical import canonical_bytes, fingerprint, sha256_hex

FORMAT: Final = "allocator-registry/1"
SCHEMA_VERSION: Final = 1
MANIFEST: Final = "manifest.json"
Kind = Literal["full", "increment"]

FILE, CANCEL = "file", "cancel"
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Field:
    """One column of a part: its header, what it is called in Chinese, and its kind."""

    name: str
    name_zh: str
    kind: Literal["text", "integer", "date"]
    is_personal: bool = False


FIELDS: Final = (
    Field("action", "操作", "text"),
    Field("lease_no", "合同编号", "text"),
    Field("receipt_no", "受理编号", "text"),
    Field("applicant_name", "承租人姓名", "text", is_personal=True),
    Field("applicant_id_number", "承租人身份证号", "text", is_personal=True),
    Field("num_persons", "家庭人口", "integer"),
    Field("project_id", "项目编号", "text"),
    Field("supply_mode", "供给方式", "text"),
    Field("district", "行政区划代码", "text"),
    Field("dwelling_id", "房源编号", "text"),
    Field("kind", "类别", "text"),
    Field("dwelling_type", "户型", "text"),
    Field("area_cm2", "建筑面积（平方厘米）", "integer"),
    Field("rent_per_m2_fen", "月租金标准（分）", "integer"),
    Field("rent_fen", "月租金（分）", "integer"),
    Field("subsidy_fen", "月租赁补贴（分）", "integer"),
    Field("signed_on", "合同签约日期", "date"),
    Field("starts_on", "起始时间", "date"),
    Field("ends_on", "截止时间", "date"),
)
FIELD_NAMES: Final = tuple(field.name for field in FIELDS)


def export_files(
    records: pd.DataFrame,
    *,
    authority: str,
    month: str,
    number: int,
    kind: Kind,
    rehearsal: bool,
    rows_per_part: int,
) -> dict[str, bytes]:
    """The files of one export by name: the manifest and its parts, the same bytes for the same records.

    ``records``: one row per effective or cancelled lease with the columns of ``FIELDS``; ``action`` is ``file`` or
    ``cancel`` (the tombstone of a lease once filed). Order of rows does not matter. Raises ``ValueError`` where
    a value is missing or a lease stands twice.
    """
    rows = records[list(FIELD_NAMES)].sort_values("lease_no").reset_index(drop=True)
    if rows.isna().any(axis=None) or rows["lease_no"].duplicated().any():
        raise ValueError("a record with a missing value, or a lease that stands twice")
    starts = range(0, len(rows), rows_per_part)
    parts = {
        part_name(month, number, place): _part(rows.iloc[start : start + rows_per_part])
        for place, start in enumerate(starts, start=1)
    }
    sizes = [min(rows_per_part, len(rows) - start) for start in starts]
    manifest = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "authority": authority,
        "month": month,
        "export_number": number,
        "kind": kind,
        "rehearsal": rehearsal,
        "fields": list(FIELD_NAMES),
        **control_totals(rows),
        "parts": [
            {"name": name, "rows": size, "sha256": sha256_hex(content)}
            for (name, content), size in zip(parts.items(), sizes, strict=True)
        ],
    }
    return {MANIFEST: canonical_bytes(manifest), **parts}


def control_totals(rows: pd.DataFrame) -> dict[str, Any]:
    """Counts of records and tombstones, and the sums of rent and subsidy (fen per month) of what is filed."""
    filed = rows[rows["action"] == FILE]
    return {
        "record_count": len(rows),
        "tombstone_count": int((rows["action"] == CANCEL).sum()),
        "controls": {
            "rent_fen": sum(int(rent) for rent in filed["rent_fen"]),
            "subsidy_fen": sum(int(subsidy) for subsidy in filed["subsidy_fen"]),
        },
    }


def content_fingerprint(manifest: Mapping[str, Any]) -> str:
    """What an export holds, whatever its number: equal content is the same export.

    The number stands in the parts' names, so these are left out too; their hashes stay.
    """
    content = {key: value for key, value in manifest.items() if key not in {"export_number", "parts"}}
    parts = [{"rows": part["rows"], "sha256": part["sha256"]} for part in manifest["parts"]]
    return fingerprint({**content, "parts": parts})


def manifest_of(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The manifest among the files of an export."""
    manifest: dict[str, Any] = json.loads(files[MANIFEST])
    return manifest


def part_name(month: str, number: int, place: int) -> str:
    """Name of a part; ``place`` counts from 1."""
    return f"leases-{month}-{number:03d}-pt{place:04d}.csv"


def folder_name(month: str, number: int, *, rehearsal: bool) -> str:
    """Name of the folder of one export."""
    return f"{'rehearsal-' if rehearsal else ''}registry-{month}-{number:03d}"


def _part(rows: pd.DataFrame) -> bytes:
    columns = [_cells(rows[field.name], field) for field in FIELDS]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(FIELD_NAMES)
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode("utf-8")


def _cells(column: pd.Series, field: Field) -> list[str]:
    if field.kind == "date":
        return list(column.to_numpy(dtype="datetime64[D]").astype(str))
    if field.kind == "integer":
        return [str(value) for value in column.astype("int64").to_list()]
    return [neutral(str(value)) for value in column.to_list()]


def neutral(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula: one apostrophe before ``= + - @`` and controls.

    A text that already begins with apostrophes before such a sign gets one more, so ``plain`` undoes it.
    """
    return "'" + text if text.lstrip("'").startswith(_FORMULA_STARTS) else text


def plain(text: str) -> str:
    """What ``neutral`` was given."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA_STARTS) else text


def write_export(files: Mapping[str, bytes], folder: Path) -> None:
    """The folder with exactly these files, all or nothing, readable by the owner alone (0700, 0600).

    Where it stands already with the same bytes nothing is done; with others it is refused, not overwritten.
    Permission bits mean little on Windows: there the folder's own rights must do it.
    """
    if folder.exists():
        if not folder.is_dir() or _bytes_of(folder) != dict(files):
            raise Refused("registry_folder_occupied", folder=folder.name)
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for name, content in files.items():
            _write_private(draft / name, content)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _write_private(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _bytes_of(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}
