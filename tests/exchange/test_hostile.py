"""Files that mean harm, or are none: each ends as a located fault, in bounded memory and time."""

from __future__ import annotations

import random
import time
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from allocator.exchange import locating, read_delivery, xlsx_rows

from .deliveries import SOUND, assert_equal_facts, replace_in, sound_copy


def codes_in(folder: Path) -> set[str]:
    """Codes of the delivery's problems."""
    return {problem.code for problem in read_delivery(folder, synthetic_ids=True).problems}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_encodings_and_line_endings_are_found_out(encoding: str, ending: str, tmp_path: Path) -> None:
    """The three encodings with the three line endings give the same facts."""
    for file in SOUND.iterdir():
        text = file.read_text(encoding="utf-8").replace("\n", ending)
        (tmp_path / file.name).write_bytes(text.encode(encoding))
    delivery = read_delivery(tmp_path, synthetic_ids=True)
    assert delivery.problems == []
    assert_equal_facts(read_delivery(SOUND, synthetic_ids=True).facts, delivery.facts)


def test_two_bytes_that_could_be_both_are_chinese(tmp_path: Path) -> None:
    """A lone 模 in GB18030 is lawful UTF-8 of a Maltese letter; it is read as Chinese."""
    folder = sound_copy(tmp_path)
    text = (folder / "employers.csv").read_text(encoding="utf-8").replace("示例一厂", "模")
    (folder / "employers.csv").write_bytes(text.encode("gb18030"))
    assert read_delivery(folder, synthetic_ids=True).facts.employers["name"].tolist() == ["模"]


def test_line_breaks_inside_cells_do_not_shift_rows(tmp_path: Path) -> None:
    """A row is counted as the spreadsheet counts it, whatever lines its cells take in the file."""
    folder = sound_copy(tmp_path)
    replace_in(folder / "members.csv", "甲一", '"甲\n\n一"')
    replace_in(folder / "members.csv", "丙三", "")
    problems = read_delivery(folder, synthetic_ids=True).problems
    assert [(problem.code, problem.row) for problem in problems] == [
        ("control_character", 2),
        ("cell_blank", 4),
    ]


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n", b"\r\n \r\n"])
def test_an_empty_file_is_told(content: bytes, tmp_path: Path) -> None:
    """Nothing, a lone BOM and blank lines are an empty file."""
    folder = sound_copy(tmp_path)
    (folder / "households.csv").write_bytes(content)
    assert codes_in(folder) == {"file_empty"}


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    """A file with its header only is fine where nothing refers to it."""
    folder = sound_copy(tmp_path)
    for name in ("households", "members", "preferences"):
        path = folder / f"{name}.csv"
        path.write_text(path.read_text(encoding="utf-8").splitlines()[0], encoding="utf-8")
    assert codes_in(folder) == set()


@pytest.mark.parametrize("seed", range(15))
def test_random_bytes_never_raise(seed: int, tmp_path: Path) -> None:
    """Any bytes under any of the names end in faults, never in an exception."""
    generator = random.Random(seed)
    folder = sound_copy(tmp_path)
    name = generator.choice(["employers", "projects", "dwellings", "households", "members", "preferences"])
    (folder / f"{name}.csv").unlink()
    suffix = generator.choice([".csv", ".xlsx"])
    (folder / (name + suffix)).write_bytes(generator.randbytes(generator.choice([1, 10, 1_000, 100_000])))
    assert read_delivery(folder, synthetic_ids=True).has_errors


@pytest.mark.parametrize("seed", range(25))
def test_a_damaged_file_never_raises(seed: int, tmp_path: Path) -> None:
    """A few bytes changed at random anywhere in a sound file are read or told, never an exception."""
    generator = random.Random(seed)
    folder = sound_copy(tmp_path)
    path = generator.choice(sorted(folder.iterdir()))
    content = bytearray(path.read_bytes())
    for _ in range(generator.randint(1, 6)):
        content[generator.randrange(len(content))] = generator.choice(b'",\n\r;=\x00\xff\xe4 09A')
    path.write_bytes(bytes(content))
    problems = read_delivery(folder, synthetic_ids=True).problems
    assert all(problem.row >= 1 for problem in problems)


@pytest.mark.parametrize("seed", range(10))
def test_a_damaged_workbook_never_raises(seed: int, tmp_path: Path) -> None:
    """Bytes cut, changed or put into a workbook end in faults or are read, never in an exception."""
    generator = random.Random(seed)
    folder, path = _with_employers(tmp_path)
    header, row = EMPLOYER_CELLS
    _workbook(path, f"<row>{_inline(*header)}</row><row>{_inline(*row)}</row>")
    content = bytearray(path.read_bytes())
    for _ in range(3):
        at = generator.randrange(len(content))
        content[at : at + generator.randint(0, 20)] = generator.randbytes(generator.randint(0, 20))
    path.write_bytes(bytes(content))
    assert all(problem.row >= 1 for problem in read_delivery(folder, synthetic_ids=True).problems)


