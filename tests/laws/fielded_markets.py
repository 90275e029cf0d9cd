"""Small markets with tiers, tenants, reserves and maxima; and stability by plain enumeration.

Shares no code with the engine: a household stands at a (pool, slot), and nobody may prefer a slot that is
free or held by somebody worse.
"""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st

from allocator import audit
from allocator.errors import Refused
from allocator.model.documents import parse_instance
from tests.laws.enumeration import groups_of, in_order
from tests.laws.markets import Document, lists, solved

OPEN = "open"


@st.composite
def fielded(
    draw: st.DrawFn,
    *,
    tiers: bool = True,
    tenants: bool = True,
    reserves: bool = True,
    maxima: bool = False,
    is_released: bool | None = None,
    max_households: int = 4,
    max_reserves: int = 2,
) -> Document:
    """3 to ``max_households`` households in groups a, b or none, 2 or 3 pools, with the fields asked for."""
    names = [f"h{number}" for number in range(draw(st.integers(3, max_households)))]
    pools = [f"p{number}" for number in range(draw(st.integers(2, 3)))]
    capacity = {pool: draw(st.sampled_from([1, 1, 2, 2, 0])) for pool in pools}
    groups = st.sampled_from([[], ["a"], ["b"]] if maxima else [[], ["a"], ["b"], ["a", "b"]])
    households: list[Document] = []
    room = dict(capacity)
    for number, name in enumerate(names):
        household = {
            "id": name,
            "order": number + 1,
            "preferences": draw(lists(pools)),
            "groups": draw(groups),
        }
        if tenants and draw(st.integers(0, 2)) == 0:
            own = draw(st.sampled_from(pools))
            if room[own] > 0:
                room[own] -= 1
                household["current"] = own
        households.append(household)
    document: Document = {
        "format": "allocator-instance/1",
        "households": households,
        "pools": [{"id": pool, "capacity": capacity[pool]} for pool in pools],
    }
    if tiers:
        for pool in document["pools"]:
            if draw(st.booleans()):
                pool["priority"] = draw(_tiers(names))
    if reserves:
        released = st.booleans() if is_released is None else st.just(is_released)
        document["reserves"] = [
            {"pool": pool, "group": group, "places": draw(st.integers(0, 2)), "release": draw(released)}
            for pool, group in draw(
                st.lists(
                    st.tuples(st.sampled_from(pools), st.sampled_from("ab")),
                    max_size=max_reserves,
                    unique=True,
                )
            )
        ]
    if maxima:
        document["quotas"] = [
            {"id": f"q{pool}{group}", "pools": [pool], "groups": [group], "max": draw(st.integers(0, 2))}
            for pool, group in draw(
                st.lists(
                    st.tuples(st.sampled_from(pools), st.sampled_from("ab")),
                    min_size=1,
                    max_size=3,
                    unique=True,
                )
            )
        ]
    return document


@st.composite
def _tiers(draw: st.DrawFn, names: list[str]) -> list[list[str]]:
    kept = draw(st.lists(st.sampled_from(names), unique=True, min_size=len(names) - 1))
    cut = draw(st.integers(0, len(kept)))
    return [kept[:cut], kept[cut:]]


def tier_at(document: Document, household: Document, pool: str) -> int | None:
    """0 for the tenant, then from 1; None where it is not admitted."""
    if household.get("current") == pool:
        return 0
    entry = next(entry for entry in document["pools"] if entry["id"] == pool)
    if "priority" not in entry:
        return 1
    return next((at for at, tier in enumerate(entry["priority"], 1) if household["id"] in tier), None)


def wanted(document: Document, household: Document) -> list[str]:
    """The pools a household asks for, best first; a tenant's list ends with its own pool."""
    flat = [pool for group in groups_of(household) for pool in group]
    own = household.get("current")
    if own is not None:
        flat = flat[: flat.index(own)] if own in flat else flat
        flat = [*flat, own]
    return [pool for pool in flat if tier_at(document, household, pool) is not None]


