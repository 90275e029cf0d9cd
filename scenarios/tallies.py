"""What is counted each month, by group: arrays while the city lives, one long table at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator.policy.in_force import Policy
from scenarios.city import City, State, first_of
from scenarios.snapshot import BRANCHES, MODES, NOBODY, NUM_DECILES, Ints

PEOPLE: Final = (
    "arrivals",
    "waiting",
    "eligible",
    "turned_away",
    "offers",
    "refused",
    "housed",
    "gave_up",
    "must_reapply",
    "tenants",
    "exits",
    "reviewed",
    "review_failed",
    "transferred",
    "waited_months_sum",
    "waiting_months_sum",
    "over_30",
    "rent_fen",
    "subsidy_fen",
    "relief_fen",
    "paid_fen",
)
SUPPLY: Final = ("places", "vacant", "housed", "tenants", "rent_fen", "subsidy_fen")
PAYERS: Final = ("treasury", "employer", "landlord")
_GROUPS: Final = (
    ("all", "all"),
    *(("branch", name) for name in BRANCHES),
    *(("decile", str(number)) for number in range(1, NUM_DECILES + 1)),
)
_FIRST_DECILE: Final = 1 + len(BRANCHES)


class Tally:
    """Counts of one replication: ``(months, groups)`` for each measure."""

    def __init__(self, months: int) -> None:
        self._people = {name: np.zeros((months, len(_GROUPS)), dtype=np.int64) for name in PEOPLE}
        self._supply = {name: np.zeros((months, len(MODES)), dtype=np.int64) for name in SUPPLY}
        self._payers = np.zeros((months, len(PAYERS)), dtype=np.int64)

    def add(self, measure: str, city: City, rows: Ints, month: int, amounts: Ints | None = None) -> None:
        """Count these households (or sum their amounts) in this month."""
        profile = city.profile[rows]
        branch, decile = city.snapshot.branch[profile], city.snapshot.decile[profile] - 1
        counted = self._people[measure][month]
        counted[1:_FIRST_DECILE] += _sums(branch, amounts, len(BRANCHES))
        by_decile = _sums(decile, amounts, NUM_DECILES)
        counted[_FIRST_DECILE:] += by_decile
        counted[0] += by_decile.sum()

    def add_housed(self, city: City, homes: Ints, month: int) -> None:
        """Homes let from the list, by mode."""
        modes = city.homes.mode[city.template[homes]]
        self._supply["housed"][month] += np.bincount(modes, minlength=len(MODES))

    def close(self, city: City, law: Policy, month: int) -> None:
        """The state at the end of the month: lists, tenants, money, homes."""
        waiting, tenants = city.rows_in(State.WAITING), city.rows_in(State.TENANT)
        self.add("waiting", city, waiting, month)
        self.add("waiting_months_sum", city, waiting, month, month - city.arrived[waiting])
        self.add("tenants", city, tenants, month)
        self.add("over_30", city, tenants[city.is_over_30[tenants]], month)
        rent, relief, subsidy = (
            getattr(city, name)[tenants] for name in ("rent_fen", "relief_fen", "subsidy_fen")
        )
        for name, amounts in (("rent_fen", rent), ("subsidy_fen", subsidy), ("relief_fen", relief)):
            self.add(name, city, tenants, month, amounts)
        self.add("paid_fen", city, tenants, month, rent - relief - subsidy)
        self._close_supply(city, law, tenants, rent, subsidy, month)
        self._payers[month, PAYERS.index("landlord")] += relief.sum()

    def _close_supply(
        self, city: City, law: Policy, tenants: Ints, rent: Ints, subsidy: Ints, month: int
    ) -> None:
        modes = city.homes.mode[city.template]
        stands = city.tenant >= NOBODY
        of_tenant = modes[city.home[tenants]]
        figures = {
            "places": _sums(modes[stands], None, len(MODES)),
            "vacant": _sums(modes[city.tenant == NOBODY], None, len(MODES)),
            "tenants": _sums(of_tenant, None, len(MODES)),
            "rent_fen": _sums(of_tenant, rent, len(MODES)),
            "subsidy_fen": _sums(of_tenant, subsidy, len(MODES)),
        }
        for name, amounts in figures.items():
            self._supply[name][month] += amounts
        for mode, rule in law.supply.modes.items():
            if rule.subsidy_paid_by in PAYERS:
                paid = figures["subsidy_fen"][MODES.index(str(mode))]
                self._payers[month, PAYERS.index(rule.subsidy_paid_by)] += paid

    def frame(self, scenario: str, replication: int, start: str, warm_up: int) -> pd.DataFrame:
        """The long table of ``results.MONTHLY``."""
        months = len(self._payers)
        blocks = [*self._blocks()]
        frame = pd.DataFrame(
            {
                "month": np.concatenate([np.repeat(np.arange(months), v.shape[1]) for _, _, v in blocks]),
                "group_kind": np.concatenate([np.tile(kinds, months) for _, (kinds, _), _ in blocks]),
                "group": np.concatenate([np.tile(groups, months) for _, (_, groups), _ in blocks]),
                "measure": np.concatenate([np.full(v.size, name, dtype=object) for name, _, v in blocks]),
                "value": np.concatenate([v.reshape(-1) for _, _, v in blocks]).astype(np.float64),
            }
        )
        periods = np.array([f"{first_of(start, month):%Y-%m}" for month in range(months)], dtype=object)
        frame.insert(0, "scenario", scenario)
        frame.insert(1, "replication", np.int64(replication))
        frame.insert(3, "period", periods[frame["month"]])
        frame.insert(4, "is_warm_up", frame["month"] < warm_up)
        return frame

    def _blocks(self) -> Iterator[tuple[str, tuple[Any, Any], Any]]:
        kinds, groups = (np.array([pair[part] for pair in _GROUPS], dtype=object) for part in (0, 1))
        for name, values in self._people.items():
            yield name, (kinds, groups), values
        modes = np.array(MODES, dtype=object)
        for name, values in self._supply.items():
            yield name, (np.full(len(MODES), "mode", dtype=object), modes), values
        payers = np.array(PAYERS, dtype=object)
        yield "cost_fen", (np.full(len(PAYERS), "payer", dtype=object), payers), self._payers


def _sums(groups: Ints, amounts: Ints | None, num: int) -> Ints:
    """Counts or exact sums by group (a float's 53 bits hold any month's money in fen)."""
    if amounts is None:
        return np.bincount(groups, minlength=num)
    return np.asarray(np.bincount(groups, weights=amounts, minlength=num).astype(np.int64))
