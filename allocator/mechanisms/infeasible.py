"""Advice where no assignment keeps all hard bounds: what they ask for and cannot have, and what would help.

The minima that cannot be met together are a violated cut of the flow (Hoffman 1960; Hall's theorem for lower
bounds): so much is asked to leave a set of nodes, and less can enter it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator.mechanisms.infeasible_cut import violated_cut
from allocator.mechanisms.quota_flow import Movers, cheapest
from allocator.mechanisms.quota_market import LeafMarket
from allocator.mechanisms.quota_network import Network, relaxed
from allocator.model.instance import Instance, Ints


def advice(instance: Instance, network: Network) -> dict[str, Any]:
    """Plain data for the report; call it only where nothing is feasible.

    What ``violated_cut`` found (``quotas``, ``tenants``, ``groups``, ``pools``, ``required``, ``households``, ``limits``,
    ``available``) and ``relaxation``: [{"quota", "from", "to"}], empty where no lowering of minima helps.
    """
    return {**violated_cut(instance, network), "relaxation": smallest_relaxation(network)}


def smallest_relaxation(network: Network) -> list[dict[str, Any]]:
    """The minima to lower, in total by as little as can be, and among such ways the first quota (by id) by as
    little as can be, then the second. Empty where no lowering of minima helps.
    """
    lowered = {quota["id"]: (quota["min"], 0) for quota in network.forest.empty if quota.get("min")}
    minima = {
        quota["id"]: (number, quota["min"])
        for number, one in enumerate(network.forest.sets)
        for quota in one.quotas
        if quota.get("min")
    }
    floors: dict[int, int] = {}
    counts = _counts(network, dict.fromkeys(minima, 1), floors)
    if counts is None:
        return []
    for name in sorted(minima):
        number, least = minima[name]
        if counts[number] < least:
            # One unit of any minimum outweighs all that the quota in turn could gain.
            worth = min(least, network.listing.num_households) + 1
            counts = _counts(network, {**dict.fromkeys(minima, worth), name: worth + 1}, floors)
            if counts is None:
                raise RuntimeError("a relaxation that was feasible is so no more")
        reached = min(least, int(counts[number]))
        floors[number] = max(floors.get(number, 0), reached)
        if reached < least:
            lowered[name] = (least, reached)
    return [{"quota": name, "from": lowered[name][0], "to": lowered[name][1]} for name in sorted(lowered)]


def _counts(network: Network, worth: dict[str, int], floors: dict[int, int]) -> Ints | None:
    """(sets,) households counted by each limit set where the minima are worth most; ``None``: nothing is feasible."""
    wishes = relaxed(network, worth, floors)
    market = LeafMarket(wishes.listing, wishes.arcs, wishes.num_nodes)
    newcomers = market.newcomers(np.ones(len(market.at), bool), market.needed_leaves(wishes.soft))
    choices = market.movable.then(newcomers)
    may_leave = np.arange(len(choices.households)) >= len(market.movable.households)
    routing = cheapest(
        market, Movers(choices, np.zeros(len(choices.edges), np.int64), may_leave), -wishes.soft
    )
    if routing is None:
        return None
    counts = np.zeros(len(network.forest.sets), np.int64)
    carries = wishes.set_of >= 0
    np.add.at(counts, wishes.set_of[carries], routing.flow[carries])
    return counts
