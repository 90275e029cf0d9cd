"""One large table as an XLSX sheet of text, in about a second per 100,000 rows.

XlsxWriter makes the workbook with its head, styles and one row of the table; the other rows, alike but for their
text, are then written into the sheet as joined text (cell by cell through the library they took six times as long).
Every cell is text, so nothing a household or a file says is ever read as a formula. No date of making stands in
it: the same table gives the same bytes.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

SHEET: Final = "xl/worksheets/sheet1.xml"
MOST_ROWS: Final = 1_048_000
_FIXED: Final = datetime(2000, 1, 1)  # noqa: DTZ001 (a workbook's dates have no zone)
_UNLAWFUL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LAST_ROW: Final = re.compile(r'<row r="\d+"[^>]*>(?:(?!<row ).)*</row></sheetData>', re.DOTALL)
_STYLE: Final = re.compile(r'<c r="[A-Z]+\d+" s="(\d+)"')


@dataclass(frozen=True)
class Sheet:
    """What stands on it. ``mark``: a red line on top and on every printed page; empty: none."""

    name: str
    title: str
    mark: str
    lines: tuple[str, ...]
    headers: tuple[str, ...]
    columns: tuple[Sequence[str], ...]
    widths: tuple[int, ...]


def workbook_bytes(sheet: Sheet) -> bytes:
    """The XLSX file.

    Raises:
        ValueError: more rows than a sheet holds.
    """
    num_rows = len(sheet.columns[0])
    if num_rows > MOST_ROWS:
        raise ValueError(f"a sheet holds {MOST_ROWS} rows, not {num_rows}")
    frame, first_row = _frame(sheet)
    if num_rows == 0:
        return frame
    return _with_rows(frame, sheet, first_row)


def _frame(sheet: Sheet) -> tuple[bytes, int]:
    """The workbook with at most one row of the table, and that row's number from 1."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    book.set_properties({"created": _FIXED})
    page = book.add_worksheet(sheet.name)
    row = _head(book, page, sheet)
    header = book.add_format(
        {"bold": True, "border": 1, "bg_color": "#E8EEF4", "align": "center", "text_wrap": True}
    )
    cell = book.add_format({"border": 1, "border_color": "#C8D0D8", "num_format": "@"})
    for column, (title, width) in enumerate(zip(sheet.headers, sheet.widths, strict=True)):
        page.set_column(column, column, width)
        page.write_string(row, column, title, header)
        if len(sheet.columns[column]):
            page.write_string(row + 1, column, "x", cell)
    page.freeze_panes(row + 1, 0)
    page.repeat_rows(row)
    page.fit_to_pages(1, 0)
    page.set_paper(9)
    if sheet.mark:
        page.set_header("&C&K9C2A2A" + sheet.mark.replace("&", "&&"))
    page.set_footer("&C&P / &N")
    book.close()
    return stream.getvalue(), row + 2


def _head(book: Any, page: Any, sheet: Sheet) -> int:
    """Mark, title and lines; the number of the row after them, from 0."""
    last = len(sheet.headers) - 1
    title = book.add_format({"bold": True, "font_size": 16, "align": "center", "valign": "vcenter"})
    mark = book.add_format({"bold": True, "font_color": "#9C2A2A", "align": "center", "bg_color": "#FBEAEA"})
    line = book.add_format({"text_wrap": True, "valign": "top"})
    texts = [(sheet.mark, mark, 20)] if sheet.mark else []
    texts += [(sheet.title, title, 30)] + [(text, line, _height(text, sheet.widths)) for text in sheet.lines]
    for row, (text, style, height) in enumerate(texts):
        page.set_row(row, height)
        page.merge_range(row, 0, row, last, "", style)
        page.write_string(row, 0, text, style)
    return len(texts)


def _height(text: str, widths: Sequence[int]) -> int:
    """Points for a wrapped line; a Chinese character is two columns wide."""
    wide = sum(2 if ord(character) > 0x2E80 else 1 for character in text)
    return 16 * (1 + wide // max(1, sum(widths)))


def _with_rows(frame: bytes, sheet: Sheet, first_row: int) -> bytes:
    """The same workbook with all rows of the table where its one row stood."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(frame)) as old, zipfile.ZipFile(stream, "w") as new:
        for entry in old.infolist():
            content = old.read(entry.filename)
            if entry.filename == SHEET:
                content = _filled(content.decode("utf-8"), sheet, first_row).encode("utf-8")
            fixed = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
            new.writestr(fixed, content, zipfile.ZIP_DEFLATED, 1)
    return stream.getvalue()


def _filled(page: str, sheet: Sheet, first_row: int) -> str:
    pattern = _LAST_ROW.search(page)
    if pattern is None:
        raise ValueError("the workbook's sheet has no row to go by")
    style = _STYLE.findall(pattern.group())[-1]
    num_rows = len(sheet.columns[0])
    numbers = [str(number) for number in range(first_row, first_row + num_rows)]
    parts: list[Sequence[str]] = []
    for column, cells in enumerate(sheet.columns):
        opening = f'<c r="{xl_col_to_name(column)}'
        end_of_row = "</t></is></c></row>" if column == len(sheet.columns) - 1 else "</t></is></c>"
        between = f'" s="{style}" t="inlineStr"><is><t>'
        start = (
            [f'<row r="{number}">{opening}' for number in numbers] if column == 0 else [opening] * num_rows
        )
        parts += [start, numbers, [between] * num_rows, safe_cells(cells), [end_of_row] * num_rows]
    rows = "".join(map("".join, zip(*parts, strict=True)))
    last = f"{xl_col_to_name(len(sheet.columns) - 1)}{first_row + num_rows - 1}"
    page = page[: pattern.start()] + rows + "</sheetData>" + page[pattern.end() :]
    return re.sub(r'<dimension ref="[^"]*"/>', f'<dimension ref="A1:{last}"/>', page, count=1)


def safe_cells(cells: Sequence[str]) -> Sequence[str]:
    """Cells for XML and HTML: escaped, without control characters; columns that need nothing pass as they are."""
    whole = "\n".join(cells)
    if not any(mark in whole for mark in "&<>\"'") and _UNLAWFUL.search(whole) is None:
        return cells
    return [html.escape(_UNLAWFUL.sub("", cell)) for cell in cells]
