"""What an ID number says about its bearer, against the other cells of the row.

A wrong date of birth or sex is an error: by GB 11643 the number itself carries both, a corrected date or
sex comes with a new number, and both decide (points by age; rooms of one sex). An unknown address code
is a warning: divisions are abolished and founded, and functional zones stand in one list and not the other.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from .faults import Faults
from .frames import Read
from .id_numbers import SYNTHETIC_ADDRESS, birth_dates, digits_of, is_known_address, is_male


def check_identity(members: Read, faults: Faults, *, synthetic_ids: bool) -> None:
    """Compare the sound numbers with birth date and sex, and look their address codes up."""
    frame = members.frame
    sound = np.flatnonzero(frame["id_number"].notna().to_numpy())
    numbers = frame["id_number"].iloc[sound]
    digits = digits_of(pa.array(numbers))
    born = frame["birth_date"].iloc[sound].to_numpy(dtype="datetime64[s]")
    differs = ~np.isnat(born) & (born != birth_dates(digits))
    members.rows.blame(faults, "birth_date_differs", "birth_date", sound[differs])
    sex = frame["sex"].iloc[sound]
    says_male = (sex == "male").to_numpy(dtype=bool)
    differs = sex.notna().to_numpy() & (says_male != is_male(digits))
    members.rows.blame(faults, "sex_differs", "sex", sound[differs])
    _check_addresses(members, sound, numbers, faults, synthetic_ids=synthetic_ids)


def _check_addresses(
    members: Read,
    sound: np.ndarray[Any, Any],
    numbers: pd.Series,
    faults: Faults,
    *,
    synthetic_ids: bool,
) -> None:
    codes, addresses = pd.factorize(numbers.str.slice(0, 6))
    if not len(addresses):
        return
    is_synthetic = np.array([address == SYNTHETIC_ADDRESS for address in addresses])[codes]
    is_known = np.array([is_known_address(str(address)) for address in addresses])[codes]
    if not synthetic_ids:
        members.rows.blame(faults, "id_synthetic", "id_number", sound[is_synthetic])
    members.rows.blame(faults, "id_address_unknown", "id_number", sound[~is_known & ~is_synthetic], "warning")


def check_dates(members: Read, households: Read, faults: Faults, on: date | None) -> None:
    """Nobody applies before being born; nothing that has happened lies after ``on``, where that is given."""
    applicants = members.frame[members.frame["relation"] == "applicant"]
    born = applicants.drop_duplicates("receipt_no").set_index("receipt_no")["birth_date"]
    born_of = born.reindex(households.frame["receipt_no"]).to_numpy(dtype="datetime64[s]")
    registered = households.frame["registered_on"].to_numpy(dtype="datetime64[s]")
    with np.errstate(invalid="ignore"):
        is_early = registered < born_of
    households.rows.blame(faults, "registered_before_birth", "registered_on", np.flatnonzero(is_early))
    if on is not None:
        for read, names in (
            (members, ("birth_date",)),
            (households, ("registered_on", "last_home_disposed_on")),
        ):
            for name in names:
                is_late = read.frame[name].to_numpy(dtype="datetime64[s]") > np.datetime64(on, "s")
                read.rows.blame(
                    faults, "date_in_future", name, np.flatnonzero(is_late), params={"on": on.isoformat()}
                )
