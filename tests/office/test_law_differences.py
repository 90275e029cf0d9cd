"""Two laws on the households of a real round."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from allocator import policy as law
from allocator.commands.app import app
from allocator.errors import Refused
from allocator.model.enums import Stage
from allocator.office import policies, rounds
from allocator.office.acts import Act, Done
from allocator.office.law_differences import law_differences
from allocator.office.policies import try_facts
from allocator.office.stage_open import frozen_facts
from allocator.policy.files_in import SHIPPED
from allocator.store import Store
from tests.office.conftest import MONTH

ON = date(2026, 3, 1)


def stricter(folder: Path) -> str:
    """``example`` with the income line of 2020 at 3,600 instead of 4,500 yuan a head and month."""
    shutil.copytree(SHIPPED / "example", folder)
    page = folder / "screening.toml"
    text = page.read_text(encoding="utf-8")
    assert "value = 4500" in text
    page.write_text(text.replace("value = 4500", "value = 3600"), encoding="utf-8")
    return str(folder)


def test_one_law_beside_itself_changes_nothing(sample_round: tuple[Act, Done]) -> None:
    """The same law on the same day: 600 households, none changes anything."""
    act, _ = sample_round
    same = policies.in_force("example", ON)
    counts = law_differences(act.store_url, MONTH, same, same).counts()
    assert counts.pop("households") == 600
    assert set(counts.values()) == {0}


def test_the_verdicts_are_those_of_policy_try(sample_round: tuple[Act, Done], tmp_path: Path) -> None:
    """For every household both sides say what ``policy try`` says on the day of the screening."""
    act, _ = sample_round
    laws = law.load("example"), law.load(stricter(tmp_path / "strict"))
    found = law_differences(act.store_url, MONTH, *(book.in_force(ON) for book in laws))
    with Store.open(act.store_url) as store:
        facts = frozen_facts(store, MONTH)
    for side, book in zip("ab", laws, strict=True):
        tried = try_facts(facts, book.in_force(found.on), dwelling=None).people.set_index("receipt_no")
        verdicts = found.people.set_index("receipt_no")[f"verdict_{side}"]
        assert verdicts.to_dict() == tried["verdict"].to_dict()
    assert found.counts()["verdict"] > 0
    assert {(a, b) for a, b, _ in found.verdicts()} == {("ELIGIBLE", "INELIGIBLE")}


def test_the_two_directions_mirror_each_other(sample_round: tuple[Act, Done], tmp_path: Path) -> None:
    """B against A moves the same households the other way: gained is lost, earlier is later."""
    act, _ = sample_round
    a, b = policies.in_force("example", ON), policies.in_force(stricter(tmp_path / "strict"), ON)
    there, back = (law_differences(act.store_url, MONTH, *pair) for pair in ((a, b), (b, a)))
    assert there.people["gained"].tolist() == back.people["lost"].tolist()
    one, other = there.counts(), back.counts()
    assert (one["earlier_band"], one["later_band"]) == (other["later_band"], other["earlier_band"])
    pd.testing.assert_series_equal(there.people["changes_order"], back.people["changes_order"])


def test_the_command_counts_in_words_and_lists_receipts_in_json(
    sample_round: tuple[Act, Done], tmp_path: Path
) -> None:
    """The words hold counts only; ``--json`` holds receipts, whose numbers add up to the counts."""
    act, _ = sample_round
    line = [
        "policy",
        "diff",
        "example",
        stricter(tmp_path / "strict"),
        "--on",
        ON.isoformat(),
        "--round",
        MONTH,
    ]
    line += ["--store", act.store_url]
    told = json.loads(CliRunner().invoke(app, [*line, "--json"]).stdout)
    assert told["differences"][0]["key"].startswith("screening.criteria.income_per_head")
    assert sum(group["num"] for group in told["verdict"]) == told["counts"]["verdict"] > 0
    assert len(told["order"]) == told["counts"]["order"]
    words = CliRunner().invoke(app, [*line, "--lang", "en"]).stdout
    assert f"eligible under A, not eligible under B: {told['counts']['verdict']}" in words
    assert "SL2026" not in words


def test_a_round_that_is_not_screened_has_no_households_yet(fresh: object) -> None:
    """Before the screening nothing is frozen: refused with the command to run."""
    act = fresh()
    rounds.do(Stage.OPEN, MONTH, act)
    same = policies.in_force("example", ON)
    with pytest.raises(Refused) as fault:
        law_differences(act.store_url, MONTH, same, same)
    assert fault.value.code == "law_diff_not_screened"
    with pytest.raises(Refused) as fault:
        law_differences(act.store_url, "2031-01", same, same)
    assert fault.value.code == "round_unknown"
