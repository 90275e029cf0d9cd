"""What a better pool would have cost others: against plain enumeration of the definition, and worlds by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator import mechanisms
from allocator.measures.costs import CostsToOthers
from allocator.measures.holdings import holdings_of
from allocator.model.documents import parse_instance
from allocator.model.instance import UNASSIGNED, Instance
from tests.laws.enumeration import (
    Assignment,
    groups_of,
    in_order,
    lawful_assignments,
    place_of,
    rank_of,
)
from tests.laws.markets import Document, markets

BandSums = dict[int, tuple[int, int]]


def instance_of(document: Document) -> Instance:
    parsed = parse_instance(document)
    assert parsed.instance is not None, parsed.problems
    return parsed.instance


def costs_of(document: Document, mechanism: str, *, housing_first: bool = False) -> tuple[Instance, Any, Any]:
    """The instance, its published assignment and the costs."""
    instance = instance_of(document)
    options = {"housing_first": True} if housing_first else {}
    assigned = mechanisms.solve(instance, mechanism, **options).matching.assigned
    return instance, assigned, CostsToOthers(instance, assigned, mechanism, housing_first=housing_first)


def aims_of_others(document: Document, assignment: Assignment, me: int, mechanism: str, first: bool) -> Any:
    """What is made small for everybody but one, the first entry before the second and so on."""
    households = in_order(document)
    others = [number for number in range(len(households)) if number != me]
    if mechanism == "serial":  # each a band of its own, lists taken strictly
        return [place_of(households[i], assignment[i]) for i in others]
    who, ranks = [], []
    for band in sorted({household.get("band", 0) for household in households}):
        members = [i for i in others if households[i].get("band", 0) == band]
        without = [assignment[i] is None for i in members]
        who.append((sum(without), without))
        ranks.append(sum(rank_of(households[i], assignment[i]) for i in members if assignment[i]))
    return (who, ranks) if first else list(zip(who, ranks, strict=True))


def sums_by_band(document: Document, assignment: Assignment, me: int) -> BandSums:
    """Housed and total rank of the others, by band."""
    sums: BandSums = {}
    for number, household in enumerate(in_order(document)):
        pool = assignment[number]
        if number == me or pool is None:
            continue
        housed, ranks = sums.get(household.get("band", 0), (0, 0))
        sums[household.get("band", 0)] = housed + 1, ranks + rank_of(household, pool)
    return sums


def differences(after: BandSums, before: BandSums) -> BandSums:
    both = {
        band: tuple(np.subtract(after.get(band, (0, 0)), before.get(band, (0, 0))).tolist())
        for band in after.keys() | before.keys()
    }
    return {band: change for band, change in both.items() if change != (0, 0)}


def by_enumeration(document: Document, mechanism: str, first: bool, published: Assignment, me: int) -> dict:
    """Per better pool the change of housed and ranks of the others, by band; pools nobody can hold left out."""
    household = in_order(document)[me]
    own = len(groups_of(household)) + 1 if published[me] is None else rank_of(household, published[me])
    found = {}
    for rank, group in enumerate(groups_of(household), start=1):
        for pool in group if rank < own else ():
            possible = [one for one in lawful_assignments(document) if one[me] == pool]
            if possible:
                best = min(possible, key=lambda one: aims_of_others(document, one, me, mechanism, first))
                found[pool] = differences(
                    sums_by_band(document, best, me), sums_by_band(document, published, me)
                )
    return found


@pytest.mark.parametrize(
    ("mechanism", "first"), [("band_optimum", False), ("band_optimum", True), ("serial", False)]
)
@settings(max_examples=60)
@given(data=st.data())
def test_costs_are_those_of_the_definition(data: st.DataObject, mechanism: str, first: bool) -> None:
    """For everybody and every better pool: the others' best assignment by enumeration differs by the stated figures."""
    document = data.draw(markets())
    instance, assigned, costs = costs_of(document, mechanism, housing_first=first)
    names = [*instance.pool_ids, None]
    published = tuple(names[pool] for pool in assigned)
    for me in range(instance.num_households):
        told = {
            instance.pool_ids[cost.pool]: {
                band.band: (band.housed, band.total_rank)
                for band in cost.bands
                if (band.housed, band.total_rank) != (0, 0)
            }
            for cost in costs.of(me)
        }
        assert told == by_enumeration(document, mechanism, first, published, me)


