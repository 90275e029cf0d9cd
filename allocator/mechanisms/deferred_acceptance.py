"""``deferred_acceptance``: the stable assignment that is best for every household at once.

Under ``priority``, ``current``, ``reserves`` and maxima that part one pool (mechanisms as in contract,
section 5). With strict keys it is strategy-proof; no household has justified envy.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from allocator.mechanisms.places import PoolRules, rules_of
from allocator.mechanisms.proposals import NEVER, Steps, accept_in_turn, steps_held, steps_of
from allocator.mechanisms.report import CERTIFICATE_FORMAT, in_order_of_places, rank_counts
from allocator.mechanisms.wishes import Wishes, refuse_too_many_tenants, wishes_of
from allocator.model.enums import SolutionStatus
from allocator.model.instance import UNASSIGNED, Instance, Ints, Matching, Solution

NAME: Final = "deferred_acceptance"


def deferred_acceptance(instance: Instance) -> Solution:
    """The household-optimal stable assignment; of pools liked equally the one listed first is asked first.

    Raises ``Refused`` where maxima do not part one pool or a pool has fewer places than sitting tenants.
    """
    return best_stable(instance, NAME)


def best_stable(instance: Instance, mechanism: str) -> Solution:
    """The same under another mechanism's name (``serial`` with released reserves)."""
    wishes = wishes_of(instance)
    capacity, rules = rules_of(instance, mechanism, wishes)
    refuse_too_many_tenants(instance, mechanism, wishes.own, capacity)
    steps = steps_of(wishes, capacity, rules)
    cell_of_wish, most = _cells(wishes, rules)
    if most:
        step, cut = steps_held(steps, cell_of_wish, most, wishes.key)
    else:
        step, cut = accept_in_turn(steps)
    is_housed = step >= 0
    held = np.full(instance.num_households, -1, np.int64)
    held[is_housed] = steps.wish[step[is_housed]]
    assigned = np.full(instance.num_households, UNASSIGNED, np.int64)
    assigned[is_housed] = wishes.pool[held[is_housed]]
    return Solution(
        mechanism=mechanism,
        status=SolutionStatus.OPTIMAL,
        matching=Matching(assigned),
        certificate={
            "format": CERTIFICATE_FORMAT,
            "mechanism": mechanism,
            "num_households": instance.num_households,
            "num_housed": int(is_housed.sum()),
            "cutoffs": _cutoffs(instance, wishes, steps, rules, cut, held),
        },
        report=report_of(instance, wishes, held),
        options={},
    )


def report_of(instance: Instance, wishes: Wishes, held: Ints) -> dict[str, Any]:
    """Households by rank. ``held`` (n,) index in ``wishes``; who stays in a pool it did not list has no rank."""
    is_housed = held >= 0
    choice = np.full(len(held), -1, np.int64)
    choice[is_housed] = wishes.choice[held[is_housed]]
    report = {**rank_counts(instance, choice), "num_housed": int(is_housed.sum())}
    if (wishes.own >= 0).any():
        at_home = np.zeros(len(held), bool)
        at_home[is_housed] = wishes.pool[held[is_housed]] == wishes.own[is_housed]
        report["num_staying"] = int(at_home.sum())
    return report | in_order_of_places(instance)


def _cells(wishes: Wishes, rules: dict[int, PoolRules]) -> tuple[Ints, list[int]]:
    """Which maximum counts each choice (-1: none), and the maxima."""
    cell = np.full(len(wishes.pool), -1, np.int64)
    most: list[int] = []
    for pool, rule in rules.items():
        asking = wishes.asking(pool)
        for ceiling in rule.ceilings:
            cell[asking[ceiling.members[wishes.household[asking]]]] = len(most)
            most.append(ceiling.most)
    return cell, most


def _cutoffs(
    instance: Instance, wishes: Wishes, steps: Steps, rules: dict[int, PoolRules], cut: list[int], held: Ints
) -> dict[str, Any]:
    """Per pool the keys of the last who hold its open places, its reserves and its maxima, where they are full."""
    n = instance.num_households
    outside = (wishes.num_tiers + 1) * n
    found: dict[str, Any] = {}
    for pool, name in enumerate(instance.pool_ids):
        rule = rules.get(pool)
        figures: dict[str, Any] = {}
        if cut[pool] != NEVER:
            figures["open"] = _spelled(cut[pool], n)
        if rule is not None and rule.reserves:
            figures["reserved"] = [
                None if cut[at] == NEVER else _spelled_reserved(cut[at], outside, n)
                for at in steps.reserved[pool]
            ]
        if rule is not None and rule.ceilings:
            figures["max"] = _ceiling_cutoffs(wishes, pool, rule, held)
        if figures:
            found[name] = figures
    return found


def _spelled(key: int, n: int) -> list[int]:
    """``[tier, position]``; no places at all are ``[0, 0]``, before everybody."""
    return [0, 0] if key < 0 else [key // n, key % n + 1]


def _spelled_reserved(key: int, outside: int, n: int) -> list[int]:
    """``[0 for the group's own | 1, tier, position]``."""
    return [0, 0, 0] if key < 0 else [key // outside, *_spelled(key % outside, n)]


def _ceiling_cutoffs(wishes: Wishes, pool: int, rule: PoolRules, held: Ints) -> dict[str, list[int]]:
    n = len(held)
    inside = held[held >= 0]
    inside = inside[wishes.pool[inside] == pool]
    found = {}
    for ceiling in rule.ceilings:
        keys = wishes.key[inside[ceiling.members[wishes.household[inside]]]]
        if len(keys) == ceiling.most:
            found[ceiling.name] = _spelled(int(keys.max(initial=-1)), n)
    return found
