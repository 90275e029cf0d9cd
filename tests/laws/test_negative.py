"""What must fail: claims that sound right and are not, each with a market that shows it (mechanisms.md, 2.1).

They guard against promising too much: a sentence in a letter or a policy that says one of these is wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from hypothesis import Phase, find, settings

from tests.laws.enumeration import in_order
from tests.laws.fielded_markets import (
    every_assignment,
    every_list,
    fielded,
    places_in_lists,
    reporting,
    wanted,
)
from tests.laws.markets import Document, assignment, markets, solved, with_bands

Way = dict[str, str | None]
# The first found will do: making it small is what takes long.
SEARCH = settings(
    max_examples=4_000, deadline=None, derandomize=True, database=None, phases=(Phase.generate,)
)


def immediate_acceptance(document: Document) -> Way:
    """Boston: in round k every pool takes, in order, those left whose k-th choice it is, and keeps them."""
    room = {pool["id"]: pool["capacity"] for pool in document["pools"]}
    got: Way = {one["id"]: None for one in document["households"]}
    for turn in range(len(room)):
        for one in in_order(document):
            mine = wanted(document, one)
            if got[one["id"]] is None and turn < len(mine) and room[mine[turn]]:
                room[mine[turn]] -= 1
                got[one["id"]] = mine[turn]
    return got


def _by(mechanism: str) -> Callable[[Document], Way]:
    return lambda document: assignment(document, mechanism)


def _profitable(document: Document, run: Callable[[Document], Way]) -> tuple[str, list[str]] | None:
    """A household with an untrue list that brings it more by its true one."""
    truth = places_in_lists(document, run(document))
    pools = [pool["id"] for pool in document["pools"]]
    for one in document["households"]:
        mine = wanted(document, one)
        for untrue in every_list(pools):
            got = run(reporting(document, one["id"], untrue))[one["id"]]
            if got in mine and mine.index(got) < truth[one["id"]]:
                return one["id"], untrue
    return None


def _worse_off(document: Document, before: Way, after: Way) -> list[str]:
    """Who of those in both stands lower in its list than before."""
    former, latter = places_in_lists(document, before), _places(document, after)
    return [name for name in latter if latter[name] > former[name]]


def _places(document: Document, way: Way) -> dict[str, int]:
    stayed = {**document, "households": [one for one in document["households"] if one["id"] in way]}
    return places_in_lists(stayed, way)


def _improvable(document: Document, way: Way) -> Way | None:
    """An assignment better for somebody and worse for nobody."""
    here = places_in_lists(document, way)
    for other in every_assignment(document):
        there = places_in_lists(document, other)
        if there != here and all(there[name] <= here[name] for name in here):
            return other
    return None


def _with_a_place_more(document: Document, pool: str) -> Document:
    pools = [{**one, "capacity": one["capacity"] + (one["id"] == pool)} for one in document["pools"]]
    return {**document, "pools": pools}


def _hurt_by_a_place_more(document: Document, mechanism: str) -> list[str]:
    before = assignment(document, mechanism)
    for pool in document["pools"]:
        more = _with_a_place_more(document, pool["id"])
        worse = _worse_off(document, before, assignment(more, mechanism))
        if worse:
            return worse
    return []


def _without_first_choice(document: Document, name: str, refused: str) -> Document:
    """The refused pool struck out of one list."""
    lists = next(one["preferences"] for one in document["households"] if one["id"] == name)
    flat = [pool for entry in lists for pool in ([entry] if isinstance(entry, str) else entry)]
    return reporting(document, name, [pool for pool in flat if pool != refused])


def _hurt_by_who_stays(document: Document, mechanism: str) -> tuple[str, list[str]] | None:
    """Somebody refuses what it got, stays in the round with the rest of its list, and others are worse off."""
    before = assignment(document, mechanism)
    for name, pool in before.items():
        if pool is not None:
            after = assignment(_without_first_choice(document, name, pool), mechanism)
            worse = [one for one in _worse_off(document, before, after) if one != name]
            if worse:
                return name, worse
    return None


def _hurt_by_who_leaves(document: Document, mechanism: str) -> tuple[str, list[str]] | None:
    """A plain re-run after somebody who was housed left the round, and others are worse off."""
    before = assignment(document, mechanism)
    for name, pool in before.items():
        if pool is not None:
            left = {**document, "households": [h for h in document["households"] if h["id"] != name]}
            worse = _worse_off(document, before, assignment(left, mechanism))
            if worse:
                return name, worse
    return None


def _market(lists: dict[str, list[Any]], capacity: dict[str, int], **fields: Any) -> Document:
    """Households in the order written; ``fields`` as in the contract, ``tiers`` by pool and ``groups`` by household."""
    tiers, groups = fields.pop("tiers", {}), fields.pop("groups", {})
    homes = fields.pop("homes", {})
    return {
        "format": "allocator-instance/1",
        "households": [
            {
                "id": name,
                "order": at,
                "preferences": mine,
                "groups": groups.get(name, []),
                **({"current": homes[name]} if name in homes else {}),
            }
            for at, (name, mine) in enumerate(lists.items(), 1)
        ],
        "pools": [
            {
                "id": pool,
                "capacity": places,
                **({"priority": [[name] for name in tiers[pool]]} if pool in tiers else {}),
            }
            for pool, places in capacity.items()
        ],
        **fields,
    }


DA = "deferred_acceptance"


def test_first_choice_first_can_be_gamed() -> None:
    """Immediate acceptance (Boston) is not strategy-proof: who is honest about an unreachable first choice loses."""
    # x is full of nobody's doing (0 places). h1 asks x, then finds y taken by h2, who asked for y at once.
    market = _market({"h1": ["x", "y"], "h2": ["y"]}, {"x": 0, "y": 1})
    assert immediate_acceptance(market) == {"h1": None, "h2": "y"}
    assert immediate_acceptance(reporting(market, "h1", ["y"])) == {"h1": "y", "h2": None}
    # Deferred acceptance and choosing in order leave no such gain.
    assert _profitable(market, _by(DA)) is None
    assert _profitable(market, _by("serial")) is None


def test_a_search_finds_gains_under_first_choice_first() -> None:
    """Among random markets one where immediate acceptance can be gamed is found at once."""
    found = find(
        markets(max_bands=1, with_ties=False),
        lambda market: _profitable(market, immediate_acceptance) is not None,
        settings=SEARCH,
    )
    assert _profitable(found, immediate_acceptance) is not None


def test_band_optimum_can_be_gamed_inside_a_band() -> None:
    """``band_optimum`` is not strategy-proof inside a band: claiming to want only x makes it move somebody else."""
    # Both want a place; h2 lists x alone, so h1 is moved to y: as many as can be are housed.
    market = _market({"h1": ["x", "y"], "h2": ["x"]}, {"x": 1, "y": 1})
    assert assignment(market) == {"h1": "y", "h2": "x"}
    assert assignment(reporting(market, "h1", ["x"])) == {"h1": "x", "h2": None}
    # Each its own band there is nothing to gain.
    alone = with_bands(market, [0, 1])
    assert _profitable(alone, _by("band_optimum")) is None


def test_a_search_finds_gains_inside_a_band() -> None:
    """Among random markets of one band one that can be gamed is found at once."""
    found = find(
        markets(max_bands=1, with_ties=False),
        lambda market: _profitable(market, _by("band_optimum")) is not None,
        settings=SEARCH,
    )
    assert _profitable(found, _by("band_optimum")) is not None


def test_a_place_more_can_hurt_under_trading_cycles() -> None:
    """``top_trading_cycles`` is not resource monotone: a place more lets an earlier household trade ahead of another."""
    # One place at x goes to h2, first at x. With a place at y, y points at h3, who trades it to h1 for x.
    market = _market(
        {"h1": ["y"], "h2": ["x"], "h3": ["x"]},
        {"x": 1, "y": 0},
        tiers={"x": ["h1", "h2", "h3"], "y": ["h3", "h1", "h2"]},
    )
    more = _with_a_place_more(market, "y")
    assert assignment(market, "top_trading_cycles") == {"h1": None, "h2": "x", "h3": None}
    assert assignment(more, "top_trading_cycles") == {"h1": "y", "h2": None, "h3": "x"}
    assert _hurt_by_a_place_more(market, DA) == []


def test_a_place_more_can_hurt_in_a_band() -> None:
    """``band_optimum`` is not resource monotone: to house one more, somebody gives up a better-liked place."""
    # Two places: h1 at x and h2 at z house the earliest two. A place at y lets h3 in, if h2 makes room for it at z.
    market = _market({"h1": ["x"], "h2": ["z", "y"], "h3": ["z"]}, {"x": 1, "y": 0, "z": 1})
    assert assignment(market) == {"h1": "x", "h2": "z", "h3": None}
    assert assignment(_with_a_place_more(market, "y")) == {"h1": "x", "h2": "y", "h3": "z"}


def test_deferred_acceptance_is_not_efficient() -> None:
    """``deferred_acceptance`` is not Pareto-efficient: two would gladly swap, and a third's priority forbids it."""
    # h2 asks x, h1 asks y. h3 stands before h2 at x but wants nothing else and is turned away by h1 in the end.
    market = _market(
        {"h1": ["y", "x"], "h2": ["x", "y"], "h3": ["x"]},
        {"x": 1, "y": 1},
        tiers={"x": ["h1", "h3", "h2"], "y": ["h2", "h1", "h3"]},
    )
    got = assignment(market, DA)
    # h3 keeps h2 out of x; h2 asks y and keeps h1 out; h1 asks x and keeps h3 out.
    assert got == {"h1": "x", "h2": "y", "h3": None}
    assert _improvable(market, got) == {"h1": "y", "h2": "x", "h3": None}


