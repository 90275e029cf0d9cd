"""How many of each group can be housed at best: the shares housed as equal as can be (leximin over groups).

The numbers of people housed per group that some assignment reaches form a polymatroid, so giving places one by
one to the group with the smallest share that can have one more is exact (Federgruen and Groenevelt 1986). Here
whole runs of that greedy are tried at once by a flow; the cut where it fails names the groups that are done.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from ortools.graph.python import max_flow

from allocator.errors import Refused
from allocator.mechanisms.market import Flags
from allocator.model.instance import EXTENSION_FIELDS, UNASSIGNED, Instance, Ints

NAME: Final = "group_target"


@dataclass(frozen=True)
class TightSet:
    """Why ``groups`` have no more than ``most`` together: the places of ``pools``, and who of them lists others too.

    Every assignment houses at most the capacity of ``pools`` and those of the groups who list another pool.
    """

    groups: tuple[str, ...]
    pools: tuple[str, ...]
    most: int


@dataclass(frozen=True, eq=False)
class GroupTarget:
    """``housed`` of ``size`` households by group, sorted by name; ``tight`` proves it; in the order of finding.

    ``assigned`` (n,) is one assignment with these numbers: a witness, nobody's place.
    """

    size: dict[str, int]
    housed: dict[str, int]
    tight: tuple[TightSet, ...]
    assigned: Ints


def group_target(instance: Instance, group_of: Sequence[str]) -> GroupTarget:
    """The leximin numbers of households housed per group. ``group_of``: n names, one group each.

    The smallest share (housed of size) is as great as can be, then the next; among equal shares the smaller
    group is raised first, then the one whose name comes first. Lists and capacities count, ranks do not.
    Raises ``Refused`` where the instance has other fields, which this does not look at.
    """
    for name in EXTENSION_FIELDS:
        if name in instance.extensions:
            raise Refused("mechanism_field_refused", mechanism=NAME, field=name)
    names, group = np.unique(np.asarray(group_of, dtype=np.str_), return_inverse=True)
    size = np.bincount(group, minlength=len(names)).astype(np.int64)
    flow = _Flow(instance, group.astype(np.int64), len(names))
    turns = _turns(size)
    is_done = np.zeros(len(names), np.bool_)
    housed = np.zeros(len(names), np.int64)
    tight: list[TightSet] = []
    while True:
        turns = turns[~is_done[turns]]
        housed, cut = _furthest(flow, turns, is_done, housed)
        if cut is None:
            break
        inside, pools = cut
        is_done |= inside
        tight.append(
            TightSet(
                tuple(names[inside].tolist()),
                tuple(instance.pool_ids[pool] for pool in np.flatnonzero(pools).tolist()),
                int(housed[inside].sum()),
            )
        )
    return GroupTarget(
        dict(zip(names.tolist(), size.tolist(), strict=True)),
        dict(zip(names.tolist(), housed.tolist(), strict=True)),
        tuple(tight),
        flow.assigned(housed),
    )


def _turns(size: Ints) -> Ints:
    """(n,) whose turn it is when every group could have all: by share so far, smaller group, name."""
    sizes = size.tolist()
    common = math.lcm(*sizes) if sizes else 1
    keys = [
        (place * (common // many), many, number) for number, many in enumerate(sizes) for place in range(many)
    ]
    return np.array([number for _, _, number in sorted(keys)], np.int64)


def _furthest(
    flow: _Flow, turns: Ints, is_done: Flags, housed: Ints
) -> tuple[Ints, tuple[Flags, Flags] | None]:
    """The numbers after as many ``turns`` as can be had, and the cut at which the next one fails.

    Newton's steps: a cut says how many its groups can have in all, so the turns end before one more of them.
    """
    most, cut = len(turns), None
    while True:
        wanted = np.where(is_done, housed, np.bincount(turns[:most], minlength=len(housed)))
        found = flow.cut(wanted)
        if found is None:
            return wanted, cut
        inside, pools, together = found
        cut = (inside, pools)
        left = together - int(housed[inside & is_done].sum())
        most = int(np.flatnonzero(inside[turns])[left])


class _Flow:
    """Groups to households to pools; only the groups' capacities ever change."""

    def __init__(self, instance: Instance, group: Ints, num_groups: int) -> None:
        n, num_pools = instance.num_households, instance.num_pools
        self.instance, self.num_groups = instance, num_groups
        owner = np.repeat(np.arange(n), np.diff(instance.start))
        first_pool = 1 + num_groups + n
        self.source, self.sink = 0, first_pool + num_pools
        self.owner = owner
        self.first_pool = first_pool
        self.solver = max_flow.SimpleMaxFlow()
        groups = np.arange(num_groups) + 1
        tail = [
            np.zeros(num_groups, np.int64),
            1 + group,
            1 + num_groups + owner,
            first_pool + np.arange(num_pools),
        ]
        head = [
            groups,
            1 + num_groups + np.arange(n),
            first_pool + instance.pool,
            np.full(num_pools, self.sink),
        ]
        capacity = [
            np.zeros(num_groups, np.int64),
            np.ones(n + len(owner), np.int64),
            np.minimum(instance.capacity, n),
        ]
        self.solver.add_arcs_with_capacity(
            np.concatenate(tail), np.concatenate(head), np.concatenate(capacity)
        )
        self.choices = np.arange(len(owner)) + num_groups + n

    def cut(self, wanted: Ints) -> tuple[Flags, Flags, int] | None:
        """None where all of ``wanted`` (groups,) can be housed; else groups and pools of the least cut.

        And how many these groups can have together. The cut is what the source still reaches, so it is the same for every
        greatest flow.
        """
        total = self._solve(wanted)
        if total == int(wanted.sum()):
            return None
        reached = np.zeros(self.sink + 1, np.bool_)
        reached[self.solver.get_source_side_min_cut()] = True
        inside = reached[1 : 1 + self.num_groups]
        return inside, reached[self.first_pool : self.sink], total - int(wanted[~inside].sum())

    def assigned(self, wanted: Ints) -> Ints:
        """(n,) the pool of each household in an assignment with these numbers."""
        self._solve(wanted)
        held = np.flatnonzero(self.solver.flows(self.choices))
        assigned = np.full(self.instance.num_households, UNASSIGNED, np.int64)
        assigned[self.owner[held]] = self.instance.pool[held]
        return assigned

    def _solve(self, wanted: Ints) -> int:
        self.solver.set_arcs_capacity(np.arange(self.num_groups), wanted)
        status = self.solver.solve(self.source, self.sink)
        if status != self.solver.OPTIMAL:
            raise RuntimeError(f"the flow was not solved: {status}")
        return int(self.solver.optimal_flow())
