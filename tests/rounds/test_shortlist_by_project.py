"""入围 project by project: the ratio, the last day, and lists that lose one project and keep another."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.policy.rules import Shortlist
from allocator.rounds.shortlist import by_project

RULE = Shortlist(reference="Art 13(2)", tag="V", dwellings=5, households=6, per="project")
Wishes = dict[str, tuple[int | None, list[str]]]


def chosen(
    households: Wishes, capacity: dict[str, int], rule: Shortlist = RULE
) -> dict[str, list[tuple[int, str]]]:
    """Households left -> their lists as (rank, pool); a pool's project is its first letter."""
    pools = pd.DataFrame(
        {
            "pool": list(capacity),
            "project_id": [name[0] for name in capacity],
            "capacity": list(capacity.values()),
        }
    )
    people = pd.DataFrame({"receipt_no": list(households)}).astype({"receipt_no": "str"})
    first = pd.Timestamp(2020, 1, 1).as_unit("s")
    days = [pd.NaT if day is None else first + pd.Timedelta(day, "D") for day, _ in households.values()]
    registered = pd.Series(days, index=list(households), dtype="datetime64[s]")
    rows = [
        (at, rank, list(capacity).index(pool))
        for at, (_, wishes) in enumerate(households.values())
        for rank, pool in enumerate(wishes, 1)
    ]
    lists = pd.DataFrame(rows, columns=["household", "rank", "pool"]).astype("int64")
    left, kept = by_project(people, lists, pools, registered, rule)
    told: dict[str, list[tuple[int, str]]] = {name: [] for name in left["receipt_no"]}
    for at, rank, pool in kept[["household", "rank", "pool"]].itertuples(index=False):
        told[left["receipt_no"].iloc[at]].append((rank, pools["pool"].iloc[pool]))
    return told


@pytest.mark.parametrize(
    ("num_households", "places", "num_in"),
    # 5 places take 6, of 7 the last stays out; 4 places 4.8, so 4; 1 place 1.2, so 1; exactly 1:1.2 cuts nobody off.
    [(6, 5, 6), (7, 5, 6), (5, 4, 4), (4, 4, 4), (2, 1, 1), (1, 1, 1), (12, 10, 12), (13, 10, 12)],
)
def test_one_project_takes_the_earliest_in_the_ratio(num_households: int, places: int, num_in: int) -> None:
    """At 1:1.2 the earliest registered get in, one to the day each, and the next stays out."""
    households: Wishes = {f"R{day:02d}": (day, ["a"]) for day in range(num_households)}
    assert list(chosen(households, {"a": places})) == [f"R{day:02d}" for day in range(num_in)]


def test_all_of_the_last_day_get_in() -> None:
    """Nobody is cut off inside a day: three registered on the day of the first place's last household."""
    households: Wishes = {"R1": (3, ["a"]), "R2": (3, ["a"]), "R3": (3, ["a"]), "R4": (4, ["a"])}
    assert list(chosen(households, {"a": 1})) == ["R1", "R2", "R3"]


def test_late_for_one_project_is_not_late_for_another() -> None:
    """Who is too late for the crowded project keeps the empty one, now as its first choice."""
    households: Wishes = {"early": (1, ["a"]), "late": (2, ["a", "b"]), "latest": (3, ["a"])}
    assert chosen(households, {"a": 1, "b": 1}) == {"early": [(1, "a")], "late": [(1, "b")]}


def test_a_crowd_at_one_project_leaves_no_dwelling_of_another_empty() -> None:
    """Counted over the round the two early ones would have filled the ratio and kept the only asker of b out."""
    households: Wishes = {"R1": (1, ["a"]), "R2": (2, ["a"]), "R3": (3, ["b"])}
    assert chosen(households, {"a": 1, "b": 1}) == {"R1": [(1, "a")], "R3": [(1, "b")]}


def test_the_pools_of_a_project_count_together() -> None:
    """Two pools of one project are one plan: five places take six households whichever they list."""
    households: Wishes = {f"R{day}": (day, ["ax" if day % 2 else "ay"]) for day in range(7)}
    assert list(chosen(households, {"ax": 3, "ay": 2})) == [f"R{day}" for day in range(6)]


def test_without_a_date_after_every_date_and_without_a_list_untouched() -> None:
    """A household without a day comes last; one that lists nothing stays on the roster with nothing."""
    households: Wishes = {"undated": (None, ["a"]), "R1": (9, ["a"]), "silent": (10, [])}
    assert chosen(households, {"a": 1}) == {"R1": [(1, "a")], "silent": []}


def test_a_household_counts_at_one_project_only() -> None:
    """Two early ones who list both projects fill one ratio, not two: the later household keeps the other project."""
    households: Wishes = {
        "R1": (1, ["a", "b"]),
        "R2": (2, ["a", "b"]),
        "R3": (3, ["a", "b"]),
        "R4": (4, ["a", "b"]),
    }
    told = chosen(households, {"a": 1, "b": 2})
    # R1 counts at a; R2 and R3 at b, where 2.4 places take two; R4 reaches neither.
    assert told == {"R1": [(1, "a"), (2, "b")], "R2": [(1, "b")], "R3": [(1, "b")]}


LISTS = st.lists(st.sampled_from(["ax", "ay", "b", "c"]), unique=True, max_size=4)
CITIES = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 4)), LISTS), max_size=9)
PLACES = st.tuples(*[st.integers(1, 4)] * 4)


def one_by_one(households: Wishes, capacity: dict[str, int]) -> dict[str, int]:
    """Project -> its last day (100 where nobody is turned away), by households asking one after another."""
    places = {
        project: sum(size for name, size in capacity.items() if name[0] == project) for project in "abc"
    }
    last, waiting = dict.fromkeys("abc", 100), list(households)
    held: dict[str, list[str]] = {project: [] for project in "abc"}
    day = {name: 99 if found is None else found for name, (found, _) in households.items()}
    while waiting:
        name = waiting.pop()
        project = next((pool[0] for pool in households[name][1] if day[name] <= last[pool[0]]), None)
        if project is None:
            continue
        held[project].append(name)
        if len(held[project]) > Fraction(6, 5) * places[project]:
            last[project] = min(
                last[project], sorted(day[one] for one in held[project])[places[project] * 6 // 5 - 1]
            )
            waiting += [one for one in held[project] if day[one] > last[project]]
            held[project] = [one for one in held[project] if day[one] <= last[project]]
    return last


@settings(deadline=None, max_examples=100)
@given(CITIES, PLACES)
def test_the_last_days_are_those_of_asking_one_by_one(
    wishes: list[tuple[int | None, list[str]]], sizes: tuple[int, int, int, int]
) -> None:
    """Whoever's day is not after a project's last day keeps it, in its old order, and nobody else does."""
    capacity = dict(zip(["ax", "ay", "b", "c"], sizes, strict=True))
    households: Wishes = {f"R{at}": wish for at, wish in enumerate(wishes)}
    last, told = one_by_one(households, capacity), chosen(households, capacity)
    for name, (day, pools) in households.items():
        kept = [pool for pool in pools if (99 if day is None else day) <= last[pool[0]]]
        assert (name in told) == (bool(kept) or not pools)
        assert told.get(name, []) == list(enumerate(kept, 1))
