"""Shortest distances and reachability over leaves, sink and inner nodes, with many arcs between leaves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from allocator.audit.graph_parts import parts_of
from allocator.audit.judgement import Bools
from allocator.model.instance import Ints

UNREACHED: Final = 1 << 60
_FIRST_TEST: Final = 16


@dataclass(frozen=True, eq=False)
class Arcs:
    """(a,) arcs ``tail`` to ``head`` with ``weight``, sorted by head."""

    tail: Ints
    head: Ints
    weight: Ints

    def lowered(self, price: Ints) -> Ints:
        """The prices once every arc was used at once."""
        lower = price.copy()
        if len(self.tail):
            from_tail = price[self.tail]
            offer = np.where(from_tail >= UNREACHED, UNREACHED, from_tail + self.weight)
            heads = self.head[self._starts]
            lower[heads] = np.minimum(lower[heads], np.minimum.reduceat(offer, self._starts))
        return lower

    @cached_property
    def _starts(self) -> Ints:
        return np.flatnonzero(np.diff(self.head, prepend=-1))


def sorted_arcs(tail: Ints, head: Ints, weight: Ints) -> Arcs:
    """Arcs in the order ``Arcs`` asks for."""
    order = np.argsort(head, kind="stable")
    return Arcs(tail[order], head[order], weight[order])


def prices(num_nodes: int, num_ends: int, few: Arcs, many: Arcs) -> Ints | None:
    """(num_nodes,) shortest distances when the first ``num_ends`` nodes start at 0 and the others out of reach.

    ``few`` arcs may touch any node, ``many`` only those that start at 0. None where there is a negative cycle.
    Bellman and Ford; the many arcs are looked at when the few have nothing more to say.
    """
    price = np.full(num_nodes, UNREACHED, dtype=np.int64)
    price[:num_ends] = 0
    for turn in range(1, 2 * num_nodes + 4):
        settled = _settled(num_nodes, few, price)
        if settled is None:
            return None
        lower = many.lowered(settled)
        if np.array_equal(lower, price):
            return price
        price = lower
        if turn >= _FIRST_TEST and turn & (turn - 1) == 0 and _has_negative_cycle(few, many, price):
            return None
    return None


def _settled(num_nodes: int, arcs: Arcs, price: Ints) -> Ints | None:
    for turn in range(1, num_nodes + 2):
        lower = arcs.lowered(price)
        if np.array_equal(lower, price):
            return price
        price = lower
        if turn >= _FIRST_TEST and turn & (turn - 1) == 0 and _has_negative_cycle(arcs, arcs, price):
            return None
    return None


def _has_negative_cycle(few: Arcs, many: Arcs, price: Ints) -> bool:
    """Whether an arc that is still too long lies on a circle of arcs without slack.

    Any such circle is negative; and the arcs by which prices were last lowered have no slack, so a circle that goes
    on lowering prices comes to look like this.
    """
    tail, head = np.concatenate([few.tail, many.tail]), np.concatenate([few.head, many.head])
    weight = np.concatenate([few.weight, many.weight])
    slack = np.where(price[tail] < UNREACHED, price[tail] + weight - price[head], 1)
    tight = slack <= 0
    part = parts_of(len(price), tail[tight], head[tight])
    return bool((part[tail] == part[head])[slack < 0].any())


def spread(values: Ints, tail: Ints, head: Ints) -> Ints:
    """The greatest value at each node or at any node reachable from it. Arcs in any order."""
    order = np.argsort(tail, kind="stable")
    tail, head = tail[order], head[order]
    starts = np.flatnonzero(np.diff(tail, prepend=-1))
    tails = tail[starts]
    while len(tails):
        wider = values.copy()
        wider[tails] = np.maximum(values[tails], np.maximum.reduceat(values[head], starts))
        if np.array_equal(wider, values):
            break
        values = wider
    return values


def finite(price: Ints) -> Bools:
    """Which nodes were reached."""
    return price < UNREACHED
