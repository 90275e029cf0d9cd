"""Months waited, the alarm and the ceiling, on both sides of each bound."""

from __future__ import annotations

from datetime import date

import pandas as pd

from allocator.measures.waiting import waiting
from allocator.policy.rules import WaitingRules

RULES = WaitingRules(alarm_months=48, ceiling_months=60, reference="第十条", tag="V")
ON = date(2026, 3, 1)


def registered(*days: str | None) -> pd.Series:
    """Registration dates."""
    return pd.Series(pd.to_datetime(list(days)), dtype="datetime64[s]")


def test_full_months_on_both_sides_of_the_bounds() -> None:
    """2022-03-02 is a day short of 48 months; 2022-03-01 reaches the alarm, 2021-03-02 not the ceiling, 2021-03-01 does."""
    found = waiting(registered("2022-03-02", "2022-03-01", "2021-03-02", "2021-03-01"), ON, RULES)
    assert found.months.tolist() == [47, 48, 59, 60]
    assert (found.num_alarmed, found.num_at_ceiling) == (3, 1)


def test_a_missing_or_future_date_is_counted_apart() -> None:
    """Without a date nobody is alarmed about, and nobody disappears."""
    told = waiting(registered(None, "2027-01-01", "2020-01-01"), ON, RULES).document()
    assert (told["households"], told["without_date"], told["alarmed"]) == (3, 2, 1)
    # 2020-01-01 to 2026-03-01: 6 years and 2 months
    assert (told["longest_months"], told["by_year"]) == (
        74,
        {"0": 0, "1": 0, "2": 0, "3": 0, "4": 0, "5": 0, "6": 1},
    )


def test_a_law_without_a_waiting_period_watches_nothing() -> None:
    """No rule, no alarm; the months are counted all the same."""
    found = waiting(registered("2010-01-01"), ON, None)
    assert (found.num_alarmed, found.num_at_ceiling, found.watch_for_the_public()) == (0, 0, {})
    assert found.document()["longest_months"] == 194


def test_nobody_waits() -> None:
    """An empty register gives zeros, not an error."""
    told = waiting(registered(), ON, RULES)
    assert (told.document()["households"], len(told.for_the_public())) == (0, 0)


def test_the_public_reads_no_count_under_ten() -> None:
    """Nine at the ceiling are not told as nine; years are joined until no span holds 1 to 9."""
    days = ["2021-01-01"] * 9 + ["2025-01-01"] * 30 + ["2023-01-01"] * 2
    found = waiting(registered(*days), ON, RULES)
    assert found.watch_for_the_public()["at_ceiling"] == -1
    counts = found.for_the_public()["num_households"].tolist()
    assert sum(counts) == 41
    assert [count for count in counts if 0 < count < 10] == []
