"""Masked notices as page and workbook."""

import html
import io
import re
import zipfile
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from allocator.publicity import notices, workbook
from tests.publicity.worlds import CODES, FEW, text_frame

HEAD = notices.Notice(
    what="roster",
    month="2026-03",
    sub_round="public",
    authority="示例市住房保障局",
    rehearsal=False,
    published_on="2026-03-05",
    objections_until="2026-03-12",
    objections_to="示例市住房保障局一楼窗口",
    mechanism="band_optimum",
    commitment_sha256="ab" * 32,
    source="示例信标",
    moment="2026-03-15 10:00 (+08:00)",
)
IDENTITIES = text_frame(
    code=[CODES[1], CODES[0], CODES[2]],
    name=["李*", "张*", "欧阳*"],
    receipt_tail=["…0002", "…0001", "…0003"],
)
ROSTER = text_frame(code=[CODES[2], CODES[0], CODES[1]], band=[1, 0, 0], points=[5, 30, 20])
ORDER = text_frame(position=[2, 1, 3], code=[CODES[0], CODES[1], CODES[2]], band=[0, 0, 1])
RESULT = text_frame(code=[CODES[0], CODES[1]], pool=["X/one_room", "X/studio"], dwelling_id=["X-01", "X-02"])


def rows_of(what):
    """The rows of the three families' notice."""
    if what == "roster":
        return notices.roster_rows(ROSTER, IDENTITIES)
    if what == "order":
        return notices.order_rows(ORDER, IDENTITIES)
    return notices.result_rows(RESULT, ORDER, IDENTITIES)


def cells_of_page(page):
    """The table of a page as rows of text."""
    body = page.decode().partition("<tbody>")[2]
    return [
        [html.unescape(cell.strip()) for cell in row.split("<td>")[1:]]
        for row in re.split("<tr>", body.replace("</tbody>", "<tr>"))
        if "<td>" in row
    ]


def rows_of_sheet(content):
    """All rows of a workbook as text."""
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    return [[str(cell) for cell in row] for row in sheet.to_python()]


EXPECTED = {
    "roster": [
        [CODES[0], "张*", "…0001", "0", "30"],
        [CODES[1], "李*", "…0002", "0", "20"],
        [CODES[2], "欧阳*", "…0003", "1", "5"],
    ],
    "order": [
        ["1", CODES[1], "李*", "…0002", "0", "1"],
        ["2", CODES[0], "张*", "…0001", "0", "2"],
        ["3", CODES[2], "欧阳*", "…0003", "1", "1"],
    ],
    "result": [["1", CODES[1], "李*", "…0002", "X/studio"], ["2", CODES[0], "张*", "…0001", "X/one_room"]],
}


