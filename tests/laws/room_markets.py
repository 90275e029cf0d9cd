"""Small dormitories and their split by plain enumeration. Shares no code with the engine."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st

from tests.laws.fielded_markets import wanted
from tests.laws.markets import lists

Document = dict[str, Any]


@st.composite
def dormitories(
    draw: st.DrawFn, *, max_entries: int = 3, max_households: int = 8, fields: bool = False
) -> Document:
    """1 to ``max_entries`` dormitories and a pool of flats; women, men and households that list both sexes' pools.

    ``fields``: some pools have tiers, and some households sit in a room already lived in.
    """
    entries, pools = [], []
    for number in range(draw(st.integers(1, max_entries))):
        # Ids so that the order by F pool is not the order of the entries.
        names = {"F": f"{9 - number}f", "M": f"m{number}"}
        entry: Document = {
            "pools": names,
            "rooms": draw(st.integers(0, 3)),
            "beds": draw(st.integers(1, 3)),
        }
        if draw(st.booleans()):
            free = st.lists(st.integers(0, 2), max_size=2)
            entry["partial"] = {sex: draw(free) for sex in draw(st.sampled_from(["F", "M", "FM"]))}
        entries.append(entry)
        pools += [{"id": names[sex]} for sex in "FM"]
    pools.append({"id": "flats", "capacity": draw(st.integers(0, 1))})
    by_sex = {sex: [entry["pools"][sex] for entry in entries] for sex in "FM"}
    listed = {**by_sex, "both": [*by_sex["F"], *by_sex["M"]]}
    households = []
    for number in range(draw(st.integers(2, max_households))):
        choices = [*listed[draw(st.sampled_from(["F", "F", "M", "M", "both"]))], "flats"]
        household = {"id": f"h{number}", "order": number + 1, "preferences": draw(lists(choices))}
        households.append(household)
    document = {
        "format": "allocator-instance/1",
        "households": households,
        "pools": pools,
        "rooms": entries,
    }
    if fields:
        _add_fields(draw, document)
    return document


def _add_fields(draw: st.DrawFn, document: Document) -> None:
    names = [household["id"] for household in document["households"]]
    for pool in document["pools"]:
        if draw(st.integers(0, 2)) == 0:
            kept = draw(st.lists(st.sampled_from(names), unique=True))
            cut = draw(st.integers(0, len(kept)))
            pool["priority"] = [kept[:cut], kept[cut:]]
    free = {
        entry["pools"][sex]: sum(beds)
        for entry in document["rooms"]
        for sex, beds in entry.get("partial", {}).items()
    }
    for household in document["households"]:
        own = draw(st.sampled_from([None, *free]))
        if own is not None and free[own]:
            free[own] -= 1
            household["current"] = own


def entries_of(document: Document) -> list[Document]:
    return sorted(document["rooms"], key=lambda entry: entry["pools"]["F"])


def capacities(document: Document, split: tuple[int, ...]) -> dict[str, int]:
    """Beds by pool when so many rooms of each entry go to F."""
    beds = {}
    for entry, women in zip(entries_of(document), split, strict=True):
        for sex, rooms in (("F", women), ("M", entry["rooms"] - women)):
            lived_in = sum(entry.get("partial", {}).get(sex, []))
            beds[entry["pools"][sex]] = entry["beds"] * rooms + lived_in
    return beds


def most_filled(document: Document, split: tuple[int, ...]) -> int:
    """The largest number of households seated in beds: every one is tried in every bed it may have, or in none."""
    room = capacities(document, split)
    lists = [
        [pool for pool in wanted(document, household) if pool in room] for household in document["households"]
    ]
    states = {tuple(sorted(room.items())): 0}
    for choices in lists:
        following = dict(states)
        for state, seated in states.items():
            for pool in choices:
                left = dict(state)
                if left[pool]:
                    left[pool] -= 1
                    key = tuple(sorted(left.items()))
                    following[key] = max(following.get(key, 0), seated + 1)
        states = following
    return max(states.values())


def best_split(document: Document) -> tuple[tuple[int, ...], int]:
    """The split of contract section 4 and the beds it fills."""
    ranges = [range(entry["rooms"] + 1) for entry in entries_of(document)]
    filled = {split: most_filled(document, split) for split in itertools.product(*ranges)}
    best = min(filled, key=lambda split: (-filled[split], split))
    return best, filled[best]


def with_split(document: Document, split: tuple[int, ...]) -> Document:
    """The same instance with the split written out as capacities."""
    beds = capacities(document, split)
    pools = [{**pool, "capacity": pool.get("capacity", beds.get(pool["id"]))} for pool in document["pools"]]
    return {name: value for name, value in {**document, "pools": pools}.items() if name != "rooms"}


def stated_split(document: Document, solution: Document) -> tuple[int, ...]:
    """Rooms for F by entry, as the solution's certificate states them."""
    stated = solution["certificate"]["rooms"]["split"]
    return tuple(stated[entry["pools"]["F"]] for entry in entries_of(document))
