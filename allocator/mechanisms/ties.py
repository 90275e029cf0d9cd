"""The last level of ``band_optimum``: among all optima the one the published order prefers.

The first household in the order gets its best pool that some optimum gives it, then the second, and so on.
What is left of the live choices are the optima; a household moves up when a cycle of later households
gives its place back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from allocator.mechanisms.market import Market
from allocator.mechanisms.moves import Moves, bits

if TYPE_CHECKING:
    from allocator.mechanisms.quota_moves import LeafMoves


def settle_ties(market: Market) -> None:
    """Move every household, in order, to the best of its live pools that leaves the optimum intact."""
    movable = market.movable
    if not len(movable.households):
        return
    moves = Moves(
        movable.starts,
        market.instance.pool[movable.edges],
        market.assigned[movable.households],
        market.room,
    )
    unsealed = sum(1 << pool for pool in np.flatnonzero(~market.sealed).tolist())
    moves.let_sink_return(unsealed)
    walk = Walk(moves, lambda pool, here, block: moves.chain(1 << pool, here, block))
    for member in range(len(movable.households)):
        walk.settle(member)
    market.settle(movable, np.array(moves.place, np.int64))


class Walk:
    """Blocks of nodes between which no cycle runs any more; each failed search splits one in two for good.

    ``chain`` (node wanted, node held, block): the steps by which the unit taken comes back to the node left, or None.
    """

    def __init__(self, moves: Moves | LeafMoves, chain: Callable[[int, int, int], Any]) -> None:
        self.moves, self.chain = moves, chain
        self.block_of = [(2 << moves.sink) - 1] * (moves.sink + 1)

    def settle(self, member: int) -> None:
        """Give the member its best attainable place; afterwards it moves no more."""
        moves, block_of = self.moves, self.block_of
        moves.after = member
        here = moves.place[member]
        for pool in moves.choices(member):
            if pool == here:
                return
            block = block_of[here]
            if not block >> pool & 1:
                continue
            steps = self.chain(pool, here, block)
            if steps is not None:
                moves.shift(steps)
                moves.place[member] = pool
                return
            self._split(block, moves.seen)

    def _split(self, block: int, reached: int) -> None:
        for part in (reached, block & ~reached):
            for node in bits(part):
                self.block_of[node] = part
