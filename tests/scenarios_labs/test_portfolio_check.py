"""The judge of supply plans: by hand, against the arrays the search uses, and as a bound on everything."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.model.enums import SupplyMode
from scenarios import portfolio_check as check
from scenarios.portfolio_check import Prices, Started
from scenarios.portfolio_files import Portfolio
from scenarios.portfolio_plan import plan_of
from tests.scenarios_labs.portfolios import built, financed, leased, portfolio, portfolios, table, worth_of
from tests.scenarios_labs.test_portfolio_search import best_of_all

BUILT, LEASED = SupplyMode.GOVERNMENT_INVESTED, SupplyMode.LEASED
LOAN = {
    "partner_share": "1/10",
    "grant_share": "1/5",
    "loan_share": "1/2",
    "loan_rate": "1/10",
    "loan_periods": 2,
}


def test_a_loan_is_served_by_level_instalments_after_the_start() -> None:
    """500 fen at 10 % over two periods: 289 (the annuity is 288.1), then what is left; the treasury gets half the interest back."""
    asked = portfolio(modes=[built(**LOAN, interest_subsidy_share="1/2", rent_fen=3, running_fen=1)])
    flows = check.ledger(asked, [Started(BUILT, False, "a", 0, 1)]).flows
    assert flows["partner_fen"] == [100, 0, 0]
    assert flows["grant_fen"] == [200, 0, 0]
    assert flows["borrowed_fen"] == [500, 0, 0]
    assert flows["service_fen"] == [0, 289, 287]  # 500 + 50 - 289 = 261; 261 + 26 = 287
    assert flows["interest_subsidy_fen"] == [0, 25, 13]
    assert flows["debt_fen"] == [500, 261, 0]
    assert flows["treasury_fen"] == [200, 289 - 25 - 20, 287 - 13 - 20]


def test_a_lease_ends_and_may_be_gone_on_with() -> None:
    """Four homes for one period; the renewal keeps them another one for its own price."""
    asked = portfolio()
    started = [Started(LEASED, False, "a", 0, 1), Started(LEASED, True, "a", 1, 1)]
    told = check.ledger(asked, started)
    assert told.standing == {"a": [4, 4, 0], "b": [0, 0, 0]}
    assert told.flows["treasury_fen"] == [100 + 20, 20 + 20, 0]
    assert check.breaches(asked, started, told) == []


def test_the_tail_is_the_mean_of_the_worst_part_of_the_weight() -> None:
    """Weights 1 and 3: the worst half is all of `high` and a third of `low`."""
    figures = {"high": 90, "low": 30}
    assert check.mean(portfolio(), figures) == 45
    assert check.tail(portfolio(risk={"tail": "1/2"}), figures) == 60
    assert check.tail(portfolio(risk={"tail": "1/4"}), figures) == 90
    assert check.tail(portfolio(risk={"tail": "1"}), figures) == 45
    assert check.aim(portfolio(risk={"tail": "1/2", "weight": "1/3"}), figures) == Fraction(50)


BROKEN: dict[str, tuple[dict[str, Any], list[Started]]] = {
    "budget_fen": ({"limits": {"budget_fen": [999, 0, 0]}}, [Started(BUILT, False, "a", 0, 1)]),
    "service_fen": (
        {"limits": {"budget_fen": 5000, "service_fen": 288}, "modes": [built(**LOAN)]},
        [Started(BUILT, False, "a", 0, 1)],
    ),
    "grant_fen": (
        {"limits": {"budget_fen": 5000, "grant_fen": 199}, "modes": [built(**LOAN)]},
        [Started(BUILT, False, "a", 0, 1)],
    ),
    "land_m2": ({}, [Started(BUILT, False, "b", 0, 1), Started(BUILT, False, "b", 1, 1)]),
    "dwellings_at_most": (
        {"sites": [{"name": "a", "land_m2": 9, "worth": 1, "dwellings_at_most": 9}, table()["sites"][1]]},
        [Started(BUILT, False, "a", 0, 1)],
    ),
    "starts_at_most": (
        {"limits": {"budget_fen": 5000}},
        [Started(BUILT, False, "a", 0, 1), Started(BUILT, False, "b", 0, 1)],
    ),
    "modes": ({}, [Started(LEASED, False, "b", 0, 1)]),
    "renewal_fen": ({}, [Started(LEASED, False, "a", 0, 1), Started(LEASED, True, "a", 2, 1)]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_every_limit_that_does_not_hold_is_named(name: str) -> None:
    """One limit broken, and no other is named."""
    changes, started = BROKEN[name]
    asked = portfolio(**changes)
    found = check.breaches(asked, started, check.ledger(asked, started))
    assert {limit for limit, _, _ in found} == {name}


def test_a_budget_that_carries_may_be_spent_later_and_not_earlier() -> None:
    """500 left of each of two periods pay 1,000 in the second, not in the first."""
    asked = portfolio(limits={"budget_fen": [500, 500, 0], "budget_carries": True})
    later, now = ([Started(BUILT, False, "a", period, 1)] for period in (1, 0))
    assert check.breaches(asked, later, check.ledger(asked, later)) == []
    assert check.breaches(asked, now, check.ledger(asked, now)) == [("budget_fen", "", 0)]


@given(mode=financed(), periods=st.integers(1, 8), start=st.integers(0, 7))
def test_what_is_paid_is_paid_by_somebody(mode: dict[str, Any], periods: int, start: int) -> None:
    """Capital, debt service and running cost are treasury, grant, partner, subsidy, rent and loans, in every period."""
    asked = portfolio(run={"periods": periods}, modes=[mode])
    flows = check.ledger(asked, [Started(BUILT, False, "a", start % periods, 3)]).flows
    for period in range(periods):
        paid = sum(flows[name][period] for name in ("capital_fen", "service_fen", "running_fen"))
        names = (
            "treasury_fen",
            "grant_fen",
            "partner_fen",
            "interest_subsidy_fen",
            "rent_fen",
            "borrowed_fen",
        )
        assert paid == sum(flows[name][period] for name in names)
    assert min(flows["debt_fen"]) >= 0


@given(mode=financed(), periods=st.integers(1, 8), lease=st.integers(1, 3))
def test_search_and_judge_count_the_same_money(mode: dict[str, Any], periods: int, lease: int) -> None:
    """The arrays of the search, start by start, are the judge's flows."""
    asked = portfolio(run={"periods": periods}, modes=[mode, leased(lease=lease)])
    plan = plan_of(asked, worth_of(asked))
    for kind in plan.kinds:
        for start in range(periods):
            flows = check.ledger(asked, [Started(kind.mode, kind.is_renewal, "a", start, 1)]).flows
            assert kind.net_fen[start].tolist() == flows["treasury_fen"]
            assert kind.service_fen[start].tolist() == flows["service_fen"]
            assert kind.grant_fen[start] == sum(flows["grant_fen"])
            told = check.ledger(asked, [Started(kind.mode, kind.is_renewal, "a", start, 1)])
            assert kind.cost_fen[start] == check.public_cost(told)


