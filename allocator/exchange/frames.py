"""From delivered rows to the frame of a table, in columns; faults keep their places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from allocator.model.columns import Column
from allocator.model.problem import Severity

from . import values as reading
from .faults import Faults
from .id_numbers import parse_id_number
from .rows import Rows
from .xlsx_rows import MANGLED

_PARSERS: Final[dict[str, Callable[[pa.Array, Column], reading.Parsed]]] = {
    "text": reading.parse_text,
    "choice": reading.parse_choice,
    "choices": reading.parse_choices,
    "integer": reading.parse_number,
    "money": reading.parse_number,
    "area": reading.parse_number,
    "date": reading.parse_date,
    "yes_no": reading.parse_yes_no,
    "id_number": parse_id_number,
}


@dataclass(frozen=True)
class Read:
    """A table read: its rows as delivered and its frame, row for row (n rows each)."""

    rows: Rows
    frame: pd.DataFrame


def read_frame(rows: Rows, faults: Faults) -> Read:
    """The frame of ``model.columns`` for these rows; a faulty cell is NA there and a fault here."""
    ragged = np.flatnonzero(rows.is_ragged)
    rows.blame(faults, "row_ragged", "", ragged)
    columns = {}
    for column in rows.table.columns:
        if column.name in rows.cells:
            columns[column.frame_name] = _read_column(rows, column, faults)
        else:
            columns[column.frame_name] = _absent(column, len(rows))
    return Read(rows, pd.DataFrame(columns))


def _absent(column: Column, length: int) -> pd.Series:
    return pd.Series([None] * length, dtype=column.dtype)


def _read_column(rows: Rows, column: Column, faults: Faults) -> pd.Series:
    trimmed = pc.utf8_trim_whitespace(rows.cells[column.name])
    encoded = trimmed.dictionary_encode()
    texts, codes = encoded.dictionary, np.asarray(encoded.indices)
    is_blank = np.asarray(pc.equal(texts, "")).astype(bool)
    parsed = _parsed_but_blank(texts, is_blank, column)
    if not column.may_be_empty:
        parsed.codes[is_blank] = "cell_blank"
    _blame_cells(rows, column, parsed, codes, faults)
    is_missing = is_blank | (parsed.codes != "")
    return _series(parsed.found, is_missing, codes, column)


def _parsed_but_blank(texts: pa.Array, is_blank: np.ndarray[Any, Any], column: Column) -> reading.Parsed:
    """Parse what is not blank; the blank text, if it occurs, keeps its place."""
    parser = _PARSERS[column.kind]
    if not is_blank.any():
        return parser(texts, column)
    filled = np.flatnonzero(~is_blank)
    part = parser(texts.take(pa.array(filled)), column)
    whole = reading.Parsed.blank(None, len(texts))
    whole.codes[filled], whole.is_repaired[filled] = part.codes, part.is_repaired
    if isinstance(part.found, pa.Array):
        place = np.zeros(len(texts), dtype=np.int64)
        place[filled] = np.arange(1, len(filled) + 1)
        whole.found = pa.concat_arrays([pa.array([""]), part.found]).take(pa.array(place))
    else:
        whole.found = np.zeros(len(texts), dtype=part.found.dtype)
        whole.found[filled] = part.found
    return whole


def _blame_cells(
    rows: Rows, column: Column, parsed: reading.Parsed, codes: np.ndarray[Any, Any], faults: Faults
) -> None:
    """One fault for each faulty or repaired cell; a row of the wrong width has its one fault already."""
    params = _params(column)
    for code in sorted({code for code in parsed.codes.tolist() if code}):
        _blame(rows, column, code, (parsed.codes == code)[codes], "error", params, faults)
    if parsed.is_repaired.any():
        is_repaired = (parsed.is_repaired & (parsed.codes == ""))[codes]
        _blame(rows, column, "cell_repaired", is_repaired, "warning", params, faults)


def _blame(
    rows: Rows,
    column: Column,
    code: str,
    is_hit: np.ndarray[Any, Any],
    severity: Severity,
    params: dict[str, object],
    faults: Faults,
) -> None:
    positions = np.flatnonzero(is_hit & ~rows.is_ragged)
    if len(positions):
        shown = [text.replace(MANGLED, "") for text in rows.values_at(column.name, positions)]
        faults.of_rows(
            code,
            rows.table.name,
            rows.file,
            column.name,
            positions,
            rows.row_numbers[positions],
            shown,
            severity,
            params,
        )


def _params(column: Column) -> dict[str, object]:
    """What the texts of this column's faults may name."""
    allowed = ", ".join(
        f"{spellings[0]} {key}" if spellings[0] != key else key for key, spellings in column.spellings.items()
    )
    return {
        "allowed": allowed,
        "decimals": reading.DECIMALS.get(column.kind, 0),
        "digits": reading.MAX_DIGITS.get(column.kind, 0),
        "limit": reading.MAX_TEXT_LENGTH,
    }


def _series(
    parsed: Any, is_missing: np.ndarray[Any, Any], codes: np.ndarray[Any, Any], column: Column
) -> pd.Series:
    if isinstance(parsed, pa.Array):
        taken = parsed.take(pa.array(codes, mask=is_missing[codes]))
        return pd.Series(pd.array(taken, dtype="str"))
    taken = parsed[codes]
    missing = is_missing[codes]
    if column.kind == "date":
        taken = np.where(missing, np.datetime64("NaT", "s"), taken)
        return pd.Series(taken.astype("datetime64[s]"))
    array = pd.arrays.BooleanArray if column.kind == "yes_no" else pd.arrays.IntegerArray
    return pd.Series(array(taken.copy(), missing.copy()))
