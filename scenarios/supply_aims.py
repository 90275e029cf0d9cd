"""The supply mix as whole-number programs, one after another: shortage, cost, then the smallest starts."""

from __future__ import annotations

from typing import Any

from ortools.sat.python import cp_model

from scenarios.exact import Stages
from scenarios.supply_mix import Plan, starts_at_most, whole_lands


def chosen(plan: Plan) -> list[list[int]]:
    """Starts per mode and period. Raises ``NoAllocation`` where a limit was reached."""
    model = cp_model.CpModel()
    most = starts_at_most(plan)
    starts = [[model.new_int_var(0, limit, "") for limit in row] for row in most]
    _keep_land(model, plan, starts)
    shortages = [_keep_period(model, plan, starts, period) for period in range(plan.num_periods)]
    stages = Stages(model, [*(x for row in starts for x in row), *shortages])
    stages.least(cp_model.LinearExpr.sum(shortages), 0)
    stages.least(_cost(plan, starts), 0)
    digits = [
        (x, limit)
        for row, limits in zip(starts, most, strict=True)
        for x, limit in zip(row, limits, strict=True)
        if limit
    ]
    stages.smallest(digits)
    return [[stages.value(x) for x in row] for row in starts]


def _keep_land(model: cp_model.CpModel, plan: Plan, starts: list[list[Any]]) -> None:
    scale, lands = whole_lands(plan)
    taken = sum(land * x for land, row in zip(lands, starts, strict=True) for x in row if land)
    if any(lands):
        model.add(taken <= int(plan.land * scale))


def _keep_period(model: cp_model.CpModel, plan: Plan, starts: list[list[Any]], period: int) -> Any:
    """Hold the period to its money and give its shortage."""
    money: list[Any] = []
    units: list[Any] = []
    for mode, row in zip(plan.modes, starts, strict=True):
        standing = row[: max(0, period - mode.lead + 1)]
        if mode.capex_fen[period]:
            money.append(mode.capex_fen[period] * row[period])
        if mode.opex_fen:
            money += [mode.opex_fen * x for x in standing]
        if mode.units:
            units += [mode.units * x for x in standing]
    if money:
        model.add(cp_model.LinearExpr.sum(money) <= plan.budget_fen[period])
    demand = plan.demand[period]
    shortage = model.new_int_var(0, demand, "")
    model.add(shortage + cp_model.LinearExpr.sum(units) >= demand)
    return shortage


def _cost(plan: Plan, starts: list[list[Any]]) -> Any:
    terms = [
        (mode.capex_fen[period] + mode.opex_fen * plan.standing(mode, period)) * x
        for mode, row in zip(plan.modes, starts, strict=True)
        for period, x in enumerate(row)
    ]
    return cp_model.LinearExpr.sum(terms)
