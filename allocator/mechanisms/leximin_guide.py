"""A quick guess where a level must end, by a rounded flow; it only saves exact attempts and decides nothing.

Whatever set of nodes a guess names, the bound it gives is computed exactly from the network and holds. The least
cut of given whole capacities is the same for every solver, so the guess is too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

import numpy as np
from ortools.graph.python import max_flow

from allocator.mechanisms.leximin_flow import Cut, Network

_UNIT: Final = 1 << 30  # the whole number that stands for one household


class Guide:
    """The moves of one part in whole units, rounded down."""

    def __init__(self, network: Network, part: Sequence[int]) -> None:
        self.part = part
        ends = np.array([[network.tail[arc], network.head[arc]] for arc in part], np.int64)
        self.nodes, places = np.unique(ends, return_inverse=True)
        self.tail, self.head = places.reshape(-1, 2).T
        self.flow = np.array([_units(network.flow[arc]) for arc in part], np.int64)
        self.down = self.flow - np.array([_units(network.low[arc]) for arc in part], np.int64)
        endless = network.greatest * _UNIT
        ceilings = (network.high[arc] for arc in part)
        most = [endless if one is None else min(endless, _units(one)) for one in ceilings]
        self.up = np.array(most, np.int64) - self.flow
        self.place = {arc: number for number, arc in enumerate(part)}

    def cut(self, floors: Mapping[int, Fraction]) -> Cut | None:
        """A cut where the floors are out of reach by more than rounding explains, else None."""
        arcs = np.array([self.place[arc] for arc in floors], np.int64)
        lacking = np.array([_units(floor) for floor in floors.values()], np.int64) - self.flow[arcs]
        forced = np.maximum(lacking, 0)
        up, down = self.up.copy(), self.down.copy()
        up[arcs] = np.maximum(up[arcs] - forced, 0)
        down[arcs] = np.maximum(-lacking, 0)
        excess = np.zeros(len(self.nodes), np.int64)
        np.add.at(excess, self.head[arcs], forced)
        np.subtract.at(excess, self.tail[arcs], forced)
        source, sink = len(self.nodes), len(self.nodes) + 1
        over, under = np.flatnonzero(excess > 0), np.flatnonzero(excess < 0)
        flow = max_flow.SimpleMaxFlow()
        flow.add_arcs_with_capacity(
            np.concatenate([self.tail, self.head, np.full(len(over), source), under]),
            np.concatenate([self.head, self.tail, over, np.full(len(under), sink)]),
            np.concatenate([up, down, excess[over], -excess[under]]),
        )
        if not len(over) or flow.solve(source, sink) != flow.OPTIMAL:
            return None
        if flow.optimal_flow() + 4 * len(self.part) >= excess[over].sum():
            return None
        inside = np.zeros(len(self.nodes) + 2, np.bool_)
        inside[flow.get_source_side_min_cut()] = True
        entering = np.flatnonzero(inside[self.head] & ~inside[self.tail]).tolist()
        leaving = np.flatnonzero(inside[self.tail] & ~inside[self.head]).tolist()
        return Cut([self.part[one] for one in entering], [self.part[one] for one in leaving])


def _units(value: Fraction) -> int:
    return value.numerator * _UNIT // value.denominator
