"""Processes that are cut off: by a reader who leaves, Ctrl-C, kill -9, a full disk, a folder of somebody else."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from allocator.store import Store
from tests.commands.conftest import MONTH, ROOT, SAMPLE, Ended, content_of, program, spawned

Run = Callable[..., Ended]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def slow(*values: object) -> object:
    """A case for ``make test-slow``."""
    return pytest.param(*values, marks=pytest.mark.slow)


def limited_to(num_bytes: int) -> Callable[[], None]:
    """Before a command starts: no file of it may grow beyond that."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, num_bytes))


def bundles_of(desk: Path) -> dict[str, str]:
    """Every file of every bundle of the month."""
    return {name: sha for name, sha in content_of(desk / "out").items() if "bundle/" in name}


@pytest.mark.parametrize(
    "words", [["policy", "show", "example"], ["data", "check", str(SAMPLE)]], ids=["0", "1"]
)
def test_a_reader_who_leaves_changes_nothing(words: list[str], tmp_path: Path) -> None:
    """Into a closed pipe a command ends silently with the exit code it would have had."""
    expected = spawned(*words, cwd=tmp_path).code
    running = subprocess.Popen(
        program(*words), cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    said = running.stderr.read().decode()
    running.stderr.close()
    assert running.wait() == expected
    assert "Traceback" not in said
    assert "Broken" not in said


@pytest.mark.parametrize("closed", [slow("0<&-"), ">&-", slow("2>&-"), "0<&- >&- 2>&-"])
def test_closed_streams_are_nobodys_file(closed: str, desk: Path) -> None:
    """With standard streams closed the stage is done, and nothing printed ends up in the store."""
    ended = subprocess.run(
        ["sh", "-c", f'"$0" "$@" {closed}', *program("round", "open", MONTH)],
        cwd=desk, env=ENVIRONMENT, capture_output=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0
    with Store.open(f"sqlite:///{desk / 'allocator.db'}", create=False) as store:
        assert [entry.stage for entry in store.entries(MONTH)] == ["open"]
        assert store.verify_chain() is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
def test_a_result_that_cannot_be_printed(desk: Path) -> None:
    """On a full disk behind stdout the exit is 74, and the sentence does not claim that nothing was done."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            program("round", "open", MONTH, "--lang", "en"),
            cwd=desk, env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert ended.returncode == 74
    assert "the disk is full" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("encoding", ["ascii", slow("gbk"), slow("utf-8")])
def test_any_terminal_encoding(encoding: str, tmp_path: Path) -> None:
    """What a terminal cannot show is escaped; ``--json`` stays JSON in any encoding."""
    import json

    environment = {**ENVIRONMENT, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    for words in (["policy", "list"], ["policy", "list", "--json"], ["round", "drw"]):
        ended = subprocess.run(
            program(*words), cwd=tmp_path, env=environment, capture_output=True, check=False
        )
        assert ended.returncode == (2 if "drw" in words else 0)
        assert b"Traceback" not in ended.stderr
        if "--json" in words:
            assert json.loads(ended.stdout.decode(encoding))["policies"]


def killed_when(happened: Callable[[], bool], how: signal.Signals, desk: Path) -> tuple[int, str]:
    """``round run``, sent the signal as soon as something has happened; its code and what it said."""
    running = subprocess.Popen(
        program("round", "run", MONTH),
        cwd=desk,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 60
    while not happened() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(how)
    _, said = running.communicate(timeout=60)
    return running.returncode, said.decode()


def stages_done(desk: Path) -> list[str]:
    """Stages in the journal."""
    with Store.open(f"sqlite:///{desk / 'allocator.db'}", create=False) as store:
        assert store.verify_chain() is None
        return [entry.stage for entry in store.entries(MONTH)]


MOMENTS = {
    "while the roster is written": "out/2026-03/bundle/commitment.json",
    "while the orders are written": "out/2026-03/notices/order.xlsx",
    "while the bundle is written": "out/2026-03/bundle.new",
}


@pytest.mark.parametrize(
    ("moment", "how"),
    [
        slow("while the roster is written", signal.SIGKILL),
        slow("while the roster is written", signal.SIGINT),
        slow("while the orders are written", signal.SIGKILL),
        ("while the orders are written", signal.SIGINT),
        ("while the bundle is written", signal.SIGKILL),
        slow("while the bundle is written", signal.SIGINT),
    ],
)
def test_a_run_cut_off_goes_on(moment: str, how: signal.Signals, run: Run, desk: Path, offered: Path) -> None:
    """Killed or interrupted in mid-run, the store holds whole stages; run again, the bundles are the same bytes."""
    code, said = killed_when((desk / MOMENTS[moment]).exists, how, desk)
    whole = stages_done(offered)
    if code == 0:  # the signal came after its end
        assert stages_done(desk) == whole
        return
    assert code == (-signal.SIGKILL if how is signal.SIGKILL else 130)
    assert "Traceback" not in said
    if how is signal.SIGINT:
        assert said.splitlines() == ["已中断。已办完的保留，没有写了一半的内容；再次运行同一命令即可继续。"]
    done = stages_done(desk)
    assert done == whole[: len(done)]
    assert run("round", "run", MONTH).code == 0
    assert stages_done(desk) == whole
    assert bundles_of(desk) == bundles_of(offered)


@pytest.mark.parametrize("limit", [slow(1_000), 10_000, slow(60_000), slow(200_000)])
def test_a_disk_full_under_a_round(limit: int, run: Run, desk: Path, offered: Path) -> None:
    """Whatever file may not grow, ``round run`` exits 74; with room again it ends as if nothing had been."""
    ended = spawned("round", "run", MONTH, "--lang", "en", cwd=desk, preexec_fn=limited_to(limit))
    assert ended.code == 74, ended
    assert len(ended.sentences) == 1
    assert "same command again" in ended.err
    done = stages_done(desk)
    assert done == stages_done(offered)[: len(done)]
    assert run("round", "run", MONTH).code == 0
    assert bundles_of(desk) == bundles_of(offered)


def test_a_disk_full_under_an_import(tmp_path: Path) -> None:
    """An import without room exits 74 and leaves no store, no key and no other file."""
    words = ("data", "import", SAMPLE, "--policy", "example", "--lang", "en")
    ended = spawned(*words, cwd=tmp_path, preexec_fn=limited_to(100_000))
    assert (ended.code, len(ended.sentences)) == (74, 1), ended
    assert "same command again" in ended.err
    store = tmp_path / "allocator.db"
    if store.exists():
        with Store.open(f"sqlite:///{store}", create=False) as opened:
            assert len(opened.read_facts().households) == 0


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="only root can mount a small disk")
def test_a_disk_that_is_really_full(run: Run, desk: Path, offered: Path, tmp_path: Path) -> None:
    """On a disk of 300 kB ``--out`` fills up: 74, and the run goes on in another folder with the same bytes."""
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", small], capture_output=True, check=False
    ).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        ended = run("round", "run", MONTH, "--out", small, "--lang", "en")
        assert (ended.code, len(ended.sentences)) == (74, 1), ended
        assert "the disk is full" in ended.err
    finally:
        subprocess.run(["umount", small], check=True)
    assert run("round", "run", MONTH).code == 0
    assert bundles_of(desk) == bundles_of(offered)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder in which nothing can be written: by its mode, or for root by a read-only mount."""
    if os.geteuid() != 0:
        folder.chmod(0o555)
        try:
            yield
        finally:
            folder.chmod(0o755)
        return
    for words in (["--bind", folder, folder], ["-o", "remount,ro,bind", folder]):
        if subprocess.run(["mount", *words], capture_output=True, check=False).returncode:
            pytest.skip("this machine lets nobody mount")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("language", [slow("zh"), "en"])
def test_a_read_only_folder(language: str, desk: Path) -> None:
    """Where one may read but not write, every writing command exits 74 with one sentence, and nothing changes."""
    before = content_of(desk)
    with read_only(desk):
        for words in (
            ["data", "template", "files"],
            ["data", "import", SAMPLE, "--policy", "example", "--store", "sqlite:///new.db"],
            ["data", "import", SAMPLE, "--policy", "example"],
            ["round", "run", MONTH],
            ["demo", "--households", "5"],
        ):
            ended = spawned(*words, "--lang", language, cwd=desk)
            assert (ended.code, ended.out, len(ended.sentences)) == (74, "", 1), (words, ended)
    assert content_of(desk) == before


GIANT = 1_000_000_000


def measured(*words: object, cwd: Path) -> tuple[Ended, int, float]:
    """The command with its greatest memory (bytes) and its time (s)."""
    script = (
        "import resource, sys, cli\n"
        "code = cli.run(sys.argv[1:])\n"
        "peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(peak * (1 if sys.platform == 'darwin' else 1024), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    *said, peak = done.stderr.splitlines()
    return Ended(done.returncode, done.stdout, "\n".join(said)), int(peak), time.monotonic() - began


@pytest.mark.parametrize("size", [50_000_000, slow(GIANT)])
def test_a_line_without_end(size: int, desk: Path) -> None:
    """One line of up to 1 GB exits 1 in bounded memory and time; the store is as it was."""
    files = desk / "files"
    shutil.copytree(SAMPLE, files)
    with (files / "家庭成员.csv").open("ab") as stream:
        stream.truncate(size)  # sparse: a line of zero bytes that takes no disk
    before = content_of(desk / "out") if (desk / "out").exists() else {}
    ended, peak, seconds = measured("data", "import", "files", "--policy", "example", cwd=desk)
    assert ended.code == 1, ended
    assert "家庭成员.csv" in ended.out
    assert peak < 700_000_000
    assert seconds < 30
    assert before == {}
    with sqlite3.connect(desk / "allocator.db") as connection:
        assert connection.execute("SELECT count(*) FROM households").fetchone() == (600,)


@pytest.mark.parametrize("size", [50_000_000, slow(GIANT)])
@pytest.mark.parametrize(
    "words",
    [["solve", "giant", "--mechanism", "serial", "--out", "s"], ["certify", "giant", "giant"]],
    ids=" ".join,
)
def test_a_document_without_end(words: list[str], size: int, tmp_path: Path) -> None:
    """An instance file that is one endless line exits 1 or 2 in bounded memory and writes nothing."""
    with (tmp_path / "giant").open("wb") as stream:
        stream.write(b'{"format": "')
        stream.truncate(size)
    ended, peak, seconds = measured(*words, cwd=tmp_path)
    assert ended.code in {1, 2}, ended
    assert peak < 700_000_000
    assert seconds < 30
    assert not (tmp_path / "s").exists()
