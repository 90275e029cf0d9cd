"""Which families of limits can be drawn by lot: those that part into two laminar families.

Budish, Che, Kojima and Milgrom (2013): with households' rows, pools' columns and the quotas so parted, every
table of chances is a lottery over assignments that keep every limit. The test is a two-colouring.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from allocator.mechanisms.places import Ceiling
from allocator.model.instance import Instance


@dataclass(frozen=True, eq=False)
class LimitSet:
    """A limit as the set of choices (indices in ``Instance.pool``) it counts. ``name`` as people call it.

    ``what``: "row", "pool" or "quota" and the household, pool or place among the quotas.
    """

    name: str
    cells: frozenset[int]
    what: tuple[str, int] = ("", -1)


def limit_sets(instance: Instance, ceilings: Sequence[Ceiling]) -> list[LimitSet]:
    """Rows, columns and quotas that count any choice, in this order; rows and columns as in the instance."""
    start, pool = instance.start.tolist(), instance.pool.tolist()
    columns: dict[int, list[int]] = {}
    inside: list[list[int]] = [[] for _ in ceilings]
    found = []
    for household, name in enumerate(instance.household_ids):
        cells = range(start[household], start[household + 1])
        found.append(LimitSet(name, frozenset(cells), ("row", household)))
        for cell in cells:
            columns.setdefault(pool[cell], []).append(cell)
            for number, ceiling in enumerate(ceilings):
                if ceiling.members[household] and pool[cell] in ceiling.pools:
                    inside[number].append(cell)
    found += [
        LimitSet(instance.pool_ids[one], frozenset(columns[one]), ("pool", one)) for one in sorted(columns)
    ]
    found += [
        LimitSet(ceiling.name, frozenset(cells), ("quota", number))
        for number, (ceiling, cells) in enumerate(zip(ceilings, inside, strict=True))
    ]
    return [one for one in found if one.cells]


def two_families(sets: Sequence[LimitSet]) -> tuple[list[int], list[str]]:
    """The family (0 or 1) of each set, or an odd cycle of names in which each crosses the next.

    Two sets cross when they meet and neither contains the other.
    """
    holding: dict[int, list[int]] = {}
    for number, one in enumerate(sets):
        for cell in sorted(one.cells):
            holding.setdefault(cell, []).append(number)
    family = [-1] * len(sets)
    parent = [-1] * len(sets)
    for first in range(len(sets)):
        if family[first] >= 0:
            continue
        family[first] = 0
        waiting = deque([first])
        while waiting:
            at = waiting.popleft()
            near = sorted({other for cell in sets[at].cells for other in holding[cell]})
            for other in near:
                if not _cross(sets[at].cells, sets[other].cells):
                    continue
                if family[other] < 0:
                    family[other], parent[other] = 1 - family[at], at
                    waiting.append(other)
                elif family[other] == family[at]:
                    return [], [sets[one].name for one in _odd_cycle(parent, at, other)]
    return family, []


def _cross(one: frozenset[int], other: frozenset[int]) -> bool:
    return not (one <= other or other <= one or one.isdisjoint(other))


def _odd_cycle(parent: list[int], one: int, other: int) -> list[int]:
    """From both ends up the tree to where they meet."""
    ways = []
    for node in (one, other):
        way = [node]
        while parent[way[-1]] >= 0:
            way.append(parent[way[-1]])
        ways.append(way)
    meeting = next(node for node in ways[0] if node in ways[1])
    left, right = (way[: way.index(meeting)] for way in ways)
    return [*left, meeting, *reversed(right)]
