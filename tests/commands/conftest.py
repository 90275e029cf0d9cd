"""The gate as a person meets it: words in, exit code and two streams out."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import cli

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "data" / "delivery-sample"
MONTH = "2026-03"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def sentences(self) -> list[str]:
        """What was said on stderr."""
        return self.err.splitlines()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """``cli.run`` in this process."""

    def typed(*words: object) -> Ended:
        capsys.readouterr()
        code = cli.run([str(word) for word in words])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return typed


def program(*words: object) -> list[str]:
    """The words of ``python cli.py …``."""
    return [sys.executable, str(ROOT / "cli.py"), *(str(word) for word in words)]


def spawned(*words: object, cwd: Path, **options: object) -> Ended:
    """``python cli.py`` in a process of its own."""
    ended = subprocess.run(
        program(*words),
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        **options,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture(scope="session")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``allocator.db``: the delivery sample imported under ``example``."""
    base = tmp_path_factory.mktemp("delivered")
    with working_in(base):
        assert cli.run(["data", "import", str(SAMPLE), "--policy", "example"]) == 0
    return base


@pytest.fixture(scope="session")
def offered(delivered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after ``round run``: everything up to the offers, with its ``out``."""
    base = tmp_path_factory.mktemp("offered") / "desk"
    shutil.copytree(delivered, base)
    with working_in(base):
        assert cli.run(["round", "run", MONTH]) == 0
    return base


@pytest.fixture
def desk(delivered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``delivered`` of one's own, and the working folder."""
    base = tmp_path / "desk"
    shutil.copytree(delivered, base)
    monkeypatch.chdir(base)
    return base


@pytest.fixture
def offered_desk(offered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``offered`` of one's own, and the working folder."""
    base = tmp_path / "desk"
    shutil.copytree(offered, base)
    monkeypatch.chdir(base)
    return base


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """The working folder for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def content_of(folder: Path) -> dict[str, str]:
    """Hash of every file below a folder; of a store, what stands in its tables."""
    return {
        str(path.relative_to(folder)): _hash(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in {".db-wal", ".db-shm"}
    }


def _hash(path: Path) -> str:
    return hashlib.sha256(_dumped(path) if path.suffix == ".db" else path.read_bytes()).hexdigest()


def _dumped(path: Path) -> bytes:
    """Every row of every table as SQL; of what is no database, its bytes."""
    import sqlite3

    connection = sqlite3.connect(path)
    try:
        return "\n".join(connection.iterdump()).encode()
    except sqlite3.DatabaseError:
        return path.read_bytes()
    finally:
        connection.close()
