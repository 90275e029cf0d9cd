"""What a household is told of dormitories whose empty rooms went to the other sex (``rounds/rooms.py``)."""

from __future__ import annotations

from typing import Any

from allocator.rounds.freeze import SubRound
from allocator.rounds.reasons import Reason

Sentence = tuple[str, dict[str, Any]]


def without_room(sub_round: SubRound, code: str) -> list[str]:
    """Pools on the household's list that got no room, in its order; none where rooms were not split jointly."""
    if sub_round.rooms is None:
        return []
    listed = sub_round.preferences.loc[sub_round.preferences["code"] == code, "pool"]
    capacity = sub_round.pools.set_index("pool")["capacity"]
    return [pool for pool in listed.tolist() if not capacity[pool]]


def reason_with_rooms(sub_round: SubRound, code: str, reason: Reason) -> Reason:
    """Where nothing on the list had a place, it is the split that left the household out, not others before it."""
    roomless = without_room(sub_round, code)
    num_listed = int((sub_round.preferences["code"] == code).sum())
    return Reason.NO_ROOM if reason is not Reason.REMOVED and 0 < num_listed == len(roomless) else reason


def told_rooms(sub_round: SubRound, code: str, reason: Reason) -> list[Sentence]:
    """Which choices had no room, and why nobody's position mattered there."""
    if reason in {Reason.NO_ROOM, Reason.REMOVED, Reason.FIRST_CHOICE}:
        return []
    roomless = without_room(sub_round, code)
    return [("told_pools_without_room", {"pools": ", ".join(roomless)})] if roomless else []
