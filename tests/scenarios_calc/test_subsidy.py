"""Subsidy tiers: every answer against all assignments there are."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import inf
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.errors import NoAllocation
from scenarios.subsidy import AIMS, Question, solve


def brute_force(question: Question) -> dict[str, Any]:
    """All assignments that treat equals equally, compared by the words of the contract."""
    cells = list(dict.fromkeys(question.households))
    best: tuple[Any, ...] | None = None
    cheapest = None
    for tiers in product(range(len(question.tiers_fen)), repeat=len(cells)):
        vector = [tiers[cells.index(household)] for household in question.households]
        pairs = list(zip(question.households, (question.tiers_fen[tier] for tier in vector), strict=True))
        cost = sum(min(tier, rent) for (_, rent), tier in pairs)
        cheapest = cost if cheapest is None else min(cheapest, cost)
        if cost > question.budget_fen:
            continue
        burdens = sorted(
            (burden(max(0, rent - tier), income) for (income, rent), tier in pairs), reverse=True
        )
        below = sum(b <= question.threshold for b in burdens)
        excess = sum(
            (
                max(Fraction(0), max(0, rent - tier) - question.threshold * income)
                for (income, rent), tier in pairs
            ),
            Fraction(0),
        )
        aim = {"count": -below, "excess": excess, "leximin": burdens}[question.aim]
        key = (aim, cost, vector)
        if best is None or key < best[0]:
            best = (key, below, excess, burdens)
    if best is None:
        return {"status": "INFEASIBLE", "smallest_budget_fen": cheapest}
    (_, cost, vector), below, excess, burdens = best
    return {
        "tier": vector,
        "below_threshold": below,
        "excess_fen": excess,
        "cost_fen": cost,
        "burdens": burdens,
        "status": "OPTIMAL",
    }


def burden(left: int, income: int) -> Any:
    """Rent left by income; nothing left is no burden, and without income anything left is an infinite one."""
    if left == 0:
        return Fraction(0)
    return Fraction(left, income) if income else inf


def exact(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with its texts as numbers; what is empty left out."""
    found = {key: value for key, value in answer.items() if value is not None}
    if "excess_fen" in found:
        found["excess_fen"] = Fraction(found["excess_fen"])
        found["burdens"] = [inf if text == "inf" else Fraction(text) for text in found["burdens"]]
    return found


# Small numbers in few steps, so that equal cells, equal burdens and equal costs are common.
households = st.tuples(st.sampled_from([0, 4, 6, 8, 12]), st.sampled_from([0, 2, 3, 4, 6]))
questions = st.builds(
    Question,
    households=st.lists(households, max_size=6),
    tiers_fen=st.lists(st.integers(0, 5), min_size=1, max_size=4),
    budget_fen=st.integers(0, 16),
    threshold=st.sampled_from([Fraction(0), Fraction(1, 4), Fraction(3, 10), Fraction(1, 3), Fraction(1)]),
    aim=st.sampled_from(AIMS),
)


@settings(deadline=None, max_examples=150)
@given(questions)
def test_every_answer_is_the_best_of_all(question: Question) -> None:
    """Tier vector and every figure equal those of the enumeration of all assignments."""
    assert exact(solve(question)) == brute_force(question)


@pytest.mark.slow
@settings(deadline=None, max_examples=3000)
@given(questions)
def test_every_answer_is_the_best_of_all_at_length(question: Question) -> None:
    """The same law, many times over."""
    assert exact(solve(question)) == brute_force(question)


@pytest.mark.parametrize("aim", AIMS)
@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.tuples(st.integers(1, 97), st.integers(1, 40)), min_size=4, max_size=7, unique=True),
    st.integers(0, 120),
)
def test_uneven_figures(aim: str, households: list[tuple[int, int]], budget_fen: int) -> None:
    """Figures without common steps are answered as the enumeration does."""
    question = Question(households, [0, 7, 13], budget_fen, Fraction(3, 10), aim)
    assert exact(solve(question)) == brute_force(question)


