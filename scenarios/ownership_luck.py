"""Luck of a rent-to-own run: incomes, jobs, leaving and prices, each number a function of seed, key and month alone.

Arrays are (cohorts, households); what a whole cohort shares is (cohorts, 1).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from scenarios.chance import Floats, Keys, keys_of, mixed
from scenarios.documents import GREATEST_MONEY
from scenarios.ownership_files import NUM_DECILES, Ownership

Whole = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]
_PURPOSES: Final = 16


class Purpose(IntEnum):
    """What a number is drawn for; part of a file's meaning, never renumbered."""

    INCOME_SIZE = 1
    INCOME_ANGLE = 2
    JOB = 3
    LEAVES = 4
    VALUE_SIZE = 5
    VALUE_ANGLE = 6


def uniforms(keys: Keys, month: int, purpose: Purpose) -> Floats:
    """A number in [0, 1) for each key, of its shape."""
    counter = mixed(np.uint64(month * _PURPOSES + int(purpose)))
    return (mixed(keys ^ counter) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normals(keys: Keys, month: int, size: Purpose, angle: Purpose) -> Floats:
    """A standard normal number for each key (Box and Muller 1958)."""
    radius = np.sqrt(-2.0 * np.log1p(-uniforms(keys, month, size)))
    return np.asarray(radius * np.cos(2.0 * np.pi * uniforms(keys, month, angle)))


class Luck:
    """The state of chance, moved on month by month.

    ``decile``: (households,) from 0; ``income``: fen of the month; ``has_job``; ``value``: (cohorts, 1) float fen.
    """

    def __init__(self, asked: Ownership) -> None:
        run, tenant = asked.run, asked.tenant
        num = run.cohorts * run.households
        self._asked = asked
        self._of_household = keys_of(run.seed, 0, np.arange(num)).reshape(run.cohorts, run.households)
        self._of_cohort = keys_of(run.seed, 1, np.arange(run.cohorts)).reshape(run.cohorts, 1)
        self.decile: Whole = np.arange(run.households, dtype=np.int64) * NUM_DECILES // run.households
        self._middle = np.array(tenant.incomes_fen, dtype=np.float64)[self.decile][None, :]
        self._log = np.zeros((run.cohorts, run.households))
        self.has_job: Truths = np.ones((run.cohorts, run.households), dtype=np.bool_)
        self.income: Whole = np.zeros((run.cohorts, run.households), dtype=np.int64)
        self.value: Floats = np.full((run.cohorts, 1), float(asked.dwelling.value_fen))

    def next_month(self, month: int) -> Floats:
        """Move incomes, jobs and prices to the month; gives the number that decides who leaves."""
        self._move_value(month)
        tenant = self._asked.tenant
        common = float(tenant.common_shock)
        own = normals(self._of_household, month, Purpose.INCOME_SIZE, Purpose.INCOME_ANGLE)
        shared = normals(self._of_cohort, month, Purpose.INCOME_SIZE, Purpose.INCOME_ANGLE)
        shock = np.sqrt(1 - common) * own + np.sqrt(common) * shared
        self._log = float(tenant.persistence) * self._log + float(tenant.shock) * shock
        drawn = uniforms(self._of_household, month, Purpose.JOB)
        self.has_job = np.where(
            self.has_job, drawn >= float(tenant.loses_job), drawn < float(tenant.finds_job)
        )
        full = self._middle * float(1 + tenant.income_growth) ** month * np.exp(self._log)
        earned = np.where(self.has_job, full, full * float(tenant.jobless_income))
        self.income = np.rint(np.minimum(earned, GREATEST_MONEY)).astype(np.int64)
        return uniforms(self._of_household, month, Purpose.LEAVES)

    def _move_value(self, month: int) -> None:
        """Growth on average as the file says, whatever the volatility."""
        home = self._asked.dwelling
        spread = float(home.volatility)
        moved = spread * normals(self._of_cohort, month, Purpose.VALUE_SIZE, Purpose.VALUE_ANGLE)
        growth = float(1 + home.monthly_appreciation) * np.exp(moved - spread**2 / 2)
        self.value = np.minimum(self.value * growth, GREATEST_MONEY)
