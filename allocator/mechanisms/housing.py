"""Level H of ``band_optimum``: who of a band is housed, and the closing positions that prove it.

The sets of households that can be housed together form a transversal matroid (Edmonds and Fulkerson
1965), so one pass in order that never displaces anyone gives both the largest set and the earliest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from allocator.mechanisms.layers import Layers
from allocator.mechanisms.market import Choices, Flags, Market
from allocator.mechanisms.moves import NOWHERE, Moves, bits
from allocator.model.instance import Ints

_BLOCK: Final = 2048


def house_bands(market: Market, spans: Sequence[tuple[int, int]]) -> list[dict[int, int]]:
    """House as many of each band as can be, the earlier first; nobody housed loses its place.

    ``spans``: the bands as households [first, last), one behind the other. Gives their closing positions: for
    every pool live to an unhoused household of the band, the latest position of the band that holds it or a pool
    reachable from it when the band is done; 0 where nobody of the band does. Afterwards ``market.movable`` has
    the newly housed with two live choices or more.
    """
    if not spans:
        return []
    first, last = spans[0][0], spans[-1][1]
    band = market.live_choices(first, last)
    num_before = len(market.movable.households)
    members = market.movable.then(band)
    pools = market.instance.pool[members.edges]
    room = market.room
    moves = Moves(members.starts, pools, market.assigned[members.households], room)
    crowding = _crowding(market.instance.pool[band.edges], room)
    layers = Layers(moves)
    closing = []
    for begin, end in spans:
        span = range(num_before + begin - first, num_before + end - first)
        _pass_in_order(moves, layers, span, members.starts, pools, crowding)
        closing.append(_closing_positions(moves, members, span, pools))
    market.settle(members, np.array(moves.place, np.int64))
    is_housed = market.assigned[members.households] >= 0
    market.movable = members.of(is_housed & (np.diff(members.starts) > 1))
    return closing


def _crowding(asked: Ints, room: Ints) -> list[int]:
    """(C,) the pools numbered by how many ask for each free place, the least first.

    Whoever takes the least crowded of its pools leaves the others to those who list no other: hardly any chain
    is needed then. Who is housed does not hang on it.
    """
    per_place = np.bincount(asked, minlength=len(room)) / np.maximum(room, 1)
    number = np.empty(len(room), np.int64)
    number[np.argsort(per_place, kind="stable")] = np.arange(len(room))
    found: list[int] = number.tolist()
    return found


def _pass_in_order(
    moves: Moves, layers: Layers, span: range, starts: Ints, pools: Ints, crowding: list[int]
) -> None:
    """Blocks of households, so that those with nothing left to hope for are passed over in columns."""
    for low in range(span.start, span.stop, _BLOCK):
        high = min(low + _BLOCK, span.stop)
        is_open = np.ones(moves.sink, bool)
        is_open[bits(layers.closed)] = False
        of_block = starts[low : high + 1]
        hopes = np.concatenate(([0], np.cumsum(is_open[pools[of_block[0] : of_block[-1]]])))
        has_hope = np.diff(hopes[of_block - of_block[0]]) > 0
        _house(moves, layers, (np.flatnonzero(has_hope) + low).tolist(), crowding)


def _house(moves: Moves, layers: Layers, members: list[int], crowding: list[int]) -> None:
    """Place each member where there is room, or along a chain that makes room."""
    room = moves.room
    for member in members:
        with_room = [pool for pool in moves.choices(member) if room[pool] > 0]
        if with_room:
            pool = min(with_room, key=crowding.__getitem__)
            room[pool] -= 1
            moves.enter(member, pool)
            continue
        steps = layers.way_from(moves.mask(member))
        if steps is not None:
            moves.shift(steps)
            moves.enter(member, steps[0][0])


def _closing_positions(moves: Moves, members: Choices, span: range, pools: Ints) -> dict[int, int]:
    """Of the band that ``span`` of the members is, in the present state of ``moves``."""
    place = np.array(moves.place[span.start : span.stop], np.int64)
    is_refused = place == NOWHERE
    if not is_refused.any():
        return {}
    starts = members.starts[span.start : span.stop + 1]
    refused_choices = np.repeat(is_refused, np.diff(starts))
    asked = np.unique(pools[starts[0] : starts[-1]][refused_choices])
    latest = np.zeros(moves.sink, np.int64)
    housed = members.households[span.start : span.stop][~is_refused]
    np.maximum.at(latest, place[~is_refused], housed + 1)
    carry_back(latest, *moves.arcs_from(asked.tolist()))
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
