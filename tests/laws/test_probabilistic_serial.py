"""``probabilistic_serial``: the eating, its laws, and the drawing that keeps every chance exactly."""

from __future__ import annotations

import copy
import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator import mechanisms
from allocator.mechanisms import drawing
from allocator.mechanisms.bihierarchy import limit_sets, two_families
from allocator.mechanisms.places import ceilings_of
from allocator.model.documents import parse_instance, solution_document
from tests.laws.fielded_markets import broken_laws, reporting
from tests.laws.markets import Document, lists

NAME = "probabilistic_serial"
FAST = settings(max_examples=150, deadline=None, derandomize=True, database=None)


def lottery(document: Document, seed: str | None = None) -> Document:
    instance = parse_instance(document).instance
    assert instance is not None
    return solution_document(instance, mechanisms.solve(instance, NAME, seed=seed))


@st.composite
def lotteries(draw: st.DrawFn, *, maxima: bool = True) -> Document:
    """2 to 5 households, 2 or 3 pools, strict lists, and maxima each on groups of one pool."""
    pools = [f"p{number}" for number in range(draw(st.integers(2, 3)))]
    document: Document = {
        "format": "allocator-instance/1",
        "households": [
            {
                "id": f"h{number}",
                "order": number + 1,
                "preferences": draw(lists(pools, with_ties=False)),
                "groups": draw(st.sampled_from([[], ["a"], ["b"]])),
            }
            for number in range(draw(st.integers(2, 5)))
        ],
        "pools": [{"id": pool, "capacity": draw(st.sampled_from([0, 1, 1, 2]))} for pool in pools],
    }
    if maxima:
        document["quotas"] = [
            {"id": f"q{pool}{group}", "pools": [pool], "groups": [group], "max": draw(st.integers(0, 1))}
            for pool, group in draw(
                st.lists(st.tuples(st.sampled_from(pools), st.sampled_from("ab")), max_size=2, unique=True)
            )
        ]
    return document


def eaten(document: Document) -> dict[str, dict[str, Fraction]]:
    """Eating in small equal steps that divide every event: found by halving the step until nothing is overrun."""
    left: dict[Any, Fraction] = {pool["id"]: Fraction(pool["capacity"]) for pool in document["pools"]}
    quotas = document.get("quotas", [])
    left.update({quota["id"]: Fraction(quota["max"]) for quota in quotas})

    def limits(household: Document, pool: str) -> list[str]:
        inside = [
            quota["id"]
            for quota in quotas
            if pool in quota["pools"] and set(quota["groups"]) & set(household["groups"])
        ]
        return [pool, *inside]

    chances: dict[str, dict[str, Fraction]] = {one["id"]: {} for one in document["households"]}
    now = Fraction(0)
    while now < 1:
        eating = {}
        for one in document["households"]:
            open_ = [pool for pool in one["preferences"] if all(left[limit] for limit in limits(one, pool))]
            if open_:
                eating[one["id"]] = (open_[0], limits(one, open_[0]))
        if not eating:
            break
        uses = [limit for _, used in eating.values() for limit in used]
        step = min([1 - now, *(left[limit] / uses.count(limit) for limit in set(uses))])
        for name, (pool, used) in eating.items():
            chances[name][pool] = chances[name].get(pool, Fraction(0)) + step
            for limit in used:
                left[limit] -= step
        now += step
    return chances


def as_fractions(solution: Document) -> dict[str, dict[str, Fraction]]:
    return {
        name: {pool: Fraction(text) for pool, text in row.items()}
        for name, row in solution["chances"].items()
    }


@FAST
@given(lotteries())
def test_it_eats_as_defined(market: Document) -> None:
    """The chances are those of eating simultaneously under the maxima, and every law holds."""
    solution = lottery(market)
    assert eaten(market) == as_fractions(solution)
    assert broken_laws(market, solution) == []


@FAST
@given(lotteries())
def test_every_draw_is_lawful_and_certified(market: Document) -> None:
    """Whatever the seed, who is drawn had a chance, every limit is kept, and certify draws the same again."""
    for seed in ("0", "1", "a seed"):
        solution = lottery(market, seed)
        assert broken_laws(market, solution) == []
        got = solution["assignment"]
        for name, pool in got.items():
            row = as_fractions(solution)[name]
            assert pool is None or row[pool] > 0
            assert pool is not None or sum(row.values()) < 1
        for quota in market["quotas"]:
            inside = [one for one in market["households"] if set(quota["groups"]) & set(one["groups"])]
            assert sum(got[one["id"]] in quota["pools"] for one in inside) <= quota["max"]


