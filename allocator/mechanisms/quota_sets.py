"""Quotas as sets of leaves, and whether they are laminar: two sets are disjoint or one lies inside the other.

Together with the pools themselves laminar sets form a forest, which is a network (Edmonds and Giles 1977);
other families are no flow and go through another door.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from allocator.mechanisms.quota_leaves import Leaf, Listing, quotas_of
from allocator.model.instance import Instance

ROOT: Final = -1


@dataclass(frozen=True)
class Crossing:
    """Two sets that meet while neither holds the other: ids of quotas, of pools, or ``pool/group`` of a reserve."""

    one: str
    other: str


@dataclass(eq=False)
class LimitSet:
    """A set of leaves with its bounds. Quotas that count the same leaves share one.

    ``pool``: the pool whose leaves these are all, else ``None``. ``inside``: the pool it lies within, ``None`` for a
    union of whole pools. ``places``: a pool's capacity, else ``None``. ``quotas``: by id. ``parent``: number of the
    smallest set around it, ``ROOT`` for none.
    """

    leaves: frozenset[int]
    pool: int | None
    inside: int | None
    places: int | None = None
    quotas: list[dict[str, Any]] = field(default_factory=list)
    parent: int = ROOT

    def bounds(self, name: str) -> list[int]:
        """All bounds of that name (``min``, ``max``, ``min_soft``) on the set."""
        return [quota[name] for quota in self.quotas if name in quota]

    @property
    def least(self) -> int:
        """The hard minimum."""
        return max(self.bounds("min"), default=0)

    @property
    def most(self) -> int | None:
        """The least of capacity and maxima; ``None``: there is none."""
        places = [] if self.places is None else [self.places]
        return min([*places, *self.bounds("max")], default=None)


@dataclass(frozen=True, eq=False)
class Forest:
    """``sets`` outermost first; ``around`` (L,) the innermost set holding each leaf; ``empty``: quotas that count no leaf."""

    sets: list[LimitSet]
    around: list[int]
    empty: list[dict[str, Any]]


def forest_of(instance: Instance, listing: Listing) -> Forest | Crossing:
    """Order pools and quotas by inclusion, or name two that cross."""
    place = {name: number for number, name in enumerate(instance.pool_ids)}
    sets = [
        LimitSet(frozenset(leaves), pool, pool, int(instance.capacity[pool]))
        for pool, leaves in sorted(listing.of_pool.items())
    ]
    waiting: list[tuple[frozenset[int], dict[str, Any]]] = []
    empty = []
    for quota in quotas_of(instance):
        counted = _counted(quota, place, listing)
        if counted:
            waiting.append((counted, quota))
        else:
            empty.append(quota)
    forest = Forest([], [ROOT] * len(listing.leaves), empty)
    queue: list[tuple[frozenset[int], LimitSet | dict[str, Any]]] = [(one.leaves, one) for one in sets]
    queue += waiting
    for leaves, one in sorted(queue, key=lambda entry: -len(entry[0])):
        crossing = _put_in(forest, leaves, one, instance, listing)
        if crossing is not None:
            return crossing
    return forest


def _counted(quota: dict[str, Any], place: dict[str, int], listing: Listing) -> frozenset[int]:
    groups = set(quota["groups"]) if "groups" in quota else None
    return frozenset(
        number
        for pool in quota["pools"]
        for number in listing.of_pool.get(place[pool], ())
        if groups is None or not groups.isdisjoint(listing.leaves[number].groups)
    )


def _put_in(
    forest: Forest,
    leaves: frozenset[int],
    one: LimitSet | dict[str, Any],
    instance: Instance,
    listing: Listing,
) -> Crossing | None:
    """Hang the set (a pool's, or a quota's) below the innermost set that holds it; larger ones hang already."""
    around = {forest.around[leaf] for leaf in leaves}
    if len(around) > 1:
        # Some set holds a part of these leaves: take the one hung last, which is the smallest.
        other = forest.sets[max(around)]
        return Crossing(*sorted((_name(instance, one), _name(instance, other))))
    (parent,) = around
    if isinstance(one, dict):
        if parent != ROOT and forest.sets[parent].leaves == leaves:
            forest.sets[parent].quotas.append(one)
            return None
        pools = {listing.leaves[leaf].pool for leaf in leaves}
        inside = pools.pop() if parent != ROOT and forest.sets[parent].inside is not None else None
        hung = LimitSet(leaves, None, inside, quotas=[one])
    else:
        hung = one
    hung.parent = parent
    for leaf in leaves:
        forest.around[leaf] = len(forest.sets)
    forest.sets.append(hung)
    return None


def _name(instance: Instance, one: LimitSet | dict[str, Any]) -> str:
    if isinstance(one, dict):
        return str(one["id"])
    return instance.pool_ids[one.pool] if one.pool is not None else str(one.quotas[0]["id"])


@dataclass(frozen=True)
class Seats:
    """The kinds of place of a pool: its reserves as declared (group, places, released) and the open places."""

    reserves: tuple[tuple[str, int, bool], ...]
    num_open: int

    def rights(self, leaf: Leaf) -> tuple[int, ...]:
        """For each reserve: 2 a member's right (which counts), 1 a right only to sit there, 0 none."""
        found = []
        for group, _, is_released in self.reserves:
            if group in leaf.groups:
                found.append(2)
            else:
                found.append(1 if is_released or leaf.is_home else 0)
        return tuple(found)


def seats_of(instance: Instance) -> dict[int, Seats]:
    """The kinds of place of every pool with reserves, each reserve cut to what is left of the capacity."""
    place = {name: number for number, name in enumerate(instance.pool_ids)}
    left = instance.capacity.tolist()
    found: dict[int, list[tuple[str, int, bool]]] = {}
    for entry in instance.extensions.get("reserves", []):
        pool = place[entry["pool"]]
        places = min(entry["places"], left[pool])
        left[pool] -= places
        found.setdefault(pool, []).append((entry["group"], places, entry.get("release", False)))
    return {pool: Seats(tuple(reserves), left[pool]) for pool, reserves in sorted(found.items())}


def crossing_reserve(instance: Instance, listing: Listing, forest: Forest) -> Crossing | None:
    """A quota inside a pool whose leaves have not all the same rights to the pool's places, if there is one."""
    seats = seats_of(instance)
    for one in forest.sets:
        if one.pool is not None or one.inside not in seats or forest.sets[one.parent].pool is None:
            continue
        kinds = seats[one.inside]
        rights = [kinds.rights(listing.leaves[leaf]) for leaf in sorted(one.leaves)]
        for number, (group, _, _) in enumerate(kinds.reserves):
            if len({right[number] for right in rights}) > 1:
                return Crossing(one.quotas[0]["id"], f"{instance.pool_ids[one.inside]}/{group}")
    return None
