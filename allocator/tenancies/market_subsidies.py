"""租赁补贴 on a home rented on the market: one function for each form the law has had, named by its year.

Every figure stands in ``policy.tenancy.market_subsidy``; bars and tiers are judged as for the public lease.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from allocator.policy.model import MarketSubsidyRules
from allocator.tenancies.rents import CM2_PER_M2, Ints, product_over, whole_numbers
from allocator.tenancies.subsidies import NO_TIER, SubsidyReason, judged

_PER_MILLE: Final = 1000


def monthly_market_subsidy_fen(frame: pd.DataFrame, rules: MarketSubsidyRules | None) -> pd.DataFrame:
    """Subsidy per month of each row, in the rows' order and index.

    ``frame``: as ``circumstances`` gives it, and ``rent_fen`` (int64), the actual rent per month. What is
    not known (an owned area or a district the rule asks about, too) is never a payment.

    Gives ``subsidy_fen`` int64, ``tier`` str ("" for none), ``reason`` str.
    """
    amounts = np.zeros(len(frame), dtype=np.int64)
    if rules is None:
        tier, reason = np.full(len(frame), NO_TIER), np.full(len(frame), SubsidyReason.NO_RULE.value, object)
        names = [""]
    else:
        reason, tier = judged(frame, rules)
        reason[(reason == SubsidyReason.PAID) & _asks_in_vain(frame, rules)] = SubsidyReason.UNKNOWN.value
        paid = np.flatnonzero(reason == SubsidyReason.PAID)
        amounts[paid] = _FORMS[rules.form](frame.iloc[paid], tier[paid], rules)
        tier = np.where(reason == SubsidyReason.PAID, tier, NO_TIER)
        names = [*(entry.id for entry in rules.tiers), ""]
    return pd.DataFrame(
        {
            "subsidy_fen": amounts,
            "tier": pd.Series(np.array(names, dtype=object)[tier], index=frame.index, dtype="str"),
            "reason": pd.Series(reason, index=frame.index).astype("str"),
        },
        index=frame.index,
    )


def _asks_in_vain(frame: pd.DataFrame, rules: MarketSubsidyRules) -> np.ndarray:
    """Whether the amount hangs on a cell that is blank."""
    blank = np.zeros(len(frame), dtype=bool)
    if rules.less_owned_area:
        blank |= frame["owned_area_cm2"].isna().to_numpy()
    if rules.reduced_districts:
        blank |= (frame["district"].fillna("") == "").to_numpy(dtype=bool)
    return blank


def _table_2020(frame: pd.DataFrame, tier: Ints, rules: MarketSubsidyRules) -> Ints:
    """The lesser of the actual rent and the table; districts of their own pay a share of the table."""
    persons = whole_numbers(frame["num_persons"])
    table = np.zeros(len(frame), dtype=np.int64)
    for place, entry in enumerate(rules.tiers):
        starts = [bucket.size_from for bucket in entry.amounts_fen]
        amounts = np.array([bucket.value for bucket in entry.amounts_fen], dtype=np.int64)
        rows = tier == place
        table[rows] = amounts[np.searchsorted(starts, persons[rows], side="right") - 1]
    if rules.reduced_per_mille is not None:
        reduced = frame["district"].isin(rules.reduced_districts).to_numpy(dtype=bool)
        share = np.full(len(frame), rules.reduced_per_mille, dtype=np.int64)
        table = np.where(reduced, product_over((table, share), _PER_MILLE), table)
    return np.minimum(table, whole_numbers(frame["rent_fen"]))


def _rate_by_persons_2018(frame: pd.DataFrame, tier: Ints, rules: MarketSubsidyRules) -> Ints:
    """Rate x the area a household of this size is due, less what it owns; the actual rent plays no part."""
    due = np.clip(
        whole_numbers(frame["num_persons"]) * (rules.area_per_person_cm2 or 0),
        rules.area_at_least_cm2,
        rules.area_up_to_cm2,
    )
    if rules.less_owned_area:
        due = np.maximum(due - whole_numbers(frame["owned_area_cm2"]), 0)
    rates = np.array([entry.rate_per_m2_fen or 0 for entry in rules.tiers], dtype=np.int64)
    return product_over((due.astype(np.int64), rates[tier]), CM2_PER_M2)


_FORMS: Final[dict[str, Callable[[pd.DataFrame, Ints, MarketSubsidyRules], Ints]]] = {
    "table_2020": _table_2020,
    "rate_by_persons_2018": _rate_by_persons_2018,
}
