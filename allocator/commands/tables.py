"""Aligned columns for people at a terminal; tab-separated or plain sentences for everybody else."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from allocator.office.acts import Done

_GAP = "  "
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
_SHOWN_OF_HASH = 12
_LAST = ("commitment", "seed", "manifest")


def is_terminal() -> bool:
    """Whether a person reads stdout as it comes."""
    return sys.stdout.isatty()


def shortened(text: str) -> str:
    """Hashes cut to what the eye compares; files, pipes and ``--json`` hold them whole."""
    return _HASH.sub(lambda found: found[0][:_SHOWN_OF_HASH] + "…", text)


def columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows under their heads; aligned on a terminal (numbers right), separated by tabs elsewhere."""
    if not is_terminal():
        return ["\t".join(row) for row in (heads, *rows)]
    return aligned(heads, rows)


def aligned(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The same with blanks; a Chinese character is two cells wide."""
    from rich.cells import cell_len

    table = [list(heads), *(list(row) for row in rows)]
    widths = [max(cell_len(row[place]) for row in table) for place in range(len(heads))]
    numeric = [bool(rows) and all(_is_number(row[place]) for row in rows) for place in range(len(heads))]
    lines = []
    for row in table:
        cells = []
        for cell, width, is_number in zip(row, widths, numeric, strict=True):
            blank = " " * (width - cell_len(cell))
            cells.append(blank + cell if is_number else cell + blank)
        lines.append(_GAP.join(cells).rstrip())
    return lines


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?[\d,]+(\.\d+)?|", cell) is not None


def lines_of(done: Done, language: str) -> list[str]:
    """What was done: plain sentences; on a terminal one table where several sub-rounds say the same."""
    if not is_terminal():
        return done.lines(language)
    return list(_on_terminal(done, language))


def _on_terminal(done: Done, language: str) -> Iterator[str]:
    from allocator.messages import text_of
    from allocator.office.acts import worded

    for code, group in groupby(done.said, key=lambda one: one[0]):
        all_params = [worded(params, language) for _, params in group]
        if len(all_params) > 1 and all("sub_round" in params for params in all_params):
            yield text_of(f"heading_{code}", language)
            yield from ("  " + line for line in _table(all_params, language))
        else:
            yield from (shortened(text_of(code, language, **params)) for params in all_params)


def _table(all_params: list[dict[str, Any]], language: str) -> list[str]:
    from allocator.messages import text_of

    others = sorted((name for name in all_params[0] if name != "sub_round"), key=_LAST.__contains__)
    names = ["sub_round", *others]
    heads = [text_of(f"column_{name}", language) for name in names]
    rows = [[_cell(params[name]) for name in names] for params in all_params]
    return aligned(heads, rows)


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else shortened(str(value))


def labelled(values: dict[str, str]) -> list[str]:
    """One value a line, each behind its label."""
    from rich.cells import cell_len

    width = max(map(cell_len, values))
    return [f"  {label}{' ' * (width - cell_len(label))}  {value}" for label, value in values.items()]
