"""Where households stand across months, and receipts that were set aside at import."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from sqlalchemy import Connection, insert, select

from allocator.model.records import STANDINGS, Standing
from allocator.store.bulk import delete_keys, read_frame, table_of, write_frame
from allocator.store.mapping import SHAPES
from allocator.store.sealing import Sealer

_SHAPE = SHAPES["standings"]


def read(connection: Connection, sealer: Sealer) -> pd.DataFrame:
    """``receipt_no, state, num_waivers`` of all who do not simply wait.

    A receipt set aside at import shows as ``set_aside`` unless it stands elsewhere already.
    """
    kept = read_frame(connection, _SHAPE, sealer)
    aside = set_aside_receipts(connection)
    if not aside:
        return kept
    is_aside = kept["receipt_no"].isin(aside) & (kept["state"] == Standing.WAITING.value)
    kept.loc[is_aside, "state"] = Standing.SET_ASIDE.value
    known = set(kept["receipt_no"])
    rest = [receipt_no for receipt_no in aside if receipt_no not in known]
    added = pd.DataFrame({"receipt_no": rest, "state": Standing.SET_ASIDE.value, "num_waivers": 0})
    both = pd.concat([kept, added.astype(STANDINGS.dtypes)], ignore_index=True)
    return both.sort_values("receipt_no", ignore_index=True)


def write(connection: Connection, frame: pd.DataFrame, sealer: Sealer) -> None:
    """Set the standing of the frame's households; those not named keep theirs.

    Raises ``ValueError`` for a state that is none.
    """
    unknown = set(frame["state"]) - {state.value for state in Standing}
    if unknown:
        raise ValueError(f"standings: no such state: {sorted(map(str, unknown))}")
    is_aside = frame["state"] == Standing.SET_ASIDE.value
    set_aside(connection, frame.loc[is_aside, "receipt_no"].tolist())
    plain = frame.assign(state=frame["state"].mask(is_aside, Standing.WAITING.value)).astype(STANDINGS.dtypes)
    is_default = (plain["state"] == Standing.WAITING.value) & (plain["num_waivers"] == 0)
    delete_keys(connection, "standings", plain.loc[is_default, "receipt_no"].tolist())
    write_frame(connection, _SHAPE, plain[~is_default].reset_index(drop=True), sealer)


def set_aside(connection: Connection, receipt_nos: Sequence[str]) -> None:
    """Remember receipts that came with faults; a receipt twice is kept once."""
    table = table_of("set_aside")
    known = set(set_aside_receipts(connection))
    fresh = sorted(set(receipt_nos) - known)
    if fresh:
        connection.execute(insert(table), [{"receipt_no": receipt_no} for receipt_no in fresh])


def set_aside_receipts(connection: Connection) -> list[str]:
    """Receipts received and set aside, sorted."""
    return sorted(connection.execute(select(table_of("set_aside").c.receipt_no)).scalars())
