"""The best subsidy tiers with their side constraints: 2,000 cells x 8 amounts (floor: 60 s, proven or a stated gap).

Run alone: ``python -m benchmarks.subsidy_lab [--cells N] [--against SECONDS]``. Cells of a synthetic city (sizes, rents to
the fen, incomes 90 yuan apart), 100,000 households; the poorer never gets less, no cliff above 1/2. Time of the clock and the
processor's beside it. ``--against``: CP-SAT on one thread for so many seconds on the same question (households alone).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

import numpy as np

from scenarios.subsidy_chains import COUNT, Chain, Rules, chains_of, weights
from scenarios.subsidy_frontier import frontier
from scenarios.subsidy_plan import planned

SEED: Final = 1
FLOOR_S: Final = 60
AMOUNTS: Final = (0, 10_000, 20_000, 30_000, 45_000, 60_000, 80_000, 100_000)
THRESHOLD: Final = Fraction(3, 10)


def world(num_cells: int, num_rents: int) -> list[Chain]:
    """Chains of as many incomes for every rent."""
    generator = np.random.default_rng(SEED)
    cells = []
    for place in range(num_rents):
        rent = 80_000 + 160_000 * place // num_rents + int(generator.integers(0, 8_000))
        for step in range(num_cells // num_rents):
            income = 100_000 + step * 9_000 * 100 * num_rents // num_cells + int(generator.integers(0, 9_000))
            cells.append((1 + place % 3, rent, income, int(generator.integers(1, 100))))
    return chains_of(cells, AMOUNTS, Fraction(0))


def main(num_cells: int = 2000, against: float = 0.0) -> None:
    """Print a row per shape of the city, aims and budget."""
    print(f"{num_cells:,} cells x {len(AMOUNTS)} amounts; floor {FLOOR_S} s")
    print(f"{'rents':>6}{'aims':>24}{'budget':>8}{'s':>8}{'cpu, s':>8}  status, gaps")
    for num_rents in (20, 100, num_cells // 10):
        chains = world(num_cells, num_rents)
        dearest = sum(int(chain.num.sum()) * int(chain.paid_fen[-1]) for chain in chains)
        for aims in (("count", "excess"), ("greatest", "count", "excess"), ("excess", "count")):
            for part in (Fraction(1, 10), Fraction(2, 5)):
                rules = Rules(int(dearest * part), THRESHOLD, aims, Fraction(1, 2))
                began, cpu = time.perf_counter(), time.process_time()
                plan = planned(chains, rules)
                spent, used = time.perf_counter() - began, time.process_time() - cpu
                assert plan is not None
                gaps = {aim: plan.reached[aim] - plan.floors[aim] for aim in plan.reached}
                told = ", ".join(aims)
                print(
                    f"{num_rents:6}{told:>24}{float(part):8.0%}{spent:8.1f}{used:8.1f}  {plan.status} {gaps}"
                )
        _frontier(chains)
        if against:
            _cp_sat(chains, Rules(int(dearest / 10), THRESHOLD, ("count",), Fraction(1, 2)), against)


def _frontier(chains: Sequence[Chain]) -> None:
    rules = Rules(0, THRESHOLD, ("count",), Fraction(1, 2))
    began, cpu = time.perf_counter(), time.process_time()
    every = frontier(chains, rules)
    spent, used = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"{'':6}{'the whole frontier':>24}{'':8}{spent:8.1f}{used:8.1f}  {len(every.num):,} points, {every.total:,} households"
    )


def _cp_sat(chains: Sequence[Chain], rules: Rules, seconds: float) -> None:
    """The same question as cumulative choices: at least that amount, or not."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    spent, lifted = [], []
    for chain in chains:
        below = chain.num[:, None] - weights(chain, COUNT, rules.threshold)
        rows = [[model.new_bool_var("") for _ in chain.paid_fen[1:]] for _ in chain.num]
        for place, row in enumerate(rows):
            num = int(chain.num[place])
            for option, taken in enumerate(row):
                spent.append((taken, num * int(chain.paid_fen[option + 1] - chain.paid_fen[option])))
                lifted.append((taken, int(below[place, option + 1] - below[place, option])))
                if option:
                    model.add_implication(taken, row[option - 1])
                if place + 1 < len(rows):
                    model.add_implication(rows[place + 1][option], taken)
                    gained = int(chain.income_fen[place + 1] - chain.income_fen[place])
                    least = int(chain.paid_fen[option + 1]) - gained // 2
                    reached = int(np.searchsorted(chain.paid_fen, least))
                    if reached:
                        model.add_implication(taken, rows[place + 1][reached - 1])
    model.add(cp_model.LinearExpr.weighted_sum(*map(list, zip(*spent, strict=True))) <= rules.budget)
    model.maximize(cp_model.LinearExpr.weighted_sum(*map(list, zip(*lifted, strict=True))))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = seconds
    began, cpu = time.perf_counter(), time.process_time()
    status = solver.status_name(solver.solve(model))
    spent_s, used = time.perf_counter() - began, time.process_time() - cpu
    own = planned(chains, replace(rules, budget=rules.budget))
    assert own is not None
    none = sum(int((chain.num - weights(chain, COUNT, rules.threshold)[:, 0]).sum()) for chain in chains)
    total = sum(int(chain.num.sum()) for chain in chains)
    print(
        f"{'':6}{'CP-SAT, households':>24}{'10%':>8}{spent_s:8.1f}{used:8.1f}  {status}"
        f" {none + solver.objective_value:,.0f} (bound {none + solver.best_objective_bound:,.0f});"
        f" here {total - own.reached[COUNT]:,} {own.status}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=2000)
    parser.add_argument("--against", type=float, default=0.0)
    wish = parser.parse_args()
    main(wish.cells, wish.against)
