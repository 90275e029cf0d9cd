"""The levels of ``band_optimum`` with quotas that have a price: shortfall with reserves, and ranks.

Each solves a flow, takes the shortest distances of the residual graph as prices (they hang on neither the
solver nor which of several optima it found) and keeps what is tight: that is the set of optima (Ahuja, Magnanti
and Orlin 1993, chapter 9; mechanisms, 1.7, on tightening bounds level by level).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from allocator.mechanisms.market import Flags, first_of_each
from allocator.mechanisms.quota_change import change_at_least_cost
from allocator.mechanisms.quota_flow import Movers, cheapest
from allocator.mechanisms.quota_market import LeafMarket
from allocator.mechanisms.quota_network import Arcs, Network
from allocator.mechanisms.quota_prices import LeafPrices, no_prices, residual_prices
from allocator.model.instance import Ints

_WINDOW: Final = 2000
_FEW: Final = 4


def fill_needs(market: LeafMarket, network: Network) -> LeafPrices | None:
    """The least shortfall, then the most reserved places filled by members; ``None`` where nothing is feasible.

    Nobody's order matters here, and free households that fill no need stay out. Afterwards the bounds leave all
    optima and nothing else, and parallel arcs, without cost now, are one.
    """
    gain = network.gain
    free = np.zeros(len(market.movable.edges), np.int64)
    window = _WINDOW + network.weight + network.all_soft + int(network.arcs.low.sum())
    present = np.zeros(len(market.at), bool)
    wanted = market.needed_leaves(gain)
    while True:
        present[:window] = True
        if _carry_out(market, free, present, wanted, -gain):
            break
        if present.all():
            return None
        window += window // 2
    prices = _joined_by_others(market, free, present, -gain, wanted=wanted, at_once=len(market.at))
    _restrict(market, prices, free, -gain)
    market.filled = market.flow
    market.arcs, market.flow = _joined(market.arcs, market.flow, market.num_nodes)
    return prices


def improve_ranks(market: LeafMarket, is_counted: Flags) -> LeafPrices:
    """Bring the counted of ``market.movable`` (k,) to their least total rank, then keep what is tight.

    The free are many and few are needed: the flow begins without them.
    """
    if not is_counted.any():
        return no_prices(market)
    movable = market.movable
    rank = np.where(is_counted[movable.owner], market.listing.rank[movable.edges], 0)
    present = np.zeros(len(market.at), bool)
    change_at_least_cost(market, rank, present)
    prices = _joined_by_others(market, rank, present)
    _restrict(market, prices, rank - _held(market, rank))
    return prices


def _joined_by_others(
    market: LeafMarket,
    cost: Ints,
    present: Flags,
    inner_cost: Ints | None = None,
    *,
    wanted: Flags | None = None,
    at_once: int = _FEW,
) -> LeafPrices:
    """Begin with the optimum over the free households ``present`` and let others join where, by the prices, their
    moving would help, ``at_once`` by leaf and more each time, until nobody's would: then optimum and prices are
    those of all (column generation).
    """
    while True:
        prices = _settled(market, cost - _held(market, cost), inner_cost, present)
        guests = _guests_who_gain(market, prices, present)
        asking, leaf = _newcomers_who_help(market, prices, present)
        if not (len(guests) or len(asking)):
            return prices
        present[guests[first_of_each(market.at[guests], at_once)]] = True
        present[asking[first_of_each(leaf, at_once)]] = True
        at_once *= 2
        if wanted is None:
            change_at_least_cost(market, cost, present)
        elif not _carry_out(market, cost, present, wanted, inner_cost):
            raise RuntimeError("the flow over those already housed has no solution")


def _guests_who_gain(market: LeafMarket, prices: LeafPrices, present: Flags) -> Ints:
    """The free households with a place that are not ``present`` and would leave or move by these prices."""
    guests = market.guests(~present)
    here = prices.leaves[market.at[guests.households]]
    gains = here < prices.sink
    moves = prices.leaves[market.listing.leaf[guests.edges]] > here[guests.owner]
    gains[guests.owner[moves]] = True
    return guests.households[gains]


def _newcomers_who_help(market: LeafMarket, prices: LeafPrices, present: Flags) -> tuple[Ints, Ints]:
    """Free households without a place that are not ``present``, and a leaf they list where one more would help.

    Whoever lists several stands there several times.
    """
    helpful = market.open & (prices.leaves > prices.sink)
    if not (helpful & (market.waiting() > 0)).any():
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    choices = market.newcomers(~present, helpful)
    return choices.households[choices.owner], market.listing.leaf[choices.edges]


def _settled(
    market: LeafMarket, change: Ints, inner_cost: Ints | None = None, present: Flags | None = None
) -> LeafPrices:
    """The prices behind a flow that could use everybody ``present``."""
    prices = residual_prices(market, change, inner_cost, rounds=market.num_nodes + 1, present=present)
    if prices is None:
        raise RuntimeError("the leaf graph has a negative cycle: the flow was not optimal")
    return prices


def _held(market: LeafMarket, cost: Ints) -> Ints:
    """(arcs,) the cost of what the owner of each choice of ``movable`` holds."""
    movable = market.movable
    is_held = market.listing.leaf[movable.edges] == market.at[movable.households][movable.owner]
    held = np.zeros(len(movable.households), np.int64)
    held[movable.owner[is_held]] = cost[is_held]
    return held[movable.owner]


def _carry_out(
    market: LeafMarket, cost: Ints, present: Flags, wanted: Flags, inner_cost: Ints | None = None
) -> bool:
    """Move ``movable`` (at this cost of its choices) and the free of ``present`` (at none) to the cheapest places."""
    movable, guests, newcomers = market.movable, market.guests(present), market.newcomers(present, wanted)
    guests = guests.keep(wanted[market.listing.leaf[guests.edges]], at_least=0)
    choices = movable.then(guests).then(newcomers)
    all_cost = np.zeros(len(choices.edges), np.int64)
    all_cost[: len(cost)] = cost
    may_leave = np.arange(len(choices.households)) >= len(movable.households)
    routing = cheapest(market, Movers(choices, all_cost, may_leave), inner_cost)
    if routing is None:
        return False
    market.settle(choices.households, routing.leaf)
    market.flow = routing.flow
    return True


def _restrict(market: LeafMarket, prices: LeafPrices, change: Ints, inner_cost: Ints | None = None) -> None:
    """Strike every choice, and freeze every arc, that no optimum uses otherwise."""
    leaf, sink = prices.leaves, prices.sink
    movable = market.movable
    source = market.at[movable.households][movable.owner]
    is_tight = change + leaf[source] == leaf[market.listing.leaf[movable.edges]]
    guests = market.guests()
    at = market.at[guests.households]
    stays = leaf[at] > sink
    is_live = leaf[market.listing.leaf[guests.edges]] == leaf[at][guests.owner]
    staying = guests.of(stays).keep(is_live[np.repeat(stays, np.diff(guests.starts))], at_least=0)
    market.open &= leaf == sink
    market.movable = movable.keep(is_tight, at_least=2)
    market.bind(staying)
    _freeze(market, prices.nodes, inner_cost)


def _freeze(market: LeafMarket, distance: Ints, inner_cost: Ints | None) -> None:
    arcs, flow = market.arcs, market.flow
    cost = 0 if inner_cost is None else inner_cost
    is_loose = cost + distance[arcs.tail] == distance[arcs.head]
    market.arcs = Arcs(
        arcs.tail, arcs.head, np.where(is_loose, arcs.low, flow), np.where(is_loose, arcs.cap, flow)
    )


def _joined(arcs: Arcs, flow: Ints, num_nodes: int) -> tuple[Arcs, Ints]:
    """Parallel arcs as one: their bounds and flows add up."""
    codes, place = np.unique(arcs.tail * num_nodes + arcs.head, return_inverse=True)

    def total(column: Ints) -> Ints:
        found = np.zeros(len(codes), np.int64)
        np.add.at(found, place, column)
        return found

    return Arcs(codes // num_nodes, codes % num_nodes, total(arcs.low), total(arcs.cap)), total(flow)
