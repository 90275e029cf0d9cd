"""Level R of ``band_optimum``: the least total rank of one band, and the prices that prove it.

A min-cost flow over those who can still move; the flow solver gives no duals, but the residual graph has
only the pools and the sink as nodes, and its shortest distances are the prices (Ahuja, Magnanti and Orlin
1993, chapter 9).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ortools.graph.python import min_cost_flow

from allocator.mechanisms.market import Choices, Market
from allocator.model.instance import Ints


@dataclass(frozen=True)
class Prices:
    """Shortest distances of the pools (C,) and of the sink, from every node at 0: the greatest feasible."""

    pools: Ints
    sink: int


def improve_band(market: Market, first: int, last: int) -> Prices:
    """Bring households [first, last) to their least total rank and keep, of all live choices, the tight ones.

    Earlier levels are kept: sealed pools keep their load, other households move along live choices for
    nothing. Pools whose price differs from the sink's are sealed: their load is the same in every optimum.
    """
    movable = market.movable
    is_counted = (movable.households >= first) & (movable.households < last)
    if not is_counted.any():
        return Prices(np.zeros_like(market.load), 0)
    rank = market.instance.rank
    cost = np.where(is_counted[movable.owner], rank[movable.edges], 0)
    market.settle(movable, _cheapest_places(market, movable, cost))
    at = market.assigned[movable.households][movable.owner]
    base = np.where(is_counted, rank[market.held[movable.households]], 0)[movable.owner]
    target = market.instance.pool[movable.edges]
    prices = _prices(market, at, target, cost - base)
    is_tight = cost - base + prices.pools[at] == prices.pools[target]
    market.sealed = market.sealed | (prices.pools != prices.sink)
    market.movable = movable.keep(is_tight, at_least=2)
    return prices


def _cheapest_places(market: Market, movable: Choices, cost: Ints) -> Ints:
    """(k,) pool of each movable household in a cheapest flow. Nodes: households, then pools, then the sink."""
    num_movable, num_pools = len(movable.households), len(market.load)
    pool_nodes = num_movable + np.arange(num_pools)
    target = market.instance.pool[movable.edges]
    held = np.bincount(market.assigned[movable.households], minlength=num_pools)
    spare = np.where(market.sealed, 0, market.instance.capacity - market.load + held)
    drains = np.flatnonzero(spare)
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        np.concatenate((movable.owner, pool_nodes[drains])),
        np.concatenate((num_movable + target, np.full(len(drains), num_movable + num_pools))),
        np.concatenate((np.ones(len(target), np.int64), np.minimum(spare[drains], num_movable))),
        np.concatenate((cost, np.zeros(len(drains), np.int64))),
    )
    must_stay = np.where(market.sealed, held, 0)
    supply = np.concatenate((np.ones(num_movable, np.int64), -must_stay, [must_stay.sum() - num_movable]))
    flow.set_nodes_supplies(np.arange(len(supply)), supply)
    status = flow.solve()
    # Reading flows after a failed solve can end the process, so the status comes first.
    if status != flow.OPTIMAL:
        raise RuntimeError(f"the flow over those already housed ended with {status}")
    return target[flow.flows(arcs[: len(target)]) == 1]


def _prices(market: Market, source: Ints, target: Ints, weight: Ints) -> Prices:
    """Shortest distances in the residual pool graph, all nodes starting at 0 (Bellman and Ford)."""
    num_pools = len(market.load)
    tail, head, length = _cheapest_moves(source, target, weight, num_pools)
    first = np.flatnonzero(np.concatenate(([True], head[1:] != head[:-1]))) if len(head) else head
    has_room = ~market.sealed & (market.load < market.instance.capacity)
    is_held = ~market.sealed & (market.load > 0)
    prices, sink = np.zeros(num_pools, np.int64), 0
    for _ in range(num_pools + 2):
        before = prices.copy(), sink
        if len(head):
            ends = head[first]
            prices[ends] = np.minimum(prices[ends], np.minimum.reduceat(prices[tail] + length, first))
        sink = min(sink, int(prices[has_room].min(initial=0)))
        prices[is_held] = np.minimum(prices[is_held], sink)
        if sink == before[1] and np.array_equal(prices, before[0]):
            return Prices(prices, sink)
    raise RuntimeError("the pool graph has a negative cycle: the flow was not optimal")


def _cheapest_moves(source: Ints, target: Ints, weight: Ints, num_pools: int) -> tuple[Ints, Ints, Ints]:
    """The least weight from pool to pool, sorted by target."""
    is_move = source != target
    code, weight = (target * num_pools + source)[is_move], weight[is_move]
    if len(code) * 4 > num_pools * num_pools:
        least = np.full(num_pools * num_pools, np.iinfo(np.int64).max)
        np.minimum.at(least, code, weight)
        code = np.flatnonzero(least != np.iinfo(np.int64).max)
        return code % num_pools, code // num_pools, least[code]
    order = np.argsort(code, kind="stable")
    return code[order] % num_pools, code[order] // num_pools, weight[order]
