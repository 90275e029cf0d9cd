"""Claims against the published order: who would rather have what somebody behind it got (合理嫉妒)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.measures.holdings import Holdings
from allocator.model.instance import UNASSIGNED, Instance


@dataclass(frozen=True)
class Envy:
    """``households`` with a claim and ``pairs`` (who envies, who is envied); the same inside one band alone."""

    households: int
    pairs: int
    households_in_band: int
    pairs_in_band: int


def envy(instance: Instance, held: Holdings) -> Envy:
    """Counts of justified envy by the published order: i likes better what j holds, and j stands behind i.

    O(E log n): the holders of every pool stand sorted by position, and each choice liked better counts those behind.
    """
    n = instance.num_households
    housed = np.flatnonzero(held.pool != UNASSIGNED)
    places = np.sort(held.pool[housed] * n + housed)
    own = np.where(held.rank > 0, held.rank, np.iinfo(np.int64).max)
    wishes = np.flatnonzero(instance.rank < own[held.owner])
    owner, pool = held.owner[wishes], instance.pool[wishes]
    ends = np.concatenate((np.searchsorted(instance.band, np.arange(1, instance.num_bands)), [n]))
    behind = np.searchsorted(places, pool * n + owner, side="right")
    of_band = np.searchsorted(places, pool * n + ends[instance.band[owner]]) - behind
    of_all = np.searchsorted(places, (pool + 1) * n) - behind
    return Envy(
        households=len(np.unique(owner[of_all > 0])),
        pairs=int(of_all.sum()),
        households_in_band=len(np.unique(owner[of_band > 0])),
        pairs_in_band=int(of_band.sum()),
    )
