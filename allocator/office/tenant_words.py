"""What a tenant who asks to move is told: that it keeps or betters its home, what became of it, why it waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allocator.office import frozen, transfers
from allocator.rounds.freeze import PUBLIC, SubRound
from allocator.store import Store

Sentence = tuple[str, dict[str, Any]]
_RESULTS = ("told_first_choice", "told_later_choice")


def told_tenant(said: Sequence[Sentence], sub_round: SubRound, code: str) -> list[Sentence]:
    """The sentences of a sub-round, in the words of a tenant where the household is one there."""
    homes = (
        {}
        if sub_round.current is None
        else dict(zip(sub_round.current["code"], sub_round.current["pool"], strict=True))
    )
    if code not in homes:
        is_told = any(name == "told_better_pool" for name, _ in said)
        return [*said, *([("told_tenants_first", {})] if homes and is_told else [])]
    told: list[Sentence] = []
    for name, params in said:
        if name == "told_later_choice" and not params["dwelling"]:
            told.append(("told_tenant_stays", {"pool": params["pool"]}))
        elif name in _RESULTS:
            told += [(name, params), ("told_tenant_moves", {"home": homes[code]})]
        elif name == "told_on_roster":
            told += [(name, params), ("told_tenant_waits", {"home": homes[code]})]
        else:
            told.append((name, params))
    return told


def told_left_out(
    store: Store,
    month: str,
    receipt_no: str,
    sub_rounds: Sequence[str],
    figures: Mapping[str, Any],
    *,
    is_eligible: bool,
) -> list[Sentence] | None:
    """Why a tenant who asked is on no roster; None for everybody else."""
    asked = transfers.tenants(store, month)
    if asked is None or receipt_no not in set(asked["receipt_no"]):
        return None
    if figures.get("sub_rounds") or not sub_rounds:
        return []
    if not is_eligible:
        return [("told_transfer_not_eligible", {})]
    left_out = frozen.load(store, month, PUBLIC).left_out
    if left_out is None:
        return []
    cause = left_out.loc[left_out["receipt_no"] == receipt_no, "cause"].iloc[0]
    return [(f"told_transfer_{cause}", {})]
