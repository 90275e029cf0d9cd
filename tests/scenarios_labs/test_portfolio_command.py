"""``allocator scenario portfolio``: refused before anything runs, or answered beside the expected result."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from allocator.policy.faults import Faults
from scenarios import portfolio_check as check
from scenarios.portfolio import checked
from scenarios.portfolio_check import Prices, Started
from scenarios.portfolio_files import LIBRARY, Portfolio, shipped
from tests.commands.conftest import Ended

Run = Callable[..., Ended]
MIX = (LIBRARY / "six_modes.toml").read_text(encoding="utf-8")
PRICED = (LIBRARY / "from_prices.toml").read_text(encoding="utf-8")
SOLUTION = LIBRARY / "from_prices.solution.json"

BAD = {
    "share above one": ("partner_share = 0.6", "partner_share = 1.6", "modes.1.partner_share", "<= 1"),
    "negative lead": ("lead = 4", "lead = -1", "modes.3.lead", ">= 0"),
    "shares beyond the whole": ("partner_share = 0.6", "partner_share = 0.8", "modes.1", "at most 1"),
    "unknown mode": ('"large_estate"', '"castle"', "modes.5.mode", "government_invested"),
    "unknown key": ("budget_fen", "budgets_fen", "limits.budgets_fen", "no such key"),
    "missing key": (
        "renewal_fen = 11250000\nstarts_at_most = 3\n",
        "renewal_fen = 11250000\n",
        "modes.2.starts_at_most",
        "missing",
    ),
    "course too short": (
        "grant_fen = 3000000000",
        "grant_fen = [1, 2]",
        "limits.grant_fen",
        "2 values for 10",
    ),
    "course of no sense": ("step = 100000000", "step = 1e99999999", "limits.service_fen", "step"),
    "two sites of one name": ('name = "north"', 'name = "east"', "sites.1", "second time"),
    "demand for no site": ("west = { start = 380", "south = { start = 380", "demand.0.dwellings", "south"),
    "renewal of what never ends": ("lease = 4\n", "", "modes.2", "renew"),
    "nothing is worth anything": ("worth = ", "worth = 0 # ", "sites", "above 0"),
    "loan without a term": ("loan_periods = 30", "loan_periods = 0", "modes.0", "loan_periods"),
    "tail of nothing": ('tail = "1/4"', "tail = 0", "-", "risk.tail"),
    "pools without prices": ("worth = 3", "pools = { p1 = 1 }", "-", "[prices]"),
    "no TOML": ("[run]", "[run", "-", "TOML"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_its_key_before_anything_runs(case: str, run: Run, tmp_path: Path) -> None:
    """Exit 3 with file, key and cure; nothing is written."""
    before, after, key, cure = BAD[case]
    assert before in MIX
    file = tmp_path / "mine.toml"
    file.write_text(MIX.replace(before, after), encoding="utf-8")
    ended = run("scenario", "portfolio", file, "--lang", "en", "--out", tmp_path / "out")
    assert ended.code == 3
    assert f"mine.toml: {key}" in ended.err
    assert cure in ended.err
    assert not (tmp_path / "out").exists()


def test_several_faults_are_told_at_once(run: Run, tmp_path: Path) -> None:
    """All of them, each with its key."""
    file = tmp_path / "mine.toml"
    file.write_text(MIX.replace("partner_share = 0.6", "partner_share = 7").replace("gap =", "gape ="))
    ended = run("scenario", "portfolio", file, "--lang", "en")
    assert ended.code == 3
    assert all(key in ended.err for key in ("modes.1.partner_share", "run.gape"))


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_file_gives_its_expected_result(name: str, run: Run, tmp_path: Path) -> None:
    """To the byte."""
    ended = run("scenario", "portfolio", name, "--lang", "en", "--out", tmp_path)
    assert ended.code == 0, ended.err
    assert (tmp_path / "measures.csv").read_bytes() == (LIBRARY / f"{name}.expect.csv").read_bytes()
    assert ended.sentences[-1].startswith("Next: allocator scenario")


def test_another_result_is_shown_and_can_be_accepted(run: Run, tmp_path: Path) -> None:
    """Exit 1 with the new file and the command; after ``--accept`` the same run is as expected."""
    file, out = _priced(tmp_path), tmp_path / "out"
    words = ("scenario", "portfolio", file, "--lang", "en", "--out", out)
    assert run(*words).code == 0  # nothing is expected yet
    expected = tmp_path / "mine.expect.csv"
    expected.write_text("measure,value\n", encoding="utf-8")
    differs = run(*words)
    assert differs.code == 1
    assert "--accept" in differs.sentences[-1]
    assert run(*words, "--accept").code == 0
    assert run(*words).code == 0
    assert expected.read_bytes() == (out / "measures.csv").read_bytes()


def test_every_published_figure_can_be_counted_again(run: Run, tmp_path: Path) -> None:
    """From ``starts.csv`` and the file: limits, shortage, cost, payers; from ``proof.json``: the bound."""
    file = _priced(tmp_path)
    file.write_text(
        file.read_text(encoding="utf-8").replace('tail = "1/2"', 'tail = "1/2"\nweight = "1/4"'), "utf-8"
    )
    document = json.loads(run("scenario", "portfolio", file, "--out", tmp_path, "--json").out)
    question = checked(file, Faults())
    assert question is not None
    asked, worth = question.asked, question.worth
    started = _started(asked, tmp_path / "starts.csv")
    told = check.ledger(asked, started)
    assert check.breaches(asked, started, told) == []
    weighted = check.weighted(check.lacking(asked, told), worth)
    assert document["weighted_shortage"]["cases"] == weighted
    assert Fraction(document["aim"]) == check.aim(asked, weighted)
    assert document["public_cost_fen"] == check.public_cost(told)
    assert document["payers"]["rent_fen"] == sum(told.flows["rent_fen"])
    periods = pd.read_csv(tmp_path / "periods.csv")
    assert periods["treasury_fen"].tolist() == told.flows["treasury_fen"]
    proof = json.loads((tmp_path / "proof.json").read_text(encoding="utf-8"))
    assert Fraction(proof["bound"]) == check.proved(asked, worth, _prices(asked, proof["prices"]))
    assert Fraction(proof["bound"]) <= Fraction(document["aim"])


def test_json_stands_alone_on_stdout(run: Run, tmp_path: Path) -> None:
    """One JSON document and nothing else, with the tables of the folder."""
    ended = run("scenario", "portfolio", _priced(tmp_path), "--json", "--out", tmp_path / "out")
    document = json.loads(ended.out)
    assert document["starts"] == pd.read_csv(tmp_path / "out" / "starts.csv").to_dict("records")
    assert document["status"] == "OPTIMAL"


@pytest.mark.parametrize(("lang", "words"), [("zh", "承租人"), ("en", "tenants")])
def test_both_languages_are_spoken(lang: str, words: str, run: Run, tmp_path: Path) -> None:
    """Payers, modes and the proof in the language asked; a page in each, with three charts and nothing loaded."""
    ended = run("scenario", "portfolio", _priced(tmp_path), "--lang", lang, "--out", tmp_path / "out")
    assert ended.code == 0
    assert words in ended.out
    text = (tmp_path / "out" / f"portfolio-{lang}.html").read_text(encoding="utf-8")
    assert text.count('class="chart" id="chart-') == 3
    assert words in text
    assert "<script src" not in text
    assert "<link" not in text


def test_a_plan_that_starts_nothing_has_a_page_too(run: Run, tmp_path: Path) -> None:
    """Without money there is no chart of starts, and the rest stands."""
    file = _priced(tmp_path)
    file.write_text(PRICED.replace("budget_fen = 1200000000", "budget_fen = 0"), encoding="utf-8")
    ended = run("scenario", "portfolio", file, "--lang", "en", "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    text = (tmp_path / "out" / "portfolio-en.html").read_text(encoding="utf-8")
    assert text.count('class="chart" id="chart-') == 2


def test_a_dry_run_checks_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    """The file and its allocation are read, nothing is planned."""
    ended = run(
        "scenario", "portfolio", "from_prices", "--out", tmp_path / "out", "--dry-run", "--lang", "en"
    )
    assert ended.code == 0
    assert "sound" in ended.out
    assert not (tmp_path / "out").exists()


def _priced(folder: Path) -> Path:
    """The shipped priced example, six periods of it, in a folder of its own."""
    shutil.copy(SOLUTION, folder / SOLUTION.name)
    file = folder / "mine.toml"
    file.write_text(PRICED.replace("periods = 12", "periods = 6"), encoding="utf-8")
    return file


def _started(asked: Portfolio, place: Path) -> list[Started]:
    modes = {mode.mode.value: mode.mode for mode in asked.modes}
    return [
        Started(modes[row["mode"]], bool(row["is_renewal"]), row["site"], row["period"], row["starts"])
        for row in pd.read_csv(place).to_dict("records")
    ]


def _prices(asked: Portfolio, tables: dict[str, dict[str, int]]) -> Prices:
    modes = {mode.mode.value: mode.mode for mode in asked.modes}

    def split(name: str) -> list[tuple[list[str], int]]:
        return [(key.split("|"), value) for key, value in tables[name].items()]

    return Prices(
        **{
            name: {int(key): value for (key,), value in split(name)}
            for name in ("budget", "service", "grant")
        },
        land={key: value for (key,), value in split("land")},
        site={(site, int(period)): value for (site, period), value in split("site")},
        renewals={
            (modes[mode], site, int(period)): value for (mode, site, period), value in split("renewals")
        },
        met={(case, site, int(period)): value for (case, site, period), value in split("met")},
        tail={key: value for (key,), value in split("tail")},
    )
