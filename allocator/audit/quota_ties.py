"""The tie rule under quotas: could anybody have a better live choice at the cost of later households' ties alone?

Read from the last household to the first the moves of later ones only grow, so reachability is kept as a
growing closure, over the strongly connected parts of the network and in bits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from allocator.audit.graph_parts import parts_of
from allocator.audit.judgement import Bools
from allocator.model.instance import Ints


class Closure:
    """Who reaches whom: bit h of row t is set where node t reaches node h."""

    def __init__(self, num_nodes: int) -> None:
        self.rows: npt.NDArray[np.uint8] = np.zeros((num_nodes, (num_nodes + 7) // 8), dtype=np.uint8)
        every = np.arange(num_nodes)
        self.rows[every, every >> 3] = np.left_shift(1, every & 7)

    def reaches(self, tail: int, head: int) -> bool:
        """Whether there is a path."""
        return bool(self.rows[tail, head >> 3] >> (head & 7) & 1)

    def join(self, tail: int, head: int) -> None:
        """Add an arc: whoever reaches the tail reaches all the head reaches."""
        if not self.reaches(tail, head):
            reach = np.flatnonzero(self.rows[:, tail >> 3] >> (tail & 7) & 1)
            self.rows[reach] |= self.rows[head]


def improvable(
    num_nodes: int, inner: tuple[Ints, Ints], move: tuple[Ints, Ints, Ints], is_better: Bools
) -> list[tuple[int, int]]:
    """Households (index) and better leaves they could have, with later households giving the places back.

    ``inner``: tail and head of the arcs that are always there; ``move``: mover, source and target (m,) of the live
    moves. Of each pair of leaves only the earliest household that wishes for it is asked: what holds for it
    decides for all others of the pair.
    """
    mover, source, target = move
    part = parts_of(num_nodes, *inner)
    closure = Closure(int(part.max(initial=-1)) + 1)
    between = np.unique(np.stack([part[inner[0]], part[inner[1]]]), axis=1)
    # By tail: what a part reaches is complete before any part that reaches it is looked at.
    for node, reached in between.T.tolist():
        closure.rows[node] |= closure.rows[reached]
    pairs, inverse = np.unique(source * num_nodes + target, return_inverse=True)
    latest = np.full(len(pairs), -1, dtype=np.int64)
    np.maximum.at(latest, inverse, mover)
    never = np.iinfo(np.int64).max
    earliest = np.full(len(pairs), never, dtype=np.int64)
    np.minimum.at(earliest, inverse[is_better], mover[is_better])
    wishes = np.flatnonzero(earliest < never)
    wishes = wishes[np.argsort(-earliest[wishes], kind="stable")]
    arrivals = np.argsort(-latest, kind="stable")
    tail, head = part[pairs // num_nodes], part[pairs % num_nodes]
    found = []
    arrived = 0
    for wish in wishes.tolist():
        while arrived < len(arrivals) and latest[arrivals[arrived]] > earliest[wish]:
            closure.join(int(tail[arrivals[arrived]]), int(head[arrivals[arrived]]))
            arrived += 1
        if closure.reaches(int(head[wish]), int(tail[wish])):
            found.append((int(earliest[wish]), int(pairs[wish] % num_nodes)))
    return sorted(found)
