"""What is asked of the desk, what it has on it, and what it says it did."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from allocator.errors import Refused
from allocator.messages import text_of
from allocator.model.enums import Stage
from allocator.model.month import month_of
from allocator.model.records import RoundRecord
from allocator.policy import PolicyBook
from allocator.policy import load as load_policy
from allocator.policy.in_force import Policy
from allocator.publicity.notices import sub_round_title
from allocator.rounds import lifecycle

if TYPE_CHECKING:
    from allocator.store import Store

POLICY_SETTING = "policy"
SYNTHETIC_SETTING = "synthetic_ids"
NO_SUB_ROUND = ""


@dataclass(frozen=True)
class Act:
    """What a person asks: on which store, under which policy, dated when, written where."""

    store_url: str
    policy_name: str | None = None
    on: date | None = None
    out: Path = Path("out")
    language: str = "zh"
    is_dry_run: bool = False


@dataclass(frozen=True)
class Done:
    """What was done: text codes with their parameters, figures for machines, the next command."""

    month: str
    said: tuple[tuple[str, dict[str, Any]], ...]
    figures: dict[str, Any] = field(default_factory=dict)
    next_command: str = ""

    def lines(self, language: str) -> list[str]:
        """Sentences for people."""
        return [text_of(code, language, **worded(params, language)) for code, params in self.said]

    def document(self) -> dict[str, Any]:
        """The same for machines."""
        return {"month": self.month, **self.figures, "next": self.next_command}


def worded(params: dict[str, Any], language: str) -> dict[str, Any]:
    """Parameters of a sentence with the sub-round in words."""
    if "sub_round" not in params:
        return params
    return {**params, "sub_round": sub_round_title(str(params["sub_round"]), language)}


@dataclass(frozen=True, eq=False)
class Desk:
    """One act on one month: the open store, the round's record, the law in force, the day of the act."""

    act: Act
    store: Store
    month: str
    record: RoundRecord
    book: PolicyBook
    policy: Policy
    dates: dict[Stage, date]
    on: date
    out: Path

    @property
    def language(self) -> str:
        """Language of what is written."""
        return self.act.language

    def bundle_folder(self, sub_round: str) -> Path:
        """``out/<MONTH>/bundle`` of the public sub-round, ``out/<MONTH>/<sub-round>/bundle`` of the others."""
        base = self.out / self.month
        return base / "bundle" if sub_round == "public" else base / sub_round / "bundle"


def policy_name(act: Act, store: Store) -> str:
    """The policy named, or the store's own. There is no default (contract, section 2)."""
    name = act.policy_name or store.setting(POLICY_SETTING)
    if not name:
        raise Refused("policy_not_named")
    return name


def open_desk(act: Act, store: Store, month: str, stage: Stage) -> Desk:
    """The desk for a stage after ``open``: turn, date and policy checked."""
    record = store.round(month_of(month))
    if record is None:
        raise Refused("round_unknown", month=month)
    done = Stage(record.stage)
    lifecycle.check_turn(done, stage, month)
    name = act.policy_name or record.policy
    book = load_policy(name)
    policy = book.in_force(record.on)
    if fingerprint(book, record.on) != record.policy_fingerprint:
        raise Refused("policy_changed", month=month, policy=name, opened_under=record.policy)
    dates = stage_dates(store, month)
    on = act.on or lifecycle.day_of(stage, month, policy.calendar)
    lifecycle.check_not_before(done, on, dates, stage, month)
    lifecycle.check_window(stage, on, dates, policy.calendar, month)
    return Desk(act, store, month, record, book, policy, dates, on, act.out)


def fingerprint(book: PolicyBook, on: date) -> str:
    """Fingerprint of the policy's published files."""
    from allocator.policy import fingerprint_of

    return fingerprint_of(book.published_files(on))


def stage_dates(store: Store, month: str) -> dict[Stage, date]:
    """Day of each stage done, from the journal."""
    return {
        Stage(entry.stage): date.fromisoformat(str(entry.details["on"]))
        for entry in store.entries(month)
        if "on" in entry.details
    }


def journal(store: Store, month: str, stage: Stage, on: date, details: dict[str, Any]) -> None:
    """One entry: the act's day in the details, the wall clock as its stamp only."""
    store.append_entry(
        month=month,
        stage=str(stage),
        actor=os.environ.get("ALLOCATOR_ACTOR", "clerk"),
        stamp=datetime.now(UTC).isoformat(timespec="seconds"),
        details={"on": on.isoformat(), **details},
    )


def advance(
    desk: Desk, stage: Stage, details: dict[str, Any], *, sub_rounds: tuple[str, ...] | None = None
) -> None:
    """Note the stage as done in the round's record and in the journal."""
    record = replace(desk.record, stage=str(stage))
    if sub_rounds is not None:
        record = replace(record, sub_rounds=sub_rounds)
    desk.store.update_round(record)
    journal(desk.store, desk.month, stage, desk.on, details)


class _RollBack(Exception):
    """Undo a dry run."""


@contextmanager
def one_transaction(store: Store, *, is_dry_run: bool) -> Iterator[None]:
    """One write transaction; a dry run is rolled back at its end."""
    try:
        with store.transaction():
            yield
            if is_dry_run:
                raise _RollBack  # noqa: TRY301 (the way out of a transaction without keeping it)
    except _RollBack:
        return
