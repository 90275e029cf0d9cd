"""The proof that no split of a box fills so many beds, or a split that does.

A claim says that no split of a box (bounds on the units of each class) fills ``target`` beds. It is proved by
leaves that part the box; on each a sum of inequalities (``rooms_rows``) with whole multipliers over a common
denominator stays below the target. A linear program (GLOP) only suggests the multipliers: they are checked
here in exact integers, and again by the judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ortools.linear_solver import pywraplp

from allocator.mechanisms.rooms_demand import Demand
from allocator.mechanisms.rooms_flow import Filling
from allocator.mechanisms.rooms_rows import Row, Rows, roundings
from allocator.model.instance import Ints

_DENOMINATORS: Final = (1, 2, 6, 60, 5040, 720_720, 10**9)
_NEARLY: Final = 1e-6
_BROKEN: Final = 1e-3


class RoomsLimitError(Exception):
    """The search or its proof grew beyond the limit."""


@dataclass(frozen=True, eq=False)
class Leaf:
    """A box (E,), (E,), the common denominator, and the inequalities with their multipliers."""

    least: Ints
    most: Ints
    over: int
    rows: list[tuple[Row, int]]


@dataclass(frozen=True, eq=False)
class Answer:
    """``leaves`` that prove a claim, or the ``split`` (E,) that refutes it."""

    leaves: list[Leaf]
    split: Ints | None = None


def bound(demand: Demand, leaf: Leaf) -> int:
    """``over`` times what the leaf's inequalities leave as the most beds: exact."""
    num_sides = demand.num_sides
    cover = np.zeros(num_sides, np.int64)
    per_room = np.zeros(len(demand.rooms), np.int64)
    most = 0
    for row, times in leaf.rows:
        cover[row.sides] += times
        per_room += times * row.per_room
        most += times * row.most
    rest = np.maximum(leaf.over - cover, 0)
    per_room += demand.beds @ (rest[0::2] - rest[1::2])
    most += int(rest @ demand.partial) + int(demand.rooms @ demand.beds @ rest[1::2])
    return most + int(np.maximum(per_room * leaf.least, per_room * leaf.most).sum())


