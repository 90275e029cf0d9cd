"""``band_optimum`` under quotas, reserves and tenants: the judge against the enumeration of the definition."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator import audit
from allocator.audit.quota_infeasible import disproved
from allocator.audit.quota_leaves import quotas_of
from allocator.audit.quota_seating import places_of
from allocator.model.instance import Instance
from tests.laws.markets import Document, assignment, renumbered, solved
from tests.laws.quota_enumeration import best_way, every_way, quota_markets, wishes
from tests.laws.quota_judging import broken, case_of, crosses, instance_of

FAST = settings(max_examples=40, deadline=None, derandomize=True, database=None)
SLOW = settings(max_examples=5_000, deadline=None, derandomize=True, database=None)
EITHER = st.booleans()


def _only_the_best_is_accepted(market: Document, housing_first: bool) -> None:
    instance = instance_of(market)
    if crosses(instance):
        return  # bounds that cross are judged by proofs (``crossing``)
    best = best_way(market, housing_first)
    for way in every_way(market):
        laws = broken(instance, way, housing_first)
        assert (not laws) == (way == best), (way, laws)


@FAST
@given(quota_markets(max_households=4), EITHER)
def test_the_judge_accepts_the_enumerated_best_alone(market: Document, housing_first: bool) -> None:
    """Of all assignments within the capacities only the best by the definition keeps every law."""
    _only_the_best_is_accepted(market, housing_first)


@pytest.mark.slow
@SLOW
@given(quota_markets(), EITHER)
def test_the_judge_accepts_the_best_alone_on_five_thousand_markets(
    market: Document, housing_first: bool
) -> None:
    """The same on 5,000 larger markets."""
    _only_the_best_is_accepted(market, housing_first)


def _as_enumerated(market: Document, housing_first: bool) -> str:
    instance = instance_of(market)
    if crosses(instance):
        return "crossing"
    best = best_way(market, housing_first)
    solution = solved(market, housing_first=housing_first)
    assert solution["status"] == ("OPTIMAL" if best else "INFEASIBLE")
    assert solution["assignment"] == (best or {})
    assert [result.law for result in audit.certify(instance, solution) if not result.holds] == []
    return str(solution["status"])


def test_the_solver_gives_the_enumerated_best_with_its_certificate() -> None:
    """The solver's assignment is the best by the definition, or rightly none, and every law holds, the figures too;
    most of the markets drawn have bounds that nest.
    """
    ends: Counter[str] = Counter()

    @settings(FAST, max_examples=150)
    @given(quota_markets(), EITHER)
    def compare(market: Document, housing_first: bool) -> None:
        ends[_as_enumerated(market, housing_first)] += 1

    compare()
    assert ends["OPTIMAL"] > 2 * ends["crossing"]
    assert ends["INFEASIBLE"] > 0


@pytest.mark.slow
@SLOW
@given(quota_markets(max_households=6), EITHER)
def test_the_solver_gives_the_enumerated_best_on_five_thousand_markets(
    market: Document, housing_first: bool
) -> None:
    """The same on 5,000 larger markets."""
    _as_enumerated(market, housing_first)


@settings(FAST, max_examples=150)
@given(quota_markets(tenants=False), EITHER)
def test_closing_positions_are_exact(market: Document, housing_first: bool) -> None:
    """Just before the closing position of its pools a refused household would have been housed; just behind, not."""
    if crosses(instance_of(market)) or best_way(market, housing_first) is None:
        return
    solution = solved(market, housing_first=housing_first)
    case = case_of(instance_of(market), solution["assignment"])
    keys = case.leaves.keys
    for at, household in enumerate(market["households"]):
        if solution["assignment"][household["id"]] is not None:
            continue
        mine = case.leaves.leaf[case.leaves.first[at] : case.leaves.first[at + 1]].tolist()
        bands = {band["band"]: band["closing"] for band in solution["certificate"]["bands"]}
        closing = max((bands[household["band"]].get(keys[leaf], 0) for leaf in mine), default=0)
        others = [one for one in market["households"] if one is not household]
        behind = closing or sum(one["band"] < household["band"] for one in others)
        for place, expected in ((closing - 1, True), (behind, False)):
            if place >= 0:
                moved = renumbered(market, [*others[:place], household, *others[place:]])
                got = assignment(moved, housing_first=housing_first)[household["id"]]
                assert expected == (got is not None)


@settings(FAST, max_examples=60)
@given(quota_markets(), EITHER)
def test_the_refused_change_nothing(market: Document, housing_first: bool) -> None:
    """Without those who got nothing everybody else gets what it got."""
    if crosses(instance_of(market)):
        return
    got = assignment(market, housing_first=housing_first)
    stayed = [one for one in market["households"] if got.get(one["id"]) is not None]
    if got and not crosses(instance_of({**market, "households": stayed})):
        expected = {one["id"]: got[one["id"]] for one in stayed}
        assert expected == assignment({**market, "households": stayed}, housing_first=housing_first)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(entry, names) for key, entry in value.items()}
    if isinstance(value, list):
        return [_renamed(entry, names) for entry in value]
    return names.get(value, value) if isinstance(value, str) else value


@settings(FAST, max_examples=60)
@given(quota_markets(), EITHER, st.randoms(use_true_random=False))
def test_names_choose_nobody(market: Document, housing_first: bool, dice: random.Random) -> None:
    """With other names for households, pools, groups and quotas the same people get the same pools."""
    if crosses(instance_of(market)):
        return
    old = [one["id"] for part in ("households", "pools", "quotas") for one in market[part]] + ["a", "b"]
    new = [f"n{number}" for number in range(len(old))]
    dice.shuffle(new)
    names = dict(zip(old, new, strict=True))
    before = assignment(market, housing_first=housing_first)
    after = assignment(_renamed(market, names), housing_first=housing_first)
    assert {names[one]: pool and names[pool] for one, pool in before.items()} == after


def _honest_advice(instance: Instance, quotas: list[str], limits: list[Document]) -> Document:
    """The advice these bounds would give, its figures taken from what the judge finds wrong with wild ones."""
    named = [one for one in quotas_of(instance) if one["id"] in quotas]
    advice: Document = {
        "quotas": quotas,
        "limits": limits,
        "tenants": instance.num_households + 1,
        "groups": sorted({group for one in named for group in one.get("groups", ())}),
        "pools": sorted({pool for one in named for pool in one["pools"]}),
    }
    for _ in range(2):
        for fault in disproved(instance, {"advice": advice}):
            if fault.get("field") in {"tenants", "required", "households", "available"}:
                advice[str(fault["field"])] = fault["recomputed"]
    return advice


@settings(FAST, max_examples=100)
@given(quota_markets(), st.data())
def test_nothing_possible_is_disproved(market: Document, data: st.DataObject) -> None:
    """Where an assignment is possible no counting of minima against limits says that none is."""
    instance = instance_of(market)
    if best_way(market, False) is None:
        return
    named = [{"name": one["id"], "most": one["max"]} for one in market["quotas"] if "max" in one]
    named += [{"name": pool["id"], "most": pool["capacity"]} for pool in market["pools"]]
    for pool, kinds in places_of(instance).items():
        names = [f"{instance.pool_ids[pool]}/{kind.group or ''}" for kind in kinds]
        named += [{"name": name, "most": kind.number} for name, kind in zip(names, kinds, strict=True)]
    minima = [one["id"] for one in market["quotas"] if "min" in one]
    quotas = data.draw(st.lists(st.sampled_from(minima), unique=True) if minima else st.just([]))
    limits = [one for one in named if data.draw(st.booleans())]
    faults = list(disproved(instance, {"advice": _honest_advice(instance, quotas, limits)}))
    assert faults
    assert all("field" not in fault for fault in faults)


@settings(FAST, max_examples=100)
@given(quota_markets(max_bands=1), EITHER, st.data())
def test_the_earlier_of_two_equals_is_never_worse(
    market: Document, housing_first: bool, data: st.DataObject
) -> None:
    """In one band, of two households with equal lists, groups and no tenancy the earlier gets no worse a pool."""
    first, second = data.draw(
        st.sampled_from([(a, b) for b in range(len(market["households"])) for a in range(b)])
    )
    one, other = market["households"][first], market["households"][second]
    for household in (one, other):
        household.pop("current", None)
    other["preferences"], other["groups"] = one["preferences"], one["groups"]
    got = assignment(market, housing_first=housing_first) if not crosses(instance_of(market)) else {}
    if got:
        mine = [*wishes(one), None]
        assert mine.index(got[one["id"]]) <= mine.index(got[other["id"]])
