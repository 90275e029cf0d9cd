"""Filing leases with the registry (登记系统). Called inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from allocator.errors import FaultsFound, Refused
from allocator.exchange import registry
from allocator.exchange.registry_check import check_export
from allocator.exchange.registry_receipt import check_receipt, read_receipt, rejections
from allocator.model.canonical import canonical_bytes, sha256_hex
from allocator.model.enums import Relation
from allocator.model.facts import Facts
from allocator.model.leases import Filing, LeaseState
from allocator.model.problem import Problem
from allocator.model.records import ExportRecord
from allocator.office.tenancies import lines_of, refuse_faulty
from allocator.policy.in_force import Policy
from allocator.policy.model import RegistryRules
from allocator.tenancies.workdays import after_workdays

if TYPE_CHECKING:
    from allocator.store import Store

_SHOWN: Final = 10


@dataclass(frozen=True)
class Exported:
    """One export: its number, where it stands, what it counts, and the last weekday to hand it over."""

    export_no: str
    folder: Path
    is_new: bool
    figures: dict[str, Any]


@dataclass(frozen=True)
class Received:
    """What the registry answered: how many it took in, and each lease it sent back at its row."""

    figures: dict[str, int]
    rejected: list[Problem]


def export_round(
    store: Store,
    policy: Policy,
    month: str,
    out: Path,
    on: date,
    *,
    rehearsal: bool = False,
    increment: bool = False,
    facts: Facts | None = None,
) -> Exported:
    """File the month's leases: parts and manifest under ``out``, the export noted in the store.

    A round that is a rehearsal is refused without ``rehearsal``; a real one never gets the mark. The same
    leases exported again give the same bytes and the same number. ``increment`` files only what the registry
    has not taken in yet. A lease once filed and then cancelled becomes a tombstone. ``facts``: of the leases'
    households; by default what the store holds now.
    """
    is_rehearsal = _is_rehearsal(store, month, wanted=rehearsal)
    earlier = store.exports(month)
    leases = _to_file(store.leases(month), earlier, increment=increment)
    kind: registry.Kind = "increment" if increment else "full"
    records = records_of(leases, store.read_facts() if facts is None else facts)
    files, number, is_new = _numbered(records, earlier, policy, month, kind, rehearsal=is_rehearsal)
    manifest = registry.manifest_of(files)
    folder = out / registry.folder_name(month, number, rehearsal=is_rehearsal)
    if is_new:
        record = ExportRecord(
            export_no=folder.name,
            month=month,
            made_on=on,
            num_rows=len(records),
            rehearsal=is_rehearsal,
            manifest=manifest,
        )
        store.write_export(record)
    registry.write_export(files, folder)
    faults = check_export(folder)
    if faults:
        raise RuntimeError(f"an export that does not check: {faults[0].code}")
    return Exported(folder.name, folder, is_new, _figures(manifest, leases, policy))


def _is_rehearsal(store: Store, month: str, *, wanted: bool) -> bool:
    record = store.round(month)
    if record is None:
        raise Refused("round_unknown", month=month)
    if record.rehearsal and not wanted:
        raise Refused("registry_rehearsal", month=month)
    if wanted and not record.rehearsal:
        raise Refused("registry_not_a_rehearsal", month=month)
    return record.rehearsal


def _to_file(leases: pd.DataFrame, earlier: Sequence[ExportRecord], *, increment: bool) -> pd.DataFrame:
    """The leases to file, cancelled ones only where they were exported before."""
    cancelled = leases["state"] == LeaseState.CANCELLED.value
    chosen = leases if earlier else leases[~cancelled]
    if increment:
        filed = filings(leases, earlier) == Filing.FILED.value
        chosen = chosen[~filed.loc[chosen.index] | cancelled.loc[chosen.index]]
    return chosen.sort_values("lease_no").reset_index(drop=True)


def filings(leases: pd.DataFrame, exports: Sequence[ExportRecord]) -> pd.Series:
    """Where each lease stands with the registry by the receipts so far (``Filing``), on the leases' index."""
    filing = pd.Series(Filing.PENDING.value, index=leases.index, dtype="str")
    names = pd.Index(leases["lease_no"], dtype=object)  # text columns look up one by one
    for record in exports:
        if not record.receipt:
            continue
        filing[names.isin(list(record.receipt["accepted"]))] = Filing.FILED.value
        filing[names.isin(list(record.receipt["rejected"]))] = Filing.REJECTED.value
    return filing


def _numbered(
    records: pd.DataFrame,
    earlier: Sequence[ExportRecord],
    policy: Policy,
    month: str,
    kind: registry.Kind,
    *,
    rehearsal: bool,
) -> tuple[dict[str, bytes], int, bool]:
    """The export's files, its number, and whether it is a new one: equal content keeps its number."""

    def made(number: int) -> dict[str, bytes]:
        return registry.export_files(
            records,
            authority=policy.authority.id,
            month=month,
            number=number,
            kind=kind,
            rehearsal=rehearsal,
            rows_per_part=policy.registry.rows_per_part,
        )

    number = 1 + max((int(record.manifest["export_number"]) for record in earlier), default=0)
    files = made(number)
    content = registry.content_fingerprint(registry.manifest_of(files))
    for record in earlier:
        if registry.content_fingerprint(record.manifest) == content:
            same = int(record.manifest["export_number"])
            return made(same), same, False
    return files, number, True


