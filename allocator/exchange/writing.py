"""Writing the six files of a delivery, in columns: for synthetic cities, tests and benchmarks."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from allocator.model.columns import TABLES, Column, Table
from allocator.model.facts import Facts

Language = Literal["zh", "en"]


def write_delivery(
    facts: Facts,
    folder: Path,
    language: Language = "en",
    *,
    encoding: str = "utf-8-sig",
    file_format: Literal["csv", "xlsx"] = "csv",
) -> dict[str, int]:
    """Write the six tables into a folder and give the rows of each file by its name.

    Headers, file names and words of choices are in ``language``; optional columns that are wholly empty
    are left out. Reading the files again gives equal facts. ``encoding``: ``utf-8``, ``utf-8-sig`` or
    ``gb18030`` (CSV only).
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    for table in TABLES:
        frame = getattr(facts, table.name)
        texts = texts_of(frame, table, language)
        path = folder / f"{table.name if language == 'en' else table.name_zh}.{file_format}"
        if file_format == "csv":
            path.write_bytes(csv_bytes(texts, encoding))
        else:
            write_workbook(path, {path.stem: texts})
        counts[path.name] = len(frame)
    return counts


def texts_of(frame: pd.DataFrame, table: Table, language: Language) -> dict[str, pa.Array]:
    """Header -> (n,) Arrow texts, as a file carries them."""
    written = {}
    for column in table.columns:
        series = frame[column.frame_name]
        if not column.is_required and series.isna().all():
            continue
        written[column.name if language == "en" else column.header_zh] = _texts(series, column, language)
    return written


def csv_bytes(texts: dict[str, pa.Array], encoding: str) -> bytes:
    """The CSV of some columns of text, lines ended by CR LF as spreadsheets write them."""
    buffer = io.BytesIO()
    buffer.write((",".join(texts) + "\r\n").encode())
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed", eol="\r\n")
    pyarrow.csv.write_csv(pa.table(texts), buffer, options)
    if encoding == "utf-8-sig":
        return b"\xef\xbb\xbf" + buffer.getvalue()
    return buffer.getvalue() if encoding == "utf-8" else buffer.getvalue().decode().encode(encoding)


def write_workbook(path: Path, sheets: dict[str, dict[str, pa.Array]]) -> None:
    """An XLSX with one sheet for each name; every cell is a string, so nothing is calculated or mangled."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as workbook:
        for name, texts in sheets.items():
            sheet = workbook.add_worksheet(name)
            for position, header in enumerate(texts):
                sheet.write_string(0, position, header)
            columns = [column.to_pylist() for column in texts.values()]
            for row, cells in enumerate(zip(*columns, strict=True), start=1):
                for position, cell in enumerate(cells):
                    if cell:
                        sheet.write_string(row, position, cell)


def _texts(series: pd.Series, column: Column, language: Language) -> pa.Array:
    """Distinct values are written once and spread."""
    codes, uniques = pd.factorize(series)
    spell = _speller(column, language)
    words = pa.array([*(spell(value) for value in uniques.tolist()), ""], pa.string())
    return words.take(pa.array(np.where(codes < 0, len(uniques), codes)))


def _speller(column: Column, language: Language) -> Callable[[Any], str]:
    first_zh = {key: spellings[0] for key, spellings in column.spellings.items()}
    words = first_zh if language == "zh" else {key: key for key in column.spellings}
    if column.kind == "choice":
        return lambda key: words[key]
    if column.kind == "choices":
        return lambda keys: ";".join(words[key] for key in keys.split(";") if key)
    if column.kind == "yes_no":
        return lambda value: words["yes" if value else "no"]
    if column.kind == "money":
        return lambda fen: f"{fen // 100}.{fen % 100:02d}"
    if column.kind == "area":
        return lambda cm2: f"{cm2 // 10_000}.{cm2 % 10_000:04d}".rstrip("0").rstrip(".")
    if column.kind == "date":
        return lambda day: str(pd.Timestamp(day).date())
    return str
