"""Rent-to-own: the closed form against month by month and against a Monte Carlo run."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.errors import FaultsFound
from scenarios.documents import decimal_of
from scenarios.rent_to_own import Terms, Worth, solve, worth

FIVE_YEARS = Terms(
    months=60,
    monthly_rate=Fraction(3, 1000),
    monthly_exit_hazard=Fraction(1, 100),
    monthly_appreciation=Fraction(1, 500),
    rent_fen=300_000,
    value_fen=150_000_000,
    premium_share=Fraction(1, 5),
    refund_share=Fraction(1, 2),
)


def month_by_month(terms: Terms) -> Worth:
    """The contract's sentence, one month after the other."""
    there, discount, paid = Fraction(1), Fraction(1), Fraction(0)
    rent = premium = refund = Fraction(0)
    value = Fraction(terms.value_fen)
    for _ in range(terms.months):
        discount /= 1 + terms.monthly_rate
        value *= 1 + terms.monthly_appreciation
        rent += there * terms.rent_fen * discount
        premium += there * terms.premium_share * terms.rent_fen * discount
        paid += terms.premium_share * terms.rent_fen
        leaving = there * terms.monthly_exit_hazard
        refund += leaving * terms.refund_share * paid * discount
        there -= leaving
    price = value - (premium - refund) / (there * discount) if there else None
    return Worth(rent, premium, refund, there, value, price)


shares = st.fractions(0, 1, max_denominator=50)
rates = st.fractions(Fraction(-1, 2), 1, max_denominator=50)
contracts = st.builds(
    Terms,
    months=st.integers(0, 15),
    monthly_rate=rates,
    monthly_exit_hazard=shares,
    monthly_appreciation=rates,
    rent_fen=st.integers(0, 10**6),
    value_fen=st.integers(0, 10**9),
    premium_share=shares,
    refund_share=shares,
)


@settings(deadline=None)
@given(contracts)
def test_the_closed_form_is_the_sum_of_the_months(terms: Terms) -> None:
    """Every figure of the closed form equals the month-by-month sum exactly, as fractions."""
    assert worth(terms) == month_by_month(terms)


@settings(deadline=None)
@given(contracts)
def test_at_the_neutral_price_the_landlord_gains_nothing(terms: Terms) -> None:
    """Premiums kept plus what survivors pay less than the value come to zero at the neutral price."""
    found = worth(terms)
    if found.neutral_price_fen is None:
        assert found.survival == 0
        return
    due = found.survival / (1 + terms.monthly_rate) ** terms.months
    gain = found.pv_premium_fen - found.pv_refund_fen
    gain += due * (found.neutral_price_fen - found.value_at_exercise_fen)
    assert gain == 0


def test_two_months_by_hand() -> None:
    """Rate 0, hazard 1/2, growth 0, rent 100, value 1000, premium 10, all refunded.

    Month 1: 1 pays 10, 1/2 leaves with 10 → 5. Month 2: 1/2 pays 10 → 5, 1/4 leaves with 20 → 5.
    Premiums 15, refunds 10, 1/4 survives: 1000 − (15 − 10) / (1/4) = 980.
    """
    half = Fraction(1, 2)
    found = worth(Terms(2, Fraction(0), half, Fraction(0), 100, 1000, Fraction(1, 10), Fraction(1)))
    assert found == Worth(
        Fraction(150), Fraction(15), Fraction(10), Fraction(1, 4), Fraction(1000), Fraction(980)
    )


def test_nobody_left_has_no_price() -> None:
    """A hazard of one leaves nobody to buy: no neutral price, and the other figures stand."""
    found = solve(replace(FIVE_YEARS, monthly_exit_hazard=Fraction(1)))
    assert found["neutral_price_fen"] is None
    assert found["survival"] == 0
    # One premium of 60,000 after a month at 3/1000, and half of it back.
    assert found["pv_premium_fen"] == decimal_of(Fraction(60_000_000, 1003))
    assert found["pv_refund_fen"] == decimal_of(Fraction(30_000_000, 1003))


def test_no_months_is_a_sale_today() -> None:
    """With a horizon of zero nothing is paid and the price is today's value."""
    found = solve(replace(FIVE_YEARS, months=0))
    assert (found["pv_rent_fen"], found["survival"]) == (0, 1)
    assert found["neutral_price_fen"] == found["value_at_exercise_fen"] == 150_000_000


def test_the_closed_form_agrees_with_monte_carlo() -> None:
    """400,000 households leave at random: each figure lies within four standard errors of the closed form."""
    random = np.random.default_rng(20260301)
    num, terms = 400_000, FIVE_YEARS
    left_in = random.geometric(float(terms.monthly_exit_hazard), num)  # the month at whose end they leave
    discount = (1 + float(terms.monthly_rate)) ** -np.arange(terms.months + 1)
    to_date = np.concatenate(([0.0], np.cumsum(discount[1:])))
    stayed = np.minimum(left_in, terms.months)
    premium_fen = float(terms.premium_share) * terms.rent_fen
    leaves = left_in <= terms.months
    drawn = {
        "pv_rent_fen": terms.rent_fen * to_date[stayed],
        "pv_premium_fen": premium_fen * to_date[stayed],
        "pv_refund_fen": np.where(
            leaves, float(terms.refund_share) * premium_fen * stayed * discount[stayed], 0
        ),
        "survival": (~leaves).astype(float),
    }
    for name, values in drawn.items():
        error = values.std(ddof=1) / np.sqrt(num)
        expected = float(getattr(worth(terms), name))
        assert abs(values.mean() - expected) <= 4 * error, name
        assert error < 0.004 * expected, name  # the run is sharp enough to see a wrong formula


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Fraction(1, 3), "0.33333333333333333333"),
        (Fraction(2, 3), "0.66666666666666666667"),
        # The 21st digit is exactly a half: 2.5 goes down to 2, 1.5 up to 2.
        (Fraction(100000000000000000025, 10), "10000000000000000002"),
        (Fraction(100000000000000000015, 10), "10000000000000000002"),
        (Fraction(-5, 4), "-1.25"),
    ],
)
def test_twenty_digits_half_to_even(value: Fraction, expected: str) -> None:
    """A decimal that is given out has 20 significant digits, rounded half to even."""
    assert decimal_of(value) == Decimal(expected)


def test_a_figure_beyond_json_is_refused() -> None:
    """Growth of 100 % a month for 1,200 months leaves the range of JSON numbers: refused, never an infinity."""
    with pytest.raises(FaultsFound) as fault:
        solve(replace(FIVE_YEARS, months=1200, monthly_appreciation=Fraction(1)))
    assert (fault.value.code, fault.value.params) == ("calc_figure_beyond", {"key": "value_at_exercise_fen"})


def test_the_longest_contract_with_the_longest_numbers() -> None:
    """1,200 months with 38-digit rates are answered exactly, and survival keeps all its digits."""
    fine = Fraction(int("1" * 17), int("9" * 19))
    found = solve(replace(FIVE_YEARS, months=1200, monthly_rate=fine, monthly_exit_hazard=fine))
    assert found["survival"] == decimal_of((1 - fine) ** 1200)
    assert len(found["survival"].as_tuple().digits) == 20
