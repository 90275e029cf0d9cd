"""Supply mix (供给结构): what to start when, so that the least is lacking, and then at the least cost.

A start of a mode in period t takes its land and its capital in t, and stands from t + lead to the last period with
its units and its running cost in each (mechanisms of the house, 3.2, without sites, debt and scenarios).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any, Final

from allocator.errors import NoAllocation
from scenarios.documents import Reading

GREATEST_PERIODS: Final = 600
GREATEST_MODES: Final = 200
GREATEST_COUNT: Final = 10**9  # units, starts, demand
KEYS: Final = ("modes", "land", "budget_fen", "demand")
_MODE_KEYS: Final = ("name", "capex_fen", "opex_fen", "lead", "units", "land", "max_starts")
_GREATEST_LAND: Final = 10**12
_GREATEST_SUM: Final = 2**50  # of what the solver adds up (``exact.GREATEST_SUM``)


@dataclass(frozen=True)
class Mode:
    """One way of supply. Lists are per period; ``units`` and ``land`` per start; ``opex_fen`` per period."""

    name: str
    capex_fen: list[int]
    opex_fen: int
    lead: int
    units: int
    land: Fraction
    max_starts: list[int]


@dataclass(frozen=True)
class Plan:
    """The question: modes, land over all periods, money and demand per period."""

    modes: list[Mode]
    land: Fraction
    budget_fen: list[int]
    demand: list[int]

    @property
    def num_periods(self) -> int:
        """Periods of the plan."""
        return len(self.demand)

    def standing(self, mode: Mode, period: int) -> int:
        """Periods in which a start of that period stands."""
        return max(0, self.num_periods - period - mode.lead)


def read(document: object, reading: Reading) -> Plan | None:
    """The plan of a document (contract, section 7), or ``None`` and all its faults in ``reading``.

    ``demand`` says how many periods there are; every other list is held to it.
    """
    found = reading.record(document, "", KEYS)
    if found is None:
        return None
    demand: list[int] = []
    if "demand" in found:
        demand = _wholes(found["demand"], "demand", reading, 1, GREATEST_PERIODS, GREATEST_COUNT)
    budget = _per_period(found, "budget_fen", "", len(demand), reading)
    land = reading.fraction(found.get("land", 0), "land", greatest=_GREATEST_LAND)
    entries = reading.sequence(found["modes"], "modes", 1, GREATEST_MODES) if "modes" in found else []
    modes = [_mode(entry, number, len(demand), reading) for number, entry in enumerate(entries)]
    _check_names(modes, reading)
    if reading.problems:
        return None
    plan = Plan([mode for mode in modes if mode is not None], land or Fraction(0), budget, demand)
    _check_size(plan, reading)
    return None if reading.problems else plan


def _mode(value: object, number: int, num_periods: int, reading: Reading) -> Mode | None:
    path = f"modes[{number}]"
    found = reading.record(value, path, _MODE_KEYS)
    if found is None:
        return None
    return Mode(
        name=reading.name(found.get("name", "-"), f"{path}.name") or "",
        capex_fen=_per_period(found, "capex_fen", f"{path}.", num_periods, reading),
        opex_fen=reading.whole(found.get("opex_fen", 0), f"{path}.opex_fen") or 0,
        lead=reading.whole(found.get("lead", 0), f"{path}.lead", greatest=GREATEST_PERIODS) or 0,
        units=reading.whole(found.get("units", 0), f"{path}.units", greatest=GREATEST_COUNT) or 0,
        land=reading.fraction(found.get("land", 0), f"{path}.land", greatest=_GREATEST_LAND) or Fraction(0),
        max_starts=_per_period(found, "max_starts", f"{path}.", num_periods, reading, GREATEST_COUNT),
    )


def _per_period(
    found: dict[str, Any],
    key: str,
    path: str,
    num_periods: int,
    reading: Reading,
    greatest: int | None = None,
) -> list[int]:
    """One whole number per period. Where ``demand`` could not be read, any number of them."""
    least, most = (num_periods, num_periods) if num_periods else (0, GREATEST_PERIODS)
    value = found.get(key, [0] * num_periods)
    return _wholes(value, f"{path}{key}", reading, least, most, greatest)


def _wholes(
    value: object, path: str, reading: Reading, least: int, most: int, greatest: int | None = None
) -> list[int]:
    bound = {} if greatest is None else {"greatest": greatest}
    entries = reading.sequence(value, path, least, most)
    return [reading.whole(entry, f"{path}[{number}]", **bound) or 0 for number, entry in enumerate(entries)]


def _check_names(modes: list[Mode | None], reading: Reading) -> None:
    first: dict[str, int] = {}
    for number, mode in enumerate(modes):
        if mode is not None and mode.name and mode.name in first:
            reading.add(
                "calc_name_twice", f"modes[{number}].name", mode.name, first=f"modes[{first[mode.name]}].name"
            )
        elif mode is not None and mode.name != "-":
            first[mode.name] = number


def _check_size(plan: Plan, reading: Reading) -> None:
    """The solver adds up whole numbers of 64 bits; what could overflow is refused before."""
    most = starts_at_most(plan)
    cost = units = 0
    for mode, row in zip(plan.modes, most, strict=True):
        for period, starts in enumerate(row):
            standing = plan.standing(mode, period)
            cost += starts * (mode.capex_fen[period] + mode.opex_fen * standing)
            units += starts * mode.units * standing
    for figure in (cost, units + sum(plan.demand)):
        if figure > _GREATEST_SUM:
            reading.add("calc_sum_beyond", "modes", figure, greatest=_GREATEST_SUM)
    scale, lands = whole_lands(plan)
    total = sum(land * sum(row) for land, row in zip(lands, most, strict=True))
    if max(total, int(plan.land * scale)) > _GREATEST_SUM:
        reading.add("calc_sum_beyond", "land", total, greatest=_GREATEST_SUM)


def whole_lands(plan: Plan) -> tuple[int, list[int]]:
    """A scale that makes every mode's land a whole number, and these numbers."""
    scale = lcm(*(mode.land.denominator for mode in plan.modes))
    return scale, [int(mode.land * scale) for mode in plan.modes]


