"""``serial`` under reserves and maxima: a pool is open to a household when a place it may take is left there
and taking it breaks no maximum; of its own group's reserved and the open places it takes the reserved first.

Where a reserve is released (what the group leaves others may take), who may have it depends on who comes
later, so choosing in order is then the stable assignment best for every household under the one order; it
is the same wherever nothing is released.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from allocator.errors import Refused
from allocator.mechanisms.deferred_acceptance import best_stable
from allocator.mechanisms.places import Ceiling, Reserve, ceilings_of, reserves_of
from allocator.mechanisms.report import CERTIFICATE_FORMAT, in_order_of_places, rank_counts
from allocator.model.enums import SolutionStatus
from allocator.model.instance import UNASSIGNED, Instance, Ints, Matching, Solution

NAME: Final = "serial"
_NOTHING: Final = -1


def serial_within_limits(instance: Instance) -> Solution:
    """Choosing in order. Raises ``Refused`` for a released reserve beside maxima that do not part one pool."""
    if any(entry.get("release") for entry in instance.extensions.get("reserves", [])):
        try:
            return best_stable(instance, NAME)
        except Refused as refusal:
            raise Refused("mechanism_release_beside_max", mechanism=NAME, cause=refusal.code) from None
    choosing = _Choosing(instance)
    held = choosing.run()
    is_housed = held >= 0
    assigned = np.full(instance.num_households, UNASSIGNED, np.int64)
    assigned[is_housed] = instance.pool[held[is_housed]]
    return Solution(
        mechanism=NAME,
        status=SolutionStatus.OPTIMAL,
        matching=Matching(assigned),
        certificate={
            "format": CERTIFICATE_FORMAT,
            "mechanism": NAME,
            "num_households": instance.num_households,
            "num_housed": int(is_housed.sum()),
            **choosing.figures(),
        },
        report=rank_counts(instance, held) | in_order_of_places(instance),
        options={},
    )


class _Choosing:
    """Counters of places and maxima. A *limit* is an open pool, a reserve or a maximum: what is left of it, and
    the position that used it up.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        capacity, self.ceilings = _split(instance)
        self.reserves = reserves_of(instance, capacity)
        reserved = {pool: sum(one.places for one in reserves) for pool, reserves in self.reserves.items()}
        left = [int(places) - reserved.get(pool, 0) for pool, places in enumerate(capacity.tolist())]
        self.reserve_at: dict[int, list[tuple[int, Reserve]]] = {}
        for pool, reserves in sorted(self.reserves.items()):
            self.reserve_at[pool] = [(len(left) + number, one) for number, one in enumerate(reserves)]
            left += [one.places for one in reserves]
        self.first_ceiling = len(left)
        left += [ceiling.most for ceiling in self.ceilings]
        self.left = left
        self.used_up = {limit: 0 for limit, places in enumerate(left) if places == 0}
        self.ceilings_of_pool: dict[int, list[tuple[int, Ceiling]]] = {}
        for number, ceiling in enumerate(self.ceilings, start=self.first_ceiling):
            for pool in ceiling.pools:
                self.ceilings_of_pool.setdefault(pool, []).append((number, ceiling))

    def run(self) -> Ints:
        """(n,) the choice each household takes, -1 for none."""
        start, pools = self.instance.start.tolist(), self.instance.pool.tolist()
        held = np.full(self.instance.num_households, _NOTHING, np.int64)
        for household in range(self.instance.num_households):
            for choice in range(start[household], start[household + 1]):
                limits = self._place(household, pools[choice])
                if limits is not None:
                    held[household] = choice
                    for limit in limits:
                        self.left[limit] -= 1
                        if not self.left[limit]:
                            self.used_up[limit] = household + 1
                    break
        return held

    def _place(self, household: int, pool: int) -> list[int] | None:
        """What a place there would use of, or nothing where there is none to have."""
        limits = [
            number for number, ceiling in self.ceilings_of_pool.get(pool, ()) if ceiling.members[household]
        ]
        if any(not self.left[number] for number in limits):
            return None
        for number, reserve in self.reserve_at.get(pool, ()):
            if self.left[number] and reserve.members[household]:
                return [*limits, number]
        return [*limits, pool] if self.left[pool] else None

    def figures(self) -> dict[str, Any]:
        """The positions at which open places, reserves and maxima were used up."""
        names = self.instance.pool_ids
        used = self.used_up
        figures: dict[str, Any] = {
            "filled": {names[pool]: used[pool] for pool in range(len(names)) if pool in used}
        }
        if self.reserve_at:
            figures["reserved"] = {
                names[pool]: [used.get(number) for number, _ in entries]
                for pool, entries in self.reserve_at.items()
            }
        if self.ceilings:
            figures["maxima"] = {
                ceiling.name: used[number]
                for number, ceiling in enumerate(self.ceilings, start=self.first_ceiling)
                if number in used
            }
        return figures


def _split(instance: Instance) -> tuple[Ints, list[Ceiling]]:
    """A maximum on everybody in one pool is a smaller pool (its reserves are cut to it); the others count."""
    capacity = instance.capacity.copy()
    others = []
    for ceiling in ceilings_of(instance):
        if len(ceiling.pools) == 1 and ceiling.members.all():
            (pool,) = ceiling.pools
            capacity[pool] = min(capacity[pool], ceiling.most)
        else:
            others.append(ceiling)
    return capacity, others
