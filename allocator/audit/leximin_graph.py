"""What could be moved in a table of chances, as a graph of sets (``docs/reference/lottery-certificate.md``).

Households of the same ranks counted by the same quotas are one kind. Every set of choices of kinds is a node; an
arc leads from a set to the next one it lies in or back, a choice joins the innermost sets of both families.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from allocator.audit.claims import group
from allocator.audit.judgement import Bools
from allocator.audit.redrawing import sides_of
from allocator.model.instance import Instance, Ints

Cell = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Bounds:
    """A quota: how many of ``members`` (n,) there may be in ``pools``; ``most`` None for no maximum."""

    name: str
    members: Bools
    pools: frozenset[int]
    least: int
    most: int | None


@dataclass(frozen=True, eq=False)
class Sort:
    """A kind of household: who they are, their pools by rank, and the quotas that count some of these."""

    members: list[int]
    ranks: list[list[int]]
    quotas: tuple[int, ...]


def bounds_of(instance: Instance) -> list[Bounds]:
    """Every quota with a minimum or maximum, by id."""
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    wanted: dict[str, Mapping[str, Any]] = {}
    for one in (*instance.extensions.get("min", ()), *instance.extensions.get("max", ())):
        wanted[one["id"]] = one
    return [
        Bounds(
            name,
            group(instance, wanted[name].get("groups")),
            frozenset(index[pool] for pool in wanted[name]["pools"]),
            wanted[name].get("min", 0),
            wanted[name].get("max"),
        )
        for name in sorted(wanted)
    ]


def ranked(instance: Instance) -> list[list[list[int]]]:
    """Each household's pools by rank, each rank ascending."""
    found: list[list[list[int]]] = []
    for at in range(instance.num_households):
        by_rank: dict[int, list[int]] = {}
        for choice in range(int(instance.start[at]), int(instance.start[at + 1])):
            by_rank.setdefault(int(instance.rank[choice]), []).append(int(instance.pool[choice]))
        found.append([sorted(by_rank[rank]) for rank in sorted(by_rank)])
    return found


def sorts_of(lists: Sequence[list[list[int]]], quotas: Sequence[Bounds]) -> list[Sort]:
    """The kinds in order: by ranks, pools as sorted by id, then by the quotas."""
    found: dict[tuple[Any, ...], Sort] = {}
    for household, ranks in enumerate(lists):
        listed = frozenset(pool for rank in ranks for pool in rank)
        inside = tuple(
            number for number, quota in enumerate(quotas) if quota.members[household] and listed & quota.pools
        )
        key = (tuple(map(tuple, ranks)), inside)
        found.setdefault(key, Sort([], ranks, inside)).members.append(household)
    return [found[key] for key in sorted(found)]


@dataclass(eq=False)
class Graph:
    """Arcs of sets and of choices, numbered alike in ``tail`` and ``head``; node 0 is the root.

    ``flow``: the chances of each arc's choices together. ``chain[k]``: the arcs of kind k's first ranks and last
    its whole row. ``limits``: arc of a pool or quota with its floor and ceiling. ``choice``: arc of (kind, pool).
    """

    sorts: list[Sort]
    quotas: list[Bounds]
    tail: list[int] = field(default_factory=list)
    head: list[int] = field(default_factory=list)
    flow: list[Fraction] = field(default_factory=list)
    num_nodes: int = 1
    chain: dict[int, list[int]] = field(default_factory=dict)
    limits: list[tuple[str, str, int, int, int | None]] = field(default_factory=list)
    choice: dict[Cell, int] = field(default_factory=dict)
    struck: set[Cell] = field(default_factory=set)
    kept: set[int] = field(default_factory=set)


def graph_of(instance: Instance, table: Mapping[Cell, Fraction]) -> Graph | None:
    """The graph of a table in which equals have equal rows; None where the limits part into no two families."""
    lists, quotas = ranked(instance), bounds_of(instance)
    graph = Graph(sorts_of(lists, quotas), quotas)
    alone = _strike(graph)
    sets = _sets(instance, graph, alone)
    side = _sides(lists, graph)
    if side is None:
        return None
    mass = {
        (number, pool): len(sort.members) * table.get((sort.members[0], pool), Fraction(0))
        for number, sort in enumerate(graph.sorts)
        for rank in sort.ranks
        for pool in rank
    }
    _join(graph, sets, [side[name] for name, _, _, _ in sets], mass)
    return graph


