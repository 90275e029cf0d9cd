"""Quotas that cross and are a flow all the same: against the definition, against forgers, and in numbers."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocator.audit.certifying import certify
from allocator.audit.crossing import judge_crossing, proves_nothing_possible
from allocator.mechanisms.crossing import MOST_CHOICES, crossing_optimum, optimum_by_definition
from allocator.mechanisms.crossing_families import Families, two_sides
from allocator.mechanisms.crossing_flow import Found, Impossible, flow_optimum
from allocator.mechanisms.crossing_program import quotas_of
from allocator.mechanisms.wishes import wishes_of
from allocator.model.documents import parse_instance, solution_document
from allocator.model.instance import Instance
from tests.laws.markets import Document
from tests.laws.quota_enumeration import quota_markets

HOUSED = ("count", "order")
NAMES = ("", "")
FAST = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def read(document: Document) -> Instance:
    """The instance of a market."""
    instance = parse_instance(document).instance
    assert instance is not None
    return instance


def total(name: str, groups: list[str], pools: list[str], **bounds: int) -> Document:
    """A quota."""
    return {"id": name, "groups": groups, "pools": pools, **bounds}


def town(number: int, **bounds: int) -> Document:
    """Two districts of two pools each; households of two employers and of none, whose lists run across the districts;
    the second district takes at most three, each employer has ``bounds`` in the whole town.
    """
    pools = ["a0", "a1", "b0", "b1"]
    households = [
        {
            "id": f"h{at:05}",
            "order": at + 1,
            "preferences": [pools[at % 4], pools[(at + 1 + at // 4 % 2) % 4]],
            "groups": [f"e{at % 3}"] if at % 3 < 2 else [],
        }
        for at in range(number)
    ]
    quotas = [total(f"e{employer}", [f"e{employer}"], pools, **bounds) for employer in range(2)]
    quotas.append({"id": "b", "pools": ["b0", "b1"], "max": 3})
    return {
        "format": "allocator-instance/1",
        "households": households,
        "pools": [{"id": pool, "capacity": 2} for pool in pools],
        "quotas": quotas,
    }


def by_flow(document: Document, housed: str, *, housing_first: bool = False) -> Document:
    """The solution as a document; it is the flow's."""
    instance = read(document)
    found = flow_optimum(instance, housing_first=housing_first, most_first=housed == "count")
    assert isinstance(found, Found)
    solution = crossing_optimum(instance, NAMES, housing_first=housing_first, housed=housed)
    assert solution.certificate["proofs"] == found.proofs
    return solution_document(instance, solution)


def broken(document: Document, solution: Document) -> set[str]:
    """The laws that a solution breaks."""
    return {result.law for result in certify(read(document), solution) if not result.holds}


def as_by_definition(document: Document, housing_first: bool, housed: str) -> str:
    """Solve both ways, compare, and have the flow's proofs judged; how it ended."""
    instance = read(document)
    found = flow_optimum(instance, housing_first=housing_first, most_first=housed == "count")
    if isinstance(found, tuple):
        return "no flow"
    slow = optimum_by_definition(instance, NAMES, housing_first=housing_first, housed=housed)
    if isinstance(found, Impossible):
        assert str(slow.status) == "INFEASIBLE"
        if found.advice is None:
            return "not all a flow"
        advice = slow.report["advice"]
        assert {**found.advice, "proof": None} == {**advice, "proof": None}
        assert proves_nothing_possible(instance, found.advice["proof"])
        return "infeasible"
    solution = crossing_optimum(instance, NAMES, housing_first=housing_first, housed=housed)
    assert solution.matching.assigned.tolist() == slow.matching.assigned.tolist()
    assert {**solution.certificate, "proofs": None} == {**slow.certificate, "proofs": None}
    document = solution_document(instance, solution)
    judgement = judge_crossing(instance, solution.matching.assigned, document, housing_first=housing_first)
    assert judgement.breaches == ()
    assert judgement.certificate == document["certificate"]
    return "optimal"


