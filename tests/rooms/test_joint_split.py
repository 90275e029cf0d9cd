"""The joint split of units with beds in several dormitories, against plain enumeration, and in a round."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator import mechanisms
from allocator.audit.rooms import check_proof
from allocator.audit.rooms_claims import Dormitories
from allocator.errors import NoAllocation
from allocator.mechanisms import rooms as mechanism_rooms
from allocator.rounds import freeze
from allocator.rounds import rooms as room_rules
from allocator.supply import stock as stock_rules
from tests.audit.judges import VERIFIER
from tests.rooms.laws import crowded, rooms
from tests.rounds.corridor import DAY, MONTH, NOBODY_LIVES, law_of, screened

Case = tuple[list[int], list[list[int]], list[int], list[list[int]]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Units of classes, their beds by dormitory, settled beds by side, and the sides each household lists."""
    num = draw(st.integers(1, 3))
    num_classes = draw(st.integers(0, 3))
    units = [draw(st.integers(1, 3)) for _ in range(num_classes)]
    row = st.lists(st.integers(0, 3), min_size=num, max_size=num).filter(any)
    beds = [draw(row) for _ in range(num_classes)]
    settled = draw(st.lists(st.integers(0, 2), min_size=2 * num, max_size=2 * num))
    sides = st.integers(0, 1).flatmap(
        lambda sex: st.lists(st.integers(0, num - 1).map(lambda at: 2 * at + sex), unique=True, max_size=num)
    )
    return units, beds, settled, draw(st.lists(sides, max_size=9))


def places_of(case: Case, split: tuple[int, ...]) -> list[int]:
    """Beds of each side."""
    units, beds, settled, _ = case
    places = settled.copy()
    for count, women, own in zip(units, split, beds, strict=True):
        for at, size in enumerate(own):
            places[2 * at] += size * women
            places[2 * at + 1] += size * (count - women)
    return places


def seated(lists: list[list[int]], places: list[int]) -> int:
    """The most households in beds: each in turn, moving others along (Kuhn 1955)."""
    beds = [side for side, count in enumerate(places) for _ in range(count)]
    lies = [-1] * len(beds)

    def finds(household: int, tried: set[int]) -> bool:
        for bed, side in enumerate(beds):
            if side in lists[household] and bed not in tried:
                tried.add(bed)
                if lies[bed] < 0 or finds(lies[bed], tried):
                    lies[bed] = household
                    return True
        return False

    return sum(finds(household, set()) for household in range(len(lists)))


