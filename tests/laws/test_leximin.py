"""``leximin_lottery`` against its definition by linear programmes, its drawing, and its judge."""

from __future__ import annotations

import copy
import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from allocator import audit
from allocator.errors import Refused
from allocator.mechanisms import drawing
from allocator.mechanisms.bihierarchy import limit_sets, two_families
from allocator.mechanisms.leximin_limits import quotas_of
from allocator.mechanisms.leximin_lottery import leximin_lottery
from allocator.model.documents import parse_instance, solution_document
from allocator.model.enums import SolutionStatus
from tests.laws.enumeration import groups_of, in_order, lawful_assignments
from tests.laws.leximin_markets import Table, counted, leximin_by_programmes, lottery_markets
from tests.laws.markets import Document

FAST = settings(max_examples=60, deadline=None, derandomize=True, database=None)
SEEDS = ("0", "1", "a seed")


def lottery(document: Document, seed: str | None = None) -> Document:
    instance = parse_instance(document).instance
    assert instance is not None
    return solution_document(instance, leximin_lottery(instance, seed=seed))


def solved(document: Document, seed: str | None = None) -> Document:
    """The solution of a market that has one; other markets are passed over."""
    solution = unless_refused(document, seed)
    assume(solution["status"] == "OPTIMAL")
    return solution


def unless_refused(document: Document, seed: str | None = None) -> Document:
    try:
        return lottery(document, seed)
    except Refused as refused:
        return {"status": "REFUSED", "code": refused.code}


def table_of(solution: Document) -> Table:
    return {
        name: {pool: Fraction(text) for pool, text in row.items()}
        for name, row in solution["chances"].items()
    }


def broken(document: Document, solution: Document) -> list[str]:
    instance = parse_instance(document).instance
    assert instance is not None
    return [result.law for result in audit.certify(instance, solution) if not result.holds]


def check_definition(market: Document) -> None:
    solution = unless_refused(market)
    if solution["status"] == "REFUSED":
        assert solution["code"] == "mechanism_no_bihierarchy"
        return
    expected = leximin_by_programmes(market)
    if expected is None:
        assert (solution["status"], solution["assignment"]) == ("INFEASIBLE", {})
        return
    assert expected == table_of(solution)


@settings(FAST, max_examples=40)
@given(lottery_markets())
def test_the_chances_are_those_of_the_definition(market: Document) -> None:
    """Stage by stage, programmes over single households give the very same fractions, or none at all."""
    check_definition(market)


@pytest.mark.slow
@settings(FAST, max_examples=1500)
@given(lottery_markets())
def test_the_chances_are_those_of_the_definition_on_many_markets(market: Document) -> None:
    """As before, on many more markets."""
    check_definition(market)


@FAST
@given(lottery_markets(max_households=5))
def test_every_draw_is_lawful_and_certified(market: Document) -> None:
    """Whatever the seed, every quota is kept, who is drawn had a chance, and every law is certified."""
    for seed in SEEDS:
        solution = solved(market, seed)
        assert broken(market, solution) == []
        got, table = solution["assignment"], table_of(solution)
        assert all(pool is None or table[name].get(pool) for name, pool in got.items())
        held = [got[one["id"]] for one in in_order(market)]
        for pool in market["pools"]:
            assert held.count(pool["id"]) <= pool["capacity"]
        assert all(quota_is_kept(market, quota, held) for quota in market["quotas"])


def quota_is_kept(market: Document, quota: Document, held: list[str | None]) -> bool:
    inside = sum(
        pool is not None and counted(quota, household, pool)
        for household, pool in zip(in_order(market), held, strict=True)
    )
    return bool(quota.get("min", 0) <= inside <= quota.get("max", len(held)))


class _Tree:
    """Coins that follow every branch once, each with its weight: the whole distribution of a drawing."""

    def __init__(self, faces: tuple[bool, ...]) -> None:
        self.faces, self.thrown, self.weight = faces, 0, Fraction(1)

    def falls(self, weight: Fraction) -> bool:
        face = self.faces[self.thrown] if self.thrown < len(self.faces) else False
        self.thrown += 1
        self.weight *= weight if face else 1 - weight
        return face