def with_total(document: Document) -> Document:
    """The market with one more quota: a total over all its pools, so that it counts people."""
    pools = [pool["id"] for pool in document["pools"]]
    return {**document, "quotas": [*document["quotas"], total("z", ["a"], pools, max=2)]}


def test_the_flow_gives_what_the_definition_gives() -> None:
    """With and without tenants, reserves, hard and soft minima the same people get the same pools, the figures are the
    same, the advice is the same, and the judge, who knows nothing of the flow, accepts every proof.
    """
    ends: Counter[str] = Counter()

    @FAST
    @given(quota_markets(max_households=6), st.booleans(), st.sampled_from(HOUSED))
    def compare(document: Document, housing_first: bool, housed: str) -> None:
        ends[as_by_definition(with_total(document), housing_first, housed)] += 1

    compare()
    assert ends["optimal"] > ends["no flow"]
    assert ends["infeasible"] > 0


@pytest.mark.slow
@settings(FAST, max_examples=3_000)
@given(quota_markets(max_households=8), st.booleans(), st.sampled_from(HOUSED))
def test_the_flow_gives_what_the_definition_gives_on_three_thousand_markets(
    document: Document, housing_first: bool, housed: str
) -> None:
    """The same on 3,000 larger markets."""
    as_by_definition(with_total(document), housing_first, housed)


@pytest.mark.parametrize("housed", HOUSED)
def test_a_town_of_forty_is_solved_as_by_definition(housed: str) -> None:
    """Both employers' totals and the district's bind, and both ways give the same."""
    assert as_by_definition(town(40, max=2), False, housed) == "optimal"
    solution = by_flow(town(40, max=2), housed)
    places = [(int(name[1:]) % 3, pool) for name, pool in solution["assignment"].items() if pool]
    # 2 of each employer; the second district takes 3 of its 4 places, the first all 4: 7 in all.
    assert Counter(employer for employer, _ in places) == {0: 2, 1: 2, 2: 3}
    assert sum(pool[0] == "b" for _, pool in places) == 3


def test_totals_over_people_stand_on_one_side_and_totals_over_pools_on_the_other() -> None:
    """A group's total over all pools counts people, a district's total counts pools, and the two cross."""
    instance = read(town(12, max=2))
    families = two_sides(wishes_of(instance), quotas_of(instance))
    assert isinstance(families, Families)
    assert [quota.name for quota in families.people] == ["e0", "e1"]
    assert [quota.name for quota in families.pools] == ["b"]


def test_a_group_counted_in_one_district_alone_is_no_flow_if_it_binds() -> None:
    """It cuts people's lists and pools both, so it fits neither side; where it does not bind nobody minds."""
    world = town(12, max=2)
    world["quotas"].append(total("x", ["e0"], ["a0", "a1"], max=0))
    instance = read(world)
    assert two_sides(wishes_of(instance), quotas_of(instance)) == ("x", "x")
    assert as_by_definition(world, False, "count") == "no flow"
    world["quotas"][-1]["max"] = 3
    assert as_by_definition(world, False, "count") == "optimal"


