"""The subsidy laboratory: one file's questions, answered, every figure checked by other code before it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pandas as pd

from allocator.errors import NoAllocation
from allocator.policy.faults import Faults
from scenarios import subsidy_forms as forms
from scenarios import subsidy_lab_check as check
from scenarios.comparisons import csv_of
from scenarios.ownership_prices import half_up
from scenarios.results import as_json, write_whole
from scenarios.subsidy_chains import (
    COUNT,
    EXCESS,
    GREATEST,
    Chain,
    Rules,
    chains_of,
    combined,
    laid_out,
    weights,
)
from scenarios.subsidy_cliffs import Rule, cliffs_of, law_of, rates_of
from scenarios.subsidy_frontier import GREATEST_WORK, Frontier, frontier, work_of
from scenarios.subsidy_lab_files import GREATEST_LOTS, SubsidyFile, Tiers, read
from scenarios.subsidy_people import People, people_of
from scenarios.subsidy_plan import Plan, planned, smallest_budget
from scenarios.subsidy_search import best, relaxed, told
from scenarios.toml_files import flat

FORMAT: Final = "allocator-subsidy-result/1"
RESULT, MEASURES = "result.json", "measures.csv"
GREATEST_CELLS: Final = 20_000


@dataclass(frozen=True, eq=False)
class Asked:
    """A file that was found sound, with what it names: households, the law's rule, chains of cells."""

    file: SubsidyFile
    people: People | None
    rule: Rule | None
    chains: Sequence[Chain]

    @property
    def rules(self) -> Rules:
        """Of the tiers asked for."""
        tiers = self.file.tiers
        assert tiers is not None
        return Rules(tiers.paid_fen, tiers.threshold, tiers.aims, tiers.slope, tiers.poorer_never_less)


@dataclass(frozen=True, eq=False)
class Answer:
    """``document``: single figures; ``tables``: name of the file without ending -> rows; ``frontier``: where asked."""

    document: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    frontier: Frontier | None = None

    def measures(self) -> pd.DataFrame:
        """Every figure but the courses over income as one long table: measure, value (text)."""
        rows = [(name, _plain(value)) for name, value in flat(self.document)]
        for name in ("forms", "cliffs", "frontier"):
            if name in self.tables:
                for number, row in enumerate(self.tables[name].to_dict("records"), start=1):
                    rows += [(f"{name}.{number}.{key}", _plain(value)) for key, value in row.items()]
        return pd.DataFrame(rows, columns=["measure", "value"])


def checked(place: Path, faults: Faults) -> Asked | None:
    """The file with what it names, or ``None`` and every fault with file, key and cure."""
    file = read(place, faults)
    if file is None:
        return None
    rule = law_of(file, place.name, faults)
    people = None if file.population is None else people_of(file.population, place.parent, faults)
    return asked_of(file, people, rule, place.name, faults)


def asked_of(
    file: SubsidyFile, people: People | None, rule: Rule | None, name: str, faults: Faults
) -> Asked | None:
    """The document ``name`` asked about these households, or ``None`` and why it is too large."""
    chains: Sequence[Chain] = ()
    if people is not None and file.forms is not None and file.forms.draws * len(people) > GREATEST_LOTS:
        faults.add("subsidylab_lots", name, "forms.draws", households=len(people), greatest=GREATEST_LOTS)
    if people is not None and file.tiers is not None:
        chains = chains_of(people.cells(), file.tiers.amounts_fen, file.tiers.pass_through)
        _check_size(Asked(file, people, rule, chains), name, faults)
    return None if len(faults) else Asked(file, people, rule, chains)


def _check_size(asked: Asked, file: str, faults: Faults) -> None:
    """What the search could not tell or hold is refused before."""
    tiers = asked.file.tiers
    assert tiers is not None
    cells = sum(len(chain.num) for chain in asked.chains)
    if cells > GREATEST_CELLS:
        faults.add("subsidylab_cells", file, "population", found=cells, greatest=GREATEST_CELLS)
        return
    try:
        combined(asked.chains, asked.rules)
    except OverflowError:
        faults.add("subsidylab_threshold_fine", file, "tiers.threshold", value=str(tiers.threshold))
    work = work_of(asked.chains)
    if tiers.frontier is not None and work > GREATEST_WORK:
        faults.add("subsidylab_work", file, "tiers.frontier", found=work, greatest=GREATEST_WORK)


def sound(asked: Asked) -> dict[str, Any]:
    """What is asked, of how many: the head of the result."""
    people = asked.people
    law = asked.file.cliffs.law if asked.file.cliffs is not None else None
    return {
        "format": FORMAT,
        "name": asked.file.name,
        "households": 0 if people is None else len(people),
        "cells": sum(len(chain.num) for chain in asked.chains),
        "policy": None if law is None else law.policy,
        "on": None if law is None else law.on.isoformat(),
        "asks": [name for name in ("forms", "cliffs", "tiers") if getattr(asked.file, name) is not None],
    }


