"""``report.html`` of a round: what is filed in the store, measured, put on a page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from allocator.errors import Refused
from allocator.measures import round_figures
from allocator.model.enums import Sex
from allocator.model.facts import Facts
from allocator.model.figures import RoundFigures, SubRoundRecord
from allocator.model.month import month_of
from allocator.model.records import RoundRecord
from allocator.office import frozen
from allocator.office.acts import NO_SUB_ROUND, stage_dates
from allocator.office.stage_open import frozen_facts
from allocator.office.waiting import waiting_in
from allocator.policy import load as load_policy
from allocator.reporting import round_page
from allocator.rounds.freeze import SubRound
from allocator.store import Store

_CLASS_OF_VERDICT: Final = {"ELIGIBLE": "eligible", "INELIGIBLE": "ineligible", "INCOMPLETE": "incomplete"}
_SEX_OF_LETTER: Final = {"F": str(Sex.FEMALE), "M": str(Sex.MALE)}


def write_report(store_url: str, month: str, out: Path, language: str) -> Path:
    """Write ``out/<MONTH>/report.html`` as the round stands, at any stage; the page's path.

    Raises ``WrongUsage`` on a malformed month, ``Refused`` on an unknown round.
    """
    with Store.open(store_url, create=False) as store:
        return write_round_page(store, month_of(month), out / month / "report.html", language)


def write_round_page(store: Store, month: str, path: Path, language: str) -> Path:
    """The same from an open store to ``path``; whole or not at all."""
    page = round_page(figures_of(store, month), language)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(page, encoding="utf-8", newline="\n")
    fresh.replace(path)
    return path


def figures_of(store: Store, month: str) -> RoundFigures:
    """The figures of the round as far as it has come. Raises ``Refused`` on an unknown round."""
    record = store.round(month)
    if record is None:
        raise Refused("round_unknown", month=month)
    policy = load_policy(record.policy).in_force(record.on)
    people = frozen.people(store, month) if store.has_artefact(month, NO_SUB_ROUND, "people") else None
    offers, leases = store.offers(month), store.leases(month)
    figures = round_figures(
        month=month,
        authority_zh=policy.authority.name_zh,
        authority_en=policy.authority.name_en,
        is_rehearsal=record.rehearsal,
        mechanism=policy.allocation.mechanism,
        num_receipts_by_class=receipts_by_class(store, month, people),
        verdicts=None if people is None else people[["receipt_no", "verdict"]],
        sub_rounds=_sub_rounds(store, record, people),
        offers=offers if len(offers) else None,
        leases=leases if len(leases) else None,
    )
    waited = waiting_in(store, record, policy, max(stage_dates(store, month).values()))
    if waited is None:
        return figures
    return replace(figures, waiting=waited.for_the_public(), waiting_watch=waited.watch_for_the_public())


def receipts_by_class(store: Store, month: str, people: pd.DataFrame | None) -> dict[str, int]:
    """Every receipt received by class: as committed to, else by verdict, else not yet screened."""
    if store.has_artefact(month, NO_SUB_ROUND, "receipts"):
        return _counted(store.frame(month, NO_SUB_ROUND, "receipts")["class"])
    if people is not None:
        return _counted(people["verdict"].map(_CLASS_OF_VERDICT))
    return {"received": len(store.read_facts().households)}


def _counted(classes: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in classes.value_counts().items()}


def _sub_rounds(store: Store, record: RoundRecord, people: pd.DataFrame | None) -> list[SubRoundRecord]:
    if people is None or not record.sub_rounds:
        return []
    facts = frozen_facts(store, record.month)
    return [_sub_round(store, record.month, name, facts, people) for name in record.sub_rounds]


def _sub_round(store: Store, month: str, name: str, facts: Facts, people: pd.DataFrame) -> SubRoundRecord:
    known = frozen.load(store, month, name)
    is_allocated = store.has_artefact(month, name, "result")
    drawn = json.loads(store.artefact(month, name, "commitment"))["draw"]
    certificate = json.loads(store.artefact(month, name, "certificate")) if is_allocated else None
    result = store.frame(month, name, "result") if is_allocated else None
    removed = store.frame(month, name, "removals")["code"] if is_allocated else ()
    return sub_round_record(
        known,
        facts,
        people,
        result=result,
        certificate=certificate,
        has_ceremony=bool(drawn["ceremony"]),
        removed=frozenset(removed),
    )


def sub_round_record(
    known: SubRound,
    facts: Facts,
    people: pd.DataFrame,
    *,
    result: pd.DataFrame | None,
    certificate: Mapping[str, object] | None,
    has_ceremony: bool | None,
    removed: frozenset[str],
) -> SubRoundRecord:
    """A frozen sub-round with what the measures want beside it: branch and size of households, project names."""
    roster = known.roster.merge(
        people[["receipt_no", "branch", "num_persons"]], on="receipt_no", how="left", validate="one_to_one"
    )
    projects = facts.projects[["project_id", "name", "supply_mode"]].rename(columns={"name": "project_name"})
    pools = known.pools.merge(projects, on="project_id", how="left", validate="many_to_one")
    return SubRoundRecord(
        known.name,
        roster,
        known.preferences,
        pools.assign(sex=pools["sex"].map(_SEX_OF_LETTER).fillna("")),
        known.dwellings,
        result=result,
        certificate=certificate,
        has_ceremony=has_ceremony,
        removed=removed,
    )
