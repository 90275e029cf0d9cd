"""One schema source: SQLModel tables, frames and import headers agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, Boolean, Date, LargeBinary
from sqlmodel import AutoString

import allocator
from allocator.model.columns import TABLES, Column
from allocator.model.facts import Facts
from allocator.store.mapping import SHAPES
from allocator.store.tables import Row

SQL_TYPES = {
    "text": AutoString,
    "choice": AutoString,
    "choices": AutoString,
    "id_number": AutoString,
    "integer": BigInteger,
    "money": BigInteger,
    "area": BigInteger,
    "date": Date,
    "yes_no": Boolean,
}
PACKAGE = Path(allocator.__file__).parent
KEPT_FOR_THE_STORE = {"digest": LargeBinary, "sealed": LargeBinary, "person": LargeBinary}


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_table_has_its_columns_in_the_open_or_in_the_seal(name: str) -> None:
    """Every column of a noun stands in its SQL table with its type and nullness, or is personal and sealed."""
    shape, sql = SHAPES[name], Row.metadata.tables[name]
    assert {column.name for column in sql.columns} == set(shape.stored)
    for column in shape.plain:
        stored = sql.c[column.frame_name]
        assert isinstance(stored.type, SQL_TYPES[column.kind]), column.name
        assert stored.nullable == column.may_be_empty, column.name
    for stored_name, kind in KEPT_FOR_THE_STORE.items():
        if stored_name in sql.c:
            assert isinstance(sql.c[stored_name].type, kind)
            assert not sql.c[stored_name].nullable


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_table_and_its_frame_have_the_same_key(name: str) -> None:
    """The primary key is the noun's key, an ID number replaced by its blind index."""
    expected = ["person" if part == "id_number" else part for part in SHAPES[name].table.key]
    assert [column.name for column in Row.metadata.tables[name].primary_key] == expected


def test_every_delivered_table_has_frame_and_store() -> None:
    """The six delivered tables are the fields of Facts and tables of the store."""
    names = [table.name for table in TABLES]
    assert names == list(Facts.__dataclass_fields__)
    assert set(names) <= set(SHAPES) & set(Row.metadata.tables)


def test_nothing_personal_has_a_column_of_its_own() -> None:
    """No column that model.columns calls personal exists in any SQL table of its noun."""
    for shape in SHAPES.values():
        personal: set[str] = {column.frame_name for column in shape.personal}
        assert not personal & {column.name for column in Row.metadata.tables[shape.name].columns}


def test_every_kind_of_column_has_a_type_at_rest() -> None:
    """The kinds of model.columns are exactly those the store maps."""
    assert set(Column.__annotations__) >= {"kind", "is_personal"}
    used = {column.kind for shape in SHAPES.values() for column in shape.table.columns}
    assert used <= set(SQL_TYPES)


def test_texts_stand_in_both_languages() -> None:
    """Every code the store raises has a sentence in Chinese and in English with the same parameters."""
    zh, en = (
        tomllib.loads((PACKAGE / "texts" / language / "store.toml").read_text(encoding="utf-8"))
        for language in ("zh", "en")
    )
    sources = "".join(page.read_text(encoding="utf-8") for page in (PACKAGE / "store").glob("*.py"))
    assert set(re.findall(r'"(store_\w+)"', sources)) == zh.keys() == en.keys()
    for code, sentence in zh.items():
        assert set(re.findall(r"{(\w+)", sentence)) == set(re.findall(r"{(\w+)", en[code])), code
