"""The laws of ``serial`` (certificate.md): each takes the best listed pool still open."""

from __future__ import annotations

import numpy as np

from allocator.audit.judgement import FORMAT, Breach, Judgement, loads_of, seats_of
from allocator.model.instance import Instance, Ints


def judge_serial(instance: Instance, assigned: Ints) -> Judgement:
    """Certificate and breaches of an assignment that is feasible and keeps to the lists. O(E)."""
    filled = _filled(instance, assigned)
    seats = seats_of(instance, assigned)
    own = seats.own_choice[seats.owner]
    is_better = (own < 0) | (np.arange(len(seats.owner)) < own)
    was_open = is_better & (filled[instance.pool] >= seats.owner + 1)
    breaches = tuple(
        Breach("serial_choice", instance.household_ids[int(seats.owner[choice])], instance.pool_ids[pool])
        for choice in np.flatnonzero(was_open)[:3]
        for pool in [int(instance.pool[choice])]
    )
    return Judgement(_certificate(instance, assigned, filled), breaches)


def _filled(instance: Instance, assigned: Ints) -> Ints:
    """(C,) position of who took the last place; n + 1 where a place is left."""
    last = np.zeros(instance.num_pools, dtype=np.int64)
    housed = np.flatnonzero(assigned >= 0)
    np.maximum.at(last, assigned[housed], housed + 1)
    is_full = loads_of(instance, assigned) >= instance.capacity
    return np.where(is_full, last, instance.num_households + 1)


def _certificate(instance: Instance, assigned: Ints, filled: Ints) -> dict[str, object]:
    full = np.flatnonzero(filled <= instance.num_households)
    return {
        "format": FORMAT,
        "mechanism": "serial",
        "num_households": instance.num_households,
        "num_housed": int((assigned >= 0).sum()),
        "filled": {instance.pool_ids[int(pool)]: int(filled[pool]) for pool in full},
    }
