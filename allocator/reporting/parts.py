"""What a part of a page is made of: charts, tables of words, sections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from allocator.reporting.wording import Wording


@dataclass(frozen=True)
class Chart:
    """A chart, what it says to those who cannot see it, and its caption ("" for none)."""

    spec: dict[str, Any]
    description: str
    caption: str = ""


@dataclass(frozen=True)
class Grid:
    """A table of words: ``numeric`` says which columns stand to the right."""

    header: list[str]
    rows: list[list[str]]
    numeric: list[bool]


@dataclass(frozen=True)
class Section:
    """One part of the page; without charts the stage has not happened yet. ``is_open``: its tables stand unfolded."""

    anchor: str
    title: str
    lead: str
    legend: str
    charts: tuple[Chart, ...] = ()
    grids: tuple[Grid, ...] = ()
    note: str = ""
    is_open: bool = False


def grid_of(columns: list[tuple[str, list[str], bool]]) -> Grid:
    """Columns (header, cells, is numeric) as a table."""
    header, cells, numeric = zip(*columns, strict=True)
    return Grid(list(header), [list(row) for row in zip(*cells, strict=True)], list(numeric))


def not_yet(anchor: str, words: Wording) -> Section:
    """A part whose stage has not happened."""
    return Section(anchor, words.text(f"{anchor}_title"), words.text("nothing_yet"), "")


def counts_of(words: Wording, values: pd.Series) -> list[str]:
    """Whole numbers as words."""
    return [words.count(value) for value in values]
