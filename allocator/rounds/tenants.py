"""调房: tenants who ask to move, their homes and their lists, frozen before the seed.

A tenant's list ends with the pool it lives in, so that it moves to something it likes better or stays. Its home counts
among the places of that pool: whoever moves leaves it to others (``docs/decisions/transfers.md``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

import numpy as np
import pandas as pd

from allocator.model.enums import DwellingKind
from allocator.model.facts import Facts
from allocator.model.lookups import is_among, positions_among
from allocator.policy.in_force import Policy
from allocator.policy.model import SupplyRules
from allocator.rounds.rooms import pools_before
from allocator.supply import pools as pool_rules
from allocator.supply import stock as stock_rules

NEED: Final = "need"


class Cause(StrEnum):
    """Why a tenant who asks takes no part this month."""

    HOME_NOT_OFFERED = (
        "home_not_offered"  # a bed, an employer's, kept for those in need, or its head lease over
    )
    NOTHING_BETTER = "nothing_better"
    FEW_NEIGHBOURS = "few_neighbours"


@dataclass(frozen=True, eq=False)
class Movers:
    """Tenants who ask and may: ``people`` (screened columns) and ``homes`` (stock rows with ``pool``), row by row alike.

    ``left_out``: ``receipt_no, cause`` of the others.
    """

    people: pd.DataFrame
    homes: pd.DataFrame
    left_out: pd.DataFrame

    @property
    def names(self) -> pd.Series:
        """Their receipt numbers."""
        return self.people["receipt_no"]

    def without(self, is_out: np.ndarray, cause: Cause) -> Movers:
        """Without these rows."""
        out = pd.DataFrame({"receipt_no": self.names[is_out], "cause": str(cause)}).astype("str")
        return Movers(
            self.people[~is_out].reset_index(drop=True),
            self.homes[~is_out].reset_index(drop=True),
            pd.concat([self.left_out, out], ignore_index=True),
        )


def movers_of(
    people: pd.DataFrame,
    facts: Facts,
    policy: Policy,
    on: date,
    occupied: pd.DataFrame,
    tenants: pd.DataFrame,
) -> Movers:
    """Those of the eligible people who are tenants, with their homes.

    ``tenants``: ``receipt_no, dwelling_id`` of who asks; ``occupied``: ``dwelling_id, sex`` of all who hold a lease. A
    home is offered where it is a flat of the bureau's that could be let today, and not one kept for those in need.
    """
    asking = people[is_among(people["receipt_no"], tenants["receipt_no"])].reset_index(drop=True)
    home = tenants.set_index("receipt_no")["dwelling_id"].reindex(asking["receipt_no"])
    others = occupied[~is_among(occupied["dwelling_id"], home)]
    stock = stock_rules.open_stock(facts, policy.supply, on, others)
    stock = stock[_is_offered(stock, policy.supply)]
    row = positions_among(home, stock["dwelling_id"])
    homes = pool_rules.with_pool_names(stock.assign(unit="")).iloc[row[row >= 0]]
    out = pd.DataFrame({"receipt_no": asking["receipt_no"][row < 0], "cause": str(Cause.HOME_NOT_OFFERED)})
    return Movers(
        asking[row >= 0].reset_index(drop=True),
        homes.reset_index(drop=True),
        out.astype("str").reset_index(drop=True),
    )


def _is_offered(stock: pd.DataFrame, rules: SupplyRules) -> pd.Series:
    is_flat = (stock["kind"] == DwellingKind.FLAT) & (stock["employer_id"] == "")
    return is_flat & ~pool_rules.suits_need(stock, rules) if NEED in rules.sub_rounds else is_flat


def taking_part(movers: Movers, vacant: pd.DataFrame, wishes: pd.DataFrame, least: int) -> Movers:
    """Those for whom there is something better among the pools, and at least so many of whom ask from one pool.

    ``vacant``: empty dwellings (stock rows with ``unit``). Whoever is left out takes its home along, so it is asked
    until nobody more goes.
    """
    while True:
        pools = pools_before(pd.concat([vacant, movers.homes], ignore_index=True))
        lists = lists_of(movers, wishes, pools)
        size = np.bincount(lists["household"], minlength=len(movers.people))
        has_better = size > 1
        if not has_better.all():
            movers = movers.without(~has_better, Cause.NOTHING_BETTER)
            continue
        neighbours = movers.homes["pool"].map(movers.homes["pool"].value_counts()).to_numpy(dtype=np.int64)
        if (neighbours >= least).all():
            return movers
        movers = movers.without(neighbours < least, Cause.FEW_NEIGHBOURS)


def lists_of(movers: Movers, wishes: pd.DataFrame, pools: pd.DataFrame) -> pd.DataFrame:
    """``household, rank, pool`` (rows of people and pools): what each likes better than its home, then its home's pool."""
    own = wishes[is_among(wishes["receipt_no"], movers.names)]
    lists = pool_rules.ranked_pools(own, movers.people, pools)
    home = positions_among(movers.homes["pool"], pools["pool"])
    household = lists["household"].to_numpy(dtype=np.int64)
    never = np.iinfo(np.int64).max
    at_home = np.full(len(home), never)
    is_home = lists["pool"].to_numpy(dtype=np.int64) == home[household]
    at_home[household[is_home]] = lists["rank"].to_numpy(dtype=np.int64)[is_home]
    better = lists[lists["rank"].to_numpy(dtype=np.int64) < at_home[household]]
    last = better.groupby("household")["rank"].max().reindex(range(len(home))).fillna(0)
    homes = pd.DataFrame(
        {"household": np.arange(len(home)), "rank": last.to_numpy(dtype=np.int64) + 1, "pool": home}
    )
    both = pd.concat([better, homes.astype(better.dtypes)], ignore_index=True)
    return both.sort_values("household", kind="stable").reset_index(drop=True)


