"""The supply portfolio: 6 modes x 10 sites x 40 quarters x 5 courses of demand (floor: 120 s, gap 0.5 %).

Run alone: ``python -m benchmarks.portfolio [QUARTERS [SITES]]``; exit 1 where the gap was not reached.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from scenarios.portfolio import Question, answered
from scenarios.portfolio_files import Portfolio

SITES, QUARTERS, FLOOR_S = 10, 40, 120
# Per home in yuan: capital, partner, grant, loan, interest subsidy, running and rent a quarter; homes, land per home, lead, starts.
_MODES: tuple[tuple[Any, ...], ...] = (
    ("developer_built", 362_000, "0.25", "0.15", "0.4", "0.3", 520, 2_850, 96, 34, 7, 6),
    ("enterprise_built", 318_000, "0.6", "0.1", "0.2", "0.5", 450, 2_400, 72, 30, 6, 4),
    ("government_invested", 385_000, "0", "0.3", "0.5", "0.5", 540, 2_700, 120, 38, 8, 10),
    ("mixed_development", 341_000, "0.45", "0", "0.3", "0", 510, 2_940, 55, 9, 9, 8),
    ("large_estate", 327_000, "0", "0.25", "0.6", "0.5", 480, 2_550, 310, 33, 11, 2),
)


def city(carries: bool = False, quarters: int = QUARTERS, sites: int = SITES) -> dict[str, Any]:
    """A city whose demand outgrows its money, as the table of a portfolio file."""
    modes: list[dict[str, Any]] = [
        {
            "mode": mode,
            "dwellings": homes,
            "capital_fen": {"start": capital * homes * 100, "step": capital * homes * 100 // 150},
            "partner_share": partner,
            "grant_share": grant,
            "loan_share": loan,
            "loan_rate": "0.0085",
            "loan_periods": 60,
            "interest_subsidy_share": subsidy,
            "running_fen": running * 100,
            "rent_fen": rent * 100,
            "land_m2": land * homes,
            "lead": lead,
            "starts_at_most": most,
        }
        for mode, capital, partner, grant, loan, subsidy, running, rent, homes, land, lead, most in _MODES
    ]
    modes.append(
        {
            "mode": "leased",
            "dwellings": 45,
            "capital_fen": 45 * 21_000 * 100,
            "running_fen": 5_350 * 100,
            "rent_fen": 2_700 * 100,
            "land_m2": 0,
            "lead": 1,
            "lease": 12,
            "renewal_fen": 45 * 2_500 * 100,
            "starts_at_most": 12,
        }
    )
    names = [f"s{number:02}" for number in range(sites)]
    every = [mode["mode"] for mode in modes]
    places = [
        {
            "name": name,
            "land_m2": 6_000 + 5_300 * ((7 * number) % 10),
            "worth": 2 + (3 * number) % 5,
            "modes": [mode for at, mode in enumerate(every) if mode == "leased" or (at + number) % 4],
        }
        for number, name in enumerate(names)
    ]
    courses = (
        ("base", 4, 1.0, 28),
        ("boom", 2, 1.25, 52),
        ("slump", 2, 0.8, 6),
        ("late", 1, 0.6, 64),
        ("shift", 1, 1.0, 28),
    )
    demand = []
    for case, weight, level, growth in courses:
        rows = {}
        for number, name in enumerate(names):
            place = sites - 1 - number if case == "shift" else number
            size = 260 + 190 * ((3 * place) % 7)
            rows[name] = [
                int(level * size + growth * (1 + place % 3) * t / 2 + size // 12 * ((t + place) % 4))
                for t in range(quarters)
            ]
        demand.append({"name": case, "weight": weight, "dwellings": rows})
    return {
        "format": "allocator-portfolio/1",
        "name": "bench",
        "run": {"periods": quarters, "gap": "1/200"},
        "limits": {
            "budget_fen": {"start": 9_000_000_000, "step": 60_000_000},
            "budget_carries": carries,
            "service_fen": {"start": 1_100_000_000, "step": 150_000_000},
            "grant_fen": 7_000_000_000,
        },
        "risk": {"tail": "1/5", "weight": "1/4"},
        "modes": modes,
        "sites": places,
        "demand": demand,
    }


def main(quarters: int = QUARTERS, sites: int = SITES) -> bool:
    """Print seconds (clock and processor) and gaps with budgets that lapse and that carry; whether the gap asked was reached."""
    print(
        f"portfolio: 6 modes x {sites} sites x {quarters} quarters x 5 courses of demand (floor: {FLOOR_S} s, gap 0.5 %)"
    )
    print(f"{'budget':10}{'seconds':>9}{'cpu':>9}{'gap':>9}{'by prices':>11}{'of saved':>10}{'stopped':>9}")
    reached = True
    for carries in (True, False):
        asked = Portfolio.model_validate_json(json.dumps(city(carries, quarters, sites)))
        question = Question(asked, {site.name: site.worth or 0 for site in asked.sites})
        began, processor = time.perf_counter(), time.process_time()
        told = answered(question).document
        seconds, used = time.perf_counter() - began, time.process_time() - processor
        gaps = "".join(
            f"{told[name]:{width}.3%}"
            for name, width in (("gap", 9), ("gap_by_prices", 11), ("gap_of_what_is_saved", 10))
        )
        print(
            f"{'carries' if carries else 'lapses':10}{seconds:9.1f}{used:9.1f}{gaps}{told['stopped']:>9}",
            flush=True,
        )
        reached = reached and told["stopped"] == "gap"
    return reached


if __name__ == "__main__":
    sys.exit(not main(*map(int, sys.argv[1:])))