def _strike(graph: Graph) -> set[int]:
    """Quotas that count a single household are no sets: they strike its choices or keep its row at 1."""
    alone = set()
    for number, quota in enumerate(graph.quotas):
        counted = [at for at, sort in enumerate(graph.sorts) if number in sort.quotas]
        if sum(len(graph.sorts[at].members) for at in counted) != 1:
            continue
        alone.add(number)
        (at,) = counted
        for rank in graph.sorts[at].ranks:
            for pool in rank:
                if (quota.most == 0) if pool in quota.pools else quota.least > 0:
                    graph.struck.add((at, pool))
        if quota.least:
            graph.kept.add(at)
    return alone


Named = tuple[tuple[str, int, int], frozenset[Cell], int, int | None]


def _sets(instance: Instance, graph: Graph, alone: set[int]) -> list[Named]:
    """Name, choices and bounds: of each kind its first ranks and its row, then pools, then quotas."""
    found: list[Named] = []
    pools: dict[int, set[Cell]] = {}
    quotas: dict[int, set[Cell]] = {}
    for at, sort in enumerate(graph.sorts):
        upto: set[Cell] = set()
        for depth, rank in enumerate(sort.ranks):
            upto |= {(at, pool) for pool in rank}
            found.append((("kind", at, depth), frozenset(upto), 0, len(sort.members)))
        for cell in upto:
            pools.setdefault(cell[1], set()).add(cell)
            for number in sort.quotas:
                if number not in alone and cell[1] in graph.quotas[number].pools:
                    quotas.setdefault(number, set()).add(cell)
    for pool in sorted(pools):
        found.append((("pools", pool, 0), frozenset(pools[pool]), 0, int(instance.capacity[pool])))
    for number in sorted(quotas):
        quota = graph.quotas[number]
        found.append((("quotas", number, 0), frozenset(quotas[number]), quota.least, quota.most))
    graph.limits = [
        (what, instance.pool_ids[number] if what == "pools" else graph.quotas[number].name, at, low, high)
        for at, ((what, number, _), _, low, high) in enumerate(found)
        if what != "kind"
    ]
    return found


def _sides(lists: Sequence[list[list[int]]], graph: Graph) -> dict[tuple[str, int, int], int] | None:
    """The family of every set, from those of the households' rows, the pools and the quotas."""
    rows = [frozenset((at, pool) for rank in ranks for pool in rank) for at, ranks in enumerate(lists)]
    pools: dict[int, set[Cell]] = {}
    for row in rows:
        for cell in row:
            pools.setdefault(cell[1], set()).add(cell)
    named: list[tuple[tuple[str, int, int], frozenset[Cell]]] = []
    named += [(("row", at, 0), row) for at, row in enumerate(rows)]
    named += [(("pools", pool, 0), frozenset(pools[pool])) for pool in sorted(pools)]
    for number, quota in enumerate(graph.quotas):
        counted = frozenset(
            cell
            for at in np.flatnonzero(quota.members).tolist()
            for cell in rows[at]
            if cell[1] in quota.pools
        )
        named.append((("quotas", number, 0), counted))
    named = [one for one in named if one[1]]
    sides = sides_of([cells for _, cells in named])
    if sides is None:
        return None
    side = {name: found for (name, _), found in zip(named, sides, strict=True)}
    for at, sort in enumerate(graph.sorts):
        for depth in range(len(sort.ranks)):
            side["kind", at, depth] = side["row", sort.members[0], 0]
    return side


def _join(graph: Graph, sets: Sequence[Named], side: Sequence[int], mass: Mapping[Cell, Fraction]) -> None:
    """From the largest sets inwards: whoever held a cell last is the set around the next."""
    inner: tuple[dict[Cell, int], dict[Cell, int]] = ({}, {})
    around = [0] * len(sets)
    for number in sorted(range(len(sets)), key=lambda number: (len(sets[number][1]), number), reverse=True):
        for cell in sets[number][1]:
            around[number] = inner[side[number]].get(cell, 0)
            inner[side[number]][cell] = number + 1
    for number, ((what, at, _), cells, _, _) in enumerate(sets):
        ends = (around[number], number + 1)
        graph.tail.append(ends[side[number]])
        graph.head.append(ends[1 - side[number]])
        graph.flow.append(sum((mass[cell] for cell in cells), Fraction(0)))
        if what == "kind":
            graph.chain.setdefault(at, []).append(number)
    for cell in sorted(mass, key=lambda cell: _place(graph, cell)):
        graph.choice[cell] = len(graph.tail)
        graph.tail.append(inner[0].get(cell, 0))
        graph.head.append(inner[1].get(cell, 0))
        graph.flow.append(mass[cell])
    graph.num_nodes = len(sets) + 1