class _Tree:
    """Coins that follow every branch once, each with its weight: the whole distribution of a drawing."""

    def __init__(self, faces: tuple[bool, ...]) -> None:
        self.faces, self.thrown, self.weight = faces, 0, Fraction(1)

    def falls(self, weight: Fraction) -> bool:
        face = self.faces[self.thrown] if self.thrown < len(self.faces) else False
        self.thrown += 1
        self.weight *= weight if face else 1 - weight
        return face


@settings(FAST, max_examples=60)
@given(lotteries())
def test_expectation_is_exactly_the_chances(market: Document) -> None:
    """Over all falls of the coins, weighted, each choice is drawn with exactly its chance."""
    instance = parse_instance(market).instance
    assert instance is not None
    sets = limit_sets(instance, ceilings_of(instance))
    family, odd = two_families(sets)
    assert odd == []
    table = as_fractions(lottery(market))
    start, pools = instance.start.tolist(), instance.pool.tolist()
    chances = [
        table[name].get(instance.pool_ids[pools[cell]], Fraction(0))
        for at, name in enumerate(instance.household_ids)
        for cell in range(start[at], start[at + 1])
    ]
    expected = [Fraction(0)] * len(chances)
    waiting: list[tuple[bool, ...]] = [()]
    while waiting:
        tree = _Tree(waiting.pop())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(drawing, "_Coins", lambda _seed, tree=tree: tree)
            cells = drawing.drawn_cells(chances, sets, family, "")
        # Every coin beyond the given faces fell False: branch at each of them.
        faces = tree.faces + (False,) * (tree.thrown - len(tree.faces))
        waiting += [(*faces[:at], True) for at in range(len(tree.faces), tree.thrown)]
        for cell in cells:
            expected[cell] += tree.weight
    assert chances == expected


@FAST
@given(lotteries(maxima=False))
def test_nobody_envies_anothers_chances(market: Document) -> None:
    """Without maxima, down everybody's list, its own chances stochastically dominate those of any other."""
    table = as_fractions(lottery(market))
    for one, other in itertools.permutations(market["households"], 2):
        mine = theirs = Fraction(0)
        for pool in one["preferences"]:
            mine += table[one["id"]].get(pool, Fraction(0))
            theirs += table[other["id"]].get(pool, Fraction(0))
            assert mine >= theirs


@FAST
@given(lotteries())
def test_equals_have_equal_chances(market: Document) -> None:
    """Households with the same list and groups have the same row."""
    table = as_fractions(lottery(market))
    for one, other in itertools.combinations(market["households"], 2):
        if (one["preferences"], one["groups"]) == (other["preferences"], other["groups"]):
            assert table[one["id"]] == table[other["id"]]


@FAST
@given(lotteries(), st.data())
def test_a_forged_chance_or_time_is_caught(market: Document, data: st.DataObject) -> None:
    """Another chance, another closing time, a time more or less, another drawing: each breaks a law."""
    solution = lottery(market, "7")
    forged = copy.deepcopy(solution)
    kinds = ["chance", "time", "more", "drawn", "expected"]
    kind = data.draw(st.sampled_from(kinds))
    if kind == "chance":
        rows = [row for row in forged["chances"].values() if row]
        if not rows:
            return
        row = data.draw(st.sampled_from(rows))
        pool = data.draw(st.sampled_from(sorted(row)))
        row[pool] = "3/7" if row[pool] != "3/7" else "2/7"
    elif kind == "time":
        closed = {**forged["certificate"]["closed"]["pools"]}
        if not closed:
            return
        pool = data.draw(st.sampled_from(sorted(closed)))
        forged["certificate"]["closed"]["pools"][pool] = "5/13"
    elif kind == "more":
        times = forged["certificate"]["closed"]["pools"]
        absent = [pool["id"] for pool in market["pools"] if pool["id"] not in times]
        if not absent:
            return
        times[absent[0]] = "1"
    elif kind == "drawn":
        name = data.draw(st.sampled_from(sorted(forged["assignment"])))
        pools = [None, *(pool["id"] for pool in market["pools"])]
        forged["assignment"][name] = pools[(pools.index(forged["assignment"][name]) + 1) % len(pools)]
    else:
        forged["certificate"]["expected_housed"] = "22/7"
    assert broken_laws(market, forged) != []


JUNK = [None, 1, "1e999999999", "2/4", "1/0", "-1/2", "x", [], {}, {"h0": 1}, {"h0": {"p0": "9" * 5000}}]


