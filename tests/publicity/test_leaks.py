"""The search for leaks finds what is planted and passes what is clean."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.publicity import leaks, notices
from tests.publicity.test_bundle import bundled
from tests.publicity.test_notices import HEAD, rows_of
from tests.publicity.worlds import FEW, three_families_two_flats

NAMES = ["张三", "欧阳修文", "阿卜杜拉·买买提", "John Smith", "高明"]
IDS = ["999999198001010016", "99999919800101002X"]
RECEIPTS = ["SL2026000001", "123456"]


def found(content, **more):
    """Kind, line and value of what is found."""
    return [
        (leak.kind, leak.line, leak.value)
        for leak in leaks.leaks_in(content.encode(), NAMES, IDS, RECEIPTS, **more)
    ]


@pytest.mark.parametrize(
    ("content", "kind", "value"),
    [
        ("code,name\nA,张三\n", "name", "张三"),
        ("说明张三的情况", "name", "张三"),
        ("x欧阳修文x", "name", "欧阳修文"),
        ("阿卜杜拉·买买提", "name", "阿卜杜拉·买买提"),
        ("by John Smith.", "name", "John Smith"),
        ("id999999198001010016", "id_number", "999999198001010016"),
        ('"99999919800101002X"', "id_number", "99999919800101002X"),
        ("a,SL2026000001,b", "receipt_no", "SL2026000001"),
        ("a,123456\n", "receipt_no", "123456"),
        ("tel 13800138000", "phone", "13800138000"),
        ("因患病优先", "health_word", "患病"),
        ("severe_disability", "health_word", "severe_disability"),
    ],
)
def test_a_planted_leak_is_found(content, kind, value):
    """Each sort of leak is found, with its value."""
    assert (kind, value) in {(found_kind, text) for found_kind, _, text in found(content)}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "code,name\nA,张*\n",
        "三张",
        "Johnny Smithson and XJohn Smithy",
        "a1234567b",
        "xSL2026000001x",
        "0a13800138000ff",
        "3.13800138000",
        "999999198013010016",
        "999999198001010017",
        "f" * 64 + "1" * 40,
        "SL2026000002,…0001",
    ],
)
def test_what_is_clean_passes(content):
    """Masked names, other numbers, dates that cannot be, and digits inside hashes are no leaks."""
    assert found(content) == []


def test_an_unknown_persons_id_number_is_found_by_its_shape():
    """An ID number nobody gave us is found by date and checksum.

    11010519491231002X is the worked example of GB 11643 itself.
    """
    assert found("x 11010519491231002X y") == [("id_number", 1, "11010519491231002X")]


def test_leaks_are_placed_by_line():
    """The line counts from 1."""
    assert found("a\nb\n张三\nc\nSL2026000001\n") == [("name", 3, "张三"), ("receipt_no", 5, "SL2026000001")]


def test_what_the_form_says_itself_is_no_leak():
    """A person called 高明 is not betrayed by a text that uses the word; another name in the same file is."""
    form = "此法高明。\n"
    assert found(form + "张三", form=form.encode()) == [("name", 2, "张三")]


def test_a_leak_keeps_its_value_out_of_logs():
    """The representation names kind and place, not the person."""
    (leak,) = leaks.leaks_in("张三".encode(), NAMES, IDS, RECEIPTS)
    assert "张三" not in repr(leak)


@FEW
@given(st.data())
def test_any_text_planted_anywhere_is_found(data):
    """At any byte place of a larger content, the beginning and the end included."""
    pool = st.sampled_from("0123456789abcdef,\n房源·")
    before = data.draw(st.text(pool, max_size=60))
    after = data.draw(st.text(pool, max_size=60))
    planted = data.draw(st.sampled_from([*NAMES[:3], IDS[0]]))
    assert planted in {text for _, _, text in found(before + planted + after)}


def test_leaks_across_the_border_of_chunks_are_found(monkeypatch):
    """A text that begins in one chunk and ends in the next is one text."""
    monkeypatch.setattr(leaks, "_CHUNK", 16)
    for shift in range(40):
        assert found("x" * shift + "," + RECEIPTS[0] + "," + NAMES[1]) == [
            ("receipt_no", 1, RECEIPTS[0]),
            ("name", 1, NAMES[1]),
        ]


def test_a_bundle_is_clean_and_a_planted_name_is_found_in_its_file():
    """The bundle of three families holds nobody; a name put into result.csv is found there."""
    files = bundled(three_families_two_flats())
    assert leaks.leaks_in_files(files, NAMES, IDS, RECEIPTS) == []
    files["result.csv"] += "张三\n".encode()
    (leak,) = leaks.leaks_in_files(files, NAMES, IDS, RECEIPTS)
    assert (leak.kind, leak.file, leak.line) == ("name", "result.csv", 4)


def test_law_texts_may_use_words_that_are_names_but_no_numbers_of_people():
    """In policy files words pass, ID and receipt numbers do not."""
    files = {"policy/rules.toml": f"说明 = '高明 重病 {IDS[0]} {RECEIPTS[0]}'".encode()}
    kinds = [leak.kind for leak in leaks.leaks_in_files(files, NAMES, IDS, RECEIPTS)]
    assert kinds == ["id_number", "receipt_no"]


@pytest.mark.parametrize("what", ["roster", "order", "result"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_notices_are_clean_and_a_full_name_in_one_is_found(what, language):
    """Page and workbook pass; with one full name in a cell both are caught, the workbook inside its packing."""
    notice = replace(HEAD, what=what)
    form = notices.notice_files(notice, rows_of(notice.what).head(0), language)
    clean = notices.notice_files(notice, rows_of(notice.what), language)
    assert leaks.leaks_in_files(clean, NAMES, IDS, RECEIPTS, forms=form) == []
    spoilt = notices.notice_files(notice, rows_of(notice.what).assign(name="张三"), language)
    caught = leaks.leaks_in_files(spoilt, NAMES, IDS, RECEIPTS, forms=form)
    files = {leak.file.partition("/")[0] for leak in caught}
    assert files == {f"{notice.what}.html", f"{notice.what}.xlsx"}


@pytest.mark.slow
def test_a_large_bundle_is_searched_in_seconds():
    """20 MB against 165,000 names and ID numbers, with one name planted."""
    import time

    chance = random.Random(1)
    letters = [chr(number) for number in range(0x4E00, 0x4E00 + 400)]
    names = ["".join(chance.choices(letters, k=3)) for _ in range(165_000)]
    ids = [f"9999991980{number:08d}" for number in range(165_000)]
    content = b"\n".join(chance.randbytes(32).hex().encode() for _ in range(310_000)) + names[7].encode()
    start = time.perf_counter()
    (leak,) = leaks.leaks_in(content, names, ids, [])
    assert leak.value == names[7]
    assert time.perf_counter() - start < 15
