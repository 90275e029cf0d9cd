"""The law of ``top_trading_cycles``: the published cycles are those the definition gives, round by round.

A plain reading of the definition: dicts and sorted lists, every pointer found anew in every round.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from allocator.audit.claims import Claims, claims_of
from allocator.audit.judgement import FORMAT, Breach, Judgement
from allocator.model.instance import Instance, Ints


@dataclass
class _State:
    places: dict[int, int]
    wishes: dict[int, list[int]]
    lines: dict[int, list[int]]
    tenants: dict[int, list[int]]
    special: dict[int | None, None]
    num_households: int
    newcomer: int = 0
    turns: dict[int, int] = field(default_factory=dict)


def judge_trading(instance: Instance, assigned: Ints) -> Judgement:
    """Replay, compare who got what, and give the certificate of the replay."""
    claims = claims_of(instance)
    state = _state(instance, claims)
    rounds, got = [], np.full(instance.num_households, -1, dtype=np.int64)
    while cycles := _cycles(state):
        for cycle in cycles:
            for household, pool in cycle:
                got[household] = pool
        _leave(state, [step for cycle in cycles for step in cycle])
        rounds.append(cycles)
    breaches = tuple(
        Breach("cycles", instance.household_ids[household], instance.pool_ids[max(int(got[household]), 0)])
        for household in np.flatnonzero(got != assigned)[:3].tolist()
    )
    return Judgement(_certificate(instance, got, rounds), breaches)


def _certificate(
    instance: Instance, got: Ints, rounds: Iterable[Iterable[Iterable[tuple[int, int]]]]
) -> dict[str, Any]:
    names, pools = instance.household_ids, instance.pool_ids
    return {
        "format": FORMAT,
        "mechanism": "top_trading_cycles",
        "num_households": instance.num_households,
        "num_housed": int((got >= 0).sum()),
        "rounds": [[[[names[i], pools[p]] for i, p in cycle] for cycle in cycles] for cycles in rounds],
    }


def _state(instance: Instance, claims: Claims) -> _State:
    """Wishes are kept last first, so that what is spent is taken off their end."""
    places = dict(enumerate(instance.capacity.tolist()))
    wishes: dict[int, list[int]] = {}
    lines: dict[int, list[int]] = {}
    tenants: dict[int, list[int]] = {}
    allowed = claims.tier >= 0
    for household, pool in zip(
        claims.household[allowed][::-1].tolist(), claims.pool[allowed][::-1].tolist(), strict=True
    ):
        wishes.setdefault(household, []).append(pool)
    everyone = list(range(instance.num_households))
    position = {name: place for place, name in enumerate(instance.household_ids)}
    priority = instance.extensions.get("priority", {})
    for pool, name in enumerate(instance.pool_ids):
        if name in priority:
            ordered = [sorted(position[member] for member in tier) for tier in priority[name]]
            lines[pool] = [member for tier in ordered for member in tier]
        else:
            lines[pool] = everyone
        tenants[pool] = np.flatnonzero(claims.own == pool).tolist()
    special: dict[int | None, None] = {
        pool: None for pool, name in enumerate(instance.pool_ids) if name in priority or tenants[pool]
    }
    return _State(places, wishes, lines, tenants, special, instance.num_households)


def _points_at(state: _State, household: int) -> int | None:
    wishes = state.wishes.get(household, [])
    while wishes and state.places[wishes[-1]] == 0:
        wishes.pop()
    return wishes[-1] if wishes else None


def _first_of(state: _State, pool: int | None) -> int | None:
    """The household the pool points at."""
    if pool is None or state.places[pool] == 0:
        return None
    if state.places[pool] > len(state.tenants[pool]):
        line, turn = state.lines[pool], state.turns.get(pool, 0)
        while turn < len(line) and _points_at(state, line[turn]) is None:
            turn += 1
        state.turns[pool] = turn
        if turn < len(line):
            return line[turn]
    return state.tenants[pool][0] if state.tenants[pool] else None


def _cycles(state: _State) -> list[list[tuple[int, int]]]:
    """Pools in the plain order without tenants all point at one household: ``None`` stands for them."""
    heads: dict[int | None, int] = {
        pool: head for pool in state.special if (head := _first_of(state, pool)) is not None
    }
    newcomer = _first_in_order(state)
    if newcomer is not None:
        heads[None] = newcomer
    found = set()
    settled: set[int | None] = set()
    for start in heads:
        path: list[int | None] = []
        pool = start
        while pool in heads and pool not in settled:
            settled.add(pool)
            path.append(pool)
            onward = _points_at(state, heads[pool])
            pool = onward if onward in state.special else None
        if pool in path:
            steps = [
                (heads[one], target)
                for one in path[path.index(pool) :]
                if (target := _points_at(state, heads[one])) is not None
            ]
            first = steps.index(min(steps))
            found.add(tuple(steps[first:] + steps[:first]))
    return [list(cycle) for cycle in sorted(found)]


def _first_in_order(state: _State) -> int | None:
    """The first household of the whole order that still points somewhere."""
    while state.newcomer < state.num_households and _points_at(state, state.newcomer) is None:
        state.newcomer += 1
    return state.newcomer if state.newcomer < state.num_households else None


def _leave(state: _State, steps: list[tuple[int, int]]) -> None:
    gone = {household for household, _ in steps}
    for household, pool in steps:
        state.places[pool] -= 1
        state.wishes[household] = []
    for pool, tenants in state.tenants.items():
        if not gone.isdisjoint(tenants):
            state.tenants[pool] = [tenant for tenant in tenants if tenant not in gone]
