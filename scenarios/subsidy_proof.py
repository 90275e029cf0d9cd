"""Proofs of subsidy plans by other code than found them: plain whole numbers and fractions, cell by cell.

Nothing here is shared with the search: rent left, burdens, rules of equity and bounds are worked out again from what the
file says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any


def floor_of(
    chains: Sequence[Any], rules: Any, greatest: Fraction | None, times: Mapping[str, int], price: Fraction
) -> Fraction:
    """No plan within the budget has a lesser sum of aims, each ``times`` its weight (Lagrange at that price of a fen)."""
    total = sum(_least(chain, rules, greatest, times, price) for chain in chains)
    return Fraction(total, price.denominator) - price * rules.budget


def _least(
    chain: Any, rules: Any, greatest: Fraction | None, times: Mapping[str, int], price: Fraction
) -> int:
    """The least of one chain, times the price's denominator."""
    paid, left = chain.paid_fen.tolist(), chain.left_fen.tolist()
    incomes, nums = chain.income_fen.tolist(), chain.num.tolist()
    least: list[int | None] = []
    for place in reversed(range(len(incomes))):
        here: list[int | None] = []
        for option in range(len(paid)):
            own = _weight(incomes[place], nums[place], paid[option], left[option], rules, times, price)
            after: int | None = 0
            if place + 1 < len(incomes):
                gained = incomes[place + 1] - incomes[place]
                after = min(
                    (
                        rest
                        for onward, rest in enumerate(least)
                        if rest is not None and keeps(paid[option], paid[onward], gained, rules)
                    ),
                    default=None,
                )
            is_barred = greatest is not None and left[option] > greatest * incomes[place]
            here.append(None if after is None or is_barred else own + after)
        least = here
    return min(value for value in least if value is not None)


def keeps(poorer_fen: int, richer_fen: int, gained_fen: int, rules: Any) -> bool:
    """Whether two neighbours' subsidies keep the rules of equity."""
    loss, slope = poorer_fen - richer_fen, rules.slope
    if rules.poorer_never_less and loss < 0:
        return False
    return slope is None or loss * slope.denominator <= slope.numerator * gained_fen


def _weight(
    income: int, num: int, paid: int, left: int, rules: Any, times: Mapping[str, int], price: Fraction
) -> int:
    over = left * rules.threshold.denominator - income * rules.threshold.numerator
    worth = {"count": num * (over > 0), "excess": num * max(0, over)}
    value = sum(factor * worth[aim] for aim, factor in times.items())
    return price.denominator * value + price.numerator * num * paid
