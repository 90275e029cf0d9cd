"""The subsidy on a public lease, laid out for one law: whole-number columns, block by block.

The rule is ``tenancies.subsidies.monthly_subsidy_fen``; a property test holds the two equal to the fen. Here the tier
is counted from comparisons and every table is looked up by a small code, so that a year of a million households is
a matter of seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.model.lookups import positions_among
from allocator.policy.model import SubsidyRules
from allocator.tenancies.rents import CM2_PER_M2
from scenarios.snapshot import STATUSES, UNKNOWN, Bools, Ints

Codes = npt.NDArray[np.int8]
BLANK: Final = len(STATUSES)
_PER_MILLE: Final = 1000
_MONTHS: Final = 12
_BLOCK: Final = 32_768
_MOST_PERSONS: Final = 127


@dataclass(frozen=True, eq=False)
class Households:
    """What the rule reads, ``(n,)`` each; ``UNKNOWN`` (-1) where blank.

    ``income_fen`` a year, ``assets_fen``, ``status`` (place in ``STATUSES``, ``BLANK``), ``num_persons`` (0: none
    known), ``has_home`` (1, 0, -1 unknown), ``steps_up``, ``area_cm2``, ``rate_fen`` per m² (per bed), ``is_bed``,
    ``is_payable``.
    """

    income_fen: Ints
    assets_fen: Ints
    status: Codes
    num_persons: Codes
    has_home: Codes
    steps_up: Bools
    area_cm2: Ints
    rate_fen: Ints
    is_bed: Bools
    is_payable: Bools

    def __len__(self) -> int:
        return len(self.income_fen)


@dataclass(frozen=True, eq=False)
class Rule:
    """One law's rule as tables. Income tiers follow one another without a hole, as the law's checks demand.

    ``share``: thousandths by code: bounds of income per head passed (one more than there are: not known), certificate,
    and whether the household goes one step up. ``caps_fen``: greatest assets by persons, -1 where none is known.
    """

    bounds_fen: tuple[int, ...]
    share: Ints
    caps_fen: Ints
    has_caps: bool
    requires_no_home: bool
    area_cap_cm2: int

    @property
    def num_levels(self) -> int:
        """Codes of income: bounds passed, and not known."""
        return len(self.bounds_fen) + 2


def laid_out(rules: SubsidyRules) -> Rule:
    """The tables of a law's rule."""
    none = len(rules.tiers)
    by_status = np.full(BLANK + 1, UNKNOWN, dtype=np.int64)
    for place, tier in reversed(list(enumerate(rules.tiers))):
        for status in tier.statuses:
            by_status[STATUSES.index(str(status))] = place
    bounds, by_bound = _spans(rules, none)
    shares = np.array([*(tier.share_per_mille for tier in rules.tiers), 0], dtype=np.int64)
    step = _steps(shares[:-1])
    by_income = np.r_[by_bound, none]
    # Rows: certificate and step; columns: level of income. A certificate decides before the income is looked at.
    tiers = [
        np.full_like(by_income, by_status[status])
        if by_status[status] != UNKNOWN
        else (by_income if status != BLANK else np.full_like(by_income, none))
        for status in range(BLANK + 1)
    ]
    table = np.concatenate([found for tier in tiers for found in (tier, step[tier])])
    return Rule(
        bounds,
        shares[table],
        _caps(rules),
        bool(rules.assets_caps_fen),
        rules.requires_no_home,
        rules.area_cap_cm2,
    )


def _spans(rules: SubsidyRules, none: int) -> tuple[tuple[int, ...], Ints]:
    """Bounds of income per head rising, and the tier above so many of them (``none``: no tier)."""
    ends = set()
    for tier in rules.tiers:
        if not tier.statuses:
            ends |= {tier.income_above_fen, tier.income_up_to_fen} - {None}
    bounds = tuple(sorted(int(end) for end in ends if end is not None))
    tiers = np.full(len(bounds) + 1, none, dtype=np.int64)
    for span, (low, high) in enumerate(pairwise((None, *bounds, None))):
        for place, tier in reversed(list(enumerate(rules.tiers))):
            above, up_to = tier.income_above_fen, tier.income_up_to_fen
            from_here = above is None or (low is not None and above <= low)
            to_here = up_to is None or (high is not None and high <= up_to)
            if not tier.statuses and from_here and to_here:
                tiers[span] = place
    return bounds, tiers


