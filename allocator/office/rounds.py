"""One stage of a round: load, step, journal, save, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from allocator.model.enums import Stage
from allocator.model.month import month_of
from allocator.office import stage_allocate, stage_draw, stage_freeze, stage_open, stage_tenancy
from allocator.office.acts import Act, Done, advance, one_transaction, open_desk, round_command
from allocator.office.steps import Step
from allocator.rounds.lifecycle import stage_after, words
from allocator.store import Store

_STEPS: Final[dict[Stage, Callable[..., Step]]] = {
    Stage.SCREEN: stage_open.screen,
    Stage.PUBLISH_ROSTER: stage_freeze.publish_roster,
    Stage.DRAW: stage_draw.draw,
    Stage.PUBLISH_ORDER: stage_draw.publish_order,
    Stage.ALLOCATE: stage_allocate.allocate,
    Stage.PUBLISH_RESULT: stage_allocate.publish_result,
    Stage.OFFER: stage_tenancy.offer,
    Stage.ANSWER: stage_tenancy.answer,
    Stage.SIGN: stage_tenancy.sign,
    Stage.EXPORT: stage_tenancy.export,
    Stage.CLOSE: stage_tenancy.close,
}


def do(stage: Stage, month: str, act: Act, **details: object) -> Done:
    """Do one stage. Refused (3) out of turn, before a window has passed, or under a changed policy."""
    month_of(month)
    with Store.open(act.store_url) as store:
        return do_in(store, stage, month, act, **details)


def do_in(store: Store, stage: Stage, month: str, act: Act, **details: object) -> Done:
    """The same on an open store. A dry run writes neither store nor files."""
    if not act.is_dry_run:
        return _do(store, stage, month, act, act.out, details)
    with TemporaryDirectory() as folder:
        return _do(store, stage, month, replace(act, out=Path(folder)), act.out, details)


def _do(
    store: Store, stage: Stage, month: str, act: Act, shown_out: Path, details: dict[str, object]
) -> Done:
    with one_transaction(store, is_dry_run=act.is_dry_run):
        if stage is Stage.OPEN:
            step = stage_open.open_round(store, month, act)
        else:
            desk = open_desk(act, store, month, stage)
            step = _STEPS[stage](desk, **details)
            advance(desk, stage, step.figures, sub_rounds=step.sub_rounds)
    following = _next(stage, month, replace(act, out=shown_out))
    return Done(month, _told(step, act), {"stage": str(stage), **step.figures}, following)


def _told(step: Step, act: Act) -> tuple[tuple[str, dict[str, object]], ...]:
    return (*step.said, ("dry_run_done", {})) if act.is_dry_run else step.said


def _next(stage: Stage, month: str, act: Act) -> str:
    """The command to type next."""
    following = stage_after(stage)
    if act.is_dry_run:
        return round_command(words(stage), month, act)
    if following is None:
        return round_command("status", month, act)
    if following is Stage.ANSWER:
        return round_command("answer", month, act).replace(f"answer {month}", f"answer {month} FILE")
    return round_command(words(following), month, act)
