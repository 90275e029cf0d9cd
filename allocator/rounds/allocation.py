"""From frozen sub-round and order to the assignment, its certificate and the dwelling of each household."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from allocator.audit.quota_rights import band_quotas
from allocator.errors import Refused
from allocator.model.instance import UNASSIGNED, Instance
from allocator.model.lookups import is_among, order_by_text, positions_among
from allocator.policy.model import AllocationRules
from allocator.publicity import bundle
from allocator.rounds.declared import extensions_of
from allocator.rounds.freeze import SubRound, instance_of
from allocator.rounds.solving import chances_of, is_lottery, solve_round
from allocator.rounds.tenants import result_with_homes


@dataclass(frozen=True, eq=False)
class Allocation:
    """``result``: ``code, pool, dwelling_id`` of the housed, by code; the certificate as a document.

    ``chances``: of a lottery, ``code, pool, chance`` (``solving.chances_of``).
    """

    result: pd.DataFrame
    certificate: dict[str, Any]
    report: dict[str, Any]
    chances: pd.DataFrame | None = None


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
    bare = instance_of(
        households[by_place], lists, order["band"].to_numpy(dtype=np.int64), frozen.pools, list(order["code"])
    )
    if frozen.current is not None and len(frozen.current):
        homes = dict(zip(frozen.current["code"], frozen.current["pool"], strict=True))
        bare = replace(bare, extensions={"current": homes})
    if frozen.declared is None:
        return bare
    extensions, groups = extensions_of(
        frozen.declared, order["code"], households[by_place], bare.pool, bare.pool_ids
    )
    return replace(bare, extensions={**bare.extensions, **extensions}, groups=groups)


def refuse_unserved(frozen: SubRound, rules: AllocationRules) -> pd.DataFrame | None:
    """The chances that a lottery states before the draw (``solving.chances_of``); None for other mechanisms.

    Raises ``Refused`` where the mechanism cannot serve the declared rules of these lists: before anything is drawn.
    Whether it can does not hang on the order, so receipt numbers stand in for tickets.
    """
    if frozen.declared is None and not is_lottery(rules):
        return None
    roster = frozen.roster
    points = -roster["points"].to_numpy(dtype=np.int64)
    rows = np.lexsort((roster["receipt_no"].to_numpy(object).astype(str), points, roster["band"].to_numpy()))
    instance = instance_in_order(frozen, roster.iloc[rows].reset_index(drop=True), set())
    if rules.mechanism == "band_optimum" and instance.extensions:
        nobody = np.full(instance.num_households, UNASSIGNED, dtype=np.int64)
        nest = band_quotas(instance, nobody).nest
        if isinstance(nest, tuple) and "current" in instance.extensions:
            raise Refused("rules_cross_beside_tenants", one=nest[0], other=nest[1])
        if isinstance(nest, tuple) and rules.housed is None:
            raise Refused("rules_cross", one=nest[0], other=nest[1])
    return chances_of(solve_round(instance, rules))


def allocate(
    frozen: SubRound, order: pd.DataFrame, removed: set[str], rules: AllocationRules, seed: str
) -> Allocation:
    """Run the policy's mechanism on the published order and give each housed household its dwelling."""
    instance = instance_in_order(frozen, order, removed)
    solution = solve_round(instance, rules, seed)
    assigned = solution.matching.assigned
    names = np.append(frozen.pools["pool"].to_numpy(object), "")
    pools = names[np.where(assigned == UNASSIGNED, len(names) - 1, assigned)]
    result = _result(frozen, order, pools, rules, seed)
    return Allocation(result, dict(solution.certificate), dict(solution.report), chances_of(solution))


def _result(
    frozen: SubRound, order: pd.DataFrame, pools: np.ndarray, rules: AllocationRules, seed: str
) -> pd.DataFrame:
    """The dwelling of each housed household; a tenant who stays has a row without one."""
    if frozen.current is None:
        return bundle.result_of(order, pools, frozen.dwellings, rules.dwelling_rule, seed)
    entering, free, at_home = result_with_homes(order, pools, frozen.dwellings, frozen.current)
    entered = bundle.result_of(order, entering, free, rules.dwelling_rule, seed)
    both = pd.concat([entered, at_home], ignore_index=True)
    return both.iloc[order_by_text(both["code"])].reset_index(drop=True)


def housed_with_last_choice(
    frozen: SubRound, order: pd.DataFrame, removed: set[str], rules: AllocationRules, code: str, pool: str
) -> bool:
    """Whether the household would have been housed had it listed one pool more, behind all others: run again."""
    wishes = frozen.preferences
    last = int(wishes.loc[wishes["code"] == code, "rank"].max()) if (wishes["code"] == code).any() else 0
    more = pd.DataFrame({"code": [code], "rank": [last + 1], "pool": [pool]})
    asked = replace(frozen, preferences=pd.concat([wishes, more.astype(wishes.dtypes)], ignore_index=True))
    instance = instance_in_order(asked, order, removed)
    solution = solve_round(instance, rules)
    return bool(solution.matching.assigned[int(np.argmax(order["code"] == code))] != UNASSIGNED)
