"""The synthetic city: deterministic, in the schema, unlike any real person, true to its world's ratios."""

from __future__ import annotations

import time
from dataclasses import fields
from datetime import date

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from stdnum.cn import uscc

from allocator import policy
from allocator.errors import WrongUsage
from allocator.messages import text_of
from allocator.model.columns import TABLES
from allocator.model.facts import Facts
from allocator.screening import screen
from scenarios.population import city, next_delivery
from scenarios.worlds import WORLDS

FRAMES = [field.name for field in fields(Facts)]


@pytest.fixture(scope="module")
def shortage() -> Facts:
    return city(3_000, 7)


def id_check(body: str) -> str:
    """GB 11643: the weights are powers of two modulo 11; written apart from the generator's columns."""
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(body))
    return "10X98765432"[total % 11]


def test_the_same_arguments_give_the_same_rows():
    """A city is a function of its arguments alone."""
    one, two = city(300, 0, "dormitory", month="2026-05"), city(300, 0, "dormitory", month="2026-05")
    for name in FRAMES:
        assert_frame_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize("other", [{"seed": 8}, {"month": "2026-04"}])
def test_another_seed_or_month_gives_other_people(other):
    """Seed 0 is a seed like any other, and every month has people of its own."""
    base = {"seed": 0, "month": "2026-03"}
    one, two = city(200, **base), city(200, **(base | other))
    assert set(one.members["id_number"]) != set(two.members["id_number"])


@pytest.mark.parametrize("world", list(WORLDS))
def test_every_frame_has_exactly_its_schema(world):
    """Columns and dtypes are those of model.columns, in order."""
    facts = city(200, 3, world)
    for table in TABLES:
        frame = getattr(facts, table.name)
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == table.dtypes
        for column in table.columns:
            if not column.may_be_empty:
                assert frame[column.frame_name].notna().all(), column.name
            if column.spellings and column.kind == "choice":
                assert set(frame[column.frame_name].dropna()) <= set(column.spellings), column.name


@pytest.mark.parametrize("world", list(WORLDS))
def test_keys_are_unique_and_references_resolve(world):
    """No row of a delivery names what the delivery does not hold, and no key stands twice."""
    facts = city(400, 5, world)
    for table in TABLES:
        assert not getattr(facts, table.name).duplicated(list(table.key)).any()
    assert facts.members["id_number"].is_unique
    assert set(facts.dwellings["project_id"]) <= set(facts.projects["project_id"])
    assert set(facts.projects["operator_id"].dropna()) <= set(facts.employers["employer_id"])
    assert set(facts.households["employer_id"].dropna()) <= set(facts.employers["employer_id"])
    assert set(facts.preferences["project_id"]) <= {*facts.projects["project_id"], "*"}
    receipts = set(facts.households["receipt_no"])
    assert set(facts.members["receipt_no"]) == receipts
    assert set(facts.preferences["receipt_no"]) <= receipts


def test_id_numbers_are_synthetic_and_right(shortage):
    """Every ID number has address 999999, the member's birth date and sex, and the checksum of GB 11643."""
    members = shortage.members
    numbers = members["id_number"]
    assert (numbers.str.len() == 18).all()
    assert set(numbers.str[:6]) == {"999999"}
    assert (numbers.str[6:14] == members["birth_date"].dt.strftime("%Y%m%d")).all()
    assert ((numbers.str[16].astype(int) % 2 == 1) == (members["sex"] == "male")).all()
    assert [number[17] for number in numbers] == [id_check(number[:17]) for number in numbers]


def test_the_checksum_of_the_test_is_the_published_one():
    """Two known vectors of GB 11643 keep the test's own checksum honest."""
    assert id_check("11010519491231002") == "X"
    assert id_check("44052418800101001") == "4"


def test_credit_codes_are_valid_and_nobodys(shortage):
    """Credit codes pass python-stdnum's two checks and stand in a division that does not exist."""
    codes = shortage.employers["credit_code"]
    assert all(uscc.is_valid(code) for code in codes)
    assert codes.is_unique
    assert set(codes.str[2:8]) == {"999999"}


@pytest.mark.parametrize(
    ("world", "households", "places"),
    [
        ("shortage", 2_000, 500),
        ("undersubscribed", 362, 1_551),
        ("employer", 1_500, 1_100),
        ("dormitory", 600, 300),
    ],
)
def test_the_ratio_of_places_to_households_is_the_worlds(world, households, places):
    """1:4; 1,551:362; 11:15 (10,000 of 11,000 places for 12,000 of 15,000 households); 1:2."""
    assert len(city(households, 1, world).dwellings) == places


