"""Paired differences: scenario minus baseline, replication by replication, after the warm-up.

Both met the same luck (``chance``), so the spread of the difference is far below that of either. The interval is
Student's t over the replications, 95 %.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from allocator.errors import Refused
from scenarios.results import Results

COLUMNS: Final = (
    "scenario",
    "group_kind",
    "group",
    "measure",
    "baseline",
    "value",
    "difference",
    "low",
    "high",
    "replications",
)
MEAN_WAIT: Final = "waited_months_mean"
_KEYS: Final = ["group_kind", "group", "measure"]
_SAME: Final = (
    "policy",
    "start",
    "months",
    "warm_up_months",
    "replications",
    "seed",
    "households",
    "waiting",
    "world",
    "began_with",
)
# Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom (any statistical table).
_T: Final = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_DIGITS: Final = 6


def t_quantile(freedom: int) -> float:
    """The factor of a 95 % interval (beyond 30 degrees by the expansion of Fisher and Cornish)."""
    if freedom <= len(_T):
        return _T[freedom - 1]
    z = 1.959964
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def per_replication(results: Results) -> pd.DataFrame:
    """Mean per month after the warm-up of every measure: rows by group and measure, one column per replication."""
    monthly = results.monthly[~results.monthly["is_warm_up"]]
    table = monthly.pivot_table(
        index=_KEYS, columns="replication", values="value", aggfunc="mean", sort=True, observed=True
    )
    measures = table.index.get_level_values("measure")
    sums = table[measures == "waited_months_sum"].droplevel("measure")
    housed = table[measures == "housed"].droplevel("measure").reindex(sums.index)
    means = (sums / housed.where(housed > 0)).assign(measure=MEAN_WAIT).set_index("measure", append=True)
    return pd.concat([table, means]).sort_index()


def paired(baseline: Results, other: Results) -> pd.DataFrame:
    """The table of ``COLUMNS``. Raises ``Refused`` where the runs are not of the same size, seed and months."""
    for key in _SAME:
        if baseline.document.get(key) != other.document.get(key):
            raise Refused(
                "scenario_runs_differ",
                key=key,
                first=baseline.document.get(key),
                second=other.document.get(key),
                scenario=other.name,
            )
    before, after = per_replication(baseline), per_replication(other)
    differences = (after - before).to_numpy(dtype=np.float64)
    num = (~np.isnan(differences)).sum(axis=1)
    mean = _mean(differences)
    spread = np.sqrt(_mean((differences - mean[:, None]) ** 2) * num / np.maximum(num - 1, 1))
    factor = np.array([t_quantile(int(n) - 1) if n > 1 else np.nan for n in num])
    half = factor * spread / np.sqrt(np.maximum(num, 1))
    frame = before.index.to_frame(index=False)
    frame.insert(0, "scenario", other.name)
    figures = {
        "baseline": _mean(before.to_numpy(dtype=np.float64)),
        "value": _mean(after.to_numpy(dtype=np.float64)),
        "difference": mean,
        "low": mean - half,
        "high": mean + half,
    }
    rounded = {name: np.round(values, _DIGITS) + 0.0 for name, values in figures.items()}
    return frame.assign(**rounded, replications=num)[list(COLUMNS)]


def _mean(values: np.ndarray) -> np.ndarray:
    """By row over what is known; a row of nothing stays unknown."""
    known = ~np.isnan(values)
    num = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.where(num > 0, total / np.maximum(num, 1), np.nan)
