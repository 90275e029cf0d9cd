"""A problem: a fault of the data with its place. A value, never an exception (design, section 5.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Problem:
    """One fault of a delivered file.

    ``file`` is the delivered file's name, ``row`` the line a person sees in a spreadsheet (the header
    is row 1), ``column`` the English header, ``value`` the cell as it was read. ``params`` fill the text.
    """

    code: str
    file: str
    row: int
    column: str
    value: str
    severity: Severity = "error"
    params: dict[str, object] = field(default_factory=dict, compare=False)
