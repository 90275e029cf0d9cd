"""What the commands ``tenancy`` and ``registry`` ask of the desk: open the store, one transaction, journal."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.errors import Refused
from allocator.model.enums import Stage
from allocator.model.month import month_of
from allocator.office import registry, tenancies
from allocator.office.acts import Act, one_transaction
from allocator.policy import load as load_policy
from allocator.policy.in_force import Policy
from allocator.rounds.lifecycle import ORDER, day_of
from allocator.store import Store

if TYPE_CHECKING:
    from allocator.model.records import RoundRecord


def leases_of_store(store_url: str, month: str | None) -> pd.DataFrame:
    """Leases of a month or all (``model.records.LEASES``) with ``filing``: where each stands with the registry."""
    if month is not None:
        month_of(month)
    with Store.open(store_url, create=False) as store:
        leases, exports = store.leases(month), store.exports(month)
    return leases.assign(filing=registry.filings(leases, exports))


def ledger_of_month(store_url: str, month: str, policy_name: str | None) -> list[dict[str, Any]]:
    """Rent roll and subsidies of the month's leases by supply mode (``tenancies.ledger``)."""
    month_of(month)
    with Store.open(store_url, create=False) as store:
        record = _signed_round(store, month)
        return tenancies.ledger(store.leases(month), store.read_facts(), _policy(record, policy_name))


def export(act: Act, month: str, *, rehearsal: bool, increment: bool) -> registry.Exported:
    """Export the month's leases for the registry under ``act.out``; a dry run writes neither store nor files."""
    month_of(month)
    with Store.open(act.store_url, create=False) as store:
        if not act.is_dry_run:
            return _export(store, act, month, act.out, rehearsal=rehearsal, increment=increment)
        with TemporaryDirectory() as folder:
            return _export(store, act, month, Path(folder), rehearsal=rehearsal, increment=increment)


def _export(
    store: Store, act: Act, month: str, out: Path, *, rehearsal: bool, increment: bool
) -> registry.Exported:
    record = _signed_round(store, month)
    policy = _policy(record, act.policy_name)
    on = act.on or day_of(Stage.EXPORT, month, policy.calendar)
    with one_transaction(store, is_dry_run=act.is_dry_run):
        exported = registry.export_round(
            store, policy, month, out, on, rehearsal=rehearsal, increment=increment
        )
        if exported.is_new:
            _journal(store, month, "registry_export", on, {"export_no": exported.export_no})
    return exported


def receive(act: Act, month: str, file: Path) -> registry.Received:
    """Take in the registry's answer (``registry.receive``)."""
    month_of(month)
    with (
        Store.open(act.store_url, create=False) as store,
        one_transaction(store, is_dry_run=act.is_dry_run),
    ):
        received = registry.receive(store, month, file, language=act.language)
        _journal(store, month, "registry_receive", act.on, received.figures)
    return received


def _signed_round(store: Store, month: str) -> RoundRecord:
    """The month's round, once its leases are signed."""
    record = store.round(month)
    if record is None:
        raise Refused("round_unknown", month=month)
    if ORDER.index(Stage(record.stage)) < ORDER.index(Stage.SIGN):
        raise Refused("tenancy_not_signed", month=month)
    return record


def _policy(record: RoundRecord, name: str | None) -> Policy:
    return load_policy(name or record.policy).in_force(record.on)


def _journal(store: Store, month: str, stage: str, on: date | None, details: dict[str, Any]) -> None:
    """An act beside the stages: its day stands under ``acted_on``, for ``on`` dates stages."""
    dated = {"acted_on": on.isoformat(), **details} if on else details
    store.append_entry(
        month=month,
        stage=stage,
        actor=os.environ.get("ALLOCATOR_ACTOR", "clerk"),
        stamp=datetime.now(UTC).isoformat(timespec="seconds"),
        details=dated,
    )
