"""The least rent above the threshold under a budget: a multiple-choice knapsack, solved exactly by its core.

The linear relaxation mixes at most one cell, so its value is close to the best and gives a price of a fen; an option
that costs more at that price than the gap allows stands in no optimum. What is left (the core) goes through
a dynamic program over undominated (cost, excess) pairs (Pisinger 1995). The gap is widened until an answer
lies inside it, which then is the best of all.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from allocator.errors import NoAllocation

Ints = npt.NDArray[np.int64]
Pairs = tuple[Ints, Ints]

_MOST_PAIRS: Final = 4_000_000  # of one step: a count, so the same on every machine
_LAST: Final = 8  # cells chosen exactly in a plan that is only nearly the best
_FIRST_GAP: Final = 1 << 30
_WIDER: Final = 4
_SLACK: Final = 2.0**-40  # of a float comparison that only drops what is clearly too dear


@dataclass(frozen=True, eq=False)
class _Cell:
    """Options of one cell, cheapest first: ``cost``, ``excess`` (k,) int64; ``place`` (k,) rank of the tier."""

    cost: Ints
    excess: Ints
    place: Ints


def least_excess(options: Sequence[Sequence[tuple[int, int, int]]], budget: int) -> list[int]:
    """For every cell the option of the least total excess, then of the least cost, then of the smallest tiers in order.

    ``options``: (cost, excess, tier) of each cell, cheapest first; the cheapest of all are within the budget.
    Raises ``NoAllocation`` where a step keeps more than ``_MOST_PAIRS`` pairs.
    """
    cells = [_cell(row) for row in options]
    price, bound = _relaxed(cells, budget)
    worst = sum(int(cell.excess[0]) for cell in cells)
    gap = max(1, (worst - floor(bound)) // _FIRST_GAP)
    dear = [_dearness(cell, price) for cell in cells]
    while True:
        found = _within(cells, dear, budget, price, floor(bound) + gap)
        if found is not None:
            return found
        gap *= _WIDER


def nearly_least(
    options: Sequence[Sequence[tuple[int, int, int]]], budget: int
) -> tuple[list[int], Fraction]:
    """A plan within the budget, and a total excess that no plan falls below: for where the best is out of reach.

    The steps of the relaxation as far as the money goes; then the last few cells are chosen exactly with what
    the others leave.
    """
    cells = [_cell(row) for row in options]
    places = [0] * len(cells)
    left = budget - sum(int(cell.cost[0]) for cell in cells)
    steps = [(cost, saved, number) for number, cell in enumerate(cells) for cost, saved in _hull(cell)]
    steps.sort(key=lambda step: (-Fraction(step[1], step[0]), step))
    for cost, _, number in steps:
        cell = cells[number]
        reached = int(np.searchsorted(cell.cost, int(cell.cost[places[number]]) + cost))
        fits = reached < len(cell.cost) and int(cell.cost[reached] - cell.cost[places[number]]) == cost
        if fits and cost <= left:
            left -= cost
            places[number] = reached
    tail = [number for number, cell in enumerate(cells) if len(cell.cost) > 1][-_LAST:]
    left += sum(int(cells[number].cost[places[number]]) for number in tail)
    for number, place in zip(tail, least_excess([options[number] for number in tail], left), strict=True):
        places[number] = place
    return places, _relaxed(cells, budget)[1]


def _cell(row: Sequence[tuple[int, int, int]]) -> _Cell:
    cost, excess, tier = (np.array(column, np.int64) for column in zip(*row, strict=True))
    return _Cell(cost, excess, tier)


def _relaxed(cells: list[_Cell], budget: int) -> tuple[Fraction, Fraction]:
    """The price of a fen (excess saved by the last fen spent) and the value of the relaxation."""
    steps = [step for cell in cells for step in _hull(cell)]
    steps.sort(key=lambda step: (-Fraction(step[1], step[0]), step))
    left = budget - sum(int(cell.cost[0]) for cell in cells)
    value = Fraction(sum(int(cell.excess[0]) for cell in cells))
    for cost, saved in steps:
        if cost > left:
            price = Fraction(saved, cost)
            return price, value - price * left
        left -= cost
        value -= saved
    return Fraction(0), value


def _hull(cell: _Cell) -> list[tuple[int, int]]:
    """Steps (cost, excess saved) along the lower convex hull, the steepest first."""
    hull: list[tuple[int, int]] = []
    for cost, excess in zip(cell.cost.tolist(), cell.excess.tolist(), strict=True):
        while len(hull) > 1:
            (c0, e0), (c1, e1) = hull[-2:]
            if (e0 - e1) * (cost - c1) > (e1 - excess) * (c1 - c0):
                break
            hull.pop()
        if not hull or excess < hull[-1][1]:
            hull.append((cost, excess))
    return [(c1 - c0, e0 - e1) for (c0, e0), (c1, e1) in itertools.pairwise(hull)]


def _within(
    cells: list[_Cell], dear: list[list[Fraction]], budget: int, price: Fraction, most: int
) -> list[int] | None:
    """The answer if its excess is at most ``most``, else ``None``."""
    offered = _core(dear, budget, price, most)
    if any(not len(places) for places in offered):
        return None
    behind = _undominated(cells, dear, offered, budget, price, most)
    cost, excess = behind[0]
    if not len(cost) or int(excess[-1]) > most:
        return None
    return _smallest(cells, offered, behind, int(cost[-1]), int(excess[-1]))


def _dearness(cell: _Cell, price: Fraction) -> list[Fraction]:
    """Excess plus cost at the price, exactly."""
    return [
        excess + price * cost for cost, excess in zip(cell.cost.tolist(), cell.excess.tolist(), strict=True)
    ]


def _core(dear: list[list[Fraction]], budget: int, price: Fraction, most: int) -> list[list[int]]:
    """Options that can stand in an answer of at most ``most``: Lagrange's bound with the option forced."""
    bound = sum((min(row) for row in dear), Fraction(0)) - price * budget
    return [
        [at for at, value in enumerate(row) if bound + value - least <= most]
        for row in dear
        for least in (min(row),)
    ]


