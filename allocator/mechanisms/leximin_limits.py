"""What bounds a lottery: rows, pools and quotas as sets of choices, and the network they make.

Households with the same ranks and counted by the same quotas are one *kind*. Every set of choices is an arc of
one of two trees (Budish, Che, Kojima and Milgrom 2013), every choice an arc from the one tree to the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from allocator.mechanisms.bihierarchy import LimitSet
from allocator.mechanisms.leximin_flow import Network
from allocator.mechanisms.market import Flags
from allocator.mechanisms.places import Ceiling, members_of
from allocator.model.instance import Instance

ROOT = 0


@dataclass(frozen=True, eq=False)
class Quota:
    """``least`` to ``most`` (None: any number) households of ``members`` (n,) bool in ``pools`` together."""

    name: str
    members: Flags
    pools: tuple[int, ...]
    least: int
    most: int | None

    def as_ceiling(self) -> Ceiling:
        """The same as a maximum; where there is none, everybody."""
        return Ceiling(self.name, self.members, self.pools, self._bound())

    def _bound(self) -> int:
        return len(self.members) if self.most is None else self.most


def quotas_of(instance: Instance) -> list[Quota]:
    """The quotas with a minimum or a maximum, sorted by id; without ``groups`` one counts everybody."""
    place = {name: number for number, name in enumerate(instance.pool_ids)}
    entries: dict[str, dict[str, Any]] = {}
    for name in ("max", "min"):
        for quota in instance.extensions.get(name, []):
            entries[quota["id"]] = quota
    found = []
    for name, quota in sorted(entries.items()):
        members = np.ones(instance.num_households, np.bool_)
        if "groups" in quota:
            members = members_of(instance, quota["groups"])
        pools = tuple(sorted(place[pool] for pool in quota["pools"]))
        found.append(Quota(name, members, pools, quota.get("min", 0), quota.get("max")))
    return found


@dataclass(frozen=True, eq=False)
class Kind:
    """``ranks``: the pools of each rank, ascending; ``quotas``: numbers of those that count its households."""

    ranks: tuple[tuple[int, ...], ...]
    quotas: tuple[int, ...]
    members: list[int] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many households it has."""
        return len(self.members)


def kinds_of(instance: Instance, quotas: Sequence[Quota]) -> list[Kind]:
    """Every kind, sorted by its ranks (pools by id), then by its quotas."""
    start, pools, rank = instance.start.tolist(), instance.pool.tolist(), instance.rank.tolist()
    found: dict[tuple[Any, ...], Kind] = {}
    for household in range(instance.num_households):
        cells = range(start[household], start[household + 1])
        by_rank = itertools.groupby(cells, key=rank.__getitem__)
        ranks = tuple(tuple(sorted(pools[cell] for cell in same)) for _, same in by_rank)
        listed = {pool for same in ranks for pool in same}
        counted = tuple(
            number
            for number, quota in enumerate(quotas)
            if quota.members[household] and not listed.isdisjoint(quota.pools)
        )
        kind = found.setdefault((ranks, counted), Kind(ranks, counted))
        kind.members.append(household)
    return [found[key] for key in sorted(found)]


@dataclass
class _Set:
    """A set of choices (kind, pool) with the bounds of their sum."""

    cells: set[tuple[int, int]]
    family: int
    low: int
    high: int | None
    arc: int = -1


@dataclass
class Programme:
    """The network of an instance: ``row[k]`` the arc of a kind's whole list, ``prefix[k]`` of its first ranks.

    ``cell[k, pool]`` is the arc of a choice. ``pool`` and ``quota``: the arcs of those that are sets here, by
    number. ``alone``: quotas that count one household only; they are no sets, but strike choices (``struck``)
    or ask for the household's being housed (``forced``, the kind).
    """

    kinds: list[Kind]
    network: Network
    row: dict[int, int] = field(default_factory=dict)
    prefix: dict[int, list[int]] = field(default_factory=dict)
    cell: dict[tuple[int, int], int] = field(default_factory=dict)
    pool: dict[int, int] = field(default_factory=dict)
    quota: dict[int, int] = field(default_factory=dict)
    alone: set[int] = field(default_factory=set)
    struck: set[tuple[int, int]] = field(default_factory=set)
    forced: set[int] = field(default_factory=set)


