"""Leases ended by idleness or arrears."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from allocator import policy
from allocator.tenancies.breaches import vacate_reasons


@pytest.mark.parametrize(
    ("idle", "arrears", "reason"),
    [(0, 0, ""), (2, 2, ""), (3, 0, "idle"), (0, 3, "arrears"), (3, 3, "idle"), (None, 9, "arrears")],
)
def test_three_months_end_a_lease_where_the_city_says_three(
    idle: int | None, arrears: int, reason: str
) -> None:
    """The city's own three months count, not the national six; an unknown number of months is no breach."""
    rules = policy.load("xuzhou").in_force(date(2019, 3, 1)).tenancy
    frame = pd.DataFrame({"idle_months": [idle], "arrears_months": [arrears]}).astype("Int64")
    assert vacate_reasons(frame, rules).tolist() == [reason]


def test_a_law_that_names_no_months_ends_no_lease() -> None:
    """Without a number of its own nobody is put out."""
    rules = policy.load("chongqing").in_force(date(2019, 3, 1)).tenancy
    frame = pd.DataFrame({"idle_months": [99], "arrears_months": [99]}).astype("Int64")
    assert vacate_reasons(frame, rules).tolist() == [""]
