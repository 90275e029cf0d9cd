"""Many rows at once: what is new is inserted, what differs is updated, what is the same is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Select

from allocator.store.mapping import Rows, Shape, frame_of_rows, rows_of
from allocator.store.sealing import Sealer
from allocator.store.tables import Row


@dataclass(frozen=True)
class Counts:
    """What writing a frame did, in rows of the frame. ``removed``: rows of preference lists that were replaced."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0


@dataclass(frozen=True, eq=False)
class News:
    """Which rows of a frame are new and which differ from what is stored, by position."""

    new: list[int]
    changed: list[int]


def table_of(name: str) -> Table:
    """The table of that name."""
    return Row.metadata.tables[name]


def news(connection: Connection, rows: Rows) -> News:
    """Compare digests by key with what is stored."""
    table = table_of(rows.shape.name)
    names = [*rows.shape.key, "digest"]
    stored = _fetched(connection, select(*(table.c[name] for name in names)))
    if not stored:
        return News(list(range(len(rows.keys))), [])
    *keys, digests = zip(*stored, strict=True)
    known = dict(zip(keys[0] if len(keys) == 1 else zip(*keys, strict=True), digests, strict=True))
    found = [known.get(key) for key in rows.keys]
    new = [at for at, digest in enumerate(found) if digest is None]
    changed = [
        at
        for at, (digest, mine) in enumerate(zip(found, rows.digests, strict=True))
        if digest is not None and digest != mine
    ]
    return News(new, changed)


def put(connection: Connection, rows: Rows, found: News, sealer: Sealer) -> None:
    """Write what is news."""
    if found.new:
        _insert(connection, rows.shape, rows.values(found.new, sealer))
    if found.changed:
        text, places = _upsert(connection, rows.shape)
        values = [tuple(row[place] for place in places) for row in rows.values(found.changed, sealer)]
        _execute_many(connection, text, values)


def write_frame(connection: Connection, shape: Shape, frame: pd.DataFrame, sealer: Sealer) -> Counts:
    """Upsert a frame by its key."""
    rows = rows_of(shape, frame, sealer)
    found = news(connection, rows)
    put(connection, rows, found, sealer)
    num_new, num_changed = len(found.new), len(found.changed)
    return Counts(num_new, num_changed, len(rows.keys) - num_new - num_changed)


def read_frame(
    connection: Connection, shape: Shape, sealer: Sealer, *, month: str | None = None
) -> pd.DataFrame:
    """The whole table as its frame, sorted by key, or only one month of it."""
    table = table_of(shape.name)
    query = select(*(table.c[name] for name in shape.read)).order_by(*table.primary_key)
    if month is not None:
        query = query.where(table.c.month == month)
    return frame_of_rows(shape, _fetched(connection, query), sealer)


def delete_keys(connection: Connection, table_name: str, keys: Sequence[str]) -> None:
    """Delete rows by a primary key of one column."""
    table = table_of(table_name)
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    name = next(iter(table.primary_key)).name
    text = f"DELETE FROM {table_name} WHERE {name} = {mark}"  # noqa: S608 (names of our own tables)
    _execute_many(connection, text, [(key,) for key in keys])


def _fetched(connection: Connection, query: Select[Any]) -> list[tuple[Any, ...]]:
    """Through the driver's own cursor: SQLAlchemy's row objects would double the time."""
    compiled = query.compile(dialect=connection.dialect)
    given = tuple(compiled.params[name] for name in compiled.positiontup or ())
    cursor = connection.connection.cursor()
    try:
        cursor.execute(str(compiled), given)
        return list(cursor.fetchall())
    finally:
        cursor.close()


def _insert(connection: Connection, shape: Shape, values: list[tuple[Any, ...]]) -> None:
    if connection.dialect.name != "postgresql":
        marks = ", ".join("?" * len(shape.stored))
        names = ", ".join(f'"{name}"' for name in shape.stored)
        text = f"INSERT INTO {shape.name} ({names}) VALUES ({marks})"  # noqa: S608 (names of our own tables)
        _execute_many(connection, text, sorted(values, key=_first))
        return
    names = ", ".join(f'"{name}"' for name in shape.stored)
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {shape.name} ({names}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def _first(row: tuple[Any, ...]) -> Any:
    return row[0]


def _upsert(connection: Connection, shape: Shape) -> tuple[str, list[int]]:
    """The statement, and which of ``shape.stored`` stands at each of its marks (the table's own order)."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    table = table_of(shape.name)
    row = dialect.insert(table)
    rest = {name: row.excluded[name] for name in shape.stored if name not in shape.key}
    upsert = row.on_conflict_do_update(index_elements=list(shape.key), set_=rest)
    compiled = upsert.compile(dialect=connection.dialect, column_keys=list(shape.stored))
    return str(compiled), [shape.stored.index(name) for name in compiled.positiontup or ()]


def _execute_many(connection: Connection, text: str, values: Sequence[tuple[Any, ...]]) -> None:
    if not values:
        return
    cursor = connection.connection.cursor()
    try:
        cursor.executemany(text, values)
    finally:
        cursor.close()
