"""当期房源: the dwellings a month can offer, with what their project and supply mode say of them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from allocator.model.enums import DwellingKind, Sex
from allocator.model.facts import Facts
from allocator.model.lookups import is_among
from allocator.policy.model import SupplyRules

STOCK_COLUMNS = (
    "dwelling_id",
    "project_id",
    "kind",
    "dwelling_type",
    "rent_per_m2_fen",
    "floor",
    "accessible",
    "room_id",
    "sex",
    "employer_id",
    "surplus_to_bureau",
    "supply_mode",
)


def open_stock(facts: Facts, rules: SupplyRules, on: date, occupied: pd.DataFrame) -> pd.DataFrame:
    """The dwellings that can be let on that day: free, available, head lease still running.

    ``occupied`` (``dwelling_id``, ``sex``): leased dwellings and the sex of their tenant; a free bed in a
    room where somebody lives takes that sex. Rows are sorted by ``dwelling_id``; columns
    ``STOCK_COLUMNS``. ``employer_id`` is empty where the bureau allocates; ``sex`` is empty for flats
    and for beds in empty rooms.
    """
    projects = _projects(facts.projects, rules)
    stock = facts.dwellings.merge(projects, on="project_id", how="inner")
    day = pd.Timestamp(on)
    ends = stock["head_lease_ends"]
    runs = ~stock["ends_with_head_lease"] | ends.isna() | (ends > day)
    lived_in = sex_of_rooms(stock, occupied)
    stock["sex"] = np.where(stock["kind"] == DwellingKind.BED, lived_in, "")
    is_open = runs & (stock["available_on"] <= day) & ~is_among(stock["dwelling_id"], occupied["dwelling_id"])
    open_rows = stock[is_open].sort_values("dwelling_id", kind="stable")
    return open_rows[list(STOCK_COLUMNS)].reset_index(drop=True)


def _projects(projects: pd.DataFrame, rules: SupplyRules) -> pd.DataFrame:
    """Projects with what their supply mode fixes."""
    modes = pd.DataFrame(
        {
            "supply_mode": [str(mode) for mode in rules.modes],
            "by_employer": [rule.allocator == "employer" for rule in rules.modes.values()],
            "surplus_to_bureau": [rule.surplus_to_bureau for rule in rules.modes.values()],
            "ends_with_head_lease": [rule.ends_with_head_lease for rule in rules.modes.values()],
        }
    )
    known = projects[["project_id", "supply_mode", "operator_id", "head_lease_ends"]].merge(
        modes, on="supply_mode"
    )
    # Without a named operator there is no employer to allocate: the bureau does.
    known["employer_id"] = np.where(known["by_employer"], known["operator_id"].fillna(""), "")
    return known[
        [
            "project_id",
            "supply_mode",
            "head_lease_ends",
            "employer_id",
            "surplus_to_bureau",
            "ends_with_head_lease",
        ]
    ]


def sex_of_rooms(stock: pd.DataFrame, occupied: pd.DataFrame) -> pd.Series:
    """Per dwelling the sex of its room: as delivered, or as somebody who lives there has it; else empty."""
    tenants = stock[["dwelling_id", "project_id", "room_id"]].merge(occupied, on="dwelling_id")
    by_room = tenants.dropna(subset=["room_id"]).drop_duplicates(["project_id", "room_id"])
    joined = stock[["project_id", "room_id"]].merge(
        by_room[["project_id", "room_id", "sex"]], on=["project_id", "room_id"], how="left"
    )
    delivered = stock["room_sex"].fillna("")
    return delivered.where(delivered != "", joined["sex"].fillna("").to_numpy())


def sexes_of_empty_rooms(stock: pd.DataFrame, demand: pd.DataFrame) -> pd.DataFrame:
    """Give each empty dormitory room to one sex, before the seed, from demand counts.

    ``demand``: ``project_id, female, male``: how many households of one person may take a bed there
    and list it. Per project, the first y empty rooms in the order of their names go to women, y filling the
    most beds, ties to the fewest (``docs/decisions/rooms-by-demand.md``). The stock comes back with every
    bed's ``sex`` filled. What goes to one sex whole is the stock's ``unit`` (``units.with_units``).
    """
    beds = stock[stock["kind"] == DwellingKind.BED]
    wanted = dict(zip(demand["project_id"], zip(demand["female"], demand["male"], strict=True), strict=True))
    sex = stock["sex"].to_numpy(dtype=object).copy()
    at = pd.Series(np.arange(len(stock)), index=stock.index)
    for project, group in beds.groupby("project_id", sort=True):
        women = _units_for_women(group, *wanted.get(project, (0, 0)))
        empty = group[group["sex"] == ""]
        sex[at[empty.index]] = np.where(is_among(empty["unit"], women), Sex.FEMALE, Sex.MALE)
    return stock.assign(sex=pd.Series(sex, index=stock.index, dtype="str"))


def _units_for_women(group: pd.DataFrame, female: int, male: int) -> list[str]:
    """Names of the empty units that go to women."""
    empty = group[group["sex"] == ""].groupby("unit", sort=True).size()
    fixed_female = int((group["sex"] == Sex.FEMALE).sum())
    fixed_male = int((group["sex"] == Sex.MALE).sum())
    beds_for_women = np.concatenate([[0], np.cumsum(empty.to_numpy(dtype=np.int64))])
    beds_for_men = beds_for_women[-1] - beds_for_women
    filled = np.minimum(beds_for_women + fixed_female, female) + np.minimum(beds_for_men + fixed_male, male)
    return list(empty.index[: int(np.argmax(filled))])
