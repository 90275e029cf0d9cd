"""Open places before reserved ones: the same reserves asked for in the other order, as a market of its own.

A mechanism that takes places in an order lets a household of the group ask for a reserved place before an open one
(contract, section 4). Asked the other way round, its best members use up the open places first and leave the
reserved ones to those who stand later, so a group gets more of the same number (Dur, Kominers, Pathak and Sonmez
2018). What that would change is the price of the order.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from allocator.model.instance import Instance, Ints


@dataclass(frozen=True)
class _Part:
    """One institution of a pool: its open places (no ``members``) or one of its reserves."""

    pool: int
    name: str
    places: int
    members: frozenset[int] | None = None
    is_released: bool = True


def taken_apart(instance: Instance, *, is_open_first: bool) -> Instance | None:
    """The instance with every reserve a pool of its own, listed behind or before the open places of its pool.

    Deferred acceptance on it under ``priority`` gives what it gives on the pools as declared when a household asks for
    open places first (or for the reserves of its own groups first), and last for what other groups leave. Ranks stay.
    None where no pool has reserves, where a maximum counts households of a pool that has some (its parts would share
    it), and beside tenants (who stand first in every part of their pool, but can sit in one only).
    """
    entries: list[dict[str, Any]] = instance.extensions.get("reserves", [])
    reserved = {entry["pool"] for entry in entries}
    counted = {pool for quota in instance.extensions.get("max", []) for pool in quota["pools"]}
    if not reserved or reserved & counted or "current" in instance.extensions:
        return None
    parts = sorted(_parts(instance, entries), key=lambda part: part.name)
    by_pool: dict[int, list[int]] = defaultdict(list)
    for number, part in enumerate(parts):
        by_pool[part.pool].append(number)
    start, pool, rank, asking = _lists(instance, parts, by_pool, is_open_first=is_open_first)
    kept = {name: value for name, value in instance.extensions.items() if name != "reserves"}
    return replace(
        instance,
        pool_ids=[part.name for part in parts],
        capacity=np.array([part.places for part in parts], dtype=np.int64),
        start=start,
        pool=pool,
        rank=rank,
        extensions=kept | {"priority": _priority(instance, parts, asking)},
        fingerprint="",
    )


def _parts(instance: Instance, entries: list[dict[str, Any]]) -> list[_Part]:
    """The open places keep the pool's name; beyond a pool's places nothing can be reserved."""
    place = {name: number for number, name in enumerate(instance.pool_ids)}
    left: list[int] = instance.capacity.tolist()
    parts = []
    for number, entry in enumerate(entries):
        pool = place[entry["pool"]]
        places = min(entry["places"], left[pool])
        left[pool] -= places
        members = frozenset(instance.groups.get(entry["group"], np.empty(0, np.int64)).tolist())
        name = f"{entry['pool']}\x00{number:06d}"  # no pool of a delivery is called so
        parts.append(_Part(pool, name, places, members, entry.get("release", False)))
    return parts + [_Part(pool, instance.pool_ids[pool], places) for pool, places in enumerate(left)]


def _lists(
    instance: Instance, parts: list[_Part], by_pool: dict[int, list[int]], *, is_open_first: bool
) -> tuple[Ints, Ints, Ints, list[list[int]]]:
    """Every choice of a pool as choices of its parts in the order asked for; and who asks for each part."""
    start = [0]
    pool: list[int] = []
    rank: list[int] = []
    asking: list[list[int]] = [[] for _ in parts]
    pools, ranks, first = instance.pool.tolist(), instance.rank.tolist(), instance.start.tolist()
    for household in range(instance.num_households):
        for choice in range(first[household], first[household + 1]):
            turns = [
                (_turn(parts[number], household, is_open_first), number) for number in by_pool[pools[choice]]
            ]
            for _, number in sorted(turns):
                part = parts[number]
                if part.members is None or part.is_released or household in part.members:
                    pool.append(number)
                    rank.append(ranks[choice])
                    asking[number].append(household)
        start.append(len(pool))
    return np.array(start, np.int64), np.array(pool, np.int64), np.array(rank, np.int64), asking


def _turn(part: _Part, household: int, is_open_first: bool) -> int:
    if part.members is None:
        return 0 if is_open_first else 2
    return 1 if household in part.members else 3


def _priority(instance: Instance, parts: list[_Part], asking: list[list[int]]) -> dict[str, list[list[str]]]:
    """A part's tiers: for a reserve its own group's first, inside them the pool's own tiers."""
    declared: dict[str, list[list[str]]] = instance.extensions.get("priority", {})
    found: dict[str, list[list[str]]] = {}
    for part, households in zip(parts, asking, strict=True):
        pool = instance.pool_ids[part.pool]
        if part.members is None:
            if pool in declared:
                found[part.name] = declared[pool]
            continue
        asked = {instance.household_ids[one]: one in part.members for one in households}
        tiers = declared.get(pool, [list(asked)])
        found[part.name] = [
            [name for name in tier if asked.get(name) is is_member]
            for is_member in (True, False)
            for tier in tiers
        ]
    return found
