"""Subsidy tiers under a budget with equity between neighbours: against every plan of tiny worlds, tried one by one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.subsidy_chains import Chain, Rules, chains_of
from scenarios.subsidy_frontier import frontier
from scenarios.subsidy_plan import FEASIBLE, OPTIMAL, Plan, planned, smallest_budget
from scenarios.subsidy_relaxation import relaxation

NONE = Fraction(0)
AIMS = (
    ("count",),
    ("excess",),
    ("count", "excess"),
    ("excess", "count"),
    ("greatest", "count", "excess"),
    ("greatest", "excess"),
    ("greatest",),
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Chain], Rules]:
    """At most five cells of one or two rents, three amounts, any rules."""
    cells = draw(
        st.lists(
            st.tuples(st.integers(1, 2), st.sampled_from([50, 90]), st.integers(0, 300), st.integers(1, 4)),
            min_size=1,
            max_size=5,
        )
    )
    tiers = draw(st.lists(st.integers(0, 100), min_size=1, max_size=3))
    chains = chains_of(cells, tiers, draw(st.sampled_from([NONE, Fraction(1, 3)])))
    dearest = sum(int(chain.num.sum()) * int(chain.paid_fen[-1]) for chain in chains)
    slope = draw(st.sampled_from([None, NONE, Fraction(1, 4), Fraction(1, 2)]))
    threshold = draw(st.sampled_from([Fraction(3, 10), Fraction(1, 4), NONE]))
    rules = Rules(
        draw(st.integers(0, dearest + 5)), threshold, draw(st.sampled_from(AIMS)), slope, draw(st.booleans())
    )
    return chains, rules


def every_plan(chains: list[Chain], rules: Rules) -> list[tuple[object, ...]]:
    """(aims in their order, cost, tiers) of every plan that keeps rules and budget: by definition."""
    places = [(at, place) for at, chain in enumerate(chains) for place in range(len(chain.num))]
    found = []
    for options in product(*(range(len(chains[at].paid_fen)) for at, _ in places)):
        taken = dict(zip(places, options, strict=True))
        if not _keeps_rules(chains, rules, taken):
            continue
        cost = sum(
            int(chains[at].num[place] * chains[at].paid_fen[option]) for (at, place), option in taken.items()
        )
        if cost <= rules.budget:
            tiers = tuple(int(chains[at].tier[option]) for (at, _), option in taken.items())
            found.append((*_aims(chains, rules, taken), cost, tiers))
    return found


def _keeps_rules(chains: list[Chain], rules: Rules, taken: dict[tuple[int, int], int]) -> bool:
    """All pairs of a chain, not neighbours alone."""
    for at, chain in enumerate(chains):
        paid = [int(chain.paid_fen[taken[at, place]]) for place in range(len(chain.num))]
        for poorer in range(len(paid)):
            for richer in range(poorer + 1, len(paid)):
                loss = paid[poorer] - paid[richer]
                gained = int(chain.income_fen[richer] - chain.income_fen[poorer])
                if rules.poorer_never_less and loss < 0:
                    return False
                if rules.slope is not None and loss > rules.slope * gained:
                    return False
    return True


def _aims(chains: list[Chain], rules: Rules, taken: dict[tuple[int, int], int]) -> list[object]:
    count, excess, burdens = 0, Fraction(0), [NONE]
    for (at, place), option in taken.items():
        chain = chains[at]
        num, income, left = int(chain.num[place]), int(chain.income_fen[place]), int(chain.left_fen[option])
        over = left - rules.threshold * income
        count += num * (over > 0)
        excess += num * max(NONE, over)
        burdens.append(Fraction(left, income) if income else Fraction(10**9 if left else 0))
    told = {"count": count, "excess": excess * rules.threshold.denominator, "greatest": max(burdens)}
    return [told[aim] for aim in rules.aims]


def of_plan(plan: Plan) -> tuple[object, ...]:
    """The same figures of the plan that was found."""
    taken = {
        (at, place): int(option) for at, row in enumerate(plan.options) for place, option in enumerate(row)
    }
    tiers = tuple(int(plan.chains[at].tier[option]) for (at, _), option in taken.items())
    return (*_aims(list(plan.chains), plan.rules, taken), plan.cost_fen, tiers)


@given(worlds())
@settings(max_examples=200, deadline=None)
def test_the_plan_is_the_first_of_all_plans(world: tuple[list[Chain], Rules]) -> None:
    """Aims in their order, then the least cost, then the smallest tiers; no plan where the budget bears none."""
    chains, rules = world
    every = every_plan(chains, rules)
    plan = planned(chains, rules)
    assert (plan is None) == (not every) == (smallest_budget(chains) > rules.budget)
    if plan is not None:
        assert plan.status == OPTIMAL
        assert plan.is_unique
        assert of_plan(plan) == min(every)


@given(worlds())
@settings(max_examples=100, deadline=None)
def test_a_plan_not_searched_to_the_end_keeps_the_rules_and_says_how_far_it_may_be(
    world: tuple[list[Chain], Rules],
) -> None:
    """With room for no pairs at all: lawful, within the budget, and its floors are below every plan's figures."""
    chains, rules = world
    plan = planned(chains, rules, most_pairs=0)
    if plan is None:
        return
    every = every_plan(chains, rules)
    assert of_plan(plan) in every
    sums = [at for at, aim in enumerate(rules.aims) if aim in plan.floors]
    for at in sums:
        same = [one for one in every if list(one[:at]) == list(of_plan(plan)[:at])]
        assert all(plan.floors[rules.aims[at]] <= one[at] for one in same)  # type: ignore[operator]
    assert plan.status in {OPTIMAL, FEASIBLE}


