"""Minima that no lottery can meet: which stand against what, and the smallest relaxation.

The minima are a violated cut of the flow (Hoffman 1960). Whole numbers decide what would help: what relaxed chances
could reach an assignment reaches too, as the limits are a bihierarchy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ortools.graph.python import min_cost_flow

from allocator.mechanisms.bihierarchy import LimitSet
from allocator.mechanisms.leximin_flow import Cut
from allocator.mechanisms.leximin_limits import Kind, Programme, Quota, num_counted, programme_of
from allocator.mechanisms.leximin_stages import meet_minima
from allocator.model.instance import Instance


def infeasibility(
    instance: Instance,
    quotas: Sequence[Quota],
    kinds: list[Kind],
    sides: tuple[Sequence[LimitSet], Sequence[int]],
    work: int,
) -> dict[str, Any] | None:
    """None where all minima can be met; else advice in the shape of ``infeasible.advice``.

    ``available``: the ``households`` who could count and all ``limits`` together. ``relaxation``: minima to lower as
    ``{"quota", "from", "to"}``, least in total, of these the first by id by as little as can be, then the next.
    """
    if not any(quota.least for quota in quotas):
        return None
    programme = programme_of(instance, quotas, kinds, sides, work, by_rank=False)
    violated = _out_of_reach(instance, quotas, kinds)
    if violated is None:
        cut = meet_minima(programme)
        if cut is None:
            return None
        violated = _violated(instance, quotas, programme, cut)
    return {**violated, "relaxation": _smallest_relaxation(quotas, programme)}


def _out_of_reach(
    instance: Instance, quotas: Sequence[Quota], kinds: Sequence[Kind]
) -> dict[str, Any] | None:
    """A minimum above the number of households it counts at all."""
    for number, quota in enumerate(quotas):
        counted = num_counted(kinds, number)
        if quota.least > counted:
            return _advice(instance, [quota], quota.least, counted, [])
    return None


def _violated(instance: Instance, quotas: Sequence[Quota], programme: Programme, cut: Cut) -> dict[str, Any]:
    """What the minima of a cut ask for together, and what the pools, maxima and households there allow."""
    entering, network = set(cut.entering), programme.network
    asking = [quotas[one] for one, arc in programme.quota.items() if arc in entering and quotas[one].least]
    named = {arc: instance.pool_ids[one] for one, arc in programme.pool.items()}
    named |= {arc: quotas[one].name for one, arc in programme.quota.items()}
    rooms = {arc: int(network.high[arc] or 0) for arc in sorted(cut.leaving)}
    return _advice(
        instance,
        asking,
        sum(quota.least for quota in asking),
        sum(most for arc, most in rooms.items() if arc not in named),
        [{"name": named[arc], "most": most} for arc, most in rooms.items() if arc in named],
    )


def _advice(
    instance: Instance, asking: Sequence[Quota], required: int, households: int, limits: list[dict[str, Any]]
) -> dict[str, Any]:
    names = [quota.name for quota in asking]
    entries = [entry for entry in instance.extensions["min"] if entry["id"] in names]
    pools = sorted({pool for quota in asking for pool in quota.pools})
    return {
        "quotas": names,
        "tenants": 0,
        "groups": sorted({name for entry in entries for name in entry.get("groups", [])}),
        "pools": [instance.pool_ids[pool] for pool in pools],
        "required": required,
        "households": households,
        "limits": limits,
        "available": households + sum(limit["most"] for limit in limits),
    }


def _smallest_relaxation(quotas: Sequence[Quota], programme: Programme) -> list[dict[str, Any]]:
    asking = [number for number, quota in enumerate(quotas) if quota.least]
    base = programme.network.greatest
    # What was found for a quota is kept, as no total is greater; one more of the quota in turn decides equals.
    worth = {number: (quotas[number].least, base) for number in asking}
    found = []
    for number in asking:
        least = quotas[number].least
        reached = _counts(programme, {**worth, number: (least, base + 1)})[number]
        worth[number] = (reached, 3 * base)
        if reached < least:
            found.append({"quota": quotas[number].name, "from": least, "to": reached})
    return found


def _counts(programme: Programme, worth: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """How many each quota counts, up to its number of ``worth``, where these are worth most together."""
    network = programme.network
    quota_of = {arc: number for number, arc in programme.quota.items() if number in worth}
    paid_arcs: dict[int, int] = {}
    rows: list[tuple[int, int, int, int]] = []
    for arc, (tail, head) in enumerate(zip(network.tail, network.head, strict=True)):
        ceiling = network.high[arc]
        most = network.greatest if ceiling is None else min(network.greatest, int(ceiling))
        if arc in quota_of:
            number = quota_of[arc]
            paid = min(worth[number][0], most)
            paid_arcs[number] = len(rows)
            rows.append((tail, head, paid, -worth[number][1]))
            most -= paid
        rows.append((tail, head, most, 0))
    if not rows:
        return dict.fromkeys(worth, 0)
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(*np.array(rows, np.int64).T.copy())
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"the relaxation was not solved: {status}")
    carried = flow.flows(arcs).tolist()
    return {number: carried[paid_arcs[number]] if number in paid_arcs else 0 for number in worth}
