"""How many households the beds of a split can seat: from the lists alone, by alternating paths between pools."""

from __future__ import annotations

from collections import deque

import numpy as np

from allocator.audit.judgement import Bools
from allocator.model.instance import Ints


def most_seated(lists: Bools, supply: Ints, places: Ints) -> int:
    """``lists`` (P, S) which sides a kind of household takes, ``supply`` (P,) how many there are, ``places`` (S,)."""
    return _Seating(lists, supply, places).run()


class _Seating:
    """``moves[p, q]``: seats taken in p by households that also list q."""

    def __init__(self, lists: Bools, supply: Ints, places: Ints) -> None:
        self.lists, self.left, self.free = lists, supply.copy(), places.copy()
        self.seats = np.zeros(lists.shape, dtype=np.int64)
        self.moves = np.zeros((lists.shape[1], lists.shape[1]), dtype=np.int64)

    def run(self) -> int:
        """Everybody whose choices are few first, then one path after another until there is none."""
        for kind in np.argsort(self.lists.sum(axis=1), kind="stable").tolist():
            for side in np.flatnonzero(self.lists[kind]).tolist():
                self._seat(kind, side, min(int(self.left[kind]), int(self.free[side])))
        while self._augment():
            pass
        return int(self.seats.sum())

    def _seat(self, kind: int, side: int, count: int) -> None:
        if count:
            self.left[kind] -= count
            self.free[side] -= count
            self.seats[kind, side] += count
            self.moves[side] += count * self.lists[kind]

    def _augment(self) -> bool:
        """Seat one household more along a shortest path; false where there is none."""
        waiting: Bools = np.any(self.lists[self.left > 0], axis=0)
        came_from = np.full(len(self.free), -2)
        came_from[waiting] = -1
        queue = deque(np.flatnonzero(waiting).tolist())
        while queue:
            side = queue.popleft()
            if self.free[side]:
                self._shift(side, came_from)
                return True
            for other in np.flatnonzero((self.moves[side] > 0) & (came_from == -2)).tolist():
                came_from[other] = side
                queue.append(other)
        return False

    def _shift(self, side: int, came_from: Ints) -> None:
        """Move one household at each step of the path towards the free bed."""
        while came_from[side] >= 0:
            before = int(came_from[side])
            kind = int(np.argmax((self.seats[:, before] > 0) & self.lists[:, side]))
            self.seats[kind, before] -= 1
            self.moves[before] -= self.lists[kind]
            self.free[before] += 1
            self.left[kind] += 1
            self._seat(kind, side, 1)
            side = before
        kind = int(np.argmax((self.left > 0) & self.lists[:, side]))
        self._seat(kind, side, 1)
