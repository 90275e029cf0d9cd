"""Reading ``allocator-instance/1`` strictly, laying it out in arrays, and writing solutions."""

from __future__ import annotations

import hashlib
import json
import string
from copy import deepcopy
from typing import Any

import pytest

from allocator.messages import LANGUAGES, text_of
from allocator.model.checking import load_json
from allocator.model.documents import GREATEST_SIZE, parse_instance

THREE_FAMILIES = {
    "format": "allocator-instance/1",
    "households": [
        {"id": "A2", "order": 7, "band": 5, "preferences": ["p2", ["p3", "p1"]], "groups": ["g1"]},
        {"id": "A1", "order": 2, "band": 3, "preferences": ["p1", "p2"]},
        {"id": "A3", "order": 9, "band": 5, "preferences": []},
    ],
    "pools": [{"id": "p3", "capacity": 0}, {"id": "p1", "capacity": 2}, {"id": "p2", "capacity": 1}],
}
ROOMS = [{"pools": {"F": "f", "M": "m"}, "rooms": 3, "beds": 4, "partial": {"F": [2], "M": [1, 3]}}]


def changed(path: str, value: Any) -> dict[str, Any]:
    """The three families with one value set; a path like ``households.0.order``."""
    document: Any = deepcopy(THREE_FAMILIES)
    spot = document
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in steps:
        spot = spot[step]
    if isinstance(spot, list) and last == len(spot):
        spot.append(value)
    else:
        spot[last] = value
    return document


def faults(document: object) -> list[tuple[str, str]]:
    """Codes and places of the faults; every one has its sentence in both languages."""
    parsed = parse_instance(document, "x.json")
    assert (parsed.instance is None) == bool(parsed.problems)
    for problem in parsed.problems:
        for language in LANGUAGES:
            assert text_of(problem.code, language, **{"value": problem.value, **problem.params})
    return [(problem.code, problem.column) for problem in parsed.problems]


def test_households_stand_in_order_and_pools_by_id() -> None:
    """Arrays follow the order, bands become dense, pools sort by id, and equals share a rank."""
    instance = parse_instance(THREE_FAMILIES).instance
    assert instance is not None
    assert instance.household_ids == ["A1", "A2", "A3"]
    assert instance.pool_ids == ["p1", "p2", "p3"]
    assert instance.band.tolist() == [0, 1, 1]
    assert instance.capacity.tolist() == [2, 1, 0]
    assert instance.start.tolist() == [0, 2, 5, 5]
    assert instance.pool.tolist() == [0, 1, 1, 2, 0]
    assert instance.rank.tolist() == [1, 2, 1, 2, 2]
    assert instance.extensions == {}


def test_fingerprint_is_of_the_sorted_document() -> None:
    """The fingerprint is SHA-256 over RFC 8785 JSON with households and pools sorted by id."""
    ordered = deepcopy(THREE_FAMILIES)
    ordered["households"] = [THREE_FAMILIES["households"][at] for at in (1, 0, 2)]
    ordered["pools"] = [THREE_FAMILIES["pools"][at] for at in (1, 2, 0)]
    content = json.dumps(ordered, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    instance = parse_instance(THREE_FAMILIES).instance
    assert instance is not None
    assert instance.fingerprint == "sha256:" + hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("value", [True, 1.0, 0, -3, "1", None, [], 2**53])
def test_an_order_that_is_no_position_is_a_fault(value: object) -> None:
    """Only whole numbers from 1 are positions: no booleans, floats, texts or giants."""
    assert faults(changed("households.0.order", value)) == [("document_integer_wrong", "households[0].order")]


@pytest.mark.parametrize("value", [True, 1.5, -1, "1", None, {}, 2**53])
def test_a_capacity_that_is_no_count_is_a_fault(value: object) -> None:
    """Only whole numbers from 0 are capacities."""
    assert faults(changed("pools.1.capacity", value)) == [("document_integer_wrong", "pools[1].capacity")]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("format", "allocator-instance/2", ("document_format_wrong", "format")),
        ("notes", "x", ("document_key_unknown", "notes")),
        ("households.0.name", "x", ("document_key_unknown", "households[0].name")),
        ("pools.0.size", 1, ("document_key_unknown", "pools[0].size")),
        ("households.0.id", "A1", ("document_id_twice", "households[1].id")),
        ("households.0.id", "", ("document_text_wrong", "households[0].id")),
        ("households.0.id", "\ud800", ("document_text_wrong", "households[0].id")),
        ("households.0.id", 4, ("document_text_wrong", "households[0].id")),
        ("households.0.order", 2, ("document_order_twice", "households[1].order")),
        ("households.0.band", 2, ("document_band_falls", "households[0].band")),
        ("households.0.band", 4.0, ("document_integer_wrong", "households[0].band")),
        ("households.0.preferences", "p1", ("document_list_wrong", "households[0].preferences")),
        ("households.0.preferences.0", "p9", ("document_pool_unknown", "households[0].preferences[0]")),
        ("households.0.preferences.0", 1, ("document_pool_unknown", "households[0].preferences[0]")),
        (
            "households.0.preferences.0",
            [["p1"]],
            ("document_pool_unknown", "households[0].preferences[0][0]"),
        ),
        ("households.0.preferences.0", [], ("document_group_empty", "households[0].preferences[0]")),
        ("households.0.preferences.2", "p1", ("document_pool_twice", "households[0].preferences[2]")),
        ("households.0.preferences.2", ["p2"], ("document_pool_twice", "households[0].preferences[2][0]")),
        ("households.0.groups", ["g", "g"], ("document_group_twice", "households[0].groups[1]")),
        ("households.0.current", "p9", ("document_pool_unknown", "households[0].current")),
        ("households.3", 7, ("document_object_wrong", "households[3]")),
        ("households", {}, ("document_list_wrong", "households")),
        ("pools.3", {"id": "p4"}, ("document_key_missing", "pools[3].capacity")),
        ("pools.3", {"id": "p1", "capacity": 1}, ("document_id_twice", "pools[3].id")),
        ("pools.0.priority", [["A9"]], ("document_household_unknown", "pools[0].priority[0][0]")),
        ("pools.0.priority", [["A1"], ["A1"]], ("document_household_twice", "pools[0].priority[1][0]")),
        ("quotas", [{"id": "q", "pools": ["p9"]}], ("document_pool_unknown", "quotas[0].pools[0]")),
        (
            "quotas",
            [{"id": "q", "pools": [], "min": 2, "max": 1}],
            ("document_bounds_crossed", "quotas[0].min"),
        ),
        ("quotas", [{"id": "q"}], ("document_key_missing", "quotas[0].pools")),
        (
            "reserves",
            [{"pool": "p1", "group": "g1", "places": 1, "release": 1}],
            ("document_yes_no_wrong", "reserves[0].release"),
        ),
        (
            "rooms",
            [{"pools": {"F": "p1", "M": "p1"}, "rooms": 1, "beds": 1}],
            ("document_room_capacity", "pools[1].capacity"),
        ),
    ],
)
def test_one_fault_is_found_at_its_place(path: str, value: object, expected: tuple[str, str]) -> None:
    """Each kind of fault is found with its code and its path."""
    assert expected in faults(changed(path, value))


