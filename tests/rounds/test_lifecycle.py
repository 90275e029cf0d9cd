"""Stages come in their order, on their days."""

from datetime import date

import pytest

from allocator.errors import Refused
from allocator.model.enums import Stage
from allocator.policy import load
from allocator.rounds import lifecycle

CALENDAR = (
    load("example")
    .in_force(date(2026, 3, 1))
    .calendar.model_copy(update={"roster_window_days": 10, "order_window_days": 5})
)


def test_every_stage_follows_the_one_before() -> None:
    """After each stage exactly the next one is allowed."""
    for done, due in zip(lifecycle.ORDER, lifecycle.ORDER[1:], strict=False):
        lifecycle.check_turn(done, due, "2026-03")


@pytest.mark.parametrize(
    ("wanted", "code"),
    [(Stage.SCREEN, "stage_done"), (Stage.DRAW, "stage_done"), (Stage.OFFER, "stage_too_early")],
)
def test_out_of_turn_is_refused_with_the_next_stage(wanted: Stage, code: str) -> None:
    """A stage done twice or too early is refused and the fault names the one that is due."""
    with pytest.raises(Refused) as fault:
        lifecycle.check_turn(Stage.DRAW, wanted, "2026-03")
    assert (fault.value.code, fault.value.params["next"]) == (code, "publish --what order")


def test_a_closed_round_has_no_next_stage() -> None:
    """Every stage of a closed round is refused, and the fault names no stage that is due."""
    for stage in lifecycle.ORDER:
        with pytest.raises(Refused) as fault:
            lifecycle.check_turn(Stage.CLOSE, stage, "2026-03")
        assert (fault.value.code, "next" in fault.value.params) == ("stage_done_last", False)


def test_the_draw_waits_for_the_roster_window() -> None:
    """Ten days after the roster of 5 March the draw is refused until the 15th and done on it."""
    dates = {Stage.PUBLISH_ROSTER: date(2026, 3, 5)}
    with pytest.raises(Refused) as fault:
        lifecycle.check_window(Stage.DRAW, date(2026, 3, 14), dates, CALENDAR, "2026-03")
    assert fault.value.params["from_day"] == "2026-03-15"
    lifecycle.check_window(Stage.DRAW, date(2026, 3, 15), dates, CALENDAR, "2026-03")


def test_stages_without_a_window_are_never_barred() -> None:
    """Only draw, allocate and offer wait."""
    barred = [
        stage
        for stage in Stage
        if lifecycle.window_ends(stage, dict.fromkeys(Stage, date(2026, 3, 1)), CALENDAR)
    ]
    assert barred == [Stage.DRAW, Stage.ALLOCATE, Stage.OFFER]


def test_the_calendar_runs_on_after_the_months_end() -> None:
    """Day 35 of February 2026 is 7 March."""
    calendar = CALENDAR.model_copy(update={"stage_day": {**CALENDAR.stage_day, Stage.CLOSE: 35}})
    assert lifecycle.day_of(Stage.CLOSE, "2026-02", calendar) == date(2026, 3, 7)