def _undominated(
    cells: list[_Cell],
    dear: list[list[Fraction]],
    offered: list[list[int]],
    budget: int,
    price: Fraction,
    most: int,
) -> list[Pairs]:
    """For every place in the list the undominated (cost, excess) of the cells from there on, by rising cost."""
    before = [Fraction(0)]
    lightest = [0]
    for cell, row, places in zip(cells, dear, offered, strict=True):
        before.append(before[-1] + min(row))
        lightest.append(lightest[-1] + int(cell.cost[places].min()))
    pairs: Pairs = (np.zeros(1, np.int64), np.zeros(1, np.int64))
    behind = [pairs]
    for number in range(len(cells) - 1, -1, -1):
        cell, places = cells[number], offered[number]
        cost = np.add.outer(cell.cost[places], pairs[0]).ravel()
        excess = np.add.outer(cell.excess[places], pairs[1]).ravel()
        fits = cost <= budget - lightest[number]
        ceiling = float(most - before[number] + price * budget)
        fits &= (
            excess + float(price) * cost <= ceiling + (abs(ceiling) + float(price) * budget + 1.0) * _SLACK
        )
        if int(fits.sum()) > _MOST_PAIRS:
            raise NoAllocation("calc_limit")
        pairs = _best(cost[fits], excess[fits])
        behind.append(pairs)
    return behind[::-1]


def _best(cost: Ints, excess: Ints) -> Pairs:
    """Undominated pairs, by rising cost and falling excess."""
    order = np.lexsort((excess, cost))
    cost, excess = cost[order], excess[order]
    least = np.minimum.accumulate(excess)
    is_new = np.concatenate((np.ones(min(1, len(excess)), bool), excess[1:] < least[:-1]))
    return cost[is_new], excess[is_new]


def _smallest(
    cells: list[_Cell], offered: list[list[int]], behind: list[Pairs], cost: int, excess: int
) -> list[int]:
    """The smallest tiers, cell by cell, whose rest is still reached: the rest of an optimum is never dominated."""
    chosen = []
    for number, (cell, places) in enumerate(zip(cells, offered, strict=True)):
        for at in sorted(places, key=cell.place.__getitem__):
            rest = (cost - int(cell.cost[at]), excess - int(cell.excess[at]))
            if _holds(behind[number + 1], *rest):
                chosen.append(at)
                cost, excess = rest
                break
        else:
            raise RuntimeError("an undominated pair has no cells behind it")
    return chosen


def _holds(pairs: Any, cost: int, excess: int) -> bool:
    at = int(np.searchsorted(pairs[0], cost))
    return at < len(pairs[0]) and int(pairs[0][at]) == cost and int(pairs[1][at]) == excess
