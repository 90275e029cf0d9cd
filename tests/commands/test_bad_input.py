"""Whatever comes in: its exit code, one sentence with the cure, and the store as it was."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from allocator.store import engine
from tests.commands.conftest import MONTH, SAMPLE, Ended, content_of

Run = Callable[..., Ended]
LANGUAGES = ("zh", "en")


def told_once(ended: Ended, code: int, *words: str) -> None:
    """The exit code; nothing on stdout; one sentence on stderr with these words in it."""
    assert (ended.code, ended.out) == (code, ""), ended
    assert len(ended.sentences) == 1, ended.err
    assert [word for word in words if word not in ended.err] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (["rond"], "round"),
        (["round", "drw"], "draw"),
        (["round", "draw"], "MONTH"),
        (["round", "publish", MONTH], "--what"),
        (["round", "publish", MONTH, "--what", "all"], "roster, order, result"),
        (["round", "draw", MONTH, "--value", "1"], "--public-value"),
        (["round", "draw", MONTH, "more"], "--help"),
        (["round", "draw", MONTH, "--public-value"], "--public-value"),
        (["round", "draw", MONTH, "--json=yes"], "--json"),
        (["demo", "--households", "0"], "--households"),
        (["demo", "--households", "many"], "--households"),
        (["round", "draw", "2026-3"], "2026-03"),
        (["round", "draw", "2026-13"], "2026-03"),
        (["round", "run", "März"], "2026-03"),
        (["round", "status", ""], "2026-03"),
        (["round", "open", MONTH, "--on", "2026-02-30"], "2026-03-01"),
        (["round", "open", MONTH, "--store", "mysql://host/city"], "sqlite:///"),
        (["round", "open", MONTH, "--store", "::"], "sqlite:///"),
        (["data", "generate", "files", "--households", "9", "--seed", "1", "--world", "moon"], "shortage"),
        (["policy", "check", "example"], "--on"),
        (["solve", "no.json", "--mechanism", "magic", "--out", "s.json"], "band_optimum"),
        (["solve", "no.json", "--mechanism", "serial", "--out", "s.json"], "no.json"),
        (["certify", "no.json", "no.json"], "no.json"),
        (["verify", "nowhere"], "nowhere"),
        (["data", "check", "nowhere"], "nowhere"),
        (["data", "import", "nowhere"], "nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_words(
    words: list[str], cure: str, language: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong usage exits 2, names the cure in one sentence of the language asked for, and makes nothing."""
    monkeypatch.chdir(tmp_path)
    ended = run(*words, "--lang", language) if words[-1] != "--public-value" else run(*words)
    told_once(ended, 2, cure)
    if words[-1] != "--public-value":
        assert any("\u4e00" <= letter <= "\u9fff" for letter in ended.err) == (language == "zh")
    assert list(tmp_path.iterdir()) == []