def programme_of(
    instance: Instance,
    quotas: Sequence[Quota],
    kinds: list[Kind],
    sides: tuple[Sequence[LimitSet], Sequence[int]],
    work: int,
    *,
    by_rank: bool,
) -> Programme:
    """Lay the network out. ``sides``: rows, pools and quotas as choices, and the family of each.

    Without ``by_rank`` there are no sets of first ranks, so that every quota is a set: enough to see what fits.
    """
    programme = Programme(kinds, Network(1, instance.num_households + 1, work))
    if by_rank:
        programme.alone = {number for number in range(len(quotas)) if num_counted(kinds, number) == 1}
        _strike(programme, quotas)
    family = {one.what: side for one, side in zip(*sides, strict=True)}
    sets = _sets(instance, quotas, programme, family, by_rank=by_rank)
    _lay_arcs(programme, [one for _, one in sets])
    for (what, *number), one in sets:
        if what == "row":
            programme.row[number[0]] = one.arc
        elif what == "prefix":
            programme.prefix.setdefault(number[0], []).append(one.arc)
        elif what == "pool":
            programme.pool[number[0]] = one.arc
        else:
            programme.quota[number[0]] = one.arc
    return programme


def num_counted(kinds: Sequence[Kind], number: int) -> int:
    """Of how many households a quota counts choices."""
    return sum(kind.size for kind in kinds if number in kind.quotas)


def _strike(programme: Programme, quotas: Sequence[Quota]) -> None:
    """A quota on one household alone: a maximum of 0 strikes its choices, a minimum all its others."""
    for number in sorted(programme.alone):
        quota = quotas[number]
        (owner,) = (at for at, kind in enumerate(programme.kinds) if number in kind.quotas)
        cells = {(owner, pool) for same in programme.kinds[owner].ranks for pool in same}
        counted = {cell for cell in cells if cell[1] in quota.pools}
        if quota.most == 0:
            programme.struck |= counted
        if quota.least:
            programme.struck |= cells - counted
            programme.forced.add(owner)


def _sets(
    instance: Instance,
    quotas: Sequence[Quota],
    programme: Programme,
    family: dict[tuple[str, int], int],
    *,
    by_rank: bool,
) -> list[tuple[tuple[Any, ...], _Set]]:
    """Kinds' first ranks and rows, pools, quotas: the earlier of equal sets is the inner one."""
    found: list[tuple[tuple[Any, ...], _Set]] = []
    columns: dict[int, set[tuple[int, int]]] = {}
    counted: dict[int, set[tuple[int, int]]] = {}
    for at, kind in enumerate(programme.kinds):
        cells = {(at, pool) for same in kind.ranks for pool in same}
        if not cells:
            continue
        side = family["row", kind.members[0]]
        first: set[tuple[int, int]] = set()
        for better in kind.ranks[:-1] if by_rank else ():
            first = first | {(at, pool) for pool in better}
            found.append((("prefix", at), _Set(first, side, 0, kind.size)))
        least = 1 if at in programme.forced else 0
        found.append((("row", at), _Set(cells, side, least, kind.size)))
        for cell in cells:
            columns.setdefault(cell[1], set()).add(cell)
            for number in kind.quotas:
                if cell[1] in quotas[number].pools:
                    counted.setdefault(number, set()).add(cell)
    for pool in sorted(columns):
        one = _Set(columns[pool], family["pool", pool], 0, int(instance.capacity[pool]))
        found.append((("pool", pool), one))
    for number in sorted(counted):
        if number not in programme.alone:
            quota = quotas[number]
            one = _Set(counted[number], family["quota", number], quota.least, quota.most)
            found.append((("quota", number), one))
    return found


def _lay_arcs(programme: Programme, sets: list[_Set]) -> None:
    """Set k is node k + 1, its arc comes from the next set outside (family 0) or goes there (family 1)."""
    network = programme.network
    network.num_nodes = len(sets) + 1
    chains: tuple[dict[tuple[int, int], list[int]], dict[tuple[int, int], list[int]]] = ({}, {})
    for number in sorted(range(len(sets)), key=lambda number: (len(sets[number].cells), number)):
        for cell in sets[number].cells:
            chains[sets[number].family].setdefault(cell, []).append(number)
    outside = [ROOT] * len(sets)
    for chain in (*chains[0].values(), *chains[1].values()):
        for inner, outer in itertools.pairwise(chain):
            outside[inner] = outer + 1
    for number, one in enumerate(sets):
        ends = (outside[number], number + 1) if one.family == 0 else (number + 1, outside[number])
        one.arc = network.add(*ends, one.low, one.high)
    for at, kind in enumerate(programme.kinds):
        for same in kind.ranks:
            for pool in same:
                least = [
                    chains[side][at, pool][0] + 1 if (at, pool) in chains[side] else ROOT for side in (0, 1)
                ]
                most = 0 if (at, pool) in programme.struck else None
                programme.cell[at, pool] = network.add(least[0], least[1], 0, most)
