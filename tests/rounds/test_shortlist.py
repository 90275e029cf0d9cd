"""入围 by registration date, in small worlds: places, days, nobody cut off inside a day."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.model.columns import HOUSEHOLDS
from allocator.model.facts import Facts, conform
from allocator.policy.rules import Shortlist
from allocator.rounds.freeze import shortlisted

RULE = Shortlist(reference="Art 13(2)", tag="V", dwellings=5, households=6)


def chosen(days: list[int | None], num_places: int, rule: Shortlist | None = RULE, own: int = 0) -> list[int]:
    """Places in ``days`` of the households shortlisted; ``own``: dwellings that are an employer's."""
    receipts = [f"R{number:03d}" for number in range(len(days))]
    dates = [pd.NaT if day is None else pd.Timestamp(2020, 1, 1) + pd.Timedelta(day, "D") for day in days]
    frame = conform(pd.DataFrame({"receipt_no": receipts, "registered_on": dates}), HOUSEHOLDS)
    stock = pd.DataFrame({"employer_id": [""] * num_places + ["E1"] * own})
    people = frame[["receipt_no"]].sample(frac=1, random_state=1)
    kept = shortlisted(people, replace(Facts.empty(), households=frame), stock, rule)
    return sorted(receipts.index(receipt) for receipt in kept["receipt_no"])


@pytest.mark.parametrize(
    ("days", "num_places", "expected"),
    [
        # 5 places: 6 households, one to the day each
        (list(range(10)), 5, [0, 1, 2, 3, 4, 5]),
        # 4 places: 4.8 rounded down
        (list(range(10)), 4, [0, 1, 2, 3]),
        # the fourth registered on the day of the fifth and sixth: all of that day
        ([0, 1, 2, 3, 3, 3, 9], 4, [0, 1, 2, 3, 4, 5]),
        # exactly 1:1.2 cuts nobody off
        (list(range(6)), 5, [0, 1, 2, 3, 4, 5]),
        # without a date after every date
        ([None, 5, 1], 2, [1, 2]),
        ([0, 1], 0, []),
        # 1 place: 1.2, one household
        ([3, 2, 1], 1, [2]),
        ([], 3, []),
    ],
)
def test_the_earliest_registered_fill_the_ratio(
    days: list[int | None], num_places: int, expected: list[int]
) -> None:
    """As many as the ratio holds get in by date, and with the last of them all of his day."""
    assert chosen(days, num_places) == expected


def test_an_employers_own_stock_widens_no_public_shortlist() -> None:
    """Only places of the public sub-round count."""
    assert chosen(list(range(10)), 5, own=100) == [0, 1, 2, 3, 4, 5]


def test_a_law_without_a_shortlist_takes_everybody() -> None:
    """Without the rule nobody is cut off."""
    assert chosen(list(range(10)), 1, rule=None) == list(range(10))


@given(st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=12), st.integers(0, 12))
def test_nobody_registered_before_one_who_is_in_stays_out(days: list[int | None], num_places: int) -> None:
    """Whoever is in was registered no later than anybody who is out, and never the same day."""
    kept = set(chosen(days, num_places))
    late = [99 if day is None else day for day in days]
    inside, outside = [late[i] for i in kept], [late[i] for i in set(range(len(days))) - kept]
    assert not inside or not outside or max(inside) < min(outside)
    assert len(kept) >= min(len(days), num_places * 6 // 5)
