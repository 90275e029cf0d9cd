"""A violated cut: nodes that must give off more households than can come in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from allocator.mechanisms.market import Flags
from allocator.mechanisms.quota_flow import Movers, cheapest
from allocator.mechanisms.quota_market import LeafMarket
from allocator.mechanisms.quota_network import NO_SET, Network, relaxed
from allocator.mechanisms.quota_prices import shortest
from allocator.mechanisms.quota_sets import LimitSet
from allocator.model.instance import Instance, Ints


def violated_cut(instance: Instance, network: Network) -> dict[str, Any]:
    """``quotas`` whose minima (and ``tenants``, who must be housed) ask for ``required`` households, while
    ``households`` that can count and what ``limits`` let through make ``available``, which is less.

    ``groups`` and ``pools`` of these quotas; ``limits``: [{"name", "most"}], a maximum, a pool (its capacity), or
    ``pool/group`` (a reserve; without a group the open places).
    """
    at_once = _plainly_violated(instance, network)
    if at_once is not None:
        return at_once
    distance = _distances(network)
    cuts = [
        _Cut(network, part)
        for least in np.unique(distance)[1:].tolist()
        for part in _parts(network, distance >= least)
    ]
    cut = min(cuts, key=lambda cut: (cut.available - cut.required, cut.num_nodes), default=None)
    if cut is None or cut.available >= cut.required:
        raise RuntimeError("nothing is feasible, and no violated cut was found")
    return _described(instance, network, cut)


def _plainly_violated(instance: Instance, network: Network) -> dict[str, Any] | None:
    """A minimum above the maximum or the capacity of the same leaves, or above all who list them."""
    for quota in network.forest.empty:
        if quota.get("min"):
            return _words([quota], required=quota["min"])
    for number, one in enumerate(network.forest.sets):
        if one.most is not None and one.least > one.most:
            limits = [_limit(instance, network, number)]
            return _words([_greatest(one)], required=one.least, limits=limits)
        if one.least > network.listing.num_households:
            asking = int(
                network.listing.lists_any(np.isin(np.arange(network.num_leaves), list(one.leaves))).sum()
            )
            return _words([_greatest(one)], required=one.least, households=asking)
    return None


def _greatest(one: LimitSet) -> dict[str, Any]:
    """The quota of the set that asks for most, the first by id."""
    return max(one.quotas, key=lambda quota: int(quota.get("min", 0)))


def _distances(network: Network) -> Ints:
    """(N,) potentials of the flow in which every missing unit of a minimum, and every tenant left out, costs 1."""
    worth = {quota["id"]: 1 for one in network.forest.sets for quota in one.quotas if quota.get("min")}
    wishes = relaxed(network, worth, {})
    listing = network.listing
    nobody = replace(listing, own=np.full(len(listing.own), -1, np.int64))
    market = LeafMarket(nobody, wishes.arcs, wishes.num_nodes)
    # A unit below several minima of the same leaves is missed once.
    cost = -np.minimum(wishes.soft, 1)
    everyone = listing.choices_of(np.arange(listing.num_households))
    is_tenant = listing.own >= 0
    missed = is_tenant.astype(np.int64)
    may_leave = np.ones(listing.num_households, bool)
    routing = cheapest(market, Movers(everyone, -missed[everyone.owner], may_leave), cost)
    if routing is None:
        raise RuntimeError("a flow without lower bounds has no solution")
    sink = network.num_nodes - 1
    at = np.where(routing.leaf < 0, sink, routing.leaf)
    is_out = routing.leaf < 0
    more, less = routing.flow < wishes.arcs.cap, routing.flow > 0
    arcs = wishes.arcs
    tail = np.concatenate((at[everyone.owner], at[~is_out], arcs.tail[more], arcs.head[less]))
    head = np.concatenate(
        (listing.leaf[everyone.edges], np.full(int((~is_out).sum()), sink), arcs.head[more], arcs.tail[less])
    )
    entering = np.where(is_out, -missed, 0)[everyone.owner]
    length = np.concatenate((entering, missed[~is_out], cost[more], -cost[less]))
    distance = shortest(np.zeros(network.num_nodes, np.int64), tail, head, length, network.num_nodes + 1)
    if distance is None:
        raise RuntimeError("the leaf graph has a negative cycle: the flow was not optimal")
    return distance


def _parts(network: Network, inside: Flags) -> list[Flags]:
    """The cut's connected parts, each a cut of its own: of the side without the sink."""
    is_sink_inside = bool(inside[-1])
    side = ~inside if is_sink_inside else inside
    arcs, listing = network.arcs, network.listing
    linked = side[arcs.tail] & side[arcs.head]
    edges = np.flatnonzero(side[listing.leaf])
    owner = np.repeat(np.arange(listing.num_households), np.diff(listing.start))[edges]
    same = np.flatnonzero(owner[1:] == owner[:-1])
    leaf = listing.leaf[edges]
    tail = np.concatenate((arcs.tail[linked], leaf[same]))
    head = np.concatenate((arcs.head[linked], leaf[same + 1]))
    both, back = np.concatenate((tail, head)), np.concatenate((head, tail))
    # The least number of a node that each node is linked with names its part.
    part = shortest(
        np.arange(network.num_nodes), both, back, np.zeros(len(both), np.int64), network.num_nodes
    )
    if part is None:
        raise RuntimeError("the parts of a graph were not found")
    parts = [side & (part == number) for number in np.unique(part[side]).tolist()]
    return [~one for one in parts] if is_sink_inside else parts


