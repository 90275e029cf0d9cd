"""The laws of ``rooms`` against plain enumeration: the split, the mechanism on it, and the judge."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.model.canonical import canonical_bytes, fingerprint
from tests.laws.fielded_markets import broken_laws
from tests.laws.markets import solved
from tests.laws.room_markets import best_split, dormitories, stated_split, with_split

Document = dict[str, Any]
MECHANISMS = ("serial", "deferred_acceptance", "band_optimum")


@given(dormitories(), st.sampled_from(MECHANISMS))
@settings(max_examples=120, deadline=None)
def test_the_split_fills_the_most_beds_and_gives_the_fewest_rooms_to_women(
    document: Document, mechanism: str
) -> None:
    """Of all splits tried with all seatings, the one stated fills the most beds and comes first among those."""
    solution = solved(document, mechanism)
    split, filled = best_split(document)
    assert (stated_split(document, solution), solution["report"]["rooms"]["num_filled"]) == (split, filled)
    assert broken_laws(document, solution) == []


@given(dormitories(fields=True))
@settings(max_examples=80, deadline=None)
def test_only_those_admitted_count_for_the_split(document: Document) -> None:
    """With tiers and sitting tenants a household counts where it is admitted and not below its own bed."""
    solution = solved(document, "deferred_acceptance")
    assert (stated_split(document, solution), solution["report"]["rooms"]["num_filled"]) == best_split(
        document
    )
    assert broken_laws(document, solution) == []


@given(dormitories(), st.sampled_from(MECHANISMS))
@settings(max_examples=60, deadline=None)
def test_the_mechanism_runs_on_the_capacities_of_the_split(document: Document, mechanism: str) -> None:
    """The assignment is that of the instance with the split written out as capacities."""
    solution = solved(document, mechanism)
    plain = solved(with_split(document, stated_split(document, solution)), mechanism)
    assert solution["assignment"] == plain["assignment"]
    certificate = {name: part for name, part in solution["certificate"].items() if name != "rooms"}
    assert certificate == plain["certificate"]


@given(dormitories(), st.randoms(use_true_random=False), st.sampled_from(MECHANISMS))
@settings(max_examples=40, deadline=None)
def test_rows_may_stand_in_any_order(document: Document, random: Any, mechanism: str) -> None:
    """Shuffled households, pools and entries of rooms give the same solution, byte for byte."""
    shuffled = copy.deepcopy(document)
    for name in ("households", "pools", "rooms"):
        random.shuffle(shuffled[name])
    one, other = solved(document, mechanism), solved(shuffled, mechanism)
    # The entries of rooms are not sorted in the fingerprint of an instance.
    for solution in (one, other):
        del solution["instance_fingerprint"]
    assert canonical_bytes(one) == canonical_bytes(other)


@given(dormitories(), st.data())
@settings(max_examples=60, deadline=None)
def test_every_other_split_is_rejected(document: Document, data: st.DataObject) -> None:
    """A solution that is right in all but the split, with its fingerprint made again, breaks the law ``rooms``."""
    solution = solved(document, "serial")
    right = stated_split(document, solution)
    entries = sorted(document["rooms"], key=lambda entry: entry["pools"]["F"])
    wrong = tuple(data.draw(st.integers(0, entry["rooms"])) for entry in entries)
    if wrong == right:
        return
    forged = solved(with_split(document, wrong), "serial")
    split = {}
    for entry, women in zip(entries, wrong, strict=True):
        split[entry["pools"]["F"]], split[entry["pools"]["M"]] = women, entry["rooms"] - women
    rooms = {**solution["certificate"]["rooms"], "split": split}
    del rooms["fingerprint"]
    rooms["fingerprint"] = fingerprint(rooms)
    forged["certificate"]["rooms"] = rooms
    forged["instance_fingerprint"] = solution["instance_fingerprint"]
    forged["report"]["rooms"] = {**solution["report"]["rooms"], "split": split}
    assert "rooms" in broken_laws(document, forged)


def numbers_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where whole numbers stand."""
    if isinstance(value, dict):
        return [found for key in value for found in numbers_in(value[key], (*path, key))]
    if isinstance(value, list):
        return [found for place, one in enumerate(value) for found in numbers_in(one, (*path, place))]
    return [path] if isinstance(value, int) else []


@given(dormitories(), st.data(), st.sampled_from(["certificate", "report"]))
@settings(max_examples=60, deadline=None)
def test_no_figure_of_the_rooms_can_be_altered(document: Document, data: st.DataObject, part: str) -> None:
    """Any one number of the certificate's or the report's rooms changed breaks the law ``rooms``."""
    solution = solved(document, "serial")
    figures = solution[part]["rooms"]
    *way, last = data.draw(st.sampled_from(numbers_in(figures)))
    place = figures
    for step in way:
        place = place[step]
    place[last] += data.draw(st.sampled_from([-1, 1]))
    assert "rooms" in broken_laws(document, solution)


@given(dormitories(), st.data())
@settings(max_examples=30, deadline=None)
def test_nobody_can_be_moved_to_another_bed(document: Document, data: st.DataObject) -> None:
    """Two households of one pool that change rooms in the report break the law ``rooms``."""
    solution = solved(document, "serial")
    beds = solution["report"]["rooms"]["beds"]
    choices = [
        (pool, one, other)
        for pool, rooms in beds.items()
        for one in range(len(rooms))
        for other in range(one)
        if rooms[one] and rooms[other]
    ]
    if not choices:
        return
    pool, one, other = data.draw(st.sampled_from(choices))
    beds[pool][one][0], beds[pool][other][0] = beds[pool][other][0], beds[pool][one][0]
    assert broken_laws(document, solution) == ["rooms"]


@pytest.mark.slow
@given(dormitories(max_entries=3, max_households=9, fields=True))
@settings(max_examples=3000, deadline=None)
def test_the_split_against_enumeration_at_length(document: Document) -> None:
    """The same as above, thousands of times."""
    solution = solved(document, "deferred_acceptance")
    assert (stated_split(document, solution), solution["report"]["rooms"]["num_filled"]) == best_split(
        document
    )
    assert broken_laws(document, solution) == []
