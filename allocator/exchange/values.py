"""From texts to values: one parser per kind of column, each on the distinct texts only.

A parser takes (u,) distinct trimmed texts, none blank, and gives a ``Parsed``. What is written cleanly is
read in columns; only what is not is looked at one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from allocator.model.columns import Column

from .spelling import WIDE_IN_NAMES, narrow, narrow_in_names
from .xlsx_rows import MANGLED

MAX_TEXT_LENGTH: Final = 200
# Ten digits of yuan, seven of m², six of a count: more is a slip of the keyboard, and floats stay exact.
MAX_DIGITS: Final = {"money": 10, "area": 7, "integer": 6}
DECIMALS: Final = {"money": 2, "area": 4, "integer": 0}
EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日)", re.ASCII)
_DAY_AND_TIME = re.compile(r"(.+?)[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?")
_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+", re.ASCII)
_FORMULA = r"^[=@]|^[+\-].*[(|!]"


@dataclass
class Parsed:
    """Values of (u,) distinct texts. ``codes`` names the fault of each ('' none), ``is_repaired`` a repair.

    ``found`` is an array of the kind: int64, datetime64[s] or Arrow text; where a code stands it is
    meaningless.
    """

    found: Any
    codes: np.ndarray[Any, Any]
    is_repaired: np.ndarray[Any, Any]

    @classmethod
    def blank(cls, found: Any, length: int) -> Parsed:
        """Nothing found yet."""
        return cls(found, np.full(length, "", dtype=object), np.zeros(length, dtype=bool))


def parse_text(texts: pa.Array, column: Column) -> Parsed:
    """Names, numbers of papers and the like: kept as they stand, full-width letters and digits narrowed."""
    is_key = column.name.endswith(("_id", "_no", "district", "credit_code"))
    wide = WIDE_IN_NAMES if not is_key else r"[！-～]"
    odd = f"[\\x00-\\x1f\\x7f{MANGLED}\u2028\u2029]|{wide}|{_FORMULA}"
    suspects = np.flatnonzero(_matches(texts, odd) | _is_long(texts, MAX_TEXT_LENGTH))
    parsed = Parsed.blank(texts, len(texts))
    if len(suspects):
        narrowed = narrow if is_key else narrow_in_names
        _mend_texts(parsed, texts, suspects, narrowed)
    if is_key:
        parsed.codes[np.asarray(pc.match_substring_regex(parsed.found, r"^\d\.\d+E\+\d+$"))] = (
            "number_mangled"
        )
    return parsed


def _mend_texts(
    parsed: Parsed, texts: pa.Array, suspects: np.ndarray[Any, Any], narrowed: Callable[[str], str]
) -> None:
    mended = texts.to_pylist()
    for position in suspects.tolist():
        text = narrowed(mended[position]).strip()
        parsed.is_repaired[position] = text != mended[position]
        mended[position] = text
        parsed.codes[position] = _fault_of_text(text)
    parsed.found = pa.array(mended, pa.string())


def _fault_of_text(text: str) -> str:
    if text.startswith(MANGLED):
        return "number_mangled"
    if len(text) > MAX_TEXT_LENGTH:
        return "cell_too_long"
    if re.search(r"[\x00-\x1f\x7f\u2028\u2029]", text):
        return "control_character"
    return "formula_cell" if re.search(_FORMULA, text) else ""


def parse_number(texts: pa.Array, column: Column) -> Parsed:
    """Money to fen, area to cm², counts as they are: (u,) int64."""
    digits, decimals = MAX_DIGITS[column.kind], DECIMALS[column.kind]
    clean = f"^[0-9]{{1,{digits}}}" + (f"(\\.[0-9]{{1,{decimals}}})?$" if decimals else "$")
    is_clean = _matches(texts, clean)
    parsed = Parsed.blank(np.zeros(len(texts), dtype=np.int64), len(texts))
    whole = pc.cast(texts.filter(pa.array(is_clean)), pa.float64())
    # Twelve digits at most: the product rounds to the exact integer.
    parsed.found[is_clean] = np.rint(np.asarray(whole) * 10**decimals).astype(np.int64)
    for position in np.flatnonzero(~is_clean).tolist():
        text, is_repaired, code = _mend_number(texts[position].as_py(), digits, decimals)
        parsed.is_repaired[position], parsed.codes[position] = is_repaired, code
        if not code:
            parsed.found[position] = _scaled(text, decimals)
    return parsed


def _mend_number(text: str, digits: int, decimals: int) -> tuple[str, bool, str]:
    """The number in plain spelling, whether that is a repair, and what is wrong with it."""
    if text.startswith(MANGLED):
        return text, False, "number_absurd"
    mended = narrow(text).strip().removeprefix("¥").strip()
    if _THOUSANDS.fullmatch(mended.lstrip("-")):
        mended = mended.replace(",", "")
    is_repaired = mended != text
    found = _NUMBER.fullmatch(mended.lstrip("-"))
    if found is None:
        return mended, False, "number_mangled" if _SCIENTIFIC.fullmatch(mended) else "number_malformed"
    if mended.startswith("-"):
        return mended, False, "number_negative"
    if len((found[2] or "").rstrip("0")) > decimals:
        return mended, False, "decimals_too_many"
    if len(found[1].lstrip("0")) > digits:
        return mended, False, "number_absurd"
    return mended, is_repaired, ""


def _scaled(text: str, decimals: int) -> int:
    whole, _, fraction = text.partition(".")
    return int(whole) * 10**decimals + int((fraction + "0" * decimals)[:decimals] or "0")


def parse_date(texts: pa.Array, column: Column) -> Parsed:  # noqa: ARG001 (one signature for all kinds)
    """Dates in their three spellings: (u,) datetime64[s]."""
    parsed = Parsed.blank(np.full(len(texts), "NaT", dtype="datetime64[s]"), len(texts))
    for position, text in enumerate(texts.to_pylist()):
        day, is_repaired, code = _mend_date(text)
        parsed.is_repaired[position], parsed.codes[position] = is_repaired, code
        if day is not None:
            parsed.found[position] = np.datetime64(day, "s")
    return parsed


def _mend_date(text: str) -> tuple[date | None, bool, str]:
    mended = text if text.isascii() else narrow(text)
    found = _DATE.fullmatch(mended)
    if found is None:
        with_time = _DAY_AND_TIME.fullmatch(mended)
        found = _DATE.fullmatch(with_time[1]) if with_time else None
        if found is None:
            is_serial = re.fullmatch(r"[1-9]\d{4}(\.\d+)?", mended) is not None
            return None, False, "date_is_number" if is_serial else "date_unreadable"
        mended = with_time[1] if with_time else mended
    numbers = [int(group) for group in found.groups() if group is not None]
    try:
        day = date(*numbers)
    except ValueError:
        return None, False, "date_impossible"
    if not EARLIEST <= day <= LATEST:
        return None, False, "date_implausible"
    return day, mended != text, ""


def parse_choice(texts: pa.Array, column: Column) -> Parsed:
    """One of the column's keys: (u,) Arrow text."""
    key_of = _keys(column)
    values = [""] * len(texts)
    parsed = Parsed.blank(None, len(texts))
    for position, text in enumerate(texts.to_pylist()):
        key = key_of.get(text)
        if key is None:
            key = key_of.get(narrow(text).strip().lower())
            parsed.is_repaired[position] = key is not None
        parsed.codes[position] = "" if key is not None else "choice_unknown"
        values[position] = key or ""
    parsed.found = pa.array(values, pa.string())
    return parsed


