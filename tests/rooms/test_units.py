"""What goes to one sex whole: rooms, and floors and buildings where the law says so."""

from __future__ import annotations

from datetime import date

import pandas as pd

from allocator.model.facts import Facts
from allocator.policy import load
from allocator.supply import stock as stock_rules
from allocator.supply import units as unit_rules
from tests.rooms.laws import rooms
from tests.supply.worlds import dwellings, projects

RULES = load("example").in_force(date(2026, 3, 1)).supply
DAY = date(2026, 3, 5)


def bed(name: str, room: str, floor: int = 1, project: str = "P1", **more: object) -> dict:
    """A bed."""
    where = {"project_id": project, "room_id": room, "floor": floor}
    return {"dwelling_id": name, "kind": "bed", "dwelling_type": "bed", **where, **more}


def units_of(homes: pd.DataFrame, lives: dict[str, str], *one_sex: tuple[str, str]) -> dict[str, str]:
    """Open bed -> its sex, or the unit that is still to be settled."""
    where = projects({"project_id": "P1"}, {"project_id": "P2"})
    facts = Facts(**{**vars(Facts.empty()), "dwellings": homes, "projects": where})
    occupied = pd.DataFrame({"dwelling_id": list(lives), "sex": list(lives.values())}).astype("str")
    stock = stock_rules.open_stock(facts, RULES, DAY, occupied)
    told = unit_rules.with_units(stock, homes, occupied, rooms(*one_sex))
    return dict(zip(told["dwelling_id"], told["sex"].where(told["sex"] != "", told["unit"]), strict=True))


def test_without_more_each_empty_room_is_a_unit() -> None:
    """Rooms of a project are told apart; a room delivered for one sex or lived in has it; flats have no unit."""
    homes = dwellings(
        bed("B1", "R1"),
        bed("B2", "R2", room_sex="male"),
        bed("B3", "R3"),
        bed("B4", "R3"),
        {"dwelling_id": "D1"},
    )
    assert units_of(homes, {"B3": "female"}) == {"B1": "room:R1", "B2": "male", "B4": "female", "D1": ""}


def test_a_floor_of_one_sex_is_one_unit_across_its_rooms() -> None:
    """Only in the projects the law names."""
    homes = dwellings(bed("B1", "R1"), bed("B2", "R2"), bed("B3", "R3", 2), bed("B4", "R4", project="P2"))
    told = units_of(homes, {}, ("P1", "floor"))
    assert told == {"B1": "floor:1", "B2": "floor:1", "B3": "floor:2", "B4": "room:R4"}


def test_one_tenant_settles_the_whole_floor() -> None:
    """A woman in a full room makes the empty rooms beside it women's, though none of her room's beds is open."""
    homes = dwellings(bed("B1", "R1"), bed("B2", "R2"), bed("B3", "R3", 2))
    told = units_of(homes, {"B1": "female"}, ("P1", "floor"))
    assert told == {"B2": "female", "B3": "floor:2"}


def test_a_building_is_all_beds_of_a_project() -> None:
    """One room delivered for men makes all of it men's."""
    homes = dwellings(bed("B1", "R1"), bed("B2", "R2", 5, room_sex="male"), bed("B4", "R4", project="P2"))
    told = units_of(homes, {}, ("P1", "building"), ("P2", "building"))
    assert told == {"B1": "male", "B2": "male", "B4": "building"}


def test_where_both_live_already_rooms_are_told_apart() -> None:
    """The law comes too late for a floor with women and men: its empty rooms go one by one."""
    homes = dwellings(bed("B1", "R1"), bed("B2", "R2"), bed("B3", "R3"), bed("B4", "R1"))
    told = units_of(homes, {"B1": "female", "B2": "male"}, ("P1", "floor"))
    assert told == {"B3": "room:R3", "B4": "female"}


def test_beds_kept_by_an_earlier_sub_round_settle_their_unit() -> None:
    """What is left of a room of which a bed went to a woman is for women; other rooms stay open."""
    stock = pd.DataFrame(
        {
            "dwelling_id": ["B1", "B2", "B3"],
            "project_id": "P1",
            "unit": ["room:R1"] * 2 + ["room:R2"],
            "sex": "",
        }
    ).astype("str")
    left = unit_rules.settled(stock, pd.Series({"B1": "female"}))
    assert left["sex"].tolist() == ["female", "female", ""]
    assert left["unit"].tolist() == ["", "", "room:R2"]
