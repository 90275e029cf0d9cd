"""How many beds a split fills: a maximum flow from the profiles to the sides.

Where a dormitory's split is still open between two bounds, its undecided beds are a node that feeds both sides:
the flow then relaxes the split (units may be divided), so its value bounds every split within the bounds.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from ortools.graph.python import max_flow

from allocator.mechanisms.market import Flags
from allocator.mechanisms.rooms_demand import Demand
from allocator.model.instance import Ints

_PARTS: Final = 60  # a relaxed seating is counted in these parts of a household


class Filling:
    """One network, asked again with other capacities."""

    def __init__(self, demand: Demand) -> None:
        num_profiles, num_sides = len(demand.supply), demand.num_sides
        num = num_sides // 2
        self.demand = demand
        self.first_side = num_profiles
        first_open = num_profiles + num_sides
        self.source = first_open + num
        self.sink = self.source + 1
        profiles, sides, opens = np.arange(num_profiles), np.arange(num_sides), np.arange(num)
        tails = (
            np.full(num_profiles, self.source),
            np.repeat(profiles, np.diff(demand.start)),
            num_profiles + sides,
            num_profiles + sides,
            first_open + opens,
        )
        heads = (
            profiles,
            num_profiles + demand.side,
            np.full(num_sides, self.sink),
            first_open + sides // 2,
            np.full(num, self.sink),
        )
        first = num_profiles + len(demand.side)
        fixed = np.concatenate((demand.supply, np.repeat(demand.supply, np.diff(demand.start))))
        capacities = np.concatenate((fixed, np.zeros(2 * num_sides + num, np.int64)))
        self.flow = max_flow.SimpleMaxFlow()
        arcs = self.flow.add_arcs_with_capacity(np.concatenate(tails), np.concatenate(heads), capacities)
        self.supply_arcs, self.list_arcs, self.bed_arcs = np.split(np.asarray(arcs), (num_profiles, first))

    def value(self, least: Ints, most: Ints) -> int:
        """The most beds that could be filled with ``least <= split <= most``, units divisible."""
        demand = self.demand
        undecided = (most - least) @ demand.beds
        decided = demand.places(least)
        decided[1::2] -= undecided
        self.flow.set_arcs_capacity(
            self.bed_arcs, np.concatenate((decided, np.repeat(undecided, 2), undecided))
        )
        if self.flow.solve(self.source, self.sink) != self.flow.OPTIMAL:
            raise RuntimeError("the flow of beds was not solved")
        return int(self.flow.optimal_flow())

    def rounded_split(self, least: Ints, most: Ints) -> Ints:
        """(E,) the split nearest to the last flow, within the bounds: women's share of the beds where a unit stands."""
        demand, num_sides = self.demand, self.demand.num_sides
        on_arcs = np.asarray(self.flow.flows(self.bed_arcs))
        used = on_arcs[:num_sides] + on_arcs[num_sides : 2 * num_sides]
        women = (used - demand.partial)[0::2]
        all_beds = np.maximum(demand.rooms @ demand.beds, 1)
        share = demand.beds @ (women / all_beds) / np.maximum(demand.beds.sum(axis=1), 1)
        nearest = np.floor(share * demand.rooms + 0.5).astype(np.int64)
        return np.clip(nearest, least, most)

    def binding_sets(self) -> list[tuple[Flags, Flags]]:
        """Sets of sides (2 K,) that the last flow shows to be used up: all who list any of them are counted, and
        the other sides are full. The greatest such set, cut into parts that no household joins, each beside
        what the least such set has of it.
        """
        greatest = ~self._cut(self.flow.get_source_side_min_cut())
        least = self._cut(self.flow.get_sink_side_min_cut())
        pairs = []
        for part in self._parts(greatest):
            inner = part & least
            pairs.append((part, inner))
            pairs.extend((one, np.zeros_like(one)) for one in self._parts(inner))
        return pairs

    def sets_beyond_reach(self, seated: Any) -> list[tuple[Flags, Flags]]:
        """Sets of sides in which a relaxed seating (2 K,) has more households than list them, as ``binding_sets``."""
        demand = self.demand
        parts = np.floor(np.maximum(seated, 0) * _PARTS + 1e-6).astype(np.int64)
        undecided = np.zeros(demand.num_sides // 2 * 3, np.int64)
        self._count_in(_PARTS)
        self.flow.set_arcs_capacity(self.bed_arcs, np.concatenate((parts, undecided)))
        if self.flow.solve(self.source, self.sink) != self.flow.OPTIMAL:
            raise RuntimeError("the flow of beds was not solved")
        is_seated = int(self.flow.optimal_flow()) == int(parts.sum())
        found = [] if is_seated else self.binding_sets()
        self._count_in(1)
        return found

    def _count_in(self, parts: int) -> None:
        supply = self.demand.supply * parts
        self.flow.set_arcs_capacity(self.supply_arcs, supply)
        self.flow.set_arcs_capacity(self.list_arcs, np.repeat(supply, np.diff(self.demand.start)))

    def _cut(self, nodes: list[int]) -> Flags:
        is_in = np.zeros(self.sink + 1, bool)
        is_in[nodes] = True
        return is_in[self.first_side : self.first_side + self.demand.num_sides]

    def _parts(self, sides: Flags) -> list[Flags]:
        """The connected parts of a set under "some household lists both"."""
        left = sides.copy()
        parts = []
        while left.any():
            part = np.zeros_like(left)
            edge = np.zeros_like(left)
            edge[int(np.argmax(left))] = True
            while edge.any():
                part |= edge
                edge = self.demand.shared[edge].any(axis=0) & sides & ~part
            left &= ~part
            parts.append(part)
        return parts
