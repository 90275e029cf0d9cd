"""Offers (配租通知单) and leases (租赁合同) at rest."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import Connection

from allocator.model.columns import Table
from allocator.model.facts import conform
from allocator.model.records import LEASES, OFFERS
from allocator.store.bulk import Counts, read_frame, write_frame
from allocator.store.mapping import SHAPES
from allocator.store.sealing import Sealer


def write_offers(connection: Connection, frame: pd.DataFrame, sealer: Sealer) -> Counts:
    """Upsert offers; columns that may be empty may be absent."""
    return _write(connection, OFFERS, frame, sealer)


def update_offers(connection: Connection, frame: pd.DataFrame, sealer: Sealer) -> Counts:
    """Change the frame's columns of offers that stand. Raises ``ValueError`` for an offer nobody made."""
    key = list(OFFERS.key)
    months = sorted(set(frame["month"]))
    if not months:
        return Counts()
    stored = pd.concat([offers(connection, month, sealer) for month in months]).set_index(key)
    changes = frame.set_index(key)
    if not changes.index.isin(stored.index).all():
        raise ValueError("offers: an answer to an offer nobody made")
    merged = stored.loc[changes.index]
    for name in changes.columns:
        merged[name] = changes[name].astype(OFFERS.dtypes[name])
    return _write(connection, OFFERS, merged.reset_index(), sealer)


def offers(connection: Connection, month: str, sealer: Sealer) -> pd.DataFrame:
    """Offers of a month, by key."""
    return read_frame(connection, SHAPES["offers"], sealer, month=month)


def write_leases(connection: Connection, frame: pd.DataFrame, sealer: Sealer) -> Counts:
    """Upsert leases; columns that may be empty may be absent."""
    return _write(connection, LEASES, frame, sealer)


def leases(connection: Connection, month: str | None, sealer: Sealer) -> pd.DataFrame:
    """Leases of a month or all, by number."""
    return read_frame(connection, SHAPES["leases"], sealer, month=month)


def _write(connection: Connection, table: Table, frame: pd.DataFrame, sealer: Sealer) -> Counts:
    strange = set(frame.columns) - set(table.frame_columns)
    absent = {c.frame_name for c in table.columns if not c.may_be_empty} - set(frame.columns)
    if strange or absent:
        raise ValueError(f"{table.name}: unknown columns {sorted(strange)}, missing {sorted(absent)}")
    return write_frame(connection, SHAPES[table.name], conform(frame, table), sealer)
