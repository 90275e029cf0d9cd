"""调房: moves listed in an order in which they can be carried out, as chains and cycles.

A chain starts at a vacancy: somebody moves into it, the next into the place that became free, and so on. In a
cycle everybody waits for somebody else: one household has to stay somewhere for a while (a buffer), or all
swap on the same day. Places are dwellings (capacity 1) or pools.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator.model.instance import UNASSIGNED, Instance, Ints

NOWHERE: Final = UNASSIGNED
COLUMNS: Final = ("step", "sequence", "kind", "act", "household", "origin", "target")


class Kind(StrEnum):
    """What a sequence of moves is."""

    CHAIN = "chain"
    CYCLE = "cycle"


class Act(StrEnum):
    """``TO_BUFFER`` and ``FROM_BUFFER`` are the two halves of the first move of a cycle; or all swap on one day."""

    MOVE = "move"
    TO_BUFFER = "to_buffer"
    FROM_BUFFER = "from_buffer"


def in_order(origin: Ints, target: Ints, capacity: Ints) -> pd.DataFrame:
    """The moves of k households in an order that never puts more into a place than it holds.

    Args:
        origin: (k,) place each lives in now, ``NOWHERE`` for a newcomer.
        target: (k,) place each lives in afterwards, ``NOWHERE`` for one who leaves.
        capacity: (m,) places of each dwelling (1) or pool.

    Returns:
        ``COLUMNS``, a row per act: ``step`` and ``sequence`` from 1, ``kind``, ``act``, ``household`` (row
        of the input), ``origin``, ``target``. Who stays where it is has no row. A function of the input alone: of those
        who could move the first in the input does.

    Raises:
        ValueError: more live, or would live, in a place than it holds.
    """
    for lived_in in (origin, target):
        if (np.bincount(lived_in[lived_in != NOWHERE], minlength=len(capacity)) > capacity).any():
            raise ValueError("more households than places")
    plan = _Plan(origin.tolist(), target.tolist(), capacity)
    plan.leave()
    plan.fill_vacancies()
    plan.turn_cycles()
    frame = pd.DataFrame(plan.rows, columns=list(COLUMNS[1:]))
    frame.insert(0, "step", np.arange(1, len(frame) + 1, dtype=np.int64))
    return frame.astype(dict.fromkeys(("kind", "act"), "str"))


class _Plan:
    """Who waits for which place, and the steps so far."""

    def __init__(self, origin: list[int], target: list[int], capacity: Ints) -> None:
        self.origin, self.target = origin, target
        self.room: list[int] = capacity.tolist()
        self.rows: list[tuple[int, str, str, int, int, int]] = []
        self.num_sequences = 0
        self.leavers: list[int] = []
        self.waiting: list[deque[int]] = [deque() for _ in self.room]
        for household, (here, there) in enumerate(zip(origin, target, strict=True)):
            if here != NOWHERE:
                self.room[here] -= 1
            if here == there:
                continue
            if there == NOWHERE:
                self.leavers.append(household)
            else:
                self.waiting[there].append(household)

    def leave(self) -> None:
        """Who gives up a place goes first: a chain each, carried on by those who wait for the place."""
        for household in self.leavers:
            self.num_sequences += 1
            self._note(Kind.CHAIN, Act.MOVE, household)
            self.room[self.origin[household]] += 1
            self._carry_on(self.origin[household])

    def fill_vacancies(self) -> None:
        """A chain for every vacancy that somebody waits for, place by place."""
        for place in range(len(self.room)):
            while self.room[place] and self.waiting[place]:
                self.num_sequences += 1
                self._carry_on(place)

    def turn_cycles(self) -> None:
        """What is left waits in cycles: every full place that is waited for is left by as many as wait for it."""
        leaving: list[deque[int]] = [deque() for _ in self.room]
        left = sorted(household for queue in self.waiting for household in queue)
        for household in left:
            leaving[self.origin[household]].append(household)
        for queue in self.waiting:
            queue.clear()
        for place in range(len(self.room)):
            while leaving[place]:
                self._turn(self._cycle(place, leaving))

    def _cycle(self, place: int, leaving: list[deque[int]]) -> list[int]:
        """Households of one simple cycle, each moving to where the next one lives; taken out of ``leaving``."""
        path: list[int] = []
        at: dict[int, int] = {}
        while place not in at:
            at[place] = len(path)
            path.append(leaving[place][0])
            place = self.target[path[-1]]
        cycle = path[at[place] :]
        for household in cycle:
            leaving[self.origin[household]].popleft()
        first = cycle.index(min(cycle))
        return cycle[first:] + cycle[:first]

    def _turn(self, cycle: list[int]) -> None:
        self.num_sequences += 1
        first, *others = cycle
        self._note(Kind.CYCLE, Act.TO_BUFFER, first)
        for household in reversed(others):
            self._note(Kind.CYCLE, Act.MOVE, household)
        self._note(Kind.CYCLE, Act.FROM_BUFFER, first)

    def _carry_on(self, place: int) -> None:
        """From a vacancy on: who waits for it moves in, then who waits for what that one left."""
        while place != NOWHERE and self.room[place] and self.waiting[place]:
            household = self.waiting[place].popleft()
            self._note(Kind.CHAIN, Act.MOVE, household)
            self.room[place] -= 1
            place = self.origin[household]
            if place != NOWHERE:
                self.room[place] += 1

    def _note(self, kind: Kind, act: Act, household: int) -> None:
        here = NOWHERE if act is Act.FROM_BUFFER else self.origin[household]
        there = NOWHERE if act is Act.TO_BUFFER else self.target[household]
        self.rows.append((self.num_sequences, str(kind), str(act), household, here, there))


def _places(instance: Instance, origin: Ints, target: Ints) -> Ints:
    """(C,) places; pools of dormitory rooms carry no capacity of their own, so as many as are lived in."""
    lived_in = [
        np.bincount(pools[pools != NOWHERE], minlength=instance.num_pools) for pools in (origin, target)
    ]
    return np.maximum.reduce([instance.capacity, *lived_in])


def moves_of(instance: Instance, assigned: Ints) -> dict[str, Any]:
    """``report.moves`` of a solution with sitting tenants: how their moves between pools can be carried out.

    ``steps``: ``sequence``, ``kind``, ``act``, ``household``, ``from``, ``to`` (null: the buffer); counts of chains
    and cycles, and the length of the longest. Newcomers take what is left and have no steps.
    """
    place = {name: number for number, name in enumerate(instance.pool_ids)}
    current: dict[str, str] = instance.extensions.get("current", {})
    tenants = [number for number, name in enumerate(instance.household_ids) if name in current]
    origin = np.array([place[current[instance.household_ids[one]]] for one in tenants], np.int64)
    target = assigned[np.array(tenants, np.int64)]
    plan = in_order(origin, target, _places(instance, origin, target))
    names: list[str | None] = [*instance.pool_ids, None]
    steps = [
        {
            "sequence": int(row.sequence),
            "kind": row.kind,
            "act": row.act,
            "household": instance.household_ids[tenants[row.household]],
            "from": names[row.origin],
            "to": names[row.target],
        }
        for row in plan.itertuples()
    ]
    movers = plan[plan["act"] != str(Act.FROM_BUFFER)]
    sequences = movers.groupby("sequence")["kind"].agg(["size", "first"])
    return {
        "num_moves": len(movers),
        "num_chains": int((sequences["first"] == str(Kind.CHAIN)).sum()),
        "num_cycles": int((sequences["first"] == str(Kind.CYCLE)).sum()),
        "longest": int(sequences["size"].max()) if len(sequences) else 0,
        "steps": steps,
    }