@pytest.mark.parametrize("what", ["roster", "order", "result"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_and_workbook_hold_the_same_rows(what, language):
    """Every household stands in both, as expected by hand, and nothing else does."""
    notice = replace(HEAD, what=what)
    assert cells_of_page(notices.notice_html(notice, rows_of(what), language)) == EXPECTED[what]
    sheet = rows_of_sheet(notices.notice_xlsx(notice, rows_of(what), language))
    assert sheet[-len(EXPECTED[what]) :] == EXPECTED[what]


def test_the_result_notice_shows_no_dwelling():
    """A masked name never stands beside an address."""
    page = notices.notice_html(replace(HEAD, what="result"), rows_of("result"), "zh").decode()
    assert "X-01" not in page
    assert "X-02" not in page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_head_says_who_when_how_to_object_and_what_to_check(language):
    """Authority, month, window, objection, commitment, source and moment stand on page and workbook."""
    page = notices.notice_html(HEAD, rows_of("roster"), language).decode()
    sheet = str(rows_of_sheet(notices.notice_xlsx(HEAD, rows_of("roster"), language)))
    for said in ("2026-03", "2026-03-05", "2026-03-12", "一楼窗口", "ab" * 32, "示例信标", "10:00 (+08:00)"):
        assert said in html.unescape(page)
        assert said in sheet


@pytest.mark.parametrize(("language", "mark"), [("zh", "演练"), ("en", "REHEARSAL")])
@pytest.mark.parametrize("what", ["roster", "order", "result"])
def test_a_rehearsal_is_marked_and_a_real_notice_is_not(what, language, mark):
    """The mark stands on page and workbook of a rehearsal only."""
    for rehearsal in (True, False):
        notice = replace(HEAD, what=what, rehearsal=rehearsal)
        page = notices.notice_html(notice, rows_of(what), language).decode()
        sheet = str(rows_of_sheet(notices.notice_xlsx(notice, rows_of(what), language)))
        assert [mark in page, mark in sheet] == [rehearsal, rehearsal]


def test_the_auditors_notice_shows_no_names():
    """In the sub-round of need the list itself is a health reason: codes only, and marked."""
    notice = replace(HEAD, audience="auditor", sub_round="need")
    page = notices.notice_html(notice, rows_of("roster"), "zh")
    assert cells_of_page(page) == [[row[0], *row[3:]] for row in EXPECTED["roster"]]
    assert "仅供审计" in page.decode()
    assert "张" not in page.decode()


def test_where_people_choose_in_order_the_position_is_the_number_of_choice():
    """serial: 选房顺序号 and no band ticket; otherwise 同档抽签号 and never 选房顺序号."""
    serial = notices.notice_html(
        replace(HEAD, what="order", mechanism="serial"), rows_of("order"), "zh"
    ).decode()
    optimum = notices.notice_html(replace(HEAD, what="order"), rows_of("order"), "zh").decode()
    assert ["选房顺序号" in serial, "同档抽签号" in serial] == [True, False]
    assert ["选房顺序号" in optimum, "同档抽签号" in optimum] == [False, True]


def test_a_page_asks_the_network_for_nothing():
    """Self-contained: no link, script, image or import."""
    page = notices.notice_html(HEAD, rows_of("roster"), "zh").decode()
    assert re.findall(r"https?:|<script|<link|<img|@import|url\(", page) == []


def test_the_same_notice_has_the_same_bytes_in_any_row_order():
    """No date of making, no row order stands in page or workbook."""
    other = notices.roster_rows(ROSTER.iloc[::-1], IDENTITIES.iloc[::-1])
    assert notices.notice_files(HEAD, other, "zh") == notices.notice_files(HEAD, rows_of("roster"), "zh")


nasty = st.text(
    st.one_of(st.sampled_from("=+-@<>&\"'张\t\n\x07"), st.characters(exclude_categories=("Cs",))), max_size=8
)


@FEW
@given(st.lists(nasty, min_size=1, max_size=4))
def test_formulas_and_markup_in_cells_stay_text(values):
    """Whatever a name says, it is escaped on the page and a text cell in the workbook, never a formula."""
    count = len(values)
    rows = text_frame(
        code=[f"C{n}" for n in range(count)],
        name=values,
        receipt_tail=["…1"] * count,
        band=[0] * count,
        points=[1] * count,
    )
    page = notices.notice_html(HEAD, rows, "zh").decode()
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert set(re.findall(r"<[^>]*>", table)) <= {"<tr>", "<td>"}
    content = notices.notice_xlsx(HEAD, rows, "zh")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read(workbook.SHEET).decode()
    assert "<f>" not in sheet
    assert sheet.count('t="inlineStr"') == 5 * count


def test_markup_is_escaped_and_read_back_as_it_was():
    """Angle brackets, ampersand and quotes come back from page and workbook; a control character is left out."""
    rows = rows_of("roster").assign(name="<b>&amp;\"'</td>\x07")
    page = notices.notice_html(HEAD, rows, "zh")
    sheet = rows_of_sheet(notices.notice_xlsx(HEAD, rows, "zh"))
    assert b"<b>" not in page
    assert [row[1] for row in cells_of_page(page)] == ["<b>&amp;\"'</td>"] * 3
    assert [row[1] for row in sheet[-3:]] == ["<b>&amp;\"'</td>"] * 3


def test_a_formula_is_read_back_as_the_text_it_is():
    """=1+1 stays =1+1."""
    rows = rows_of("roster").assign(name="=1+1")
    sheet = rows_of_sheet(notices.notice_xlsx(HEAD, rows, "zh"))
    assert [row[1] for row in sheet[-3:]] == ["=1+1"] * 3


def test_a_notice_without_households_can_be_made():
    """An empty list gives a page that says so and a workbook with its header."""
    empty = rows_of("roster").head(0)
    assert "本场没有家庭" in notices.notice_html(HEAD, empty, "zh").decode()
    assert rows_of_sheet(notices.notice_xlsx(HEAD, empty, "zh"))[-1][0] == "本轮编码"


def test_long_lists_are_cut_into_tables_and_lose_nobody():
    """1,201 rows make three tables with every code once, in order."""
    codes = [f"{number:012d}" for number in range(1201)]
    rows = text_frame(code=codes, name="张*", receipt_tail="…0001", band=0, points=1)
    page = notices.notice_html(HEAD, rows, "zh")
    assert page.decode().count("<thead>") == 3
    assert re.findall(r"<td>(\d{12})<td>", page.decode()) == codes


def test_a_sheet_too_long_for_a_workbook_is_left_out_of_the_files(monkeypatch):
    """Beyond a sheet's limit the page stands alone."""
    monkeypatch.setattr(notices, "MOST_ROWS", 2)
    assert list(notices.notice_files(HEAD, rows_of("roster"), "zh")) == ["roster.html"]


@pytest.mark.parametrize(
    ("sub_round", "title"),
    [
        ("public", "公共房源分场"),
        ("employer-E1", "用人单位自有房源分场 E1"),
        ("need", "无障碍及低层房源分场"),
        ("other", "other"),
    ],
)
def test_sub_rounds_have_words(sub_round, title):
    """A sub-round's name in words; an unknown one as it is."""
    assert notices.sub_round_title(sub_round, "zh") == title


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_seconds():
    """Page and workbook of 100,000 rows in well under five seconds each on a busy machine."""
    import time

    codes = [f"{number:012d}" for number in range(100_000)]
    rows = pd.DataFrame({"code": codes, "name": "张*", "receipt_tail": "…0001", "band": 0, "points": 1})
    start = time.perf_counter()
    notices.notice_files(HEAD, rows, "zh")
    assert time.perf_counter() - start < 10
