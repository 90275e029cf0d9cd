"""Duplicates: the laws of the finder, against plain loops on small worlds."""

from __future__ import annotations

from itertools import combinations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.screening.duplicates import Duplicates, find, person_keys

WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]


def id_of(person: int, form: str = "18") -> str:
    """A synthetic ID number; form "15" is its old spelling, "x" its lower-case one."""
    body = f"9999991970{person // 900 + 1:02d}01{person % 900 + 100:03d}"
    check = "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]
    return {"15": body[:6] + body[8:], "x": (body + check).lower(), "18": body + check}[form]


def world(cases: dict[str, tuple[str, list[tuple[int, str]]]], form: str = "18", **extra: object) -> dict:
    """Frames of cases: receipt -> (state, [(person, relation)])."""
    households = pd.DataFrame(
        {
            "receipt_no": pd.Series(list(cases), dtype="str"),
            "employer_id": pd.Series(["E1"] * len(cases), dtype="str"),
            "branch": pd.Series(["migrant"] * len(cases), dtype="str"),
            "registered_on": pd.Series(
                [pd.Timestamp(2020 + at, 1, 1) for at in range(len(cases))], dtype="datetime64[s]"
            ),
        }
    )
    rows = [(receipt, id_of(who, form), rel) for receipt, (_, people) in cases.items() for who, rel in people]
    members = pd.DataFrame(rows, columns=["receipt_no", "id_number", "relation"]).astype("str")
    standings = pd.DataFrame(
        {
            "receipt_no": pd.Series(
                [r for r, (state, _) in cases.items() if state != "waiting"], dtype="str"
            ),
            "state": pd.Series([state for state, _ in cases.values() if state != "waiting"], dtype="str"),
            "num_waivers": pd.Series(
                0, index=range(sum(s != "waiting" for s, _ in cases.values())), dtype="int64"
            ),
        }
    )
    return {"households": households, "members": members, "standings": standings, **extra}


def told(found: Duplicates) -> list[tuple[frozenset[str], str, str]]:
    """Receipts, severity and reasons of every set."""
    cases = found.cases.groupby("set_no")["receipt_no"].agg(frozenset)
    return [(cases[s.set_no], s.severity, s.reasons) for s in found.sets.itertuples()]


def by_hand(cases: dict[str, tuple[str, list[tuple[int, str]]]]) -> set[tuple[frozenset[str], str]]:
    """Sets and severities by plain loops: join receipts two by two over every person worth telling."""
    open_of, ended_of = {}, {}
    for receipt, (state, people) in cases.items():
        for who in {who for who, _ in people}:
            (ended_of if state == "withdrawn" else open_of).setdefault(who, set()).add(receipt)
    worth = {}
    for who in {*open_of, *ended_of}:
        opened, ended = open_of.get(who, set()), ended_of.get(who, set())
        if len(opened) > 1 or (len(opened) == 1 and ended):
            worth[who] = (opened | ended, len(opened) > 1)
    groups = [(set(receipts), clash) for receipts, clash in worth.values()]
    while True:
        pair = next(((a, b) for a, b in combinations(groups, 2) if a[0] & b[0]), None)
        if pair is None:
            break
        groups = [g for g in groups if g is not pair[0] and g is not pair[1]]
        groups.append((pair[0][0] | pair[1][0], pair[0][1] or pair[1][1]))
    return {(frozenset(receipts), "error" if clash else "warning") for receipts, clash in groups}


@st.composite
def small_worlds(draw: st.DrawFn) -> dict[str, tuple[str, list[tuple[int, str]]]]:
    """Up to seven cases among up to nine people."""
    states = st.sampled_from(["waiting", "waiting", "withdrawn", "housed", "frozen"])
    cases = {}
    for number in range(draw(st.integers(1, 7))):
        people = draw(st.lists(st.integers(0, 8), min_size=1, max_size=3, unique=True))
        relations = ["applicant", *draw(st.permutations(["spouse", "child"]))]
        cases[f"R{number}"] = (draw(states), list(zip(people, relations, strict=False)))
    return cases


@settings(deadline=None, max_examples=40)
@given(small_worlds())
def test_the_finder_agrees_with_plain_loops(cases: dict) -> None:
    """On every small world the sets and their severity are those found by joining receipts two by two."""
    found = find(**world(cases))
    assert {(receipts, severity) for receipts, severity, _ in told(found)} == by_hand(cases)


