"""Laws of subsidies, on any household."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.tenancies.circumstances import circumstances
from allocator.tenancies.rents import monthly_rent_fen
from allocator.tenancies.subsidies import NO_TIER, monthly_subsidy_fen, tiers_of

from .worlds import BEIJING_2015, ON, YUAN, facts_of, frame_of, household, member

HOUSEHOLDS = st.builds(
    household,
    income_per_year_fen=st.none() | st.integers(0, 40_000_000),
    assets_fen=st.none() | st.integers(0, 100_000_000),
    benefit_status=st.sampled_from([None, "none", "low_income", "minimum_living", "extreme_poverty"]),
    num_persons=st.integers(0, 9),
    has_home=st.sampled_from([None, True, False]),
    steps_up=st.booleans(),
    area_cm2=st.integers(0, 1_500_000),
    rent_per_m2_fen=st.integers(0, 20_000),
    is_bed=st.booleans(),
)


@given(st.lists(HOUSEHOLDS, min_size=1, max_size=20))
def test_subsidy_is_at_most_the_rent(rows):
    """No household gets more than its rent, and never less than nothing."""
    frame = frame_of(*rows)
    subsidy = monthly_subsidy_fen(frame, BEIJING_2015)["subsidy_fen"].to_numpy()
    rent = monthly_rent_fen(frame["area_cm2"], frame["rent_per_m2_fen"], frame["is_bed"])
    assert (subsidy >= 0).all()
    assert (subsidy <= rent).all()


@given(st.lists(HOUSEHOLDS, min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(rows, random):
    """Each household's answer is its own: rows may stand in any order."""
    places = list(range(len(rows)))
    random.shuffle(places)
    straight = monthly_subsidy_fen(frame_of(*rows), BEIJING_2015)
    shuffled = monthly_subsidy_fen(frame_of(*(rows[place] for place in places)), BEIJING_2015)
    expected = straight.iloc[places].reset_index(drop=True)
    pd.testing.assert_frame_equal(shuffled, expected)


@given(HOUSEHOLDS)
def test_only_what_is_paid_is_an_amount_with_a_tier(row):
    """An amount goes with the reason ``paid`` and a tier; every other reason with neither."""
    answer = monthly_subsidy_fen(frame_of(row), BEIJING_2015).iloc[0]
    is_paid = answer["reason"] == "paid"
    assert (answer["tier"] != "") == is_paid
    assert is_paid or answer["subsidy_fen"] == 0


@given(st.integers(0, 2_400 * 12), st.integers(1, 9))
def test_tiers_partition_the_incomes(income_per_head_and_year_yuan, persons):
    """Every income up to the last bound lies in exactly one income tier."""
    income = income_per_head_and_year_yuan * persons * YUAN
    frame = frame_of(household(income_per_year_fen=income, num_persons=persons))
    inside = [
        entry.id
        for entry in BEIJING_2015.tiers
        if not entry.statuses
        and (entry.income_above_fen is None or income > entry.income_above_fen * 12 * persons)
        and (entry.income_up_to_fen is None or income <= entry.income_up_to_fen * 12 * persons)
    ]
    tier, known = tiers_of(frame, BEIJING_2015)
    assert known.all()
    assert [BEIJING_2015.tiers[int(tier[0])].id] == inside


@given(st.integers(0, 20_000_000), st.integers(0, 20_000_000), st.integers(1, 6))
def test_more_income_never_means_more_subsidy(income, other, persons):
    """The subsidy does not grow with income."""
    low, high = sorted((income, other))
    rows = [household(income_per_year_fen=each, num_persons=persons) for each in (low, high)]
    amounts = monthly_subsidy_fen(frame_of(*rows), BEIJING_2015)["subsidy_fen"].tolist()
    assert amounts[0] >= amounts[1]


@settings(max_examples=30)
@given(HOUSEHOLDS)
def test_a_step_up_never_costs(row):
    """A household with the step up gets at least what it would get without."""
    pair = frame_of({**row, "steps_up": False}, {**row, "steps_up": True})
    amounts = monthly_subsidy_fen(pair, BEIJING_2015)["subsidy_fen"].tolist()
    assert amounts[1] >= amounts[0]


def test_no_rule_pays_nothing():
    """Where the policy has no subsidy nothing is paid, and the reason says so."""
    answer = monthly_subsidy_fen(frame_of(household(), household()), None)
    assert answer["subsidy_fen"].tolist() == [0, 0]
    assert answer["reason"].tolist() == ["no_rule", "no_rule"]


