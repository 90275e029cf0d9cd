"""Households by their members, as columns: counts, ages and marks per household.

Made once from the facts of a day and shared by screening, entitlement and ranking; nothing of the law
stands here. ``position`` ties each member to the row of its household.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.model.enums import Relation, Sex
from allocator.model.facts import Facts
from allocator.model.lookups import positions_among

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]

NO_AGE = -1
_MONTHS_PER_YEAR = 12


@dataclass(frozen=True, eq=False)
class Composition:
    """``households`` (n rows, their order is the order of every answer) and their ``members`` on a day."""

    households: pd.DataFrame
    members: pd.DataFrame
    position: Ints
    on: date

    @classmethod
    def of(cls, facts: Facts, on: date) -> Self:
        """The composition of these facts; members of no household are left out."""
        position = positions_among(facts.members["receipt_no"], facts.households["receipt_no"])
        members = facts.members
        if len(position) and position.min() < 0:
            members, position = members[position >= 0], position[position >= 0]
        return cls(facts.households, members, position.astype(np.int64), on)

    def __len__(self) -> int:
        return len(self.households)

    def count(self, mask: Bools) -> Ints:
        """How many members of each household the mask picks, ``(n,) int64``."""
        return np.bincount(self.position[mask], minlength=len(self)).astype(np.int64)

    def any(self, mask: Bools) -> Bools:
        """Whether the mask picks some member, ``(n,)``."""
        found = np.zeros(len(self), dtype=bool)
        found[self.position[mask]] = True
        return found

    def related(self, relations: Iterable[str]) -> Bools:
        """Per member whether its relation is one of these."""
        wanted = {str(relation) for relation in relations}
        found = np.zeros(len(self.members), dtype=bool)
        for relation in wanted:
            found |= self._relation[relation]
        return found

    def persons(self, relations: Iterable[str]) -> Ints:
        """Persons of each household who stand in one of these relations."""
        return self.count(self.related(relations))

    def flagged(self, flags: Iterable[str]) -> Bools:
        """Per member whether it carries one of these flags."""
        cells, words = self._flags
        wanted = {str(flag) for flag in flags}
        # The last place stands for a blank cell, which carries no flag.
        carries = np.array([*(not wanted.isdisjoint(word.split(";")) for word in words), False])
        return carries[cells]

    @cached_property
    def size(self) -> Ints:
        """All members of each household."""
        return np.bincount(self.position, minlength=len(self)).astype(np.int64)

    @cached_property
    def ages(self) -> Ints:
        """Full years of each member on the day; ``NO_AGE`` without a birth date (or before birth)."""
        return full_years(self.members["birth_date"].to_numpy(dtype="datetime64[D]"), self.on)

    @cached_property
    def applicant_age(self) -> Ints:
        """Full years of each household's applicant; ``NO_AGE`` without one."""
        age = np.full(len(self), NO_AGE, dtype=np.int64)
        rows = np.flatnonzero(self._relation[Relation.APPLICANT.value])
        np.maximum.at(age, self.position[rows], self.ages[rows])
        return age

    @cached_property
    def is_male(self) -> Bools:
        """Per member."""
        return (self.members["sex"] == Sex.MALE.value).fillna(value=False).to_numpy(dtype=bool)

    @cached_property
    def _flags(self) -> tuple[Ints, list[str]]:
        """Per member the place of its cell among the distinct ones, -1 for a blank one."""
        cells, words = pd.factorize(self.members["flags"].fillna(""))
        return cells.astype(np.int64), [str(word) for word in words]

    @cached_property
    def _relation(self) -> dict[str, Bools]:
        column = self.members["relation"]
        return {
            relation.value: (column == relation.value).to_numpy(dtype=bool, na_value=False)
            for relation in Relation
        }


def full_years(born: Days, on: date) -> Ints:
    """Full years from each date to the day; ``NO_AGE`` where the date is missing or after it."""
    return _full_units(born, on, 12)


def full_months(since: Days, on: date) -> Ints:
    """Full months from each date to the day; ``NO_AGE`` where the date is missing or after it."""
    return _full_units(since, on, 1)


def _full_units(since: Days, on: date, months: int) -> Ints:
    known = ~np.isnat(since)
    day = np.datetime64(on, "D")
    safe: Any = np.where(known, since, day).astype("datetime64[D]")
    month = safe.astype("datetime64[M]")
    day_of_month = (safe - month.astype("datetime64[D]")).astype(np.int64) + 1
    elapsed = (day.astype("datetime64[M]") - month).astype(np.int64) - (day_of_month > on.day)
    return np.where(known & (safe <= day), elapsed // months, NO_AGE).astype(np.int64)


def months_before(on: date, months: int) -> date:
    """The same day so many months earlier, or the last of a shorter month."""
    index = on.year * _MONTHS_PER_YEAR + on.month - 1 - months
    year, month = divmod(index, _MONTHS_PER_YEAR)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))
