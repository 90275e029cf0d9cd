"""Every published figure of the subsidy laboratory told again by other code: plain numbers, one row at a time.

What does not agree is a bug (``RuntimeError``): nothing is shown then. Each function gives what was held against what.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor, sqrt
from typing import Any, Final

import pandas as pd

from allocator.policy.model import SubsidyRules
from scenarios.subsidy_lab_files import Cliffs, Forms, Tiers
from scenarios.subsidy_proof import floor_of, keeps

_NEAR: Final = 1e-6  # of the solver's floating point
_MOST_ERRORS: Final = 6  # standard errors: beyond, a closed form and its draws do not tell the same
_MONTHS: Final = 12
_CM2_PER_M2: Final = 10_000


def agree(what: str, found: object, again: object) -> None:
    """Raise where a figure is not the one told again."""
    if found != again:
        raise RuntimeError(f"a figure does not check: {what}: {found} is told again as {again}")


def _half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def tiers(table: pd.DataFrame, wanted: Tiers, single: dict[str, Any]) -> dict[str, Any]:
    """The plan's own figures from its table: amounts, budget, aims, rules of equity."""
    rows = table.to_dict("records")
    cost = count = 0
    excess, greatest = Fraction(0), Fraction(0)
    for row in rows:
        amount, rent, income = wanted.amounts_fen[row["tier"]], row["rent_fen"], row["income_fen"]
        raised = rent + _half_up(wanted.pass_through * amount)
        agree("paid_fen", row["paid_fen"], min(amount, raised))
        agree("left_fen", row["left_fen"], max(0, raised - amount))
        over = row["left_fen"] - wanted.threshold * income
        cost += row["households"] * row["paid_fen"]
        count += row["households"] * (over <= 0)
        excess += row["households"] * max(Fraction(0), over)
        if income:
            greatest = max(greatest, Fraction(row["left_fen"], income))
    agree("cost_fen", single["cost_fen"], cost)
    agree("within budget", cost * wanted.take_up <= wanted.budget_fen, True)
    agree("at_or_below", single["at_or_below"], count)
    agree("excess_fen", single.get("excess_fen", _half_up(excess)), _half_up(excess))
    if single.get("greatest_burden") is not None:
        agree("greatest_burden", Fraction(single["greatest_burden"]) >= greatest, True)
    equity(rows, wanted)
    return {"cells": len(rows), "neighbours": len(rows) - len({(r["persons"], r["rent_fen"]) for r in rows})}


def equity(rows: Sequence[dict[str, Any]], wanted: Tiers) -> None:
    """Each cell beside its next richer one of the same size and rent; equal households stand in one row."""
    groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row in rows:
        groups.setdefault((row["persons"], row["rent_fen"]), []).append((row["income_fen"], row["paid_fen"]))
    for key, group in groups.items():
        group.sort()
        for (income, paid), (richer, less) in pairwise(group):
            agree(f"equals equal in {key}", income < richer, True)
            agree(f"equity in {key}", keeps(paid, less, richer - income, wanted), True)


def relaxation_of(chains: Sequence[Any], rules: Any, price: Fraction) -> int:
    """Households at or below the threshold in the relaxation, rounded down: by duality, and GLOP finds the same."""
    from scenarios.subsidy_relaxation import relaxation

    total = sum(int(chain.num.sum()) for chain in chains)
    exact = total - floor_of(chains, rules, None, {"count": 1}, price)
    value = relaxation(chains, rules).value
    agree("relaxation by GLOP", abs(value - float(exact)) <= _NEAR * max(1.0, float(total)), True)
    return floor(exact)


def frontier(chains: Sequence[Any], rules: Any, table: pd.DataFrame, points: Any) -> dict[str, Any]:
    """Each budget: search and dense program give the same plan's figures; the hull is proven by duality; all rise."""
    proven = 0
    before = -1
    for row in table.to_dict("records"):
        budget = int(row["budget_fen"])
        at = points.at(budget)
        agree("households", int(row["households"]), int(points.num[at]))
        agree("cost_fen", int(row["cost_fen"]), int(points.cost_fen[at]))
        agree("a greater budget lifts no fewer", int(row["households"]) >= before, True)
        before = int(row["households"])
        slope, height = points.slope_at(budget)
        priced = _Priced(rules, budget)
        agree("hull", points.total - floor_of(chains, priced, None, {"count": 1}, slope), height)
        proven += floor(height) == before
    return {"points": len(table), "all_points": len(points.num), "proven_by_price_alone": proven}


