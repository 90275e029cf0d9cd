"""Households propose, places keep the best so far: deferred acceptance (Gale and Shapley 1962), one household
at a time (McVitie and Wilson 1971). The result does not depend on who proposes when.

A *step* is one institution (the open or the reserved places of a pool) on a household's list. Keys are
smaller for the better and end in the household: household = key mod n.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace
from typing import Final

import numpy as np

from allocator.mechanisms.places import PoolRules
from allocator.mechanisms.wishes import Wishes
from allocator.model.instance import Ints

NEVER: Final = 1 << 62  # a place is left
EMPTY: Final = -1  # no place at all


@dataclass(frozen=True, eq=False)
class Steps:
    """m steps, household by household, in the order they are tried.

    ``start`` (n + 1,); ``wish`` (m,) the choice of ``Wishes``; ``place`` (m,) the institution; ``key`` (m,) at
    it; ``room`` (institutions,): the open places of pool p at p, then the reserves, pool by pool as declared.
    ``reserved``: the institutions of each pool's reserves.
    """

    start: Ints
    wish: Ints
    place: Ints
    key: Ints
    room: Ints
    reserved: dict[int, list[int]]


def steps_of(wishes: Wishes, capacity: Ints, rules: dict[int, PoolRules]) -> Steps:
    """Slot expansion: own groups' reserves first, then the open places, then what other groups may leave."""
    room = capacity.tolist()
    reserved: dict[int, list[int]] = {}
    everyone = np.arange(len(wishes.pool))
    if not any(rule.reserves for rule in rules.values()):
        return Steps(wishes.start, everyone, wishes.pool, wishes.key, capacity, {})
    parts = [(everyone, np.zeros(len(everyone), np.int64), wishes.pool, wishes.key)]
    outside = (wishes.num_tiers + 1) * len(wishes.own)
    for pool, rule in rules.items():
        asking = wishes.asking(pool)
        household, key = wishes.household[asking], wishes.key[asking]
        is_tenant = wishes.own[household] == pool
        room[pool] = rule.num_open
        for number, reserve in enumerate(rule.reserves):
            is_member = reserve.members[household]
            may = is_member | is_tenant | reserve.is_released
            phase = np.where(is_member, number - len(rule.reserves), number + 1)
            its_key = np.where(is_member | is_tenant, key, key + outside)
            parts.append((asking[may], phase[may], np.full(int(may.sum()), len(room)), its_key[may]))
            reserved.setdefault(pool, []).append(len(room))
            room.append(reserve.places)
    wish, phase, place, key = (np.concatenate(column) for column in zip(*parts, strict=True))
    span = 2 * (int(np.abs(phase).max(initial=0)) + 1)
    along = np.argsort(wish * span + phase, kind="stable")
    wish, place, key = wish[along], place[along], key[along]
    start = np.searchsorted(wishes.household[wish], np.arange(len(wishes.own) + 1))
    return Steps(start, wish, place, key, np.array(room, np.int64), reserved)


def accept_in_turn(steps: Steps) -> tuple[Ints, list[int]]:
    """(n,) the step each household ends at, -1 for none, and the cutoff of each institution (``NEVER``: room)."""
    n = len(steps.start) - 1
    at, end = steps.start[:-1].tolist(), steps.start[1:].tolist()
    place, key, room = steps.place.tolist(), steps.key.tolist(), steps.room.tolist()
    held: list[list[int]] = [[] for _ in room]
    cut = [NEVER if places else EMPTY for places in room]
    for first in range(n):
        who = first
        while True:
            step, stop = at[who], end[who]
            while step < stop and key[step] >= cut[place[step]]:
                step += 1
            at[who] = step
            if step == stop:
                break
            where = place[step]
            heap = held[where]
            if len(heap) < room[where]:
                heappush(heap, -key[step])
                if len(heap) == room[where]:
                    cut[where] = -heap[0]
                break
            who = -heapreplace(heap, -key[step]) % n
            cut[where] = -heap[0]
            at[who] += 1
    ended = np.array(at, np.int64)
    return np.where(ended < steps.start[1:], ended, -1), cut


