"""Level H of ``band_optimum`` with quotas: who of a band is housed, and the closing positions that prove it.

On laminar limits the sets that can be housed beside what is fixed are the bases of a matroid (a gammoid over
the network, Mason 1972; lower bounds contract it), so one pass in order that never puts out anybody housed gives both the
largest set and the earliest. Free households of later bands may be put out.
"""

from __future__ import annotations

import numpy as np

from allocator.mechanisms.housing import carry_back
from allocator.mechanisms.market import Choices
from allocator.mechanisms.moves import NOWHERE, bits
from allocator.mechanisms.quota_market import FREE, LeafMarket
from allocator.mechanisms.quota_moves import LeafMoves
from allocator.mechanisms.quota_ways import WaysOut, table_of
from allocator.model.instance import Ints

_BLOCK = 2048


def house_band(market: LeafMarket, first: int, last: int) -> dict[int, int]:
    """House as many of the free households [first, last) as can be, the earlier first; give the closing positions.

    Bound ones stay housed; later bands' free ones keep a place, move or leave as it falls out.
    """
    band = market.open_choices(first + np.flatnonzero(market.kind[first:last] == FREE))
    guests = market.guests()
    later = guests.of(guests.households >= last)
    before = market.movable.then(later)
    members = before.then(band)
    may_leave = np.arange(len(members.households)) >= len(market.movable.households)
    moves = LeafMoves(market, members, may_leave)
    ways = WaysOut(moves, table_of(market, members, may_leave))
    _pass_in_order(moves, ways, len(before.households), members, market)
    market.settle(members.households, np.array(moves.place, np.int64))
    market.flow = np.array(moves.flow, np.int64)
    is_housed = market.at[band.households] >= 0
    refused = band.of(~is_housed)
    market.bind(band.of(is_housed))
    market.dismiss(refused.households)
    asked = np.unique(market.listing.leaf[refused.edges])
    return _closing_positions(market, asked, band.households[is_housed])


def _pass_in_order(moves: LeafMoves, ways: WaysOut, first: int, members: Choices, market: LeafMarket) -> None:
    """Blocks of households, so that those with nothing left to hope for are passed over in columns."""
    leaves = market.listing.leaf[members.edges]
    is_placed = np.array(moves.place, np.int64) != NOWHERE
    is_placed[:first] = False
    for low in range(first, len(members.households), _BLOCK):
        high = min(low + _BLOCK, len(members.households))
        is_open = np.ones(moves.sink + 1, bool)
        is_open[bits(ways.closed)] = False
        starts = members.starts[low : high + 1]
        hopes = np.concatenate(([0], np.cumsum(is_open[leaves[starts[0] : starts[-1]]])))[starts - starts[0]]
        has_hope = (np.diff(hopes) > 0) | is_placed[low:high]
        _house(moves, ways, (np.flatnonzero(has_hope) + low).tolist())


def _house(moves: LeafMoves, ways: WaysOut, members: list[int]) -> None:
    for member in members:
        if moves.place[member] == NOWHERE:
            steps = ways.way_from(moves.mask(member))
            if steps is None:
                continue
            moves.shift(steps)
            moves.enter(member, steps[0].source)
        moves.may_leave[member] = False


def _closing_positions(market: LeafMarket, asked: Ints, housed: Ints) -> dict[int, int]:
    """For every leaf live to an unhoused household of the band: the latest position among ``housed`` (those of the
    band whom this level housed) that holds it or a leaf reachable from it; 0 where nobody does.
    """
    if not len(asked):
        return {}
    latest = np.zeros(market.num_nodes, np.int64)
    np.maximum.at(latest, market.at[housed], housed + 1)
    movable, guests, leaf = market.movable, market.guests(), market.listing.leaf
    arcs, flow = market.arcs, market.flow
    more, less = flow < arcs.cap, flow > arcs.low
    source = (
        market.at[movable.households][movable.owner],
        market.at[guests.households][guests.owner],
        arcs.tail[more],
        arcs.head[less],
    )
    target = (leaf[movable.edges], leaf[guests.edges], arcs.head[more], arcs.tail[less])
    # From the leaves asked for the sink is out of reach, so that ways through it do not count.
    tail, head = np.concatenate(source), np.concatenate(target)
    inside = (tail != market.num_nodes - 1) & (head != market.num_nodes - 1)
    carry_back(latest, tail[inside], head[inside])
    return dict(zip(asked.tolist(), latest[asked].tolist(), strict=True))
