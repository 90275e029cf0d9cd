"""Chances counted over simulated draws, and how sure they are."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from allocator.measures.fairness import wilson

ODDS_COLUMNS: Final = ("receipt_no", "sub_round", "pool", "rank", "wins", "chance", "error", "low", "high")


def with_errors(counts: pd.DataFrame, num_draws: int) -> pd.DataFrame:
    """``counts`` (with ``wins``) and beside it ``chance``, its standard ``error``, and the 95 % Wilson interval.

    The standard error is that of a share of independent draws; the interval also holds near 0 and 1.
    """
    wins = counts["wins"].to_numpy()
    chance = wins / num_draws
    low, high = wilson(wins, np.full(len(wins), num_draws))
    error = np.sqrt(chance * (1 - chance) / num_draws)
    return counts.assign(chance=chance, error=error, low=low, high=high)


def mean_with_error(values: np.ndarray) -> tuple[float, float]:
    """Mean over draws and its standard error (NaN of one draw)."""
    spread = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
    return float(values.mean()), spread / float(np.sqrt(len(values)))
