"""Ways from leaves to the sink, for the level that houses: many searches over a graph that changes little."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from allocator.mechanisms.market import Choices, Flags
from allocator.mechanisms.quota_market import LeafMarket
from allocator.mechanisms.quota_moves import LeafMoves, Step

Words = npt.NDArray[np.uint64]


def table_of(market: LeafMarket, choices: Choices, may_leave: Flags) -> Words:
    """(words, N): where a unit at each node may go on to in the present state, as bits in words of 64."""
    arcs, flow, at = market.arcs, market.flow, market.at[choices.households]
    more, less = flow < arcs.cap, flow > arcs.low
    is_held = at[choices.owner] >= 0
    leavers = at[may_leave & (at >= 0)]
    sink = market.num_nodes - 1
    tail = np.concatenate((arcs.tail[more], arcs.head[less], at[choices.owner[is_held]], leavers))
    leaf = market.listing.leaf[choices.edges[is_held]]
    head = np.concatenate((arcs.head[more], arcs.tail[less], leaf, np.full(len(leavers), sink)))
    table = np.zeros((sink // 64 + 1, market.num_nodes), np.uint64)
    np.bitwise_or.at(table, (head // 64, tail), np.left_shift(np.uint64(1), (head % 64).astype(np.uint64)))
    return table


class WaysOut:
    """Ways from leaves to the sink over ``moves``, kept in layers by their length.

    Depth first down the layers; a node whose steps are used up is dead until the layers are built anew, which
    happens only when every hope of a searcher is dead (Dinic 1970). ``closed`` (a mask): the nodes from which
    no way leads to the sink, ever.
    """

    def __init__(self, moves: LeafMoves, table: Words) -> None:
        self.moves = moves
        self.closed = 0
        self._layers: list[int] = []
        self._dead = 0
        self._hopeful = np.arange(moves.sink + 1) < moves.sink
        self._table = table

    def way_from(self, sources: int) -> list[Step] | None:
        """Steps from one of the leaves ``sources`` (a mask) to the sink; ``None``: they are closed now."""
        while sources := sources & ~self.closed:
            for depth, layer in enumerate(self._layers):
                while hope := sources & layer & ~self._dead:
                    steps = self._descend((hope & -hope).bit_length() - 1, depth)
                    if steps is not None:
                        return steps
            self._build()
        return None

    def _descend(self, source: int, depth: int) -> list[Step] | None:
        """One way down, person by person and arc by arc; nodes without a step left are dead."""
        moves = self.moves
        steps: list[Step] = []
        node = source
        while node != moves.sink:
            level = depth - len(steps)
            below = (self._layers[level - 1] & ~self._dead) if level else 1 << moves.sink
            step = moves.step(node, below) if moves.row(node) & below else None
            if step is None:
                self._dead |= 1 << node
                if not steps:
                    return None
                node = steps.pop().source
            else:
                steps.append(step)
                node = step.target
        return steps

    def _build(self) -> None:
        """All layers, from the sink upwards; what is left over is closed for good."""
        self._copy_rows()
        rest = self._hopeful.copy()
        layer = 1 << self.moves.sink
        self._layers, self._dead = [], 0
        while True:
            words = self._words(layer)
            used = np.flatnonzero(words)
            leads = np.bitwise_or.reduce(self._table[used] & words[used, np.newaxis], axis=0) != 0
            leads &= rest
            if not leads.any():
                break
            layer = _mask(leads)
            rest &= ~leads
            self._layers.append(layer)
        self._hopeful &= ~rest
        self.closed |= _mask(rest)

    def _copy_rows(self) -> None:
        """Bring the table up to date with the rows that have changed."""
        moves = self.moves
        for node in moves.changed:
            self._table[:, node] = self._words(moves.row(node))
        moves.changed.clear()

    def _words(self, mask: int) -> Words:
        return np.frombuffer(mask.to_bytes(len(self._table) * 8, "little"), np.uint64)


def _mask(flags: Flags) -> int:
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")
