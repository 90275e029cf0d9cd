"""How likely a home is within so many months of waiting: cumulative incidence by group (Aalen and Johansen 1978).

Who gives up, must apply again or is found ineligible leaves the list without a home; who still waits at the end is
censored there; who waited already when the counted months began is at risk from then on only (left truncation). Who is
turned away in the month of the application was never on the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from scenarios.page_figures import cut, spread
from scenarios.results import Results

LONGEST: Final = 60
# Below so many households at risk a hazard says nothing: the curve ends there.
_LEAST_AT_RISK: Final = 10
_ALL: Final = ("all", "all")
_LEFT: Final = ("gave_up", "must_reapply", "turned_away")


def can_be_told(results: Sequence[Results]) -> bool:
    """Whether the households' waits stand in the results (of a bureau's own city they do not)."""
    return all("waited_months" in one.households for one in results)


def housed_within(results: Sequence[Results]) -> pd.DataFrame:
    """``scenario, group_kind, group, month`` (months since the application), ``value, low, high``: shares.

    Groups: everybody, and the branches. A curve ends where fewer than ten are at risk in some replication.
    """
    frames = []
    for one in results:
        waits = _waits(one)
        for kind, group in (_ALL, *(("branch", name) for name in sorted(set(waits["branch"])))):
            some = waits if kind == "all" else waits[waits["branch"] == group]
            curves = {
                number: incidence(rows["entry"], rows["exit"], rows["event"])
                for number, rows in some.groupby("replication")
            }
            if len(curves) == one.document["replications"]:
                frame = cut(spread(pd.DataFrame(curves).dropna())).rename_axis("month").reset_index()
                frame["high"] = frame["high"].clip(upper=1)
                frame.insert(0, "group", group)
                frame.insert(0, "group_kind", kind)
                frame.insert(0, "scenario", one.name)
                frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _waits(one: Results) -> pd.DataFrame:
    """Who was on the list in the counted months: ``entry`` and ``exit`` in months waited, ``event`` 1 housed, 2 left, 0 neither."""
    rows, warm_up = one.households, one.document["warm_up_months"]
    is_housed = rows["housed_month"] >= 0
    left = rows["outcome"].isin(list(_LEFT)) & ~is_housed
    event = np.select([is_housed, left], [1, 2], 0)
    frame = pd.DataFrame(
        {
            "replication": rows["replication"],
            "branch": rows["branch"],
            "entry": np.maximum(warm_up - rows["arrived"], 0),
            # Who still waits was last offered to in the month before the end.
            "exit": rows["waited_months"] - (event == 0),
            "event": event,
        }
    )
    waited = (rows["housed_month"] >= warm_up) | (rows["housed_month"] == -1)
    never_listed = (rows["outcome"] == "turned_away") & (rows["waited_months"] == 0)
    return frame[waited & ~never_listed & (frame["exit"] >= frame["entry"])]


def incidence(entry: pd.Series, exit_: pd.Series, event: pd.Series) -> pd.Series:
    """Share housed by the end of each month waited, 0 to ``LONGEST``; NaN from where fewer than ten are at risk.

    In a month are at risk those who entered before or in it and have not left before it.
    """
    size = LONGEST + 2
    first, last = (np.minimum(months.to_numpy(dtype=np.int64), size - 1) for months in (entry, exit_))
    kind = event.to_numpy()
    entered = np.bincount(first, minlength=size).cumsum()
    gone = np.r_[0, np.bincount(last, minlength=size).cumsum()[:-1]]
    at_risk = (entered - gone)[: LONGEST + 1]
    housed, away = (np.bincount(last[kind == k], minlength=size)[: LONGEST + 1] for k in (1, 2))
    known = np.logical_and.accumulate(at_risk >= _LEAST_AT_RISK)
    safe = np.maximum(at_risk, 1)
    still = np.cumprod(1 - (housed + away) / safe)
    before = np.r_[1.0, still[:-1]]
    return pd.Series(np.where(known, np.cumsum(before * housed / safe), np.nan))