def test_a_language_that_is_not_spoken(run: Run) -> None:
    """``--lang xx`` exits 2 and names the languages there are."""
    told_once(run("policy", "list", "--lang", "xx"), 2, "zh, en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (["round", "status", "2026-04"], "round open 2026-04"),
        (["round", "draw", MONTH], "round open 2026-03"),
        (["round", "explain", MONTH, "SL1"], "round open 2026-03"),
        (["report", "round", MONTH], "round open 2026-03"),
        (["tenancy", "ledger", MONTH], "round open 2026-03"),
        (["registry", "export", MONTH, "--out", "o"], "round open 2026-03"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_round_that_is_not(words: list[str], cure: str, language: str, run: Run, desk: Path) -> None:
    """An unknown round exits 3 and names the command that begins it; nothing is written."""
    before = content_of(desk)
    told_once(run(*words, "--lang", language), 3, cure)
    assert content_of(desk) == before


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", ["open", "screen", "draw", "allocate", "close"])
def test_a_stage_twice_or_out_of_turn(stage: str, language: str, run: Run, desk: Path) -> None:
    """A stage done already or not yet due exits 3, says which is next, and the store is as it was."""
    assert run("round", "open", MONTH).code == 0
    assert run("round", "screen", MONTH).code == 0
    before = content_of(desk)
    cure = "round status 2026-03" if stage == "open" else "publish --what roster"
    told_once(run("round", stage, MONTH, "--lang", language), 3, cure)
    assert content_of(desk) == before


STAGES_AND_READERS = [
    ["round", "open", MONTH],
    ["round", "run", MONTH],
    ["round", "status", MONTH],
    ["round", "explain", MONTH, "SL1"],
    ["report", "round", MONTH],
    ["tenancy", "list"],
    ["data", "check", str(SAMPLE)],
    ["data", "import", str(SAMPLE), "--policy", "example"],
]


@pytest.mark.parametrize("words", STAGES_AND_READERS, ids=" ".join)
def test_a_store_of_a_newer_version(words: list[str], run: Run, desk: Path) -> None:
    """A store from a newer version exits 3, says both versions, and is left alone."""
    with sqlite3.connect("allocator.db") as connection:
        changed = connection.execute("UPDATE settings SET value = '99' WHERE name = 'schema_version'")
        assert changed.rowcount == 1
    connection.close()
    before = content_of(desk)
    told_once(run(*words, "--store", "sqlite:///allocator.db"), 3, "99")
    assert content_of(desk) == before


@pytest.mark.parametrize("words", STAGES_AND_READERS, ids=" ".join)
def test_a_store_that_is_none(
    words: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is no database, and a folder, exit 3 and are left alone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letter.db").write_text("Dear Sir, " * 500)
    (tmp_path / "folder").mkdir()
    before = content_of(tmp_path)
    told_once(run(*words, "--store", "sqlite:///letter.db"), 3, "--store")
    told_once(run(*words, "--store", "sqlite:///folder"), 3, "folder")
    assert content_of(tmp_path) == before


@pytest.mark.parametrize("words", STAGES_AND_READERS[:-1], ids=" ".join)
def test_a_store_that_is_not_there(
    words: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only an import makes a store: everything else exits 3 and makes no file."""
    monkeypatch.chdir(tmp_path)
    told_once(run(*words, "--store", "sqlite:///new.db"), 3, "new.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_policy(language: str, run: Run, desk: Path) -> None:
    """A policy nobody ships exits 3 and names those there are; no round is opened under it."""
    before = content_of(desk)
    for words in (["policy", "show", "atlantis"], ["round", "open", MONTH, "--policy", "atlantis"]):
        told_once(run(*words, "--lang", language), 3, "atlantis", "example")
    assert content_of(desk) == before


def test_a_locked_store(run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another writes for too long, a command exits 74 and says to wait."""
    patient = engine._on_sqlite_connect
    monkeypatch.setattr(engine, "_on_sqlite_connect", lambda _seconds: patient(0.2))
    other = sqlite3.connect("allocator.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        told_once(run("round", "open", MONTH, "--lang", "en"), 74, "Another command")
    finally:
        other.close()


def delivery(folder: Path) -> Path:
    """A copy of the sample to be spoiled."""
    shutil.copytree(SAMPLE, folder)
    return folder


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("家庭成员.csv", b""),
        ("意向登记.csv", bytes(range(256)) * 40),
        ("房源.csv", b"\x89PNG\r\n\x1a\n" + bytes(500)),
        ("申请家庭.xlsx", b"PK\x03\x04" + bytes(200)),
        ("项目.csv", "项目编号,项目名称\n".encode("utf-16")),
        ("房源.csv", None),
    ],
    ids=["empty", "binary", "picture", "broken workbook", "utf-16", "missing"],
)
def test_files_that_are_none(name: str, content: bytes | None, language: str, run: Run, desk: Path) -> None:
    """An empty, binary, foreign or missing file exits 1, is named, and nothing is imported."""
    files = delivery(desk / "files")
    (files / name).unlink()
    if content is not None:
        (files / name).write_bytes(content)
    before = content_of(desk)
    words = ("files", "--policy", "example", "--store", "sqlite:///other.db", "--lang", language)
    ended = run("data", "import", *words)
    assert (ended.code, ended.err) == (1, "")
    assert name.split(".", maxsplit=1)[0] in ended.out or "dwellings" in ended.out
    assert content_of(desk) == before


def test_a_folder_where_a_file_is_to_be_written(run: Run, offered_desk: Path) -> None:
    """``--out`` naming a file exits 2 with the path, and the stage is not done."""
    (offered_desk / "letter").write_text("x")
    before = content_of(offered_desk)
    for words in (
        ["report", "round", MONTH, "--out", "letter"],
        ["data", "generate", "letter", "--households", "5", "--seed", "1"],
        ["data", "template", "letter"],
        ["data", "template", "letter/below"],
        ["demo", "--households", "5", "--out", "letter"],
        ["demo", "--households", "5", "--out", "letter/below"],
    ):
        told_once(run(*words), 2, "letter")
    assert content_of(offered_desk) == before


def test_a_name_too_long_for_the_disk(run: Run, desk: Path) -> None:
    """A path longer than the disk allows exits 2."""
    told_once(run("data", "template", "n" * 300), 2, "nnn")


def test_broken_answers(run: Run, offered_desk: Path) -> None:
    """Answers missing, binary or empty exit 1 or 2 with their place, and no answer is entered."""
    before = content_of(offered_desk)
    (offered_desk / "binary.csv").write_bytes(bytes(range(256)))
    (offered_desk / "empty.csv").write_bytes(b"")
    for name, code in (("nowhere.csv", 2), ("binary.csv", 1), ("empty.csv", 1)):
        ended = run("round", "answer", MONTH, name)
        assert (ended.code, ended.out) == (code, ""), (name, ended)
        assert name in ended.err
        (offered_desk / name).unlink(missing_ok=True)
    assert content_of(offered_desk) == before


def test_a_bug_is_reported_without_what_it_met(run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault nobody foresaw exits 70 with one sentence; its report holds places, no values."""
    from allocator.office import rounds

    def broken(*_: object, **__: object) -> None:
        raise KeyError("张三 110101199001011237")

    monkeypatch.setattr(rounds, "do", broken)
    told_once(run("round", "open", MONTH), 70, "allocator-bug.txt", "KeyError")
    assert "张三" not in (desk / "allocator-bug.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO, errno.EDQUOT, errno.EMFILE]
)
def test_what_the_machine_refuses_is_told(
    number: int, run: Run, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every refusal of the operating system while a notice is written exits 74 and undoes the stage."""
    for stage in (["open"], ["screen"]):
        assert run("round", *stage, MONTH).code == 0
    before = content_of(desk)

    def refused(path: Path, _content: bytes) -> int:
        raise OSError(number, "refused", str(path))

    monkeypatch.setattr(Path, "write_bytes", refused)
    ended = run("round", "publish", MONTH, "--what", "roster")
    monkeypatch.undo()
    told_once(ended, 74, "commitment.json")
    assert content_of(desk) == before
