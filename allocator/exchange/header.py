"""From a grid to rows: which column of the file is which column of the table."""

from __future__ import annotations

import re

import pyarrow as pa

from allocator.model.columns import Column, Table

from .faults import Faults
from .rows import Grid, Rows
from .spelling import narrow

# The column a set-aside workbook carries for the reader: no fault when it comes back.
REASON_HEADER = "原因 reason"


def rows_of(grid: Grid, table: Table, file: str, faults: Faults) -> Rows:
    """The rows under their English column names. Missing, doubled and unknown headers become faults."""
    cells: dict[str, pa.Array] = {}
    num_seen: dict[str, int] = {}
    for position, header in enumerate(grid.header):
        column = column_named(header, table)
        if column is None:
            _tell_unknown(header, grid, table, file, faults)
            continue
        num_seen[column.name] = num_seen.get(column.name, 0) + 1
        cells.setdefault(column.name, grid.columns[position])
    _tell_missing_and_doubled(num_seen, grid, table, file, faults)
    return Rows(table, file, grid.header, grid.columns, cells, grid.row_numbers, grid.is_ragged)


def column_named(header: str, table: Table) -> Column | None:
    """The column of a header cell: English, Chinese, or both side by side."""
    words = [word for word in re.split(r"[\s/|()（）\ufeff]+", narrow(header)) if word]
    names = {_name_of(word, table) for word in words}
    name = names.pop() if len(names) == 1 else ""
    return table.column(name) if name else None


def _name_of(word: str, table: Table) -> str:
    for column in table.columns:
        if word.lower() == column.name or word == column.header_zh:
            return column.name
    return ""


def _tell_unknown(header: str, grid: Grid, table: Table, file: str, faults: Faults) -> None:
    text = header.strip()
    if text and text != REASON_HEADER:
        faults.of_file(
            "column_unknown",
            table.name,
            file,
            row=grid.header_row,
            column=text,
            value=text,
            severity="warning",
        )


def _tell_missing_and_doubled(
    num_seen: dict[str, int], grid: Grid, table: Table, file: str, faults: Faults
) -> None:
    for column in table.columns:
        place = {"row": grid.header_row, "column": column.name}
        names = f"{column.header_zh} / {column.name}"
        if column.is_required and column.name not in num_seen:
            faults.of_file("column_missing", table.name, file, names=names, **place)  # type: ignore[arg-type]
        if num_seen.get(column.name, 0) > 1:
            faults.of_file("column_doubled", table.name, file, names=names, **place)  # type: ignore[arg-type]
