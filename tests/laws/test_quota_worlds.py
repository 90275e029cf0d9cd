"""Small named worlds of ``band_optimum`` under quotas, reserves and tenants, each figure worked out by hand."""

from __future__ import annotations

from typing import Any

from allocator import audit
from tests.laws.markets import Document, solved
from tests.laws.quota_enumeration import Way, best_way
from tests.laws.quota_judging import broken, crosses, figures, instance_of


def _one(number: int, pools: list[str], *groups: str, band: int = 0, **more: str) -> Document:
    return {
        "id": f"h{number}",
        "order": number,
        "band": band,
        "preferences": pools,
        "groups": list(groups),
        **more,
    }


def _market(households: list[Document], capacity: dict[str, int], **fields: Any) -> Document:
    return {
        "format": "allocator-instance/1",
        "households": households,
        "pools": [{"id": pool, "capacity": places} for pool, places in capacity.items()],
        **fields,
    }


def test_a_minimum_pulls_a_later_band_in() -> None:
    """A hard minimum for a group whose only member stands in a later band costs an earlier band a place."""
    market = _market(
        [_one(1, ["p"]), _one(2, ["p"]), _one(3, ["p"], "g", band=1)],
        {"p": 2},
        quotas=[{"id": "q", "pools": ["p"], "groups": ["g"], "min": 1}],
    )
    best: Way = {"h1": "p", "h2": None, "h3": "p"}
    assert best_way(market, False) == best
    assert broken(instance_of(market), best) == []
    assert broken(instance_of(market), {"h1": "p", "h2": "p", "h3": None}) == ["minima"]
    assert broken(instance_of(market), {"h1": None, "h2": "p", "h3": "p"}) == ["housing"]
    # h2 could have h1's place had it stood before 1; nobody of band 1 is unhoused.
    assert [band["closing"] for band in figures(market, best)["bands"]] == [{"p|": 1}, {}]


def test_a_soft_minimum_is_short_by_as_little_as_can_be() -> None:
    """A soft minimum comes before every band, and what is missing is counted."""
    market = _market(
        [_one(1, ["p"]), _one(2, ["p"]), _one(3, ["p"], "g", band=1)],
        {"p": 2},
        quotas=[{"id": "q", "pools": ["p"], "groups": ["g"], "min_soft": 2}],
    )
    best: Way = {"h1": "p", "h2": None, "h3": "p"}
    assert best_way(market, False) == best
    assert broken(instance_of(market), {"h1": "p", "h2": "p", "h3": None}) == ["shortfall"]
    certificate = figures(market, best)
    # Two asked for, one there is: 1 is missing.
    assert (certificate["shortfall"], certificate["reserved_filled"]) == (1, 0)
    # One more of g in p would save W = 1 (nothing is reserved); another would go for it, from p's plain leaf out.
    assert certificate["prices"] == {"p|": -1}
    assert certificate["sink_price"] == -1


def test_a_reserve_is_filled_before_any_band() -> None:
    """A reserved place goes to a member, wherever it stands; who is no member may have it only if released."""
    households = [_one(1, ["p"]), _one(2, ["p"]), _one(3, ["p", "r"], "g", band=1)]
    for release in (False, True):
        market = _market(
            households,
            {"p": 2, "r": 1},
            reserves=[{"pool": "p", "group": "g", "places": 1, "release": release}],
        )
        best: Way = {"h1": "p", "h2": None, "h3": "p"}
        assert best_way(market, False) == best
        assert broken(instance_of(market), best) == []
        without: Way = {"h1": "p", "h2": "p", "h3": "r"}
        assert broken(instance_of(market), without) == (["reserved"] if release else ["reserves"])
        assert figures(market, best)["reserved_filled"] == 1


