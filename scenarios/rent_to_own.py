"""Rent-to-own (先租后售): at which price the option to buy is worth nothing to the landlord on average.

Constant hazard, rate and growth per month; T months, rent R, premium a*R on top, refund share rho, value V.
With q = 1 - hazard and v = 1/(1 + rate), all flows at month ends:

- those there at the start of month t (q**(t-1)) pay rent and premium at its end;
- then, the last month included, a hazard's share of them leaves and gets rho of the t premiums it paid;
- the q**T left after month T may buy.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from allocator.errors import FaultsFound
from scenarios.documents import Reading, decimal_of

GREATEST_MONTHS: Final = 1200
_GREATEST_FIGURE: Final = Fraction(10**300)  # beyond it other readers of JSON see an infinity
KEYS: Final = (
    "months",
    "monthly_rate",
    "monthly_exit_hazard",
    "monthly_appreciation",
    "rent_fen",
    "value_fen",
    "premium_share",
    "refund_share",
)


@dataclass(frozen=True)
class Terms:
    """The terms of one contract. Money in fen, rates per month, shares of one."""

    months: int
    monthly_rate: Fraction
    monthly_exit_hazard: Fraction
    monthly_appreciation: Fraction
    rent_fen: int
    value_fen: int
    premium_share: Fraction
    refund_share: Fraction


@dataclass(frozen=True)
class Worth:
    """Present values at the start, in fen, per household that starts; ``neutral_price_fen`` at month T."""

    pv_rent_fen: Fraction
    pv_premium_fen: Fraction
    pv_refund_fen: Fraction
    survival: Fraction
    value_at_exercise_fen: Fraction
    neutral_price_fen: Fraction | None


def read(document: object, reading: Reading) -> Terms | None:
    """The terms of a document (contract, section 7), or ``None`` and all its faults in ``reading``."""
    found = reading.record(document, "", KEYS)
    if found is None:
        return None
    values: dict[str, Any] = {}
    for key in KEYS:
        if key not in found:
            continue
        if key == "months":
            values[key] = reading.whole(found[key], key, greatest=GREATEST_MONTHS)
        elif key.endswith("_fen"):
            values[key] = reading.whole(found[key], key)
        elif key in {"monthly_rate", "monthly_appreciation"}:
            values[key] = reading.rate(found[key], key)
        else:
            values[key] = reading.fraction(found[key], key)
    return None if reading.problems else Terms(**values)


def worth(terms: Terms) -> Worth:
    """Present values and the neutral price in closed form, exact (mechanisms of the house, 3.3)."""
    stay, discount = 1 - terms.monthly_exit_hazard, 1 / (1 + terms.monthly_rate)
    both = stay * discount
    survival, value = stay**terms.months, terms.value_fen * (1 + terms.monthly_appreciation) ** terms.months
    pv_rent = terms.rent_fen * discount * _geometric(both, terms.months)
    pv_premium = terms.premium_share * pv_rent
    exits = terms.monthly_exit_hazard * discount * _rising(both, terms.months)
    pv_refund = terms.refund_share * terms.premium_share * terms.rent_fen * exits
    at_exercise = survival * discount**terms.months
    price = value - (pv_premium - pv_refund) / at_exercise if survival else None
    return Worth(pv_rent, pv_premium, pv_refund, survival, value, price)


def _geometric(ratio: Fraction, terms: int) -> Fraction:
    """1 + x + … + x**(n-1)."""
    return Fraction(terms) if ratio == 1 else (1 - ratio**terms) / (1 - ratio)


def _rising(ratio: Fraction, terms: int) -> Fraction:
    """1 + 2x + … + n x**(n-1)."""
    if ratio == 1:
        return Fraction(terms * (terms + 1), 2)
    power = ratio**terms
    return (1 - power - terms * power * (1 - ratio)) / (1 - ratio) ** 2


def solve(terms: Terms) -> dict[str, Any]:
    """The output document. Raises ``FaultsFound`` where a figure is beyond what JSON numbers carry."""
    figures: dict[str, Fraction | None] = vars(worth(terms))
    for key, figure in figures.items():
        if figure is not None and abs(figure) >= _GREATEST_FIGURE:
            raise FaultsFound("calc_figure_beyond", key=key)
    return {key: None if figure is None else decimal_of(figure) for key, figure in figures.items()}
