"""The stages of a round: their order, their dates and what is refused when."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from allocator.errors import Refused
from allocator.model.enums import Stage
from allocator.model.month import first_day
from allocator.policy.model import Calendar

ORDER: Final = tuple(Stage)

# Each of these acts waits for the publicity window of the stage before it.
_WINDOWS: Final = {
    Stage.DRAW: (Stage.PUBLISH_ROSTER, "roster_window_days"),
    Stage.ALLOCATE: (Stage.PUBLISH_ORDER, "order_window_days"),
    Stage.OFFER: (Stage.PUBLISH_RESULT, "result_window_days"),
}


def stage_after(done: Stage) -> Stage | None:
    """The next stage, or None when the round is closed."""
    position = ORDER.index(done) + 1
    return ORDER[position] if position < len(ORDER) else None


def check_turn(done: Stage, wanted: Stage, month: str) -> None:
    """Refuse (3) a stage that is done already or not yet due; the fault names the stage that is next."""
    due = stage_after(done)
    if due == wanted:
        return
    if due is None:
        raise Refused("stage_done_last", stage=words(wanted), month=month)
    if ORDER.index(wanted) <= ORDER.index(done):
        raise Refused("stage_done", stage=words(wanted), month=month, next=words(due))
    raise Refused("stage_too_early", stage=words(wanted), month=month, next=words(due))


def words(stage: Stage) -> str:
    """The command words of a stage, such as ``publish --what roster``."""
    text = str(stage)
    return f"publish --what {text.removeprefix('publish_')}" if text.startswith("publish_") else text


def day_of(stage: Stage, month: str, calendar: Calendar) -> date:
    """The day the policy's calendar gives a stage in that month."""
    return first_day(month) + timedelta(days=calendar.stage_day[stage] - 1)


def window_ends(stage: Stage, dates: dict[Stage, date], calendar: Calendar) -> date | None:
    """First day on which ``stage`` may be done after the publicity before it; None where no window bars it."""
    if stage not in _WINDOWS:
        return None
    published, length = _WINDOWS[stage]
    return dates[published] + timedelta(days=int(getattr(calendar, length)))


def check_window(stage: Stage, on: date, dates: dict[Stage, date], calendar: Calendar, month: str) -> None:
    """Refuse (3) an act before its publicity window has passed; the fault names the date."""
    from_day = window_ends(stage, dates, calendar)
    if from_day is not None and on < from_day:
        raise Refused(
            "window_open", stage=words(stage), month=month, on=on.isoformat(), from_day=from_day.isoformat()
        )


def check_not_before(done: Stage, on: date, dates: dict[Stage, date], stage: Stage, month: str) -> None:
    """Refuse (3) to date a stage before the one it follows."""
    last = dates.get(done)
    if last is not None and on < last:
        raise Refused(
            "date_before_stage", stage=words(stage), month=month, on=on.isoformat(), last=last.isoformat()
        )
