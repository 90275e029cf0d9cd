"""What was reported of tenants: the sound rows of a file, and the reports as they stand after all of them."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator.model.breaches import BREACH_KEY
from allocator.model.lookups import is_among
from allocator.model.problem import Problem
from allocator.tenancies.spans import days_of

_COLUMNS: Final = (*BREACH_KEY, "ends_on", "withdrawn")
_KEY: Final = list(BREACH_KEY)


def standing(reports: pd.DataFrame) -> pd.DataFrame:
    """The reports that stand, by key: of equal ``BREACH_KEY`` the last row counts, and a withdrawn one is none."""
    last = reports.drop_duplicates(_KEY, keep="last")
    last = last[~last["withdrawn"].fillna(value=False).to_numpy(dtype=bool)]
    return last.sort_values(_KEY, ignore_index=True)[[*BREACH_KEY, "ends_on"]]


def check(
    rows: pd.DataFrame, known: pd.DataFrame, leases: pd.DataFrame, receipts: Any, on: date, *, file: str
) -> list[Problem]:
    """Every fault of the rows of a file (``model.breaches.BREACHES`` and ``row``) with its place.

    ``known``: the reports that stand; ``leases``: all of the store; ``receipts``: numbers the bureau knows. Cells that
    could not be read are told by the reading.
    """
    begins, ends = days_of(rows["begins_on"]), days_of(rows["ends_on"])
    withdraws = rows["withdrawn"].fillna(value=False).to_numpy(dtype=bool)
    is_known = _among(rows, known)
    whole = rows[_KEY].notna().all(axis=1).to_numpy(dtype=bool)
    cases = [
        (
            ~is_among(rows["receipt_no"].fillna(""), pd.Series(receipts)),
            "breach_unknown_receipt",
            "receipt_no",
        ),
        (rows.duplicated(_KEY, keep=False).to_numpy(dtype=bool), "breach_twice", ""),
        (ends < begins, "breach_reversed", "ends_on"),
        (begins > np.datetime64(on, "D"), "breach_to_come", "begins_on"),
        (withdraws & ~is_known, "breach_nothing_to_withdraw", ""),
        (~withdraws & ~_has_lease(rows, leases), "breach_no_lease", "begins_on"),
    ]
    problems = []
    for place in np.flatnonzero(whole):
        told = next(((code, column) for holds, code, column in cases if holds[place]), None)
        if told is not None:
            problems.append(_problem(rows, int(place), *told, on, file))
    return problems


def _problem(rows: pd.DataFrame, place: int, code: str, column: str, on: date, file: str) -> Problem:
    row = rows.iloc[place]
    same = (rows[_KEY] == row[_KEY]).all(axis=1)
    shown = row["receipt_no"] if column in ("", "receipt_no") else row[column].date().isoformat()
    params: dict[str, object] = {
        "on": on.isoformat(),
        "rows": "、".join(str(at) for at in rows.loc[same, "row"]),
    }
    return Problem(code, file, int(row["row"]), column or "receipt_no", str(shown), params=params)


def _has_lease(rows: pd.DataFrame, leases: pd.DataFrame) -> Any:
    """Whether the household holds some lease on the day the report begins."""
    asked = rows[["receipt_no", "begins_on"]].assign(place=np.arange(len(rows)))
    both = asked.merge(leases[["receipt_no", "starts_on", "ends_on"]], on="receipt_no")
    inside = both[(both["begins_on"] >= both["starts_on"]) & (both["begins_on"] <= both["ends_on"])]
    found = np.zeros(len(rows), dtype=bool)
    found[inside["place"].to_numpy(dtype=np.int64)] = True
    return found


def _among(rows: pd.DataFrame, known: pd.DataFrame) -> Any:
    marked = known[_KEY].drop_duplicates().assign(is_known=True)
    joined = rows[_KEY].merge(marked, on=_KEY, how="left")
    return joined["is_known"].notna().to_numpy(dtype=bool)


def news(rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """The rows that change what stands: a report known already, with the same end, is none."""
    old = known.assign(is_known=True)
    joined = rows[list(_COLUMNS)].merge(old, on=_KEY, how="left", suffixes=("", "_known"))
    one, other = days_of(joined["ends_on"]), days_of(joined["ends_on_known"])
    same_end = (one == other) | (np.isnat(one) & np.isnat(other))
    withdraws = joined["withdrawn"].fillna(value=False).to_numpy(dtype=bool)
    is_same = joined["is_known"].notna().to_numpy(dtype=bool) & same_end & ~withdraws
    return rows[~is_same].reset_index(drop=True)
