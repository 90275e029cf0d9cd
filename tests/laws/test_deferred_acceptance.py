"""``deferred_acceptance`` against the enumeration of its definition, and the laws it claims."""

from __future__ import annotations

import json
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.fielded_markets import (
    as_pools,
    broken_laws,
    every_assignment,
    fielded,
    gains,
    is_stable,
    places_in_lists,
    refusal_or_solution,
    slots_of,
    stable_assignments,
    with_assignment,
    without,
)
from tests.laws.markets import Document, assignment, renumbered, solved

NAME = "deferred_acceptance"
FAST = settings(max_examples=150, deadline=None, derandomize=True, database=None)


def _best(market: Document) -> tuple[int, ...]:
    """The stable assignment that is best for every household at once; that there is one is a theorem."""
    stable = stable_assignments(market)
    best = tuple(min(column) for column in zip(*stable, strict=True))
    assert best in stable
    return best


@FAST
@given(fielded())
def test_it_is_the_best_stable_assignment(market: Document) -> None:
    """With tiers, tenants and reserves it is the enumerated stable assignment best for every household."""
    assert as_pools(market, _best(market)) == assignment(market, NAME)


@FAST
@given(fielded())
def test_its_certificate_holds(market: Document) -> None:
    """``certify`` finds no law broken and the certificate's figures those of the assignment."""
    assert broken_laws(market, solved(market, NAME)) == []


@settings(FAST, max_examples=120)
@given(fielded())
def test_every_other_assignment_breaks_a_law(market: Document) -> None:
    """Of all lawful assignments ``certify`` accepts the one of the mechanism alone, whatever the certificate."""
    right = assignment(market, NAME)
    for other in every_assignment(market):
        broken = set(broken_laws(market, with_assignment(market, NAME, other))) - {"certificate"}
        assert (not broken) == (other == right)


CAPPED = fielded(maxima=True, tenants=False)


@FAST
@given(CAPPED)
def test_under_maxima_it_is_the_best_stable_assignment(market: Document) -> None:
    """With maxima and reserves on disjoint groups it is the best of the enumerated stable assignments."""
    got = assignment(market, NAME)
    stable = [places_in_lists(market, way) for way in every_assignment(market) if is_stable(market, way)]
    best = {name: min(way[name] for way in stable) for name in stable[0]}
    assert best in stable
    assert places_in_lists(market, got) == best
    assert broken_laws(market, solved(market, NAME)) == []


@settings(FAST, max_examples=100)
@given(CAPPED)
def test_under_maxima_every_other_assignment_breaks_a_law(market: Document) -> None:
    """Under maxima too ``certify`` accepts the assignment of the mechanism alone."""
    right = assignment(market, NAME)
    for other in every_assignment(market):
        broken = set(broken_laws(market, with_assignment(market, NAME, other))) - {"certificate"}
        assert (not broken) == (other == right)


@settings(FAST, max_examples=100)
@given(fielded(maxima=True, max_households=6))
def test_tenants_are_kept_under_everything_at_once(market: Document) -> None:
    """With all fields at once no tenant ends worse than at home, and every law holds; or it is refused."""
    code, solution = refusal_or_solution(market, NAME)
    if solution is None:
        assert code in {
            "mechanism_max_below_tenants",
            "mechanism_max_crosses_reserve",
            "mechanism_too_many_tenants",
        }
    else:
        assert broken_laws(market, solution) == []


@settings(FAST, max_examples=12)
@given(fielded(max_households=3))
def test_no_untrue_list_brings_more(market: Document) -> None:
    """Strategy-proof: over all lists of every household, with tiers, tenants and reserves, none gains."""
    assert gains(market, NAME) == []


@settings(FAST, max_examples=12)
@given(fielded(maxima=True, tenants=False, max_households=4))
def test_no_untrue_list_brings_more_under_maxima(market: Document) -> None:
    """Strategy-proof under maxima and reserves too."""
    assert gains(market, NAME) == []


@FAST
@given(fielded(tiers=False, tenants=False, reserves=False))
def test_one_common_order_is_choosing_in_order(market: Document) -> None:
    """Where every pool has the one order, deferred acceptance, trading and choosing in order are the same."""
    expected = assignment(market, "serial")
    assert expected == assignment(market, NAME)
    assert expected == assignment(market, "top_trading_cycles")


@FAST
@given(fielded(tenants=False, reserves=False))
def test_rural_hospitals(market: Document) -> None:
    """The same households are placed, and each pool holds as many, in every stable assignment."""
    counts = set()
    for places in stable_assignments(market):
        held = as_pools(market, places)
        placed = frozenset(name for name, pool in held.items() if pool is not None)
        counts.add((placed, tuple(sorted(str(pool) for pool in held.values()))))
    assert len(counts) == 1


@FAST
@given(fielded(maxima=True, tenants=False, max_households=5), st.integers(0, 2))
def test_a_further_place_hurts_nobody(market: Document, which: int) -> None:
    """A place more in any pool leaves nobody worse, with reserves and maxima."""
    pool = market["pools"][which % len(market["pools"])]
    more = {
        **market,
        "pools": [{**one, "capacity": one["capacity"] + (one is pool)} for one in market["pools"]],
        # What is reserved is cut to the places there are, so that only the place is new.
        "reserves": _as_cut(market),
    }
    before = places_in_lists(market, assignment(market, NAME))
    after = places_in_lists(more, assignment(more, NAME))
    assert all(after[name] <= before[name] for name in before)


def _as_cut(market: Document) -> list[Document]:
    slots = slots_of(market)
    return [
        {**entry, "places": slots[entry["pool"], number][0]}
        for number, entry in enumerate(market["reserves"])
    ]