@settings(deadline=None, max_examples=40)
@given(small_worlds(), st.randoms(use_true_random=False))
def test_row_order_changes_nothing(cases: dict, chance: object) -> None:
    """Shuffled rows of any of the three tables give the same frames, set numbers included."""
    frames = world(cases)
    seed = chance.randrange(1000)
    mixed = {
        name: frame.sample(frac=1, random_state=seed).reset_index(drop=True) for name, frame in frames.items()
    }
    expected, actual = find(**frames), find(**mixed)
    pd.testing.assert_frame_equal(expected.sets, actual.sets)
    pd.testing.assert_frame_equal(expected.cases, actual.cases)


@settings(deadline=None, max_examples=40)
@given(small_worlds(), st.permutations(range(9)))
def test_people_may_be_relabelled(cases: dict, names: list[int]) -> None:
    """Who the people are does not matter: other ID numbers for the same people give the same sets."""
    renamed = {r: (state, [(names[who], rel) for who, rel in people]) for r, (state, people) in cases.items()}
    assert told(find(**world(renamed))) == told(find(**world(cases)))


@settings(deadline=None, max_examples=40)
@given(small_worlds(), st.sampled_from(["15", "x"]))
def test_every_spelling_of_a_number_is_the_same_person(cases: dict, form: str) -> None:
    """Old numbers of 15 digits and a lower-case x find what the 18 characters find, mixed with them too."""
    whole, other = world(cases), world(cases, form)
    mixed = whole["members"].copy()
    mixed.loc[::2, "id_number"] = other["members"]["id_number"].iloc[::2]
    assert told(find(**other)) == told(find(**whole))
    assert told(find(**(whole | {"members": mixed}))) == told(find(**whole))


def test_the_old_number_is_the_new_one() -> None:
    """110105 491231 002 of the old form is 110105 1949 1231 002X (GB 11643, the standard's own example)."""
    keys = person_keys(pd.Series(["110105491231002", "11010519491231002x", "4.10173E+17", None]))
    assert keys.isna().tolist() == [False, False, True, True]
    assert keys[0] == keys[1] == "11010519491231002X"


def test_equal_names_alarm_nobody() -> None:
    """Two people of one name, one sex and one birthday with two ID numbers are two people."""
    frames = world({"R1": ("waiting", [(1, "applicant")]), "R2": ("waiting", [(2, "applicant")])})
    frames["members"] = frames["members"].assign(name="王芳", sex="female", birth_date="1970-01-01")
    assert told(find(**frames)) == []


def test_a_couple_at_one_plant_that_files_twice() -> None:
    """A lists B as spouse and B files alone with the same employer: an error, told as a couple of one employer."""
    found = find(
        **world({"R1": ("waiting", [(1, "applicant"), (2, "spouse")]), "R2": ("waiting", [(2, "applicant")])})
    )
    assert told(found) == [(frozenset({"R1", "R2"}), "error", "couple_filed_twice")]
    assert bool(found.sets["is_one_employer"][0])


DIVORCED = {"R1": ("withdrawn", [(1, "applicant"), (2, "spouse")]), "R2": ("waiting", [(2, "applicant")])}


def test_a_changed_applicant_is_the_same_case_until_a_person_says_otherwise() -> None:
    """The co-applicant of an ended case who now applies is a warning with the original date (R1: 2020), not an error."""
    found = find(**world(DIVORCED))
    assert told(found) == [(frozenset({"R1", "R2"}), "warning", "applicant_changed")]
    assert str(found.sets["original_registered_on"][0].date()) == "2020-01-01"


def test_who_applied_before_begins_anew() -> None:
    """The applicant of an ended case who applies again gets no earlier date."""
    found = find(**world({"R1": ("withdrawn", [(1, "applicant")]), "R2": ("waiting", [(1, "applicant")])}))
    assert told(found) == [(frozenset({"R1", "R2"}), "warning", "applies_again")]
    assert found.sets["original_registered_on"].isna().all()


@pytest.mark.parametrize(("waivers", "goes_on"), [(2, True), (3, False)])
def test_a_case_ended_by_waivers_lends_its_date_to_nobody(waivers: int, goes_on: bool) -> None:
    """Two waivers are within the limit of two; a third ended the case, and the spouse does not inherit its date."""
    frames = world(DIVORCED)
    frames["standings"]["num_waivers"] = waivers
    found = find(**frames, max_waivers=2)
    assert bool(found.sets["original_registered_on"].notna().iloc[0]) is goes_on


def test_nothing_is_told_of_ended_cases_alone() -> None:
    """Two withdrawn cases of one person are history."""
    frames = world({"R1": ("withdrawn", [(1, "applicant")]), "R2": ("withdrawn", [(1, "applicant")])})
    assert told(find(**frames)) == []
