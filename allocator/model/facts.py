"""Facts: the six delivered tables as checked frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import pandas as pd

from allocator.model.columns import TABLES, Table


def empty_frame(table: Table) -> pd.DataFrame:
    """A frame of that table without rows, with its dtypes."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in table.dtypes.items()})


def conform(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The frame with exactly the table's columns, in order and in their dtypes; absent ones are empty."""
    columns = {}
    for name, dtype in table.dtypes.items():
        series = frame[name] if name in frame.columns else pd.Series(pd.NA, index=frame.index, dtype="object")
        columns[name] = series if str(series.dtype) == dtype else series.astype(dtype)
    return pd.DataFrame(columns, index=frame.index).reset_index(drop=True)


@dataclass(frozen=True)
class Facts:
    """The six tables, each with exactly the frame columns of ``model.columns``.

    Missing values are NA. ``preferences`` still carry wildcards; pools are made in ``supply``.
    Rows may stand in any order; no room may depend on it.
    """

    employers: pd.DataFrame
    projects: pd.DataFrame
    dwellings: pd.DataFrame
    households: pd.DataFrame
    members: pd.DataFrame
    preferences: pd.DataFrame

    @classmethod
    def empty(cls) -> Self:
        """Facts without a row."""
        return cls(**{table.name: empty_frame(table) for table in TABLES})

    def of_household(self, receipt_no: str) -> Facts:
        """The same facts with that one household, its members and preferences only."""
        return replace(
            self,
            households=self.households[self.households["receipt_no"] == receipt_no].reset_index(drop=True),
            members=self.members[self.members["receipt_no"] == receipt_no].reset_index(drop=True),
            preferences=self.preferences[self.preferences["receipt_no"] == receipt_no].reset_index(drop=True),
        )