class Prover:
    """One linear program over all claims; it grows with the rows."""

    def __init__(self, filling: Filling, rows: Rows) -> None:
        self.demand, self.filling, self.rows = filling.demand, filling, rows
        self._begin()

    def _begin(self) -> None:
        """A new program without rows: GLOP now and then fails when it goes on from its last solution."""
        self.program: Any = pywraplp.Solver.CreateSolver("GLOP")
        self.y = [self.program.NumVar(0, rooms, "") for rooms in self.demand.rooms.tolist()]
        self.x = [self.program.NumVar(0, self.program.infinity(), "") for _ in range(self.demand.num_sides)]
        objective = self.program.Objective()
        objective.SetMaximization()
        for side, x in enumerate(self.x):
            objective.SetCoefficient(x, 1)
            self._bound_side(side)
        self.constraints: list[Any] = []

    def answer(
        self,
        target: int,
        least: Ints,
        most: Ints,
        max_nodes: int,
        *,
        is_deep: bool = True,
        climbs: bool = False,
    ) -> Answer | None:
        """Whether a split of the box fills ``target`` beds; nothing where ``max_nodes`` do not tell.

        ``is_deep``: false to look at the box as a whole only. ``climbs``: what is found raises the target, so that the answer is the best split of the box and the
        leaves prove that there is no better (no split where none reaches the target asked for).
        """
        pending = [(least.copy(), most.copy())]
        proved: list[Leaf] = []
        best: Ints | None = None
        for _ in range(max_nodes):
            if not pending:
                break
            box = pending.pop()
            reached, split = self._relaxed(*box)
            leaf = self._leaf(*box, target) if reached < target - _NEARLY else None
            if leaf is not None:
                proved.append(leaf)
                continue
            if not is_deep:
                return None
            whole = np.clip(np.rint(split).astype(np.int64), *box)
            worth = self.filling.value(whole, whole)
            is_news = self.rows.learn_all(self.filling.binding_sets())
            if worth >= target:
                best, target = whole, worth + 1
                if not climbs:
                    return Answer([], best)
                is_news = True
            is_news = is_news or self._sharpen(split, is_deep=True)
            pending.extend([box] if is_news else _parted(*box, split))
        return None if pending else Answer(proved, best)

    def upper_bound(self) -> int:
        """The beds the rows known leave room for over all splits, nearly: a place to begin, no proof."""
        while True:
            reached, split = self._relaxed(self.demand.least, self.demand.most)
            if not self._sharpen(split, is_deep=False):
                return int(np.floor(reached + _NEARLY))

    def _relaxed(self, least: Ints, most: Ints) -> tuple[float, Any]:
        if not self._is_solved(least, most):
            self._begin()
            if not self._is_solved(least, most):
                raise RoomsLimitError
        return self.program.Objective().Value(), np.array([y.solution_value() for y in self.y])

    def _is_solved(self, least: Ints, most: Ints) -> bool:
        self._take_up()
        for y, low, high in zip(self.y, least.tolist(), most.tolist(), strict=True):
            y.SetBounds(low, high)
        return bool(self.program.Solve() == pywraplp.Solver.OPTIMAL)

    def _leaf(self, least: Ints, most: Ints, target: int) -> Leaf | None:
        """The multipliers of the last program in whole numbers, the smallest denominator that still proves it."""
        values = [constraint.dual_value() for constraint in self.constraints]
        duals = [(self.rows.known[at], value) for at, value in enumerate(values) if value > _NEARLY]
        for over in _DENOMINATORS:
            rows = [(row, round(dual * over)) for row, dual in duals]
            leaf = Leaf(least, most, over, [(row, times) for row, times in rows if times])
            if bound(self.demand, leaf) < over * target:
                return leaf
        return None

    def _sharpen(self, split: Any, *, is_deep: bool) -> bool:
        """Learn what the relaxed solution breaks: roundings between two known sets; ``is_deep``: then other sets."""
        seated = np.array([x.solution_value() for x in self.x])
        plain = [row for row in self.rows.known if row.divisor == 0]
        stacked = np.array([row.sides for row in plain])
        reach = np.array([row.most for row in plain])
        tight = stacked[stacked @ seated > reach - _BROKEN]
        pairs = []
        for sides in tight:
            inside = tight[~(tight & ~sides).any(axis=1) & (tight != sides).any(axis=1)]
            inners = {one.tobytes(): one for one in (*inside, inside.any(axis=0))} if len(inside) else {}
            for inner in inners.values():
                rows = roundings(self.demand, sides, inner)
                if any(seated[sides].sum() > row.most + row.per_room @ split + _BROKEN for row in rows):
                    pairs.append((sides, inner))
        return self.rows.learn_all(pairs) or (
            is_deep and self.rows.learn_all(self.filling.sets_beyond_reach(seated))
        )

    def _take_up(self) -> None:
        """The rows learnt since, into the program."""
        for row in self.rows.known[len(self.constraints) :]:
            constraint = self.program.Constraint(-self.program.infinity(), float(row.most))
            for side in np.flatnonzero(row.sides).tolist():
                constraint.SetCoefficient(self.x[side], 1)
            for kind in np.flatnonzero(row.per_room).tolist():
                constraint.SetCoefficient(self.y[kind], -float(row.per_room[kind]))
            self.constraints.append(constraint)

    def _bound_side(self, side: int) -> None:
        demand, beds = self.demand, self.demand.beds[:, side // 2]
        is_men = side % 2 == 1
        most = int(demand.partial[side]) + is_men * int(demand.rooms @ beds)
        constraint = self.program.Constraint(-self.program.infinity(), float(most))
        constraint.SetCoefficient(self.x[side], 1)
        for unit in np.flatnonzero(beds).tolist():
            constraint.SetCoefficient(self.y[unit], float(beds[unit] if is_men else -beds[unit]))


def _parted(least: Ints, most: Ints, split: Any) -> list[tuple[Ints, Ints]]:
    """The box in two, where the relaxed split is least whole; where it is whole, across the widest bounds."""
    distance = np.abs(split - np.rint(split))
    if distance.max(initial=0) <= _NEARLY:
        distance = (most - least).astype(float)
    at = int(np.argmax(distance))
    cut = min(int(np.floor(split[at] + _NEARLY)), int(most[at]) - 1)
    low, high = most.copy(), least.copy()
    low[at], high[at] = cut, cut + 1
    return [(least, low), (high, most)]
