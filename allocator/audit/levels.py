"""The laws of ``band_optimum`` (certificate.md), level by level over the pool graph.

All members of earlier bands who hold p and list q share one fate at every later level (their move costs
nothing there, so it stays live exactly when the prices of p and q agree). So the earlier bands are kept
as a set of pool pairs, not of households, and a level costs its own band's choices plus those pairs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from allocator.audit import distances
from allocator.audit.judgement import FORMAT, Bools, Breach, Judgement, loads_of, seats_of
from allocator.audit.ties import improvable
from allocator.model.instance import Instance, Ints


@dataclass(frozen=True, eq=False)
class Moves:
    """What the housed could hold instead: household ``mover`` goes from ``source`` to ``target`` (m,).

    ``weight`` is the change of its rank; ``is_better``: the target stands earlier in its list.
    Sorted by mover; ``first`` (B + 1,) cuts them by band.
    """

    mover: Ints
    source: Ints
    target: Ints
    weight: Ints
    is_better: Bools
    first: Ints


@dataclass(eq=False)
class _Walk:
    """State between levels: ``zero`` pairs (source * C + target) live for counted bands, each since a level."""

    instance: Instance
    assigned: Ints
    moves: Moves
    housing_first: bool
    cut: Ints
    sealed: Bools
    is_tight: Bools
    zero: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    since: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    breaches: list[Breach] = field(default_factory=list)

    def pairs(self, which: slice | Ints | Bools) -> Ints:
        return self.moves.source[which] * self.instance.num_pools + self.moves.target[which]

    def band_moves(self, band: int) -> slice:
        return slice(int(self.moves.first[band]), int(self.moves.first[band + 1]))

    def households(self, band: int) -> slice:
        return slice(int(self.cut[band]), int(self.cut[band + 1]))

    def loads_up_to(self, band: int) -> Ints:
        return loads_of(self.instance, self.assigned[: self.cut[band + 1]])


def judge_band_optimum(instance: Instance, assigned: Ints, *, housing_first: bool) -> Judgement:
    """Certificate and breaches of an assignment that is feasible and keeps to the lists."""
    walk = _start(instance, assigned, housing_first)
    closings = []
    prices = []
    if housing_first:
        is_reached = np.zeros(instance.num_pools**2, dtype=np.bool_)
        for band in range(instance.num_bands):
            is_reached[walk.pairs(walk.band_moves(band))] = True
            closings.append(_closing(walk, band, np.flatnonzero(is_reached)))
        steps = _ranks_after_housing(walk)
    else:
        steps = None
    for band in range(instance.num_bands):
        if steps is None:
            own = _live_of_band(walk, band)
            closings.append(_closing(walk, band, np.union1d(walk.zero, walk.pairs(own))))
            price = _settle(walk, band, own, walk.zero, walk.loads_up_to(band))
        else:
            price = steps.settle(band)
        if price is None:
            walk.breaches.append(Breach("rank_optimality", band=band))
            return Judgement(None, tuple(walk.breaches))
        prices.append(price)
    _judge_ties(walk)
    return Judgement(_certificate(walk, closings, prices), tuple(walk.breaches))


def _start(instance: Instance, assigned: Ints, housing_first: bool) -> _Walk:
    cut = np.searchsorted(instance.band, np.arange(instance.num_bands + 1))
    seats = seats_of(instance, assigned)
    choices = np.arange(len(seats.owner))
    own = seats.own_choice[seats.owner]
    which = np.flatnonzero((own >= 0) & (own != choices))
    mover = seats.owner[which]
    moves = Moves(
        mover,
        assigned[mover],
        instance.pool[which],
        instance.rank[which] - instance.rank[own[which]],
        which < own[which],
        np.searchsorted(mover, cut),
    )
    sealed = np.zeros(instance.num_pools, dtype=np.bool_)
    return _Walk(instance, assigned, moves, housing_first, cut, sealed, np.zeros(len(mover), dtype=np.bool_))


def _live_of_band(walk: _Walk, band: int) -> Ints:
    """The band's moves into pools no earlier level has sealed."""
    within = walk.band_moves(band)
    return within.start + np.flatnonzero(~walk.sealed[walk.moves.target[within]])


