"""腾退 by idleness or arrears: which leases the law ends, by its own number of months."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from allocator.policy.model import TenancyRules


class VacateReason(StrEnum):
    """Why a tenant must vacate; ``NONE``: need not."""

    NONE = ""
    IDLE = "idle"
    ARREARS = "arrears"


def vacate_reasons(frame: pd.DataFrame, rules: TenancyRules) -> pd.Series:
    """Per row ``""``, ``idle`` or ``arrears`` (idle first), in the rows' index.

    ``frame``: ``idle_months`` and ``arrears_months`` (Int64, whole months so far; unknown is no breach: it
    must be found). The law's number is inclusive; a law that names none ends no lease for that reason.
    """
    idle = _reached(frame["idle_months"], rules.vacate_after_idle_months)
    arrears = _reached(frame["arrears_months"], rules.vacate_after_arrears_months)
    reasons = np.where(
        idle, VacateReason.IDLE.value, np.where(arrears, VacateReason.ARREARS.value, VacateReason.NONE.value)
    )
    return pd.Series(reasons, index=frame.index, dtype="str")


def _reached(months: pd.Series, limit: int | None) -> Any:
    if limit is None:
        return np.zeros(len(months), dtype=bool)
    return (months.astype("Int64") >= limit).fillna(value=False).to_numpy(dtype=bool)
