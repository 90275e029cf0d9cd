"""The laws of ``band_optimum`` under quotas, reserves and tenants (certificate.md), level by level."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from allocator.audit.distances import Arcs, finite, prices, sorted_arcs, spread
from allocator.audit.judgement import FORMAT, Breach, Judgement
from allocator.audit.quota_leaves import Leaves
from allocator.audit.quota_network import Nest, Standing, standing_of
from allocator.audit.quota_ties import improvable
from allocator.audit.quota_walk import Walk, start
from allocator.model.instance import Instance, Ints

_NEVER: Final = np.iinfo(np.int64).max


def judge_quotas(
    instance: Instance, leaves: Leaves, nest: Nest, held: Ints, *, housing_first: bool
) -> Judgement:
    """Certificate and breaches of an assignment that keeps every bound and seats everybody.

    ``held`` (n,): the choice of ``leaves`` each household holds, -1 for none.
    """
    load = np.bincount(leaves.leaf[held[held >= 0]], minlength=leaves.num_leaves)
    standing = standing_of(nest, leaves, load)
    walk = start(instance, leaves, standing.network, held)
    first = _judge_aims(walk)
    if first is None:
        return Judgement(None, tuple(walk.breaches))
    num_levels = instance.num_bands + 1
    levels = list(range(0 if (leaves.own >= 0).any() else 1, num_levels))
    closings: dict[int, dict[int, int]] = {}
    paid: dict[int, Ints] = {}
    if housing_first:
        closings = {level: closing(walk, level, housing_first=True) for level in levels}
    for level in levels:
        if not housing_first:
            closings[level] = closing(walk, level, housing_first=False)
        price = settle(walk, level, num_levels if housing_first else level)
        if price is None:
            walk.breaches.append(Breach("rank_optimality", band=level - 1))
            return Judgement(None, tuple(walk.breaches))
        paid[level] = price
    _judge_ties(walk)
    figures = [_band(walk, level, closings[level], paid[level]) for level in levels]
    return Judgement(
        _certificate(walk, standing, first, figures, housing_first=housing_first), tuple(walk.breaches)
    )


def _judge_aims(walk: Walk) -> Ints | None:
    """Level SV: prices (L + 1,) of shortfall and reserves together; None where either could be better."""
    network = walk.network
    worth = 1 + min(_reserved_places(walk.instance), walk.instance.num_households)
    price = _reprice(walk, -1, worth * network.short + network.reserved, _free_moves(walk, -1))
    if price is None:
        alone = _distances(walk, -1, network.short, _free_moves(walk, -1))
        walk.breaches.append(Breach("shortfall" if alone is None else "reserved"))
        return None
    return price


def _reserved_places(instance: Instance) -> int:
    left = dict(zip(instance.pool_ids, instance.capacity.tolist(), strict=True))
    kept = 0
    for entry in instance.extensions.get("reserves", []):
        number = min(entry["places"], left[entry["pool"]])
        left[entry["pool"]] -= number
        kept += number
    return kept


def _free_moves(walk: Walk, level: int) -> Ints:
    """(U,) weight 0 for pairs live to somebody whose rank does not count at this level, else out of use."""
    live = walk.zero | (walk.is_open & (walk.moves.last > level))
    return np.where(live, 0, _NEVER)


def settle(walk: Walk, level: int, provisional_after: int) -> Ints | None:
    """R level: prices (L + 1,), and what stays live after it; None on a negative cycle."""
    moves = walk.moves
    own = walk.own_moves(level)
    weight = _free_moves(walk, level)
    np.minimum.at(weight, moves.pair[own], moves.weight[own])
    price = _reprice(walk, provisional_after, np.zeros(len(walk.inner), dtype=np.int64), weight)
    if price is None:
        return None
    pair = moves.pair[own]
    slack = moves.weight[own] + price[moves.tail[pair]] - price[moves.head[pair]]
    tight = own[slack == 0]
    walk.is_tight[tight] = True
    fresh = moves.pair[tight]
    fresh = fresh[~walk.zero[fresh]]
    walk.zero[fresh] = True
    walk.since[fresh] = level
    return price


def _reprice(walk: Walk, provisional_after: int, inner: Ints, weight: Ints) -> Ints | None:
    """Prices of leaves and sink; strikes what costs nothing at this level and is not tight."""
    price = _distances(walk, provisional_after, inner, weight)
    if price is None:
        return None
    moves, network, sink = walk.moves, walk.network, walk.sink
    agree = price[moves.tail] == price[moves.head]
    walk.zero = walk.zero & agree
    walk.is_open = walk.is_open & agree
    walk.is_free = walk.is_free & (price[:sink] == price[sink])
    is_known = finite(price)
    walk.inner = walk.inner & is_known[network.tail] & is_known[network.head]
    walk.inner &= price[network.tail] + inner == price[network.head]
    return price[: sink + 1]


def _distances(walk: Walk, provisional_after: int, inner: Ints, weight: Ints) -> Ints | None:
    moves, sink = walk.moves, walk.sink
    enter, leave = walk.comings(provisional_after)
    tail, head, cost = walk.inner_arcs(inner)
    few = sorted_arcs(
        np.concatenate([tail, np.full(len(enter), sink), leave]),
        np.concatenate([head, enter, np.full(len(leave), sink)]),
        np.concatenate([cost, np.zeros(len(enter) + len(leave), dtype=np.int64)]),
    )
    live = moves.by_head[weight[moves.by_head] < _NEVER]
    many = Arcs(moves.tail[live], moves.head[live], weight[live])
    return prices(walk.network.num_nodes, sink + 1, few, many)


def closing(walk: Walk, level: int, *, housing_first: bool) -> dict[int, int]:
    """H level: the closing position of every leaf live to somebody unhoused of the level; notes breaches."""
    asked, asker = walk.asking.of(level)
    is_live = walk.is_free[asked]
    asked, asker = asked[is_live], asker[is_live]
    if not len(asked):
        return {}
    moves, sink = walk.moves, walk.sink
    live = walk.zero | (walk.is_open & (moves.last >= (0 if housing_first else level)))
    tail, head, _ = walk.inner_arcs(walk.network.short)
    enter, leave = walk.comings(level)
    latest = np.zeros(walk.network.num_nodes, dtype=np.int64)
    held, holder = walk.holding.of(level)
    latest[held] = np.where(walk.is_free[held], holder, 0)
    latest[sink] = _NEVER
    latest = spread(
        latest,
        np.concatenate([moves.tail[live], tail, leave, np.full(len(enter), sink)]),
        np.concatenate([moves.head[live], head, np.full(len(leave), sink), enter]),
    )
    for place in np.flatnonzero(latest[asked] >= asker)[:3]:
        household = walk.instance.household_ids[int(asker[place]) - 1]
        pool = walk.instance.pool_ids[int(walk.leaves.pool_of[asked[place]])]
        walk.breaches.append(Breach("housing", household, pool, level - 1))
    return dict(zip(asked.tolist(), latest[asked].tolist(), strict=True))


def _judge_ties(walk: Walk) -> None:
    """A move is live at the end when it was tight at its own level and its pair was never struck after."""
    moves = walk.moves
    stays = walk.is_tight & walk.zero[moves.pair]
    stays &= walk.level[moves.mover] >= walk.since[moves.pair]
    tight = np.flatnonzero(stays)
    pair = moves.pair[tight]
    tail, head, _ = walk.inner_arcs(walk.network.short)
    found = improvable(
        walk.network.num_nodes,
        (tail, head),
        (moves.mover[tight], moves.tail[pair], moves.head[pair]),
        moves.is_better[tight],
    )
    for mover, leaf in found[:3]:
        pool = walk.instance.pool_ids[int(walk.leaves.pool_of[leaf])]
        walk.breaches.append(Breach("tie_rule", walk.instance.household_ids[mover], pool))


def _prices(walk: Walk, price: Ints) -> dict[str, Any]:
    keys = walk.leaves.keys
    return {
        "prices": {keys[int(leaf)]: int(price[leaf]) for leaf in np.flatnonzero(price[:-1])},
        "sink_price": int(price[-1]),
    }


def _band(walk: Walk, level: int, closed: dict[int, int], price: Ints) -> dict[str, Any]:
    within = walk.level == level
    held = walk.held[within & (walk.held >= 0)]
    keys = walk.leaves.keys
    return {
        "band": level - 1,
        "num_households": int(within.sum()),
        "num_housed": len(held),
        "total_rank": int(walk.leaves.rank[held].sum()),
        "closing": {keys[leaf]: position for leaf, position in closed.items()},
        **_prices(walk, price),
    }


def _certificate(
    walk: Walk, standing: Standing, first: Ints, bands: list[dict[str, Any]], *, housing_first: bool
) -> dict[str, Any]:
    has_aims = any(name in walk.instance.extensions for name in ("min", "min_soft", "reserves"))
    aims = {
        "shortfall": standing.shortfall,
        "reserved_filled": standing.reserved_filled,
        **_prices(walk, first),
    }
    return {
        "format": FORMAT,
        "mechanism": "band_optimum",
        "housing_first": housing_first,
        "num_households": walk.instance.num_households,
        "num_housed": int((walk.held >= 0).sum()),
        **(aims if has_aims else {}),
        "bands": bands,
    }