@settings(FAST, max_examples=40)
@given(lottery_markets())
def test_expectation_is_exactly_the_chances(market: Document) -> None:
    """Over all falls of the coins, weighted, each choice is drawn with exactly its chance, minima kept in all."""
    table = table_of(solved(market))
    instance = parse_instance(market).instance
    assert instance is not None
    sets = limit_sets(instance, [quota.as_ceiling() for quota in quotas_of(instance)])
    family, _ = two_families(sets)
    cells = [(one["id"], pool) for one in in_order(market) for group in groups_of(one) for pool in group]
    chances = [table[name].get(pool, Fraction(0)) for name, pool in cells]
    expected = [Fraction(0)] * len(cells)
    waiting: list[tuple[bool, ...]] = [()]
    while waiting:
        tree = _Tree(waiting.pop())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(drawing, "_Coins", lambda _seed, tree=tree: tree)
            drawn = drawing.drawn_cells(chances, sets, family, "")
        faces = tree.faces + (False,) * (tree.thrown - len(tree.faces))
        waiting += [(*faces[:at], True) for at in range(len(tree.faces), tree.thrown)]
        got = dict(cells[cell] for cell in drawn)
        held = [got.get(one["id"]) for one in in_order(market)]
        assert all(quota_is_kept(market, quota, held) for quota in market["quotas"])
        for cell in drawn:
            expected[cell] += tree.weight
    assert chances == expected


@FAST
@given(lottery_markets(), st.data())
def test_any_other_lawful_table_breaks_a_law(market: Document, data: st.DataObject) -> None:
    """A mixture of lawful assignments that is not the lottery itself is unequal, no leximin, or breaks ties."""
    solution = solved(market)
    lawful = [
        held
        for held in lawful_assignments(market)
        if all(quota_is_kept(market, quota, list(held)) for quota in market["quotas"])
    ]
    picked = data.draw(st.lists(st.sampled_from(lawful), min_size=1, max_size=3))
    mixed: Table = {one["id"]: {} for one in in_order(market)}
    for held in picked:
        for one, pool in zip(in_order(market), held, strict=True):
            if pool is not None:
                row = mixed[one["id"]]
                row[pool] = row.get(pool, Fraction(0)) + Fraction(1, len(picked))
    assume(mixed != table_of(solution))
    forged = copy.deepcopy(solution)
    forged["chances"] = {name: {pool: str(one) for pool, one in row.items()} for name, row in mixed.items()}
    assert set(broken(market, forged)) & {"leximin", "equal_treatment", "tie_rule"}


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to every plain value of a document."""
    if isinstance(value, dict):
        return [one for key in value for one in places_in(value[key], (*path, key))]
    if isinstance(value, list):
        return [one for at, entry in enumerate(value) for one in places_in(entry, (*path, at))]
    return [path]


@FAST
@given(lottery_markets(), st.data())
def test_a_forged_figure_is_caught(market: Document, data: st.DataObject) -> None:
    """Any one value of chances, assignment or certificate changed, or one price added, breaks a law."""
    forged = copy.deepcopy(solved(market, "7"))
    names = ("chances", "assignment", "certificate")
    path = data.draw(st.sampled_from([one for one in places_in(forged) if one[0] in names]))
    levels = [level for stage in forged["certificate"]["stages"] for level in stage["levels"]]
    if levels and data.draw(st.booleans()):
        prices = data.draw(st.sampled_from(levels))["prices"]["pools"]
        name = data.draw(st.sampled_from([pool["id"] for pool in market["pools"]]))
        prices[name] = prices.get(name, 0) + data.draw(st.sampled_from([-1, 1]))
    else:
        where = forged
        for key in path[:-1]:
            where = where[key]
        old = where[path[-1]]
        others = [None, 0, 1, 2, "0", "1/2", "1/3", "1", "2/4", "p0", "p1", ""]
        new = data.draw(st.sampled_from([one for one in others if one != old or type(one) is not type(old)]))
        where[path[-1]] = new
    assert broken(market, forged)


@FAST
@given(lottery_markets(max_households=5))
def test_equals_have_equal_chances(market: Document) -> None:
    """Households with the same list and groups have the same row."""
    table = table_of(solved(market))
    for one, other in itertools.combinations(market["households"], 2):
        if (one["preferences"], one["groups"]) == (other["preferences"], other["groups"]):
            assert table[one["id"]] == table[other["id"]]


@FAST
@given(lottery_markets(quotas=False, max_households=5))
def test_as_many_are_housed_as_can_be(market: Document) -> None:
    """Without quotas equality costs no place: the expected number housed is the most any assignment houses."""
    most = max(sum(pool is not None for pool in held) for held in lawful_assignments(market))
    assert Fraction(solved(market)["report"]["expected_housed"]) == most


@FAST
@given(lottery_markets(quotas=False), st.data())
def test_a_shorter_list_never_houses_likelier(market: Document, data: st.DataObject) -> None:
    """Leaving pools out never raises one's chance of being housed (T29; Bogomolnaia and Moulin 2004)."""
    liar = data.draw(st.sampled_from(market["households"]))
    pools = [pool for group in groups_of(liar) for pool in group]
    kept = data.draw(st.lists(st.sampled_from(pools), unique=True)) if pools else []
    untrue = {
        **market,
        "households": [
            {**one, "preferences": [pool for pool in pools if pool in kept]} if one is liar else one
            for one in market["households"]
        ],
    }
    honest, lying = (sum(table_of(solved(one))[liar["id"]].values()) for one in (market, untrue))
    assert lying <= honest


