"""Laws that every result of ``band_optimum`` and ``serial`` obeys, checked by changing the market."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.enumeration import groups_of, rank_of
from tests.laws.markets import Document, assignment, markets, renumbered, solved

LAW = settings(max_examples=250, deadline=None, derandomize=True, database=None)
EITHER = st.booleans()


def _shuffled(market: Document, seed: int) -> Document:
    """The same market with its rows in another order."""
    dice = random.Random(seed)
    rows, pools = list(market["households"]), list(market["pools"])
    dice.shuffle(rows)
    dice.shuffle(pools)
    return {"pools": pools, "households": rows, "format": market["format"]}


def _relabelled(market: Document, names: dict[str, str]) -> Document:
    """The same market with other names for households and pools."""

    def renamed(preferences: list[Any]) -> list[Any]:
        return [[names[p] for p in e] if isinstance(e, list) else names[e] for e in preferences]

    return {
        "format": market["format"],
        "households": [
            {**h, "id": names[h["id"]], "preferences": renamed(h["preferences"])}
            for h in market["households"]
        ],
        "pools": [{**pool, "id": names[pool["id"]]} for pool in market["pools"]],
    }


@LAW
@given(markets(), st.integers(0, 2**32), EITHER)
def test_order_of_rows_changes_no_byte(market: Document, seed: int, housing_first: bool) -> None:
    """Shuffled rows give the same solution document, byte for byte."""
    first = json.dumps(solved(market, housing_first=housing_first))
    assert first == json.dumps(solved(_shuffled(market, seed), housing_first=housing_first))


@LAW
@given(markets(), st.randoms(use_true_random=False), EITHER)
def test_names_choose_nobody(market: Document, dice: random.Random, housing_first: bool) -> None:
    """With other names, and so with other arcs first in the solver, the same people get the same pools."""
    old = [entry["id"] for entry in (*market["households"], *market["pools"])]
    new = [f"n{number}" for number in range(len(old))]
    dice.shuffle(new)
    names: dict[Any, Any] = {**dict(zip(old, new, strict=True)), None: None}
    before = solved(market, housing_first=housing_first)
    after = solved(_relabelled(market, names), housing_first=housing_first)
    assert {names[h]: names[p] for h, p in before["assignment"].items()} == after["assignment"]
    for one, other in zip(before["certificate"]["bands"], after["certificate"]["bands"], strict=True):
        assert {names[p]: at for p, at in one["closing"].items()} == other["closing"]
        assert {names[p]: price for p, price in one["prices"].items()} == other["prices"]


@LAW
@given(markets(), EITHER)
def test_closing_positions_are_exact(market: Document, housing_first: bool) -> None:
    """Standing just before the closing position a refused household would be housed; just behind it, not."""
    solution = solved(market, housing_first=housing_first)
    households = market["households"]
    bands = {figures["band"]: figures["closing"] for figures in solution["certificate"]["bands"]}
    for at, household in enumerate(households):
        if solution["assignment"][household["id"]] is not None:
            continue
        listed = [pool for group in groups_of(household) for pool in group]
        closing = max((bands[household["band"]].get(pool, 0) for pool in listed), default=0)
        assert closing < at + 1
        others = [h for h in households if h is not household]
        first_of_band = sum(h["band"] < household["band"] for h in households)
        behind = closing or first_of_band  # with 0 nobody of the band holds a place: not even the first could
        for place, expected in ((closing - 1, True), (behind, False)):
            if place >= 0:
                moved = renumbered(market, [*others[:place], household, *others[place:]])
                got = assignment(moved, housing_first=housing_first)[household["id"]]
                assert expected == (got is not None)


@LAW
@given(markets(max_bands=1))
def test_prices_prove_the_total_rank(market: Document) -> None:
    """The prices are feasible and their dual value is the total rank: no better assignment exists."""
    solution = solved(market)
    figures = solution["certificate"]["bands"][0]
    price = {pool["id"]: figures["prices"].get(pool["id"], 0) for pool in market["pools"]}
    load = list(solution["assignment"].values())
    assert figures["sink_price"] == 0
    for pool in market["pools"]:
        assert price[pool["id"]] <= 0
        if load.count(pool["id"]) < pool["capacity"]:
            assert price[pool["id"]] == 0
    housed = [h for h in market["households"] if solution["assignment"][h["id"]]]
    # Weak duality: sum over the housed of min(rank - price), and each place pays its price.
    bound = sum(load.count(pool) * price[pool] for pool in price)
    for household in housed:
        pools = [pool for group in groups_of(household) for pool in group]
        bound += min(rank_of(household, pool) - price[pool] for pool in pools)
    assert bound == figures["total_rank"]


@LAW
@given(markets(), EITHER)
def test_the_refused_change_nothing(market: Document, housing_first: bool) -> None:
    """Without those who got nothing, everybody else gets what they got."""
    got = assignment(market, housing_first=housing_first)
    stayed = [h for h in market["households"] if got[h["id"]] is not None]
    expected = {h["id"]: got[h["id"]] for h in stayed}
    assert expected == assignment({**market, "households": stayed}, housing_first=housing_first)


@LAW
@given(markets(), EITHER)
def test_later_bands_change_nothing_before_them_but_ties(market: Document, housing_first: bool) -> None:
    """Who of a band is housed does not depend on any later band; nor, bands in turn, does its total rank."""
    last = max(h["band"] for h in market["households"])
    kept = [h for h in market["households"] if h["band"] < last]
    whole = solved(market, housing_first=housing_first)["certificate"]["bands"]
    alone = solved({**market, "households": kept}, housing_first=housing_first)["certificate"]["bands"]
    names = ("num_housed", "closing") if housing_first else ("num_housed", "closing", "prices", "total_rank")
    for one, other in zip(alone, whole[: len(alone)], strict=True):
        assert {name: one[name] for name in names} == {name: other[name] for name in names}


@LAW
@given(markets(), EITHER)
def test_a_pool_nobody_lists_changes_nothing(market: Document, housing_first: bool) -> None:
    """An unlisted pool, wherever it stands among the names, changes neither assignment nor certificate."""
    wider = {**market, "pools": [{"id": "a0", "capacity": 2}, *market["pools"], {"id": "z9", "capacity": 0}]}
    before, after = solved(market, housing_first=housing_first), solved(wider, housing_first=housing_first)
    assert before["assignment"] == after["assignment"]
    assert before["certificate"] == after["certificate"]


@LAW
@given(markets())
def test_serial_certificate_opens_and_closes_every_choice(market: Document) -> None:
    """A pool better than what a household got was filled by somebody before it."""
    solution = solved(market, "serial")
    filled = solution["certificate"]["filled"]
    for position, household in enumerate(market["households"], start=1):
        flat = [pool for group in groups_of(household) for pool in group]
        open_then = [pool for pool in flat if filled.get(pool, position) >= position]
        expected = open_then[0] if open_then else None
        assert expected == solution["assignment"][household["id"]]
