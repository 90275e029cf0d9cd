"""Slips (编码条): each household's codes of the round, for its own eyes.

The table of slips joins receipt numbers to codes. It stays in the bureau's private folder; each household gets its
own lines only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from allocator.messages import text_of
from allocator.publicity.notices import sub_round_title
from allocator.publicity.tables import csv_bytes, text_ranks
from allocator.publicity.workbook import Sheet, workbook_bytes

COLUMNS: Final = (
    "receipt_no",
    "name",
    "month",
    "sub_round",
    "class",
    "code",
    "salt",
    "receipt_salt",
    "commitment_sha256",
)
_WIDTHS: Final = (18, 12, 10, 18, 14, 18, 36, 36, 68)
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def slips_of(
    codes: pd.DataFrame,
    classes: pd.DataFrame,
    names: Mapping[str, str],
    month: str,
    sub_round: str,
    commitment_sha256: str,
) -> pd.DataFrame:
    """The slips of one sub-round; several are put under each other with ``pandas.concat``.

    Args:
        codes: ``receipt_no, code, salt, receipt_salt`` of every receipt received (``codes.codes_of``).
        classes: ``receipt_no, class`` as in the commitment.
        names: receipt number -> masked name.
        month: ``2026-03``.
        sub_round: its name.
        commitment_sha256: hex.

    Returns:
        ``COLUMNS``, by receipt number; ``code`` and ``salt`` are empty for those who have none here.
    """
    slips = classes[["receipt_no", "class"]].merge(codes, on="receipt_no", how="left", validate="one_to_one")
    is_drawn = slips["class"] == "roster"
    slips = slips.assign(
        name=[names.get(number, "*") for number in slips["receipt_no"].tolist()],
        month=month,
        sub_round=sub_round,
        code=slips["code"].where(is_drawn, ""),
        salt=slips["salt"].where(is_drawn, ""),
        commitment_sha256=commitment_sha256,
    )
    places = text_ranks(slips["receipt_no"]).argsort(kind="stable")
    return slips.iloc[places][list(COLUMNS)].astype("str").fillna("").reset_index(drop=True)


def slips_csv(slips: pd.DataFrame) -> bytes:
    """The slips as CSV for a spreadsheet: UTF-8 with BOM; a cell that would start a formula gets a ``'``."""
    safe = {
        name: [_plain(cell) for cell in slips[name].tolist()] for name in ("receipt_no", "name", "sub_round")
    }
    return b"\xef\xbb\xbf" + csv_bytes(slips.assign(**safe), COLUMNS)


def slips_xlsx(slips: pd.DataFrame, language: str, *, rehearsal: bool) -> bytes:
    """The slips as a workbook of text cells."""
    sheet = Sheet(
        name=text_of("slip_sheet", language),
        title=text_of("slip_title", language),
        mark=text_of("notice_mark_rehearsal", language) if rehearsal else "",
        lines=(text_of("slip_secret", language),),
        headers=tuple(text_of(f"slip_column_{name}", language) for name in COLUMNS),
        columns=tuple(slips[name].tolist() for name in COLUMNS),
        widths=_WIDTHS,
    )
    return workbook_bytes(sheet)


def slip_text(row: Mapping[str, str], language: str, *, rehearsal: bool, path: Sequence[str] = ()) -> str:
    """One household's slip in words.

    ``row`` has the ``COLUMNS``; ``path`` is what ``commitment.path_of`` gives for the household's receipt leaf.
    """
    said = {**row, "sub_round": sub_round_title(row["sub_round"], language), "receipt_class": row["class"]}
    said["round_code"] = said.pop("code")
    said["class_title"] = text_of(f"receipt_class_{row['class']}", language)
    codes = ["slip_line_head", "slip_line_class"]
    codes += ["slip_line_code", "slip_line_leaf"] if row["code"] else ["slip_line_no_code"]
    codes += ["slip_line_receipt", "slip_line_commitment"]
    lines = [text_of("notice_mark_rehearsal", language)] if rehearsal else []
    lines += [text_of(code, language, **said) for code in codes]
    if path:
        lines.append(text_of("slip_line_path", language, path=" ".join(path)))
    return "\n".join(lines) + "\n"


def _plain(cell: str) -> str:
    return "'" + cell if cell.startswith(_FORMULA_STARTS) else cell
