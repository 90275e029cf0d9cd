"""Level R of ``band_optimum``: the least total rank of one band, and the prices that prove it.

A min-cost flow over those who can still move; the flow solver gives no duals, but the residual graph has
only the pools and the sink as nodes, and its shortest distances are the prices (Ahuja, Magnanti and Orlin
1993, chapter 9).
"""

from __future__ import annotations

import numpy as np

from allocator.mechanisms.market import Market
from allocator.mechanisms.pool_prices import Prices
from allocator.mechanisms.rank_columns import cheapest_choices
from allocator.mechanisms.rank_flow import Seekers


def improve_band(market: Market, first: int, last: int) -> Prices:
    """Bring households [first, last) to their least total rank and keep, of all live choices, the tight ones.

    Earlier levels are kept: sealed pools keep their load, other households move along live choices for
    nothing. Pools whose price differs from the sink's are sealed: their load is the same in every optimum.
    """
    movable = market.movable
    is_counted = (movable.households >= first) & (movable.households < last)
    if not is_counted.any():
        return Prices(np.zeros_like(market.load), 0)
    owner, target = movable.owner, market.instance.pool[movable.edges]
    held = np.flatnonzero(target == market.assigned[movable.households][owner])
    load = np.bincount(target[held], minlength=len(market.load))
    others = market.load - load
    seekers = Seekers(
        movable.starts,
        target,
        np.where(is_counted[owner], market.instance.rank[movable.edges], 0),
        held,
        np.where(market.sealed, load, market.instance.capacity - others),
        market.sealed,
        others > 0,
    )
    chosen, prices = cheapest_choices(seekers)
    market.settle(movable, target[chosen])
    worth = seekers.cost - prices.pools[target]
    market.sealed = market.sealed | (prices.pools != prices.sink)
    market.movable = movable.keep(worth == worth[chosen][owner], at_least=2)
    return prices
