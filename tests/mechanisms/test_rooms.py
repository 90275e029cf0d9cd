"""``rooms`` by example: small dormitories whose right answer can be counted by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cli
from allocator import mechanisms
from allocator.audit import certify
from allocator.mechanisms import rooms, rooms_split
from allocator.mechanisms.rooms_demand import demand_of
from allocator.model.documents import parse_instance
from allocator.model.enums import SolutionStatus
from tests.laws.markets import solved

Document = dict[str, Any]


def dormitory(
    lists: list[list[str]], entries: list[Document], pools: list[Document] | None = None
) -> Document:
    """Households h1, h2, … in order with these lists; the pools of the entries are made."""
    households = [
        {"id": f"h{number}", "order": number, "preferences": preferences}
        for number, preferences in enumerate(lists, start=1)
    ]
    beds = [{"id": entry["pools"][sex]} for entry in entries for sex in "FM"]
    return {
        "format": "allocator-instance/1",
        "households": households,
        "pools": [*beds, *(pools or [])],
        "rooms": entries,
    }


def entry(name: str, num_rooms: int, beds: int, **partial: list[int]) -> Document:
    """A dormitory with pools ``<name>-f`` and ``<name>-m``."""
    found: Document = {
        "pools": {"F": f"{name}-f", "M": f"{name}-m"},
        "rooms": num_rooms,
        "beds": beds,
    }
    return {**found, "partial": partial} if partial else found


def split_of(document: Document, mechanism: str = "serial") -> tuple[dict[str, int], int]:
    figures = solved(document, mechanism)["report"]["rooms"]
    return figures["split"], figures["num_filled"]


def test_two_rooms_of_two_for_three_women_and_one_man() -> None:
    """Three women and one man need one room each, though the women alone could fill both: 2 + 1 beds = 3, as many
    as 3 + 0, and the tie goes to the fewest rooms for women.
    """
    document = dormitory([["a-f"]] * 3 + [["a-m"]], [entry("a", 2, 2)])
    assert split_of(document) == ({"a-f": 1, "a-m": 1}, 3)


def test_rooms_lived_in_keep_their_sex_and_are_filled_first() -> None:
    """Two free beds among women already there: the fifth woman alone needs a new room, men get the other."""
    document = dormitory([["a-f"]] * 5 + [["a-m"]] * 4, [entry("a", 2, 4, F=[1, 1])])
    assert split_of(document) == ({"a-f": 1, "a-m": 1}, 9)
    beds = solved(document)["report"]["rooms"]["beds"]
    assert beds == {"a-f": [["h1"], ["h2"], ["h3", "h4", "h5"]], "a-m": [["h6", "h7", "h8", "h9"]]}


def test_the_order_plays_no_part_in_the_split() -> None:
    """The first in the order lists a bed for women, but the room seats two men: it goes to them."""
    document = dormitory([["a-f"], ["a-m"], ["a-m"]], [entry("a", 1, 2)])
    assert split_of(document) == ({"a-f": 0, "a-m": 1}, 2)
    assert solved(document)["assignment"] == {"h1": None, "h2": "a-m", "h3": "a-m"}


def test_who_lists_two_dormitories_is_counted_once() -> None:
    """Two women list both dormitories and three men only the first: the women's room is then in the second."""
    lists = [["a-f", "b-f"]] * 2 + [["a-m"]] * 3
    document = dormitory(lists, [entry("a", 1, 3), entry("b", 1, 2)])
    assert split_of(document) == ({"a-f": 0, "a-m": 1, "b-f": 1, "b-m": 0}, 5)


def test_a_household_may_list_both_sexes() -> None:
    """A household that lists both pools fills whichever bed is left: 2 + 1 people in one room each of two beds."""
    document = dormitory([["a-f", "a-m"], ["a-f"], ["a-m"]], [entry("a", 2, 2)])
    assert split_of(document) == ({"a-f": 1, "a-m": 1}, 3)


def test_ties_go_by_the_id_of_the_women_s_pool() -> None:
    """One women's room is needed in either dormitory; the one with the later F pool has it."""
    lists = [["b-f", "a-f"], ["a-m", "b-m"]]
    document = dormitory(lists, [entry("b", 1, 1), entry("a", 1, 1)])
    assert split_of(document) == ({"a-f": 0, "a-m": 1, "b-f": 1, "b-m": 0}, 2)


def test_a_building_for_one_sex() -> None:
    """A floor of 40 beds goes as a whole: of three floors two to 60 women, one to 35 men."""
    document = dormitory([["a-f"]] * 60 + [["a-m"]] * 35, [entry("a", 3, 40)])
    assert split_of(document, "deferred_acceptance") == ({"a-f": 2, "a-m": 1}, 95)


def test_without_empty_rooms_there_is_nothing_to_split() -> None:
    """No empty rooms: the beds are those of the rooms lived in."""
    document = dormitory([["a-f"], ["a-m"]], [entry("a", 0, 4, M=[1])])
    assert split_of(document, "band_optimum") == ({"a-f": 0, "a-m": 0}, 1)
    assert solved(document)["assignment"] == {"h1": None, "h2": "a-m"}


def test_nobody_lists_a_bed() -> None:
    """Without demand every room goes to men, the fewest there are for women."""
    document = dormitory([[]], [entry("a", 2, 2)])
    assert split_of(document) == ({"a-f": 0, "a-m": 2}, 0)


