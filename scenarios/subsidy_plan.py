"""The subsidy plan asked for: aim after aim, with what is proven of each said beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Final

import numpy as np

from scenarios.subsidy_chains import (
    GREATEST,
    GREATEST_VALUE,
    Chain,
    Ints,
    Rules,
    laid_out,
    weights,
)
from scenarios.subsidy_proof import floor_of
from scenarios.subsidy_search import MOST_PAIRS, best, relaxed, told

OPTIMAL: Final = "OPTIMAL"
FEASIBLE: Final = "FEASIBLE"
_STEP: Final = 8  # of the search for the weight of an aim beside the next


@dataclass(frozen=True, eq=False)
class Plan:
    """``options``: per chain, poorest first; ``reached`` and ``floors`` by aim: no plan reaches less (exact).

    ``is_unique``: of all best plans this one costs least and has the smallest tiers. Excess is in fen x the
    threshold's denominator. ``greatest``: the burden nobody is above, ``None`` where not asked or infinite.
    """

    chains: Sequence[Chain]
    rules: Rules
    options: list[Ints]
    cost_fen: int
    reached: Mapping[str, int]
    floors: Mapping[str, int]
    is_unique: bool
    greatest: Fraction | None

    @property
    def status(self) -> str:
        """``OPTIMAL`` where every aim is proven, else ``FEASIBLE``."""
        return OPTIMAL if dict(self.reached) == dict(self.floors) else FEASIBLE


def smallest_budget(chains: Sequence[Chain]) -> int:
    """Fen of the cheapest plan: one amount for a whole chain always keeps the rules."""
    return sum(int(chain.num.sum()) * int(chain.paid_fen[0]) for chain in chains)


def planned(chains: Sequence[Chain], rules: Rules, most_pairs: int = MOST_PAIRS) -> Plan | None:
    """The plan, or ``None`` where the budget is below ``smallest_budget``.

    Raises ``OverflowError`` where the aims are too large to be told as one number.
    """
    if smallest_budget(chains) > rules.budget:
        return None
    greatest = _least_burden(chains, rules) if GREATEST in rules.aims else None
    sums = tuple(aim for aim in rules.aims if aim != GREATEST)
    rules_of_sums = replace(rules, aims=sums)
    problem = laid_out(chains, rules_of_sums, greatest)
    found = best(problem, most_pairs=most_pairs)
    assert found is not None
    floors: dict[str, int] = {}
    if not found.is_best and len(sums) > 1:
        alone = best(laid_out(chains, replace(rules, aims=sums[:1]), greatest), most_pairs=most_pairs)
        assert alone is not None
        if alone.is_best:
            floors[sums[0]] = _reached(chains, rules, alone.options)[sums[0]]
        if told(problem, alone.options) < told(problem, found.options):
            found = best(problem, alone.options, most_pairs)
            assert found is not None
    reached = _reached(chains, rules_of_sums, found.options)
    if found.is_best:
        floors = dict(reached)
    for at, aim in enumerate(sums):
        if aim not in floors:
            floors[aim] = _floor(chains, rules, greatest, aim, sums[:at], reached)
    cost = told(problem, found.options)[1]
    return Plan(chains, rules, found.options, cost, reached, floors, found.is_best, greatest)


def _reached(chains: Sequence[Chain], rules: Rules, options: Sequence[Ints]) -> dict[str, int]:
    return {
        aim: sum(
            int(weights(chain, aim, rules.threshold)[np.arange(len(taken)), taken].sum())
            for chain, taken in zip(chains, options, strict=True)
        )
        for aim in rules.aims
        if aim != GREATEST
    }


def _least_burden(chains: Sequence[Chain], rules: Rules) -> Fraction | None:
    """The least greatest burden within the budget; ``None`` where somebody without income is left with rent."""
    levels = sorted(
        {
            Fraction(int(left), int(income))
            for chain in chains
            for income in chain.income_fen.tolist()
            for left in chain.left_fen.tolist()
            if income
        }
        | {Fraction(0)}
    )
    low, high = 0, len(levels)
    while low < high:
        middle = (low + high) // 2
        if _affordable(chains, rules, levels[middle]):
            high = middle
        else:
            low = middle + 1
    return levels[low] if low < len(levels) else None


def _affordable(chains: Sequence[Chain], rules: Rules, greatest: Fraction) -> bool:
    problem = laid_out(chains, replace(rules, aims=()), greatest)
    return relaxed(problem) is not None


def _floor(
    chains: Sequence[Chain],
    rules: Rules,
    greatest: Fraction | None,
    aim: str,
    before: Sequence[str],
    reached: Mapping[str, int],
) -> int:
    """A bound of one aim, the aims before it kept at what is reached: Lagrange, proven exactly by other code."""

    def floor_at(times: int) -> int:
        weighed = {aim: 1, **({before[0]: times} if before else {})}
        return _bound_of(chains, rules, greatest, weighed, {name: reached[name] for name in before})

    if not before:
        return floor_at(0)
    exponents = range(0, (GREATEST_VALUE // _peak(chains, rules, before[0])).bit_length() - 1, 2)
    best_at = max(exponents, key=lambda exponent: floor_at(1 << exponent))
    low, high = (1 << best_at) // 4, 4 << best_at
    points = [low + (high - low) * part // _STEP for part in range(_STEP + 1)]
    return max(
        floor_at(times)
        for times in (0, 1 << best_at, *points)
        if times * _peak(chains, rules, before[0]) < GREATEST_VALUE
    )


def _peak(chains: Sequence[Chain], rules: Rules, aim: str) -> int:
    return 2 + 2 * sum(int(weights(chain, aim, rules.threshold).max(axis=1).sum()) for chain in chains)


def _bound_of(
    chains: Sequence[Chain],
    rules: Rules,
    greatest: Fraction | None,
    times: Mapping[str, int],
    kept: Mapping[str, int],
) -> int:
    problem = laid_out(chains, rules, greatest, times)
    start = relaxed(problem)
    assert start is not None
    exact = floor_of(chains, rules, greatest, times, start.price)
    return max(0, ceil(exact - sum(times[name] * value for name, value in kept.items())))
