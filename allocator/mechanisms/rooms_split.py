"""The split of dormitory rooms between women and men that fills the most beds, with its proof.

Splits worth trying come from a small integer program over the splits alone (CP-SAT) that knows some inequalities
(``rooms_rows``); the flow says what such a split is worth and which inequality it breaks; that there is no better
one is left to the proof. What is found is the one split of contract section 4, whatever the solvers: the optimum,
and among the optima the least.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from ortools.sat.python import cp_model

from allocator.mechanisms.market import Flags
from allocator.mechanisms.rooms_demand import Demand
from allocator.mechanisms.rooms_flow import Filling
from allocator.mechanisms.rooms_proof import Answer, Leaf, Prover, RoomsLimitError
from allocator.mechanisms.rooms_rows import Row, Rows
from allocator.model.instance import Ints

# Counts and deterministic time, never the wall clock: the same on every machine.
MOST_TRIES: Final = 20
MOST_NODES: Final = 2_000
DETERMINISTIC_SECONDS: Final = 4.0


@dataclass(frozen=True, eq=False)
class Split:
    """``rooms`` (E,) given to F and the beds this fills; ``most``: leaves that no split fills more; ``fewest``: by
    class, leaves that none which gives F fewer units of it, and the same before, fills as many.
    """

    rooms: Ints
    num_filled: int
    most: list[Leaf]
    fewest: dict[int, list[Leaf]] = field(default_factory=dict)


def best_split(demand: Demand, most_nodes: int | None = None) -> Split:
    """The split. ``most_nodes``: of a proof's tree (``MOST_NODES``). Raises ``RoomsLimitError``."""
    search = _Search(demand, MOST_NODES if most_nodes is None else most_nodes)
    most = search.fill_most()
    fewest = search.give_fewest_to_women()
    return Split(search.split, search.num_filled, most, fewest)


