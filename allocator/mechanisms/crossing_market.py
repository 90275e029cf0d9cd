"""The state of ``band_optimum`` between levels where the quotas that bind are of two families (``crossing_layout``)."""

from __future__ import annotations

from collections import Counter

import numpy as np

from allocator.mechanisms.crossing_layout import InfeasibleError, Layout
from allocator.mechanisms.crossing_proofs import UnprovedError
from allocator.mechanisms.market import Flags
from allocator.mechanisms.quota_flow import Movers, cheapest
from allocator.mechanisms.quota_market import LeafMarket
from allocator.mechanisms.quota_network import Arcs
from allocator.mechanisms.quota_prices import FAR, shortest
from allocator.model.instance import Ints

Prices = list[list[int]]


class CrossingMarket:
    """``market``: everybody with claims in a place, outside or in a pool; ``is_asleep`` (n,): of a later band, and
    nothing needs it: it stays outside while the earlier are served; ``is_live`` (choices,) of those asleep;
    ``sealed``: by arc the row that a level has settled.
    """

    def __init__(self, layout: Layout, is_asleep: Flags) -> None:
        """Everybody asleep outside, the others anywhere. Raises ``InfeasibleError`` where the bounds do not allow it."""
        self.layout = layout
        self.sealed: dict[int, int] = {}
        self.market = LeafMarket(layout.listing, layout.arcs, layout.num_nodes)
        self.is_live = np.ones(len(layout.listing.leaf), bool)
        self.is_asleep = is_asleep
        self._free = np.zeros(len(layout.arcs.tail), np.int64)
        self._lie_down()
        if self._carry_out(np.zeros(len(self.market.movable.edges), np.int64), self._free) is None:
            raise InfeasibleError

    @property
    def outside(self) -> Ints:
        """(n,) the place outside of each, -1 without claims."""
        return self.layout.outside

    @property
    def num_leaves(self) -> int:
        """Leaves that are places in a pool."""
        return self.layout.num_leaves

    def _lie_down(self) -> None:
        asleep = np.flatnonzero(self.is_asleep)
        self.market.settle(asleep, self.outside[asleep])
        movable = self.market.movable
        self.market.movable = movable.of(~self.is_asleep[movable.households])

    def wake(self, households: Ints) -> None:
        """These households are served now: they join the movable, where they have a live choice."""
        those = households[self.is_asleep[households]]
        self.is_asleep[those] = False
        choices = self.market.listing.choices_of(those)
        live = choices.keep(self.is_live[choices.edges], at_least=2)
        self.market.movable = self.market.movable.then(live)

    def asleep_pairs(self) -> tuple[Ints, Ints]:
        """Where those asleep stand and which leaves they could enter, each pair once."""
        listing, size = self.market.listing, self.market.num_nodes
        household = np.repeat(np.arange(len(self.is_asleep)), np.diff(listing.start))
        there = self.is_asleep[household] & self.is_live & (listing.leaf < self.num_leaves)
        pairs = np.zeros(size * size, bool)
        pairs[self.outside[household[there]] * size + listing.leaf[there]] = True
        return np.divmod(np.flatnonzero(pairs), size)

    def level(self, cost: Ints | None = None, inner_cost: Ints | None = None) -> Prices:
        """Settle the least cost of ``movable``'s choices (choices,) and of the arcs (A,), and strike whatever no
        optimum uses; the rows' prices.
        """
        inner = self._free if inner_cost is None else inner_cost
        change = self._carry_out(
            np.zeros(len(self.market.movable.edges), np.int64) if cost is None else cost, inner
        )
        if change is None:
            raise RuntimeError("the flow over those already placed has no solution")
        distance = self._distances(change, inner)
        prices = self.prices(distance)
        self._strike(change, distance, inner)
        return prices

    def _carry_out(self, cost: Ints, inner: Ints) -> Ints | None:
        """Move the movable to the cheapest places; how much more than its place each choice would cost (arcs,)."""
        market = self.market
        movable = market.movable
        routing = cheapest(market, Movers(movable, cost, np.zeros(len(movable.households), bool)), inner)
        if routing is None:
            return None
        market.settle(movable.households, routing.leaf)
        market.flow = routing.flow
        owner = movable.owner
        is_held = market.listing.leaf[movable.edges] == market.at[movable.households][owner]
        held = np.zeros(len(movable.households), np.int64)
        held[owner[is_held]] = cost[is_held]
        return cost - held[owner]

    def _distances(self, change: Ints, inner: Ints) -> Ints:
        """(N,) shortest distances in the residual graph, all nodes starting at 0."""
        market = self.market
        arcs, flow, movable = market.arcs, market.flow, market.movable
        more, less = flow < arcs.cap, flow > arcs.low
        outside, leaf = self.asleep_pairs()
        tail = (market.at[movable.households][movable.owner], outside, arcs.tail[more], arcs.head[less])
        head = (market.listing.leaf[movable.edges], leaf, arcs.head[more], arcs.tail[less])
        length = (change, np.zeros(len(leaf), np.int64), inner[more], -inner[less])
        ends = np.concatenate(tail), np.concatenate(head)
        one, other, least = _least(*ends, np.concatenate(length), market.num_nodes)
        start = np.zeros(market.num_nodes, np.int64)
        distance = shortest(start, one, other, least, market.num_nodes + 1)
        if distance is None or (distance < -FAR).any():
            raise RuntimeError("the residual graph has a negative cycle: the flow was not optimal")
        return lowered(distance, arcs, flow, inner)

    def prices(self, distance: Ints) -> Prices:
        """The multipliers of the rows that these distances are. Raises ``UnprovedError`` where an arc has none."""
        found: Counter[int] = Counter()
        for row, node, entry in self.layout.cells:
            found[row] += int(distance[entry] - distance[node])
        for arc, jump in self._jumps(distance):
            carried = self.layout.carried.get(arc)
            if carried is None:
                raise UnprovedError
            # A minimum equal to its maximum that may be missed stands on two arcs.
            found[self._row(arc, jump)] += carried.price_of(jump)
        return [[row, price] for row, price in sorted(found.items()) if price]

    def _jumps(self, distance: Ints) -> list[tuple[int, int]]:
        """Arcs that are rows (or should be), with how much further their head is than their tail."""
        arcs = self.market.arcs
        jump = distance[arcs.head] - distance[arcs.tail]
        silent = self.layout.silent
        return [(arc, int(jump[arc])) for arc in np.flatnonzero(jump).tolist() if arc not in silent]

    def _row(self, arc: int, jump: int) -> int:
        carried, row = self.layout.carried[arc], self.sealed.get(arc)
        return carried.row_of(carried.price_of(jump), int(self.market.flow[arc])) if row is None else row

    def _strike(self, change: Ints, distance: Ints, inner: Ints) -> None:
        """Only what is tight stays live, of those asleep too; an arc that is not keeps its flow for good."""
        market = self.market
        movable, leaf, arcs = market.movable, market.listing.leaf, market.arcs
        source = market.at[movable.households][movable.owner]
        is_tight = change + distance[source] == distance[leaf[movable.edges]]
        market.movable = movable.keep(is_tight, at_least=2)
        if self.is_asleep.any():
            household = np.repeat(np.arange(len(self.is_asleep)), np.diff(market.listing.start))
            here = distance[self.outside[household]] == distance[leaf]
            self.is_live &= here | ~self.is_asleep[household]
        for arc, jump in self._jumps(distance):
            self.sealed[arc] = self._row(arc, jump)
        is_loose = inner + distance[arcs.tail] == distance[arcs.head]
        market.arcs = Arcs(
            arcs.tail,
            arcs.head,
            np.where(is_loose, arcs.low, market.flow),
            np.where(is_loose, arcs.cap, market.flow),
        )

    def is_home(self, edges: Ints) -> Flags:
        """Which choices are places in a pool, not outside."""
        return self.market.listing.leaf[edges] < self.num_leaves

    def held(self) -> Ints:
        """(n,) the claim each household holds, -1 for none."""
        listing, at = self.market.listing, self.market.at
        household = np.repeat(np.arange(len(at)), np.diff(listing.start))
        is_claim = listing.leaf < self.num_leaves
        claim = np.cumsum(is_claim) - 1
        taken = is_claim & (listing.leaf == at[household])
        held = np.full(len(at), -1, np.int64)
        held[household[taken]] = claim[taken]
        return held


