"""Filed lists before pools are known: what the law adds behind them, and how many ask for beds where."""

from __future__ import annotations

import numpy as np
import pandas as pd

from allocator.model.columns import ANY_TYPE
from allocator.model.enums import DwellingKind, DwellingType, Sex
from allocator.model.lookups import is_among
from allocator.policy.in_force import Policy


def with_assignment(wishes: pd.DataFrame, people: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """直接配租: behind the list of a household whose priority group is assigned a home stands every home it may take."""
    assigned = [place for place, group in enumerate(policy.ranking.groups) if group.assigned_any]
    chosen = people.loc[people["priority_group"].isin(assigned), "receipt_no"]
    if chosen.empty:
        return wishes
    last = wishes.groupby("receipt_no")["rank"].max().reindex(chosen).fillna(0).to_numpy(dtype=np.int64)
    anything = pd.DataFrame(
        {"receipt_no": chosen.to_numpy(), "rank": last + 1, "project_id": ANY_TYPE, "dwelling_type": ANY_TYPE}
    )
    return pd.concat([wishes, anything.astype(wishes.dtypes[anything.columns])], ignore_index=True)


def bed_demand(wishes: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """``project_id, female, male``: people entitled to a bed who list one there, by sex; wildcards count everywhere."""
    alone = people.loc[people[str(DwellingType.BED)] & (people["sex"] != ""), ["receipt_no", "sex"]]
    asked = wishes[is_among(wishes["dwelling_type"], [str(DwellingKind.BED), ANY_TYPE])].merge(
        alone, on="receipt_no"
    )
    pairs = asked[["receipt_no", "project_id", "sex"]].drop_duplicates()
    counts = pd.crosstab(pairs["project_id"], pairs["sex"])
    counts = counts.reindex(columns=[str(Sex.FEMALE), str(Sex.MALE)], fill_value=0)
    named = counts.drop(index="*", errors="ignore")
    if "*" in counts.index:
        named = named + counts.loc["*"]
    return named.rename(columns=str).reset_index()