class _Search:
    """``split``: the best known, which fills ``num_filled`` beds."""

    def __init__(self, demand: Demand, most_nodes: int) -> None:
        self.most_nodes = most_nodes
        self.demand, self.filling, self.rows = demand, Filling(demand), Rows(demand)
        self.prover = Prover(self.filling, Rows(demand))
        self.program = cp_model.CpModel()
        bounds = zip(demand.least.tolist(), demand.most.tolist(), strict=True)
        self.y = [self.program.new_int_var(least, most, "") for least, most in bounds]
        self.x = [self.program.new_int_var(0, asking, "") for asking in demand.asking.tolist()]
        self._bound_sides()
        self.num_taken_up = 0
        nothing = np.zeros(demand.num_sides, bool)
        for side in range(demand.num_sides):
            self._learn([(np.arange(demand.num_sides) == side, nothing)])
        self.bound = self.filling.value(demand.least, demand.most)
        self.split = self.filling.rounded_split(demand.least, demand.most)
        self._learn(self.filling.binding_sets())
        self.num_filled = self._worth(self.split)

    def fill_most(self) -> list[Leaf]:
        """Raise ``num_filled`` to the optimum; the leaves that prove it."""
        self.bound = min(self.bound, self.prover.upper_bound())
        total = cp_model.LinearExpr.sum(self.x)
        for _ in range(MOST_TRIES):
            if self.num_filled >= self.bound:
                break
            program = self.program.clone()
            program.add(total >= self.bound)
            split = self._candidate(program, [])
            if split is None:
                break
            worth = self._worth(split)
            if worth > self.num_filled:
                self.split, self.num_filled = split, worth
        box = (self.demand.least, self.demand.most)
        answer = self.prover.answer(self.num_filled + 1, *box, self.most_nodes, climbs=True)
        if answer is None:
            raise RoomsLimitError
        if answer.split is not None:
            self.split, self.num_filled = answer.split, self._worth(answer.split)
        self.program.add(total >= self.num_filled)
        return answer.leaves

    def give_fewest_to_women(self) -> dict[int, list[Leaf]]:
        """Class by class, the fewest units for women with which the optimum can still be had."""
        least, most = self.demand.least.copy(), self.demand.most.copy()
        proved: dict[int, list[Leaf]] = {}
        for kind, y in enumerate(self.y):
            while self.split[kind] > least[kind]:
                most[kind] = self.split[kind] - 1
                answer = self._one_less(y, kind, (least, most))
                if answer.split is None:
                    proved[kind] = answer.leaves
                    break
                self.split = answer.split
            least[kind] = most[kind] = self.split[kind]
            self.program.add(y == int(self.split[kind]))
        return proved

    def _one_less(self, y: Any, kind: int, box: tuple[Ints, Ints]) -> Answer:
        """A split of the box that fills as many beds as the best, or the proof that there is none."""
        answer = self.prover.answer(self.num_filled, *box, 1, is_deep=False)
        for _ in range(MOST_TRIES):
            if answer is not None:
                return answer
            split = self._candidate(self.program.clone(), [y])
            if split is None or split[kind] >= self.split[kind]:
                break
            if self._worth(split) >= self.num_filled:
                return Answer([], split)
        answer = self.prover.answer(self.num_filled, *box, self.most_nodes)
        if answer is None:
            raise RoomsLimitError
        return answer

    def _worth(self, split: Ints) -> int:
        """Beds the split fills; the inequalities that say why no more are learnt."""
        worth = self.filling.value(split, split)
        self._learn(self.filling.binding_sets())
        return worth

    def _learn(self, pairs: list[tuple[Flags, Flags]]) -> None:
        """What a split tried has shown, for the next candidates and for the proof (which learns more by itself)."""
        self.rows.learn_all(pairs)
        self.prover.rows.learn_all(pairs)

    def _candidate(self, program: Any, aim: list[Any]) -> Ints | None:
        """A split with little of the aim, near the best known; nothing where there is none or none was found.

        Staying near keeps the inequalities few: they describe the surroundings of the optimum alone.
        """
        self._take_up(program)
        steps = self._steps(program)
        heavy = int(self.demand.rooms.sum()) + 1
        weights = [heavy] * len(aim) + [1] * len(steps)
        program.minimize(cp_model.LinearExpr.weighted_sum(aim + steps, weights))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_deterministic_time = DETERMINISTIC_SECONDS
        if solver.solve(program) not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
            return None
        return np.array([solver.value(one) for one in self.y], np.int64)

    def _steps(self, program: Any) -> list[Any]:
        """How far each kind is from the best split known."""
        steps = []
        for kind, (one, at) in enumerate(zip(self.y, self.split.tolist(), strict=True)):
            step = program.new_int_var(0, int(self.demand.rooms[kind]), "")
            program.add(one - step <= at)
            program.add(one + step >= at)
            program.add_hint(one, at)
            steps.append(step)
        return steps

    def _take_up(self, program: Any) -> None:
        """The rows learnt since, into the integer program and this copy of it."""
        for row in self.rows.known[self.num_taken_up :]:
            self._add(self.program, row)
            self._add(program, row)
        self.num_taken_up = len(self.rows.known)

    def _add(self, program: Any, row: Row) -> None:
        places = [self.x[side] for side in np.flatnonzero(row.sides)]
        counted = np.flatnonzero(row.per_room)
        rooms = [self.y[kind] for kind in counted]
        weights = [1] * len(places) + (-row.per_room[counted]).tolist()
        program.add(cp_model.LinearExpr.weighted_sum(places + rooms, weights) <= row.most)

    def _bound_sides(self) -> None:
        demand = self.demand
        for side, x in enumerate(self.x):
            is_men = side % 2 == 1
            beds = demand.beds[:, side // 2]
            here = np.flatnonzero(beds).tolist()
            weights = [1] + [int(beds[unit] if is_men else -beds[unit]) for unit in here]
            most = int(demand.partial[side]) + is_men * int(demand.rooms @ beds)
            rows = [x, *(self.y[unit] for unit in here)]
            self.program.add(cp_model.LinearExpr.weighted_sum(rows, weights) <= most)
