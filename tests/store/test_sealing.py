"""What names or describes people is nowhere readable at rest."""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from allocator.errors import AllocatorError, MachineRefused, Refused, WrongUsage
from allocator.store import Store
from allocator.store.sealing import Sealer
from tests.store.worlds import MARCH, assert_same, city, two_families


def bytes_at_rest(file: Path) -> bytes:
    """Everything on disk that belongs to the store, its key apart."""
    parts = [part for part in file.parent.iterdir() if part.suffix != ".key"]
    assert {part.name for part in parts} >= {file.name, file.name + "-wal"}
    return b"".join(part.read_bytes() for part in parts)


def test_no_name_and_no_id_number_of_a_city_is_at_rest(store: Store, file: Path) -> None:
    """Facts, artefacts, offers and journal of a city leave no name, ID number or hidden word on the disk."""
    people = city(500, seed=4)
    store.write_delivery(people)
    store.create_round(MARCH)
    store.put_frame("2026-03", "", "members", people.members)
    store.put_artefact("2026-03", "public", "slip", people.members["name"].str.cat(sep=" ").encode())
    store.append_entry(
        month="2026-03",
        stage="screen",
        actor="甄掌柜",
        stamp="-",
        details={"objection": people.members["name"][0]},
    )
    raw = bytes_at_rest(file)
    secret = [*people.members["name"], *people.members["id_number"], "甄掌柜"]
    assert len(secret) > 1000
    assert [text for text in secret if text.encode() in raw] == []
    assert (
        people.households["receipt_no"][0].encode() in raw
    )  # what is not personal is found: the search works


def test_the_same_person_has_one_index_and_another_key_another() -> None:
    """A blind index is equal for equal numbers under one key and says nothing under another."""
    one, other = Sealer(bytes(32)), Sealer(bytes(31) + b"\x01")
    number = "999999197001010011"
    assert one.persons([number]) == one.persons([number])
    assert one.persons([number]) != other.persons([number])
    assert one.persons([number]) != one.persons(["999999197202020029"])


def test_sealing_depends_on_purpose_place_and_content() -> None:
    """No two different things share a nonce: any change of purpose, place or content changes it."""
    sealer = Sealer(bytes(32))
    blobs = [
        sealer.seal(purpose, place, content)
        for purpose, place, content in [
            ("a", "x", b"1"),
            ("b", "x", b"1"),
            ("a", "y", b"1"),
            ("a", "x", b"2"),
            ("a", "", b"x1"),
        ]
    ]
    assert len({blob[:12] for blob in blobs}) == len(blobs)
    with pytest.raises(MachineRefused):
        sealer.open("a", "y", blobs[0])


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE members SET sealed = (SELECT sealed FROM members WHERE receipt_no = 'R2') WHERE receipt_no = 'R1'",
        "UPDATE members SET sealed = substr(sealed, 2)",
        "UPDATE households SET sealed = x'', digest = x''",
        "UPDATE households SET (sealed, digest) = (SELECT sealed, digest FROM households LIMIT 1)",
    ],
)
def test_an_altered_or_moved_seal_is_found(store: Store, file: Path, tampering: str) -> None:
    """A sealed blob that was altered, or carried with its digest to another row, does not open."""
    store.write_delivery(two_families())
    with sqlite3.connect(file) as connection:
        connection.execute(tampering)
    connection.close()
    with pytest.raises(MachineRefused) as refused:
        store.read_facts()
    assert refused.value.code == "store_damaged"


def test_the_key_file_is_made_with_the_store_and_for_its_owner_only(store: Store, file: Path) -> None:
    """A new store has a key file of 32 random bytes beside it, mode 0600."""
    key_file = file.with_name("allocator.db.key")
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert len(bytes.fromhex(key_file.read_text().strip())) == 32
    assert sorted(path.name for path in file.parent.glob("*.key*")) == ["allocator.db.key"]


def test_a_store_opens_with_its_key_from_file_environment_or_caller(
    url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller's key comes before the environment's, that before the file's; each opens the same facts."""
    with Store.open(url) as store:
        store.write_delivery(two_families())
    key = file.with_name("allocator.db.key").read_text().strip()
    with Store.open(url) as store:
        assert_same(two_families(), store.read_facts())
    file.with_name("allocator.db.key").unlink()
    monkeypatch.setenv("ALLOCATOR_KEY", key)
    with Store.open(url) as store:
        assert_same(two_families(), store.read_facts())
    monkeypatch.setenv("ALLOCATOR_KEY", secrets.token_hex(32))
    with Store.open(url, key=bytes.fromhex(key)) as store:
        assert_same(two_families(), store.read_facts())


def test_a_store_made_with_a_given_key_leaves_no_key_file(url: str, file: Path) -> None:
    """Who gives the key keeps it: it is not written beside the store."""
    Store.open(url, key=bytes(32)).close()
    assert not file.with_name("allocator.db.key").exists()


@pytest.mark.parametrize(
    ("variable", "key_text", "fault", "code"),
    [
        (None, None, Refused, "store_key_missing"),
        (None, "00" * 32, Refused, "store_key_wrong"),
        (None, "not hex", Refused, "store_key_wrong"),
        (None, "", Refused, "store_key_wrong"),
        ("11" * 32, None, Refused, "store_key_wrong"),
        ("11" * 16, None, WrongUsage, "store_key_malformed"),
        ("zz", None, WrongUsage, "store_key_malformed"),
    ],
)
def test_a_missing_or_wrong_key_is_refused_and_the_store_left_alone(
    url: str,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str | None,
    key_text: str | None,
    fault: type[AllocatorError],
    code: str,
) -> None:
    """Without its key a store does not open, says what to do, and no byte of it changes."""
    with Store.open(url) as store:
        store.write_delivery(two_families())
    before = file.read_bytes()
    key_file = file.with_name("allocator.db.key")
    key_file.unlink() if key_text is None else key_file.write_text(key_text)
    if variable is not None:
        monkeypatch.setenv("ALLOCATOR_KEY", variable)
    with pytest.raises(fault) as refused:
        Store.open(url)
    assert refused.value.code == code
    assert file.read_bytes() == before
    assert key_file.exists() == (key_text is not None)


def test_a_key_left_behind_is_used_again(url: str, file: Path) -> None:
    """Where the store's making was cut short after its key, the next try takes that key."""
    key = os.urandom(32)
    file.with_name("allocator.db.key").write_text(key.hex())
    file.touch()
    with Store.open(url) as store:
        store.set_setting("policy", "example")
    with Store.open(url, key=key) as store:
        assert store.setting("policy") == "example"


def test_faults_and_the_store_tell_no_values(store: Store) -> None:
    """A refused delivery's fault holds nothing of the row, neither in its text nor in what caused it."""
    world = two_families()
    orphans = world.members.assign(receipt_no=world.members["receipt_no"].replace("R2", "R404"))
    with pytest.raises(Refused) as refused:
        store.write_delivery(replace(world, members=orphans))
    assert refused.value.params == {}
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    assert "key" not in repr(Sealer(bytes(32))).lower()
