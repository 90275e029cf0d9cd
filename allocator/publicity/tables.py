"""The CSV files of a bundle, byte by byte (``docs/reference/bundle.md``).

Rows are joined as text, not written by a CSV library: the bytes are then the same on every machine and in every
version, and a million preferences take about a second. What the commitment fingerprints (pools, dwellings) comes
from the same functions as what the bundle publishes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_NEEDS_QUOTES: Final = re.compile(r'[",\r\n]')

ROSTER: Final = ("code", "band", "points", "salt")
PREFERENCES: Final = ("code", "rank", "pool")
POOLS: Final = ("pool", "project_id", "dwelling_type", "sex", "rent_per_m2_fen", "capacity")
DWELLINGS: Final = ("pool", "place", "dwelling_id")
ORDER: Final = ("position", "code", "band", "ticket")
RESULT: Final = ("code", "pool", "dwelling_id")
GROUPS: Final = ("code", "group")
CURRENT: Final = ("code", "pool")
CHANCES: Final = ("code", "pool", "chance")


def roster_csv(roster: pd.DataFrame) -> bytes:
    """``code,band,points,salt``, by code."""
    return csv_bytes(sorted_by_text(roster, "code"), ROSTER)


def preferences_csv(preferences: pd.DataFrame) -> bytes:
    """``code,rank,pool``, by code, then the household's own list order (see ``in_list_order``)."""
    return csv_bytes(in_list_order(preferences), PREFERENCES)


def pools_csv(pools: pd.DataFrame) -> bytes:
    """``pool,project_id,dwelling_type,sex,rent_per_m2_fen,capacity``, by pool; ``sex`` empty for flats."""
    return csv_bytes(sorted_by_text(pools, "pool"), POOLS)


def dwellings_csv(dwellings: pd.DataFrame) -> bytes:
    """``pool,place,dwelling_id``, by pool, then place."""
    places = np.lexsort((dwellings["place"].to_numpy(dtype=np.int64), text_ranks(dwellings["pool"])))
    return csv_bytes(dwellings.iloc[places], DWELLINGS)


def order_csv(order: pd.DataFrame) -> bytes:
    """``position,code,band,ticket``, by position."""
    return csv_bytes(order.sort_values("position", kind="stable"), ORDER)


def removals_csv(codes: Sequence[str]) -> bytes:
    """``code``, by code: who left after the commitment."""
    return csv_bytes(pd.DataFrame({"code": pd.Series(sorted(codes), dtype="str")}), ("code",))


def result_csv(result: pd.DataFrame) -> bytes:
    """``code,pool,dwelling_id``, by code; the housed only."""
    return csv_bytes(sorted_by_text(result, "code"), RESULT)


def groups_csv(groups: pd.DataFrame) -> bytes:
    """``code,group``, by code, then group: one row per membership, of the groups that a rule names."""
    along = np.lexsort((text_ranks(groups["group"]), text_ranks(groups["code"])))
    return csv_bytes(groups.iloc[along], GROUPS)


def chances_csv(chances: pd.DataFrame) -> bytes:
    """``code,pool,chance``, by code, then as the rows come: the household's own list. Exact fractions."""
    return csv_bytes(sorted_by_text(chances, "code"), CHANCES)


def current_csv(current: pd.DataFrame) -> bytes:
    """``code,pool``, by code: tenants who ask to move, with the pool they live in; never the home."""
    return csv_bytes(sorted_by_text(current, "code"), CURRENT)


def in_list_order(preferences: pd.DataFrame) -> pd.DataFrame:
    """By code, then rank; rows of equal rank stay in the order they come in, which is the filed list's.

    Only that much of the row order counts: households, and ranks of a household, may come in any order.
    """
    ranks = preferences["rank"].to_numpy(dtype=np.int64)
    households = text_ranks(preferences["code"])
    step, rise = np.diff(households), np.diff(ranks)
    if np.all((step > 0) | ((step == 0) & (rise >= 0))):
        return preferences  # a million rows need not be copied to stay as they are
    return preferences.iloc[np.lexsort((ranks, households))]


def sorted_by_text(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Rows by a text column in code point order, on every machine (no locale)."""
    return frame.iloc[np.argsort(text_ranks(frame[column]), kind="stable")]


def text_ranks(texts: pd.Series) -> npt.NDArray[np.int64]:
    """``(n,) int64``: the place of each text among the distinct ones; UTF-8 bytes sort as code points do."""
    encoded = _encoded(texts)
    places = pc.array_sort_indices(encoded.dictionary).to_numpy()
    rank_of = np.empty(len(places), dtype=np.int64)
    rank_of[places] = np.arange(len(places))
    return rank_of[encoded.indices.to_numpy()]


def csv_bytes(frame: pd.DataFrame, columns: Sequence[str]) -> bytes:
    r"""Header and rows in the given order, UTF-8, ``\n``, quotes only where RFC 4180 needs them."""
    texts = [cells_of(frame[name]) for name in columns]
    lines = [",".join(columns), *map(",".join, zip(*texts, strict=True))]
    return ("\n".join(lines) + "\n").encode("utf-8")


def cells_of(values: pd.Series) -> list[str]:
    """A column as cells: whole numbers without leading zeros, missing as empty, text quoted where needed."""
    if pd.api.types.is_integer_dtype(values.dtype):
        return list(map(str, values.tolist())) if not values.isna().any() else _with_gaps(values)
    encoded = _encoded(values)
    words = np.array([_quoted(word) for word in encoded.dictionary.to_pylist()] + [""], dtype=object)
    places = encoded.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)
    return words[places].tolist()


def _encoded(texts: pd.Series) -> pa.DictionaryArray:
    """Dictionary-encoded in one chunk: a column that was concatenated comes in several."""
    array = pa.array(texts.astype("str"), type=pa.large_string())
    whole = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    return whole.dictionary_encode()


def _with_gaps(values: pd.Series) -> list[str]:
    return ["" if value is pd.NA else str(value) for value in values.astype("Int64").tolist()]


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _NEEDS_QUOTES.search(cell) else cell
