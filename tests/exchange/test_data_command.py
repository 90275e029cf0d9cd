"""``allocator data``: what is printed, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from allocator.commands.data import group
from allocator.errors import Refused, WrongUsage
from allocator.model.columns import TABLES

from .deliveries import SAMPLE, SOUND, replace_in, sound_copy


def run(*words: object) -> Any:
    """Run ``allocator data`` with these words."""
    return CliRunner().invoke(group, [str(word) for word in words])


def test_the_json_of_a_check_has_exactly_the_fields_of_the_contract(tmp_path: Path) -> None:
    """problems and rows; each problem with its seven fields; exit 1 for errors."""
    folder = sound_copy(tmp_path)
    replace_in(folder / "households.csv", "52000", "-52000")
    result = run("check", folder, "--json", "--synthetic-ids", "--lang", "en")
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert document["problems"] == [
        {
            "code": "number_negative",
            "file": "households.csv",
            "row": 3,
            "column": "income_per_year",
            "value": "-52000",
            "severity": "error",
            "message": "households.csv, row 3, column income_per_year: '-52000' is negative, "
            "which it cannot be here. Check it.",
        }
    ]
    assert document["rows"]["households.csv"] == 3


def test_warnings_alone_exit_zero(tmp_path: Path) -> None:
    """A warning is told, and the next command named."""
    folder = sound_copy(tmp_path)
    replace_in(folder / "households.csv", "52000", "５２０００")
    result = run("check", folder, "--synthetic-ids", "--lang", "en")
    assert result.exit_code == 0
    assert "[warning] households.csv, row 3, column income_per_year" in result.stdout
    assert "allocator data import" in result.stderr


def test_what_is_too_long_to_read_is_cut_and_said(tmp_path: Path) -> None:
    """Two hundred lines, then how many more there are; --json has all of them."""
    result = run("check", SAMPLE)
    assert result.exit_code == 1
    assert sum(line.startswith("  [错误]") for line in result.stdout.splitlines()) == 200
    assert "另有 789 条未显示" in result.stdout
    assert len(json.loads(run("check", SAMPLE, "--json").stdout)["problems"]) == 989


def test_nothing_to_read_is_wrong_usage(tmp_path: Path) -> None:
    """A folder that is not there: exit 2 at the gate."""
    assert isinstance(run("check", tmp_path / "nowhere").exception, WrongUsage)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_template_is_a_clean_delivery_of_an_example(language: str, tmp_path: Path) -> None:
    """Six files with all headers in both languages and one example row pass the check as synthetic."""
    folder = tmp_path / "new"
    assert run("template", folder, "--lang", language).exit_code == 0
    result = run("check", folder, "--json", "--synthetic-ids")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["problems"] == []
    assert list(json.loads(result.stdout)["rows"].values()) == [1] * 6
    for table in TABLES:
        name = table.name if language == "en" else table.name_zh
        header = (folder / f"{name}.csv").read_text(encoding="utf-8-sig").splitlines()[0]
        assert header == ",".join(f"{column.header_zh} {column.name}" for column in table.columns)


@pytest.mark.parametrize("words", [["template"], ["generate", "--households", "5", "--seed", "1"]])
def test_nothing_is_written_over_a_delivery(words: list[str], tmp_path: Path) -> None:
    """Where a file of any table stands, template and generate refuse and leave everything."""
    (tmp_path / "申请家庭.xlsx").write_text("mine")
    result = run(words[0], tmp_path, *words[1:])
    assert isinstance(result.exception, Refused)
    assert [path.name for path in tmp_path.iterdir()] == ["申请家庭.xlsx"]


def test_a_generated_city_checks_and_imports(tmp_path: Path) -> None:
    """generate, check and import follow each other without a fault; the second import changes nothing."""
    folder, store = tmp_path / "city", f"sqlite:///{tmp_path}/city.db"
    assert run("generate", folder, "--households", 60, "--seed", 3).exit_code == 0
    assert run("check", folder, "--policy", "example").exit_code == 0
    first = json.loads(run("import", folder, "--store", store, "--policy", "example", "--json").stdout)
    again = json.loads(run("import", folder, "--store", store, "--json").stdout)
    assert (first["imported"], first["counts"]["households"]["inserted"]) == (True, 60)
    assert {counts["inserted"] + counts["updated"] for counts in again["counts"].values()} == {0}


def test_an_import_with_faults_exits_one_and_says_nothing_was_written(tmp_path: Path) -> None:
    """Refused as a whole, and told so."""
    folder = sound_copy(tmp_path / "in")
    replace_in(folder / "households.csv", "52000", "-52000")
    store = f"sqlite:///{tmp_path}/city.db"
    result = run("import", folder, "--store", store, "--synthetic-ids", "--lang", "en")
    assert (result.exit_code, (tmp_path / "city.db").exists()) == (1, False)
    assert "Nothing was written" in result.stdout


def test_setting_aside_lets_the_month_go_on(tmp_path: Path) -> None:
    """With --set-aside the sound ones are in, exit 0, and the workbook is named."""
    folder, aside = sound_copy(tmp_path / "in"), tmp_path / "aside.xlsx"
    replace_in(folder / "households.csv", "52000", "-52000")
    store = f"sqlite:///{tmp_path}/city.db"
    words = ("import", folder, "--store", store, "--synthetic-ids", "--set-aside", aside, "--lang", "en")
    result = run(*words)
    assert result.exit_code == 0
    assert f"1 households with errors were set aside whole in {aside}" in result.stdout
    assert aside.exists()


def test_square_brackets_in_cells_are_no_markup(tmp_path: Path) -> None:
    """A cell may hold what a terminal library would take for a command."""
    folder = sound_copy(tmp_path)
    replace_in(folder / "households.csv", "local", "[bold]local[/x]")
    assert "[bold]local[/x]" in run("check", folder, "--synthetic-ids", "--lang", "en").stdout


def test_the_sound_delivery_needs_leave(tmp_path: Path) -> None:
    """Synthetic people are refused without a policy or the flag: exit 1."""
    assert run("check", SOUND).exit_code == 1
    assert run("check", SOUND, "--synthetic-ids").exit_code == 0