class _Cut:
    """Nodes ``inside`` (N,): what must leave them, and what can enter."""

    def __init__(self, network: Network, inside: Flags) -> None:
        arcs, sets = network.arcs, network.forest.sets
        leaving, entering = inside[arcs.tail] & ~inside[arcs.head], ~inside[arcs.tail] & inside[arcs.head]
        numbers = np.unique(network.set_of[leaving])
        self.inside = inside
        self.sets = [number for number in numbers.tolist() if number != NO_SET and sets[number].least]
        # Whoever lists a leaf inside can come in; where the sink itself is inside, only tenants must come out.
        has_leaf = network.listing.lists_any(inside[: network.num_leaves])
        is_sink_inside = bool(inside[-1])
        self.households = 0 if is_sink_inside else int(has_leaf.sum())
        self.tenants = int(((network.listing.own >= 0) & ~has_leaf).sum()) if is_sink_inside else 0
        self.entering = np.flatnonzero(entering)
        self.required = sum(sets[number].least for number in self.sets) + self.tenants
        self.available = self.households + int(arcs.cap[entering].sum())
        self.num_nodes = int((~inside if is_sink_inside else inside).sum())


def _described(instance: Instance, network: Network, cut: _Cut) -> dict[str, Any]:
    sets = network.forest.sets
    seats = {node: (pool, at) for pool, nodes in network.seat_nodes.items() for at, node in enumerate(nodes)}
    # By what they bound, not by name: two reserves of one pool may be for the same group.
    limits: dict[tuple[str, int], dict[str, Any]] = {}
    for arc in cut.entering.tolist():
        number, tail = int(network.set_of[arc]), int(network.arcs.tail[arc])
        if number != NO_SET:
            limits["set", number] = _limit(instance, network, number)
        else:
            pool, at = seats[tail]
            kinds = [*(group for group, _, _ in network.seats[pool].reserves), ""]
            name = f"{instance.pool_ids[pool]}/{kinds[at]}"
            limits["seat", tail] = {"name": name, "most": int(network.arcs.cap[arc])}
    return _words(
        [_greatest(sets[number]) for number in cut.sets],
        tenants=cut.tenants,
        required=cut.required,
        households=cut.households,
        limits=sorted(limits.values(), key=lambda limit: (limit["name"], limit["most"])),
    )


def _limit(instance: Instance, network: Network, number: int) -> dict[str, Any]:
    """What bounds a set from above: the pool's capacity or a maximum."""
    one = network.forest.sets[number]
    most = network.listing.num_households if one.most is None else one.most
    if one.pool is not None and one.places == one.most:
        return {"name": instance.pool_ids[one.pool], "most": most}
    names = [quota["id"] for quota in one.quotas if quota.get("max") == one.most]
    return {"name": names[0], "most": most}


def _words(
    quotas: list[dict[str, Any]],
    *,
    required: int,
    tenants: int = 0,
    households: int = 0,
    limits: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    found = limits or []
    return {
        "quotas": sorted(quota["id"] for quota in quotas),
        "tenants": tenants,
        "groups": sorted({group for quota in quotas for group in quota.get("groups", ())}),
        "pools": sorted({pool for quota in quotas for pool in quota["pools"]}),
        "required": required,
        "households": households,
        "limits": found,
        "available": households + sum(limit["most"] for limit in found),
    }