def world(lists: list[list[Any]], places: dict[str, int], **more: Any) -> Document:
    """Households "1", "2", … with these lists."""
    return {
        "format": "allocator-instance/1",
        "households": [
            {"id": str(at), "order": at, "preferences": wishes, "groups": []}
            for at, wishes in enumerate(lists, 1)
        ],
        "pools": [{"id": pool, "capacity": capacity} for pool, capacity in places.items()],
        **more,
    }


def test_three_quarters_where_eating_gives_a_third() -> None:
    """Three places for four households that can share them all: everybody gets 3/4, who lists one pool too."""
    # 4 lists a alone; 3 lists b alone; 1 and 2 both. Places 1 + 2 = 3 for four: 3/4 each is possible: 4 takes 3/4
    # of a, 1 and 2 share its last quarter (1/8 each, their first choice) and have 3/4 - 1/8 = 5/8 of b each;
    # b: 5/8 + 5/8 + 3/4 = 2. (Eating: 1, 2 and 4 finish a at 1/3, so 4 would end with 1/3.)
    market = world([["a", "b"], ["a", "b"], ["b"], ["a"]], {"a": 1, "b": 2})
    solution = lottery(market)
    mixed = {"a": "1/8", "b": "5/8"}
    assert solution["chances"] == {"1": mixed, "2": mixed, "3": {"b": "3/4"}, "4": {"a": "3/4"}}
    assert solution["report"]["expected_housed"] == "3"


def test_levels_rise_along_bottlenecks() -> None:
    """The egalitarian rule: three who list a alone have 1/3, those with other ways out have as much as these give."""
    # a: 1 place; 1, 2, 3 list it alone and 4 lists it with b. b: 1 place for 4, 5 and 6: leaving a to the three,
    # 4, 5 and 6 share b: 1/3 each too (a cannot give 4 more without taking from a third). c: 2 places for 7: 1.
    market = world([["a"], ["a"], ["a"], ["a", "b"], ["b"], ["b"], ["b", "c"]], {"a": 1, "b": 1, "c": 2})
    # Six share a and b (2 places): 1/3 each; 7 has c, so b is left to 4, 5 and 6, and 7 is certain.
    solution = lottery(market)
    housed = {name: sum(row.values()) for name, row in table_of(solution).items()}
    assert housed == {**dict.fromkeys("123456", Fraction(1, 3)), "7": Fraction(1)}
    (first, second) = solution["certificate"]["stages"][0]["levels"]
    assert (first["chance"], first["num_households"]) == ("1/3", 6)
    assert first["prices"]["pools"] == {"a": 1, "b": 1}
    assert (second["chance"], second["num_households"], second["prices"]["pools"]) == ("1", 1, {})


def test_liked_equally_counts_as_one_rank() -> None:
    """Who likes a and b equally leaves a to who lists a alone first, and nobody's first choices suffer."""
    # 1 lists a then b; 2 likes both equally: both can be housed at rank 1 for certain only as 1 in a, 2 in b.
    solution = lottery(world([["a", "b"], [["a", "b"]]], {"a": 1, "b": 1}))
    assert solution["chances"] == {"1": {"a": "1"}, "2": {"b": "1"}}


def test_ties_go_by_list_then_pool() -> None:
    """Two who like both pools equally: equal rows; the rest of the freedom is used for the first pool by id."""
    # One kind of two, two places in a and one in b: together 2 chances; most of a: 1 each.
    solution = lottery(world([[["b", "a"]], [["a", "b"]]], {"a": 2, "b": 1}))
    assert solution["chances"] == {"1": {"a": "1"}, "2": {"a": "1"}}


def test_a_minimum_takes_from_others_alone_as_much_as_it_must() -> None:
    """A minimum of one for a group of two gives each 1/2 where equality among all would give 1/3."""
    # One place, three households; members of g must have one of it: 1 and 2 share it, 3 has nothing left.
    market = world(
        [["a"], ["a"], ["a"]], {"a": 1}, quotas=[{"id": "q", "pools": ["a"], "groups": ["g"], "min": 1}]
    )
    for one in market["households"][:2]:
        one["groups"] = ["g"]
    solution = lottery(market, "1")
    assert solution["chances"] == {"1": {"a": "1/2"}, "2": {"a": "1/2"}, "3": {}}
    levels = solution["certificate"]["stages"][0]["levels"]
    # At 0: raising 3 would need the place (price 1) that the minimum keeps for the group (price -1).
    assert levels[0]["prices"] == {"pools": {"a": 1}, "quotas": {"q": -1}}


