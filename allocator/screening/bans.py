"""禁申期: who broke the rules may not apply again until a day; the ban follows the person, not the receipt."""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.model.enums import Relation
from allocator.model.lookups import is_among, positions_among
from allocator.screening.duplicates import person_keys

# Who applies: a barred person may live with somebody who applies, but neither sign nor sign too.
_APPLY = (str(Relation.APPLICANT), str(Relation.SPOUSE))


def barred_until(
    households: pd.DataFrame, members: pd.DataFrame, bans: pd.DataFrame
) -> npt.NDArray[np.datetime64]:
    """``(n,) datetime64[D]``: the day from which each household may apply again, NaT where nobody is barred.

    ``households``: ``receipt_no``; ``members``: ``receipt_no, id_number, relation`` of these households and of the
    banned receipts; ``bans``: ``receipt_no, barred_until`` (the first day without the ban). Barred is the applicant
    of the banned receipt (住建部令第11号 Art. 36), wherever he or she applies or signs too.
    """
    until = np.full(len(households), np.datetime64("NaT", "D"))
    if bans.empty:
        return until
    keys = person_keys(members["id_number"])
    ban = positions_among(members["receipt_no"], bans["receipt_no"])
    is_banned = (ban >= 0) & (members["relation"] == str(Relation.APPLICANT)).to_numpy(dtype=bool)
    days = bans["barred_until"].to_numpy(dtype="datetime64[D]")[ban[is_banned]]
    last = pd.Series(days.astype(np.int64)).groupby(keys[is_banned].to_numpy(object)).max()
    applies = is_among(members["relation"], _APPLY)
    person = np.where(applies, positions_among(keys, last.index), -1)
    place = np.where(person >= 0, positions_among(members["receipt_no"], households["receipt_no"]), -1)
    rows = np.flatnonzero(place >= 0)
    found = np.full(len(households), np.iinfo(np.int64).min)
    np.maximum.at(found, place[rows], last.to_numpy()[person[rows]])
    is_found = found > np.iinfo(np.int64).min
    until[is_found] = found[is_found].astype("datetime64[D]")
    return until


def is_barred(until: npt.NDArray[np.datetime64], on: date) -> npt.NDArray[np.bool_]:
    """``(n,) bool``: the ban still runs on that day; the day it ends is free."""
    return np.asarray(~np.isnat(until) & (until > np.datetime64(on, "D")))
