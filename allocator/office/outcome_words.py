"""What became of one household in an allocated sub-round, why, and what would have changed it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from allocator.office.chance_words import OUTCOMES, told_chances
from allocator.office.room_words import reason_with_rooms, told_rooms
from allocator.office.standing_words import told_standings
from allocator.office.trade_words import listed_by, told_trades
from allocator.policy.allocating import LOTTERIES
from allocator.policy.in_force import Policy
from allocator.rounds import allocation, whatif
from allocator.rounds import reasons as why
from allocator.rounds.freeze import SubRound
from allocator.rounds.standings import is_crossing, is_stable, standings
from allocator.rounds.trades import is_traded
from allocator.store import Store

Sentence = tuple[str, dict[str, Any]]
_UNHOUSED: Final = frozenset(
    {
        why.Reason.STOOD_BEHIND,
        why.Reason.FILLED_BY_EARLIER_BANDS,
        why.Reason.NOTHING_LISTED,
        why.Reason.BETTER_STANDINGS,
        why.Reason.NEVER_OPEN,
        why.Reason.FILLED_OR_KEPT,
        why.Reason.TRADED_AWAY,
        why.Reason.NO_ROOM,
    }
)


def told_outcome(
    store: Store,
    month: str,
    sub_round: SubRound,
    order: pd.DataFrame,
    code: str,
    me: pd.Series,
    policy: Policy,
) -> tuple[list[Sentence], dict[str, Any]]:
    """The sentences on what the allocation gave the household and why, and the same as figures for machines."""
    result = store.frame(month, sub_round.name, "result")
    certificate = json.loads(store.artefact(month, sub_round.name, "certificate"))
    removals = store.frame(month, sub_round.name, "removals")["code"]
    told = why.reasons(order, sub_round.preferences, removals, result, certificate, sub_round.declared)
    mine = told[told["code"] == code].iloc[0].copy()
    reason = reason_with_rooms(sub_round, code, why.Reason(mine["reason"]))
    mine["reason"] = str(reason)
    figures = {
        "reason": str(reason),
        "pool": mine["pool"] or None,
        "rank": int(mine["rank"]) or None,
        "closing_position": int(mine["closing_position"]) or None,
    }
    dwelling = result.loc[result["code"] == code, "dwelling_id"]
    is_lottery = policy.allocation.mechanism in LOTTERIES
    said: list[Sentence] = [
        (
            OUTCOMES.get(reason, f"told_{reason}") if is_lottery else f"told_{reason}",
            {
                "pool": mine["pool"],
                "dwelling": dwelling.iloc[0] if len(dwelling) else "",
                "rank": int(mine["rank"]),
                "position": int(mine["position"]),
                "closing": int(mine["closing_position"]),
                "listed": int(mine["num_listed"]),
            },
        ),
        *told_rooms(sub_round, code, reason),
    ]
    if is_lottery:
        chances, figures["chances"] = told_chances(store, month, sub_round, code, "chances")
        said += chances if reason is not why.Reason.REMOVED else []
    elif is_crossing(certificate):
        settled = _told_settled(sub_round, told, result, certificate, code)
        said += settled if reason is why.Reason.LATER_CHOICE else []
    elif reason is why.Reason.LATER_CHOICE or reason in _UNHOUSED:
        tell = _told_later if reason is why.Reason.LATER_CHOICE else _told_unhoused
        more, of_pools = tell(
            _Filed(sub_round, order, result, certificate, set(removals), told), mine, me, policy
        )
        said += more
        figures |= of_pools
    return said, figures


@dataclass(frozen=True, eq=False)
class _Filed:
    """What is filed of an allocated sub-round; ``told``: everybody's reasons."""

    sub_round: SubRound
    order: pd.DataFrame
    result: pd.DataFrame
    certificate: dict[str, Any]
    removed: set[str]
    told: pd.DataFrame


def _told_later(
    filed: _Filed, mine: pd.Series, _: pd.Series, policy: Policy
) -> tuple[list[Sentence], dict[str, Any]]:
    """Of who got a later choice: each pool it liked better, who would have paid for it, and what the order did."""
    sub_round, order, certificate = filed.sub_round, filed.order, filed.certificate
    rules, code = policy.allocation, mine["code"]
    better = why.better_pools(
        code,
        filed.told,
        sub_round.preferences,
        filed.result,
        sub_round.pools,
        certificate,
        sub_round.declared,
    )
    cost = whatif.costs_to_others(sub_round, order, filed.removed, rules, filed.result, code)
    figures: dict[str, Any] = {"better_pools": [_with_cost(row, cost.get(row["pool"])) for row in better]}
    if is_stable(certificate):
        figures["standings"] = _standings(sub_round, mine, [row["pool"] for row in better], certificate)
        said = told_standings(figures["standings"], rules)
    elif is_traded(certificate):
        liked = [(row["rank"], row["pool"]) for row in better]
        said, figures["trades"] = told_trades(sub_round, order, code, liked, certificate)
    else:
        said = _told_better(better, cost, is_serial=rules.mechanism == "serial")
    if is_stable(certificate) or rules.mechanism != "serial":
        first = whatif.first_in_band(sub_round, order, filed.removed, rules, code)
        figures["first_in_band"] = first
        said = [*said, _told_first_in_band(sub_round, mine, first)]
    return said, figures


