"""One min-cost flow from households through the network, with lower bounds.

``SimpleMinCostFlow`` has no lower bounds: they are shifted into the supplies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ortools.graph.python import min_cost_flow

from allocator.mechanisms.market import Choices, Flags
from allocator.mechanisms.quota_market import LeafMarket
from allocator.model.instance import UNASSIGNED, Ints


@dataclass(frozen=True, eq=False)
class Movers:
    """The households a flow may move: choices with their cost (arcs,), and who may stay unhoused (k,)."""

    choices: Choices
    cost: Ints
    may_leave: Flags


@dataclass(frozen=True, eq=False)
class Routing:
    """``leaf`` (k,) of each mover or ``UNASSIGNED``; ``flow`` (A,) of the network."""

    leaf: Ints
    flow: Ints


def cheapest(market: LeafMarket, movers: Movers, inner_cost: Ints | None = None) -> Routing | None:
    """The cheapest places of the movers, everybody else staying; ``None`` where the bounds cannot be kept.

    Nodes: movers, then those of the network. ``inner_cost`` (A,) of the network's arcs, else 0.
    """
    arcs, choices = market.arcs, movers.choices
    if (arcs.low > arcs.cap).any():
        return None
    num_movers = len(choices.households)
    leaf = market.listing.leaf[choices.edges]
    leavers = np.flatnonzero(movers.may_leave)
    sink = num_movers + market.num_nodes - 1
    no_cost = np.zeros(len(arcs.tail), np.int64)
    flow = min_cost_flow.SimpleMinCostFlow()
    numbers = flow.add_arcs_with_capacity_and_unit_cost(
        np.concatenate((choices.owner, leavers, num_movers + arcs.tail)),
        np.concatenate((num_movers + leaf, np.full(len(leavers), sink), num_movers + arcs.head)),
        np.concatenate((np.ones(len(leaf) + len(leavers), np.int64), arcs.cap - arcs.low)),
        np.concatenate(
            (movers.cost, np.zeros(len(leavers), np.int64), no_cost if inner_cost is None else inner_cost)
        ),
    )
    flow.set_nodes_supplies(np.arange(sink + 1), _supplies(market, choices.households))
    status = flow.solve()
    # Reading flows after a failed solve can end the process, so the status comes first.
    if status == flow.INFEASIBLE:
        return None
    if status != flow.OPTIMAL:
        raise RuntimeError(f"the flow with lower bounds ended with {status}")
    units = flow.flows(numbers)
    is_taken = units[: len(leaf)] == 1
    place = np.full(num_movers, UNASSIGNED, np.int64)
    place[choices.owner[is_taken]] = leaf[is_taken]
    return Routing(place, arcs.low + units[len(leaf) + len(leavers) :])


def _supplies(market: LeafMarket, movers: Ints) -> Ints:
    """One of each mover and of everybody who stays at a leaf, less the lower bounds; the sink takes all."""
    arcs = market.arcs
    before = market.at[movers]
    staying = market.load - np.bincount(before[before >= 0], minlength=market.num_leaves)
    inner = np.bincount(arcs.head, arcs.low, market.num_nodes).astype(np.int64)
    inner -= np.bincount(arcs.tail, arcs.low, market.num_nodes).astype(np.int64)
    inner[: market.num_leaves] += staying
    inner[-1] -= len(movers) + int(staying.sum())
    return np.concatenate((np.ones(len(movers), np.int64), inner))
