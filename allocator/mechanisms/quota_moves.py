"""Chains of moves between leaves and through the network: who makes room for whom.

As in ``moves``, sets of nodes are bit masks in plain integers and rows are read when first visited. Nodes are
the leaves, the inner nodes of the network and the sink; a chain step is a household that moves from leaf to
leaf or leaves for the sink, or a unit of flow through an arc, forwards or given back.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np

from allocator.mechanisms.market import Choices, Flags
from allocator.mechanisms.moves import NOWHERE, bits
from allocator.mechanisms.quota_market import LeafMarket

_UNREAD: Final = -1
_FEW: Final = 16


@dataclass(frozen=True, slots=True)
class Step:
    """From node to node: by a ``member``, or else by one unit more (``arc``) or less (``~arc``) on an arc."""

    source: int
    target: int
    member: int
    arc: int


class LeafMoves:
    """The moves open to k members, numbered as in ``choices``, in a market's present state.

    ``place`` (k) the leaf each holds or ``NOWHERE``; ``may_leave`` (k) who may give up its place for nothing;
    ``after``: only later members move; ``seen``: the nodes that the last failed search reached; ``changed``: the
    nodes whose rows may have changed, for who keeps a copy.

    Rows may name too many targets and never too few; a chain is confirmed step by step before it is used. So a
    search that fails has failed for certain.
    """

    def __init__(self, market: LeafMarket, choices: Choices, may_leave: Flags) -> None:
        self.sink = market.num_nodes - 1
        self.num_leaves = market.num_leaves
        self.starts: list[int] = choices.starts.tolist()
        self.leaves: list[int] = market.listing.leaf[choices.edges].tolist()
        self.place: list[int] = market.at[choices.households].tolist()
        self.may_leave: list[bool] = may_leave.tolist()
        self.flow: list[int] = market.flow.tolist()
        self.low: list[int] = market.arcs.low.tolist()
        self.cap: list[int] = market.arcs.cap.tolist()
        self.after = NOWHERE
        self.seen = 0
        self._bit = [1 << node for node in range(market.num_nodes)]
        self._rows = [_UNREAD] * market.num_nodes
        self._masks = [_UNREAD] * len(self.place)
        self._near, self._near_bits = market.links
        self.changed: set[int] = set()
        self._holders = _holders(self.place, self.num_leaves)

    def choices(self, member: int) -> list[int]:
        """The member's live leaves, best first."""
        return self.leaves[self.starts[member] : self.starts[member + 1]]

    def mask(self, member: int) -> int:
        """The member's live leaves as a mask."""
        mask = self._masks[member]
        if mask == _UNREAD:
            mask = 0
            for leaf in self.choices(member):
                mask |= self._bit[leaf]
            self._masks[member] = mask
        return mask

    def enter(self, member: int, leaf: int) -> None:
        """Put the member at the leaf; the network's flow is the caller's to move."""
        self.place[member] = leaf
        self._holders[leaf].append(member)
        self.changed.add(leaf)
        if self._rows[leaf] != _UNREAD:
            self._rows[leaf] |= self._targets(member)

    def row(self, node: int) -> int:
        """Where a unit at the node may go on to (a mask), perhaps too much."""
        row = self._rows[node]
        return self._read(node) if row == _UNREAD else row

    def step(self, source: int, targets: int) -> Step | None:
        """A step from ``source`` into one of ``targets`` (a mask). ``None``: there is none; the row is read anew."""
        step = self._inner_step(source, targets)
        if step is None and source < self.num_leaves:
            step = self._household_step(source, targets)
        if step is None:
            self._read(source)
        return step

    def _inner_step(self, source: int, targets: int) -> Step | None:
        near, flow = self._near[source], self.flow
        hit = self.row(source) & targets & self._near_bits[source]
        while hit:
            low = hit & -hit
            target = low.bit_length() - 1
            arc = near[target]
            if flow[arc] < self.cap[arc] if arc >= 0 else flow[~arc] > self.low[~arc]:
                return Step(source, target, NOWHERE, arc)
            hit ^= low
        return None

    def _household_step(self, source: int, targets: int) -> Step | None:
        place, after, masks = self.place, self.after, self._masks
        to_sink = self._bit[self.sink] & targets
        for member in reversed(self._holders[source]):
            if member > after and place[member] == source:
                mask = masks[member]
                reached = (self.mask(member) if mask == _UNREAD else mask) & targets
                if reached:
                    return Step(source, (reached & -reached).bit_length() - 1, member, 0)
                if to_sink and self.may_leave[member]:
                    return Step(source, self.sink, member, 0)
        return None

    def shift(self, steps: list[Step]) -> None:
        """Carry out a chain."""
        rows, bit = self._rows, self._bit
        for step in steps:
            if step.member == NOWHERE:
                if step.arc >= 0:
                    self.flow[step.arc] += 1
                else:
                    self.flow[~step.arc] -= 1
                self.changed.add(step.target)
                if rows[step.target] != _UNREAD:
                    rows[step.target] |= bit[step.source]
            elif step.target == self.sink:
                self.place[step.member] = NOWHERE
            else:
                self.enter(step.member, step.target)

    def chain(self, source: int, goal: int, inside: int) -> list[Step] | None:
        """Steps from one node to another within ``inside`` (a mask), or ``None``; ``seen`` then is what it reaches."""
        while (nodes := self._search(source, goal, inside)) is not None:
            steps = []
            for tail, head in itertools.pairwise(nodes):
                step = self.step(tail, self._bit[head])
                if step is None:
                    break
                steps.append(step)
            else:
                return steps
        return None

    def _search(self, source: int, goal: int, inside: int) -> list[int] | None:
        """Breadth first, level by level; the nodes of one way."""
        goal_bit, rows = self._bit[goal], self._rows
        seen = self._bit[source]
        levels = [[source]]
        while levels[-1]:
            reached = 0
            for node in levels[-1]:
                row = rows[node]
                if row == _UNREAD:
                    row = self._read(node)
                if row & goal_bit:
                    return [*self._way_to(node, levels[:-1]), goal]
                reached |= row
            reached &= inside & ~seen
            seen |= reached
            levels.append(_positions(reached))
        self.seen = seen
        return None

    def _way_to(self, node: int, levels: list[list[int]]) -> list[int]:
        way = [node]
        for level in reversed(levels):
            bit = self._bit[way[-1]]
            way.append(next(before for before in level if self._rows[before] & bit))
        return way[::-1]

    def _targets(self, member: int) -> int:
        return self.mask(member) | (self._bit[self.sink] if self.may_leave[member] else 0)

    def _read(self, node: int) -> int:
        """The row as it truly stands, forgetting who left the leaf or may not move any more."""
        row = 0
        for target, arc in self._near[node].items():
            if self.flow[arc] < self.cap[arc] if arc >= 0 else self.flow[~arc] > self.low[~arc]:
                row |= self._bit[target]
        if node < self.num_leaves:
            place, after = self.place, self.after
            held = [m for m in dict.fromkeys(self._holders[node]) if m > after and place[m] == node]
            self._holders[node] = held
            for member in held:
                row |= self._targets(member)
        self._rows[node] = row
        self.changed.add(node)
        return row


def _positions(mask: int) -> list[int]:
    """The positions of the ones, ascending: in columns where there are many."""
    if mask.bit_count() < _FEW:
        return bits(mask)
    octets = np.frombuffer(mask.to_bytes(mask.bit_length() // 8 + 1, "little"), np.uint8)
    positions: list[int] = np.flatnonzero(np.unpackbits(octets, bitorder="little")).tolist()
    return positions


def _holders(place: list[int], num_leaves: int) -> list[list[int]]:
    holders: list[list[int]] = [[] for _ in range(num_leaves)]
    for member, leaf in enumerate(place):
        if leaf != NOWHERE:
            holders[leaf].append(member)
    return holders
