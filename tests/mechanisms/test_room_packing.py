"""Pairs kept together or apart in the rooms of one pool, against plain enumeration."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.mechanisms.room_packing import Pair, packed


def first_packing(
    beds: list[int], num_households: int, together: list[Pair], apart: list[Pair]
) -> tuple[int, ...] | None:
    """The first in lexicographic order of all packings."""
    for rooms in itertools.product(range(len(beds)), repeat=num_households):
        fits = all(rooms.count(room) <= free for room, free in enumerate(beds))
        kept = all(rooms[one] == rooms[other] for one, other in together)
        if fits and kept and all(rooms[one] != rooms[other] for one, other in apart):
            return rooms
    return None


@st.composite
def pools(draw: st.DrawFn) -> tuple[list[int], int, list[Pair], list[Pair]]:
    """1 to 4 rooms of up to 3 free beds, as many households as fit at most, and up to 3 pairs of either kind."""
    beds = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    num_households = draw(st.integers(0, min(6, sum(beds))))
    pairs = [(one, other) for one in range(num_households) for other in range(num_households) if one != other]
    some = st.lists(st.sampled_from(pairs), max_size=3) if pairs else st.just([])
    return beds, num_households, draw(some), draw(some)


@given(pools())
@settings(max_examples=60, deadline=None)
def test_the_packing_is_the_first_of_all(pool: tuple[list[int], int, list[Pair], list[Pair]]) -> None:
    """The first household has the first room it can have, then the second; None where no packing keeps the pairs."""
    due, packing = first_packing(*pool), packed(*pool)
    assert (None if packing.room is None else tuple(packing.room.tolist())) == due


@given(pools())
@settings(max_examples=60, deadline=None)
def test_what_cannot_be_kept_is_named_and_no_more(
    pool: tuple[list[int], int, list[Pair], list[Pair]],
) -> None:
    """The pairs named cannot all be kept, and any one of them left out there is a packing."""
    beds, num_households, _, _ = pool
    packing = packed(*pool)
    if packing.room is not None:
        assert (packing.together, packing.apart) == ((), ())
        return
    together, apart = list(packing.together), list(packing.apart)
    assert first_packing(beds, num_households, together, apart) is None
    for pair in together:
        assert first_packing(beds, num_households, [p for p in together if p != pair], apart) is not None
    for pair in apart:
        assert first_packing(beds, num_households, together, [p for p in apart if p != pair]) is not None


def test_a_couple_waits_for_a_room_with_two_beds() -> None:
    """One free bed and a room of two: the couple takes the room, though the first of it stands first."""
    assert packed([1, 2], 3, together=[(0, 2)]).room.tolist() == [1, 0, 1]  # type: ignore[union-attr]


def test_a_hundred_beds_with_pairs() -> None:
    """25 rooms of 4, every fifth household with the next but one and apart from the next: all pairs are kept."""
    together = [(number, number + 2) for number in range(0, 95, 5)]
    apart = [(number, number + 1) for number in range(0, 95, 5)]
    packing = packed([4] * 25, 100, together, apart)
    assert packing.room is not None
    rooms = packing.room.tolist()
    assert all(rooms[one] == rooms[other] for one, other in together)
    assert all(rooms[one] != rooms[other] for one, other in apart)
    assert max(rooms.count(room) for room in range(25)) <= 4


def test_more_households_than_beds_is_an_error() -> None:
    """Who has no bed cannot be packed."""
    with pytest.raises(ValueError, match="3 households for 2 beds"):
        packed([2], 3)


def test_nobody_is_a_pair_alone() -> None:
    """A household cannot be kept apart from itself."""
    with pytest.raises(ValueError, match="no pair"):
        packed([2], 2, apart=[(1, 1)])
