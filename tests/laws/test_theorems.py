"""Theorems of ``mechanisms.md`` 2.1 for ``deferred_acceptance`` and ``serial`` that stand in no other file here."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.enumeration import lawful_assignments
from tests.laws.fielded_markets import (
    every_assignment,
    fielded,
    places_in_lists,
    wanted,
    without,
)
from tests.laws.markets import Document, assignment, markets, renumbered

DA = "deferred_acceptance"
FAST = settings(max_examples=60, deadline=None, derandomize=True, database=None)
COMMON = fielded(tiers=False, tenants=False, maxima=True, max_households=5)
BOTH = pytest.mark.parametrize("mechanism", [DA, "serial"])


def _places(document: Document, mechanism: str) -> dict[str, int]:
    return places_in_lists(document, assignment(document, mechanism))


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(entry, names) for key, entry in value.items()}
    if isinstance(value, list):
        return [_renamed(entry, names) for entry in value]
    return names.get(value, value) if isinstance(value, str) else value


@FAST
@given(fielded(maxima=True, tenants=False), st.randoms(use_true_random=False))
def test_names_choose_nobody(market: Document, dice: random.Random) -> None:
    """T2: with other names for households and pools the same people get the same pools."""
    old = [entry["id"] for entry in (*market["households"], *market["pools"])]
    new = [f"n{number}" for number in range(len(old))]
    dice.shuffle(new)
    names = dict(zip(old, new, strict=True))
    before, after = assignment(market, DA), assignment(_renamed(market, names), DA)
    assert {names[one]: pool and names[pool] for one, pool in before.items()} == after


@FAST
@given(COMMON, st.integers(0, 2))
def test_a_further_place_hurts_nobody_who_chooses_in_order(market: Document, which: int) -> None:
    """T12 for ``serial``: an open place more in any pool leaves nobody worse."""
    pool = market["pools"][which % len(market["pools"])]
    left = {one["id"]: one["capacity"] for one in market["pools"]}
    reserves = []
    for entry in market["reserves"]:  # cut to the places there are, so that only the open place is new
        places = min(entry["places"], left[entry["pool"]])
        left[entry["pool"]] -= places
        reserves.append({**entry, "places": places})
    pools = [{**one, "capacity": one["capacity"] + (one is pool)} for one in market["pools"]]
    more = {**market, "pools": pools, "reserves": reserves}
    before, after = _places(market, "serial"), _places(more, "serial")
    assert all(after[name] <= before[name] for name in before)


@FAST
@given(COMMON, st.integers(0, 4))
def test_who_leaves_hurts_nobody_who_chooses_in_order(market: Document, which: int) -> None:
    """T13 for ``serial``: a household that withdraws leaves nobody else worse."""
    gone = market["households"][which % len(market["households"])]["id"]
    before, after = _places(market, "serial"), _places(without(market, gone), "serial")
    assert all(after[name] <= before[name] for name in after)


@BOTH
@FAST
@given(market=COMMON)
def test_who_refuses_and_leaves_hurts_nobody(mechanism: str, market: Document) -> None:
    """T36: whoever of the housed refuses and leaves the round, nobody else ends worse, reserves and maxima kept."""
    got = assignment(market, mechanism)
    before = places_in_lists(market, got)
    for name, pool in got.items():
        if pool is not None:
            after = _places(without(market, name), mechanism)
            assert all(after[one] <= before[one] for one in after)


@FAST
@given(COMMON, st.integers(0, 4))
def test_a_better_place_in_the_order_never_hurts_who_chooses(market: Document, which: int) -> None:
    """T14 for ``serial``: the household moved to the head of the order is not worse."""
    chosen = market["households"][which % len(market["households"])]
    ahead = renumbered(market, [chosen, *(one for one in market["households"] if one is not chosen)])
    assert _places(ahead, "serial")[chosen["id"]] <= _places(market, "serial")[chosen["id"]]


@FAST
@given(fielded(tenants=False, maxima=True, max_households=5), st.integers(0, 4), st.integers(0, 2))
def test_a_better_tier_never_hurts(market: Document, who: int, where: int) -> None:
    """T14 with priorities: put into a tier of its own above all others at one pool, a household is not worse."""
    name = market["households"][who % len(market["households"])]["id"]
    pools = [dict(pool) for pool in market["pools"]]
    pool = pools[where % len(pools)]
    everybody = [[one["id"] for one in market["households"]]]
    tiers = [[one for one in tier if one != name] for tier in pool.get("priority", everybody)]
    pool["priority"] = [[name], *tiers]
    raised = {**market, "pools": pools}
    before, after = assignment(market, DA)[name], assignment(raised, DA)[name]
    # By the list as it is where it is admitted: being admitted at one more pool adds that pool to it.
    mine = wanted(raised, next(one for one in raised["households"] if one["id"] == name))
    assert (mine.index(after) if after else len(mine)) <= (mine.index(before) if before else len(mine))


@st.composite
def _with_minority(draw: st.DrawFn) -> tuple[Document, Document]:
    """One market with places of each pool reserved for m, and with the others held to what is not reserved."""
    market = draw(fielded(tenants=False, reserves=False, max_households=5))
    for one in market["households"]:
        one["groups"] = [draw(st.sampled_from(["m", "others"]))]
    kept = {pool["id"]: draw(st.integers(0, pool["capacity"])) for pool in market["pools"]}
    reserves = [
        {"pool": pool, "group": "m", "places": places, "release": True} for pool, places in kept.items()
    ]
    maxima = [
        {
            "id": f"q{pool['id']}",
            "pools": [pool["id"]],
            "groups": ["others"],
            "max": pool["capacity"] - kept[pool["id"]],
        }
        for pool in market["pools"]
    ]
    return {**market, "reserves": reserves}, {**market, "quotas": maxima}


@settings(FAST, max_examples=100)
@given(_with_minority())
def test_a_reserve_is_better_for_all_than_the_ceiling_on_the_others(pair: tuple[Document, Document]) -> None:
    """T16 (Hafalir, Yenmez, Yildirim 2013): a released reserve leaves nobody worse than the majority ceiling of
    the same size.
    """
    reserve, ceiling = pair
    with_reserve, with_ceiling = _places(reserve, DA), _places(ceiling, DA)
    assert all(with_reserve[name] <= with_ceiling[name] for name in with_reserve)


@BOTH
@FAST
@given(market=markets(max_bands=1))
def test_at_least_half_of_the_most_are_housed(mechanism: str, market: Document) -> None:
    """T23: half the largest number that can be housed, or more."""
    most = max(sum(pool is not None for pool in way) for way in lawful_assignments(market))
    housed = sum(pool is not None for pool in assignment(market, mechanism).values())
    assert most <= 2 * housed
    assert housed <= most


@FAST
@given(fielded(tenants=False, reserves=False))
def test_no_assignment_is_better_for_everybody_at_once(market: Document) -> None:
    """T33: weakly Pareto-efficient, no lawful assignment puts every household higher in its list."""
    here = _places(market, DA)
    for other in every_assignment(market):
        there = places_in_lists(market, other)
        assert not all(there[name] < here[name] for name in here)


@BOTH
@FAST
@given(market=COMMON, who=st.integers(0, 4), more=st.randoms(use_true_random=False))
def test_a_longer_list_never_hurts(mechanism: str, market: Document, who: int, more: random.Random) -> None:
    """T35: who adds further pools at the end of its list keeps what it had without them, or gets one where it had
    nothing.
    """
    chosen = market["households"][who % len(market["households"])]
    rest = [pool["id"] for pool in market["pools"] if pool["id"] not in wanted(market, chosen)]
    more.shuffle(rest)
    longer = {**chosen, "preferences": [*chosen["preferences"], *rest]}
    changed = [longer if one is chosen else one for one in market["households"]]
    before = assignment(market, mechanism)[chosen["id"]]
    after = assignment({**market, "households": changed}, mechanism)[chosen["id"]]
    assert after == before if before is not None else after in {None, *rest}
