"""``band_optimum`` under maxima, minima, reserves and with sitting tenants: small worlds, one law each."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cli
from allocator import mechanisms
from allocator.mechanisms import quota_levels
from allocator.model.documents import parse_instance, solution_document
from tests.laws.markets import lists

Document = dict[str, Any]


def world(households: list[Document], capacities: dict[str, int], **fields: Any) -> Document:
    """Households in order from 1 with ids h1, h2, …; pools by capacity; the optional fields as they are."""
    numbered = [{"id": f"h{at}", "order": at, **one} for at, one in enumerate(households, start=1)]
    pools = [{"id": name, "capacity": places} for name, places in capacities.items()]
    return {"format": "allocator-instance/1", "households": numbered, "pools": pools, **fields}


def wants(*pools: Any, band: int = 0, groups: str = "", current: str | None = None) -> Document:
    """A household by its list; ``groups`` one letter each."""
    own = {} if current is None else {"current": current}
    return {"preferences": list(pools), "band": band, "groups": list(groups), **own}


def solved(document: Document, **options: Any) -> Document:
    instance = parse_instance(document).instance
    assert instance is not None
    return solution_document(instance, mechanisms.solve(instance, "band_optimum", **options))


def held(document: Document, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = solved(document, **options)["assignment"]
    return answer


TWO_PLACES = {"p": 2}
THREE_ASK = [wants("p"), wants("p"), wants("p", band=1, groups="a")]


def test_a_minimum_pulls_a_later_band_in() -> None:
    """A hard minimum comes before the bands: the last of band 0 makes room for the one it needs."""
    least = world(THREE_ASK, TWO_PLACES, quotas=[{"id": "q", "pools": ["p"], "groups": ["a"], "min": 1}])
    assert held(least) == {"h1": "p", "h2": None, "h3": "p"}
    assert held(world(THREE_ASK, TWO_PLACES)) == {"h1": "p", "h2": "p", "h3": None}


def test_a_reserve_is_held_by_a_later_band() -> None:
    """A place reserved for a group goes to its member of a later band before an earlier outsider."""
    kept = world(THREE_ASK, TWO_PLACES, reserves=[{"pool": "p", "group": "a", "places": 1, "release": True}])
    solution = solved(kept)
    assert solution["assignment"] == {"h1": "p", "h2": None, "h3": "p"}
    assert solution["certificate"]["reserved_filled"] == 1
    assert solution["report"]["reserve_order"] == "own_reserve_first"


@pytest.mark.parametrize(("is_released", "second", "price"), [(True, "p", 0), (False, None, 1)])
def test_a_reserve_nobody_fills(is_released: bool, second: str | None, price: int) -> None:
    """What the group leaves goes to others only where the reserve is released; else the report says what it cost."""
    reserve = {"pool": "p", "group": "x", "places": 1, "release": is_released}
    solution = solved(world([wants("p"), wants("p")], TWO_PLACES, reserves=[reserve]))
    assert solution["assignment"] == {"h1": "p", "h2": second}
    assert solution["report"]["levels"] == [{"level": "reserves", "price": price}]


def test_a_soft_minimum_that_cannot_be_met_is_told() -> None:
    """A soft minimum is filled as far as it can be, and the certificate states the rest as shortfall."""
    soft = [{"id": "q", "pools": ["p"], "groups": ["a"], "min_soft": 2}]
    solution = solved(world(THREE_ASK, TWO_PLACES, quotas=soft))
    assert solution["assignment"] == {"h1": "p", "h2": None, "h3": "p"}
    assert (
        solution["certificate"]["shortfall"] == 1
    )  # two wished for, one household of the group lists the pool


def test_a_maximum_counts_an_estate_of_two_pools() -> None:
    """A maximum over several pools together keeps the later out of either."""
    estate = [{"id": "q", "pools": ["p", "r"], "max": 2}]
    asking = [wants("p"), wants("r"), wants("r", "s"), wants("r")]
    answer = held(world(asking, {"p": 2, "r": 2, "s": 1}, quotas=estate))
    assert answer == {"h1": "p", "h2": "r", "h3": "s", "h4": None}


def test_a_tenant_keeps_what_it_has() -> None:
    """A sitting tenant who gets nothing better stays, though earlier households want its place."""
    assert held(world([wants("p"), wants("r", current="p")], {"p": 1, "r": 0})) == {"h1": None, "h2": "p"}


def test_tenants_move_up_in_a_chain_and_free_a_place() -> None:
    """A vacancy moves one tenant after the other, and the last place freed goes to a newcomer."""
    chain = [wants("p"), wants("r", "p", current="p"), wants("s", "r", current="r")]
    solution = solved(world(chain, {"p": 1, "r": 1, "s": 1}))
    assert solution["assignment"] == {"h1": "p", "h2": "r", "h3": "s"}
    assert solution["certificate"]["bands"][0]["band"] == -1
    assert solution["report"]["num_staying"] == 0


def test_groups_are_housed_the_earlier_first_under_a_maximum() -> None:
    """Where a maximum lets one of a group in, it is the earliest; the place left goes to another group."""
    most = [{"id": "q", "pools": ["p"], "groups": ["a"], "max": 1}]
    asking = [wants("p", groups="a"), wants("p", groups="a"), wants("p")]
    assert held(world(asking, TWO_PLACES, quotas=most)) == {"h1": "p", "h2": None, "h3": "p"}


EMPLOYERS = world(
    [wants("p", groups="a"), wants("p", "r", groups="b"), wants("r"), wants("r")],
    {"p": 3, "r": 1},
    quotas=[
        {"id": "A", "pools": ["p"], "groups": ["a"], "min": 2},
        {"id": "B", "pools": ["p"], "groups": ["b"], "min": 1},
    ],
)


def test_infeasible_names_what_is_asked_and_what_there_is() -> None:
    """The advice counts who could fill the minimum, and its relaxation makes the instance feasible."""
    solution = solved(EMPLOYERS)
    assert (solution["status"], solution["assignment"], solution["certificate"]) == ("INFEASIBLE", {}, {})
    advice = solution["report"]["advice"]
    assert (advice["quotas"], advice["required"], advice["available"]) == (["A"], 2, 1)
    assert advice["relaxation"] == [{"quota": "A", "from": 2, "to": 1}]
    relaxed = deepcopy(EMPLOYERS)
    relaxed["quotas"][0]["min"] = 1
    assert solved(relaxed)["status"] == "OPTIMAL"


def test_the_first_quota_by_id_is_lowered_last() -> None:
    """Of the least relaxations the one is told that lowers the first quota as little as can be."""
    shared = [
        {"id": name, "pools": ["p"], "groups": [group], "min": 2} for name, group in (("A", "a"), ("B", "b"))
    ]
    asking = [wants("p", groups=group) for group in "aabb"]
    advice = solved(world(asking, {"p": 3}, quotas=shared))["report"]["advice"]
    assert advice["relaxation"] == [{"quota": "B", "from": 2, "to": 1}]
    assert advice["limits"] == [{"name": "p", "most": 3}]
    assert (advice["required"], advice["available"]) == (4, 3)


def test_too_many_tenants_are_infeasible_and_no_minimum_is_to_blame() -> None:
    """Where tenants do not fit, no lowering of minima is advised."""
    advice = solved(world([wants(current="p"), wants(current="p")], {"p": 1}))["report"]["advice"]
    assert (advice["tenants"], advice["required"], advice["available"]) == (2, 2, 1)
    assert advice["relaxation"] == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_infeasible_is_written_said_and_exits_4(tmp_path: Path, capsys: Any, lang: str) -> None:
    """The solution of status INFEASIBLE is written, the sentences name the quota, the exit code is 4."""
    file, out = tmp_path / "instance.json", tmp_path / "solution.json"
    file.write_text(json.dumps(EMPLOYERS), encoding="utf-8")
    words = ["solve", str(file), "--mechanism", "band_optimum", "--out", str(out), "--lang", lang]
    assert cli.run(words) == 4
    assert json.loads(out.read_text(encoding="utf-8"))["status"] == "INFEASIBLE"
    assert "A: 2 → 1" in capsys.readouterr().err
    assert cli.run([*words, "--json"]) == 4
    shown = json.loads(capsys.readouterr().out)
    assert shown["report"]["advice"]["relaxation"][0]["quota"] == "A"


@pytest.mark.parametrize("housing_first", [False, True])
def test_either_word_for_housed_gives_the_same_where_nothing_crosses(housing_first: bool) -> None:
    """Nested limits set "as many" and "the earlier first" never at odds."""
    estate = [{"id": "q", "pools": ["p"], "groups": ["a"], "max": 1}]
    document = world(THREE_ASK, TWO_PLACES, quotas=estate)
    count = solved(document, housed="count", housing_first=housing_first)
    order = solved(document, housed="order", housing_first=housing_first)
    assert count["assignment"] == order["assignment"]
    assert count["certificate"] == order["certificate"]


def test_without_fields_the_certificate_has_no_new_keys() -> None:
    """An instance without quotas, reserves and tenants is certified as before."""
    keys = ["format", "mechanism", "housing_first", "num_households", "num_housed", "bands"]
    assert list(solved(world(THREE_ASK, TWO_PLACES))["certificate"]) == keys


def town(seed: int, num_households: int = 120) -> Document:
    """Ten pools short of places, three bands, two groups, a limit of every kind, a few tenants."""
    draw = random.Random(seed)
    pools = [f"p{number}" for number in range(10)]
    households = []
    for number in range(num_households):
        own = draw.choice(pools) if draw.random() < 0.04 else None
        groups = draw.choice(["", "", "a", "b"])
        wish = draw.sample(pools, 4)
        households.append(wants(*wish, band=number * 3 // num_households, groups=groups, current=own))
    quotas = [{"id": f"most {pool}", "pools": [pool], "groups": ["a"], "max": 2} for pool in pools]
    quotas += [{"id": f"wish {pool}", "pools": [pool], "groups": ["b"], "min_soft": 1} for pool in pools]
    quotas.append({"id": "estate", "pools": pools[:5], "min": 15, "max": 22})
    reserves = [{"pool": pool, "group": "b", "places": 2, "release": pool < "p3"} for pool in pools[:6]]
    return world(households, dict.fromkeys(pools, 5), quotas=quotas, reserves=reserves)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    """Rows, groups and quotas in any order give the same assignment and certificate."""
    document = town(seed)
    shuffled = deepcopy(document)
    mix = random.Random(seed)
    for name in ("households", "pools", "quotas"):
        mix.shuffle(shuffled[name])
    one, other = solved(document), solved(shuffled)
    assert one["status"] == "OPTIMAL"
    assert one["certificate"] == other["certificate"]
    assert one["assignment"] == other["assignment"]


@pytest.mark.parametrize("housing_first", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_beginning_with_few_households_finds_the_same(
    monkeypatch: pytest.MonkeyPatch, seed: int, housing_first: bool
) -> None:
    """Whether a flow begins with all later households or with one, the prices bring it to the same end."""
    document = town(seed)
    whole = solved(document, housing_first=housing_first)
    monkeypatch.setattr(quota_levels, "_WINDOW", 1)
    assert solved(document, housing_first=housing_first) == whole


@st.composite
def demanding(draw: st.DrawFn) -> Document:
    """Two or three pools, three to five households, a minimum for a group or for all in every pool."""
    pools = ["p", "r", "s"][: draw(st.integers(2, 3))]
    household = st.builds(
        lambda wish, group: wants(*wish, groups=group), lists(pools), st.sampled_from(["", "a", "b"])
    )
    quotas = []
    for number, pool in enumerate(pools):
        groups = draw(st.sampled_from([None, ["a"], ["b"]]))
        quota = {"id": f"q{number}", "pools": [pool], "min": draw(st.integers(1, 3))}
        quotas.append(quota if groups is None else {**quota, "groups": groups})
    capacities = {pool: draw(st.integers(0, 3)) for pool in pools}
    return world(draw(st.lists(household, min_size=3, max_size=5)), capacities, quotas=quotas)


@given(demanding())
def test_the_relaxation_helps_and_no_smaller_one_of_its_kind_does(document: Document) -> None:
    """With the minima lowered as advised there is an assignment; with any of them one higher there is none."""
    solution = solved(document)
    if solution["status"] == "OPTIMAL":
        return
    advice = solution["report"]["advice"]
    assert advice["required"] > advice["available"]
    lowered = {change["quota"]: change["to"] for change in advice["relaxation"]}
    assert solved(_with_minima(document, lowered))["status"] == "OPTIMAL"
    for name, least in lowered.items():
        higher = {**lowered, name: least + 1}
        assert solved(_with_minima(document, higher))["status"] == "INFEASIBLE"


def _with_minima(document: Document, minima: dict[str, int]) -> Document:
    quotas = [{**quota, "min": minima.get(quota["id"], quota["min"])} for quota in document["quotas"]]
    return {**document, "quotas": quotas}
