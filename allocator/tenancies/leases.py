"""租赁合同: leases from accepted offers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator.errors import Refused
from allocator.model.enums import DwellingKind, OfferState, SupplyMode
from allocator.model.facts import Facts, conform
from allocator.model.leases import LeaseState
from allocator.model.records import LEASES
from allocator.policy.model import ModeRule, TenancyRules
from allocator.tenancies.circumstances import circumstances
from allocator.tenancies.rents import monthly_rent_fen
from allocator.tenancies.spans import days_of, last_day
from allocator.tenancies.subsidies import monthly_subsidy_fen

_SHOWN: Final = 10


def lease_grounds(
    offers: pd.DataFrame, facts: Facts, tenancy: TenancyRules, modes: Mapping[SupplyMode, ModeRule], on: date
) -> pd.DataFrame:
    """One row per accepted offer, by receipt number, with all that its lease is made from.

    ``receipt_no, dwelling_id, project_id, supply_mode, starts_on, ends_on, area_cm2, rent_per_m2_fen, rent_fen,
    subsidy_fen, tier, reason, paid_by``. ``starts_on`` is the day of signing, or the day the dwelling can be
    let where that is later. Raises ``Refused`` where a head lease ends before the lease would begin, or where
    its end is not known though the mode ends with it: a sitting tenant must not be surprised by it.
    """
    rows = _with_dwellings(offers, facts)
    rows["is_bed"] = rows["kind"].to_numpy() == DwellingKind.BED
    rows["rent_fen"] = monthly_rent_fen(rows["area_cm2"], rows["rent_per_m2_fen"], rows["is_bed"])
    rows["paid_by"] = rows["supply_mode"].map(
        {str(mode): rule.subsidy_paid_by for mode, rule in modes.items()}
    )
    rows = _with_terms(rows, tenancy.lease_months, modes, on)
    return _with_subsidies(rows, facts, tenancy, on)


def _with_dwellings(offers: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    accepted = offers.loc[offers["state"] == OfferState.ACCEPTED.value, ["receipt_no", "dwelling_id"]]
    dwellings = facts.dwellings.rename(columns={"building_area_cm2": "area_cm2"})
    columns = ["dwelling_id", "project_id", "kind", "area_cm2", "rent_per_m2_fen", "available_on"]
    rows = accepted.merge(dwellings[columns], on="dwelling_id", how="left", validate="one_to_one")
    projects = facts.projects[["project_id", "supply_mode", "head_lease_ends"]]
    rows = rows.merge(projects, on="project_id", how="left", validate="many_to_one")
    if rows[["project_id", "supply_mode"]].isna().any(axis=None):
        raise ValueError("an offer names a dwelling or project that the facts do not hold")
    return rows.sort_values("receipt_no").reset_index(drop=True)


def _with_terms(
    rows: pd.DataFrame, lease_months: int, modes: Mapping[SupplyMode, ModeRule], on: date
) -> pd.DataFrame:
    unruled = ~rows["supply_mode"].isin([str(mode) for mode in modes]).to_numpy(dtype=bool)
    _refuse(rows, unruled, "mode_without_rule")
    starts = np.fmax(np.datetime64(on, "D"), days_of(rows["available_on"]))
    ends = last_day(starts, lease_months)
    bound = {str(mode): rule.ends_with_head_lease for mode, rule in modes.items()}
    is_bound = rows["supply_mode"].map(bound).to_numpy(dtype=bool)
    head = days_of(rows["head_lease_ends"])
    _refuse(rows, is_bound & np.isnat(head), "head_lease_unknown")
    _refuse(rows, is_bound & (head < starts), "head_lease_over")
    ends = np.where(is_bound, np.fmin(ends, head), ends)
    return rows.assign(starts_on=starts.astype("datetime64[s]"), ends_on=ends.astype("datetime64[s]"))


def _refuse(rows: pd.DataFrame, holds: Any, code: str) -> None:
    if not holds.any():
        return
    names = sorted(rows.loc[holds, "dwelling_id"])
    raise Refused(
        code, num=len(names), dwellings=", ".join(names[:_SHOWN]) + ("…" if len(names) > _SHOWN else "")
    )


def _with_subsidies(rows: pd.DataFrame, facts: Facts, tenancy: TenancyRules, on: date) -> pd.DataFrame:
    rules = tenancy.subsidy
    frame = rows[["area_cm2", "rent_per_m2_fen", "is_bed"]].assign(is_payable=rows["paid_by"] != "none")
    if rules is not None:
        known = circumstances(facts, rows["receipt_no"], rules, on).drop(columns="receipt_no")
        frame = pd.concat([frame, known], axis=1)
    return pd.concat([rows, monthly_subsidy_fen(frame, rules)], axis=1)


def leases_of(grounds: pd.DataFrame, *, month: str, signed_on: date, num_before: int = 0) -> pd.DataFrame:
    """The leases of these grounds as ``model.records.LEASES``, all ``IN_FORCE``, by lease number.

    Lease numbers are ``ZL``, the month's digits and a running number of six digits in the order of receipt
    numbers, after the ``num_before`` leases the month already has.
    """
    rows = grounds.sort_values("receipt_no").reset_index(drop=True)
    digits = month.replace("-", "")
    numbers = [f"ZL{digits}{number:06d}" for number in range(num_before + 1, num_before + 1 + len(rows))]
    leases = rows.assign(
        lease_no=pd.Series(numbers, index=rows.index, dtype="str"),
        month=pd.Series(month, index=rows.index, dtype="str"),
        signed_on=pd.Series(pd.Timestamp(signed_on).as_unit("s"), index=rows.index, dtype="datetime64[s]"),
        state=pd.Series(LeaseState.IN_FORCE.value, index=rows.index, dtype="str"),
    )
    return conform(leases, LEASES)
