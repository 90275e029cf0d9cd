"""Facts to people: every household with its verdict, entitlement, group and points in one frame."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from allocator import screening
from allocator.model.enums import DwellingType, Flag, Relation
from allocator.model.facts import Facts
from allocator.policy.in_force import Policy
from allocator.policy.model import SupplyRules
from allocator.ranking import scores

TYPE_COLUMNS = tuple(str(kind) for kind in DwellingType)


@dataclass(frozen=True, eq=False)
class Screened:
    """``people``: one row per household, sorted by receipt number: ``receipt_no, verdict, num_persons,
    branch, employer_id, sex, is_in_need, priority_group, points``, one boolean column per dwelling type.
    ``findings``: the screening's; ``score_lines``: points by line.
    """

    people: pd.DataFrame
    findings: pd.DataFrame
    score_lines: pd.DataFrame


def screen(facts: Facts, policy: Policy, on: date, standings: pd.DataFrame) -> Screened:
    """Screen, score and entitle every household of the facts on that day.

    ``standings``: ``receipt_no, state, num_waivers`` of households with a history.
    """
    waivers = standings.set_index("receipt_no")["num_waivers"]
    num_waivers = facts.households["receipt_no"].map(waivers).fillna(0).astype("int64")
    screening_ = screening.screen(facts, policy, on, num_waivers=num_waivers)
    lines = scores.points(facts, policy, on)
    people = screening_.verdicts[["receipt_no", "verdict", "num_persons"]].copy()
    people["branch"] = facts.households["branch"].to_numpy()
    people["employer_id"] = facts.households["employer_id"].fillna("").to_numpy()
    people["sex"] = sex_of_singles(facts).to_numpy()
    people["is_in_need"] = in_need(facts, policy.supply).to_numpy()
    people["priority_group"] = scores.priority_groups(facts, policy, on).to_numpy()
    people["points"] = lines["points"].to_numpy()
    entitled = screening.entitled(facts, policy, on)
    for column in TYPE_COLUMNS:
        people[column] = entitled[column].to_numpy()
    order = np.argsort(people["receipt_no"].to_numpy(object), kind="stable")
    return Screened(
        people.iloc[order].reset_index(drop=True),
        screening_.findings.iloc[order].reset_index(drop=True),
        lines.iloc[order].reset_index(drop=True),
    )


def sex_of_singles(facts: Facts) -> pd.Series:
    """Per household the applicant's sex where one person applies (who may take a bed), else empty."""
    size = facts.members.groupby("receipt_no").size()
    applicants = facts.members[facts.members["relation"] == Relation.APPLICANT]
    sex = applicants.drop_duplicates("receipt_no").set_index("receipt_no")["sex"]
    receipts = facts.households["receipt_no"]
    return receipts.map(sex).fillna("").where(receipts.map(size) == 1, "")


def in_need(facts: Facts, rules: SupplyRules) -> pd.Series:
    """Per household whether it takes part in the sub-round of need: by a flag of a member or its own request."""
    flagged = pd.Series(data=False, index=facts.members.index)
    for flag in rules.need_flags:
        flagged |= facts.members["flags"].fillna("").str.contains(str(Flag(flag)), regex=False)
    needy = set(facts.members.loc[flagged, "receipt_no"])
    by_flag = facts.households["receipt_no"].isin(needy)
    if not rules.need_by_request:
        return by_flag
    return by_flag | facts.households["needs_accessible"].fillna(value=False).astype(bool)
