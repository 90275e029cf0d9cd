"""Whether quotas part into two families so that the assignments that keep them are a flow.

Budish, Che, Kojima and Milgrom (2013): households' rows with the quotas that cross pools on one side, pools with the quotas that
cross rows on the other; inside each side two sets are apart or one holds the other. The test is a two-colouring.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from allocator.mechanisms.crossing_program import Quota
from allocator.mechanisms.wishes import Wishes
from allocator.model.instance import Ints

PEOPLE: Final = 0
POOLS: Final = 1
_EITHER: Final = -1


@dataclass(frozen=True, eq=False)
class Families:
    """``people``: quotas that count all claims of whomever they count; ``pools``: quotas that nest among the pools."""

    people: list[Quota]
    pools: list[Quota]

    @property
    def all(self) -> list[Quota]:
        """Of both sides."""
        return [*self.people, *self.pools]


def two_sides(wishes: Wishes, quotas: Sequence[Quota]) -> Families | tuple[str, str]:
    """The two families, or two quotas (perhaps one, twice) because of which there are none. O(claims of quotas)."""
    cells = _Cells(wishes)
    sides = []
    for quota in quotas:
        claims = claims_counted(wishes, quota)
        side = _side(wishes, claims)
        if side is None:
            return quota.name, quota.name
        sides.append(side)
        cells.part(claims)
    crossing = cells.crossing()
    for first in sorted(range(len(quotas)), key=lambda one: sides[one] == _EITHER):
        if sides[first] == _EITHER:
            sides[first] = POOLS
        waiting = deque([first])
        while waiting:
            at = waiting.popleft()
            for other in crossing[at]:
                if sides[other] == sides[at]:
                    return quotas[at].name, quotas[other].name
                if sides[other] == _EITHER:
                    sides[other] = 1 - sides[at]
                    waiting.append(other)
    parted: tuple[list[Quota], list[Quota]] = ([], [])
    for quota, side in zip(quotas, sides, strict=True):
        parted[side].append(quota)
    return Families(parted[PEOPLE], parted[POOLS])


def claims_counted(wishes: Wishes, quota: Quota) -> Ints:
    """The claims the quota counts, ascending."""
    inside = np.zeros(int(wishes.pool.max(initial=-1)) + 1, bool)
    inside[[pool for pool in quota.pools if pool < len(inside)]] = True
    return np.flatnonzero(inside[wishes.pool] & quota.members[wishes.household])


def _side(wishes: Wishes, claims: Ints) -> int | None:
    """The side on which the set can stand: it may cut rows on that of the pools, pools on that of the people."""
    of_row = np.bincount(wishes.household[claims], minlength=len(wishes.start) - 1)
    cuts_row = bool(((of_row > 0) & (of_row < np.diff(wishes.start))).any())
    of_pool = np.bincount(wishes.pool[claims], minlength=int(wishes.pool.max(initial=-1)) + 1)
    is_cut = (of_pool > 0) & (of_pool < np.bincount(wishes.pool, minlength=len(of_pool)))
    cuts_pool = bool((is_cut & (of_pool < len(claims))).any())
    if cuts_row and cuts_pool:
        return None
    if cuts_row or cuts_pool:
        return POOLS if cuts_row else PEOPLE
    return _EITHER


class _Cells:
    """Claims parted by which sets hold them, so that sets are compared by cells and not by claims."""

    def __init__(self, wishes: Wishes) -> None:
        self._cell = np.zeros(len(wishes.pool), np.int64)
        self._held_by: list[tuple[int, ...]] = [()]
        self._num_sets = 0

    def part(self, claims: Ints) -> None:
        """A further set."""
        before, place = np.unique(self._cell[claims], return_inverse=True)
        self._cell[claims] = len(self._held_by) + place
        self._held_by += [(*self._held_by[old], self._num_sets) for old in before.tolist()]
        self._num_sets += 1

    def crossing(self) -> list[list[int]]:
        """By set those that meet it while neither holds the other."""
        there = [self._held_by[cell] for cell in np.unique(self._cell).tolist()]
        cells: list[set[int]] = [set() for _ in range(self._num_sets)]
        for number, holders in enumerate(there):
            for one in holders:
                cells[one].add(number)
        found = []
        for one, mine in enumerate(cells):
            near = sorted({other for cell in mine for other in there[cell]} - {one})
            found.append([other for other in near if not (mine <= cells[other] or cells[other] <= mine)])
        return found
