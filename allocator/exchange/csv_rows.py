"""Reading a CSV file into a grid of text, in bounded memory."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from .encoding import utf8_of
from .faults import Faults
from .rows import Grid

MAX_HEADER_BYTES = 64 * 1024
MAX_CELL_BYTES = 4_000
# Above this many rows of the wrong width the file is not the one its name says.
MAX_RAGGED_ROWS = 10_000
_BLOCK_BYTES = 16 * 1024 * 1024
_BLANK_LINES = re.compile(rb"(?:[ \t]*(?:\r\n|\n|\r))+")
_RaggedRow = tuple[int, int, str]


def read_csv(path: Path, table: str, file: str, faults: Faults) -> Grid | None:
    """The grid of a CSV file; None and a located fault where it cannot be read at all."""
    content = utf8_of(path.read_bytes(), table, file, faults)
    if content is None:
        return None
    # Blank lines before the header are no rows, but they count as lines of the spreadsheet.
    blank = _BLANK_LINES.match(content)
    num_blank = len(re.findall(rb"\r\n|\n|\r", blank[0])) if blank else 0
    content = content[blank.end() :] if blank else content
    header = _header(content, table, file, faults)
    if header is None:
        return None
    content = content if content.endswith((b"\n", b"\r")) else content + b"\n"
    if not _quotes_closed(content, num_blank, table, file, faults):
        return None
    return _grid(content, header, num_blank, table, file, faults)


def _header(content: bytes, table: str, file: str, faults: Faults) -> list[str] | None:
    head = content[:MAX_HEADER_BYTES].decode("utf-8", errors="ignore")
    if len(content) > MAX_HEADER_BYTES and "\n" not in head and "\r" not in head:
        faults.of_file("line_too_long", table, file, limit=MAX_HEADER_BYTES)
        return None
    try:
        header = next(csv.reader(io.StringIO(head, newline="")), [])
    except csv.Error:
        faults.of_file("line_too_long", table, file, limit=MAX_HEADER_BYTES)
        return None
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|；，"):
        faults.of_file("delimiter_wrong", table, file, value=header[0])
        return None
    return header


def _quotes_closed(content: bytes, num_blank: int, table: str, file: str, faults: Faults) -> bool:
    """Only an odd number of quotes can leave one open; where it opens is then looked for row by row."""
    if content.count(b'"') % 2 == 0:
        return True
    row = 0
    reader = csv.reader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
    limit = csv.field_size_limit(len(content) + 1)
    try:
        for _ in reader:
            row += 1
    except csv.Error:
        faults.of_file("quote_open", table, file, row=num_blank + row + 1)
        return False
    finally:
        csv.field_size_limit(limit)
    return True


def _grid(
    content: bytes, header: list[str], num_blank: int, table: str, file: str, faults: Faults
) -> Grid | None:
    ragged: list[_RaggedRow] = []
    try:
        read = _arrow_table(content, len(header), ragged)
    except pa.ArrowInvalid:
        faults.of_file("line_too_long", table, file, limit=_BLOCK_BYTES)
        return None
    if len(ragged) > MAX_RAGGED_ROWS:
        number, _, text = ragged[0]
        row = num_blank + number
        faults.of_file("rows_ragged", table, file, row=row, value=text[:200], limit=MAX_RAGGED_ROWS)
        return None
    columns = [_one_chunk(read.column(position)) for position in range(len(header))]
    grid = _with_ragged(columns, header, ragged)
    placed = replace(grid, row_numbers=grid.row_numbers + num_blank, header_row=num_blank + 1)
    return _without_blanks(placed, table, file, faults)


def _arrow_table(content: bytes, width: int, ragged: list[_RaggedRow]) -> pa.Table:
    names = [str(position) for position in range(width)]

    def keep_ragged(row: Any) -> str:
        if len(ragged) <= MAX_RAGGED_ROWS:
            ragged.append((row.number, row.actual_columns, row.text[: 4 * MAX_CELL_BYTES]))
        return "skip"

    # One thread: only then does Arrow tell the number of a row of the wrong width.
    return pyarrow.csv.read_csv(
        pa.BufferReader(content),
        read_options=pyarrow.csv.ReadOptions(
            column_names=names, skip_rows_after_names=1, use_threads=False, block_size=_BLOCK_BYTES
        ),
        parse_options=pyarrow.csv.ParseOptions(
            newlines_in_values=b'"' in content, ignore_empty_lines=False, invalid_row_handler=keep_ragged
        ),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    merged = column.combine_chunks()
    return merged if isinstance(merged, pa.Array) else pa.concat_arrays(merged.chunks)


def _with_ragged(columns: list[pa.Array], header: list[str], ragged: list[_RaggedRow]) -> Grid:
    """Rows of the wrong width are kept, cut or filled, so that they can be shown and set aside."""
    width, num_whole = len(header), len(columns[0])
    total = num_whole + len(ragged)
    if not ragged:
        whole = np.full(total, width, dtype=np.int64)
        return Grid(header, columns, np.arange(2, total + 2, dtype=np.int64), whole)
    ragged_numbers = np.array([number for number, _, _ in ragged], dtype=np.int64)
    all_numbers = np.arange(2, total + 2, dtype=np.int64)
    numbers = np.concatenate([np.setdiff1d(all_numbers, ragged_numbers)[:num_whole], ragged_numbers])
    num_cells = np.full(total, width, dtype=np.int64)
    num_cells[num_whole:] = [actual for _, actual, _ in ragged]
    cells = [_cells_of(text, width) for _, _, text in ragged]
    columns = [
        pa.concat_arrays([column, pa.array([row[position] for row in cells], pa.string())])
        for position, column in enumerate(columns)
    ]
    return Grid(header, columns, numbers, num_cells)


def _cells_of(text: str, width: int) -> list[str]:
    try:
        cells = next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:
        cells = [text]
    return (cells + [""] * width)[:width]


def _without_blanks(grid: Grid, table: str, file: str, faults: Faults) -> Grid:
    """Blank rows are left out; one between filled rows is told, for it may be a lost one."""
    is_blank = np.ones(len(grid.row_numbers), dtype=bool)
    for column in grid.columns:
        is_blank &= np.asarray(pc.equal(pc.utf8_trim_whitespace(column), ""))
    if not is_blank.any():
        return grid
    filled = np.flatnonzero(~is_blank)
    last = grid.row_numbers[filled].max() if len(filled) else 0
    inside = np.flatnonzero(is_blank & (grid.row_numbers < last))
    texts = [""] * len(inside)
    faults.of_rows("row_blank", table, file, "", inside, grid.row_numbers[inside], texts, "warning")
    keep = pa.array(filled)
    columns = [column.take(keep) for column in grid.columns]
    return Grid(grid.header, columns, grid.row_numbers[filled], grid.num_cells[filled], grid.header_row)
