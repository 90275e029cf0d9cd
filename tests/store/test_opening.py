"""Opening a store: what is not one is refused with a sentence, and nothing is left lying about."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from allocator.errors import AllocatorError, MachineRefused, Refused, WrongUsage
from allocator.store import Store, migrations, opening
from allocator.store.bulk import table_of
from allocator.store.migrations import Step
from tests.store.worlds import MARCH, assert_same, city, two_families

NOBODY = 65534


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mysql://localhost/x", "store_url_unknown"),
        ("sqlite+aiosqlite:///x.db", "store_url_unknown"),
        ("postgresql+psycopg2://localhost/x", "store_url_unknown"),
        ("nonsense", "store_url_malformed"),
        ("", "store_url_malformed"),
        ("sqlite://", "store_url_malformed"),
        ("sqlite:///:memory:", "store_url_malformed"),
        ("sqlite://host/x.db", "store_url_malformed"),
        ("sqlite:///x.db?mode=ro", "store_url_malformed"),
        ("postgresql+psycopg://u:secret@host:port/x", "store_url_malformed"),
    ],
)
def test_a_url_of_no_store_is_wrong_usage(url: str, code: str) -> None:
    """An unknown scheme or a malformed URL exits 2 and repeats no password."""
    with pytest.raises(WrongUsage) as refused:
        Store.open(url)
    assert refused.value.code == code
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"not a database, but long enough to be read as the header of one" * 20, "store_not_ours"),
        (b"short", "store_not_ours"),
        (bytes(5000), "store_not_ours"),
    ],
)
def test_a_file_that_is_no_database_is_left_alone(url: str, file: Path, content: bytes, code: str) -> None:
    """A file that is no database is refused and keeps its bytes; no key file appears."""
    file.write_bytes(content)
    with pytest.raises(Refused) as refused:
        Store.open(url)
    assert refused.value.code == code
    assert file.read_bytes() == content
    assert names_in(file.parent) == [file.name]


@pytest.mark.parametrize("statement", ["CREATE TABLE songs (name)", "CREATE TABLE settings (colour)"])
def test_another_programs_database_is_left_alone(url: str, file: Path, statement: str) -> None:
    """A SQLite file of another program is refused and gets no table of ours."""
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()
    before = file.read_bytes()
    with pytest.raises(Refused) as refused:
        Store.open(url)
    assert refused.value.code == "store_not_ours"
    assert file.read_bytes() == before
    assert names_in(file.parent) == [file.name]


def test_a_damaged_store_is_the_machines_fault(url: str, file: Path) -> None:
    """A store with pages overwritten ends in a fault of ours with the cure, not in a traceback of the database."""
    with Store.open(url) as store:
        store.write_delivery(city(300, seed=2))
    raw = bytearray(file.read_bytes())
    raw[8192 : len(raw) - 4096] = os.urandom(len(raw) - 12288)
    file.write_bytes(raw)
    with pytest.raises((MachineRefused, Refused)) as refused:
        read_all(url)
    assert refused.value.code in {"store_corrupt", "store_damaged", "store_not_ours"}


def read_all(url: str) -> None:
    with Store.open(url) as store:
        store.read_facts()


def test_places_where_no_store_can_stand(tmp_path: Path) -> None:
    """A folder in the file's place, a folder that is missing, a file in the folder's place: each its own sentence."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain").write_text("x")
    found = {
        place: code_of(f"sqlite:///{tmp_path}/{place}") for place in ("folder", "gone/x.db", "plain/x.db")
    }
    assert found == {
        "folder": (3, "store_is_folder"),
        "gone/x.db": (74, "store_folder_missing"),
        "plain/x.db": (74, "store_folder_missing"),
    }
    assert names_in(tmp_path) == ["folder", "plain"]


def code_of(url: str, **options: object) -> tuple[int, str]:
    with pytest.raises(AllocatorError) as refused:
        Store.open(url, **options)
    return refused.value.exit_code, refused.value.code


def test_without_create_nothing_is_made(url: str, file: Path) -> None:
    """Opening what is not there with create=False is refused and makes neither store nor key."""
    assert code_of(url, create=False) == (3, "store_not_found")
    assert names_in(file.parent) == []
    file.touch()
    assert code_of(url, create=False) == (3, "store_not_found")
    assert names_in(file.parent) == [file.name]


