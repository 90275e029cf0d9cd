"""The drawing of a lottery done again from its seed, as ``docs/reference/certificate.md`` words it.

Kept apart from what draws: sets are nested by looking at each cell's sets, the graph is a dict of nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from heapq import heappop, heappush
from itertools import count

Cell = tuple[int, int]


@dataclass(frozen=True)
class Family:
    """The cells one limit counts."""

    cells: frozenset[Cell]


def redrawn(
    cells: Sequence[Cell], chances: Sequence[Fraction], limits: Sequence[Family], seed: str
) -> list[Cell] | None:
    """The cells the coins of the seed choose, or None where the limits do not part into two families."""
    sets = [one.cells for one in limits if one.cells]
    side = sides_of(sets)
    if side is None:
        return None
    values, ends = _edges(cells, chances, sets, side)
    near: dict[int, list[int]] = {}
    for edge, value in enumerate(values):
        if value.denominator > 1:
            for node in ends[edge]:
                near.setdefault(node, []).append(edge)
    onward = _Onward(values, near)
    throws = count(1)
    for edge in range(len(values)):
        while values[edge].denominator > 1:
            circle = _circle(ends, onward, edge)
            gain = min(1 - values[one] % 1 if forth else values[one] % 1 for one, forth in circle)
            loss = min(values[one] % 1 if forth else 1 - values[one] % 1 for one, forth in circle)
            change = gain if _coin(seed, next(throws), loss / (gain + loss)) else -loss
            for one, forth in circle:
                values[one] += change if forth else -change
    return [cell for cell, value in zip(cells, values, strict=False) if value == 1]


def sides_of(sets: Sequence[frozenset[Cell]]) -> list[int] | None:
    """0 for the first set of each connected part, then by crossing; None where an odd cycle crosses."""
    by_cell: dict[Cell, list[int]] = {}
    for number, one in enumerate(sets):
        for cell in one:
            by_cell.setdefault(cell, []).append(number)
    side: dict[int, int] = {}
    for first in range(len(sets)):
        if first in side:
            continue
        side[first] = 0
        stack = [first]
        while stack:
            here = stack.pop()
            for other in {other for cell in sets[here] for other in by_cell[cell]}:
                if sets[here] <= sets[other] or sets[other] <= sets[here]:
                    continue
                if other not in side:
                    side[other] = 1 - side[here]
                    stack.append(other)
                elif side[other] == side[here]:
                    return None
    return [side[number] for number in range(len(sets))]


def _edges(
    cells: Sequence[Cell],
    chances: Sequence[Fraction],
    sets: Sequence[frozenset[Cell]],
    side: Sequence[int],
) -> tuple[list[Fraction], list[tuple[int, int]]]:
    """Values and (from, to) of the cells' edges, then of the sets'. Node -1 is the root, k the set k."""
    order = sorted(range(len(sets)), key=lambda number: (len(sets[number]), number))
    outer = [-1] * len(sets)
    innermost: tuple[dict[Cell, int], dict[Cell, int]] = ({}, {})
    latest: tuple[dict[Cell, int], dict[Cell, int]] = ({}, {})
    for number in order:
        for cell in sets[number]:
            below = latest[side[number]].get(cell)
            if below is None:
                innermost[side[number]][cell] = number
            else:
                outer[below] = number
            latest[side[number]][cell] = number
    chance = dict(zip(cells, chances, strict=True))
    ends = [(innermost[0].get(cell, -1), innermost[1].get(cell, -1)) for cell in cells]
    values = list(chances)
    for number, one in enumerate(sets):
        ends.append((outer[number], number) if side[number] == 0 else (number, outer[number]))
        values.append(sum((chance[cell] for cell in one), Fraction(0)))
    return values, ends


@dataclass(frozen=True)
class _Onward:
    """``near``: the edges at each node, the least first; those that have become whole leave when they are met."""

    values: Sequence[Fraction]
    near: dict[int, list[int]]

    def least(self, node: int, come_by: int) -> int:
        """The least fractional edge at the node other than the one just come by."""
        edges, set_aside = self.near[node], False
        while edges[0] == come_by or self.values[edges[0]].denominator == 1:
            set_aside |= heappop(edges) == come_by
        found = edges[0]
        if set_aside:
            heappush(edges, come_by)
        return found


def _circle(ends: Sequence[tuple[int, int]], onward: _Onward, first: int) -> list[tuple[int, bool]]:
    """From the tail of the first edge on, always by the least edge not just come by, until a node returns."""
    path: list[tuple[int, bool]] = []
    edge, node = first, ends[first][0]
    reached = {node: 0}
    while True:
        forth = ends[edge][0] == node
        path.append((edge, forth))
        node = ends[edge][1] if forth else ends[edge][0]
        if node in reached:
            return path[reached[node] :]
        reached[node] = len(path)
        edge = onward.least(node, edge)


def _coin(seed: str, number: int, weight: Fraction) -> bool:
    size = weight.denominator.bit_length()
    blocks = -(-size // 256)
    for attempt in count():
        digest = b"".join(
            sha256(f"allocator-lottery/1\n{seed}\n{number}\n{block}\n".encode()).digest()
            for block in range(attempt * blocks, (attempt + 1) * blocks)
        )
        value = int.from_bytes(digest) >> (256 * blocks - size)
        if value < weight.denominator:
            return value < weight.numerator
    raise AssertionError
