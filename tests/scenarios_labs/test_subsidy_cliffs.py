"""Cliffs of a subsidy: both sides of every bound to the fen, and the income from which nothing is lost any more."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator import policy as policies
from scenarios import subsidy_lab_check as check
from scenarios.subsidy_cliffs import MONTHS, Rule, cliffs_of, rates_of, subsidies
from scenarios.subsidy_lab_files import Cliffs

ON = date(2026, 3, 1)
LAWS = (("beijing", "market"), ("beijing", "public"), ("example", "public"))


def schedule(*rungs: tuple[int | None, int], rent_fen: int = 100_000, step_fen: int = 100) -> Cliffs:
    """Tiers of a file: up to so much a month, so much."""
    tiers = [{"up_to_fen": end, "amount_fen": amount} for end, amount in rungs]
    return Cliffs.model_validate(
        {"persons": (1,), "rent_fen": rent_fen, "step_fen": step_fen, "tiers": tuple(tiers)}
    )


def law(name: str, which: str, persons: tuple[int, ...] = (1, 3)) -> tuple[Cliffs, Rule]:
    """A shipped law's subsidy for a flat of 50 m² at 40 yuan, or a rent of 3,000 yuan."""
    asked: dict[str, Any] = {"policy": name, "on": ON, "which": which, "area_cm2": 500_000}
    cliffs = Cliffs.model_validate({"persons": persons, "rent_fen": 300_000, "law": asked})
    tenancy = policies.load(name).in_force(ON).tenancy
    rule = tenancy.subsidy if which == "public" else tenancy.market_subsidy
    assert rule is not None
    return cliffs, rule


def test_both_sides_of_a_bound_by_hand() -> None:
    """1,900 yuan a month up to 2,700 a head, 1,600 above: 3,600 a year lost for a fen, regained 3,600 yuan later."""
    cliffs, rule = law("beijing", "market", (1,))
    first = cliffs_of(cliffs, rule).iloc[0].to_dict()
    assert first == {
        "persons": 1,
        "income_fen": 3_240_000,  # 2,700 x 12 yuan, inclusive
        "at_fen": 190_000,
        "above_fen": 160_000,
        "loss_fen": 360_000,
        "regained_fen": 3_600_000,
        "zone_fen": 359_999,
    }


def test_a_public_lease_by_hand() -> None:
    """50 m² at 40 yuan: 70 % of 2,000 yuan up to 1,200 a head, then 50 %."""
    cliffs, rule = law("beijing", "public", (2,))
    row = cliffs_of(cliffs, rule).iloc[0]
    assert row["income_fen"] == 1_200_00 * 12 * 2
    assert (row["at_fen"], row["above_fen"]) == (140_000, 100_000)


def test_a_loss_that_reaches_over_the_next_bound_is_regained_behind_both() -> None:
    """100 lost at 10, 50 more at 15: the fen a month are regained only where both losses are made up."""
    cliffs = schedule((10, 200), (15, 100), (None, 50))
    rows = cliffs_of(cliffs, None).set_index("income_fen")
    assert rows.loc[120, "regained_fen"] == 120 + 12 * 150
    assert rows.loc[180, "regained_fen"] == 180 + 12 * 50


def test_a_subsidy_that_rises_is_no_cliff() -> None:
    """It is told with a negative loss and no zone."""
    row = cliffs_of(schedule((10, 50), (20, 80)), None).iloc[0]
    assert row["loss_fen"] == -12 * 30
    assert row["zone_fen"] == 0


@pytest.mark.parametrize(("name", "which"), LAWS)
def test_the_laws_own_functions_and_the_tiers_as_written_tell_the_same(name: str, which: str) -> None:
    """At every income of both tables, on both sides of each bound, and where a household is as well off again."""
    cliffs, rule = law(name, which, (1, 2, 4))
    told = check.cliffs(cliffs, rule, cliffs_of(cliffs, rule), rates_of(cliffs, rule))
    assert told["bounds"] == 3 * len({tier.income_up_to_fen for tier in rule.tiers if not tier.statuses})


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 60)), min_size=1, max_size=4), st.booleans())
@settings(max_examples=150, deadline=None)
def test_cliffs_are_all_places_where_the_subsidy_changes(rungs: list[tuple[int, int]], is_open: bool) -> None:
    """Against every income of a small world, one fen a year after another."""
    ends = sorted({end for end, _ in rungs})
    amounts = [amount for _, amount in rungs][: len(ends)]
    amounts += [0] * (len(ends) - len(amounts))
    steps: list[tuple[int | None, int]] = list(zip(ends, amounts, strict=True))
    if is_open:
        steps[-1] = (None, steps[-1][1])
    cliffs = schedule(*steps, rent_fen=45, step_fen=1)
    top = 40 * MONTHS + 60 * MONTHS + 2
    every = subsidies(cliffs, None, 1, range(top)).tolist()
    net = [income + MONTHS * amount for income, amount in enumerate(every)]
    expected = {
        income: next(i for i in range(income + 1, top) if net[i] >= net[income])
        for income in range(top - 1)
        if every[income] > every[income + 1]
    }
    found = cliffs_of(cliffs, None)
    falls = found[found["loss_fen"] > 0]
    assert dict(zip(falls["income_fen"], falls["regained_fen"], strict=True)) == expected


def test_the_rate_says_what_a_raise_loses() -> None:
    """Of a raise of 1 yuan a month: 50 fen where it passes the bound, nothing before and after it."""
    rates = rates_of(schedule((1000, 500), (None, 450), step_fen=100), None).set_index("income_fen")
    assert rates.loc[1000 * 12, "rate_per_mille"] == 500
    assert rates.loc[(1000 - 100) * 12, "rate_per_mille"] == 0
    assert rates.loc[(1000 - 100) * 12 + 1, "rate_per_mille"] == 500
    assert rates.loc[1000 * 12 + 1, "rate_per_mille"] == 0


def test_a_figure_that_is_altered_does_not_check() -> None:
    """The check finds one fen."""
    cliffs, rule = law("beijing", "market")
    found, rates = cliffs_of(cliffs, rule), rates_of(cliffs, rule)
    for table, column in ((found, "above_fen"), (found, "regained_fen"), (rates, "subsidy_fen")):
        table.loc[3, column] -= 1
        with pytest.raises(RuntimeError, match="does not check"):
            check.cliffs(cliffs, rule, found, rates)
        table.loc[3, column] += 1
    check.cliffs(cliffs, rule, found, rates)
