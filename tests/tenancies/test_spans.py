"""Months added to dates."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.tenancies.spans import last_day, years_of_age


def ends(start, months):
    return np.datetime64(last_day([start], months)[0], "D").item()


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        (date(2026, 3, 26), 36, date(2029, 3, 25)),
        (date(2026, 3, 1), 1, date(2026, 3, 31)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 30), 1, date(2026, 2, 28)),
        (date(2026, 1, 29), 1, date(2026, 2, 28)),
        (date(2026, 1, 28), 1, date(2026, 2, 27)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
    ],
)
def test_last_day_of_a_term(start, months, expected):
    """A term ends the day before the day of its number, or with the month that has no such day."""
    assert ends(start, months) == expected


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 60))
def test_terms_never_overlap_nor_lose_a_day_by_more_than_the_short_month(start, months):
    """A term is at least a day long, grows with its months, and ends in the month it should."""
    end = ends(start, months)
    assert end >= start
    assert end < ends(start, months + 1)
    crossed = (end.year - start.year) * 12 + end.month - start.month
    assert crossed in {months, months - 1}


@pytest.mark.parametrize(
    ("born", "on", "expected"),
    [
        (date(1966, 3, 26), date(2026, 3, 26), 60),
        (date(1966, 3, 27), date(2026, 3, 26), 59),
        (date(1964, 2, 29), date(2026, 2, 28), 61),
        (date(1964, 2, 29), date(2026, 3, 1), 62),
    ],
)
def test_age_counts_from_the_birthday(born, on, expected):
    """A year of age is full on the birthday, not the day before."""
    assert int(years_of_age(np.array([born], dtype="datetime64[D]"), np.datetime64(on, "D"))[0]) == expected
