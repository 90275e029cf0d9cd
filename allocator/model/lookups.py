"""Finding texts among texts, a million at a time.

pandas' own ``isin``, ``map`` and ``merge`` walk text columns value by value in Python (0.2-0.35 s for a million rows);
Arrow's tables do it in 0.02 s.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def is_among(texts: pd.Series, among: Iterable[str]) -> npt.NDArray[np.bool_]:
    """``(n,) bool``: which of the texts stand among the others. Missing texts never do."""
    return positions_among(texts, among) >= 0


def positions_among(texts: pd.Series, among: Iterable[str]) -> npt.NDArray[np.int64]:
    """``(n,) int64``: the place of each text among the others (the first, where it stands twice), -1 for none."""
    found = pc.index_in(_array(texts), value_set=_array(among), skip_nulls=True)
    return found.fill_null(-1).to_numpy().astype(np.int64)


def order_by_text(texts: pd.Series) -> npt.NDArray[np.int64]:
    """``(n,) int64``: the places of the texts in code point order (UTF-8 sorts so); equals keep their order."""
    encoded = _array(texts).dictionary_encode()
    words = pc.array_sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(words), dtype=np.int64)
    rank[words] = np.arange(len(words))
    return np.argsort(rank[encoded.indices.to_numpy()], kind="stable")


def _array(texts: Iterable[str]) -> pa.Array:
    """One chunk of large strings; NaN and None are null."""
    values = texts if isinstance(texts, pd.Series) else pd.Series(list(texts), dtype="str")
    array = pa.array(values.astype("str"), type=pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