def _place(graph: Graph, cell: Cell) -> tuple[int, int, int]:
    ranks = graph.sorts[cell[0]].ranks
    return (cell[0], next(at for at, rank in enumerate(ranks) if cell[1] in rank), cell[1])


@dataclass(eq=False)
class Level:
    """A chance of a stage, the kinds that have it, and (nodes,) the distances, None where somebody can gain."""

    chance: Fraction
    kinds: list[int]
    distance: Ints | None


def levels_of(graph: Graph, stage: int) -> list[Level]:
    """The levels of a stage from the lowest up. Stage 0 looks at rows, stage k at the first k ranks."""
    looked_at = {
        at: arcs[stage - 1 if stage else -1]
        for at, arcs in graph.chain.items()
        if stage < len(arcs) or not stage
    }
    chance = {at: graph.flow[arc] / len(graph.sorts[at].members) for at, arc in looked_at.items()}
    steps = np.array(_steps(graph, stage, set(looked_at.values())), np.int64).reshape(-1, 3)
    found = []
    for value in sorted(set(chance.values())):
        moves = []
        for at, arc in looked_at.items():
            one, other = graph.tail[arc], graph.head[arc]
            if stage or chance[at] < 1:
                moves.append([one, other, -1 if chance[at] == value else 0])
            if chance[at] > value and (stage or at not in graph.kept):
                moves.append([other, one, 0])
        kinds = [at for at in looked_at if chance[at] == value]
        both = np.concatenate([steps, np.array(moves, np.int64).reshape(-1, 3)])
        found.append(Level(value, kinds, _distances(graph.num_nodes, both)))
    return found


def _steps(graph: Graph, stage: int, left_out: set[int]) -> list[tuple[int, int, int]]:
    """What may be moved at any level of a stage: (from, to, 0)."""
    found = _choices(graph, list(graph.choice))
    found += _limits(graph)
    for arcs in graph.chain.values():
        for arc in arcs[stage:-1]:
            if arc not in left_out:
                found += [(graph.tail[arc], graph.head[arc], 0), (graph.head[arc], graph.tail[arc], 0)]
    return found


def _choices(graph: Graph, cells: Sequence[Cell]) -> list[tuple[int, int, int]]:
    found = []
    for cell in cells:
        arc = graph.choice[cell]
        if cell not in graph.struck:
            found.append((graph.tail[arc], graph.head[arc], 0))
            if graph.flow[arc] > 0:
                found.append((graph.head[arc], graph.tail[arc], 0))
    return found


def _limits(graph: Graph) -> list[tuple[int, int, int]]:
    found = []
    for _, _, arc, low, high in graph.limits:
        if high is None or graph.flow[arc] < high:
            found.append((graph.tail[arc], graph.head[arc], 0))
        if graph.flow[arc] > low:
            found.append((graph.head[arc], graph.tail[arc], 0))
    return found


def _distances(num_nodes: int, moves: Ints) -> Ints | None:
    """Shortest ways with every node at 0 to begin with; None where a circle is shorter than nothing."""
    distance = np.zeros(num_nodes, np.int64)
    if not len(moves):
        return distance
    floor = moves[:, 2].sum()
    while True:
        reached = distance.copy()
        np.minimum.at(reached, moves[:, 1], distance[moves[:, 0]] + moves[:, 2])
        if np.array_equal(reached, distance):
            return distance
        if reached.min() < floor:
            return None
        distance = reached


def loose_ties(graph: Graph) -> list[Cell]:
    """Choices that could have more without an earlier choice, or any chance of a rank, changing."""
    after: dict[int, list[int]] = {}
    for one, other, _ in _limits(graph):
        after.setdefault(one, []).append(other)
    tied = [cell for cell in graph.choice if _is_tied(graph, cell)]
    found = []
    for cell in reversed(tied):
        arc = graph.choice[cell]
        if _reaches(after, graph.head[arc], graph.tail[arc]):
            found.append(cell)
        for one, other, _ in _choices(graph, [cell]):
            after.setdefault(one, []).append(other)
    return found[::-1]


def _is_tied(graph: Graph, cell: Cell) -> bool:
    rank = next(rank for rank in graph.sorts[cell[0]].ranks if cell[1] in rank)
    return cell not in graph.struck and len(rank) > 1


def _reaches(after: Mapping[int, list[int]], one: int, goal: int) -> bool:
    seen = {one}
    waiting = deque(seen)
    while waiting:
        for other in after.get(waiting.popleft(), ()):
            if other == goal:
                return True
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return False
