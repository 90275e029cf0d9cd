"""The gate: quick, light, the same two ways in, and every command says what comes next."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from allocator.commands.app import app
from tests.commands.conftest import MONTH, ROOT, SAMPLE, Ended, content_of, spawned

Run = Callable[..., Ended]
HEAVY = {
    "pandas",
    "numpy",
    "ortools",
    "sqlalchemy",
    "sqlmodel",
    "pydantic",
    "altair",
    "pyarrow",
    "jinja2",
    "scipy",
}
INSTANCE = {
    "format": "allocator-instance/1",
    "households": [
        {"id": "A", "order": 1, "preferences": ["p"]},
        {"id": "B", "order": 2, "preferences": ["p"]},
    ],
    "pools": [{"id": "p", "capacity": 1}],
}


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command of the tree with its words."""

    def below(group: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from below(command, (*words, name))
            else:
                yield (*words, name), command

    yield from below(typer.main.get_command(app), ())


def options_of(command: Any) -> set[str]:
    """Its options with their dashes."""
    return {name for param in command.params for name in param.opts if name.startswith("--")}


def test_help_is_light() -> None:
    """``--help`` imports none of the heavy libraries; on a command Typer itself needs pydantic, and no more."""
    script = (
        "import json, sys, cli\n"
        "for words in json.loads(sys.argv[1]):\n"
        "    assert cli.run([*words, '--help']) == 0\n"
        "    print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)\n"
    )
    everything = [[], *[list(words) for words, _ in commands()]]
    ended = subprocess.run(
        [sys.executable, "-c", script, json.dumps(everything)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    imported = [set(json.loads(line)) & HEAVY for line in ended.stderr.splitlines()]
    assert imported[0] == set()
    assert imported[-1] <= {"pydantic"}


def test_help_is_quick(tmp_path: Path) -> None:
    """``allocator --help`` takes at most 0.3 s of the processor (the least of five)."""
    taken = []
    for _ in range(5):
        before = os.times()
        assert spawned("--help", cwd=tmp_path).code == 0
        after = os.times()
        taken.append(sum(after[2:4]) - sum(before[2:4]))
    assert min(taken) <= 0.3


def test_both_ways_in_are_the_same(tmp_path: Path) -> None:
    """``python cli.py …`` and ``allocator …`` print the same and exit the same."""
    console = shutil.which("allocator", path=str(Path(sys.executable).parent))
    if console is None:
        pytest.skip("the console script is not installed")
    for words in (["--help"], ["round", "drw"], ["policy", "list", "--json"]):
        ours = spawned(*words, cwd=tmp_path)
        theirs = subprocess.run([console, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (ours.code, ours.out, ours.err) == (theirs.returncode, theirs.stdout, theirs.stderr)


CONTRACT = {
    "demo": {"--households", "--seed", "--out"},
    "data template": set(),
    "data generate": {"--households", "--seed", "--world"},
    "data check": {"--store", "--policy", "--on", "--synthetic-ids"},
    "data import": {"--store", "--policy", "--on", "--synthetic-ids", "--set-aside"},
    "policy list": set(),
    "policy show": {"--policy", "--on"},
    "policy check": {"--policy", "--on"},
    "policy diff": {"--on"},
    "policy try": {"--policy", "--on", "--dwelling", "--synthetic-ids"},
    **{
        f"round {stage}": {"--store", "--policy", "--on"}
        for stage in ("open", "screen", "allocate", "offer", "answer", "sign", "export", "close")
    },
    "round publish": {"--store", "--policy", "--on", "--what", "--source", "--moment"},
    "round draw": {"--store", "--policy", "--on", "--public-value", "--source"},
    "round run": {"--store", "--policy", "--on", "--public-value", "--source", "--answers"},
    "round status": {"--store"},
    "round explain": {"--store"},
    "round compare": {"--store"},
    "verify": {"--commitment", "--public-value", "--previous"},
    "solve": {"--mechanism", "--out", "--housing-first", "--housed", "--seed"},
    "certify": set(),
    "tenancy list": {"--store"},
    "tenancy ledger": {"--store"},
    "registry export": {"--store", "--on", "--out", "--rehearsal"},
    "registry receive": {"--store", "--on"},
    "registry check": set(),
    "report round": {"--store"},
    "scenario list": set(),
    **{
        f"scenario {verb}": {
            "--policy",
            "--on",
            "--out",
            "--workers",
            "--scheduler",
            "--seed",
            "--replications",
        }
        for verb in ("run", "compare")
    },
}
WRITING = {
    "demo", "data template", "data generate", "data import", "solve", "registry export", "registry receive", "report round",
    "scenario run", "scenario compare",
    *(name for name in CONTRACT if name.startswith("round ") and name not in {"round status", "round explain"}),
}  # fmt: skip
LONG = {"demo", "data generate", "data check", "data import", "scenario run", "scenario compare"} | {
    name for name in WRITING if name.startswith("round ")
}


def test_the_commands_of_the_contract_are_there_and_no_others() -> None:
    """Each command with the options promised; none that is not built yet stands as an empty door."""
    found = {" ".join(words): options_of(command) for words, command in commands()}
    assert set(CONTRACT) - set(found) == set()
    assert {name: options - found[name] for name, options in CONTRACT.items() if options - found[name]} == {}
    everywhere = {"--lang", "--json"}
    assert [name for name, options in found.items() if not everywhere <= options] == []
    assert {name for name in CONTRACT if "--dry-run" in found[name]} == WRITING
    assert [name for name in sorted(LONG) if "--no-progress" not in found[name]] == []


def test_every_command_and_option_is_helped_in_both_languages() -> None:
    """Each help text has Chinese and English in it."""
    chinese, english = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]{2}")
    bare = []
    for words, command in commands():
        texts = {"": command.help or ""} | {
            param.opts[-1]: getattr(param, "help", None) or ""
            for param in command.params
            if param.name != "help"
        }
        bare += [
            (words, name)
            for name, text in texts.items()
            if not (chinese.search(text) and english.search(text))
        ]
    assert bare == []


TINY_CITY = [
    "--households",
    "40",
    "--waiting",
    "20",
    "--months",
    "2",
    "--warm-up",
    "1",
    "--replications",
    "1",
]


def whole_round(folder: Path) -> list[list[str]]:
    """Every command once, in an order in which each succeeds."""
    stages: list[list[str]] = [
        ["open"], ["screen"], ["publish", "--what", "roster"], ["draw"], ["publish", "--what", "order"], ["allocate"],
        ["publish", "--what", "result"], ["offer"], ["answer", "random:1"], ["sign"], ["export"], ["close"],
    ]  # fmt: skip
    (folder / "instance.json").write_text(json.dumps(INSTANCE), encoding="utf-8")
    first = stages[0]
    return [
        ["data", "template", "empty"],
        ["data", "generate", "files", "--households", "60", "--seed", "3"],
        ["data", "check", str(SAMPLE), "--policy", "example"],
        ["data", "import", str(SAMPLE), "--policy", "example"],
        ["policy", "list"],
        ["policy", "show", "example"],
        ["policy", "check", "example", "--on", "2026-03-01"],
        ["policy", "diff", "example", "example"],
        ["policy", "try", str(SAMPLE), "--policy", "example", "--on", "2026-03-01"],
        *(["round", stage[0], MONTH, *stage[1:]] for stage in (first, *stages[1:])),
        ["round", "status", MONTH],
        ["report", "round", MONTH],
        ["tenancy", "list", MONTH],
        ["tenancy", "ledger", MONTH],
        ["registry", "export", MONTH, "--out", "filed", "--rehearsal"],
        ["verify", "out/2026-03/bundle"],
        ["solve", "instance.json", "--mechanism", "serial", "--out", "solution.json"],
        ["certify", "instance.json", "solution.json"],
        ["scenario", "list"],
        *(["scenario", verb, "empty", *TINY_CITY] for verb in ("run", "compare")),
        ["demo", "--households", "60", "--out", "show"],
    ]


def test_a_whole_round_by_json(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``--json`` stdout is one JSON document; stderr names the next command; a dry run before writes nothing."""
    monkeypatch.chdir(tmp_path)
    writing = {tuple(name.split()) for name in WRITING}
    for words in whole_round(tmp_path):
        if tuple(words[:2]) in writing or (words[0],) in writing:
            before = content_of(tmp_path)
            dry = run(*words, "--dry-run", "--json")
            assert (dry.code, content_of(tmp_path)) == (0, before), (words, dry)
            json.loads(dry.out)
        ended = run(*words, "--json")
        assert ended.code == 0, (words, ended)
        json.loads(ended.out)
        assert "下一步：" in ended.sentences[-1], (words, ended.err)
        assert shlex.split(ended.sentences[-1].partition("：")[2])[0] in {"allocator", "python3"}


def next_of(ended: Ended) -> list[str]:
    """The command named at the end, as the shell would split it."""
    words = shlex.split(re.split("Next: |下一步：", ended.sentences[-1])[-1])
    assert words[0] == "allocator", words
    return words[1:]


FILL_IN = {"FILE": "accept-all", "VALUE": "ab" * 32, "HEX": "", "DATE": "2026-03-01"}


@pytest.mark.parametrize(
    ("policy", "on"),
    [
        ("example", "2026-03-28"),
        pytest.param("beijing", None, marks=pytest.mark.slow),
        pytest.param("example", None, marks=pytest.mark.slow),
        pytest.param("beijing", "2026-03-28", marks=pytest.mark.slow),
    ],
)
def test_the_next_command_can_be_pasted(
    policy: str, on: str | None, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an import to the closed month by pasting what was named last, in a folder and store of its own, in English."""
    monkeypatch.chdir(tmp_path)
    place = ("--store", f"sqlite:///{tmp_path / 'the store.db'}", "--lang", "en")
    ended = run("data", "import", SAMPLE, "--policy", policy, "--synthetic-ids", *place)
    assert next_of(ended)[:3] == ["round", "open", MONTH]
    out = ("--out", "the folder", *(("--on", on) if on else ()))
    ended = run(*next_of(ended), *out)
    stages = ["open"]
    while (words := next_of(ended))[0] == "round":
        ended = run(*[FILL_IN.get(word, word) for word in words])
        assert ended.code == 0, (words, ended)
        assert ended.err.isascii()
        stages.append(words[1])
    assert stages == [
        *(
            "open",
            "screen",
            "publish",
            "draw",
            "publish",
            "allocate",
            "publish",
            "offer",
            "answer",
            "sign",
            "export",
        ),
        "close",
    ]
    assert words[:2] == ["verify", f"the folder/{MONTH}/bundle"]
    assert run(*words).code == 0


def test_a_dry_run_names_itself_in_earnest(run: Run, desk: Path) -> None:
    """After ``--dry-run`` the next command is the same without it, with all it was given."""
    for words in (["open"], ["screen"]):
        assert run("round", *words, MONTH).code == 0
    moment = "2026-03-12T09:00:00+08:00"
    dry = run("round", "publish", MONTH, "--what", "roster", "--moment", moment, "--dry-run")
    words = next_of(dry)
    assert words == ["round", "publish", MONTH, "--what", "roster", "--moment", moment]
    assert run(*words).code == 0
    assert json.loads((desk / "out/2026-03/bundle/commitment.json").read_bytes())["draw"]["moment"] == moment


def test_what_was_done_is_told_before_a_refusal(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``round run`` that must wait for the public value has told of the stages before, and exits 3."""
    monkeypatch.chdir(tmp_path)
    assert run("data", "generate", "files", "--households", "200", "--seed", "3").code == 0
    assert run("data", "import", "files", "--policy", "beijing", "--synthetic-ids").code == 0
    ended = run("round", "run", MONTH, "--lang", "en")
    assert ended.code == 3
    assert ended.out.startswith("The round of 2026-03 is open")
    assert len(ended.sentences) == 1
    assert "--public-value" in ended.err


def test_a_demo_ends_with_what_to_look_at(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page, bundle, verifier and an explanation stand at the end of the demo, and each of them works."""
    monkeypatch.chdir(tmp_path)
    ended = run("demo", "--households", "60", "--lang", "en")
    assert ended.code == 0
    shown = dict(re.split(r"  +", line.strip(), maxsplit=1) for line in ended.out.splitlines()[-5:])
    assert (tmp_path / shown["look at it"]).is_file()
    assert (tmp_path / shown["what is published"] / "manifest.json").is_file()
    verifier = shlex.split(shown["check it yourself"])
    assert subprocess.run([sys.executable, *verifier[1:]], capture_output=True, check=False).returncode == 0
    assert run(*shlex.split(shown["one household's why"])[1:]).code == 0
    assert run(*next_of(ended)).code == 0


def test_progress_is_for_terminals_only(tmp_path: Path) -> None:
    """Into a pipe nothing but messages; on a terminal a spinner, and none with ``--no-progress``."""
    import pty

    words = ["data", "generate", "files", "--households", "200", "--seed", "1", "--dry-run"]
    piped = spawned(*words, cwd=tmp_path)
    assert "\x1b" not in piped.err + piped.out
    for extra, is_shown in (([], True), (["--no-progress"], False)):
        ours, theirs = pty.openpty()
        running = subprocess.Popen(
            [sys.executable, str(ROOT / "cli.py"), *words, *extra],
            cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=theirs, env={**os.environ, "TERM": "xterm"},
        )  # fmt: skip
        os.close(theirs)
        said = b""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                chunk = os.read(ours, 4096)
            except OSError:
                break
            if not chunk:
                break
            said += chunk
        os.close(ours)
        assert running.wait() == 0
        assert (b"\x1b[?25l" in said) is is_shown