def _closing(walk: _Walk, band: int, pairs: Ints) -> dict[int, int]:
    """H level: the closing position of every pool live to somebody unhoused of the band; notes breaches."""
    instance = walk.instance
    asker = _first_askers(walk, band)
    asked = np.flatnonzero(asker <= instance.num_households)
    if not len(asked):
        return {}
    source, target = np.divmod(pairs, instance.num_pools)
    has_room = (walk.loads_up_to(band) < instance.capacity) & ~walk.sealed
    is_open = _spread(has_room.astype(np.int64), source, target).astype(np.bool_)
    latest = _spread(_latest_holders(walk, band), source, target)
    wronged = asked[is_open[asked] | (latest[asked] >= asker[asked])]
    for pool in wronged[:3]:
        household = instance.household_ids[int(asker[pool]) - 1]
        walk.breaches.append(Breach("housing", household, instance.pool_ids[pool], band))
    return {int(pool): int(latest[pool]) for pool in asked}


def _first_askers(walk: _Walk, band: int) -> Ints:
    """(C,) position of the first unhoused household of the band to whom the pool is live; n + 1: nobody."""
    instance = walk.instance
    within = walk.households(band)
    unhoused = within.start + np.flatnonzero(walk.assigned[within] < 0)
    lengths = instance.start[unhoused + 1] - instance.start[unhoused]
    offsets = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    pools = instance.pool[np.repeat(instance.start[unhoused], lengths) + offsets]
    asker = np.full(instance.num_pools, instance.num_households + 1, dtype=np.int64)
    np.minimum.at(asker, pools, np.repeat(unhoused + 1, lengths))
    asker[walk.sealed] = instance.num_households + 1
    return asker


def _latest_holders(walk: _Walk, band: int) -> Ints:
    latest = np.zeros(walk.instance.num_pools, dtype=np.int64)
    within = walk.households(band)
    housed = within.start + np.flatnonzero(walk.assigned[within] >= 0)
    np.maximum.at(latest, walk.assigned[housed], housed + 1)
    return latest


def _spread(values: Ints, source: Ints, target: Ints) -> Ints:
    """The greatest value at each pool or any pool reachable from it."""
    while True:
        spread = values.copy()
        np.maximum.at(spread, source, values[target])
        if np.array_equal(spread, values):
            return values
        values = spread


@dataclass(eq=False)
class _RanksAfterHousing:
    """R levels of ``housing_first``: everybody housed counts at every level."""

    walk: _Walk
    pairs: Ints
    last_band: Ints
    loads: Ints

    def settle(self, band: int) -> Ints | None:
        walk = self.walk
        within = walk.band_moves(band)
        own_pairs = walk.pairs(within)
        own = within.start + np.flatnonzero(np.isin(own_pairs, self.pairs))
        others = np.union1d(walk.zero, self.pairs[self.last_band > band])
        price = _settle(walk, band, own, others, self.loads)
        if price is not None:
            source, target = np.divmod(self.pairs, walk.instance.num_pools)
            agree = price[source] == price[target]
            self.pairs, self.last_band = self.pairs[agree], self.last_band[agree]
        return price


def _ranks_after_housing(walk: _Walk) -> _RanksAfterHousing:
    pairs = walk.pairs(slice(None))
    distinct, inverse = np.unique(pairs, return_inverse=True)
    last_band = np.zeros(len(distinct), dtype=np.int64)
    np.maximum.at(last_band, inverse, walk.instance.band[walk.moves.mover])
    return _RanksAfterHousing(walk, distinct, last_band, loads_of(walk.instance, walk.assigned))


def _settle(walk: _Walk, band: int, own: Ints, others: Ints, loads: Ints) -> Ints | None:
    """R level: prices (C + 1,), the sink last, and what stays live after it; None on a negative cycle."""
    moves = walk.moves
    price = _prices(walk, own, others, loads)
    if price is None:
        return None
    slack = moves.weight[own] + price[moves.source[own]] - price[moves.target[own]]
    tight = own[slack == 0]
    walk.is_tight[tight] = True
    source, target = np.divmod(walk.zero, walk.instance.num_pools)
    agree = price[source] == price[target]
    fresh = np.setdiff1d(walk.pairs(tight), walk.zero[agree])
    zero = np.concatenate([walk.zero[agree], fresh])
    since = np.concatenate([walk.since[agree], np.full(len(fresh), band, dtype=np.int64)])
    order = np.argsort(zero)
    walk.zero, walk.since = zero[order], since[order]
    walk.sealed = walk.sealed | (price[:-1] != price[-1])
    return price