def test_a_line_without_end_is_refused_quickly(tmp_path: Path) -> None:
    """One line of 60 MB is refused at its beginning."""
    folder = sound_copy(tmp_path)
    (folder / "members.csv").write_bytes(b"receipt_no," + b"x" * 60_000_000)
    began = time.monotonic()
    assert codes_in(folder) == {"line_too_long"}
    assert time.monotonic() - began < 5


def test_a_giant_cell_is_refused(tmp_path: Path) -> None:
    """A cell of 40 MB below a sound header is one fault, not the end of memory."""
    folder = sound_copy(tmp_path)
    with (folder / "members.csv").open("ab") as stream:
        stream.write(b'H1,"' + b"x" * 40_000_000 + b'",,,,,\n')
    assert codes_in(folder) == {"line_too_long"}


def test_a_giant_cell_in_a_sound_block_is_located(tmp_path: Path) -> None:
    """A cell of a million characters is told in its row, cut to what a person reads."""
    folder = sound_copy(tmp_path)
    replace_in(folder / "members.csv", "甲一", "长" * 1_000_000)
    problems = read_delivery(folder, synthetic_ids=True).problems
    assert [(p.code, p.row, p.column, len(p.value)) for p in problems] == [("cell_too_long", 2, "name", 80)]


def test_a_file_beyond_all_measure_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file above the limit is refused unread."""
    monkeypatch.setattr(locating, "MAX_FILE_BYTES", 400)
    folder = sound_copy(tmp_path)
    (folder / "members.csv").write_bytes(b"a" * 401)
    assert "file_too_large" in codes_in(folder)


def test_a_file_of_other_columns_is_told_once(tmp_path: Path) -> None:
    """Ten thousand rows of another width are one fault, not ten thousand."""
    folder = sound_copy(tmp_path)
    with (folder / "members.csv").open("a") as stream:
        stream.write("a,b\n" * 10_001)
    problems = read_delivery(folder, synthetic_ids=True).problems
    assert [(problem.code, problem.row) for problem in problems] == [("rows_ragged", 6)]


@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/dev/zero"), lambda path: path.mkdir()])
def test_links_and_folders_are_no_files(make: Callable[[Path], None], tmp_path: Path) -> None:
    """A link (here to an endless device) or a folder under a table's name is refused unread."""
    folder = sound_copy(tmp_path)
    (folder / "members.csv").unlink()
    make(folder / "members.csv")
    assert codes_in(folder) == {"file_not_regular"}