def test_tenants_cannot_swap_under_deferred_acceptance() -> None:
    """With tenants it is not Pareto-efficient either: two who would swap homes stay, for somebody stands between."""
    # t1 lives in x and wants y, t2 lives in y and wants x; n, before both, wants x: t2 is behind n, so neither moves.
    market = _market(
        {"n": ["x"], "t1": ["y", "x"], "t2": ["x", "y"]}, {"x": 1, "y": 1}, homes={"t1": "x", "t2": "y"}
    )
    got = assignment(market, DA)
    assert got == {"n": None, "t1": "x", "t2": "y"}
    assert _improvable(market, got) == {"n": None, "t1": "y", "t2": "x"}
    assert assignment(market, "top_trading_cycles") == {"n": None, "t1": "y", "t2": "x"}


def test_a_search_finds_tenants_who_cannot_swap() -> None:
    """Among random markets with tenants one that can be improved at nobody's cost is found."""
    found = find(
        fielded(tiers=False, reserves=False),
        lambda market: _improvable(market, assignment(market, DA)) is not None,
        settings=SEARCH,
    )
    assert _improvable(found, assignment(found, DA)) is not None


def _chances(document: Document) -> dict[str, dict[str, Fraction]]:
    return {
        name: {pool: Fraction(chance) for pool, chance in row.items()}
        for name, row in solved(document, "probabilistic_serial")["chances"].items()
    }


