"""What granting one household a pool it liked better would have cost the others, exactly and without solving again.

Definition: among all assignments within the capacities in which the household holds that pool, take the best for
everybody else by the aims of the mechanism, and compare it with the published one. Aims of ``band_optimum``: band
by band, as many housed as can be, the earlier first, then the least total rank (``housing_first``: all bands'
first aims before their ranks); of ``serial``: each household a band of its own, its list taken strictly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from allocator.measures.cost_chain import ChoosingChain
from allocator.measures.cost_graph import PoolGraph
from allocator.measures.holdings import Holdings, holdings_of
from allocator.model.instance import UNASSIGNED, Instance, Ints

SERVED: Final = ("serial", "band_optimum")

Move = tuple[int, int, int]


@dataclass(frozen=True)
class BandCost:
    """Others of one band. ``housed`` and ``total_rank``: change of the number housed and of their ranks' sum.

    ``unhoused`` lost their place, ``newly_housed`` gained one; ``worse`` and ``better`` still hold a place, of a
    later or earlier rank (in sum ``ranks_lost`` and ``ranks_gained``).
    """

    band: int
    housed: int
    total_rank: int
    unhoused: int
    newly_housed: int
    worse: int
    ranks_lost: int
    better: int
    ranks_gained: int

    def document(self) -> dict[str, int]:
        """Plain numbers."""
        return {name: int(value) for name, value in vars(self).items()}


@dataclass(frozen=True)
class Cost:
    """``moves``: (household, pool left, pool entered) of all others who would stand elsewhere, -1 for no place.

    Households are positions from 0, pools places in the instance. ``bands``: those in which anything changes.
    """

    pool: int
    rank: int
    moves: tuple[Move, ...]
    bands: tuple[BandCost, ...]

    def document(self, instance: Instance) -> dict[str, Any]:
        """Plain numbers and the name of the pool; who the others are is nobody's business."""
        return {
            "pool": instance.pool_ids[self.pool],
            "rank": self.rank,
            "displaced": sum(band.unhoused + band.worse for band in self.bands),
            "unhoused": sum(band.unhoused for band in self.bands),
            "bands": [band.document() for band in self.bands],
        }


class _Ways(Protocol):
    def moves(self, household: int, pools: Iterable[int]) -> Mapping[int, list[Move] | None]:
        """The moves of the others by pool; ``None`` where nobody can hold a place."""


class CostsToOthers:
    """Built once for an assignment, then asked household by household. Read only, safe to share.

    Raises ``ValueError`` for a mechanism that is not ``SERVED``, for fields beside the plain ones, and for an
    assignment of ``band_optimum`` that is not the optimum.
    """

    def __init__(
        self, instance: Instance, assigned: Ints, mechanism: str, *, housing_first: bool = False
    ) -> None:
        if mechanism not in SERVED or instance.extensions:
            raise ValueError(f"no costs to others are defined for {mechanism!r} with these fields")
        self.instance = instance
        self.held: Holdings = holdings_of(instance, assigned)
        self._ways: _Ways = (
            ChoosingChain(instance, self.held)
            if mechanism == "serial"
            else PoolGraph(instance, self.held, housing_first=housing_first)
        )

    def of(self, household: int) -> list[Cost]:
        """What each pool of the list liked better than what is held would cost others, in list order.

        Pools without any place are left out: nobody can be given one.
        """
        start, stop = int(self.instance.start[household]), int(self.instance.start[household + 1])
        edges = np.arange(start, stop)
        own = int(self.held.rank[household])
        if self.held.pool[household] != UNASSIGNED:
            edges = edges[self.instance.rank[start:stop] < own]
        ranks = {int(self.instance.pool[edge]): int(self.instance.rank[edge]) for edge in edges}
        found = self._ways.moves(household, ranks)
        return [
            Cost(pool, rank, tuple(moves), self._by_band(moves))
            for pool, rank in ranks.items()
            if (moves := found[pool]) is not None
        ]

    def _by_band(self, moves: list[Move]) -> tuple[BandCost, ...]:
        bands: dict[int, list[tuple[int, int]]] = {}
        for household, _, entered in moves:
            band = int(self.instance.band[household])
            before, after = int(self.held.rank[household]), self._rank_of(household, entered)
            bands.setdefault(band, []).append((before, after))
        return tuple(_band_cost(band, bands[band]) for band in sorted(bands))

    def _rank_of(self, household: int, pool: int) -> int:
        """Rank from 1, 0 for no place."""
        if pool == UNASSIGNED:
            return 0
        own = slice(int(self.instance.start[household]), int(self.instance.start[household + 1]))
        return int(self.instance.rank[own][self.instance.pool[own] == pool][0])


def _band_cost(band: int, changes: list[tuple[int, int]]) -> BandCost:
    """``changes``: rank before and after, 0 for no place."""
    stay = [after - before for before, after in changes if before and after]
    unhoused = sum(1 for _, after in changes if not after)
    newly_housed = sum(1 for before, _ in changes if not before)
    return BandCost(
        band=band,
        housed=newly_housed - unhoused,
        total_rank=sum(after - before for before, after in changes),
        unhoused=unhoused,
        newly_housed=newly_housed,
        worse=sum(change > 0 for change in stay),
        ranks_lost=sum(change for change in stay if change > 0),
        better=sum(change < 0 for change in stay),
        ranks_gained=-sum(change for change in stay if change < 0),
    )
