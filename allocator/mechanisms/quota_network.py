"""The network beside the pools: leaves, quota sets, reserved and open places, pools, unions of pools, sink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from allocator.mechanisms.quota_leaves import Leaf, Listing, list_leaves
from allocator.mechanisms.quota_sets import (
    ROOT,
    Crossing,
    Forest,
    LimitSet,
    Seats,
    crossing_reserve,
    forest_of,
    seats_of,
)
from allocator.model.instance import Instance, Ints

NO_SET: Final = -1


@dataclass(frozen=True, eq=False)
class Arcs:
    """Arcs of the network: ``tail``, ``head`` nodes, ``low`` and ``cap`` bounds of the flow, all (A,)."""

    tail: Ints
    head: Ints
    low: Ints
    cap: Ints


@dataclass(frozen=True, eq=False)
class Network:
    """Nodes: leaves 0 to L - 1, then inner ones, the sink last.

    ``arcs``; ``soft`` (A,) units of shortfall one unit of flow saves; ``reserved`` (A,) 1 where a member enters a
    reserve of its group; ``set_of`` (A,) the limit set whose bounds the arc carries (parallel arcs are parts of
    one bound, the dearest first), ``NO_SET`` for none. ``seat_nodes``: of each pool with reserves the nodes of its
    reserves and, last, of its open places.
    """

    listing: Listing
    forest: Forest
    seats: dict[int, Seats]
    num_nodes: int
    arcs: Arcs
    soft: Ints
    reserved: Ints
    set_of: Ints
    seat_nodes: dict[int, list[int]]

    @property
    def sink(self) -> int:
        """The last node."""
        return self.num_nodes - 1

    @property
    def num_leaves(self) -> int:
        """L."""
        return len(self.listing.leaves)

    @property
    def weight(self) -> int:
        """One more than the reserved places that can be filled at most: so much a unit of shortfall weighs."""
        places = sum(places for seats in self.seats.values() for _, places, _ in seats.reserves)
        return 1 + min(places, self.listing.num_households)

    @property
    def gain(self) -> Ints:
        """(A,) what one unit of flow is worth at the level of shortfall and reserves."""
        return self.weight * self.soft + self.reserved

    @property
    def all_soft(self) -> int:
        """The sum of the soft minima."""
        sets = sum(sum(one.bounds("min_soft")) for one in self.forest.sets)
        return sets + sum(quota.get("min_soft", 0) for quota in self.forest.empty)


def laminar_or_crossing(instance: Instance) -> Network | Crossing:
    """The network of an instance whose quotas and pools are laminar, else two sets that cross."""
    listing = list_leaves(instance)
    forest = forest_of(instance, listing)
    if isinstance(forest, Crossing):
        return forest
    crossing = crossing_reserve(instance, listing, forest)
    if crossing is not None:
        return crossing
    return _Builder(listing, forest, seats_of(instance)).network()


def relaxed(network: Network, worth: Mapping[str, int], floors: Mapping[int, int]) -> Network:
    """The same network with hard minima as wishes: ``soft`` is the worth of the quotas whose minimum a unit fills.

    ``floors``: by limit set, what stays a hard minimum. Soft minima and reserves earn nothing.
    """
    return _Builder(network.listing, network.forest, network.seats, worth, floors).network()


@dataclass(eq=False)
class _Builder:
    """Puts the arcs together, from the outermost sets inwards."""

    listing: Listing
    forest: Forest
    seats: dict[int, Seats]
    worth: Mapping[str, int] | None = None
    floors: Mapping[int, int] = field(default_factory=dict)
    num_nodes: int = 0
    rows: list[tuple[int, int, int, int, int, int, int]] = field(default_factory=list)
    seat_nodes: dict[int, list[int]] = field(default_factory=dict)

    @property
    def unbounded(self) -> int:
        """A bound that is none: with it one more is always allowed."""
        return self.listing.num_households + 1

    def network(self) -> Network:
        self.num_nodes = len(self.listing.leaves)
        entries: list[int] = []
        for number, one in enumerate(self.forest.sets):
            entries.append(self._entry_of(one))
            self._lead_out(number, one, entries)
        for leaf, around in enumerate(self.forest.around):
            one = self.forest.sets[around]
            if one.pool in self.seats:
                self._sit_down(leaf, one.pool, self.listing.leaves[leaf])
            elif entries[around] != leaf:
                self._add(leaf, entries[around])
        sink = self._node()
        table = np.array(self.rows, np.int64).reshape(-1, 7)
        tail, head, low, cap, soft, reserved, set_of = (np.ascontiguousarray(column) for column in table.T)
        head[head == ROOT] = sink
        arcs = Arcs(tail, head, low, cap)
        return Network(
            self.listing,
            self.forest,
            self.seats,
            self.num_nodes,
            arcs,
            soft,
            reserved,
            set_of,
            self.seat_nodes,
        )

    def _node(self) -> int:
        self.num_nodes += 1
        return self.num_nodes - 1

    def _add(
        self, tail: int, head: int, low: int = 0, cap: int | None = None, *, soft: int = 0, reserved: int = 0,
        set_of: int = NO_SET,
    ) -> None:  # fmt: skip
        most = self.unbounded
        self.rows.append((tail, head, low, most if cap is None else min(cap, most), soft, reserved, set_of))

    def _entry_of(self, one: LimitSet) -> int:
        """The node that collects the set's leaves: the leaf itself where there is but one."""
        if len(one.leaves) == 1 and one.pool not in self.seats:
            return next(iter(one.leaves))
        return self._node()

    def _lead_out(self, number: int, one: LimitSet, entries: list[int]) -> None:
        """From the set's node outwards with its bounds, and the seats of a pool before its node."""
        entry, around = entries[number], self.forest.sets[one.parent] if one.parent != ROOT else None
        if around is not None and around.pool in self.seats:
            leaf = self.listing.leaves[min(one.leaves)]
            beyond = self._node()
            self._sit_down(beyond, around.pool, leaf)
        else:
            beyond = ROOT if around is None else entries[one.parent]
        self._bound(number, one, entry, beyond)
        if one.pool in self.seats:
            seats = self.seats[one.pool]
            nodes = [self._node() for _ in range(len(seats.reserves) + 1)]
            self.seat_nodes[one.pool] = nodes
            for node, places in zip(
                nodes, [*(places for _, places, _ in seats.reserves), seats.num_open], strict=True
            ):
                self._add(node, entry, cap=places)

    def _sit_down(self, node: int, pool: int, leaf: Leaf) -> None:
        """To the kinds of place of the pool that the leaf has a right to."""
        *reserves, open_places = self.seat_nodes[pool]
        for seat, right in zip(reserves, self.seats[pool].rights(leaf), strict=True):
            if right:
                self._add(node, seat, reserved=int(right > 1))
        self._add(node, open_places)

    def _bound(self, number: int, one: LimitSet, tail: int, head: int) -> None:
        """Parallel arcs, one up to each wish, then one for the rest; the first ones carry the hard minimum."""
        most = self.unbounded if one.most is None else min(one.most, self.unbounded)
        if self.worth is None:
            due, wishes = one.least, [(wish, 1) for wish in one.bounds("min_soft")]
        else:
            due = self.floors.get(number, 0)
            wishes = [(quota["min"], self.worth[quota["id"]]) for quota in one.quotas if quota.get("min")]
        steps = sorted({min(wish, most) for wish, _ in wishes} - {0})
        done, due = 0, min(due, self.unbounded + 1)
        for step in [*steps, most]:
            low = due if step == most else min(due, step - done)
            soft = sum(worth for wish, worth in wishes if wish >= step) if step in steps else 0
            self._add(tail, head, low, step - done, soft=soft, set_of=number)
            due, done = due - low, step
            if step == most:
                break
