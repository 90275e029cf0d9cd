"""Frame to rows and back for every table that has a frame: plain columns as they are, personal ones sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from allocator.errors import MachineRefused
from allocator.model.columns import (
    DWELLINGS,
    EMPLOYERS,
    HOUSEHOLDS,
    MEMBERS,
    PREFERENCES,
    PROJECTS,
    Column,
    Table,
)
from allocator.model.records import LEASES, OFFERS, STANDINGS
from allocator.store.frames import arrow_of, cast_columns, sorted_by
from allocator.store.packing import columns_of, lines_of
from allocator.store.sealing import Sealer

# A household's preferences at rest: the whole list in one text (store.lists).
PREFERENCE_LISTS: Final = Table(
    "preferences",
    PREFERENCES.name_zh,
    ("receipt_no",),
    (PREFERENCES.column("receipt_no"), Column("list", "志愿表", "text")),
)


@dataclass(frozen=True)
class Shape:
    """How one noun's frame lies in its table. ``key`` names the columns of the table's primary key."""

    table: Table

    @property
    def name(self) -> str:
        """Name of the table, and the purpose of its seal."""
        return self.table.name

    @cached_property
    def plain(self) -> tuple[Column, ...]:
        """Columns that stand open."""
        return tuple(column for column in self.table.columns if not column.is_personal)

    @cached_property
    def personal(self) -> tuple[Column, ...]:
        """Columns that are sealed."""
        return tuple(column for column in self.table.columns if column.is_personal)

    @cached_property
    def bound(self) -> tuple[Column, ...]:
        """The open key columns, which stand in the blob too and bind it to its row."""
        return tuple(column for column in self.plain if column.name in self.table.key)

    @cached_property
    def read(self) -> tuple[str, ...]:
        """Names of the table's columns that a frame is read from: where a blob holds the whole row, little else.

        Two columns instead of a dozen halve the time of reading; the open ones are there to be queried.
        """
        if not self.personal:
            return self.stored
        return (*(column.frame_name for column in self.bound), "digest", "sealed")

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Primary key in the table: an ID number is replaced by its blind index."""
        return tuple("person" if name == "id_number" else name for name in self.table.key)

    @cached_property
    def stored(self) -> tuple[str, ...]:
        """Names of the table's columns in the order in which rows are written and read."""
        person = ("person",) if "person" in self.key else ()
        sealed = ("sealed",) if self.personal else ()
        return (*(column.frame_name for column in self.plain), *person, "digest", *sealed)


SHAPES: Final = {
    table.name: Shape(table)
    for table in (
        EMPLOYERS,
        PROJECTS,
        DWELLINGS,
        HOUSEHOLDS,
        MEMBERS,
        PREFERENCE_LISTS,
        STANDINGS,
        OFFERS,
        LEASES,
    )
}


@dataclass(frozen=True, eq=False)
class Rows:
    """A frame on its way in: Arrow columns by frame name; line, key and digest of every row."""

    shape: Shape
    columns: dict[str, Any]
    lines: Any
    keys: list[Any]
    digests: list[bytes]

    def values(self, chosen: Sequence[int], sealer: Sealer) -> list[tuple[Any, ...]]:
        """The chosen rows as tuples in the order of ``shape.stored``, sealed."""
        shape, at = self.shape, pa.array(np.asarray(chosen, dtype=np.int64))
        columns = {name: column.take(at) for name, column in self.columns.items()}
        digests = [self.digests[i] for i in chosen]
        written = [_written(columns[column.frame_name]) for column in shape.plain]
        if "person" in shape.key:
            written.append(sealer.persons(columns["id_number"].to_pylist()))
        written.append(digests)
        if shape.personal:
            written.append(sealer.seal_rows(shape.name, digests, _as_bytes(self.lines.take(at))))
        return list(zip(*written, strict=True))


def rows_of(shape: Shape, frame: pd.DataFrame, sealer: Sealer) -> Rows:
    """The frame's rows with key and digest. Raises ``ValueError`` for other columns, dtypes or a key twice."""
    found = {str(name): str(dtype) for name, dtype in frame.dtypes.items()}
    if found != shape.table.dtypes:
        raise ValueError(f"{shape.name}: frame columns {found}, table columns {shape.table.dtypes}")
    columns = {column.frame_name: _incoming(frame, column) for column in shape.table.columns}
    lines = lines_of(list(columns.values()))
    digests = sealer.digests(shape.name, _as_bytes(lines))
    parts = [_key_values(columns[name], name, sealer) for name in shape.table.key]
    keys = parts[0] if len(parts) == 1 else list(zip(*parts, strict=True))
    if len(set(keys)) != len(keys):
        raise ValueError(f"{shape.name}: a key stands twice in one frame")
    return Rows(shape, columns, lines, keys, digests)


def frame_of_rows(shape: Shape, fetched: Sequence[Sequence[Any]], sealer: Sealer) -> pd.DataFrame:
    """Rows as fetched (columns ``shape.read``) as the noun's frame, sorted by its key."""
    values = list(zip(*fetched, strict=True)) if fetched else [()] * len(shape.read)
    stored = dict(zip(shape.read, values, strict=True))
    if shape.personal:
        lines = pa.array(sealer.open_rows(shape.name, stored["digest"], stored["sealed"]), pa.large_binary())
        columns = _unsealed(shape, stored, lines.cast(pa.large_string()))
    else:
        columns = {c.frame_name: _outgoing(pa.array(stored[c.frame_name]), c) for c in shape.plain}
    return sorted_by(cast_columns(columns, shape.table.dtypes), shape.table.key)


def _unsealed(shape: Shape, stored: dict[str, Any], lines: Any) -> dict[str, Any]:
    """The columns of opened blobs; one that was moved to another row does not hold that row's key."""
    cells = columns_of(lines, len(shape.table.columns))
    opened = {
        column.frame_name: _outgoing(cell, column)
        for column, cell in zip(shape.table.columns, cells, strict=True)
    }
    for column in shape.bound:
        open_key = _outgoing(pa.array(stored[column.frame_name]), column)
        if not open_key.equals(opened[column.frame_name]):
            raise MachineRefused("store_damaged", table=shape.name)
    return opened


def _incoming(frame: pd.DataFrame, column: Column) -> Any:
    array = arrow_of(frame[column.frame_name])
    if column.kind != "date":
        return array
    days = array.cast(pa.date32(), safe=False)
    if not days.cast(pa.timestamp("s")).equals(array):
        raise ValueError(f"{column.name}: a date with a time of day")
    return days


def _outgoing(array: Any, column: Column) -> Any:
    if column.kind == "date":
        return array.cast(pa.date32()).cast(pa.timestamp("s"))
    if column.kind == "yes_no":
        return array.cast(pa.bool_())
    return array.cast(pa.int64() if column.dtype == "Int64" else pa.large_string())


def _key_values(column: Any, name: str, sealer: Sealer) -> list[Any]:
    if column.null_count:
        raise ValueError(f"{name}: a key is missing")
    return sealer.persons(column.to_pylist()) if name == "id_number" else column.to_pylist()


def _written(column: Any) -> list[Any]:
    return (column.cast(pa.string()) if pa.types.is_date32(column.type) else column).to_pylist()


def _as_bytes(lines: Any) -> list[bytes]:
    return pc.cast(lines, pa.large_binary()).to_pylist()
