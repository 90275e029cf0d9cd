"""Small supply portfolios: one mode that builds, one that leases, two sites, a few periods."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from scenarios.portfolio_files import Portfolio

BUILT, LEASED = "government_invested", "leased"


def built(**changes: Any) -> dict[str, Any]:
    """Ten homes for 1,000 fen after one period."""
    mode = {"mode": BUILT, "dwellings": 10, "capital_fen": 1000, "land_m2": 5, "lead": 1, "starts_at_most": 1}
    return mode | changes


def leased(**changes: Any) -> dict[str, Any]:
    """Four homes at once for one period; gone on with for 20 fen."""
    mode = {
        "mode": LEASED,
        "dwellings": 4,
        "capital_fen": 100,
        "land_m2": 0,
        "lead": 0,
        "lease": 1,
        "renewal_fen": 20,
        "running_fen": 7,
        "rent_fen": 2,
        "starts_at_most": 1,
    }
    return mode | changes


def table(**changes: Any) -> dict[str, Any]:
    """Three periods, sites a and b (no leases there), two courses of demand; ample money."""
    found: dict[str, Any] = {
        "format": "allocator-portfolio/1",
        "name": "small",
        "run": {"periods": 3, "gap": 0},
        "limits": {"budget_fen": 1500},
        "modes": [built(), leased()],
        "sites": [
            {"name": "a", "land_m2": 10, "worth": 2},
            {"name": "b", "land_m2": 5, "worth": 1, "modes": [BUILT]},
        ],
        "demand": [
            {"name": "high", "weight": 1, "dwellings": {"a": 14, "b": 12}},
            {"name": "low", "weight": 3, "dwellings": {"a": 6, "b": 4}},
        ],
    }
    return found | changes


def portfolio(**changes: Any) -> Portfolio:
    """The small table with its top keys replaced, as a document."""
    return Portfolio.model_validate_json(json.dumps(table(**changes)))


def worth_of(asked: Portfolio) -> dict[str, int]:
    """The worths the file gives."""
    return {site.name: site.worth or 0 for site in asked.sites}


_SHARES = st.sampled_from(["0", "1/10", "1/5", "1/3"])


@st.composite
def financed(draw: st.DrawFn) -> dict[str, Any]:
    """The building mode with drawn capital, shares, loan, rents and lead."""
    return built(
        dwellings=draw(st.integers(1, 12)),
        capital_fen=draw(st.integers(0, 2000)),
        partner_share=draw(_SHARES),
        grant_share=draw(_SHARES),
        loan_share=draw(_SHARES),
        loan_rate=draw(st.sampled_from(["0", "1/50", "1/20"])),
        loan_periods=draw(st.integers(1, 4)),
        interest_subsidy_share=draw(st.sampled_from(["0", "1/2", "1"])),
        running_fen=draw(st.integers(0, 20)),
        rent_fen=draw(st.integers(0, 20)),
        lead=draw(st.integers(0, 1)),
    )


@st.composite
def portfolios(draw: st.DrawFn) -> Portfolio:
    """Small portfolios with drawn money, demand and risk."""
    homes = st.lists(st.integers(0, 20), min_size=3, max_size=3)
    demand = [
        {"name": name, "weight": draw(st.integers(1, 3)), "dwellings": {"a": draw(homes), "b": draw(homes)}}
        for name in ("high", "low")
    ]
    limits: dict[str, Any] = {
        "budget_fen": draw(st.lists(st.integers(0, 2500), min_size=3, max_size=3)),
        "budget_carries": draw(st.booleans()),
    }
    if draw(st.booleans()):
        limits |= {"service_fen": draw(st.integers(0, 400)), "grant_fen": draw(st.integers(0, 400))}
    return portfolio(
        limits=limits,
        demand=demand,
        risk={
            "tail": draw(st.sampled_from(["1/4", "1/2", "1"])),
            "weight": draw(st.sampled_from(["0", "1/3", "1"])),
        },
        modes=[draw(financed()) | {"lead": 1}, leased(running_fen=draw(st.integers(0, 30)))],
    )
