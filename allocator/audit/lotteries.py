"""The laws of ``probabilistic_serial``: lawful chances, eaten as the closing times say, and one fair drawing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from allocator.audit.claims import counted
from allocator.audit.judgement import FORMAT
from allocator.audit.redrawing import Family, redrawn
from allocator.model.instance import Instance

_FRACTION = re.compile("[0-9]{1,4000}(/[0-9]{1,4000})?", re.ASCII)
Law = tuple[str, list[Mapping[str, object]]]


@dataclass(frozen=True)
class Limit:
    """A pool or a quota: its bound and the choices (household, pool) it counts."""

    section: str
    name: str
    bound: int
    cells: frozenset[tuple[int, int]]


def lottery_laws(instance: Instance, solution: Mapping[str, Any]) -> Iterator[Law]:
    """Every law with its witnesses; a law that cannot be reached is left out."""
    unserved = sorted(set(instance.extensions) - {"max"})
    yield "fields_honoured", [{"field": name} for name in unserved]
    lists = [
        instance.pool[instance.start[at] : instance.start[at + 1]].tolist()
        for at in range(instance.num_households)
    ]
    limits = _limits(instance, lists)
    table, fault = chance_table(instance, lists, solution.get("chances"))
    if fault:
        yield "chances", [fault]
        return
    unlawful: list[Mapping[str, object]] = list(_unlawful(instance, limits, table))
    yield "chances", unlawful
    if unserved or unlawful:
        return
    closed = _closed(limits, solution.get("certificate"))
    yield (
        "eating",
        [{"reason": "unreadable"}] if closed is None else _not_eaten(instance, lists, limits, table, closed),
    )
    yield "drawn", list(misdrawn(instance, lists, limits, table, solution))


def lottery_certificate(instance: Instance, solution: Mapping[str, Any]) -> dict[str, Any]:
    """The certificate that the published chances call for; they are lawful by now."""
    lists = [
        instance.pool[instance.start[at] : instance.start[at + 1]].tolist()
        for at in range(instance.num_households)
    ]
    table, _ = chance_table(instance, lists, solution.get("chances"))
    closed: dict[str, dict[str, str]] = {"pools": {}, "maxima": {}}
    for limit in _limits(instance, lists):
        time = _used_up(limit, lists, table)
        if time is not None and time < 1:
            closed[limit.section][limit.name] = str(time)
    return {
        "format": FORMAT,
        "mechanism": "probabilistic_serial",
        "num_households": instance.num_households,
        "expected_housed": str(sum(table.values(), Fraction(0))),
        "closed": closed,
    }


def _limits(instance: Instance, lists: Sequence[Sequence[int]]) -> list[Limit]:
    asking: dict[int, set[tuple[int, int]]] = {pool: set() for pool in range(instance.num_pools)}
    for household, pools in enumerate(lists):
        for pool in pools:
            asking[pool].add((household, pool))
    found = [
        Limit("pools", name, int(instance.capacity[pool]), frozenset(asking[pool]))
        for pool, name in enumerate(instance.pool_ids)
    ]
    for quota, members, pools in sorted(counted(instance), key=lambda one: str(one[0]["id"])):
        cells = {cell for pool in pools for cell in asking[pool] if members[cell[0]]}
        found.append(Limit("maxima", quota["id"], quota["max"], frozenset(cells)))
    return found


def chance_table(
    instance: Instance, lists: Sequence[Sequence[int]], chances: object
) -> tuple[dict[tuple[int, int], Fraction], dict[str, object]]:
    """The published chances by choice, and a witness against them or nothing."""
    table: dict[tuple[int, int], Fraction] = {}
    if not isinstance(chances, Mapping) or set(chances) != set(instance.household_ids):
        return table, {"reason": "households"}
    for household, name in enumerate(instance.household_ids):
        row = chances[name]
        if not isinstance(row, Mapping):
            return table, {"household": name, "reason": "not an object"}
        listed = {instance.pool_ids[pool]: pool for pool in lists[household]}
        for pool, text in row.items():
            chance = _fraction(text)
            if pool not in listed or chance is None or not 0 < chance <= 1:
                return table, {"household": name, "reason": "pool or chance"}
            table[household, listed[pool]] = chance
    return table, {}


def _fraction(text: object) -> Fraction | None:
    """A fraction in lowest terms, spelled in the one way."""
    if not isinstance(text, str) or not _FRACTION.fullmatch(text):
        return None
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None
    return value if str(value) == text else None


def _unlawful(
    instance: Instance, limits: Sequence[Limit], table: Mapping[tuple[int, int], Fraction]
) -> Iterator[dict[str, object]]:
    total = [Fraction(0)] * (instance.num_households + 1)
    for (household, _), chance in table.items():
        total[household] += chance
    for household, name in enumerate(instance.household_ids):
        if total[household] > 1:
            yield {"household": name, "total": str(total[household])}
    for limit in limits:
        if _sum(limit, table) > limit.bound:
            yield {"limit": limit.name, "bound": limit.bound}


def _sum(limit: Limit, table: Mapping[tuple[int, int], Fraction]) -> Fraction:
    return sum((table[cell] for cell in limit.cells if cell in table), Fraction(0))


def _closed(limits: Sequence[Limit], certificate: object) -> list[Fraction] | None:
    """The published closing time of each limit (1 where there is none), or None where it cannot be read."""
    closed = certificate.get("closed") if isinstance(certificate, Mapping) else None
    if not isinstance(closed, Mapping):
        return None
    times = []
    for limit in limits:
        section = closed.get(limit.section)
        if not isinstance(section, Mapping):
            return None
        time = _fraction(section.get(limit.name, "1"))
        if time is None or not 0 <= time <= 1:
            return None
        times.append(time)
    return times


def _not_eaten(
    instance: Instance,
    lists: Sequence[Sequence[int]],
    limits: Sequence[Limit],
    table: Mapping[tuple[int, int], Fraction],
    closed: Sequence[Fraction],
) -> list[Mapping[str, object]]:
    """Everybody eats of the first choice whose limits are all open, until the first of them closes."""
    ends: dict[tuple[int, int], Fraction] = {}
    for limit, time in zip(limits, closed, strict=True):
        for cell in limit.cells:
            ends[cell] = min(ends.get(cell, Fraction(1)), time)
    found: list[Mapping[str, object]] = []
    for household, pools in enumerate(lists):
        now = Fraction(0)
        for pool in pools:
            until = max(now, ends[household, pool])
            if table.get((household, pool), Fraction(0)) != until - now:
                found.append(
                    {"household": instance.household_ids[household], "pool": instance.pool_ids[pool]}
                )
            now = until
    for limit, time in zip(limits, closed, strict=True):
        if time < 1 and _sum(limit, table) != limit.bound:
            found.append({"limit": limit.name, "reason": "closed before it was used up"})
    return found


def _used_up(
    limit: Limit, lists: Sequence[Sequence[int]], table: Mapping[tuple[int, int], Fraction]
) -> Fraction | None:
    """When the last of a limit was eaten; None where some is left."""
    if _sum(limit, table) != limit.bound:
        return None
    latest = Fraction(0)
    for household, pool in limit.cells:
        if (household, pool) in table:
            row = lists[household]
            before = row[: row.index(pool) + 1]
            latest = max(
                latest, sum((table.get((household, one), Fraction(0)) for one in before), Fraction(0))
            )
    return latest


def misdrawn(
    instance: Instance,
    lists: Sequence[Sequence[int]],
    limits: Sequence[Limit],
    table: Mapping[tuple[int, int], Fraction],
    solution: Mapping[str, Any],
) -> Iterator[dict[str, object]]:
    """Without a seed nobody is assigned anything; with one, those whom the coins of the seed choose."""
    options = solution.get("options")
    seed = options.get("seed") if isinstance(options, Mapping) else None
    if seed is None:
        if solution.get("assignment") != {}:
            yield {"reason": "an assignment without a seed"}
        return
    if not isinstance(seed, str) or not seed or not seed.isprintable():
        yield {"reason": "seed"}
        return
    cells = [(household, pool) for household, pools in enumerate(lists) for pool in pools]
    rows = [Family(frozenset((household, pool) for pool in pools)) for household, pools in enumerate(lists)]
    sets = [*rows, *(Family(limit.cells) for limit in limits)]
    chosen = redrawn(cells, [table.get(cell, Fraction(0)) for cell in cells], sets, seed)
    if chosen is None:
        yield {"reason": "no bihierarchy"}
        return
    due: dict[str, str | None] = dict.fromkeys(instance.household_ids)
    for household, pool in chosen:
        due[instance.household_ids[household]] = instance.pool_ids[pool]
    if solution.get("assignment") != due:
        yield {"reason": "not what the seed draws"}
