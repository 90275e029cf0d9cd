"""答复: the file of answers to offers, and the reading of any one-table file by the delivery's own rules."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

from allocator.errors import WrongUsage
from allocator.model.answers import ANSWERS, DECLINE_REASONS, DeclineReason
from allocator.model.columns import Column, Table
from allocator.model.problem import Problem

from .csv_rows import read_csv
from .faults import Faults
from .frames import Read, read_frame
from .header import rows_of
from .locating import MAX_FILE_BYTES
from .xlsx_rows import read_xlsx

ANSWER_TABLE: Final = Table(
    "answers",
    "答复",
    (),
    (
        Column("receipt_no", "受理编号", "text"),
        Column("answer", "答复", "choice", spellings={str(key): words for key, words in ANSWERS.items()}),
        Column("reason", "原因", "text", is_required=False, may_be_empty=True, is_personal=True),
    ),
)


def read_answers(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Answers as ``receipt_no, answer, reason, row`` and every fault of the file with its place.

    CSV (UTF-8, with BOM, GB18030) or XLSX; headers and words in Chinese or English. ``answer`` is ``accept`` or
    ``refuse``, missing where it could not be read; ``reason`` is a word of ``DeclineReason``: other words of the
    household become ``other``, with a warning, for they are not for the record. Raises ``WrongUsage`` where
    there is no file at that path.
    """
    frame, faults = read_one_table(path, ANSWER_TABLE)
    word_of = {
        spelling: reason.value for reason, spellings in DECLINE_REASONS.items() for spelling in spellings
    }
    given = frame["reason"].fillna("").str.strip().str.lower()
    typed = given.map(word_of)
    refuses = frame["answer"] == "refuse"
    free = frame[typed.isna() & refuses]
    faults += [
        Problem("reason_not_typed", path.name, int(row), "reason", "", severity="warning")
        for row in free["row"]
    ]
    reason = typed.fillna(DeclineReason.OTHER.value).where(refuses, "").astype("str")
    return frame.assign(reason=reason), sorted(
        faults, key=lambda fault: (fault.row, fault.column, fault.code)
    )


def read_one_table(path: Path, table: Table) -> tuple[pd.DataFrame, list[Problem]]:
    """The frame of a file with one table, its rows' numbers in ``row``, and its faults.

    A file that cannot be read at all gives no rows and one fault. Raises ``WrongUsage`` where there is none.
    """
    if not path.is_file():
        raise WrongUsage("filed_file_not_found", path=path.name)
    faults = Faults()
    if path.stat().st_size > MAX_FILE_BYTES:
        return _nothing(table), [
            Problem("file_too_large", path.name, 1, "", "", params={"limit": MAX_FILE_BYTES // 1024 // 1024})
        ]
    read = _read(path, table, faults)
    problems = [problem for block in faults.blocks for problem in block.problems()]
    if read is None:
        return _nothing(table), problems
    return read.frame.assign(row=read.rows.row_numbers), problems


def _read(path: Path, table: Table, faults: Faults) -> Read | None:
    reader = read_xlsx if path.suffix.lower() == ".xlsx" else read_csv
    grid = reader(path, table.name, path.name, faults)
    return None if grid is None else read_frame(rows_of(grid, table, path.name, faults), faults)


def _nothing(table: Table) -> pd.DataFrame:
    columns = {name: pd.Series(dtype=dtype) for name, dtype in table.dtypes.items()}
    return pd.DataFrame({**columns, "row": pd.Series(dtype="int64")})
