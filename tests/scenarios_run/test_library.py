"""Each shipped scenario lies beside its expected result; another one says where it is and how to accept it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from scenarios.reading import LIBRARY, shipped
from tests.commands.conftest import Ended

Run = Callable[..., Ended]
QUICK = "[run]\nmonths = 2\nwarm_up_months = 1\nhouseholds = 60\nwaiting = 40\nreplications = 1\n"


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped())
def test_a_shipped_scenario_gives_its_expected_result(name: str, run: Run, tmp_path: Path) -> None:
    """To the byte, against the baseline."""
    ended = run("scenario", "compare", name, "--out", str(tmp_path / "out"), "--lang", "en")
    assert ended.code == 0, ended.err


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_scenario_has_an_expected_result(name: str) -> None:
    """It lies beside the file; the empty one's differences are exactly nothing, every other's are something."""
    table = pd.read_csv(LIBRARY / f"{name}.expect.csv", dtype={"group": "str"})
    assert set(table["scenario"]) == {name}
    assert len(table) > 300
    differences = table[["difference", "low", "high"]].fillna(0.0)
    assert (differences == 0).all(axis=None) == (name == "empty")
    assert table["value"].equals(table["baseline"]) == (name == "empty")


def test_another_result_is_shown_and_can_be_accepted(run: Run, tmp_path: Path) -> None:
    """Exit 1 with the new file and the command; after ``--accept`` the same comparison is as expected."""
    file = tmp_path / "mine.toml"
    file.write_text(
        f'format = "allocator-scenario/1"\n{QUICK}[[relief]]\nper_mille = 100\n', encoding="utf-8"
    )
    words = ("scenario", "compare", str(file), "--out", str(tmp_path / "out"), "--lang", "en")
    expected = tmp_path / "mine.expect.csv"
    assert run(*words).code == 0  # nothing is expected yet
    expected.write_text("scenario\n", encoding="utf-8")
    differs = run(*words)
    new = tmp_path / "out" / "mine.expect.new.csv"
    assert differs.code == 1
    assert str(new) in differs.err.replace("\n", "")
    assert "--accept" in differs.sentences[-1]
    assert expected.read_text(encoding="utf-8") == "scenario\n"
    assert run(*words, "--accept").code == 0
    assert expected.read_bytes() == new.read_bytes()
    assert run(*words).code == 0


def test_other_settings_are_not_held_against_the_expected_result(run: Run, tmp_path: Path) -> None:
    """A run of another size is no failed comparison."""
    file = tmp_path / "mine.toml"
    file.write_text(f'format = "allocator-scenario/1"\n{QUICK}', encoding="utf-8")
    (tmp_path / "mine.expect.csv").write_text("scenario\n", encoding="utf-8")
    assert run("scenario", "compare", str(file), "--months", "3", "--out", str(tmp_path / "out")).code == 0


def test_differing_runs_are_refused_before_anything_runs(run: Run, tmp_path: Path) -> None:
    """Two files of another seed: exit 3, no folder."""
    files = []
    for seed in (1, 2):
        file = tmp_path / f"of{seed}.toml"
        file.write_text(f'format = "allocator-scenario/1"\n{QUICK}seed = {seed}\n', encoding="utf-8")
        files.append(str(file))
    ended = run("scenario", "compare", *files, "--out", str(tmp_path / "out"), "--lang", "en")
    assert ended.code == 3
    assert "--seed" in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("names", [("baseline",), ("mine", "mine")])
def test_names_that_cannot_be_told_apart_are_refused(
    names: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    """Two scenarios of one name, or one named like the baseline, would share a folder: exit 3, none is made."""
    files = []
    for number, name in enumerate(names):
        file = tmp_path / f"{number}.toml"
        file.write_text(f'name = "{name}"\n{QUICK}', encoding="utf-8")
        files.append(str(file))
    ended = run("scenario", "compare", *files, "--out", str(tmp_path / "out"), "--lang", "en")
    assert (ended.code, names[0] in ended.err) == (3, True)
    assert not (tmp_path / "out").exists()


def test_stacks_are_named_with_their_order(run: Run, tmp_path: Path) -> None:
    """``run a b`` and ``compare a+b`` are the same scenario; the order is said."""
    small = (
        "--households",
        "60",
        "--waiting",
        "40",
        "--months",
        "2",
        "--warm-up",
        "1",
        "--replications",
        "1",
    )
    out = tmp_path / "out"
    ended = run("scenario", "run", "rent_relief", "subsidy_up", *small, "--out", str(out), "--lang", "en")
    assert ended.code == 0, ended.err
    assert "rent_relief → subsidy_up" in ended.err
    compared = run("scenario", "compare", "rent_relief+subsidy_up", *small, "--out", str(out), "--lang", "en")
    assert compared.code == 0, compared.err
    assert sorted(place.name for place in out.iterdir() if place.is_dir()) == [
        "baseline",
        "rent_relief+subsidy_up",
    ]
    shutil.rmtree(out)


def test_faults_are_told_with_file_and_key(run: Run, tmp_path: Path) -> None:
    """Several faults at once, exit 3, nothing written."""
    file = tmp_path / "bad.toml"
    file.write_text("[run]\nmonths = -1\n[behaviour]\nrefuse_far = 1.5\n", encoding="utf-8")
    ended = run("scenario", "run", str(file), "--out", str(tmp_path / "out"), "--lang", "en")
    assert ended.code == 3
    assert "bad.toml: run.months" in ended.err
    assert "bad.toml: behaviour.refuse_far" in ended.err
    assert not (tmp_path / "out").exists()
