"""``leximin_lottery`` from outside: what it refuses, its limit, its size, and bytes that do not move."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

import cli
from allocator import audit
from allocator.errors import Refused
from allocator.mechanisms import leximin_lottery as door
from allocator.mechanisms import leximin_stages
from allocator.mechanisms.leximin_lottery import leximin_lottery
from allocator.model.documents import parse_instance, solution_document
from allocator.model.instance import Instance


def city(households: int, pools: int, num_lists: int, *, tied: bool = False, seed: int = 1) -> dict[str, Any]:
    """Households that share ``num_lists`` lists of five, popular pools first, a fifth of them in a group."""
    chance = random.Random(seed)
    names = [f"p{number:03}" for number in range(pools)]
    weights = [1 / (1 + number / 10) for number in range(pools)]
    lists: list[list[Any]] = []
    while len(lists) < num_lists:
        picked = list(dict.fromkeys(chance.choices(names, weights, k=12)))[:5]
        if len(picked) == 5:
            lists.append([picked[:2], *picked[2:]] if tied else picked)
    return {
        "format": "allocator-instance/1",
        "households": [
            {
                "id": f"h{number}",
                "order": number + 1,
                "preferences": chance.choice(lists),
                "groups": chance.choice([["a"], [], [], [], []]),
            }
            for number in range(households)
        ],
        "pools": [
            {"id": name, "capacity": max(2, int(households / pools * chance.uniform(0.2, 0.8)))}
            for name in names
        ],
        "quotas": [
            {
                "id": f"q{name}",
                "pools": [name],
                "groups": ["a"],
                "min": 1,
                "max": max(1, households // pools // 8),
            }
            for name in names[: pools // 5]
        ],
    }


def instance_of(document: dict[str, Any]) -> Instance:
    instance = parse_instance(document).instance
    assert instance is not None
    return instance


def written(document: dict[str, Any], seed: str | None = "1") -> str:
    instance = instance_of(document)
    return json.dumps(solution_document(instance, leximin_lottery(instance, seed=seed)))


def test_the_order_of_the_rows_moves_no_byte() -> None:
    """Households and pools shuffled in the file give the same solution, byte for byte."""
    document = city(60, 8, 12, tied=True)
    shuffled = {**document, "households": document["households"][::-1], "pools": document["pools"][::-1]}
    assert written(shuffled) == written(document)


def test_guesses_decide_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a rounded guess before every exact step, and with none at all, the solution is the same byte for byte."""
    document = city(60, 8, 25)
    found = []
    for worth_guessing in (0, 10**9):
        monkeypatch.setattr(leximin_stages, "_WORTH_GUESSING", worth_guessing)
        found.append(written(document))
    assert found[0] == found[1]


def test_the_published_order_has_no_say() -> None:
    """Another order of the households gives everybody the same chances and the same levels."""
    document = city(60, 8, 12, tied=True)
    turned = [{**one, "order": 61 - one["order"]} for one in document["households"]]
    one, other = (json.loads(written(it, None)) for it in (document, {**document, "households": turned}))
    assert one["chances"] == other["chances"]
    assert one["certificate"] == other["certificate"]


@pytest.mark.parametrize("tied", [False, True])
def test_a_town_is_solved_and_certified(tied: bool) -> None:
    """Two hundred households, twenty pools, quotas with minima: every law holds of chances and drawing."""
    instance = instance_of(city(200, 20, 30, tied=tied))
    solution = leximin_lottery(instance, seed="town")
    results = audit.certify(instance, solution_document(instance, solution))
    assert [result.law for result in results if not result.holds] == []
    assert {"leximin", "tie_rule", "drawn", "certificate"} <= {result.law for result in results}


@pytest.mark.slow
def test_two_thousand_households_in_fifty_pools() -> None:
    """The size named for it: 2,000 households, 50 pools, 5 choices, 200 lists: solved and certified."""
    instance = instance_of(city(2000, 50, 200))
    solution = leximin_lottery(instance, seed="city")
    results = audit.certify(instance, solution_document(instance, solution))
    assert [result.law for result in results if not result.holds] == []


def test_beyond_its_steps_it_ends_in_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the steps are used up the status is LIMIT and no chance is stated."""
    monkeypatch.setattr(door, "_GREATEST_WORK", 10_000)
    solution = leximin_lottery(instance_of(city(200, 20, 30)))
    assert solution.status == "LIMIT"
    assert solution.chances is None
    assert (solution.report["code"], solution.report["steps"]) == ("mechanism_leximin_limit", 10_000)


def test_fractions_too_long_to_print_end_in_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chances whose denominators have more digits than can be printed are not stated."""
    monkeypatch.setattr(door, "_GREATEST_BITS", 3)
    solution = leximin_lottery(instance_of(city(60, 8, 12)))
    assert (solution.status, solution.report["code"]) == ("LIMIT", "mechanism_fractions_too_long")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_command_says_what_cannot_be_met_and_ends_with_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    """Minima out of reach: exit 4, the solution is written with its status, and the cure is said."""
    document = city(12, 5, 3)
    document["quotas"] = [{"id": "crowd", "pools": ["p000"], "min": 11}]
    (tmp_path / "instance.json").write_text(json.dumps(document), encoding="utf-8")
    out = tmp_path / "solution.json"
    words = ["solve", str(tmp_path / "instance.json"), "--mechanism", "leximin_lottery", "--out", str(out)]
    assert cli.run([*words, "--lang", lang]) == 4
    written = json.loads(out.read_text(encoding="utf-8"))
    assert (written["status"], written["assignment"]) == ("INFEASIBLE", {})
    most = written["report"]["advice"]["available"]
    assert written["report"]["advice"]["relaxation"] == [{"quota": "crowd", "from": 11, "to": most}]
    assert f"crowd: 11 → {most}" in capsys.readouterr().err


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_command_says_the_limit_and_ends_with_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    """Beyond the steps allowed: exit 4 and the count in words."""
    monkeypatch.setattr(door, "_GREATEST_WORK", 123)
    (tmp_path / "instance.json").write_text(json.dumps(city(60, 8, 12)), encoding="utf-8")
    out = str(tmp_path / "solution.json")
    words = ["solve", str(tmp_path / "instance.json"), "--mechanism", "leximin_lottery", "--out", out]
    assert cli.run([*words, "--lang", lang]) == 4
    assert "123" in capsys.readouterr().err


def test_several_bands_are_refused() -> None:
    """A lottery treats all alike: bands are refused before anything is solved."""
    document = city(4, 5, 2)
    households = [{**one, "band": at // 2} for at, one in enumerate(document["households"])]
    with pytest.raises(Refused) as refused:
        leximin_lottery(instance_of({**document, "households": households}))
    assert refused.value.code == "mechanism_several_bands"


def test_crossing_minima_are_refused_with_the_odd_cycle() -> None:
    """A minimum of a group over two of three pools crosses rows and columns: the odd cycle is named."""
    document = {
        "format": "allocator-instance/1",
        "households": [
            {"id": f"h{at}", "order": at, "preferences": ["p1", "p2", "p3"], "groups": groups}
            for at, groups in enumerate([["a"], ["a"], []], 1)
        ],
        "pools": [{"id": f"p{at}", "capacity": 1} for at in (1, 2, 3)],
        "quotas": [{"id": "q", "pools": ["p1", "p2"], "groups": ["a"], "min": 1}],
    }
    with pytest.raises(Refused) as refused:
        leximin_lottery(instance_of(document))
    assert refused.value.code == "mechanism_no_bihierarchy"
    assert refused.value.params["cycle"].count(" - ") % 2 == 0