def test_a_tenant_keeps_or_betters_before_everybody() -> None:
    """A sitting tenant is housed and moves up before the first band is looked at; it never slides down."""
    market = _market(
        [_one(1, ["x", "y"]), _one(2, ["x"], current="y"), _one(3, ["y"], band=1)],
        {"x": 1, "y": 1},
    )
    # h2 lives in y and would rather have x: its rank comes before band 0. h1 then finds y free.
    best: Way = {"h1": "y", "h2": "x", "h3": None}
    assert best_way(market, False) == best
    assert broken(instance_of(market), best) == []
    assert broken(instance_of(market), {"h1": "x", "h2": "y", "h3": None}) == ["rank_optimality"]
    assert broken(instance_of(market), {"h1": "x", "h2": None, "h3": "y"}) == ["tenants_kept"]
    bands = figures(market, best)["bands"]
    assert [(band["band"], band["num_households"], band["total_rank"]) for band in bands] == [
        (-1, 1, 1),
        (0, 1, 2),
        (1, 1, 0),
    ]
    # The place h3 lists went to position 1, of an earlier band: 0 in its own.
    assert bands[2]["closing"] == {"y": 0}


def test_a_maximum_over_an_estate_is_kept() -> None:
    """A maximum on two pools together counts everybody in either."""
    market = _market(
        [_one(1, ["x"]), _one(2, ["y"]), _one(3, ["z"])],
        {"x": 1, "y": 1, "z": 1},
        quotas=[{"id": "estate", "pools": ["x", "y"], "max": 1}],
    )
    best: Way = {"h1": "x", "h2": None, "h3": "z"}
    assert best_way(market, False) == best
    assert broken(instance_of(market), best) == []
    assert broken(instance_of(market), {"h1": "x", "h2": "y", "h3": "z"}) == ["maxima"]
    assert figures(market, best)["bands"][0]["closing"] == {"y": 1}


def test_who_the_earlier_levels_need_is_no_figure_of_closing() -> None:
    """A later household housed because a reserve needs it does not keep an earlier one out: it could not leave."""
    market = _market(
        [_one(1, ["p"]), _one(2, ["p"]), _one(3, ["p"], "g")],
        {"p": 2},
        reserves=[{"pool": "p", "group": "g", "places": 2, "release": True}],
    )
    best: Way = {"h1": "p", "h2": None, "h3": "p"}
    assert best_way(market, False) == best
    assert broken(instance_of(market), best) == []
    # h1 holds the other reserved place, released: had h2 stood before 1 it had it. h3, at 3, stays whatever happens.
    assert figures(market, best)["bands"][0]["closing"] == {"p|": 1}


def test_what_is_infeasible_is_said_by_counting() -> None:
    """Three must be of g, two of them list the pool: the advice says so, and another figure breaks its law."""
    market = _market(
        [_one(1, ["p"], "g"), _one(2, ["p"], "g"), _one(3, ["q"], "g"), _one(4, ["p"])],
        {"p": 4, "q": 1},
        quotas=[{"id": "least", "pools": ["p"], "groups": ["g"], "min": 3}],
    )
    solution = solved(market)
    assert (solution["status"], solution["assignment"]) == ("INFEASIBLE", {})
    advice = solution["report"]["advice"]
    assert (advice["quotas"], advice["required"], advice["households"], advice["available"]) == (
        ["least"],
        3,
        2,
        2,
    )
    assert [law.law for law in audit.certify(instance_of(market), solution) if not law.holds] == []
    solution["report"]["advice"]["households"] = 1
    broken_laws = [law.law for law in audit.certify(instance_of(market), solution) if not law.holds]
    assert broken_laws == ["infeasible"]


def test_bounds_that_cross_are_named() -> None:
    """The judge names two sets of which neither holds the other."""
    market = _market(
        [_one(1, ["x", "y"], "g"), _one(2, ["y", "x"])],
        {"x": 1, "y": 1},
        quotas=[{"id": "total", "pools": ["x", "y"], "groups": ["g"], "max": 1}],
    )
    assert crosses(instance_of(market)) == ("x", "total")


def test_names_with_signs_stay_apart() -> None:
    """Two groups named ``a`` and ``b`` and one named ``a+b`` are two different cells with two different keys."""
    market = _market(
        [_one(1, ["p"], "a", "b"), _one(2, ["p"], "a+b"), _one(3, ["p"])],
        {"p": 1},
        quotas=[{"id": "q", "pools": ["p"], "groups": ["a", "b", "a+b"], "max": 2}],
    )
    best: Way = {"h1": "p", "h2": None, "h3": None}
    assert best_way(market, False) == best
    assert figures(market, best)["bands"][0]["closing"] == {"p|a\\+b": 1, "p|": 1}
