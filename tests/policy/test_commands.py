"""The ``policy`` commands, through the gate."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import cli
from allocator.commands.app import app
from allocator.commands.policy import group

DELIVERY = Path(__file__).parents[1] / "data" / "delivery-sample"
WRONG = Path(__file__).parent / "wrong"
SOUND = Path(__file__).parent / "sound"

if "policy" not in {known.name for known in app.registered_groups}:
    app.add_typer(group, name="policy")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = cli.run(["policy", *words])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_list_names_the_shipped_laws(capsys: pytest.CaptureFixture[str]) -> None:
    """``policy list --json`` gives every shipped authority with both names."""
    code, out, _ = run(capsys, "list", "--json")
    entries = {entry["id"]: entry for entry in json.loads(out)["policies"]}
    assert code == 0
    assert {"beijing", "example"} <= set(entries)
    assert all(entry["name_zh"] and entry["name_en"] for entry in entries.values())


def test_show_prints_the_law_of_the_day(capsys: pytest.CaptureFixture[str]) -> None:
    """``policy show`` prints bounds with their inclusivity and the law of that day."""
    code, out, _ = run(capsys, "show", "beijing", "--on", "2014-03-01", "--lang", "en")
    assert code == 0
    assert "at most 15 m² per person" in out
    assert "at most (yuan a year): 1 to 3 persons: 100,000; 4 persons or more: 130,000" in out
    assert "minimum living allowance" not in out


@pytest.mark.parametrize("words", [("check", "example"), ("try", str(DELIVERY), "--policy", "example")])
def test_a_check_and_a_trial_need_their_day(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without ``--on`` it is wrong usage, and the sentence says what to add."""
    code, _, err = run(capsys, *words, "--lang", "en")
    assert code == 2
    assert "--on YYYY-MM-DD" in err


