"""Who gains and who loses: the same household in both scenarios, by decile of income."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from scenarios.results import Results

COLUMNS: Final = (
    "scenario",
    "decile",
    "households",
    "gain",
    "lose",
    "gained_fen_per_month",
    "lost_fen_per_month",
    "housed_more",
    "housed_less",
)
_KEYS: Final = ["replication", "household"]


def winners(baseline: Results, others: Sequence[Results]) -> pd.DataFrame:
    """The table of ``COLUMNS``: one row per scenario and decile (0: all), summed over the replications.

    ``households``: in the city after the warm-up in both; who comes in one only has no change. ``gain`` and ``lose``
    count those with more or less ``benefit_fen_per_month``, ``gained_…`` and ``lost_…`` are these changes summed;
    ``housed_more`` and ``housed_less``: more or fewer months as a tenant.
    """
    return pd.concat([_of(baseline, other) for other in others], ignore_index=True)


def _of(baseline: Results, other: Results) -> pd.DataFrame:
    kept = [*_KEYS, "decile", "benefit_fen_per_month", "tenant_months"]
    both = baseline.households[kept].merge(
        other.households[kept], on=_KEYS, suffixes=("", "_other"), validate="one_to_one"
    )
    change = (both["benefit_fen_per_month_other"] - both["benefit_fen_per_month"]).to_numpy(dtype=np.int64)
    months = (both["tenant_months_other"] - both["tenant_months"]).to_numpy(dtype=np.int64)
    figures = pd.DataFrame(
        {
            "households": np.ones(len(both), dtype=np.int64),
            "gain": (change > 0).astype(np.int64),
            "lose": (change < 0).astype(np.int64),
            "gained_fen_per_month": np.maximum(change, 0),
            "lost_fen_per_month": np.maximum(-change, 0),
            "housed_more": (months > 0).astype(np.int64),
            "housed_less": (months < 0).astype(np.int64),
        }
    )
    by_decile = figures.groupby(both["decile"].to_numpy(dtype=np.int64)).sum()
    table = pd.concat([pd.DataFrame(by_decile.sum()).T.set_axis([0]), by_decile]).rename_axis("decile")
    frame = table.reset_index()
    frame.insert(0, "scenario", other.name)
    return frame[list(COLUMNS)]
