"""Bans follow people: against plain loops on small worlds."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.screening.bans import barred_until, is_barred
from tests.screening.test_duplicates import small_worlds, world

DAYS = [date(2026, 1, 1), date(2028, 6, 30), date(2030, 1, 1)]


@settings(deadline=None, max_examples=40)
@given(small_worlds(), st.lists(st.sampled_from(DAYS), min_size=7, max_size=7), st.sets(st.integers(0, 6)))
def test_who_is_barred_agrees_with_plain_loops(cases: dict, days: list[date], numbers: set[int]) -> None:
    """A household is barred until the latest day of any ban on its applicant or spouse as applicant of a banned receipt."""
    banned = {f"R{number}": days[number] for number in sorted(numbers) if f"R{number}" in cases}
    until_of: dict[int, date] = {}
    for receipt, day in banned.items():
        applicant = next(who for who, relation in cases[receipt][1] if relation == "applicant")
        until_of[applicant] = max(day, until_of.get(applicant, day))
    frames = world(cases)
    bans = pd.DataFrame(
        {
            "receipt_no": pd.Series(list(banned), dtype="str"),
            "barred_until": pd.Series([pd.Timestamp(day) for day in banned.values()], dtype="datetime64[s]"),
        }
    )
    found = barred_until(frames["households"], frames["members"], bans)
    for at, receipt in enumerate(frames["households"]["receipt_no"]):
        who = [one for one, relation in cases[receipt][1] if relation in {"applicant", "spouse"}]
        expected = max((until_of[one] for one in who if one in until_of), default=None)
        assert (None if np.isnat(found[at]) else found[at].astype(object)) == expected


def test_the_day_a_ban_ends_is_free() -> None:
    """Until 2030-06-15: barred on the 14th, free on the 15th; nobody is barred without a date."""
    until = np.array(["2030-06-15", "NaT"], dtype="datetime64[D]")
    assert is_barred(until, date(2030, 6, 14)).tolist() == [True, False]
    assert is_barred(until, date(2030, 6, 15)).tolist() == [False, False]
