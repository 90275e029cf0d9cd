"""What a law may say of tenants who ask to move, judged when it is read, and how its page says it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from allocator import policy
from allocator.errors import Refused
from allocator.model.canonical import canonical_bytes
from allocator.policy.page import page
from tests.declared.authority import authority
from tests.transfers.conftest import LAWS, WHERE

DAY = date(2026, 4, 1)


def text_of(law: str) -> str:
    return (LAWS / f"{law}.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("law", "old", "new", "code"),
    [
        ("integrated_trading", '"top_trading_cycles"', '"serial"', "policy_transfers_not_served"),
        (
            "integrated_trading",
            'form = "integrated"',
            'form = "integrated"\nvacancies = true',
            "policy_transfers_vacancies_unread",
        ),
        ("integrated_trading", 'form = "integrated"', 'form = "swap"', "policy_value_wrong"),
        (
            "integrated_trading",
            'form = "integrated"',
            'form = "integrated"\nfor_all = true',
            "policy_key_unknown",
        ),
        ("own_sub_round", 'form = "sub_round"\n', "", "policy_key_missing"),
    ],
)
def test_each_mistake_is_refused_in_its_words(
    law: str, old: str, new: str, code: str, tmp_path: Path
) -> None:
    """A law whose transfers no round could hold is refused when it is read, with file, key and cure."""
    assert old in text_of(law)
    with pytest.raises(Refused) as caught:
        policy.load(authority(tmp_path / "law", text_of(law).replace(old, new, 1)))
    assert caught.value.exit_code == 3
    faults = caught.value.params["faults"]
    assert code in {fault.code for fault in faults}
    for fault in faults:
        assert fault.file == "allocation.toml"
        assert fault.text("zh") != fault.text("en")


@pytest.mark.parametrize("law", WHERE)
def test_the_page_says_it_in_both_languages(law: str, tmp_path: Path) -> None:
    """The law's page tells how tenants take part, with its article; empty homes only where they are offered."""
    found = policy.load(authority(tmp_path / "law", text_of(law))).in_force(DAY)
    for language, name in (("zh", "承租家庭调房"), ("en", "Tenants who ask to move")):
        assert name in page(found, language)


def test_a_law_without_transfers_keeps_its_bytes() -> None:
    """A law that says nothing of tenants writes no key of them, so its fingerprint is the one it had."""
    document = policy.load("example").in_force(DAY).document()
    assert b"transfers" not in canonical_bytes(document["allocation"])
