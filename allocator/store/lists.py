"""Preferences as whole lists: one row per household at rest, one row per rank in the frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from allocator.model.columns import PREFERENCES
from allocator.store.frames import arrow_of, cast_columns
from allocator.store.packing import columns_of, lines_of, pack_lists, unpack_lists

_IN_LINE = tuple(name for name in PREFERENCES.frame_columns if name != "receipt_no")


def packed(preferences: pd.DataFrame) -> pd.DataFrame:
    """``receipt_no, list`` from the frame of preferences. Raises ``ValueError`` for a rank given twice."""
    found = {str(name): str(dtype) for name, dtype in preferences.dtypes.items()}
    if found != PREFERENCES.dtypes:
        raise ValueError(f"preferences: frame columns {found}, table columns {PREFERENCES.dtypes}")
    columns = {name: arrow_of(preferences[name]) for name in PREFERENCES.frame_columns}
    if columns["receipt_no"].null_count or columns["rank"].null_count:
        raise ValueError("preferences: a key is missing")
    if not _in_order(columns):
        by = [("receipt_no", "ascending"), ("rank", "ascending")]
        columns = _taken(columns, pc.sort_indices(pa.table(columns), sort_keys=by))
    is_new = _starts_household(columns["receipt_no"])
    if np.any(~is_new[1:] & (np.diff(columns["rank"].to_numpy()) == 0)):
        raise ValueError("preferences: a rank stands twice in one list")
    starts = np.append(np.flatnonzero(is_new), len(is_new))
    lists = pack_lists(lines_of([columns[name] for name in _IN_LINE]), starts)
    households = columns["receipt_no"].take(pa.array(starts[:-1]))
    return cast_columns({"receipt_no": households, "list": lists}, {"receipt_no": "str", "list": "str"})


def unpacked(lists: pd.DataFrame) -> pd.DataFrame:
    """The frame of preferences again, by receipt number and rank."""
    lines, sizes = unpack_lists(arrow_of(lists["list"]))
    cells = dict(zip(_IN_LINE, columns_of(lines, len(_IN_LINE)), strict=True))
    cells["rank"] = cells["rank"].cast(pa.int64())
    households = pa.array(np.repeat(np.arange(len(lists)), sizes))
    cells["receipt_no"] = arrow_of(lists["receipt_no"]).take(households)
    return cast_columns(cells, PREFERENCES.dtypes)


def row_counts(old: pd.DataFrame, new: pd.DataFrame) -> dict[str, int]:
    """How many rows of replaced lists are inserted, updated, unchanged and removed."""
    key = list(PREFERENCES.key)
    both = unpacked(old).merge(unpacked(new), on=key, how="outer", indicator=True, suffixes=("_old", "_new"))
    is_same = pd.Series(True, index=both.index)
    for name in ("project_id", "dwelling_type"):
        before, after = both[f"{name}_old"], both[f"{name}_new"]
        is_same &= (before == after) | (before.isna() & after.isna())
    is_kept = both["_merge"] == "both"
    return {
        "inserted": int((both["_merge"] == "right_only").sum()),
        "updated": int((is_kept & ~is_same).sum()),
        "unchanged": int((is_kept & is_same).sum()),
        "removed": int((both["_merge"] == "left_only").sum()),
    }


def _starts_household(receipt_nos: Any) -> Any:
    is_new = np.ones(len(receipt_nos), dtype=bool)
    if len(receipt_nos) > 1:
        before, after = receipt_nos.slice(0, len(receipt_nos) - 1), receipt_nos.slice(1)
        is_new[1:] = pc.not_equal(before, after).to_numpy(zero_copy_only=False)
    return is_new


def _in_order(columns: dict[str, Any]) -> bool:
    names, ranks = columns["receipt_no"], columns["rank"].to_numpy()
    if len(names) < 2:
        return True
    before, after = names.slice(0, len(names) - 1), names.slice(1)
    is_later = pc.less(before, after).to_numpy(zero_copy_only=False)
    is_same = pc.equal(before, after).to_numpy(zero_copy_only=False)
    return bool(np.all(is_later | (is_same & (ranks[:-1] <= ranks[1:]))))


def _taken(columns: dict[str, Any], order: Any) -> dict[str, Any]:
    return {name: column.take(order) for name, column in columns.items()}
