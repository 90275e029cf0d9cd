"""``top_trading_cycles`` against the plain reading of its definition, its laws and the literature's cases."""

from __future__ import annotations

from hypothesis import given, settings

from tests.laws.enumeration import in_order
from tests.laws.fielded_markets import (
    broken_laws,
    every_assignment,
    fielded,
    gains,
    places_in_lists,
    tier_at,
    wanted,
    with_assignment,
)
from tests.laws.markets import Document, assignment, solved
from tests.laws.test_deferred_acceptance import ROTH, _strict

NAME = "top_trading_cycles"
FAST = settings(max_examples=200, deadline=None, derandomize=True, database=None)
MARKETS = fielded(reserves=False, max_households=5)


def traded(document: Document) -> dict[str, str | None]:
    """All cycles of each round, pointers found anew: capacities counted down (contract, section 5)."""
    households = {one["id"]: one for one in in_order(document)}
    left = {pool["id"]: pool["capacity"] for pool in document["pools"]}
    got: dict[str, str | None] = {}
    while True:
        remaining = [one for name, one in households.items() if name not in got]
        best = {}
        for one in remaining:
            open_ = [pool for pool in wanted(document, one) if left[pool]]
            if open_:
                best[one["id"]] = open_[0]
        head = {}
        for pool, places in left.items():
            tenants = [one["id"] for one in remaining if one.get("current") == pool]
            # A tenant that is in no tier of its pool has a right to its place, not to a vacant one.
            entry = next(one for one in document["pools"] if one["id"] == pool)
            admitted = {name for tier in entry.get("priority", [list(households)]) for name in tier}
            line = [one for one in remaining if one["id"] in best and one["id"] in admitted]
            line.sort(key=lambda one: (_tier(document, one, pool), one["order"]))
            if places > len(tenants) and line:
                head[pool] = line[0]["id"]
            elif places and tenants:
                head[pool] = tenants[0]
        circles = [name for name in best if _returns(name, best, head)]
        if not circles:
            return {name: got.get(name) for name in households}
        for name in circles:
            got[name] = best[name]
            left[best[name]] -= 1


def _tier(document: Document, household: Document, pool: str) -> int:
    without_tenancy = {key: value for key, value in household.items() if key != "current"}
    return tier_at(document, without_tenancy, pool) or 0


def _returns(name: str, best: dict[str, str], head: dict[str, str]) -> bool:
    seen, at = set(), name
    while at not in seen and at in best and best[at] in head:
        seen.add(at)
        at = head[best[at]]
        if at == name:
            return True
    return False


@FAST
@given(MARKETS)
def test_it_trades_as_defined(market: Document) -> None:
    """The assignment is that of the definition, with tiers and tenants, and every law holds."""
    expected = traded(market)
    solution = solved(market, NAME)
    assert expected == solution["assignment"]
    assert broken_laws(market, solution) == []


@settings(FAST, max_examples=60)
@given(MARKETS)
def test_every_other_assignment_breaks_a_law(market: Document) -> None:
    """``certify`` accepts the one assignment alone."""
    right = assignment(market, NAME)
    for other in every_assignment(market):
        broken = set(broken_laws(market, with_assignment(market, NAME, other))) - {"certificate"}
        assert (not broken) == (other == right)


@FAST
@given(MARKETS)
def test_nobody_can_gain_without_another_losing(market: Document) -> None:
    """Pareto-efficient where all are admitted everywhere: no lawful assignment is better for some, worse for none."""
    open_to_all = {**market, "pools": [{"id": p["id"], "capacity": p["capacity"]} for p in market["pools"]]}
    right = places_in_lists(open_to_all, assignment(open_to_all, NAME))
    for other in every_assignment(open_to_all):
        places = places_in_lists(open_to_all, other)
        assert places == right or any(places[name] > right[name] for name in right)


@settings(FAST, max_examples=12)
@given(fielded(reserves=False, max_households=3))
def test_no_untrue_list_brings_more(market: Document) -> None:
    """Strategy-proof over all lists of every household, tenants included."""
    assert gains(market, NAME) == []


def test_shapley_and_scarf_housing_market() -> None:
    """Shapley and Scarf (1974), Roth and Postlewaite (1977): three owners; the core is one assignment."""
    # 1 owns A and wants C, 2 owns B and wants A, 3 owns C and wants A first, then B. Round 1: 1 -> C, 3 -> A
    # is a cycle of two; 2 is left with B.
    market = _strict(
        {"1": ["C", "B", "A"], "2": ["A", "B", "C"], "3": ["A", "B", "C"]}, {"A": [], "B": [], "C": []}
    )
    for household, pool in zip(market["households"], market["pools"], strict=True):
        household["current"] = pool["id"]
        del pool["priority"]
    solution = solved(market, NAME)
    assert solution["assignment"] == {"1": "C", "2": "B", "3": "A"}
    # The pools 1 and 3 hold point at their owners; 2 keeps B in the second round.
    assert solution["certificate"]["rounds"] == [[[["1", "C"], ["3", "A"]]], [[["2", "B"]]]]


def test_existing_tenant_and_newcomers() -> None:
    """Abdulkadiroglu and Sonmez (1999): "you request my house, I get your turn" on one vacant and one lived-in."""
    # Order n1, n2, t; t lives in h1; h2 is vacant. n1 is first and asks for h1, whose tenant t gets the turn:
    # h2 -> n1 -> h1 -> t -> h2 is a cycle. n2 is left with nothing.
    market = {
        "format": "allocator-instance/1",
        "households": [
            {"id": "n1", "order": 1, "preferences": ["h1", "h2"]},
            {"id": "n2", "order": 2, "preferences": ["h2", "h1"]},
            {"id": "t", "order": 3, "preferences": ["h2", "h1"], "current": "h1"},
        ],
        "pools": [{"id": "h1", "capacity": 1}, {"id": "h2", "capacity": 1}],
    }
    assert assignment(market, NAME) == {"n1": "h1", "n2": None, "t": "h2"}
    # Deferred acceptance has no trade: t is behind at h2 and stays, n1 is behind t at h1 and takes h2 (NH4).
    assert assignment(market, "deferred_acceptance") == {"n1": "h2", "n2": None, "t": "h1"}


def test_trading_gives_up_priority() -> None:
    """What must fail: trading is not stable. In Roth's market i3 is first of those left at s1 and envies i2."""
    broken = broken_laws(ROTH, with_assignment(ROTH, "deferred_acceptance", assignment(ROTH, NAME)))
    assert "stable" in broken


def test_keeping_priority_gives_up_efficiency_for_tenants() -> None:
    """What must fail: with tenants too, deferred acceptance can be improved for somebody at nobody's cost."""
    market = {**ROTH, "households": [dict(one) for one in ROTH["households"]]}
    stable = places_in_lists(market, assignment(market, "deferred_acceptance"))
    traded_places = places_in_lists(market, assignment(market, NAME))
    assert stable != traded_places
    assert all(traded_places[name] <= stable[name] for name in stable)
