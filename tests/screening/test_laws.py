"""Laws of screening under Hypothesis: order, missing values, exactness."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator import policy, screening
from allocator.model.facts import Facts
from allocator.policy.in_force import Policy
from allocator.ranking import scores
from tests.cases.situations import facts_of

ON = date(2026, 3, 1)
OPTIONAL = (
    "income_per_year",
    "assets",
    "building_area_m2",
    "usable_area_m2",
    "benefit_status",
    "social_insurance_months",
    "employment_months",
    "household_registration",
    "branch",
)

# Rules whose value is one column of the household, in the law's own unit.
MOVABLE = {
    "income_per_year": "income_per_year",
    "assets": "assets",
    "building_area": "building_area_m2",
    "social_insurance_months": "social_insurance_months",
    "employment_months": "employment_months",
}


@cache
def law(name: str) -> Policy:
    return policy.load(name).in_force(ON)


HOUSEHOLDS = st.fixed_dictionaries(
    {
        "branch": st.sampled_from(["local", "new_employee", "migrant", "employer"]),
        "employer_id": st.sampled_from(["E1", ""]),
        "registered_on": st.dates(date(2015, 1, 1), date(2026, 2, 28)),
        "income_per_year": st.one_of(
            st.integers(0, 300_000), st.sampled_from([54_000, 100_000, 108_000, 130_000, 162_000])
        ),
        "assets": st.integers(0, 400_000),
        "building_area_m2": st.sampled_from([0, 15, 30, 45, 60, 46]),
        "usable_area_m2": st.sampled_from([0, 15, 30, 45, 60, 31]),
        "benefit_status": st.sampled_from(["none", "low_income", "minimum_living", "extreme_poverty"]),
        "social_insurance_months": st.integers(0, 30),
        "employment_months": st.integers(0, 30),
        "household_registration": st.sampled_from(["local_urban", "local_rural", "other"]),
        "registered_queue": st.sampled_from(["", "无", "廉租住房"]),
        "other_housing_product": st.sampled_from(["", "无", "共有产权房"]),
    }
)
MEMBERS = st.builds(
    lambda relation, sex, born, flag: f"{relation} {sex} {born} {flag}".strip(),
    st.sampled_from(["S", "C", "C", "P", "O"]),
    st.sampled_from(["M", "F"]),
    st.dates(date(1940, 1, 1), date(2026, 2, 1)),
    st.sampled_from(["", "", "veteran", "severe_disability;orphan"]),
)
APPLICANTS = st.dates(date(1950, 1, 1), date(2010, 1, 1)).map(lambda born: f"A F {born}")
FAMILIES = st.tuples(APPLICANTS, st.lists(MEMBERS, max_size=4)).map(lambda parts: (parts[0], *parts[1]))
CITIES = st.lists(st.tuples(HOUSEHOLDS, FAMILIES), min_size=1, max_size=8).map(
    lambda rows: {f"R{number}": row for number, row in enumerate(rows)}
)
NAMES = st.sampled_from(policy.shipped())


def judged(facts: Facts, name: str) -> pd.DataFrame:
    """Verdict, findings, types, group and points by receipt number, sorted."""
    screened = screening.screen(facts, law(name), ON)
    frame = screened.verdicts.merge(screened.findings, on="receipt_no")
    frame = frame.merge(screening.entitled(facts, law(name), ON), on="receipt_no")
    frame = frame.merge(scores.points(facts, law(name), ON), on="receipt_no")
    frame["group"] = scores.priority_groups(facts, law(name), ON).to_numpy()
    return frame.sort_values("receipt_no").reset_index(drop=True)


@settings(max_examples=8, deadline=None)
@given(CITIES, NAMES, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(city: dict[str, Any], name: str, chance: Any) -> None:
    """Households and members in another order are judged the same."""
    facts = facts_of(city)
    households, members = list(range(len(facts.households))), list(range(len(facts.members)))
    chance.shuffle(households)
    chance.shuffle(members)
    shuffled = replace(
        facts, households=facts.households.iloc[households], members=facts.members.iloc[members]
    )
    pd.testing.assert_frame_equal(judged(facts, name), judged(shuffled, name))


@settings(max_examples=8, deadline=None)
@given(CITIES, NAMES, st.data())
def test_a_value_taken_away_never_makes_eligible(city: dict[str, Any], name: str, data: Any) -> None:
    """A household that was not eligible is not made so by leaving a value out."""
    before = judged(facts_of(city), name).set_index("receipt_no")["verdict"]
    blanked = data.draw(st.sampled_from(OPTIONAL))
    poorer = {
        receipt: ({key: value for key, value in household.items() if key != blanked}, family)
        for receipt, (household, family) in city.items()
    }
    after = judged(facts_of(poorer), name).set_index("receipt_no")["verdict"]
    made_eligible = (after == "ELIGIBLE") & (before != "ELIGIBLE")
    assert after[made_eligible].to_dict() == {}


@settings(max_examples=40, deadline=None)
@given(
    income_fen=st.integers(0, 10**9),
    persons=st.integers(1, 7),
    around=st.sampled_from([None, -1, 0, 1]),
)
def test_a_bound_per_head_is_compared_exactly(income_fen: int, persons: int, around: int | None) -> None:
    """Income per head and month holds exactly when the exact fraction is at most the line."""
    line = Fraction(4500)  # yuan per head and month under the example
    fen = income_fen if around is None else int(line) * 12 * 100 * persons + around
    yuan = f"{fen // 100}.{fen % 100:02d}"
    household = {"branch": "local", "income_per_year": yuan, "benefit_status": "none"}
    family = ("A F 1990-01-01", *["C M 2015-01-01"] * (persons - 1))
    (finding,) = [
        finding
        for finding in screening.findings_of(facts_of({"R": (household, family)}), law("example"), ON)
        if finding.criterion == "income_per_head"
    ]
    exact = Fraction(fen, 100) / 12 / persons
    assert (exact <= line) == finding.holds
    assert exact == finding.exact


@settings(max_examples=6, deadline=None)
@given(CITIES, NAMES)
def test_what_would_have_passed_passes(city: dict[str, Any], name: str) -> None:
    """A household's value moved by what its finding says it was short of holds, and a unit less does not."""
    facts = facts_of(city)
    for receipt, (household, family) in city.items():
        for finding in screening.findings_of(facts.of_household(receipt), law(name), ON):
            column = MOVABLE.get(law(name).screening.criteria[finding.criterion].rule)
            if finding.short_by is None or column is None or column not in household:
                continue
            sign = -1 if finding.direction == "at_most" else 1
            for change, holds in ((finding.short_by, True), (finding.short_by - 1, False)):
                moved = household | {column: household[column] + sign * change}
                again = screening.findings_of(facts_of({receipt: (moved, family)}), law(name), ON)
                found = {f.criterion: f.holds for f in again}
                assert holds == found[finding.criterion]


