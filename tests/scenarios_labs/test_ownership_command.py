"""``allocator scenario own``: refused before anything runs, or answered beside the expected result."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from allocator.policy.faults import Faults
from scenarios.ownership import checked
from scenarios.ownership_files import LIBRARY, shipped
from tests.commands.conftest import Ended

Run = Callable[..., Ended]
PILOT = (LIBRARY / "estate_pilot.toml").read_text(encoding="utf-8")
LAW = ("--policy", "example", "--on", "2026-03-01", "--lang", "en")
SMALL = PILOT.replace("cohorts = 100", "cohorts = 3").replace("households = 100", "households = 20")

BAD = {
    "share above one": ("premium_share = 0.5", "premium_share = 1.5", "contract.premium_share", "<= 1"),
    "negative months": ("months = 180", "months = -1", "run.months", ">= 1"),
    "negative share": ("refund_share = 0.8", "refund_share = -0.1", "contract.refund_share", ">= 0"),
    "unknown key": ("exit_hazard", "exit_hazzard", "tenant.exit_hazzard", "no such key"),
    "missing key": ("credit_cap = 0.2\n", "", "contract.credit_cap", "missing"),
    "unknown rule": ('rule = "cost"', 'rule = "gift"', "price", "gift"),
    "key of the other rule": ("cost_per_m2_fen", "market_share", "price.market_share", "no such key"),
    "shares of the stairs": (
        "share = 0.5\n\n[mortgage]",
        "share = 0.6\n\n[mortgage]",
        "contract",
        "at most 1",
    ),
    "step beyond the run": ("month = 120", "month = 200", "-", "within run.months"),
    "huge exponent": ("shock = 0.04", "shock = 1e999999999", "tenant.shock", "3/10"),
    "no number": ("shock = 0.04", "shock = nan", "tenant.shock", "3/10"),
    "beyond money": ("monthly_appreciation = 0.002", "monthly_appreciation = 0.1", "dwelling", "smaller"),
    "no such parameter": ("large_estate.sale_option", "large_estate.sale", "policy.0.path", "sale_option"),
    "sale barred": ("value = true", "value = false", "supply_mode", "bars the sale"),
    "no TOML": ("[run]", "[run", "-", "TOML"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_its_key_before_anything_runs(case: str, run: Run, tmp_path: Path) -> None:
    """Exit 3 with file, key and cure; nothing is written."""
    before, after, key, cure = BAD[case]
    assert before in PILOT
    file = tmp_path / "mine.toml"
    file.write_text(PILOT.replace(before, after, 1), encoding="utf-8")
    ended = run("scenario", "own", file, *LAW, "--out", tmp_path / "out")
    assert ended.code == 3
    assert f"mine.toml: {key}" in ended.err
    assert cure in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("mode", ["enterprise_built", "leased"])
def test_no_overlay_gives_a_title_where_none_can_be_given(mode: str, run: Run, tmp_path: Path) -> None:
    """Though the switch be set, dwellings of these two modes are never sold."""
    file = tmp_path / "mine.toml"
    file.write_text(PILOT.replace("large_estate", mode), encoding="utf-8")
    ended = run("scenario", "own", file, *LAW, "--out", tmp_path / "out")
    assert ended.code == 3
    assert "no title" in ended.err


def test_several_faults_are_told_at_once(run: Run, tmp_path: Path) -> None:
    """All of them, each with its key."""
    file = tmp_path / "mine.toml"
    file.write_text(PILOT.replace("credit_cap = 0.2", "credit_cap = 2").replace("seed = 1", "sed = 1"))
    ended = run("scenario", "own", file, *LAW)
    assert ended.code == 3
    assert all(key in ended.err for key in ("contract.credit_cap", "run.sed", "run.seed"))


@pytest.mark.parametrize("left_out", ["--policy", "--on"])
def test_the_law_and_the_day_must_be_named(left_out: str, run: Run) -> None:
    """Wrong usage (2) without either."""
    at = LAW.index(left_out)
    ended = run("scenario", "own", "estate_pilot", *LAW[:at], *LAW[at + 2 :])
    assert ended.code == 2
    assert left_out in ended.err


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_file_gives_its_expected_result(name: str, run: Run, tmp_path: Path) -> None:
    """To the byte."""
    ended = run("scenario", "own", name, *LAW, "--out", tmp_path)
    assert ended.code == 0, ended.err
    assert (tmp_path / "measures.csv").read_bytes() == (LIBRARY / f"{name}.expect.csv").read_bytes()
    assert ended.sentences[-1].startswith("Next: allocator scenario")


def test_another_result_is_shown_and_can_be_accepted(run: Run, tmp_path: Path) -> None:
    """Exit 1 with the new file and the command; after ``--accept`` the same run is as expected."""
    file, out = tmp_path / "mine.toml", tmp_path / "out"
    file.write_text(SMALL, encoding="utf-8")
    words = ("scenario", "own", file, *LAW, "--out", out)
    assert run(*words).code == 0  # nothing is expected yet
    expected = tmp_path / "mine.expect.csv"
    expected.write_text("measure,value\npolicy,example\non,2026-03-01\n", encoding="utf-8")
    differs = run(*words)
    assert differs.code == 1
    assert "--accept" in differs.sentences[-1]
    assert run(*words, "--accept").code == 0
    assert run(*words).code == 0
    assert expected.read_bytes() == (out / "measures.csv").read_bytes()


def test_the_tables_and_the_json_agree(run: Run, tmp_path: Path) -> None:
    """``--json`` gives the document and both tables that stand in the folder."""
    file, out = tmp_path / "mine.toml", tmp_path / "out"
    file.write_text(SMALL, encoding="utf-8")
    document = json.loads(run("scenario", "own", file, *LAW, "--out", out, "--json").out)
    flows, deciles = pd.read_csv(out / "flows.csv"), pd.read_csv(out / "deciles.csv")
    assert document["flows"] == flows.to_dict("records")
    assert document["deciles"] == deciles.to_dict("records")
    assert flows["month"].tolist() == list(range(181))
    stored = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert stored == {name: document[name] for name in stored}


@pytest.mark.parametrize(("lang", "word"), [("zh", "财政"), ("en", "treasury")])
def test_both_languages_are_spoken(lang: str, word: str, run: Run, tmp_path: Path) -> None:
    """The table of present values in the language asked."""
    file = tmp_path / "mine.toml"
    file.write_text(SMALL, encoding="utf-8")
    ended = run("scenario", "own", file, *LAW[:-1], lang, "--out", tmp_path / "out")
    assert ended.code == 0
    assert word in ended.out


def test_a_dry_run_checks_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    """The law is asked, nothing is simulated."""
    ended = run("scenario", "own", "estate_pilot", *LAW, "--out", tmp_path / "out", "--dry-run")
    assert ended.code == 0
    assert "may be sold" in ended.out
    assert not (tmp_path / "out").exists()


def test_fractions_are_read_as_they_are_spelled(tmp_path: Path) -> None:
    """``0.5`` and ``"1/2"`` are the same number, and no binary float."""
    file = tmp_path / "mine.toml"
    file.write_text(PILOT.replace("premium_share = 0.5", 'premium_share = "1/2"'), encoding="utf-8")
    faults = Faults()
    mine = checked(file, "example", date(2026, 3, 1), faults)
    shipped_one = checked(LIBRARY / "estate_pilot.toml", "example", date(2026, 3, 1), faults)
    assert mine is not None
    assert mine == shipped_one
    assert mine.run.monthly_rate.denominator == 1000
