"""Households that each need one place: the cheapest places among some of their choices, by min-cost flows.

The flow runs between the pools: a household begins where it would like to be, and each other choice is a unit of
capacity from there. That allows a household to move twice; who did becomes a node of its own, and the flow is
solved again until nobody does. Pools are few, so this takes a fraction of a flow with a node for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ortools.graph.python import min_cost_flow

from allocator.mechanisms.market import Flags
from allocator.model.instance import Ints


@dataclass(frozen=True, eq=False)
class Seekers:
    """k households and the C pools they move between.

    ``starts`` (k + 1,): household j has the choices ``[starts[j], starts[j + 1])``, one or more; ``target`` (m,)
    the pool of each; ``cost`` (m,) from 0; ``held`` (k,) the choice each holds now.
    ``places`` (C,): at most so many of them in a pool, exactly so many in a *sealed* one (``is_sealed``).
    ``is_held_anyway`` (C,): somebody else is there too.
    """

    starts: Ints
    target: Ints
    cost: Ints
    held: Ints
    places: Ints
    is_sealed: Flags
    is_held_anyway: Flags

    @cached_property
    def owner(self) -> Ints:
        """(m,) the household of each choice."""
        return np.repeat(np.arange(len(self.held)), np.diff(self.starts))


def cheapest_among(seekers: Seekers, choices: Ints, base: Ints, guess: Ints | None) -> Ints:
    """(k,) what each household takes of ``choices`` (ascending) so that all cost least.

    ``base`` (k,): where each begins, one of its ``choices``; ``guess`` (C,): prices. The nearer both are to the
    optimum, the faster; without a guess everybody who might move twice is a node from the start.
    Raises ``RuntimeError`` where they have no room among these.
    """
    taken = base.copy()
    is_node = np.zeros(len(base), bool)
    if guess is None:
        guess = np.zeros_like(seekers.places)
        is_node = np.bincount(seekers.owner[choices]) > 2
    while True:
        moved = _moved(seekers, choices, taken, is_node, guess)
        owner = seekers.owner[moved]
        taken[owner] = moved
        moves_twice = np.bincount(owner, minlength=len(base)) > 1
        if not moves_twice.any():
            return taken
        is_node |= moves_twice


def _moved(seekers: Seekers, choices: Ints, base: Ints, is_node: Flags, guess: Ints) -> Ints:
    """The choices taken in a cheapest flow: one of each node, perhaps none or several of another household, which
    then moves there from its base. Costs are reduced by the guessed prices, which changes no optimum.
    """
    num_nodes, num_pools = int(is_node.sum()), len(seekers.places)
    sink = num_nodes + num_pools
    others = choices[(choices != base[seekers.owner[choices]]) | is_node[seekers.owner[choices]]]
    owner = seekers.owner[others]
    node = np.cumsum(is_node) - 1
    drains = np.flatnonzero(~seekers.is_sealed & (seekers.places > 0))
    # Beside the cost every move weighs a little, so that nobody moves for nothing: all moves of a cycle, which has at
    # most sink + 1 arcs, weigh less than one unit of cost.
    unit = sink + 2
    worth = unit * (seekers.cost - guess[seekers.target])
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        np.concatenate(
            (
                np.where(is_node[owner], node[owner], num_nodes + seekers.target[base[owner]]),
                num_nodes + drains,
            )
        ),
        np.concatenate((num_nodes + seekers.target[others], np.full(len(drains), sink))),
        np.concatenate((np.ones(len(others), np.int64), np.minimum(seekers.places[drains], len(base)))),
        np.concatenate((worth[others] - worth[base[owner]] + (others != base[owner]), unit * guess[drains])),
    )
    begin = np.bincount(seekers.target[base[~is_node]], minlength=num_pools)
    must_stay = np.where(seekers.is_sealed, seekers.places, 0)
    supply = (np.ones(num_nodes, np.int64), begin - must_stay, [must_stay.sum() - len(base)])
    flow.set_nodes_supplies(np.arange(sink + 1), np.concatenate(supply))
    status = flow.solve()
    # Reading flows after a failed solve can end the process, so the status comes first.
    if status != flow.OPTIMAL:
        raise RuntimeError(f"the flow over those already housed ended with {status}")
    return others[flow.flows(arcs[: len(others)]) == 1]