def _up_to(document: Document, row: dict[str, Fraction], name: str) -> list[Fraction]:
    """The chance of one of the first k pools of a list, for every k."""
    mine = next(one["preferences"] for one in document["households"] if one["id"] == name)
    return list(itertools.accumulate(row.get(pool, Fraction(0)) for pool in mine))


def test_eating_can_be_gamed_by_who_wants_one_of_two() -> None:
    """``probabilistic_serial``: an untrue list can raise the chance of one of the first two, so the honest chances do
    not dominate it.
    """
    # Honest: 1 and 2 eat a, 3 and 4 eat b until 1/2; then c. 1 has 1/2, 0, 1/4 of a, b, c.
    market = _market(
        {"1": ["a", "b", "c"], "2": ["a", "c", "b"], "3": ["b", "c", "a"], "4": ["b", "a", "c"]},
        {"a": 1, "b": 1, "c": 1},
    )
    honest = _up_to(market, _chances(market)["1"], "1")
    untrue = _up_to(market, _chances(reporting(market, "1", ["b", "a", "c"]))["1"], "1")
    assert honest[0] > untrue[0]
    assert honest[1] == Fraction(1, 2) < untrue[1]


def test_drawing_an_order_is_not_ordinally_efficient() -> None:
    """Random priority: all would rather have the chances of ``probabilistic_serial`` (Bogomolnaia, Moulin 2001)."""
    market = _market({"1": ["a", "b"], "2": ["a", "b"], "3": ["b", "a"], "4": ["b", "a"]}, {"a": 1, "b": 1})
    orders = list(itertools.permutations(market["households"]))
    row: dict[str, Fraction] = {}
    for way in orders:
        drawn = {**market, "households": [{**one, "order": at} for at, one in enumerate(way, 1)]}
        pool = assignment(drawn, "serial")["1"]
        if pool is not None:
            row[pool] = row.get(pool, Fraction(0)) + Fraction(1, len(orders))
    # An order drawn: 1 gets a with 5/12 and b with 1/12; eating gives it a with 1/2.
    assert row == {"a": Fraction(5, 12), "b": Fraction(1, 12)}
    assert _chances(market)["1"] == {"a": Fraction(1, 2)}