def test_a_mode_that_pays_none_pays_none():
    """Where the supply mode pays no subsidy the household gets none."""
    frame = frame_of(household(), household()).assign(is_payable=[True, False])
    assert monthly_subsidy_fen(frame, BEIJING_2015)["reason"].tolist() == ["paid", "not_by_this_mode"]


def test_a_household_above_every_bucket_has_no_known_cap():
    """A household larger than the largest bucket is not judged by a cap that is not its own."""
    rules = BEIJING_2015.model_copy(update={"assets_caps_fen": ((3, 100),)})
    frame = frame_of(household(num_persons=4, assets_fen=0))
    assert monthly_subsidy_fen(frame, rules)["reason"].tolist() == ["unknown"]


ASKED = {
    "receipt_no": "R1",
    "branch": "local",
    "income_per_year_fen": 1,
    "assets_fen": 2,
    "benefit_status": "none",
}


def family(*members, **given):
    facts = facts_of(
        households=[{**ASKED, **given}], members=[{**each, "receipt_no": "R1"} for each in members]
    )
    return circumstances(facts, ["R1"], BEIJING_2015, ON).iloc[0]


OLD = date(1966, 3, 26)  # sixty on the day
YOUNGER = date(1966, 3, 27)


@pytest.mark.parametrize(
    ("members", "steps_up"),
    [
        ([member("R1", "甲", "1", born=OLD)], True),
        ([member("R1", "甲", "1", born=YOUNGER)], False),
        ([member("R1", "甲", "1", born=OLD), member("R1", "乙", "2", relation="spouse", born=OLD)], True),
        (
            [member("R1", "甲", "1", born=OLD), member("R1", "乙", "2", relation="spouse", born=YOUNGER)],
            False,
        ),
        (
            [
                member("R1", "甲", "1", born=date(1930, 1, 1)),
                member("R1", "乙", "2", relation="child", born=OLD),
            ],
            False,
        ),
        ([member("R1", "甲", "1", flags="severe_disability")], True),
        ([member("R1", "甲", "1"), member("R1", "乙", "2", flags="serious_illness;veteran")], True),
        ([member("R1", "甲", "1", flags="veteran")], False),
        ([member("R1", "甲", "1", born=None)], False),
    ],
)
def test_who_steps_up(members, steps_up):
    """One step up: a marked member, or all members aged and no child among them; never by a missing date."""
    assert bool(family(*members)["steps_up"]) is steps_up


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        ({"building_area_cm2": 0}, False),
        ({"building_area_cm2": 1}, True),
        ({"usable_area_cm2": 0}, False),
        ({"building_area_cm2": 0, "usable_area_cm2": 5}, True),
    ],
)
def test_any_known_area_is_a_home(areas, expected):
    """A known area above zero is a home; a known zero alone is none."""
    assert bool(family(member("R1", "甲", "1"), **areas)["has_home"]) is expected


def test_silence_about_the_home_is_unknown():
    """Without any area it is unknown whether the household has a home."""
    assert pd.isna(family(member("R1", "甲", "1"))["has_home"])


def test_circumstances_keep_the_order_asked_and_the_unknown():
    """Rows come in the order asked; a household nobody knows has no persons and no values."""
    facts = facts_of(households=[ASKED], members=[member("R1", "甲", "1")])
    frame = circumstances(facts, ["R9", "R1"], BEIJING_2015, ON)
    assert frame["receipt_no"].tolist() == ["R9", "R1"]
    assert frame["num_persons"].tolist() == [0, 1]
    assert frame["income_per_year_fen"].isna().tolist() == [True, False]


def test_unknown_tier_is_no_tier():
    """Without income and certificate there is no tier, and it is not known."""
    tier, known = tiers_of(frame_of(household(income_per_year_fen=None)), BEIJING_2015)
    assert tier.tolist() == [NO_TIER]
    assert np.array_equal(known, [False])


@pytest.mark.parametrize(("over_fen", "reason"), [(0, "income_above"), (1, "paid")])
def test_the_lower_bound_is_exclusive_of_itself(over_fen, reason):
    """A tier alone does not take the income at its own lower bound, and takes one fen a year more."""
    alone = BEIJING_2015.model_copy(update={"tiers": (BEIJING_2015.tiers[3],)})
    frame = frame_of(household(income_per_year_fen=1_200 * YUAN * 12 * 3 + over_fen))
    assert monthly_subsidy_fen(frame, alone)["reason"].tolist() == [reason]
