"""What the levels above the bands cost: how many more could be housed if one of them were left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
from ortools.graph.python import max_flow

from allocator.mechanisms.quota_levels import fill_needs
from allocator.mechanisms.quota_market import LeafMarket
from allocator.mechanisms.quota_network import Network, laminar_or_crossing
from allocator.mechanisms.quota_sets import ROOT, Crossing
from allocator.model.instance import Instance

# Hard minima first, then the levels in the order in which they are fixed.
LEVELS: Final = ("min", "min_soft", "reserves")


def level_prices(
    instance: Instance, network: Network, market: LeafMarket, num_housed: int
) -> list[dict[str, Any]]:
    """By level present: how many more could be housed in all without it, the others kept (0: no more, or fewer).

    ``market``: as it stood when the needs had been filled. ``num_housed`` of the solution: where even the limits
    alone allow no more, no level costs anything.
    """
    present = [name for name in LEVELS if name in instance.extensions]
    if not present or num_housed == _upper_bound(network):
        return [{"level": name, "price": 0} for name in present]
    most = _most_housed(market)
    found = []
    for name in present:
        freer = laminar_or_crossing(_without(instance, name))
        if isinstance(freer, Crossing):
            raise TypeError("fewer limits cannot cross where more did not")
        is_settled = most == _upper_bound(freer)
        found.append({"level": name, "price": 0 if is_settled else max(0, _most_without(freer) - most)})
    return found


def _upper_bound(network: Network) -> int:
    """No more than this can be housed whoever lists what: bounds of the sets, added up from inside."""
    sets = network.forest.sets
    inside = [0] * len(sets)
    total = 0
    for number in reversed(range(len(sets))):
        one = sets[number]
        # Leaves of no inner set are held by the set itself, without a bound of their own.
        is_open = any(network.forest.around[leaf] == number for leaf in one.leaves)
        bounds = [] if one.most is None else [one.most]
        if not is_open:
            bounds.append(inside[number])
        places = min(bounds, default=network.listing.num_households)
        if one.parent == ROOT:
            total += places
        else:
            inside[one.parent] += places
    return min(total, network.listing.num_households)


def _without(instance: Instance, name: str) -> Instance:
    """The instance with a field left out, also where a quota names it beside other bounds."""

    def stripped(field: str, value: Any) -> Any:
        if field in {"max", "min", "min_soft"}:
            return [{key: entry for key, entry in quota.items() if key != name} for quota in value]
        return value

    extensions: Mapping[str, Any] = instance.extensions
    return replace(
        instance,
        extensions={field: stripped(field, value) for field, value in extensions.items() if field != name},
    )


def _most_without(network: Network) -> int:
    """The most households that can be housed once shortfall and reserves are settled; 0 where nothing is feasible."""
    market = LeafMarket(network.listing, network.arcs, network.num_nodes)
    return 0 if fill_needs(market, network) is None else _most_housed(market)


def _most_housed(market: LeafMarket) -> int:
    """The same where the needs have been filled."""
    return int((market.at >= 0).sum()) + _more(market)


def _more(market: LeafMarket) -> int:
    """How many more than now can be housed: the greatest flow in the residual graph.

    Nodes: the network's, then persons, then the source; who is housed may be moved and not put out.
    """
    movable, guests = market.movable, market.guests()
    waiting = market.newcomers(np.ones(len(market.at), bool), np.ones(market.num_leaves, bool))
    persons = movable.then(guests).then(waiting)
    node = market.num_nodes + np.arange(len(persons.households))
    source = market.num_nodes + len(node)
    at = market.at[persons.households]
    arcs, flow = market.arcs, market.flow
    graph = max_flow.SimpleMaxFlow()
    ones = np.ones(len(node) + len(persons.edges), np.int64)
    graph.add_arcs_with_capacity(
        np.concatenate((np.where(at < 0, source, at), node[persons.owner], arcs.tail, arcs.head)),
        np.concatenate((node, market.listing.leaf[persons.edges], arcs.head, arcs.tail)),
        np.concatenate((ones, arcs.cap - flow, flow - arcs.low)),
    )
    if graph.solve(source, market.num_nodes - 1) != graph.OPTIMAL:
        raise RuntimeError("the greatest flow was not found")
    return int(graph.optimal_flow())
