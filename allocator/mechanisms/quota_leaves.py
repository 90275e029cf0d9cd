"""Leaves: the choices of a pool, parted by what the quotas and reserves that count the pool see of a household.

Households with the same *cell* at a pool are one to every quota and reserve there, so limits count leaves
and never persons.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from allocator.mechanisms.market import Choices, Flags
from allocator.mechanisms.wishes import NOT_LISTED, wishes_of
from allocator.model.instance import Instance, Ints

HOME: Final = "@home"
_AT_HOME: Final = ""  # no group's name
_BOUNDS: Final = ("max", "min", "min_soft")


@dataclass(frozen=True)
class Leaf:
    """A pool (its number) and a cell: the household's groups that count there, sorted; ``is_home``: a sitting
    tenant at its own pool, told apart only where the pool has a reserve.
    """

    pool: int
    groups: tuple[str, ...]
    is_home: bool


@dataclass(frozen=True, eq=False)
class Listing:
    """The m choices that count, household by household, best first, with their leaves.

    ``start`` (n + 1,); ``pool``, ``rank``, ``leaf`` (m,); ``own`` (n,) a tenant's pool, -1 for none; ``leaves``
    L entries by pool and cell. A tenant's list ends at home (``wishes``); an own pool that it does not list has
    the rank behind its last.
    """

    start: Ints
    pool: Ints
    rank: Ints
    leaf: Ints
    own: Ints
    leaves: tuple[Leaf, ...]

    @property
    def num_households(self) -> int:
        """n."""
        return len(self.own)

    @cached_property
    def of_pool(self) -> dict[int, tuple[int, ...]]:
        """The leaves of each pool that anybody lists."""
        found: dict[int, list[int]] = {}
        for number, leaf in enumerate(self.leaves):
            found.setdefault(leaf.pool, []).append(number)
        return {pool: tuple(numbers) for pool, numbers in found.items()}

    def lists_any(self, leaves: Flags) -> Flags:
        """(n,) who lists any of these leaves (L,)."""
        ends = np.concatenate(([0], np.cumsum(leaves[self.leaf])))[self.start]
        return np.diff(ends) > 0

    def choices_of(self, households: Ints) -> Choices:
        """All choices of some households (ascending)."""
        starts, edges = _edges_of(self.start, households)
        return Choices(households, starts, edges)


def quotas_of(instance: Instance) -> list[dict[str, Any]]:
    """Every quota with a bound that binds, once, sorted by id."""
    found = {quota["id"]: quota for name in _BOUNDS for quota in instance.extensions.get(name, [])}
    return [found[name] for name in sorted(found)]


def list_leaves(instance: Instance) -> Listing:
    """Lay out the choices that count and their leaves. O(choices and memberships)."""
    wishes = wishes_of(instance)
    rank = np.where(wishes.choice == NOT_LISTED, 0, instance.rank[wishes.choice] if len(instance.rank) else 0)
    added = np.flatnonzero(wishes.choice == NOT_LISTED)
    is_first = added == wishes.start[wishes.household[added]]
    rank[added] = np.where(is_first, 1, rank[added - 1] + 1)
    cell, cells = _cells(instance, wishes.start, wishes.household, wishes.pool, wishes.own)
    leaf, leaves = _numbered(wishes.pool, cell, cells)
    return Listing(wishes.start, wishes.pool, rank, leaf, wishes.own, leaves)


def _cells(
    instance: Instance, start: Ints, household: Ints, pool: Ints, own: Ints
) -> tuple[Ints, list[tuple[str, ...]]]:
    """(m,) the cell of each choice, and the cells: names of groups in order, ``_AT_HOME`` last.

    The cells grow group by group, so only members' choices are ever touched.
    """
    cell = np.zeros(len(pool), np.int64)
    cells: list[tuple[str, ...]] = [()]
    for name, counts_there in sorted(_pools_of_groups(instance).items()):
        members = instance.groups.get(name, np.empty(0, np.int64))
        _, edges = _edges_of(start, members)
        _grow(cell, cells, edges[counts_there[pool[edges]]], name)
    has_reserve = _among(instance, {entry["pool"] for entry in instance.extensions.get("reserves", [])})
    at_home = np.flatnonzero(own[household] == pool)
    _grow(cell, cells, at_home[has_reserve[pool[at_home]]], _AT_HOME)
    return cell, cells


def _grow(cell: Ints, cells: list[tuple[str, ...]], edges: Ints, name: str) -> None:
    """Add the name to the cells of these choices."""
    before, inverse = np.unique(cell[edges], return_inverse=True)
    cell[edges] = len(cells) + inverse
    cells += [(*cells[old], name) for old in before.tolist()]


def _edges_of(start: Ints, households: Ints) -> tuple[Ints, Ints]:
    counts = start[households + 1] - start[households]
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
    return starts, np.arange(starts[-1]) + np.repeat(start[households] - starts[:-1], counts)


def _pools_of_groups(instance: Instance) -> dict[str, Flags]:
    """(C,) flags by group: the pools where a quota or a reserve names it."""
    named: dict[str, set[str]] = {}
    for quota in quotas_of(instance):
        for name in quota.get("groups", ()):
            named.setdefault(name, set()).update(quota["pools"])
    for entry in instance.extensions.get("reserves", []):
        named.setdefault(entry["group"], set()).add(entry["pool"])
    return {name: _among(instance, pools) for name, pools in named.items()}


def _among(instance: Instance, pools: set[str]) -> Flags:
    return np.array([name in pools for name in instance.pool_ids], bool)


def _numbered(pool: Ints, cell: Ints, cells: list[tuple[str, ...]]) -> tuple[Ints, tuple[Leaf, ...]]:
    """(m,) the leaf of each choice; leaves by pool, then by the names of the cell."""
    along = sorted(range(len(cells)), key=lambda number: cells[number])
    place = np.empty(len(cells), np.int64)
    place[along] = np.arange(len(cells))
    code = pool * len(cells) + place[cell]
    codes, leaf = _distinct(code, (int(pool.max(initial=-1)) + 1) * len(cells))
    leaves = []
    for number in codes.tolist():
        names = cells[along[number % len(cells)]]
        is_home = names[-1:] == (_AT_HOME,)
        leaves.append(Leaf(number // len(cells), names[:-1] if is_home else names, is_home))
    return leaf, tuple(leaves)


def _distinct(code: Ints, size: int) -> tuple[Ints, Ints]:
    """The distinct codes below ``size``, ascending, and the place of each code among them."""
    if size > 4 * len(code):
        codes, place = np.unique(code, return_inverse=True)
        return codes, place.astype(np.int64)
    there = np.zeros(size, bool)
    there[code] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[code]


def keys_of(instance: Instance, listing: Listing) -> list[str]:
    """The name of each leaf in a certificate: the pool alone where it has no cell but the empty one."""
    keys = []
    for leaf in listing.leaves:
        pool = _escaped(instance.pool_ids[leaf.pool], "\\|")
        cell = "+".join(_escaped(name, "\\|+@") for name in leaf.groups) + (HOME if leaf.is_home else "")
        is_plain = not cell and len(listing.of_pool[leaf.pool]) == 1
        keys.append(pool if is_plain else f"{pool}|{cell}")
    return keys


def _escaped(name: str, marks: str) -> str:
    return "".join(f"\\{letter}" if letter in marks else letter for letter in name)
