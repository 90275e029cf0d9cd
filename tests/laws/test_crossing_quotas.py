"""``band_optimum`` with quotas of any shape against its definition, written out, and its proofs against forgers."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from allocator.audit.certifying import certify
from allocator.audit.quota_rights import band_quotas
from allocator.errors import Refused
from allocator.mechanisms.crossing import MOST_CHOICES, crossing_optimum
from allocator.model.documents import parse_instance, solution_document
from allocator.model.instance import Instance
from tests.laws.markets import Document
from tests.laws.quota_enumeration import every_way, is_lawful, levels_of, quota_markets

HOUSED = ("count", "order")
# Sets that cross are one market in three, and not every one of those has an answer.
SLOWER = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def read(document: Document) -> Instance:
    """The instance of a small market."""
    instance = parse_instance(document).instance
    assert instance is not None
    return instance


def key(document: Document, way: dict[str, str | None], housing_first: bool, housed: str) -> Any:
    """The levels; ``order`` looks at who is housed and never at how many."""
    short, reserved, bands, ties = levels_of(document, way, housing_first)
    if housed == "count":
        return (short, reserved, bands, ties)
    return (short, reserved, tuple(_without_count(level) for level in bands), ties)


def _without_count(level: Any) -> Any:
    """A band's (number unhoused, who is unhoused), alone or beside its ranks, without the number."""
    if not isinstance(level, tuple):
        return level
    if isinstance(level[0], tuple):
        return (level[0][1], level[1])
    return level[1]


def solved(document: Document, housing_first: bool, housed: str) -> Document:
    """The solution as a document."""
    instance = read(document)
    return solution_document(
        instance, crossing_optimum(instance, ("", ""), housing_first=housing_first, housed=housed)
    )


def broken(document: Document, solution: Document) -> set[str]:
    """The laws a solution breaks."""
    return {result.law for result in certify(read(document), solution) if not result.holds}


def does_cross(document: Document) -> bool:
    """Whether the judge finds sets that cross, and so goes by the proofs."""
    instance = read(document)
    nobody = np.full(instance.num_households, -1, np.int64)
    return isinstance(band_quotas(instance, nobody).nest, tuple)


@given(quota_markets(max_households=4), st.booleans(), st.sampled_from(HOUSED))
@SLOWER
def test_the_definition_is_met(document: Document, housing_first: bool, housed: str) -> None:
    """The assignment is the one, of all that keep every bound, whose levels are best."""
    lawful = [way for way in every_way(document) if is_lawful(document, way)]
    solution = solved(document, housing_first, housed)
    if not lawful:
        assert solution["status"] == "INFEASIBLE"
        assert broken(document, solution) == set()
        return
    best = min(lawful, key=lambda way: key(document, way, housing_first, housed))
    assert solution["assignment"] == best
    # Arithmetic of the figures: counted afresh from the best way of the enumeration.
    assert solution["certificate"]["shortfall"] == key(document, best, housing_first, housed)[0]
    assert solution["certificate"]["num_housed"] == sum(pool is not None for pool in best.values())


@given(quota_markets(max_households=4), st.sampled_from(HOUSED))
@SLOWER
def test_the_judge_accepts_the_optimum_and_nothing_else(document: Document, housed: str) -> None:
    """Where sets cross every law holds of the optimum, and any other lawful assignment breaks one whatever proofs it brings."""
    document["quotas"].append({"id": "z", "pools": ["p0", "p1"], "groups": ["a"], "max": 2})
    assume(does_cross(document))
    solution = solved(document, False, housed)
    assume(solution["status"] == "OPTIMAL")
    assert broken(document, solution) == set()
    for way in every_way(document):
        if way != solution["assignment"] and is_lawful(document, way):
            assert broken(document, {**solution, "assignment": way})


def three_bakers_two_streets() -> Document:
    """Two bakers (group a) and a cook; a's total over both pools is 1, so as many as can be is not the earlier first."""
    return {
        "format": "allocator-instance/1",
        "households": [
            {"id": "h0", "order": 1, "preferences": ["p0"], "groups": ["a"]},
            {"id": "h1", "order": 2, "preferences": ["p1"], "groups": ["a"]},
            {"id": "h2", "order": 3, "preferences": ["p0"], "groups": []},
        ],
        "pools": [{"id": "p0", "capacity": 1}, {"id": "p1", "capacity": 1}, {"id": "p2", "capacity": 1}],
        "quotas": [{"id": "q", "pools": ["p0", "p1"], "groups": ["a"], "max": 1}],
    }


def test_as_many_and_the_earlier_first_can_disagree() -> None:
    """Under a total across pools ``order`` houses the first household alone and ``count`` two others."""
    world = three_bakers_two_streets()
    assert solved(world, False, "order")["assignment"] == {"h0": "p0", "h1": None, "h2": None}
    assert solved(world, False, "count")["assignment"] == {"h0": None, "h1": "p1", "h2": "p0"}


def test_without_a_word_on_which_is_meant_it_is_refused() -> None:
    """``--housed`` is needed where the two aims can disagree, and the refusal names both sets."""
    with pytest.raises(Refused) as refusal:
        crossing_optimum(read(three_bakers_two_streets()), ("q", "p0"), housing_first=False, housed=None)
    assert refusal.value.code == "mechanism_housed_needed"
    assert refusal.value.params == {"first": "q", "second": "p0"}


def crowd(number: int) -> Document:
    """So many households in turn of a, of b and of both; each group may have one place in both pools together."""
    groups = (["a"], ["b"], ["a", "b"])
    return {
        "format": "allocator-instance/1",
        "households": [
            {"id": f"h{at:05}", "order": at + 1, "preferences": ["p0", "p1"], "groups": groups[at % 3]}
            for at in range(number)
        ],
        "pools": [{"id": pool, "capacity": 2} for pool in ("p0", "p1")],
        "quotas": [{"id": name, "pools": ["p0", "p1"], "groups": [name], "max": 1} for name in "ab"],
    }


