"""Figures that every mechanism reports."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from allocator.model.instance import Instance, Ints

CERTIFICATE_FORMAT: Final = "allocator-certificate/1"


def in_order_of_places(instance: Instance) -> dict[str, Any]:
    """Of a mechanism that gives out places in an order: which a household asks for first, where any are reserved.

    ``docs/decisions/own-reserve-first.md``; what the other order would change: ``measures.reserve_order``.
    """
    return {"reserve_order": "own_reserve_first"} if instance.extensions.get("reserves") else {}


def rank_counts(instance: Instance, held: Ints) -> dict[str, Any]:
    """How many households got which rank. ``held`` (n,): the choice each holds, or -1."""
    got, count = np.unique(instance.rank[held[held >= 0]], return_counts=True)
    return {
        "num_households": instance.num_households,
        "num_housed": int(count.sum()),
        "num_by_rank": dict(zip(map(str, got.tolist()), count.tolist(), strict=True)),
    }
