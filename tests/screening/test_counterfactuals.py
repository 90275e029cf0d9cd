"""What a letter says would have passed is true where wages are imputed too: every stated counterfactual is re-run."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from allocator import policy, screening
from allocator.model.composition import Composition
from allocator.model.facts import Facts
from allocator.policy.in_force import Policy
from allocator.policy.known import Proof, income_of
from allocator.ranking import scores
from allocator.tenancies.circumstances import circumstances
from scenarios.population import city
from tests.cases.situations import facts_of

ON = date(2019, 3, 1)
LINE = "lower_middle_income"
LAW = policy.load("xuzhou").in_force(ON)


def working_city(seed: int) -> Facts:
    """Local households with wages stated and not stated, some far above what they filed as the household's income."""
    facts = city(600, seed, "shortage")
    random = np.random.default_rng(seed)
    households, members = facts.households.copy(), facts.members.copy()
    households["branch"], households["benefit_status"] = "local", "none"
    households["income_per_year_fen"] = pd.array(
        random.integers(0, 8_000_000, len(households)), dtype="Int64"
    )
    wages = pd.array(random.integers(0, 500_000, len(members)), dtype="Int64")
    members["income_per_month_fen"] = (
        pd.Series(wages).where(random.random(len(members)) < 0.5).astype("Int64")
    )
    return replace(facts, households=households, members=members)


def with_line(fen: int) -> Policy:
    """Xuzhou's law with another line: under its own of 2,000 the imputed 1,830 a head always pass."""
    criterion = LAW.screening.criteria[LINE]
    low = criterion.model_copy(update={"bounds": (criterion.bounds[0].model_copy(update={"value": fen}),)})
    rules = LAW.screening.model_copy(update={"criteria": LAW.screening.criteria | {LINE: low}})
    return LAW.model_copy(update={"screening": rules})


def told_of_the_line(facts: Facts, law: Policy) -> list[screening.Finding]:
    found = screening.findings_by_row(Composition.of(facts, ON), law)
    return [next(f for f in findings if f.criterion == LINE) for findings in found]


def filing(facts: Facts, yearly: np.ndarray) -> Facts:
    """The same households with these yearly figures filed and no wage stated: only imputed wages are left beside them."""
    households = facts.households.assign(income_per_year_fen=pd.array(yearly, dtype="Int64"))
    wages = pd.Series(pd.NA, index=facts.members.index, dtype="Int64")
    return replace(facts, households=households, members=facts.members.assign(income_per_month_fen=wages))


@pytest.mark.parametrize(("line_fen", "num_never"), [(200_000, 0), (120_000, 100)])
def test_less_would_have_passed_where_the_letter_says_so(line_fen: int, num_never: int) -> None:
    """Less by what the letter says the line holds, by a fen less it fails; where it says never, nothing filed would do."""
    facts, law = working_city(11), with_line(line_fen)
    told = told_of_the_line(facts, law)
    people = Composition.of(facts, ON)
    heads = people.persons(LAW.screening.persons.income)
    counted = income_of(people, Proof(LAW.screening.persons.income, LAW.screening.imputation)).amounts
    short = np.array([round(float(finding.short_by or 0) * 100) for finding in told])
    states = np.array([finding.short_by is not None for finding in told])
    assert states.sum() > 20
    for less, expected in ((0, True), (1, False)):
        again = told_of_the_line(filing(facts, counted - np.maximum(short - less, 0) * heads * 12), law)
        assert [again[at].holds for at in np.flatnonzero(states)] == [expected] * states.sum()
    never = np.array([finding.floor is not None for finding in told])
    assert never.sum() >= num_never
    nothing = told_of_the_line(filing(facts, np.full(len(told), 1)), law)
    for at in np.flatnonzero(never):
        assert (told[at].short_by, nothing[at].holds, nothing[at].value) == (None, False, told[at].floor)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_letter_says_when_imputed_wages_alone_are_over_the_line(language: str) -> None:
    """A couple able to work has 1,830 a head imputed: under a line of 1,800 no figure filed would have passed."""
    law = with_line(180_000)
    household = {
        "branch": "local",
        "income_per_year": 12_000,
        "building_area_m2": 0,
        "benefit_status": "none",
    }
    facts = facts_of({"R1": (household, ("A M 1990-05-05", "S F 1990-05-05"))})
    (finding,) = (f for f in screening.findings_of(facts, law, ON) if f.criterion == LINE)
    assert (finding.holds, finding.value, finding.floor, finding.short_by) == (False, 1830, 1830, None)
    assert "1830" in finding.text(language)
    assert {"zh": "再少也不符合", "en": "no lower income would have passed"}[language] in finding.text(
        language
    )
    assert finding.text("en").count("less would have passed") == 0


