"""What everybody holds, in columns: shared by the measures that work on an instance and an assignment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.model.instance import UNASSIGNED, Instance, Ints


@dataclass(frozen=True, eq=False)
class Holdings:
    """``owner`` (E,) household of each choice; ``pool`` (n,) pool held or ``UNASSIGNED``; ``edge`` (n,) the choice
    held or -1; ``rank`` (n,) its rank from 1, 0 for none.
    """

    owner: Ints
    pool: Ints
    edge: Ints
    rank: Ints


def holdings_of(instance: Instance, assigned: Ints) -> Holdings:
    """The holdings of an assignment. Raises ``ValueError`` where somebody holds a pool that is not on its list."""
    owner = np.repeat(np.arange(instance.num_households), np.diff(instance.start))
    is_held = (instance.pool == assigned[owner]) & (assigned[owner] != UNASSIGNED)
    edge = np.full(instance.num_households, -1, np.int64)
    places = np.flatnonzero(is_held)[::-1]  # the first of a list that names a pool twice wins
    edge[owner[places]] = places
    if ((edge < 0) != (assigned == UNASSIGNED)).any():
        raise ValueError("somebody holds a pool it did not list")
    rank = np.where(edge < 0, 0, instance.rank[edge] if len(instance.rank) else 0)
    return Holdings(owner, assigned, edge, rank)
