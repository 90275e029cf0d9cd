"""Preferences: of known households, for what exists, with dense ranks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from allocator.model.columns import ANY_TYPE
from allocator.model.facts import Facts

from .faults import Faults
from .frames import Read
from .keys import group_numbers, strangers

_ANY = ANY_TYPE


def check_wishes(reads: dict[str, Read], known: Facts, faults: Faults) -> None:
    """All checks of the preferences against the other tables and the store."""
    wishes = reads["preferences"]
    frame = wishes.frame
    households, projects = reads["households"].frame["receipt_no"], reads["projects"].frame["project_id"]
    is_orphan = strangers(frame["receipt_no"], households, known.households["receipt_no"])
    wishes.rows.blame(faults, "household_unknown", "receipt_no", is_orphan)
    at_project = frame["project_id"].where(frame["project_id"] != _ANY)
    is_nowhere = strangers(at_project, projects, known.projects["project_id"])
    wishes.rows.blame(faults, "project_unknown", "project_id", is_nowhere)
    ranks = frame["rank"].to_numpy(dtype=np.int64, na_value=-1)
    wishes.rows.blame(faults, "rank_zero", "rank", np.flatnonzero(ranks == 0))
    _check_types(reads, known, faults)
    _check_repeats(wishes, faults)
    _check_gaps(wishes, ranks, faults)
    _check_none(reads, known, faults)


def _check_types(reads: dict[str, Read], known: Facts, faults: Faults) -> None:
    """A type of which the project has no dwelling, delivered or known."""
    wishes = reads["preferences"]
    names = ["project_id", "dwelling_type"]
    stock = pd.concat([reads["dwellings"].frame[names], known.dwellings[names]]).dropna()
    offered = pd.MultiIndex.from_frame(stock.drop_duplicates())
    projects = set(reads["projects"].frame["project_id"].dropna()) | set(
        known.projects["project_id"].dropna()
    )
    groups = group_numbers(wishes.frame["project_id"], wishes.frame["dwelling_type"])
    first = wishes.frame[names][~pd.Series(groups).duplicated().to_numpy() & (groups >= 0)]
    vain = [
        group
        for group, pair in zip(
            groups[first.index.to_numpy()].tolist(), first.itertuples(index=False, name=None), strict=True
        )
        if _ANY not in pair and pair[0] in projects and pair not in offered
    ]
    positions = np.flatnonzero(np.isin(groups, np.array(vain, dtype=np.int64)))
    wishes.rows.blame(faults, "type_not_offered", "dwelling_type", positions, "warning")


def _check_repeats(wishes: Read, faults: Faults) -> None:
    frame = wishes.frame
    groups = group_numbers(frame["receipt_no"], frame["project_id"], frame["dwelling_type"])
    is_repeat = pd.Series(groups).duplicated().to_numpy() & (groups >= 0)
    wishes.rows.blame(faults, "preference_repeated", "project_id", np.flatnonzero(is_repeat), "warning")


def _check_gaps(wishes: Read, ranks: np.ndarray[Any, Any], faults: Faults) -> None:
    """The row after a missing rank. The store replaces a household's list whole, so only the files count."""
    codes = pd.factorize(wishes.frame["receipt_no"])[0]
    order = np.lexsort((ranks, codes))
    codes, ranks = codes[order], ranks[order]
    is_next = np.zeros(len(codes), dtype=bool)
    is_next[1:] = codes[1:] == codes[:-1]
    before = np.where(is_next, np.roll(ranks, 1), 0)
    is_gap = (codes >= 0) & (before >= 0) & (ranks > before + 1)
    params: list[dict[str, object]] = [{"expected": int(rank) + 1} for rank in before[is_gap]]
    wishes.rows.blame(faults, "rank_gap", "rank", order[is_gap], "warning", params)


def _check_none(reads: dict[str, Read], known: Facts, faults: Faults) -> None:
    households = reads["households"]
    wishing = reads["preferences"].frame["receipt_no"].drop_duplicates()
    is_silent = strangers(households.frame["receipt_no"], wishing, known.preferences["receipt_no"])
    households.rows.blame(faults, "preferences_missing", "receipt_no", is_silent, "warning")


def check_references(reads: dict[str, Read], known: Facts, faults: Faults) -> None:
    """Employers named by households and projects, projects named by dwellings."""
    employers = (reads["employers"].frame["employer_id"], known.employers["employer_id"])
    households, projects, dwellings = reads["households"], reads["projects"], reads["dwellings"]
    strange = strangers(households.frame["employer_id"], *employers)
    households.rows.blame(faults, "employer_unknown", "employer_id", strange)
    strange = strangers(projects.frame["operator_id"], *employers)
    # Only an employer's own stock goes to the operator's staff; elsewhere the operator may be no employer.
    own = (projects.frame["supply_mode"].iloc[strange] == "enterprise_built").to_numpy(dtype=bool)
    projects.rows.blame(faults, "operator_unknown", "operator_id", strange[own])
    projects.rows.blame(faults, "operator_unknown", "operator_id", strange[~own], "warning")
    known_projects = (projects.frame["project_id"], known.projects["project_id"])
    strange = strangers(dwellings.frame["project_id"], *known_projects)
    dwellings.rows.blame(faults, "project_unknown", "project_id", strange)
