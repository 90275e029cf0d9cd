"""From frozen sub-round and order to the assignment, its certificate and the dwelling of each household."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from allocator import mechanisms
from allocator.model.instance import UNASSIGNED, Instance
from allocator.model.lookups import is_among, positions_among
from allocator.policy.model import AllocationRules
from allocator.publicity import bundle
from allocator.rounds.freeze import SubRound, instance_of


@dataclass(frozen=True, eq=False)
class Allocation:
    """``result``: ``code, pool, dwelling_id`` of the housed, by code; the certificate as a document."""

    result: pd.DataFrame
    certificate: dict[str, Any]
    report: dict[str, Any]


def instance_in_order(frozen: SubRound, order: pd.DataFrame, removed: set[str]) -> Instance:
    """The instance of a sub-round in its published order; who was removed keeps the position with an empty list."""
    wishes = frozen.preferences
    if removed:
        wishes = wishes[~is_among(wishes["code"], removed)]
    households = positions_among(wishes["code"], order["code"])
    by_place = np.argsort(households, kind="stable")
    lists = pd.DataFrame(
        {
            "rank": wishes["rank"].to_numpy()[by_place],
            "pool": positions_among(wishes["pool"], frozen.pools["pool"])[by_place],
        }
    )
    return instance_of(
        households[by_place], lists, order["band"].to_numpy(dtype=np.int64), frozen.pools, list(order["code"])
    )


def allocate(
    frozen: SubRound, order: pd.DataFrame, removed: set[str], rules: AllocationRules, seed: str
) -> Allocation:
    """Run the policy's mechanism on the published order and give each housed household its dwelling."""
    instance = instance_in_order(frozen, order, removed)
    solution = mechanisms.solve(instance, rules.mechanism, housing_first=rules.housing_first)
    assigned = solution.matching.assigned
    names = np.append(frozen.pools["pool"].to_numpy(object), "")
    pools = names[np.where(assigned == UNASSIGNED, len(names) - 1, assigned)]
    result = bundle.result_of(order, pools, frozen.dwellings, rules.dwelling_rule, seed)
    return Allocation(result, dict(solution.certificate), dict(solution.report))
