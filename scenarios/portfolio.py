"""The supply portfolio as an answer: what to start where and when, what is lacking, who pays, what a limit is worth.

Every figure but the prices and the solver's own bound is recomputed from the starts by ``portfolio_check``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pandas as pd

from allocator.policy.faults import Faults
from scenarios import portfolio_check as check
from scenarios.comparisons import csv_of
from scenarios.portfolio_check import Ledger, Started
from scenarios.portfolio_files import Portfolio, read
from scenarios.portfolio_search import Found, Told, found
from scenarios.portfolio_worth import worths
from scenarios.results import as_json, write_whole

FORMAT: Final = "allocator-portfolio-result/1"
PROOF_FORMAT: Final = "allocator-portfolio-proof/1"
RESULT, PROOF, STARTS, PERIODS, SITES, MEASURES = (
    "result.json",
    "proof.json",
    "starts.csv",
    "periods.csv",
    "sites.csv",
    "measures.csv",
)
PAYERS: Final = ("treasury_fen", "grant_fen", "interest_subsidy_fen", "partner_fen", "rent_fen")
_MILLION: Final = 10**6
_DIGITS: Final = 6


@dataclass(frozen=True, eq=False)
class Question:
    """A checked file and what a home is worth at each site."""

    asked: Portfolio
    worth: dict[str, int]


@dataclass(frozen=True, eq=False)
class Answer:
    """``document``: single figures; the tables by start, period and site; ``proof``: the prices that prove the bound."""

    document: dict[str, Any]
    starts: pd.DataFrame
    periods: pd.DataFrame
    sites: pd.DataFrame
    proof: dict[str, Any]

    def measures(self) -> pd.DataFrame:
        """Every single figure as one long table: measure, value (text)."""
        return pd.DataFrame(list(_flat(self.document)), columns=["measure", "value"])


def checked(place: Path, faults: Faults) -> Question | None:
    """The file with its worths, or ``None`` and every fault."""
    asked = read(place, faults)
    if asked is None:
        return None
    worth = worths(asked, place, faults)
    return None if len(faults) else Question(asked, worth)


def sound(question: Question) -> dict[str, Any]:
    """What is asked: the head of the result."""
    asked = question.asked
    return {
        "format": FORMAT,
        "name": asked.name,
        "periods": asked.run.periods,
        "modes": len(asked.modes),
        "sites": len(asked.sites),
        "cases": len(asked.demand),
        "worth": {site: question.worth[site] for site in sorted(question.worth)},
    }


def answered(question: Question, seconds: float | None = None, told_of: Told | None = None) -> Answer:
    """The plan and all that is said of it; ``told_of``: called with each step and its gap. Raises ``RuntimeError`` where the judge finds a limit broken (a bug)."""
    asked, worth = question.asked, question.worth
    plan = found(asked, worth, seconds, told_of)
    told = check.ledger(asked, plan.started)
    if check.breaches(asked, plan.started, told):
        raise RuntimeError("the plan breaks a limit of its file")
    document = sound(question) | _quality(question, plan) | _figures(question, told)
    return Answer(
        document,
        _starts(asked, plan.started),
        _periods(question, told, plan),
        _sites(question, plan, told),
        _proof(plan),
    )


def _quality(question: Question, plan: Found) -> dict[str, Any]:
    """How good the plan is proved to be."""
    asked, worth = question.asked, question.worth
    idle = check.weighted(check.lacking(asked, check.ledger(asked, [])), worth)
    nothing = check.aim(asked, idle)
    bound = min(plan.aim, plan.best_bound)
    gap = (plan.aim - bound) / plan.aim if plan.aim else Fraction(0)
    saved = nothing - plan.aim
    is_best = gap * 10**9 < 1
    return {
        "status": "OPTIMAL" if is_best else "FEASIBLE",
        "stopped": "time" if plan.is_limited else "gap" if gap <= asked.run.gap else "steps",
        "aim": _number(plan.aim),
        "aim_without_starts": _number(nothing),
        "gap": _up(gap),
        "gap_of_what_is_saved": _up((plan.aim - bound) / (saved + plan.aim - bound))
        if nothing > bound
        else 0.0,
        "bound_by_prices": _number(max(Fraction(0), plan.bound)),
        "gap_by_prices": _up((plan.aim - plan.bound) / plan.aim) if plan.aim else 0.0,
        "bound_by_solver": round(float(bound), 3),
    }


def _figures(question: Question, told: Ledger) -> dict[str, Any]:
    """Shortage and money of the plan, by the judge."""
    asked, worth = question.asked, question.worth
    short = check.lacking(asked, told)
    plain = {case: sum(sum(row) for row in by_site.values()) for case, by_site in short.items()}
    by_worth = check.weighted(short, worth)
    flows = told.flows
    return {
        "shortage": {
            "mean": _number(check.mean(asked, plain)),
            "tail": _number(check.tail(asked, plain)),
            "worst": max(plain.values()),
            "cases": dict(sorted(plain.items())),
        },
        "weighted_shortage": {
            "mean": _number(check.mean(asked, by_worth)),
            "tail": _number(check.tail(asked, by_worth)),
            "worst": max(by_worth.values()),
            "cases": dict(sorted(by_worth.items())),
        },
        "public_cost_fen": check.public_cost(told),
        "payers": {name: sum(flows[name]) for name in PAYERS},
        "borrowed_fen": sum(flows["borrowed_fen"]),
        "debt_at_the_end_fen": flows["debt_fen"][-1],
    }


def _starts(asked: Portfolio, started: list[Started]) -> pd.DataFrame:
    homes = {mode.mode: mode.dwellings for mode in asked.modes}
    rows = [
        (one.mode.value, int(one.is_renewal), one.site, one.period, one.starts, one.starts * homes[one.mode])
        for one in started
    ]
    return pd.DataFrame(rows, columns=["mode", "is_renewal", "site", "period", "starts", "homes"])


def _periods(question: Question, told: Ledger, plan: Found) -> pd.DataFrame:
    """One row per period: homes, shortage by course of demand, money by payer, limits and what they are worth."""
    asked = question.asked
    periods = asked.run.periods
    frame = pd.DataFrame({"period": range(periods)})
    frame["homes"] = [sum(column) for column in zip(*told.standing.values(), strict=True)]
    for case, by_site in sorted(check.lacking(asked, told).items()):
        frame[f"lacking_{case}"] = [sum(column) for column in zip(*by_site.values(), strict=True)]
    for name in check.FLOWS:
        frame[name] = told.flows[name]
    frame["budget_limit_fen"] = asked.limits.budget_fen.row(periods)
    prices = {"budget": plan.duals.budget, "service": plan.duals.service, "grant": plan.duals.grant}
    for name, by_period in prices.items():
        frame[f"{name}_price_per_million_fen"] = [_shown(_MILLION * price) for price in by_period.tolist()]
    return frame


def _sites(question: Question, plan: Found, told: Ledger) -> pd.DataFrame:
    """One row per site: worth, land and what a thousand m² more would save, homes at the end."""
    asked = question.asked
    land = {mode.mode: mode.land_m2 for mode in asked.modes}
    rows = []
    for number, site in enumerate(sorted(asked.sites, key=lambda site: site.name)):
        used = sum(
            one.starts * land[one.mode]
            for one in plan.started
            if one.site == site.name and not one.is_renewal
        )
        price = _shown(1000 * float(plan.duals.land[number]))
        homes = told.standing[site.name][-1]
        rows.append((site.name, question.worth[site.name], homes, used, site.land_m2, price))
    names = ["site", "worth", "homes_at_the_end", "land_used_m2", "land_m2", "land_price_per_1000_m2"]
    return pd.DataFrame(rows, columns=names)


def _proof(plan: Found) -> dict[str, Any]:
    """The prices in whole parts of ``scale``; keys of several parts are joined by ``|``."""
    prices = plan.prices
    tables = {
        name: {_joined(key): value for key, value in sorted(getattr(prices, name).items())}
        for name in ("budget", "service", "grant", "land", "site", "renewals", "met", "tail")
    }
    return {"format": PROOF_FORMAT, "scale": check.SCALE, "bound": _number(plan.bound), "prices": tables}


def _joined(key: object) -> str:
    return "|".join(str(part) for part in key) if isinstance(key, tuple) else str(key)


def write(folder: Path, answer: Answer) -> None:
    """The tables, the proof, and ``result.json`` last; each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / STARTS, csv_of(answer.starts))
    write_whole(folder / PERIODS, csv_of(answer.periods))
    write_whole(folder / SITES, csv_of(answer.sites))
    write_whole(folder / MEASURES, csv_of(answer.measures()))
    write_whole(folder / PROOF, as_json(answer.proof))
    write_whole(folder / RESULT, as_json(answer.document))


def _number(value: Fraction) -> int | str:
    """A whole number, or a fraction as text: exact."""
    return int(value) if value.denominator == 1 else str(value)


def _up(share: Fraction) -> float:
    """A share with six decimals, rounded up."""
    return -int(-share * 10**_DIGITS // 1) / 10**_DIGITS


def _shown(price: float) -> float:
    """A price of the relaxation: six significant digits, no sign of nothing."""
    return float(f"{price:.{_DIGITS}g}") + 0.0


def _flat(document: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in document.items():
        rows += _flat(value, f"{before}{name}.") if isinstance(value, dict) else [(before + name, str(value))]
    return rows
