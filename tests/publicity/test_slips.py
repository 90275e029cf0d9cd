"""Slips for the households."""

import csv
import io

import pytest
from python_calamine import CalamineWorkbook

from allocator.model.canonical import sha256_hex
from allocator.publicity import codes, commitment, slips
from tests.publicity.worlds import text_frame

KEY = bytes(32)
CLASSES = text_frame(receipt_no=["SL2", "SL1", "SL3"], **{"class": ["roster", "roster", "ineligible"]})
NAMES = {"SL1": "张*", "SL2": "=*", "SL3": "王*"}
CODES = codes.codes_of(KEY, "2026-03", "public", ["SL3", "SL1", "SL2"])
SLIPS = slips.slips_of(CODES, CLASSES, NAMES, "2026-03", "public", "ab" * 32)


def test_slips_join_receipts_to_codes_by_receipt():
    """One line per receipt; who is not in the draw has a receipt salt but neither code nor roster salt."""
    by_receipt = CODES.set_index("receipt_no")
    assert SLIPS["receipt_no"].tolist() == ["SL1", "SL2", "SL3"]
    assert SLIPS["code"].tolist() == [by_receipt["code"]["SL1"], by_receipt["code"]["SL2"], ""]
    assert SLIPS["salt"].tolist()[2] == ""
    assert SLIPS["receipt_salt"].tolist() == [by_receipt["receipt_salt"][n] for n in ("SL1", "SL2", "SL3")]


def test_the_slips_salt_proves_the_receipt_under_the_committed_root():
    """What a household reads off its slip, with the path from the counter, gives the root of all receipts."""
    receipts = SLIPS[["receipt_no", "class", "receipt_salt"]].rename(columns={"receipt_salt": "salt"})
    leaves = commitment.receipt_leaves(receipts)
    row = SLIPS.iloc[1]
    leaf = f"{row['receipt_no']}\t{row['class']}\t{row['receipt_salt']}".encode()
    path = commitment.path_of(leaves, 1)
    assert commitment.leaf_is_under(commitment.receipts_root(receipts), leaf, path)
    # By hand for three leaves: the root is H(1, H(1, leaf 1, leaf 2), leaf 3).
    pair = sha256_hex(b"\x01" + b"".join(bytes.fromhex(sha256_hex(b"\x00" + leaf)) for leaf in leaves[:2]))
    right = sha256_hex(b"\x00" + leaves[2])
    assert commitment.receipts_root(receipts) == sha256_hex(
        b"\x01" + bytes.fromhex(pair) + bytes.fromhex(right)
    )


def test_the_csv_opens_in_a_spreadsheet_without_running_anything():
    """BOM first, all rows back, and a cell that begins like a formula is disarmed."""
    written = slips.slips_csv(SLIPS)
    assert written.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(written.decode("utf-8-sig"), newline="")))
    assert [row["receipt_no"] for row in rows] == ["SL1", "SL2", "SL3"]
    assert [row["name"] for row in rows] == ["张*", "'=*", "王*"]


@pytest.mark.parametrize(("language", "mark"), [("zh", "演练"), ("en", "REHEARSAL")])
def test_the_workbook_holds_all_slips_and_marks_a_rehearsal(language, mark):
    """Every code is in the workbook; the mark only in a rehearsal."""
    for rehearsal in (True, False):
        content = slips.slips_xlsx(SLIPS, language, rehearsal=rehearsal)
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        assert [row[5] for row in rows[-3:]] == SLIPS["code"].tolist()
        assert (mark in str(rows)) is rehearsal


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_slip_in_words_says_code_salts_and_path(language):
    """What the household needs to check its leaf stands in its slip."""
    row = SLIPS.iloc[0].to_dict()
    text = slips.slip_text(row, language, rehearsal=True, path=["Rab", "Lcd"])
    for said in (
        row["receipt_no"],
        row["name"],
        row["code"],
        row["salt"],
        row["receipt_salt"],
        "Rab Lcd",
        "ab" * 32,
    ):
        assert said in text
    assert text.startswith({"zh": "演练", "en": "REHEARSAL"}[language])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_slip_without_code_says_why_there_is_none_and_gives_no_reason(language):
    """Reasons go by letter; the slip only says that the household is not in the draw."""
    text = slips.slip_text(SLIPS.iloc[2].to_dict(), language, rehearsal=False)
    assert {"zh": "没有编码", "en": "has no code"}[language] in text
    assert "roster.csv" not in text
    assert SLIPS["receipt_salt"].iloc[2] in text


def test_a_household_on_another_sub_rounds_roster_has_no_code_here():
    """Where the codes know nothing of a receipt, its cells are empty, in every form of the slip."""
    known = CODES[CODES["receipt_no"] != "SL2"]
    table = slips.slips_of(known, CLASSES, NAMES, "2026-03", "need", "ab" * 32)
    assert table.loc[1, ["code", "salt", "receipt_salt"]].tolist() == ["", "", ""]
    assert "has no code" in slips.slip_text(table.iloc[1].to_dict(), "en", rehearsal=False)
    assert slips.slips_xlsx(table, "en", rehearsal=False).startswith(b"PK")
