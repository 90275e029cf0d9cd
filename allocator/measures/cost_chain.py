"""Costs to others under ``serial``: the chain of displaced people, followed in the order.

Giving a household at position t a place in q, which was full by then, leaves q one place short for those before
t; the last who took one there takes its next choice that was still open at its turn, and so on. From t on the place it
left stands open beside: the first later household that would rather have had it takes it, and leaves its own. The two
chains end when they meet, when a place is left over, or when somebody is left without one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

import numpy as np

from allocator.measures.holdings import Holdings
from allocator.model.instance import UNASSIGNED, Instance

_NONE = -1


class ChoosingChain:
    """Built once; a chain costs one step per displaced household."""

    def __init__(self, instance: Instance, held: Holdings) -> None:
        self.instance, self.held = instance, held
        n = instance.num_households
        taken = np.bincount(held.pool[held.pool >= 0], minlength=instance.num_pools)
        last = np.full(instance.num_pools, _NONE, np.int64)
        housed = np.flatnonzero(held.pool >= 0)
        last[held.pool[housed]] = housed
        # Position (from 0) of who took the last place; n where one was left at the end, -1 where there was none.
        self.filled_by: list[int] = np.where(taken < instance.capacity, n, last).tolist()
        own = np.where(held.edge < 0, instance.start[1:], held.edge)[held.owner]
        above = np.flatnonzero(np.arange(len(instance.pool)) < own)
        order = np.argsort(instance.pool[above], kind="stable")
        self._turned_away: list[int] = held.owner[above][order].tolist()
        self._edges = np.searchsorted(instance.pool[above][order], np.arange(instance.num_pools + 1)).tolist()

    def moves(self, household: int, pools: Iterable[int]) -> dict[int, list[tuple[int, int, int]] | None]:
        """Of each pool the moves of the others if the household held a place there; ``None``: it has no place."""
        return {pool: self._chain(household, pool) for pool in sorted(set(pools))}

    def _chain(self, household: int, pool: int) -> list[tuple[int, int, int]] | None:
        end = self.instance.num_households
        if self.filled_by[pool] == _NONE:
            return None
        left = int(self.held.pool[household])
        short, spare = pool, _NONE
        is_gone = left == UNASSIGNED
        moves: list[tuple[int, int, int]] = []
        while True:
            at_short = self.filled_by[short] if short != _NONE else end
            at_spare = self._first_turned_away(spare) if spare != _NONE else end
            at_own = end if is_gone else household
            now = min(at_short, at_spare, at_own)
            if now == end:
                return moves
            if now == at_own:
                is_gone = True
                short, spare = (_NONE, _NONE) if short == left else (short, left)
            elif now == at_short:
                found = self._next_open(now, spare)
                moves.append((now, short, found))
                short, spare = (_NONE, _NONE) if found == spare else (found, spare)
            else:
                before = int(self.held.pool[now])
                moves.append((now, before, spare))
                short, spare = (_NONE, _NONE) if before == short else (short, before)

    def _first_turned_away(self, pool: int) -> int:
        """The first position behind the one that filled the pool which would rather have had it; n for none."""
        low, high = self._edges[pool], self._edges[pool + 1]
        place = bisect_right(self._turned_away, self.filled_by[pool], low, high)
        return self._turned_away[place] if place < high else self.instance.num_households

    def _next_open(self, household: int, spare: int) -> int:
        """The first choice behind what it held with a place left at its turn, or the spare place where it lists it."""
        start, stop = int(self.instance.start[household]), int(self.instance.start[household + 1])
        own = int(self.held.edge[household])
        for edge in range(start, stop):
            pool = int(self.instance.pool[edge])
            if edge == own:
                continue
            if pool == spare or (edge > own and self.filled_by[pool] > household):
                return pool
        return UNASSIGNED
