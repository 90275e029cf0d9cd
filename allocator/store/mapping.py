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
    def sealed_columns(self) -> tuple[Column, ...]:
        """What a blob holds: the open key columns, which bind it to its row, then the personal ones."""
        return tuple(column for column in self.plain if column.name in self.table.key) + self.personal

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
    """A frame on its way in: Arrow columns by frame name, the key and the digest of every row."""

    shape: Shape
    columns: dict[str, Any]
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
            lines = lines_of([columns[column.frame_name] for column in shape.sealed_columns])
            written.append(sealer.seal_rows(shape.name, digests, _as_bytes(lines)))
        return list(zip(*written, strict=True))


def rows_of(shape: Shape, frame: pd.DataFrame, sealer: Sealer) -> Rows:
    """The frame's rows with key and digest. Raises ``ValueError`` for other columns, dtypes or a key twice."""
    found = {str(name): str(dtype) for name, dtype in frame.dtypes.items()}
    if found != shape.table.dtypes:
        raise ValueError(f"{shape.name}: frame columns {found}, table columns {shape.table.dtypes}")
    columns = {column.frame_name: _incoming(frame, column) for column in shape.table.columns}
    digests = sealer.digests(shape.name, _as_bytes(lines_of(list(columns.values()))))
    parts = [_key_values(columns[name], name, sealer) for name in shape.table.key]
    keys = parts[0] if len(parts) == 1 else list(zip(*parts, strict=True))
    if len(set(keys)) != len(keys):
        raise ValueError(f"{shape.name}: a key stands twice in one frame")
    return Rows(shape, columns, keys, digests)


def frame_of_rows(shape: Shape, fetched: Sequence[Sequence[Any]], sealer: Sealer) -> pd.DataFrame:
    """Rows as fetched (columns ``shape.stored``) as the noun's frame, sorted by its key."""
    values = list(zip(*fetched, strict=True)) if fetched else [()] * len(shape.stored)
    stored = dict(zip(shape.stored, values, strict=True))
    columns = {c.frame_name: _outgoing(pa.array(stored[c.frame_name]), c) for c in shape.plain}
    if shape.personal:
        lines = pa.array(sealer.open_rows(shape.name, stored["digest"], stored["sealed"]), pa.large_binary())
        columns |= _unsealed(shape, columns, lines.cast(pa.large_string()))
    return sorted_by(cast_columns(columns, shape.table.dtypes), shape.table.key)


def _unsealed(shape: Shape, plain: dict[str, Any], lines: Any) -> dict[str, Any]:
    cells = columns_of(lines, len(shape.sealed_columns))
    opened = {
        column.frame_name: _outgoing(cell, column)
        for column, cell in zip(shape.sealed_columns, cells, strict=True)
    }
    bound = len(shape.sealed_columns) - len(shape.personal)
    for column in shape.sealed_columns[:bound]:
        if not plain[column.frame_name].equals(opened[column.frame_name]):
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
