"""腾退: which leases the law ends for what was reported of their tenants, by its own number of months."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.policy.model import VacateRule
from allocator.tenancies.spans import Days, days_of

Ints = npt.NDArray[np.int64]
# Odd days of several spans make a month only when they fill the longest: in doubt for the tenant. No law says [M].
LONGEST_MONTH: Final = 31


def must_vacate(reports: pd.DataFrame, rules: tuple[VacateRule, ...], on: date) -> pd.DataFrame:
    """One row per receipt and kind for which the law ends the lease on that day, by receipt and the law's order.

    ``reports``: ``receipt_no, kind, begins_on, ends_on`` (the last day; missing: it goes on), in any order; spans that
    overlap count once, and what begins after the day not at all. Gives ``receipt_no, kind, begins_on`` (of the span
    that is long enough, or of the first), ``months`` (full calendar months) and ``days`` beyond them, ``reference,
    tag, bars``.
    """
    found = [_ended(reports, rule, place, on) for place, rule in enumerate(rules)]
    columns = ["receipt_no", "kind", "begins_on", "months", "days", "reference", "tag", "bars", "place"]
    rows = pd.concat(found, ignore_index=True) if found else pd.DataFrame({name: [] for name in columns})
    rows = rows.sort_values(["receipt_no", "place"], kind="stable", ignore_index=True)
    return rows[columns[:-1]].astype({"months": "int64", "days": "int64", "bars": "bool"})


def _ended(reports: pd.DataFrame, rule: VacateRule, place: int, on: date) -> pd.DataFrame:
    spans = _spans(reports[reports["kind"] == str(rule.kind)], on)
    spans["months"] = _full_months(spans["begins_on"], spans["past"])
    spans["days"] = _days_over(spans["begins_on"], spans["past"], spans["months"])
    if rule.counting == "accumulated":
        spans = spans.groupby("receipt_no", as_index=False).agg(
            begins_on=("begins_on", "min"), months=("months", "sum"), days=("days", "sum")
        )
        spans["months"] += spans["days"] // LONGEST_MONTH
        spans["days"] %= LONGEST_MONTH
    else:
        spans = spans.sort_values(["receipt_no", "months", "days"]).drop_duplicates("receipt_no", keep="last")
    return spans[_is_over(spans, rule)].assign(
        kind=str(rule.kind), reference=rule.reference, tag=rule.tag, bars=rule.bars, place=place
    )


def _is_over(spans: pd.DataFrame, rule: VacateRule) -> Any:
    """Where the law's number is reached; where the number itself is not enough, passed by a day."""
    if rule.months is None:
        return np.ones(len(spans), dtype=bool)
    months, days = (spans[name].to_numpy(dtype=np.int64) for name in ("months", "days"))
    return (months > rule.months) | ((months == rule.months) & (bool(rule.inclusive) | (days > 0)))


def _spans(reports: pd.DataFrame, on: date) -> pd.DataFrame:
    """``receipt_no, begins_on, past``: spans joined where they meet; ``past`` is the day after the last, at most
    the day after ``on``.
    """
    tomorrow = np.datetime64(on, "D") + np.timedelta64(1, "D")
    begins, ends = days_of(reports["begins_on"]), days_of(reports["ends_on"])
    past = np.where(np.isnat(ends), tomorrow, np.minimum(ends + np.timedelta64(1, "D"), tomorrow))
    rows = pd.DataFrame(
        {"receipt_no": reports["receipt_no"].to_numpy(object), "begins_on": begins, "past": past}
    )
    rows = rows[rows["begins_on"] < rows["past"]].sort_values(["receipt_no", "begins_on"], ignore_index=True)
    if rows.empty:
        return rows
    reached = rows.groupby("receipt_no")["past"].cummax()
    before = reached.groupby(rows["receipt_no"]).shift()
    is_new = (before.isna() | (rows["begins_on"] > before)).to_numpy(dtype=bool)
    rows["span"] = np.cumsum(is_new)
    joined = rows.groupby("span").agg(
        receipt_no=("receipt_no", "first"), begins_on=("begins_on", "first"), past=("past", "max")
    )
    return joined.reset_index(drop=True)


def _full_months(begins: Any, past: Any) -> Ints:
    """Full calendar months of spans [begins, past): the same day of the month ends one; the last where there is none."""
    first, after = days_of(begins), days_of(past)
    month, last = first.astype("datetime64[M]"), after.astype("datetime64[M]")
    whole = (last - month).astype(np.int64)
    return whole - (_in_month(after) < np.minimum(_in_month(first), _length(last)))


def _days_over(begins: Any, past: Any, months: Any) -> Ints:
    """Days of each span beyond its full months."""
    first = days_of(begins)
    reached = first.astype("datetime64[M]") + np.asarray(months, dtype="timedelta64[M]")
    anchor = reached.astype("datetime64[D]") + np.minimum(_in_month(first), _length(reached)).astype(
        "timedelta64[D]"
    )
    return (days_of(past) - anchor).astype(np.int64)


def _in_month(days: Days) -> Ints:
    return (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)


def _length(months: Any) -> Ints:
    """The last day of the month, counted from 0."""
    following = (months + np.timedelta64(1, "M")).astype("datetime64[D]")
    return (following - months.astype("datetime64[D]")).astype(np.int64) - 1
