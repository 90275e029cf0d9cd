"""The columns criteria are counted from: households, their composition and who is counted for what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from allocator.model.composition import Composition
from allocator.policy.known import Known, Proof, assets_of, income_of, whole_of
from allocator.policy.proof import CountedPersons, Freshness, Imputation
from allocator.policy.quantities import NOTHING_DECLARED, Denominator

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Columns:
    """``num_waivers``: ``(n,) int64``, in the households' order."""

    composition: Composition
    counted: CountedPersons
    num_waivers: Ints
    imputation: Imputation | None = None
    freshness: Freshness | None = None

    def __len__(self) -> int:
        return len(self.composition)

    def whole(self, name: str) -> tuple[Ints, Bools]:
        """A whole-number column and where it is known; unknown cells read 0."""
        return whole_of(self.composition.households[name])

    def yes_no(self, name: str) -> tuple[Bools, Bools]:
        """A yes/no column and where it is known; unknown cells read no."""
        column = self.composition.households[name].astype("boolean")
        known = column.notna().to_numpy(dtype=bool)
        return column.fillna(value=False).to_numpy(dtype=bool), known

    @cached_property
    def proof(self) -> Proof:
        """By what income and assets are known."""
        return Proof(self.counted.income, self.imputation, self.freshness)

    @cached_property
    def income(self) -> Known:
        """Fen per year, as the law counts it."""
        return income_of(self.composition, self.proof)

    @cached_property
    def assets(self) -> Known:
        """Fen."""
        return assets_of(self.composition, self.proof)

    def text(self, name: str) -> tuple[Any, Bools]:
        """A column of words and where one stands; the others read ``""``."""
        column = self.composition.households[name].fillna("").str.strip()
        return column, (column != "").to_numpy(dtype=bool)

    def persons(self, household: Denominator) -> Ints:
        """Persons counted for income, housing or fit (domain.md: different households for each)."""
        return {"income": self._income, "housing": self._housing, "fit": self._fit}[household]

    @cached_property
    def _income(self) -> Ints:
        return self.composition.persons(self.counted.income)

    @cached_property
    def _housing(self) -> Ints:
        return self.composition.persons(self.counted.housing)

    @cached_property
    def _fit(self) -> Ints:
        return self.composition.persons(self.counted.fit)


def says_nothing(words: Any) -> Bools:
    """Per cell whether the word says that there is none."""
    return words.isin(NOTHING_DECLARED).to_numpy(dtype=bool)
