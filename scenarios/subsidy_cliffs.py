"""Tiers and cliffs: where a yuan more of income costs more than a yuan, to the fen, by the law's own functions.

The law compares a year's income; so incomes here are of a year and a household, and a cliff lies between a bound (inclusive,
as the law says) and one fen more a year. Schedules in the file compare a month's income: a fen of it is twelve a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator import policy as policies
from allocator.policy.faults import Faults
from allocator.policy.model import MarketSubsidyRules, SubsidyRules
from allocator.tenancies.market_subsidies import monthly_market_subsidy_fen
from allocator.tenancies.subsidies import monthly_subsidy_fen
from scenarios.overlay import overlaid
from scenarios.subsidy_chains import Ints
from scenarios.subsidy_lab_files import Cliffs, Law, SubsidyFile

MONTHS: Final = 12
_BEYOND: Final = Fraction(6, 5)  # of the last bound: how far rates are told
_MOST_POINTS: Final = 2000
Rule = SubsidyRules | MarketSubsidyRules


def law_of(asked: SubsidyFile, file: str, faults: Faults) -> Rule | None:
    """The rule in force on that day, with the file's changes laid over it; ``None``: a schedule, or a fault."""
    if asked.cliffs is None or asked.cliffs.law is None:
        return None
    law = asked.cliffs.law
    book = policies.load(law.policy)
    book.in_force(law.on)
    origins = [(file, f"policy.{number}") for number in range(len(asked.policy))]
    found = overlaid(book, asked.policy, [law.on] * len(asked.policy), origins, faults).in_force(law.on)
    rule = found.tenancy.subsidy if law.which == "public" else found.tenancy.market_subsidy
    key = "cliffs.law.which"
    if rule is None:
        faults.add("subsidylab_no_rule", file, key, value=law.which, policy=law.policy, on=_day(law.on))
    elif not bounds_of(rule):
        faults.add("subsidylab_no_bounds", file, key, value=law.which, policy=law.policy, on=_day(law.on))
    return rule


def _day(on: date) -> str:
    return on.isoformat()


def bounds_of(rule: Rule) -> list[int]:
    """Bounds of monthly income per head in the law's tiers, rising, in fen."""
    ends = {
        bound
        for tier in rule.tiers
        if not tier.statuses
        for bound in (tier.income_above_fen, tier.income_up_to_fen)
    }
    return sorted(bound for bound in ends if bound is not None)


def subsidies(cliffs: Cliffs, rule: Rule | None, persons: int, yearly_fen: Sequence[int]) -> Ints:
    """Subsidy a month at each income a year, ``(n,)`` int64 fen: nothing else bars it."""
    if rule is None:
        return np.array([_of_schedule(cliffs, income) for income in yearly_fen], np.int64)
    law = cliffs.law
    assert law is not None
    frame = _frame(law, cliffs, persons, yearly_fen)
    if isinstance(rule, SubsidyRules):
        amounts = monthly_subsidy_fen(frame, rule)["subsidy_fen"].to_numpy(dtype=np.int64)
        return np.minimum(amounts, cliffs.rent_fen)
    amounts = monthly_market_subsidy_fen(frame, rule)["subsidy_fen"].to_numpy(dtype=np.int64)
    return np.minimum(amounts, cliffs.rent_fen)


def _frame(law: Law, cliffs: Cliffs, persons: int, yearly_fen: Sequence[int]) -> pd.DataFrame:
    """Households that differ in income alone: no certificate, no home, no assets, no owned area."""
    num = len(yearly_fen)
    columns: dict[str, Any] = {
        "income_per_year_fen": pd.array(list(yearly_fen), dtype="Int64"),
        "assets_fen": pd.array([0] * num, dtype="Int64"),
        "benefit_status": pd.array(["none"] * num, dtype="str"),
        "num_persons": np.full(num, persons, np.int64),
        "has_home": pd.array([False] * num, dtype="boolean"),
        "steps_up": np.zeros(num, np.bool_),
        "area_cm2": np.full(num, law.area_cm2, np.int64),
        "rent_per_m2_fen": np.full(num, law.rent_per_m2_fen, np.int64),
        "is_bed": np.zeros(num, np.bool_),
        "rent_fen": np.full(num, cliffs.rent_fen, np.int64),
        "owned_area_cm2": pd.array([0] * num, dtype="Int64"),
        "district": pd.array(["-"] * num, dtype="str"),
    }
    return pd.DataFrame(columns)


