"""The mechanisms equal the plain enumeration of their definitions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.enumeration import best_assignment, chosen_in_order, lawful_assignments, rank_of
from tests.laws.markets import Document, assignment, markets, solved, with_bands

FAST = settings(max_examples=700, deadline=None, derandomize=True, database=None)
SLOW = settings(max_examples=20_000, deadline=None, derandomize=True, database=None)


def _check(market: Document, housing_first: bool) -> None:
    expected = best_assignment(market, housing_first)
    assert expected == assignment(market, housing_first=housing_first)


@FAST
@given(markets())
def test_band_optimum_is_the_enumerated_best(market: Document) -> None:
    """Band by band, the assignment is the best of all lawful ones under the definition."""
    _check(market, housing_first=False)


@FAST
@given(markets())
def test_housing_first_is_the_enumerated_best(market: Document) -> None:
    """With housing first, who is housed is settled for all bands before any ranks."""
    _check(market, housing_first=True)


@pytest.mark.slow
@SLOW
@given(markets(), st.booleans())
def test_both_variants_on_twenty_thousand_markets(market: Document, housing_first: bool) -> None:
    """Both variants equal the enumeration on 20,000 markets."""
    _check(market, housing_first)


@settings(FAST, max_examples=300)
@given(markets())
def test_serial_lets_each_take_the_first_open_pool(market: Document) -> None:
    """Choosing in order gives each household the first pool of its list with a place left."""
    expected = chosen_in_order(market)
    assert expected == assignment(market, "serial")


@settings(FAST, max_examples=300)
@given(markets(max_bands=1))
def test_one_band_is_the_largest_and_best_liked(market: Document) -> None:
    """With one band as many as can be are housed, and those housed have the least total rank possible."""
    got = assignment(market)
    households = market["households"]
    possible = list(lawful_assignments(market))
    most = max(sum(pool is not None for pool in way) for way in possible)
    assert most == sum(pool is not None for pool in got.values())
    same_people = [
        way
        for way in possible
        if all((pool is None) == (got[h["id"]] is None) for h, pool in zip(households, way, strict=True))
    ]
    least = min(
        sum(rank_of(h, pool) for h, pool in zip(households, way, strict=True) if pool) for way in same_people
    )
    assert least == sum(rank_of(h, got[h["id"]]) for h in households if got[h["id"]])


@settings(FAST, max_examples=300)
@given(markets(with_ties=False), st.booleans())
def test_bands_of_one_are_choosing_in_order(market: Document, housing_first: bool) -> None:
    """Each household its own band is serial dictatorship, unless housing comes first for all."""
    alone = with_bands(market, list(range(len(market["households"]))))
    if not housing_first:
        assert assignment(alone, "serial") == assignment(alone)
    expected = best_assignment(alone, housing_first)
    assert expected == assignment(alone, housing_first=housing_first)


@settings(FAST, max_examples=200)
@given(markets(), st.booleans())
def test_certificate_figures_are_those_of_the_assignment(market: Document, housing_first: bool) -> None:
    """Counts and total ranks of every band in the certificate are those of the assignment beside it."""
    solution = solved(market, housing_first=housing_first)
    got = solution["assignment"]
    for figures in solution["certificate"]["bands"]:
        members = [h for h in market["households"] if h["band"] == figures["band"]]
        ranks = [rank_of(h, got[h["id"]]) for h in members if got[h["id"]]]
        expected = (len(members), len(ranks), sum(ranks))
        assert expected == (figures["num_households"], figures["num_housed"], figures["total_rank"])


def test_a_pool_sealed_by_an_earlier_band_admits_nobody_later() -> None:
    """A later household may not take a place in a pool that an earlier band's total rank needs full."""
    market = {
        "format": "allocator-instance/1",
        "households": [
            {"id": "a", "order": 1, "band": 0, "preferences": ["x", "y"]},
            {"id": "b", "order": 2, "band": 0, "preferences": ["x", "y"]},
            {"id": "c", "order": 3, "band": 1, "preferences": ["x"]},
        ],
        "pools": [{"id": "x", "capacity": 1}, {"id": "y", "capacity": 2}],
    }
    # Total rank of band 0: 1 + 2 = 3. With c in x both a and b would stand in y: 2 + 2 = 4.
    expected = {"a": "x", "b": "y", "c": None}
    assert expected == assignment(market)
    # Housing first: all three can be housed, and then 4 is the least for band 0.
    all_housed = {"a": "y", "b": "y", "c": "x"}
    assert all_housed == assignment(market, housing_first=True)
