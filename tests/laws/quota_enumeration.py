"""``band_optimum`` with quotas, reserves and tenants by plain enumeration. Shares no code with the engine.

The definition is that of ``docs/reference/certificate.md``: of all ways to give each household one of its pools
or none that keep every bound, the one whose levels are best, the first before the second and so on.
"""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import strategies as st

from tests.laws.enumeration import groups_of, in_order
from tests.laws.markets import Document, lists

Way = dict[str, str | None]
GROUPS = "ab"


def wishes(household: Document) -> dict[str, int]:
    """Rank of every pool the household may hold, best first; a tenant's list ends with its own pool."""
    own = household.get("current")
    found: dict[str, int] = {}
    for rank, group in enumerate(groups_of(household), 1):
        for pool in group:
            found[pool] = rank
            if pool == own:
                return found
    if own is not None:
        found[own] = max(found.values(), default=0) + 1
    return found


def is_tenant(household: Document) -> bool:
    return household.get("current") is not None


def count_in(document: Document, quota: Document, way: Way) -> int:
    """How many of those a quota counts are in its pools."""
    groups = quota.get("groups")
    return sum(
        way[one["id"]] in quota["pools"]
        and (groups is None or bool(set(groups) & set(one.get("groups", []))))
        for one in document["households"]
    )


def places_of(document: Document, pool: str) -> list[tuple[str | None, bool]]:
    """Every place of a pool as (group, released): reserves as declared, each cut to what is left; then the open."""
    left = next(entry["capacity"] for entry in document["pools"] if entry["id"] == pool)
    places: list[tuple[str | None, bool]] = []
    for entry in document.get("reserves", []):
        if entry["pool"] == pool:
            number = min(entry["places"], left)
            left -= number
            places += [(entry["group"], entry.get("release", False))] * number
    return places + [(None, True)] * left


def seated(document: Document, pool: str, inside: list[Document]) -> int | None:
    """The most people of a pool who can have a place reserved for them when all have one; None: not all can."""
    places = places_of(document, pool)
    if len(inside) > len(places):
        return None

    def best(at: int, free: frozenset[int]) -> int | None:
        if at == len(inside):
            return 0
        one, found = inside[at], None
        for place in free:
            group, is_released = places[place]
            is_own = group is not None and group in one.get("groups", [])
            if is_own or group is None or is_released or one.get("current") == pool:
                rest = best(at + 1, free - {place})
                if rest is not None:
                    found = max(found if found is not None else 0, rest + is_own)
        return found

    return best(0, frozenset(range(len(places))))


def is_lawful(document: Document, way: Way) -> bool:
    """Tenants at home or better, every maximum and hard minimum kept, and a seat for everybody."""
    for one in document["households"]:
        held = way[one["id"]]
        if held is None and is_tenant(one):
            return False
        if held is not None and held not in wishes(one):
            return False
    for quota in document.get("quotas", []):
        number = count_in(document, quota, way)
        if not quota.get("min", 0) <= number <= quota.get("max", number):
            return False
    return all(_seats(document, pool["id"], way) is not None for pool in document["pools"])


def _seats(document: Document, pool: str, way: Way) -> int | None:
    return seated(document, pool, [one for one in document["households"] if way[one["id"]] == pool])


def every_way(document: Document) -> list[Way]:
    """Every way to give each household a pool of its own list, or none, within the capacities."""
    households = in_order(document)
    room = {pool["id"]: pool["capacity"] for pool in document["pools"]}
    found = []
    for way in itertools.product(*([*wishes(one), None] for one in households)):
        if all(way.count(pool) <= places for pool, places in room.items()):
            found.append({one["id"]: pool for one, pool in zip(households, way, strict=True)})
    return found


