"""Delivered rows: the cells of one table as text, each with its place in the spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from allocator.model.columns import Table
from allocator.model.problem import Severity

from .faults import Faults


@dataclass(frozen=True)
class Grid:
    """What a file held before its header was understood.

    ``columns`` are (n,) Arrow text arrays in the file's order; ``row_numbers`` (n,) int64 as a
    spreadsheet counts (the header is row 1); ``is_ragged`` (n,) bool: the row had more or fewer cells
    than the header, ``num_cells`` (n,) int64 how many.
    """

    header: list[str]
    columns: list[pa.Array]
    row_numbers: np.ndarray[Any, Any]
    num_cells: np.ndarray[Any, Any]
    header_row: int = 1

    @property
    def is_ragged(self) -> np.ndarray[Any, Any]:
        """(n,) bool."""
        return self.num_cells != len(self.header)


@dataclass(frozen=True)
class Rows:
    """One table as delivered: ``cells`` by English column name, (n,) Arrow text arrays."""

    table: Table
    file: str
    header: list[str]
    all_columns: list[pa.Array]
    cells: dict[str, pa.Array]
    row_numbers: np.ndarray[Any, Any]
    is_ragged: np.ndarray[Any, Any]

    def __len__(self) -> int:
        return len(self.row_numbers)

    def values_at(self, column: str, positions: np.ndarray[Any, Any]) -> list[str]:
        """The delivered text of a column at some rows; blank where the column was not delivered."""
        if column not in self.cells:
            return [""] * len(positions)
        texts: list[str] = self.cells[column].take(pa.array(positions)).to_pylist()
        return texts

    def blame(
        self,
        faults: Faults,
        code: str,
        column: str,
        positions: np.ndarray[Any, Any],
        severity: Severity = "error",
        params: dict[str, object] | Sequence[dict[str, object]] | None = None,
    ) -> None:
        """Add one fault for each of these rows, with the cell as it was delivered."""
        positions = np.asarray(positions, dtype=np.int64)
        faults.of_rows(
            code,
            self.table.name,
            self.file,
            column,
            positions,
            self.row_numbers[positions],
            self.values_at(column, positions),
            severity,
            params,
        )