def asked(case: Case) -> tuple[list[int], dict]:
    """What the engine answers, with the names ``0f, 0m, 1f, …``."""
    units, beds, settled, lists = case
    household = np.repeat(np.arange(len(lists)), [len(own) for own in lists])
    side = np.array([one for own in lists for one in own], np.int64)
    matrix = np.array(beds, np.int64).reshape(len(units), len(settled) // 2)
    names = [f"{at}{sex}" for at in range(len(settled) // 2) for sex in "fm"]
    numbers = np.array(units, np.int64), matrix, np.array(settled, np.int64)
    found = mechanisms.split_of_units(*numbers, household, side, names)
    assert found is not None
    dormitories = Dormitories(
        names,
        [str(at) for at in range(len(units))],
        *numbers,
        np.zeros(len(units), np.int64),
        numbers[0].copy(),
        household,
        side,
    )
    check_proof(dormitories, np.array(found[0], np.int64), found[1], "split.json")
    return found


@given(cases())
@settings(max_examples=150)
def test_the_split_is_the_first_of_those_that_fill_the_most(case: Case) -> None:
    """Of all splits tried, it seats the most households, and of these gives women the fewest units, class by class."""
    splits = itertools.product(*(range(count + 1) for count in case[0]))
    worth = {split: seated(case[3], places_of(case, split)) for split in splits}
    best = max(worth.values())
    split, figures = asked(case)
    assert (tuple(split), figures["num_filled"]) == (min(one for one in worth if worth[one] == best), best)


@given(cases(), st.data())
@settings(max_examples=60)
def test_the_citizens_verifier_counts_the_same(case: Case, data: st.DataObject) -> None:
    """Seats found by alternating paths in plain Python are those of any other way to count."""
    split = tuple(data.draw(st.integers(0, count)) for count in case[0])
    lists = VERIFIER.Counter(sum(1 << side for side in own) for own in case[3] if own)
    places = places_of(case, split)
    assert VERIFIER.most_seated(lists, places) == seated(case[3], places)


def frozen(*one_sex: tuple[str, str], joint: bool = True) -> freeze.SubRound:
    """The public sub-round of a crowded city."""
    law = law_of("example")
    rules = rooms(*one_sex) if joint else None
    law = law.model_copy(update={"supply": law.supply.model_copy(update={"rooms": rules})})
    facts = crowded()
    people = screened(facts, law).people
    return freeze.sub_rounds(facts, people, law, MONTH, DAY, NOBODY_LIVES)[-1]


def fillable(sub_round: freeze.SubRound) -> int:
    """Beds that the lists can fill."""
    pools = sub_round.pools.set_index("pool")
    beds = pools[pools["sex"] != ""]
    wishes = sub_round.preferences
    wishes = wishes[wishes["pool"].isin(beds.index)]
    side = {name: at for at, name in enumerate(beds.index)}
    lists = [[side[pool] for pool in own] for _, own in wishes.groupby("code")["pool"]]
    return seated(lists, beds["capacity"].tolist())


def test_a_round_fills_no_fewer_beds_than_project_by_project() -> None:
    """Jointly as many beds can be filled as stated, and no fewer than by the demand counts of each project."""
    joint = frozen()
    assert joint.rooms is not None
    assert fillable(joint) == joint.rooms.document["num_filled"] >= fillable(frozen(joint=False))
    assert any(0 < one["women"] < one["units"] for one in joint.rooms.document["classes"])


def test_a_pool_that_got_no_room_stays_on_the_lists() -> None:
    """Pools of both sexes stand for every dormitory with empty rooms: their lists are what the proof is read from."""
    joint = frozen(("P003", "building"))
    pools = joint.pools.set_index("pool")["capacity"]
    beds = joint.pools[(joint.pools["project_id"] == "P003") & (joint.pools["sex"] != "")]
    assert sorted(beds["capacity"] > 0) == [False, True]
    assert len(joint.dwellings) == pools.sum()


def test_where_nothing_is_proved_nothing_is_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the solver's limit the round is refused with exit 4 and the cure."""
    monkeypatch.setattr(mechanism_rooms, "ROUND_NODES", 0)
    with pytest.raises(NoAllocation) as refused:
        frozen()
    assert refused.value.code == "rooms_split_limit"
    assert refused.value.exit_code == 4


def beds_of(rooms_of: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Open beds: project -> rooms and beds in each."""
    rows = [
        {"project_id": project, "room_id": f"R{room}", "unit": f"room:R{room}"}
        for project, (count, size) in rooms_of.items()
        for room in range(count)
        for _ in range(size)
    ]
    plain = {"dwelling_type": "bed", "kind": "bed", "employer_id": "", "sex": ""}
    stock = pd.DataFrame(rows).assign(**plain).astype("str").assign(rent_per_m2_fen=500)
    return stock.assign(dwelling_id=[f"B{at}" for at in range(len(rows))])


def test_who_lists_two_dormitories_is_counted_once() -> None:
    """Four women and three men list both: project by project both rooms would go to the four, jointly one each."""
    stock = beds_of({"P1": (1, 4), "P2": (1, 4)})
    demand = pd.DataFrame({"project_id": ["P1", "P2"], "female": [4, 4], "male": [3, 3]})
    assert set(stock_rules.sexes_of_empty_rooms(stock, demand)["sex"]) == {"female"}
    pools = room_rules.pools_before(stock)
    side = {name: at for at, name in enumerate(pools["pool"])}
    sexes = "FFFFMMM"
    lists = pd.DataFrame(
        [
            {"household": at, "pool": side[f"{project}-bed-{sex}-500"]}
            for at, sex in enumerate(sexes)
            for project in ("P1", "P2")
        ]
    )
    _, split = room_rules.split_rooms(stock, pools, lists, np.ones(len(lists), dtype=bool))
    assert [one["women"] for one in split.document["classes"]] == [0, 1]
    assert split.document["num_filled"] == 7


def test_rows_of_the_stock_may_stand_in_any_order() -> None:
    """The split hangs on names, not on the order of rows."""
    stock = beds_of({"P1": (4, 2)})
    told = []
    for rows in (stock, stock.iloc[::-1].reset_index(drop=True)):
        pools = room_rules.pools_before(rows)
        lists = pd.DataFrame({"household": range(5), "pool": [0, 0, 0, 1, 1]})
        done, split = room_rules.split_rooms(rows, pools, lists, np.ones(5, dtype=bool))
        told.append((dict(zip(done["dwelling_id"], done["pool"], strict=True)), split.document))
        assert split.document["classes"] == [{"beds": {"P1-bed-F-500": 2}, "units": 4, "women": 2}]
    assert told[0] == told[1]


def test_without_the_section_rooms_are_split_project_by_project() -> None:
    """A law that says nothing of rooms splits them as it always did, and publishes no split."""
    plain = frozen(joint=False)
    assert plain.rooms is None
    assert (plain.pools["capacity"] > 0).all()