def slots_of(document: Document) -> dict[tuple[str, Any], tuple[int, str | None, bool]]:
    """(pool, slot) with places, group and release; what is reserved never exceeds the places."""
    found: dict[tuple[str, Any], tuple[int, str | None, bool]] = {}
    left = {pool["id"]: pool["capacity"] for pool in document["pools"]}
    for number, entry in enumerate(document.get("reserves", [])):
        places = min(entry["places"], left[entry["pool"]])
        left[entry["pool"]] -= places
        found[entry["pool"], number] = (places, entry["group"], entry["release"])
    for pool, places in left.items():
        found[pool, OPEN] = (places, None, True)
    return found


def slot_list(document: Document, household: Document) -> list[tuple[str, Any]]:
    """Own reserves in the order declared, the open places, then what others may leave; pool by pool."""
    slots = slots_of(document)
    found = []
    for pool in wanted(document, household):
        of_pool = [key for key in slots if key[0] == pool and key[1] != OPEN]
        mine = [key for key in of_pool if slots[key][1] in household["groups"]]
        is_tenant = household.get("current") == pool
        others = [key for key in of_pool if key not in mine and (slots[key][2] or is_tenant)]
        found += [*mine, (pool, OPEN), *others]
    return found


def slot_key(document: Document, household: Document, slot: tuple[str, Any]) -> tuple[int, int, int]:
    group = slots_of(document)[slot][1]
    tier = tier_at(document, household, slot[0])
    is_in = group is None or group in household["groups"] or tier == 0
    return (0 if is_in else 1, tier or 0, household["order"])


def stable_assignments(document: Document) -> list[tuple[int, ...]]:
    """Every stable assignment as places in each household's slot list (its length: nothing), in order."""
    households = in_order(document)
    wishes = [slot_list(document, household) for household in households]
    room = {key: figures[0] for key, figures in slots_of(document).items()}
    keys = [
        {slot: slot_key(document, household, slot) for slot in wish}
        for household, wish in zip(households, wishes, strict=True)
    ]

    def is_stable(places: tuple[int, ...]) -> bool:
        held: dict[tuple[str, Any], list[tuple[int, int, int]]] = {key: [] for key in room}
        for at, place in enumerate(places):
            if place < len(wishes[at]):
                held[wishes[at][place]].append(keys[at][wishes[at][place]])
        if any(len(held[key]) > room[key] for key in room):
            return False
        return not any(
            len(held[slot]) < room[slot] or any(keys[at][slot] < other for other in held[slot])
            for at, place in enumerate(places)
            for slot in wishes[at][:place]
        )

    return [
        places
        for places in itertools.product(*(range(len(wish) + 1) for wish in wishes))
        if is_stable(places)
    ]


def as_pools(document: Document, places: tuple[int, ...]) -> dict[str, str | None]:
    """The assignment of a tuple of places."""
    return {
        household["id"]: (wish[place][0] if place < len(wish) else None)
        for household, place in zip(in_order(document), places, strict=True)
        for wish in [slot_list(document, household)]
    }


def broken_laws(document: Document, solution: Document) -> list[str]:
    """The laws ``certify`` finds broken."""
    instance = parse_instance(document).instance
    assert instance is not None
    return [result.law for result in audit.certify(instance, solution) if not result.holds]


def with_assignment(document: Document, mechanism: str, assignment: dict[str, str | None]) -> Document:
    """A solution that claims this assignment."""
    return {**solved(document, mechanism), "assignment": assignment}


def every_assignment(document: Document) -> list[dict[str, str | None]]:
    """All ways to give each household a pool it asks for, or none, within the capacities."""
    households = in_order(document)
    capacity = {pool["id"]: pool["capacity"] for pool in document["pools"]}
    options = [[*wanted(document, household), None] for household in households]
    return [
        {household["id"]: pool for household, pool in zip(households, way, strict=True)}
        for way in itertools.product(*options)
        if all(way.count(pool) <= places for pool, places in capacity.items())
    ]


