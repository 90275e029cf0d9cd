"""调房 at the desk: which tenants ask to move, and what becomes of their leases. Inside the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from allocator.model.facts import Facts
from allocator.model.leases import LeaseState
from allocator.model.lookups import is_among
from allocator.model.records import Standing
from allocator.office.acts import NO_SUB_ROUND
from allocator.policy.in_force import Policy
from allocator.tenancies.transfers import asks_anew

if TYPE_CHECKING:
    from allocator.store import Store

TENANTS: Final = "tenants"
_SNAPSHOT: Final = "snapshot-preferences"


def asking(store: Store, facts: Facts, policy: Policy) -> pd.DataFrame | None:
    """``receipt_no, dwelling_id`` of the tenants who ask to move, by receipt number; None where the law has no transfers.

    A tenant asks by an ordinary delivery: with another list than the one its lease came from.
    """
    if policy.allocation.transfers is None:
        return None
    standings = store.standings()
    housed = standings.loc[standings["state"] == Standing.HOUSED.value, "receipt_no"]
    leases = in_force(store)
    leases = leases[is_among(leases["receipt_no"], housed)]
    parts = [
        asks_anew(own["receipt_no"], facts.preferences, store.frame(str(month), NO_SUB_ROUND, _SNAPSHOT))
        for month, own in leases.groupby("month", sort=True)
    ]
    asked = {receipt_no for part in parts for receipt_no in part}
    found = leases.loc[is_among(leases["receipt_no"], asked), ["receipt_no", "dwelling_id"]]
    return found.sort_values("receipt_no").astype("str").reset_index(drop=True)


def in_force(store: Store) -> pd.DataFrame:
    """The leases that run."""
    leases = store.leases()
    return leases[leases["state"] == LeaseState.IN_FORCE.value].reset_index(drop=True)


def tenants(store: Store, month: str) -> pd.DataFrame | None:
    """The tenants who asked when the month was screened; None where the law had no transfers."""
    if not store.has_artefact(month, NO_SUB_ROUND, TENANTS):
        return None
    return store.frame(month, NO_SUB_ROUND, TENANTS)


def counted(result: pd.DataFrame, current: pd.DataFrame | None) -> dict[str, Any] | None:
    """How many tenants asked in a sub-round and how many of them move; None where none takes part."""
    if current is None:
        return None
    moves = is_among(result["code"], current["code"]) & (result["dwelling_id"] != "").to_numpy(dtype=bool)
    return {"tenants": len(current), "moving": int(moves.sum())}
