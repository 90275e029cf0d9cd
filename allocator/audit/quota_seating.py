"""A seat for everybody in a pool with reserves, with as many members in their own group's places as can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from allocator.model.instance import Instance

Right = tuple[bool, bool]  # may take a place of this kind, and counts there as a member of its group
_NEVER = 1 << 60


@dataclass(frozen=True)
class Places:
    """Places of one kind in a pool: a reserve's, or (``group`` None) the open ones."""

    group: str | None
    number: int
    is_released: bool

    def right(self, groups: Sequence[str], *, is_home: bool) -> Right:
        """What people of these groups may do here; a tenant at home may sit anywhere in its pool."""
        is_member = self.group is not None and self.group in groups
        return is_member or self.group is None or self.is_released or is_home, is_member


def places_of(instance: Instance) -> dict[int, tuple[Places, ...]]:
    """Of every pool with reserves: the reserves as declared, each cut to what is left, then the open places."""
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    found: dict[int, list[Places]] = {}
    left = instance.capacity.tolist()
    for entry in instance.extensions.get("reserves", []):
        pool = index[entry["pool"]]
        number = min(entry["places"], left[pool])
        left[pool] -= number
        found.setdefault(pool, []).append(Places(entry["group"], number, entry.get("release", False)))
    return {pool: (*kinds, Places(None, left[pool], True)) for pool, kinds in found.items()}


def seat(
    supply: Sequence[int], rights: Sequence[Sequence[Right]], places: Sequence[int]
) -> list[list[int]] | None:
    """How many of each class sit in which kind of place; None where not all find a seat.

    ``supply`` (k,), ``rights`` (k, r), ``places`` (r,). By successive shortest paths, so as many as can be sit in
    places of their own group. The numbers of classes and kinds are small.
    """
    taken = [[0] * len(places) for _ in supply]
    waiting, free = list(supply), list(places)
    while any(waiting):
        path = _cheapest_path(taken, waiting, free, rights)
        if path is None:
            return None
        amount = min(waiting[path[0][0]], free[path[-1][1]])
        for (_, kind), (other, _) in pairwise(path):
            amount = min(amount, taken[other][kind])
        waiting[path[0][0]] -= amount
        free[path[-1][1]] -= amount
        for step, (group, kind) in enumerate(path):
            taken[group][kind] += amount
            if step + 1 < len(path):
                taken[path[step + 1][0]][kind] -= amount
    return taken


def _cheapest_path(
    taken: list[list[int]], waiting: list[int], free: list[int], rights: Sequence[Sequence[Right]]
) -> list[tuple[int, int]] | None:
    """Classes with the kind each turns to: the first is waiting, the others make room, the last finds a free place."""
    of_class = [0 if left else _NEVER for left in waiting]
    of_kind = [_NEVER] * len(free)
    came: list[int] = [-1] * len(free)
    left_from: list[int] = [-1] * len(waiting)
    for _ in range(len(waiting) + len(free) + 1):
        before = (list(of_class), list(of_kind))
        for group, cost in enumerate(of_class):
            for kind, (may, counts) in enumerate(rights[group]):
                if may and cost < _NEVER and cost - counts < of_kind[kind]:
                    of_kind[kind], came[kind] = cost - counts, group
        for group, seats in enumerate(taken):
            for kind, number in enumerate(seats):
                cost = of_kind[kind] + rights[group][kind][1]
                if number and of_kind[kind] < _NEVER and cost < of_class[group]:
                    of_class[group], left_from[group] = cost, kind
        if before == (of_class, of_kind):
            break
    ends = [kind for kind, left in enumerate(free) if left and of_kind[kind] < _NEVER]
    if not ends:
        return None
    kind = min(ends, key=lambda end: of_kind[end])
    path = [(came[kind], kind)]
    while left_from[path[-1][0]] >= 0:
        kind = left_from[path[-1][0]]
        path.append((came[kind], kind))
    return path[::-1]