def chosen_by(document: Document, pool: str, asking: list[Document]) -> list[str]:
    """Whom a pool takes, where groups are disjoint and there are no tenants: of each maximum's group the first
    so many, of each reserve's group its places, then whoever is first, less what is kept for a group.
    """
    entry = next(entry for entry in document["pools"] if entry["id"] == pool)
    line = sorted(asking, key=lambda one: (tier_at(document, one, pool), one["order"]))
    for quota in document.get("quotas", []):
        if quota["pools"] == [pool]:
            inside = [one for one in line if set(quota["groups"]) & set(one["groups"])]
            line = [one for one in line if one not in inside[quota["max"] :]]
    taken: list[Document] = []
    left = entry["capacity"]
    kept = 0
    for (of_pool, slot), (places, group, is_released) in slots_of(document).items():
        if of_pool == pool and slot != OPEN:
            mine = [one for one in line if group in one["groups"]][:places]
            taken += mine
            kept += 0 if is_released else places - len(mine)
    rest = [one for one in line if one not in taken]
    taken += rest[: left - kept - len(taken)]
    return sorted(one["id"] for one in taken)


def is_stable(document: Document, assignment: dict[str, str | None]) -> bool:
    """Every pool would choose exactly whom it has among those who want it at least as much."""
    lists = {household["id"]: wanted(document, household) for household in document["households"]}

    def wants(name: str, pool: str) -> bool:
        mine, held = lists[name], assignment[name]
        return pool in mine and (held is None or mine.index(pool) <= mine.index(held))

    for entry in document["pools"]:
        asking = [one for one in document["households"] if wants(one["id"], entry["id"])]
        holders = sorted(name for name, pool in assignment.items() if pool == entry["id"])
        if chosen_by(document, entry["id"], asking) != holders:
            return False
    return True


def places_in_lists(document: Document, assignment: dict[str, str | None]) -> dict[str, int]:
    """How far down its list each household is; beyond the end for nothing."""
    found = {}
    for household in document["households"]:
        mine, held = wanted(document, household), assignment[household["id"]]
        found[household["id"]] = mine.index(held) if held is not None else len(mine)
    return found


def every_list(pools: list[str]) -> list[list[str]]:
    """All strict lists over the pools, the empty one included."""
    return [list(way) for size in range(len(pools) + 1) for way in itertools.permutations(pools, size)]


def reporting(document: Document, name: str, preferences: list[str]) -> Document:
    """The same market with another list for one household."""
    households = [
        {**one, "preferences": preferences} if one["id"] == name else one for one in document["households"]
    ]
    return {**document, "households": households}


def without(document: Document, name: str) -> Document:
    """The market without one household, who leaves every tier as well."""
    pools = [
        {**pool, "priority": [[one for one in tier if one != name] for tier in pool["priority"]]}
        if "priority" in pool
        else pool
        for pool in document["pools"]
    ]
    return {**document, "households": [h for h in document["households"] if h["id"] != name], "pools": pools}


def gains(document: Document, mechanism: str) -> list[tuple[str, list[str]]]:
    """Households and untrue lists that bring them more, by their true lists."""
    found = []
    truth = places_in_lists(document, solved(document, mechanism)["assignment"])
    pools = [pool["id"] for pool in document["pools"]]
    for household in document["households"]:
        name = household["id"]
        mine = wanted(document, household)
        for untrue in every_list(pools):
            got = solved(reporting(document, name, untrue), mechanism)["assignment"][name]
            place = mine.index(got) if got in mine else len(mine)
            if place < truth[name]:
                found.append((name, untrue))
    return found


def refusal_or_solution(document: Document, mechanism: str) -> tuple[str, Document | None]:
    """The code of the refusal, or the solution."""
    try:
        return "", solved(document, mechanism)
    except Refused as refusal:
        return refusal.code, None
