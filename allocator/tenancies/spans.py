"""Calendar months added to dates, in columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Days = npt.NDArray[np.datetime64]


def days_of(dates: Any) -> Days:
    """The dates as ``datetime64[D]``; missing ones become NaT."""
    return np.asarray(dates, dtype="datetime64[D]")


def last_day(starts_on: Any, months: int) -> Days:
    """The last day of a term of ``months`` calendar months that begins on ``starts_on``.

    It is the day before the day of the same number; where that month has no such day, its last day: a
    month from 31 January ends on 28 (29) February, a year from 29 February on 28 February.
    """
    starts = days_of(starts_on)
    month = starts.astype("datetime64[M]")
    number = (starts - month.astype("datetime64[D]")).astype("timedelta64[D]")
    reached = month + np.timedelta64(months, "M")
    eve = reached.astype("datetime64[D]") + number - np.timedelta64(1, "D")
    month_end = (reached + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    return np.minimum(eve, month_end)


def years_of_age(born_on: Any, on: Any) -> npt.NDArray[np.int64]:
    """Whole years of age on the day ``on``; a birthday counts from its day (29 February: from 1 March)."""
    born, day = days_of(born_on), days_of(on)
    born_month = born.astype("datetime64[M]")
    months = (day.astype("datetime64[M]") - born_month).astype(np.int64)
    before = _day_number(day) < _day_number(born)
    return (months - before) // 12


def _day_number(days: Days) -> npt.NDArray[np.int64]:
    return (days - days.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
