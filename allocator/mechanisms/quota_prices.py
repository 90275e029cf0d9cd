"""Prices of leaves: shortest distances in the residual graph, leaves and sink starting at 0 (Bellman and Ford)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from allocator.mechanisms.market import Flags
from allocator.mechanisms.quota_market import LeafMarket
from allocator.model.instance import Ints

FAR: Final = 1 << 60
_NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class LeafPrices:
    """``nodes`` (N,): distances of the leaves, of inner nodes (``FAR`` where nothing leads) and of the sink, last."""

    nodes: Ints
    num_leaves: int

    @property
    def leaves(self) -> Ints:
        """(L,)."""
        return self.nodes[: self.num_leaves]

    @property
    def sink(self) -> int:
        """Of the sink."""
        return int(self.nodes[-1])


def no_prices(market: LeafMarket) -> LeafPrices:
    """Where nothing has a cost every price is 0."""
    return LeafPrices(np.zeros(market.num_nodes, np.int64), market.num_leaves)


def residual_prices(
    market: LeafMarket,
    change: Ints,
    inner_cost: Ints | None = None,
    *,
    rounds: int,
    present: Flags | None = None,
) -> LeafPrices | None:
    """The prices of the present state; ``None`` where ``rounds`` passes do not settle them.

    ``change`` (arcs of ``movable``,): what each choice would cost more than the one held. ``present`` (n,): the
    only free households that move.
    """
    moves = _moves(market, change, present)
    inner = _inner_arcs(market, inner_cost)
    tail, head, length = (np.concatenate(pair) for pair in zip(moves, inner, strict=True))
    distance = np.full(market.num_nodes, FAR, np.int64)
    distance[: market.num_leaves] = 0
    distance[-1] = 0
    settled = shortest(distance, tail, head, length, rounds)
    return None if settled is None else LeafPrices(settled, market.num_leaves)


def shortest(distance: Ints, tail: Ints, head: Ints, length: Ints, rounds: int) -> Ints | None:
    """Distances no arc can shorten, from those given; ``None`` if ``rounds`` passes do not do."""
    if not len(head):
        return distance
    along = np.argsort(head, kind="stable")
    tail, head, length = tail[along], head[along], length[along]
    first = np.flatnonzero(np.concatenate(([True], head[1:] != head[:-1])))
    ends = head[first]
    for _ in range(rounds):
        reached = np.minimum.reduceat(distance[tail] + length, first)
        reached[reached > FAR // 2] = FAR
        if (reached >= distance[ends]).all():
            return distance
        distance[ends] = np.minimum(distance[ends], reached)
    return None


def _inner_arcs(market: LeafMarket, inner_cost: Ints | None) -> tuple[Ints, Ints, Ints]:
    """Arcs of the network with a spare unit, and backwards those with one to give up."""
    arcs = market.arcs
    cost = np.zeros(len(arcs.tail), np.int64) if inner_cost is None else inner_cost
    more, less = market.flow < arcs.cap, market.flow > arcs.low
    return (
        np.concatenate((arcs.tail[more], arcs.head[less])),
        np.concatenate((arcs.head[more], arcs.tail[less])),
        np.concatenate((cost[more], -cost[less])),
    )


def _moves(market: LeafMarket, change: Ints, present: Flags | None) -> tuple[Ints, Ints, Ints]:
    """Moves of households: the least change between any two of the leaves and the outside."""
    movable, guests, leaf = market.movable, market.guests(present), market.listing.leaf
    outside = market.num_leaves
    entering = np.flatnonzero(market.open & (market.waiting(present) > 0))
    at = market.at[guests.households]
    tail = (
        market.at[movable.households][movable.owner],
        at[guests.owner],
        at,
        np.full(len(entering), outside),
    )
    head = (leaf[movable.edges], leaf[guests.edges], np.full(len(at), outside), entering)
    length = np.concatenate((change, np.zeros(len(guests.edges) + len(at) + len(entering), np.int64)))
    one, other, least = _cheapest(np.concatenate(tail), np.concatenate(head), length, outside + 1)
    sink = market.num_nodes - 1
    return np.where(one == outside, sink, one), np.where(other == outside, sink, other), least


def _cheapest(tail: Ints, head: Ints, length: Ints, size: int) -> tuple[Ints, Ints, Ints]:
    """The least length between each two different nodes."""
    is_move: Flags = tail != head
    code, length = (head * size + tail)[is_move], length[is_move]
    if len(code) * 4 > size * size:
        least = np.full(size * size, _NEVER)
        np.minimum.at(least, code, length)
        code = np.flatnonzero(least != _NEVER)
        return code % size, code // size, least[code]
    along = np.argsort(code, kind="stable")
    code, length = code[along], length[along]
    if not len(code):
        return code, code, length
    first = np.flatnonzero(np.concatenate(([True], code[1:] != code[:-1])))
    return code[first] % size, code[first] // size, np.minimum.reduceat(length, first)