def records_of(leases: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """One registry record per lease (``exchange.registry.FIELDS``), with its applicant, dwelling and project.

    Raises ``Refused`` where a lease's applicant, dwelling or project is not in the facts.
    """
    dwellings = facts.dwellings.set_index("dwelling_id")[["kind", "dwelling_type"]]
    projects = facts.projects.set_index("project_id")[["supply_mode", "district"]]
    applicants = facts.members[facts.members["relation"] == Relation.APPLICANT.value]
    people = applicants.drop_duplicates("receipt_no").set_index("receipt_no")[["name", "id_number"]]
    people = people.rename(columns={"name": "applicant_name", "id_number": "applicant_id_number"})
    people["num_persons"] = facts.members.groupby("receipt_no").size().reindex(people.index)
    rows = (
        leases.join(dwellings, on="dwelling_id").join(projects, on="project_id").join(people, on="receipt_no")
    )
    rows["action"] = np.where(rows["state"] == LeaseState.CANCELLED.value, registry.CANCEL, registry.FILE)
    rows = rows[list(registry.FIELD_NAMES)]
    gaps = rows[rows.isna().any(axis=1)]
    if len(gaps):
        shown = ", ".join(gaps["lease_no"].head(_SHOWN)) + ("…" if len(gaps) > _SHOWN else "")
        raise Refused("registry_record_incomplete", num=len(gaps), leases=shown)
    return rows


def _figures(manifest: dict[str, Any], leases: pd.DataFrame, policy: Policy) -> dict[str, Any]:
    return {
        "export_number": manifest["export_number"],
        "kind": manifest["kind"],
        "rehearsal": manifest["rehearsal"],
        "records": manifest["record_count"],
        "tombstones": manifest["tombstone_count"],
        "parts": len(manifest["parts"]),
        **manifest["controls"],
        **due_on(leases, policy.registry),
    }


def due_on(leases: pd.DataFrame, rules: RegistryRules) -> dict[str, Any]:
    """``due_on``: the last working day to file after the first signing; "" without leases.

    ``due_without_table``: years on the way of whose days off and make-up days the law holds no table; there Mondays
    to Fridays are counted.
    """
    if leases.empty:
        return {"due_on": "", "due_without_table": []}
    first = pd.Timestamp(leases["signed_on"].min()).date()
    day, missing = after_workdays(first, rules.file_within_days, rules.years)
    return {"due_on": day.isoformat(), "due_without_table": list(missing)}


def receive(store: Store, month: str, file: Path, *, language: str) -> Received:
    """Take in the registry's answer to an export of the month; nothing is noted unless it answers it exactly.

    Raises ``FaultsFound`` with every fault and its row, ``Refused`` for an answer to another or an altered
    manifest, or one that contradicts an answer already noted.
    """
    receipt, faults = read_receipt(file)
    refuse_faulty(faults, file.name, language)
    record = _export_answered(store.exports(month), receipt, month)
    lease_nos = _lease_nos(store, record)
    problems = check_receipt(receipt, manifest_sha256=_hash_of(record), lease_nos=lease_nos, file=file.name)
    if any(problem.code == "receipt_foreign" for problem in problems):
        raise Refused("receipt_is_foreign", month=month, lines=lines_of(problems, language))
    refuse_faulty(problems, file.name, language)
    answer = _answer_of(receipt)
    if record.receipt and dict(record.receipt) != answer:
        raise Refused("receipt_already_received", month=month, export=record.export_no)
    store.write_export(replace(record, receipt=answer))
    sent_back = rejections(receipt, file.name)
    return Received({"accepted": len(receipt) - len(sent_back), "rejected": len(sent_back)}, sent_back)


def _hash_of(record: ExportRecord) -> str:
    return sha256_hex(canonical_bytes(dict(record.manifest)))


def _export_answered(exports: Sequence[ExportRecord], receipt: pd.DataFrame, month: str) -> ExportRecord:
    """The export whose manifest most of the receipt names; the last one where none is named."""
    if not exports:
        raise Refused("registry_nothing_exported", month=month)
    named = set(receipt["manifest_sha256"].fillna("").str.lower())
    return next((record for record in exports if _hash_of(record) in named), exports[-1])


def _lease_nos(store: Store, record: ExportRecord) -> list[str]:
    """The leases of an export: those of the month that were to be filed when it was made."""
    before = [
        other
        for other in store.exports(record.month)
        if int(other.manifest["export_number"]) < int(record.manifest["export_number"])
    ]
    leases = store.leases(record.month)
    chosen = _to_file(leases, before, increment=record.manifest["kind"] == "increment")
    if len(chosen) != record.num_rows:
        raise Refused("registry_leases_changed", month=record.month, export=record.export_no)
    return list(chosen["lease_no"])


def _answer_of(receipt: pd.DataFrame) -> dict[str, Any]:
    rejected = receipt["outcome"] == "rejected"
    reasons = receipt.loc[rejected, "reason"].fillna("")
    return {
        "accepted": sorted(receipt.loc[~rejected, "lease_no"]),
        "rejected": dict(sorted(zip(receipt.loc[rejected, "lease_no"], reasons, strict=True))),
    }


def faulty_export(folder: Path, language: str) -> None:
    """Raise ``FaultsFound`` where a folder is not the export its manifest says."""
    problems = check_export(folder)
    if problems:
        raise FaultsFound(
            "registry_export_differs",
            folder=folder.name,
            num=len(problems),
            lines=lines_of(problems, language),
        )