@pytest.mark.parametrize(
    ("aim", "tiers"),
    [
        # Rents 40 and 70 of income 100, rent 30 of income 40; budget 40, threshold 3/10.
        # count: tier 20 lifts the first (20/100) and the last (10/40), tier 40 just lifts the second, alone.
        ("count", [1, 0, 1]),
        # excess 10 + 40 + 18: 40 to the second saves 40; 20 to the second and the last saves 20 + 18.
        ("excess", [0, 2, 0]),
        # leximin: 20 to the last (3/4) and to the second (7/10) leaves 1/2, 2/5, 1/4.
        ("leximin", [0, 1, 1]),
    ],
)
def test_three_aims_three_answers(aim: str, tiers: list[int]) -> None:
    """The aims part ways on three households."""
    three = [(100, 40), (100, 70), (40, 30)]
    assert solve(Question(three, [0, 20, 40], 40, Fraction(3, 10), aim))["tier"] == tiers


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 97), st.integers(1, 40)), min_size=4, max_size=7, unique=True),
    st.integers(0, 120),
)
def test_a_plan_out_of_reach_is_given_with_its_true_gap(
    households: list[tuple[int, int]], budget_fen: int
) -> None:
    """Where the best cannot be proved the plan given is within the budget and no further from the best than it says."""
    question = Question(households, [0, 7, 13], budget_fen, Fraction(3, 10), "excess")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scenarios.subsidy_aims.least_excess", _out_of_reach)
        answer = solve(question)
    best = Fraction(solve(question)["excess_fen"])
    assert answer["status"] == "FEASIBLE"
    assert answer["cost_fen"] <= budget_fen
    assert best <= Fraction(answer["excess_fen"]) <= best + Fraction(answer["gap_fen"])


def _out_of_reach(*_: object) -> list[int]:
    raise NoAllocation("calc_limit")


def test_equals_are_treated_equally() -> None:
    """Two equal households get the tier both or neither, even where the budget would lift one."""
    two = [(100, 40), (100, 40)]
    assert solve(Question(two, [0, 20], 39, Fraction(3, 10), "count"))["tier"] == [0, 0]
    assert solve(Question(two, [0, 20], 40, Fraction(3, 10), "count"))["tier"] == [1, 1]


def test_no_income_is_an_infinite_burden() -> None:
    """Rent to pay without income is ``inf``, first among burdens; without rent to pay the burden is 0."""
    answer = solve(Question([(0, 5), (0, 0), (10, 5)], [0, 5], 5, Fraction(1, 2), "leximin"))
    # 5 fen lift either the first (inf → 0) or the last (1/2 → 0): the greatest burden comes first.
    assert (answer["tier"], answer["burdens"]) == ([1, 0, 0], ["1/2", "0", "0"])
    poor = solve(Question([(0, 5)], [0, 5], 4, Fraction(1, 2), "count"))
    assert (poor["burdens"], poor["below_threshold"], poor["excess_fen"]) == (["inf"], 0, 5)


def test_what_is_infeasible_names_the_smallest_budget() -> None:
    """Where even the cheapest tiers cost more, the smallest budget that would do is named, and it does."""
    # Tiers 3 and 5: min(3, 4) + min(3, 2) = 5.
    question = Question([(10, 4), (10, 2)], [5, 3], 4, Fraction(3, 10), "count")
    answer = solve(question)
    assert (answer["status"], answer["smallest_budget_fen"], answer["tier"]) == ("INFEASIBLE", 5, None)
    assert solve(Question(question.households, [5, 3], 5, question.threshold, "count"))["status"] == "OPTIMAL"


def test_nobody_needs_nothing() -> None:
    """Without households the answer is empty and costs nothing."""
    answer = solve(Question([], [0], 0, Fraction(0), "leximin"))
    assert (answer["tier"], answer["cost_fen"], answer["burdens"]) == ([], 0, [])


@pytest.mark.parametrize("aim", AIMS)
def test_a_second_run_gives_the_same(aim: str) -> None:
    """Two runs on sixty households with many ties give the same tiers."""
    sixty = [(1000 + 500 * (at % 9), 300 + 100 * (at % 7)) for at in range(60)]
    question = Question(sixty, [0, 100, 200, 400], 6000, Fraction(3, 10), aim)
    assert solve(question) == solve(question)
