"""One stage of a round: load, step, journal, save, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from allocator.model.enums import Stage
from allocator.model.month import month_of
from allocator.office import following, stage_allocate, stage_draw, stage_freeze, stage_open, stage_tenancy
from allocator.office.acts import Act, Done, advance, one_transaction, open_desk, stage_dates
from allocator.office.steps import Step
from allocator.policy import load as load_policy
from allocator.store import Store

Sentence = tuple[str, dict[str, Any]]

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
    with Store.open(act.store_url, create=False) as store:
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
    shown = replace(act, out=shown_out)
    if act.is_dry_run:
        told = (*_elsewhere(step.said, act.out, shown_out), ("dry_run_done", {}))
        again = following.same_again(stage, month, shown, details)
        return Done(month, told, {"stage": str(stage), "dry_run": True, **step.figures}, again)
    return Done(month, step.said, {"stage": str(stage), **step.figures}, next_of(store, month, shown))


def _elsewhere(said: tuple[Sentence, ...], out: Path, shown_out: Path) -> tuple[Sentence, ...]:
    """Sentences of a dry run with the folder it would have written to."""
    return tuple(
        (code, {name: _moved(value, str(out), str(shown_out)) for name, value in params.items()})
        for code, params in said
    )


def _moved(value: object, out: str, shown_out: str) -> object:
    return value.replace(out, shown_out) if isinstance(value, str) else value


def next_of(store: Store, month: str, act: Act) -> str:
    """The command to type next, from how the round stands."""
    record = store.round(month)
    if record is None:
        return following.stage_command(Stage.OPEN, month, act)
    policy = load_policy(record.policy).in_force(record.on)
    return following.next_of(store, month, act, policy, stage_dates(store, month))
