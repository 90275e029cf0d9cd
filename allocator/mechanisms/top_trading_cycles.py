"""``top_trading_cycles``: households trade the places that pools owe them (Shapley and Scarf 1974).

With sitting tenants and newcomers as Abdulkadiroglu and Sonmez (1999), with priorities as the same (2003).
Each round every pool with a place left points at one household and every household at the best listed pool
with a place left; all cycles of the round are carried out at once.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from allocator.mechanisms.deferred_acceptance import report_of
from allocator.mechanisms.report import CERTIFICATE_FORMAT
from allocator.mechanisms.wishes import Wishes, refuse_too_many_tenants, wishes_of
from allocator.model.enums import SolutionStatus
from allocator.model.instance import UNASSIGNED, Instance, Matching, Solution

NAME: Final = "top_trading_cycles"
_NOBODY: Final = -1
_PLAIN: Final = -1

Cycle = list[tuple[int, int]]  # (household, pool it gets), each pool pointing at the next household


def top_trading_cycles(instance: Instance) -> Solution:
    """The certificate lists the cycles in the order carried out. No tenant ends worse than at home."""
    wishes = wishes_of(instance)
    refuse_too_many_tenants(instance, NAME, wishes.own, instance.capacity)
    market = _Market(instance, wishes)
    rounds = []
    while cycles := market.cycles():
        for cycle in cycles:
            market.carry_out(cycle)
        rounds.append(cycles)
    held = np.array(market.held, np.int64)
    is_housed = held >= 0
    assigned = np.full(instance.num_households, UNASSIGNED, np.int64)
    assigned[is_housed] = wishes.pool[held[is_housed]]
    names, pools = instance.household_ids, instance.pool_ids
    return Solution(
        mechanism=NAME,
        status=SolutionStatus.OPTIMAL,
        matching=Matching(assigned),
        certificate={
            "format": CERTIFICATE_FORMAT,
            "mechanism": NAME,
            "num_households": instance.num_households,
            "num_housed": int(is_housed.sum()),
            "rounds": [[[[names[i], pools[p]] for i, p in cycle] for cycle in cycles] for cycles in rounds],
        },
        report=report_of(instance, wishes, held),
        options={},
    )


class _Market:
    """Who is left, what is left, and who points where. Pointers only ever move on along their lists."""

    def __init__(self, instance: Instance, wishes: Wishes) -> None:
        n = instance.num_households
        self.left: list[int] = instance.capacity.tolist()
        self.at: list[int] = wishes.start[:-1].tolist()
        self.end: list[int] = wishes.start[1:].tolist()
        self.pool: list[int] = wishes.pool.tolist()
        self.held = [_NOBODY] * n
        everyone = list(range(n))
        self.queue = [everyone] * instance.num_pools
        for pool, tiers in wishes.tiers.items():
            along = np.lexsort((np.arange(n), tiers))
            self.queue[pool] = along[tiers[along] > 0].tolist()
        self.turn = [0] * instance.num_pools
        self.tenants: list[list[int]] = [[] for _ in self.left]
        for household in np.flatnonzero(wishes.own >= 0).tolist():
            self.tenants[int(wishes.own[household])].append(household)
        self.num_tenants = [len(tenants) for tenants in self.tenants]
        self.tenant_turn = [0] * instance.num_pools
        self.own: list[int] = wishes.own.tolist()
        pools = range(instance.num_pools)
        self.is_special = [pool in wishes.tiers or self.num_tenants[pool] > 0 for pool in pools]
        self.special = [pool for pool in pools if self.is_special[pool]]
        self.plain_turn = 0

    def cycles(self) -> list[Cycle]:
        """All cycles of this round, each begun at its earliest household, the earliest cycle first."""
        self.special = [pool for pool in self.special if self.left[pool] > 0]
        seen: dict[int, int] = {}
        found = []
        for first in (_PLAIN, *self.special):
            walk: list[int] = []
            heads: list[int] = []
            node = first
            while node not in seen and (head := self._head(node)) != _NOBODY:
                seen[node] = first
                walk.append(node)
                heads.append(head)
                node = self._node(self._best(head))
            if seen.get(node) == first and node in walk:
                found.append(_from_the_earliest([(i, self._best(i)) for i in heads[walk.index(node) :]]))
        return sorted(found)

    def _node(self, pool: int) -> int:
        """Pools with neither priority nor tenants all point at the same household: one node stands for them."""
        return pool if self.is_special[pool] else _PLAIN

    def carry_out(self, cycle: Cycle) -> None:
        """Everybody in the cycle takes a place of the pool pointed at and leaves."""
        for household, pool in cycle:
            self.held[household] = self.at[household]
            self.left[pool] -= 1
            if self.own[household] >= 0:
                self.num_tenants[self.own[household]] -= 1

    def _head(self, pool: int) -> int:
        """Whom the pool points at; nobody when it has no place or nobody is left who may have one."""
        if pool == _PLAIN:
            while self.plain_turn < len(self.held) and not self._is_in(self.plain_turn):
                self.plain_turn += 1
            return self.plain_turn if self.plain_turn < len(self.held) else _NOBODY
        if self.left[pool] <= 0:
            return _NOBODY
        if self.left[pool] > self.num_tenants[pool]:
            queue, turn = self.queue[pool], self.turn[pool]
            while turn < len(queue) and not self._is_in(queue[turn]):
                turn += 1
            self.turn[pool] = turn
            if turn < len(queue):
                return queue[turn]
        tenants, turn = self.tenants[pool], self.tenant_turn[pool]
        while turn < len(tenants) and not self._is_in(tenants[turn]):
            turn += 1
        self.tenant_turn[pool] = turn
        return tenants[turn] if turn < len(tenants) else _NOBODY

    def _is_in(self, household: int) -> bool:
        """Still without a place and with a pool to point at."""
        return self.held[household] == _NOBODY and self._best(household) != _NOBODY

    def _best(self, household: int) -> int:
        at, end = self.at[household], self.end[household]
        while at < end and self.left[self.pool[at]] <= 0:
            at += 1
        self.at[household] = at
        return self.pool[at] if at < end else _NOBODY


def _from_the_earliest(cycle: Cycle) -> Cycle:
    at = cycle.index(min(cycle))
    return cycle[at:] + cycle[:at]