class _Priced:
    """The rules at another budget."""

    def __init__(self, rules: Any, budget: int) -> None:
        self.budget, self.threshold = budget, rules.threshold
        self.slope, self.poorer_never_less = rules.slope, rules.poorer_never_less


def forms(people: Any, wanted: Forms, amounts: Any, draws: pd.DataFrame) -> dict[str, Any]:
    """Amounts household by household in fractions; cost and gain of vouchers and relief beside their closed form."""
    rows = list(
        zip(people.persons.tolist(), people.income_fen.tolist(), people.rent_fen.tolist(), strict=True)
    )
    benefits = _benefits(rows, wanted)
    rise = Fraction(_half_up(wanted.assumed_pass_through * 10**6), 10**6)
    for place, ((_, _, rent), benefit) in enumerate(zip(rows, benefits, strict=True)):
        agree("benefit", int(amounts.benefit[place]), benefit)
        paid = int(amounts.paid[place])
        agree("voucher", paid <= rent and (paid == rent or paid - _half_up(rise * paid) >= benefit), True)
        agree("least voucher", paid == 0 or paid - 1 - _half_up(rise * (paid - 1)) < benefit, True)
        agree("relief", int(amounts.relief[place]), min(benefit, rent))
    everybody = draws[draws["decile"] == 0]
    for name in ("takers", "gain_fen", "cost_fen", "more", "less"):
        deciles = draws[draws["decile"] > 0].groupby(["draw", "form"])[name].sum()
        agree(f"deciles of {name}", deciles.to_dict(), everybody.set_index(["draw", "form"])[name].to_dict())
    closed = _closed(amounts, wanted)
    slack = len(rows)  # each household's gain is rounded to the fen
    found = {}
    for form, figures in closed.items():
        rows_of = everybody[everybody["form"] == form]
        found[form] = {
            name: _beside(closed_fen, rows_of[name].tolist(), slack, f"{form}.{name}")
            for name, closed_fen in figures.items()
        }
    return found


def _benefits(rows: Sequence[tuple[int, int, int]], wanted: Forms) -> list[int]:
    unit = wanted.unit
    valued = Fraction(_half_up(unit.valued[1] * 10**6), 10**6)
    own = []
    for persons, income, _ in rows:
        worth = unit.worth_fen[min(persons, len(unit.worth_fen)) - 1]
        rent = min(
            unit.rent_fen[min(persons, len(unit.rent_fen)) - 1], floor(unit.rent_income_share * income)
        )
        own.append(max(0, _half_up(worth * valued) - rent))
    if wanted.alike == "household":
        return own
    group = [persons if wanted.alike == "persons" else 0 for persons, _, _ in rows]
    sums: dict[int, list[int]] = {}
    for key, benefit in zip(group, own, strict=True):
        sums.setdefault(key, []).append(benefit)
    means = {key: _half_up(Fraction(sum(values), len(values))) for key, values in sums.items()}
    return [means[key] for key in group]


def _closed(amounts: Any, wanted: Forms) -> dict[str, dict[str, Fraction]]:
    """Means over the draws, roundings of single amounts left aside: independent triangular parameters.

    Vouchers have none where the greatest pass-through leaves somebody nothing: who gains nothing does not take it.
    """
    voucher, relief = wanted.voucher, wanted.relief
    paid, helped = amounts.paid.tolist(), amounts.relief.tolist()
    takes, takes_relief = sum(voucher.take_up) / 3, sum(relief.take_up) / 3
    rise, most = sum(voucher.pass_through) / 3, voucher.pass_through[2]
    num, num_relief = (sum(amount > 0 for amount in row) for row in (paid, helped))
    found = {
        "relief": {
            "cost_fen": takes_relief * (relief.compensation * sum(helped) + relief.admin_fen * num_relief),
            "gain_fen": takes_relief * sum(helped),
        }
    }
    if all(amount - _half_up(most * amount) > 0 for amount in paid if amount):
        costs = takes * (sum(paid) + voucher.admin_fen * num)
        found["voucher"] = {"cost_fen": costs, "gain_fen": takes * (1 - rise) * sum(paid)}
    return found


