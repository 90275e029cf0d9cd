"""Why each household got this pool, or none: one row each, from the published figures alone.

The sentence of a letter is only as true as its figures, so everything here is read off order, lists,
result and certificate; ``tests/rounds/test_reasons_rerun.py`` re-runs the mechanism for every stated counterfactual.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from allocator.policy.allocating import LOTTERIES
from allocator.rounds.declared import Declared
from allocator.rounds.standings import is_crossing, is_stable, leaf_keys, plain_key, used_up
from allocator.rounds.trades import is_traded


class Reason(StrEnum):
    """What a letter says first."""

    FIRST_CHOICE = "first_choice"
    LATER_CHOICE = "later_choice"
    STOOD_BEHIND = "stood_behind"
    FILLED_BY_EARLIER_BANDS = "filled_by_earlier_bands"
    # Under declared rules: others of better standing at every pool listed; no place there was ever open to its groups;
    # no position inside its band would have been enough.
    BETTER_STANDINGS = "better_standings"
    NEVER_OPEN = "never_open"
    FILLED_OR_KEPT = "filled_or_kept"
    # Under trading cycles: every pool listed gave its last place before a cycle came to the household.
    TRADED_AWAY = "traded_away"
    # Of a lottery: the draw fell on others; no position would have been enough.
    NOT_DRAWN = "not_drawn"
    # Where quotas cross: proved, household by household, that it could not be housed.
    QUOTAS_SETTLED = "quotas_settled"
    # Before the draw the rooms of every dormitory listed went to the other sex (``office/room_words.py``).
    NO_ROOM = "no_room"
    NOTHING_LISTED = "nothing_listed"
    REMOVED = "removed"


def reasons(
    order: pd.DataFrame,
    preferences: pd.DataFrame,
    removals: pd.Series,
    result: pd.DataFrame,
    certificate: dict[str, Any],
    declared: Declared | None = None,
) -> pd.DataFrame:
    """One row per household in published order. ``declared``: the frozen rules, where the round has any.

    Columns: ``position, code, band, reason, pool`` (empty for none), ``rank`` (0 for none), ``num_listed``,
    ``closing_position``: for ``STOOD_BEHIND`` the latest position that still reached a place on its list: standing at
    it would have been enough, standing where it stands was not; else 0.
    """
    told = order[["position", "code", "band"]].copy()
    told = told.merge(result[["code", "pool"]], on="code", how="left")
    told["pool"] = told["pool"].fillna("")
    lists = preferences.merge(told[["code", "position", "band", "pool"]], on="code", suffixes=("", "_got"))
    rank = lists.loc[lists["pool"] == lists["pool_got"]].set_index("code")["rank"]
    told["rank"] = told["code"].map(rank).fillna(0).astype("int64")
    told["num_listed"] = told["code"].map(preferences.groupby("code").size()).fillna(0).astype("int64")
    closing = told["code"].map(_closing(lists, certificate, declared)).fillna(0).astype("int64")
    told["closing_position"] = closing
    first_in_band = told.groupby("band")["position"].transform("min")
    told.loc[told["closing_position"] < first_in_band, "closing_position"] = 0
    told["reason"] = _reason(told, set(removals))
    unreached = told["reason"] == Reason.FILLED_BY_EARLIER_BANDS
    if certificate["mechanism"] in LOTTERIES:
        told.loc[unreached, "reason"] = Reason.NOT_DRAWN
    elif is_crossing(certificate):
        told.loc[unreached, "reason"] = Reason.QUOTAS_SETTLED
    elif is_stable(certificate):
        told.loc[unreached, "reason"] = Reason.BETTER_STANDINGS
    elif is_traded(certificate):
        told.loc[unreached, "reason"] = Reason.TRADED_AWAY
    elif certificate["mechanism"] == "serial":
        told.loc[unreached & (closing == 0), "reason"] = Reason.NEVER_OPEN
    elif declared is not None:
        told.loc[unreached, "reason"] = Reason.FILLED_OR_KEPT
    told.loc[told["reason"] != Reason.STOOD_BEHIND, "closing_position"] = 0
    return told


def _closing(lists: pd.DataFrame, certificate: dict[str, Any], declared: Declared | None) -> pd.Series:
    """Per code the greatest closing position over its list; pools struck out earlier count as 0."""
    says_no_position = (is_stable, is_traded, is_crossing)
    if certificate["mechanism"] in LOTTERIES or any(tells(certificate) for tells in says_no_position):
        reached = pd.Series(0, index=lists.index)
    elif certificate["mechanism"] == "serial":
        reached = pd.Series(used_up(lists, certificate, declared))
    else:
        rows = [
            (band["band"], plain_key(leaf), position)
            for band in certificate["bands"]
            for leaf, position in band["closing"].items()
        ]
        table = pd.DataFrame(rows, columns=["band", "leaf", "closing"]).astype({"leaf": "str"})
        asked = pd.DataFrame({"band": lists["band"], "leaf": leaf_keys(lists, declared).astype("str")})
        reached = asked.merge(table, on=["band", "leaf"], how="left")["closing"].fillna(0)
    return pd.Series(reached.to_numpy(dtype=np.int64)).groupby(lists["code"].to_numpy()).max()


def _reason(told: pd.DataFrame, removed: set[str]) -> np.ndarray:
    housed = told["pool"] != ""
    return np.select(
        [
            told["code"].isin(removed),
            housed & (told["rank"] == 1),
            housed,
            told["num_listed"] == 0,
            told["closing_position"] > 0,
        ],
        [
            Reason.REMOVED,
            Reason.FIRST_CHOICE,
            Reason.LATER_CHOICE,
            Reason.NOTHING_LISTED,
            Reason.STOOD_BEHIND,
        ],
        Reason.FILLED_BY_EARLIER_BANDS,
    )


def better_pools(
    code: str,
    told: pd.DataFrame,
    preferences: pd.DataFrame,
    result: pd.DataFrame,
    pools: pd.DataFrame,
    certificate: dict[str, Any],
    declared: Declared | None = None,
) -> list[dict[str, Any]]:
    """For one housed household: who holds the places of each pool it liked better.

    ``pool, rank, capacity``; ``by_earlier_bands, by_earlier_in_band, by_later_in_band, by_later_bands``: counts
    of holders; under ``serial`` also ``last_place_to``: the position that took the last place open to it (0: none was).
    """
    mine = told[told["code"] == code].iloc[0]
    liked = preferences[(preferences["code"] == code) & (preferences["rank"] < mine["rank"])]
    holders = result.merge(told[["code", "position", "band"]], on="code")
    capacity = pools.set_index("pool")["capacity"]
    filled = {}
    if "filled" in certificate:
        filled = dict(zip(liked["pool"], used_up(liked, certificate, declared).tolist(), strict=True))
    rows = []
    for rank, pool in zip(liked["rank"], liked["pool"], strict=True):
        there = holders[holders["pool"] == pool]
        same = there["band"] == mine["band"]
        rows.append(
            {
                "pool": pool,
                "rank": int(rank),
                "capacity": int(capacity[pool]),
                "by_earlier_bands": int((there["band"] < mine["band"]).sum()),
                "by_later_bands": int((there["band"] > mine["band"]).sum()),
                "by_earlier_in_band": int((same & (there["position"] < mine["position"])).sum()),
                "by_later_in_band": int((same & (there["position"] > mine["position"])).sum()),
                **({"last_place_to": int(filled[pool])} if pool in filled else {}),
            }
        )
    return rows


def free_pools(pools: pd.DataFrame, result: pd.DataFrame) -> pd.DataFrame:
    """``pool, free``: pools with empty places at the end."""
    taken = result.groupby("pool").size()
    free = pools["capacity"] - pools["pool"].map(taken).fillna(0).astype("int64")
    return pd.DataFrame({"pool": pools["pool"], "free": free})[free > 0].reset_index(drop=True)