def _told_unhoused(
    filed: _Filed, mine: pd.Series, me: pd.Series, policy: Policy
) -> tuple[list[Sentence], dict[str, Any]]:
    """Of who got nothing though it listed something: why its pools were gone, and which would be open to it still."""
    sub_round, certificate = filed.sub_round, filed.certificate
    rules, code, reason = policy.allocation, mine["code"], why.Reason(mine["reason"])
    figures: dict[str, Any] = {}
    said: list[Sentence] = []
    if reason is why.Reason.BETTER_STANDINGS:
        wishes = sub_round.preferences
        pools = wishes.loc[wishes["code"] == code, "pool"]
        figures["standings"] = _standings(sub_round, mine, pools, certificate)
        said += told_standings(figures["standings"], rules)
    elif reason is why.Reason.TRADED_AWAY:
        wished = listed_by(sub_round, code)
        told_by_pool, figures["trades"] = told_trades(sub_round, filed.order, code, wished, certificate)
        said += told_by_pool
    open_still = open_to(sub_round, filed.result, code, me)
    if sub_round.declared is not None or sub_round.current is not None:
        # Under declared rules an empty place may be kept from it, and beside tenants: the mechanism is run again.
        known = (sub_round, filed.order, filed.removed, rules, code)
        open_still = [pool for pool in open_still if allocation.housed_with_last_choice(*known, pool)]
    figures["open_pools"] = open_still
    shown = {"pools": ", ".join(open_still[:5])}
    said.append(("told_open_pool", shown) if open_still else ("told_no_open_pool", {}))
    return said, figures


def _told_settled(
    sub_round: SubRound, told: pd.DataFrame, result: pd.DataFrame, certificate: dict[str, Any], code: str
) -> list[Sentence]:
    """Where quotas cross: who holds the places liked better. Other orders and lists would each ask for new proofs."""
    better = why.better_pools(
        code, told, sub_round.preferences, result, sub_round.pools, certificate, sub_round.declared
    )
    return [("told_better_pool_quotas", row) for row in better]


def _standings(
    sub_round: SubRound, mine: pd.Series, pools: Iterable[str], certificate: dict[str, Any]
) -> list[dict[str, Any]]:
    """What was full before the household at these pools of its list."""
    own = sub_round.preferences[sub_round.preferences["code"] == mine["code"]]
    ranks = dict(zip(own["pool"], own["rank"].astype(int).tolist(), strict=True))
    listed = [(ranks[pool], pool) for pool in pools]
    return standings(mine["code"], int(mine["position"]), listed, certificate, sub_round.declared)


def _with_cost(row: dict[str, Any], cost: dict[str, Any] | None) -> dict[str, Any]:
    """The pool's row for machines with what granting it would have cost others."""
    return row if cost is None else {**row, "cost_to_others": cost}


def _told_better(
    better: list[dict[str, Any]], cost: dict[str, dict[str, Any]], *, is_serial: bool
) -> list[Sentence]:
    """Of each better pool where its places went, and what granting it would have cost others."""
    said: list[Sentence] = []
    for row in better:
        if not is_serial:
            said.append(("told_better_pool", row))
        else:
            said.append(
                ("told_better_pool_serial" if row["last_place_to"] else "told_better_never_open", row)
            )
        if row["pool"] in cost:
            said.append(("told_cost_to_others", {"cost": cost[row["pool"]]}))
    return said


def _told_first_in_band(sub_round: SubRound, mine: pd.Series, pool: str) -> Sentence:
    """What the first place in its band would have brought it: the same pool, or one it likes as well or better."""
    if pool == mine["pool"]:
        return "told_first_in_band_same", {"pool": pool}
    own = sub_round.preferences[sub_round.preferences["code"] == mine["code"]]
    rank = int(own.loc[own["pool"] == pool, "rank"].iloc[0])
    return "told_first_in_band_other", {"pool": pool, "rank": rank}


def open_to(sub_round: SubRound, result: pd.DataFrame, code: str, me: pd.Series) -> list[str]:
    """Pools with an empty place at the end that the household may take and did not list: listing one would have housed it."""
    free = sub_round.pools.merge(why.free_pools(sub_round.pools, result), on="pool")
    listed = set(sub_round.preferences.loc[sub_round.preferences["code"] == code, "pool"])
    letter = {"female": "F", "male": "M"}.get(str(me["sex"]), "")
    return [
        str(pool)
        for pool, kind, sex in zip(free["pool"], free["dwelling_type"], free["sex"], strict=True)
        if pool not in listed and bool(me[kind]) and sex in ("", letter)
    ]
