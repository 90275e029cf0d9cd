"""One engine per store: SQLite with WAL and foreign keys, or PostgreSQL; one writer at a time in both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from allocator.errors import MachineRefused, Refused, WrongUsage
from allocator.store.faults import translated

_SQLITE_NAMES: Final = {"sqlite", "sqlite+pysqlite"}
_POSTGRES_NAMES: Final = {"postgresql", "postgresql+psycopg"}
_WRITES: Final = "allocator_writes"
# Any fixed number: writers of all our stores in one database take turns on it.
_WRITER_LOCK: Final = 0x616C6C6F63


def parsed(url: str) -> URL:
    """The URL if it names a store we know. Raises ``WrongUsage``; the URL's password is not repeated."""
    try:
        found = make_url(url)
    except (ArgumentError, ValueError):
        raise WrongUsage("store_url_malformed") from None
    if found.drivername in _SQLITE_NAMES:
        if found.host or found.query or not found.database or found.database == ":memory:":
            raise WrongUsage("store_url_malformed")
        return found
    if found.drivername in _POSTGRES_NAMES:
        return found.set(drivername="postgresql+psycopg")
    raise WrongUsage("store_url_unknown", scheme=found.drivername)


def file_of(url: URL) -> Path | None:
    """The SQLite file, or None for a server."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def check_place(file: Path) -> None:
    """Refuse a place where no store can stand, before anything is made there."""
    if file.is_dir():
        raise Refused("store_is_folder", name=file.name)
    if not file.parent.is_dir():
        raise MachineRefused("store_folder_missing", name=file.parent.name)


def engine_of(url: URL, wait_seconds: float) -> Engine:
    """An engine whose writers wait for each other at most that long."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, hide_parameters=True)
        event.listen(engine, "connect", _on_sqlite_connect(wait_seconds))
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        # Values are given by position to both databases, so that a row is a tuple.
        engine = create_engine(
            url, hide_parameters=True, paramstyle="format", isolation_level="REPEATABLE READ"
        )
    except (ImportError, NoSuchModuleError):
        raise MachineRefused("store_driver_missing") from None
    event.listen(engine, "begin", _begin_postgres(wait_seconds))
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """The write transaction: waits for its turn, commits whole or not at all."""
    options: dict[str, Any] = {_WRITES: True}
    if engine.dialect.name == "postgresql":
        # Whoever waited for the lock must see what the writer before has written.
        options["isolation_level"] = "READ COMMITTED"
    with translated(), engine.execution_options(**options).begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A read transaction: everything read inside it is of one moment."""
    with translated(), engine.connect() as connection, connection.begin():
        yield connection


def _on_sqlite_connect(wait_seconds: float) -> Any:
    def connect(driver_connection: Any, _record: Any) -> None:
        driver_connection.isolation_level = None  # we say BEGIN ourselves
        cursor = driver_connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(wait_seconds * 1000)}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA cache_size = -64000")
        cursor.close()

    return connect


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgres(wait_seconds: float) -> Any:
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(_WRITES, False):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, int(wait_seconds * 1000))}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")

    return begin