def _of_schedule(cliffs: Cliffs, yearly_fen: int) -> int:
    for rung in cliffs.tiers:
        if rung.up_to_fen is None or yearly_fen <= rung.up_to_fen * MONTHS:
            return min(rung.amount_fen, cliffs.rent_fen)
    return 0


def ends_of(cliffs: Cliffs, rule: Rule | None, persons: int) -> list[int]:
    """Incomes a year of the household that are the last of their tier, rising."""
    if rule is None:
        return [rung.up_to_fen * MONTHS for rung in cliffs.tiers if rung.up_to_fen is not None]
    return [bound * MONTHS * persons for bound in bounds_of(rule)]


def cliffs_of(cliffs: Cliffs, rule: Rule | None) -> pd.DataFrame:
    """One row per size of household and bound at which the subsidy changes.

    ``income_fen`` a year at the bound; ``at_fen`` and ``above_fen`` the subsidy a month there and one fen of income
    above it; ``loss_fen`` a year; ``regained_fen``: the least income a year above the bound at which the household
    has as much again, ``None`` where a richer one never has; ``zone_fen``: incomes a year in between.
    """
    rows = []
    for persons in cliffs.persons:
        ends = ends_of(cliffs, rule, persons)
        at = subsidies(cliffs, rule, persons, ends)
        above = subsidies(cliffs, rule, persons, [end + 1 for end in ends])
        for place, end in enumerate(ends):
            loss = MONTHS * int(at[place] - above[place])
            if loss == 0:
                continue
            regained = _regained(end, int(at[place]), ends, above.tolist()) if loss > 0 else end + 1
            rows.append(
                {
                    "persons": persons,
                    "income_fen": end,
                    "at_fen": int(at[place]),
                    "above_fen": int(above[place]),
                    "loss_fen": loss,
                    "regained_fen": regained,
                    "zone_fen": regained - end - 1,
                }
            )
    return pd.DataFrame(
        rows, columns=["persons", "income_fen", "at_fen", "above_fen", "loss_fen", "regained_fen", "zone_fen"]
    )


def _regained(end: int, at: int, ends: list[int], above: list[int]) -> int:
    """The least income above ``end`` with which income and subsidies of a year are no less than at ``end``."""
    wanted = end + MONTHS * at
    starts = [(start, amount) for start, amount in zip(ends, above, strict=True) if start >= end]
    for place, (start, amount) in enumerate(starts):
        needed = max(start + 1, wanted - MONTHS * amount)
        if place + 1 == len(starts) or needed <= starts[place + 1][0]:
            return needed
    raise RuntimeError("above the last bound income alone makes up for any loss")


def rates_of(cliffs: Cliffs, rule: Rule | None) -> pd.DataFrame:
    """Along incomes a month, every ``step_fen``, on both sides of each bound, and where a step first passes it.

    ``income_fen`` a year, ``subsidy_fen`` a month, ``net_fen`` a month (income less rent and with the subsidy, half up),
    ``rate_per_mille``: of ``step_fen`` more of income a month, so many thousandths are lost in subsidy.
    """
    frames = []
    for persons in cliffs.persons:
        ends = ends_of(cliffs, rule, persons)
        top = max(int(ends[-1] * _BEYOND) if ends else 0, MONTHS * cliffs.rent_fen * 2)
        step = MONTHS * cliffs.step_fen * -(-top // (MONTHS * cliffs.step_fen * _MOST_POINTS))
        passing = (max(0, end - MONTHS * cliffs.step_fen + 1) for end in ends)
        incomes = sorted({*range(0, top + 1, step), *ends, *(end + 1 for end in ends), *passing})
        here = subsidies(cliffs, rule, persons, incomes)
        later = subsidies(cliffs, rule, persons, [income + MONTHS * cliffs.step_fen for income in incomes])
        yearly = np.array(incomes, np.int64)
        net = (2 * yearly + MONTHS) // (2 * MONTHS) - cliffs.rent_fen + here
        rate = (2000 * (here - later) + cliffs.step_fen) // (2 * cliffs.step_fen)
        frames.append(
            pd.DataFrame(
                {
                    "persons": persons,
                    "income_fen": yearly,
                    "subsidy_fen": here,
                    "net_fen": net,
                    "rate_per_mille": rate,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
