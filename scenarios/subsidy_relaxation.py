"""The relaxation as a linear program for OR-Tools (GLOP): a second opinion on the price of a yuan.

``z`` says whether a cell gets at least an amount. Both rules of equity then compare two of these numbers ("a poorer
cell gets at least what a richer one does", "who gets so much has a neighbour who gets at least that less the slope"), so
that but for the budget the program's corners are whole (a closure problem) and its value is the concave hull's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ortools.linear_solver import pywraplp

from scenarios.subsidy_chains import COUNT, Chain, Ints, Rules, weights


@dataclass(frozen=True)
class Opinion:
    """``value``: households at or below the threshold in the relaxation; ``price``: households a fen more lifts."""

    value: float
    price: float


def relaxation(chains: Sequence[Chain], rules: Rules) -> Opinion:
    """Most households at or below the threshold within the budget, by GLOP; floating point, to be compared only."""
    solver = pywraplp.Solver.CreateSolver("GLOP")
    budget = solver.Constraint(-solver.infinity(), float(rules.budget))
    goal = solver.Objective()
    goal.SetMaximization()
    spent, lifted = 0, 0
    for chain in chains:
        above = weights(chain, COUNT, rules.threshold)
        spent += int(chain.paid_fen[0]) * int(chain.num.sum())
        lifted += int((chain.num - above[:, 0]).sum())
        rows = [_cell(solver, chain, above, place, budget, goal) for place in range(len(chain.num))]
        for place in range(len(rows) - 1):
            _tie(solver, chain, rules, place, rows[place], rows[place + 1])
    budget.SetBounds(-solver.infinity(), float(rules.budget - spent))
    goal.SetOffset(float(lifted))
    if solver.Solve() != pywraplp.Solver.OPTIMAL:
        raise RuntimeError("a linear program that always has a solution was not solved")
    return Opinion(goal.Value(), budget.dual_value())


def _cell(
    solver: pywraplp.Solver, chain: Chain, above: Ints, place: int, budget: object, goal: object
) -> list[pywraplp.Variable]:
    """A variable per amount but the least: whether the cell gets at least that."""
    found: list[pywraplp.Variable] = []
    num = int(chain.num[place])
    for option in range(1, len(chain.paid_fen)):
        variable = solver.NumVar(0.0, 1.0, "")
        more = num * int(chain.paid_fen[option] - chain.paid_fen[option - 1])
        budget.SetCoefficient(variable, float(more))  # type: ignore[attr-defined]
        gain = int(above[place, option - 1] - above[place, option])
        goal.SetCoefficient(variable, float(gain))  # type: ignore[attr-defined]
        if found:
            _at_most(solver, variable, found[-1])
        found.append(variable)
    return found


def _tie(
    solver: pywraplp.Solver,
    chain: Chain,
    rules: Rules,
    place: int,
    poorer: list[pywraplp.Variable],
    richer: list[pywraplp.Variable],
) -> None:
    """The rules between a cell and its next richer neighbour."""
    gained = int(chain.income_fen[place + 1] - chain.income_fen[place])
    for option in range(1, len(chain.paid_fen)):
        if rules.poorer_never_less:
            _at_most(solver, richer[option - 1], poorer[option - 1])
        if rules.slope is not None:
            least = int(chain.paid_fen[option]) - rules.slope.numerator * gained // rules.slope.denominator
            reached = int(np.searchsorted(chain.paid_fen, least))
            if reached > 0:
                _at_most(solver, poorer[option - 1], richer[reached - 1])


def _at_most(solver: pywraplp.Solver, less: pywraplp.Variable, more: pywraplp.Variable) -> None:
    row = solver.Constraint(-solver.infinity(), 0.0)
    row.SetCoefficient(less, 1.0)
    row.SetCoefficient(more, -1.0)
