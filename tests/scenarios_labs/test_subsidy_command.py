"""``allocator scenario subsidy``: refused before anything runs, or answered beside the expected result."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from allocator.messages import LANGUAGES, texts
from scenarios import subsidy_lab_check as check
from scenarios.subsidy_lab import answered, table_of
from scenarios.subsidy_lab_files import LIBRARY, shipped
from scenarios.subsidy_lab_page import page_of
from scenarios.subsidy_plan import planned
from tests.commands.conftest import Ended
from tests.scenarios_labs.subsidy_worlds import CLIFFS, MARKET, SHIPPED, SMALL, TABLE, asked_of, told

Run = Callable[..., Ended]
EN = ("--lang", "en")
TIERS = "[0, 5000, 10000, 15000, 20000, 30000, 40000, 60000]"

BAD = {
    "share above one": (("threshold = 0.2", "threshold = 1.2"), "tiers.threshold", "<= 1"),
    "negative money": (("budget_fen = 4000000", "budget_fen = -1"), "tiers.budget_fen", ">= 0"),
    "unknown key": (("slope = 0.5", "slop = 0.5"), "tiers.slop", "no such key"),
    "missing key": (("threshold = 0.2\n", ""), "tiers.threshold", "missing"),
    "unknown aim": (('"count", "excess"', '"cuont"'), "tiers", "out of greatest, count, excess"),
    "an aim twice": (('"count", "excess"', '"count", "count"'), "tiers", "each once"),
    "greatest later": (('"count", "excess"', '"count", "greatest"'), "tiers", "stands first"),
    "no take-up": (("slope = 0.5", "take_up = 0"), "tiers", "take_up above 0"),
    "estimate out of order": (
        ("[0.4, 0.6, 0.9]", "[0.6, 0.4, 0.9]"),
        "forms.voucher.take_up",
        "in this order",
    ),
    "estimate of two": (("[0.4, 0.6, 0.9]", "[0.4, 0.6]"), "forms.voucher.take_up", "subsidy-lab.md"),
    "shares of persons": (
        ("[0.6, 0.2, 0.15, 0.05]", "[0.6, 0.2, 0.15, 0.06]"),
        "population.synthetic",
        "are 1",
    ),
    "falling deciles": (("190000, 260000", "260000, 190000"), "population.synthetic", "poorest"),
    "tiers not rising": (("up_to_fen = 400000", "up_to_fen = 200000"), "cliffs", "rising up_to_fen"),
    "law and tiers": (
        (
            "[[cliffs.tiers]]",
            '[cliffs.law]\npolicy = "beijing"\non = 2026-03-01\nwhich = "market"\n[[cliffs.tiers]]',
        ),
        "cliffs",
        "either law or tiers",
    ),
    "too many draws": (("draws = 100", "draws = 10000\nfine = 1"), "forms.fine", "no such key"),
    "no number": (("slope = 0.5", "slope = nan"), "tiers.slope", "3/10"),
    "threshold too fine": (
        ("threshold = 0.2", 'threshold = "19999999999999/100000000000000"'),
        "tiers.threshold",
        "coarser",
    ),
    "no TOML": (("[forms]", "[forms"), "-", "TOML"),
    "nothing asked": ((SHIPPED[SHIPPED.index("[forms]") :], ""), "-", "at least one of"),
}
BAD_OF_LAW = {
    "no such rule": (('policy = "beijing"', 'policy = "chongqing"'), "cliffs.law.which", "another authority"),
    "by certificate alone": (
        ('policy = "beijing"', 'policy = "xuzhou"'),
        "cliffs.law.which",
        "certificate alone",
    ),
    "no such parameter": (
        ("[population]", '[[policy]]\npath = "tenancy.market"\nvalue = 1\n[population]'),
        "policy.0.path",
        "market_subsidy",
    ),
    "no table": (('file = "market_subsidy.csv"', 'file = "none.csv"'), "population.file", "columns"),
}
BAD_TABLES = {
    "negative": (("200000,180000,", "-1,180000,"), "2.income_fen", "whole number"),
    "a fraction": (("200000,180000,", "200000,1800.5,"), "2.rent_fen", "whole number"),
    "no households": (("200000,180000,5", "200000,180000,0"), "2.households", "whole number"),
    "another column": (("persons,income_fen", "person,income_fen"), "-", "exactly these"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_with_its_key_before_anything_runs(case: str, run: Run, tmp_path: Path) -> None:
    """Exit 3 with file, key and cure; nothing is written."""
    change, key, cure = BAD[case]
    file = tmp_path / "mine.toml"
    file.write_text(told(SHIPPED, change), encoding="utf-8")
    ended = run("scenario", "subsidy", file, *EN, "--out", tmp_path / "out")
    assert ended.code == 3
    assert f"mine.toml: {key}" in ended.err
    assert cure in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("case", [*BAD_OF_LAW, *BAD_TABLES])
def test_a_bad_law_or_table_is_refused_with_its_place(case: str, run: Run, tmp_path: Path) -> None:
    """The law's fault at the file's key, the table's at its line and column."""
    is_law = case in BAD_OF_LAW
    change, key, cure = (BAD_OF_LAW | BAD_TABLES)[case]
    (tmp_path / "mine.toml").write_text(told(MARKET, change) if is_law else MARKET, encoding="utf-8")
    (tmp_path / "market_subsidy.csv").write_text(TABLE if is_law else told(TABLE, change), encoding="utf-8")
    ended = run("scenario", "subsidy", tmp_path / "mine.toml", *EN, "--out", tmp_path / "out")
    assert ended.code == 3
    assert re.search(rf"(mine\.toml|none\.csv|market_subsidy\.csv): {re.escape(key)}", ended.err)
    assert cure in ended.err
    assert not (tmp_path / "out").exists()


