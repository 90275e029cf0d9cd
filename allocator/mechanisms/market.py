"""What the levels of ``band_optimum`` hand from one to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from allocator.model.instance import UNASSIGNED, Instance, Ints

Flags = npt.NDArray[np.bool_]


@dataclass(eq=False)
class Choices:
    """Live choices of some households, grouped: household ``households[j]`` has ``edges[starts[j]:starts[j+1]]``.

    ``households`` (k,) ascending; ``starts`` (k + 1,); ``edges`` (arcs,) positions in ``Instance.pool``.
    """

    households: Ints
    starts: Ints
    edges: Ints

    @property
    def owner(self) -> Ints:
        """(arcs,) place in ``households`` of each choice's household."""
        return np.repeat(np.arange(len(self.households)), np.diff(self.starts))

    def keep(self, live: Flags, *, at_least: int) -> Choices:
        """Only the live choices, and only households with ``at_least`` of them."""
        ends = np.concatenate(([0], np.cumsum(live)))
        num_live = np.diff(ends[self.starts])
        stays = num_live >= at_least
        live = live & np.repeat(stays, np.diff(self.starts))
        return Choices(self.households[stays], _starts_of(num_live[stays]), self.edges[live])

    def then(self, later: Choices) -> Choices:
        """These households and, behind them, those of ``later``."""
        return Choices(
            np.concatenate((self.households, later.households)),
            np.concatenate((self.starts, self.starts[-1] + later.starts[1:])),
            np.concatenate((self.edges, later.edges)),
        )

    def of(self, chosen: Flags) -> Choices:
        """The choices of the chosen households alone."""
        counts = np.diff(self.starts)
        return Choices(
            self.households[chosen], _starts_of(counts[chosen]), self.edges[np.repeat(chosen, counts)]
        )


def _starts_of(counts: Ints) -> Ints:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))


def first_of_each(value: Ints, number: int) -> Ints:
    """The places in ``value`` of the first so many of each value."""
    along = np.argsort(value, kind="stable")
    grouped = value[along]
    return along[np.arange(len(value)) - np.searchsorted(grouped, grouped) < number]


class Market:
    """The state between levels.

    ``assigned`` (n,) pool of each household or ``UNASSIGNED``; ``held`` (n,) the choice it holds (position in
    ``Instance.pool``); ``load`` (C,) places taken; ``sealed`` (C,) pools whose load is settled for good;
    ``movable``: the housed households that still have two live choices or more. Whoever is housed and
    not movable stays where it is and counts in ``load`` alone.
    """

    def __init__(self, instance: Instance) -> None:
        n = instance.num_households
        self.instance = instance
        self.assigned = np.full(n, UNASSIGNED, np.int64)
        self.held = np.full(n, -1, np.int64)
        self.load = np.zeros(instance.num_pools, np.int64)
        self.sealed = np.zeros(instance.num_pools, bool)
        nobody = np.zeros(0, np.int64)
        self.movable = Choices(nobody, np.zeros(1, np.int64), nobody)

    @property
    def room(self) -> Ints:
        """(C,) places a newcomer may take: none in sealed pools."""
        return np.where(self.sealed, 0, self.instance.capacity - self.load)

    def live_choices(self, first: int, last: int) -> Choices:
        """Live choices of households [first, last), none of them counted yet: all but sealed pools."""
        start = self.instance.start[first : last + 1]
        edges = np.arange(start[0], start[-1])
        everyone = Choices(np.arange(first, last), start - start[0], edges)
        if not self.sealed.any():
            return everyone
        return everyone.keep(~self.sealed[self.instance.pool[edges]], at_least=0)

    def settle(self, choices: Choices, place: Ints) -> None:
        """Record the pools (``UNASSIGNED``: none) that the households of ``choices`` now hold."""
        before = self.assigned[choices.households]
        num_pools = len(self.load)
        self.load -= np.bincount(before[before >= 0], minlength=num_pools)
        self.load += np.bincount(place[place >= 0], minlength=num_pools)
        self.assigned[choices.households] = place
        owner = choices.owner
        taken = self.instance.pool[choices.edges] == place[owner]
        self.held[choices.households[owner[taken]]] = choices.edges[taken]