def test_relaxing_a_ceiling_can_hurt() -> None:
    """A higher maximum for a group can leave somebody of no group worse off."""
    # With none of a in y, h1 is turned away from y and takes x; h0 then has y. With one it is the other way round.
    market = _market(
        {"h0": ["y", "x"], "h1": ["y", "x"]},
        {"x": 1, "y": 1},
        tiers={"x": ["h0", "h1"], "y": ["h1", "h0"]},
        groups={"h1": ["a"]},
        quotas=[{"id": "q", "pools": ["y"], "groups": ["a"], "max": 0}],
    )
    relaxed = {**market, "quotas": [{**market["quotas"][0], "max": 1}]}
    before, after = assignment(market, DA), assignment(relaxed, DA)
    assert _worse_off(market, before, after) == ["h0"]


def test_a_reserve_can_hurt_the_group_it_is_for() -> None:
    """A reserved place can leave one member of its group worse off and none better."""
    # x reserved for the group: m1 keeps n out of x; n turns to y and keeps m2 out; m2 turns to x and keeps m1 out.
    market = _market(
        {"n": ["x", "y"], "m2": ["y", "x"], "m1": ["x"]}, {"x": 1, "y": 1}, groups={"m1": ["g"], "m2": ["g"]}
    )
    reserved = {**market, "reserves": [{"pool": "x", "group": "g", "places": 1, "release": True}]}
    before, after = assignment(market, DA), assignment(reserved, DA)
    assert before == {"n": "x", "m2": "y", "m1": None}
    assert after == {"n": "y", "m2": "x", "m1": None}


def test_who_refuses_and_stays_can_hurt() -> None:
    """A household that refuses what it got and stays in the round takes somebody else's place."""
    market = _market({"h1": ["x", "y"], "h2": ["y"]}, {"x": 1, "y": 1})
    for mechanism in (DA, "serial", "band_optimum"):
        assert assignment(market, mechanism) == {"h1": "x", "h2": "y"}
        assert _hurt_by_who_stays(market, mechanism) == ("h1", ["h2"])


def test_filling_up_after_a_refusal_can_cost_a_rank() -> None:
    """Under ``band_optimum`` a plain re-run without a household that refused can cost another its better pool."""
    # h3 wants x alone. With h2 there, h1 has x. Without it two can still be housed: h3 at x, if h1 goes to y.
    market = _market({"h1": ["x", "y"], "h2": ["y"], "h3": ["x"]}, {"x": 1, "y": 1})
    assert assignment(market) == {"h1": "x", "h2": "y", "h3": None}
    assert _hurt_by_who_leaves(market, "band_optimum") == ("h2", ["h1"])
    # Deferred acceptance and choosing in order never do that.
    assert _hurt_by_who_leaves(market, DA) is None
    assert _hurt_by_who_leaves(market, "serial") is None
    # The cure: everybody else keeps at least its present pool, its list cut there.
    kept = _market({"h1": ["x"], "h3": ["x"]}, {"x": 1, "y": 1})
    assert assignment(kept) == {"h1": "x", "h3": None}
