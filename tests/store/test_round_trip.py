"""Frame → table → frame: what goes in comes out, with dtypes, missing values and extremes."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocator.errors import Refused
from allocator.model.columns import TABLES, Column, Table
from allocator.model.facts import Facts, conform, empty_frame
from allocator.store import Counts, Store
from allocator.store.frames import bytes_of, frame_of
from tests.store.worlds import assert_same, city, two_families

INT64 = st.integers(-(2**63), 2**63 - 1)
# Surrogates are no text; U+0000 is none to PostgreSQL. Everything else is, and what packing escapes comes often.
TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
) | st.sampled_from(["", "\\N", "\\", "\t", "\n", "\r\n", "a\tb\\n", "𠮷野家", "　", "é", "N"])
DATES = st.dates(date(1, 1, 1), date(9999, 12, 31)).map(lambda day: pd.Timestamp(day).as_unit("s"))
CELLS = {"Int64": INT64, "boolean": st.booleans(), "datetime64[s]": DATES, "str": TEXT}


def cells(column: Column) -> st.SearchStrategy[object]:
    return st.none() | CELLS[column.dtype] if column.may_be_empty else CELLS[column.dtype]


@st.composite
def frames(draw: st.DrawFn, table: Table, parents: dict[str, list[str]]) -> pd.DataFrame:
    """A frame of the table with distinct keys; columns in ``parents`` take their values from there."""
    strategies = {
        column.frame_name: st.sampled_from(parents[column.name]) if column.name in parents else cells(column)
        for column in table.columns
    }
    if any(not values for values in parents.values()):
        return empty_frame(table)
    rows = draw(
        st.lists(
            st.fixed_dictionaries(strategies),
            max_size=4,
            unique_by=lambda row: tuple(row[name] for name in table.key),
        )
    )
    columns = {name: [row[name] for row in rows] for name in table.frame_columns}
    return conform(pd.DataFrame(columns, dtype="object"), table)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    by_name = {table.name: table for table in TABLES}
    employers = draw(frames(by_name["employers"], {}))
    projects = draw(frames(by_name["projects"], {}))
    households = draw(frames(by_name["households"], {}))
    receipts = {"receipt_no": households["receipt_no"].tolist()}
    return Facts(
        employers=employers,
        projects=projects,
        dwellings=draw(frames(by_name["dwellings"], {"project_id": projects["project_id"].tolist()})),
        households=households,
        members=draw(frames(by_name["members"], receipts)),
        preferences=draw(frames(by_name["preferences"], receipts)),
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts())
def test_facts_come_out_as_they_went_in(store: Store, delivered: Facts) -> None:
    """Any facts the schema allows are read back equal, in values, missing values and dtypes."""
    emptied(store)
    store.write_delivery(delivered)
    assert_same(delivered, store.read_facts())
    again = store.write_delivery(delivered)
    assert all(counts.inserted == counts.updated == counts.removed == 0 for counts in again.values())


def emptied(store: Store) -> None:
    """One store serves all examples: making one costs more than an example."""
    with store._engine.begin() as connection:
        for table in reversed(TABLES):
            connection.exec_driver_sql(f"DELETE FROM {table.name}")


COLUMNS = st.fixed_dictionaries(
    {
        "Int64": st.lists(st.none() | INT64, min_size=3, max_size=3),
        "boolean": st.lists(st.none() | st.booleans(), min_size=3, max_size=3),
        "str": st.lists(st.none() | TEXT, min_size=3, max_size=3),
        "datetime64[s]": st.lists(st.none() | DATES, min_size=3, max_size=3),
        "int64": st.lists(INT64, min_size=3, max_size=3),
        "int8": st.lists(st.integers(-128, 127), min_size=3, max_size=3),
        "float64": st.lists(st.floats(), min_size=3, max_size=3),
        "bool": st.lists(st.booleans(), min_size=3, max_size=3),
    }
)


@settings(max_examples=50, deadline=None)
@given(COLUMNS)
def test_a_frozen_frame_thaws_as_it_was(columns: dict[str, list[object]]) -> None:
    """Freezing keeps every dtype a room uses, and equal frames give equal bytes."""
    frame = pd.DataFrame(
        {dtype: pd.Series(values, dtype="object").astype(dtype) for dtype, values in columns.items()}
    )
    content = bytes_of(frame)
    pd.testing.assert_frame_equal(frame, frame_of(content))
    assert bytes_of(frame_of(content)) == content


def test_nothing_undefined_is_frozen_under_a_missing_value() -> None:
    """Frames that differ only in what lies hidden under NA give the same bytes."""
    hidden = pd.DataFrame({"n": pd.Series([1, 2], dtype="Int64"), "s": pd.Series(["a", "b"], dtype="str")})
    hidden["n"] = hidden["n"].where(pd.Series([True, False]))
    hidden["s"] = hidden["s"].where(pd.Series([True, False]))
    plain = pd.DataFrame({"n": pd.Series([1, None], dtype="Int64"), "s": pd.Series(["a", None], dtype="str")})
    assert bytes_of(hidden) == bytes_of(plain)


@pytest.mark.parametrize("rows", [0, 1])
def test_empty_frames_and_frames_without_columns_are_kept(rows: int) -> None:
    """A frame without rows or without columns comes back as such."""
    frame = pd.DataFrame(index=pd.RangeIndex(rows))
    pd.testing.assert_frame_equal(frame, frame_of(bytes_of(frame)))
    pd.testing.assert_frame_equal(empty_frame(TABLES[3]), frame_of(bytes_of(empty_frame(TABLES[3]))))


def test_a_dtype_that_is_not_kept_is_a_bug() -> None:
    """A categorical column is refused instead of coming back as something else."""
    with pytest.raises(ValueError, match="category"):
        bytes_of(pd.DataFrame({"a": pd.Series(["x"], dtype="category")}))


def test_the_same_delivery_again_changes_nothing(store: Store, file: Path) -> None:
    """An identical delivery in another row order is all `unchanged`, and no table is written."""
    delivered = city(300, seed=1)
    store.write_delivery(delivered)
    before = dump(file)
    shuffled = Facts(**{t.name: getattr(delivered, t.name).sample(frac=1, random_state=3) for t in TABLES})
    counts = store.write_delivery(shuffled)
    assert counts == {t.name: Counts(unchanged=len(getattr(delivered, t.name))) for t in TABLES}
    assert dump(file) == before


def test_a_second_delivery_updates_by_key_and_keeps_absent_rows(store: Store) -> None:
    """What is delivered again replaces its row, what is new is added, what is absent stays."""
    first = two_families()
    store.write_delivery(first)
    richer = first.households.iloc[[0]].assign(income_per_year_fen=pd.array([9_000_000], dtype="Int64"))
    third = first.households.iloc[[1]].assign(receipt_no=pd.Series(["R3"], index=[1], dtype="str"))
    second = Facts(**{**vars(Facts.empty()), "households": pd.concat([richer, third], ignore_index=True)})
    assert store.write_delivery(second)["households"] == Counts(inserted=1, updated=1)
    found = store.read_facts()
    assert found.households["receipt_no"].tolist() == ["R1", "R2", "R3"]
    assert found.households["income_per_year_fen"].tolist()[0] == 9_000_000
    pd.testing.assert_frame_equal(first.members, found.members)


def test_a_list_of_preferences_is_replaced_whole(store: Store) -> None:
    """A delivered list replaces the household's old one; households without one in the delivery keep theirs."""
    first = two_families()
    store.write_delivery(first)
    shorter = first.preferences.iloc[[0]].assign(dwelling_type=pd.Series(["studio"], dtype="str"))
    counts = store.write_delivery(Facts(**{**vars(Facts.empty()), "preferences": shorter}))
    # R1 had ranks 1 and 2: rank 1 is changed, rank 2 gone; R2 was not delivered.
    assert counts["preferences"] == Counts(updated=1, removed=1)
    found = store.read_facts().preferences
    assert found[["receipt_no", "rank", "dwelling_type"]].to_numpy().tolist() == [
        ["R1", 1, "studio"],
        ["R2", 1, "*"],
    ]


