"""同等条件下优先: among equals before the draw, never points, never before a household with more."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from allocator import audit, policy
from allocator.errors import Refused
from allocator.exchange.writing import write_delivery
from allocator.model.facts import Facts
from allocator.model.records import STANDINGS
from allocator.office import month as months
from allocator.office.policies import try_facts
from allocator.policy.page import page
from allocator.rounds.freeze import bands_of
from allocator.rounds.screened import screen
from allocator.store import Store
from scenarios.population import city
from tests.cases.situations import facts_of
from tests.office.conftest import imported

ON = date(2026, 3, 1)
NO_HISTORY = pd.DataFrame({name: [] for name in STANDINGS.frame_columns}).astype(STANDINGS.dtypes)
TIE = """
[[ranking.tie_breaks]]
id = "veterans"
reference = "《退役军人安置条例》第七十七条"
tag = "M"
flags = ["veteran"]
"""


def law_folder(tmp_path: Path, more: str = TIE) -> Path:
    """The example, in which veterans stand in no group but come first among equals."""
    folder = tmp_path / "city"
    shutil.copytree(policy.folder_of("example"), folder)
    place = folder / "allocation.toml"
    text = place.read_text(encoding="utf-8")
    group = 'flags = ["severe_disability", "serious_illness", "veteran", "model_worker", "orphan"]'
    assert group in text
    text = text.replace(group, group.replace('"veteran", ', ""))
    place.write_text(text.replace("[[ranking.lines]]", more + "\n[[ranking.lines]]", 1), encoding="utf-8")
    return folder


def three() -> Facts:
    """A veteran and her equal, and one who has waited a month longer."""
    household = {
        "branch": "local",
        "income_per_year": 30_000,
        "assets": 0,
        "building_area_m2": 0,
        "benefit_status": "none",
        "registered_on": date(2026, 1, 1),
    }
    longer = {**household, "registered_on": date(2025, 12, 1)}
    return facts_of(
        {
            "veteran": (household, ("A F 1990-05-05 veteran",)),
            "equal": (household, ("A F 1990-05-05",)),
            "longer": (longer, ("A F 1990-05-05",)),
        }
    )


def test_a_veteran_comes_before_her_equals_and_after_who_has_more(tmp_path: Path) -> None:
    """Equal points and a tie-break are two bands; a point more stands before both; the points are what they were."""
    law = policy.load(law_folder(tmp_path)).in_force(ON)
    people = screen(three(), law, ON, NO_HISTORY).people.set_index("receipt_no")
    assert people["points"]["veteran"] == people["points"]["equal"] == people["points"]["longer"] - 1
    bands = dict(zip(people.index, bands_of(people.reset_index(), law), strict=True))
    assert bands == {"longer": 0, "veteran": 1, "equal": 2}
    tried = try_facts(three(), law, dwelling=None).people.set_index("receipt_no")["band"]
    assert tried.to_dict() == bands


def test_without_a_tie_break_equals_are_one_band(tmp_path: Path) -> None:
    """The law that breaks no ties leaves equals to the draw, veteran or not."""
    law = policy.load(law_folder(tmp_path, more="")).in_force(ON)
    bands = try_facts(three(), law, dwelling=None).people.set_index("receipt_no")["band"]
    assert bands.to_dict() == {"longer": 0, "veteran": 1, "equal": 1}


def test_a_round_with_tie_breaks_verifies(tmp_path: Path) -> None:
    """A whole round under such a law is drawn, housed and recomputed by a stranger; veterans lead their equals."""
    folder = law_folder(tmp_path)
    facts = city(120, seed=3, world="shortage")
    members = facts.members.copy()
    random = np.random.default_rng(5)
    members["flags"] = np.where(random.random(len(members)) < 0.3, "veteran", "")
    members = members.astype(facts.members.dtypes.to_dict())
    write_delivery(Facts(**{**vars(facts), "members": members}), tmp_path / "files", "zh")
    act = imported(tmp_path / "files", tmp_path, str(folder))
    months.run("2026-03", act, months.Wishes())
    assert [check for check in audit.verify_bundle(act.out / "2026-03" / "bundle") if not check.holds] == []
    with Store.open(act.store_url) as store:
        people = store.frame("2026-03", "", "people").set_index("receipt_no")
        roster = store.frame("2026-03", "public", "roster")
    roster = roster.assign(tie=people["tie_break"].reindex(roster["receipt_no"]).to_numpy())
    parted = roster.groupby(["priority_group", "points"])["band"].nunique()
    assert (parted == 2).any()
    for _, equals in roster.groupby(["priority_group", "points"]):
        ordered = equals.sort_values("band")
        assert ordered["tie"].is_monotonic_increasing


def test_the_page_says_it_is_no_points(tmp_path: Path) -> None:
    """The tie-break stands on the page as one."""
    law = policy.load(law_folder(tmp_path)).in_force(ON)
    assert "同等条件下优先（第 1 顺位，不加分）：有下列情形之一：退役军人" in page(law, "zh")
    assert "Among equals, place 1 (no points): any of: veteran" in page(law, "en")


def test_bands_of_groups_alone_cannot_break_ties(tmp_path: Path) -> None:
    """Where points part no bands a tie-break has no place: the law is refused with file, key and cure."""
    folder = law_folder(tmp_path)
    place = folder / "allocation.toml"
    text = place.read_text(encoding="utf-8")
    coarse = text.replace(
        'mechanism = "band_optimum"\n', 'mechanism = "band_optimum"\noptimise_within = "priority_group"\n'
    )
    place.write_text(coarse, encoding="utf-8")
    with pytest.raises(Refused) as told:
        policy.load(folder)
    assert "ranking[2012-01-01].tie_breaks" in format(told.value.params["faults"], "en")
    assert "Remove `tie_breaks` or `optimise_within`" in format(told.value.params["faults"], "en")
