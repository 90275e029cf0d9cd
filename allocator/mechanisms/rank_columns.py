"""The cheapest places of many households, looking at few of their choices (column generation, Dantzig and Wolfe 1960).

A flow over some choices gives prices; a choice left out is of use only if by these prices it would be better than
what its household has. Such choices join, until there is none: then the flow and the prices are those of all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from allocator.mechanisms.market import Flags, first_of_each
from allocator.mechanisms.pool_prices import Prices, residual_prices
from allocator.mechanisms.rank_flow import Seekers, cheapest_among
from allocator.model.instance import Ints

FEW: Final = 50_000
_THINNING: Final = 8


def cheapest_choices(seekers: Seekers) -> tuple[Ints, Prices]:
    """(k,) the choice of each household so that all cost least, and the prices. Up to ``FEW`` choices join at once."""
    is_live, base, guess = _first_choices(seekers)
    is_counted = seekers.cost[seekers.starts[:-1]] > 0
    num_joining = 4 + 2 * int(is_counted.sum()) // len(seekers.places)
    while True:
        live = np.flatnonzero(is_live)
        chosen = base = cheapest_among(seekers, live, base, guess)
        prices = residual_prices(seekers, chosen, live)
        better = _better_choices(seekers, chosen, prices) & ~is_live
        if not better.any():
            return chosen, prices
        # Many could make room at no cost of their own, and few of them are needed.
        able = np.unique(seekers.owner[better & ~is_counted[seekers.owner]])
        joins = is_counted.copy()
        joins[able[first_of_each(seekers.target[chosen[able]], num_joining)]] = True
        is_live |= better & joins[seekers.owner]
        num_joining *= 4


def _better_choices(seekers: Seekers, chosen: Ints, prices: Prices) -> Flags:
    """(m,) choices that by these prices are better than the one their household has."""
    worth = seekers.cost - prices.pools[seekers.target]
    return worth < worth[chosen][seekers.owner]


def _first_choices(seekers: Seekers) -> tuple[Flags, Ints, Ints | None]:
    """(m,) the choices to begin with, those held among them; (k,) the likeliest of them; (C,) guessed prices, ``None`` with all.

    Where all are too many, those that look good by the prices of a thinned city; of households without costs only
    what they hold.
    """
    if len(seekers.target) <= FEW or len(seekers.held) == 1:
        return np.ones(len(seekers.target), bool), seekers.held, None
    guess = np.zeros_like(seekers.places)
    owner = seekers.owner
    is_counted = seekers.cost[seekers.starts[:-1]] > 0
    is_live = is_counted[owner]
    base = seekers.held
    if int(is_live.sum()) > FEW:
        guess = cheapest_choices(_thinned(seekers))[1].pools
        worth = seekers.cost - guess[seekers.target]
        best = np.minimum.reduceat(worth, seekers.starts[:-1])
        is_live &= worth <= best[owner] + 1
        is_best = np.flatnonzero(worth == best[owner])
        base = np.where(is_counted, is_best[np.searchsorted(is_best, seekers.starts[:-1])], base)
    is_live[seekers.held] = True
    return is_live, base, guess


def _thinned(seekers: Seekers) -> Seekers:
    """Every eighth household, with as many places as let them stay where they are, or an eighth."""
    counts = np.diff(seekers.starts)
    stays = np.arange(len(counts)) % _THINNING == 0
    is_kept = stays[seekers.owner]
    place = np.cumsum(is_kept) - 1
    held = seekers.held[stays]
    load = np.bincount(seekers.target[held], minlength=len(seekers.places))
    return replace(
        seekers,
        starts=np.concatenate((np.zeros(1, np.int64), np.cumsum(counts[stays]))),
        target=seekers.target[is_kept],
        cost=seekers.cost[is_kept],
        held=place[held],
        places=np.where(seekers.is_sealed, load, np.maximum(load, seekers.places // _THINNING)),
    )
