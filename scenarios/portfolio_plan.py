"""A supply portfolio as whole-number arrays: what each start gives, costs and needs, in every period.

Sites stand by name, modes in the order of the law, courses of demand by name: the order of the file changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from allocator.model.enums import SupplyMode
from scenarios.ownership_prices import half_up, instalment_fen
from scenarios.portfolio_files import Course, Mode, Portfolio

Whole = npt.NDArray[np.int64]
_NO_LIMIT: Final = -1


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of start: a mode begun anew, or its lease gone on with. Arrays by period of start (T,), by period (T, T).

    ``net_fen``: of the treasury; ``service_fen``: of its loan; ``grant_fen``: at the start; ``cost_fen``: what public money
    pays within the horizon and still owes at its end. ``most``: starts of all sites together.
    """

    mode: SupplyMode
    is_renewal: bool
    dwellings: int
    land_m2: int
    lead: int
    lease: int
    net_fen: Whole
    service_fen: Whole
    grant_fen: Whole
    cost_fen: Whole
    most: Whole

    def last(self, start: int, periods: int) -> int:
        """The period from which what was started then no longer stands (``periods``: it stands to the end)."""
        first = start + self.lead
        return min(periods, first + self.lease) if self.lease else periods


@dataclass(frozen=True, eq=False)
class Plan:
    """The question in arrays. ``demand`` (W, L, T); ``weight`` (W,); ``worth`` (L,); limits (T,), -1: none.

    ``open_at`` (kinds, L): whether the kind may be started at the site. ``origin``: of a renewal, the kind it goes on with.
    """

    sites: tuple[str, ...]
    cases: tuple[str, ...]
    kinds: tuple[Kind, ...]
    origin: tuple[int, ...]
    open_at: npt.NDArray[np.bool_]
    land_m2: Whole
    site_most: Whole
    demand: Whole
    weight: Whole
    worth: Whole
    budget_fen: Whole
    budget_carries: bool
    service_limit_fen: Whole
    grant_limit_fen: Whole
    tail: Fraction
    tail_weight: Fraction
    gap: Fraction

    @property
    def periods(self) -> int:
        """Of the horizon."""
        return int(self.demand.shape[2])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of an array of starts: kinds, sites, periods."""
        return len(self.kinds), len(self.sites), self.periods

    def probability(self, case: int) -> Fraction:
        """Of one course of demand."""
        return Fraction(int(self.weight[case]), int(self.weight.sum()))


def plan_of(asked: Portfolio, worth: Mapping[str, int]) -> Plan:
    """The arrays of a checked file; ``worth`` of a home by site."""
    periods = asked.run.periods
    modes = sorted(asked.modes, key=lambda mode: list(SupplyMode).index(mode.mode))
    sites = sorted(asked.sites, key=lambda site: site.name)
    cases = sorted(asked.demand, key=lambda case: case.name)
    kinds, origin = [], []
    for number, mode in enumerate(modes):
        kinds.append(_begun(mode, periods))
        origin.append(number)
    for number, mode in enumerate(modes):
        if mode.renewal_fen is not None:
            kinds.append(_renewed(mode, periods))
            origin.append(number)
    limits = asked.limits
    return Plan(
        sites=tuple(site.name for site in sites),
        cases=tuple(case.name for case in cases),
        kinds=tuple(kinds),
        origin=tuple(origin),
        open_at=np.array(
            [[site.modes is None or kind.mode in site.modes for site in sites] for kind in kinds]
        ),
        land_m2=_whole([site.land_m2 for site in sites]),
        site_most=_whole(
            [_NO_LIMIT if site.dwellings_at_most is None else site.dwellings_at_most for site in sites]
        ),
        demand=_whole([[case.dwellings[site.name].row(periods) for site in sites] for case in cases]),
        weight=_whole([case.weight for case in cases]),
        worth=_whole([worth[site.name] for site in sites]),
        budget_fen=_whole(limits.budget_fen.row(periods)),
        budget_carries=limits.budget_carries,
        service_limit_fen=_whole(_limit(limits.service_fen, periods)),
        grant_limit_fen=_whole(_limit(limits.grant_fen, periods)),
        tail=asked.risk.tail,
        tail_weight=asked.risk.weight,
        gap=asked.run.gap,
    )


def _whole(values: object) -> Whole:
    return np.array(values, dtype=np.int64)


def _limit(course: Course | None, periods: int) -> tuple[int, ...]:
    return (_NO_LIMIT,) * periods if course is None else course.row(periods)


@dataclass(frozen=True)
class Loan:
    """``paid_fen`` and ``interest_fen`` in each period after the start; the last instalment is what is left."""

    paid_fen: tuple[int, ...]
    interest_fen: tuple[int, ...]
    owed_fen: tuple[int, ...]


def loan_of(loan_fen: int, rate: Fraction, periods: int) -> Loan:
    """The annuity of that loan; interest is rounded half up to fen each period."""
    paid, interest, owed, left = [], [], [], loan_fen
    instalment = instalment_fen(loan_fen, rate, periods) if loan_fen else 0
    for number in range(periods):
        due = half_up(left * rate)
        part = left + due if number == periods - 1 else min(instalment, left + due)
        left += due - part
        paid.append(part)
        interest.append(due)
        owed.append(left)
    return Loan(tuple(paid), tuple(interest), tuple(owed))


def _begun(mode: Mode, periods: int) -> Kind:
    net, service = np.zeros((2, periods, periods), dtype=np.int64)
    grant, cost = np.zeros((2, periods), dtype=np.int64)
    running = mode.dwellings * (mode.running_fen - mode.rent_fen)
    for start, capital in enumerate(mode.capital_fen.row(periods)):
        borrowed = half_up(capital * mode.loan_share)
        grant[start] = half_up(capital * mode.grant_share)
        partner = half_up(capital * mode.partner_share)
        loan = loan_of(borrowed, mode.loan_rate, mode.loan_periods)
        left = periods - start - 1
        paid, interest = loan.paid_fen[:left], loan.interest_fen[:left]
        subsidy = [half_up(due * mode.interest_subsidy_share) for due in interest]
        net[start, start] = capital - borrowed - grant[start] - partner
        service[start, start + 1 : start + 1 + len(paid)] = paid
        net[start, start + 1 : start + 1 + len(paid)] += _whole(paid) - _whole(subsidy)
        owed = (borrowed, *loan.owed_fen)[min(left, mode.loan_periods)]
        _stand(net[start], start + mode.lead, mode, running)
        cost[start] = int(net[start].sum()) + grant[start] + sum(subsidy) + owed
    most = _whole(mode.starts_at_most.row(periods))
    return Kind(
        mode.mode, False, mode.dwellings, mode.land_m2, mode.lead, mode.lease, net, service, grant, cost, most
    )


def _renewed(mode: Mode, periods: int) -> Kind:
    net = np.zeros((periods, periods), dtype=np.int64)
    for start in range(periods):
        net[start, start] = mode.renewal_fen or 0
        _stand(net[start], start, mode, mode.dwellings * (mode.running_fen - mode.rent_fen))
    nothing = np.zeros(periods, dtype=np.int64)
    # No more can go on than ever began.
    most = np.full(periods, sum(mode.starts_at_most.row(periods)), dtype=np.int64)
    return Kind(
        mode.mode,
        True,
        mode.dwellings,
        0,
        0,
        mode.lease,
        net,
        np.zeros_like(net),
        nothing,
        net.sum(axis=1),
        most,
    )


def _stand(row: Whole, first: int, mode: Mode, running_fen: int) -> None:
    row[first : first + mode.lease if mode.lease else None] += running_fen
