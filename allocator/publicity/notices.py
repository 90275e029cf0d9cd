"""Masked notices (公示) of roster, order and result, as XLSX and as one self-contained page.

One page holds all rows: it is cut into tables of 500 that a browser lays out only when they come into view, so
100,000 rows open at once and print whole. XLSX is made up to a sheet's limit of about a million rows; beyond that
the page stands alone (the bundle's CSV files hold the same rows by code).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd
from markupsafe import Markup

from allocator.messages import text_of
from allocator.policy.allocating import LOTTERIES
from allocator.publicity.pages import page_of
from allocator.publicity.tables import sorted_by_text
from allocator.publicity.workbook import MOST_ROWS, Sheet, safe_cells, workbook_bytes

What = Literal["roster", "order", "result"]
Audience = Literal["public", "auditor"]

ROWS_PER_TABLE: Final = 500
_COLUMNS: Final[dict[What, tuple[str, ...]]] = {
    "roster": ("code", "name", "receipt_tail", "band", "points"),
    "order": ("position", "code", "name", "receipt_tail", "band", "band_ticket"),
    "result": ("position", "code", "name", "receipt_tail", "pool"),
}
_WIDTHS: Final = {"code": 18, "name": 12, "receipt_tail": 12, "position": 12, "pool": 28}


@dataclass(frozen=True)
class Notice:
    """The head of a notice.

    Dates and the moment are text as people read them. ``commitment_sha256``, ``public_value`` and ``seed`` are
    empty where the notice comes before them. ``objections_to`` says where an objection is handed in.
    ``mechanism``: with ``serial`` a position is a 选房顺序号; otherwise only the number drawn inside the band is
    shown as drawn (同档抽签号). ``audience``: the sub-round of need goes to the auditor, without names.
    """

    what: What
    month: str
    sub_round: str
    authority: str
    rehearsal: bool
    published_on: str
    objections_until: str
    objections_to: str
    mechanism: str
    commitment_sha256: str
    source: str
    moment: str
    public_value: str = ""
    seed: str = ""
    audience: Audience = "public"


def roster_rows(roster: pd.DataFrame, identities: pd.DataFrame) -> pd.DataFrame:
    """``code, name, receipt_tail, band, points`` by code; bands as in ``roster.csv``, 0 first."""
    rows = roster[["code", "band", "points"]].merge(identities, on="code", how="left", validate="one_to_one")
    return sorted_by_text(rows, "code").reset_index(drop=True)


def order_rows(order: pd.DataFrame, identities: pd.DataFrame) -> pd.DataFrame:
    """``position, code, name, receipt_tail, band, band_ticket`` by position.

    ``band_ticket`` (同档抽签号) counts inside the band from 1; bands as in ``order.csv``, 0 first.
    """
    rows = order[["position", "code", "band"]].sort_values("position")
    rows = rows.assign(band_ticket=rows.groupby("band").cumcount() + 1)
    return rows.merge(identities, on="code", how="left", validate="one_to_one")


def result_rows(result: pd.DataFrame, order: pd.DataFrame, identities: pd.DataFrame) -> pd.DataFrame:
    """``position, code, name, receipt_tail, pool`` of the housed, by position.

    The dwelling stands in ``result.csv`` beside the code only: a name, even masked, gets no address here.
    """
    rows = result[["code", "pool"]].merge(order[["position", "code"]], on="code", validate="one_to_one")
    rows = rows.merge(identities, on="code", how="left", validate="one_to_one")
    return rows.sort_values("position").reset_index(drop=True)


def notice_files(notice: Notice, rows: pd.DataFrame, language: str) -> dict[str, bytes]:
    """``<what>.html`` and, up to a sheet's limit, ``<what>.xlsx``."""
    files = {f"{notice.what}.html": notice_html(notice, rows, language)}
    if len(rows) <= MOST_ROWS:
        files[f"{notice.what}.xlsx"] = notice_xlsx(notice, rows, language)
    return files


def notice_html(notice: Notice, rows: pd.DataFrame, language: str) -> bytes:
    """The self-contained page, UTF-8."""
    names = columns_of(notice)
    cells = [safe_cells(column) for column in _texts(rows, names)]
    page = page_of(
        "notice.html.j2",
        language="zh-CN" if language == "zh" else "en",
        title=title_of(notice, language),
        month_line=text_of(
            "notice_month_line", language, month=notice.month, sub_round=_sub_round(notice, language)
        ),
        mark=mark_of(notice, language),
        authority=notice.authority,
        facts=facts_of(notice, len(rows), language),
        objection=_objection(notice, language),
        hashes=hashes_of(notice, language),
        hashes_title=text_of("notice_hashes", language),
        how_to_find=text_of("notice_how_to_find", language),
        headers=[(name, _header(notice, name, language)) for name in names],
        tables=[Markup(table) for table in _tables(cells, len(rows))],  # noqa: S704 (cells are escaped above)
        empty=text_of("notice_empty", language),
        privacy=text_of("notice_privacy", language),
    )
    return page.encode("utf-8")


