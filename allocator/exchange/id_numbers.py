"""Citizens' ID numbers (GB 11643-1999) in columns: form, calendar date, checksum, address code.

18 characters: 6 address code, 8 date of birth, 3 sequence (odd: male), 1 check; the check digit is
(12 - S) mod 11 with S the weighted sum, 10 written X.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from allocator.model.columns import Column

from .spelling import narrow
from .values import Parsed
from .xlsx_rows import MANGLED

SYNTHETIC_ADDRESS: Final = "999999"
# Residence permits of Hong Kong, Macao and Taiwan residents carry the same form under these codes.
_PERMIT_ADDRESSES: Final = frozenset({"810000", "820000", "830000"})
_WEIGHTS: Final = np.array([2 ** (17 - place) % 11 for place in range(17)], dtype=np.int64)
_MONTH_DAYS: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)
# A number of 1880 is lawful in form; whether its bearer can live is asked of the birth date.
_FIRST_YEAR, _LAST_YEAR = 1800, 2199


def parse_id_number(texts: pa.Array, column: Column) -> Parsed:  # noqa: ARG001 (one signature for all kinds)
    """Upper-case 18-character numbers: (u,) Arrow text; wrong form, date or checksum gets its code."""
    parsed = Parsed.blank(pc.ascii_upper(texts), len(texts))
    is_formed = _is_formed(parsed.found)
    if not is_formed.all():
        _mend(parsed, np.flatnonzero(~is_formed))
        is_formed = _is_formed(parsed.found)
    formed = np.flatnonzero(is_formed)
    digits = digits_of(parsed.found.take(pa.array(formed)))
    codes = fault_of_digits(digits)
    # A spreadsheet keeps 15 digits and writes zeros for the rest.
    codes[(codes == "id_checksum") & (digits[:, 15:] == 0).all(axis=1)] = "id_mangled"
    parsed.codes[formed] = codes
    return parsed


def _is_formed(texts: pa.Array) -> np.ndarray[Any, Any]:
    return np.asarray(pc.match_substring_regex(texts, "^[0-9]{17}[0-9X]$")).astype(bool)


def _mend(parsed: Parsed, suspects: np.ndarray[Any, Any]) -> None:
    values = parsed.found.to_pylist()
    for position in suspects.tolist():
        text = narrow(values[position]).strip().upper()
        parsed.is_repaired[position] = text != values[position]
        values[position] = text
        parsed.codes[position] = _fault_of_form(text)
    parsed.found = pa.array(values, pa.string())


def _fault_of_form(text: str) -> str:
    if text.startswith(MANGLED) or re.fullmatch(r"\d(\.\d+)?E\+?\d+", text, re.ASCII):
        return "id_mangled"
    if re.fullmatch(r"\d{15}", text, re.ASCII):
        return "id_fifteen"
    return "" if re.fullmatch(r"\d{17}[\dX]", text, re.ASCII) else "id_malformed"


def digits_of(numbers: pa.Array) -> np.ndarray[Any, Any]:
    """(u, 18) int64 of well-formed numbers; X is 10."""
    joined = "".join(numbers.to_pylist()).encode("ascii")
    digits = np.frombuffer(joined, dtype=np.uint8).reshape(-1, 18).astype(np.int64) - ord("0")
    return np.where(digits > 9, 10, digits)


def fault_of_digits(digits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """(u,) codes of wrong dates and checksums, '' where both are right."""
    codes = np.full(len(digits), "", dtype=object)
    codes[check_digit(digits) != digits[:, 17]] = "id_checksum"
    codes[~is_calendar_date(digits)] = "id_date"
    return codes


def check_digit(digits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """(u,) the right last digit, 10 for X."""
    right: np.ndarray[Any, Any] = (12 - digits[:, :17] @ _WEIGHTS % 11) % 11
    return right


def year_month_day(digits: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], ...]:
    """Three (u,) int64 arrays."""
    year = digits[:, 6:10] @ np.array([1000, 100, 10, 1])
    return year, digits[:, 10] * 10 + digits[:, 11], digits[:, 12] * 10 + digits[:, 13]


def is_calendar_date(digits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """(u,) bool: the date of birth stands in the calendar, 1800 to 2199."""
    year, month, day = year_month_day(digits)
    is_leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
    days = _MONTH_DAYS[np.where((month >= 1) & (month <= 12), month, 0)] + (is_leap & (month == 2))
    is_date: np.ndarray[Any, Any] = (year >= _FIRST_YEAR) & (year <= _LAST_YEAR) & (day >= 1) & (day <= days)
    return is_date


def birth_dates(digits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """(u,) datetime64[s] of numbers whose date stands in the calendar."""
    year, month, day = year_month_day(digits)
    months = (year - 1970) * 12 + month - 1
    first = months.astype("datetime64[M]").astype("datetime64[D]")
    return (first + (day - 1)).astype("datetime64[s]")


def is_male(digits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """(u,) bool: the sequence is odd."""
    odd: np.ndarray[Any, Any] = digits[:, 16] % 2 == 1
    return odd


@cache
def is_known_address(address: str) -> bool:
    """Whether the list of divisions (abolished ones included) that python-stdnum carries has this code."""
    from stdnum import numdb

    if address in _PERMIT_ADDRESSES:
        return True
    return any("county" in properties for _, properties in numdb.get("cn/loc").info(address))
