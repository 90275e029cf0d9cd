"""The last level of ``band_optimum`` with quotas: among all optima the one the published order prefers.

As ``ties``, over leaves and the network: nobody is free any more, so units enter and leave the sink through
the network alone.
"""

from __future__ import annotations

import numpy as np

from allocator.mechanisms.moves import bits
from allocator.mechanisms.quota_market import LeafMarket
from allocator.mechanisms.quota_moves import LeafMoves


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
    walk = _Walk(moves)
    for member in range(len(counts)):
        walk.settle(member)
    market.settle(movable.households, np.array(moves.place, np.int64))
    market.flow = np.array(moves.flow, np.int64)


class _Walk:
    """Blocks of nodes between which no cycle runs any more; each failed search splits one in two for good."""

    def __init__(self, moves: LeafMoves) -> None:
        self.moves = moves
        self.block_of = [(2 << moves.sink) - 1] * (moves.sink + 1)

    def settle(self, member: int) -> None:
        """Give the member its best attainable place; afterwards it moves no more."""
        moves, block_of = self.moves, self.block_of
        moves.after = member
        here = moves.place[member]
        for leaf in moves.choices(member):
            if leaf == here:
                return
            block = block_of[here]
            if not block >> leaf & 1:
                continue
            steps = moves.chain(leaf, here, block)
            if steps is not None:
                moves.shift(steps)
                moves.place[member] = leaf
                return
            self._split(block, moves.seen)

    def _split(self, block: int, reached: int) -> None:
        for part in (reached, block & ~reached):
            for node in bits(part):
                self.block_of[node] = part
