"""The simulated city as columns: who is there, in what state, in which home. No object per household."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from scenarios.chance import keys_of
from scenarios.files import Scenario
from scenarios.snapshot import NOBODY, UNKNOWN, Bools, Homes, Ints, Lists, Snapshot, Who, receipts_of

NEVER: Final = -1
HELD_BEFORE: Final = -2
_GROWTH: Final = 1.5
Days = npt.NDArray[np.datetime64]


class State(IntEnum):
    """Where a household stands."""

    WAITING = 0
    TENANT = 1
    LEFT = 2
    GAVE_UP = 3
    MUST_REAPPLY = 4
    TURNED_AWAY = 5


# Column -> what stands in a new row.
_COLUMNS: Final[dict[str, Any]] = {
    "number": np.int64(0),
    "receipt": "",
    "key": np.uint64(0),
    "profile": np.int64(0),
    "state": np.int64(State.WAITING),
    "came_on": np.datetime64(0, "D"),
    "registered_on": np.datetime64(0, "D"),
    "arrived": np.int64(0),
    "income_fen": np.int64(UNKNOWN),
    "home": np.int64(NOBODY),
    "since": np.int64(NEVER),
    "housed": np.int64(NEVER),
    "ended": np.int64(NEVER),
    "leaves_in": np.int64(NEVER),
    "waivers": np.int64(0),
    "lost": np.int64(0),
    "wishes_since": np.int64(NEVER),
    "rent_fen": np.int64(0),
    "relief_fen": np.int64(0),
    "subsidy_fen": np.int64(0),
    "is_over_30": np.bool_(False),
    "benefit_fen": np.int64(0),
    "paid_fen": np.int64(0),
    "tenant_months": np.int64(0),
}


@dataclass(eq=False)
class City:
    """One replication of one scenario: columns of households (rows in the order they came) and of homes.

    ``month`` counts from 0. ``tenant[h]`` is the row of the household that lives in home ``h``, ``NOBODY``, or
    ``GONE`` where the home was given up.
    """

    scenario: Scenario
    snapshot: Snapshot
    replication: int
    num: int = 0
    columns: dict[str, Any] = field(default_factory=dict)
    template: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    tenant: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    lists: Lists | None = None

    def __getattr__(self, name: str) -> Any:
        """A column of the households, as a view of its filled part."""
        columns = self.__dict__.get("columns", {})
        if name in columns:
            return columns[name][: self.num]
        raise AttributeError(name)

    @property
    def homes(self) -> Homes:
        """The dwellings drawn from."""
        return self.snapshot.homes

    @property
    def size(self) -> int:
        """What new applications are counted over: sitting tenants at the start; of a known city, homes at the start."""
        run, standing = self.scenario.run, self.snapshot.standing
        if standing is None:
            return run.households
        return run.households - len(standing.tenants) + int((standing.opens_in == 0).sum())

    @property
    def current_lists(self) -> Lists:
        """The lists of the profiles as they are this month."""
        return self.snapshot.lists if self.lists is None else self.lists

    def add(self, numbers: Ints, profile: Ints, came_on: Any, arrived: int) -> Ints:
        """New households, waiting; gives their rows."""
        rows = np.arange(self.num, self.num + len(numbers))
        self._reserve(self.num + len(numbers))
        self.num += len(numbers)
        self.number[rows] = numbers
        self.receipt[rows] = receipts_of(numbers)
        self.key[rows] = keys_of(self.scenario.run.seed, self.replication, numbers)
        self.profile[rows] = profile
        self.came_on[rows] = came_on
        self.registered_on[rows] = came_on
        self.arrived[rows] = arrived
        self.income_fen[rows] = self.snapshot.income_fen[profile]
        return rows

    def _reserve(self, num: int) -> None:
        room = len(self.columns["number"]) if self.columns else 0
        if self.columns and num <= room:
            return
        size = max(int(room * _GROWTH), num)
        for name, value in _COLUMNS.items():
            column = np.full(size, value, dtype=object if isinstance(value, str) else None)
            if room:
                column[: self.num] = self.columns[name][: self.num]
            self.columns[name] = column

    def rows_in(self, state: State) -> Ints:
        """Rows of the households in that state."""
        return np.flatnonzero(self.state == state)

    def who(self, rows: Ints) -> Who:
        """These households as the snapshot asks for them; ``rows`` must rise in number."""
        return Who(
            self.receipt[rows],
            self.profile[rows],
            self.registered_on[rows],
            self.came_on[rows],
            self.income_fen[rows],
        )

    def build(self, templates: Ints) -> None:
        """New empty homes."""
        self.template = np.r_[self.template, templates]
        self.tenant = np.r_[self.tenant, np.full(len(templates), NOBODY)]

    def vacant(self) -> Ints:
        """Homes without a tenant, by number."""
        return np.flatnonzero(self.tenant == NOBODY)

    def move_in(self, rows: Ints, homes: Ints, month: int) -> None:
        """Sign the leases; who lived elsewhere leaves that home."""
        before = self.home[rows]
        self.tenant[before[before != NOBODY]] = NOBODY
        self.tenant[homes] = rows
        self.home[rows] = homes
        self.since[rows] = month
        self.state[rows] = State.TENANT
        self.wishes_since[rows] = NEVER
        self.leaves_in[rows] = NEVER

    def move_out(self, rows: Ints, month: int) -> None:
        """The leases end, the homes are free."""
        self.tenant[self.home[rows]] = NOBODY
        self.home[rows] = NOBODY
        self.state[rows] = State.LEFT
        self.ended[rows] = month

    def end_waiting(self, rows: Ints, state: State, month: int) -> None:
        """Off the waiting list."""
        self.state[rows] = state
        self.ended[rows] = month


GONE: Final = -3


def first_of(start: str, month: int) -> date:
    """The first day of the ``month``-th month from ``start`` (``2026-03``)."""
    index = int(start[:4]) * 12 + int(start[5:7]) - 1 + month
    return date(index // 12, index % 12 + 1, 1)


def in_number_order(city: City, rows: Ints) -> Ints:
    """The rows by rising number of the household: the same order in every scenario."""
    return np.asarray(rows[np.argsort(city.number[rows], kind="stable")])


def is_near(city: City, rows: Ints, homes: Ints, workplace: Ints) -> Bools:
    """Whether the home stands in the household's district, or in that of its employer."""
    profile = city.profile[rows]
    district = city.homes.pool_district[city.homes.pool[city.template[homes]]]
    employer = city.snapshot.employer[profile]
    at_work = np.where(employer >= 0, workplace[employer], UNKNOWN)
    return np.asarray((city.snapshot.district[profile] == district) | (at_work == district))