def _beside(closed: Fraction, drawn: list[int], slack: int, what: str) -> dict[str, int]:
    mean = sum(drawn) / len(drawn)
    error = sqrt(sum((value - mean) ** 2 for value in drawn) / (len(drawn) - 1) / len(drawn))
    is_near = abs(mean - float(closed)) <= _MOST_ERRORS * error + slack
    agree(f"closed form of {what}", is_near, True)
    return {"closed_fen": _half_up(closed), "drawn_fen": round(mean), "standard_error_fen": ceil(error)}


def cliffs(wanted: Cliffs, rule: Any, found: pd.DataFrame, rates: pd.DataFrame) -> dict[str, Any]:
    """Amounts at every income of both tables from the tiers themselves, and what ``regained`` claims by definition."""
    step = _MONTHS * wanted.step_fen
    for row in rates.to_dict("records"):
        persons, income = row["persons"], row["income_fen"]
        here = amount_again(wanted, rule, persons, income)
        later = amount_again(wanted, rule, persons, income + step)
        agree("subsidy_fen", row["subsidy_fen"], here)
        agree("net_fen", row["net_fen"], _half_up(Fraction(income, _MONTHS)) - wanted.rent_fen + here)
        agree("rate", row["rate_per_mille"], _half_up(Fraction(1000 * (here - later), wanted.step_fen)))
    for row in found.to_dict("records"):
        persons, end, again = row["persons"], row["income_fen"], row["regained_fen"]
        at, above = (amount_again(wanted, rule, persons, income) for income in (end, end + 1))
        agree("both sides of a bound", (row["at_fen"], row["above_fen"]), (at, above))
        agree("loss_fen", row["loss_fen"], _MONTHS * (at - above))
        if row["loss_fen"] > 0:
            had = end + _MONTHS * at
            agree("regained", again + _MONTHS * amount_again(wanted, rule, persons, again) >= had, True)
            others = [other for other in found["income_fen"].tolist() if end < other < again]
            for income in (*others, again - 1):
                has = income + _MONTHS * amount_again(wanted, rule, persons, income)
                agree("not regained before", has < had or income == end, True)
    return {"incomes": len(rates), "bounds": len(found)}


def amount_again(wanted: Cliffs, rule: Any, persons: int, yearly: int) -> int:
    """The subsidy of a month by the tiers as they are written, for a household that nothing else bars."""
    if rule is None:
        rungs = [
            rung for rung in wanted.tiers if rung.up_to_fen is None or yearly <= _MONTHS * rung.up_to_fen
        ]
        return min(rungs[0].amount_fen, wanted.rent_fen) if rungs else 0
    head = Fraction(yearly, _MONTHS * persons)
    fitting = [
        tier
        for tier in rule.tiers
        if not tier.statuses
        and (tier.income_above_fen is None or head > tier.income_above_fen)
        and (tier.income_up_to_fen is None or head <= tier.income_up_to_fen)
    ]
    if not fitting or wanted.law is None:
        return 0
    (tier,) = fitting
    if isinstance(rule, SubsidyRules):
        area = min(wanted.law.area_cm2, rule.area_cap_cm2)
        share = Fraction(tier.share_per_mille * area * wanted.law.rent_per_m2_fen, 1000 * _CM2_PER_M2)
        return min(_half_up(share), wanted.rent_fen)
    if rule.form == "table_2020":
        amount = max((b.size_from, b.value) for b in tier.amounts_fen if b.size_from <= persons)[1]
        return int(min(amount, wanted.rent_fen))
    due = max(
        min(persons * (rule.area_per_person_cm2 or 0), rule.area_up_to_cm2 or 0), rule.area_at_least_cm2 or 0
    )
    return min(_half_up(Fraction(due * (tier.rate_per_m2_fen or 0), _CM2_PER_M2)), wanted.rent_fen)
