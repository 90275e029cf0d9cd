"""Households in order over the residual graph: who is housed, and which of the tight choices it gets.

A search that fails leaves a set of nodes that nothing leads out of. Such a set stays closed while the walk goes on
(moves only become fewer, and no cycle crosses its border), so it is the proof of this no and of all later ones it covers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from allocator.mechanisms.crossing_market import CrossingMarket, Prices, lowered
from allocator.mechanisms.crossing_proofs import UnprovedError
from allocator.mechanisms.market import Choices
from allocator.mechanisms.moves import bits
from allocator.mechanisms.quota_market import LeafMarket
from allocator.mechanisms.quota_moves import LeafMoves
from allocator.model.instance import Ints


class _Moves(LeafMoves):
    """Moves of members whose choices become fewer, and what those asleep could do."""

    def __init__(self, market: LeafMarket, choices: Choices, asleep: dict[int, int]) -> None:
        super().__init__(market, choices, np.zeros(len(choices.households), bool))
        self._asleep = asleep

    def limit(self, member: int, mask: int) -> None:
        """From now on the member moves among these nodes alone."""
        self._masks[member] = mask

    def closed(self, reached: int, goal: int) -> int:
        """All nodes reached from these, those asleep moving too. Raises ``UnprovedError`` where the goal is one."""
        for is_fresh in (False, True):
            found, new = reached, reached
            while new:
                step = 0
                for node in bits(new):
                    step |= (self._read(node) if is_fresh else self.row(node)) | self._asleep.get(node, 0)
                new = step & ~found
                found |= new
            if not found >> goal & 1:
                return found
        raise UnprovedError


@dataclass(frozen=True)
class Refusal:
    """A household's no: proved by the ``cut`` (a number), whose prices stand here where it is new."""

    household: int
    cut: int
    prices: Prices | None


class Walk:
    """One pass over members of ``crossing.movable`` in order.

    ``barred`` by node: the closed sets found so far that it does not stand in; ``cuts``: those used by a refusal.
    """

    def __init__(self, crossing: CrossingMarket) -> None:
        market = crossing.market
        self.crossing = crossing
        asleep: dict[int, int] = {}
        for outside, leaf in zip(*(column.tolist() for column in crossing.asleep_pairs()), strict=True):
            asleep[outside] = asleep.get(outside, 0) | 1 << leaf
        self.choices = market.movable
        self.moves = _Moves(market, self.choices, asleep)
        self.member_of = {one: member for member, one in enumerate(self.choices.households.tolist())}
        self._barred = [0] * market.num_nodes
        self._everywhere = (1 << market.num_nodes) - 1
        self._leaves = (1 << crossing.num_leaves) - 1
        self._cuts: list[int] = []
        self._cut_of: dict[int, int] = {}
        self._newest_first: list[int] = []

    def house(self, households: list[int]) -> Iterator[Refusal]:
        """In order, everybody is housed who can be beside those before it."""
        moves = self.moves
        for household in households:
            member = self.member_of.get(household)
            if member is None:
                if not self._is_home(household):
                    yield self._refusal(household, 0, int(self.crossing.outside[household]))
                continue
            mask, here = moves.mask(member), moves.place[member]
            if not mask >> here & 1:
                raise UnprovedError
            if mask & ~self._leaves and here >= self.crossing.num_leaves:
                wanted = [leaf for leaf in moves.choices(member) if leaf < self.crossing.num_leaves]
                if not self._moved(member, wanted):
                    moves.limit(member, 0)
                    yield self._refusal(household, mask & self._leaves, here)
                    continue
            moves.limit(member, mask & self._leaves)

    def settle(self, households: list[int], first: list[int]) -> Iterator[Refusal]:
        """In order, everybody gets its best choice; a refusal for each that ends elsewhere than at its ``first`` leaf."""
        moves = self.moves
        for household, best in zip(households, first, strict=True):
            member = self.member_of.get(household)
            wanted, here = 0, int(self.crossing.market.at[household])
            if member is not None:
                choices = moves.choices(member)
                self._moved(member, choices[: choices.index(moves.place[member])])
                moves.limit(member, 0)
                here = moves.place[member]
                wanted = _mask(choices[: choices.index(here)])
            if here != best:
                yield self._refusal(household, wanted, here)

    def close(self) -> None:
        """Hand places, flow and live choices back to the market."""
        moves, choices, market = self.moves, self.choices, self.crossing.market
        market.settle(choices.households, np.array(moves.place, np.int64))
        market.flow = np.array(moves.flow, np.int64)
        masks = [moves.mask(member) for member in range(len(choices.households))]
        leaf, owner = market.listing.leaf[choices.edges].tolist(), choices.owner.tolist()
        is_live = [masks[member] >> node & 1 for node, member in zip(leaf, owner, strict=True)]
        market.movable = choices.keep(np.array(is_live, bool), at_least=2)

    def _is_home(self, household: int) -> bool:
        return bool(0 <= self.crossing.market.at[household] < self.crossing.num_leaves)

    def _moved(self, member: int, wanted: list[int]) -> bool:
        """Move the member to the first of these leaves that a cycle allows; else bar those it cannot reach."""
        moves = self.moves
        here = moves.place[member]
        for leaf in wanted:
            if self._barred[here] >> leaf & 1:
                continue
            steps = moves.chain(leaf, here, self._everywhere)
            if steps is not None:
                moves.shift(steps)
                moves.enter(member, leaf)
                return True
            self._bar(moves.closed(moves.seen, here))
        return False

    def _bar(self, closed: int) -> None:
        for node in bits(self._everywhere & ~closed):
            self._barred[node] |= closed

    def _refusal(self, household: int, wanted: int, here: int) -> Refusal:
        """The proof that none of the wanted leaves can be had from here: a cut used before, or a new one."""
        for cut in reversed(self._cuts):
            if not (wanted & ~cut or cut >> here & 1):
                return Refusal(household, self._cut_of[cut], None)
        cut = self._normal(self._barred[here]) if wanted else 0
        if wanted & ~cut or cut >> here & 1:
            raise UnprovedError
        self._cut_of[cut] = len(self._cuts)
        self._cuts.append(cut)
        return Refusal(household, self._cut_of[cut], self.crossing.prices(self._potential(cut)))

    def _normal(self, cut: int) -> int:
        market = self.crossing.market
        market.flow = np.array(self.moves.flow, np.int64)
        low = lowered(self._potential(cut), market.arcs, market.flow, np.zeros(len(market.flow), np.int64))
        return _mask(np.flatnonzero(low < 0).tolist())

    def _potential(self, cut: int) -> Ints:
        potential = np.zeros(self.crossing.market.num_nodes, np.int64)
        potential[bits(cut)] = -1
        return potential


def _mask(nodes: list[int]) -> int:
    mask = 0
    for node in nodes:
        mask |= 1 << node
    return mask
