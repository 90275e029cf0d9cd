"""One assignment drawn from a table of chances: expectation exactly the table, every limit kept.

The choices are arcs from the tree of one laminar family to the tree of the other; along a cycle of arcs that
are not whole, what one loses another gains, so a coin of the right weight moves the cycle up or down until an
arc is whole (Budish, Che, Kojima and Milgrom 2013, appendix B). Coins are SHA-256 of the seed.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from allocator.mechanisms.bihierarchy import LimitSet

TAG: Final = "allocator-lottery/1"
_ROOT: Final = 0


@dataclass
class _Arc:
    tail: int
    head: int
    value: Fraction

    @property
    def is_whole(self) -> bool:
        return self.value.denominator == 1


def drawn_cells(
    chances: Sequence[Fraction], sets: Sequence[LimitSet], family: Sequence[int], seed: str
) -> list[int]:
    """The choices drawn, of those with a chance. ``chances`` by choice; sums of sets end at floor or ceiling."""
    arcs = _arcs(chances, sets, family)
    # Ascending, so each is a heap: arcs only ever leave it, when they are met and found whole.
    at: dict[int, list[int]] = {}
    for number, arc in enumerate(arcs):
        if not arc.is_whole:
            at.setdefault(arc.tail, []).append(number)
            at.setdefault(arc.head, []).append(number)
    coins = _Coins(seed)
    for first in range(len(arcs)):
        while not arcs[first].is_whole:
            _push(arcs, _cycle(arcs, at, first), coins)
    return [cell for cell in range(len(chances)) if arcs[cell].value == 1]


def _arcs(chances: Sequence[Fraction], sets: Sequence[LimitSet], family: Sequence[int]) -> list[_Arc]:
    """One arc per choice, from the least set of family 0 to the least of family 1, then one per set.

    Node 0 is the root of both trees, node k + 1 the set k.
    """
    chains: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})
    by_size = sorted(range(len(sets)), key=lambda number: (len(sets[number].cells), number))
    for number in by_size:
        for cell in sets[number].cells:
            chains[family[number]].setdefault(cell, []).append(number)
    parent = [_ROOT] * len(sets)
    for chain in (*chains[0].values(), *chains[1].values()):
        for inner, outer in itertools.pairwise(chain):
            parent[inner] = outer + 1
    least = [
        [chains[side][cell][0] + 1 if cell in chains[side] else _ROOT for cell in range(len(chances))]
        for side in (0, 1)
    ]
    arcs = [_Arc(least[0][cell], least[1][cell], chance) for cell, chance in enumerate(chances)]
    for number, one in enumerate(sets):
        total = sum((chances[cell] for cell in one.cells), Fraction(0))
        ends = (parent[number], number + 1) if family[number] == 0 else (number + 1, parent[number])
        arcs.append(_Arc(*ends, total))
    return arcs


def _cycle(arcs: list[_Arc], at: dict[int, list[int]], first: int) -> list[tuple[int, int]]:
    """Arcs of a cycle with +1 where it runs along the arc, -1 against; always on by the least arc."""
    walk: list[tuple[int, int]] = []
    node = arcs[first].tail
    entered = {node: 0}
    number = first
    while True:
        along = arcs[number].tail == node
        walk.append((number, 1 if along else -1))
        node = arcs[number].head if along else arcs[number].tail
        if node in entered:
            return walk[entered[node] :]
        entered[node] = len(walk)
        number = _least(arcs, at[node], number)


def _least(arcs: list[_Arc], near: list[int], came_by: int) -> int:
    """The least arc of a node that is not whole, other than the one just come by."""
    while arcs[near[0]].is_whole:
        heapq.heappop(near)
    if near[0] != came_by:
        return near[0]
    heapq.heappop(near)
    found = _least(arcs, near, came_by)
    heapq.heappush(near, came_by)
    return found


def _push(arcs: list[_Arc], cycle: list[tuple[int, int]], coins: _Coins) -> None:
    up = min(_room(arcs[number].value, sign) for number, sign in cycle)
    down = min(_room(arcs[number].value, -sign) for number, sign in cycle)
    step = up if coins.falls(down / (up + down)) else -down
    for number, sign in cycle:
        arcs[number].value += sign * step


def _room(value: Fraction, sign: int) -> Fraction:
    part = value % 1
    return 1 - part if sign > 0 else part


class _Coins:
    """The k-th coin: bits of SHA-256 of tag, seed, k and a count of the blocks read; even for any weight."""

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.thrown = 0

    def falls(self, weight: Fraction) -> bool:
        """True with exactly this chance, were the bits fair."""
        self.thrown += 1
        size = weight.denominator.bit_length()
        block = 0
        while True:
            bits = b""
            while len(bits) * 8 < size:
                text = f"{TAG}\n{self.seed}\n{self.thrown}\n{block}\n"
                bits += hashlib.sha256(text.encode()).digest()
                block += 1
            value = int.from_bytes(bits) >> (len(bits) * 8 - size)
            if value < weight.denominator:
                return value < weight.numerator
