"""Faulty households set aside whole in a workbook, ready to be mended and delivered again."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from allocator.errors import Refused, WrongUsage
from allocator.messages import text_of
from allocator.model.columns import TABLES, Table

from .delivery import HOUSEHOLD_TABLES, Delivery
from .faults import echo
from .header import REASON_HEADER, column_named
from .rows import Rows
from .wording import reason_of
from .writing import Language

# Spreadsheets grow slow on more comments than this; the reason column has them all.
_MAX_COMMENTS = 5_000
# row position -> column name -> reasons
Reasons = dict[int, dict[str, list[str]]]


def check_place(path: Path) -> None:
    """Refuse a name that is no workbook's, or that exists: it may hold work half done."""
    if path.suffix.lower() != ".xlsx":
        raise WrongUsage("set_aside_not_xlsx", file=str(path))
    if path.exists() or path.is_symlink():
        raise Refused("set_aside_exists", file=str(path))


def write_set_aside(delivery: Delivery, path: Path, language: Language) -> None:
    """Write every row of every faulty household as it was delivered, with the reasons beside the cells.

    Six sheets named after the tables (employers, projects and dwellings carry their headers only) and
    one that says how to go on. All cells are strings: nothing is calculated when it is opened.
    """
    import xlsxwriter

    check_place(path)
    unfinished = path.with_name(path.name + ".part")
    try:
        with xlsxwriter.Workbook(str(unfinished), {"in_memory": True}) as workbook:
            marked = workbook.add_format({"bg_color": "#FFC7CE", "num_format": "@"})
            for table in TABLES:
                name = table.name_zh if language == "zh" else table.name
                _write_table(workbook.add_worksheet(name), marked, delivery, table, language)
            _write_guide(workbook, language)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_table(sheet: Any, marked: Any, delivery: Delivery, table: Table, language: Language) -> None:
    rows = delivery.reads[table.name].rows
    is_aside = table.name in HOUSEHOLD_TABLES
    headers = [*rows.header, REASON_HEADER] if is_aside else rows.header
    for position, header in enumerate(headers):
        sheet.write_string(0, position, header)
    sheet.freeze_panes(1, 0)
    if not is_aside:
        return
    is_faulty = delivery.receipts_of(table.name).isin(delivery.faulty_receipts).to_numpy(dtype=bool)
    reasons = _reasons(delivery, table.name, language)
    _write_rows(sheet, marked, rows, table, np.flatnonzero(is_faulty), reasons)


def _write_rows(
    sheet: Any, marked: Any, rows: Rows, table: Table, positions: np.ndarray[Any, Any], reasons: Reasons
) -> None:
    names = [column.name if (column := column_named(text, table)) else text for text in rows.header]
    columns = [column.take(positions).to_pylist() for column in rows.all_columns]
    num_comments = 0
    for line, position in enumerate(positions.tolist(), start=1):
        of_row = reasons.get(position, {})
        for place, (name, texts) in enumerate(zip(names, columns, strict=True)):
            cell_reasons = of_row.get(name)
            sheet.write_string(line, place, texts[line - 1], marked if cell_reasons else None)
            if cell_reasons and num_comments < _MAX_COMMENTS:
                sheet.write_comment(line, place, "\n".join(cell_reasons))
                num_comments += 1
        told = [f"{name}: {reason}" if name else reason for name in of_row for reason in of_row[name]]
        sheet.write_string(line, len(names), "\n".join(told))


def _reasons(delivery: Delivery, table: str, language: Language) -> Reasons:
    reasons: Reasons = defaultdict(lambda: defaultdict(list))
    for block in delivery.faults.blocks:
        if block.table == table and block.severity == "error":
            for position, problem in zip(block.positions.tolist(), block.problems(), strict=False):
                reasons[position][block.column].append(echo_of(reason_of(problem, language)))
    return reasons


def echo_of(reason: str) -> str:
    """A reason, cut to what a comment can hold."""
    return echo(reason) if len(reason) > 2_000 else reason


def _write_guide(workbook: Any, language: Language) -> None:
    sheet = workbook.add_worksheet(text_of("set_aside_guide_sheet", language))
    sheet.set_column(0, 0, 110)
    for line, sentence in enumerate(text_of("set_aside_guide", language).split("\n")):
        sheet.write_string(line, 0, sentence)
