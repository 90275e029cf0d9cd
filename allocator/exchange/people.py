"""Who belongs to whom: members to households, one applicant each, nobody in two households.

What the store already holds (``known``) counts with the delivery: a row that is absent is not withdrawn.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from allocator.model.facts import Facts
from allocator.model.lookups import is_among

from .faults import Faults
from .frames import Read
from .keys import group_numbers, rows_of_groups, strangers


def check_people(
    households: Read, members: Read, known: Facts, faults: Faults, ended: Collection[str] = ()
) -> pd.DataFrame:
    """All checks between households and members; who stepped down as applicant (``former_applicants``).

    ``ended``: receipts of cases that are withdrawn; their people may apply anew.
    """
    stepped_down = former_applicants(members, known)
    everyone = _everyone(members, known)
    is_gone = (everyone["position"] < 0).to_numpy() & is_among(_pairs(everyone), _pairs(stepped_down))
    everyone = everyone[~is_gone].reset_index(drop=True)
    _tell_new_applicants(members, stepped_down, faults)
    _check_members_have_households(households, members, known, faults)
    _check_households_have_members(households, everyone, faults)
    for relation in ("applicant", "spouse"):
        _check_single(relation, members, everyone, faults)
    _check_one_household_each(members, everyone, faults, ended)
    return stepped_down


def former_applicants(members: Read, known: Facts) -> pd.DataFrame:
    """``receipt_no, id_number`` of applicants the store holds in whose place a member of theirs is delivered as one.

    Divorce or death: the co-applicant is promoted, the former applicant is no longer listed. Whoever is still
    listed, under whatever relation, stays.
    """
    delivered = members.frame[["receipt_no", "id_number", "relation"]].dropna()
    now = delivered[delivered["relation"] == "applicant"]
    now = now[is_among(_pairs(now), _pairs(known.members[known.members["relation"] != "applicant"]))]
    before = known.members[known.members["relation"] == "applicant"]
    before = before[is_among(before["receipt_no"], now["receipt_no"])]
    before = before[~is_among(_pairs(before), _pairs(delivered))]
    return before[["receipt_no", "id_number"]].reset_index(drop=True)


def _pairs(people: pd.DataFrame) -> pd.Series:
    """Household and person as one text; missing where either is."""
    return people["receipt_no"].astype("str") + "\t" + people["id_number"].astype("str")


def _tell_new_applicants(members: Read, stepped_down: pd.DataFrame, faults: Faults) -> None:
    applies = (members.frame["relation"] == "applicant").fillna(value=False).to_numpy(dtype=bool)
    is_new = applies & is_among(members.frame["receipt_no"], stepped_down["receipt_no"])
    members.rows.blame(faults, "applicant_succeeded", "relation", np.flatnonzero(is_new), "warning")


def _everyone(members: Read, known: Facts) -> pd.DataFrame:
    """Delivered members with their ``position`` and those the store knows besides (-1)."""
    names = ["receipt_no", "id_number", "relation"]
    delivered = members.frame[names].assign(position=np.arange(len(members.frame)))
    if known.members.empty:
        return delivered
    both = pd.concat([delivered, known.members[names].assign(position=-1)], ignore_index=True)
    groups = group_numbers(both["receipt_no"], both["id_number"])
    is_replaced = (both["position"].to_numpy() < 0) & pd.Series(groups).isin(
        groups[: len(delivered)]
    ).to_numpy()
    return both[~is_replaced].reset_index(drop=True)


def _check_members_have_households(households: Read, members: Read, known: Facts, faults: Faults) -> None:
    lists = (households.frame["receipt_no"], known.households["receipt_no"])
    positions = strangers(members.frame["receipt_no"], *lists)
    members.rows.blame(faults, "household_unknown", "receipt_no", positions)


def _check_households_have_members(households: Read, everyone: pd.DataFrame, faults: Faults) -> None:
    receipts = households.frame["receipt_no"]
    without = strangers(receipts, everyone["receipt_no"])
    # A faulty relation is told at its own cell; it may well be the applicant's.
    settled = everyone["relation"].isna() | (everyone["relation"] == "applicant")
    headless = strangers(receipts, everyone.loc[settled, "receipt_no"])
    households.rows.blame(faults, "members_missing", "receipt_no", without)
    headless = np.setdiff1d(headless, without)
    households.rows.blame(faults, "applicant_missing", "receipt_no", headless)


def _check_single(relation: str, members: Read, everyone: pd.DataFrame, faults: Faults) -> None:
    """Every delivered row of a household with two of what there can be only one."""
    of_relation = everyone[(everyone["relation"] == relation) & everyone["receipt_no"].notna()]
    # The same person twice is a fault of its own.
    is_again = of_relation["id_number"].notna() & of_relation.duplicated(["receipt_no", "id_number"])
    of_relation = of_relation[~is_again]
    doubled = of_relation[of_relation["receipt_no"].duplicated(keep=False)]
    delivered = doubled[doubled["position"] >= 0]
    positions = delivered["position"].to_numpy(dtype=np.int64)
    if len(positions):
        groups = pd.factorize(delivered["receipt_no"])[0]
        params = rows_of_groups(groups, members.rows.row_numbers[positions])
        members.rows.blame(faults, f"{relation}_doubled", "relation", positions, params=params)


def _check_one_household_each(
    members: Read, everyone: pd.DataFrame, faults: Faults, ended: Collection[str]
) -> None:
    """The same person under two open receipt numbers: every delivered row, naming the other households."""
    present = everyone[everyone["id_number"].notna() & everyone["receipt_no"].notna()]
    if ended:
        present = present[~is_among(present["receipt_no"], ended)]
    repeated = present[present["id_number"].duplicated(keep=False)]
    if repeated.empty:
        return
    homes = repeated.groupby("id_number", sort=False)["receipt_no"].agg(
        lambda receipts: sorted(set(receipts))
    )
    repeated = repeated.assign(homes=repeated["id_number"].map(homes))
    delivered = repeated[(repeated["homes"].map(len) > 1) & (repeated["position"] >= 0)]
    params = [_others(row.homes, row.receipt_no) for row in delivered.itertuples(index=False)]
    positions = delivered["position"].to_numpy(dtype=np.int64)
    members.rows.blame(faults, "person_in_two_households", "id_number", positions, params=params)


def _others(homes: list[Any], receipt_no: str) -> dict[str, object]:
    return {"others": ", ".join(home for home in homes if home != receipt_no)}
