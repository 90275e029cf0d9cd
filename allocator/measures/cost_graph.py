"""Costs to others under ``band_optimum``: one shortest path in the residual graph of pools.

Nodes are the pools, ``room`` (a place left empty) and ``outside`` (no place). An arc a -> b is the cheapest move of
somebody from a to b; its length is the change of all aims at once, in order of weight, kept in the digits of one
integer. Giving a household in p a place in q pushes somebody out of q, and the cheapest way from q back to p
settles everybody: successive shortest paths keep a flow optimal (Ahuja, Magnanti and Orlin 1993, section 9.7).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from allocator.measures.holdings import Holdings
from allocator.model.instance import UNASSIGNED, Instance, Ints

_NOBODY = -1
# A way passes ``outside`` once, so it takes at most one household out and one in; sums of two
# lengths are compared, so a digit leaves room for four times that, with its sign.
_COUNT_BITS = 4


@dataclass(frozen=True, eq=False)
class _Arcs:
    """(k,) each: the household that moves, from which node to which, and the change of its rank."""

    mover: Ints
    tail: Ints
    head: Ints
    change: Ints


class PoolGraph:
    """Built once; ``moves`` searches from one household's pool backwards, for all its better pools at once.

    Raises ``ValueError`` where the assignment is not the band-lexicographic optimum.
    """

    def __init__(self, instance: Instance, held: Holdings, *, housing_first: bool) -> None:
        self.held = held
        self.room, self.outside = instance.num_pools, instance.num_pools + 1
        self.num_nodes = instance.num_pools + 2
        arcs = _least_movers(instance, held, self.outside)
        lengths = _Lengths(instance, arcs, self.outside, housing_first=housing_first)
        # Into each node: (tail, length, mover), in the order of the tails.
        self._into: list[list[tuple[int, int, int]]] = [[] for _ in range(self.num_nodes)]
        for mover, tail, head, change in zip(
            arcs.mover.tolist(), arcs.tail.tolist(), arcs.head.tolist(), arcs.change.tolist(), strict=True
        ):
            self._into[head].append((tail, lengths.of(mover, tail, head, change), mover))
        self._add_room(instance)
        self._far = lengths.far
        self._prices = self._settle()

    def _add_room(self, instance: Instance) -> None:
        """Empty places take somebody in for nothing; a place that is held may be left empty."""
        taken = np.bincount(self.held.pool[self.held.pool >= 0], minlength=instance.num_pools)
        for pool in np.flatnonzero(taken < instance.capacity).tolist():
            self._into[self.room].append((pool, 0, _NOBODY))
        for pool in np.flatnonzero(taken).tolist():
            self._into[pool].append((self.room, 0, _NOBODY))
        self._into[self.room].append((self.outside, 0, _NOBODY))
        if (self.held.pool == UNASSIGNED).any():
            self._into[self.outside].append((self.room, 0, _NOBODY))

    def _settle(self) -> list[int]:
        """Shortest distances with every node starting at 0 (Bellman and Ford): no arc is then shorter than 0."""
        prices = [0] * self.num_nodes
        for _ in range(self.num_nodes + 1):
            is_settled = True
            for head, arcs in enumerate(self._into):
                if not arcs:
                    continue
                least = min([prices[tail] + length for tail, length, _ in arcs])
                if least < prices[head]:
                    prices[head], is_settled = least, False
            if is_settled:
                return prices
        raise ValueError("the assignment is not the band-lexicographic optimum")

    def moves(self, household: int, pools: Iterable[int]) -> dict[int, list[tuple[int, int, int]] | None]:
        """Of each pool the moves of the others if the household held a place there; ``None``: it has no place."""
        wanted = set(pools)
        pool = int(self.held.pool[household])
        home = self.outside if pool == UNASSIGNED else pool
        onwards = self._ways_to(home, wanted)
        return {pool: self._way(pool, home, onwards) for pool in sorted(wanted)}

    def _ways_to(self, home: int, wanted: set[int]) -> dict[int, tuple[int, int]]:
        """The next node and the mover on the cheapest way home (Dijkstra, backwards), for all wanted nodes."""
        prices, into = self._prices, self._into
        length = [self._far] * self.num_nodes
        length[home] = 0
        onwards: dict[int, tuple[int, int]] = {}
        is_done = [False] * self.num_nodes
        left = wanted - {home}
        queue = [(prices[home], home)]
        while queue and left:
            _, head = heapq.heappop(queue)
            if is_done[head]:
                continue
            is_done[head] = True
            left.discard(head)
            so_far = length[head]
            for tail, arc, mover in into[head]:
                whole = so_far + arc
                if (
                    whole < length[tail]
                ):  # never of a node that is done: no arc is shorter than 0 beside the prices
                    length[tail] = whole
                    onwards[tail] = head, mover
                    heapq.heappush(queue, (whole + prices[tail], tail))
        return onwards

    def _way(
        self, node: int, home: int, onwards: dict[int, tuple[int, int]]
    ) -> list[tuple[int, int, int]] | None:
        if node not in onwards:
            return None
        moves = []
        while node != home:
            following, mover = onwards[node]
            if mover != _NOBODY:
                moves.append((mover, self._pool(node), self._pool(following)))
            node = following
        return moves

    def _pool(self, node: int) -> int:
        return UNASSIGNED if node == self.outside else node


def _least_movers(instance: Instance, held: Holdings, outside: int) -> _Arcs:
    """The cheapest mover of each pair of nodes; among equals the last in the order."""
    pool, owner = instance.pool, held.owner
    source, change = held.pool[owner], instance.rank - held.rank[owner]
    is_move = (source != UNASSIGNED) & (source != pool)
    between = _least(owner, source, pool, change, is_move, instance)
    last = np.full(instance.num_pools, _NOBODY, np.int64)
    housed = np.flatnonzero(held.pool >= 0)
    last[held.pool[housed]] = housed  # positions ascend, so the last one stays
    first = np.full(instance.num_pools, instance.num_households, np.int64)
    is_hopeful = source == UNASSIGNED
    np.minimum.at(first, pool[is_hopeful], owner[is_hopeful])
    leaving, entered = np.flatnonzero(last >= 0), np.flatnonzero(first < instance.num_households)
    return _Arcs(
        np.concatenate((between.mover, last[leaving], first[entered])),
        np.concatenate((between.tail, leaving, np.full(len(entered), outside))),
        np.concatenate((between.head, np.full(len(leaving), outside), entered)),
        np.concatenate(
            (between.change, -held.rank[last[leaving]], _ranks_of(instance, first[entered], entered))
        ),
    )


def _ranks_of(instance: Instance, households: Ints, pools: Ints) -> Ints:
    """The rank each household gives to the pool beside it."""
    ranks = []
    for household, pool in zip(households.tolist(), pools.tolist(), strict=True):
        own = slice(int(instance.start[household]), int(instance.start[household + 1]))
        ranks.append(int(instance.rank[own][instance.pool[own] == pool][0]))
    return np.array(ranks, np.int64)


def _least(owner: Ints, source: Ints, target: Ints, change: Ints, chosen: Ints, instance: Instance) -> _Arcs:
    """Per pair of pools the move that changes least: a loss of an earlier band weighs more than any of a later."""
    owner, source, target, change = owner[chosen], source[chosen], target[chosen], change[chosen]
    step = 2 * int(instance.rank.max(initial=0)) + 2
    weight = np.sign(change) * (instance.num_bands - instance.band[owner]) * step + change
    pair = source * instance.num_pools + target
    order = np.lexsort((-owner, weight, pair))
    is_first = np.concatenate(([True], np.diff(pair[order]) != 0)) if len(order) else order.astype(bool)
    kept = order[is_first]
    return _Arcs(owner[kept], source[kept], target[kept], change[kept])


class _Lengths:
    """One integer per move whose digits are the aims, the weightiest first: of each band how many are without a
    place, who they are (a digit each, the earlier weightier), and their total rank.

    Only bands and households of the arcs have digits, and they are wide enough that none ever carries.
    """

    def __init__(self, instance: Instance, arcs: _Arcs, outside: int, *, housing_first: bool) -> None:
        self.band: list[int] = instance.band.tolist()
        self.outside = outside
        longest = (instance.num_pools + 2) * max(int(instance.rank.max(initial=0)), 1)
        rank_bits = (8 * longest).bit_length()
        at_the_door = np.unique(arcs.mover[(arcs.tail == outside) | (arcs.head == outside)])
        bands = np.unique(instance.band[arcs.mover]).tolist()
        of_band = [*np.searchsorted(instance.band[at_the_door], bands).tolist(), len(at_the_door)]
        # Lightest first.
        digits: list[tuple[tuple[str, int], int]] = []
        ranks: list[tuple[tuple[str, int], int]] = []
        for place in reversed(range(len(bands))):
            people = at_the_door[of_band[place] : of_band[place + 1]].tolist()
            housing = [(("who", one), _COUNT_BITS) for one in reversed(people)]
            housing.append((("count", bands[place]), _COUNT_BITS))
            own_rank = (("rank", bands[place]), rank_bits)
            if housing_first:
                ranks.append(own_rank)
                digits += housing
            else:
                digits += [own_rank, *housing]
        self.unit: dict[tuple[str, int], int] = {}
        shift = 0
        for name, bits in ranks + digits:
            self.unit[name] = 1 << shift
            shift += bits
        # Longer than any way.
        self.far = 1 << (shift + 1)
        self._known: dict[tuple[int, int], int] = {}

    def of(self, mover: int, tail: int, head: int, change: int) -> int:
        """The length of one move."""
        band = self.band[mover]
        # Arcs of one band and change share one integer: with many bands these are long.
        length = self._known.setdefault((band, change), change * self.unit["rank", band])
        leaves = (head == self.outside) - (tail == self.outside)
        return length + leaves * (self.unit["count", band] + self.unit["who", mover]) if leaves else length
