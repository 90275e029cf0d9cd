"""Codes of the round and salts."""

import hashlib
import hmac
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.publicity import codes
from tests.publicity.worlds import FEW, facts_with

KEY = bytes(range(32))
RECEIPTS = [f"SL{number:06d}" for number in range(300)]
FACTS = facts_with(
    ("SL1", "张三", "999999198001010016", "applicant"),
    ("SL1", "李四", "999999198001010024", "spouse"),
    ("SL2", "王五", "999999198001010032", "applicant"),
)


def test_round_key_is_the_hash_of_tag_month_and_members_sorted():
    """The key recomputed by hand from the sorted lines."""
    lines = [
        "allocator-round-key/1",
        "2026-03",
        "SL1\t999999198001010016\t张三",
        "SL1\t999999198001010024\t李四",
        "SL2\t999999198001010032\t王五",
        "",
    ]
    assert codes.round_key(FACTS, "2026-03") == hashlib.sha256("\n".join(lines).encode()).digest()


@FEW
@given(st.permutations(range(3)))
def test_round_key_does_not_hang_on_row_order(rows):
    """Members in any order give the same key."""
    members = FACTS.members.iloc[list(rows)]
    other = type(FACTS)(
        FACTS.employers, FACTS.projects, FACTS.dwellings, FACTS.households, members, FACTS.preferences
    )
    assert codes.round_key(other, "2026-03") == codes.round_key(FACTS, "2026-03")


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_changed_name_changes_the_key(place):
    """Every member counts: whoever lacks one name of the city cannot make the key."""
    members = FACTS.members.copy()
    members.loc[place, "name"] = "赵六"
    other = type(FACTS)(
        FACTS.employers, FACTS.projects, FACTS.dwellings, FACTS.households, members, FACTS.preferences
    )
    assert codes.round_key(other, "2026-03") != codes.round_key(FACTS, "2026-03")


def test_codes_and_salts_are_those_of_hmac_worked_out_by_hand():
    """Code: first 60 bits in Crockford's base32; salts: 128 bits each of the two HMACs."""
    first = hmac.digest(KEY, b"allocator-code/1\n2026-03\npublic\n0\nSL1\n", "sha256")
    second = hmac.digest(KEY, b"allocator-receipt-salt/1\n2026-03\npublic\nSL1\n", "sha256")
    number = int.from_bytes(first[:8], "big") >> 4
    code = "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[(number >> shift) & 31] for shift in range(55, -1, -5))
    row = codes.codes_of(KEY, "2026-03", "public", ["SL1"]).iloc[0]
    assert row.to_dict() == {
        "receipt_no": "SL1",
        "code": code,
        "salt": first[16:].hex(),
        "receipt_salt": second[:16].hex(),
    }


def test_codes_have_twelve_characters_without_look_alikes():
    """No I, L, O or U, upper-case only, 32 hex characters of salt."""
    table = codes.codes_of(KEY, "2026-03", "public", RECEIPTS)
    assert all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{12}", code) for code in table["code"])
    assert all(
        re.fullmatch("[0-9a-f]{32}", salt) for name in ("salt", "receipt_salt") for salt in table[name]
    )


def test_nothing_is_shared_between_months_and_sub_rounds():
    """The same receipts get other codes and salts in another month, and in another sub-round."""
    tables = [
        codes.codes_of(KEY, month, sub_round, RECEIPTS)
        for month, sub_round in (("2026-03", "public"), ("2026-03", "need"), ("2026-04", "public"))
    ]
    for name in ("code", "salt", "receipt_salt"):
        values = [value for table in tables for value in table[name]]
        assert len(set(values)) == len(values)


@FEW
@given(st.lists(st.sampled_from(RECEIPTS), unique=True, max_size=20), st.randoms(use_true_random=False))
def test_a_receipts_code_hangs_on_no_other_receipt(receipts, chance):
    """In any order and among any others a receipt has the same code and salts."""
    alone = codes.codes_of(KEY, "2026-03", "public", RECEIPTS).set_index("receipt_no")
    chance.shuffle(receipts)
    some = codes.codes_of(KEY, "2026-03", "public", receipts).set_index("receipt_no")
    assert some.to_dict("index") == alone.loc[receipts].to_dict("index")


def test_facts_and_their_key_give_the_same_codes():
    """Whoever has the facts need not make the key first."""
    by_facts = codes.codes_of(FACTS, "2026-03", "public", ["SL1", "SL2"])
    by_key = codes.codes_of(codes.round_key(FACTS, "2026-03"), "2026-03", "public", ["SL1", "SL2"])
    assert by_facts.equals(by_key)


@pytest.mark.parametrize("receipts", [["C", "A", "B"], ["B", "C", "A"], ["A", "B", "C"]])
def test_collisions_are_drawn_anew_by_receipt_not_by_row(receipts):
    """A keeps the shared code, B and C draw again, and C once more: whatever the row order."""
    drawn = {
        ("A", 0): "same", ("B", 0): "same", ("C", 0): "same",
        ("B", 1): "other", ("C", 1): "other",
        ("C", 2): "third",
    }  # fmt: skip

    def derive(some, attempt):
        return [drawn[name, attempt] for name in some], [f"salt{attempt}" for _ in some]

    found, salts = codes._distinct(receipts, derive)
    assert dict(zip(receipts, found, strict=True)) == {"A": "same", "B": "other", "C": "third"}
    assert dict(zip(receipts, salts, strict=True)) == {"A": "salt0", "B": "salt1", "C": "salt2"}


def test_a_receipt_that_stands_twice_is_refused():
    """One receipt has one code."""
    with pytest.raises(ValueError, match="twice"):
        codes.codes_of(KEY, "2026-03", "public", ["SL1", "SL1"])


@pytest.mark.parametrize("length", [0, 1, 32, 64, 65, 200])
def test_hmac_equals_the_standard_library(length):
    """Keys shorter, equal and longer than a block give the HMAC of RFC 2104."""
    key = bytes(length)
    assert codes.hmac_sha256(key)(b"message") == hmac.digest(key, b"message", "sha256")


def test_base32_of_the_ends_of_the_range():
    """0 is twelve zeros; 2**60 - 1 twelve Z; 33 ends in 11."""
    numbers = np.array([0, 2**60 - 1, 33], dtype=np.uint64)
    assert codes.base32_of(numbers) == ["0" * 12, "Z" * 12, "0" * 10 + "11"]
