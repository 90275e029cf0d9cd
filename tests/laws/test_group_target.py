"""The leximin target per group against enumeration, and its independent check."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.audit.group_target import target_faults
from allocator.errors import Refused
from allocator.mechanisms.group_target import GroupTarget, group_target
from allocator.model.documents import parse_instance
from allocator.model.instance import Instance
from tests.laws.enumeration import in_order, lawful_assignments
from tests.laws.markets import Document, markets

FAST = settings(max_examples=80, deadline=None, derandomize=True, database=None)


def instance_of(document: Document) -> Instance:
    instance = parse_instance(document).instance
    assert instance is not None
    return instance


@st.composite
def grouped(draw: st.DrawFn) -> tuple[Document, list[str]]:
    """A small market and each household's group, by order."""
    market = draw(markets(max_bands=1))
    count = len(market["households"])
    return market, draw(st.lists(st.sampled_from("abc"), min_size=count, max_size=count))


def reachable(market: Document, groups: list[str]) -> set[tuple[int, ...]]:
    """All numbers housed per group (sorted by name) that some lawful assignment gives."""
    names = sorted(set(groups))
    return {
        tuple(
            sum(pool is not None and group == name for pool, group in zip(held, groups, strict=True))
            for name in names
        )
        for held in lawful_assignments(market)
    }


def best_numbers(market: Document, groups: list[str]) -> dict[str, int]:
    """Smallest share first, as great as can be; of equals the one that gives smaller groups, then names, more."""
    names = sorted(set(groups))
    size = {name: groups.count(name) for name in names}
    by_size = sorted(names, key=lambda name: (size[name], name))

    def worth(numbers: tuple[int, ...]) -> Any:
        housed = dict(zip(names, numbers, strict=True))
        return sorted(Fraction(housed[name], size[name]) for name in names), [
            housed[name] for name in by_size
        ]

    return dict(zip(names, max(reachable(market, groups), key=worth), strict=True))


def faults(instance: Instance, groups: list[str], target: GroupTarget, **changed: Any) -> list[Any]:
    tight = [(one.groups, one.pools, one.most) for one in target.tight]
    given = {"housed": target.housed, "tight": tight, "assigned": target.assigned, **changed}
    return list(target_faults(instance, groups, **given))


def check(case: tuple[Document, list[str]]) -> None:
    market, groups = case
    instance = instance_of(market)
    target = group_target(instance, groups)
    assert best_numbers(market, groups) == target.housed
    assert faults(instance, groups, target) == []


@FAST
@given(grouped())
def test_the_target_is_the_leximin_one(case: tuple[Document, list[str]]) -> None:
    """Of all numbers per group that can be had the target's shares are leximin, and its check finds no fault."""
    check(case)


@pytest.mark.slow
@settings(FAST, max_examples=5000)
@given(grouped())
def test_the_target_is_the_leximin_one_on_many_markets(case: tuple[Document, list[str]]) -> None:
    """As before, on many more markets."""
    check(case)


def others(target: dict[str, int], numbers: set[tuple[int, ...]]) -> Iterator[dict[str, int]]:
    for one in sorted(numbers):
        other = dict(zip(sorted(target), one, strict=True))
        if other != target:
            yield other


@FAST
@given(grouped())
def test_any_other_numbers_are_caught(case: tuple[Document, list[str]]) -> None:
    """Whatever else an assignment can reach fails the check, with a true witness and the same bounds."""
    market, groups = case
    instance = instance_of(market)
    target = group_target(instance, groups)
    place = {name: number for number, name in enumerate(instance.pool_ids)}
    witness = {}
    for held in lawful_assignments(market):
        numbers = dict.fromkeys(target.housed, 0)
        for pool, group in zip(held, groups, strict=True):
            numbers[group] += pool is not None
        witness[tuple(numbers.values())] = np.array(
            [-1 if pool is None else place[pool] for pool in held], np.int64
        )
    for other in others(target.housed, reachable(market, groups)):
        assigned = witness[tuple(other.values())]
        assert faults(instance, groups, target, housed=other, assigned=assigned)


def test_a_place_is_freed_by_moving_others() -> None:
    """A group is raised although the place it needs is first to be freed by a member of another moving on."""
    # Two places p, one q. a1, a2 list p; b1 lists p and q; b2 lists q. Equal shares: one place each at first, then
    # one more for either (same size): a by name. a: 2 of 2 in p; b: 1 of 2 in q.
    market = {
        "format": "allocator-instance/1",
        "households": [
            {"id": name, "order": at, "preferences": wishes}
            for at, (name, wishes) in enumerate(
                [("a1", ["p"]), ("a2", ["p"]), ("b1", ["p", "q"]), ("b2", ["q"])], 1
            )
        ],
        "pools": [{"id": "p", "capacity": 2}, {"id": "q", "capacity": 1}],
    }
    assert len(in_order(market)) == 4
    target = group_target(instance_of(market), ["a", "a", "b", "b"])
    assert target.housed == {"a": 2, "b": 1}
    assert [(one.groups, one.pools, one.most) for one in target.tight] == [(("a", "b"), ("p", "q"), 3)]


def test_other_fields_are_refused() -> None:
    """A quota is not looked at, so an instance with one is refused."""
    market = {
        "format": "allocator-instance/1",
        "households": [{"id": "h", "order": 1, "preferences": ["p"]}],
        "pools": [{"id": "p", "capacity": 1}],
        "quotas": [{"id": "q", "pools": ["p"], "max": 0}],
    }
    with pytest.raises(Refused) as refused:
        group_target(instance_of(market), ["a"])
    assert refused.value.params == {"mechanism": "group_target", "field": "max"}
