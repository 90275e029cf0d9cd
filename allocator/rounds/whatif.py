"""What would have become of one household elsewhere in the order: the mechanism re-run, so that it is true."""

from __future__ import annotations

import pandas as pd

from allocator import mechanisms
from allocator.model.instance import UNASSIGNED
from allocator.policy.model import AllocationRules
from allocator.rounds.allocation import instance_in_order
from allocator.rounds.freeze import SubRound


def first_in_band(
    frozen: SubRound, order: pd.DataFrame, removed: set[str], rules: AllocationRules, code: str
) -> str:
    """Pool the household would hold had it stood first in its own band, all else the same; empty for none."""
    own = order["code"] == code
    band = order.loc[own, "band"].iloc[0]
    before, after = order[order["band"] < band], order[(order["band"] >= band) & ~own]
    moved = pd.concat([before, order[own], after], ignore_index=True)
    instance = instance_in_order(frozen, moved, removed)
    solution = mechanisms.solve(instance, rules.mechanism, housing_first=rules.housing_first)
    pool = int(solution.matching.assigned[len(before)])
    return "" if pool == UNASSIGNED else instance.pool_ids[pool]
