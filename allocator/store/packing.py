r"""Columns to lines of text and back, without an object per row.

A line is its cells joined by tabs; ``\N`` is a missing cell, and backslash, tab, newline and return
inside a cell are written ``\\ \t \n \r``: PostgreSQL's COPY text format, so a packed list is readable.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_ESCAPES: Final = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
_PLAIN: Final = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}
_SPECIAL: Final = re.compile(r"\\(.)", re.DOTALL)
_MISSING: Final = pa.scalar("\\N", pa.large_string())
_TAB: Final = pa.scalar("\t", pa.large_string())
_NEWLINE: Final = pa.scalar("\n", pa.large_string())


def lines_of(columns: Sequence[Any]) -> Any:
    """One line (large_string) per row of the Arrow columns, cells in the order of the columns."""
    return pc.binary_join_element_wise(*(_cells(column) for column in columns), _TAB)


def columns_of(lines: Any, num_columns: int) -> list[Any]:
    """The cells of lines again, as that many text columns (large_string, null where missing)."""
    cells = pc.split_pattern(lines, "\t").flatten()
    if len(cells) != len(lines) * num_columns:
        raise ValueError(f"{len(cells)} cells in {len(lines)} lines of {num_columns}")
    return [
        _values(cells.take(pa.array(np.arange(at, len(cells), num_columns)))) for at in range(num_columns)
    ]


def pack_lists(lines: Any, starts: Any) -> Any:
    """The lines of each group joined by newlines; group g is ``lines[starts[g]:starts[g + 1]]``."""
    offsets = pa.array(starts, type=pa.int64())
    return pc.binary_join(pa.LargeListArray.from_arrays(offsets, lines), _NEWLINE)


def unpack_lists(lists: Any) -> tuple[Any, Any]:
    """All lines in a row, and how many belong to each list."""
    split = pc.split_pattern(lists, "\n")
    return split.flatten(), pc.list_value_length(split).to_numpy(zero_copy_only=False)


def _cells(column: Any) -> Any:
    text = column if pa.types.is_large_string(column.type) else pc.cast(column, pa.large_string())
    if pa.types.is_large_string(column.type) and _has_any(text, r"[\\\t\n\r]"):
        for plain, escaped in _ESCAPES:
            text = pc.replace_substring(text, plain, escaped)
    return pc.fill_null(text, _MISSING) if text.null_count else text


def _values(cells: Any) -> Any:
    if not _has_any(cells, r"\\"):
        return cells
    present = pc.if_else(pc.equal(cells, _MISSING), pa.scalar(None, pa.large_string()), cells)
    if not _has_any(present, r"\\"):
        return present
    return pa.array(
        [None if cell is None else _plain(cell) for cell in present.to_pylist()], pa.large_string()
    )


def _plain(cell: str) -> str:
    return _SPECIAL.sub(lambda found: _PLAIN[found[1]], cell)


def _has_any(text: Any, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(text, pattern)).as_py())
