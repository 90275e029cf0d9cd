"""Proofs that no assignment does better: dual bounds of the linear relaxation in whole numbers, and where the
relaxation is too weak, a tree that splits a claim into no and yes.

Any multipliers give a valid bound, so nothing about the solver has to be believed: its duals are rounded to
fractions, and the bound is added up exactly before a leaf is accepted (weak duality; Neumaier and Shcherbina 2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ortools.math_opt.python import mathopt

from allocator.mechanisms.crossing_program import Program, Row

_SCALES: Final = (5040, 1 << 30)
_PENALTY: Final = 1 << 12
_MOST_NODES: Final = 2000
_WHOLE: Final = 1e-6


class UnprovedError(Exception):
    """No tree of the allowed size proves the bound."""


class Prover:
    """The relaxation of a program with what the levels so far have fixed.

    ``low`` and ``high`` of each row and each variable are the same numbers the solver's model holds.
    """

    def __init__(self, program: Program) -> None:
        self.rows: list[tuple[list[int], list[int]]] = []
        self.row_bounds: list[list[int]] = []
        self.bounds = [[0, upper] for upper in program.upper]
        self.model = mathopt.Model()
        self.variables = [
            self.model.add_variable(lb=low, ub=high, name=f"x{number}")
            for number, (low, high) in enumerate(self.bounds)
        ]
        self.constraints: list[mathopt.LinearConstraint] = []
        for row in program.rows:
            self.add(row)
        self.solver = mathopt.IncrementalSolver(self.model, mathopt.SolverType.GLOP)

    def add(self, row: Row) -> None:
        """A further row."""
        variables, weights, low, high = row
        constraint = self.model.add_linear_constraint(lb=low, ub=high)
        for variable, weight in zip(variables, weights, strict=True):
            constraint.set_coefficient(self.variables[variable], weight)
        self.constraints.append(constraint)
        self.rows.append((list(variables), list(weights)))
        self.row_bounds.append([low, high])

    def fix_row(self, row: int, value: int) -> None:
        """Settle the sum of a row."""
        self.row_bounds[row] = [value, value]
        self.constraints[row].lower_bound = self.constraints[row].upper_bound = value

    def fix(self, variable: int, low: int, high: int) -> None:
        """Set the bounds of one variable."""
        self.bounds[variable] = [low, high]
        self.variables[variable].lower_bound, self.variables[variable].upper_bound = low, high

    def prove(self, variables: Sequence[int], weights: Sequence[int], most: int) -> dict[str, Any]:
        """A tree that shows the weighted sum to be ``most`` or less. Raises ``UnprovedError``."""
        objective = dict(zip(variables, weights, strict=True))
        self._left = _MOST_NODES
        return self._node(objective, most)

    def _node(self, objective: dict[int, int], most: int) -> dict[str, Any]:
        self._left -= 1
        if self._left < 0:
            raise UnprovedError
        duals, values = self._relaxed(objective)
        for scale in _SCALES:
            whole = {row: number for row, dual in enumerate(duals) if (number := round(dual * scale))}
            if self._bound(objective, whole, scale) < (most + 1) * scale:
                return {"over": scale, "duals": [list(pair) for pair in sorted(whole.items())]}
        variable = self._undecided(values)
        low, high = self.bounds[variable]
        node: dict[str, Any] = {"split": variable}
        for answer, value in (("no", 0), ("yes", 1)):
            self.fix(variable, value, value)
            try:
                node[answer] = self._node(objective, most)
            finally:
                self.fix(variable, low, high)
        return node

    def _undecided(self, values: list[float]) -> int:
        """The claim furthest from a whole number; where all are whole, any that is not fixed."""
        free = [
            variable
            for variable, (low, high) in enumerate(self.bounds)
            if low < high == 1 and variable < len(values)
        ]
        if not free:
            raise UnprovedError
        best = max(free, key=lambda variable: min(values[variable], 1 - values[variable]))
        return best if min(values[best], 1 - values[best]) > _WHOLE else free[0]

    def _relaxed(self, objective: dict[int, int]) -> tuple[list[float], list[float]]:
        """Duals and values at the optimum; where nothing is feasible, those of rows that may be broken at a price."""
        self.model.maximize(
            mathopt.LinearSum(weight * self.variables[variable] for variable, weight in objective.items())
        )
        result = self.solver.solve()
        if result.termination.reason == mathopt.TerminationReason.OPTIMAL:
            duals = result.dual_values(self.constraints)
            return list(duals), list(result.variable_values(self.variables))
        return self._elastic(objective)

    def _elastic(self, objective: dict[int, int]) -> tuple[list[float], list[float]]:
        penalty = _PENALTY * (1 + max(map(abs, objective.values()), default=0))
        over = [self.model.add_variable(lb=0) for _ in self.constraints]
        under = [self.model.add_variable(lb=0) for _ in self.constraints]
        for constraint, above, below in zip(self.constraints, over, under, strict=True):
            constraint.set_coefficient(above, -1)
            constraint.set_coefficient(below, 1)
            self.model.objective.set_linear_coefficient(above, -penalty)
            self.model.objective.set_linear_coefficient(below, -penalty)
        result = self.solver.solve()
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            raise UnprovedError
        duals = list(result.dual_values(self.constraints))
        values = list(result.variable_values(self.variables))
        for variable in (*over, *under):
            self.model.delete_variable(variable)
        return duals, values

    def _bound(self, objective: dict[int, int], duals: dict[int, int], scale: int) -> int:
        """The bound times ``scale``, in whole numbers."""
        left = {variable: weight * scale for variable, weight in objective.items()}
        total = 0
        for row, dual in duals.items():
            low, high = self.row_bounds[row]
            total += dual * (high if dual > 0 else low)
            for variable, weight in zip(*self.rows[row], strict=True):
                left[variable] = left.get(variable, 0) - dual * weight
        for variable, weight in left.items():
            low, high = self.bounds[variable]
            total += weight * (high if weight > 0 else low)
        return total
