"""The laws on a market of 2,000 households, too large to enumerate."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import pytest

from allocator import mechanisms
from allocator.model.documents import solution_document
from allocator.model.instance import Instance
from benchmarks.mechanisms import UNHOUSED_COST, bare_flow, shortage
from tests.laws.markets import Document, assignment, renumbered, solved

SIZE = (2_000, 40, 6)


@cache
def city(num_bands: int) -> Instance:
    """2,000 households, 40 pools, 6 choices, places for a third."""
    return shortage(*SIZE, num_bands, seed=7)


def as_document(instance: Instance, names: list[str], dice: random.Random) -> Document:
    """The instance as a document with these pool names and its rows shuffled."""
    households = []
    for at, name in enumerate(instance.household_ids):
        pools = instance.pool[instance.start[at] : instance.start[at + 1]].tolist()
        households.append(
            {
                "id": name,
                "order": at + 1,
                "band": int(instance.band[at]),
                "preferences": [names[pool] for pool in pools],
            }
        )
    pools_ = [
        {"id": name, "capacity": int(size)} for name, size in zip(names, instance.capacity, strict=True)
    ]
    dice.shuffle(households)
    dice.shuffle(pools_)
    return {"format": "allocator-instance/1", "households": households, "pools": pools_}


@pytest.mark.parametrize("num_bands", [1, 20])
@pytest.mark.parametrize("housing_first", [False, True])
def test_names_and_rows_choose_nobody_in_a_city(num_bands: int, housing_first: bool) -> None:
    """Other pool names, and so another order of nodes and arcs in the solver, house the same people alike."""
    instance, dice = city(num_bands), random.Random(num_bands)
    straight = [f"P{number:02d}" for number in range(instance.num_pools)]
    other = dice.sample(straight, len(straight))
    names: dict[Any, Any] = {**dict(zip(straight, other, strict=True)), None: None}
    before = assignment(as_document(instance, straight, dice), housing_first=housing_first)
    after = assignment(as_document(instance, other, dice), housing_first=housing_first)
    assert {household: names[pool] for household, pool in before.items()} == after


def test_one_band_houses_as_many_as_the_bare_flow() -> None:
    """The plain flow over everyone houses no more; among its optima it need not house the earliest."""
    instance = city(1)
    certificate = mechanisms.solve(instance, "band_optimum").certificate
    unhoused = instance.num_households - certificate["num_housed"]
    assert unhoused == bare_flow(instance) // UNHOUSED_COST


@pytest.mark.parametrize("num_bands", [1, 20])
def test_closing_positions_are_exact_in_a_city(num_bands: int) -> None:
    """Eight refused households, moved just before and just behind their closing position."""
    instance, dice = city(num_bands), random.Random(1)
    document = as_document(instance, list(instance.pool_ids), dice)
    households = sorted(document["households"], key=lambda household: household["order"])
    solution = solution_document(instance, mechanisms.solve(instance, "band_optimum"))
    bands = {figures["band"]: figures["closing"] for figures in solution["certificate"]["bands"]}
    refused = [h for h in households if solution["assignment"][h["id"]] is None]
    for household in dice.sample(refused, 8):
        closing = max(bands[household["band"]].get(pool, 0) for pool in household["preferences"])
        assert closing < household["order"]
        if not closing:
            continue
        others = [h for h in households if h is not household]
        for place, expected in ((closing - 1, True), (closing, False)):
            moved = renumbered(document, [*others[:place], household, *others[place:]])
            assert expected == (assignment(moved)[household["id"]] is not None)


@pytest.mark.slow
@pytest.mark.parametrize("num_bands", [1, 200])
def test_a_hundred_thousand_households_twice_give_the_same_bytes(num_bands: int) -> None:
    """Two runs with shuffled rows at full size give the same solution document."""
    instance = shortage(100_000, 300, 10, num_bands, seed=7)
    names = list(instance.pool_ids)
    first = solved(as_document(instance, names, random.Random(1)))
    assert first == solved(as_document(instance, names, random.Random(2)))
