"""Figures of one assignment, so that mechanisms stand side by side on the same inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator.measures.envy import envy
from allocator.measures.fairness import wilson
from allocator.measures.holdings import Holdings
from allocator.measures.small_cells import LEAST_COUNT, MERGED, merge_small
from allocator.model.instance import Instance

_COUNTS: Final = ("num_households", "num_housed", "num_first", "total_rank")
_MOST_SPANS: Final = 12
_LARGEST_SIZE: Final = 5


@dataclass(frozen=True)
class Change:
    """Households against another assignment of the same instance: who holds better, worse, anything, nothing now."""

    better: int
    worse: int
    newly_housed: int
    lost: int


def totals(instance: Instance, held: Holdings) -> dict[str, int]:
    """``num_housed, num_first, total_rank`` and the counts of envy."""
    is_housed = held.rank > 0
    found = envy(instance, held)
    return {
        "num_housed": int(is_housed.sum()),
        "num_first": int((held.rank == 1).sum()),
        "total_rank": int(held.rank.sum()),
        "envy_households": found.households,
        "envy_pairs": found.pairs,
        "envy_households_in_band": found.households_in_band,
        "envy_pairs_in_band": found.pairs_in_band,
    }


def change_from(before: Holdings, after: Holdings) -> Change:
    """Rank by rank; none is worse than any rank. ``better`` and ``worse`` count all who gain or lose."""
    none = np.iinfo(np.int64).max
    was = np.where(before.rank > 0, before.rank, none)
    now = np.where(after.rank > 0, after.rank, none)
    return Change(
        better=int((now < was).sum()),
        worse=int((now > was).sum()),
        newly_housed=int(((was == none) & (now < none)).sum()),
        lost=int(((was < none) & (now == none)).sum()),
    )


def by_band(instance: Instance, held: Holdings) -> pd.DataFrame:
    """``first_band, last_band`` (from 0) and the counts, with ``mean_rank`` of the housed.

    Neighbouring bands are told together until none holds under ten households and there are at most twelve rows.
    """
    counted = _counted(pd.Series(instance.band), held).sort_index()
    least = max(LEAST_COUNT, -(-instance.num_households // _MOST_SPANS))
    rows: list[list[int]] = []
    for band, counts in zip(counted.index, counted.to_numpy().tolist(), strict=True):
        if rows and rows[-1][2] < least:
            rows[-1] = [rows[-1][0], int(band), *np.add(rows[-1][2:], counts).tolist()]
        else:
            rows.append([int(band), int(band), *counts])
    while len(rows) > 1 and rows[-1][2] < LEAST_COUNT:
        last = rows.pop()
        rows[-1] = [rows[-1][0], last[1], *np.add(rows[-1][2:], last[2:]).tolist()]
    frame = pd.DataFrame(rows, columns=["first_band", "last_band", *_COUNTS]).astype("int64")
    return _with_mean(frame)


def by_group(people: pd.DataFrame, held: Holdings) -> pd.DataFrame:
    """``grouping, group``, counts, ``mean_rank``, ``rate`` with its 95 % Wilson ``low, high``, ``impact_ratio``.

    ``people``: one row per household in order, a column per grouping. Groups under ten are merged; sizes from five
    persons on are one group. The adverse-impact ratio is the rate over the highest of its grouping.
    """
    return pd.concat(
        [_group_rows(people[grouping], str(grouping), held) for grouping in people.columns], ignore_index=True
    )


def merged_names(values: pd.Series, grouping: str) -> list[str]:
    """The group of each household as ``by_group`` names it: sizes from five on together, groups under ten merged."""
    names = _names(values, grouping)
    counts = names.value_counts(sort=False).rename_axis("group").rename("num_households").reset_index()
    kept = set(merge_small(counts, "group", ("num_households",))["group"])
    return [name if name in kept else MERGED for name in names]


def _names(values: pd.Series, grouping: str) -> pd.Series:
    values = values.clip(upper=_LARGEST_SIZE) if grouping == "num_persons" else values
    return values.astype("str").reset_index(drop=True)


def _group_rows(values: pd.Series, grouping: str, held: Holdings) -> pd.DataFrame:
    counted = _counted(_names(values, grouping), held)
    merged = merge_small(counted.rename_axis("group").reset_index(), "group", _COUNTS)
    rate = merged["num_housed"] / merged["num_households"].clip(lower=1)
    low, high = wilson(merged["num_housed"].to_numpy(), merged["num_households"].to_numpy())
    best = rate.max()
    ratio = rate / best if best > 0 else np.nan
    told = merged.assign(grouping=grouping, rate=rate, low=low, high=high, impact_ratio=ratio)
    return _with_mean(told)


def _counted(values: pd.Series, held: Holdings) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "num_households": np.ones(len(values), np.int64),
            "num_housed": (held.rank > 0).astype(np.int64),
            "num_first": (held.rank == 1).astype(np.int64),
            "total_rank": held.rank,
        }
    )
    return frame.groupby(values.to_numpy(), sort=True).sum()


def _with_mean(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(mean_rank=mean_ranks(frame["total_rank"], frame["num_housed"]))


def mean_ranks(total_rank: Any, num_housed: Any) -> Any:
    """Mean rank of the housed, NaN where nobody is."""
    ranks, housed = np.asarray(total_rank, np.float64), np.asarray(num_housed, np.float64)
    return np.where(housed > 0, ranks / np.where(housed > 0, housed, 1), np.nan)