@pytest.mark.parametrize(
    ("mechanism", "first"), [("band_optimum", False), ("band_optimum", True), ("serial", False)]
)
@settings(max_examples=60)
@given(data=st.data())
def test_the_moves_can_be_carried_out(data: st.DataObject, mechanism: str, first: bool) -> None:
    """Carrying out the moves and the grant gives an assignment within the capacities, and only these differ."""
    instance, assigned, costs = costs_of(data.draw(markets()), mechanism, housing_first=first)
    for me in range(instance.num_households):
        for cost in costs.of(me):
            after = assigned.copy()
            after[me] = cost.pool
            for mover, left, entered in cost.moves:
                assert after[mover] == left
                after[mover] = entered
            loads = np.bincount(after[after >= 0], minlength=instance.num_pools)
            assert (loads <= instance.capacity).all()
            assert me not in {mover for mover, _, _ in cost.moves}


def three_bands() -> Document:
    """A and B of band 0 and C of band 1 hold a, b and c; D of band 2 got nothing."""
    lists = {"A": ["a", "b"], "B": ["a", "b"], "C": ["b", "c"], "D": ["a", "c"]}
    bands = {"A": 0, "B": 0, "C": 1, "D": 2}
    return {
        "format": "allocator-instance/1",
        "households": [
            {"id": name, "order": place + 1, "band": bands[name], "preferences": wishes}
            for place, (name, wishes) in enumerate(lists.items())
        ],
        "pools": [{"id": name, "capacity": 1} for name in "abc"],
    }


def test_a_chain_through_an_earlier_band() -> None:
    """B given a: A falls to b, one rank. C given b: B loses its place and c is left to D. D given c: C is without."""
    instance, _, costs = costs_of(three_bands(), "band_optimum")
    told = {instance.household_ids[me]: [cost.document(instance) for cost in costs.of(me)] for me in range(4)}
    assert told["A"] == []
    (to_b,) = told["B"]
    assert (to_b["pool"], to_b["displaced"], to_b["unhoused"]) == ("a", 1, 0)
    assert [(one["band"], one["ranks_lost"]) for one in to_b["bands"]] == [(0, 1)]
    (to_c,) = told["C"]
    assert (to_c["displaced"], to_c["unhoused"]) == (1, 1)
    assert [(one["band"], one["housed"]) for one in to_c["bands"]] == [(0, -1), (2, 1)]
    # D given a: A takes b, B is left without. D given c: C is left without.
    by_pool = {one["pool"]: [(band["band"], band["housed"]) for band in one["bands"]] for one in told["D"]}
    assert by_pool == {"a": [(0, -1)], "c": [(1, -1)]}


def test_choosing_in_order_tells_the_chain_of_the_displaced() -> None:
    """Four in a row for three places: giving the last one the first pool pushes everybody before it one on."""
    document = {
        "format": "allocator-instance/1",
        "households": [
            {"id": name, "order": place + 1, "preferences": ["a", "b", "c"][: place + 2]}
            for place, name in enumerate("ABCD")
        ],
        "pools": [{"id": name, "capacity": 1} for name in "abc"],
    }
    instance, assigned, costs = costs_of(document, "serial")
    assert assigned.tolist() == [0, 1, 2, UNASSIGNED]
    (first, second, third) = costs.of(3)
    # A: a to b, B: b to c, C: c to nothing.
    assert first.moves == ((0, 0, 1), (1, 1, 2), (2, 2, UNASSIGNED))
    told = first.document(instance)
    assert (told["displaced"], told["unhoused"]) == (3, 1)
    assert told["bands"] == [
        {
            "band": 0,
            "housed": -1,
            "total_rank": -1,  # A and B one rank each, and C's third no longer counts
            "unhoused": 1,
            "newly_housed": 0,
            "worse": 2,
            "ranks_lost": 2,
            "better": 0,
            "ranks_gained": 0,
        }
    ]
    assert [len(second.moves), len(third.moves)] == [2, 1]