def levels_of(document: Document, way: Way, housing_first: bool) -> tuple[Any, ...]:
    """What is made small, the first entry before the second: shortfall, reserves, tenants, bands, ties."""
    households = in_order(document)
    short = sum(
        max(0, quota.get("min_soft", 0) - count_in(document, quota, way))
        for quota in document.get("quotas", [])
    )
    in_reserves = sum(_seats(document, pool["id"], way) or 0 for pool in document["pools"])
    who, ranks = [], []
    for band in sorted({one.get("band", 0) for one in households}):
        members = [one for one in households if one.get("band", 0) == band and not is_tenant(one)]
        unhoused = tuple(way[one["id"]] is None for one in members)
        who.append((sum(unhoused), unhoused))
        ranks.append(_total_rank(members, way))
    tenants = _total_rank([one for one in households if is_tenant(one)], way)
    bands = (*who, tenants, *ranks) if housing_first else (tenants, *zip(who, ranks, strict=True))
    ties = []
    for one in households:
        held, mine = way[one["id"]], list(wishes(one))
        ties.append(len(mine) if held is None else mine.index(held))
    return (short, -in_reserves, bands, tuple(ties))


def _total_rank(members: list[Document], way: Way) -> int:
    return sum(wishes(one)[held] for one in members if (held := way[one["id"]]) is not None)


def best_way(document: Document, housing_first: bool) -> Way | None:
    """The assignment of the definition; None where no assignment is lawful."""
    lawful = [way for way in every_way(document) if is_lawful(document, way)]
    return min(lawful, key=lambda way: levels_of(document, way, housing_first), default=None)


@st.composite
def quota_markets(
    draw: st.DrawFn,
    *,
    max_households: int = 5,
    max_bands: int = 3,
    tenants: bool = True,
    is_overlapping: bool = True,
) -> Document:
    """3 to ``max_households`` households in groups a and b, 2 or 3 pools, with bounds that nest more often than
    not: on groups in one pool, on everybody in one, on everybody in several.
    """
    pools = [f"p{number}" for number in range(draw(st.integers(2, 3)))]
    capacity = {pool: draw(st.sampled_from([1, 2, 2, 3, 0])) for pool in pools}
    kinds: list[list[str]] = [[], ["a"], ["b"]]
    groups = st.sampled_from([*kinds, ["a", "b"]] if is_overlapping and draw(st.booleans()) else kinds)
    households: list[Document] = []
    room, band = dict(capacity), 0
    for number in range(draw(st.integers(3, max_households))):
        if number and band + 1 < max_bands and draw(st.integers(0, 2)) == 0:
            band += 1
        one: Document = {
            "id": f"h{number}",
            "order": number + 1,
            "band": band,
            "preferences": draw(lists(pools)),
            "groups": draw(groups),
        }
        if tenants and draw(st.integers(0, 4)) == 0:
            own = draw(st.sampled_from(pools))
            if room[own] > 0:
                room[own] -= 1
                one["current"] = own
        households.append(one)
    return {
        "format": "allocator-instance/1",
        "households": households,
        "pools": [{"id": pool, "capacity": capacity[pool]} for pool in pools],
        "quotas": draw(_quotas(pools)),
        "reserves": draw(_reserves(pools)),
    }


@st.composite
def _quotas(draw: st.DrawFn, pools: list[str]) -> list[Document]:
    found: list[Document] = []
    for number in range(draw(st.integers(0, 4))):
        quota: Document = {"id": f"q{number}"}
        kind = draw(st.integers(0, 5))
        if kind <= 2:
            quota["pools"] = [draw(st.sampled_from(pools))]
            quota["groups"] = draw(st.sampled_from([["a"], ["b"], ["a", "b"]]))
        elif kind <= 4:
            quota["pools"] = draw(st.sampled_from([pools[:1], pools[:2], pools]))
        else:
            quota["pools"] = draw(st.lists(st.sampled_from(pools), unique=True, min_size=1))
            quota["groups"] = [draw(st.sampled_from(GROUPS))]
        for bound in draw(
            st.sampled_from([["max"], ["max"], ["min"], ["min_soft"], ["min", "max"], ["min_soft", "max"]])
        ):
            quota[bound] = draw(st.integers(0 if bound == "max" else 1, 2))
        if "max" in quota:
            quota["max"] = max(quota["max"], quota.get("min", 0))
        found.append(quota)
    return found


@st.composite
def _reserves(draw: st.DrawFn, pools: list[str]) -> list[Document]:
    chosen = draw(
        st.lists(st.tuples(st.sampled_from(pools), st.sampled_from(GROUPS)), max_size=2, unique=True)
    )
    return [
        {"pool": pool, "group": group, "places": draw(st.integers(1, 2)), "release": draw(st.booleans())}
        for pool, group in chosen
    ]