def test_a_sitting_tenant_keeps_a_bed_for_which_a_room_is_needed() -> None:
    """A woman counted in a new room keeps it though two men would fill it."""
    document = dormitory([["a-f"], ["a-m"], ["a-m"]], [entry("a", 1, 2)])
    document["households"][0]["current"] = "a-f"
    assert split_of(document, "deferred_acceptance") == ({"a-f": 1, "a-m": 0}, 1)


def test_flats_beside_beds_play_no_part() -> None:
    """Who also lists a flat still counts for the beds; the mechanism gives each its best."""
    lists = [["flat", "a-f"], ["flat", "a-f"], ["a-m"]]
    document = dormitory(lists, [entry("a", 1, 2)], [{"id": "flat", "capacity": 1}])
    assert split_of(document) == ({"a-f": 1, "a-m": 0}, 2)
    assert solved(document)["assignment"] == {"h1": "flat", "h2": "a-f", "h3": None}


def test_reserves_and_maxima_stand_on_the_split_s_capacities() -> None:
    """A maximum on a room pool holds, though the split is made without it."""
    document = dormitory([["a-f"]] * 4, [entry("a", 1, 4)])
    document["quotas"] = [{"id": "q", "pools": ["a-f"], "max": 2}]
    for mechanism in ("serial", "deferred_acceptance", "band_optimum"):
        solution = solved(document, mechanism)
        assert solution["report"]["rooms"]["split"] == {"a-f": 1, "a-m": 0}
        assert [solution["assignment"][f"h{n}"] for n in (1, 2, 3, 4)] == ["a-f", "a-f", None, None]


def test_rooms_that_only_waste_beds_together_are_proved() -> None:
    """41 women and 43 men with 21 rooms of 4 over six dormitories that all list: one bed stays empty, which no
    divisible split shows; the proof needs the rounding.
    """
    women = [f"d{number}-f" for number in range(6)]
    men = [f"d{number}-m" for number in range(6)]
    sizes = [3, 4, 4, 4, 3, 3]
    entries = [entry(f"d{number}", size, 4) for number, size in enumerate(sizes)]
    document = dormitory([women] * 41 + [men] * 43, entries)
    instance = parse_instance(document).instance
    assert instance is not None
    solution = solved(document)
    assert solution["report"]["rooms"]["num_filled"] == 83  # 10 rooms of women (40) and 11 of men (43)
    assert all(result.holds for result in certify(instance, solution))


def test_the_files_path_from_solve_to_certify(tmp_path: Path) -> None:
    """``solve`` honours rooms and ``certify`` finds every law to hold."""
    source, out = tmp_path / "instance.json", tmp_path / "solution.json"
    document = dormitory([["a-f"]] * 5 + [["a-m"]] * 4, [entry("a", 2, 4, F=[1, 1])])
    source.write_text(json.dumps(document), encoding="utf-8")
    assert cli.run(["solve", str(source), "--mechanism", "serial", "--out", str(out)]) == 0
    assert cli.run(["certify", str(source), str(out)]) == 0
    solution = json.loads(out.read_text(encoding="utf-8"))
    del solution["certificate"]["rooms"]
    out.write_text(json.dumps(solution), encoding="utf-8")
    assert cli.run(["certify", str(source), str(out)]) == 1


def test_a_limit_is_said_and_nobody_is_assigned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the proof grows beyond its limit the status is LIMIT, never an unproved split."""
    monkeypatch.setattr(rooms_split, "MOST_NODES", 0)
    instance = parse_instance(dormitory([["a-f"]], [entry("a", 1, 1)])).instance
    assert instance is not None
    solution = mechanisms.solve(instance, "serial")
    assert (solution.status, solution.is_drawn) == (SolutionStatus.LIMIT, False)


def test_a_limit_exits_4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On files the limit is exit 4 and the solution written says so."""
    monkeypatch.setattr(rooms_split, "MOST_NODES", 0)
    source, out = tmp_path / "instance.json", tmp_path / "solution.json"
    source.write_text(json.dumps(dormitory([["a-f"]], [entry("a", 1, 1)])), encoding="utf-8")
    assert cli.run(["solve", str(source), "--mechanism", "serial", "--out", str(out)]) == 4
    solution = json.loads(out.read_text(encoding="utf-8"))
    assert (solution["status"], solution["assignment"]) == ("LIMIT", {})


def test_who_lies_where_follows_the_published_order() -> None:
    """Rooms are filled one after the other: 3 free beds in rooms lived in, then the new room."""
    document = dormitory([["a-m"]] * 6, [entry("a", 1, 4, M=[1, 2])])
    instance = parse_instance(document).instance
    assert instance is not None
    matching = mechanisms.solve(instance, "serial").matching
    beds = rooms.beds_of(instance, np.array([0]), matching)
    assert beds == {"a-f": [], "a-m": [["h1"], ["h2", "h3"], ["h4", "h5", "h6"]]}


def test_households_with_the_same_list_are_one_profile() -> None:
    """The order inside a list and other pools make no difference to who can lie where."""
    lists = [["a-f", "flat", "b-f"], ["b-f", "a-f"], ["flat"], ["b-m"]]
    document = dormitory(lists, [entry("a", 1, 1), entry("b", 1, 1)], [{"id": "flat", "capacity": 1}])
    instance = parse_instance(document).instance
    assert instance is not None
    demand = demand_of(instance)
    assert (demand.supply.tolist(), demand.start.tolist()) == ([1, 2], [0, 1, 3])
    assert demand.side.tolist() == [3, 0, 2]
