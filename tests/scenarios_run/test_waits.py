"""How likely a home is within so many months of waiting: exact where nothing is hidden, fair where something is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios import waits
from scenarios.results import Results

HOUSED, LEFT, WAITS = 1, 2, 0


def curve(*households: tuple[int, int, int], times: int = 1) -> list[float]:
    """Shares by months waited; households: entry, exit, event, each so many times; NaN left out."""
    entry, exit_, event = (pd.Series([one[k] for one in households] * times) for k in range(3))
    return [round(value, 12) for value in waits.incidence(entry, exit_, event).dropna()]


@given(
    st.lists(st.tuples(st.integers(0, 8), st.sampled_from([HOUSED, LEFT])), min_size=1, max_size=12),
    st.integers(0, 8),
)
def test_without_anything_hidden_it_is_the_plain_share(found: list[tuple[int, int]], month: int) -> None:
    """Everybody seen from the application to the end: the share housed within a month is counted heads, as far as ten are left."""
    times = 40
    told = waits.incidence(*(pd.Series(column * times) for column in (
        [0] * len(found), [exit_ for exit_, _ in found], [event for _, event in found])))  # fmt: skip
    at_risk = sum(exit_ >= month for exit_, _ in found) * times
    heads = sum(exit_ <= month and event == HOUSED for exit_, event in found)
    if at_risk >= 10:
        assert told[month] == pytest.approx(heads / len(found))
    else:
        assert np.isnan(told[month])


def test_who_still_waits_is_unknown_from_then_on() -> None:
    """Of 20 ten are housed in month 1, five are seen until month 1 only, five are housed in month 2 of those left."""
    # Month 1: 20 at risk, 10 housed: 1/2. Month 2: 5 at risk (under ten, twice as many are taken), all housed: 1.
    found = [(0, 1, HOUSED)] * 10 + [(0, 1, WAITS)] * 5 + [(0, 2, HOUSED)] * 5
    assert curve(*found, times=2) == [0.0, 0.5, 1.0]


def test_who_waited_before_the_count_began_counts_from_then_on() -> None:
    """Ten who come at 0 and ten seen from month 3 on: the hazard of month 3 is over both, that of month 0 over the first."""
    # Month 0: 2 of 20 housed: 1/10. Months 1, 2: nobody. Month 3: 18 + 20 at risk, 19 housed: 9/10 x 1/2 more.
    early = [(0, 0, HOUSED)] * 2 + [(0, 3, HOUSED)] * 9 + [(0, 9, HOUSED)] * 9
    late = [(3, 3, HOUSED)] * 10 + [(3, 9, HOUSED)] * 10
    assert curve(*early, *late)[:4] == [0.1, 0.1, 0.1, 0.55]


def _results(**changes: Any) -> Results:
    rows = pd.DataFrame({"replication": 1, "branch": ["local"] * 30 + ["migrant"] * 30, "arrived": 2, "housed_month": -1,
                         "waited_months": 4, "outcome": "waiting"})  # fmt: skip
    document = {"scenario": "s", "warm_up_months": 2, "replications": 1}
    return Results(document, pd.DataFrame(), rows.assign(**changes))


def test_curves_are_told_by_branch() -> None:
    """Locals housed after three months, migrants never: 1 and 0 for them, one half for all; the interval of one replication is unknown."""
    housed = np.repeat([5, -1], 30)
    told = waits.housed_within([_results(housed_month=housed, waited_months=np.repeat([3, 4], 30))])
    by_group = told[told["month"] == 3].set_index("group")["value"]
    assert by_group.to_dict() == {"all": 0.5, "local": 1.0, "migrant": 0.0}
    assert told["low"].isna().all()


def test_tenants_of_the_start_and_who_was_never_listed_do_not_count() -> None:
    """Who held a home before, was housed in the warm-up or was turned away on applying is not among those who waited."""
    held = np.r_[[-2] * 10, [1] * 10, [-1] * 40]
    outcome = np.r_[["tenant"] * 20, ["turned_away"] * 10, ["waiting"] * 30]
    waited = np.r_[[0] * 30, [4] * 30]
    told = waits._waits(
        _results(housed_month=held, outcome=outcome, waited_months=waited, arrived=np.r_[[0] * 20, [2] * 40])
    )
    assert len(told) == 30
    assert set(told["event"]) == {0}


def test_a_city_of_its_own_tells_no_curves() -> None:
    """Where nobody's wait stands in the results, no curve can be told; else it can."""
    known = _results()
    bare = Results(known.document, known.monthly, known.households[["replication"]])
    assert (waits.can_be_told([known]), waits.can_be_told([known, bare])) == (True, False)
