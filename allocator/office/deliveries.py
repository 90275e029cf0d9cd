"""Deliveries: read, check, and all or nothing into the store; faulty households set aside where asked."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from allocator.errors import Refused
from allocator.exchange import Delivery, read_delivery
from allocator.exchange.set_aside import check_place, write_set_aside
from allocator.model.lookups import is_among
from allocator.office.acts import POLICY_SETTING, SYNTHETIC_SETTING, one_transaction
from allocator.office.duplicates import register_of, tell_at_import, with_kept_dates
from allocator.policy import load as load_policy
from allocator.store import Counts, Store

if TYPE_CHECKING:
    from allocator.exchange.writing import Language

_NO_STORE = "store_not_found"
_SETTING_ON = "yes"


@dataclass(frozen=True)
class Ask:
    """What is asked of a delivery: where it lies, under whose policy, into which store.

    ``on``: nothing past may lie after it. ``synthetic_ids`` accepts synthetic people whatever the policy
    says, and is remembered: the store is then one of rehearsals.
    """

    folder: Path
    store_url: str | None = None
    policy_name: str | None = None
    synthetic_ids: bool = False
    on: date | None = None
    set_aside: Path | None = None
    language: Language = "zh"
    is_dry_run: bool = False


@dataclass(frozen=True)
class Imported:
    """What an import did: rows by table, receipts set aside. ``is_done`` is False where faults forbade it."""

    delivery: Delivery
    is_done: bool
    counts: dict[str, Counts] = field(default_factory=dict)
    set_aside: tuple[str, ...] = ()


def check_delivery(ask: Ask) -> Delivery:
    """Every fault of a delivery; writes nothing. With a store, references may be satisfied by it."""
    if ask.store_url is None:
        return _read(ask, None)
    with Store.open(ask.store_url, create=False) as store:
        return _read(ask, store)


def import_delivery(ask: Ask) -> Imported:
    """The same check, then all or nothing into the store; it is made where there is none.

    Nothing is made or written when the delivery has errors, unless ``set_aside`` names a workbook and
    every error belongs to a household. Raises ``Refused``, ``WrongUsage`` and ``MachineRefused``.
    """
    if ask.store_url is None:
        raise ValueError("an import needs a store")
    if ask.set_aside is not None:
        check_place(ask.set_aside)
    store = _existing(ask.store_url)
    if store is None:
        delivery = _read(ask, None)
        if not _may_import(ask, delivery):
            return Imported(delivery, is_done=False)
        if ask.is_dry_run:
            return Imported(delivery, True, _as_if_new(delivery), _aside(ask, delivery))
        with Store.open(ask.store_url) as new_store:
            return _write(ask, new_store, delivery)
    with store:
        delivery = _read(ask, store)
        return _write(ask, store, delivery) if _may_import(ask, delivery) else Imported(delivery, False)


def _existing(url: str) -> Store | None:
    try:
        return Store.open(url, create=False)
    except Refused as fault:
        if fault.code == _NO_STORE:
            return None
        raise


def _read(ask: Ask, store: Store | None) -> Delivery:
    register = register_of(store, ask.policy_name)
    accepted = ask.synthetic_ids or _accepts_synthetic_ids(ask, store)
    delivery = read_delivery(
        ask.folder, synthetic_ids=accepted, known=register.facts, on=ask.on, ended=register.ended
    )
    tell_at_import(delivery, register)
    return replace(delivery, facts=with_kept_dates(delivery.facts, delivery, register))


def _accepts_synthetic_ids(ask: Ask, store: Store | None) -> bool:
    name = ask.policy_name or (store.setting(POLICY_SETTING) if store is not None else None)
    if store is not None and ask.policy_name is None and store.setting(SYNTHETIC_SETTING) == _SETTING_ON:
        return True
    return bool(name) and load_policy(str(name)).authority.accepts_synthetic_ids


def _may_import(ask: Ask, delivery: Delivery) -> bool:
    if not delivery.has_errors:
        return True
    return ask.set_aside is not None and not delivery.refuses_everything


def _aside(ask: Ask, delivery: Delivery) -> tuple[str, ...]:
    """Receipts to be set aside; rows without any receipt number have none to remember."""
    if ask.set_aside is None:
        return ()
    return tuple(sorted(receipt for receipt in delivery.faulty_receipts if receipt))


def _as_if_new(delivery: Delivery) -> dict[str, Counts]:
    sound = vars(delivery.sound_facts())
    return {name: Counts(inserted=len(frame), updated=0, unchanged=0) for name, frame in sound.items()}


def _write(ask: Ask, store: Store, delivery: Delivery) -> Imported:
    """One transaction; the workbook stands before it is kept and goes when it is not."""
    aside = _aside(ask, delivery)
    workbook = ask.set_aside if delivery.has_errors and not ask.is_dry_run else None
    try:
        with one_transaction(store, is_dry_run=ask.is_dry_run):
            store.remove_members(_leaving(delivery))
            counts = store.write_delivery(delivery.sound_facts())
            if aside:
                store.set_aside(aside)
            _remember(ask, store)
            if aside or any(count.inserted or count.updated for count in counts.values()):
                _note(store, counts, aside)
            if workbook is not None:
                write_set_aside(delivery, workbook, ask.language)
    except BaseException:
        if workbook is not None:
            workbook.unlink(missing_ok=True)
        raise
    return Imported(delivery, True, counts, aside)


def _leaving(delivery: Delivery) -> pd.DataFrame:
    """Former applicants of the households that are imported."""
    former = delivery.former_applicants
    return former[~is_among(former["receipt_no"], delivery.faulty_receipts)]


def _remember(ask: Ask, store: Store) -> None:
    if ask.policy_name and store.setting(POLICY_SETTING) != ask.policy_name:
        load_policy(ask.policy_name)
        store.set_setting(POLICY_SETTING, ask.policy_name)
    if ask.synthetic_ids and store.setting(SYNTHETIC_SETTING) != _SETTING_ON:
        store.set_setting(SYNTHETIC_SETTING, _SETTING_ON)


def _note(store: Store, counts: dict[str, Counts], aside: tuple[str, ...]) -> None:
    """One entry in the journal, outside any round. The wall clock is its stamp only."""
    details: dict[str, Any] = {
        name: {"inserted": count.inserted, "updated": count.updated, "unchanged": count.unchanged}
        for name, count in counts.items()
    }
    store.append_entry(
        month=None,
        stage="import",
        actor=os.environ.get("ALLOCATOR_ACTOR", "clerk"),
        stamp=datetime.now(UTC).isoformat(timespec="seconds"),
        details={**details, "set_aside": len(aside)},
    )
