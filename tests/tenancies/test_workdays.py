"""Deadlines in working days: holidays, make-up days, years without a table."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator import policy
from allocator.tenancies.workdays import after_workdays

YEARS = policy.load("beijing").in_force(date(2026, 3, 1)).registry.years


@pytest.mark.parametrize(
    ("first", "workdays", "due"),
    [
        # Thursday 26 March 2026: Fri 27, Mon 30, Tue 31, Wed 1, Thu 2 April
        (date(2026, 3, 26), 5, date(2026, 4, 2)),
        # Thursday 12 February 2026: Fri 13, Sat 14 (worked), then the feast to 23, Tue 24, Wed 25, Thu 26
        (date(2026, 2, 12), 5, date(2026, 2, 26)),
        # Friday 26 September 2025: Sun 28 (worked), Mon 29, Tue 30, feast 1-8 October, Thu 9, Fri 10
        (date(2025, 9, 26), 5, date(2025, 10, 10)),
        # Tuesday 31 December 2024: 1 January off, Thu 2
        (date(2024, 12, 31), 1, date(2025, 1, 2)),
        # no day at all: a Sunday counts back to the Friday before it
        (date(2026, 3, 29), 0, date(2026, 3, 27)),
        (date(2026, 3, 27), 0, date(2026, 3, 27)),
    ],
)
def test_holidays_do_not_count_and_make_up_days_do(first: date, workdays: int, due: date) -> None:
    """The State Council's days off are left out, and the weekends worked instead are counted."""
    assert after_workdays(first, workdays, YEARS) == (due, ())


def test_a_year_without_a_table_counts_weekdays_and_says_so() -> None:
    """Across the end of the last year at hand the deadline is one of weekdays, and names the year."""
    # Wednesday 30 December 2026: Thu 31, Fri 1 January 2027
    assert after_workdays(date(2026, 12, 30), 2, YEARS) == (date(2027, 1, 1), (2027,))
    assert after_workdays(date(2019, 9, 30), 1, ()) == (date(2019, 10, 1), (2019,))


@given(st.dates(date(2024, 1, 1), date(2026, 10, 1)), st.integers(0, 30), st.integers(0, 30))
def test_days_add_up(first: date, one: int, more: int) -> None:
    """So many and then more working days are all of them together; the due day is itself one."""
    begun, _ = after_workdays(first, one, YEARS)
    due, _ = after_workdays(first, one + more, YEARS)
    if one:
        assert after_workdays(begun, more, YEARS)[0] == due
    assert after_workdays(due, 0, YEARS)[0] == due
    assert due >= first or one + more == 0


@pytest.mark.parametrize("name", policy.shipped())
def test_a_year_has_the_working_days_of_its_table(name: str) -> None:
    """262 weekdays of 2024 less 19 off and 8 weekends worked are 251; 261 less 18 and 5, and less 19 and 6, are 248."""
    counted = {}
    for table in policy.load(name).in_force(date(2026, 3, 1)).registry.years:
        days = (date(table.year, 1, 1) + timedelta(days=at) for at in range(366))
        counted[table.year] = sum(
            after_workdays(day, 0, (table,))[0] == day for day in days if day.year == table.year
        )
    assert counted == {2024: 251, 2025: 248, 2026: 248}
