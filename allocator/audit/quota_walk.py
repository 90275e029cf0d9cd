"""What the levels of ``band_optimum`` under quotas walk through: moves by pairs of leaves, and what is still live.

All provisional households who hold leaf a and list leaf b share one fate, whatever their band, and so do all
earlier ones (see ``levels``). So both are kept as pairs of leaves, not as households. Level 0 is the tenants,
level b + 1 band b.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from allocator.audit.judgement import Bools, Breach
from allocator.audit.quota_leaves import Leaves
from allocator.audit.quota_network import Network
from allocator.model.instance import Instance, Ints


@dataclass(frozen=True, eq=False)
class Moves:
    """What the housed could hold instead, by level: ``mover`` goes from leaf to leaf as pair number ``pair`` (m,), at
    a change of rank ``weight``; ``is_better``: it stands earlier in the list. ``first`` (levels + 1,) cuts by level.

    ``tail``, ``head`` (U,) the leaves of each pair; ``last`` (U,) the last level of its movers; ``by_head`` (U,) the
    pairs sorted by head.
    """

    mover: Ints
    pair: Ints
    weight: Ints
    is_better: Bools
    first: Ints
    tail: Ints
    head: Ints
    last: Ints
    by_head: Ints


@dataclass(frozen=True, eq=False)
class People:
    """One position for each leaf and level at which there is somebody, by level. ``leaf``, ``position`` (k,);
    ``first`` (levels + 1,) cuts by level; ``last`` (L,) the last level at each leaf, -1 for none.
    """

    leaf: Ints
    position: Ints
    first: Ints
    last: Ints

    def of(self, level: int) -> tuple[Ints, Ints]:
        """Leaves and positions of one level."""
        within = slice(int(self.first[level]), int(self.first[level + 1]))
        return self.leaf[within], self.position[within]


@dataclass(eq=False)
class Walk:
    """State between levels.

    ``level`` (n,) of each household; ``held`` (n,) its choice. ``asking``: the earliest unhoused household that lists
    a leaf; ``holding``: the latest one housed there that is no tenant. ``is_free`` (L,): coming and going there was
    tight so far. ``is_open`` (U,) live for the provisional; ``zero`` (U,) live for those counted, ``since`` the level.
    ``is_tight`` (m,) at the mover's own level. ``inner`` (a,): residual arcs of the network still live.
    """

    instance: Instance
    leaves: Leaves
    network: Network
    level: Ints
    held: Ints
    moves: Moves
    asking: People
    holding: People
    is_free: Bools
    is_open: Bools
    zero: Bools
    since: Ints
    is_tight: Bools
    inner: Bools
    breaches: list[Breach] = field(default_factory=list)

    @property
    def sink(self) -> int:
        """The sink's node."""
        return self.leaves.num_leaves

    def own_moves(self, level: int) -> Ints:
        """The level's moves that are live."""
        first, last = self.moves.first[level : level + 2].tolist()
        return first + np.flatnonzero(self.is_open[self.moves.pair[first:last]])

    def inner_arcs(self, weight: Ints) -> tuple[Ints, Ints, Ints]:
        """Tail, head and weight of the network's live residual arcs."""
        which = np.flatnonzero(self.inner)
        return self.network.tail[which], self.network.head[which], weight[which]

    def comings(self, level: int) -> tuple[Ints, Ints]:
        """Leaves that a household of a later level may enter, and leave."""
        enter = np.flatnonzero(self.is_free & (self.asking.last > level))
        return enter, np.flatnonzero(self.is_free & (self.holding.last > level))


def start(instance: Instance, leaves: Leaves, network: Network, held: Ints) -> Walk:
    """Lay out moves, and who may come and go."""
    is_tenant = leaves.own >= 0
    level = np.where(is_tenant, 0, instance.band + 1)
    num_levels = instance.num_bands + 1
    own = held[leaves.household]
    out = np.flatnonzero(own < 0)
    asking = _people(leaves, leaves.leaf[out], leaves.household[out], level, np.minimum, num_levels)
    going = np.flatnonzero((held >= 0) & ~is_tenant)
    holding = _people(leaves, leaves.leaf[held[going]], going, level, np.maximum, num_levels)
    moves = _moves(leaves, level, own, num_levels)
    num_pairs = len(moves.tail)
    return Walk(
        instance,
        leaves,
        network,
        level,
        held,
        moves,
        asking,
        holding,
        is_free=np.ones(leaves.num_leaves, dtype=np.bool_),
        is_open=np.ones(num_pairs, dtype=np.bool_),
        zero=np.zeros(num_pairs, dtype=np.bool_),
        since=np.zeros(num_pairs, dtype=np.int64),
        is_tight=np.zeros(len(moves.mover), dtype=np.bool_),
        inner=np.ones(len(network.tail), dtype=np.bool_),
    )


def _people(
    leaves: Leaves, leaf: Ints, household: Ints, level: Ints, extreme: np.ufunc, num_levels: int
) -> People:
    """The first or the last of the households at each leaf and level."""
    num_leaves = max(leaves.num_leaves, 1)
    distinct, inverse = np.unique(level[household] * num_leaves + leaf, return_inverse=True)
    position = np.full(len(distinct), len(level) + 1 if extreme is np.minimum else 0, dtype=np.int64)
    extreme.at(position, inverse, household + 1)
    levels, at = np.divmod(distinct, num_leaves)
    last = np.full(leaves.num_leaves, -1, dtype=np.int64)
    last[at] = levels  # sorted by level: the last one stays
    return People(at, position, np.searchsorted(levels, np.arange(num_levels + 1)), last)


def _moves(leaves: Leaves, level: Ints, own: Ints, num_levels: int) -> Moves:
    which = np.flatnonzero((own >= 0) & (own != np.arange(len(own))))
    which = which[np.argsort(level[leaves.household[which]], kind="stable")]
    mover = leaves.household[which]
    num_leaves = max(leaves.num_leaves, 1)
    key = leaves.leaf[own[which]] * num_leaves + leaves.leaf[which]
    pairs, pair = np.unique(key, return_inverse=True)
    tail, head = np.divmod(pairs, num_leaves)
    last = np.full(len(pairs), -1, dtype=np.int64)
    np.maximum.at(last, pair, level[mover])
    return Moves(
        mover,
        pair.astype(np.int64),
        leaves.rank[which] - leaves.rank[own[which]],
        which < own[which],
        np.searchsorted(level[mover], np.arange(num_levels + 1)),
        tail,
        head,
        last,
        np.argsort(head, kind="stable"),
    )
