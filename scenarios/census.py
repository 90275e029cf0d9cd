"""The tenants of flats of a simulated city at the end of the warm-up, by decile of income: what a laboratory asks of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from scenarios.city import City, State
from scenarios.snapshot import MODES, NUM_DECILES, Ints

EVERYBODY: Final = "all"
# So that no decile rests on fewer than ten households.
LEAST_TENANTS: Final = 10 * NUM_DECILES
MOST_CELLS: Final = 2000
LEAST_STEP_FEN: Final = 10_000
_MONTHS: Final = 12
_PER_MILLE: Final = 1000
_GREATEST_PERSONS: Final = 20
CELLS: Final = ("persons", "income_fen", "rent_fen", "households")
COLUMNS: Final = ("group", "decile", "households", "income_fen", "area_cm2", "rent_fen", "paid_fen")


def census_of(city: City) -> pd.DataFrame:
    """``COLUMNS`` for all tenants of flats and for those of each mode, where a hundred or more have a known income.

    ``income_fen``: the households' median income of a month; building area, rent and what is left to pay are sums.
    """
    rows = _in_flats(city)
    mode = city.homes.mode[city.template[city.home[rows]]]
    groups = {EVERYBODY: rows} | {name: rows[mode == number] for number, name in enumerate(MODES)}
    frames = [_deciles(city, name, some) for name, some in groups.items() if len(some) >= LEAST_TENANTS]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))


def cells_of(city: City) -> pd.DataFrame:
    """``CELLS``: tenants of flats of known income by persons, income of a month and what the market asks for their flat."""
    rows = _in_flats(city)
    asked = city.rent_fen[rows] * city.scenario.money.market_rent_per_mille // _PER_MILLE
    frame = pd.DataFrame(
        {
            "persons": np.minimum(city.snapshot.num_persons[city.profile[rows]], _GREATEST_PERSONS),
            "income_fen": city.income_fen[rows] // _MONTHS,
            "rent_fen": asked,
        }
    )
    return frame.groupby(list(CELLS[:3])).size().rename(CELLS[3]).reset_index()


def _in_flats(city: City) -> Ints:
    rows = city.rows_in(State.TENANT)
    is_bed = city.homes.is_bed[city.template[city.home[rows]]]
    return np.asarray(rows[(city.income_fen[rows] >= 0) & ~is_bed])


def _deciles(city: City, name: str, rows: Ints) -> pd.DataFrame:
    ordered = rows[np.lexsort((city.number[rows], city.income_fen[rows]))]
    parts = np.array_split(ordered, NUM_DECILES)
    paid = city.rent_fen - city.relief_fen - city.subsidy_fen
    area = city.homes.area_cm2[city.template[city.home]]
    return pd.DataFrame(
        {
            "group": name,
            "decile": np.arange(1, NUM_DECILES + 1),
            "households": [len(part) for part in parts],
            # The lower of the two in the middle: whole fen without rounding.
            "income_fen": [int(city.income_fen[part[(len(part) - 1) // 2]]) // _MONTHS for part in parts],
            "area_cm2": [int(area[part].sum()) for part in parts],
            "rent_fen": [int(city.rent_fen[part].sum()) for part in parts],
            "paid_fen": [int(paid[part].sum()) for part in parts],
        }
    )[list(COLUMNS)]


def pooled(censuses: Sequence[pd.DataFrame], mode: str) -> pd.DataFrame | None:
    """The tenants of that mode over all replications (of the whole city, where some replication has too few there).

    Incomes are means of the replications' medians, half up. ``None`` where even the city has too few.
    """
    for group in (mode, EVERYBODY):
        found = [one[one["group"] == group] for one in censuses]
        if all(len(one) for one in found):
            every = pd.concat(found).drop(columns="group").astype("int64").groupby("decile").sum()
            income = (2 * every["income_fen"] + len(found)) // (2 * len(found))
            return every.assign(income_fen=income, group=group).reset_index()
    return None


def in_steps(cells: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """The cells with income and rent to the nearest step, so that there are at most ``MOST_CELLS``, and the step in fen.

    The step is the least of 100 yuan, twice, four times … that will do.
    """
    step = LEAST_STEP_FEN
    while True:
        near = {name: (cells[name] + step // 2) // step * step for name in ("income_fen", "rent_fen")}
        found = cells.assign(**near).groupby(list(CELLS[:3]))["households"].sum().reset_index()
        if len(found) <= MOST_CELLS:
            return found.astype("int64"), step
        step *= 2
