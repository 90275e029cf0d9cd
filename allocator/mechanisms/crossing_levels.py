"""The levels of ``band_optimum`` by their definition, each solved exactly and fixed before the next.

CP-SAT works in whole numbers alone and is asked for values, never for persons: every level's optimum is one
number, and the last levels leave one assignment, so no version or search order can choose anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ortools.sat.python import cp_model

from allocator.mechanisms.crossing_program import Program, Row
from allocator.mechanisms.crossing_proofs import Prover

# Deterministic time, not the wall clock: the same on every machine (contract: LIMIT).
_MOST_WORK = 120.0
_WIDEST = 1 << 40  # of an objective: far inside what CP-SAT adds up exactly
_MOST_IN_BLOCK = 24


class LimitReachedError(Exception):
    """The work allowed was used up before a level was proved."""


class InfeasibleError(Exception):
    """No assignment keeps every bound."""


class Levels:
    """A program with what the levels so far have fixed. ``found``: values of all variables at the last optimum;
    ``proofs``: why none of the values is better, in the order in which ``docs/reference/crossing.md`` asks for them.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.prover = Prover(program)
        self.proofs: list[dict[str, Any]] = []
        self.model = cp_model.CpModel()
        self.variables = [self.model.new_int_var(0, upper, "") for upper in program.upper]
        for row in program.rows:
            self._add(row)
        self.found: list[int] = []
        self._maximise([], [])

    def best(self, variables: Sequence[int], weights: Sequence[int], *, is_most: bool) -> int:
        """The greatest (or least) value of a weighted sum, proved and fixed from now on."""
        if not variables:
            return 0
        sign = 1 if is_most else -1
        signed = [sign * weight for weight in weights]
        most = self._maximise(variables, signed)
        self.proofs.append(self.prover.prove(variables, signed, most))
        row = (list(variables), list(weights), sign * most, sign * most)
        self._add(row)
        self.prover.add(row)
        return sign * most

    def _add(self, row: Row) -> None:
        variables, weights, low, high = row
        if not variables:
            # The solver does not hold a sum of nothing against its bounds.
            self.model.add_bool_or([] if low > 0 or high < 0 else [True])
            return
        total = cp_model.LinearExpr.weighted_sum([self.variables[one] for one in variables], weights)
        self.model.add_linear_constraint(total, low, high)

    def _maximise(self, variables: Sequence[int], weights: Sequence[int]) -> int:
        chosen = [self.variables[one] for one in variables]
        self.model.maximize(cp_model.LinearExpr.weighted_sum(chosen, list(weights)))
        self.model.clear_hints()
        for variable, value in zip(self.variables, self.found, strict=False):
            self.model.add_hint(variable, value)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_deterministic_time = _MOST_WORK
        status = solver.solve(self.model)
        if status == cp_model.INFEASIBLE:
            raise InfeasibleError
        if status != cp_model.OPTIMAL:
            raise LimitReachedError
        self.found = [solver.value(variable) for variable in self.variables]
        return sum(weight * self.found[variable] for variable, weight in zip(variables, weights, strict=True))

    def house(self, households: Sequence[int], *, most_first: bool) -> int:
        """Level H over households in order: the most first if so wished, then the earliest. Gives how many."""
        program = self.program
        asking = [household for household in households if program.claims_of(household)]
        claims = [claim for household in asking for claim in program.claims_of(household)]
        if most_first:
            self.best(claims, [1] * len(claims), is_most=True)
        for low in range(0, len(asking), _MOST_IN_BLOCK):
            block = asking[low : low + _MOST_IN_BLOCK]
            weight = {household: 1 << place for place, household in enumerate(reversed(block))}
            named = [(claim, weight[one]) for one in block for claim in program.claims_of(one)]
            self._maximise([claim for claim, _ in named], [weight for _, weight in named])
            for household in block:
                self._settle_housed(household)
        return sum(self._is_housed(household) for household in asking)

    def _is_housed(self, household: int) -> int:
        return sum(self.found[claim] for claim in self.program.claims_of(household))

    def _settle_housed(self, household: int) -> None:
        """Fix whether it is housed; that it is not must be proved, that it is shows itself."""
        claims = list(self.program.claims_of(household))
        value = self._is_housed(household)
        if not value:
            self.proofs.append(self.prover.prove(claims, [1] * len(claims), 0))
        self._add((claims, [1] * len(claims), value, value))
        self.prover.fix_row(self.program.row_of[household], value)

    def improve(self, households: Sequence[int]) -> int:
        """Level R: the least total rank of these households."""
        claims = [claim for household in households for claim in self.program.claims_of(household)]
        return self.best(claims, [int(self.program.rank[claim]) for claim in claims], is_most=False)

    def settle(self, households: Sequence[int]) -> None:
        """Ties: in order, everybody gets its best claim (by place in the list) that keeps all levels."""
        for block in self._blocks(households):
            scale, named = 1, []
            for household in reversed(block):
                claims = self.program.claims_of(household)
                named += [(claim, scale * place) for place, claim in enumerate(claims)]
                scale *= len(claims) + 1
            self._maximise([claim for claim, _ in named], [-weight for _, weight in named])
            for household in block:
                self._settle_claim(household)

    def _settle_claim(self, household: int) -> None:
        """Fix which claim it holds; that no better one is left must be proved."""
        claims = self.program.claims_of(household)
        held = next(claim for claim in claims if self.found[claim])
        better = list(range(claims.start, held))
        if better:
            self.proofs.append(self.prover.prove(better, [1] * len(better), 0))
        for claim in claims:
            value = int(claim == held)
            self._add(([claim], [1], value, value))
            self.prover.fix(claim, value, value)

    def _blocks(self, households: Sequence[int]) -> Iterator[list[int]]:
        """Housed households in order, as many at a time as one exact objective can rank."""
        block: list[int] = []
        width = 1
        for household in households:
            if not self._is_housed(household):
                continue
            wider = len(self.program.claims_of(household)) + 1
            if block and width * wider > _WIDEST:
                yield block
                block, width = [], 1
            block.append(household)
            width *= wider
        if block:
            yield block
