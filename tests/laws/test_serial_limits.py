"""``serial`` under reserves and maxima against the plain reading of its definition."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.enumeration import groups_of, in_order
from tests.laws.fielded_markets import (
    broken_laws,
    every_assignment,
    fielded,
    gains,
    slots_of,
    with_assignment,
)
from tests.laws.markets import Document, assignment, solved

FAST = settings(max_examples=250, deadline=None, derandomize=True, database=None)


@st.composite
def limited(draw: st.DrawFn) -> Document:
    """Reserves kept for good, and maxima over any pools and groups, overlapping or not."""
    market = draw(fielded(tiers=False, tenants=False, is_released=False, max_households=5))
    pools = [pool["id"] for pool in market["pools"]]
    quotas: list[Document] = []
    for number in range(draw(st.integers(0, 3))):
        quota: Document = {
            "id": f"q{number}",
            "pools": draw(st.lists(st.sampled_from(pools), unique=True, min_size=2)),
            "max": draw(st.integers(0, 2)),
        }
        if draw(st.booleans()):
            quota["groups"] = draw(st.lists(st.sampled_from("abz"), unique=True, min_size=1))
        quotas.append(quota)
    return {**market, "quotas": quotas}


def chosen_within_limits(document: Document) -> dict[str, str | None]:
    """In order, the first listed pool with a place of the own group or an open one that breaks no maximum."""
    left: dict[Any, int] = {slot: figures[0] for slot, figures in slots_of(document).items()}
    count = {quota["id"]: 0 for quota in document["quotas"]}
    taken: dict[str, str | None] = {}
    for household in in_order(document):
        taken[household["id"]] = None
        for pool in [pool for group in groups_of(household) for pool in group]:
            counting = [
                quota
                for quota in document["quotas"]
                if pool in quota["pools"]
                and ("groups" not in quota or set(quota["groups"]) & set(household["groups"]))
            ]
            mine = [
                slot
                for slot, (_, group, _) in slots_of(document).items()
                if slot[0] == pool and left[slot] and (group is None or group in household["groups"])
            ]
            if mine and all(count[quota["id"]] < quota["max"] for quota in counting):
                left[mine[0]] -= 1
                for quota in counting:
                    count[quota["id"]] += 1
                taken[household["id"]] = pool
                break
    return taken


@FAST
@given(limited())
def test_each_takes_the_best_that_limits_leave_open(market: Document) -> None:
    """The assignment is that of the definition, its certificate holds, and every law with it."""
    expected = chosen_within_limits(market)
    solution = solved(market, "serial")
    assert expected == solution["assignment"]
    assert broken_laws(market, solution) == []


@settings(FAST, max_examples=80)
@given(limited())
def test_every_other_assignment_breaks_a_law(market: Document) -> None:
    """``certify`` accepts the one assignment alone."""
    right = assignment(market, "serial")
    for other in every_assignment(market):
        broken = set(broken_laws(market, with_assignment(market, "serial", other))) - {"certificate"}
        assert (not broken) == (other == right)


@FAST
@given(fielded(tiers=False, tenants=False, maxima=True))
def test_it_is_deferred_acceptance_under_one_order(market: Document) -> None:
    """Where maxima part one pool, choosing in order and deferred acceptance are one, released or not."""
    assert assignment(market, "serial") == assignment(market, "deferred_acceptance")
    assert broken_laws(market, solved(market, "serial")) == []


@settings(FAST, max_examples=10)
@given(limited())
def test_no_untrue_list_brings_more(market: Document) -> None:
    """Strategy-proof under any maxima and kept reserves."""
    assert gains(market, "serial") == []
