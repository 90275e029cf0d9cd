"""ID numbers in columns, against python-stdnum where it is right."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from allocator.exchange.id_numbers import birth_dates, digits_of, is_known_address, is_male, parse_id_number
from allocator.model.columns import MEMBERS

COLUMN = MEMBERS.column("id_number")
# python-stdnum knows these counties without a span of years, so only date and checksum decide.
ADDRESSES = st.sampled_from(["110101", "410102", "440524", "999999"])
BODIES = st.builds(
    lambda address, year, month, day, sequence: f"{address}{year:04d}{month:02d}{day:02d}{sequence:03d}",
    ADDRESSES,
    st.integers(1790, 2205),
    st.integers(0, 13),
    st.integers(0, 32),
    st.integers(0, 999),
)


def codes_of(*numbers: str) -> list[str]:
    """The fault of each number, '' where there is none."""
    return list(parse_id_number(pa.array(numbers, pa.string()), COLUMN).codes)


def _stdnum_code(number: str) -> str:
    """The same judgement from python-stdnum: checksum and date."""
    try:
        born = ric.get_birth_date(number)
    except Exception:  # noqa: BLE001 (it raises several kinds)
        return "id_date"
    if not 1800 <= born.year <= 2199:
        return "id_date"
    return "" if ric.calc_check_digit(number) == number[-1] else "id_checksum"


@given(st.lists(st.tuples(BODIES, st.sampled_from("0123456789X")), min_size=1, max_size=30))
def test_date_and_checksum_agree_with_stdnum(parts: list[tuple[str, str]]) -> None:
    """For any 18 characters the columns and python-stdnum find the same first fault."""
    numbers = [body + last for body, last in parts]
    found = ["id_checksum" if code == "id_mangled" else code for code in codes_of(*numbers)]
    assert [_stdnum_code(number) for number in numbers] == found


def test_published_vectors_hold() -> None:
    """The vectors of GB 11643 and the synthetic one are right; each changed digit is found."""
    good = ["11010519491231002X", "440524188001010014", "999999199001010016"]
    assert codes_of(*good) == ["", "", ""]
    changed = ["999999199001010016"[:at] + "7" + "999999199001010016"[at + 1 :] for at in (14, 15, 16)]
    assert codes_of(*changed) == ["id_checksum"] * 3


def test_leap_days_follow_the_calendar() -> None:
    """29 February stands in 2000 and 2024, not in 1900 or 2023."""
    numbers = [f"999999{year}0229001" for year in (2000, 2024, 1900, 2023)]
    full = [number + _check_letter(number) for number in numbers]
    assert codes_of(*full) == ["", "", "id_date", "id_date"]


def _check_letter(body: str) -> str:
    return str(ric.calc_check_digit(body + "0"))


def test_small_x_and_full_width_are_read() -> None:
    """A lower-case x counts as X in silence, full-width digits with a warning."""
    parsed = parse_id_number(pa.array(["11010519491231002x", "１1010519491231002X"]), COLUMN)
    assert parsed.found.to_pylist() == ["11010519491231002X"] * 2
    assert list(parsed.codes) == ["", ""]
    assert parsed.is_repaired.tolist() == [False, True]


def test_numbers_mangled_by_a_spreadsheet_are_told_as_such() -> None:
    """Scientific notation, and fifteen digits followed by zeros, are recognised for what they are."""
    assert codes_of("4.10102E+17", "410102199001012000") == ["id_mangled", "id_mangled"]


def test_birth_and_sex_are_read_from_the_number() -> None:
    """Digits 7 to 14 are the date of birth, digit 17 odd is male."""
    digits = digits_of(pa.array(["999999199001010016", "999999199202020026"]))
    assert birth_dates(digits).tolist() == np.array(["1990-01-01", "1992-02-02"], "datetime64[s]").tolist()
    assert is_male(digits).tolist() == [True, False]


def test_addresses_of_zhengzhou_are_known() -> None:
    """Its districts, and abolished ones, are in the list; made-up codes are not."""
    assert [is_known_address(code) for code in ("410102", "410105", "810000", "999999", "000000")] == [
        True,
        True,
        True,
        False,
        False,
    ]