def _workbook(path: Path, sheet_xml: str, strings_xml: str | None = None) -> None:
    """A workbook from its bare XML, as other tools write it."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    relations = f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
    if strings_xml is not None:
        relations += f'<Relationship Id="rId2" Type="{office}/sharedStrings" Target="sharedStrings.xml"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="{kind}.sheet.main+xml"/>'
            f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships">{relations}</Relationships>',
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{main}"><sheetData>{sheet_xml}</sheetData></worksheet>',
        )
        if strings_xml is not None:
            archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}">{strings_xml}</sst>')


def _inline(*cells: str) -> str:
    return "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells)


EMPLOYER_CELLS = (
    ("employer_id", "name", "credit_code", "district"),
    (
        "E1",
        "示例一厂",
        "91350200776049653A",
        "410102",
    ),
)


def _with_employers(tmp_path: Path) -> tuple[Path, Path]:
    folder = sound_copy(tmp_path)
    (folder / "employers.csv").unlink()
    return folder, folder / "employers.xlsx"


def test_inline_strings_without_references_are_read(tmp_path: Path) -> None:
    """A workbook whose cells carry no reference and no shared strings is read like any other."""
    folder, path = _with_employers(tmp_path)
    header, row = EMPLOYER_CELLS
    _workbook(path, f"<row>{_inline(*header)}</row><row>{_inline(*row)}</row>")
    delivery = read_delivery(folder, synthetic_ids=True)
    assert delivery.problems == []
    assert delivery.facts.employers["name"].tolist() == ["示例一厂"]


def test_shared_strings_and_formulas_with_values_are_read(tmp_path: Path) -> None:
    """Shared strings are looked up, and a formula counts as its stored value."""
    folder, path = _with_employers(tmp_path)
    header, row = EMPLOYER_CELLS
    strings = "".join(f"<si><t>{text}</t></si>" for text in [*header, *row])
    cells = "".join(f'<c t="s"><v>{at}</v></c>' for at in range(4))
    body = "".join(f'<c t="s"><v>{at}</v></c>' for at in (4, 5, 6))
    body += '<c t="str"><f>"41"&amp;"0102"</f><v>410102</v></c>'
    _workbook(path, f"<row>{cells}</row><row>{body}</row>", strings)
    delivery = read_delivery(folder, synthetic_ids=True)
    assert delivery.problems == []
    assert delivery.facts.employers["district"].tolist() == ["410102"]


def test_a_formula_without_its_value_is_told(tmp_path: Path) -> None:
    """Tools that write formulas without results leave blanks behind: the row is named."""
    folder, path = _with_employers(tmp_path)
    header, row = EMPLOYER_CELLS
    formula = '<c r="D2"><f>410102</f><v></v></c>'
    _workbook(path, f'<row r="1">{_inline(*header)}</row><row r="2">{_inline(*row[:3])}{formula}</row>')
    problems = read_delivery(folder, synthetic_ids=True).problems
    assert [(p.code, p.row) for p in problems] == [("formula_unsaved", 2), ("cell_blank", 2)]


def test_blank_lines_before_the_header_are_counted(tmp_path: Path) -> None:
    """Rows keep the numbers a spreadsheet shows when the header stands in row 4."""
    folder = sound_copy(tmp_path)
    text = (folder / "households.csv").read_text(encoding="utf-8").replace("52000", "-52000")
    (folder / "households.csv").write_text("\r\n \n\n" + text, encoding="utf-8", newline="")
    problems = read_delivery(folder, synthetic_ids=True).problems
    assert [(p.code, p.row) for p in problems] == [("number_negative", 6)]


def test_typed_cells_become_what_a_person_sees(tmp_path: Path) -> None:
    """Date cells, numbers and an offset first row are read as displayed; rows keep their numbers."""
    folder = sound_copy(tmp_path)
    header, *rows = [line.split(",") for line in (SOUND / "households.csv").read_text().splitlines()]
    (folder / "households.csv").unlink()
    with xlsxwriter.Workbook(str(folder / "households.xlsx")) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy/m/d"})
        sheet.write_row(2, 0, header)
        for at, cells in enumerate(rows, start=3):
            for place, cell in enumerate(cells):
                if place == 3:
                    sheet.write_datetime(at, place, datetime.fromisoformat(cell), day)
                elif place in {4, 5, 6, 8}:
                    sheet.write_number(at, place, float(cell))
                else:
                    sheet.write_string(at, place, cell)
        sheet.write_string(4, 1, "外星")
    delivery = read_delivery(folder, synthetic_ids=True)
    assert [(p.code, p.row) for p in delivery.problems] == [("choice_unknown", 5)]
    sound = read_delivery(SOUND, synthetic_ids=True).facts.households
    assert delivery.facts.households.drop(columns="branch").equals(sound.drop(columns="branch"))


def test_a_cell_in_the_far_corner_is_refused(tmp_path: Path) -> None:
    """A sheet that would be read as seventeen thousand million cells is refused before it is."""
    folder, path = _with_employers(tmp_path)
    _workbook(
        path, '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )
    assert codes_in(folder) == {"sheet_too_sparse"}


def test_a_zip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks beyond the limit is refused while it is counted."""
    monkeypatch.setattr(xlsx_rows, "MAX_UNPACKED_BYTES", 5_000_000)
    folder, path = _with_employers(tmp_path)
    _workbook(path, "<!--" + " " * 20_000_000 + "-->")
    assert codes_in(folder) == {"workbook_bomb"}


def test_one_giant_string_shared_by_many_cells_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that every cell points at would be copied for each: the product is what is bounded."""
    monkeypatch.setattr(xlsx_rows, "MAX_TEXT_BYTES", 10_000_000)
    folder, path = _with_employers(tmp_path)
    rows = "".join(f'<row r="{at}"><c r="A{at}" t="s"><v>0</v></c></row>' for at in range(1, 2_001))
    _workbook(path, rows, f"<si><t>{'x' * 30_000}</t></si>")
    assert codes_in(folder) == {"workbook_bomb"}


def test_a_workbook_lacking_a_sheet_is_told(tmp_path: Path) -> None:
    """A workbook delivered whole needs a sheet for each table."""
    path = tmp_path / "all.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("households").write_string(0, 0, "receipt_no")
    assert "sheet_missing" in {p.code for p in read_delivery(path, synthetic_ids=True).problems}
