"""工作日: deadlines in working days, with the State Council's days off and make-up working days where the law holds them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from allocator.policy.model import WorkYear

_ONE_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


def after_workdays(first: date, workdays: int, years: tuple[WorkYear, ...]) -> tuple[date, tuple[int, ...]]:
    """The last of so many working days after a day, and the years on the way that the law holds no table of.

    In such a year Mondays to Fridays are counted. With 0 working days the day itself, where it is one, else the
    last before it.
    """
    tables = {table.year: table for table in years}
    passed = {first.year}
    day = first
    while workdays == 0 and not _is_workday(day, tables):
        day -= _ONE_DAY
        passed.add(day.year)
    left = workdays
    while left:
        day += _ONE_DAY
        passed.add(day.year)
        left -= _is_workday(day, tables)
    return day, tuple(sorted(passed - set(tables)))


def _is_workday(day: date, tables: dict[int, WorkYear]) -> bool:
    is_weekday = day.weekday() < _SATURDAY
    table = tables.get(day.year)
    if table is None:
        return is_weekday
    return day in table.make_up or (is_weekday and day not in table.days_off)
