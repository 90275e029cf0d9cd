"""租赁补贴: rent standard × share × area, the area capped; one row per household and dwelling.

The form of the rule is that of 京建法〔2015〕14号; every figure of it stands in ``policy.tenancy.subsidy``.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.policy.model import MarketSubsidyRules, MarketTier, SubsidyRules, SubsidyTier
from allocator.tenancies.rents import CM2_PER_M2, Ints, product_over, whole_numbers

Bools = npt.NDArray[np.bool_]
NO_TIER = -1
_MONTHS_PER_YEAR = 12
_PER_MILLE = 1000


class SubsidyReason(StrEnum):
    """Why an amount is what it is; only ``PAID`` is more than nothing."""

    PAID = "paid"
    NO_RULE = "no_rule"
    NOT_BY_THIS_MODE = "not_by_this_mode"
    HAS_HOME = "has_home"
    ASSETS_ABOVE = "assets_above"
    INCOME_ABOVE = "income_above"
    UNKNOWN = "unknown"


def monthly_subsidy_fen(frame: pd.DataFrame, rules: SubsidyRules | None) -> pd.DataFrame:
    """Subsidy per month of each row, in the rows' order and index.

    ``frame``: ``income_per_year_fen``, ``assets_fen`` (Int64), ``benefit_status`` (str), ``num_persons``
    (int64), ``has_home`` (boolean), ``steps_up`` (bool) as ``circumstances`` gives them, ``area_cm2``,
    ``rent_per_m2_fen`` (int64; beds: rent per bed), ``is_bed`` (bool), and optionally ``is_payable`` (bool:
    the supply mode pays a subsidy at all). Missing values are never a payment: 0 and the reason ``unknown``.

    Gives ``subsidy_fen`` int64, ``tier`` str ("" for none; after the step up), ``reason`` str.
    A bed's rent standard is per bed: the share is taken of it whole, the area cap has no use.
    """
    if rules is None:
        return _answer(frame.index, np.zeros(len(frame), dtype=np.int64), None, SubsidyReason.NO_RULE)
    reason, tier = judged(frame, rules)
    tier = _stepped_up(tier, frame["steps_up"].to_numpy(dtype=bool), rules.tiers)
    is_paid = reason == SubsidyReason.PAID
    tier = np.where(is_paid, tier, NO_TIER)
    shares = np.array([*(entry.share_per_mille for entry in rules.tiers), 0], dtype=np.int64)
    names = np.array([*(entry.id for entry in rules.tiers), ""], dtype=object)
    return _answer(frame.index, _amounts(frame, shares[tier], rules), names[tier], reason)


def _answer(index: pd.Index, amounts: Ints, names: Any, reason: Any) -> pd.DataFrame:
    tiers = pd.Series("" if names is None else names, index=index, dtype="str")
    reasons = pd.Series(reason, index=index).astype("str")
    return pd.DataFrame({"subsidy_fen": pd.Series(amounts, index=index), "tier": tiers, "reason": reasons})


def _amounts(frame: pd.DataFrame, share: Ints, rules: SubsidyRules) -> Ints:
    area = np.minimum(whole_numbers(frame["area_cm2"]), rules.area_cap_cm2)
    rate = whole_numbers(frame["rent_per_m2_fen"])
    flat = product_over((area, rate, share), CM2_PER_M2 * _PER_MILLE)
    bed = product_over((rate, share), _PER_MILLE)
    return np.where(frame["is_bed"].to_numpy(dtype=bool), bed, flat)


def judged(frame: pd.DataFrame, rules: SubsidyRules | MarketSubsidyRules) -> tuple[Any, Ints]:
    """Reason and tier per row, before any step up. A known bar counts before a missing value; both pay nothing."""
    tier, is_tier_known = tiers_of(frame, rules)
    assets_over, assets_known = _assets_over(frame, rules)
    home = frame["has_home"].astype("boolean")
    home_bars = home.fillna(False).to_numpy(dtype=bool) & rules.requires_no_home
    home_known = home.notna().to_numpy() | (not rules.requires_no_home)
    payable = frame["is_payable"].to_numpy(dtype=bool) if "is_payable" in frame else np.ones(len(frame), bool)
    cases = [
        (~payable, SubsidyReason.NOT_BY_THIS_MODE),
        (home_bars, SubsidyReason.HAS_HOME),
        (assets_over, SubsidyReason.ASSETS_ABOVE),
        (is_tier_known & (tier == NO_TIER), SubsidyReason.INCOME_ABOVE),
        (~(is_tier_known & assets_known & home_known), SubsidyReason.UNKNOWN),
    ]
    reason = np.full(len(frame), SubsidyReason.PAID.value, dtype=object)
    for holds, name in reversed(cases):
        reason[holds] = name.value
    return reason, tier


def tiers_of(frame: pd.DataFrame, rules: SubsidyRules | MarketSubsidyRules) -> tuple[Ints, Bools]:
    """Index of each row's tier before any step up (``NO_TIER``: none), and whether it is known at all.

    A certificate of civil affairs decides before the income is looked at. Income per head and month
    against a bound is income per year against bound × 12 × persons: exact.
    """
    status = frame["benefit_status"]
    income = frame["income_per_year_fen"].astype("Int64")
    persons = whole_numbers(frame["num_persons"])
    income_known = income.notna().to_numpy() & (persons > 0)
    yearly, heads = whole_numbers(income.fillna(0)), persons * _MONTHS_PER_YEAR
    tiers: tuple[SubsidyTier | MarketTier, ...] = rules.tiers
    tier = np.full(len(frame), NO_TIER, dtype=np.int64)
    for place, entry in reversed(list(enumerate(tiers))):
        if not entry.statuses:
            tier[income_known & _in_bounds(yearly, heads, entry)] = place
    by_status = np.zeros(len(frame), dtype=bool)
    for place, entry in reversed(list(enumerate(tiers))):
        if entry.statuses:
            holds = status.isin(entry.statuses).to_numpy(dtype=bool)
            tier[holds], by_status = place, by_status | holds
    return tier, by_status | (income_known & status.notna().to_numpy())


def _in_bounds(yearly: Ints, heads: Ints, tier: SubsidyTier | MarketTier) -> Bools:
    above = tier.income_above_fen is None or yearly > heads * tier.income_above_fen
    up_to = tier.income_up_to_fen is None or yearly <= heads * tier.income_up_to_fen
    return np.broadcast_to(above & up_to, yearly.shape)


def _stepped_up(tier: Ints, steps_up: Bools, tiers: tuple[SubsidyTier, ...]) -> Ints:
    """One step to the tier of the next greater share, once; the greatest stays."""
    by_share = sorted(range(len(tiers)), key=lambda place: -tiers[place].share_per_mille)
    above = np.arange(len(tiers) + 1, dtype=np.int64)
    above[-1] = NO_TIER
    for better, place in pairwise(by_share):
        equal = tiers[better].share_per_mille == tiers[place].share_per_mille
        above[place] = above[better] if equal else better
    return np.where(steps_up, above[tier], tier)


def _assets_over(frame: pd.DataFrame, rules: SubsidyRules | MarketSubsidyRules) -> tuple[Bools, Bools]:
    """Whether the assets are over the cap of the household's size, and whether that is known.

    A cap is inclusive; a household larger than every bucket has no known cap.
    """
    if not rules.assets_caps_fen:
        return np.zeros(len(frame), dtype=bool), np.ones(len(frame), dtype=bool)
    buckets = sorted(rules.assets_caps_fen)
    persons = whole_numbers(frame["num_persons"])
    place = np.searchsorted([size for size, _ in buckets], persons, side="left")
    caps = np.array([*(cap for _, cap in buckets), 0], dtype=np.int64)
    assets = frame["assets_fen"].astype("Int64")
    known = assets.notna().to_numpy() & (persons > 0) & (place < len(buckets))
    return known & (whole_numbers(assets.fillna(0)) > caps[place]), known
