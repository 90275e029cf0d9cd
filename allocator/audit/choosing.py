"""The law of ``serial`` under reserves and maxima: everybody, in order, has the best that was open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.audit.claims import counted, group
from allocator.audit.judgement import FORMAT, Bools, Breach, Judgement
from allocator.audit.stability import judge_stable
from allocator.model.instance import Instance, Ints

_NEVER = None


@dataclass
class _Limit:
    """What is left for ``members`` (n,), and the position that took the last of it."""

    left: int
    members: Bools
    used_up: int | None

    def use(self, position: int) -> None:
        self.left -= 1
        if self.left == 0:
            self.used_up = position


def judge_choosing(instance: Instance, assigned: Ints) -> Judgement:
    """Where a reserve is released the laws are those of stability; else everybody's choice is looked at again."""
    if any(entry.get("release") for entry in instance.extensions.get("reserves", [])):
        return judge_stable(instance, assigned, "serial")
    open_, reserved, maxima = _limits(instance)
    breaches = []
    for household in range(instance.num_households):
        held = int(assigned[household])
        lists = instance.pool[instance.start[household] : instance.start[household + 1]].tolist()
        for pool in [*lists, -1]:
            limits = None if pool < 0 else _room(open_, reserved, maxima, pool, household)
            if limits is not None and pool != held:
                breaches.append(
                    Breach("serial_choice", instance.household_ids[household], instance.pool_ids[pool])
                )
            if pool == held or limits is not None:
                if limits is None and held >= 0:
                    breaches.append(
                        Breach("serial_choice", instance.household_ids[household], instance.pool_ids[held])
                    )
                for limit in limits or ():
                    limit.use(household + 1)
                break
        if len(breaches) >= 3:
            break
    figures: dict[str, Any] = {
        "format": FORMAT,
        "mechanism": "serial",
        "num_households": instance.num_households,
        "num_housed": int((assigned >= 0).sum()),
        "filled": {
            instance.pool_ids[pool]: limit.used_up
            for pool, limit in open_.items()
            if limit.used_up is not _NEVER
        },
    }
    if reserved:
        figures["reserved"] = {
            instance.pool_ids[pool]: [limit.used_up for limit in limits] for pool, limits in reserved.items()
        }
    if maxima:
        figures["maxima"] = {
            name: limit.used_up for name, (limit, _) in maxima.items() if limit.used_up is not _NEVER
        }
    return Judgement(figures, tuple(breaches))


def _limit(places: int, members: Bools) -> _Limit:
    return _Limit(places, members, 0 if places == 0 else None)


def _limits(
    instance: Instance,
) -> tuple[dict[int, _Limit], dict[int, list[_Limit]], dict[str, tuple[_Limit, frozenset[int]]]]:
    """Open places and reserves by pool, and the maxima; one on everybody in one pool makes the pool smaller."""
    everybody = np.ones(instance.num_households, dtype=np.bool_)
    places = dict(enumerate(instance.capacity.tolist()))
    maxima = {}
    for quota, members, pools in counted(instance):
        if len(pools) == 1 and members.all():
            places[pools[0]] = min(places[pools[0]], quota["max"])
        else:
            maxima[quota["id"]] = (_limit(quota["max"], members), frozenset(pools))
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    reserved: dict[int, list[_Limit]] = {}
    for entry in instance.extensions.get("reserves", []):
        pool = index[entry["pool"]]
        kept = min(entry["places"], places[pool])
        places[pool] -= kept
        reserved.setdefault(pool, []).append(_limit(kept, group(instance, [entry["group"]])))
    return {pool: _limit(left, everybody) for pool, left in places.items()}, reserved, maxima


def _room(
    open_: dict[int, _Limit],
    reserved: dict[int, list[_Limit]],
    maxima: dict[str, tuple[_Limit, frozenset[int]]],
    pool: int,
    household: int,
) -> list[_Limit] | None:
    """The limits a place there would use, or nothing."""
    binding = [limit for limit, pools in maxima.values() if pool in pools and limit.members[household]]
    if not all(limit.left for limit in binding):
        return None
    for limit in (*reserved.get(pool, ()), open_[pool]):
        if limit.left and limit.members[household]:
            return [*binding, limit]
    return None