@contextmanager
def as_nobody() -> Iterator[None]:
    """As a user without rights: root may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder everyone may pass through (pytest's own are closed to others)."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_folder_one_may_not_write_to(open_folder: Path) -> None:
    """A new store in an unwritable folder is refused by the machine and leaves nothing behind."""
    open_folder.chmod(0o555)
    with as_nobody():
        assert code_of(f"sqlite:///{open_folder}/s.db") == (74, "store_cannot_open")
        assert code_of(f"sqlite:///{open_folder}/s.db", key=bytes(32)) == (74, "store_cannot_open")
    assert names_in(open_folder) == []


def test_a_store_one_may_only_read(open_folder: Path) -> None:
    """A read-only store can be read; writing to it is refused by the machine and changes nothing."""
    url = f"sqlite:///{open_folder}/s.db"
    with Store.open(url, key=bytes(32)) as store:
        store.write_delivery(two_families())
    open_folder.chmod(0o777)
    (open_folder / "s.db").chmod(0o444)
    before = (open_folder / "s.db").read_bytes()
    with as_nobody(), Store.open(url, key=bytes(32)) as store:
        assert_same(two_families(), store.read_facts())
        with pytest.raises(MachineRefused) as refused:
            store.create_round(MARCH)
    assert refused.value.code == "store_read_only"
    assert (open_folder / "s.db").read_bytes() == before


def test_a_store_someone_is_writing_to(url: str) -> None:
    """A second writer waits and is then refused by the machine; readers see the store as it was."""
    with Store.open(url) as first, Store.open(url, wait_seconds=0.1) as second:
        with first.transaction():
            first.set_setting("policy", "example")
            with pytest.raises(MachineRefused) as refused:
                second.set_setting("policy", "beijing")
            assert second.setting("policy") is None
        assert refused.value.code == "store_locked"
        assert second.setting("policy") == "example"


def test_a_full_disk_leaves_the_store_as_it_was(url: str) -> None:
    """When the disk fills in the middle of a delivery, the machine refuses and nothing of it is kept."""
    with Store.open(url) as store:
        store.write_delivery(two_families())
        with store._engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 8}")
        with pytest.raises(MachineRefused) as refused:
            store.write_delivery(city(500, seed=3))
        assert refused.value.code == "store_disk_full"
        assert_same(two_families(), store.read_facts())
    with Store.open(url) as store:
        assert_same(two_families(), store.read_facts())


def test_a_store_from_a_newer_program(url: str, file: Path) -> None:
    """A newer store is refused with both versions, before its key is asked for, and left alone."""
    Store.open(url).close()
    set_version(file, 99)
    before = file.read_bytes()
    file.with_name("allocator.db.key").unlink()
    with pytest.raises(Refused) as refused:
        Store.open(url)
    assert (refused.value.code, refused.value.params) == ("store_newer", {"found": 99, "known": 1})
    assert file.read_bytes() == before


def set_version(file: Path, version: int | str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE settings SET value = ? WHERE name = 'schema_version'", (version,))
    connection.close()


def test_a_store_without_a_readable_version_is_not_ours(url: str, file: Path) -> None:
    """A version that is no number is refused."""
    Store.open(url).close()
    set_version(file, "new")
    assert code_of(url) == (3, "store_not_ours")


def add_note(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE rounds ADD COLUMN note TEXT")


def fail(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE rounds ADD COLUMN other TEXT")
    raise RuntimeError("half way")


def test_an_older_store_takes_the_steps_it_missed(
    url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening an older store applies the missing steps once, in order, and keeps what it holds."""
    with Store.open(url) as store:
        store.write_delivery(two_families())
    taken: list[int] = []
    steps = (
        Step(2, lambda connection: (taken.append(2), add_note(connection))[1]),
        Step(3, lambda connection: taken.append(3)),
    )
    use_steps(monkeypatch, steps)
    for _ in range(2):
        with Store.open(url) as store:
            assert_same(two_families(), store.read_facts())
            assert store.setting(migrations.VERSION_SETTING) == "3"
    assert taken == [2, 3]
    assert "note" in columns_of_rounds(file)


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All steps are one transaction: when the second fails the first is undone too."""
    Store.open(url).close()
    before = columns_of_rounds(file)
    use_steps(monkeypatch, (Step(2, add_note), Step(3, fail)))
    with pytest.raises(RuntimeError, match="half way"):
        Store.open(url)
    assert columns_of_rounds(file) == before
    monkeypatch.undo()
    with Store.open(url) as store:
        assert store.setting(migrations.VERSION_SETTING) == "1"


def use_steps(monkeypatch: pytest.MonkeyPatch, steps: tuple[Step, ...]) -> None:
    monkeypatch.setattr(migrations, "STEPS", steps)


def columns_of_rounds(file: Path) -> set[str]:
    with sqlite3.connect(file) as connection:
        found = {row[1] for row in connection.execute("PRAGMA table_info(rounds)")}
    connection.close()
    assert found >= {column.name for column in table_of("rounds").columns}
    return found


def test_a_making_that_fails_leaves_nothing(url: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the tables cannot be made, neither file nor key stays."""

    def break_down(*_: object, **__: object) -> None:
        raise MachineRefused("store_disk_full")

    monkeypatch.setattr(opening.migrations, "make", break_down)
    assert code_of(url) == (74, "store_disk_full")
    assert names_in(file.parent) == []


def test_a_disk_too_full_for_a_key(url: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even the key file fits, the machine refuses and no half of a key is left."""

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert code_of(url) == (74, "store_disk_full")
    assert names_in(file.parent) == []


def test_a_store_is_made_for_keeps(store: Store) -> None:
    """SQLite runs with WAL, foreign keys on and full synchronisation, and the file names its owner."""
    with store._engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "foreign_keys", "synchronous", "application_id")
        }
    assert found == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 2,
        "application_id": migrations.APPLICATION_ID,
    }
