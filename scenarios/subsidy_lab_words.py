"""Words and numbers of the subsidy laboratory, on screen and page, in one language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from allocator.messages import text_of
from allocator.reporting.wording import DASH, Wording
from scenarios.subsidy_chains import GREATEST
from scenarios.subsidy_lab_files import Tiers


class LabWords(Wording):
    """``told`` looks up the sentences ``subsidylab_*``."""

    def told(self, code: str, **params: object) -> str:
        """The sentence ``subsidylab_<code>``; unknown is a bug (``KeyError``)."""
        return text_of(f"subsidylab_{code}", self.language, **params)

    def money(self, fen: Any) -> str:
        """Fen as yuan; nothing known is a dash."""
        return DASH if fen is None or pd.isna(fen) else self.yuan(int(fen))

    def whole(self, value: Any) -> str:
        """A whole number; nothing known is a dash."""
        return DASH if value is None else self.count(value)


def said_of_tiers(
    single: dict[str, Any], wanted: Tiers, money: Callable[[Any], str], language: str
) -> list[str]:
    """Sentences on the plan: how good, how sure, what the last yuan buys."""

    def told(code: str, **params: object) -> str:
        return text_of(f"subsidylab_{code}", language, **params)

    said = [
        told(
            "tiers_said",
            status=told(f"status_{single['status']}"),
            at_or_below=f"{single['at_or_below']:,}",
            households=f"{single['households']:,}",
            threshold=f"{float(wanted.threshold):.1%}",
            cost=money(single["cost_fen"]),
            budget=money(single["payable_fen"]),
        )
    ]
    if not single["is_unique"] and single["status"] == "OPTIMAL":
        said.append(told("not_unique"))
    if single.get("at_or_below_at_most", single["at_or_below"]) > single["at_or_below"]:
        said.append(told("gap_count", most=f"{single['at_or_below_at_most']:,}"))
    if "excess_fen" in single:
        figures = {"excess": money(single["excess_fen"]), "least": money(single["excess_at_least_fen"])}
        said.append(told("gap_excess", **figures))
    if GREATEST in wanted.aims:
        share = single["greatest_burden"]
        said.append(
            told("greatest_infinite") if share is None else told("greatest", share=f"{_fraction(share):.1%}")
        )
    fen = single["price"]["fen_per_household"]
    said.append(told("price_none") if fen is None else told("price", fen=money(fen)))
    if "next" in single:
        said.append(told("most", num=f"{single['next']['most_households']:,}"))
    if "next" in single and single["next"]["next_households"] is not None:
        num, fen, missing = (single["next"][key] for key in ("next_households", "next_fen", "missing_fen"))
        said.append(told("next", num=f"{num:,}", fen=money(fen), missing=money(missing)))
    return said


def _fraction(text: str) -> float:
    above, _, below = text.partition("/")
    return int(above) / int(below or 1)
