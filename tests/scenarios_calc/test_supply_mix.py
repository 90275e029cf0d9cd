"""Supply mix: every answer against all plans there are."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.supply_mix import Mode, Plan, solve


def brute_force(plan: Plan) -> dict[str, Any]:
    """All plans, simulated period by period and compared by the words of the contract."""
    ranges = [range(limit + 1) for mode in plan.modes for limit in mode.max_starts]
    periods = len(plan.demand)
    best: tuple[int, int, list[list[int]]] | None = None
    for flat in product(*ranges):
        starts = [list(flat[at : at + periods]) for at in range(0, len(flat), periods)]
        outcome = simulated(plan, starts)
        if outcome is not None and (best is None or (*outcome, starts) < best):
            best = (*outcome, starts)
    assert best is not None
    return {"starts": best[2], "shortage": best[0], "cost_fen": best[1], "status": "OPTIMAL"}


def simulated(plan: Plan, starts: list[list[int]]) -> tuple[int, int] | None:
    """Shortage and cost; ``None`` where land or a period's money does not suffice."""
    if sum(mode.land * sum(row) for mode, row in zip(plan.modes, starts, strict=True)) > plan.land:
        return None
    shortage = cost = 0
    for period, demand in enumerate(plan.demand):
        money = units = 0
        for mode, row in zip(plan.modes, starts, strict=True):
            money += mode.capex_fen[period] * row[period]
            for begun, number in enumerate(row):
                if begun + mode.lead <= period:
                    money += mode.opex_fen * number
                    units += mode.units * number
        if money > plan.budget_fen[period]:
            return None
        shortage += max(0, demand - units)
        cost += money
    return shortage, cost


def plans(num_periods: int) -> st.SearchStrategy[Plan]:
    """Two modes, small figures, so that ties and binding limits are common."""

    def row(greatest: int) -> st.SearchStrategy[list[int]]:
        return st.lists(st.integers(0, greatest), min_size=num_periods, max_size=num_periods)

    mode = st.builds(
        Mode,
        name=st.just(""),
        capex_fen=row(4),
        opex_fen=st.integers(0, 2),
        lead=st.integers(0, num_periods),
        units=st.integers(0, 3),
        land=st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(1), Fraction(2, 3)]),
        max_starts=row(2),
    )
    land = st.sampled_from([Fraction(0), Fraction(1), Fraction(5, 3), Fraction(4)])
    return st.builds(
        Plan, modes=st.lists(mode, min_size=1, max_size=2), land=land, budget_fen=row(10), demand=row(6)
    )


small = st.integers(1, 3).flatmap(plans)


@settings(deadline=None, max_examples=100)
@given(small)
def test_every_plan_is_the_best_of_all(plan: Plan) -> None:
    """Starts, shortage and cost equal those of the enumeration of all plans."""
    assert solve(plan) == brute_force(plan)


@pytest.mark.slow
@settings(deadline=None, max_examples=2000)
@given(small)
def test_every_plan_is_the_best_of_all_at_length(plan: Plan) -> None:
    """The same law, many times over."""
    assert solve(plan) == brute_force(plan)


def mode(name: str, **changes: Any) -> Mode:
    """One unit per start at 10 fen, at once, in two periods."""
    usual: dict[str, Any] = {
        "capex_fen": [10, 10],
        "opex_fen": 0,
        "lead": 0,
        "units": 1,
        "land": Fraction(0),
        "max_starts": [9, 9],
    }
    return Mode(name, **{**usual, **changes})


def test_running_cost_begins_when_it_stands() -> None:
    """With a lead of 1 the start of period 0 costs capital in 0 and running in 1, and lacks one unit-period."""
    plan = Plan([mode("build", lead=1, opex_fen=3)], Fraction(0), [10, 3], [1, 1])
    assert solve(plan) == {"starts": [[1, 0]], "shortage": 1, "cost_fen": 13, "status": "OPTIMAL"}
    # One fen less for running in period 1, and nothing can be started.
    assert solve(Plan(plan.modes, Fraction(0), [10, 2], [1, 1]))["shortage"] == 2


def test_money_of_one_period_is_no_money_of_the_next() -> None:
    """Budgets do not carry over."""
    plan = Plan([mode("lease")], Fraction(0), [5, 5], [1, 1])
    assert solve(plan) == {"starts": [[0, 0]], "shortage": 2, "cost_fen": 0, "status": "OPTIMAL"}


def test_land_is_counted_exactly() -> None:
    """Three starts of a third of land fit on one, which binary floats would not say."""
    plan = Plan([mode("build", land=Fraction(1, 3))], Fraction(1), [99, 99], [9, 9])
    assert solve(plan)["starts"] == [[3, 0]]


def test_ties_go_to_the_later_mode_and_period() -> None:
    """Of equal plans the smallest starts stand, by mode, then by period: the earlier entries are the smaller."""
    plan = Plan([mode("a"), mode("b")], Fraction(0), [20, 20], [0, 1])
    assert solve(plan)["starts"] == [[0, 0], [0, 1]]
