"""The last level of ``band_optimum`` with quotas: among all optima the one the published order prefers.

As ``ties``, over leaves and the network: nobody is free any more, so units enter and leave the sink through
the network alone.
"""

from __future__ import annotations

import numpy as np

from allocator.mechanisms.quota_market import LeafMarket
from allocator.mechanisms.quota_moves import LeafMoves
from allocator.mechanisms.ties import Walk


def settle_ties(market: LeafMarket) -> None:
    """Move every household, in order, to the best of its live leaves that leaves the optimum intact."""
    movable = market.movable
    if not len(movable.households):
        return
    order = np.argsort(movable.households)
    starts = movable.starts
    edges = [movable.edges[starts[at] : starts[at + 1]] for at in order.tolist()]
    counts = np.array([len(some) for some in edges])
    movable.households = movable.households[order]
    movable.starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
    movable.edges = np.concatenate(edges)
    moves = LeafMoves(market, movable, np.zeros(len(counts), bool))
    walk = Walk(moves, moves.chain)
    for member in range(len(counts)):
        walk.settle(member)
    market.settle(movable.households, np.array(moves.place, np.int64))
    market.flow = np.array(moves.flow, np.int64)
