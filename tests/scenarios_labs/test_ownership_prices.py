"""Rent-to-own without chance: prices, credit, loan, clawback and break-even, by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios import ownership_prices as prices
from scenarios import rent_to_own
from tests.scenarios_labs.contracts import contract

COST = {
    "rule": "cost",
    "cost_per_m2_fen": 100_000,
    "monthly_interest": "1/100",
    "monthly_depreciation": "1/10",
}


def test_the_cost_price_is_cost_with_interest_less_depreciation() -> None:
    """C A (1 + i)^t (1 - d t), and nothing once it is worn out."""
    asked = contract(price=COST, dwelling__building_area_cm2=500_000)
    assert prices.price_fen(asked, 0) == 5_000_000
    assert prices.price_fen(asked, 2) == 4_080_400  # 5,000,000 x 1.0201 x 0.8
    assert prices.price_fen(asked, 11) == 0


def test_the_market_price_is_a_share_of_the_value_of_the_day() -> None:
    """m V (1 + g)^t, rounded half up."""
    asked = contract(
        price={"rule": "market", "market_share": "1/3"},
        dwelling__value_fen=1_000,
        dwelling__monthly_appreciation="0.1",
    )
    assert [prices.price_fen(asked, month) for month in (0, 1)] == [333, 367]


def test_the_credit_grows_with_each_payment_up_to_its_cap() -> None:
    """Premium and a share of the rent are credited; the cap is a share of the price."""
    asked = contract(contract__rent_fen=1_000, contract__premium_share="0.5", contract__credit_share="0.1")
    assert prices.credit_fen(asked, 3, 100_000) == 1_800
    assert prices.credit_fen(asked, 60, 100_000) == 20_000


def test_cash_due_is_never_below_nothing() -> None:
    """max(0, P x share - credit - deposit - savings)."""
    assert prices.cash_due_fen(1_000, Fraction(1, 2), 100, 50, 30) == 320
    assert prices.cash_due_fen(1_000, Fraction(1, 2), 400, 50, 60) == 0


def test_the_rent_falls_with_each_step() -> None:
    """R (1 - share) by the stairs of the file."""
    asked = contract(contract__rent_fen=1_001)
    shares = [prices.share_at(asked, month) for month in (59, 60, 120)]
    assert shares == [0, Fraction(1, 2), 1]
    assert [prices.rent_fen(asked, share) for share in shares] == [1_001, 501, 0]


def test_savings_grow_by_their_rate_and_by_what_is_added() -> None:
    """One month: grown, rounded half up, then added to."""
    assert prices.saved_fen(1_005, Fraction(1, 10), 7) == 1_113


@pytest.mark.parametrize(
    ("month", "due"), [(0, 240), (11, 240), (12, 192), (24, 144), (36, 96), (48, 48), (60, 0)]
)
def test_an_early_resale_repays_the_discount_as_a_share_of_the_resale(month: int, due: int) -> None:
    """20 % of discount: 1, .8, .6, .4, .2 of 20 % of what it is sold for, by the year since the purchase."""
    assert prices.clawback_fen(contract(), 800, 1_000, 1_200, month) == due


def test_without_a_discount_nothing_is_clawed_back() -> None:
    """A price at or above the value had no discount."""
    assert prices.clawback_fen(contract(), 1_000, 1_000, 1_200, 0) == 0


@given(
    loan=st.integers(1, 10**9),
    rate=st.fractions(0, Fraction(1, 50), max_denominator=1000),
    months=st.integers(1, 120),
)
def test_the_instalment_is_the_smallest_that_repays_the_loan(loan: int, rate: Fraction, months: int) -> None:
    """With it nothing is owed after the term; with one fen less something is."""
    instalment = prices.instalment_fen(loan, rate, months)

    def left(paid: int) -> Fraction:
        owed = Fraction(loan)
        for _ in range(months):
            owed = owed * (1 + rate) - paid
        return owed

    assert left(instalment) <= 0 < left(instalment - 1)


def test_the_neutral_price_is_that_of_the_closed_form_at_the_first_step() -> None:
    """At the neutral price the landlord's gain from the option, premiums kept and price less value, is nothing."""
    asked = contract(tenant__exit_hazard="1/100")
    worth = rent_to_own.worth(prices.terms(asked))
    price = prices.neutral_price_fen(asked)
    assert price is not None
    at_exercise = worth.survival / (1 + asked.run.monthly_rate) ** 60
    gain = worth.pv_premium_fen - worth.pv_refund_fen + at_exercise * (price - prices.value(asked, 60))
    assert abs(gain) <= at_exercise / 2  # the price is rounded to a fen


def test_a_step_is_neutral_at_the_rent_given_up_and_the_value_gained() -> None:
    """Without a rate: the share of all rents left and of the value at the end."""
    asked = contract(run__monthly_rate=0, run__months=120, dwelling__monthly_appreciation=0)
    assert prices.neutral_steps_fen(asked) == [(60 * 90_000 + 48_000_000) // 2, 24_000_000]


def test_who_pays_no_more_than_the_subsidised_rent_is_ahead_from_the_first_month() -> None:
    """The same payments and more to take away: break-even in month 1; dearer for ever: never."""
    calm = {"contract__deposit_fen": 0, "contract__premium_share": 0, "tenant__subsidised_rent_fen": 90_000}
    even = contract(**calm)
    assert prices.break_even_month(even, prices.tenant_flows(even)) == 1
    dear = contract(dwelling__value_fen=0, tenant__subsidised_rent_fen=0)
    assert prices.break_even_month(dear, prices.tenant_flows(dear)) is None


def test_break_even_by_hand() -> None:
    """Bought whole for cash in month 2: ahead as soon as what is owned outweighs the extra paid."""
    asked = contract(
        run__months=4,
        run__monthly_rate=0,
        dwelling__value_fen=1_000,
        dwelling__monthly_appreciation=0,
        price={"rule": "market", "market_share": 1},
        contract__rent_fen=100,
        contract__premium_share=0,
        contract__credit_share=0,
        contract__deposit_fen=0,
        contract__steps=[{"month": 2, "share": 1}],
        tenant__savings_fen=1_000,
        tenant__savings_monthly_rate=0,
        tenant__subsidised_rent_fen=60,
    )
    flows = prices.tenant_flows(asked)
    assert flows == [(100, 60, 0), (1_100, 60, 1_000), (0, 60, 1_000), (0, 60, 1_000)]
    # Behind by 40 and 80; then rents saved: -20, +40.
    assert prices.break_even_month(asked, flows) == 4