def test_the_employer_has_beds_for_ten_of_twelve_staff():
    """In the world `employer` 12,000 staff ask for 10,000 places of their own employer (here a tenth)."""
    facts = city(1_500, 2, "employer")
    own = facts.projects.loc[facts.projects["operator_id"] == "E001", "project_id"]
    places = facts.dwellings[facts.dwellings["project_id"].isin(own)]
    assert (facts.households["employer_id"] == "E001").sum() >= 1_200
    assert abs(len(places) - 1_000) <= 2
    assert (places["kind"] == "bed").mean() > 0.9


def test_dormitory_is_mostly_beds():
    """In the world `dormitory` four places in five are beds."""
    beds = (city(2_000, 4, "dormitory").dwellings["kind"] == "bed").mean()
    assert 0.75 < beds < 0.9


def test_all_words_occur(shortage):
    """All six modes, kinds, types, branches, statuses and relations stand in a city of some thousand."""
    assert shortage.projects["supply_mode"].nunique() == 6
    stocked = shortage.dwellings.merge(shortage.projects, on="project_id")
    assert stocked["supply_mode"].nunique() == 6
    assert shortage.dwellings["dwelling_type"].nunique() == 5
    assert shortage.households["branch"].nunique() == 4
    assert shortage.households["benefit_status"].nunique() == 4
    assert set(shortage.members["relation"]) == {"applicant", "spouse", "child", "parent"}
    assert shortage.households["household_registration"].nunique() == 3
    flags = set(";".join(shortage.members["flags"].dropna()).split(";"))
    assert flags == {"severe_disability", "serious_illness", "veteran", "model_worker", "orphan"}
    assert shortage.households["needs_accessible"].any()
    assert shortage.dwellings["accessible"].any()
    assert (shortage.dwellings["floor"] == 1).any()


def test_operators_and_head_leases_follow_the_mode(shortage):
    """Employer-built and leased projects name their operator; only leased ones end with a head lease."""
    projects = shortage.projects.set_index("supply_mode")
    assert projects.loc[["enterprise_built", "leased"], "operator_id"].notna().all()
    assert projects.loc[["leased"], "head_lease_ends"].notna().all()
    assert projects.drop(index="leased")["head_lease_ends"].isna().all()


def test_beds_stand_in_rooms_and_flats_do_not(shortage):
    """Beds have a room of one project, one rent and at most one sex; rooms lived in are free in part."""
    beds = shortage.dwellings[shortage.dwellings["kind"] == "bed"]
    flats = shortage.dwellings[shortage.dwellings["kind"] == "flat"]
    assert beds["room_id"].notna().all()
    assert flats["room_id"].isna().all()
    assert flats["room_sex"].isna().all()
    rooms = beds.groupby("room_id")
    for column in ("project_id", "rent_per_m2_fen", "room_sex", "floor", "accessible"):
        assert rooms[column].nunique(dropna=False).max() == 1, column
    assert set(beds["room_sex"].dropna()) == {"male", "female"}
    assert beds["room_sex"].isna().any()
    sizes = rooms.size()
    assert sizes.max() <= 8
    empty = beds[beds["room_sex"].isna()].groupby(["project_id", "rent_per_m2_fen"])["room_id"]
    assert all(len(set(ids.value_counts())) == 1 for _, ids in empty), "empty rooms of a pool are of one size"


def test_dates_lie_before_the_month(shortage):
    """Everybody registered, and every dwelling came free, before the first day of the month."""
    first = pd.Timestamp("2026-03-01")
    assert (shortage.households["registered_on"] < first).all()
    assert (shortage.dwellings["available_on"] < first).all()
    assert (shortage.members["birth_date"] <= first).all()


def test_every_household_has_one_applicant_of_age(shortage):
    """One applicant each, eighteen or older; spouses are of the other sex."""
    members = shortage.members
    applicants = members[members["relation"] == "applicant"].set_index("receipt_no")
    assert len(applicants) == len(shortage.households)
    assert applicants.index.is_unique
    # The generator counts years of 365.25 days: a birthday may be a day off.
    assert (applicants["birth_date"] <= pd.Timestamp("2008-03-02")).all()
    spouses = members[members["relation"] == "spouse"].set_index("receipt_no")
    assert (spouses["sex"] != applicants.loc[spouses.index, "sex"]).all()
    assert 0.55 < (members.groupby("receipt_no").size() == 1).mean() < 0.68


