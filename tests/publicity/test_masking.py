"""Masking of names and receipt numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.publicity import masking
from tests.publicity.worlds import FEW, facts_with, text_frame


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张三丰", "张*"),
        ("欧阳修", "欧阳*"),
        ("欧阳娜娜", "欧阳*"),
        ("欧阳", "欧*"),
        ("歐陽修", "歐陽*"),
        ("阿卜杜拉·买买提", "阿*"),
        ("迪丽热巴•迪力木拉提", "迪*"),
        ("John Smith", "J*"),
        ("张", "*"),
        ("", "*"),
        ("  李四 ", "李*"),
        ("𠮷田", "𠮷*"),
    ],
)
def test_names_are_masked(name, masked):
    """Surname and one star; a single character shows nothing."""
    assert masking.mask_name(name) == masked


@FEW
@given(st.text(min_size=2, max_size=12))
def test_a_masked_name_tells_at_most_two_characters_and_no_length(name):
    """However long the name, at most its surname is seen and the rest is one star."""
    masked = masking.mask_name(name)
    assert masked.endswith("*")
    assert len(masked) <= 3
    assert masked[:-1] == name.strip()[: len(masked) - 1]
    assert len(masked) - 1 < len(name)


@pytest.mark.parametrize(
    ("receipt_no", "tail"),
    [("SL2026000001", "…0001"), ("123456789", "…789"), ("12345", "…5"), ("12", "…"), ("", "…")],
)
def test_receipt_numbers_show_at_most_their_last_third(receipt_no, tail):
    """Four characters of a long number, fewer of a short one."""
    assert masking.receipt_tail(receipt_no) == tail


def test_identities_are_the_applicants_in_the_order_of_the_codes():
    """The applicant's name stands for the household; without an applicant a star does."""
    facts = facts_with(
        ("SL2026000001", "王五", "999999198001010016", "spouse"),
        ("SL2026000001", "张三", "999999198001010024", "applicant"),
        ("SL2026000002", "诸葛亮", "999999198001010032", "applicant"),
        ("SL2026000003", "赵六", "999999198001010040", "child"),
    )
    codes = text_frame(
        receipt_no=["SL2026000003", "SL2026000002", "SL2026000001"], code=["CCC", "BBB", "AAA"]
    )
    assert masking.identities_of(facts, codes).to_dict("list") == {
        "code": ["CCC", "BBB", "AAA"],
        "name": ["*", "诸葛*", "张*"],
        "receipt_tail": ["…0003", "…0002", "…0001"],
    }
