"""A whole month: all stages that need no person, and where a round stands."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from allocator.errors import Refused
from allocator.model.enums import Stage
from allocator.model.month import month_of
from allocator.office import rounds
from allocator.office.acts import Act, Done, stage_dates
from allocator.office.waiting import waiting_in
from allocator.policy import load as load_policy
from allocator.rounds.lifecycle import ORDER, stage_after, words
from allocator.store import Store


@dataclass(frozen=True)
class Wishes:
    """What ``round run`` was told beforehand."""

    public_value: str | None = None
    minutes: str | None = None
    moment: str | None = None
    answers: str | None = None

    def details(self, stage: Stage) -> dict[str, object]:
        """What of it a stage needs."""
        if stage is Stage.PUBLISH_ROSTER:
            return {"moment": self.moment}
        if stage is Stage.DRAW:
            return {"public_value": self.public_value, "minutes": self.minutes}
        if stage is Stage.ANSWER:
            return {"answers": self.answers}
        return {}


def run(
    month: str,
    act: Act,
    wishes: Wishes,
    *,
    step: Callable[[str], AbstractContextManager[object]] = nullcontext,
    tell: Callable[[Done], None] | None = None,
) -> Done:
    """Every stage from where the round stands; stops before ``answer`` unless answers are given.

    Each stage is a transaction of its own, so what was done stands when a later one is refused. A dry run
    does the next stage only: the ones after it would stand on what was not written. ``step`` surrounds each
    stage, given its words; ``tell`` hears of each as it is done, so that a later refusal hides nothing.
    """
    month_of(month)
    said: list[tuple[str, dict[str, Any]]] = []
    figures: dict[str, Any] = {}
    done: Done | None = None
    with Store.open(act.store_url, create=False) as store:
        for stage in _due(store, month):
            if stage is Stage.ANSWER and wishes.answers is None:
                break
            with step(words(stage)):
                done = rounds.do_in(store, stage, month, act, **wishes.details(stage))
            if tell is not None:
                tell(done)
            said.extend(done.said)
            figures[str(stage)] = done.figures
            if act.is_dry_run:
                break
    if done is None:
        done = _nothing_left(month, act)
        if tell is not None:
            tell(done)
        return done
    return Done(month, tuple(said), {"stages": figures}, done.next_command)


def _due(store: Store, month: str) -> list[Stage]:
    """The stages not yet done, in order. Listed before the first is done."""
    record = store.round(month)
    start = 0 if record is None else ORDER.index(Stage(record.stage)) + 1
    return list(ORDER[start:])


def _nothing_left(month: str, act: Act) -> Done:
    with Store.open(act.store_url, create=False) as store:
        record = store.round(month)
        if record is not None and stage_after(Stage(record.stage)) is None:
            raise Refused("round_closed", month=month)
        return Done(month, (("waits_for_answers", {"month": month}),), {}, rounds.next_of(store, month, act))


def status(month: str, act: Act) -> Done:
    """Stages done with their days, and the one that is due."""
    month_of(month)
    with Store.open(act.store_url, create=False) as store:
        record = store.round(month)
        if record is None:
            raise Refused("round_unknown", month=month)
        dates = stage_dates(store, month)
        following = rounds.next_of(store, month, act)
        policy = load_policy(record.policy).in_force(record.on)
        waited = waiting_in(store, record, policy, act.on or max(dates.values()))
    due = stage_after(Stage(record.stage))
    lines: list[tuple[str, dict[str, Any]]] = [
        ("stage_line_done", {"stage": words(stage), "on": day.isoformat()}) for stage, day in dates.items()
    ]
    if due:
        lines.append(("stage_line_due", {"stage": words(due)}))
    if record.rehearsal:
        lines.append(("rehearsal_said", {}))
    watched = waited.document() if waited is not None else {}
    if waited is not None and waited.rules is not None:
        lines.append(("waiting_ceiling" if waited.num_at_ceiling else "waiting_watched", watched))
    figures = {
        "stage": record.stage,
        "policy": record.policy,
        "rehearsal": record.rehearsal,
        "dates": {str(stage): day.isoformat() for stage, day in dates.items()},
        "due": str(due) if due else None,
        "waiting": watched,
    }
    return Done(month, tuple(lines), figures, following)
