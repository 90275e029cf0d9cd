"""Faults found in a delivery, kept in columns until somebody asks for them one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from allocator.model.columns import TABLES
from allocator.model.problem import Problem, Severity

ECHO_LENGTH = 80
_TABLE_ORDER = {table.name: position for position, table in enumerate(TABLES)}


def echo(value: str) -> str:
    """The cell as it is shown again: cut where it is very long."""
    return value if len(value) <= ECHO_LENGTH else value[: ECHO_LENGTH - 1] + "…"


@dataclass(frozen=True)
class FaultBlock:
    """Faults of one code in one column of one file.

    ``positions`` (k,) int64 index the delivered rows (empty for a fault of the whole file), ``rows`` (k,)
    int64 are the lines a spreadsheet shows, ``params`` is one mapping for all or one for each.
    """

    code: str
    table: str
    file: str
    column: str
    positions: np.ndarray[Any, Any]
    rows: np.ndarray[Any, Any]
    values: Sequence[str]
    severity: Severity
    params: Mapping[str, object] | Sequence[Mapping[str, object]]

    def params_of(self, number: int) -> dict[str, object]:
        """The parameters of the fault of that number in the block."""
        return dict(self.params if isinstance(self.params, Mapping) else self.params[number])

    def problems(self) -> Iterable[Problem]:
        """The block's faults, one by one."""
        for number, (row, value) in enumerate(zip(self.rows.tolist(), self.values, strict=True)):
            yield Problem(
                self.code, self.file, row, self.column, echo(value), self.severity, self.params_of(number)
            )


@dataclass
class Faults:
    """All faults of one reading; rooms of the exchange add to it in one pass."""

    blocks: list[FaultBlock] = field(default_factory=list)

    def of_file(
        self,
        code: str,
        table: str,
        file: str,
        *,
        row: int = 1,
        column: str = "",
        value: str = "",
        severity: Severity = "error",
        **params: object,
    ) -> None:
        """A fault of a whole file: nothing of it can be set aside by household."""
        nowhere = np.empty(0, dtype=np.int64)
        self.blocks.append(
            FaultBlock(code, table, file, column, nowhere, np.array([row]), [value], severity, params)
        )

    def of_rows(
        self,
        code: str,
        table: str,
        file: str,
        column: str,
        positions: np.ndarray[Any, Any],
        rows: np.ndarray[Any, Any],
        values: Sequence[str],
        severity: Severity = "error",
        params: Mapping[str, object] | Sequence[Mapping[str, object]] | None = None,
    ) -> None:
        """Faults of single rows; nothing is added when there is none."""
        if len(positions):
            block = FaultBlock(code, table, file, column, positions, rows, values, severity, params or {})
            self.blocks.append(block)

    @property
    def has_errors(self) -> bool:
        """Whether anything forbids the import."""
        return any(block.severity == "error" for block in self.blocks)

    def broken(self, table: str) -> bool:
        """Whether the whole file of that table could not be used."""
        return any(
            block.severity == "error" and block.table == table and not len(block.positions)
            for block in self.blocks
        )

    def problems(self) -> list[Problem]:
        """Every fault as a value: by table, row, column and code."""
        placed = [
            (_TABLE_ORDER.get(block.table, len(_TABLE_ORDER)), problem)
            for block in self.blocks
            for problem in block.problems()
        ]
        placed.sort(key=lambda pair: (pair[0], pair[1].file, pair[1].row, pair[1].column, pair[1].code))
        return [problem for _, problem in placed]
