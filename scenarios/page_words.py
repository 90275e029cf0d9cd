"""Words and numbers of the comparison's page, in one language."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from allocator.measures.small_cells import MERGED
from allocator.messages import text_of
from allocator.reporting.wording import DASH, Wording
from scenarios.results import Results
from scenarios.small_groups import SMALL_DECILES

_FEN = "_fen"


class PageWords(Wording):
    """``told`` looks up the sentences ``whatif_*``; modes and branches are spelt as on the month's page."""

    def told(self, code: str, **params: object) -> str:
        """The sentence ``whatif_<code>``; unknown is a bug (``KeyError``)."""
        return text_of(f"whatif_{code}", self.language, **params)

    def names(self, results: Sequence[Results]) -> dict[str, str]:
        """Each scenario's title; its name where there is none, both where titles are alike."""
        baseline, *others = results
        titles = [str(one.document.get(f"title_{self.language}") or one.name) for one in others]
        first = self.told("baseline")
        spelt = {
            one.name: f"{title} ({one.name})" if [first, *titles].count(title) > 1 else title
            for one, title in zip(others, titles, strict=True)
        }
        return {baseline.name: first, **spelt}

    def measure(self, name: str) -> str:
        """A measure with its unit."""
        return self.told(f"measure_{name}")

    def of_group(self, kind: str, group: str) -> str:
        """A group of a kind in words."""
        if group in {MERGED, str(SMALL_DECILES)}:
            return self.told("merged")
        if kind == "decile":
            return self.told("decile", number=group)
        return self.told(f"{kind}_{group}") if kind in {"all", "payer"} else self.word(kind, group)

    def amount(self, measure: str, value: float, *, signed: bool = False) -> str:
        """A mean per month with two decimals, money in yuan; unknown is a dash."""
        if pd.isna(value):
            return DASH
        number = in_unit(measure, value)
        # What rounds to nothing has no sign.
        return (
            f"{number:+,.2f}"
            if signed and round(number, 2)
            else f"{abs(number) if not round(number, 2) else number:,.2f}"
        )

    def interval(self, measure: str, low: float, high: float) -> str:
        """The two ends of an interval, with their signs."""
        if pd.isna(low):
            return DASH
        return f"{self.amount(measure, low, signed=True)} … {self.amount(measure, high, signed=True)}"

    def reading(self, low: float, high: float) -> str:
        """Whether the difference is told from luck."""
        if pd.isna(low):
            return self.told("reading_unknown")
        if low == high == 0:
            return self.told("reading_none")
        if low <= 0 <= high:
            return self.told("reading_luck")
        return self.told("reading_more" if low > 0 else "reading_less")


def in_unit(measure: str, value: float) -> float:
    """Money in yuan, all else as it is."""
    return value / 100 if measure.endswith(_FEN) else value
