"""Files of answers, as people send them."""

from __future__ import annotations

import pytest
import xlsxwriter

from allocator.errors import WrongUsage
from allocator.exchange.answers import read_answers

CHINESE = "受理编号,答复,原因\nSL0001,接受,\nSL0002,放弃,位置偏远\n"
ENGLISH = "receipt_no,answer,reason\nSL0001,accept,\nSL0002,refuse,too_far\n"
EXPECTED = [["SL0001", "accept", "", 2], ["SL0002", "refuse", "too_far", 3]]


def read(tmp_path, content, name="答复.csv"):
    path = tmp_path / name
    path.write_bytes(content)
    frame, problems = read_answers(path)
    rows = frame[["receipt_no", "answer", "reason", "row"]].to_numpy().tolist()
    return rows, [(problem.code, problem.row, problem.column) for problem in problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("text", [CHINESE, ENGLISH, CHINESE.replace("\n", "\r\n")])
def test_languages_and_encodings(tmp_path, text, encoding):
    """The same answers come out of every encoding and either language."""
    assert read(tmp_path, text.encode(encoding)) == (EXPECTED, [])


def test_workbook(tmp_path):
    """A workbook is read as the CSV is."""
    path = tmp_path / "answers.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for row, line in enumerate(CHINESE.splitlines()):
            sheet.write_row(row, 0, line.split(","))
    frame, problems = read_answers(path)
    assert frame[["receipt_no", "answer", "reason", "row"]].to_numpy().tolist() == EXPECTED
    assert problems == []


def test_the_reason_may_be_left_out(tmp_path):
    """A file without reasons is a sound file."""
    rows, problems = read(tmp_path, "受理编号,答复\nSL0002,放弃\n".encode())
    assert rows == [["SL0002", "refuse", "not_stated", 2]]
    assert problems == []


def test_free_words_are_not_kept(tmp_path):
    """A reason in the household's own words becomes «other» with a warning, and its words are not echoed."""
    path = tmp_path / "a.csv"
    path.write_text("受理编号,答复,原因\nSL0002,放弃,本人重病住院\n", encoding="utf-8")
    frame, problems = read_answers(path)
    assert frame["reason"].tolist() == ["other"]
    assert [(problem.code, problem.severity, problem.value) for problem in problems] == [
        ("reason_not_typed", "warning", "")
    ]


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"", ["file_empty"]),
        (b"PK\x03\x04\x00\x01", ["file_binary"]),
        (b"\x00\x01\x02", ["nul_byte"]),
        ("受理编号,原因\nSL1,x\n".encode(), ["column_missing"]),
        ("受理编号,答复\nSL1,再想想\n".encode(), ["choice_unknown"]),
        ("受理编号,答复\n,接受\n".encode(), ["cell_blank"]),
        ("受理编号,答复\nSL1,接受,多,余\n".encode(), ["row_ragged"]),
        ('受理编号,答复\n"SL1,接受\n'.encode(), ["quote_open"]),
        (b"a" * 200_000, ["line_too_long"]),
        (b"\xff\xfe\x00", ["encoding_unknown"]),
    ],
)
def test_hostile_files_are_faults_with_a_place(tmp_path, content, codes):
    """Whatever is delivered as answers ends in located faults, never in a crash."""
    _, problems = read(tmp_path, content)
    assert sorted({code for code, _, _ in problems}) == codes
    assert all(row >= 1 for _, row, _ in problems)


def test_a_workbook_that_is_none(tmp_path):
    """A text file called .xlsx is a fault."""
    _, problems = read(tmp_path, CHINESE.encode(), name="a.xlsx")
    assert [code for code, _, _ in problems] == ["workbook_broken"]


def test_no_file_is_wrong_usage(tmp_path):
    """A path without a file is wrong usage."""
    with pytest.raises(WrongUsage):
        read_answers(tmp_path / "none.csv")


def test_all_faults_in_one_pass(tmp_path):
    """Every faulty row is named at once."""
    _, problems = read(tmp_path, "受理编号,答复\nSL1,甲\nSL2,接受\n,放弃\n".encode())
    assert problems == [("choice_unknown", 2, "answer"), ("cell_blank", 4, "receipt_no")]
