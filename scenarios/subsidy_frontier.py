"""The frontier of budget against households at or below the threshold: the least budget of every number, exactly.

A dynamic program over whole counts of households, dense: for every number that can be lifted the least cost, chain by
chain. It shares no step with the search along undominated pairs, so the two check one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Final

import numpy as np

from scenarios.subsidy_chains import Bools, Chain, Ints, Rules

GREATEST_WORK: Final = 6 * 10**9  # cells x tiers x numbers of households
_NEVER: Final = 2**61


@dataclass(frozen=True, eq=False)
class Frontier:
    """``num`` rising, ``cost_fen`` (m,) strictly rising: the least cost of at least so many at or below the threshold."""

    num: Ints
    cost_fen: Ints
    total: int

    def at(self, budget: int) -> int:
        """Place of the best point within the budget; -1: none."""
        return int(np.searchsorted(self.cost_fen, budget, side="right")) - 1

    def hull(self) -> list[int]:
        """Places of the points on the upper concave hull, by rising cost."""
        corners: list[int] = []
        for place in range(len(self.num)):
            while len(corners) > 1 and not self._is_corner(corners[-2], corners[-1], place):
                corners.pop()
            corners.append(place)
        return corners

    def _is_corner(self, first: int, middle: int, last: int) -> bool:
        costs = [int(self.cost_fen[at]) for at in (first, middle, last)]
        nums = [int(self.num[at]) for at in (first, middle, last)]
        return (nums[1] - nums[0]) * (costs[2] - costs[1]) > (nums[2] - nums[1]) * (costs[1] - costs[0])

    def slope_at(self, budget: int) -> tuple[Fraction, Fraction]:
        """(households a fen lifts, households of the relaxation) at a budget: the concave hull's slope and height.

        The relaxation lets chains mix plans, so its height is the hull's; beyond the last point the slope is 0.
        """
        corners = self.hull()
        costs = self.cost_fen[corners].tolist()
        after = int(np.searchsorted(costs, budget, side="right"))
        if after == len(corners):
            return Fraction(0), Fraction(int(self.num[corners[-1]]))
        first, last = corners[after - 1], corners[after]
        slope = Fraction(
            int(self.num[last] - self.num[first]), int(self.cost_fen[last] - self.cost_fen[first])
        )
        return slope, int(self.num[first]) + slope * (budget - int(self.cost_fen[first]))


def work_of(chains: Sequence[Chain]) -> int:
    """Steps of the dynamic program: cells x tiers x numbers of households."""
    cells = sum(len(chain.num) for chain in chains)
    width = max(len(chain.paid_fen) for chain in chains)
    return cells * width * (_households(chains) // _unit(chains))


def _households(chains: Sequence[Chain]) -> int:
    return sum(int(chain.num.sum()) for chain in chains)


def _unit(chains: Sequence[Chain]) -> int:
    return gcd(*(int(num) for chain in chains for num in chain.num)) or 1


def frontier(chains: Sequence[Chain], rules: Rules) -> Frontier:
    """Every point of it; the rules of equity hold, the aims and the budget are left out."""
    unit = _unit(chains)
    least = np.zeros(1, np.int64)
    for chain in chains:
        least = _with_chain(chain, least, rules, unit)
    # At least so many: the cheapest of all that lift no fewer.
    least = np.minimum.accumulate(least[::-1])[::-1]
    is_point = np.r_[least[1:] > least[:-1], True] & (least < _NEVER)
    num = np.flatnonzero(is_point)
    return Frontier(num * unit, least[num], _households(chains))


def _with_chain(chain: Chain, before: Ints, rules: Rules, unit: int) -> Ints:
    """(m,) the least cost of every number, with this chain added."""
    is_below = _is_below(chain, rules.threshold)
    states = [before] * len(chain.paid_fen)
    for place in range(len(chain.num)):
        num = int(chain.num[place])
        reached = []
        for option, paid in enumerate(chain.paid_fen.tolist()):
            base = states[0] if place == 0 else _from(states, chain, place, option, rules)
            grown = np.full(len(base) + num // unit, _NEVER, np.int64)
            start = num // unit if is_below[place, option] else 0
            grown[start : start + len(base)] = base + num * paid
            reached.append(np.minimum(grown, _NEVER))
        states = reached
    return np.minimum.reduce(states)


def _from(states: list[Ints], chain: Chain, place: int, option: int, rules: Rules) -> Ints:
    """The least over the amounts the next poorer cell may have."""
    gained = int(chain.income_fen[place] - chain.income_fen[place - 1])
    richer = int(chain.paid_fen[option])
    may = [
        state
        for state, poorer in zip(states, chain.paid_fen.tolist(), strict=True)
        if (poorer >= richer or not rules.poorer_never_less)
        and (rules.slope is None or poorer - richer <= rules.slope * gained)
    ]
    return np.minimum.reduce(may)


def _is_below(chain: Chain, threshold: Fraction) -> Bools:
    incomes, left = chain.income_fen.tolist(), chain.left_fen.tolist()
    return np.array([[rent <= threshold * income for rent in left] for income in incomes], np.bool_)
