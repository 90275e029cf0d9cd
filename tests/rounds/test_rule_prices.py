"""What each declared rule changes, on a corridor small enough to work out by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from allocator.model.documents import parse_instance
from allocator.rounds import trying
from allocator.rounds.rule_prices import rule_prices
from allocator.rounds.trying import Way

# Two places, one kept for nurses; a nurse stands first, then a fitter, then another nurse.
CORRIDOR: dict[str, Any] = {
    "format": "allocator-instance/1",
    "households": [
        {"id": "nurse 1", "order": 1, "preferences": ["p"], "groups": ["nurses"]},
        {"id": "fitter", "order": 2, "preferences": ["p"]},
        {"id": "nurse 2", "order": 3, "preferences": ["p"], "groups": ["nurses"]},
    ],
    "pools": [{"id": "p", "capacity": 2}],
    "reserves": [{"pool": "p", "group": "nurses", "places": 1, "release": False}],
}


def priced(document: dict[str, Any], mechanism: str) -> pd.DataFrame:
    """The rows by kind."""
    instance = parse_instance(document).instance
    assert instance is not None
    way = Way(mechanism)
    base = trying.holdings(instance, way.solve(instance))
    return rule_prices(instance, way, base).set_index("kind")


@pytest.mark.parametrize("mechanism", ["serial", "deferred_acceptance"])
def test_the_order_of_reserves_is_priced(mechanism: str) -> None:
    """Open places first would house the second nurse in the fitter's stead; leaving the reserve out changes nothing."""
    rows = priced(CORRIDOR, mechanism)
    order, reserve = rows.loc["reserve_order"], rows.loc["reserves"]
    assert order[["num_housed", "num_first", "total_rank", "group_housed"]].tolist() == [0, 0, 0, 1]
    assert "stable" in order["proofs"]
    assert order["broken"] == []
    assert reserve[["num_housed", "group_housed"]].tolist() == [0, 0]


def test_no_price_where_there_is_no_order() -> None:
    """For ``band_optimum`` reserves are an aim of their own, so no order of asking is priced."""
    assert priced(CORRIDOR, "band_optimum").index.tolist() == ["reserves"]


def test_a_maximum_over_parts_leaves_the_order_unpriced() -> None:
    """Where a maximum counts people of a pool with reserves its parts would share it: no row rather than a wrong one."""
    quotas = [{"id": "no nurses", "pools": ["p"], "groups": ["nurses"], "max": 0}]
    rows = priced({**CORRIDOR, "quotas": quotas}, "deferred_acceptance")
    assert rows.index.tolist() == ["max", "reserves"]
    assert rows.loc["max", ["num_housed", "group_housed"]].tolist() == [1, 1]
