"""Facts to people: every household with its verdict, entitlement, group and points in one frame."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from allocator import screening
from allocator.model.composition import Composition
from allocator.model.enums import DwellingType, Flag, Relation, Verdict
from allocator.model.facts import Facts
from allocator.model.lookups import is_among, order_by_text
from allocator.policy.in_force import Policy
from allocator.policy.model import SupplyRules
from allocator.ranking import scores
from allocator.screening.bans import is_barred

TYPE_COLUMNS = tuple(str(kind) for kind in DwellingType)


@dataclass(frozen=True, eq=False)
class Screened:
    """``people``: one row per household, sorted by receipt number: ``receipt_no, verdict, num_persons,
    branch, employer_id, sex, is_in_need, priority_group, points, tie_break`` (where the law has any)``, num_waivers,
    barred_until`` (NaT: no ban runs), one boolean column per dwelling type.
    ``findings``: the screening's; ``score_lines``: points by line.
    """

    people: pd.DataFrame
    findings: pd.DataFrame
    score_lines: pd.DataFrame


def screen(
    facts: Facts,
    policy: Policy,
    on: date,
    standings: pd.DataFrame,
    *,
    lost_rounds: pd.Series | None = None,
    barred_until: np.ndarray | None = None,
) -> Screened:
    """Screen, score and entitle every household of the facts on that day.

    ``standings``: ``receipt_no, state, num_waivers`` of households with a history. ``lost_rounds`` (int64: draws
    lost so far) and ``barred_until`` (datetime64[D]: ``screening.bans``) in the households' order; none: nobody. Who is
    barred on that day is ineligible, whatever else is found.
    """
    waivers = standings.set_index("receipt_no")["num_waivers"]
    num_waivers = facts.households["receipt_no"].map(waivers).fillna(0).astype("int64")
    composition = Composition.of(facts, on)
    screening_ = screening.screen(facts, policy, on, num_waivers=num_waivers, composition=composition)
    lines = scores.points(facts, policy, on, lost_rounds=lost_rounds, composition=composition)
    people = screening_.verdicts[["receipt_no", "verdict", "num_persons"]].copy()
    people["branch"] = facts.households["branch"].to_numpy()
    people["employer_id"] = facts.households["employer_id"].fillna("").to_numpy()
    people["sex"] = sex_of_singles(composition)
    people["is_in_need"] = in_need(facts, policy.supply).to_numpy()
    people["priority_group"] = scores.priority_groups(
        facts, policy, on, lost_rounds=lost_rounds, composition=composition
    ).to_numpy()
    people["points"] = lines["points"].to_numpy()
    if policy.ranking.tie_breaks:
        people["tie_break"] = scores.tie_breaks(
            facts, policy, on, lost_rounds=lost_rounds, composition=composition
        ).to_numpy()
    people["num_waivers"] = num_waivers.to_numpy()
    entitled = screening.entitled(facts, policy, on, composition=composition)
    for column in TYPE_COLUMNS:
        people[column] = entitled[column].to_numpy()
    until = np.full(len(people), np.datetime64("NaT", "D")) if barred_until is None else barred_until
    barred = is_barred(until, on)
    people["verdict"] = people["verdict"].mask(barred, str(Verdict.INELIGIBLE))
    people["barred_until"] = np.where(barred, until, np.datetime64("NaT", "D")).astype("datetime64[s]")
    order = order_by_text(people["receipt_no"])
    return Screened(
        *(frame.iloc[order].reset_index(drop=True) for frame in (people, screening_.findings, lines))
    )


def sex_of_singles(people: Composition) -> np.ndarray:
    """Per household the applicant's sex where one person applies (who may take a bed), else empty."""
    applies = people.members["relation"].to_numpy(dtype=object) == Relation.APPLICANT
    sex = np.full(len(people), "", dtype=object)
    sex[people.position[applies]] = people.members["sex"].to_numpy(dtype=object)[applies]
    alone = np.bincount(people.position, minlength=len(people)) == 1
    return np.where(alone, sex, "")


def in_need(facts: Facts, rules: SupplyRules) -> pd.Series:
    """Per household whether it takes part in the sub-round of need: by a flag of a member or its own request."""
    flagged = pd.Series(data=False, index=facts.members.index)
    for flag in rules.need_flags:
        flagged |= facts.members["flags"].fillna("").str.contains(str(Flag(flag)), regex=False)
    needy = facts.members.loc[flagged, "receipt_no"]
    by_flag = pd.Series(is_among(facts.households["receipt_no"], needy), index=facts.households.index)
    if not rules.need_by_request:
        return by_flag
    return by_flag | facts.households["needs_accessible"].fillna(value=False).astype(bool)
