"""``serial``: in the published order each household takes the best listed pool still open (选房)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from allocator.mechanisms.report import CERTIFICATE_FORMAT, rank_counts
from allocator.mechanisms.serial_limits import serial_within_limits
from allocator.model.enums import SolutionStatus
from allocator.model.instance import UNASSIGNED, Instance, Ints, Matching, Solution

NAME: Final = "serial"
_BLOCK = 4096


def serial(instance: Instance) -> Solution:
    """Serial dictatorship; of pools liked equally the one listed first is taken.

    The certificate names, for each pool without places left, the position that took the last one. Under
    reserves and maxima see ``serial_limits``.
    """
    if {"reserves", "max"} & set(instance.extensions):
        return serial_within_limits(instance)
    held, filled = _choose_in_order(instance)
    is_housed = held >= 0
    assigned = np.full(instance.num_households, UNASSIGNED, np.int64)
    assigned[is_housed] = instance.pool[held[is_housed]]
    return Solution(
        mechanism=NAME,
        status=SolutionStatus.OPTIMAL,
        matching=Matching(assigned),
        certificate=_certificate(instance, int(is_housed.sum()), filled),
        report=rank_counts(instance, held),
        options={},
    )


def _certificate(instance: Instance, num_housed: int, filled: dict[int, int]) -> dict[str, Any]:
    return {
        "format": CERTIFICATE_FORMAT,
        "mechanism": NAME,
        "num_households": instance.num_households,
        "num_housed": num_housed,
        "filled": {instance.pool_ids[pool]: filled[pool] for pool in sorted(filled)},
    }


def _choose_in_order(instance: Instance) -> tuple[Ints, dict[int, int]]:
    """(n,) the choice each household takes (-1: none), and the position that filled each full pool."""
    held = np.full(instance.num_households, -1, np.int64)
    room: list[int] = instance.capacity.tolist()
    filled = {pool: 0 for pool, places in enumerate(room) if places == 0}
    for low in range(0, instance.num_households, _BLOCK):
        high = min(low + _BLOCK, instance.num_households)
        for household, edge, pool in _hopeful(instance, low, high, np.array(room) > 0):
            if held[household] < 0 and room[pool]:
                held[household] = edge
                room[pool] -= 1
                if not room[pool]:
                    filled[pool] = household + 1
    return held, filled


def _hopeful(instance: Instance, low: int, high: int, is_open: Any) -> zip[tuple[int, int, int]]:
    """The choices of households [low, high) for pools that were open when the block began, in order."""
    start = instance.start[low : high + 1]
    owner = np.repeat(np.arange(low, high), np.diff(start))
    edges = np.arange(start[0], start[-1])
    hopeful = is_open[instance.pool[edges]]
    edges = edges[hopeful]
    return zip(owner[hopeful].tolist(), edges.tolist(), instance.pool[edges].tolist(), strict=True)
