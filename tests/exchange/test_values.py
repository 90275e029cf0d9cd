"""Cells to values: what is read, what is repaired, what is refused."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.exchange import values
from allocator.model.columns import DWELLINGS, HOUSEHOLDS, MEMBERS, PREFERENCES, Column

INCOME = HOUSEHOLDS.column("income_per_year")
AREA = HOUSEHOLDS.column("building_area_m2")
MONTHS = HOUSEHOLDS.column("social_insurance_months")
REGISTERED = HOUSEHOLDS.column("registered_on")
NAME = MEMBERS.column("name")
ROOM = DWELLINGS.column("room_id")


def numbers(column: Column, *texts: str) -> tuple[list[int], list[str], list[bool]]:
    """Values, faults and repairs of some texts."""
    parsed = values.parse_number(pa.array(texts, pa.string()), column)
    return parsed.found.tolist(), list(parsed.codes), parsed.is_repaired.tolist()


@given(st.lists(st.decimals(0, 9_999_999_999, places=2), min_size=1, max_size=20, unique=True))
def test_yuan_become_exact_fen(amounts: list[Decimal]) -> None:
    """Any amount up to ten digits becomes its fen exactly, whatever floats do in between."""
    found, codes, _ = numbers(INCOME, *(f"{amount:f}" for amount in amounts))
    assert [int(amount * 100) for amount in amounts] == found
    assert set(codes) == {""}


@given(st.lists(st.decimals(0, 9_999_999, places=4), min_size=1, max_size=20, unique=True))
def test_square_metres_become_exact_square_centimetres(areas: list[Decimal]) -> None:
    """Any area up to four decimals becomes its cm² exactly."""
    found, codes, _ = numbers(AREA, *(f"{area:f}" for area in areas))
    assert [int(area * 10_000) for area in areas] == found
    assert set(codes) == {""}


def test_repairs_of_numbers_are_told() -> None:
    """Full-width digits, thousands separators and the yuan sign are read, each with a warning."""
    found, codes, repaired = numbers(INCOME, "１２３．５", "1,234,567.80", "￥12", "12.500")
    assert found == [12_350, 123_456_780, 1_200, 1_250]
    assert codes == [""] * 4
    assert repaired == [True, True, True, False]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("-0.01", "number_negative"),
        ("-1,000", "number_negative"),
        ("1.005", "decimals_too_many"),
        ("12345678901", "number_absurd"),
        ("9" * 400, "number_absurd"),
        ("1e5", "number_mangled"),
        ("NaN", "number_malformed"),
        ("inf", "number_malformed"),
        ("1,23", "number_malformed"),
        ("1_000", "number_malformed"),
        ("0x10", "number_malformed"),
        ("٣٤", "number_malformed"),
        (".5", "number_malformed"),
        ("5.", "number_malformed"),
    ],
)
def test_numbers_that_are_none_are_refused(text: str, code: str) -> None:
    """What is no plain amount is refused under its own code, never guessed."""
    assert numbers(INCOME, text)[1] == [code]


def test_counts_have_no_fraction() -> None:
    """Months are whole: 64.0 is 64, 64.5 is a fault."""
    assert numbers(MONTHS, "64.0", "64.5")[:2] == ([64, 0], ["", "decimals_too_many"])


def test_three_spellings_of_dates_are_read() -> None:
    """The three spellings of the contract give the same day; a time of day is dropped with a warning."""
    texts = [
        "2026-03-01",
        "2026/3/1",
        "2026年3月1日",
        "2026-3-1",
        "２０２６年３月１日",
        "2026-03-01 09:30:00",
    ]
    parsed = values.parse_date(pa.array(texts), REGISTERED)
    assert set(parsed.found.tolist()) == {np.datetime64("2026-03-01", "s").tolist()}
    assert parsed.is_repaired.tolist() == [False, False, False, False, True, True]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-02-30", "date_impossible"),
        ("2026-13-01", "date_impossible"),
        ("1899-12-31", "date_implausible"),
        ("46082", "date_is_number"),
        ("2026-3/1", "date_unreadable"),
        ("20260301", "date_unreadable"),
        ("1/3/2026", "date_unreadable"),
        ("明天", "date_unreadable"),
    ],
)
def test_dates_that_are_none_are_refused(text: str, code: str) -> None:
    """What is no date of the calendar is refused under its own code."""
    assert list(values.parse_date(pa.array([text]), REGISTERED).codes) == [code]


def test_names_keep_what_belongs_to_them() -> None:
    """Rare characters, the middle dot of minority names and full-width brackets stay as they are."""
    names = ["阿依古丽·买买提", "𠮷野〇", "示例（郑州）有限公司", "㐂", "-1层"]
    parsed = values.parse_text(pa.array(names), NAME)
    assert parsed.found.to_pylist() == names
    assert (set(parsed.codes), parsed.is_repaired.any()) == ({""}, False)


def test_full_width_in_keys_is_repaired() -> None:
    """A room number typed full-width is the same room, with a warning."""
    parsed = values.parse_text(pa.array(["Ｒ－１０１"]), ROOM)
    assert (parsed.found.to_pylist(), parsed.is_repaired.tolist()) == (["R-101"], [True])


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+cmd|'/C calc'!A0", "-2+3(", "＝1+1"])
def test_formulas_are_refused(text: str) -> None:
    """What a spreadsheet would calculate is no text of a register."""
    assert list(values.parse_text(pa.array([text]), ROOM).codes) == ["formula_cell"]


def test_choices_are_read_in_both_languages() -> None:
    """Every spelling of every choice is its key; several flags are sorted."""
    types = values.parse_choice(
        pa.array(["两居室", "two_room", "*", "＊", "Two_Room"]), PREFERENCES.columns[3]
    )
    assert types.found.to_pylist() == ["two_room", "two_room", "*", "*", "two_room"]
    assert types.is_repaired.tolist() == [False, False, False, True, True]
    flags = values.parse_choices(
        pa.array(["孤儿;退役军人", "veteran；orphan", "天才"]), MEMBERS.column("flags")
    )
    assert flags.found.to_pylist()[:2] == ["orphan;veteran"] * 2
    assert list(flags.codes) == ["", "", "choice_unknown"]
