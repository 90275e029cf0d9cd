"""The schema through time. A new store is made as it is today; an older one takes the steps it has missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, inspect, text

from allocator.errors import Refused
from allocator.store.tables import APPEND_ONLY, Row

VERSION_SETTING: Final = "schema_version"
# "ALOC": how SQLite's own header tells our files from others'.
APPLICATION_ID: Final = 0x414C4F43


@dataclass(frozen=True)
class Step:
    """Takes the schema from ``to - 1`` to ``to``, inside the transaction of the migration."""

    to: int
    apply: Callable[[Connection], None]


# Version 1 is the first; a step is added here whenever ``tables.py`` changes, and none is ever altered.
STEPS: tuple[Step, ...] = ()


def version_known() -> int:
    """The newest version this program knows."""
    return 1 + len(STEPS)


def version_found(connection: Connection) -> int | None:
    """The version of the store, or None where there is none yet. Raises ``Refused`` for a stranger's database."""
    if not inspect(connection).has_table("settings"):
        if connection.dialect.name == "sqlite" and inspect(connection).get_table_names():
            raise Refused("store_not_ours")
        return None
    names = {column["name"] for column in inspect(connection).get_columns("settings")}
    if names != {"name", "value"}:
        raise Refused("store_not_ours")
    found = connection.execute(
        text("SELECT value FROM settings WHERE name = :name"), {"name": VERSION_SETTING}
    ).scalar()
    if found is None or not str(found).isdecimal():
        raise Refused("store_not_ours")
    return int(found)


def make(connection: Connection) -> None:
    """All tables and triggers as of today, and the version."""
    Row.metadata.create_all(connection, checkfirst=False)
    for table in APPEND_ONLY:
        for statement in _append_only(table, connection.dialect.name):
            connection.exec_driver_sql(statement)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(
        text("INSERT INTO settings (name, value) VALUES (:name, :value)"),
        {"name": VERSION_SETTING, "value": str(version_known())},
    )


def check_not_newer(version: int) -> None:
    """A store from a newer program is refused: we would not understand what it keeps."""
    if version > version_known():
        raise Refused("store_newer", found=version, known=version_known())


def migrate(connection: Connection) -> None:
    """Take the steps an older store has missed, in order, in the caller's one transaction."""
    version = version_found(connection) or 0
    check_not_newer(version)
    for step in STEPS:
        if step.to > version:
            step.apply(connection)
            connection.execute(
                text("UPDATE settings SET value = :value WHERE name = :name"),
                {"name": VERSION_SETTING, "value": str(step.to)},
            )


def _append_only(table: str, dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for act in ("UPDATE", "DELETE")
        ]
    refuse = (
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    trigger = (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )
    return [refuse, trigger]
