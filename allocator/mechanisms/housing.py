"""Level H of ``band_optimum``: who of a band is housed, and the closing positions that prove it.

The sets of households that can be housed together form a transversal matroid (Edmonds and Fulkerson
1965), so one pass in order that never displaces anyone gives both the largest set and the earliest.
"""

from __future__ import annotations

import numpy as np

from allocator.mechanisms.layers import Layers
from allocator.mechanisms.market import Choices, Flags, Market
from allocator.mechanisms.moves import NOWHERE, Moves, bits
from allocator.model.instance import Ints

_BLOCK = 2048


def house_band(market: Market, first: int, last: int) -> Choices:
    """House as many of households [first, last) as can be, the earlier first; nobody housed loses its place.

    Gives the live choices of the whole band. Afterwards ``market.movable`` has the newly housed with two or more.
    """
    band = market.live_choices(first, last)
    members = market.movable.then(band)
    moves = Moves(
        members.starts,
        market.instance.pool[members.edges],
        market.assigned[members.households],
        market.room,
    )
    num_before = len(market.movable.households)
    _pass_in_order(moves, num_before, members, market)
    market.settle(members, np.array(moves.place, np.int64))
    is_housed = market.assigned[members.households] >= 0
    market.movable = members.of(is_housed & (np.diff(members.starts) > 1))
    return band


def _pass_in_order(moves: Moves, first: int, members: Choices, market: Market) -> None:
    """Blocks of households, so that those with nothing left to hope for are passed over in columns."""
    layers = Layers(moves)
    pools = market.instance.pool[members.edges]
    for low in range(first, len(members.households), _BLOCK):
        high = min(low + _BLOCK, len(members.households))
        is_open = np.ones(len(market.load), bool)
        is_open[bits(layers.closed)] = False
        starts = members.starts[low : high + 1]
        hopes = np.concatenate(([0], np.cumsum(is_open[pools[starts[0] : starts[-1]]])))[starts - starts[0]]
        _house(moves, layers, (np.flatnonzero(np.diff(hopes)) + low).tolist())


def _house(moves: Moves, layers: Layers, members: list[int]) -> None:
    """Place each member where there is room, or along a chain that makes room."""
    room, starts, pools = moves.room, moves.starts, moves.pools
    for member in members:
        for pool in pools[starts[member] : starts[member + 1]]:
            if room[pool] > 0:
                room[pool] -= 1
                moves.enter(member, pool)
                break
        else:
            steps = layers.way_from(moves.mask(member))
            if steps is not None:
                moves.shift(steps)
                moves.enter(member, steps[0][0])


def closing_positions(market: Market, band: Choices) -> dict[int, int]:
    """For every pool live to an unhoused household of the band: the latest position of the band that holds it
    or a pool reachable from it; 0 where nobody of the band does.

    Called when the band's H level is done and before its ranks are looked at.
    """
    instance = market.instance
    is_refused = market.assigned[band.households] == NOWHERE
    if not is_refused.any():
        return {}
    asked = np.unique(instance.pool[band.edges[is_refused[band.owner]]])
    latest = np.zeros(instance.num_pools, np.int64)
    housed = band.households[~is_refused]
    np.maximum.at(latest, market.assigned[housed], housed + 1)
    movable = market.movable
    source = market.assigned[movable.households][movable.owner]
    carry_back(latest, source, instance.pool[movable.edges])
    return dict(zip(asked.tolist(), latest[asked].tolist(), strict=True))


def carry_back(latest: Ints, source: Ints, target: Ints) -> None:
    """Raise each source's figure to that of its targets, until nothing changes."""
    source, target = distinct_pairs(source, target, len(latest))
    if not len(source):
        return
    first = np.flatnonzero(np.concatenate(([True], source[1:] != source[:-1])))
    while True:
        reached = np.maximum.reduceat(latest[target], first)
        better = reached > latest[source[first]]
        if not better.any():
            return
        latest[source[first][better]] = reached[better]


def distinct_pairs(source: Ints, target: Ints, num_pools: int) -> tuple[Ints, Ints]:
    """The distinct arcs between different pools, sorted by source."""
    is_move: Flags = source != target
    code = source[is_move] * num_pools + target[is_move]
    if len(code) * 4 > num_pools * num_pools:
        there = np.zeros(num_pools * num_pools, bool)
        there[code] = True
        code = np.flatnonzero(there)
    else:
        code = np.unique(code)
    return code // num_pools, code % num_pools
