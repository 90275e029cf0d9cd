"""What people are told whose dormitories got no room for their sex, and what the law's page says of rooms."""

from __future__ import annotations

import pytest

from allocator.messages import text_of
from allocator.office.room_words import reason_with_rooms, told_rooms, without_room
from allocator.policy.page_supply import supply_entries
from allocator.policy.shown import Words
from allocator.rounds.reasons import Reason
from tests.rooms.laws import rooms
from tests.rooms.test_joint_split import frozen
from tests.rounds.corridor import law_of


def test_pools_without_a_room_are_named_in_the_order_of_the_list() -> None:
    """Of everybody's list exactly the pools without places are told, and none where rooms are split the plain way."""
    joint, plain = frozen(), frozen(joint=False)
    capacity = joint.pools.set_index("pool")["capacity"]
    lists = joint.preferences.groupby("code")["pool"]
    told = {code: without_room(joint, code) for code in lists.groups}
    assert told == {code: [pool for pool in own if capacity[pool] == 0] for code, own in lists}
    assert any(told.values())
    assert without_room(plain, plain.preferences["code"].iloc[0]) == []


def test_who_listed_nothing_else_is_told_so() -> None:
    """No earlier band filled what had no place; others hear which of their choices had none; who left hears that alone."""
    joint = frozen()
    capacity = joint.pools.set_index("pool")["capacity"]
    had_place = joint.preferences["pool"].map(capacity) > 0
    some = had_place.groupby(joint.preferences["code"]).agg(["any", "all"])
    mixed, none = some.index[some["any"] & ~some["all"]][0], some.index[~some["any"]]
    filled = Reason.FILLED_BY_EARLIER_BANDS
    assert reason_with_rooms(joint, mixed, filled) is filled
    for language in ("zh", "en"):
        (code, params), *_ = told_rooms(joint, mixed, filled)
        assert without_room(joint, mixed)[0] in text_of(code, language, **params)
        assert text_of(f"told_{Reason.NO_ROOM}", language, listed=1)
    assert len(none)
    assert reason_with_rooms(joint, none[0], filled) is Reason.NO_ROOM
    assert told_rooms(joint, none[0], Reason.NO_ROOM) == []
    assert reason_with_rooms(joint, none[0], Reason.REMOVED) is Reason.REMOVED


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_law_s_page_says_how_rooms_are_split(language: str) -> None:
    """The section and each of its rules stand on the page; without it there is nothing to say."""
    supply = law_of("example").supply
    asked = supply.model_copy(update={"rooms": rooms(("P003", "floor"), ("P004", "building"))})
    keys = [entry.key for entry in supply_entries(asked, Words(language, None, None))]
    assert keys[2:5] == ["rooms", "rooms.one_sex[0]", "rooms.one_sex[1]"]
    plain = supply.model_copy(update={"rooms": None})
    assert not [
        entry for entry in supply_entries(plain, Words(language, None, None)) if entry.key.startswith("rooms")
    ]