def test_texts_are_sorted_by_code_point(store: Store) -> None:
    """Frames are sorted by key, texts by code point, not by any locale."""
    receipts = ["a", "B", "é", "Z", "𠮷", "龘", "z"]
    households = conform(pd.DataFrame({"receipt_no": receipts, "branch": "local"}), TABLES[3])
    store.write_delivery(Facts(**{**vars(Facts.empty()), "households": households}))
    assert store.read_facts().households["receipt_no"].tolist() == sorted(receipts)


def test_a_dangling_reference_is_refused_and_nothing_written(store: Store) -> None:
    """Members of a household nobody knows are refused, and the sound part of the delivery is not kept either."""
    world = two_families()
    orphans = world.members.assign(receipt_no=pd.Series(["R9"] * 3, dtype="str"))
    with pytest.raises(Refused) as refused:
        store.write_delivery(Facts(**{**vars(world), "members": orphans}))
    assert refused.value.code == "store_row_refused"
    assert store.read_facts().households.empty


@pytest.mark.parametrize("table", ["households", "members", "preferences"])
def test_a_key_twice_in_one_delivery_is_a_bug(store: Store, table: str) -> None:
    """A frame with a key twice should have been stopped by the checks of the import."""
    world = two_families()
    twice = pd.concat([getattr(world, table)] * 2, ignore_index=True)
    with pytest.raises(ValueError, match="twice"):
        store.write_delivery(Facts(**{**vars(world), table: twice}))


def dump(file: Path) -> list[str]:
    """The whole database as text."""
    with sqlite3.connect(file) as connection:
        return list(connection.iterdump())