def test_several_faults_are_told_at_once(run: Run, tmp_path: Path) -> None:
    """All of them, each with its key."""
    file = tmp_path / "mine.toml"
    file.write_text(told(SHIPPED, ("threshold = 0.2", "threshold = 2"), ("draws = 100", "drows = 200")))
    ended = run("scenario", "subsidy", file, *EN)
    assert ended.code == 3
    assert all(key in ended.err for key in ("tiers.threshold", "forms.drows", "forms.draws"))


def test_an_unknown_name_lists_the_shipped_files(run: Run) -> None:
    """Exit 3."""
    ended = run("scenario", "subsidy", "nothing_here", *EN)
    assert ended.code == 3
    assert all(name in ended.err for name in shipped())


def test_a_budget_below_the_cheapest_plan_names_the_least_that_would_do(run: Run, tmp_path: Path) -> None:
    """Exit 4: every household gets at least 50 yuan, 60 of them 3,000; that budget then does."""
    file = tmp_path / "mine.toml"
    text = told(SMALL, (TIERS, "[5000, 10000]"), ("budget_fen = 4000000", "budget_fen = 299999"))
    file.write_text(text, encoding="utf-8")
    ended = run("scenario", "subsidy", file, *EN, "--out", tmp_path / "out")
    assert ended.code == 4
    assert "300000 fen" in ended.err
    assert not (tmp_path / "out").exists()
    file.write_text(told(text, ("299999", "300000")), encoding="utf-8")
    assert run("scenario", "subsidy", file, *EN, "--out", tmp_path / "out").code == 0


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_file_gives_its_expected_result(name: str, run: Run, tmp_path: Path) -> None:
    """To the byte."""
    ended = run("scenario", "subsidy", name, *EN, "--out", tmp_path)
    assert ended.code == 0, ended.err
    assert (tmp_path / "measures.csv").read_bytes() == (LIBRARY / f"{name}.expect.csv").read_bytes()
    assert ended.sentences[-1].startswith("Next: allocator scenario")


def test_another_result_is_shown_and_can_be_accepted(run: Run, tmp_path: Path) -> None:
    """Exit 1 with the new file and the command; after ``--accept`` the same run is as expected."""
    file, out = tmp_path / "mine.toml", tmp_path / "out"
    file.write_text(CLIFFS, encoding="utf-8")
    words = ("scenario", "subsidy", file, *EN, "--out", out)
    assert run(*words).code == 0  # nothing is expected yet
    expected = tmp_path / "mine.expect.csv"
    expected.write_text("measure,value\n", encoding="utf-8")
    differs = run(*words)
    assert differs.code == 1
    assert "--accept" in differs.sentences[-1]
    assert run(*words, "--accept").code == 0
    assert run(*words).code == 0
    assert expected.read_bytes() == (out / "measures.csv").read_bytes()


def test_the_tables_and_the_json_agree(run: Run, tmp_path: Path) -> None:
    """``--json`` gives the document and every table that stands in the folder."""
    file, out = tmp_path / "mine.toml", tmp_path / "out"
    file.write_text(SMALL, encoding="utf-8")
    document = json.loads(run("scenario", "subsidy", file, *EN, "--out", out, "--json").out)
    for name, rows in document["tables"].items():
        stored = pd.read_csv(out / f"{name}.csv").astype(object)
        assert stored.where(stored.notna(), None).to_dict("records") == rows
    stored_document = json.loads((out / "result.json").read_text(encoding="utf-8"))
    assert stored_document == {name: document[name] for name in stored_document}