def test_minima_that_cannot_be_met_are_named() -> None:
    """INFEASIBLE names the minima that stand against each other, what they ask for and what there is."""
    quotas = [
        {"id": "q1", "pools": ["a"], "groups": ["g"], "min": 1},
        {"id": "q2", "pools": ["a"], "groups": ["h"], "min": 1},
        {"id": "q3", "pools": ["b"], "groups": ["g"], "min": 0, "max": 1},
    ]
    market = world([["a", "b"], ["a", "b"], ["a"], ["a"]], {"a": 1, "b": 1}, quotas=quotas)
    for one, group in zip(market["households"], "gghh", strict=True):
        one["groups"] = [group]
    solution = lottery(market)
    assert solution["status"] == SolutionStatus.INFEASIBLE
    assert solution["report"] == {
        "code": "mechanism_infeasible",
        "advice": {
            "quotas": ["q1", "q2"],
            "tenants": 0,
            "groups": ["g", "h"],
            "pools": ["a"],
            "required": 2,
            "households": 0,
            "limits": [{"name": "a", "most": 1}],
            "available": 1,
            "relaxation": [{"quota": "q2", "from": 1, "to": 0}],
        },
    }


def smallest_relaxation(market: Document) -> list[Document]:
    """By enumeration: least in total, then the shortfall of each minimum in the order of ids."""
    minima = sorted(
        (quota for quota in market["quotas"] if quota.get("min")), key=lambda quota: str(quota["id"])
    )

    def shortfalls(held: Any) -> list[int]:
        inside = [
            sum(
                pool is not None and counted(quota, one, pool)
                for one, pool in zip(in_order(market), held, strict=True)
            )
            for quota in minima
        ]
        return [max(0, quota["min"] - count) for quota, count in zip(minima, inside, strict=True)]

    maxima = [{key: one for key, one in quota.items() if key != "min"} for quota in market["quotas"]]
    lawful = [
        shortfalls(held)
        for held in lawful_assignments(market)
        if all(quota_is_kept(market, quota, list(held)) for quota in maxima)
    ]
    # Lowering the first by as little as can be comes before the second.
    best = min(lawful, key=lambda short: (sum(short), short))
    return [
        {"quota": quota["id"], "from": quota["min"], "to": quota["min"] - short}
        for quota, short in zip(minima, best, strict=True)
        if short
    ]


@settings(FAST, max_examples=25)
@given(lottery_markets())
def test_the_advice_is_true_and_smallest_and_helps(market: Document) -> None:
    """INFEASIBLE names minima that ask for more than there is, and the smallest lowering, which gives a lottery."""
    solution = unless_refused(market)
    assume(solution["status"] == "INFEASIBLE")
    relaxation = solution["report"]["advice"]["relaxation"]
    assert smallest_relaxation(market) == relaxation
    lowered = {one["quota"]: one["to"] for one in relaxation}
    relaxed = [{**quota, **_minimum(lowered, quota)} for quota in market["quotas"]]
    assert lottery({**market, "quotas": relaxed})["status"] == "OPTIMAL"
    assert broken(market, solution) == []
    advice = solution["report"]["advice"]
    minima = {quota["id"]: quota.get("min", 0) for quota in market["quotas"]}
    capacity = {pool["id"]: pool["capacity"] for pool in market["pools"]}
    assert advice["available"] == advice["households"] + sum(limit["most"] for limit in advice["limits"])
    assert advice["required"] > advice["available"]
    assert advice["required"] <= sum(minima[name] for name in advice["quotas"])
    for limit in advice["limits"]:
        bounds = [quota["max"] for quota in market["quotas"] if quota["id"] == limit["name"]]
        assert limit["most"] == (bounds[0] if bounds else capacity[limit["name"]])


def _minimum(lowered: dict[str, int], quota: Document) -> Document:
    return {"min": lowered[quota["id"]]} if quota["id"] in lowered else {}


def test_a_better_second_choice_can_be_lied_for() -> None:
    """What must fail: it is not strategy-proof for the ranks; a counterexample kept."""
    # Truth: 1 and 2 list a, b; 3 lists a; places a 1, b 1. Housed: 2/3 each. 3 takes 2/3 of a; 1 and 2 share 1/3:
    # 1/6 of a and 1/2 of b each. If 1 says a alone: a carries 1 and 3, so 1/2 each, 2 has b for certain. 1 then
    # has 1/2 of its first choice instead of 1/6: better for who cares little for b.
    places = {"a": 1, "b": 1}
    honest = table_of(lottery(world([["a", "b"], ["a", "b"], ["a"]], places)))["1"]
    untrue = table_of(lottery(world([["a"], ["a", "b"], ["a"]], places)))["1"]
    assert honest == {"a": Fraction(1, 6), "b": Fraction(1, 2)}
    assert untrue == {"a": Fraction(1, 2)}
