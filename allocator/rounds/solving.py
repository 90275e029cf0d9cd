"""The policy's mechanism run on an instance of a round, with all that the policy says about it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from allocator import mechanisms
from allocator.errors import NoAllocation
from allocator.model.enums import SolutionStatus
from allocator.model.instance import UNASSIGNED, Instance, Ints, Solution
from allocator.policy.model import AllocationRules


def solve_round(instance: Instance, rules: AllocationRules, seed: str | None = None) -> Solution:
    """Run the policy's mechanism; ``seed`` (hex, of the round) draws the assignment of a lottery.

    ``probabilistic_serial`` needs strict lists: pools of one wish are asked for in the list's own order, as ``bundle.md``
    says. Raises ``Refused`` for what the mechanism cannot serve and ``NoAllocation`` where nobody can be assigned.
    """
    options: dict[str, Any] = {"seed": seed} if is_lottery(rules) else {}
    if rules.housed is not None:
        options["housed"] = rules.housed
    if rules.mechanism == "probabilistic_serial":
        instance = strict(instance)
    solution = mechanisms.solve(instance, rules.mechanism, housing_first=rules.housing_first, **options)
    if solution.status in {SolutionStatus.OPTIMAL, SolutionStatus.FEASIBLE}:
        return solution
    said = dict(solution.report)
    if solution.status is SolutionStatus.LIMIT and "code" in said:
        raise NoAllocation(said.pop("code"), **said)
    raise NoAllocation("round_unsolved", mechanism=rules.mechanism, status=str(solution.status))


def is_lottery(rules: AllocationRules) -> bool:
    """Whether the mechanism states chances and draws one assignment from them."""
    return "seed" in mechanisms.mechanism_named(rules.mechanism).options


def strict(instance: Instance) -> Instance:
    """The same lists, every pool at a rank of its own in the list's order."""
    sizes = np.diff(instance.start)
    within = np.arange(len(instance.pool)) - np.repeat(instance.start[:-1], sizes)
    return replace(instance, rank=(within + 1).astype(np.int64))


def loads_of(solution: Solution, instance: Instance) -> Ints:
    """(C,) places that the mechanism fills; of a lottery the most that any of its outcomes fills.

    Every outcome of a lottery fills a pool with its expectation, rounded down or up.
    """
    if solution.chances is None:
        assigned = solution.matching.assigned
        return np.bincount(assigned[assigned != UNASSIGNED], minlength=instance.num_pools).astype(np.int64)
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    expected = [Fraction(0)] * instance.num_pools
    for row in solution.chances.values():
        for pool, chance in row.items():
            expected[index[pool]] += Fraction(chance)
    return np.array([ceil(load) for load in expected], dtype=np.int64)


def chances_of(solution: Solution) -> pd.DataFrame | None:
    """``code, pool, chance`` of a lottery, by code, then the household's own list; exact fractions as text."""
    if solution.chances is None:
        return None
    rows = [
        (code, pool, chance) for code, row in sorted(solution.chances.items()) for pool, chance in row.items()
    ]
    return pd.DataFrame(rows, columns=["code", "pool", "chance"]).astype("str")
