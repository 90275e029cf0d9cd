"""Leaving choices out and letting them join as prices ask for them (column generation) changes no result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator import audit
from allocator.mechanisms import rank_columns, solve
from allocator.mechanisms.rank_flow import Seekers, cheapest_among
from allocator.model.documents import solution_document
from allocator.model.instance import Instance, Ints
from benchmarks.mechanisms import shortage
from tests.laws.markets import Document, markets, solved

ALL: int = 1 << 60


def solution(instance: Instance, few: int, *, housing_first: bool) -> Document:
    """The solution document when up to ``few`` choices join a flow at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rank_columns, "FEW", few)
        return solution_document(instance, solve(instance, "band_optimum", housing_first=housing_first))


@pytest.mark.parametrize("num_bands", [1, 4, 40])
@pytest.mark.parametrize("housing_first", [False, True])
def test_a_city_is_housed_the_same_with_choices_that_join_later(num_bands: int, housing_first: bool) -> None:
    """Column generation gives the very same assignment and certificate as all choices at once."""
    instance = shortage(3_000, 40, 8, num_bands, seed=5)
    at_once = solution(instance, ALL, housing_first=housing_first)
    for few in (1, 200):
        assert solution(instance, few, housing_first=housing_first) == at_once


@given(markets(), st.booleans())
def test_a_small_market_is_housed_the_same_with_choices_that_join_later(
    market: Document, housing_first: bool
) -> None:
    """With pools liked equally and all bands column generation gives the very same solution as all at once."""
    at_once = solved(market, housing_first=housing_first)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rank_columns, "FEW", 1)
        assert solved(market, housing_first=housing_first) == at_once


def test_the_judge_certifies_what_joined_later() -> None:
    """The other code's judgement of a city solved by column generation: every law holds."""
    instance = replace(shortage(2_000, 30, 6, 2, seed=9), fingerprint="sha256:city")
    document = solution(instance, 100, housing_first=False)
    assert [result.law for result in audit.certify(instance, document) if not result.holds] == []


def spied(kept: list[tuple[int, int]]) -> Callable[..., Ints]:
    """``cheapest_among`` that also notes how many choices of how many the flow has."""

    def noting(seekers: Seekers, choices: Ints, *rest: Any) -> Ints:
        kept.append((len(choices), len(seekers.target)))
        return cheapest_among(seekers, choices, *rest)

    return noting


@pytest.mark.parametrize("housing_first", [False, True])
def test_few_choices_are_looked_at(monkeypatch: pytest.MonkeyPatch, housing_first: bool) -> None:
    """In a city the flows over all households leave choices out, and some join later: generation does happen."""
    kept: list[tuple[int, int]] = []
    monkeypatch.setattr(rank_columns, "cheapest_among", spied(kept))
    monkeypatch.setattr(rank_columns, "FEW", 200)
    solve(shortage(3_000, 40, 8, 4, seed=5), "band_optimum", housing_first=housing_first)
    largest = max(of_all for _, of_all in kept)
    flows = [num for num, of_all in kept if of_all == largest]
    assert len(flows) > 1
    assert flows == sorted(set(flows))
    assert flows[-1] < largest


def seekers_of(costs: list[list[tuple[int, int]]], held: list[int], places: list[int]) -> Seekers:
    """Households by their choices ``(pool, cost)``; nothing sealed, nobody else there."""
    starts = np.concatenate(([0], np.cumsum([len(some) for some in costs])))
    pairs = np.array([pair for some in costs for pair in some], np.int64)
    nobody = np.zeros(len(places), bool)
    return Seekers(
        starts, pairs[:, 0], pairs[:, 1], starts[:-1] + held, np.array(places, np.int64), nobody, nobody
    )


def test_nobody_moves_twice() -> None:
    """A household whom two others would like to make room for them moves once: it becomes a node of the flow."""
    # The first holds pool 0 and could go to 1 or 2; the two others hold 3 and like 0 better.
    mobile = [(0, 1), (1, 1), (2, 1)]
    seekers = seekers_of([mobile, [(3, 2), (0, 1)], [(3, 2), (0, 1)]], [0, 0, 0], [1, 1, 1, 2])
    choices = np.arange(len(seekers.target))
    for guess in (None, np.zeros(4, np.int64)):
        taken = cheapest_among(seekers, choices, seekers.held, guess)
        assert np.bincount(seekers.target[taken], minlength=4).tolist() in ([1, 1, 0, 1], [1, 0, 1, 1])
        assert seekers.owner[taken].tolist() == [0, 1, 2]
