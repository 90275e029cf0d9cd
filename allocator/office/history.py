"""What earlier months left behind for this one: draws lost, and bans that still run."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from allocator.model.enums import Stage
from allocator.model.lookups import is_among, positions_among
from allocator.model.records import RoundRecord
from allocator.store import Store

BAN = "ban"


def lost_rounds(store: Store, *, before: str | None = None) -> pd.DataFrame:
    """``receipt_no, num_lost``: closed rounds on whose roster the receipt stood and that gave it no dwelling.

    ``before``: only rounds of earlier months than this.

    A round in which the household was given a place (whatever it answered), or left between roster and allocation,
    is not lost. Receipts without a lost round have no row; by receipt number.
    """
    closed = [record for record in _closed(store) if before is None or record.month < before]
    lost = [_lost_in(store, record.month, record.sub_rounds) for record in closed]
    receipts = pd.concat(lost, ignore_index=True) if lost else pd.Series(dtype="str")
    counts = receipts.value_counts().sort_index()
    return pd.DataFrame(
        {"receipt_no": counts.index.astype("str"), "num_lost": counts.to_numpy(dtype=np.int64)}
    ).reset_index(drop=True)


def _closed(store: Store) -> list[RoundRecord]:
    return [record for record in store.rounds() if record.stage == Stage.CLOSE.value]


def _lost_in(store: Store, month: str, sub_rounds: tuple[str, ...]) -> pd.Series:
    """Receipts that stood on a roster of the month, each once, without those who got a place or left."""
    stood, done = [], []
    for name in sub_rounds:
        roster = store.frame(month, name, "roster")
        away = [store.frame(month, name, frame)["code"] for frame in ("result", "removals")]
        stood.append(roster["receipt_no"])
        done.append(roster.loc[is_among(roster["code"], pd.concat(away)), "receipt_no"])
    if not stood:
        return pd.Series(dtype="str")
    everyone = pd.concat(stood, ignore_index=True).drop_duplicates()
    return everyone[~is_among(everyone, pd.concat(done))].reset_index(drop=True)


def of_households(lost: pd.DataFrame, households: pd.DataFrame) -> pd.Series:
    """``(n,) int64``: draws lost by each household, in the households' order."""
    counts = np.append(lost["num_lost"].to_numpy(dtype=np.int64), 0)
    return pd.Series(counts[positions_among(households["receipt_no"], lost["receipt_no"])], dtype="int64")


def bans(store: Store) -> pd.DataFrame:
    """``receipt_no, barred_until``: bans as they stand, by receipt number; the last word of the journal counts."""
    last: dict[str, date] = {}
    for entry in store.entries():
        if entry.stage == BAN:
            last[str(entry.details["receipt_no"])] = date.fromisoformat(str(entry.details["barred_until"]))
    return pd.DataFrame(
        {
            "receipt_no": pd.Series(sorted(last), dtype="str"),
            "barred_until": pd.Series([last[name] for name in sorted(last)], dtype="datetime64[s]"),
        }
    )
