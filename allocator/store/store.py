"""The store: everything that outlives a command, behind one class."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import pandas as pd
from sqlalchemy import Connection, Engine

from allocator.model.facts import Facts
from allocator.model.records import ExportRecord, JournalEntry, RoundRecord
from allocator.store import agreements, delivery, journal, rounds, settings, standings
from allocator.store.bulk import Counts
from allocator.store.engine import reading, writing
from allocator.store.frames import bytes_of, frame_of
from allocator.store.opening import opened
from allocator.store.sealing import Sealer


class Store:
    """One open store. Reads see one moment; every write is a transaction of its own, or part of the one open.

    Made by ``Store.open``; use it in one thread, as a context manager.
    """

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self._engine = engine
        self._sealer = sealer
        self._writer: Connection | None = None

    @classmethod
    def open(
        cls, url: str, *, create: bool = True, key: bytes | None = None, wait_seconds: float = 15.0
    ) -> Self:
        """Open the store at the URL, or make it where there is none and ``create``.

        ``key``: 32 bytes, before ``ALLOCATOR_KEY`` (hex), before the key file beside the SQLite file.
        ``wait_seconds``: how long a writer waits for another.
        Raises ``WrongUsage`` (URL, malformed key), ``Refused`` (no store, not ours, newer, wrong or missing
        key) and ``MachineRefused`` (the machine or the server cannot).
        """
        return cls(*opened(url, create=create, key=key, wait_seconds=wait_seconds))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """The one write transaction: writers take turns; all of it is kept or, on any exception, nothing."""
        if self._writer is not None:
            raise RuntimeError("a transaction inside a transaction")
        with writing(self._engine) as connection:
            self._writer = connection
            try:
                yield
            finally:
                self._writer = None

    # Settings

    def setting(self, name: str) -> str | None:
        """The value of a setting, or None."""
        with self._reads() as connection:
            return settings.setting_of(connection, name)

    def set_setting(self, name: str, value: str) -> None:
        """Set or replace a setting."""
        with self._writes() as connection:
            settings.put_setting(connection, name, value)

    # Facts

    def read_facts(self) -> Facts:
        """All six tables as frames of ``model.columns``, sorted by key (texts by code point)."""
        with self._reads() as connection:
            return delivery.read(connection, self._sealer)

    def write_delivery(self, facts: Facts) -> dict[str, Counts]:
        """Upsert a checked delivery by key; rows counted by table. Absent rows stay.

        Where the delivery holds preferences of a household, they replace its old list.
        Raises ``Refused`` where a row refers to one that neither the delivery nor the store has.
        """
        with self._writes() as connection:
            return delivery.write(connection, facts, self._sealer)

    def remove_members(self, people: pd.DataFrame) -> int:
        """Take people (``receipt_no, id_number``) out of their households; what rounds froze stays as it is."""
        with self._writes() as connection:
            return delivery.remove_members(connection, people, self._sealer)

    # Standing of households across months

    def standings(self) -> pd.DataFrame:
        """``receipt_no, state, num_waivers`` (``model.records.STANDINGS``) of all who do not simply wait."""
        with self._reads() as connection:
            return standings.read(connection, self._sealer)

    def set_standings(self, frame: pd.DataFrame) -> None:
        """Set the standing of the households in the frame; the others keep theirs."""
        with self._writes() as connection:
            standings.write(connection, frame, self._sealer)

    def set_aside(self, receipt_nos: Sequence[str]) -> None:
        """Remember receipts set aside at import, until a sound delivery of them comes."""
        with self._writes() as connection:
            standings.set_aside(connection, receipt_nos)

    def set_aside_receipts(self) -> list[str]:
        """Receipts set aside, sorted."""
        with self._reads() as connection:
            return standings.set_aside_receipts(connection)

    # Rounds and what they froze

    def create_round(self, record: RoundRecord) -> None:
        """Keep a new round. Raises ``Refused`` where the month has one."""
        with self._writes() as connection:
            rounds.create(connection, record)

    def update_round(self, record: RoundRecord) -> None:
        """Replace what is known of a round. Raises ``Refused`` where the month has none."""
        with self._writes() as connection:
            rounds.change(connection, record)

    def round(self, month: str) -> RoundRecord | None:
        """The month's round, or None."""
        with self._reads() as connection:
            return rounds.of_month(connection, month)

    def rounds(self) -> list[RoundRecord]:
        """All rounds, by month."""
        with self._reads() as connection:
            return rounds.all_rounds(connection)

    def put_artefact(self, month: str, sub_round: str, name: str, content: bytes) -> str:
        """Freeze a document of a round; its hex SHA-256. Raises ``Refused`` when other bytes stand there."""
        with self._writes() as connection:
            return rounds.put_artefact(connection, self._sealer, (month, sub_round, name), content)

    def artefact(self, month: str, sub_round: str, name: str) -> bytes:
        """A frozen document. Raises ``Refused`` where there is none."""
        with self._reads() as connection:
            return rounds.artefact(connection, self._sealer, (month, sub_round, name))

    def has_artefact(self, month: str, sub_round: str, name: str) -> bool:
        """Whether it was frozen."""
        with self._reads() as connection:
            return rounds.has_artefact(connection, (month, sub_round, name))

    def artefact_names(self, month: str) -> list[tuple[str, str]]:
        """Sub-round and name of everything frozen in a month, sorted."""
        with self._reads() as connection:
            return rounds.artefact_names(connection, month)

    def put_frame(self, month: str, sub_round: str, name: str, frame: pd.DataFrame) -> str:
        """Freeze a frame with its dtypes (its index is dropped); hex SHA-256 of its bytes."""
        return self.put_artefact(month, sub_round, name, bytes_of(frame))

    def frame(self, month: str, sub_round: str, name: str) -> pd.DataFrame:
        """A frozen frame. Raises ``Refused`` where there is none."""
        return frame_of(self.artefact(month, sub_round, name))

    # Journal

    def append_entry(
        self, *, month: str | None, stage: str, actor: str, stamp: str, details: Mapping[str, Any]
    ) -> JournalEntry:
        """Chain one entry to the journal. ``details``: JSON without floats."""
        with self._writes() as connection:
            return journal.append(
                connection,
                self._sealer,
                month=month,
                stage=stage,
                actor=actor,
                stamp=stamp,
                details=details,
            )

    def entries(self, month: str | None = None) -> list[JournalEntry]:
        """The journal in order, whole or of one month ("" for acts outside a round)."""
        with self._reads() as connection:
            return journal.entries(connection, self._sealer, month)

    def verify_chain(self) -> int | None:
        """Number of the first broken entry of the journal, or None when the chain is whole."""
        with self._reads() as connection:
            return journal.first_broken(connection, self._sealer)

    # Offers, leases, exports

    def write_offers(self, frame: pd.DataFrame) -> Counts:
        """Upsert offers (``model.records.OFFERS``) by month, sub-round and receipt number."""
        with self._writes() as connection:
            return agreements.write_offers(connection, frame, self._sealer)

    def update_offers(self, frame: pd.DataFrame) -> Counts:
        """Change some columns of known offers: the key columns and those to change."""
        with self._writes() as connection:
            return agreements.update_offers(connection, frame, self._sealer)

    def offers(self, month: str) -> pd.DataFrame:
        """Offers of a month, by key."""
        with self._reads() as connection:
            return agreements.offers(connection, month, self._sealer)

    def write_leases(self, frame: pd.DataFrame) -> Counts:
        """Upsert leases (``model.records.LEASES``) by lease number."""
        with self._writes() as connection:
            return agreements.write_leases(connection, frame, self._sealer)

    def leases(self, month: str | None = None) -> pd.DataFrame:
        """Leases of a month or all, by lease number."""
        with self._reads() as connection:
            return agreements.leases(connection, month, self._sealer)

    def write_export(self, record: ExportRecord) -> None:
        """Keep an export to the registry, or what the registry answered to it."""
        with self._writes() as connection:
            rounds.put_export(connection, self._sealer, record)

    def exports(self, month: str | None = None) -> list[ExportRecord]:
        """Exports of a month or all, by number."""
        with self._reads() as connection:
            return rounds.exports_of(connection, self._sealer, month)

    @contextmanager
    def _writes(self) -> Iterator[Connection]:
        if self._writer is not None:
            yield self._writer
            return
        with writing(self._engine) as connection:
            yield connection

    @contextmanager
    def _reads(self) -> Iterator[Connection]:
        if self._writer is not None:
            yield self._writer
            return
        with reading(self._engine) as connection:
            yield connection
