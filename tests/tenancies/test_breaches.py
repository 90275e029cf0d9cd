"""Leases ended for what was reported: months on end or in all, on both sides of each number."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator import policy
from allocator.policy.model import VacateRule
from allocator.tenancies.breaches import must_vacate

NATION = {"reference": "Art 27", "tag": "S", "bars": True}


def rule(
    kind: str = "idle", counting: str = "consecutive", *, inclusive: bool = True, months: int = 6
) -> VacateRule:
    return VacateRule.model_validate_strings(
        {
            **NATION,
            "kind": kind,
            "counting": counting,
            "months": str(months),
            "inclusive": str(inclusive),
            "bars": "true",
        }
    )


def reported(*spans: tuple[str, str | None], kind: str = "idle", receipt_no: str = "R1") -> pd.DataFrame:
    rows = [(receipt_no, kind, pd.Timestamp(first), pd.Timestamp(last)) for first, last in spans]
    return pd.DataFrame(rows, columns=["receipt_no", "kind", "begins_on", "ends_on"])


def ends(reports: pd.DataFrame, *rules: VacateRule, on: date) -> list[tuple[str, str, int, int]]:
    found = must_vacate(reports, rules, on)
    return list(found[["receipt_no", "kind", "months", "days"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("on", "inclusive", "over"),
    [
        # From 1 January: on 30 June six months are full with the end of the day.
        (date(2026, 6, 29), True, False),
        (date(2026, 6, 30), True, True),
        (date(2026, 6, 30), False, False),
        (date(2026, 7, 1), False, True),
    ],
)
def test_a_lease_ends_with_the_last_day_of_the_month_the_law_names(
    on: date, inclusive: bool, over: bool
) -> None:
    """Six months from 1 January are full on 30 June; where six themselves are not enough, a day later."""
    found = ends(reported(("2026-01-01", None)), rule(inclusive=inclusive), on=on)
    assert bool(found) is over


@pytest.mark.parametrize(
    ("counting", "over"),
    [("consecutive", False), ("accumulated", True)],
)
def test_months_on_end_are_not_months_in_all(counting: str, over: bool) -> None:
    """Four months and two with a month between are six in all and four on end."""
    reports = reported(("2026-01-01", "2026-04-30"), ("2026-06-01", "2026-07-31"))
    assert bool(ends(reports, rule(counting=counting), on=date(2026, 12, 31))) is over


def test_odd_days_make_a_month_only_when_they_fill_the_longest() -> None:
    """Thirty odd days beside two months are two months, thirty-one are three."""
    three = rule(counting="accumulated", months=3)
    whole = ("2026-01-01", "2026-02-28")
    thirty, more = ("2026-04-01", "2026-04-15"), ("2026-06-01", "2026-06-15")
    assert ends(reported(whole, thirty, more), three, on=date(2026, 12, 31)) == []
    longer = ("2026-06-01", "2026-06-16")
    assert ends(reported(whole, thirty, longer), three, on=date(2026, 12, 31)) == [("R1", "idle", 3, 0)]


def test_a_span_told_twice_counts_once() -> None:
    """Reports that overlap or touch are one span; what is told twice is not twice as long."""
    reports = reported(
        ("2026-01-01", "2026-03-31"), ("2026-02-01", "2026-03-31"), ("2026-04-01", "2026-06-30")
    )
    assert ends(reports, rule(counting="accumulated"), on=date(2026, 12, 31)) == [("R1", "idle", 6, 0)]
    assert ends(reports, rule(), on=date(2026, 12, 31)) == [("R1", "idle", 6, 0)]


def test_what_begins_later_does_not_count_yet() -> None:
    """On a day only what lies up to that day is looked at."""
    assert ends(reported(("2026-02-01", None)), rule(months=1), on=date(2026, 1, 31)) == []


def test_the_31st_is_full_on_the_last_of_a_shorter_month() -> None:
    """A month from 31 January is full with 27 February: the 28th stands for the 31st."""
    one = rule(months=1)
    assert ends(reported(("2026-01-31", None)), one, on=date(2026, 2, 26)) == []
    assert ends(reported(("2026-01-31", None)), one, on=date(2026, 2, 27)) == [("R1", "idle", 1, 0)]


def test_what_ends_a_lease_at_once_needs_no_month() -> None:
    """Subletting ends the lease on its first day, for the article of its own."""
    rules = policy.load("xuzhou").in_force(date(2019, 3, 1)).tenancy.vacate
    found = must_vacate(reported(("2019-03-01", "2019-03-01"), kind="sublet"), rules, date(2019, 3, 1))
    assert found[["kind", "reference", "bars"]].to_numpy().tolist() == [
        ["sublet", "《公共租赁住房管理办法》第二十七条（一）", True]
    ]


@pytest.mark.parametrize(
    ("authority", "kind", "last", "over"),
    [
        # Three months from 1 January 2019 are full on 31 March where the city says three ...
        ("xuzhou", "idle", "2019-03-30", False),
        ("xuzhou", "idle", "2019-03-31", True),
        ("xuzhou", "arrears", "2019-03-30", False),
        ("xuzhou", "arrears", "2019-03-31", True),
        # ... and six on 30 June where the nation's six hold.
        ("beijing", "idle", "2019-06-29", False),
        ("beijing", "idle", "2019-07-01", True),
        ("beijing", "arrears", "2019-06-29", False),
        ("beijing", "arrears", "2019-07-01", True),
    ],
)
def test_three_months_end_a_lease_where_the_city_says_three(
    authority: str, kind: str, last: str, over: bool
) -> None:
    """The city's own three months count, not the national six."""
    rules = policy.load(authority).in_force(date(2019, 1, 1)).tenancy.vacate
    reports = reported(("2019-01-01", last), kind=kind)
    assert bool(len(must_vacate(reports, rules, date(2019, 12, 31)))) is over


def test_a_law_that_names_no_months_ends_no_lease() -> None:
    """Before the national rule a law without a number of its own puts nobody out."""
    rules = policy.load("chongqing").in_force(date(2011, 3, 1)).tenancy.vacate
    assert must_vacate(reported(("2001-01-01", None)), rules, date(2011, 3, 1)).empty


DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.sampled_from(["R1", "R2"]), DAYS, st.one_of(st.none(), DAYS)), max_size=6),
    DAYS,
)
def test_months_in_all_are_never_fewer_than_months_on_end(
    spans: list[tuple[str, date, date | None]], on: date
) -> None:
    """Whoever has a day reported up to the day ends at once; accumulated never ends later than on end; order is nothing."""
    rows = pd.DataFrame(
        [
            (name, "idle", pd.Timestamp(first), pd.Timestamp(last) if last else pd.NaT)
            for name, first, last in spans
        ],
        columns=["receipt_no", "kind", "begins_on", "ends_on"],
    ).astype({"begins_on": "datetime64[s]", "ends_on": "datetime64[s]"})
    at_once = VacateRule.model_validate_strings({**NATION, "kind": "idle", "bars": "true"})
    told = {name for name, first, last in spans if first <= on and (last is None or first <= last)}
    assert {row[0] for row in ends(rows, at_once, on=on)} == told
    in_all = {row[0] for row in ends(rows, rule(counting="accumulated", months=2), on=on)}
    on_end = {row[0] for row in ends(rows, rule(months=2), on=on)}
    assert on_end <= in_all
    shuffled = rows.sample(frac=1, random_state=1) if len(rows) else rows
    assert ends(shuffled, rule(), on=on) == ends(rows, rule(), on=on)
