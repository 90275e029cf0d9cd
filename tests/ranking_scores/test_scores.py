"""Priority groups and points, in small named worlds."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from allocator import policy
from allocator.model.composition import NO_AGE, Composition, full_months, full_years
from allocator.model.enums import Flag
from allocator.policy.in_force import Policy
from allocator.policy.rules import PriorityGroup, ScoreLine
from allocator.ranking import scores
from tests.cases.situations import facts_of

ON = date(2026, 3, 1)


@pytest.fixture(scope="module")
def example() -> Policy:
    return policy.load("example").in_force(ON)


def with_ranking(law: Policy, **update: object) -> Policy:
    return law.model_copy(update={"ranking": law.ranking.model_copy(update=update)})


def test_groups_stand_in_the_order_of_the_law(example: Policy) -> None:
    """The first group a household fits is its own; who fits none comes last."""
    law = with_ranking(
        example,
        groups=(
            PriorityGroup(id="ill", reference="Art 1", tag="M", flags=(Flag.SERIOUS_ILLNESS,)),
            PriorityGroup(id="old", reference="Art 2", tag="M", member_age_from=60),
        ),
    )
    facts = facts_of(
        {
            "both": ({}, ("A F 1950-01-01 serious_illness",)),
            "old": ({}, ("A F 1950-01-01",)),
            "none": ({}, ("A F 1990-01-01",)),
            "ill": ({}, ("A F 1990-01-01", "S M 1990-01-01 serious_illness;veteran")),
        }
    )
    assert scores.priority_groups(facts, law, ON).tolist() == [0, 1, 2, 0]


def test_lost_rounds_are_declared_points(example: Policy) -> None:
    """Draws lost so far bring the points of their line, and none without a history."""
    line = ScoreLine(
        id="lost",
        reference="Art 1",
        tag="M",
        description_zh="落选",
        description_en="Lost draws",
        rule="lost_rounds",
        each=3,
        cap=10,
    )
    law = with_ranking(example, lines=(line,))
    facts = facts_of({f"R{number}": ({}, ("A F 1990-01-01",)) for number in range(4)})
    counted = scores.points(facts, law, ON, lost_rounds=pd.Series([0, 1, 3, 4]))
    # 3 a draw, at most 10
    assert counted["points"].tolist() == [0, 3, 9, 10]
    assert scores.points(facts, law, ON)["points"].tolist() == [0, 0, 0, 0]


def test_no_lines_are_no_points(example: Policy) -> None:
    """Without score lines everybody has 0 points and the frame has no other column."""
    facts = facts_of({"R": ({"social_insurance_months": 100}, ("A F 1990-01-01",))})
    frame = scores.points(facts, with_ranking(example, lines=()), ON)
    assert frame.to_dict("list") == {"receipt_no": ["R"], "points": [0]}


@pytest.mark.parametrize(
    ("born", "on", "years", "months"),
    [
        ("2008-03-01", date(2026, 3, 1), 18, 216),
        ("2008-03-02", date(2026, 3, 1), 17, 215),
        ("2008-02-29", date(2026, 2, 28), 17, 215),
        ("2008-02-29", date(2026, 3, 1), 18, 216),
        ("2026-01-31", date(2026, 2, 28), 0, 0),
        ("2026-01-31", date(2026, 3, 1), 0, 1),
        ("2026-03-01", date(2026, 3, 1), 0, 0),
        ("2026-03-02", date(2026, 3, 1), NO_AGE, NO_AGE),
        ("NaT", date(2026, 3, 1), NO_AGE, NO_AGE),
        ("1969-12-31", date(2026, 3, 1), 56, 674),
    ],
)
def test_years_and_months_are_full(born: str, on: date, years: int, months: int) -> None:
    """A year or month counts when its day has come; a missing or future date counts as none."""
    dates = pd.Series([pd.Timestamp(born)]).to_numpy(dtype="datetime64[D]")
    assert (years, months) == (full_years(dates, on)[0], full_months(dates, on)[0])


def test_members_of_no_household_are_left_out(example: Policy) -> None:
    """A member whose household is not there counts for nobody."""
    facts = facts_of({"R": ({}, ("A F 1990-01-01",)), "X": ({}, ("A F 1950-01-01",))})
    alone = facts_of({"R": ({}, ("A F 1990-01-01",))})
    orphaned = type(facts)(**{**vars(alone), "members": facts.members})
    assert Composition.of(orphaned, ON).size.tolist() == [1]
    assert scores.priority_groups(orphaned, example, ON).tolist() == [1]


def test_three_failed_draws_stand_first() -> None:
    """Where the law assigns a home after three failed draws, who lost three stands before everybody else."""
    law = policy.load("chongqing").in_force(ON)
    facts = facts_of({f"R{number}": ({}, ("A F 1990-01-01",)) for number in range(4)})
    groups = scores.priority_groups(facts, law, ON, lost_rounds=pd.Series([0, 2, 3, 4]))
    assert groups.tolist() == [1, 1, 0, 0]
    assert scores.priority_groups(facts, law, ON).tolist() == [1, 1, 1, 1]