def places_with_homes(
    offered: pd.DataFrame, homes: pd.DataFrame, most: dict[str, int] | None = None
) -> pd.DataFrame:
    """``pool, place, dwelling_id``: behind the empty dwellings of each pool its tenants' homes, by dwelling.

    ``offered``: stock rows with ``pool``, homes included; ``most``: how many of the empty dwellings of a pool.
    """
    vacant = offered[~is_among(offered["dwelling_id"], homes["dwelling_id"])]
    places = pool_rules.places_of(vacant, need_first=False)
    if most is not None:
        bound = np.array([most[pool] for pool in places["pool"]], dtype=np.int64)
        places = places[places["place"].to_numpy(dtype=np.int64) <= bound]
    ordered = homes.sort_values(["pool", "dwelling_id"], kind="stable")
    empty = ordered["pool"].map(places["pool"].value_counts()).fillna(0).astype("int64")
    place = ordered.groupby("pool").cumcount().astype("int64") + 1 + empty
    return pd.concat(
        [places, ordered.assign(place=place)[["pool", "place", "dwelling_id"]]], ignore_index=True
    )


def staying(result_pools: Sequence[str], codes: Sequence[str], current: pd.DataFrame) -> np.ndarray:
    """(n,) whether a household, assigned this pool, is a tenant who keeps the home it has."""
    home = dict(zip(current["code"], current["pool"], strict=True))
    pairs = zip(codes, result_pools, strict=True)
    return np.array([pool != "" and home.get(code) == pool for code, pool in pairs], dtype=bool)


def result_with_homes(
    order: pd.DataFrame, pools: np.ndarray, dwellings: pd.DataFrame, current: pd.DataFrame
) -> tuple[np.ndarray, pd.DataFrame, pd.DataFrame]:
    """What the dwelling rule has to give: pools of those who enter one (n,), the free places, and rows of who stays.

    The homes of those who stay are no places; the others follow the empty dwellings in the order they stand in. Who
    stays has a row without a dwelling: it is not told which home is whose.
    """
    codes = order["code"].tolist()
    stays = staying(pools.tolist(), codes, current)
    at_home = pd.DataFrame(
        {"code": order["code"].to_numpy(object)[stays], "pool": pools[stays], "dwelling_id": ""}
    ).astype("str")
    kept = current.loc[is_among(current["code"], at_home["code"]), "dwelling_id"]
    free = dwellings[~is_among(dwellings["dwelling_id"], kept)].sort_values(["pool", "place"], kind="stable")
    free = free.assign(place=free.groupby("pool").cumcount().astype("int64") + 1)
    return np.where(stays, "", pools), free, at_home
