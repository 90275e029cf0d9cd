"""Hostile bundles: always a sentence and exit code 1, never a traceback, in both judges."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from allocator.audit import promises
from allocator.audit.results import Fault
from tests.audit import judges
from tests.audit.worlds import dump, files_of, five_households, rehashed, sha, write

FILES = files_of(five_households())
GARBAGE = {
    "empty": b"",
    "binary": bytes(range(256)) * 3,
    "not_utf8": b"\xff\xfe\x00",
    "gb18030": "编码,优先级\n".encode("gb18030"),
    "nan": b'{"a":NaN}',
    "fraction": b'{"a":1.5}',
    "list": b"[]",
    "null": b"null",
    "twice": b'{"a":1,"a":1}',
    "surrogate": b'{"a":"\\ud800"}',
    "nested": b"[" * 200_000,
    "nested_objects": b'{"a":' * 200_000,
    "huge_number": b'{"a":' + b"9" * 10_000 + b"}",
    "long_line": b"code,band,points,salt\n" + b"x" * 3_000_000 + b"\n",
    "quotes": b'code\n"a\n',
    "nul": b"code\n\x00\n",
    "no_end": b"code\na",
}
TARGETS = ["manifest.json", "commitment.json", "draw.json", "certificate.json", "policy/in_force.json"]
TABLES = [
    "roster.csv",
    "preferences.csv",
    "pools.csv",
    "dwellings.csv",
    "order.csv",
    "removals.csv",
    "result.csv",
]


@pytest.mark.parametrize("kind", sorted(GARBAGE))
def test_garbage_in_any_file_is_a_fault(kind, tmp_path):
    """Whatever bytes stand in whatever file: both say a fault."""
    for number, name in enumerate([*TARGETS, *TABLES]):
        files = {**FILES, name: GARBAGE[kind]}
        folder = write(tmp_path / str(number), files if name == "manifest.json" else rehashed(files))
        code, printed = judges.plain_verdict(folder)
        assert (code, judges.arrays_accept(folder)) == (1, False), name
        assert "FAULT" in printed


@pytest.mark.parametrize(
    "cell", ["9" * 5000, "-1", "01", "+1", "1_0", "１", "1.0", "1e3", "", " 1", "9" * 17, "0x1"]
)
def test_a_number_has_one_spelling(cell, tmp_path):
    """A whole number stands in plain digits; every other spelling is a fault at its line."""
    lines = FILES["order.csv"].decode().split("\n")
    lines[1] = cell + lines[1][1:]
    folder = write(tmp_path, rehashed({**FILES, "order.csv": "\n".join(lines).encode()}))
    assert judges.verdicts(folder) == (False, False)
    assert "order.csv:2" in judges.plain_verdict(folder)[1]


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "policy/../../secret",
        "/etc/passwd",
        "C:\\x",
        "policy\\x.toml",
        "a/b",
        "",
        ".",
        "policy/",
        "x\x00y",
    ],
)
def test_path_tricks_are_refused(name, tmp_path):
    """A manifest may only name plain files of a bundle."""
    manifest = json.loads(FILES["manifest.json"])
    manifest["files"][name] = sha(b"")
    folder = write(tmp_path, {**FILES, "manifest.json": dump(manifest)})
    assert judges.verdicts(folder) == (False, False)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs links and pipes")
def test_links_and_pipes_are_refused(tmp_path):
    """A link out of the bundle, or a pipe that would never end, is a fault and not followed."""
    linked = write(tmp_path / "linked", FILES)
    (linked / "README.txt").unlink()
    (linked / "README.txt").symlink_to(linked / "roster.csv")
    piped = write(tmp_path / "piped", FILES)
    (piped / "roster.csv").unlink()
    os.mkfifo(piped / "roster.csv")
    piped_manifest = write(tmp_path / "piped_manifest", FILES)
    (piped_manifest / "manifest.json").unlink()
    os.mkfifo(piped_manifest / "manifest.json")
    for folder in (linked, piped, piped_manifest):
        assert judges.verdicts(folder) == (False, False)


@pytest.mark.parametrize(
    "form", ["(a+)+$|b", "(a|a){30}", "([a-z]+)*!", "(?P<x>a)(?P=x)", "(", "a{99999999}", "", r"(a)\1"]
)
def test_a_hostile_form_cannot_hang_the_judge(form, tmp_path, monkeypatch):
    """A form that would match for ever, or is no form, ends as a fault."""
    run = subprocess.run
    monkeypatch.setattr(
        judges.VERIFIER.subprocess, "run", lambda words, **options: run(words, **{**options, "timeout": 1})
    )
    commitment = json.loads(FILES["commitment.json"])
    commitment["draw"] |= {"form": form, "source": "another"}
    draw = json.loads(FILES["draw.json"]) | {"public_value": "a" * 40}
    folder = write(
        tmp_path, rehashed({**FILES, "commitment.json": dump(commitment), "draw.json": dump(draw)})
    )
    assert judges.verdicts(folder) == (False, False)


@pytest.mark.parametrize(("value", "fits"), [("01-33", True), ("01-34", False), ("01-33-01", False)])
def test_alternatives_in_a_form_are_understood(value, fits):
    """A form with alternatives (balls from 01 to 33) is matched whole, by both."""
    form = "(0[1-9]|[12][0-9]|3[0-3])-(0[1-9]|[12][0-9]|3[0-3])"
    assert judges.VERIFIER.matches(form, value) is fits
    ceremony = {"form": form, "source": "balls"}
    try:
        promises._check_form(ceremony, value, {})
    except Fault:
        assert not fits
    else:
        assert fits


def test_a_negative_cycle_ends(tmp_path):
    """Two households each in the other's first choice are found, not walked round for ever."""
    world = replace(
        five_households(),
        bands=(0, 0),
        points=(1, 1),
        lists=((("A", 1), ("B", 2)), (("B", 1), ("A", 2))),
        capacity={"A": 1, "B": 1},
        removed=(),
    )
    files = files_of(world)
    lines = files["result.csv"].decode().split("\n")
    held = [line.split(",") for line in lines[1:3]]
    held[0][1:], held[1][1:] = held[1][1:], held[0][1:]
    lines[1:3] = [",".join(row) for row in held]
    folder = write(tmp_path, rehashed({**files, "result.csv": "\n".join(lines).encode()}))
    assert judges.verdicts(folder) == (False, False)
    assert "could be better in total" in judges.plain_verdict(folder)[1]


def test_the_file_alone_runs_with_nothing_but_python(tmp_path):
    """``python3 -I -S verify.py`` from inside the folder: exit 0, 1 on a fault, 2 on wrong usage."""
    folder = write(tmp_path / "包", FILES)

    def run(*words: str) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
        return subprocess.run(
            [sys.executable, "-I", "-S", "verify.py", *words],
            cwd=folder,
            capture_output=True,
            check=False,
            env=environment,
        )

    fine = run()
    assert (fine.returncode, fine.stderr) == (0, b"")
    assert b"internally consistent" in fine.stdout
    assert run("--commitment", "nonsense").returncode == 2
    assert run("nowhere").returncode == 2
    (folder / "roster.csv").write_bytes(b"")
    broken = run(str(folder))
    assert (broken.returncode, broken.stderr) == (1, b"")


def test_an_empty_folder_is_a_fault(tmp_path):
    """A folder without a manifest is no bundle."""
    assert judges.verdicts(tmp_path) == (False, False)