def answered(asked: Asked) -> Answer:
    """Everything asked of the file; it was checked before. Raises ``NoAllocation`` where no plan is within the budget."""
    document, tables = sound(asked), dict[str, pd.DataFrame]()
    checks: dict[str, Any] = {}
    every: Frontier | None = None
    if asked.file.forms is not None:
        document["forms"], checks["forms"] = _forms(asked, tables)
    if asked.file.cliffs is not None:
        document["cliffs"], checks["cliffs"] = _cliffs(asked, tables)
    if asked.file.tiers is not None:
        document["tiers"], checks["tiers"] = _tiers(asked, asked.file.tiers, tables)
        if asked.file.tiers.frontier is not None:
            every = frontier(asked.chains, replace(asked.rules, aims=(COUNT,)))
            checks["frontier"] = _frontier(asked, every, document["tiers"], tables)
    return Answer(document | {"check": checks}, tables, every)


def _forms(asked: Asked, tables: dict[str, pd.DataFrame]) -> tuple[dict[str, Any], dict[str, Any]]:
    people, wanted = asked.people, asked.file.forms
    assert people is not None
    assert wanted is not None
    amounts = forms.amounts_of(people, wanted)
    draws = forms.simulated(people, wanted, amounts)
    found = forms.spread_of(draws)
    told_by = check.forms(people, wanted, amounts, draws)
    sizes = people.persons.astype(int)
    tables["forms"] = found
    tables["draws"] = draws[draws["decile"] == forms.EVERYBODY].drop(columns="decile").reset_index(drop=True)
    everybody = found[found["decile"] == forms.EVERYBODY].set_index(["form", "measure"])
    single: dict[str, Any] = {}
    for form in forms.FORMS:
        rows = everybody.loc[form]
        single[form] = {
            name: {end: int(rows.loc[name, end]) for end in ("mean", "low", "high")} for name in rows.index
        }
        cost, gain, takers = (single[form][name]["mean"] for name in ("cost_fen", "gain_fen", "takers"))
        single[form]["cost_per_gain_per_mille"] = None if not gain else half_up(Fraction(1000 * cost, gain))
        of_units = single["unit"]["cost_fen"]["mean"]
        single[form]["takers_for_cost_of_units"] = None if cost <= 0 else of_units * takers // cost
    even = forms.break_even_pass_through(amounts, wanted)
    return {
        "benefit_mean_fen": half_up(Fraction(int(amounts.benefit.sum()), len(sizes))),
        "voucher_mean_fen": half_up(Fraction(int(amounts.paid.sum()), len(sizes))),
        "unit_cost_mean_fen": half_up(Fraction(int((amounts.cost - amounts.rent).sum()), len(sizes))),
        "break_even_pass_through": None if even is None else f"{float(even):.4f}",
        **single,
    }, told_by


def _cliffs(asked: Asked, tables: dict[str, pd.DataFrame]) -> tuple[dict[str, Any], dict[str, Any]]:
    wanted = asked.file.cliffs
    assert wanted is not None
    found, rates = cliffs_of(wanted, asked.rule), rates_of(wanted, asked.rule)
    told_by = check.cliffs(wanted, asked.rule, found, rates)
    tables["cliffs"], tables["rates"] = found, rates
    falls = found[found["loss_fen"] > 0]
    worst = falls.loc[falls["loss_fen"].idxmax()] if len(falls) else None
    return {
        "cliffs": len(falls),
        "greatest_loss_fen": 0 if worst is None else int(worst["loss_fen"]),
        "greatest_zone_fen": int(falls["zone_fen"].max()) if len(falls) else 0,
        "greatest_rate_per_mille": int(rates["rate_per_mille"].max()),
    }, told_by


