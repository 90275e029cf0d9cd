"""Words and numbers of the pages, in one language."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from allocator.messages import text_of, texts
from allocator.model.figures import RoundFigures

DASH = "–"


@dataclass(frozen=True)
class Wording:
    """Looks up the sentences ``report_*`` and spells numbers; ``language`` is ``zh`` or ``en``."""

    language: str

    def text(self, code: str, **params: object) -> str:
        """The sentence ``report_<code>``; unknown is a bug (``KeyError``)."""
        return text_of(f"report_{code}", self.language, **params)

    def word(self, kind: str, value: str) -> str:
        """The word of one value of a closed set (``mode``, ``type``, …); one without a word stays as it is."""
        return texts(self.language).get(f"report_{kind}_{value}", value)

    def count(self, value: object) -> str:
        """A whole number with thousands separators; missing is a dash."""
        return DASH if pd.isna(value) else f"{int(str(value)):,}"

    def percent(self, share: float) -> str:
        """A share with one decimal; missing is a dash."""
        return DASH if pd.isna(share) else self.text("percent", share=f"{100 * share:.1f}")

    def yuan(self, fen: int) -> str:
        """Fen as yuan with two decimals."""
        return f"{int(fen) // 100:,}.{int(fen) % 100:02d}"

    def authority(self, figures: RoundFigures) -> str:
        """Name of the authority."""
        return figures.authority_zh if self.language == "zh" else figures.authority_en

    def sub_round(self, name: str) -> str:
        """A sub-round, or several told together."""
        return " + ".join(self._one_sub_round(part) for part in name.split("+"))

    def _one_sub_round(self, name: str) -> str:
        known = self.word("sub_round", name)
        head, _, rest = name.partition("-")
        return f"{self.word('sub_round', head)} {rest}" if known == name and rest else known

    def pool(self, row: pd.Series) -> str:
        """A pool in words: project, type, sex of the room."""
        parts = [row["project_name"], self.word("type", row["dwelling_type"])]
        return " · ".join([*parts, self.word("sex", row["sex"])] if row["sex"] else parts)

    def group(self, grouping: str, group: str, *, is_last: bool) -> str:
        """A group of a grouping; the last size stands for all larger ones."""
        if group == "merged":
            return self.text("group_merged")
        if grouping == "num_persons":
            if group == "1":
                return self.text("person")
            return self.text("persons_up" if is_last else "persons", num=group)
        if grouping == "priority_group":
            return self.text("priority_first") if group == "0" else self.text("priority", num=group)
        return self.word(grouping, group)

    def rank_span(self, first: int, last: int) -> str:
        """``3`` or ``4–6``."""
        return str(first) if first == last else f"{first}–{last}"
