"""轮候期: how long households have waited, and who nears the ceiling (住建部令第11号 Art. 10: 一般不超过5年)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from allocator.measures.small_cells import LEAST_COUNT, merge_small_spans
from allocator.model.composition import NO_AGE, full_months
from allocator.policy.rules import WaitingRules

MONTHS_PER_YEAR = 12


@dataclass(frozen=True, eq=False)
class Waiting:
    """Counts of waiting households. ``months``: ``(n,) Int64`` full months waited, NA without a registration date.

    ``num_alarmed`` have waited at least the months of the alarm, ``num_at_ceiling`` (among them) at least those of
    the ceiling; both bounds inclusive.
    """

    months: pd.Series
    rules: WaitingRules | None

    @property
    def num_alarmed(self) -> int:
        """Households that have waited ``alarm_months`` or more; 0 where the law watches nothing."""
        return self._at_least(None if self.rules is None else self.rules.alarm_months)

    @property
    def num_at_ceiling(self) -> int:
        """Households that have waited ``ceiling_months`` or more."""
        return self._at_least(None if self.rules is None else self.rules.ceiling_months)

    def _at_least(self, months: int | None) -> int:
        return 0 if months is None else int((self.months >= months).sum())

    def by_year(self) -> pd.Series:
        """Households by full years waited, from 0 on without a gap."""
        years = (self.months.dropna() // MONTHS_PER_YEAR).astype("int64")
        counts = years.value_counts()
        return counts.reindex(range(int(years.max()) + 1 if len(years) else 0), fill_value=0)

    def document(self) -> dict[str, Any]:
        """Plain numbers for the bureau; small counts stand as they are."""
        known = self.months.dropna()
        return {
            "households": len(self.months),
            "without_date": int(self.months.isna().sum()),
            "alarmed": self.num_alarmed,
            "at_ceiling": self.num_at_ceiling,
            "longest_months": int(known.max()) if len(known) else None,
            "alarm_months": None if self.rules is None else self.rules.alarm_months,
            "ceiling_months": None if self.rules is None else self.rules.ceiling_months,
            "by_year": {str(year): int(count) for year, count in self.by_year().items()},
        }

    def for_the_public(self) -> pd.DataFrame:
        """``first_year, last_year, num_households``: years joined until no count is from 1 to 9."""
        spans = merge_small_spans(self.by_year())
        return spans.rename(columns={"first": "first_year", "last": "last_year", "count": "num_households"})

    def watch_for_the_public(self) -> dict[str, int]:
        """``alarm_months, ceiling_months, alarmed, at_ceiling``; a count from 1 to 9 stands as -1."""
        if self.rules is None:
            return {}
        counts = {"alarmed": self.num_alarmed, "at_ceiling": self.num_at_ceiling}
        told = {name: count if count == 0 or count >= LEAST_COUNT else -1 for name, count in counts.items()}
        return {"alarm_months": self.rules.alarm_months, "ceiling_months": self.rules.ceiling_months, **told}


def waiting(registered_on: pd.Series, on: date, rules: WaitingRules | None) -> Waiting:
    """What has been waited on that day; a registration after it counts as unknown."""
    months = full_months(registered_on.to_numpy(dtype="datetime64[D]"), on)
    counted = pd.Series(months, dtype="Int64").mask(pd.Series(np.asarray(months == NO_AGE)))
    return Waiting(counted, rules)