def parse_choices(texts: pa.Array, column: Column) -> Parsed:
    """Several of the column's keys, sorted and joined by ``;``: (u,) Arrow text."""
    key_of = _keys(column)
    values = [""] * len(texts)
    parsed = Parsed.blank(None, len(texts))
    for position, text in enumerate(texts.to_pylist()):
        plain = re.sub(r"[、,]", ";", narrow(text))
        keys = {key_of.get(word.strip().lower()) for word in plain.split(";") if word.strip()}
        parsed.is_repaired[position] = plain != text and None not in keys
        parsed.codes[position] = "choice_unknown" if None in keys else ""
        values[position] = ";".join(sorted(key for key in keys if key))
    parsed.found = pa.array(values, pa.string())
    return parsed


def parse_yes_no(texts: pa.Array, column: Column) -> Parsed:
    """是/否, yes/no: (u,) bool."""
    parsed = parse_choice(texts, column)
    parsed.found = np.asarray(pc.equal(parsed.found, "yes"))
    return parsed


def _keys(column: Column) -> dict[str, str]:
    keys = {key: key for key in column.spellings}
    for key, spellings in column.spellings.items():
        keys.update(dict.fromkeys(spellings, key))
    return keys


def _matches(texts: pa.Array, pattern: str) -> np.ndarray[Any, Any]:
    return np.asarray(pc.match_substring_regex(texts, pattern)).astype(bool)


def _is_long(texts: pa.Array, limit: int) -> np.ndarray[Any, Any]:
    return np.asarray(pc.greater(pc.utf8_length(texts), limit)).astype(bool)
