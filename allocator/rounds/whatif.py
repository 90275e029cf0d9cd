"""What would have become of one household elsewhere in the order, and what its wishes would have cost others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.measures import costs
from allocator.model.instance import UNASSIGNED
from allocator.model.lookups import positions_among
from allocator.policy.model import AllocationRules
from allocator.rounds.allocation import instance_in_order
from allocator.rounds.freeze import SubRound
from allocator.rounds.solving import solve_round


def first_in_band(
    frozen: SubRound, order: pd.DataFrame, removed: set[str], rules: AllocationRules, code: str
) -> str:
    """Pool the household would hold had it stood first in its own band, all else the same; empty for none.

    The mechanism is run again, so that the sentence is true.
    """
    own = order["code"] == code
    band = order.loc[own, "band"].iloc[0]
    before, after = order[order["band"] < band], order[(order["band"] >= band) & ~own]
    moved = pd.concat([before, order[own], after], ignore_index=True)
    instance = instance_in_order(frozen, moved, removed)
    solution = solve_round(instance, rules)
    pool = int(solution.matching.assigned[len(before)])
    return "" if pool == UNASSIGNED else instance.pool_ids[pool]


def costs_to_others(
    frozen: SubRound,
    order: pd.DataFrame,
    removed: set[str],
    rules: AllocationRules,
    result: pd.DataFrame,
    code: str,
) -> dict[str, dict[str, Any]]:
    """By each pool the household liked better than what it holds: what granting it would have cost others.

    ``result``: ``code, pool`` of the housed. Empty where no such figure is defined: under declared reserves or
    quotas, and for mechanisms other than ``costs.SERVED``.
    """
    instance = instance_in_order(frozen, order, removed)
    if rules.mechanism not in costs.SERVED or instance.extensions:
        return {}
    assigned = np.full(instance.num_households, UNASSIGNED, np.int64)
    assigned[positions_among(result["code"], order["code"])] = positions_among(
        result["pool"], instance.pool_ids
    )
    known = costs.CostsToOthers(instance, assigned, rules.mechanism, housing_first=rules.housing_first)
    own = int(np.flatnonzero((order["code"] == code).to_numpy())[0])
    told = [cost.document(instance) for cost in known.of(own)]
    return {str(one["pool"]): one for one in told}