@FAST
@given(fielded(maxima=True, tenants=False, max_households=5), st.integers(0, 4))
def test_who_leaves_hurts_nobody(market: Document, which: int) -> None:
    """A household that withdraws leaves nobody else worse, with reserves and maxima."""
    gone = market["households"][which % len(market["households"])]["id"]
    before = places_in_lists(market, assignment(market, NAME))
    left = without(market, gone)
    after = places_in_lists(left, assignment(left, NAME))
    assert all(after[name] <= before[name] for name in after)


@FAST
@given(fielded(tiers=False, tenants=False, max_households=5), st.integers(0, 4))
def test_a_better_place_in_the_order_never_hurts(market: Document, which: int) -> None:
    """Respects improvements: the household moved to the head of the order is not worse."""
    chosen = market["households"][which % len(market["households"])]
    others = [one for one in market["households"] if one is not chosen]
    ahead = renumbered(market, [chosen, *others])
    before = places_in_lists(market, assignment(market, NAME))[chosen["id"]]
    assert places_in_lists(ahead, assignment(ahead, NAME))[chosen["id"]] <= before


@FAST
@given(fielded(maxima=True, tenants=False), st.randoms(use_true_random=False))
def test_order_of_rows_changes_no_byte(market: Document, dice: random.Random) -> None:
    """Shuffled households and pools give the same solution document."""
    rows, pools = list(market["households"]), list(market["pools"])
    dice.shuffle(rows)
    dice.shuffle(pools)
    shuffled = {**market, "households": rows, "pools": pools}
    assert json.dumps(solved(market, NAME)) == json.dumps(solved(shuffled, NAME))


def _strict(lists_: dict[str, list[str]], priorities: dict[str, list[str]]) -> Document:
    """One place in every pool, each with a priority of its own."""
    return {
        "format": "allocator-instance/1",
        "households": [
            {"id": name, "order": number + 1, "preferences": wishes}
            for number, (name, wishes) in enumerate(lists_.items())
        ],
        "pools": [
            {"id": pool, "capacity": 1, "priority": [[one] for one in line]}
            for pool, line in priorities.items()
        ],
    }


def test_gale_and_shapley_1962_three_by_three() -> None:
    """Gale and Shapley (1962), example 1: three stable marriages; the men's choice gives all men their first."""
    # Men a, b, c list A B C, B C A, C A B; women A, B, C rank b c a, c a b, a b c: all firsts are distinct.
    market = _strict(
        {"a": ["A", "B", "C"], "b": ["B", "C", "A"], "c": ["C", "A", "B"]},
        {"A": ["b", "c", "a"], "B": ["c", "a", "b"], "C": ["a", "b", "c"]},
    )
    assert assignment(market, NAME) == {"a": "A", "b": "B", "c": "C"}
    # The other two (all thirds for the men; the middle) are stable, but an improvement cycle breaks them.
    for other in ({"a": "B", "b": "C", "c": "A"}, {"a": "C", "b": "A", "c": "B"}):
        broken = broken_laws(market, with_assignment(market, NAME, other))
        assert "stable" not in broken
        assert "household_optimal" in broken


ROTH = _strict(
    {"i1": ["s2", "s1", "s3"], "i2": ["s1", "s2", "s3"], "i3": ["s1", "s2", "s3"]},
    {"s1": ["i1", "i3", "i2"], "s2": ["i2", "i1", "i3"], "s3": ["i2", "i1", "i3"]},
)


def test_deferred_acceptance_is_not_efficient() -> None:
    """Roth (1982), as in Abdulkadiroglu and Sonmez (2003), example 1: stability costs i1 and i2 their firsts."""
    # i1 asks s2, i2 and i3 ask s1: s1 keeps i3. i2 asks s2 and beats i1, who asks s1 and beats i3, who asks
    # s2 (i2 is better) and ends at s3. Trading gives i1 s2 and i2 s1 instead, and i3 is no worse.
    assert assignment(ROTH, NAME) == {"i1": "s1", "i2": "s2", "i3": "s3"}
    assert assignment(ROTH, "top_trading_cycles") == {"i1": "s2", "i2": "s1", "i3": "s3"}


def test_taking_a_maximum_away_can_hurt() -> None:
    """A counterexample kept: without the maximum on group a, h0, of no group, is worse off."""
    # With at most 0 of a in p1, h1 (first at p1) is turned away and takes p0; h0 then has p1. Without it
    # h1 has p1, and h0 is left its second choice p0.
    market = {
        **_strict({"h0": ["p1", "p0"], "h1": ["p1", "p0"]}, {"p0": ["h0", "h1"], "p1": ["h1", "h0"]}),
        "quotas": [{"id": "q", "pools": ["p1"], "groups": ["a"], "max": 0}],
    }
    market["households"][1]["groups"] = ["a"]
    assert assignment(market, NAME) == {"h0": "p1", "h1": "p0"}
    assert assignment({**market, "quotas": []}, NAME) == {"h0": "p0", "h1": "p1"}


def test_a_tenant_stands_first_at_home() -> None:
    """An integrated round by hand: the tenant moves to what it likes better and its place goes on."""
    # t lives in p1 and likes p2 better; p2 ranks it first of order, so t moves and n takes p1.
    market = _strict({"t": ["p2", "p1"], "n": ["p1", "p2"]}, {"p1": ["n"], "p2": ["t", "n"]})
    market["households"][0]["current"] = "p1"
    assert assignment(market, NAME) == {"t": "p2", "n": "p1"}
    # With n ahead at p2, t stays, although p1 admits only n by priority.
    market["pools"][1]["priority"] = [["n"], ["t"]]
    market["households"][1]["preferences"] = ["p2", "p1"]
    assert assignment(market, NAME) == {"t": "p1", "n": "p2"}