def test_more_choices_than_the_definition_can_serve() -> None:
    """No number of choices is too many for the flow, the judge accepts, and the rows' order decides nothing."""
    world = town(MOST_CHOICES // 2 + 4, max=2)
    solution = by_flow(world, "count")
    assert broken(world, solution) == set()
    # As in the town of forty, and the refusals share a few prices among them.
    proofs = solution["certificate"]["proofs"]
    assert sum(pool is not None for pool in solution["assignment"].values()) == 7
    assert len(proofs) > MOST_CHOICES // 2 - 7
    assert sum("prices" in proof for proof in proofs) < 30
    shuffled = copy.deepcopy(world)
    for name in ("households", "pools", "quotas"):
        shuffled[name].reverse()
    again = by_flow(shuffled, "count")
    assert [again[name] for name in ("assignment", "certificate")] == [
        solution[name] for name in ("assignment", "certificate")
    ]


def test_minima_that_cannot_be_met_in_a_large_market_come_with_advice() -> None:
    """Five of each employer are asked for and the town has places for seven: three have to be let go, of the first."""
    world = town(MOST_CHOICES // 2 + 4, min=5)
    instance = read(world)
    solution = crossing_optimum(instance, NAMES, housing_first=False, housed="count")
    assert str(solution.status) == "INFEASIBLE"
    document = solution_document(instance, solution)
    assert document["report"]["advice"]["quotas"] == ["e0", "e1"]
    # 5 + 5 - 7 = 3, and of all ways to lower by three the one that lowers e0 least: e1 from 5 to 2.
    assert document["report"]["advice"]["relaxation"] == [{"quota": "e1", "from": 5, "to": 2}]
    assert broken(world, document) == set()
    document["report"]["advice"]["proof"]["prices"].pop()
    assert broken(world, document) == {"infeasible"}
    world["quotas"][1]["min"] = 2
    assert broken(world, by_flow(world, "count")) == set()


def first_price(proofs: list[Any]) -> int:
    """The first proof that has prices and is taken up by another."""
    return next(int(proof["as"]) for proof in proofs if "as" in proof)


@pytest.mark.parametrize(
    "forged",
    [
        {"as": -1},
        {"as": True},
        {"as": 10_000},
        {"as": "0"},
        {"over": 0, "prices": []},
        {"over": 1, "prices": [[0, 1]]},
        {"over": 1, "prices": [[10_000, 1]]},
        {"over": 1, "prices": [[44, 1], [44, 1]]},
        {"over": 1, "prices": [[44, 1 << 62]]},
        {"over": 1, "prices": [[44, 1.5]]},
        {"over": 1, "prices": [44]},
        {"over": 1, "prices": {"44": 1}},
        {"over": 1, "prices": []},
    ],
)
def test_prices_that_do_not_add_up_or_cannot_be_read_prove_nothing(forged: Document) -> None:
    """A refusal whose proof is empty, wide, repeated, of a household's row or of no row at all breaks the law of its level."""
    world = town(40, max=2)
    solution = by_flow(world, "count")
    proofs = solution["certificate"]["proofs"]
    proofs[first_price(proofs)] = forged
    assert "housing" in broken(world, solution)


def test_prices_prove_no_other_assignment() -> None:
    """Two households of one employer that change places break a law, whatever prices the solution brings."""
    world = town(40, max=2)
    solution = by_flow(world, "count")
    held = solution["assignment"]
    inside = [name for name, pool in held.items() if pool and int(name[1:]) % 3 == 0]
    outside = [
        one["id"] for one in world["households"] if held[one["id"]] is None and int(one["id"][1:]) % 3 == 0
    ]
    lists = {one["id"]: one["preferences"] for one in world["households"]}
    swaps = [(one, other) for one in inside for other in outside if held[one] in lists[other]]
    assert swaps
    for one, other in swaps:
        changed = {**held, one: None, other: held[one]}
        assert broken(world, {**solution, "assignment": changed})


def test_what_cannot_bind_is_never_looked_at() -> None:
    """A total that is never reached, and one that the places never reach, change nothing and need no family."""
    world = town(40, max=2)
    plain = by_flow(world, "count")
    world["quotas"] += [total("x", ["e0"], ["a0", "b0"], max=40), total("y", ["e1"], ["a1", "b1"], max=4)]
    wider = by_flow(world, "count")
    assert wider["assignment"] == plain["assignment"]
    assert broken(world, wider) == set()


def test_an_empty_market_has_an_empty_proof() -> None:
    """Nobody asks, so nothing has to be shown."""
    solution = by_flow(town(0, max=2), "order")
    assert solution["certificate"]["proofs"] == []
    assert np.array_equal(read(town(0)).start, [0])
