"""Stages ``open`` and ``screen``: the month begins, the facts are frozen, every household gets its verdict."""

from __future__ import annotations

import pandas as pd

from allocator.errors import Refused
from allocator.model.columns import PREFERENCES, TABLES
from allocator.model.enums import Stage, Verdict
from allocator.model.facts import Facts, empty_frame
from allocator.model.lookups import is_among
from allocator.model.records import RoundRecord
from allocator.office import history, transfers
from allocator.office.acts import (
    NO_SUB_ROUND,
    POLICY_SETTING,
    SYNTHETIC_SETTING,
    Act,
    Desk,
    fingerprint,
    journal,
    policy_name,
)
from allocator.office.steps import Step
from allocator.policy import load as load_policy
from allocator.rounds import lifecycle
from allocator.rounds.screened import Screened
from allocator.rounds.screened import screen as screen_people
from allocator.screening import bans
from allocator.store import Store

SNAPSHOT = "snapshot-"
# Households that are not asked: they have a home, or left, or their case is frozen, or what they last delivered is faulty.
_NOT_TAKING_PART = ("housed", "withdrawn", "frozen", "set_aside")


def open_round(store: Store, month: str, act: Act) -> Step:
    """Open a month under the policy in force on its day. One month at a time, none twice."""
    if store.round(month) is not None:
        raise Refused("round_exists", month=month)
    for other in store.rounds():
        if other.stage != str(Stage.CLOSE):
            raise Refused("round_still_open", month=month, other=other.month)
        if other.month > month:
            raise Refused("round_before_last", month=month, other=other.month)
    name = policy_name(act, store)
    book = load_policy(name)
    from allocator.model.month import first_day

    on = act.on or lifecycle.day_of(Stage.OPEN, month, book.in_force(first_day(month)).calendar)
    policy = book.in_force(on)
    is_rehearsal = policy.authority.rehearsal_only or store.setting(SYNTHETIC_SETTING) == "yes"
    marked = fingerprint(book, on)
    store.create_round(
        RoundRecord(
            month=month,
            stage=str(Stage.OPEN),
            policy=name,
            policy_fingerprint=marked,
            rehearsal=is_rehearsal,
            on=on,
            sub_rounds=(),
        )
    )
    if store.setting(POLICY_SETTING) is None:
        store.set_setting(POLICY_SETTING, name)
    figures = {"policy": policy.authority.id, "policy_fingerprint": marked, "rehearsal": is_rehearsal}
    journal(store, month, Stage.OPEN, on, figures)
    authority = policy.authority.name_en if act.language == "en" else policy.authority.name_zh
    said = [("round_opened", {"month": month, "policy": authority, "on": on.isoformat()})]
    return Step((*said, *((("rehearsal_said", {}),) if is_rehearsal else ())), figures)


def screen(desk: Desk) -> Step:
    """Freeze the facts of the month and screen who takes part."""
    facts = desk.store.read_facts()
    standings = desk.store.standings()
    tenants = transfers.asking(desk.store, facts, desk.policy)
    waiting = taking_part(facts, standings, tenants)
    if tenants is not None:
        desk.store.put_frame(desk.month, NO_SUB_ROUND, transfers.TENANTS, tenants)
    for table in TABLES:
        frame = getattr(waiting, table.name)
        desk.store.put_frame(desk.month, NO_SUB_ROUND, SNAPSHOT + table.name, frame)
    until = bans.barred_until(waiting.households, facts.members, history.bans(desk.store))
    screened = screen_people(
        waiting,
        desk.policy,
        desk.on,
        standings,
        lost_rounds=history.of_households(
            history.lost_rounds(desk.store, before=desk.month), waiting.households
        ),
        barred_until=until,
    )
    desk.store.put_frame(desk.month, NO_SUB_ROUND, "people", screened.people)
    desk.store.put_frame(desk.month, NO_SUB_ROUND, "findings", screened.findings)
    desk.store.put_frame(desk.month, NO_SUB_ROUND, "score_lines", screened.score_lines)
    figures = _counts(screened)
    return Step((("round_screened", figures),), {"verdicts": figures})


def taking_part(facts: Facts, standings: pd.DataFrame, tenants: pd.DataFrame | None = None) -> Facts:
    """The facts without the households that do not take part. ``tenants``: ``receipt_no`` of who is housed and asks to move."""
    gone = standings.loc[standings["state"].isin(_NOT_TAKING_PART), "receipt_no"]
    if tenants is not None:
        gone = gone[~is_among(gone, tenants["receipt_no"])]

    def left(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[~is_among(frame["receipt_no"], gone)].reset_index(drop=True)

    return Facts(
        employers=facts.employers,
        projects=facts.projects,
        dwellings=facts.dwellings,
        households=left(facts.households),
        members=left(facts.members),
        preferences=left(facts.preferences),
    )


def frozen_facts(store: Store, month: str, *, with_preferences: bool = True) -> Facts:
    """The facts as they were frozen when the month was screened; the million preferences only where asked for."""
    wanted = [table for table in TABLES if with_preferences or table is not PREFERENCES]
    frames = {table.name: store.frame(month, NO_SUB_ROUND, SNAPSHOT + table.name) for table in wanted}
    return Facts(**({PREFERENCES.name: empty_frame(PREFERENCES)} | frames))


def _counts(screened: Screened) -> dict[str, int]:
    verdicts = screened.people["verdict"].value_counts()
    return {str(verdict).lower(): int(verdicts.get(str(verdict), 0)) for verdict in Verdict}
