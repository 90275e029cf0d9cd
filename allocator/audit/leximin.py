"""The laws of ``leximin_lottery``, checked in exact fractions without solving anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from allocator.audit.judgement import FORMAT
from allocator.audit.leximin_graph import (
    Bounds,
    Cell,
    Graph,
    bounds_of,
    graph_of,
    levels_of,
    loose_ties,
    ranked,
    sorts_of,
)
from allocator.audit.lotteries import Law, Limit, chance_table, misdrawn
from allocator.model.instance import Instance

HONOURED = frozenset({"max", "min"})
Table = Mapping[Cell, Fraction]


def leximin_laws(instance: Instance, solution: Mapping[str, Any]) -> Iterator[Law]:
    """Every law with its witnesses; a law that cannot be reached is left out."""
    unserved = sorted(set(instance.extensions) - HONOURED)
    if instance.num_bands > 1:
        unserved.append("band")
    yield "fields_honoured", [{"field": name} for name in unserved]
    lists, quotas = _lists(instance), bounds_of(instance)
    table, fault = chance_table(instance, lists, solution.get("chances"))
    if fault:
        yield "chances", [fault]
        return
    limits = _limits(instance, lists, quotas)
    unlawful: list[Mapping[str, object]] = list(_unlawful(instance, limits[: instance.num_pools], table))
    yield "chances", unlawful
    breached: list[Mapping[str, object]] = list(_breached(quotas, limits[instance.num_pools :], table))
    yield "quotas", breached
    unequal: list[Mapping[str, object]] = list(_unequal(instance, quotas, table))
    yield "equal_treatment", unequal
    if unserved or unlawful or breached or unequal:
        return
    graph = graph_of(instance, table)
    yield "leximin", [{"reason": "no bihierarchy"}] if graph is None else _not_leximin(instance, graph)
    yield "tie_rule", [] if graph is None else _loose(instance, graph)
    yield "drawn", list(misdrawn(instance, lists, limits, table, solution))


def leximin_certificate(instance: Instance, solution: Mapping[str, Any]) -> dict[str, Any]:
    """The certificate that the published chances call for; all laws hold by now."""
    table, _ = chance_table(instance, _lists(instance), solution.get("chances"))
    graph = graph_of(instance, table)
    assert graph is not None
    return {
        "format": FORMAT,
        "mechanism": "leximin_lottery",
        "num_households": instance.num_households,
        "expected_housed": str(sum(table.values(), Fraction(0))),
        "stages": [_stage(graph, stage) for stage in range(_num_stages(graph))],
    }


def _lists(instance: Instance) -> list[list[int]]:
    start = instance.start.tolist()
    return [instance.pool[start[at] : start[at + 1]].tolist() for at in range(instance.num_households)]


def _limits(instance: Instance, lists: Sequence[Sequence[int]], quotas: Sequence[Bounds]) -> list[Limit]:
    """Pools, then quotas; ``bound`` of a quota without a maximum is the number of households."""
    asking: dict[int, set[Cell]] = {pool: set() for pool in range(instance.num_pools)}
    for household, pools in enumerate(lists):
        for pool in pools:
            asking[pool].add((household, pool))
    found = [
        Limit("pools", name, int(instance.capacity[pool]), frozenset(asking[pool]))
        for pool, name in enumerate(instance.pool_ids)
    ]
    for quota in quotas:
        most = instance.num_households if quota.most is None else quota.most
        cells = {cell for pool in quota.pools for cell in asking[pool] if quota.members[cell[0]]}
        found.append(Limit("quotas", quota.name, most, frozenset(cells)))
    return found


def _total(limit: Limit, table: Table) -> Fraction:
    return sum((table[cell] for cell in limit.cells if cell in table), Fraction(0))


def _unlawful(instance: Instance, pools: Sequence[Limit], table: Table) -> Iterator[dict[str, object]]:
    row = [Fraction(0)] * instance.num_households
    for (household, _), chance in table.items():
        row[household] += chance
    for household, total in enumerate(row):
        if total > 1:
            yield {"household": instance.household_ids[household], "reason": "more than certain"}
    for pool in pools:
        if _total(pool, table) > pool.bound:
            yield {"pool": pool.name, "capacity": pool.bound}


def _breached(quotas: Sequence[Bounds], limits: Sequence[Limit], table: Table) -> Iterator[dict[str, object]]:
    for quota, limit in zip(quotas, limits, strict=True):
        total = _total(limit, table)
        if total < quota.least:
            yield {"quota": quota.name, "min": quota.least}
        if quota.most is not None and total > quota.most:
            yield {"quota": quota.name, "max": quota.most}


def _unequal(instance: Instance, quotas: Sequence[Bounds], table: Table) -> Iterator[dict[str, object]]:
    """Households of one kind with other rows."""
    for sort in sorts_of(ranked(instance), quotas):
        first, *others = sort.members
        for other in others:
            for rank in sort.ranks:
                if any(table.get((first, pool)) != table.get((other, pool)) for pool in rank):
                    names = [instance.household_ids[one] for one in (first, other)]
                    yield {"household": names[1], "like": names[0]}


def _num_stages(graph: Graph) -> int:
    return max((len(sort.ranks) for sort in graph.sorts), default=0) or 1


def _not_leximin(instance: Instance, graph: Graph) -> list[Mapping[str, object]]:
    """Levels at which somebody could have more without harm to anybody with no more than it has."""
    return [
        {
            "stage": stage,
            "chance": str(level.chance)[:80],
            "household": instance.household_ids[graph.sorts[level.kinds[0]].members[0]],
        }
        for stage in range(_num_stages(graph))
        for level in levels_of(graph, stage)
        if level.distance is None
    ]


def _loose(instance: Instance, graph: Graph) -> list[Mapping[str, object]]:
    return [
        {
            "household": instance.household_ids[graph.sorts[at].members[0]],
            "pool": instance.pool_ids[pool],
        }
        for at, pool in loose_ties(graph)
    ]


def _stage(graph: Graph, stage: int) -> dict[str, Any]:
    tail, head = np.array(graph.tail, np.int64), np.array(graph.head, np.int64)
    levels = []
    for level in levels_of(graph, stage):
        assert level.distance is not None
        step = (level.distance[head] - level.distance[tail]).tolist()
        prices: dict[str, dict[str, int]] = {"pools": {}, "quotas": {}}
        for what, name, arc, _, _ in graph.limits:
            if step[arc]:
                prices[what][name] = step[arc]
        count = sum(len(graph.sorts[at].members) for at in level.kinds)
        levels.append({"chance": str(level.chance), "num_households": count, "prices": prices})
    return {"stage": stage, "levels": levels}