def _steps(shares: Ints) -> Ints:
    """One step up: the tier of the next greater share; of none, none."""
    by_share = sorted(range(len(shares)), key=lambda place: -int(shares[place]))
    above = np.arange(len(shares) + 1, dtype=np.int64)
    for better, place in pairwise(by_share):
        above[place] = above[better] if shares[better] == shares[place] else better
    return above


def _caps(rules: SubsidyRules) -> Ints:
    """Greatest assets by number of persons; -1: no known cap."""
    caps = np.full(_MOST_PERSONS + 1, -1, dtype=np.int64)
    for size, cap in sorted(rules.assets_caps_fen, reverse=True):
        caps[1 : min(size, _MOST_PERSONS) + 1] = cap
    return caps


def columns_of(frame: pd.DataFrame) -> Households:
    """The columns of a frame as ``monthly_subsidy_fen`` reads it."""
    whole = {
        name: frame[name].astype("Int64").fillna(UNKNOWN).to_numpy(dtype=np.int64)
        for name in ("income_per_year_fen", "assets_fen")
    }
    status = positions_among(frame["benefit_status"], STATUSES)
    home = frame["has_home"].astype("boolean").astype("Int8").fillna(UNKNOWN)
    return Households(
        whole["income_per_year_fen"],
        whole["assets_fen"],
        np.where(status < 0, BLANK, status).astype(np.int8),
        np.minimum(frame["num_persons"].to_numpy(dtype=np.int64), _MOST_PERSONS).astype(np.int8),
        home.to_numpy(dtype=np.int8),
        frame["steps_up"].to_numpy(dtype=bool),
        frame["area_cm2"].to_numpy(dtype=np.int64),
        frame["rent_per_m2_fen"].to_numpy(dtype=np.int64),
        frame["is_bed"].to_numpy(dtype=bool),
        frame["is_payable"].to_numpy(dtype=bool),
    )


def subsidies_fen(households: Households, rule: Rule) -> Ints:
    """Fen a month of each household, ``(n,) int64``: what is not known is never a payment."""
    amounts = np.empty(len(households), dtype=np.int64)
    for start in range(0, len(households), _BLOCK):
        block = slice(start, start + _BLOCK)
        amounts[block] = _amounts(households, block, rule)
    return amounts


def _amounts(h: Households, block: slice, rule: Rule) -> Ints:
    rate, is_bed = h.rate_fen[block], h.is_bed[block]
    worth = np.minimum(h.area_cm2[block], rule.area_cap_cm2)
    worth[is_bed] = CM2_PER_M2  # a bed's standard is the bed's whole rent: one rounding for both
    worth *= rate
    worth *= rule.share.take(_code(h, block, rule))
    worth *= _may_be_paid(h, block, rule)
    # Half up: one half of a fen more, then whole fen.
    worth += CM2_PER_M2 * _PER_MILLE // 2
    worth //= CM2_PER_M2 * _PER_MILLE
    return worth


def _code(h: Households, block: slice, rule: Rule) -> Ints:
    """Place in the table of shares; income a year against bound x 12 x persons: exact."""
    yearly, persons = h.income_fen[block], h.num_persons[block]
    heads = persons.astype(np.int64)
    heads *= _MONTHS
    code = h.status[block].astype(np.int64)
    code *= 2
    code += h.steps_up[block]
    code *= rule.num_levels
    for bound in rule.bounds_fen:
        code += yearly > heads * bound
    unknown = (yearly < 0) | (persons == 0)
    if unknown.any():
        at = h.status[block].astype(np.int64) * 2 + h.steps_up[block]
        code = np.where(unknown, (at + 1) * rule.num_levels - 1, code)
    return code


def _may_be_paid(h: Households, block: slice, rule: Rule) -> Bools:
    may = h.is_payable[block]
    if rule.requires_no_home:
        may = may & (h.has_home[block] == 0)
    if rule.has_caps:
        assets = h.assets_fen[block]
        may = may & (assets >= 0) & (assets <= rule.caps_fen.take(h.num_persons[block]))
    return may
