"""The best plan of all chains within the budget: a price of a fen from the relaxation, then undominated pairs.

The budget is priced (Lagrange); at the best price the relaxation of all chains together is solved, since only the
budget ties them. An option whose least value at that price lies above the gap stands in no answer. What is left goes
through a dynamic program over undominated (cost, value) pairs (Pisinger 1995, here along layers). The gap is widened
until an answer lies inside it, which then is the best of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Final

import numpy as np

from scenarios.chance import Floats
from scenarios.subsidy_chains import Ints, Problem, cheapest, is_possible, prefixes, suffixes

Pairs = tuple[Ints, Ints]
Plan = Sequence[Ints]

MOST_PAIRS: Final = 20_000_000  # of one question: a count, so the same on every machine
_NEAR: Final = 1000  # pairs kept at one option where all are too many
_PASSES: Final = 4
_FIRST_GAP: Final = 1 << 12
_WIDER: Final = 4
_SLACK: Final = 2.0**-36  # of a float comparison that only drops what is clearly too dear
_ROUNDS: Final = 400


@dataclass(frozen=True, eq=False)
class Relaxation:
    """The best price of a fen (value saved by the last fen), and the plans on both sides of the budget.

    ``under``: at most the budget; ``over``: above it, ``None`` where the price is 0.
    """

    price: Fraction
    under: Plan
    over: Plan | None


def relaxed(problem: Problem) -> Relaxation | None:
    """The relaxation, or ``None`` where no plan is within the budget."""
    budget = problem.rules.budget
    if not is_possible(problem):
        return None
    over: Plan = cheapest(problem, 0.0)
    if problem.cost_of(over) <= budget:
        return Relaxation(Fraction(0), over, None)
    under: Plan = cheapest(problem, 0.0, by_cost=True)
    if problem.cost_of(under) > budget:
        return None
    for _ in range(_ROUNDS):
        saved = problem.value_of(under) - problem.value_of(over)
        price = Fraction(saved, problem.cost_of(over) - problem.cost_of(under))
        plan = cheapest(problem, float(price))
        line = problem.value_of(under) + price * problem.cost_of(under)
        if problem.value_of(plan) + price * problem.cost_of(plan) >= line:
            return Relaxation(price, under, over)
        if problem.cost_of(plan) <= budget:
            under = plan
        else:
            over = plan
    return Relaxation(price, under, over)


def bound(problem: Problem, price: Fraction) -> Fraction:
    """Where the search begins: the relaxation's value at that price, as far as doubles find its plan.

    What is published as a bound is proven in whole numbers (``subsidy_proof``).
    """
    plan = cheapest(problem, float(price))
    return problem.value_of(plan) + price * (problem.cost_of(plan) - problem.rules.budget)


@dataclass(frozen=True, eq=False)
class Found:
    """``options``: per chain, poorest first, the place among its options; ``is_best``: proven; ``price``: of a fen."""

    options: list[Ints]
    is_best: bool
    price: Fraction


def best(problem: Problem, first: Sequence[Ints] | None = None, most_pairs: int = MOST_PAIRS) -> Found | None:
    """The plan of the least value, then of the least cost, then of the smallest tiers, chain by chain; ``None``: none.

    Beyond ``most_pairs`` kept pairs a plan not proven best: the better of the relaxation's and ``first`` (a plan
    within the budget), bettered while that is possible by looking only at what costs nearly the same.
    """
    start = relaxed(problem)
    if start is None:
        return None
    under = _filled(problem, start)
    least = told(problem, under)[0]
    floor_of = floor(bound(problem, start.price))
    gap = max(1, (least - floor_of) // _FIRST_GAP)
    search = _Search(problem, start.price, most_pairs)
    while True:
        most = min(floor_of + gap, least)
        found = search.within(most)
        if found is not None:
            return Found(found, True, start.price)
        if search.is_full:
            return Found(
                _bettered(problem, start.price, [under, *([] if first is None else [first])]),
                False,
                start.price,
            )
        if most == least:
            raise RuntimeError("the plan that was found first is not among those looked through")
        gap *= _WIDER


def _filled(problem: Problem, start: Relaxation) -> list[Ints]:
    """The plan under the budget, chain by chain moved to the one over it while the money lasts: at the price both are best."""
    plan = _by_chain(problem, start.under)
    if start.over is None:
        return plan
    left = problem.rules.budget - told(problem, plan)[1]
    for at, more in enumerate(_by_chain(problem, start.over)):
        costs = [_cost_of(problem, at, options) for options in (plan[at], more)]
        if 0 < costs[1] - costs[0] <= left:
            left -= costs[1] - costs[0]
            plan[at] = more
    return plan


def _cost_of(problem: Problem, at: int, options: Ints) -> int:
    row = problem.rows[at]
    return sum(int(layer.cost[row, option]) for layer, option in zip(problem.layers, options, strict=False))


def _bettered(problem: Problem, price: Fraction, plans: Sequence[Sequence[Ints]]) -> list[Ints]:
    """The best of the plans, looked for better ones in its neighbourhood."""
    plan = min(plans, key=lambda one: told(problem, one))
    for _ in range(_PASSES):
        near = _Search(problem, price, MOST_PAIRS, plan).within(told(problem, plan)[0])
        if near is None or told(problem, near) >= told(problem, plan):
            break
        plan = near
    return list(plan)


def told(problem: Problem, options: Sequence[Ints]) -> tuple[int, int]:
    """(value, cost) of a plan told chain by chain."""
    rows = [
        (layer, row, int(taken[place]))
        for row, taken in ((problem.rows[at], taken) for at, taken in enumerate(options))
        for place, layer in enumerate(problem.layers[: len(taken)])
    ]
    value = sum(int(layer.value[row, option]) for layer, row, option in rows)
    return value, sum(int(layer.cost[row, option]) for layer, row, option in rows)


def _by_chain(problem: Problem, plan: Plan) -> list[Ints]:
    """The plan of layers, chain by chain."""
    return [
        np.array([plan[place][problem.rows[at]] for place in range(len(chain.num))], np.int64)
        for at, chain in enumerate(problem.chains)
    ]


class _Search:
    """Dynamic programs over undominated pairs at one price of a fen."""

    def __init__(
        self, problem: Problem, price: Fraction, most_pairs: int, centre: Sequence[Ints] | None = None
    ) -> None:
        self._problem, self._price, self._most_pairs = problem, float(price), most_pairs
        self._before, self._behind = prefixes(problem, self._price), suffixes(problem, self._price)
        self._light = prefixes_of_cost(problem)
        least = self._behind[0].min(axis=1)
        self._least = [float(least[problem.rows[at]]) for at in range(len(problem.chains))]
        lightest = suffixes_of_cost(problem)[0].min(axis=1)
        self._lightest = [int(lightest[problem.rows[at]]) for at in range(len(problem.chains))]
        self._centre = None if centre is None else _from_there(problem, centre)
        self.is_full = False

    def within(self, most: int) -> list[Ints] | None:
        """The answer if its value is at most ``most``, else ``None``; ``is_full`` where there were too many pairs."""
        problem = self._problem
        ceiling = most + self._price * problem.rules.budget
        ceiling += (abs(ceiling) + 1.0) * _SLACK
        behind: Pairs = (np.zeros(1, np.int64), np.zeros(1, np.int64))
        kept: list[list[dict[int, Pairs]]] = []
        total = 0
        for at in reversed(range(len(problem.chains))):
            nodes = self._nodes(at, behind, ceiling, self._most_pairs - total)
            if nodes is None:
                return None
            total += sum(len(pairs[0]) for row in nodes for pairs in row.values())
            behind = _joined(list(nodes[0].values()))
            kept.append(nodes)
        cost, value = behind
        if not len(cost) or int(value[-1]) > most:
            return None
        return self._smallest(kept[::-1], int(cost[-1]), int(value[-1]))

    def _nodes(self, at: int, after: Pairs, ceiling: float, room: int) -> list[dict[int, Pairs]] | None:
        """Per cell of the chain and option kept: the undominated (cost, value) of the rest, that cell included."""
        problem, row = self._problem, self._problem.rows[at]
        before = sum(self._least[:at])
        others = before + sum(self._least[at + 1 :])
        spare = problem.rules.budget - sum(self._lightest[:at])
        nodes: list[dict[int, Pairs]] = []
        for place in reversed(range(len(problem.chains[at].num))):
            layer, prefix = problem.layers[place], self._before[place][row]
            worth = prefix + self._behind[place][row] + others
            found = {}
            for option in np.flatnonzero(worth <= ceiling).tolist():
                if nodes:
                    onward = layer.onward[row, option]
                    sources = [pairs for reached, pairs in nodes[-1].items() if onward[reached]]
                else:
                    sources = [after]
                if not sources:
                    continue
                room_for = (
                    spare - int(self._light[place][row, option]),
                    ceiling - before - float(prefix[option]),
                )
                pairs = self._moved(
                    sources, int(layer.cost[row, option]), int(layer.value[row, option]), room_for
                )
                if self._centre is not None and len(pairs[0]) > _NEAR:
                    pairs = _near(pairs, self._centre[at][place])
                if len(pairs[0]):
                    found[option] = pairs
                    room -= len(pairs[0])
            if room < 0:
                self.is_full = True
                return None
            if not found:
                return None
            nodes.append(found)
        return nodes[::-1]

    def _moved(self, sources: list[Pairs], cost: int, value: int, room_for: tuple[int, float]) -> Pairs:
        costs = np.concatenate([pairs[0] for pairs in sources]) + cost
        values = np.concatenate([pairs[1] for pairs in sources]) + value
        fits = (costs <= room_for[0]) & (values + self._price * costs <= room_for[1])
        return _undominated(costs[fits], values[fits])

    def _smallest(self, kept: list[list[dict[int, Pairs]]], cost: int, value: int) -> list[Ints]:
        """The smallest tiers, cell by cell, whose rest is still reached: the rest of a best plan is undominated."""
        problem = self._problem
        plan: list[Ints] = []
        for at, (chain, nodes) in enumerate(zip(problem.chains, kept, strict=True)):
            row, taken = problem.rows[at], list[int]()
            for place, found in enumerate(nodes):
                layer = problem.layers[place]
                onward = problem.layers[place - 1].onward[row, taken[-1]] if place else None
                may = [option for option in found if onward is None or bool(onward[option])]
                option = min(
                    (option for option in may if _holds(found[option], cost, value)),
                    key=chain.tier.__getitem__,
                )
                taken.append(option)
                cost, value = cost - int(layer.cost[row, option]), value - int(layer.value[row, option])
            plan.append(np.array(taken, np.int64))
        return plan


def _from_there(problem: Problem, options: Sequence[Ints]) -> list[list[int]]:
    """Per chain and cell: what the plan costs from there to the end of the last chain."""
    rest, found = 0, []
    for at in reversed(range(len(options))):
        row, costs = problem.rows[at], []
        for place in reversed(range(len(options[at]))):
            rest += int(problem.layers[place].cost[row, options[at][place]])
            costs.append(rest)
        found.append(costs[::-1])
    return found[::-1]


def _near(pairs: Pairs, centre: int) -> Pairs:
    """Those nearest to a cost, and as many spread over all."""
    cost, value = pairs
    at = int(np.searchsorted(cost, centre))
    low = max(0, min(at - _NEAR // 4, len(cost) - _NEAR // 2))
    kept = np.union1d(
        np.arange(low, low + _NEAR // 2), np.linspace(0, len(cost) - 1, _NEAR // 2).astype(np.int64)
    )
    return cost[kept], value[kept]


def prefixes_of_cost(problem: Problem) -> list[Floats]:
    """Per layer (m, t): the least cost of the chain before that option."""
    return prefixes(_of_cost(problem), 0.0)


def suffixes_of_cost(problem: Problem) -> list[Floats]:
    """Per layer (m, t): the least cost from there to the end of the chain."""
    return suffixes(_of_cost(problem), 0.0)


def _of_cost(problem: Problem) -> Problem:
    layers = [type(layer)(layer.cost, layer.cost, layer.may, layer.onward) for layer in problem.layers]
    return Problem(problem.chains, problem.rules, problem.order, layers)


def _joined(sources: list[Pairs]) -> Pairs:
    return _undominated(
        np.concatenate([pairs[0] for pairs in sources]), np.concatenate([pairs[1] for pairs in sources])
    )


def _undominated(cost: Ints, value: Ints) -> Pairs:
    """Undominated pairs, by rising cost and falling value."""
    if len(cost) <= 1:
        return cost, value
    order = np.argsort(cost, kind="stable")  # a few sorted runs: nearly a merge
    cost, value = cost[order], value[order]
    least = np.minimum.accumulate(value)
    is_new = np.ones(len(cost), np.bool_)
    np.less(value[1:], least[:-1], out=is_new[1:])
    cost, value = cost[is_new], value[is_new]
    is_last = np.ones(len(cost), np.bool_)
    np.not_equal(cost[1:], cost[:-1], out=is_last[:-1])
    return cost[is_last], value[is_last]


def _holds(pairs: Pairs, cost: int, value: int) -> bool:
    at = int(np.searchsorted(pairs[0], cost))
    return at < len(pairs[0]) and int(pairs[0][at]) == cost and int(pairs[1][at]) == value