def test_a_value_says_where_it_comes_from_and_when() -> None:
    """Column, the day of the state that was judged, and the day on which an income was established."""
    household = {"branch": "local", "income_per_year": 12_000, "income_as_of": date(2019, 1, 31)}
    facts = facts_of(
        {"R1": ({**household, "building_area_m2": 0, "benefit_status": "none"}, ("A M 1990-05-05",))}
    )
    told = {finding.criterion: finding for finding in screening.findings_of(facts, LAW, ON)}
    assert told[LINE].document()["origin"] == {
        "column": "income_per_year",
        "as_of": "2019-03-01",
        "established_on": "2019-01-31",
    }
    assert "家庭年收入" in told[LINE].text("zh")
    assert "核定于 2019-01-31" in told[LINE].text("zh")
    assert "established on 2019-01-31" in told[LINE].text("en")
    assert told["no_home"].document()["origin"] == {
        "column": "building_area_m2",
        "as_of": "2019-03-01",
        "established_on": None,
    }
    # Filed 1,000 a month, counted 1,830: the letter says so.
    assert "imputed" in told[LINE].text("en")


def imputing_law(tmp_path: Path) -> policy.PolicyBook:
    """The example with Xuzhou's imputation: its points and its subsidy read the income."""
    folder = tmp_path / "city"
    shutil.copytree(policy.folder_of("example"), folder)
    imputation = """
[[imputation]]
from = 2012-01-01
reference = "Art 9"
tag = "M"
wage_per_month_fen = 183_000
age_from = 18
age_under = 60
exempt_flags = ["severe_disability"]

[[freshness]]
from = 2012-01-01
reference = "Art 9"
tag = "M"
income_months = 12
date_required = true
"""
    place = folder / "screening.toml"
    place.write_text(place.read_text(encoding="utf-8") + imputation, encoding="utf-8")
    return policy.load(folder)


HOUSEHOLD = {
    "branch": "local",
    "assets": 0,
    "building_area_m2": 0,
    "usable_area_m2": 0,
    "benefit_status": "none",
    "income_as_of": date(2019, 1, 31),
}


def test_points_and_subsidy_count_the_same_income_as_the_screening(tmp_path: Path) -> None:
    """A couple that files 12,000 a year counts with 1,830 a head everywhere: headroom, tier, verdict."""
    law = imputing_law(tmp_path).in_force(ON)
    assert law.tenancy.subsidy is not None
    couple = ("A M 1990-05-05", "S F 1990-05-05")
    facts = facts_of(
        {
            "imputed": ({**HOUSEHOLD, "income_per_year": 12_000}, couple),
            "earning": ({**HOUSEHOLD, "income_per_year": 43_920}, couple),
            "exempt": (
                {**HOUSEHOLD, "income_per_year": 12_000},
                tuple(f"{one} severe_disability" for one in couple),
            ),
        }
    )
    told = {
        name: next(f.value for f in findings if f.criterion == "income_per_head")
        for name, findings in zip(
            facts.households["receipt_no"],
            screening.findings_by_row(Composition.of(facts, ON), law),
            strict=True,
        )
    }
    # 1,830 x 2 x 12 = 43,920 a year; 12,000 / 12 / 2 = 500
    assert told == {"imputed": 1830, "earning": 1830, "exempt": 500}
    points = scores.points(facts, law, ON).set_index("receipt_no")["income_headroom"]
    # (4,500 - 1,830) / 225 = 11 whole steps; (4,500 - 500) / 225 = 17
    assert points.to_dict() == {"imputed": 11, "earning": 11, "exempt": 17}
    known = circumstances(facts, facts.households["receipt_no"], law.tenancy.subsidy, ON)
    assert known["income_per_year_fen"].tolist() == [4_392_000, 4_392_000, 1_200_000]


def test_what_the_screening_does_not_know_brings_no_points_and_no_subsidy(tmp_path: Path) -> None:
    """Stale, undated and contradictory income is unknown to points and subsidy too."""
    law = imputing_law(tmp_path).in_force(ON)
    assert law.tenancy.subsidy is not None
    facts = facts_of(
        {
            "stale": (
                {**HOUSEHOLD, "income_per_year": 9_000, "income_as_of": date(2018, 2, 28)},
                ("A M 1990-05-05",),
            ),
            "undated": ({**HOUSEHOLD, "income_per_year": 9_000, "income_as_of": None}, ("A M 1990-05-05",)),
            "against": ({**HOUSEHOLD, "income_per_year": 0}, ("A M 1990-05-05 wage=2000",)),
        }
    )
    assert scores.points(facts, law, ON)["income_headroom"].tolist() == [0, 0, 0]
    known = circumstances(facts, facts.households["receipt_no"], law.tenancy.subsidy, ON)
    assert known["income_per_year_fen"].isna().all()
    assert set(screening.screen(facts, law, ON).verdicts["verdict"]) == {"INCOMPLETE"}
