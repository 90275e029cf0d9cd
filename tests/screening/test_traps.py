"""Traps of a naive screening (domain.md 8) that stand in no other test: whose head counts for what, and which day's law."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from allocator import policy, screening
from allocator.model.composition import Composition
from allocator.policy.in_force import Policy
from allocator.ranking import scores
from tests.cases.situations import facts_of

ON = date(2026, 3, 1)
HOUSEHOLD = {
    "branch": "local",
    "income_per_year": 108_000,
    "assets": 200_000,
    "building_area_m2": 45,
    "benefit_status": "none",
    "registered_on": ON,
}
# Applicant, wife, a son who studies elsewhere, and a grandmother.
FAMILY = ("A M 1980-01-01", "S F 1980-01-01", "C M 2005-01-01", "P F 1950-01-01")


def three_households_in_one(tmp_path: Path) -> Policy:
    """The example, where two count for income, three for the fit and four for housing."""
    folder = tmp_path / "city"
    shutil.copytree(policy.folder_of("example"), folder)
    place = folder / "screening.toml"
    text = place.read_text(encoding="utf-8")
    everyone = '["applicant", "spouse", "child", "parent", "other"]'
    assert text.count(everyone) == 3
    text = text.replace(f"income = {everyone}", 'income = ["applicant", "spouse"]')
    text = text.replace(f"fit = {everyone}", 'fit = ["applicant", "spouse", "child"]')
    place.write_text(text, encoding="utf-8")
    return policy.load(folder).in_force(ON)


def test_income_housing_and_fit_each_count_their_own_heads(tmp_path: Path) -> None:
    """108,000 a year over two heads, 45 m² over four, dwelling types of three: never one denominator for all."""
    law = three_households_in_one(tmp_path)
    facts = facts_of({"R1": (HOUSEHOLD, FAMILY)})
    told = {finding.criterion: finding for finding in screening.findings_of(facts, law, ON)}
    # 108,000 / 12 / 2 = 4,500, the line itself; over four heads it would be 2,250
    assert (told["income_per_head"].value, told["income_per_head"].holds) == (4500, True)
    # 45 / 4 = 11.25; over two heads it would be 22.5 and fail
    assert (told["building_area_per_head"].value, told["building_area_per_head"].holds) == (11.25, True)
    # two heads have the first bucket of assets, 180,000; four would have 240,000
    assert (told["assets"].bound, told["assets"].holds) == (180_000, False)
    entitled = screening.entitled(facts, law, ON).iloc[0]
    assert [kind for kind in ("studio", "one_room", "two_room", "three_room") if entitled[kind]] == [
        "one_room",
        "two_room",
    ]
    points = scores.points(facts, law, ON).iloc[0]
    # (15 - 11.25) is 3 full m² at 2 points; no headroom at the line
    assert (points["area_shortfall"], points["income_headroom"]) == (6, 0)


@pytest.mark.parametrize(
    ("members", "value"),
    [
        # a student of 19 elsewhere is a child like any other: nobody leaves a household by age alone
        (("A M 1980-01-01", "S F 1980-01-01", "C M 2007-01-01"), 15),
        # who has no birth date is a head all the same
        (("A M 1980-01-01", "S F 1980-01-01", "C - -"), 15),
        # an unborn child is none until it stands on the application
        (("A M 1980-01-01", "S F 1980-01-01"), 22.5),
    ],
)
def test_a_head_is_who_stands_on_the_application(members: tuple[str, ...], value: float) -> None:
    """45 m² over the heads on the application, whatever their age or absence."""
    law = policy.load("example").in_force(ON)
    (finding,) = (
        f
        for f in screening.findings_of(facts_of({"R1": (HOUSEHOLD, members)}), law, ON)
        if f.criterion == "building_area_per_head"
    )
    assert finding.value == value


def test_the_law_of_the_day_counts_and_not_todays() -> None:
    """3,500 a head failed in 2019 and passes since 2020: a case is judged by the law of the day it is asked on."""
    facts = facts_of(
        {
            "R1": (
                {**HOUSEHOLD, "income_per_year": 42_000, "assets": 0, "building_area_m2": 0},
                ("A M 1980-01-01",),
            )
        }
    )
    book = policy.load("example")
    told = {
        on.year: screening.screen(facts, book.in_force(on), on).verdicts["verdict"].iloc[0]
        for on in (date(2019, 12, 31), date(2020, 1, 1))
    }
    assert told == {2019: "INELIGIBLE", 2020: "ELIGIBLE"}


def test_a_certificate_is_no_income_band_and_a_rich_household_with_one_passes() -> None:
    """Minimum living stands in for the line however high the income is; it adds no points."""
    law = policy.load("example").in_force(ON)
    rich = {**HOUSEHOLD, "income_per_year": 900_000, "assets": 0, "building_area_m2": 0}
    facts = facts_of(
        {
            "certified": ({**rich, "benefit_status": "minimum_living"}, ("A M 1980-01-01",)),
            "rich": (rich, ("A M 1980-01-01",)),
        }
    )
    assert screening.screen(facts, law, ON).verdicts["verdict"].tolist() == ["ELIGIBLE", "INELIGIBLE"]
    points = scores.points(facts, law, ON, composition=Composition.of(facts, ON))["points"]
    assert points.nunique() == 1