def _tiers(
    asked: Asked, wanted: Tiers, tables: dict[str, pd.DataFrame]
) -> tuple[dict[str, Any], dict[str, Any]]:
    plan = planned(asked.chains, asked.rules)
    if plan is None:
        least = smallest_budget(asked.chains) * wanted.take_up
        raise NoAllocation("subsidylab_infeasible", budget=-int(-least // 1))
    tables["tiers"] = table_of(plan, wanted)
    total = sum(int(chain.num.sum()) for chain in asked.chains)
    unit = asked.rules.threshold.denominator
    single: dict[str, Any] = {
        "status": plan.status,
        "is_unique": plan.is_unique,
        "budget_fen": wanted.budget_fen,
        "payable_fen": wanted.paid_fen,
        "cost_fen": plan.cost_fen,
        "households": total,
    }
    if COUNT in plan.reached:
        single["at_or_below"] = total - plan.reached[COUNT]
        single["at_or_below_at_most"] = total - plan.floors[COUNT]
    else:
        single["at_or_below"] = total - _above(plan)
    if EXCESS in plan.reached:
        single["excess_fen"] = half_up(Fraction(plan.reached[EXCESS], unit))
        single["excess_at_least_fen"] = half_up(Fraction(plan.floors[EXCESS], unit))
    if GREATEST in wanted.aims:
        single["greatest_burden"] = None if plan.greatest is None else str(plan.greatest)
    single["price"] = price_of(asked)
    return single, check.tiers(tables["tiers"], wanted, single)


def _above(plan: Plan) -> int:
    return sum(
        int(weights(chain, COUNT, plan.rules.threshold)[range(len(taken)), taken].sum())
        for chain, taken in zip(plan.chains, plan.options, strict=True)
    )


def table_of(plan: Plan, wanted: Tiers) -> pd.DataFrame:
    """One row per cell: persons, rent, income, households, tier (from 0), amount, what is paid, rent left, burden."""
    rows = [
        (
            chain.persons,
            chain.rent_fen,
            int(chain.income_fen[place]),
            int(chain.num[place]),
            int(chain.tier[option]),
            wanted.amounts_fen[int(chain.tier[option])],
            int(chain.paid_fen[option]),
            int(chain.left_fen[option]),
        )
        for chain, taken in zip(plan.chains, plan.options, strict=True)
        for place, option in enumerate(taken.tolist())
    ]
    names = ["persons", "rent_fen", "income_fen", "households", "tier", "amount_fen", "paid_fen", "left_fen"]
    return pd.DataFrame(rows, columns=names)


def price_of(asked: Asked) -> dict[str, Any]:
    """What the last yuan lifts, in the relaxation (the concave hull's slope), and what GLOP's dual says of it."""
    rules = replace(asked.rules, aims=(COUNT,))
    problem = laid_out(asked.chains, rules, None, {COUNT: 1})
    start = relaxed(problem)
    assert start is not None
    fen = None if start.price == 0 else half_up(1 / start.price)
    return {
        "fen_per_household": fen,
        "relaxation_households": check.relaxation_of(asked.chains, rules, start.price),
    }


def _frontier(
    asked: Asked, points: Frontier, single: dict[str, Any], tables: dict[str, pd.DataFrame]
) -> dict[str, Any]:
    """Budgets at a grid, each solved by the search and held against every point told by the dense program."""
    wanted, rules = asked.file.tiers, replace(asked.rules, aims=(COUNT,))
    assert wanted is not None
    assert wanted.frontier is not None
    first, last = int(points.cost_fen[0]), int(points.cost_fen[-1])
    num = wanted.frontier.points - 1
    rows = []
    for number in range(num + 1):
        budget = first + (last - first) * number // num
        problem = laid_out(asked.chains, replace(rules, budget=budget), None, {COUNT: 1})
        found = best(problem)
        assert found is not None
        above, cost = told(problem, found.options)
        rows.append(_row(points, budget, points.total - above, cost))
    tables["frontier"] = pd.DataFrame(rows).astype("Int64")
    tables["points"] = pd.DataFrame({"households": points.num, "cost_fen": points.cost_fen})
    at = points.at(asked.rules.budget)
    single["next"] = {"most_households": int(points.num[at])} | _next(points, asked.rules.budget)
    return check.frontier(asked.chains, rules, tables["frontier"], points)


def _row(points: Frontier, budget: int, households: int, cost: int) -> dict[str, Any]:
    slope, height = points.slope_at(budget)
    return {
        "budget_fen": budget,
        "households": households,
        "share_per_mille": half_up(Fraction(1000 * households, points.total)),
        "cost_fen": cost,
        "relaxation_households": int(height),
        "fen_per_household": None if slope == 0 else half_up(1 / slope),
        **_next(points, budget),
    }


def _next(points: Frontier, budget: int) -> dict[str, int | None]:
    """The discrete margin: how many more the next step lifts, what it costs more, and what is missing for it."""
    at = points.at(budget)
    if at + 1 == len(points.num):
        return {"next_households": None, "next_fen": None, "missing_fen": None}
    return {
        "next_households": int(points.num[at + 1] - points.num[at]),
        "next_fen": int(points.cost_fen[at + 1] - points.cost_fen[at]),
        "missing_fen": int(points.cost_fen[at + 1]) - budget,
    }


def write(folder: Path, answer: Answer) -> None:
    """A CSV for each table, ``measures.csv``, and ``result.json`` last; each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in answer.tables.items():
        write_whole(folder / f"{name}.csv", csv_of(table))
    write_whole(folder / MEASURES, csv_of(answer.measures()))
    write_whole(folder / RESULT, as_json(answer.document))


def _plain(value: object) -> str:
    return "-" if value is None or value is pd.NA else str(value)
