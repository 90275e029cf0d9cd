"""当期房源: what can be let, and rooms of one sex."""

from datetime import date

import pandas as pd

from allocator.model.facts import Facts
from allocator.policy import load
from allocator.supply import stock as stock_rules
from allocator.supply.units import with_units
from tests.supply.worlds import dwellings, projects

RULES = load("example").in_force(date(2026, 3, 1)).supply
NOBODY = pd.DataFrame({"dwelling_id": pd.Series(dtype="str"), "sex": pd.Series(dtype="str")})
DAY = date(2026, 3, 5)


def facts(homes: pd.DataFrame, where: pd.DataFrame) -> Facts:
    """Facts with dwellings and projects only."""
    return Facts(**{**vars(Facts.empty()), "dwellings": homes, "projects": where})


def bed(number: int, room: str, **more: object) -> dict:
    """A bed of P1 in a room."""
    return {"dwelling_id": f"B{number}", "kind": "bed", "dwelling_type": "bed", "room_id": room, **more}


def rooms_of(homes: pd.DataFrame, female: int, male: int, occupied: pd.DataFrame = NOBODY) -> dict[str, str]:
    """Bed -> sex after the split."""
    open_stock = stock_rules.open_stock(facts(homes, projects({"project_id": "P1"})), RULES, DAY, occupied)
    demand = pd.DataFrame({"project_id": ["P1"], "female": [female], "male": [male]})
    split = stock_rules.sexes_of_empty_rooms(with_units(open_stock, homes, occupied, None), demand)
    return dict(zip(split["dwelling_id"], split["sex"], strict=True))


def test_only_what_is_free_and_available_is_open() -> None:
    """Leased dwellings, dwellings of a later day and of an ended head lease are not in the month's stock."""
    homes = dwellings(
        {"dwelling_id": "D1"},
        {"dwelling_id": "D2"},
        {"dwelling_id": "D3", "available_on": pd.Timestamp("2026-03-06")},
        {"dwelling_id": "D4", "project_id": "P2"},
        {"dwelling_id": "D5", "project_id": "P3"},
    )
    where = projects(
        {"project_id": "P1"},
        {"project_id": "P2", "supply_mode": "leased", "head_lease_ends": pd.Timestamp("2026-03-05")},
        {"project_id": "P3", "supply_mode": "leased", "head_lease_ends": pd.Timestamp("2031-12-31")},
    )
    occupied = pd.DataFrame({"dwelling_id": ["D2"], "sex": ["female"]})
    stock = stock_rules.open_stock(facts(homes, where), RULES, DAY, occupied)
    assert list(stock["dwelling_id"]) == ["D1", "D5"]


def test_an_employers_own_stock_is_its_operators() -> None:
    """Enterprise-built stock belongs to its operator's staff; without an operator the bureau allocates it."""
    where = projects(
        {"project_id": "P1", "supply_mode": "enterprise_built", "operator_id": "E1"},
        {"project_id": "P2", "supply_mode": "enterprise_built"},
    )
    homes = dwellings({"dwelling_id": "D1"}, {"dwelling_id": "D2", "project_id": "P2"})
    stock = stock_rules.open_stock(facts(homes, where), RULES, DAY, NOBODY)
    assert list(stock["employer_id"]) == ["E1", ""]


def test_empty_rooms_fill_the_most_beds() -> None:
    """Two rooms of two: three women and one man fill all four beds only with one room each."""
    homes = dwellings(bed(1, "R1"), bed(2, "R1"), bed(3, "R2"), bed(4, "R2"))
    assert rooms_of(homes, female=3, male=2) == {"B1": "female", "B2": "female", "B3": "male", "B4": "male"}


def test_ties_go_to_the_fewest_womens_rooms() -> None:
    """Nobody asks for a bed: every empty room goes to men, the least number of women's rooms."""
    homes = dwellings(bed(1, "R1"), bed(2, "R2"))
    assert set(rooms_of(homes, female=0, male=0).values()) == {"male"}


def test_a_room_lived_in_keeps_its_sex() -> None:
    """A free bed beside a tenant, or in a room delivered with its sex, is for that sex whatever the demand."""
    homes = dwellings(bed(1, "R1"), bed(2, "R1"), bed(3, "R2", room_sex="female"))
    occupied = pd.DataFrame({"dwelling_id": ["B1"], "sex": ["male"]})
    assert rooms_of(homes, female=9, male=0, occupied=occupied) == {"B2": "male", "B3": "female"}


def test_a_room_never_has_two_sexes() -> None:
    """Beds of one room at different rents go to one sex together."""
    homes = dwellings(bed(1, "R1", rent_per_m2_fen=100), bed(2, "R1", rent_per_m2_fen=200), bed(3, "R2"))
    split = rooms_of(homes, female=1, male=2)
    assert split["B1"] == split["B2"]
