"""What the levels of ``band_optimum`` with quotas hand from one to the next.

A household is *bound* (housed in every optimum left: counted bands, tenants, whoever a minimum needs), *free*
(of a later band: housed or not, as the limits need) or *out*. Every free household has the same live leaves,
its listed ones among ``open``: a level that strikes a leaf for one strikes it for all, since all may stay unhoused.
"""

from __future__ import annotations

from copy import copy
from typing import Final

import numpy as np

from allocator.mechanisms.market import Choices, Flags
from allocator.mechanisms.quota_leaves import Listing
from allocator.mechanisms.quota_network import Arcs
from allocator.model.instance import UNASSIGNED, Ints

FREE: Final = 0
BOUND: Final = 1
OUT: Final = 2


class LeafMarket:
    """The state between levels.

    ``kind`` (n,); ``at`` (n,) the leaf held or ``UNASSIGNED``; ``load`` (L,); ``open`` (L,) leaves live to free
    households; ``asked`` (L,) free households that list the leaf; ``movable``: bound households with two live
    choices or more; ``arcs`` and ``flow`` (A,): the network, its bounds as the levels have tightened them; ``filled`` the flow when the needs had been
    filled, arc by arc of the network as it was then.
    """

    def __init__(self, listing: Listing, arcs: Arcs, num_nodes: int) -> None:
        num_leaves = len(listing.leaves)
        is_tenant = listing.own >= 0
        self.listing = listing
        self.num_nodes = num_nodes
        self.arcs = arcs
        self.flow = np.zeros(len(arcs.tail), np.int64)
        self.filled = self.flow
        self._links: tuple[list[dict[int, int]], list[int]] = [], []
        self._linked: Ints | None = None
        self.kind = np.where(is_tenant, BOUND, FREE)
        self.at = np.full(listing.num_households, UNASSIGNED, np.int64)
        self.load = np.zeros(num_leaves, np.int64)
        self.open = np.ones(num_leaves, bool)
        tenants = listing.choices_of(np.flatnonzero(is_tenant))
        self.asked = np.bincount(listing.leaf, minlength=num_leaves) - np.bincount(
            listing.leaf[tenants.edges], minlength=num_leaves
        )
        is_fixed = np.diff(tenants.starts) == 1
        fixed = tenants.of(is_fixed)
        self.settle(fixed.households, listing.leaf[fixed.edges])
        self.movable = tenants.of(~is_fixed)

    @property
    def links(self) -> tuple[list[dict[int, int]], list[int]]:
        """By node its neighbours in the network, each with the arc (``~arc`` where it leads the other way), and the
        same neighbours as a mask. Bounds may change meanwhile; the arcs are laid out once.
        """
        if self._linked is not self.arcs.tail:
            self._linked = self.arcs.tail
            near: list[dict[int, int]] = [{} for _ in range(self.num_nodes)]
            masks = [0] * self.num_nodes
            ends = zip(self.arcs.tail.tolist(), self.arcs.head.tolist(), strict=True)
            for arc, (tail, head) in enumerate(ends):
                near[tail][head], near[head][tail] = arc, ~arc
                masks[tail] |= 1 << head
                masks[head] |= 1 << tail
            self._links = near, masks
        return self._links

    @property
    def num_leaves(self) -> int:
        """L."""
        return len(self.load)

    def snapshot(self) -> LeafMarket:
        """The market as it stands, on which the levels to come leave no trace."""
        kept = copy(self)
        kept.kind, kept.at, kept.load = self.kind.copy(), self.at.copy(), self.load.copy()
        kept.open, kept.asked = self.open.copy(), self.asked.copy()
        return kept

    def guests(self, present: Flags | None = None) -> Choices:
        """The free households (of ``present``) that hold a place, with their open choices (perhaps none)."""
        is_guest = (self.kind == FREE) & (self.at >= 0)
        return self.open_choices(np.flatnonzero(is_guest if present is None else is_guest & present))

    def open_choices(self, households: Ints) -> Choices:
        """The choices of some households among the open leaves."""
        choices = self.listing.choices_of(households)
        return choices.keep(self.open[self.listing.leaf[choices.edges]], at_least=0)

    def newcomers(self, present: Flags, wanted: Flags) -> Choices:
        """The free of ``present`` (n,) without a place, with their open choices among the ``wanted`` leaves."""
        choices = self.listing.choices_of(np.flatnonzero(present & (self.kind == FREE) & (self.at < 0)))
        leaf = self.listing.leaf[choices.edges]
        return choices.keep(self.open[leaf] & wanted[leaf], at_least=1)

    def waiting(self, present: Flags | None = None) -> Ints:
        """(L,) free households (of ``present``) without a place that list the leaf."""
        if present is not None:
            those = np.flatnonzero(present & (self.kind == FREE) & (self.at < 0))
            return self._listed_by(those)
        return self.asked - self._listed_by(np.flatnonzero((self.kind == FREE) & (self.at >= 0)))

    def _listed_by(self, households: Ints) -> Ints:
        leaf = self.listing.leaf[self.listing.choices_of(households).edges]
        return np.bincount(leaf, minlength=len(self.load))

    def settle(self, households: Ints, leaf: Ints) -> None:
        """Record the leaves (``UNASSIGNED``: none) that some households now hold."""
        before = self.at[households]
        self.load -= np.bincount(before[before >= 0], minlength=len(self.load))
        self.load += np.bincount(leaf[leaf >= 0], minlength=len(self.load))
        self.at[households] = leaf

    def bind(self, choices: Choices) -> None:
        """Free households that will not leave any more, with their live choices."""
        self.kind[choices.households] = BOUND
        self._forget(choices.households)
        self.movable = self.movable.then(choices.of(np.diff(choices.starts) > 1))

    def dismiss(self, households: Ints) -> None:
        """Free households that stay unhoused for good."""
        self.kind[households] = OUT
        self._forget(households)

    def _forget(self, households: Ints) -> None:
        self.asked -= self._listed_by(households)

    def needed_leaves(self, gain: Ints | None = None) -> Flags:
        """(L,) leaves from which an arc with a lower bound (or a gain) is reached.

        Whoever is free and elsewhere may as well leave: nothing on its way to the sink needs it.
        """
        arcs = self.arcs
        needed = np.zeros(self.num_nodes, bool)
        needed[arcs.tail[arcs.low > 0]] = True
        if gain is not None:
            needed[arcs.tail[gain > 0]] = True
        while True:
            further = arcs.tail[needed[arcs.head] & ~needed[arcs.tail]]
            if not len(further):
                return needed[: self.num_leaves]
            needed[further] = True