def _prices(walk: _Walk, own: Ints, others: Ints, loads: Ints) -> Ints | None:
    """Shortest distances over pools and sink with every node starting at 0; None on a negative cycle."""
    sink = walk.instance.num_pools
    roomy = np.flatnonzero((loads < walk.instance.capacity) & ~walk.sealed)
    lived = np.flatnonzero((loads > 0) & ~walk.sealed)
    other_source, other_target = np.divmod(others, sink)
    tail = np.concatenate([walk.moves.source[own], other_source, roomy, np.full(len(lived), sink)])
    head = np.concatenate([walk.moves.target[own], other_target, np.full(len(roomy), sink), lived])
    cost = np.zeros(len(tail), dtype=np.int64)
    cost[: len(own)] = walk.moves.weight[own]
    arcs = distances.sorted_arcs(*_cheapest(tail, head, cost, sink + 1))
    nowhere = distances.sorted_arcs(*np.zeros((3, 0), dtype=np.int64))
    return distances.prices(sink + 1, sink + 1, arcs, nowhere)


def _cheapest(tail: Ints, head: Ints, cost: Ints, num_nodes: int) -> tuple[Ints, Ints, Ints]:
    """Of parallel arcs the least weight."""
    key = tail * num_nodes + head
    distinct, inverse = np.unique(key, return_inverse=True)
    least = np.full(len(distinct), np.iinfo(np.int64).max)
    np.minimum.at(least, inverse, cost)
    return distinct // num_nodes, distinct % num_nodes, least


def _judge_ties(walk: _Walk) -> None:
    """A move is live at the end when it was tight at its own level and its pair was never struck after."""
    instance, moves = walk.instance, walk.moves
    tight = np.flatnonzero(walk.is_tight)
    pairs = walk.pairs(tight)
    place = np.minimum(np.searchsorted(walk.zero, pairs), max(len(walk.zero) - 1, 0))
    if len(walk.zero):
        stays = (walk.zero[place] == pairs) & (instance.band[moves.mover[tight]] >= walk.since[place])
        tight = tight[stays]
    else:
        tight = tight[:0]
    roomy = (loads_of(instance, walk.assigned) < instance.capacity) & ~walk.sealed
    found = improvable(
        moves.mover[tight],
        moves.source[tight],
        moves.target[tight],
        moves.is_better[tight],
        roomy,
        ~walk.sealed,
    )
    for mover, pool in found[:3]:
        walk.breaches.append(Breach("tie_rule", instance.household_ids[mover], instance.pool_ids[pool]))


def _certificate(walk: _Walk, closings: list[dict[int, int]], prices: list[Ints]) -> dict[str, object]:
    instance = walk.instance
    seats = seats_of(instance, walk.assigned)
    rank = np.where(seats.own_choice >= 0, instance.rank[seats.own_choice], 0) if len(instance.rank) else None
    bands = []
    for band, (closing, price) in enumerate(zip(closings, prices, strict=True)):
        within = walk.households(band)
        bands.append(
            {
                "band": band,
                "num_households": within.stop - within.start,
                "num_housed": int((walk.assigned[within] >= 0).sum()),
                "total_rank": 0 if rank is None else int(rank[within].sum()),
                "closing": {instance.pool_ids[pool]: position for pool, position in closing.items()},
                "prices": {
                    instance.pool_ids[int(pool)]: int(price[pool]) for pool in np.flatnonzero(price[:-1] != 0)
                },
                "sink_price": int(price[-1]),
            }
        )
    return {
        "format": FORMAT,
        "mechanism": "band_optimum",
        "housing_first": walk.housing_first,
        "num_households": instance.num_households,
        "num_housed": int((walk.assigned >= 0).sum()),
        "bands": bands,
    }
