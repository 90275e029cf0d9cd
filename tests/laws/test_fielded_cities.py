"""The mechanisms with fields on a market of 2,000 households, and what a forger may try on small ones."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator import audit, mechanisms
from allocator.model.documents import solution_document
from allocator.model.instance import Instance
from benchmarks.mechanisms import shortage
from tests.laws.fielded_markets import broken_laws, fielded
from tests.laws.markets import Document, solved

NAMES = ("deferred_acceptance", "top_trading_cycles", "serial")


def city(num_households: int, num_pools: int, mechanism: str) -> Instance:
    """Every second pool prefers a third of the households, a tenth live somewhere, a quarter is reserved, and
    no group may have more than half of a pool; each where the mechanism serves it.
    """
    instance = shortage(num_households, num_pools, 6, 1, seed=11)
    groups = {"a": np.arange(0, num_households, 3), "b": np.arange(1, num_households, 3)}
    names = instance.household_ids
    sizes = dict(zip(instance.pool_ids, instance.capacity.tolist(), strict=True))
    others = [name for at, name in enumerate(names) if at % 3]
    home = mechanisms.solve(instance, "serial").matching.assigned
    fields: dict[str, Any] = {
        "priority": {
            pool: [[names[at] for at in groups["a"]], others] for pool in list(instance.pool_ids)[::2]
        },
        "current": {
            names[at]: instance.pool_ids[int(home[at])]
            for at in range(0, num_households, 10)
            if home[at] >= 0
        },
        "reserves": [
            {"pool": pool, "group": "a", "places": size // 4, "release": mechanism != "serial"}
            for pool, size in sizes.items()
        ],
        "max": [
            {"id": f"{pool}{group}", "pools": [pool], "groups": [group], "max": (size + 1) // 2}
            for pool, size in sizes.items()
            for group in "ab"
        ],
    }
    if mechanism == "deferred_acceptance":
        del fields["max"]  # its maxima are less than the tenants here; they have a law of their own
    served = mechanisms.mechanism_named(mechanism).honours
    kept = {name: field for name, field in fields.items() if name in served}
    return replace(instance, extensions=kept, groups=groups, fingerprint="sha256:city")


def broken_in(instance: Instance, mechanism: str) -> list[str]:
    solution = solution_document(instance, mechanisms.solve(instance, mechanism))
    return [result.law for result in audit.certify(instance, solution) if not result.holds]


@pytest.mark.parametrize("mechanism", NAMES)
def test_a_city_with_fields_is_certified(mechanism: str) -> None:
    """On 2,000 households with every field served, the audit's other code finds every law to hold."""
    assert broken_in(city(2_000, 40, mechanism), mechanism) == []


def test_maxima_in_a_city_are_certified() -> None:
    """Deferred acceptance under reserves and maxima on 2,000 households."""
    instance = city(2_000, 40, "serial")
    assert broken_in(instance, "deferred_acceptance") == []
    one = mechanisms.solve(instance, "deferred_acceptance").matching.assigned
    assert one.tolist() == mechanisms.solve(instance, "serial").matching.assigned.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("mechanism", NAMES)
def test_a_hundred_thousand_households_are_certified(mechanism: str) -> None:
    """The same on 100,000 households and 500 pools."""
    assert broken_in(city(100_000, 500, mechanism), mechanism) == []


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all plain values of a JSON document."""
    if isinstance(value, dict):
        return [found for key in value for found in _places(value[key], (*path, key))]
    if isinstance(value, list):
        return [found for at, entry in enumerate(value) for found in _places(entry, (*path, at))]
    return [path]


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(fielded(tenants=False, tiers=False), st.sampled_from(NAMES), st.randoms(use_true_random=False))
def test_no_figure_of_a_certificate_is_free(market: Document, mechanism: str, dice: random.Random) -> None:
    """Any figure of a certificate changed, any key taken out or added, is found."""
    if mechanism == "top_trading_cycles":
        market = {key: value for key, value in market.items() if key != "reserves"}
    solution = solved(market, mechanism)
    forged = copy.deepcopy(solution)
    *steps, last = dice.choice(_places(forged["certificate"]))
    holder = forged["certificate"]
    for step in steps:
        holder = holder[step]
    kind = dice.choice(["change", "remove", "add"])
    if kind == "change":
        holder[last] = _another(holder[last], dice)
    elif kind == "remove":
        del holder[last]
    else:
        forged["certificate"]["more"] = 0
    assert "certificate" in broken_laws(market, forged)


def _another(value: Any, dice: random.Random) -> Any:
    if isinstance(value, bool) or value is None:
        return 1
    if isinstance(value, int):
        return dice.choice([value + 1, value - 1, None, str(value), float(value)])
    return value + "x"
