"""Keys of the tables: no key twice, every row of a doubled key named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from .faults import Faults
from .frames import Read

_CODES: Final = {"members": "person_twice", "preferences": "rank_doubled"}
_COLUMNS: Final = {"members": "id_number", "preferences": "rank"}
_ROWS_NAMED = 10


def group_numbers(*columns: pd.Series) -> np.ndarray[Any, Any]:
    """(n,) int64: equal where all columns are equal, -1 where one is missing."""
    numbers = np.zeros(len(columns[0]), dtype=np.int64)
    is_missing = np.zeros(len(columns[0]), dtype=bool)
    for column in columns:
        codes, uniques = pd.factorize(column)
        is_missing |= codes < 0
        numbers = numbers * (len(uniques) + 1) + codes
    return np.where(is_missing, -1, numbers)


def stands_in(column: pd.Series, *lists: pd.Series) -> np.ndarray[Any, Any]:
    """(n,) bool: the text is not missing and stands in one of the lists."""
    texts = pa.array(column.array, pa.large_string())
    stands = np.zeros(len(column), dtype=bool)
    for texts_of_list in lists:
        listed = pa.array(texts_of_list.array, pa.large_string())
        stands |= np.asarray(pc.is_in(texts, value_set=listed, skip_nulls=True)).astype(bool)
    return stands


def strangers(column: pd.Series, *lists: pd.Series) -> np.ndarray[Any, Any]:
    """Positions of texts that stand in none of the lists; missing ones have their own fault or none."""
    return np.flatnonzero(column.notna().to_numpy() & ~stands_in(column, *lists))


def check_key(read: Read, faults: Faults) -> None:
    """Every row of every key that stands twice in the file."""
    table = read.rows.table
    numbers = group_numbers(*(read.frame[name] for name in table.key))
    is_doubled = pd.Series(numbers).duplicated(keep=False).to_numpy() & (numbers >= 0)
    positions = np.flatnonzero(is_doubled)
    if len(positions):
        read.rows.blame(
            faults,
            _CODES.get(table.name, "key_doubled"),
            _COLUMNS.get(table.name, table.key[0]),
            positions,
            params=rows_of_groups(numbers[positions], read.rows.row_numbers[positions]),
        )


def rows_of_groups(groups: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> Sequence[dict[str, object]]:
    """For each position the rows of its group, as text for the message; long lists are cut."""
    named: dict[int, list[int]] = {}
    for group, row in zip(groups.tolist(), rows.tolist(), strict=True):
        named.setdefault(group, []).append(row)
    texts: dict[int, dict[str, object]] = {
        group: {"rows": _row_list(sorted(members))} for group, members in named.items()
    }
    return [texts[group] for group in groups.tolist()]


def _row_list(rows: list[int]) -> str:
    shown = ", ".join(map(str, rows[:_ROWS_NAMED]))
    return f"{shown} … ({len(rows)})" if len(rows) > _ROWS_NAMED else shown
