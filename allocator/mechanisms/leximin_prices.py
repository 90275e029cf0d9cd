"""Prices that prove each level of the leximin lottery: shortest distances in what could still be moved.

At a level of a stage nobody with that chance or less may lose. A move that gives somebody at the level more
would be a circle of negative length; there is none, so the distances exist, and they are unique.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from allocator.mechanisms.leximin_limits import Programme, Quota
from allocator.mechanisms.market import Flags
from allocator.model.instance import Instance, Ints

BOTH, FORWARDS, BACKWARDS, NEITHER = 3, 1, 2, 0


@dataclass(eq=False)
class _Moves:
    """(m,) steps from one node to another and their lengths."""

    tail: Ints
    head: Ints
    length: Ints

    def distances(self, num_nodes: int) -> Ints:
        """(num_nodes,) the shortest ways, every node beginning at 0 (Bellman 1958)."""
        distance = np.zeros(num_nodes, np.int64)
        least = int(self.length.sum())
        while True:
            nearer = distance.copy()
            np.minimum.at(nearer, self.head, distance[self.tail] + self.length)
            if (nearer == distance).all():
                return distance
            assert int(nearer.min()) >= least, "somebody could be given more"
            distance = nearer


def stages_of(instance: Instance, quotas: Sequence[Quota], programme: Programme) -> list[dict[str, Any]]:
    """The ``stages`` of the certificate (``docs/reference/lottery-certificate.md``)."""
    most = max((len(kind.ranks) for kind in programme.kinds), default=0)
    return [
        {"stage": stage, "levels": _levels(instance, quotas, programme, stage)}
        for stage in range(max(most, 1))
    ]


def _levels(
    instance: Instance, quotas: Sequence[Quota], programme: Programme, stage: int
) -> list[dict[str, Any]]:
    network, kinds = programme.network, programme.kinds
    wanted = _wanted(programme, stage)
    chance = {at: network.flow[arc] / kinds[at].size for at, arc in wanted.items()}
    values = sorted(set(chance.values()))
    place = {value: number for number, value in enumerate(values)}
    level = np.array([place[chance[at]] for at in wanted], np.int64)
    arcs = np.array(list(wanted.values()), np.int64)
    may_rise = np.array([stage > 0 or chance[at] < 1 for at in wanted], np.bool_)
    may_fall = np.array([stage > 0 or at not in programme.forced for at in wanted], np.bool_)
    tail, head = (np.array(ends, np.int64) for ends in (network.tail, network.head))
    state = _states(instance, quotas, programme, stage)
    forth, back = np.flatnonzero(state & FORWARDS), np.flatnonzero(state & BACKWARDS)
    found = []
    for number, value in enumerate(values):
        rising = may_rise
        falling = may_fall & (level > number)
        moves = _Moves(
            np.concatenate([tail[forth], head[back], tail[arcs[rising]], head[arcs[falling]]]),
            np.concatenate([head[forth], tail[back], head[arcs[rising]], tail[arcs[falling]]]),
            np.concatenate(
                [np.zeros(len(forth) + len(back), np.int64), *_lengths(level, number, rising, falling)]
            ),
        )
        distance = moves.distances(network.num_nodes)
        price = distance[head] - distance[tail]
        found.append(
            {
                "chance": str(value),
                "num_households": sum(kinds[at].size for at in wanted if chance[at] == value),
                "prices": {
                    "pools": _named(price, programme.pool, instance.pool_ids),
                    "quotas": _named(price, programme.quota, [quota.name for quota in quotas]),
                },
            }
        )
    return found


def _wanted(programme: Programme, stage: int) -> dict[int, int]:
    """The arc of each kind whose chance the stage looks at."""
    if stage == 0:
        return programme.row
    return {at: arcs[stage - 1] for at, arcs in programme.prefix.items() if stage <= len(arcs)}


def _lengths(level: Ints, number: int, rising: Flags, falling: Flags) -> tuple[Ints, Ints]:
    """-1 for those of the level, who should get more; 0 for the others."""
    return np.where(level[rising] == number, -1, 0), np.zeros(int(falling.sum()), np.int64)


def _states(instance: Instance, quotas: Sequence[Quota], programme: Programme, stage: int) -> Ints:
    """(arcs,) which way each arc's flow may change; 0 for those the stage looks at, which are added by level."""
    flow = programme.network.flow
    state = np.zeros(len(flow), np.int64)
    for cell, arc in programme.cell.items():
        if cell not in programme.struck:
            state[arc] = BOTH if flow[arc] else FORWARDS
    for arcs in programme.prefix.values():
        state[arcs[stage:]] = BOTH
    for pool, arc in programme.pool.items():
        state[arc] = _state(flow[arc], 0, int(instance.capacity[pool]))
    for number, arc in programme.quota.items():
        state[arc] = _state(flow[arc], quotas[number].least, quotas[number].most)
    return state


def _state(flow: Fraction, low: int, high: int | None) -> int:
    forwards = FORWARDS if high is None or flow < high else NEITHER
    return forwards | (BACKWARDS if flow > low else NEITHER)


def _named(price: Ints, arcs: dict[int, int], names: Sequence[str]) -> dict[str, int]:
    return {names[number]: int(price[arc]) for number, arc in arcs.items() if price[arc]}
