"""``round compare``, ``round odds`` and the costs in ``round explain``: on a real store, in both languages."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from allocator.errors import Refused, WrongUsage
from allocator.exchange import write_delivery
from allocator.model.comparison import ComparisonFigures
from allocator.model.enums import Stage
from allocator.office import comparing, rounds
from allocator.office import month as months
from allocator.office.acts import Act
from allocator.office.explaining import explain
from allocator.reporting.comparison import comparison_page
from allocator.store import Store
from scenarios.population import city
from tests.commands.conftest import Ended, content_of, run  # noqa: F401 (a fixture)
from tests.office.conftest import MONTH, imported

LAWS = ("example", "beijing")
Run = Callable[..., Ended]


@pytest.fixture(scope="module")
def acts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Act]:
    """A city under both laws, allocated."""
    made = {}
    for law in LAWS:
        base = tmp_path_factory.mktemp(law)
        write_delivery(city(180, seed=23, world="shortage"), base / "files", "zh")
        made[law] = imported(base / "files", base, law, synthetic_ids=True)
        months.run(MONTH, made[law], months.Wishes(public_value="ab" * 32))
    return made


@pytest.fixture(scope="module")
def frozen_act(tmp_path_factory: pytest.TempPathFactory) -> Act:
    """The same city with its roster published and nothing drawn."""
    base = tmp_path_factory.mktemp("frozen")
    write_delivery(city(180, seed=23, world="shortage"), base / "files", "zh")
    act = imported(base / "files", base)
    for stage in (Stage.OPEN, Stage.SCREEN, Stage.PUBLISH_ROSTER):
        rounds.do(stage, MONTH, act)
    return act


@pytest.fixture(scope="module")
def compared(frozen_act: Act) -> tuple[ComparisonFigures, list[Path]]:
    """That city compared, pages written."""
    return comparing.compare(wish(frozen_act))


def wish(act: Act, **more: Any) -> comparing.Wish:
    return comparing.Wish(MONTH, act.store_url, act.out, **({"sample": 1} | more))


@pytest.mark.parametrize("law", ["example", pytest.param("beijing", marks=pytest.mark.slow)])
def test_the_policys_own_row_is_the_filed_result(law: str, acts: dict[str, Act]) -> None:
    """Compared on the published order and the filed removals, the own mechanism gives what was published."""
    act = acts[law]
    figures, _ = comparing.compare(wish(act, is_dry_run=True))
    with Store.open(act.store_url) as store:
        result = store.frame(MONTH, "public", "result")
        preferences = store.frame(MONTH, "public", "preferences")
    own = figures.mechanisms.iloc[0]
    ranks = result.merge(preferences, on=["code", "pool"])["rank"]
    assert figures.is_drawn
    assert own["is_own"]
    assert (own["num_housed"], own["num_first"]) == (len(result), (ranks == 1).sum())
    assert own["mean_rank"] == pytest.approx(ranks.mean())
    in_order = figures.mechanisms.set_index("mechanism").loc["serial"]
    assert (in_order["envy_pairs"], in_order["num_exploiting"]) == (0, 0)
    assert (figures.mechanisms["broken"].map(len) == 0).all()


def test_pages_stand_alone_in_both_languages(
    frozen_act: Act, compared: tuple[ComparisonFigures, list[Path]]
) -> None:
    """Each page loads nothing, names nobody, marks a rehearsal, and has every part in its language."""
    figures, pages = compared
    assert not figures.is_drawn
    assert [page.name for page in pages] == ["comparison-zh.html", "comparison-en.html"]
    with Store.open(frozen_act.store_url) as store:
        facts = store.read_facts()
    for page, words in zip(pages, ("各群体配得比例", "Service rates by group"), strict=True):
        text = page.read_text(encoding="utf-8")
        own = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
        assert words in own
        assert "default-src 'none'" in own
        assert not re.search(r"(src|href)=\"(?!#)", own)
        assert 'class="rehearsal"' in own
        assert not any(name in text for name in facts.households["receipt_no"])
        assert not any(name in own for name in facts.members["name"])
    assert comparison_page(figures, "en") == pages[1].read_text(encoding="utf-8")


def test_no_small_group_is_told(compared: tuple[ComparisonFigures, list[Path]]) -> None:
    """Neither groups nor bands of under ten households stand in the figures."""
    figures, _ = compared
    for frame in (figures.groups, figures.bands, figures.targets):
        assert (frame["num_households"] >= 10).all()


def test_odds_before_the_draw(frozen_act: Act) -> None:
    """Every household of every roster has its chances; over all they make the number housed on average."""
    found, path = comparing.odds(wish(frozen_act, sample=3), num_draws=4)
    with Store.open(frozen_act.store_url) as store:
        names = store.round(MONTH).sub_rounds
        rosters = {name: store.frame(MONTH, name, "roster") for name in names}
    anywhere = found.table[found.table["pool"] == ""]
    for name, roster in rosters.items():
        told = anywhere.loc[anywhere["sub_round"] == name, "receipt_no"]
        assert sorted(told) == sorted(roster["receipt_no"])
    assert anywhere["chance"].sum() == pytest.approx(found.housed[0])
    assert found.manipulability["sampled"] == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    filed = pd.read_csv(path, dtype={"receipt_no": "str"})
    assert len(filed) == len(found.table)


def test_what_cannot_be_is_refused(frozen_act: Act, tmp_path: Path) -> None:
    """No draws, an unknown sub-round or receipt, a month without a roster: refused with the cure."""
    with pytest.raises(WrongUsage) as fault:
        comparing.odds(wish(frozen_act), num_draws=0)
    assert fault.value.code == "odds_no_draws"
    with pytest.raises(Refused) as refusal:
        comparing.compare(wish(frozen_act, sub_round="other"))
    assert refusal.value.code == "compare_sub_round_unknown"
    found, _ = comparing.odds(wish(frozen_act, sample=0, is_dry_run=True), num_draws=1)
    with pytest.raises(Refused) as refusal:
        comparing.chances_of(found, "SL0", MONTH)
    assert refusal.value.code == "odds_receipt_unknown"
    write_delivery(city(40, seed=1, world="shortage"), tmp_path / "files", "zh")
    early = imported(tmp_path / "files", tmp_path)
    rounds.do(Stage.OPEN, MONTH, early)
    for act in (comparing.compare, lambda one: comparing.odds(one, num_draws=1)):
        with pytest.raises(Refused) as refusal:
            act(wish(early))
        assert refusal.value.code == "compare_not_frozen"


@pytest.mark.parametrize("law", LAWS)
def test_letters_say_what_a_wish_would_have_cost_others(law: str, acts: dict[str, Act]) -> None:
    """Whoever got a later choice reads, for each better pool, who would have paid; the JSON has the figures."""
    act = acts[law]
    with Store.open(act.store_url) as store:
        receipts = store.frame(MONTH, "public", "roster").set_index("code")["receipt_no"]
        result = store.frame(MONTH, "public", "result")
        ranks = result.merge(store.frame(MONTH, "public", "preferences"), on=["code", "pool"])
    later = receipts[ranks.loc[ranks["rank"] > 1, "code"]]
    told = 0
    for name in later[:6]:
        letter = explain(MONTH, name, act.store_url)
        better = letter.figures["sub_rounds"]["public"].get("better_pools", [])
        for row in better:
            cost = row["cost_to_others"]
            assert cost["pool"] == row["pool"]
            assert cost["displaced"] >= 1
            assert all(band["band"] >= 0 for band in cost["bands"])
        for language, words in (("zh", "若把其中一套给您"), ("en", "Had you been given a place there")):
            assert "\n".join(letter.lines(language)).count(words) == len(better)
        told += len(better)
    assert told >= len(later[:6]) > 0


def test_the_commands(run: Run, frozen_act: Act, tmp_path: Path) -> None:  # noqa: F811 (the fixture)
    """Both speak JSON and words, a dry run writes nothing, and both name the next command."""
    place = ("--store", frozen_act.store_url, "--out", tmp_path)
    before = content_of(tmp_path)
    dry = run("round", "compare", MONTH, "--sample", "0", "--json", "--dry-run", *place)
    assert (dry.code, content_of(tmp_path)) == (0, before)
    document = json.loads(dry.out)
    assert document["dry_run"]
    assert {"mechanisms", "bands", "groups", "quotas", "targets", "optimum"} <= set(document)
    text = run("round", "compare", MONTH, "--sample", "0", "--lang", "en", *place)
    assert text.code == 0
    assert "Choosing in order" in text.out
    assert "does not apply" in text.out
    assert (tmp_path / MONTH / "comparison-en.html").is_file()
    with Store.open(frozen_act.store_url) as store:
        receipt = store.frame(MONTH, "public", "roster")["receipt_no"].iloc[0]
    odds = ("round", "odds", MONTH, "--seeds", "2", "--sample", "0", "--receipt", receipt)
    told = run(*odds, "--json", "--dry-run", *place)
    assert told.code == 0
    assert json.loads(told.out)["draws"] == 2
    assert {row["sub_round"] for row in json.loads(told.out)["chances"]} >= {"public"}
    assert not (tmp_path / MONTH / "private").exists()
    words = run(*odds, "--lang", "en", *place)
    assert "any place:" in words.out
    assert words.sentences[-1].startswith("Next: allocator round status")
    assert run("round", "odds", MONTH, "--seeds", "0", *place).code == 2
