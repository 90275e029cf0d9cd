"""Which file of a delivery holds which table: by name, in English or Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from allocator.errors import WrongUsage
from allocator.model.columns import TABLES

from .faults import Faults

SUFFIXES = (".csv", ".xlsx")
# A file above this is refused unread: the largest lawful one of a million households is a tenth of it.
MAX_FILE_BYTES = 768 * 1024 * 1024


@dataclass(frozen=True)
class Source:
    """Where a table stands: a file, and in a workbook of many tables the sheet. ``label`` is what people see."""

    path: Path
    label: str
    sheet: str | None = None


def find_sources(delivered: Path, faults: Faults) -> dict[str, Source]:
    """Table name -> its source, for a folder of six files or one workbook of six sheets.

    Missing, doubled, unreadable and unrelated files become faults. A path that is neither raises
    ``WrongUsage``.
    """
    if delivered.is_file() and delivered.suffix.lower() == ".xlsx":
        sources = _sheets_of(delivered, faults)
    elif delivered.is_dir():
        sources = _files_of(delivered, faults)
    else:
        raise WrongUsage("delivery_not_found", path=str(delivered))
    return sources


def _files_of(folder: Path, faults: Faults) -> dict[str, Source]:
    found: dict[str, list[Path]] = {table.name: [] for table in TABLES}
    table_of = {name: table.name for table in TABLES for name in (table.name, table.name_zh)}
    for path in sorted(folder.iterdir()):
        table_name = table_of.get(path.stem.lower() if path.stem.isascii() else path.stem)
        if table_name is not None and path.suffix.lower() in SUFFIXES:
            found[table_name].append(path)
        elif not path.name.startswith((".", "~$")):
            faults.of_file("file_unrelated", "", path.name, severity="warning")
    sources = {}
    for table in TABLES:
        source = _one_of(found[table.name], table.name, table.name_zh, faults)
        if source is not None:
            sources[table.name] = source
    return sources


def _one_of(paths: list[Path], name: str, name_zh: str, faults: Faults) -> Source | None:
    if not paths:
        faults.of_file("file_missing", name, f"{name}.csv", names=f"{name}.csv, {name_zh}.csv (.xlsx)")
        return None
    if len(paths) > 1:
        names = ", ".join(path.name for path in paths)
        for path in paths:
            faults.of_file("file_doubled", name, path.name, names=names)
        return None
    path = paths[0]
    if path.is_symlink() or not path.is_file():
        faults.of_file("file_not_regular", name, path.name)
        return None
    if path.stat().st_size > MAX_FILE_BYTES:
        faults.of_file("file_too_large", name, path.name, limit=MAX_FILE_BYTES // 1024 // 1024)
        return None
    return Source(path, path.name)


def _sheets_of(workbook: Path, faults: Faults) -> dict[str, Source]:
    from .xlsx_rows import sheet_names

    names = sheet_names(workbook, "", workbook.name, faults)
    if names is None:
        return {}
    sources = {}
    for table in TABLES:
        wanted = [name for name in names if name in {table.name, table.name_zh}]
        label = f"{workbook.name}[{wanted[0]}]" if wanted else workbook.name
        if len(wanted) == 1:
            sources[table.name] = Source(workbook, label, wanted[0])
        elif wanted:
            faults.of_file("file_doubled", table.name, label, names=", ".join(wanted))
        else:
            faults.of_file("sheet_missing", table.name, label, names=f"{table.name}, {table.name_zh}")
    return sources
