"""The simulation at city scale, and the subsidy rule alone.

    python benchmarks/simulation.py [--households 100000] [--waiting 20000] [--months 120] [--rule-only]

One replication of the baseline under the law ``example``: floor 60 s and 4 GB. The rule: a million households around
every bound, months of a year each priced anew; floor 20 million household-months a second.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import pandas as pd

from allocator import policy
from scenarios.city import first_of
from scenarios.files import Run, baseline_of
from scenarios.running import snapshot_of
from scenarios.simulate import simulate
from scenarios.snapshot import STATUSES
from scenarios.subsidy_rule import Households, laid_out, subsidies_fen

REPEATS = 12


def population(num: int, seed: int = 1) -> Households:
    """Households of every size, income, certificate and home."""
    rng = np.random.default_rng(seed)
    return Households(
        income_fen=rng.integers(0, 20_000_000, num),
        assets_fen=rng.integers(0, 40_000_000, num),
        status=rng.choice(len(STATUSES), num, p=[0.86, 0.07, 0.05, 0.02]).astype(np.int8),
        num_persons=rng.integers(1, 6, num).astype(np.int8),
        has_home=(rng.random(num) < 0.1).astype(np.int8),
        steps_up=rng.random(num) < 0.05,
        area_cm2=rng.integers(280_000, 790_000, num),
        rate_fen=rng.integers(600, 1_100, num),
        is_bed=rng.random(num) < 0.3,
        is_payable=rng.random(num) < 0.9,
    )


def rule_alone(num: int = 1_000_000) -> float:
    """Household-months of the subsidy rule in a second of one processor."""
    rules = policy.load("example").in_force(first_of("2026-03", 0)).tenancy.subsidy
    assert rules is not None
    households, rule = population(num), laid_out(rules)
    begun = time.process_time()
    for _ in range(REPEATS):
        subsidies_fen(households, rule)
    return REPEATS * num / (time.process_time() - begun)


def one_replication(run: Run) -> tuple[float, float, pd.DataFrame]:
    """Seconds of the wall and of the processor, the city's making included, and the long table."""
    book = policy.load(run.policy)
    scenario = baseline_of(run)
    wall, cpu = time.perf_counter(), time.process_time()
    made = simulate(scenario, book, snapshot_of(scenario, book), 1)
    return time.perf_counter() - wall, time.process_time() - cpu, made.monthly


def main() -> None:
    """Print what was measured."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--households", type=int, default=100_000)
    asked.add_argument("--waiting", type=int, default=20_000)
    asked.add_argument("--months", type=int, default=120)
    asked.add_argument("--rule-only", action="store_true")
    words = asked.parse_args()
    print(f"subsidy rule alone: {rule_alone() / 1e6:.1f} M household-months/s (floor 20)")
    if words.rule_only:
        return
    run = Run(
        households=words.households,
        waiting=words.waiting,
        months=words.months,
        warm_up_months=1,
        replications=1,
    )
    wall, cpu, monthly = one_replication(run)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    of_all = monthly[
        (monthly["group_kind"] == "all") & (monthly["measure"].isin(["waiting", "tenants", "housed"]))
    ]
    figures = of_all.groupby("measure")["value"]
    print(f"{words.households:,} tenants, {words.waiting:,} waiting, {words.months} months: {wall:.1f} s "
          f"({cpu:.1f} s of the processor), {peak:.2f} GB at most (floors 60 s, 4 GB)")  # fmt: skip
    for name in ("tenants", "waiting"):
        print(f"  {name}: {figures.get_group(name).min():,.0f} to {figures.get_group(name).max():,.0f}")
    print(f"  housed: {figures.get_group('housed').sum():,.0f}")


if __name__ == "__main__":
    main()
