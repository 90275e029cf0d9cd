"""Rent-to-own as a question put to the law: may it be sold, when does it pay, who can afford it, who bears the risk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import ceil, sqrt
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator import policy as policies
from allocator.model.enums import SupplyMode
from allocator.policy.faults import Faults
from allocator.policy.in_force import Policy
from scenarios import ownership_prices as prices
from scenarios import rent_to_own
from scenarios.chance import Floats
from scenarios.comparisons import csv_of
from scenarios.documents import GREATEST_MONEY
from scenarios.overlay import overlaid
from scenarios.ownership_files import NUM_DECILES, Ownership, read
from scenarios.ownership_risk import PARTS, PAYERS, Account, simulate
from scenarios.results import as_json, write_whole

FORMAT: Final = "allocator-own-result/1"
# No title can be given there, whatever a law says of sales (domain.md 0 and 3).
NO_TITLE: Final = (SupplyMode.ENTERPRISE_BUILT, SupplyMode.LEASED)
WORST_SHARE: Final = 0.05
COUNTS: Final = ("afforded", "bought", "left", "evicted", "home_lost", "resold", "arrears_months")
RESULT, FLOWS, DECILES, MEASURES = "result.json", "flows.csv", "deciles.csv", "measures.csv"
_AMPLE: Final = 10**11


@dataclass(frozen=True, eq=False)
class Answer:
    """``document``: single figures; ``flows``: by month; ``deciles``: who can afford it, who loses it."""

    document: dict[str, Any]
    flows: pd.DataFrame
    deciles: pd.DataFrame

    def measures(self) -> pd.DataFrame:
        """Every figure but the flows as one long table: measure, value (text)."""
        rows = [(name, _plain(value)) for name, value in _flat(self.document)]
        for row in self.deciles.to_dict("records"):
            rows += [(f"decile.{row['decile']}.{name}", str(row[name])) for name in ("income_fen", *COUNTS)]
        return pd.DataFrame(rows, columns=["measure", "value"])


def checked(place: Path, policy: str, on: date, faults: Faults) -> Ownership | None:
    """The file, where the law of that day (with the file's changes laid over) lets it be sold; else the faults."""
    asked = read(place, faults)
    if asked is None:
        return None
    book = policies.load(policy)
    book.in_force(on)
    origins = [(place.name, f"policy.{number}") for number in range(len(asked.policy))]
    law = overlaid(book, asked.policy, [on] * len(asked.policy), origins, faults).in_force(on)
    check_sale(asked, law, on, place.name, "", faults)
    return asked if not len(faults) else None


def check_sale(asked: Ownership, law: Policy, on: date, file: str, key: str, faults: Faults) -> None:
    """Whether that law lets dwellings of the mode be sold, and figures stay figures; ``key``: before every key named."""
    mode = asked.supply_mode
    rule = law.supply.modes.get(mode)
    _check_figures(asked, file, key, faults)
    place = f"{key}supply_mode"
    if mode in NO_TITLE:
        faults.add("own_no_title", file, place, mode=mode.value, others=", ".join(_titled()))
    elif rule is None or not rule.sale_option:
        reference = rule.reference if rule is not None else "-"
        faults.add("own_sale_barred", file, place, mode=mode.value, on=on.isoformat(), reference=reference)


def _check_figures(asked: Ownership, file: str, key: str, faults: Faults) -> None:
    """Value and price of the dwelling stay money figures to the end of the run."""
    for month in (0, asked.run.months):
        figures = {
            "dwelling.monthly_appreciation": prices.half_up(prices.value(asked, month)),
            "price": prices.price_fen(asked, month),
        }
        for name, figure in figures.items():
            if figure > GREATEST_MONEY:
                faults.add("own_beyond", file, key + name, month=month, greatest=GREATEST_MONEY)


def _titled() -> list[str]:
    return [mode.value for mode in SupplyMode if mode not in NO_TITLE]


def sound(asked: Ownership, policy: str, on: date) -> dict[str, Any]:
    """What is asked, of which law and how often: the head of the result."""
    return {
        "format": FORMAT,
        "name": asked.name,
        "supply_mode": asked.supply_mode.value,
        "policy": policy,
        "on": on.isoformat(),
        "months": asked.run.months,
        "households": asked.run.cohorts * asked.run.households,
        "cohorts": asked.run.cohorts,
        "seed": asked.run.seed,
    }


def answered(asked: Ownership, policy: str, on: date) -> Answer:
    """Everything asked of the file; it was checked before."""
    plan = prices.tenant_flows(asked)
    account = simulate(asked)
    first = asked.contract.steps[0].month
    document = sound(asked, policy, on) | {
        "price_fen": prices.price_fen(asked, first),
        "value_at_price_fen": prices.half_up(prices.value(asked, first)),
        "neutral_price_fen": prices.neutral_price_fen(asked),
        "neutral_steps_fen": prices.neutral_steps_fen(asked),
        "break_even_month": prices.break_even_month(asked, plan),
        "present": present(account),
        "check": against_closed_form(asked),
    }
    return Answer(document, _flows(asked, plan, account), _deciles(asked, account))


def estimated(values: Floats) -> dict[str, int]:
    """Mean over cohorts, its standard error, and the mean of the worst 5 % of cohorts, in fen."""
    worst = np.sort(values)[: ceil(WORST_SHARE * len(values))]
    return {
        "mean_fen": round(float(values.mean())),
        "standard_error_fen": ceil(float(values.std(ddof=1)) / sqrt(len(values))),
        "worst_fen": round(float(worst.mean())),
    }


def present(account: Account) -> dict[str, dict[str, int]]:
    """Present value per household that starts, by payer; the landlord's with what is held at the end."""
    found = {name: estimated(account.present[name]) for name in PAYERS}
    found["landlord_with_dwelling"] = estimated(account.present["landlord"] + account.present["reversion"])
    return found


def sure(asked: Ownership) -> Ownership:
    """The same contract up to the first step for households that always pay: what the closed form is about."""
    tenant = asked.tenant.model_copy(
        update={
            "incomes_fen": (_AMPLE,) * NUM_DECILES,
            "shock": asked.tenant.shock * 0,
            "loses_job": asked.tenant.loses_job * 0,
            "pay_share": asked.tenant.pay_share * 0 + 1,
        }
    )
    steps = asked.contract.steps[:1]
    return asked.model_copy(
        update={
            "run": asked.run.model_copy(update={"months": steps[0].month}),
            "tenant": tenant,
            "contract": asked.contract.model_copy(update={"steps": steps}),
        }
    )


def against_closed_form(asked: Ownership) -> dict[str, dict[str, int]]:
    """Rent, premium and refund per household that starts: closed form, simulated without arrears, standard error."""
    exact = rent_to_own.worth(prices.terms(asked))
    account = simulate(sure(asked))
    closed = (exact.pv_rent_fen, exact.pv_premium_fen, exact.pv_refund_fen)
    found = {}
    for name, figure in zip(PARTS, closed, strict=True):
        told = estimated(account.present[name])
        found[name] = {
            "closed_fen": prices.half_up(figure),
            "simulated_fen": told["mean_fen"],
            "standard_error_fen": told["standard_error_fen"],
        }
    return found


def _flows(asked: Ownership, plan: list[tuple[int, int, int]], account: Account) -> pd.DataFrame:
    """One row per month from 0: the plan without chance, then the means per household that starts."""
    num = asked.run.cohorts * asked.run.households
    deposit = asked.contract.deposit_fen
    frame = pd.DataFrame([(deposit, 0, deposit), *plan], columns=["plan_pays_fen", "rents_fen", "worth_fen"])
    frame.insert(0, "month", range(len(frame)))
    for at, name in enumerate(PAYERS):
        frame[f"{name}_fen"] = (2 * account.flows[:, at] + num) // (2 * num)
    return frame


def _deciles(asked: Ownership, account: Account) -> pd.DataFrame:
    """One row per decile: its middle income, households, and how many of them met each end."""
    frame = pd.DataFrame({name: account.counts[name] for name in ("decile", *COUNTS)})
    found = frame.groupby("decile").sum().reset_index()
    found.insert(1, "income_fen", asked.tenant.incomes_fen)
    found.insert(2, "households", asked.run.cohorts * asked.run.households // NUM_DECILES)
    found["decile"] += 1
    return found


def write(folder: Path, answer: Answer) -> None:
    """``flows.csv``, ``deciles.csv``, ``measures.csv``, and ``result.json`` last; each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / FLOWS, csv_of(answer.flows))
    write_whole(folder / DECILES, csv_of(answer.deciles))
    write_whole(folder / MEASURES, csv_of(answer.measures()))
    write_whole(folder / RESULT, as_json(answer.document))


def _flat(document: dict[str, Any], before: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in document.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{before}{name}.")
        elif isinstance(value, list):
            rows += [(f"{before}{name}.{number}", entry) for number, entry in enumerate(value, start=1)]
        else:
            rows.append((before + name, value))
    return rows


def _plain(value: object) -> str:
    return "-" if value is None else str(value)