def test_lists_are_dense_short_and_plausible(shortage):
    """Ranks run 1, 2, 3 …; 3 to 10 rows; beds only for singles; wildcards occur; wishes are skewed."""
    lists = shortage.preferences
    by_household = lists.groupby("receipt_no")["rank"]
    assert (by_household.max() == by_household.size()).all()
    assert (by_household.min() == 1).all()
    assert by_household.size().between(3, 10).all()
    sizes = shortage.members.groupby("receipt_no").size()
    bed_lists = lists.loc[lists["dwelling_type"] == "bed", "receipt_no"]
    assert (sizes.loc[bed_lists] == 1).all()
    assert (
        0.02
        < (lists.groupby("receipt_no")["dwelling_type"].agg(lambda kinds: "*" in set(kinds))).mean()
        < 0.08
    )
    assert (lists["project_id"] == "*").any()
    first = lists.loc[(lists["rank"] == 1) & (lists["project_id"] != "*"), ["project_id", "dwelling_type"]]
    share = first.value_counts(normalize=True)
    assert share.iloc[: len(share) // 5].sum() > 0.35


def test_a_few_papers_are_missing(shortage):
    """2 to 5 % of the households lack a value that screening asks for."""
    columns = [
        "income_per_year_fen",
        "assets_fen",
        "usable_area_cm2",
        "benefit_status",
        "social_insurance_months",
    ]
    assert 0.02 < shortage.households[columns].isna().any(axis=1).mean() < 0.05


@pytest.mark.parametrize("authority", ["example", "beijing"])
def test_most_but_not_all_are_eligible(shortage, authority):
    """Under the shipped laws 55 to 70 % of the households are eligible and a few are incomplete."""
    on = date(2026, 3, 5)
    verdicts = screen(shortage, policy.load(authority).in_force(on), on).verdicts["verdict"]
    shares = verdicts.value_counts(normalize=True)
    assert 0.55 < shares["ELIGIBLE"] < 0.70
    assert 0.005 < shares["INCOMPLETE"] < 0.05


def test_the_next_month_runs_on(shortage):
    """The next delivery has new households, people and dwellings, and names only what is known by then."""
    later = next_delivery(shortage, "2026-04", 7)
    assert len(later.households) == 300
    assert len(later.dwellings) == 75
    for name, key in (("households", "receipt_no"), ("members", "id_number"), ("dwellings", "dwelling_id")):
        assert not set(getattr(later, name)[key]) & set(getattr(shortage, name)[key])
    assert not set(later.dwellings["room_id"].dropna()) & set(shortage.dwellings["room_id"].dropna())
    assert_frame_equal(later.projects, shortage.projects)
    registered = later.households["registered_on"]
    assert registered.between(pd.Timestamp("2026-03-01"), pd.Timestamp("2026-03-31")).all()
    known = pd.concat([shortage.dwellings, later.dwellings])
    cells = set(zip(known["project_id"], known["dwelling_type"], strict=True))
    named = later.preferences[(later.preferences[["project_id", "dwelling_type"]] != "*").all(axis=1)]
    assert set(zip(named["project_id"], named["dwelling_type"], strict=True)) <= cells


@pytest.mark.parametrize(
    ("arguments", "code"),
    [((10, 1, "atlantis"), "world_unknown"), ((0, 1), "city_too_small"), ((10, -1), "seed_negative")],
)
def test_wrong_words_are_wrong_usage(arguments, code):
    """Unknown worlds (with the known ones listed), no household and negative seeds are refused with exit 2."""
    with pytest.raises(WrongUsage) as fault:
        city(*arguments)
    assert fault.value.code == code
    for language in ("zh", "en"):
        assert text_of(code, language, **fault.value.params)
    if code == "world_unknown":
        assert all(name in fault.value.params["known"] for name in WORLDS)


@pytest.mark.parametrize("num_households", [1, 2, 9])
def test_the_smallest_cities_stand(num_households):
    """A city of a handful of households is whole too."""
    facts = city(num_households, 3)
    assert len(facts.households) == num_households
    assert len(facts.dwellings) >= 1


def test_a_city_takes_time_in_proportion():
    """20,000 households take well under two seconds of one core (100,000 took 1.5 s)."""
    start = time.process_time()
    facts = city(20_000, 1)
    assert time.process_time() - start < 2
    assert np.isclose(len(facts.dwellings), 5_000)
