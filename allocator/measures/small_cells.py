"""Cells under ten are merged (contract, section 6), so that no figure points at a few people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

LEAST_COUNT: Final = 10
MERGED: Final = "merged"


def merge_small(groups: pd.DataFrame, name: str, counts: Sequence[str]) -> pd.DataFrame:
    """The groups with those of 1 to 9 households added up under ``merged``, which comes last.

    ``groups`` has one row per group, its ``name`` (text) and ``counts`` columns; the first of ``counts`` is the
    number of households. While the sum itself is under ten, the next smallest group joins it, as
    in the commitment's ``by_class``; a group of 0 stays as it is. Where all together are under ten, all are merged.
    """
    first = counts[0]
    ordered = groups.sort_values([first, name], kind="stable")
    filled = ordered[ordered[first] > 0]
    is_small = filled[first] < LEAST_COUNT
    num_merged = int(is_small.sum())
    while 0 < num_merged < len(filled) and filled[first].iloc[:num_merged].sum() < LEAST_COUNT:
        num_merged += 1
    if num_merged == 0:
        return groups.reset_index(drop=True)
    merged = filled.iloc[:num_merged]
    row = {name: MERGED} | {column: int(merged[column].sum()) for column in counts}
    kept = groups[~groups[name].isin(merged[name])]
    return pd.concat([kept, pd.DataFrame([row])], ignore_index=True)


def merge_small_spans(counts: pd.Series) -> pd.DataFrame:
    """Neighbouring numbers joined into spans until none holds 1 to 9: ``first``, ``last``, ``count``.

    ``counts`` is indexed by the number (a rank, a size), ascending. Spans grow upwards; a
    small rest at the end joins the spans before it.
    """
    spans: list[list[int]] = []
    for number, count in counts.sort_index().items():
        if spans and 0 < spans[-1][2] < LEAST_COUNT:
            spans[-1][1], spans[-1][2] = int(number), spans[-1][2] + int(count)
        else:
            spans.append([int(number), int(number), int(count)])
    while len(spans) > 1 and 0 < spans[-1][2] < LEAST_COUNT:
        last = spans.pop()
        spans[-1][1], spans[-1][2] = last[1], spans[-1][2] + last[2]
    return pd.DataFrame(spans, columns=["first", "last", "count"]).astype("int64")
