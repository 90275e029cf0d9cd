"""Words of the comparison, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from allocator.messages import text_of, texts
from allocator.reporting.wording import DASH, Wording

_LEAST: Final = 10


class ComparisonWords(Wording):
    """``told`` looks up the sentences ``compare_*``; everything else is that of the month's page."""

    def told(self, code: str, **params: object) -> str:
        """The sentence ``compare_<code>``; unknown is a bug (``KeyError``)."""
        return text_of(f"compare_{code}", self.language, **params)

    def mechanism(self, name: str) -> str:
        """A mechanism by its short name."""
        return texts(self.language).get(f"compare_way_{name.replace('+', '_')}", name)

    def refusal(self, code: str, params: Mapping[str, Any]) -> str:
        """Why a mechanism gave nothing: its own sentence."""
        return text_of(code, self.language, **params)

    def few(self, count: Any) -> str:
        """A count of households; one to nine is not told exactly, missing is a dash."""
        if pd.isna(count):
            return DASH
        return self.told("few") if 0 < count < _LEAST else self.count(count)

    def rank(self, value: Any) -> str:
        """A mean rank with two decimals."""
        return DASH if pd.isna(value) else f"{value:.2f}"

    def signed(self, value: Any) -> str:
        """A difference with its sign."""
        return DASH if pd.isna(value) else f"{int(value):+,}"

    def group_of(self, grouping: str, group: str) -> str:
        """A group of a grouping in words."""
        if grouping == "employer_id":
            if group == "merged":
                return self.text("group_merged")
            return group or self.told("no_employer")
        return self.group(grouping, group, is_last=group == "5")

    def span(self, first: int, last: int) -> str:
        """Bands, from 1 as letters say them."""
        return self.rank_span(first + 1, last + 1)

    def laws(self, names: list[str]) -> str:
        """Laws by name."""
        return self.told("joint").join(names) if names else DASH