def test_all_faults_come_in_one_pass() -> None:
    """A document with faults everywhere names them all at once, by place."""
    document = changed("households.0.preferences", ["p1", "p1", "zz"])
    document["households"][1]["order"] = 2.5
    document["pools"][2]["capacity"] = -1
    assert faults(document) == [
        ("document_pool_twice", "households[0].preferences[1]"),
        ("document_pool_unknown", "households[0].preferences[2]"),
        ("document_integer_wrong", "households[1].order"),
        ("document_integer_wrong", "pools[2].capacity"),
    ]


def test_a_band_at_some_households_only_is_a_fault() -> None:
    """Bands stand at every household or at none."""
    document = deepcopy(THREE_FAMILIES)
    del document["households"][2]["band"]
    assert faults(document) == [("document_band_missing", "households[2].band")]
    for household in document["households"]:
        household.pop("band", None)
    assert faults(document) == []


@pytest.mark.parametrize("document", [None, 3, "x", [], [{}]])
def test_a_document_that_is_no_object_is_one_fault(document: object) -> None:
    """JSON that is no object is no instance."""
    assert faults(document) == [("document_format_wrong", "format")]


def test_optional_fields_are_kept_for_who_honours_them() -> None:
    """Present fields reach the mechanisms as parsed; trivial ones do not."""
    document = changed("quotas", [{"id": "q", "pools": ["p1"], "min": 0, "max": 1}, {"id": "r", "pools": []}])
    document["reserves"] = [{"pool": "p1", "group": "g1", "places": 0}]
    document["pools"][1]["priority"] = [["A2"], ["A1", "A3"]]
    document["households"][1]["current"] = "p2"
    instance = parse_instance(document).instance
    assert instance is not None
    assert instance.extensions == {
        "priority": {"p1": [["A2"], ["A1", "A3"]]},
        "current": {"A1": "p2"},
        "max": [document["quotas"][0]],
    }


def test_pools_of_rooms_carry_no_capacity() -> None:
    """A pool named in rooms is read without a capacity."""
    document = changed("rooms", ROOMS)
    document["pools"] += [{"id": "f"}, {"id": "m"}]
    instance = parse_instance(document).instance
    assert instance is not None
    assert instance.extensions == {"rooms": ROOMS}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "document_not_json"),
        (b"\x00\x01\x02", "document_not_json"),
        (b"\xff\xfe{\x00}\x00", "document_not_utf8"),
        ('{"format": "配租"}'.encode("gb18030"), "document_not_utf8"),
        (b"[" * 200_000, "document_too_deep"),
        (b'{"order": ' + b"9" * 5000 + b"}", "document_number_too_long"),
        (b'{"order": NaN}', "document_number_not_finite"),
        (b'{"order": -Infinity}', "document_number_not_finite"),
        (b'{"order": 1, "order": 2}', "document_key_twice"),
        (b'{"a": 1} trailing', "document_not_json"),
    ],
)
def test_bytes_that_are_no_json_are_one_sentence(content: bytes, code: str) -> None:
    """Whatever the bytes, reading ends with a fault that has its sentence, never a traceback."""
    document, problems = load_json(content, "x.json", GREATEST_SIZE)
    assert document is None
    assert [problem.code for problem in problems] == [code]
    for language in LANGUAGES:
        assert text_of(code, language, **{"value": problems[0].value, **problems[0].params})


def test_a_file_beyond_the_limit_is_refused_by_size() -> None:
    """A giant is refused before it is decoded."""
    _, problems = load_json(b" " * 11, "x.json", 10)
    assert [problem.code for problem in problems] == ["document_too_large"]


def test_a_byte_order_mark_is_no_fault() -> None:
    """UTF-8 as Windows editors save it is read."""
    assert load_json(b"\xef\xbb\xbf{}", "x.json", GREATEST_SIZE) == ({}, [])


def test_both_languages_name_the_same_parameters() -> None:
    """Each sentence of this room has the same parameters in Chinese and in English."""
    from allocator.messages import texts

    codes = [code for code in texts("en") if code.startswith(("document_", "mechanism_", "solve_"))]
    assert codes
    for code in codes:
        named = [
            {part[1] for part in string.Formatter().parse(texts(lang)[code])} - {None} for lang in LANGUAGES
        ]
        assert named[0] == named[1]
