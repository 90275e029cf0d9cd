"""The portfolio as a program for the solver (OR-Tools MathOpt with HiGHS): the relaxation with its prices, and parts of it in whole numbers.

Money is in a unit of its own, so that coefficients stay near one; limits are kept exactly by ``portfolio_check``, not here.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from ortools.math_opt.python import mathopt

from scenarios.portfolio_plan import Plan, Whole

_SLACK: Final = 1e-9
Floats = npt.NDArray[np.float64]
_OPTIMAL: Final = mathopt.TerminationReason.OPTIMAL


@dataclass(frozen=True, eq=False)
class Duals:
    """Prices of the relaxation, in weighted shortage per unit: fen by period, m² by site, starts, homes by site and period.

    ``met`` (W, L, T) per home of one course; ``tail`` (W,): part of the tail's weight on each course. ``renewals``
    (kinds, L, T) per lease gone on with.
    """

    budget: Floats
    service: Floats
    grant: Floats
    land: Floats
    site: Floats
    starts: Floats
    renewals: Floats
    met: Floats
    tail: Floats


@contextmanager
def _quiet() -> Iterator[None]:
    """HiGHS now and then prints a line of its own, whatever it is told; stdout is for results alone."""
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # nobody listens
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        with suppress(OSError, AttributeError):
            ctypes.CDLL("ucrtbase" if os.name == "nt" else None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _unit_of(plan: Plan) -> float:
    """A unit of money in which the greatest payment of a start is about a thousand."""
    greatest = max(int(np.abs(kind.net_fen).max(initial=0)) for kind in plan.kinds)
    return max(1.0, greatest / 1000)


class Program:
    """All starts and limits; the first aim is the weighted shortage, the second the public cost."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.model = plan, mathopt.Model()
        self.money = _unit_of(plan)
        self.rows: dict[tuple[Any, ...], Any] = {}
        self.starts: dict[tuple[int, int, int], Any] = dict(self._begin())
        self.total = self._totals()
        self._money()
        self._land()
        standing = self._standing()
        self._renewals()
        self.shortage = self._shortage(standing)
        self.cost = mathopt.fast_sum(
            plan.kinds[kind].cost_fen[start] / self.money * count
            for (kind, start), count in self.total.items()
        )
        self.model.minimize(self.shortage)

    def _begin(self) -> Iterable[tuple[tuple[int, int, int], Any]]:
        plan = self.plan
        for kind, told in enumerate(plan.kinds):
            first = plan.kinds[plan.origin[kind]]
            earliest = first.lead + first.lease if told.is_renewal else 0
            for site in np.flatnonzero(plan.open_at[kind]).tolist():
                for start in range(earliest, plan.periods - told.lead):
                    if told.most[start]:
                        yield (kind, site, start), self.model.add_variable(lb=0, ub=float(told.most[start]))

    def _row(self, key: tuple[Any, ...], terms: list[Any], limit: float) -> None:
        if terms:
            self.rows[key] = self.model.add_linear_constraint(mathopt.fast_sum(terms) <= limit)

    def _totals(self) -> dict[tuple[int, int], Any]:
        """Starts of a kind in a period over all sites: money hangs on these alone."""
        by_period: dict[tuple[int, int], list[Any]] = {}
        for (kind, _, start), count in self.starts.items():
            by_period.setdefault((kind, start), []).append(count)
        total = {}
        for (kind, start), counts in by_period.items():
            total[kind, start] = self.model.add_variable(lb=0)
            self.model.add_linear_constraint(mathopt.fast_sum(counts) == total[kind, start])
            self._row(("starts", kind, start), [total[kind, start]], float(self.plan.kinds[kind].most[start]))
        return total

    def _money(self) -> None:
        plan = self.plan
        left: Any = None
        for period in range(plan.periods):
            net, service, grant = [], [], []
            for (kind, start), count in self.total.items():
                told = plan.kinds[kind]
                if told.net_fen[start, period]:
                    net.append(told.net_fen[start, period] / self.money * count)
                if told.service_fen[start, period]:
                    service.append(told.service_fen[start, period] / self.money * count)
                if start == period and told.grant_fen[start]:
                    grant.append(told.grant_fen[start] / self.money * count)
            if plan.budget_carries:
                before, left = left, self.model.add_variable(lb=0)
                net += [left] if before is None else [left, -before]
            self._row(("budget", period), net, plan.budget_fen[period] / self.money)
            if plan.service_limit_fen[period] >= 0:
                self._row(("service", period), service, plan.service_limit_fen[period] / self.money)
            if plan.grant_limit_fen[period] >= 0:
                self._row(("grant", period), grant, plan.grant_limit_fen[period] / self.money)

    def _land(self) -> None:
        plan = self.plan
        for site in range(len(plan.sites)):
            used = [
                plan.kinds[kind].land_m2 / 1000 * count
                for (kind, at, _), count in self.starts.items()
                if at == site and plan.kinds[kind].land_m2
            ]
            self._row(("land", site), used, plan.land_m2[site] / 1000)

    def _standing(self) -> dict[tuple[int, int], Any]:
        """Homes standing by site and period, each from the period before."""
        plan, found = self.plan, dict[tuple[int, int], Any]()
        for site in range(len(plan.sites)):
            for period in range(plan.periods):
                change = [found[site, period - 1]] if period else []
                for kind, told in enumerate(plan.kinds):
                    for start, sign in ((period - told.lead, 1), (period - told.lead - told.lease, -1)):
                        count = self.starts.get((kind, site, start))
                        if count is not None and (sign == 1 or told.lease):
                            change.append(sign * told.dwellings * count)
                found[site, period] = self.model.add_variable(lb=0)
                self.model.add_linear_constraint(mathopt.fast_sum(change) == found[site, period])
                if plan.site_most[site] >= 0:
                    self._row(("site", site, period), [found[site, period]], float(plan.site_most[site]))
        return found

    def _renewals(self) -> None:
        """No more leases go on than end in the period."""
        for (kind, site, start), count in self.starts.items():
            told, first = self.plan.kinds[kind], self.plan.origin[kind]
            if told.is_renewal:
                begun = self.plan.kinds[first]
                ended = [
                    (first, site, start - begun.lead - begun.lease),
                    (kind, site, start - told.lease),
                ]
                terms = [count, *(-self.starts[key] for key in ended if key in self.starts)]
                self._row(("renewals", kind, site, start), terms, 0.0)

    def _shortage(self, standing: dict[tuple[int, int], Any]) -> Any:
        """The mean over the courses, and the mean of their tail, each with its weight."""
        plan, parts = self.plan, []
        for case, by_site in enumerate(plan.demand):
            lacking = []
            for (site, period), homes in standing.items():
                wanted = float(by_site[site, period])
                if wanted and plan.worth[site]:
                    short = self.model.add_variable(lb=0, ub=wanted)
                    row = self.model.add_linear_constraint(short + homes >= wanted)
                    self.rows["met", case, site, period] = row
                    lacking.append(float(plan.worth[site]) * short)
            parts.append(mathopt.fast_sum(lacking))
        chances = [float(plan.probability(case)) for case in range(len(parts))]
        risk = float(plan.tail_weight)
        mean = mathopt.fast_sum((1 - risk) * p * part for p, part in zip(chances, parts, strict=True))
        if not risk:
            return mean
        level, beyond = self.model.add_variable(), []
        for case, (chance, part) in enumerate(zip(chances, parts, strict=True)):
            over = self.model.add_variable(lb=0)
            self.rows["tail", case] = self.model.add_linear_constraint(over + level - part >= 0)
            beyond.append(chance / float(plan.tail) * over)
        return mean + risk * (level + mathopt.fast_sum(beyond))

    def relaxed(self) -> tuple[float, Duals]:
        """The least aim in parts of a start, and the prices of the limits."""
        for key, count in self.starts.items():
            self._may_be(count, 0.0, float(self.plan.kinds[key[0]].most[key[2]]), whole=False)
        with _quiet():
            result = mathopt.solve(self.model, mathopt.SolverType.HIGHS)
        if result.termination.reason != _OPTIMAL:
            raise RuntimeError(f"the relaxation ended with {result.termination.reason}")
        return float(result.objective_value()), self._duals(result.dual_values())

    def _duals(self, prices: dict[Any, float]) -> Duals:
        plan = self.plan
        kinds, sites, periods = plan.shape
        cases = len(plan.cases)
        found = {
            "budget": np.zeros(periods),
            "service": np.zeros(periods),
            "grant": np.zeros(periods),
            "land": np.zeros(sites),
            "site": np.zeros((sites, periods)),
            "starts": np.zeros((kinds, periods)),
            "renewals": np.zeros((kinds, sites, periods)),
            "met": np.zeros((cases, sites, periods)),
            "tail": np.zeros(cases),
        }
        for (name, *place), row in self.rows.items():
            found[name][tuple(place)] = abs(prices[row])
        for name in ("budget", "service", "grant"):
            found[name] /= self.money
        found["land"] /= 1000
        found["tail"] /= float(plan.tail_weight) or 1.0
        return Duals(**found)

    def whole(
        self, gap: float, nodes: int, seconds: float | None, hint: Whole | None = None
    ) -> tuple[Whole | None, float]:
        """The best starts after so many nodes of the whole program (``None``: none found), and a bound (0: none)."""
        for key, count in self.starts.items():
            self._may_be(count, 0.0, float(self.plan.kinds[key[0]].most[key[2]]), whole=True)
        result = self._solved(gap, nodes, seconds, hint)
        starts = np.zeros(self.plan.shape, dtype=np.int64) if hint is None else hint
        bound = float(result.dual_bound())
        return self._starts(result, starts), bound if isfinite(bound) else 0.0

    def improved(
        self, starts: Whole, free: npt.NDArray[np.bool_], gap: float, nodes: int, seconds: float | None
    ) -> Whole | None:
        """The best starts found where only the free ones may change; ``None`` where none was found."""
        for key, count in self.starts.items():
            held = float(starts[key])
            if free[key]:
                self._may_be(count, 0.0, float(self.plan.kinds[key[0]].most[key[2]]), whole=True)
            else:
                self._may_be(count, held, held, whole=False)
        return self._starts(self._solved(gap, nodes, seconds, starts), starts)

    def then_cost(self, aim: float) -> None:
        """From here on the least public cost, with no more shortage than this."""
        self.model.add_linear_constraint(self.shortage <= aim + _SLACK * max(1.0, aim))
        self.model.minimize(self.cost)

    @staticmethod
    def _may_be(count: Any, least: float, most: float, *, whole: bool) -> None:
        count.integer, count.lower_bound, count.upper_bound = whole, least, most

    def _solved(self, gap: float, nodes: int, seconds: float | None, hint: Whole | None) -> Any:
        limits = mathopt.SolveParameters(
            # With its presolve HiGHS (in OR-Tools 9.15) has called plans optimal, with a bound, that were not.
            presolve=mathopt.Emphasis.OFF,
            relative_gap_tolerance=gap,
            node_limit=nodes,
            random_seed=1,
            time_limit=None if seconds is None else timedelta(seconds=seconds),
        )
        hints = []
        if hint is not None:
            values = {count: float(hint[key]) for key, count in self.starts.items()}
            hints = [mathopt.SolutionHint(variable_values=values)]
        asked = mathopt.ModelSolveParameters(solution_hints=hints)
        with _quiet():
            return mathopt.solve(self.model, mathopt.SolverType.HIGHS, params=limits, model_params=asked)

    def _starts(self, result: Any, before: Whole) -> Whole | None:
        if not result.has_primal_feasible_solution():
            return None
        values, found = result.variable_values(), before.copy()
        for key, count in self.starts.items():
            found[key] = round(values[count])
        return found
