"""What is reported of tenants, and whose lease the law ends for it.

Reports stand in the journal alone, sealed and chained like bans (``office.history``): whoever is put out for
one can be shown when it was entered and by whom.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from allocator.exchange.answers import read_one_table
from allocator.model.breaches import BREACHES
from allocator.model.leases import LeaseState
from allocator.model.month import first_day, month_of
from allocator.office.acts import Act, one_transaction, policy_name
from allocator.office.cases import actor
from allocator.office.tenancies import refuse_faulty
from allocator.policy import load as load_policy
from allocator.store import Store
from allocator.tenancies import reports
from allocator.tenancies.breaches import must_vacate

if TYPE_CHECKING:
    from allocator.policy.in_force import Policy

REPORT: Final = "tenancy_report"
_DATES: Final = ("begins_on", "ends_on")


@dataclass(frozen=True, eq=False)
class Review:
    """``tenants``: ``tenancies.breaches.must_vacate`` with ``lease_no, dwelling_id``; ``ban_months``: None without a ban."""

    on: date
    policy: str
    num_leases: int
    tenants: pd.DataFrame
    ban_months: int | None
    is_law_silent: bool


def report(act: Act, file: Path, on: date) -> dict[str, int]:
    """Enter a file of reports on tenants, all or nothing; gives how many are new, withdrawn, known already.

    Raises ``WrongUsage`` without the file, ``FaultsFound`` with every fault at its row.
    """
    rows, problems = read_one_table(file, BREACHES)
    refuse_faulty(problems, file.name, act.language)
    with Store.open(act.store_url, create=False) as store, one_transaction(store, is_dry_run=act.is_dry_run):
        known = standing(store)
        receipts = store.read_facts().households["receipt_no"]
        faults = reports.check(rows, known, store.leases(), receipts, on, file=file.name)
        refuse_faulty(faults, file.name, act.language)
        fresh = reports.news(rows, known)
        if len(fresh):
            _journal(store, on, {"file": file.name, "rows": _written(fresh)})
    withdrawn = int(fresh["withdrawn"].fillna(value=False).sum())
    return {
        "reported": len(fresh) - withdrawn,
        "withdrawn": withdrawn,
        "unchanged": len(rows) - len(fresh),
    }


def standing(store: Store) -> pd.DataFrame:
    """``receipt_no, kind, begins_on, ends_on``: the reports as they stand; the journal's last word counts."""
    rows = [row for entry in store.entries("") if entry.stage == REPORT for row in entry.details["rows"]]
    frame = pd.DataFrame(rows, columns=list(BREACHES.frame_columns))
    frame = frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[s]") for name in _DATES})
    return reports.standing(frame.astype(BREACHES.dtypes))


def review(act: Act, month: str) -> Review:
    """Whose lease the law in force ends on the month's last day (or ``act.on``) for what was reported."""
    first = first_day(month_of(month))
    on = act.on or first.replace(day=monthrange(first.year, first.month)[1])
    with Store.open(act.store_url, create=False) as store:
        policy: Policy = load_policy(policy_name(act, store)).in_force(on)
        leases, told = store.leases(), standing(store)
    day = pd.Timestamp(on)
    runs = (leases["starts_on"] <= day) & (leases["ends_on"] >= day)
    leases = leases[runs & (leases["state"] == LeaseState.IN_FORCE.value)]
    # A report speaks of the lease it began under, not of a later one of the same household.
    both = told.merge(leases[["receipt_no", "lease_no", "dwelling_id", "starts_on"]], on="receipt_no")
    own = both[both["begins_on"] >= both["starts_on"]]
    rules = policy.tenancy.vacate
    found = must_vacate(own[["receipt_no", "kind", *_DATES]], rules, on)
    tenants = found.merge(leases[["receipt_no", "lease_no", "dwelling_id"]], on="receipt_no")
    ban = policy.tenancy.ban
    return Review(
        on, policy.authority.id, len(leases), tenants, None if ban is None else ban.months, not rules
    )


def _written(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON without floats."""
    return [
        {
            "receipt_no": str(row["receipt_no"]),
            "kind": str(row["kind"]),
            **{name: None if pd.isna(row[name]) else row[name].date().isoformat() for name in _DATES},
            "withdrawn": bool(row["withdrawn"]) if pd.notna(row["withdrawn"]) else False,
        }
        for row in rows.to_dict("records")
    ]


def _journal(store: Store, on: date, details: dict[str, Any]) -> None:
    store.append_entry(
        month=None,
        stage=REPORT,
        actor=actor(),
        stamp=datetime.now(UTC).isoformat(timespec="seconds"),
        details={"acted_on": on.isoformat(), **details},
    )