def lowered(distance: Ints, arcs: Arcs, flow: Ints, cost: Ints) -> Ints:
    """Where nobody passes a node its distance may be as low as what lies ahead allows: then no row is needed for it."""
    passed = np.zeros(len(distance), bool)
    passed[arcs.tail[flow > 0]] = True
    has_room = np.zeros(len(distance), bool)
    has_room[arcs.tail[flow < arcs.cap]] = True
    ahead = ((flow < arcs.cap) | ~has_room[arcs.tail]) & ~passed[arcs.tail]
    tail, head, cost = arcs.tail[ahead], arcs.head[ahead], cost[ahead]
    idle = np.unique(tail)
    while True:
        least = np.full(len(distance), -FAR)
        np.maximum.at(least, tail, distance[head] - cost)
        lower = np.minimum(distance[idle], least[idle])
        if (lower == distance[idle]).all():
            return distance
        distance[idle] = lower


def _least(tail: Ints, head: Ints, length: Ints, size: int) -> tuple[Ints, Ints, Ints]:
    """The least length between each two different nodes."""
    moves = tail != head
    code, length = (tail * size + head)[moves], length[moves]
    if not len(code):
        return code, code, length
    along = np.argsort(code, kind="stable")
    code, length = code[along], length[along]
    first = np.flatnonzero(np.concatenate(([True], code[1:] != code[:-1])))
    return code[first] // size, code[first] % size, np.minimum.reduceat(length, first)
