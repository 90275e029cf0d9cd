"""Households of one pool into its rooms, pairs kept together or apart (couples, room-mates; 合住与分住).

Without pairs rooms are filled in the published order. With pairs it is bin packing, so CP-SAT says what is possible where trying by size does not;
which of the possible packings it is the order alone says: the first household gets the first room it can have, then
the second, and so on. So the packing is unique.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ortools.sat.python import cp_model

from allocator.mechanisms.rooms_proof import RoomsLimitError
from allocator.model.instance import Ints

Pair = tuple[int, int]
DETERMINISTIC_SECONDS: Final = 10.0  # of one question: the same on every machine


@dataclass(frozen=True, eq=False)
class Packing:
    """``room`` (n,) the room of each household from 0, or None where there is no packing; then ``together`` and
    ``apart`` are pairs that cannot all be kept, while any one of them less could be.
    """

    room: Ints | None
    together: tuple[Pair, ...] = ()
    apart: tuple[Pair, ...] = ()


def packed(
    beds: Sequence[int], num_households: int, together: Sequence[Pair] = (), apart: Sequence[Pair] = ()
) -> Packing:
    """Households 0, 1, … (in the published order) into rooms with so many free beds.

    Raises ``ValueError`` where there are more households than beds or a pair is none, and ``RoomsLimitError`` where
    the deterministic limit is reached.
    """
    if num_households > sum(beds):
        raise ValueError(f"{num_households} households for {sum(beds)} beds")
    for one, other in (*together, *apart):
        if one == other or not (0 <= one < num_households and 0 <= other < num_households):
            raise ValueError(f"no pair of households: {one}, {other}")
    if not together and not apart:
        return Packing(np.repeat(np.arange(len(beds)), beds)[:num_households].astype(np.int64))
    rooms = _Rooms(beds, _groups(num_households, together), apart)
    if rooms.can_hold():
        return Packing(rooms.filled_in_order())
    return _blocking(beds, num_households, sorted(set(together)), sorted(set(apart)))


def _groups(num_households: int, together: Sequence[Pair]) -> list[int]:
    """(n,) the first household of those each must lie with."""
    first = list(range(num_households))
    for one, other in together:
        low, high = sorted((first[one], first[other]))
        first = [low if group == high else group for group in first]
    return first


class _Rooms:
    """``free`` beds left in each room; ``waiting``: groups that are bound by a pair and not in a room yet."""

    def __init__(self, beds: Sequence[int], group: list[int], apart: Sequence[Pair]) -> None:
        self.free = list(beds)
        self.group = group
        self.size = [group.count(one) for one in range(len(group))]
        self.foes: list[set[int]] = [set() for _ in group]
        for one, other in apart:
            self.foes[group[one]].add(group[other])
            self.foes[group[other]].add(group[one])
        self.inside: list[set[int]] = [set() for _ in beds]
        bound = {one for one in group if self.size[one] > 1 or self.foes[one]}
        self.waiting = sorted(bound, key=lambda one: (-self.size[one], -len(self.foes[one]), one))

    def filled_in_order(self) -> Ints:
        """Each household in turn into the first room that leaves a packing for the rest. One must exist."""
        room: dict[int, int] = {}
        for group in self.group:
            if group not in room:
                room[group] = next(one for one in range(len(self.free)) if self._enters(group, one))
        return np.array([room[group] for group in self.group], np.int64)

    def _enters(self, group: int, room: int) -> bool:
        """Put the group into the room if it fits there and the waiting can still be held."""
        if not self._fits(group, room, self.free, self.inside):
            return False
        waiting = self.waiting
        self.waiting = [one for one in waiting if one != group]
        self.free[room] -= self.size[group]
        self.inside[room].add(group)
        if self.can_hold():
            return True
        self.waiting = waiting
        self.free[room] += self.size[group]
        self.inside[room].remove(group)
        return False

    def _fits(self, group: int, room: int, free: list[int], inside: list[set[int]]) -> bool:
        is_alone = group not in self.foes[group]
        return is_alone and self.size[group] <= free[room] and not self.foes[group] & inside[room]

    def can_hold(self) -> bool:
        """Whether the waiting groups can be put into the free beds: tried by size, else asked of the solver.

        Households bound by no pair take any bed, so they need no question.
        """
        free, inside = self.free.copy(), [set(groups) for groups in self.inside]
        for group in self.waiting:
            at = next((room for room in range(len(free)) if self._fits(group, room, free, inside)), None)
            if at is None:
                return self._is_solvable()
            free[at] -= self.size[group]
            inside[at].add(group)
        return True

    def _is_solvable(self) -> bool:
        model = cp_model.CpModel()
        lies: dict[tuple[int, int], Any] = {}
        for group in self.waiting:
            rooms = [one for one in range(len(self.free)) if self._fits(group, one, self.free, self.inside)]
            lies.update({(group, room): model.new_bool_var("") for room in rooms})
            model.add_exactly_one([lies[group, room] for room in rooms])
        for room, free in enumerate(self.free):
            here = [group for group in self.waiting if (group, room) in lies]
            sizes = [self.size[group] for group in here]
            model.add(cp_model.LinearExpr.weighted_sum([lies[group, room] for group in here], sizes) <= free)
            for group in here:
                for foe in sorted(self.foes[group]):
                    if foe > group and (foe, room) in lies:
                        model.add_at_most_one((lies[group, room], lies[foe, room]))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.max_deterministic_time = DETERMINISTIC_SECONDS
        status = solver.solve(model)
        if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.INFEASIBLE}:
            raise RoomsLimitError
        return bool(status != cp_model.INFEASIBLE)


def _blocking(beds: Sequence[int], num_households: int, together: list[Pair], apart: list[Pair]) -> Packing:
    """Pairs are left out one after the other while the rest still cannot be kept."""
    for pairs in (apart, together):
        for pair in tuple(pairs):
            pairs.remove(pair)
            if _Rooms(beds, _groups(num_households, together), apart).can_hold():
                pairs.append(pair)
    return Packing(None, tuple(sorted(together)), tuple(sorted(apart)))