def starts_at_most(plan: Plan) -> list[list[int]]:
    """Starts that the limits of the mode, its period's money and the land allow when nothing else is started."""
    rows = []
    for mode in plan.modes:
        land = int(plan.land / mode.land) if mode.land else GREATEST_COUNT
        row = []
        for period, limit in enumerate(mode.max_starts):
            capex = mode.capex_fen[period] + (mode.opex_fen if mode.lead == 0 else 0)
            money = plan.budget_fen[period] // capex if capex else limit
            row.append(min(limit, land, money))
        rows.append(row)
    return rows


def solve(plan: Plan) -> dict[str, Any]:
    """The output document; ``status`` is OPTIMAL or LIMIT. Nothing started is always lawful."""
    from scenarios.supply_aims import chosen

    try:
        starts = chosen(plan)
    except NoAllocation:
        return {"starts": None, "shortage": None, "cost_fen": None, "status": "LIMIT"}
    return {
        "starts": starts,
        "shortage": shortage_of(plan, starts),
        "cost_fen": cost_of(plan, starts),
        "status": "OPTIMAL",
    }


def shortage_of(plan: Plan, starts: list[list[int]]) -> int:
    """Unit-periods of demand that no standing unit meets."""
    lacking = 0
    for period, demand in enumerate(plan.demand):
        units = sum(
            mode.units * sum(row[: max(0, period - mode.lead + 1)])
            for mode, row in zip(plan.modes, starts, strict=True)
        )
        lacking += max(0, demand - units)
    return lacking


def cost_of(plan: Plan, starts: list[list[int]]) -> int:
    """Capital and running cost of all periods, in fen."""
    return sum(
        number * (mode.capex_fen[period] + mode.opex_fen * plan.standing(mode, period))
        for mode, row in zip(plan.modes, starts, strict=True)
        for period, number in enumerate(row)
    )
