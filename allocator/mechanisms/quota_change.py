"""The cheapest change of an assignment with quotas: a min-cost circulation over leaves and network.

Nodes are only those whose moving costs something or who have several ways to go; who moves for nothing and has
one other leaf is a unit of capacity between two leaves. Everybody else stays, and so does most of the flow.
"""

from __future__ import annotations

import numpy as np
from ortools.graph.python import min_cost_flow

from allocator.mechanisms.market import Flags
from allocator.mechanisms.quota_market import FREE, LeafMarket
from allocator.model.instance import UNASSIGNED, Ints


def change_at_least_cost(market: LeafMarket, cost: Ints, present: Flags) -> None:
    """Bring ``market.movable``, at this cost of its choices (arcs,), and the free households ``present`` (n,), at
    none, to places that cost least in all.
    """
    movable, leaf, sink = market.movable, market.listing.leaf, market.num_nodes - 1
    is_pair = (np.diff(movable.starts) == 2) & (np.add.reduceat(cost, movable.starts[:-1]) == 0)
    pairs = movable.of(is_pair)
    other = pairs.edges[leaf[pairs.edges] != market.at[pairs.households][pairs.owner]]
    free = np.flatnonzero(present & (market.kind == FREE))
    nodes = movable.of(~is_pair).then(market.open_choices(free))
    at = market.at[nodes.households]
    number = sink + 1 + np.arange(len(at))
    arcs, flow = market.arcs, market.flow
    free_cost = np.zeros(len(nodes.edges) - int((~is_pair[movable.owner]).sum()), np.int64)
    parts = [
        (arcs.tail, arcs.head, arcs.cap - flow, np.zeros_like(flow)),
        (arcs.head, arcs.tail, flow - arcs.low, np.zeros_like(flow)),
        _units(market.at[pairs.households], leaf[other], np.zeros_like(other)),
        _units(number[nodes.owner], leaf[nodes.edges], np.append(cost[~is_pair[movable.owner]], free_cost)),
        _units(number[len(at) - len(free) :], np.full(len(free), sink), np.zeros_like(free)),
    ]
    # The unit that each node brings leaves it where it stands, at the sink if it is unhoused.
    stands = np.bincount(np.where(at >= 0, at, sink), minlength=sink + 1)
    more, less, moves, takes, _ = _circulated(parts, np.append(-stands, np.ones_like(at)))
    place = np.full(len(at), UNASSIGNED, np.int64)
    place[nodes.owner[takes == 1]] = leaf[nodes.edges[takes == 1]]
    market.settle(nodes.households, place)
    market.settle(pairs.households[moves == 1], leaf[other[moves == 1]])
    market.flow = flow + more - less


def _units(tail: Ints, head: Ints, cost: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    return tail, head, np.ones_like(head), cost


def _circulated(parts: list[tuple[Ints, Ints, Ints, Ints]], supply: Ints) -> list[Ints]:
    """The flow on each part's arcs (tail, head, capacity, cost)."""
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    is_passable = columns[2] > 0
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(*(column[is_passable] for column in columns))
    flow.set_nodes_supplies(np.arange(len(supply)), supply)
    status = flow.solve()
    # Reading flows after a failed solve can end the process, so the status comes first.
    if status != flow.OPTIMAL:
        raise RuntimeError(f"the circulation over those already housed ended with {status}")
    units = np.zeros(len(is_passable), np.int64)
    units[is_passable] = flow.flows(arcs)
    return np.split(units, np.cumsum([len(part[0]) for part in parts])[:-1])