_PRICE = st.integers(-check.SCALE, 4 * check.SCALE)
_BY_PERIOD = st.dictionaries(st.integers(0, 2), _PRICE)
_PLACES = st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 2))


@st.composite
def _prices(draw: st.DrawFn) -> Prices:
    money = st.dictionaries(st.integers(0, 2), st.integers(-(2**40), 2**44))
    return Prices(
        budget=draw(money),
        service=draw(money),
        grant=draw(money),
        land=draw(st.dictionaries(st.sampled_from(["a", "b"]), _PRICE)),
        site=draw(st.dictionaries(_PLACES, _PRICE)),
        renewals=draw(st.dictionaries(st.tuples(st.just(LEASED), st.just("a"), st.integers(1, 2)), _PRICE)),
        met=draw(
            st.dictionaries(
                st.tuples(
                    st.sampled_from(["high", "low"]), *(st.sampled_from(["a", "b"]), st.integers(0, 2))
                ),
                _PRICE,
            )
        ),
        tail=draw(st.dictionaries(st.sampled_from(["high", "low"]), _PRICE)),
    )


@settings(max_examples=15)
@given(asked=portfolios(), prices=_prices())
def test_no_prices_prove_more_than_is_true(asked: Portfolio, prices: Prices) -> None:
    """Weak duality: whatever the prices, the bound is at or below the aim of the best plan there is."""
    assert check.proved(asked, worth_of(asked), prices) <= best_of_all(asked)[0]
