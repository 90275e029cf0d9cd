"""The definitions of contract section 5 by plain enumeration. Shares no code with the engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Assignment = tuple[str | None, ...]


def groups_of(household: dict[str, Any]) -> list[list[str]]:
    """The preference list as groups of pools liked equally, best first."""
    return [[entry] if isinstance(entry, str) else entry for entry in household["preferences"]]


def rank_of(household: dict[str, Any], pool: str) -> int:
    """1 for the best group."""
    return 1 + next(rank for rank, group in enumerate(groups_of(household)) if pool in group)


def place_of(household: dict[str, Any], pool: str | None) -> int:
    """Where the pool stands in the list written out flat; beyond its end for none."""
    flat = [entry for group in groups_of(household) for entry in group]
    return flat.index(pool) if pool is not None else len(flat)


def in_order(document: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(document["households"], key=lambda household: household["order"])


def lawful_assignments(document: dict[str, Any]) -> Iterator[Assignment]:
    """Every way to give each household one of its pools or none within the capacities, in order."""
    households = in_order(document)
    room = {pool["id"]: pool["capacity"] for pool in document["pools"]}

    def extend(done: Assignment) -> Iterator[Assignment]:
        if len(done) == len(households):
            yield done
            return
        yield from extend((*done, None))
        for group in groups_of(households[len(done)]):
            for pool in group:
                if room[pool] > 0:
                    room[pool] -= 1
                    yield from extend((*done, pool))
                    room[pool] += 1

    return extend(())


def aims(document: dict[str, Any], assignment: Assignment, housing_first: bool) -> tuple[Any, ...]:
    """What is made small, the first entry before the second and so on."""
    households = in_order(document)
    who, ranks = [], []
    for band in sorted({household.get("band", 0) for household in households}):
        members = [i for i, household in enumerate(households) if household.get("band", 0) == band]
        unhoused = tuple(assignment[i] is None for i in members)
        who.append((sum(unhoused), unhoused))
        ranks.append(sum(rank_of(households[i], pool) for i in members if (pool := assignment[i])))
    levels = (*who, *ranks) if housing_first else tuple(zip(who, ranks, strict=True))
    ties = tuple(place_of(household, pool) for household, pool in zip(households, assignment, strict=True))
    return (levels, ties)


def best_assignment(document: dict[str, Any], housing_first: bool) -> dict[str, str | None]:
    """The band-lexicographic assignment of design section 3."""
    best = min(lawful_assignments(document), key=lambda a: aims(document, a, housing_first))
    return {h["id"]: pool for h, pool in zip(in_order(document), best, strict=True)}


def chosen_in_order(document: dict[str, Any]) -> dict[str, str | None]:
    """Each household in order takes the first pool of its list with a place left."""
    room = {pool["id"]: pool["capacity"] for pool in document["pools"]}
    taken: dict[str, str | None] = {}
    for household in in_order(document):
        flat = [entry for group in groups_of(household) for entry in group]
        choice = next((pool for pool in flat if room[pool] > 0), None)
        if choice is not None:
            room[choice] -= 1
        taken[household["id"]] = choice
    return taken
