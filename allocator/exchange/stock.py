"""Checks inside employers, projects, dwellings and households: cells that must fit each other."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from allocator.model.facts import Facts

from .faults import Faults
from .frames import Read
from .keys import group_numbers, stands_in


def _where(condition: pd.Series) -> np.ndarray[Any, Any]:
    """Positions where a condition holds for certain."""
    return np.flatnonzero(condition.fillna(False).to_numpy(dtype=bool))


def _was_blank(read: Read, column: str) -> pd.Series:
    """Nothing was written, rather than something faulty."""
    blank = [not text.strip() for text in read.rows.values_at(column, np.arange(len(read.frame)))]
    return pd.Series(blank, index=read.frame.index, dtype="boolean")


def check_stock(reads: dict[str, Read], known: Facts, faults: Faults) -> None:
    """Employers, projects and dwellings."""
    _check_credit_codes(reads["employers"], faults)
    projects = reads["projects"]
    mode = projects.frame["supply_mode"]
    endless = _where((mode == "leased") & _was_blank(projects, "head_lease_ends"))
    projects.rows.blame(faults, "head_lease_missing", "head_lease_ends", endless, "warning")
    unowned = _where((mode == "enterprise_built") & _was_blank(projects, "operator_id"))
    projects.rows.blame(faults, "operator_missing", "operator_id", unowned, "warning")
    _check_dwellings(reads["dwellings"], known, faults)


def _check_dwellings(dwellings: Read, known: Facts, faults: Faults) -> None:
    frame, rows = dwellings.frame, dwellings.rows
    is_bed, has_kind = frame["kind"] == "bed", frame["kind"].notna()
    is_bed_type, has_type = frame["dwelling_type"] == "bed", frame["dwelling_type"].notna()
    rows.blame(faults, "room_missing", "room_id", _where(is_bed & _was_blank(dwellings, "room_id")))
    mismatch = _where(has_kind & has_type & (is_bed != is_bed_type))
    rows.blame(faults, "type_mismatch", "dwelling_type", mismatch)
    rows.blame(faults, "area_zero", "building_area_m2", _where(frame["building_area_cm2"] == 0))
    rows.blame(faults, "rent_zero", "rent_per_m2", _where(frame["rent_per_m2_fen"] == 0), "warning")
    _check_rooms(dwellings, known, faults)


def _check_rooms(dwellings: Read, known: Facts, faults: Faults) -> None:
    """Beds of one room marked for both sexes: every delivered bed of the room that carries a mark."""
    names = ["dwelling_id", "project_id", "room_id", "room_sex"]
    delivered = dwellings.frame[names].assign(position=np.arange(len(dwellings.frame)))
    besides = known.dwellings[~stands_in(known.dwellings["dwelling_id"], delivered["dwelling_id"])]
    beds = pd.concat([delivered, besides[names].assign(position=-1)], ignore_index=True)
    beds = beds[beds["room_sex"].notna() & beds["room_id"].notna()]
    rooms = pd.Series(group_numbers(beds["project_id"], beds["room_id"]), index=beds.index)
    is_mixed = beds.groupby(rooms)["room_sex"].transform("nunique") > 1
    positions = beds.loc[is_mixed & (rooms >= 0) & (beds["position"] >= 0), "position"]
    dwellings.rows.blame(faults, "room_of_both_sexes", "room_sex", positions.to_numpy(dtype=np.int64))


def check_households(households: Read, faults: Faults) -> None:
    """Households alone."""
    frame = households.frame
    lone = _where((frame["branch"] == "employer") & _was_blank(households, "employer_id"))
    households.rows.blame(faults, "employer_missing", "employer_id", lone, "warning")


def _check_credit_codes(employers: Read, faults: Faults) -> None:
    """A warning only: lawful codes of the early pilot fail the checksum of GB 32100-2015."""
    codes, uniques = pd.factorize(employers.frame["credit_code"])
    is_odd = np.array([not _is_credit_code(str(code)) for code in uniques] + [False])[codes]
    employers.rows.blame(faults, "credit_code_odd", "credit_code", np.flatnonzero(is_odd), "warning")


@cache
def _is_credit_code(code: str) -> bool:
    from stdnum.cn import uscc

    return bool(uscc.is_valid(code))
