"""Where quotas of two families cannot be kept: which minima are at odds, the least to lower, and the proof."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from allocator.mechanisms.crossing_families import Families, claims_counted
from allocator.mechanisms.crossing_layout import InfeasibleError, layout_of
from allocator.mechanisms.crossing_market import CrossingMarket
from allocator.mechanisms.crossing_program import Quota
from allocator.mechanisms.wishes import Wishes
from allocator.model.instance import Instance, Ints


def flow_advice(instance: Instance, wishes: Wishes, families: Families) -> dict[str, Any]:
    """``quotas``: minima none of which can be left out of the conflict; ``relaxation``: least in total, and of the least
    the smallest by quota id, as ``{"quota", "from", "to"}``; ``proof``: that nothing is feasible.
    """
    minima = sorted((quota for quota in families.all if quota.least), key=_by_name)
    at_odds = [quota.name for quota in minima]
    for quota in minima:
        fewer = [name for name in at_odds if name != quota.name]
        if not _is_feasible(instance, wishes, families, fewer):
            at_odds = fewer
    return {
        "quotas": at_odds,
        "relaxation": _relaxation(instance, wishes, families, minima),
        "proof": _proof(instance, wishes, families),
    }


def count_held(wishes: Wishes, quota: Quota, held: Ints) -> int:
    """How many the quota counts when the households hold these claims (n,)."""
    claims = claims_counted(wishes, quota)
    return int((held[wishes.household[claims]] == claims).sum())


def _by_name(quota: Quota) -> str:
    return quota.name


def _awake(instance: Instance) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.zeros(instance.num_households, bool)


def _is_feasible(instance: Instance, wishes: Wishes, families: Families, minima: list[str]) -> bool:
    """Whether these minima alone can be kept, beside everything else."""

    def only(quotas: list[Quota]) -> list[Quota]:
        return [quota if quota.name in minima else replace(quota, least=None) for quota in quotas]

    try:
        layout = layout_of(instance, wishes, Families(only(families.people), only(families.pools)))
        CrossingMarket(layout, _awake(instance))
    except InfeasibleError:
        return False
    return True


def _relaxation(
    instance: Instance, wishes: Wishes, families: Families, minima: list[Quota]
) -> list[dict[str, Any]]:
    """Nothing where even without any minimum the tenants cannot all be housed."""
    layout = layout_of(instance, wishes, families, is_elastic=True)
    crossing = CrossingMarket(layout, _awake(instance))
    crossing.level(_tenants_out(crossing, wishes))
    if (crossing.held()[wishes.own >= 0] < 0).any():
        return []
    crossing.level(inner_cost=layout.short)
    for row in sorted(layout.short_at):  # rows are in the order of ids
        one = np.zeros(len(layout.short), np.int64)
        one[layout.short_at[row]] = layout.short[layout.short_at[row]]
        crossing.level(inner_cost=one)
    held = crossing.held()
    found = []
    for quota in minima:
        least = quota.least or 0
        if (count := count_held(wishes, quota, held)) < least:
            found.append({"quota": quota.name, "from": least, "to": count})
    return found


def _proof(instance: Instance, wishes: Wishes, families: Families) -> dict[str, Any]:
    """Everybody missing from a minimum, and every tenant outside, costs one; the prices show that it costs something."""
    layout = layout_of(instance, wishes, families, is_elastic=True)
    crossing = CrossingMarket(layout, _awake(instance))
    prices = crossing.level(_tenants_out(crossing, wishes), layout.short)
    return {"over": 1, "prices": sorted([*prices, *([row, -1] for row in layout.lacking)])}


def _tenants_out(crossing: CrossingMarket, wishes: Wishes) -> Ints:
    movable = crossing.market.movable
    is_out = ~crossing.is_home(movable.edges)
    return (is_out & (wishes.own >= 0)[movable.households][movable.owner]).astype(np.int64)
