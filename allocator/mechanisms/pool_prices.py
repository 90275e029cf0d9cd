"""Prices of pools: shortest distances in the residual pool graph, every node starting at 0 (Bellman and Ford)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.mechanisms.rank_flow import Seekers
from allocator.model.instance import Ints


@dataclass(frozen=True)
class Prices:
    """Shortest distances of the pools (C,) and of the sink, from every node at 0: the greatest feasible."""

    pools: Ints
    sink: int


def residual_prices(seekers: Seekers, chosen: Ints, choices: Ints) -> Prices:
    """The prices where each seeker holds its choice ``chosen`` (k,) and may move to another of ``choices``.

    Raises ``RuntimeError`` where a cycle of moves would make the choices held cheaper.
    """
    num_pools = len(seekers.places)
    source, target = seekers.target[chosen], seekers.target[choices]
    owner = seekers.owner[choices]
    weight = seekers.cost[choices] - seekers.cost[chosen][owner]
    tail, head, length = _cheapest_moves(source[owner], target, weight, num_pools)
    first = np.flatnonzero(np.concatenate(([True], head[1:] != head[:-1]))) if len(head) else head
    load = np.bincount(source, minlength=num_pools)
    has_room = ~seekers.is_sealed & (load < seekers.places)
    is_held = ~seekers.is_sealed & (seekers.is_held_anyway | (load > 0))
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