@given(worlds())
@settings(max_examples=100, deadline=None)
def test_the_frontier_is_the_least_cost_of_every_number(world: tuple[list[Chain], Rules]) -> None:
    """Each point is the cheapest plan that lifts so many; none is missing; its hull is the linear program's value."""
    chains, rules = world
    everything = replace(rules, aims=("count",), budget=10**9)
    total = sum(int(chain.num.sum()) for chain in chains)
    plans = [(total - count, cost) for count, cost, _ in every_plan(chains, everything)]
    found = frontier(chains, rules)
    best = {}
    for num, _ in plans:
        best[num] = min(cost for other, cost in plans if other >= num)
    expected = [
        (num, cost) for num, cost in sorted(best.items()) if all(cost < c for n, c in best.items() if n > num)
    ]
    assert list(zip(found.num.tolist(), found.cost_fen.tolist(), strict=True)) == expected
    budget = max(rules.budget, int(found.cost_fen[0]))
    slope, height = found.slope_at(budget)
    told = relaxation(chains, replace(rules, budget=budget))
    assert told.value == pytest.approx(float(height), abs=1e-6)
    corners = {int(found.cost_fen[at]) for at in found.hull()}
    if budget not in corners:
        assert told.price == pytest.approx(float(slope), abs=1e-6)


def test_a_cliff_at_the_slope_is_allowed_and_a_fen_more_is_not() -> None:
    """100 yuan more of income may cost 50 of subsidy at a slope of 1/2, not 50.01."""
    cells = [(1, 30_000, 100_000, 1), (1, 30_000, 110_000, 1)]
    chains = chains_of(cells, [0, 5_000, 5_001], NONE)
    rules = Rules(5_001, Fraction(1, 4), ("excess",), Fraction(1, 2))
    plan = planned(chains, rules)
    assert plan is not None
    assert [chains[0].paid_fen[row].tolist() for row in plan.options] == [[5_000, 0]]


def test_a_household_that_would_be_lifted_alone_waits_for_the_poorer_ones() -> None:
    """With the rule on, the richer of one rent is lifted only with the poorer, who needs more than the budget bears."""
    cells = [(1, 40_000, 80_000, 1), (1, 40_000, 120_000, 1)]
    chains = chains_of(cells, [0, 4_000, 16_000], NONE)
    rules = Rules(5_000, Fraction(3, 10), ("count",))
    with_rule, without = planned(chains, rules), planned(chains, replace(rules, poorer_never_less=False))
    assert with_rule is not None
    assert without is not None
    assert with_rule.reached == {"count": 2}
    assert without.reached == {"count": 1}


def test_rows_in_another_order_give_the_same_plan() -> None:
    """The chains are sorted by size, rent and income; equal cells are one."""
    cells = [(1, 40_000, 80_000, 1), (2, 30_000, 120_000, 3), (1, 40_000, 60_000, 2), (2, 30_000, 120_000, 1)]
    rules = Rules(60_000, Fraction(3, 10), ("count", "excess"), Fraction(1, 2))
    first, second = (
        planned(chains_of(rows, [0, 9_000, 20_000], NONE), rules) for rows in (cells, cells[::-1])
    )
    assert first is not None
    assert second is not None
    assert of_plan(first) == of_plan(second)
    assert [row.tolist() for row in first.options] == [row.tolist() for row in second.options]


def test_a_pass_through_raises_the_rent_and_shrinks_what_helps() -> None:
    """Of 100 yuan, 40 go into the rent: 60 of help; a rent cannot be subsidised below nothing."""
    (chain,) = chains_of([(1, 30_000, 80_000, 1)], [0, 10_000, 100_000], Fraction(2, 5))
    assert chain.left_fen.tolist() == [30_000, 24_000, 0]
    assert chain.paid_fen.tolist() == [0, 10_000, 70_000]


def test_aims_too_large_for_one_number_are_refused() -> None:
    """Not wrapped around."""
    cells = [(1, 10**9, income, 10**6) for income in range(1, 4)]
    chains = chains_of(cells, [0, 10**9], NONE)
    with pytest.raises(OverflowError):
        planned(chains, Rules(10**16, Fraction(12345678901, 10**12), ("count", "excess")))


@pytest.mark.slow
def test_at_city_size_the_search_the_dense_program_and_the_linear_program_agree() -> None:
    """2,000 cells x 8 amounts: the same households and cost at every budget; the relaxation's value is the hull's."""
    generator = np.random.default_rng(7)
    cells = [
        (1, 80_000 + 8_000 * rent, 100_000 + 9_000 * step, int(generator.integers(1, 100)))
        for rent in range(20)
        for step in range(100)
    ]
    amounts = [0, 10_000, 20_000, 30_000, 45_000, 60_000, 80_000, 100_000]
    chains = chains_of(cells, amounts, NONE)
    rules = Rules(0, Fraction(3, 10), ("count",), Fraction(1, 2))
    every = frontier(chains, rules)
    for part in (1, 3, 6, 9):
        budget = int(every.cost_fen[-1]) * part // 10
        asked = replace(rules, budget=budget)
        plan = planned(chains, asked)
        assert plan is not None
        at = every.at(budget)
        assert (every.total - plan.reached["count"], plan.cost_fen) == (every.num[at], every.cost_fen[at])
        assert relaxation(chains, asked).value == pytest.approx(float(every.slope_at(budget)[1]), rel=1e-9)