def test_what_cannot_be_served_is_refused() -> None:
    """No figures for a mechanism without this definition, nor for an assignment that is not the optimum."""
    instance, assigned, _ = costs_of(three_bands(), "band_optimum")
    with pytest.raises(ValueError, match="top_trading_cycles"):
        CostsToOthers(instance, assigned, "top_trading_cycles")
    nobody_but_d = np.array([UNASSIGNED, UNASSIGNED, UNASSIGNED, 0])
    with pytest.raises(ValueError, match="not the band-lexicographic optimum"):
        CostsToOthers(instance, nobody_but_d, "band_optimum")


def town(seed: int, num_bands: int) -> Instance:
    """400 households in bands, 12 pools with 15 places each, four choices."""
    random = np.random.default_rng(seed)
    n, num_pools, num_choices = 400, 12, 4
    pools = np.argsort(random.random((n, num_pools)) ** np.arange(1, num_pools + 1), axis=1)[:, :num_choices]
    return Instance(
        household_ids=[f"h{number}" for number in range(n)],
        band=(np.arange(n) * num_bands // n).astype(np.int64),
        pool_ids=[f"p{number:02}" for number in range(num_pools)],
        capacity=np.full(num_pools, 15),
        start=np.arange(n + 1) * num_choices,
        pool=pools.reshape(-1).astype(np.int64),
        rank=np.tile(np.arange(1, num_choices + 1), n),
    )


def with_grant(instance: Instance, me: int, pool: int) -> Instance:
    """The household stands first, alone in its band, and lists that pool alone: the others get their best beside it."""
    others = np.delete(np.arange(instance.num_households), me)
    edges = [np.arange(instance.start[i], instance.start[i + 1]) for i in others]
    rows = np.concatenate(edges)
    return Instance(
        household_ids=[instance.household_ids[i] for i in (me, *others)],
        band=np.concatenate(([0], np.unique(instance.band[others], return_inverse=True)[1] + 1)),
        pool_ids=instance.pool_ids,
        capacity=instance.capacity,
        start=np.concatenate(([0, 1], 1 + np.cumsum([len(one) for one in edges]))),
        pool=np.concatenate(([pool], instance.pool[rows])),
        rank=np.concatenate(([1], instance.rank[rows])),
    )


def sums_of(instance: Instance, assigned: np.ndarray, band: np.ndarray, left_out: int) -> BandSums:
    rank = holdings_of(instance, assigned).rank
    keep = (np.arange(len(rank)) != left_out) & (rank > 0)
    return {
        number: (int((band[keep] == number).sum()), int(rank[keep][band[keep] == number].sum()))
        for number in np.unique(band[keep]).tolist()
    }


@pytest.mark.parametrize(
    ("mechanism", "first", "num_bands"),
    [("band_optimum", False, 1), ("band_optimum", False, 9), ("band_optimum", True, 5), ("serial", False, 9)],
)
def test_solving_again_gives_the_same_costs(mechanism: str, first: bool, num_bands: int) -> None:
    """In a town the stated change of every band is that of the mechanism run again with the place granted first."""
    instance = town(3, num_bands)
    options = {"housing_first": True} if first else {}
    assigned = mechanisms.solve(instance, mechanism, **options).matching.assigned
    costs = CostsToOthers(instance, assigned, mechanism, housing_first=first)
    asked = 0
    for me in range(0, instance.num_households, 11):
        before = sums_of(instance, assigned, instance.band, me)
        others = np.delete(np.arange(instance.num_households), me)
        for cost in costs.of(me)[:2]:
            granted = with_grant(instance, me, cost.pool)
            after = sums_of(
                granted,
                mechanisms.solve(granted, mechanism, **options).matching.assigned,
                instance.band[np.concatenate(([me], others))],
                0,
            )
            told = {band.band: (band.housed, band.total_rank) for band in cost.bands}
            assert {band: change for band, change in told.items() if change != (0, 0)} == differences(
                after, before
            )
            asked += 1
    assert asked > 20
