"""Chains of moves between pools: who makes room for whom, pool by pool.

The pools and one sink are the nodes; someone who holds a place in ``a`` and may move to ``b`` is an arc
``a -> b``; a pool with room leads to the sink. Sets of pools are bit masks in plain integers: a search
over hundreds of pools then costs microseconds, and a household costs nothing until its pool is visited.
"""

from __future__ import annotations

import itertools

import numpy as np

from allocator.model.instance import Ints

NOWHERE = -1
_UNREAD = -1


def bits(mask: int) -> list[int]:
    """The positions of the ones of a mask, ascending."""
    found = []
    while mask:
        low = mask & -mask
        found.append(low.bit_length() - 1)
        mask ^= low
    return found


class Moves:
    """The moves open to k members (numbered in the published order) among C pools.

    ``starts`` (k + 1,) and ``pools`` (arcs,) are the members' live choices, best first; ``place`` (k,) the
    pool each holds or ``NOWHERE``; ``room`` (C,) the free places (0 for sealed pools).

    Rows of the graph are read when first visited and may then name too many pools, since a mover leaves
    its choices in the row it left. A chain is therefore confirmed person by person before it is used, and a
    row that promised too much is read anew. A search that fails has failed for certain.
    """

    def __init__(self, starts: Ints, pools: Ints, place: Ints, room: Ints) -> None:
        self._starts: list[int] = starts.tolist()
        self._pools = pools
        self.place: list[int] = place.tolist()
        self.room: list[int] = room.tolist()
        self.sink = len(self.room)
        self.sink_bit = 1 << self.sink
        self.after = NOWHERE
        self.seen = 0
        self._holders = _by_pool(place, self.sink)
        self._left: set[int] = set()
        self._rows = [_UNREAD] * self.sink + [0]
        self._masks: list[int] = [_UNREAD] * len(self.place)
        self._bit = [1 << pool for pool in range(self.sink)]

    def let_sink_return(self, pools: int) -> None:
        """From here on a chain may also pass through the sink into one of these pools (a mask)."""
        self._rows[self.sink] = pools

    def choices(self, member: int) -> list[int]:
        """The member's live pools, best first."""
        pools: list[int] = self._pools[self._starts[member] : self._starts[member + 1]].tolist()
        return pools

    def mask(self, member: int) -> int:
        """The member's live pools as a mask."""
        mask = self._masks[member]
        if mask == _UNREAD:
            mask = 0
            bit = self._bit
            for pool in self.choices(member):
                mask |= bit[pool]
            self._masks[member] = mask
        return mask

    def enter(self, member: int, pool: int) -> None:
        """Put the member into the pool; its room is the caller's to count."""
        self.place[member] = pool
        self._holders[pool].append(member)
        if self._rows[pool] != _UNREAD:
            self._rows[pool] |= self.mask(member)

    def chain(self, sources: int, goal: int, inside: int = -1) -> list[tuple[int, int, int]] | None:
        """Steps (from, to, member or ``NOWHERE`` at the sink) leading from one source to ``goal``.

        ``sources`` and ``inside`` (where the search may go) are masks, ``goal`` a node and no source. ``None`` when
        there is no such chain; ``seen`` then holds every node the sources reach.
        """
        while (nodes := self._search(sources, goal, inside)) is not None:
            steps = self._confirm(nodes)
            if steps is not None:
                return steps
        return None

    def shift(self, steps: list[tuple[int, int, int]]) -> None:
        """Carry out a chain."""
        for source, target, member in steps:
            if target == self.sink:
                self.room[source] -= 1
            elif source == self.sink:
                self.room[target] += 1
                if self._rows[target] != _UNREAD:
                    self._rows[target] |= self.sink_bit
            else:
                self._left.add(source)
                self.enter(member, target)

    def mover(self, source: int, targets: int) -> int:
        """Someone in ``source`` who may move to one of ``targets`` (a mask).

        For ``NOWHERE`` there is nobody, and the row is read anew.
        """
        place, after, masks = self.place, self.after, self._masks
        for member in reversed(self._holders[source]):
            if member > after and place[member] == source:
                mask = masks[member]
                if (self.mask(member) if mask == _UNREAD else mask) & targets:
                    return member
        self.read(source)
        return NOWHERE

    def row(self, pool: int) -> int:
        """Where holders of a place in ``pool`` may move to (a mask), perhaps too much."""
        row = self._rows[pool]
        return self.read(pool) if row == _UNREAD else row

    def read(self, pool: int) -> int:
        """The row as it truly stands, forgetting whoever left the pool or may no longer move."""
        place, after = self.place, self.after
        held = [m for m in dict.fromkeys(self._holders[pool]) if m > after and place[m] == pool]
        self._holders[pool] = held
        self._left.discard(pool)
        row = self.sink_bit if self.room[pool] > 0 else 0
        for member in held:
            row |= self.mask(member)
        self._rows[pool] = row
        return row

    def arcs_from(self, pools: list[int]) -> tuple[Ints, Ints]:
        """The arcs between different pools reachable from these, as they truly stand, sorted by source."""
        width = self.sink // 8 + 1
        rows: dict[int, bytes] = {}
        waiting = list(pools)
        seen = self.sink_bit
        for pool in pools:
            seen |= self._bit[pool]
        for pool in waiting:
            row = self.read(pool) if pool in self._left else self.row(pool)
            row &= ~(self._bit[pool] | self.sink_bit)
            rows[pool] = row.to_bytes(width, "little")
            waiting += bits(row & ~seen)
            seen |= row
        source = np.array(sorted(rows), np.int64)
        table = np.frombuffer(b"".join(rows[pool] for pool in source.tolist()), np.uint8)
        at, target = np.nonzero(np.unpackbits(table.reshape(-1, width), axis=1, bitorder="little"))
        return source[at], target

    def _search(self, sources: int, goal: int, inside: int) -> list[int] | None:
        """Breadth first; the nodes of one way from a source to the goal."""
        goal_bit = 1 << goal
        self.seen = seen = sources
        came_from = dict.fromkeys(bits(sources), NOWHERE)
        queue = list(came_from)
        for node in queue:
            row = self.row(node)
            if row & goal_bit:
                return _way(came_from, node, goal)
            fresh = row & inside & ~seen
            if fresh:
                seen |= fresh
                for pool in bits(fresh):
                    came_from[pool] = node
                    queue.append(pool)
        self.seen = seen
        return None

    def _confirm(self, nodes: list[int]) -> list[tuple[int, int, int]] | None:
        steps = []
        for source, target in itertools.pairwise(nodes):
            member = NOWHERE
            if target == self.sink:
                if self.room[source] <= 0:
                    self.read(source)
                    return None
            elif source != self.sink:
                member = self.mover(source, self._bit[target])
                if member == NOWHERE:
                    return None
            steps.append((source, target, member))
        return steps


def _way(came_from: dict[int, int], last: int, goal: int) -> list[int]:
    way = [goal]
    while last != NOWHERE:
        way.append(last)
        last = came_from[last]
    return way[::-1]


def _by_pool(place: Ints, num_pools: int) -> list[list[int]]:
    order = np.argsort(place, kind="stable")
    edges = np.searchsorted(place[order], np.arange(num_pools + 1)).tolist()
    return [order[low:high].tolist() for low, high in itertools.pairwise(edges)]
