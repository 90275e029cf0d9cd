"""What the comparison's page draws: means over the replications with their 95 % intervals.

An interval is Student's t over the replications (``differences``); with one replication it is unknown (NaN). Counts,
costs and shares are not negative: their intervals are cut at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pandas as pd

from scenarios.differences import per_replication, t_quantile
from scenarios.results import Results
from scenarios.winners import winners

FIGURES: Final = ("value", "low", "high")
_DIGITS: Final = 6
_MONTHLY: Final = ["group_kind", "group", "month"]
_KEYS: Final = ["scenario", "decile"]


def by_month(results: Sequence[Results], measure: str, group_kinds: Sequence[str]) -> pd.DataFrame:
    """The course of one measure: scenario, group_kind, group, month (0: the first after the warm-up), value, low, high."""
    return _courses(results, group_kinds, lambda rows: _pivot(rows, measure))


def mean_wait_by_month(results: Sequence[Results], group_kinds: Sequence[str]) -> pd.DataFrame:
    """Months those on the list have waited on average at the end of each month; unknown where nobody waits."""

    def course(rows: pd.DataFrame) -> pd.DataFrame:
        months, waiting = _pivot(rows, "waiting_months_sum"), _pivot(rows, "waiting")
        return months / waiting.where(waiting > 0)

    return _courses(results, group_kinds, course)


def _courses(
    results: Sequence[Results], group_kinds: Sequence[str], course: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    frames = []
    for one in results:
        rows = one.monthly[one.monthly["group_kind"].isin(list(group_kinds))]
        frame = cut(spread(course(rows))).reset_index()
        frame["month"] -= int(one.document["warm_up_months"])
        frame.insert(0, "scenario", one.name)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _pivot(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """One column per replication."""
    chosen = rows[rows["measure"] == measure]
    return chosen.pivot_table(index=_MONTHLY, columns="replication", values="value", sort=True, observed=True)


def means(results: Sequence[Results], group_kind: str) -> pd.DataFrame:
    """Means per month after the warm-up: scenario, group, measure, value, low, high."""
    frames = []
    for one in results:
        frame = cut(spread(per_replication(one).loc[group_kind])).reset_index()
        frame.insert(0, "scenario", one.name)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def winners_by_decile(results: Sequence[Results]) -> pd.DataFrame:
    """Scenario, decile (0: all), measure, value, low, high, over the replications.

    Measures: ``gain_share`` and ``lose_share`` of the households in both, and ``change_fen``, the mean change of the
    benefit per household and month in fen, those without change included.
    """
    columns = {}
    for number in sorted(set(results[0].monthly["replication"])):
        first, *others = (_one(result, number) for result in results)
        table = winners(first, others).set_index(["scenario", "decile"])
        counted = table["households"].where(table["households"] > 0)
        change = table["gained_fen_per_month"] - table["lost_fen_per_month"]
        shares = {"gain_share": table["gain"], "lose_share": table["lose"], "change_fen": change}
        columns[number] = pd.concat({name: values / counted for name, values in shares.items()})
    frame = pd.DataFrame(columns).rename_axis(["measure", *_KEYS])
    shares = frame.index.get_level_values("measure") != "change_fen"
    return pd.concat([cut(spread(frame[shares])), spread(frame[~shares])]).reset_index()


def _one(result: Results, replication: int) -> Results:
    households = result.households[result.households["replication"] == replication]
    return Results(result.document, result.monthly.iloc[:0], households)


def spread(columns: pd.DataFrame) -> pd.DataFrame:
    """Mean and 95 % interval over the columns, one per replication; what is unknown is left out."""
    values = columns.to_numpy(dtype=np.float64)
    known = ~np.isnan(values)
    num = known.sum(axis=1)
    mean = np.where(known, values, 0.0).sum(axis=1) / np.maximum(num, 1)
    squares = np.where(known, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
    factor = np.array([t_quantile(n - 1) if n > 1 else np.nan for n in num.tolist()])
    half = factor * np.sqrt(squares / np.maximum(num - 1, 1) / np.maximum(num, 1))
    mean = np.where(num > 0, mean, np.nan)
    figures = dict(zip(FIGURES, (mean, mean - half, mean + half), strict=True))
    rounded = {name: np.round(found, _DIGITS) + 0.0 for name, found in figures.items()}
    return pd.DataFrame(rounded, index=columns.index)


def cut(intervals: pd.DataFrame) -> pd.DataFrame:
    """The same with no lower end below 0."""
    return intervals.assign(low=intervals["low"].clip(lower=0))