@pytest.mark.parametrize(("lang", "word"), [("zh", "租金减免"), ("en", "rent relief")])
def test_both_languages_are_spoken_on_screen_and_page(lang: str, word: str, run: Run, tmp_path: Path) -> None:
    """In the language asked; the page loads nothing from anywhere and holds its data."""
    file = tmp_path / "mine.toml"
    file.write_text(SMALL, encoding="utf-8")
    ended = run("scenario", "subsidy", file, "--lang", lang, "--out", tmp_path / "out")
    assert ended.code == 0
    assert word in ended.out
    page = (tmp_path / "out" / f"subsidy-{lang}.html").read_text(encoding="utf-8")
    assert word in page
    markup = re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", markup)
    assert page.count("data:text/csv") == 7
    assert page.count('class="chart"') == len(re.findall(r'"\$schema"', page.split("const specs = ")[1]))


def test_a_dry_run_checks_and_writes_nothing(run: Run, tmp_path: Path) -> None:
    """Nothing is simulated."""
    ended = run("scenario", "subsidy", "home_voucher_relief", *EN, "--out", tmp_path / "out", "--dry-run")
    assert ended.code == 0
    assert "1000 households" in ended.out
    assert not (tmp_path / "out").exists()


def test_a_change_of_the_law_moves_its_cliffs(tmp_path: Path) -> None:
    """60 m² at 40 yuan: from 70 % to 50 % of 2,400 yuan, or of 1,200 with the area capped at 30 m²."""
    change = '[[policy]]\npath = "tenancy.subsidy.area_cap_cm2"\nvalue = 300000\n\n[population]'
    public = told(MARKET, ('which = "market"', 'which = "public"'))
    plain = answered(asked_of(tmp_path, public)).tables["cliffs"]
    capped = answered(asked_of(tmp_path, told(public, ("[population]", change)))).tables["cliffs"]
    assert plain.iloc[0]["loss_fen"] == 12 * 48_000
    assert capped.iloc[0]["loss_fen"] == 12 * 24_000


def test_take_up_stretches_the_budget_and_pass_through_shrinks_the_help(tmp_path: Path) -> None:
    """At a take-up of 4/5 a quarter more may be promised; without pass-through as many or more are lifted."""
    with_both = answered(asked_of(tmp_path, MARKET)).document["tiers"]
    assert with_both["payable_fen"] == with_both["budget_fen"] * 5 // 4
    without = answered(asked_of(tmp_path, told(MARKET, ("pass_through = 0.1", "pass_through = 0")))).document[
        "tiers"
    ]
    assert without["next"]["most_households"] > with_both["next"]["most_households"]


def test_an_altered_plan_does_not_check(tmp_path: Path) -> None:
    """A fen, a tier, a household: each is found."""
    asked = asked_of(tmp_path, SMALL)
    answer = answered(asked)
    wanted, table, single = asked.file.tiers, answer.tables["tiers"], answer.document["tiers"]
    assert wanted is not None
    assert check.tiers(table, wanted, single)["cells"] == len(table)
    lifted = table["paid_fen"].idxmax()
    for column, value in (("paid_fen", table.loc[lifted, "paid_fen"] + 1), ("tier", 0), ("households", 99)):
        altered = table.copy()
        altered.loc[lifted, column] = value
        with pytest.raises(RuntimeError, match="does not check"):
            check.tiers(altered, wanted, single)


@pytest.mark.parametrize(
    ("paid", "holds"), [((40, 40), True), ((40, 35), True), ((40, 34), False), ((30, 31), False)]
)
def test_equity_is_told_from_the_amounts_alone(paid: tuple[int, int], holds: bool, tmp_path: Path) -> None:
    """10 fen more of income may cost 5 of subsidy at a slope of 1/2; the richer never gets more."""
    wanted = asked_of(tmp_path, SMALL).file.tiers
    assert wanted is not None
    rows = [
        {"persons": 1, "rent_fen": 90, "income_fen": 100 + 10 * at, "paid_fen": amount}
        for at, amount in enumerate(paid)
    ]
    if holds:
        check.equity(rows, wanted)
    else:
        with pytest.raises(RuntimeError, match="equity"):
            check.equity(rows, wanted)


def test_the_page_has_a_sentence_for_every_code_it_asks(tmp_path: Path) -> None:
    """Both languages, a file that asks for one thing only included."""
    asked = asked_of(tmp_path, CLIFFS)
    for language in LANGUAGES:
        page = page_of(asked, answered(asked), language)
        assert texts(language)["subsidylab_cliffs_title"] in page
        assert texts(language)["subsidylab_tiers_title"] not in page


def test_the_table_of_a_plan_names_what_it_pays(tmp_path: Path) -> None:
    """Per cell: amount of the tier, never above the rent, and the rent left."""
    asked = asked_of(tmp_path, SMALL)
    assert asked.file.tiers is not None
    plan = planned(asked.chains, asked.rules)
    assert plan is not None
    table = table_of(plan, asked.file.tiers)
    assert (table["paid_fen"] == table[["amount_fen", "rent_fen"]].min(axis=1)).all()
    assert (table["left_fen"] == table["rent_fen"] - table["paid_fen"]).all()
    assert (table["households"] * table["paid_fen"]).sum() == plan.cost_fen <= plan.rules.budget
