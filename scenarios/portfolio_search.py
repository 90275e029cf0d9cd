"""From the question to a plan: relaxation, the whole program for a while, then part after part in whole numbers.

Whatever the solver says of a plan is recomputed by ``portfolio_check``; a plan that broke a limit by rounding is not taken.
No step looks at the clock unless a time limit is given, so the same file gives the same plan.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from scenarios import portfolio_check as check
from scenarios.portfolio_check import SCALE, Prices, Started
from scenarios.portfolio_files import Portfolio
from scenarios.portfolio_plan import Plan, Whole, plan_of
from scenarios.portfolio_program import Duals, Floats, Program

_PART_GAP: Final = 1e-4
_PART_NODES: Final = (5, 5, 50, 50)  # by round: first many quick steps, then thorough ones
_WINDOW: Final = 8
_STRIDE: Final = 17
_WHOLE_NODES: Final = 1_000_000  # nodes of the whole program times the square of its starts
_ENOUGH_NODES: Final = 50
Told = Callable[[int, float], None]


@dataclass(frozen=True, eq=False)
class Found:
    """The plan and what is proved of it: ``bound`` by prices anybody can add up, ``solver_bound`` by the solver's word."""

    started: list[Started]
    aim: Fraction
    bound: Fraction
    solver_bound: float
    prices: Prices
    duals: Duals
    is_limited: bool

    @property
    def best_bound(self) -> Fraction:
        """The greater of the two."""
        return max(self.bound, Fraction(self.solver_bound))


class _Search:
    """The best plan so far, judged from outside."""

    def __init__(self, asked: Portfolio, worth: Mapping[str, int], seconds: float | None) -> None:
        self.asked, self.worth = asked, worth
        self.plan = plan_of(asked, worth)
        self.program = Program(self.plan)
        self.ends = None if seconds is None else time.monotonic() + seconds
        self.best = np.zeros(self.plan.shape, dtype=np.int64)
        self.value, self.cost = self._judged(self.best) or (Fraction(0), 0)

    def _judged(self, starts: Whole) -> tuple[Fraction, int] | None:
        """Aim and cost; ``None`` where a limit does not hold."""
        started = started_of(self.plan, starts)
        told = check.ledger(self.asked, started)
        if check.breaches(self.asked, started, told):
            return None
        figures = check.weighted(check.lacking(self.asked, told), self.worth)
        return check.aim(self.asked, figures), check.public_cost(told)

    def take(self, starts: Whole | None) -> bool:
        """Keep it if it is better: a smaller aim, or the same at less cost."""
        judged = None if starts is None else self._judged(starts)
        if starts is None or judged is None or judged >= (self.value, self.cost):
            return False
        self.best, (self.value, self.cost) = starts, judged
        return True

    @property
    def left(self) -> float | None:
        """Seconds; ``None``: no limit."""
        return None if self.ends is None else max(0.0, self.ends - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.left == 0.0

    def is_near(self, bound: Fraction) -> bool:
        """Whether the plan is proved to be near enough."""
        return self.value - bound <= self.plan.gap * self.value

    def gap(self, bound: Fraction) -> float:
        """Part of the aim by which it may be from the best."""
        return max(0.0, float((self.value - bound) / self.value)) if self.value else 0.0

    def windows(self, rounds: int) -> Iterator[npt.NDArray[np.bool_]]:
        """Some periods at all sites, from the first to the last; each round a little later, so that their edges move."""
        periods = self.plan.periods
        width = min(_WINDOW, periods)
        for number in range(rounds):
            for begin in range(0, max(1, periods - width + 1), max(1, width // 2)):
                window = np.zeros(self.plan.shape, dtype=bool)
                window[:, :, begin + number : begin + number + width] = True
                yield window

    def parts(self) -> Iterator[tuple[npt.NDArray[np.bool_], int]]:
        """What may change next, and the nodes to spend on it: a window, then two sites in all periods, and so on."""
        pairs: list[tuple[int, ...]] = [*combinations(range(len(self.plan.sites)), 2)] or [(0,)]
        windows = list(self.windows(len(_PART_NODES)))
        for number, window in enumerate(windows):
            nodes = _PART_NODES[number * len(_PART_NODES) // len(windows)]
            yield window, nodes
            chosen = np.zeros(self.plan.shape, dtype=bool)
            # A stride prime to the number of pairs visits each of them.
            chosen[:, list(pairs[number * _STRIDE % len(pairs)]), :] = True
            yield chosen, nodes


def found(
    asked: Portfolio, worth: Mapping[str, int], seconds: float | None, told: Told | None = None
) -> Found:
    """The plan for a checked file; ``seconds``: a limit, after which the best so far is given. ``told``: of each step its number and the gap."""
    search = _Search(asked, worth, seconds)
    _, duals = search.program.relaxed()
    prices = prices_of(search.plan, duals)
    bound = check.proved(asked, worth, prices)
    nodes = max(1, _WHOLE_NODES // max(1, len(search.program.starts)) ** 2)
    starts, solver_bound = search.program.whole(float(search.plan.gap), nodes, search.left)
    search.take(starts)
    best = max(bound, Fraction(solver_bound))
    for number, (free, nodes_of_part) in enumerate(search.parts()):
        if told is not None:
            told(number, search.gap(best))
        if search.is_near(best) or search.is_over:
            break
        search.take(search.program.improved(search.best, free, _PART_GAP, nodes_of_part, search.left))
    _trim(search, nodes)
    return Found(
        started=started_of(search.plan, search.best),
        aim=search.value,
        bound=bound,
        solver_bound=solver_bound,
        prices=prices,
        duals=duals,
        is_limited=search.is_over,
    )


def _trim(search: _Search, nodes: int) -> None:
    """The same aim for less public money: the whole program where it is small, else a window after the other."""
    search.program.then_cost(float(search.value))
    if nodes >= _ENOUGH_NODES:
        search.take(
            search.program.whole(min(_PART_GAP, float(search.plan.gap)), nodes, search.left, search.best)[0]
        )
        return
    for free in search.windows(1):
        if not search.is_over:
            search.take(search.program.improved(search.best, free, _PART_GAP, 1, search.left))


def started_of(plan: Plan, starts: Whole) -> list[Started]:
    """The starts that are not nothing, in the order of modes, sites, periods."""
    return [
        Started(
            plan.kinds[kind].mode,
            plan.kinds[kind].is_renewal,
            plan.sites[site],
            period,
            int(starts[kind, site, period]),
        )
        for kind, site, period in np.argwhere(starts > 0).tolist()
    ]


def prices_of(plan: Plan, duals: Duals) -> Prices:
    """The relaxation's prices in whole parts of ``SCALE``."""
    sites, cases = plan.sites, plan.cases
    return Prices(
        budget={key: value for (key,), value in _parts(duals.budget)},
        service={key: value for (key,), value in _parts(duals.service)},
        grant={key: value for (key,), value in _parts(duals.grant)},
        land={sites[key]: value for (key,), value in _parts(duals.land)},
        site={(sites[site], period): value for (site, period), value in _parts(duals.site)},
        renewals={
            (plan.kinds[kind].mode, sites[site], period): value
            for (kind, site, period), value in _parts(duals.renewals)
        },
        met={(cases[case], sites[site], period): value for (case, site, period), value in _parts(duals.met)},
        tail={cases[key]: value for (key,), value in _parts(duals.tail)},
    )


def _parts(values: Floats) -> Iterator[tuple[list[int], int]]:
    for place in np.argwhere(values > 0).tolist():
        yield place, round(Fraction(float(values[tuple(place)])) * SCALE)
