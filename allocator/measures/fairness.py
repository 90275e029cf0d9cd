"""Rates by group: who was housed how often, how sure that is, and how far groups stand apart."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from allocator.measures.small_cells import merge_small
from allocator.model.enums import Branch

GROUPINGS: Final = ("branch", "num_persons", "priority_group")
RATE_COLUMNS: Final = (
    "grouping",
    "group",
    "num_households",
    "num_housed",
    "rate",
    "low",
    "high",
    "impact_ratio",
)
_BRANCH_PLACE: Final = {str(branch): place for place, branch in enumerate(Branch)}
_LARGEST_SIZE: Final = 5
_Z_95: Final = 1.959963984540054


def wilson(successes: np.ndarray, trials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of the 95 % score interval of Wilson (1927) for a share; (0, 1) where there was no trial."""
    num = np.asarray(trials, dtype=np.float64)
    safe = np.where(num > 0, num, 1.0)
    share = np.asarray(successes, dtype=np.float64) / safe
    spread = _Z_95 * np.sqrt(share * (1 - share) / safe + _Z_95**2 / (4 * safe**2))
    middle, width = share + _Z_95**2 / (2 * safe), 1 + _Z_95**2 / safe
    low, high = (middle - spread) / width, (middle + spread) / width
    empty = num == 0
    return np.where(empty, 0.0, np.clip(low, 0.0, 1.0)), np.where(empty, 1.0, np.clip(high, 0.0, 1.0))


def rates_by_group(households: pd.DataFrame) -> pd.DataFrame:
    """``RATE_COLUMNS`` for every grouping; ``households`` has one row each: the ``GROUPINGS`` and ``is_housed``.

    Sizes from five persons on are one group. The adverse-impact ratio is the group's rate over the highest
    rate of its grouping (29 CFR 1607.4 D asks questions under 4/5; here it is a figure, not a verdict).
    """
    if households.empty:
        return pd.DataFrame(columns=list(RATE_COLUMNS))
    return pd.concat([_rates(households, grouping) for grouping in GROUPINGS], ignore_index=True)


def _rates(households: pd.DataFrame, grouping: str) -> pd.DataFrame:
    values = households[grouping]
    if grouping == "num_persons":
        values = values.clip(upper=_LARGEST_SIZE)
    counted = (
        pd.DataFrame({"group": values.astype("str"), "is_housed": households["is_housed"].astype("int64")})
        .groupby("group", sort=True)["is_housed"]
        .agg(num_households="size", num_housed="sum")
        .reset_index()
    )
    if grouping == "branch":
        counted = counted.sort_values("group", key=lambda groups: groups.map(_BRANCH_PLACE), kind="stable")
    counted = merge_small(counted, "group", ("num_households", "num_housed"))
    rate = counted["num_housed"] / counted["num_households"]
    low, high = wilson(counted["num_housed"].to_numpy(), counted["num_households"].to_numpy())
    best = rate.max()
    counted = counted.assign(grouping=grouping, rate=rate, low=low, high=high)
    counted["impact_ratio"] = rate / best if best > 0 else np.nan
    return counted[list(RATE_COLUMNS)]
