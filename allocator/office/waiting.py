"""Who still waits in a round, and for how long."""

from __future__ import annotations

from datetime import date

import pandas as pd

from allocator.measures.waiting import Waiting, waiting
from allocator.model.enums import Verdict
from allocator.model.lookups import is_among, positions_among
from allocator.model.records import RoundRecord, Standing
from allocator.office.acts import NO_SUB_ROUND
from allocator.office.stage_open import SNAPSHOT
from allocator.policy.in_force import Policy
from allocator.store import Store

_AWAY = (Standing.HOUSED.value, Standing.WITHDRAWN.value)


def waiting_in(store: Store, record: RoundRecord, policy: Policy, on: date) -> Waiting | None:
    """The eligible households of the month that have no place (yet), on that day; None before the screening."""
    month = record.month
    if not store.has_artefact(month, NO_SUB_ROUND, "people"):
        return None
    people = store.frame(month, NO_SUB_ROUND, "people")
    households = store.frame(month, NO_SUB_ROUND, SNAPSHOT + "households")
    receipts = people.loc[people["verdict"] == str(Verdict.ELIGIBLE), "receipt_no"]
    standings = store.standings()
    gone = pd.concat([standings.loc[standings["state"].isin(_AWAY), "receipt_no"], *_placed(store, record)])
    receipts = receipts[~is_among(receipts, gone)]
    place = positions_among(receipts, households["receipt_no"])
    return waiting(households["registered_on"].iloc[place].reset_index(drop=True), on, policy.ranking.waiting)


def _placed(store: Store, record: RoundRecord) -> list[pd.Series]:
    """Receipts that were given a place, by sub-round, as far as the round has come."""
    placed = []
    for name in record.sub_rounds:
        if store.has_artefact(record.month, name, "result"):
            roster, result = (store.frame(record.month, name, frame) for frame in ("roster", "result"))
            placed.append(roster.loc[is_among(roster["code"], result["code"]), "receipt_no"])
    return placed
