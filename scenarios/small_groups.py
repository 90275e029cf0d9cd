"""What is told of a bureau's own city: no group of fewer than ten households, nobody's circumstances.

Whole groups (branches, deciles) are added up under ``merged`` before anything is written; a comparison, which is made to
be published, leaves out the counts below ten of the groups that are left, and with each at least one other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from allocator.measures.small_cells import LEAST_COUNT, MERGED, merge_small
from scenarios.results import Replication, Results
from scenarios.snapshot import BRANCHES, NUM_DECILES, Snapshot

# The decile of households whose own one is too small; the deciles themselves count from 1.
SMALL_DECILES: Final = NUM_DECILES + 1
BEGAN_WITH: Final = "began_with"
_KINDS: Final = ("branch", "decile")
# Of a household: what became of it, not who it is.
_KEPT: Final = [
    "scenario",
    "replication",
    "household",
    "decile",
    "tenant_months",
    "outcome",
    "benefit_fen_per_month",
    "paid_fen_per_month",
]
# Counts of those who are there (their mean is told), and sums that hang on a count.
_STOCKS: Final = ("waiting", "tenants", "over_30")
# Counts of ``winners``.
_CHANGED: Final = ("gain", "lose", "housed_more", "housed_less")
_COUNTED_BY: Final = {
    "rent_fen": "tenants",
    "subsidy_fen": "tenants",
    "relief_fen": "tenants",
    "paid_fen": "tenants",
    "waited_months_sum": "housed",
    "waiting_months_sum": "waiting",
}


def merged(made: Replication, city: Snapshot) -> Replication:
    """The same with small branches and small deciles added up, and of each household only what became of it."""
    branches = _small(pd.Series(np.array(BRANCHES, dtype=object)[city.branch]))
    deciles = _small(pd.Series(city.decile).astype("str"))
    monthly, households = made.monthly, made.households[_KEPT]
    is_small = (monthly["group_kind"] == "branch") & monthly["group"].isin(branches)
    is_small |= (monthly["group_kind"] == "decile") & monthly["group"].isin(deciles)
    small = monthly[is_small].assign(group=MERGED)
    keys = [name for name in monthly.columns if name != "value"]
    summed = small.groupby(keys, sort=False, as_index=False)["value"].sum()
    told = households["decile"].where(~households["decile"].astype("str").isin(deciles), SMALL_DECILES)
    return Replication(
        pd.concat([monthly[~is_small], summed[list(monthly.columns)]], ignore_index=True),
        households.assign(decile=told),
        made.labs,
    )


def _small(groups: pd.Series) -> list[str]:
    """Groups that are told under ``merged`` only."""
    counted = groups.value_counts().rename_axis("name").reset_index(name="households")
    kept = merge_small(counted, "name", ["households"])["name"]
    return [name for name in counted["name"] if name not in set(kept)]


def to_be_told(results: Sequence[Results]) -> list[Results]:
    """The runs without the counts of one to nine households, the same ones left out of all of them.

    Runs of a synthetic city are as they were.
    """
    if BEGAN_WITH not in results[0].document:
        return list(results)
    left_out = _too_small(results)
    told = []
    for one in results:
        keys = pd.MultiIndex.from_frame(one.monthly[["group_kind", "group", "measure"]])
        told.append(replace(one, monthly=one.monthly[~keys.isin(left_out)].reset_index(drop=True)))
    return told


def deciles_to_be_told(table: pd.DataFrame, results: Sequence[Results]) -> pd.DataFrame:
    """Rows of ``winners`` without the deciles in which one to nine households gain or lose, on average over replications.

    A lone one takes the next smallest along, since the rows of all (decile 0) stay. A synthetic city's are as they were.
    """
    document = results[0].document
    if BEGAN_WITH not in document:
        return table
    counts = table[list(_CHANGED)] / document["replications"]
    least = counts.where(counts > 0).min(axis=1).where(table["decile"] > 0)
    kept = []
    for _, rows in table.groupby("scenario", sort=False):
        smallest = least[rows.index].dropna().sort_values(kind="stable")
        num = int((smallest < LEAST_COUNT).sum())
        left_out = smallest.index[: num + 1 if num == 1 else num]
        kept.append(rows.drop(index=left_out))
    return pd.concat(kept, ignore_index=True)


def _too_small(results: Sequence[Results]) -> set[tuple[str, str, str]]:
    """(kind, group, measure) that some scenario has too few households in, and one more of the kind beside a lone one."""
    counts = pd.concat([_counts(one) for one in results], axis=1).fillna(0.0)
    left_out: set[tuple[str, str, str]] = set()
    for (kind, measure), rows in counts.groupby(level=["group_kind", "measure"]):
        least = rows.where(rows > 0).min(axis=1).dropna().sort_values(kind="stable")
        num = int((least < LEAST_COUNT).sum())
        groups = least.index.get_level_values("group")[: num + 1 if num == 1 else num]
        behind = [measure, *(name for name, count in _COUNTED_BY.items() if count == measure)]
        left_out |= {(kind, group, name) for group in groups for name in behind}
    return left_out


def _counts(one: Results) -> pd.Series:
    """Households by group and measure, a mean over the replications: sums over the months told, means of who is there."""
    rows = one.monthly[~one.monthly["is_warm_up"] & one.monthly["group_kind"].isin(_KINDS)]
    rows = rows[~rows["measure"].isin(list(_COUNTED_BY))]
    keys = ["group_kind", "group", "measure"]
    total = rows.groupby(keys)["value"].sum() / one.document["replications"]
    months = one.document["months"] - one.document["warm_up_months"]
    is_stock = total.index.get_level_values("measure").isin(_STOCKS)
    return total.where(~is_stock, total / months).rename(one.name)