def steps_held(steps: Steps, cell_of_wish: Ints, most: list[int], wish_key: Ints) -> tuple[Ints, list[int]]:
    """As ``accept_in_turn``, under maxima: of each cell (those one maximum counts in one pool) at most ``most``.

    ``cell_of_wish`` -1 where none counts. Only the best of a cell so far may stand at the pool's places: who
    is pushed out of its cell leaves the pool.
    """
    return _CappedRun(steps, cell_of_wish, most, wish_key).run()


class _CappedRun:
    """Heaps with lazy deletion: an entry counts while its household still stands at that institution."""

    def __init__(self, steps: Steps, cell_of_wish: Ints, most: list[int], wish_key: Ints) -> None:
        self.num_households = len(steps.start) - 1
        self.at, self.end = steps.start[:-1].tolist(), steps.start[1:].tolist()
        self.place, self.key, self.room = steps.place.tolist(), steps.key.tolist(), steps.room.tolist()
        self.cell, self.most = cell_of_wish[steps.wish].tolist(), most
        self.cell_key = wish_key[steps.wish].tolist()
        is_first = np.diff(steps.wish, prepend=-1) != 0
        firsts = np.append(np.flatnonzero(is_first), len(steps.wish))
        self.is_first: list[bool] = is_first.tolist()
        self.beyond: list[int] = firsts[np.cumsum(is_first)].tolist()
        self.held: list[list[int]] = [[] for _ in self.room]
        self.load = [0] * len(self.room)
        self.cut = [NEVER if places else EMPTY for places in self.room]
        self.in_cell: list[list[int]] = [[] for _ in most]
        self.start = steps.start

    def run(self) -> tuple[Ints, list[int]]:
        """Everybody proposes until placed or at the end of the list."""
        for first in range(self.num_households):
            waiting = [first]
            while waiting:
                self._propose(waiting.pop(), waiting)
        ended = np.array(self.at, np.int64)
        return np.where(ended < self.start[1:], ended, -1), self.cut

    def _propose(self, who: int, waiting: list[int]) -> None:
        while self.at[who] < self.end[who]:
            step = self.at[who]
            if self.is_first[step] and not self._enters_cell(step, waiting):
                self.at[who] = self.beyond[step]
                continue
            where = self.place[step]
            if self.key[step] < self.cut[where]:
                if self.load[where] == self.room[where]:
                    out = -heapreplace(self.held[where], -self.key[step]) % self.num_households
                    self.at[out] += 1
                    waiting.append(out)
                else:
                    heappush(self.held[where], -self.key[step])
                    self.load[where] += 1
                if self.load[where] == self.room[where]:
                    self.cut[where] = self._worst(where)
                return
            self.at[who] += 1

    def _worst(self, where: int) -> int:
        """The worst key that stands at a full place; entries of those who left come off on the way."""
        heap = self.held[where]
        while not self._stands(heap[0], where):
            heappop(heap)
        return -heap[0]

    def _stands(self, entry: int, where: int) -> bool:
        who = -entry % self.num_households
        return self.at[who] < self.end[who] and self.place[self.at[who]] == where

    def _enters_cell(self, step: int, waiting: list[int]) -> bool:
        cell = self.cell[step]
        if cell < 0:
            return True
        inside, entry = self.in_cell[cell], -self.cell_key[step]
        if len(inside) < self.most[cell]:
            heappush(inside, entry)
            return True
        if not inside or entry < inside[0]:
            return False
        out = -heapreplace(inside, entry) % self.num_households
        at = self.at[out]
        if at < self.end[out] and self.cell[at] == cell:
            self.load[self.place[at]] -= 1
            self.cut[self.place[at]] = NEVER
            self.at[out] = self.beyond[at]
            waiting.insert(0, out)
        return True
