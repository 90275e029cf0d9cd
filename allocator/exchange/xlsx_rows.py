"""Reading the first sheet of an XLSX file into a grid of text, in bounded memory."""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from .csv_rows import MAX_CELL_BYTES, _without_blanks
from .faults import Faults
from .rows import Grid

MAX_UNPACKED_BYTES = 1024 * 1024 * 1024
# The reader allocates the whole rectangle up to the farthest cell.
MAX_AREA = 40_000_000
MAX_TEXT_BYTES = 2_000_000_000
# Above this a number cell has lost digits: a spreadsheet keeps 15.
MAX_EXACT_NUMBER = 1e15
MANGLED = "\ufdd0"  # a noncharacter: stands before a number whose digits are lost
_CHUNK = 4 * 1024 * 1024
_OVERLAP = 512
# What the archive reader raises on bytes that are no sound archive, or one locked or packed otherwise.
_NO_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)
_UNSAVED_FORMULA = re.compile(
    rb'<c\b[^>]*?\br="[A-Z]{1,3}(\d{1,7})"[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)


def sheet_names(path: Path, table: str, file: str, faults: Faults) -> list[str] | None:
    """Names of the sheets of a workbook that is safe to open; None and a fault otherwise."""
    content = path.read_bytes()  # once: what is looked through is what is opened
    if not _is_safe(content, table, file, faults):
        return None
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            return list(workbook.sheet_names)
    except _unreadable():
        faults.of_file("workbook_broken", table, file)
        return None


def read_xlsx(path: Path, table: str, file: str, faults: Faults, sheet: str | None = None) -> Grid | None:
    """The grid of one sheet (the first by default); None and a located fault where it cannot be read."""
    content = path.read_bytes()  # once: what is looked through is what is opened
    if not _is_safe(content, table, file, faults):
        return None
    import python_calamine

    try:
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            names = list(workbook.sheet_names)
            wanted = sheet if sheet is not None else names[0]
            page = workbook.get_sheet_by_name(wanted)
            merged = list(page.merged_cell_ranges or [])
            cells = page.to_python(skip_empty_area=False)
    except _unreadable():
        faults.of_file("workbook_broken", table, file)
        return None
    if sheet is None and len(names) > 1:
        faults.of_file(
            "sheets_unread", table, file, severity="warning", sheet=wanted, others=", ".join(names[1:])
        )
    for (top, _left), (bottom, _right) in merged[:100]:
        faults.of_file(
            "cells_merged", table, file, row=int(top) + 1, severity="warning", last_row=int(bottom) + 1
        )
    return _grid(cells, table, file, faults)


def _unreadable() -> tuple[type[BaseException], ...]:
    """What the reader raises on a file it cannot make sense of."""
    import python_calamine

    return (python_calamine.CalamineError, OSError, ValueError, IndexError, zipfile.BadZipFile)


def _grid(cells: list[list[Any]], table: str, file: str, faults: Faults) -> Grid | None:
    first = next((row for row, line in enumerate(cells) if any(cell != "" for cell in line)), None)
    if first is None:
        faults.of_file("file_empty", table, file)
        return None
    header = [_text(cell).lstrip(MANGLED) for cell in cells[first]]
    while header and not header[-1].strip():
        header.pop()
    body = cells[first + 1 :]
    width = max([len(header), *(len(line) for line in body[:1])])
    header += [""] * (width - len(header))
    columns = [pa.array([_text(line[position]) for line in body], pa.string()) for position in range(width)]
    numbers = np.arange(first + 2, first + 2 + len(body), dtype=np.int64)
    grid = Grid(header, columns, numbers, np.full(len(body), width, dtype=np.int64), first + 1)
    return _without_blanks(grid, table, file, faults)


def _text(cell: Any) -> str:
    """A typed cell as the text a person sees."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | float):
        return _number_text(float(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return "" if cell is None else str(cell)


def _number_text(number: float) -> str:
    if abs(number) >= MAX_EXACT_NUMBER:
        return f"{MANGLED}{number:.5E}"
    if number.is_integer():
        return str(int(number))
    text = f"{number:.15g}"
    return f"{number:.12f}".rstrip("0") if "e" in text else text


def _is_safe(content: bytes, table: str, file: str, faults: Faults) -> bool:
    """Unpack in pieces and count, so that a bomb is refused before anything holds it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            fault, unsaved_row = _looked_through(archive)
    except _NO_ARCHIVE:
        fault, unsaved_row = "workbook_broken", 0
    if fault is not None:
        faults.of_file(fault, table, file, limit=MAX_UNPACKED_BYTES // 1024 // 1024)
    elif unsaved_row:
        faults.of_file("formula_unsaved", table, file, row=unsaved_row, severity="warning")
    return fault is None


def _looked_through(archive: zipfile.ZipFile) -> tuple[str | None, int]:
    """The fault that forbids opening it, and the first row of a formula saved without its value (0: none)."""
    left = MAX_UNPACKED_BYTES
    longest_text = num_cells = unsaved_row = 0
    for entry in archive.infolist():
        measure = _Measure(entry.filename)
        with archive.open(entry) as stream:
            while chunk := stream.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    return "workbook_bomb", 0
                measure.take(chunk)
        if measure.area > MAX_AREA:
            return "sheet_too_sparse", 0
        num_cells += measure.num_cells
        unsaved_row = unsaved_row or measure.unsaved_row
        longest_text = max(longest_text, measure.longest_text)
    if longest_text > MAX_CELL_BYTES and longest_text * num_cells > MAX_TEXT_BYTES:
        return "workbook_bomb", 0
    return None, unsaved_row


class _Measure:
    """How far a sheet reaches and how long its texts are, from its XML in pieces."""

    def __init__(self, name: str) -> None:
        self.is_sheet = "worksheets/" in name
        self.is_text = "sharedStrings" in name
        self.columns: set[bytes] = set()
        self.last_row = 1
        self.num_cells = 0
        self.longest_text = 0
        self.unsaved_row = 0
        self.tail = b""
        self.run = 0

    def take(self, chunk: bytes) -> None:
        """Look at the next piece."""
        if self.is_sheet:
            seen = self.tail + chunk
            found = re.findall(rb'\br="([A-Z]{1,3})(\d{1,7})"', seen)
            self.num_cells += len(found)
            self.columns.update(letters for letters, _ in found)
            self.last_row = max([self.last_row, *{int(row) for _, row in found}])
            if b"<f" in seen and not self.unsaved_row:
                unsaved = _UNSAVED_FORMULA.search(seen)
                self.unsaved_row = int(unsaved[1]) if unsaved else 0
            self.tail = seen[-_OVERLAP:]
        elif self.is_text:
            for piece in re.split(rb"<", chunk):
                self.run = len(piece) if b">" in piece else self.run + len(piece)
                self.longest_text = max(self.longest_text, self.run)

    @property
    def area(self) -> int:
        """Cells of the rectangle from A1 to the farthest cell."""
        last_column = max((_column_number(letters) for letters in self.columns), default=1)
        return last_column * self.last_row


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
