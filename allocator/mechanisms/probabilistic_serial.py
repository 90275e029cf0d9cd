"""``probabilistic_serial``: everybody eats of the best pool still open, all at the same speed, for one unit of
time (Bogomolnaia and Moulin 2001); a maximum closes its pools to those it counts when it is used up.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np

from allocator.errors import NoAllocation, Refused
from allocator.mechanisms.bihierarchy import limit_sets, two_families
from allocator.mechanisms.drawing import drawn_cells
from allocator.mechanisms.places import Ceiling, ceilings_of
from allocator.mechanisms.report import CERTIFICATE_FORMAT, rank_counts
from allocator.model.enums import SolutionStatus
from allocator.model.instance import UNASSIGNED, Instance, Matching, Solution

NAME: Final = "probabilistic_serial"
_GREATEST_BITS: Final = 6_000  # about 1,800 digits: sums of them still print (Python stops at 4,300)


def probabilistic_serial(instance: Instance, *, seed: str | None = None) -> Solution:
    """Exact chances, and with ``seed`` one assignment drawn whose expectation is exactly the chances.

    Raises ``Refused`` for several bands, groups liked equally, or maxima that form no bihierarchy, and
    ``NoAllocation`` where the exact fractions grow beyond what can be printed.
    """
    _refuse_what_lotteries_cannot(instance)
    ceilings = ceilings_of(instance)
    sets = limit_sets(instance, ceilings)
    family, odd_cycle = two_families(sets)
    if odd_cycle:
        raise Refused("mechanism_no_bihierarchy", mechanism=NAME, cycle=" - ".join(odd_cycle))
    table = _Table(instance, ceilings)
    chances = table.eaten()
    longest = max((chance.denominator.bit_length() for chance in chances), default=0)
    if longest > _GREATEST_BITS:
        raise NoAllocation("mechanism_fractions_too_long", mechanism=NAME, bits=longest)
    cells = [] if seed is None else drawn_cells(chances, sets, family, seed)
    return _solution(instance, table, chances, cells, seed)


def _refuse_what_lotteries_cannot(instance: Instance) -> None:
    if instance.num_bands > 1:
        raise Refused("mechanism_several_bands", mechanism=NAME, bands=instance.num_bands)
    owner = np.repeat(np.arange(instance.num_households), np.diff(instance.start))
    is_tied = (np.diff(owner) == 0) & (np.diff(instance.rank) == 0)
    if is_tied.any():
        household = instance.household_ids[int(owner[np.argmax(is_tied)])]
        raise Refused("mechanism_tied_groups", mechanism=NAME, household=household)


class _Table:
    """Households of the same list and the same maxima eat alike: they are one *kind*, counted."""

    def __init__(self, instance: Instance, ceilings: Sequence[Ceiling]) -> None:
        self.instance = instance
        self.ceilings = ceilings
        num_pools = instance.num_pools
        start, pools = instance.start.tolist(), instance.pool.tolist()
        self.kinds: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
        self.kind_of: list[int] = []
        self.size: list[int] = []
        for household in range(instance.num_households):
            inside = tuple(number for number, ceiling in enumerate(ceilings) if ceiling.members[household])
            key = (tuple(pools[start[household] : start[household + 1]]), inside)
            kind = self.kinds.setdefault(key, len(self.kinds))
            if kind == len(self.size):
                self.size.append(0)
            self.size[kind] += 1
            self.kind_of.append(kind)
        # The limits of each kind's choices: the pool, then the maxima that count it.
        self.limits = [
            [(p, *(num_pools + number for number in inside if p in ceilings[number].pools)) for p in lists]
            for lists, inside in self.kinds
        ]
        places = [*instance.capacity.tolist(), *(ceiling.most for ceiling in ceilings)]
        self.left = [Fraction(one) for one in places]
        self.closed = {limit: Fraction(0) for limit, one in enumerate(self.left) if one == 0}

    def eaten(self) -> list[Fraction]:
        """The chance of each choice."""
        now, at = Fraction(0), [0] * len(self.limits)
        shares = [[Fraction(0)] * len(limits) for limits in self.limits]
        while now < 1:
            speed = self._speeds(at)
            if not speed:
                break
            step = min(1 - now, *(self.left[limit] / rate for limit, rate in speed.items()))
            now += step
            for kind, place in enumerate(at):
                if place < len(shares[kind]):
                    shares[kind][place] += step
            for limit, rate in speed.items():
                self.left[limit] -= rate * step
                if not self.left[limit] and now < 1:
                    self.closed[limit] = now
        return [share for kind in self.kind_of for share in shares[kind]]

    def _speeds(self, at: list[int]) -> dict[int, int]:
        """Move every kind on to its best open choice; how fast each limit is used."""
        speed: dict[int, int] = {}
        for kind, choices in enumerate(self.limits):
            place = at[kind]
            while place < len(choices) and any(limit in self.closed for limit in choices[place]):
                place += 1
            at[kind] = place
            if place < len(choices):
                for limit in choices[place]:
                    speed[limit] = speed.get(limit, 0) + self.size[kind]
        return speed

    def closing_times(self) -> dict[str, dict[str, str]]:
        """When each pool and each maximum was used up, where before the end."""
        names, num_pools = self.instance.pool_ids, self.instance.num_pools
        return {
            "pools": {names[one]: str(self.closed[one]) for one in range(num_pools) if one in self.closed},
            "maxima": {
                ceiling.name: str(self.closed[num_pools + number])
                for number, ceiling in enumerate(self.ceilings)
                if num_pools + number in self.closed
            },
        }


def _solution(
    instance: Instance, table: _Table, chances: list[Fraction], cells: list[int], seed: str | None
) -> Solution:
    n = instance.num_households
    held = np.full(n, -1, np.int64)
    owner = np.searchsorted(instance.start, cells, side="right") - 1
    held[owner] = cells
    assigned = np.full(n, UNASSIGNED, np.int64)
    assigned[owner] = instance.pool[cells] if cells else UNASSIGNED
    expected = str(sum(chances, Fraction(0)))
    report: dict[str, Any] = {**rank_counts(instance, held), "expected_housed": expected}
    return Solution(
        mechanism=NAME,
        status=SolutionStatus.OPTIMAL,
        matching=Matching(assigned),
        certificate={
            "format": CERTIFICATE_FORMAT,
            "mechanism": NAME,
            "num_households": n,
            "expected_housed": expected,
            "closed": table.closing_times(),
        },
        report=report,
        options={"seed": seed},
        chances=_by_household(instance, chances),
        is_drawn=seed is not None,
    )


def _by_household(instance: Instance, chances: list[Fraction]) -> dict[str, dict[str, str]]:
    start, pools = instance.start.tolist(), instance.pool.tolist()
    return {
        name: {
            instance.pool_ids[pools[cell]]: str(chances[cell])
            for cell in range(start[at], start[at + 1])
            if chances[cell]
        }
        for at, name in enumerate(instance.household_ids)
    }
