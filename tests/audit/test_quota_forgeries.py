"""Forged solutions of every mechanism there is: whatever one thing is altered, ``certify`` finds a law broken."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator import audit, mechanisms
from allocator.audit.quota_rights import band_quotas
from allocator.errors import Refused
from allocator.mechanisms.protocol import NAMES
from allocator.model.documents import parse_instance, solution_document
from allocator.model.instance import Instance
from tests.laws.fielded_markets import fielded
from tests.laws.leximin_markets import lottery_markets
from tests.laws.markets import Document
from tests.laws.quota_enumeration import quota_markets
from tests.laws.test_probabilistic_serial import lotteries

MARKETS = {
    "serial": fielded(tiers=False, tenants=False),
    "band_optimum": quota_markets(max_households=6),
    "deferred_acceptance": fielded(maxima=True, tenants=False),
    "top_trading_cycles": fielded(reserves=False, max_households=5),
    "probabilistic_serial": lotteries(),
    "leximin_lottery": lottery_markets(),
}
# Of ``report`` only this is certified, and only where nothing is possible; other limits may prove the same.
_OF_ADVICE = ("tenants", "required", "households", "available", "limits", "quotas", "groups", "pools")
_PER_MARKET = 25


def _solution(market: Document, mechanism: str, is_other: bool) -> tuple[Instance, Document] | None:
    """A true solution with every law kept; None where the mechanism refuses or bounds cross (proofs differ)."""
    instance = parse_instance(market).instance
    assert instance is not None
    if mechanism == "band_optimum":
        nobody = np.full(instance.num_households, -1, np.int64)
        if isinstance(band_quotas(instance, nobody).nest, tuple):
            return None
    options: dict[str, Any] = {}
    if mechanism == "band_optimum":
        options["housing_first"] = is_other
    if mechanism in {"probabilistic_serial", "leximin_lottery"}:
        options["seed"] = "seed" if is_other else None
    try:
        solution = solution_document(instance, mechanisms.solve(instance, mechanism, **options))
    except Refused:
        return None
    if solution["status"] not in {"OPTIMAL", "INFEASIBLE"}:
        return None
    assert _broken(instance, solution) == []
    return instance, solution


def _broken(instance: Instance, solution: Document) -> list[str]:
    return [result.law for result in audit.certify(instance, solution) if not result.holds]


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything inside a JSON document."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [found for key in keys for found in [(*path, key), *_paths(value[key], (*path, key))]]


def _certified_paths(solution: Document) -> list[tuple[Any, ...]]:
    """All but ``report``; ``housed``, which chooses between two definitions that are one where bounds nest; and
    ``seed``: another seed may well draw the same, and which one it had to be is not the solution's to say.
    """
    plain = {key: value for key, value in solution.items() if key not in {"options", "report"}}
    options = {key: value for key, value in solution["options"].items() if key not in {"housed", "seed"}}
    paths = [*_paths(plain), *_paths(options, ("options",))]
    if solution["status"] == "INFEASIBLE":  # whatever the options
        paths = _paths(plain)
        advice = {key: solution["report"]["advice"][key] for key in _OF_ADVICE}
        paths += [path for path in _paths(advice, ("report", "advice")) if path[-1] != "name"]
    return paths


def _another(value: Any, solution: Document, dice: random.Random) -> Any:
    if isinstance(value, bool) or value is None:
        return dice.choice([1, "p0", "", not value])
    if isinstance(value, int):
        return dice.choice([value + 1, value - 1, value + 7, -value, None, str(value), float(value)])
    if isinstance(value, str):
        names = [*solution["assignment"], *solution["assignment"].values(), "0", "1", "1/2", "2/3"]
        return dice.choice([value + "x", value[:-1], *names])
    return dice.choice([None, 0, [], {}])


def _change(solution: Document, dice: random.Random) -> None:
    *steps, last = dice.choice(_certified_paths(solution))
    holder: Any = solution
    for step in steps:
        holder = holder[step]
    kind = dice.choice(["change", "change", "change", "remove", "add", "rename"])
    if kind == "change" or steps in (["options"], ["report", "advice"]):
        holder[last] = _another(holder[last], solution, dice)
    elif kind == "remove":
        del holder[last]
    elif kind == "rename" and isinstance(holder, dict):
        holder[f"{last}x"] = holder.pop(last)
    elif isinstance(holder, dict):
        holder["more"] = 0
    else:
        holder.append(copy.deepcopy(holder[last]))


def _swap(solution: Document, dice: random.Random) -> None:
    """Two households exchange what they hold."""
    names = sorted(solution["assignment"])
    if len(names) > 1:
        one, other = dice.sample(names, 2)
        held = solution["assignment"]
        held[one], held[other] = held[other], held[one]


def _move(solution: Document, dice: random.Random) -> None:
    """A household gets another pool, or nothing."""
    if solution["assignment"]:
        name = dice.choice(sorted(solution["assignment"]))
        solution["assignment"][name] = dice.choice([None, "p0", "p1", "p2"])


def _trade_chances(solution: Document, dice: random.Random) -> None:
    """Two households exchange their rows of chances."""
    rows = solution.get("chances", {})
    if len(rows) > 1:
        one, other = dice.sample(sorted(rows), 2)
        rows[one], rows[other] = rows[other], rows[one]


FORGERS: list[Callable[[Document, random.Random], None]] = [
    _change,
    _change,
    _change,
    _swap,
    _move,
    _trade_chances,
]


def _forge(mechanism: str, num_markets: int) -> Counter[str]:
    """Forge true solutions again and again; how many forgeries were tried and found, by status."""
    seen: Counter[str] = Counter()

    @settings(max_examples=num_markets, deadline=None, derandomize=True, database=None)
    @given(MARKETS[mechanism], st.booleans())
    def forge(market: Document, is_other: bool) -> None:
        true = _solution(market, mechanism, is_other)
        if true is None:
            return
        instance, solution = true
        dice = random.Random(instance.fingerprint)
        for _ in range(_PER_MARKET):
            forged = copy.deepcopy(solution)
            dice.choice(FORGERS)(forged, dice)
            if _same(forged, solution):
                continue
            assert _broken(instance, forged), _differences(forged, solution)
            seen[solution["status"]] += 1

    forge()
    return seen


def _differences(forged: Document, solution: Document) -> list[Any]:
    keys = set(forged) | set(solution)
    return [(key, solution.get(key), forged.get(key)) for key in keys if solution.get(key) != forged.get(key)]


def _same(forged: Document, solution: Document) -> bool:
    """Whether nothing was changed."""
    return json.dumps(forged, sort_keys=True) == json.dumps(solution, sort_keys=True)


@pytest.mark.parametrize("mechanism", NAMES)
def test_a_forged_solution_is_found(mechanism: str) -> None:
    """One figure, name, key, pool, chance or pair of households altered: some law is broken."""
    assert sum(_forge(mechanism, 8).values()) >= 50


JUNK: list[Any] = [
    None,
    0,
    -1,
    10**400,
    1.5,
    float("nan"),
    True,
    "",
    "\ud800",
    [],
    {},
    [[]],
    [None],
    {"a": [1]},
]


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(MARKETS["band_optimum"], st.integers(0, 2**32))
def test_junk_breaks_a_law_and_nothing_else(market: Document, seed: int) -> None:
    """Whatever stands anywhere in a solution under quotas, certify answers with laws, never with a crash."""
    true = _solution(market, "band_optimum", False)
    if true is None:
        return
    instance, solution = true
    dice = random.Random(seed)
    for _ in range(_PER_MARKET):
        forged = copy.deepcopy(solution)
        *steps, last = dice.choice(_paths(forged))
        holder: Any = forged
        for step in steps:
            holder = holder[step]
        holder[last] = dice.choice(JUNK)
        if dice.random() < 0.3:
            forged.update(
                status="INFEASIBLE", report={"advice": dice.choice([*JUNK, {"quotas": [], "limits": JUNK}])}
            )
        assert all(isinstance(law.document(), dict) for law in audit.certify(instance, forged))


@pytest.mark.slow
def test_ten_thousand_forged_certificates_are_found() -> None:
    """Over all mechanisms 10,000 forgeries, none accepted; what is said to be infeasible is forged too."""
    found = {mechanism: _forge(mechanism, 150) for mechanism in NAMES}
    assert sum(sum(seen.values()) for seen in found.values()) >= 10_000
    assert found["band_optimum"]["INFEASIBLE"] > 0