def notice_xlsx(notice: Notice, rows: pd.DataFrame, language: str) -> bytes:
    """The workbook: text cells only, the same bytes for the same notice."""
    names = columns_of(notice)
    lines = [
        f"{label}：{value}" if language == "zh" else f"{label}: {value}"
        for label, value in facts_of(notice, len(rows), language)
    ]
    hashes = [f"{label}: {value}" for label, value in hashes_of(notice, language)]
    sheet = Sheet(
        name=text_of(f"notice_sheet_{notice.what}", language),
        title=title_of(notice, language),
        mark=mark_of(notice, language),
        lines=(*lines, *_objection(notice, language), *hashes, text_of("notice_privacy", language)),
        headers=tuple(_header(notice, name, language) for name in names),
        columns=tuple(_texts(rows, names)),
        widths=tuple(_WIDTHS.get(name, 14) for name in names),
    )
    return workbook_bytes(sheet)


def columns_of(notice: Notice) -> tuple[str, ...]:
    """The columns shown: no names to the auditor, no band ticket where people choose in order."""
    hidden = {"name", "receipt_tail"} if notice.audience == "auditor" else set()
    if notice.mechanism == "serial":
        hidden |= {"band_ticket"}
    return tuple(name for name in _COLUMNS[notice.what] if name not in hidden)


def title_of(notice: Notice, language: str) -> str:
    """What the notice is called."""
    return text_of(f"notice_title_{notice.what}", language)


def mark_of(notice: Notice, language: str) -> str:
    """The mark on every page: rehearsal, for the auditor only, both, or none."""
    marks = [text_of("notice_mark_rehearsal", language)] if notice.rehearsal else []
    if notice.audience == "auditor":
        marks.append(text_of("notice_mark_auditor", language))
    return " · ".join(marks)


def facts_of(notice: Notice, num_rows: int, language: str) -> list[tuple[str, str]]:
    """Label and value of what stands in the head."""
    values = {
        "authority": notice.authority,
        "month": notice.month,
        "sub_round": _sub_round(notice, language),
        "published_on": notice.published_on,
        "objections_until": notice.objections_until,
        "num_rows": f"{num_rows:,}",
    }
    return [(text_of(f"notice_label_{name}", language), value) for name, value in values.items()]


def hashes_of(notice: Notice, language: str) -> list[tuple[str, str]]:
    """Label and value of what a citizen writes down to check the bundle with; empty ones are left out."""
    values = {
        "commitment_sha256": notice.commitment_sha256,
        "source": notice.source,
        "moment": notice.moment,
        "public_value": notice.public_value,
        "seed": notice.seed,
    }
    return [(text_of(f"notice_label_{name}", language), value) for name, value in values.items() if value]


def sub_round_title(sub_round: str, language: str) -> str:
    """A sub-round in words: ``need``, ``public``, or ``employer-<id>``."""
    kind, _, employer = sub_round.partition("-")
    if kind not in {"need", "employer", "transfer", "public"}:
        return sub_round
    return text_of(f"sub_round_{kind}", language, employer=employer).strip()


def _sub_round(notice: Notice, language: str) -> str:
    return sub_round_title(notice.sub_round, language)


def _objection(notice: Notice, language: str) -> tuple[str, ...]:
    said = {"until": notice.objections_until, "to": notice.objections_to}
    drawn = [text_of("notice_lottery", language)] if notice.mechanism in LOTTERIES else []
    return (*drawn, text_of("notice_objection", language, **said))


def _header(notice: Notice, name: str, language: str) -> str:
    if name == "position" and notice.mechanism == "serial":
        return text_of("notice_column_choice_number", language)
    return text_of(f"notice_column_{name}", language)


def _texts(rows: pd.DataFrame, names: Sequence[str]) -> list[list[str]]:
    """The columns as text; missing identities as empty cells."""
    return [
        list(map(str, rows[name].astype("object").where(rows[name].notna(), "").tolist())) for name in names
    ]


def _tables(cells: Sequence[Sequence[str]], num_rows: int) -> list[str]:
    """Table bodies of ``ROWS_PER_TABLE`` rows; end tags that HTML lets one leave out are left out."""
    bodies = []
    for start in range(0, num_rows, ROWS_PER_TABLE):
        part = zip(*(column[start : start + ROWS_PER_TABLE] for column in cells), strict=True)
        bodies.append("<tr><td>" + "\n<tr><td>".join(map("<td>".join, part)))
    return bodies
