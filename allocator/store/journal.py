"""The journal (审计日志): append-only, every entry chained to the one before it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from allocator.errors import MachineRefused
from allocator.model.canonical import canonical_bytes
from allocator.model.records import JournalEntry
from allocator.store.bulk import table_of
from allocator.store.sealing import Sealer
from allocator.store.settings import put_setting, setting_of

HEAD_SETTING: Final = "journal_head"


def append(
    connection: Connection,
    sealer: Sealer,
    *,
    month: str | None,
    stage: str,
    actor: str,
    stamp: str,
    details: Mapping[str, Any],
) -> JournalEntry:
    """Chain one entry to the last. Raises ``ValueError`` for a float in the details."""
    journal = table_of("journal")
    last = connection.execute(
        select(journal.c.number, journal.c.fingerprint).order_by(journal.c.number.desc()).limit(1)
    ).first()
    number, previous = (last.number + 1, last.fingerprint) if last else (1, "")
    bare = JournalEntry(number, month or "", stage, actor, stamp, dict(details), "", previous, "")
    salt = sealer.digests("journal-salt", [canonical_bytes(bare.document())])[0].hex()
    salted = replace(bare, salt=salt)
    entry = replace(salted, fingerprint=salted.expected_fingerprint())
    hidden = canonical_bytes({"actor": actor, "details": entry.document()["details"], "salt": salt})
    connection.execute(
        insert(journal).values(
            number=number,
            month=entry.month,
            stage=stage,
            stamp=stamp,
            previous=previous,
            fingerprint=entry.fingerprint,
            sealed=sealer.seal("journal", str(number), hidden),
        )
    )
    head = sealer.seal("journal-head", "", f"{number} {entry.fingerprint}".encode())
    put_setting(connection, HEAD_SETTING, head.hex())
    return entry


def entries(connection: Connection, sealer: Sealer, month: str | None = None) -> list[JournalEntry]:
    """All entries, or those of one month, in order. Raises ``MachineRefused`` when a seal is broken."""
    journal = table_of("journal")
    query = select(journal).order_by(journal.c.number)
    if month is not None:
        query = query.where(journal.c.month == month)
    return [_entry(row, sealer) for row in connection.execute(query)]


def first_broken(connection: Connection, sealer: Sealer) -> int | None:
    """Number of the first entry that was altered, removed or put in between; None when the chain is whole.

    The last number and fingerprint are kept sealed, so a journal cut short is found too.
    """
    journal = table_of("journal")
    previous, number = "", 0
    for number, row in enumerate(connection.execute(select(journal).order_by(journal.c.number)), start=1):
        if row.number != number or row.previous != previous:
            return number
        try:
            entry = _entry(row, sealer)
        except MachineRefused:
            return number
        if entry.fingerprint != entry.expected_fingerprint():
            return number
        previous = entry.fingerprint
    return None if _head(connection, sealer) == (number, previous) else number + 1


def _head(connection: Connection, sealer: Sealer) -> tuple[int, str]:
    kept = setting_of(connection, HEAD_SETTING)
    if kept is None:
        return 0, ""
    try:
        number, fingerprint = sealer.open("journal-head", "", bytes.fromhex(kept)).decode().split(" ")
    except (MachineRefused, ValueError):
        return -1, ""
    return int(number), fingerprint


def _entry(row: Any, sealer: Sealer) -> JournalEntry:
    hidden = json.loads(sealer.open("journal", str(row.number), row.sealed))
    return JournalEntry(
        number=row.number,
        month=row.month,
        stage=row.stage,
        actor=hidden["actor"],
        stamp=row.stamp,
        details=hidden["details"],
        salt=hidden["salt"],
        previous=row.previous,
        fingerprint=row.fingerprint,
    )
