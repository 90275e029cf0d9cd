"""What a home is worth by the prices of an allocation: what one place more would change, not who listed what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from allocator import mechanisms
from allocator.model.documents import parse_instance, solution_document
from allocator.policy.faults import Faults
from scenarios.portfolio_worth import RANK, worths
from tests.scenarios_labs.portfolios import portfolio

# A takes near, B its second choice; C takes rare, and D is left without a home.
WISHES = {"A": ["near", "mid"], "B": ["near", "mid"], "C": ["rare"], "D": ["rare"]}
CAPACITY = {"near": 1, "mid": 5, "rare": 1, "far": 9}


def _solved(wishes: dict[str, list[str]], mechanism: str = "band_optimum", **extra: Any) -> dict[str, Any]:
    """The solution of a market; A and B are of the first band."""
    households = [
        {"id": name, "order": order, "band": int(order > 2), "preferences": pools}
        for order, (name, pools) in enumerate(wishes.items(), start=1)
    ]
    pools = [{"id": name, "capacity": places} for name, places in CAPACITY.items()]
    document = {"format": "allocator-instance/1", "households": households, "pools": pools, **extra}
    instance = parse_instance(document).instance
    assert instance is not None
    return solution_document(instance, mechanisms.solve(instance, mechanism))


def _worth(folder: Path, allocation: object, pools: dict[str, int], faults: Faults) -> dict[str, int]:
    """Worth of site a made of those pools, with one household housed for five ranks."""
    if isinstance(allocation, str):
        (folder / "solution.json").write_text(allocation, encoding="utf-8")
    else:
        (folder / "solution.json").write_text(json.dumps(allocation), encoding="utf-8")
    sites = [{"name": "a", "land_m2": 9, "pools": pools}, {"name": "b", "land_m2": 9, "worth": 1}]
    asked = portfolio(prices={"allocation": "solution.json", "housed_ranks": 5}, sites=sites)
    return worths(asked, folder / "mine.toml", faults)


@pytest.mark.parametrize(
    ("pools", "worth"),
    [
        ({"near": 1}, RANK),  # B moves from its second choice to its first
        ({"rare": 1}, 5 * RANK),  # D is housed (C, before D, got the only place)
        ({"mid": 1}, 0),  # it has room
        ({"near": 1, "rare": 1}, 3 * RANK),
        ({"near": 2, "mid": 1}, 667),  # two thirds of a rank
    ],
)
def test_a_home_is_worth_what_a_place_more_would_change(
    pools: dict[str, int], worth: int, tmp_path: Path
) -> None:
    """Ranks saved and households housed, in thousandths of a rank, by the parts of the pools."""
    assert _worth(tmp_path, _solved(WISHES), pools, Faults()) == {"a": worth, "b": 1}


@pytest.mark.parametrize("pool", ["near", "rare", "mid"])
def test_an_extra_place_changes_no_more_than_its_price(pool: str, tmp_path: Path) -> None:
    """Solved again with the place: never more housed or fewer ranks than the price said (prices bound from above)."""
    price = _worth(tmp_path, _solved(WISHES), {pool: 1}, Faults())["a"]
    before = _solved(WISHES)["report"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(CAPACITY, pool, CAPACITY[pool] + 1)
        after = _solved(WISHES)["report"]
    housed = after["num_housed"] - before["num_housed"]
    saved = _ranks(before) - _ranks(after) if not housed else 0
    assert RANK * (5 * housed + saved) == price


def test_who_lists_a_pool_with_room_does_not_matter(tmp_path: Path) -> None:
    """Others list `far` last: every pool is worth what it was, and `far` nothing."""
    wishes = {name: [*pools, "far"] if name in "AB" else pools for name, pools in WISHES.items()}
    for pool in ("near", "rare", "mid"):
        here = _worth(tmp_path, _solved(wishes), {pool: 1}, Faults())
        assert here == _worth(tmp_path, _solved(WISHES), {pool: 1}, Faults())
    with_room = _worth(tmp_path, {**_solved(wishes), "assignment": {"Z": "far"}}, {"far": 1}, Faults())
    assert with_room["a"] == 0


def test_a_certificate_or_a_bundle_does_as_well(tmp_path: Path) -> None:
    """The certificate alone, and a folder with ``certificate.json`` and ``pools.csv``, say the same."""
    solution = _solved(WISHES)
    whole = _worth(tmp_path, solution, {"near": 1}, Faults())
    assert _worth(tmp_path, solution["certificate"], {"near": 1}, Faults()) == whole
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "certificate.json").write_text(json.dumps(solution["certificate"]), encoding="utf-8")
    (bundle / "pools.csv").write_text("pool,capacity\nnear,1\nfar,9\n", encoding="utf-8")
    sites = [
        {"name": "a", "land_m2": 9, "pools": {"near": 1, "far": 1}},
        {"name": "b", "land_m2": 9, "worth": 1},
    ]
    asked = portfolio(prices={"allocation": "bundle", "housed_ranks": 5}, sites=sites)
    assert worths(asked, tmp_path / "mine.toml", Faults()) == {"a": RANK // 2, "b": 1}


REFUSED: dict[str, tuple[object, str]] = {
    "of another mechanism": (_solved(WISHES, "serial"), "portfolio_allocation_unpriced"),
    "with quotas": (
        _solved(WISHES, quotas=[{"id": "q", "pools": ["near"], "min": 1}]),
        "portfolio_allocation_unpriced",
    ),
    "no JSON": ("{", "portfolio_allocation_unread"),
    "no object": ([], "portfolio_allocation_unread"),
    "without bands": ({"certificate": {"mechanism": "band_optimum"}}, "portfolio_allocation_unread"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_holds_no_prices_is_refused(case: str, tmp_path: Path) -> None:
    """A fault with the key of the file, nothing guessed."""
    allocation, code = REFUSED[case]
    faults = Faults()
    assert _worth(tmp_path, allocation, {"near": 1}, faults) == {}
    assert [(fault.key, fault.code) for fault in faults.listed()] == [("prices.allocation", code)]


def test_an_allocation_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The file named is missing."""
    faults = Faults()
    sites = [{"name": "a", "land_m2": 9, "pools": {"near": 1}}, {"name": "b", "land_m2": 9, "worth": 1}]
    asked = portfolio(prices={"allocation": "gone.json", "housed_ranks": 5}, sites=sites)
    assert worths(asked, tmp_path / "mine.toml", faults) == {}
    assert [fault.code for fault in faults.listed()] == ["portfolio_allocation_unread"]


def test_a_pool_that_stands_nowhere_is_a_fault(tmp_path: Path) -> None:
    """It is misspelt more likely than worthless."""
    faults = Faults()
    _worth(tmp_path, _solved(WISHES), {"naer": 1}, faults)
    assert [(fault.key, fault.code) for fault in faults.listed()] == [
        ("sites.0.pools", "portfolio_pool_unknown")
    ]


def _ranks(report: dict[str, Any]) -> int:
    return sum(int(rank) * count for rank, count in report["num_by_rank"].items())