def test_quotas_that_bind_and_are_no_flow_are_refused_where_there_are_too_many_choices() -> None:
    """Groups that overlap and both bind are no flow; then the number of choices is bounded, and the two are named."""
    with pytest.raises(Refused) as refusal:
        crossing_optimum(read(crowd(MOST_CHOICES // 2 + 1)), ("b", "p0"), housing_first=False, housed="count")
    assert refusal.value.code == "mechanism_crossing_too_large"
    assert (refusal.value.params["first"], refusal.value.params["second"]) == ("a", "b")


def test_quotas_that_do_not_bind_are_left_out_at_any_size() -> None:
    """Groups that overlap stand in nobody's way where one of them is never full, however many choices there are."""
    world = crowd(MOST_CHOICES // 2 + 1)
    world["quotas"][1]["max"] = 4  # there are 4 places in all
    solution = solved(world, False, "count")
    housed = [name for name, pool in solution["assignment"].items() if pool]
    # One of a (h0, or h2 who is also of b), and b fills the rest: h0, h1, h4, h7.
    assert housed == ["h00000", "h00001", "h00004", "h00007"]
    assert broken(world, solution) == set()


def test_minima_that_cannot_be_met_come_with_the_least_relaxation() -> None:
    """Two bakers are asked for in each street and there are two in all: both minima conflict, one of them falls by two."""
    world = three_bakers_two_streets()
    world["households"][0]["preferences"] = ["p0", "p1"]
    world["pools"] = [{"id": pool, "capacity": 2} for pool in ("p0", "p1")]
    world["quotas"] = [
        {"id": "q0", "pools": ["p0"], "groups": ["a"], "min": 2},
        {"id": "q1", "pools": ["p1"], "groups": ["a"], "min": 1},
    ]
    instance = read(world)
    solution = crossing_optimum(instance, ("", ""), housing_first=False, housed="count")
    assert str(solution.status) == "INFEASIBLE"
    # Only h0 lists p0, so q0 = 2 is one too many by itself; then q1 = 1 is met by h1.
    advice = solution.report["advice"]
    assert advice["quotas"] == ["q0"]
    assert advice["relaxation"] == [{"quota": "q0", "from": 2, "to": 1}]
    document = solution_document(instance, solution)
    assert broken(world, document) == set()
    document["report"]["advice"] = {**advice, "proof": {"over": 1, "duals": []}}
    assert broken(world, document) == {"infeasible"}
    for relaxed in advice["relaxation"]:
        for quota in world["quotas"]:
            if quota["id"] == relaxed["quota"]:
                quota["min"] = relaxed["to"]
    assert solved(world, False, "count")["status"] == "OPTIMAL"


@given(quota_markets(max_households=4), st.data())
@SLOWER
def test_a_broken_proof_is_refused(document: Document, data: st.DataObject) -> None:
    """A proof that is left out, added, made unreadable or divided by nothing breaks a law, though the assignment is right."""
    document["quotas"].append({"id": "z", "pools": ["p0", "p1"], "groups": ["a"], "max": 2})
    assume(does_cross(document))
    solution = solved(document, False, "count")
    assume(solution["status"] == "OPTIMAL" and solution["certificate"]["proofs"])
    assert not broken(document, solution)
    forged = copy.deepcopy(solution)
    proofs = forged["certificate"]["proofs"]
    kind = data.draw(st.sampled_from(["drop", "add", "divide", "split"]))
    at = data.draw(st.integers(0, len(proofs) - 1))
    if kind == "drop":
        del proofs[at]
    elif kind == "add":
        proofs.append(proofs[at])
    elif kind == "divide":
        proofs[at] = {"over": 0, "duals": []}
    else:
        proofs[at] = {"split": "x", "no": proofs[at], "yes": proofs[at]}
    assert broken(document, forged)


def test_shuffled_rows_give_the_same_assignment() -> None:
    """Neither the order of households in the file nor that of pools or quotas decides anything."""
    world = three_bakers_two_streets()
    shuffled = copy.deepcopy(world)
    for name in ("households", "pools", "quotas"):
        shuffled[name].reverse()
    for housed in HOUSED:
        assert solved(world, False, housed)["assignment"] == solved(shuffled, False, housed)["assignment"]


def two_triangles() -> Document:
    """Six households in two triangles of groups that overlap pairwise, each group at most once: one of each triangle."""
    members = [("a", "b"), ("b", "c"), ("a", "c"), ("d", "e"), ("e", "f"), ("d", "f")]
    pools = [f"p{number}" for number in range(6)]
    return {
        "format": "allocator-instance/1",
        "households": [
            {"id": f"h{number}", "order": number + 1, "preferences": [pools[number]], "groups": list(groups)}
            for number, groups in enumerate(members)
        ],
        "pools": [{"id": pool, "capacity": 1} for pool in pools],
        "quotas": [{"id": name, "pools": pools, "groups": [name], "max": 1} for name in "abcdef"],
    }


def test_where_the_relaxation_is_too_weak_the_proof_splits() -> None:
    """Halves everywhere would house 6 x 1/2 = 3; whole households only 2, which takes a tree to prove."""
    world = two_triangles()
    solution = solved(world, False, "count")
    housed = {name for name, pool in solution["assignment"].items() if pool}
    assert housed == {"h0", "h3"}
    assert any("split" in proof for proof in solution["certificate"]["proofs"])
    assert broken(world, solution) == set()
