"""Moves are listed in an order in which they can be carried out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator import mechanisms
from allocator.model.documents import parse_instance
from allocator.tenancies.moves import NOWHERE, in_order, moves_of


def plan_of(origin: list[int], target: list[int], capacity: list[int]) -> pd.DataFrame:
    return in_order(np.array(origin, np.int64), np.array(target, np.int64), np.array(capacity, np.int64))


def carried_out(plan: pd.DataFrame, origin: list[int], capacity: list[int]) -> list[int]:
    """Where everybody lives at the end; no step puts more into a place than it holds, and the buffer holds one."""
    lives = list(origin)
    in_buffer: int | None = None
    for row in plan.itertuples():
        if row.act == "from_buffer":
            assert in_buffer == row.household
            in_buffer = None
        else:
            assert lives[row.household] == row.origin
            if row.act == "to_buffer":
                assert in_buffer is None
                in_buffer = row.household
        lives[row.household] = row.target
        loads = np.bincount([place for place in lives if place != NOWHERE], minlength=len(capacity))
        assert (loads <= capacity).all()
    assert in_buffer is None
    return lives


@st.composite
def transfers(draw: st.DrawFn) -> tuple[list[int], list[int], list[int]]:
    """Up to nine households of up to five places, where they live and where they will, both within the capacities."""
    capacity = draw(st.lists(st.integers(0, 3), min_size=1, max_size=5))
    num_households = draw(st.integers(0, 9))

    def lodged() -> list[int]:
        room, places = list(capacity), []
        for _ in range(num_households):
            place = draw(st.sampled_from([NOWHERE, *(p for p, left in enumerate(room) if left)]))
            if place != NOWHERE:
                room[place] -= 1
            places.append(place)
        return places

    return lodged(), lodged(), capacity


@given(transfers())
def test_every_step_can_be_carried_out(world: tuple[list[int], list[int], list[int]]) -> None:
    """Step by step nobody moves into a full place, and at the end everybody lives where it should."""
    origin, target, capacity = world
    plan = plan_of(origin, target, capacity)
    assert carried_out(plan, origin, capacity) == target
    moved = [i for i, (here, there) in enumerate(zip(origin, target, strict=True)) if here != there]
    assert sorted(plan.loc[plan["act"] != "from_buffer", "household"]) == moved


@given(transfers())
def test_a_buffer_is_used_only_where_everybody_waits(world: tuple[list[int], list[int], list[int]]) -> None:
    """When a cycle begins, no place that its households move to has room; every cycle uses the buffer once."""
    origin, target, capacity = world
    plan = plan_of(origin, target, capacity)
    for _, cycle in plan[plan["kind"] == "cycle"].groupby("sequence"):
        assert list(cycle["act"]) == ["to_buffer", *["move"] * (len(cycle) - 2), "from_buffer"]
        before = plan[plan["step"] < cycle["step"].iloc[0]]
        lives = carried_out(before, origin, capacity)
        loads = np.bincount([place for place in lives if place != NOWHERE], minlength=len(capacity))
        entered = cycle.loc[cycle["target"] != NOWHERE, "target"]
        assert all(loads[place] == capacity[place] for place in entered)
    chains = plan[plan["kind"] == "chain"]
    assert set(chains["act"]) <= {"move"}


def test_a_chain_starts_at_the_vacancy() -> None:
    """Dwelling 2 is empty: who lives in 1 moves there first, then who lives in 0 moves to 1."""
    plan = plan_of([0, 1], [1, 2], [1, 1, 1])
    assert plan[["sequence", "kind", "household", "origin", "target"]].to_numpy().tolist() == [
        [1, "chain", 1, 1, 2],
        [1, "chain", 0, 0, 1],
    ]


def test_three_who_swap_in_a_ring_need_one_buffer() -> None:
    """0 to 1, 1 to 2, 2 to 0: the first waits in the buffer, then 2 moves, then 1, then the first moves in."""
    plan = plan_of([0, 1, 2], [1, 2, 0], [1, 1, 1])
    assert plan[["act", "household"]].to_numpy().tolist() == [
        ["to_buffer", 0],
        ["move", 2],
        ["move", 1],
        ["from_buffer", 0],
    ]
    assert set(plan["kind"]) == {"cycle"}


def test_more_than_fit_is_refused() -> None:
    """Two in a dwelling for one, before or after, is no plan."""
    for origin, target in (([0, 0], [0, 1]), ([0, 1], [0, 0])):
        with pytest.raises(ValueError, match="more households than places"):
            plan_of(origin, target, [1, 1])


def test_the_moves_of_a_trading_round() -> None:
    """Two tenants swap and a third moves to a vacancy: one cycle of two, one chain of one, in words of the document."""
    document = {
        "format": "allocator-instance/1",
        "households": [
            {"id": "A", "order": 1, "preferences": ["q"], "current": "p"},
            {"id": "B", "order": 2, "preferences": ["p"], "current": "q"},
            {"id": "C", "order": 3, "preferences": ["s"], "current": "r"},
        ],
        "pools": [{"id": name, "capacity": 1} for name in "pqrs"],
    }
    instance = parse_instance(document).instance
    assert instance is not None
    assigned = mechanisms.solve(instance, "top_trading_cycles").matching.assigned
    told = moves_of(instance, assigned)
    assert [told[name] for name in ("num_moves", "num_chains", "num_cycles", "longest")] == [3, 1, 1, 2]
    steps = [(one["household"], one["act"], one["from"], one["to"]) for one in told["steps"]]
    assert steps == [
        ("C", "move", "r", "s"),
        ("A", "to_buffer", "p", None),
        ("B", "move", "q", "p"),
        ("A", "from_buffer", None, "q"),
    ]