def test_show_without_a_day_is_the_newest_law(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a day the newest version is shown, and its day with it."""
    code, out, _ = run(capsys, "show", "example", "--lang", "en")
    assert code == 0
    assert "in force on 2020-01-01" in out
    assert "at most 4,500 yuan a month per person" in out


def test_check_tells_all_faults_and_exits_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong folder is refused with exit 3 and every fault in words."""
    folder = tmp_path / "city"
    shutil.copytree(SOUND, folder)
    for mistake in ("wrong_unit", "tier_with_hole"):
        for file in (WRONG / mistake).iterdir():
            shutil.copy(file, folder)
    code, out, err = run(capsys, "check", str(folder), "--on", "2026-03-01", "--lang", "en")
    assert (code, out) == (3, "")
    assert "criteria.toml: criteria.income.unit: the unit 'yuan/month' is not that of this rule." in err
    assert "tenancy.toml: tenancy[2012-01-01].subsidy.tiers.high: the income tiers have a hole" in err


def test_check_of_a_sound_law_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """A sound law exits 0 with its figures."""
    code, out, _ = run(capsys, "check", "example", "--on", "2026-03-01", "--json")
    assert code == 0
    assert json.loads(out)["mechanism"] == "band_optimum"


def test_a_day_before_the_law_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A day on which the law was not in force is refused with the day it begins."""
    code, _, err = run(capsys, "check", "beijing", "--on", "2011-11-30", "--lang", "en")
    assert code == 3
    assert "2011-12-01" in err


def test_diff_says_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    """Two days of one law differ by what came into force between them."""
    code, out, _ = run(
        capsys, "diff", "example", "example", "--on", "2019-12-31", "--on-b", "2020-01-01", "--lang", "en"
    )
    assert code == 0
    assert "screening.criteria.income_per_head.bounds[0].value: 300000 -> 450000" in out


def test_try_says_of_every_household_what_the_law_says(capsys: pytest.CaptureFixture[str]) -> None:
    """``policy try --json`` has the contract's form and gives the delivered sample a good share of eligibles."""
    code, out, _ = run(
        capsys,
        "try",
        str(DELIVERY),
        "--policy",
        "example",
        "--on",
        "2026-03-01",
        "--dwelling",
        "45.5,8",
        "--json",
    )
    households = json.loads(out)["households"]
    assert code == 0
    assert len(households) == 600
    keys = {"verdict", "findings", "points", "band", "entitled", "rent_fen", "subsidy_fen"}
    assert all(keys == set(household) for household in households.values())
    eligible = [household for household in households.values() if household["verdict"] == "ELIGIBLE"]
    assert 300 < len(eligible) < 600
    # 45.5 m2 x 8 yuan = 364 yuan
    assert {household["rent_fen"] for household in households.values()} == {36_400}
    bands = {household["band"] for household in eligible}
    assert bands == set(range(len(bands)))
    assert all(h["band"] is None for h in households.values() if h["verdict"] != "ELIGIBLE")


def test_try_refuses_synthetic_people_under_a_real_law(capsys: pytest.CaptureFixture[str]) -> None:
    """Synthetic ID numbers are faults under a real authority unless they are allowed for the rehearsal."""
    words = ("try", str(DELIVERY), "--policy", "beijing", "--on", "2026-03-01", "--json")
    code, out, _ = run(capsys, *words)
    assert (code, json.loads(out)["households"]) == (1, {})
    code, out, _ = run(capsys, *words, "--synthetic-ids")
    assert code == 0
    verdicts = {household["verdict"] for household in json.loads(out)["households"].values()}
    # The sample has no optional column, so nobody local can be judged and nobody passes by a missing value.
    assert "INCOMPLETE" in verdicts


@pytest.mark.parametrize(
    "dwelling", ["45", "45,", "a,b", "45.5,8,1", "-1,8", "1e999999,1", "45.00001,8", "nan,1"]
)
def test_a_malformed_dwelling_is_wrong_usage(dwelling: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``--dwelling`` is two numbers; anything else exits 2 and shows how to write it."""
    words = ["try", str(DELIVERY), "--policy", "example", "--on", "2026-03-01", "--lang", "en"]
    code, _, err = run(capsys, *words, f"--dwelling={dwelling}")
    assert code == 2
    assert "45.5,8" in err


def test_try_of_no_delivery_ends_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty folder is a fault of the data: exit 1, no traceback."""
    code, out, err = run(capsys, "try", str(tmp_path), "--policy", "example", "--on", "2026-03-01")
    assert (code, out) == (1, "")
    assert err.strip()


def test_check_warns_of_what_a_sound_law_leaves_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sound law with an end and no sequel exits 0 and says so with file and key, in words and as JSON."""
    folder = tmp_path / "city"
    shutil.copytree(SOUND, folder)
    place = folder / "registry.toml"
    text = place.read_text(encoding="utf-8")
    place.write_text(text.replace("from = 2012-01-01", "from = 2012-01-01\nuntil = 2030-12-31"), "utf-8")
    code, out, _ = run(capsys, "check", str(folder), "--on", "2026-03-01", "--lang", "en")
    assert code == 0
    assert "registry.toml: registry: it ends on 2030-12-31 and nothing follows." in out
    _, out, _ = run(capsys, "check", str(folder), "--on", "2026-03-01", "--json")
    warned = {(warning["code"], warning["key"]) for warning in json.loads(out)["warnings"]}
    assert ("policy_warning_ends", "registry") in warned


def test_diff_says_in_words_what_changed(capsys: pytest.CaptureFixture[str]) -> None:
    """Before the keys stand the words: the criterion, the old bound and the new one in the law's unit."""
    code, out, _ = run(
        capsys, "diff", "example", "example", "--on", "2019-12-31", "--on-b", "2020-01-01", "--lang", "zh"
    )
    assert code == 0
    assert out.startswith(
        "## 准入条件\n- 家庭人均月收入不高于限额（十二个月平均）：由“不高于 3,000 元/人·月（含）"
    )
