"""Accessible and low dwellings: first to those in need, what they leave released to everybody, nobody twice."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from allocator.model.columns import DWELLINGS, HOUSEHOLDS, MEMBERS, PREFERENCES, PROJECTS
from allocator.model.facts import Facts, conform
from tests.rounds.corridor import law_of, play

# dwelling -> (floor, accessible): a ground floor, an adapted one on the fifth, two ordinary ones.
STOCK = {"D1": (1, False), "D5": (5, True), "D7": (7, False), "D8": (8, False)}


def world(**people: tuple[str | None, bool]) -> Facts:
    """Single persons, all with the same list of any one-room flat; ``people``: flag and request."""
    receipts = list(people)
    households = pd.DataFrame(
        {
            "receipt_no": receipts,
            "branch": "local",
            "registered_on": pd.Timestamp("2025-03-01"),
            "income_per_year_fen": 1_200_000,
            "assets_fen": 0,
            "building_area_cm2": 0,
            "benefit_status": "none",
            "social_insurance_months": 12,
            "needs_accessible": [asked for _, asked in people.values()],
        }
    )
    members = pd.DataFrame(
        {
            "receipt_no": receipts,
            "name": "x",
            "id_number": receipts,
            "relation": "applicant",
            "sex": "female",
            "birth_date": pd.Timestamp("1990-01-01"),
            "flags": [flag for flag, _ in people.values()],
        }
    )
    dwellings = pd.DataFrame(
        {
            "dwelling_id": list(STOCK),
            "project_id": "P1",
            "kind": "flat",
            "dwelling_type": "one_room",
            "building_area_cm2": 400_000,
            "floor": [floor for floor, _ in STOCK.values()],
            "accessible": [accessible for _, accessible in STOCK.values()],
            "rent_per_m2_fen": 800,
            "available_on": pd.Timestamp("2026-01-01"),
        }
    )
    projects = pd.DataFrame(
        {"project_id": ["P1"], "name": "甲", "supply_mode": "government_invested", "district": "410102"}
    )
    wishes = pd.DataFrame(
        {"receipt_no": receipts, "rank": 1, "project_id": "P1", "dwelling_type": "one_room"}
    )
    return replace(
        Facts.empty(),
        households=conform(households, HOUSEHOLDS),
        members=conform(members, MEMBERS),
        dwellings=conform(dwellings, DWELLINGS),
        projects=conform(projects, PROJECTS),
        preferences=conform(wishes, PREFERENCES),
    )


def given(facts: Facts) -> dict[str, dict[str, str]]:
    """Sub-round -> receipt -> dwelling."""
    told = {}
    for played in play(facts, law_of("example")):
        roster = played.frozen.roster.set_index("code")["receipt_no"]
        result = played.done.result
        told[played.frozen.name] = dict(zip(roster[result["code"]], result["dwelling_id"], strict=True))
    return told


def test_those_in_need_come_first_and_the_rest_is_released() -> None:
    """One in need takes the adapted dwelling; the ground floor nobody in need is left for goes to the others."""
    facts = world(ill=("serious_illness", False), a=(None, False), b=(None, False), c=(None, False))
    told = given(facts)
    assert told["need"] == {"ill": "D5"}
    assert set(told["public"]) == {"a", "b", "c"}
    assert set(told["public"].values()) == {"D1", "D7", "D8"}


def test_a_request_is_enough_and_a_veteran_is_not_in_need() -> None:
    """Need is a flag of the law or the household's own request; other marks are none."""
    told = given(world(asks=(None, True), veteran=("veteran", False), a=(None, False)))
    assert set(told["need"]) == {"asks"}
    assert set(told["public"]) == {"veteran", "a"}


def test_the_adapted_dwelling_goes_before_the_ground_floor() -> None:
    """Two in need get the two dwellings that suit them, and nobody else any of them."""
    told = given(
        world(ill=("serious_illness", False), disabled=("severe_disability", False), a=(None, False))
    )
    assert set(told["need"].values()) == {"D5", "D1"}
    assert set(told["public"].values()) <= {"D7", "D8"}


def test_more_in_need_than_suitable_dwellings_stay_in_the_public_draw() -> None:
    """Three in need, two suitable dwellings: the third is not left out, and nobody gets two."""
    facts = world(**{f"R{at}": ("severe_disability", False) for at in range(3)}, a=(None, False))
    told = given(facts)
    housed = [receipt for homes in told.values() for receipt in homes]
    assert len(told["need"]) == 2
    assert len(housed) == len(set(housed)) == 4


def test_without_anybody_in_need_every_dwelling_is_public() -> None:
    """No sub-round of need is held, and no dwelling stays empty for it."""
    told = given(world(a=(None, False), b=(None, False), c=(None, False), d=(None, False)))
    assert set(told) == {"public"}
    assert set(told["public"].values()) == set(STOCK)
