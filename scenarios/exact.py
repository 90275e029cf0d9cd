"""Whole-number programs solved exactly, aim after aim: what one aim reached is fixed before the next.

CP-SAT on one thread with a fixed seed and a limit in deterministic time only, so that a run repeats. The last
aims are the digits of the answer itself: the answer is unique, whichever solver found it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ortools.sat.python import cp_model

from allocator.errors import NoAllocation

GREATEST_SUM: Final = 2**50  # of any aim: the solver compares aims as doubles
_GREATEST_BLOCK: Final = 2**40
_WORK: Final = 60.0  # deterministic seconds of all solves of one question together


class Stages:
    """One CP-SAT model and its best solution so far."""

    def __init__(self, model: cp_model.CpModel, variables: Sequence[Any]) -> None:
        self._model = model
        self._variables = variables
        self._solver: cp_model.CpSolver | None = None
        self._work_left = _WORK

    def value(self, expression: Any) -> int:
        """What the expression is worth in the best solution so far."""
        if self._solver is None:
            self._solve()
        assert self._solver is not None
        return int(self._solver.value(expression))

    def least(self, expression: Any, bound: int) -> int:
        """Make the expression as small as it can be and fix it there; ``bound``: it is never less.

        Raises ``NoAllocation`` where the limit was reached first.
        """
        if self._solver is None or self.value(expression) > bound:
            self._model.minimize(expression)
            self._solve()
        reached = self.value(expression)
        self._model.add(expression == reached)
        return reached

    def smallest(self, digits: Sequence[tuple[Any, int]]) -> None:
        """Make a row of whole numbers the lexicographically smallest: (expression, its greatest value) each.

        Many digits are one number in a mixed base, so that few solves fix them all.
        """
        block: list[tuple[Any, int]] = []
        size = 1
        for expression, greatest in digits:
            if block and size * (greatest + 1) > _GREATEST_BLOCK:
                self._fix(block)
                block, size = [], 1
            block.append((expression, greatest))
            size *= greatest + 1
        if block:
            self._fix(block)

    def _fix(self, block: list[tuple[Any, int]]) -> None:
        number: Any = 0
        weight = 1
        for expression, greatest in reversed(block):
            number += weight * expression
            weight *= greatest + 1
        if self.value(number) > 0:
            self._model.minimize(number)
            self._solve()
        for expression, _ in block:
            self._model.add(expression == self.value(expression))

    def _solve(self) -> None:
        if self._solver is not None:
            self._model.clear_hints()
            for variable in self._variables:
                self._model.add_hint(variable, self._solver.value(variable))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_deterministic_time = max(0.0, self._work_left)
        status = solver.solve(self._model)
        self._work_left -= solver.response_proto.deterministic_time
        if status in {cp_model.UNKNOWN, cp_model.FEASIBLE}:
            raise NoAllocation("calc_limit")
        if status != cp_model.OPTIMAL:
            raise ValueError(f"a model that always has a solution ended {solver.status_name(status)}")
        self._solver = solver