@settings(max_examples=8, deadline=None)
@given(CITIES, NAMES)
def test_beds_are_for_one_person_alone(city: dict[str, Any], name: str) -> None:
    """Whoever may take a bed applies alone."""
    facts = facts_of(city)
    entitled = screening.entitled(facts, law(name), ON).set_index("receipt_no")
    alone = {receipt for receipt, (_, family) in city.items() if len(family) == 1}
    assert set(entitled.index[entitled["bed"]]) <= alone


@settings(max_examples=8, deadline=None)
@given(CITIES)
def test_points_are_whole_capped_and_the_sum_of_their_lines(city: dict[str, Any]) -> None:
    """Every line lies between 0 and its cap, and the points are their sum."""
    facts = facts_of(city)
    lines = scores.points(facts, law("example"), ON)
    total = np.zeros(len(lines), dtype=np.int64)
    for line in law("example").ranking.lines:
        assert lines[line.id].dtype == np.int64
        assert lines[line.id].between(0, line.cap).all()
        total += lines[line.id].to_numpy()
    assert total.tolist() == lines["points"].tolist()


@pytest.mark.parametrize("name", policy.shipped())
def test_no_household_is_no_verdict(name: str) -> None:
    """An empty city has frames without a row, with all their columns."""
    frame = judged(Facts.empty(), name)
    assert len(frame) == 0
    assert set(law(name).screening.used()) <= set(frame.columns)


def test_findings_of_several_households_is_wrong_use() -> None:
    """The explanation is of one household."""
    facts = facts_of({"R1": ({"branch": "local"}, ()), "R2": ({"branch": "local"}, ())})
    with pytest.raises(ValueError, match="not of 2"):
        screening.findings_of(facts, law("example"), ON)


def test_a_branch_the_law_does_not_open_is_ineligible() -> None:
    """Where the law has no such branch nobody is admitted by it, and the finding says so."""
    example = law("example")
    branches = {branch: rule for branch, rule in example.screening.branches.items() if branch != "migrant"}
    narrower = example.model_copy(
        update={"screening": example.screening.model_copy(update={"branches": branches})}
    )
    facts = facts_of({"R": ({"branch": "migrant"}, ("A F 1990-01-01",))})
    assert screening.screen(facts, narrower, ON).verdicts["verdict"].tolist() == ["INELIGIBLE"]
    (finding,) = screening.findings_of(facts, narrower, ON)
    assert (finding.criterion, finding.holds, finding.value) == ("branch", False, "migrant")
