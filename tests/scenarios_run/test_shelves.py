"""``scenario list`` shows every shipped file by kind, with a command that runs it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable

import pytest

from scenarios.reading import LIBRARY
from scenarios.shelves import KINDS, Shipped, shelves
from tests.commands.conftest import Ended

Run = Callable[..., Ended]


def test_every_file_of_the_library_is_listed() -> None:
    """Each TOML file below the library stands on exactly one shelf, titled in both languages."""
    found = list(shelves())
    assert sorted(one.name for one in found) == sorted(place.stem for place in LIBRARY.rglob("*.toml"))
    assert [one.kind for one in found] == sorted((one.kind for one in found), key=KINDS.index)
    assert all(one.title_zh and one.title_en for one in found)


@pytest.mark.parametrize("one", list(shelves()), ids=lambda one: f"{one.kind}-{one.name}")
def test_the_command_named_would_run(one: Shipped, run: Run) -> None:
    """The words of every line are taken by the gate: checked, nothing run."""
    ended = run(*one.words, "--dry-run")
    assert ended.code == 0, ended.err


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_list_shows_kind_title_and_command(lang: str, run: Run) -> None:
    """A line for each file under its kind; the same in JSON, with the command as it is pasted."""
    told = json.loads(run("scenario", "list", "--json", "--lang", lang).out)["scenarios"]
    assert [(one["kind"], one["name"]) for one in told] == [(one.kind, one.name) for one in shelves()]
    lines = run("scenario", "list", "--lang", lang).out.splitlines()
    rows = [line.split("\t") for line in lines if line.startswith("  ")]
    assert rows == [[f"  {one['name']}", one[f"title_{lang}"], one["command"]] for one in told]
    assert len(lines) == len(rows) + len({one["kind"] for one in told})
    for one, shipped in zip(told, shelves(), strict=True):
        assert shlex.split(one["command"])[: 1 + len(shipped.words)] == ["allocator", *shipped.words]
