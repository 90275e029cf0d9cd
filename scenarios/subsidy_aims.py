"""The three aims of the subsidy tiers, each an order of whole-number programs."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, gcd
from typing import Any, Final

import numpy as np
from ortools.sat.python import cp_model

from scenarios.exact import GREATEST_SUM, Stages
from scenarios.subsidy import Cell, Option, Question
from scenarios.subsidy_excess import least_excess, nearly_least

_NEVER: Final = GREATEST_SUM + 1  # dearer than any budget
_NO_RANK: Final = 2**40  # worse than any burden
_GREATEST_TABLE: Final = 10**8  # steps of a table of counts


def chosen(cells: list[Cell], question: Question) -> list[Option]:
    """One option per cell: best by the aim, then the least cost, then the smallest tiers in order of the cells.

    The cheapest options are within the budget. Raises ``NoAllocation`` where a limit was reached.
    """
    ranks: list[list[int]] = []
    if question.aim == "leximin":
        offered, ranks = _narrowed(cells, question.budget_fen)
    else:
        offered = [_worthwhile(cell, question) for cell in cells]
    if question.aim == "excess":
        return _of_least_excess(cells, offered, question)
    program = _Program(offered, question.budget_fen)
    if question.aim == "count":
        weights = [
            [-cell.num if cell.is_below(option, question.threshold) else 0 for option in options]
            for cell, options in zip(cells, offered, strict=True)
        ]
        program.least(weights)
    else:
        program.level(cells, ranks)
    program.least([[option.cost_fen for option in options] for options in offered])
    return program.smallest()


def _of_least_excess(cells: list[Cell], offered: list[list[Option]], question: Question) -> list[Option]:
    places = least_excess(_pairs(cells, offered, question), question.budget_fen)
    return [options[at] for options, at in zip(offered, places, strict=True)]


def nearly_chosen(cells: list[Cell], question: Question) -> tuple[list[Option], Fraction]:
    """For the aim ``excess`` where the best is out of reach: a plan, and how far (fen) it is from the best at most."""
    offered = [_worthwhile(cell, question) for cell in cells]
    pairs = _pairs(cells, offered, question)
    places, bound = nearly_least(pairs, question.budget_fen)
    excess = sum(row[at][1] for row, at in zip(pairs, places, strict=True))
    gap = Fraction(excess - ceil(bound), question.threshold.denominator)
    return [options[at] for options, at in zip(offered, places, strict=True)], gap


def _pairs(
    cells: list[Cell], offered: list[list[Option]], question: Question
) -> list[list[tuple[int, int, int]]]:
    return [
        [(option.cost_fen, cell.excess(option, question.threshold), option.tier) for option in options]
        for cell, options in zip(cells, offered, strict=True)
    ]


def _worthwhile(cell: Cell, question: Question) -> list[Option]:
    """Options that can stand in an optimum: of those with the same effect on the aim only the cheapest."""
    below = [option for option in cell.options if cell.is_below(option, question.threshold)]
    above = [option for option in cell.options if not cell.is_below(option, question.threshold)]
    return (above[:1] if question.aim == "count" else above) + below[:1]


class _Program:
    """Choose one option per cell within the budget."""

    def __init__(self, offered: Sequence[Sequence[Option]], budget_fen: int) -> None:
        self._offered = offered
        costs = [option.cost_fen for options in offered for option in options]
        unit = gcd(*costs) or 1
        model = cp_model.CpModel()
        self._model = model
        self._taken: list[list[Any]] = []
        for options in offered:
            variables = [model.new_bool_var("") if len(options) > 1 else 1 for _ in options]
            if len(options) > 1:
                model.add_exactly_one(variables)
            self._taken.append(variables)
        cost = self._sum([[option.cost_fen // unit for option in options] for options in offered])
        if not isinstance(cost, int):
            model.add(cost <= budget_fen // unit)
        self._stages = Stages(model, [x for row in self._taken for x in row if not isinstance(x, int)])

    def _sum(self, weights: Sequence[Sequence[int]]) -> Any:
        """Sum of weight × taken; a plain number where nothing is left to choose."""
        fixed = sum(
            weight
            for row, taken in zip(weights, self._taken, strict=True)
            for weight, x in zip(row, taken, strict=True)
            if isinstance(x, int)
        )
        pairs = [
            (x, weight)
            for row, taken in zip(weights, self._taken, strict=True)
            for weight, x in zip(row, taken, strict=True)
            if weight and not isinstance(x, int)
        ]
        if not pairs:
            return fixed
        return cp_model.LinearExpr.weighted_sum([x for x, _ in pairs], [w for _, w in pairs]) + fixed

    def least(self, weights: Sequence[Sequence[int]]) -> None:
        """Make the total weight as small as it can be and keep it there."""
        unit = gcd(*(weight for row in weights for weight in row)) or 1
        weights = [[weight // unit for weight in row] for row in weights]
        total = self._sum(weights)
        if not isinstance(total, int):
            self._stages.least(total, sum(min(row) for row in weights))

    def level(self, cells: Sequence[Cell], ranks: Sequence[Sequence[int]]) -> None:
        """From the greatest burden down: as few households at each as can be."""
        for rank in sorted({rank for row in ranks for rank in row if len(row) > 1}, reverse=True):
            self.least(
                [[cell.num if r == rank else 0 for r in row] for cell, row in zip(cells, ranks, strict=True)]
            )

    def smallest(self) -> list[Option]:
        """The smallest tiers among what is left, cell by cell."""
        digits = []
        for options, taken in zip(self._offered, self._taken, strict=True):
            if len(options) > 1:
                place = {tier: at for at, tier in enumerate(sorted(option.tier for option in options))}
                weights = [place[option.tier] for option in options]
                digits.append((cp_model.LinearExpr.weighted_sum(taken, weights), len(options) - 1))
        self._stages.smallest(digits)
        return [
            next(
                option
                for option, x in zip(options, taken, strict=True)
                if (x if isinstance(x, int) else self._stages.value(x))
            )
            for options, taken in zip(self._offered, self._taken, strict=True)
        ]


def _narrowed(cells: list[Cell], budget_fen: int) -> tuple[list[list[Option]], list[list[int]]]:
    """Options that can stand in a leximin optimum, and the rank of each one's burden (0 is the least).

    The greatest burden that cannot be avoided is found by bisection. What is left of the money when every cell is
    kept at or under it as cheaply as can be bounds what any cell may cost beyond. Those who then can only bear it
    are settled; where the money lifts all others who might, the search goes on without the settled. The first
    real choice is left to the solver, with what it leaves to spend at most as the bound.
    """
    ranks = _ranks(cells)
    rank, cost = _padded(ranks, _NO_RANK), _padded([[o.cost_fen for o in c.options] for c in cells], _NEVER)
    may = np.zeros(rank.shape, bool)
    free = np.arange(len(cells))
    left = budget_fen
    while len(free):
        level = _least_level(rank[free], cost[free], left)
        cheapest = np.where(rank[free] <= level, cost[free], _NEVER).min(axis=1, keepdims=True)
        spare = left - int(cheapest.sum())
        may[free] = (rank[free] <= level) & (cost[free] - cheapest <= spare)
        bear = (rank[free] == level).any(axis=1)
        settled = bear & (may[free].sum(axis=1) == 1)
        lower = np.where(rank[free] < level, cost[free], _NEVER).min(axis=1, keepdims=True)
        choice = bear & ~settled
        if int((lower - cheapest)[choice].sum()) > spare:
            nums = [cells[number].num for number in free[choice]]
            rest = spare - _lifting(nums, (lower - cheapest)[choice, 0].tolist(), spare)
            base = np.where(choice[:, None] & (rank[free] < level), lower, cheapest)
            may[free] &= cost[free] - base <= rest
            break
        left -= int(cheapest[settled].sum())
        free = free[~settled]
    kept = [[at for at in range(len(row)) if allowed[at]] for row, allowed in zip(ranks, may, strict=True)]
    offered = [[cell.options[at] for at in places] for cell, places in zip(cells, kept, strict=True)]
    return offered, [[row[at] for at in places] for row, places in zip(ranks, kept, strict=True)]


def _lifting(nums: list[int], costs: list[int], spare_fen: int) -> int:
    """The least cost of lifting as many households as the money can; a cell is lifted whole or not at all."""
    if sum(nums) * len(nums) > _GREATEST_TABLE:
        return 0  # a bound that is always true
    least = np.full(sum(nums) + 1, _NEVER, np.int64)
    least[0] = 0
    for num, cost in zip(nums, costs, strict=True):
        least[num:] = np.minimum(least[num:], least[:-num] + cost)
    return int(least[least <= spare_fen][-1])


def _padded(rows: list[list[int]], fill: int) -> Any:
    """Rows of different lengths as one array, ``(cells, options) int64``."""
    padded = np.full((len(rows), max((len(row) for row in rows), default=1)), fill, np.int64)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = row
    return padded


def _ranks(cells: list[Cell]) -> list[list[int]]:
    """The rank of every option's burden among all burdens that can be."""
    burdens = [[cell.burden(option) for option in cell.options] for cell in cells]
    finite: list[Fraction | None] = [*sorted({b for row in burdens for b in row if b is not None})]
    place = {burden: at for at, burden in enumerate([*finite, None])}
    return [[place[burden] for burden in row] for row in burdens]


def _least_level(rank: Any, cost: Any, budget_fen: int) -> int:
    """The least rank that every cell can be kept at or under within the budget; one is known to exist."""
    levels = np.unique(rank[rank < _NO_RANK])
    low, high = 0, len(levels) - 1
    while low < high:
        middle = (low + high) // 2
        cheapest = np.where(rank <= levels[middle], cost, _NEVER).min(axis=1)
        if int(cheapest.max()) < _NEVER and int(cheapest.sum()) <= budget_fen:
            high = middle
        else:
            low = middle + 1
    return int(levels[low])
