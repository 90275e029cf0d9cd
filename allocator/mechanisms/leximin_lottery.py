"""``leximin_lottery``: chances of being housed as equal as can be, then of the better ranks, each leximin.

Of the smallest chances the smallest is made as great as can be, then the next smallest, and so on (Bogomolnaia
and Moulin 2004 for the egalitarian rule); all in exact fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np

from allocator.errors import Refused
from allocator.mechanisms.bihierarchy import limit_sets, two_families
from allocator.mechanisms.drawing import drawn_cells
from allocator.mechanisms.leximin_advice import infeasibility
from allocator.mechanisms.leximin_flow import OverworkedError
from allocator.mechanisms.leximin_limits import Kind, Programme, kinds_of, programme_of, quotas_of
from allocator.mechanisms.leximin_prices import stages_of
from allocator.mechanisms.leximin_stages import settle
from allocator.mechanisms.report import CERTIFICATE_FORMAT, rank_counts
from allocator.model.enums import SolutionStatus
from allocator.model.instance import UNASSIGNED, Instance, Matching, Solution

NAME: Final = "leximin_lottery"
_GREATEST_CHOICES: Final = 100_000
_GREATEST_WORK: Final = 80_000_000  # arcs looked at: a few minutes
_GREATEST_BITS: Final = 6_000  # about 1,800 digits: sums of them still print (Python stops at 4,300)


def leximin_lottery(instance: Instance, *, seed: str | None = None) -> Solution:
    """Exact chances, and with ``seed`` one assignment drawn whose expectation is exactly the chances.

    Status ``INFEASIBLE`` with the minima that cannot be met; ``LIMIT`` beyond what is solved exactly (a count of
    steps, the same on every machine) or where the fractions grow beyond what can be printed. Raises ``Refused``
    for several bands or quotas that form no bihierarchy.
    """
    if instance.num_bands > 1:
        raise Refused("mechanism_several_bands", mechanism=NAME, bands=instance.num_bands)
    if len(instance.pool) > _GREATEST_CHOICES:
        return _limit(instance, seed)
    quotas = quotas_of(instance)
    sets = limit_sets(instance, [quota.as_ceiling() for quota in quotas])
    family, odd_cycle = two_families(sets)
    if odd_cycle:
        raise Refused("mechanism_no_bihierarchy", mechanism=NAME, cycle=" - ".join(odd_cycle))
    kinds = kinds_of(instance, quotas)
    try:
        advice = infeasibility(instance, quotas, kinds, (sets, family), _GREATEST_WORK)
        if advice is not None:
            report: dict[str, Any] = {"code": "mechanism_infeasible", "advice": advice}
            return _ended(instance, seed, SolutionStatus.INFEASIBLE, report)
        programme = programme_of(instance, quotas, kinds, (sets, family), _GREATEST_WORK, by_rank=True)
        settle(programme)
    except OverworkedError:
        return _limit(instance, seed)
    chances = _chances(instance, programme)
    expected = sum(chances, Fraction(0))
    if (bits := _bits([*chances, expected])) > _GREATEST_BITS:
        report = {"code": "mechanism_fractions_too_long", "mechanism": NAME, "bits": bits}
        return _ended(instance, seed, SolutionStatus.LIMIT, report)
    cells = [] if seed is None else drawn_cells(chances, sets, family, seed)
    certificate = {
        "format": CERTIFICATE_FORMAT,
        "mechanism": NAME,
        "num_households": instance.num_households,
        "expected_housed": str(expected),
        "stages": stages_of(instance, quotas, programme),
    }
    return _solution(instance, chances, cells, seed, certificate)


def _limit(instance: Instance, seed: str | None) -> Solution:
    """Both bounds are counts, the same on every machine."""
    report = {
        "code": "mechanism_leximin_limit",
        "mechanism": NAME,
        "choices": _GREATEST_CHOICES,
        "steps": _GREATEST_WORK,
    }
    return _ended(instance, seed, SolutionStatus.LIMIT, report)


def _ended(instance: Instance, seed: str | None, status: SolutionStatus, report: dict[str, Any]) -> Solution:
    """No chances and nobody assigned; the report says why."""
    return Solution(
        mechanism=NAME,
        status=status,
        matching=Matching(np.full(instance.num_households, UNASSIGNED, np.int64)),
        certificate={},
        report=report,
        options={"seed": seed},
        is_drawn=False,
    )


def _chances(instance: Instance, programme: Programme) -> list[Fraction]:
    """The chance of each choice: its kind's flow, shared alike."""
    kind_of = [0] * instance.num_households
    shares: dict[tuple[int, int], Fraction] = {}
    for at, kind in enumerate(programme.kinds):
        for household in kind.members:
            kind_of[household] = at
        for pool in _pools(kind):
            shares[at, pool] = programme.network.flow[programme.cell[at, pool]] / kind.size
    owner = np.repeat(np.arange(instance.num_households), np.diff(instance.start)).tolist()
    return [
        shares[kind_of[household], pool]
        for household, pool in zip(owner, instance.pool.tolist(), strict=True)
    ]


def _pools(kind: Kind) -> list[int]:
    return [pool for same in kind.ranks for pool in same]


def _bits(chances: Sequence[Fraction]) -> int:
    """Binary digits of the longest denominator."""
    return max((chance.denominator.bit_length() for chance in chances), default=0)


def _solution(
    instance: Instance,
    chances: list[Fraction],
    cells: list[int],
    seed: str | None,
    certificate: dict[str, Any],
) -> Solution:
    held = np.full(instance.num_households, -1, np.int64)
    owner = np.searchsorted(instance.start, cells, side="right") - 1
    held[owner] = cells
    assigned = np.full(instance.num_households, UNASSIGNED, np.int64)
    assigned[owner] = instance.pool[cells] if cells else UNASSIGNED
    start, pools = instance.start.tolist(), instance.pool.tolist()
    rows = {
        name: {
            instance.pool_ids[pools[cell]]: str(chances[cell])
            for cell in range(start[at], start[at + 1])
            if chances[cell]
        }
        for at, name in enumerate(instance.household_ids)
    }
    return Solution(
        mechanism=NAME,
        status=SolutionStatus.OPTIMAL,
        matching=Matching(assigned),
        certificate=certificate,
        report={**rank_counts(instance, held), "expected_housed": certificate["expected_housed"]},
        options={"seed": seed},
        chances=rows,
        is_drawn=seed is not None,
    )
