"""The command to type next: whole, so that it can be pasted, and dated where the calendar's day is past."""

from __future__ import annotations

import json
import os
import shlex
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from allocator.model.enums import Stage
from allocator.policy.in_force import Policy
from allocator.rounds import lifecycle
from allocator.rounds.lifecycle import stage_after, words

if TYPE_CHECKING:
    from allocator.office.acts import Act
    from allocator.store import Store

DEFAULT_STORE: Final = "sqlite:///allocator.db"
_DETAILS: Final = {
    "public_value": "--public-value",
    "minutes": "--source",
    "source": "--source",
    "moment": "--moment",
}


def typed(*parts: str, act: Act, with_out: bool = True) -> str:
    """``allocator …`` as a person would type it, with the same store, folder and language."""
    line = ["allocator", *(part for part in parts if part)]
    if act.store_url != DEFAULT_STORE:
        line += ["--store", act.store_url]
    if with_out and act.out != Path("out"):
        line += ["--out", str(act.out)]
    if act.language != os.environ.get("ALLOCATOR_LANG", "zh"):
        line += ["--lang", act.language]
    return shlex.join(line)


def stage_command(stage: Stage, month: str, act: Act, *options: str) -> str:
    """The command of one stage: ``allocator round publish 2026-03 --what roster``."""
    verb, *fixed = words(stage).split()
    return typed("round", verb, month, *fixed, *options, act=act)


def same_again(stage: Stage, month: str, act: Act, details: dict[str, object]) -> str:
    """The command of a dry run, to do it in earnest."""
    options = [str(details["answers"])] if details.get("answers") else []
    for name, option in _DETAILS.items():
        if details.get(name):
            options += [option, str(details[name])]
    if act.policy_name and stage is Stage.OPEN:
        options += ["--policy", act.policy_name]
    if act.on:
        options += ["--on", act.on.isoformat()]
    return stage_command(stage, month, act, *options)


def next_of(store: Store, month: str, act: Act, policy: Policy, dates: dict[Stage, date]) -> str:
    """The command of the stage that is due; a closed month's bundle is there to be verified."""
    record = store.round(month)
    if record is None:
        return stage_command(Stage.OPEN, month, act)
    done = Stage(record.stage)
    due = stage_after(done)
    if due is None:
        return shlex.join(["allocator", "verify", str(act.out / month / "bundle")])
    options = ["FILE"] if due is Stage.ANSWER else []
    if due is Stage.DRAW and policy.draw.stand_in is None:
        options += ["--public-value", "VALUE"]
    earliest = _earliest(store, month, done, due, policy, dates)
    if lifecycle.day_of(due, month, policy.calendar) < earliest:
        options += ["--on", earliest.isoformat()]
    return stage_command(due, month, act, *options)


def _earliest(
    store: Store, month: str, done: Stage, due: Stage, policy: Policy, dates: dict[Stage, date]
) -> date:
    """The first day on which the stage would not be refused."""
    days = [dates.get(done, date.min)]
    window = lifecycle.window_ends(due, dates, policy.calendar)
    if window is not None:
        days.append(window)
    if due is Stage.DRAW:
        days += [datetime.fromisoformat(moment).date() for moment in _moments(store, month)]
    return max(days)


def _moments(store: Store, month: str) -> list[str]:
    """Moments of the public value the month's sub-rounds are committed to."""
    record = store.round(month)
    names = record.sub_rounds if record else ()
    drawn = [json.loads(store.artefact(month, name, "commitment"))["draw"] for name in names]
    return [draw["moment"] for draw in drawn if draw["ceremony"]]
