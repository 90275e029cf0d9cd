"""Problems in words: where, what, why and the cure, in Chinese or English."""

from __future__ import annotations

from allocator.messages import text_of
from allocator.model.columns import TABLES
from allocator.model.problem import Problem


def message_of(problem: Problem, language: str) -> str:
    """One sentence that begins with the place."""
    return place_of(problem, language) + reason_of(problem, language)


def reason_of(problem: Problem, language: str) -> str:
    """The sentence without its place."""
    return text_of(problem.code, language, **{"value": problem.value, **problem.params})


def place_of(problem: Problem, language: str) -> str:
    """File, row and column as people name them."""
    if not problem.column:
        code = "delivery_place_row" if problem.row > 1 else "delivery_place_file"
        return text_of(code, language, file=problem.file, row=problem.row)
    column = header_of(problem.column, problem.file, language)
    return text_of("delivery_place_cell", language, file=problem.file, row=problem.row, column=column)


def header_of(column: str, file: str, language: str) -> str:
    """The column's header in that language; an unknown column keeps its own."""
    if language == "en":
        return column
    for table in TABLES:
        if table.name in file or table.name_zh in file:
            for known in table.columns:
                if known.name == column:
                    return known.header_zh
    return column


def document_of(problem: Problem, language: str) -> dict[str, object]:
    """The problem as ``data check --json`` prints it (contract, section 3)."""
    return {
        "code": problem.code,
        "file": problem.file,
        "row": problem.row,
        "column": problem.column,
        "value": problem.value,
        "severity": problem.severity,
        "message": message_of(problem, language),
    }