@settings(FAST, max_examples=80)
@given(
    lotteries(), st.sampled_from(["chances", "options", "certificate", "assignment"]), st.sampled_from(JUNK)
)
def test_junk_breaks_a_law_and_nothing_else(market: Document, field: str, junk: Any) -> None:
    """Whatever stands in a field, certify answers with broken laws, never with a crash."""
    solution = lottery(market, "0")
    if solution[field] != junk:
        assert broken_laws(market, {**solution, field: junk}) != []
    forged = copy.deepcopy(solution)
    forged["options"]["seed"] = "\udc80"
    assert "drawn" in broken_laws(market, forged)
    forged = copy.deepcopy(solution)
    forged["chances"]["h0"] = junk
    if junk != solution["chances"]["h0"]:
        assert "chances" in broken_laws(market, forged) or junk == {}


CROSSING = {
    "format": "allocator-instance/1",
    "households": [
        {"id": name, "order": number + 1, "preferences": ["p1", "p2"], "groups": ["a"]}
        for number, name in enumerate(["h1", "h2"])
    ]
    + [{"id": "h3", "order": 3, "preferences": ["p1", "p2", "p3"]}],
    "pools": [{"id": f"p{number}", "capacity": 1} for number in (1, 2, 3)],
}


def test_crossing_quotas_are_refused_with_the_odd_cycle() -> None:
    """A quota on a group over two of three pools crosses its rows' columns: an odd cycle is named."""
    quota = {"id": "q", "pools": ["p1", "p2"], "groups": ["a"], "max": 1}
    # h1, h2 list p3 too, so that their rows cross q; p1 holds h3 too, so that it crosses q and the rows.
    households = [{**one, "preferences": ["p1", "p2", "p3"]} for one in CROSSING["households"]]
    instance = parse_instance({**CROSSING, "households": households, "quotas": [quota]}).instance
    assert instance is not None
    with pytest.raises(mechanisms.protocol.Refused) as refused:
        mechanisms.solve(instance, NAME)
    assert refused.value.code == "mechanism_no_bihierarchy"
    assert refused.value.params["cycle"].count(" - ") % 2 == 0


def test_bogomolnaia_and_moulin_2001() -> None:
    """Their opening example: a over b for two, b over a for two; the serial rule gives each half its first."""
    # 1 and 2 eat a together and finish at 1/2; 3 and 4 eat b likewise; then nothing is left. (Random priority
    # gives 5/12 of the first and 1/12 of the second, which is dominated.)
    market = {
        "format": "allocator-instance/1",
        "households": [
            {"id": str(number), "order": number, "preferences": wishes}
            for number, wishes in enumerate([["a", "b"], ["a", "b"], ["b", "a"], ["b", "a"]], 1)
        ],
        "pools": [{"id": "a", "capacity": 1}, {"id": "b", "capacity": 1}],
    }
    solution = lottery(market)
    assert solution["chances"] == {"1": {"a": "1/2"}, "2": {"a": "1/2"}, "3": {"b": "1/2"}, "4": {"b": "1/2"}}
    assert solution["certificate"]["closed"] == {"pools": {"a": "1/2", "b": "1/2"}, "maxima": {}}


def test_an_untrue_list_can_pay_somebody_in_a_hurry() -> None:
    """What must fail: it is not strategy-proof for every taste; a counterexample kept."""
    # 1 and 2 eat a, 3 and 4 eat b, both gone at 1/2: 1 has a 1/2 and no b. Saying b first, 1, 3 and 4 finish b
    # at 1/3; 1 and 4 then join 2, who has eaten a third of a: the rest, 2/3, lasts 2/9 for three. 1 ends with
    # b 1/3 and a 2/9, together 5/9 > 1/2: better for who likes b nearly as well as a.
    truth = {
        "format": "allocator-instance/1",
        "households": [
            {"id": "1", "order": 1, "preferences": ["a", "b", "c"]},
            {"id": "2", "order": 2, "preferences": ["a", "c", "b"]},
            {"id": "3", "order": 3, "preferences": ["b", "c", "a"]},
            {"id": "4", "order": 4, "preferences": ["b", "a", "c"]},
        ],
        "pools": [{"id": pool, "capacity": 1} for pool in "abc"],
    }
    honest = as_fractions(lottery(truth))["1"]
    untrue = [
        as_fractions(lottery(reporting(truth, "1", list(way))))["1"] for way in itertools.permutations("abc")
    ]
    best_two = honest.get("a", Fraction(0)) + honest.get("b", Fraction(0))
    assert best_two == Fraction(1, 2)
    most = max(row.get("a", Fraction(0)) + row.get("b", Fraction(0)) for row in untrue)
    assert most == Fraction(5, 9)
