"""Subsidy tiers under a budget with equity between neighbours: chains of cells, each solved by its layers.

Households of one size and one rent form a chain, the poorest first. They are offered the same amounts, and what a
poorer one gets binds only its next richer neighbour: "never less" and "no cliff above a slope" hold for all pairs of a
chain where they hold for neighbours. So all that ties chains together is the budget.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from scenarios.chance import Floats

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
COUNT: Final = "count"
EXCESS: Final = "excess"
GREATEST: Final = "greatest"
AIMS: Final = (GREATEST, COUNT, EXCESS)
GREATEST_VALUE: Final = 2**62  # of all aims told as one number


@dataclass(frozen=True, eq=False)
class Chain:
    """``income_fen`` (k,) rising, ``num`` (k,) households; ``paid_fen``, ``left_fen``, ``tier`` (t,) by rising amount."""

    persons: int
    rent_fen: int
    income_fen: Ints
    num: Ints
    paid_fen: Ints
    left_fen: Ints
    tier: Ints


@dataclass(frozen=True)
class Rules:
    """What a plan must keep and strive for. ``budget``: fen; ``slope``: greatest loss of subsidy for a yuan more of income.

    ``aims``: in their order, the least of each: ``count`` households above the threshold, ``excess`` rent above it,
    ``greatest`` burden (first, or not at all).
    """

    budget: int
    threshold: Fraction
    aims: tuple[str, ...]
    slope: Fraction | None = None
    poorer_never_less: bool = True


def chains_of(
    cells: Sequence[tuple[int, int, int, int]], tiers: Sequence[int], rise: Fraction
) -> list[Chain]:
    """Chains of the cells (persons, rent, income, households), in order of size and rent; equal cells are one.

    ``rise``: the share of a subsidy that ends in a higher rent (rounded half up to the fen).
    """
    nums: dict[tuple[int, int], dict[int, int]] = {}
    for persons, rent, income, num in cells:
        row = nums.setdefault((persons, rent), {})
        row[income] = row.get(income, 0) + num
    made = []
    for (persons, rent), row in sorted(nums.items()):
        incomes = sorted(row)
        paid, left, tier = (
            np.array(column, np.int64) for column in zip(*_offered(rent, tiers, rise), strict=True)
        )
        nums_of = np.array([row[income] for income in incomes], np.int64)
        made.append(Chain(persons, rent, np.array(incomes, np.int64), nums_of, paid, left, tier))
    return made


def _offered(rent: int, tiers: Sequence[int], rise: Fraction) -> list[tuple[int, int, int]]:
    """(paid, left, tier): the cheapest way to each rent left; equal amounts by the smaller tier."""
    first: dict[int, tuple[int, int, int]] = {}
    for place, amount in enumerate(tiers):
        raised = rent + int(rise * amount + Fraction(1, 2))
        paid = min(amount, raised)
        left = raised - paid
        first[left] = min(first.get(left, (paid, left, place)), (paid, left, place))
    return sorted(first.values())


@dataclass(frozen=True, eq=False)
class Layer:
    """Cells at one place of their chains: ``cost``, ``value`` (m, t) int64, ``may`` (m, t); ``onward`` (m', t, t).

    The first ``m'`` chains go on: from an option here (axis 1) to one of the next layer (axis 2).
    """

    cost: Ints
    value: Ints
    may: Bools
    onward: Bools


@dataclass(frozen=True, eq=False)
class Problem:
    """All chains as layers. ``order``: chain of each row, the longest first."""

    chains: Sequence[Chain]
    rules: Rules
    order: tuple[int, ...]
    layers: Sequence[Layer]

    @cached_property
    def rows(self) -> dict[int, int]:
        """Row of each chain."""
        return {chain: row for row, chain in enumerate(self.order)}

    def cost_of(self, plan: Sequence[Ints]) -> int:
        """Fen of a plan: per layer, option of each row."""
        return _sum(self.layers, plan, "cost")

    def value_of(self, plan: Sequence[Ints]) -> int:
        """All aims of a plan as one number."""
        return _sum(self.layers, plan, "value")


def _sum(layers: Sequence[Layer], plan: Sequence[Ints], name: str) -> int:
    return sum(
        int(getattr(layer, name)[np.arange(len(taken)), taken].sum())
        for layer, taken in zip(layers, plan, strict=True)
    )


def laid_out(
    chains: Sequence[Chain],
    rules: Rules,
    greatest: Fraction | None = None,
    times: Mapping[str, int] | None = None,
) -> Problem:
    """The problem as layers; options with a burden above ``greatest`` are left out.

    ``times``: what a unit of each aim weighs; not given, each aim weighs more than all that follow it. Raises ``OverflowError`` where the aims are too large to be told as one number.
    """
    order = tuple(sorted(range(len(chains)), key=lambda at: (-len(chains[at].num), at)))
    width = max(len(chain.paid_fen) for chain in chains)
    values = combined(chains, rules) if times is None else _weighed(chains, rules, times)
    longest = len(chains[order[0]].num)
    lengths = np.array([len(chains[at].num) for at in order])
    layers = []
    for place in range(longest):
        here = [order[row] for row in range(int((lengths > place).sum()))]
        onward = [order[row] for row in range(int((lengths > place + 1).sum()))]
        layers.append(
            Layer(
                _stacked([chains[at].num[place] * chains[at].paid_fen for at in here], width),
                _stacked([values[at][place] for at in here], width),
                np.array([_may(chains[at], place, width, greatest) for at in here]),
                np.array([_onward(chains[at], place, width, rules) for at in onward]).reshape(
                    -1, width, width
                ),
            )
        )
    return Problem(chains, rules, order, layers)


def _stacked(rows: Sequence[Ints], width: int) -> Ints:
    filled = np.zeros((len(rows), width), np.int64)
    for at, row in enumerate(rows):
        filled[at, : len(row)] = row
    return filled


def _may(chain: Chain, place: int, width: int, greatest: Fraction | None) -> Bools:
    may = np.zeros(width, np.bool_)
    may[: len(chain.left_fen)] = True
    if greatest is not None:
        may[: len(chain.left_fen)] = ~_above(chain, greatest)[place]
    return may


def _above(chain: Chain, threshold: Fraction) -> Bools:
    """(k, t) whether the burden is above the threshold."""
    return _over(chain, threshold) > 0


def _over(chain: Chain, threshold: Fraction) -> Ints:
    """(k, t) rent left above the threshold, in fen x its denominator; exact also beyond 64 bits."""
    peak = threshold.denominator * int(chain.left_fen.max()) + threshold.numerator * int(
        chain.income_fen.max()
    )
    # What a cell weighs is this times its households.
    kind: Any = np.int64 if peak * int(chain.num.max()) < GREATEST_VALUE else object
    left = chain.left_fen.astype(kind) * threshold.denominator
    return np.asarray(left[None, :] - chain.income_fen.astype(kind)[:, None] * threshold.numerator)


def _onward(chain: Chain, place: int, width: int, rules: Rules) -> Bools:
    """(t, t) which amount of the next richer cell may follow which of this one."""
    loss = chain.paid_fen[:, None] - chain.paid_fen[None, :]
    may = np.ones_like(loss, np.bool_)
    if rules.poorer_never_less:
        may &= loss >= 0
    if rules.slope is not None:
        gained = int(chain.income_fen[place + 1] - chain.income_fen[place])
        may &= loss <= rules.slope.numerator * gained // rules.slope.denominator
    filled = np.zeros((width, width), np.bool_)
    filled[: len(may), : len(may)] = may
    return filled


def weights(chain: Chain, aim: str, threshold: Fraction) -> Ints:
    """(k, t) what a cell adds to an aim: households, or fen x the threshold's denominator."""
    over = _over(chain, threshold)
    num = chain.num[:, None]
    return np.asarray(num * (over > 0) if aim == COUNT else num * np.maximum(over, 0))


def combined(chains: Sequence[Chain], rules: Rules) -> list[Ints]:
    """(k, t) of each chain: the aims of sums as one number, the first weighing more than all that follow."""
    total = [np.zeros((len(chain.num), len(chain.paid_fen)), object) for chain in chains]
    size = 1
    for aim in reversed([aim for aim in rules.aims if aim != GREATEST]):
        rows = [weights(chain, aim, rules.threshold) for chain in chains]
        unit = gcd(*(int(np.gcd.reduce(row, axis=None)) for row in rows)) or 1
        rows = [row // unit for row in rows]
        total = [sums + row * size for sums, row in zip(total, rows, strict=True)]
        size *= 1 + sum(int(row.max(axis=1).sum()) for row in rows)
    if size > GREATEST_VALUE:
        raise OverflowError("the aims are too large to be told as one number")
    return [row.astype(np.int64) for row in total]


def _weighed(chains: Sequence[Chain], rules: Rules, times: Mapping[str, int]) -> list[Ints]:
    return [
        np.asarray(
            sum(factor * weights(chain, aim, rules.threshold) for aim, factor in times.items()), np.int64
        )
        for chain in chains
    ]


def suffixes(problem: Problem, price: float) -> list[Floats]:
    """Per layer (m, t): the least value plus cost at the price from there to the end of the chain."""
    behind = np.zeros((0, 0))
    found: list[Floats] = []
    for layer in reversed(problem.layers):
        weight = np.where(layer.may, layer.value + price * layer.cost, np.inf)
        if len(layer.onward):
            rest = np.where(layer.onward, behind[:, None, :], np.inf).min(axis=2)
            weight[: len(rest)] += rest
        behind = weight
        found.append(weight)
    return found[::-1]


def prefixes(problem: Problem, price: float) -> list[Floats]:
    """Per layer (m, t): the least value plus cost at the price of the chain before that option."""
    before = np.zeros_like(problem.layers[0].cost, dtype=np.float64)
    found = [before]
    for layer in problem.layers[:-1]:
        num = len(layer.onward)
        weight = np.where(layer.may, before + layer.value + price * layer.cost, np.inf)[:num]
        before = np.where(layer.onward, weight[:, :, None], np.inf).min(axis=1)
        found.append(before)
    return found


def cheapest(problem: Problem, price: float, *, by_cost: bool = False) -> list[Ints]:
    """A plan of the least value plus cost at the price (``by_cost``: of the least cost alone)."""
    if by_cost:
        layers = [Layer(layer.cost, layer.cost, layer.may, layer.onward) for layer in problem.layers]
        problem, price = Problem(problem.chains, problem.rules, problem.order, layers), 0.0
    behind = suffixes(problem, price)
    taken = behind[0].argmin(axis=1)
    plan = [taken]
    for layer, rest in zip(problem.layers[:-1], behind[1:], strict=True):
        num = len(rest)
        may = layer.onward[np.arange(num), taken[:num]]
        taken = np.where(may, rest, np.inf).argmin(axis=1)
        plan.append(taken)
    return plan


def is_possible(problem: Problem) -> bool:
    """Whether every chain has a plan at all, whatever it costs."""
    return bool(np.isfinite(suffixes(problem, 0.0)[0].min(axis=1)).all())
