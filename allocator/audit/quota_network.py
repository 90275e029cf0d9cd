"""Bounds and places as a network from the leaves to one sink, with the flow of an assignment (certificate.md).

Quotas and whole pools nest in one another (else they *cross* and there is no such network): a leaf flows into the
least set that holds it, that into the next, the outermost into the sink. Between a pool with reserves and
what lies inside it stand the kinds of its places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from allocator.audit.quota_leaves import Leaves, quotas_of
from allocator.audit.quota_seating import Places, Right, places_of, seat
from allocator.model.instance import Instance, Ints

NO_LIMIT: Final = 1 << 60


@dataclass(frozen=True, eq=False)
class Bound:
    """A set of leaves (ascending) with its bounds: a quota, or a whole pool (``pool`` >= 0) with its capacity."""

    name: str
    leaves: Ints
    least: int
    most: int
    soft: int = 0
    pool: int = -1


@dataclass(frozen=True, eq=False)
class Nest:
    """Bounds, the larger before the smaller. ``parent`` (s,): the least bound around each, -1 for none; ``around``
    (L,) the least around each leaf. ``places``: kinds of place of each pool with reserves. ``unlisted``: the soft
    minima of quotas that count nobody's choices, all of them missing whatever is done.
    """

    bounds: list[Bound]
    parent: list[int]
    around: Ints
    places: dict[int, tuple[Places, ...]]
    unlisted: int

    def above_seats(self, number: int) -> int:
        """The pool with reserves right inside which the bound lies, -1 for none."""
        outer = self.parent[number]
        pool = self.bounds[outer].pool if outer >= 0 else -1
        return pool if pool in self.places else -1


@dataclass(frozen=True, eq=False)
class Network:
    """Links that may carry more or less than they do, as residual arcs ``tail`` to ``head`` (a,).

    Nodes: the L leaves, the sink (number L), then ``num_nodes`` - L - 1 inner ones. ``short`` and ``reserved`` (a,):
    by how much using the arc raises the shortfall, or lowers the number of members in places reserved for them.
    """

    num_nodes: int
    tail: Ints
    head: Ints
    short: Ints
    reserved: Ints


def quotas_in(instance: Instance, leaves: Leaves) -> list[Bound]:
    """Every quota with the leaves it counts, by id."""
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    found = []
    for quota in quotas_of(instance):
        counts = np.zeros(instance.num_pools, dtype=np.bool_)
        counts[[index[name] for name in quota["pools"]]] = True
        inside = np.flatnonzero(counts[leaves.pool_of] & leaves.of_any(quota.get("groups")))
        bounds = quota.get("min", 0), quota.get("max", NO_LIMIT), quota.get("min_soft", 0)
        found.append(Bound(quota["id"], inside, *bounds))
    return found


def nest_of(instance: Instance, leaves: Leaves, quotas: list[Bound]) -> Nest | tuple[str, str]:
    """How quotas and pools nest; the names of two that cross where they do not."""
    bounds = [quota for quota in quotas if len(quota.leaves)]
    begins = np.searchsorted(leaves.pool_of, np.arange(instance.num_pools + 1))
    for pool in np.unique(leaves.pool_of).tolist():
        inside = np.arange(begins[pool], begins[pool + 1])
        bounds.append(Bound(instance.pool_ids[pool], inside, 0, int(instance.capacity[pool]), pool=pool))
    # Of equal sets the quotas stand outside: a pool's places are the innermost thing said of the whole pool.
    bounds.sort(key=lambda bound: -len(bound.leaves))
    around = np.full(leaves.num_leaves, -1, dtype=np.int64)
    parent = []
    for number, bound in enumerate(bounds):
        outer = set(around[bound.leaves].tolist())
        if len(outer) > 1:
            return bound.name, bounds[max(outer)].name
        parent.append(outer.pop())
        around[bound.leaves] = number
    unlisted = sum(quota.soft for quota in quotas if not len(quota.leaves))
    nest = Nest(bounds, parent, around, places_of(instance), unlisted)
    return _parted(nest, leaves) or nest


def _parted(nest: Nest, leaves: Leaves) -> tuple[str, str] | None:
    """A bound inside a pool with reserves, and the reserve to which its people have different rights."""
    for number, bound in enumerate(nest.bounds):
        for place in nest.places.get(nest.above_seats(number), ()):
            if len({right_of(leaves, place, leaf) for leaf in bound.leaves.tolist()}) > 1:
                return bound.name, str(place.group)
    return None


def right_of(leaves: Leaves, place: Places, leaf: int) -> Right:
    """What the people of a leaf may do at a kind of place."""
    return place.right(leaves.groups_of[leaf], is_home=bool(leaves.is_home[leaf]))


@dataclass(eq=False)
class _Builder:
    num_nodes: int
    links: list[tuple[int, int, int, int, int, int, int]] = field(default_factory=list)

    def node(self) -> int:
        self.num_nodes += 1
        return self.num_nodes - 1

    def link(self, ends: tuple[int, int], flow: int, least: int, most: int, gains: tuple[int, int]) -> None:
        self.links.append((*ends, flow, least, most, *gains))

    def network(self) -> Network:
        table = np.array(self.links, dtype=np.int64).reshape(-1, 7)
        more, less = table[table[:, 2] < table[:, 4]], table[table[:, 2] > table[:, 3]]
        return Network(
            self.num_nodes,
            np.concatenate([more[:, 0], less[:, 1]]),
            np.concatenate([more[:, 1], less[:, 0]]),
            np.concatenate([-more[:, 5], less[:, 5]]),
            np.concatenate([-more[:, 6], less[:, 6]]),
        )


@dataclass(frozen=True, eq=False)
class Standing:
    """The network under an assignment; ``shortfall`` and ``reserved_filled`` as they are."""

    network: Network
    shortfall: int
    reserved_filled: int


def standing_of(nest: Nest, leaves: Leaves, load: Ints) -> Standing:
    """Lay the flow of ``load`` (L,) people at the leaves through the nest.

    Bounds are taken to hold; raises ``ValueError`` where not everybody has a seat.
    """
    sink = leaves.num_leaves
    build = _Builder(sink + 1)
    into: list[int] = []
    out: list[int] = []
    short = nest.unlisted
    for bound in nest.bounds:
        count = int(load[bound.leaves].sum())
        into.append(build.node())
        out.append(_through(build, into[-1], bound, count))
        short += max(0, bound.soft - count)
    classes: dict[int, list[tuple[int, int, int]]] = {pool: [] for pool in nest.places}
    inner = [(leaf, int(load[leaf]), int(outer), leaf) for leaf, outer in enumerate(nest.around)]
    inner += [
        (out[number], int(load[bound.leaves].sum()), nest.parent[number], int(bound.leaves[0]))
        for number, bound in enumerate(nest.bounds)
    ]
    for node, count, outer, leaf in inner:
        pool = nest.bounds[outer].pool if outer >= 0 else -1
        if pool in classes:
            classes[pool].append((node, count, leaf))
        else:
            build.link((node, into[outer] if outer >= 0 else sink), count, 0, NO_LIMIT, (0, 0))
    filled = 0
    by_pool = {bound.pool: into[number] for number, bound in enumerate(nest.bounds) if bound.pool >= 0}
    for pool, waiting in classes.items():
        filled += _seat(build, waiting, nest.places[pool], leaves, by_pool.get(pool, sink))
    return Standing(build.network(), short, filled)


def _through(build: _Builder, node: int, bound: Bound, count: int) -> int:
    """The links of one bound, from the node where people come in to the one where they leave."""
    end = node
    if bound.least or bound.most < NO_LIMIT:
        end = build.node()
        build.link((node, end), count, bound.least, bound.most, (0, 0))
    if bound.soft:
        begin, end = end, build.node()
        wanted = min(count, bound.soft)
        build.link((begin, end), wanted, 0, bound.soft, (1, 0))
        build.link((begin, end), count - wanted, 0, NO_LIMIT, (0, 0))
    return end


def _seat(
    build: _Builder,
    waiting: Sequence[tuple[int, int, int]],
    places: Sequence[Places],
    leaves: Leaves,
    pool_node: int,
) -> int:
    """Link what lies inside a pool with its places; how many sit as members."""
    of_class = [tuple(right_of(leaves, place, leaf) for place in places) for _, _, leaf in waiting]
    rights = sorted(set(of_class))
    supply = [0] * len(rights)
    for (_, count, _), mine in zip(waiting, of_class, strict=True):
        supply[rights.index(mine)] += count
    seats = seat(supply, rights, [place.number for place in places])
    if seats is None:
        raise ValueError(waiting)
    nodes = []
    for kind, place in enumerate(places):
        nodes.append(build.node())
        number = sum(column[kind] for column in seats)
        build.link((nodes[-1], pool_node), number, 0, place.number, (0, 0))
    filled = 0
    for (node, count, _), mine in zip(waiting, of_class, strict=True):
        left = seats[rights.index(mine)]
        for kind, (may, counts) in enumerate(mine):
            if may:
                taken = min(count, left[kind])
                left[kind] -= taken
                count -= taken  # noqa: PLW2901 (what is still to be seated)
                filled += taken * counts
                build.link((node, nodes[kind]), taken, 0, NO_LIMIT, (0, int(counts)))
    return filled
