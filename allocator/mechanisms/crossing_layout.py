"""Quotas of two families as one network: people's quotas on the way out, pools' quotas on the way in.

Whoever is not housed stands *outside*, in a place like any other: so many of a quota's people are housed as do not
stand there. A total over people is then a bound on an arc, as a total over pools is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from allocator.mechanisms.crossing_families import Families, claims_counted
from allocator.mechanisms.crossing_program import Quota, quotas_of
from allocator.mechanisms.crossing_proofs import UnprovedError
from allocator.mechanisms.quota_leaves import Leaf, Listing
from allocator.mechanisms.quota_network import NO_SET, Arcs, Network, laminar_or_crossing
from allocator.mechanisms.quota_sets import Crossing, LimitSet, Seats
from allocator.mechanisms.wishes import Wishes
from allocator.model.instance import Instance, Ints

_SINK: Final = -1
_NONE: Final = -1


class InfeasibleError(Exception):
    """No assignment keeps every bound."""


class NoFlowError(Exception):
    """Two sets cross inside a family. ``args``: their names."""


@dataclass(frozen=True)
class RowBound:
    """A row of the proofs (docs/reference/crossing.md) that an arc carries: its number and its bounds."""

    row: int
    least: int
    most: int


@dataclass(frozen=True, eq=False)
class Carried:
    """The rows an arc carries. A row counts the flow, or (``num_people`` given) so many less the flow."""

    bounds: tuple[RowBound, ...]
    num_people: int | None = None

    def price_of(self, jump: int) -> int:
        """The multiplier of the row that this difference between the arc's ends is."""
        return jump if self.num_people is None else -jump

    def row_of(self, price: int, flow: int) -> int:
        """The row whose bound this flow has reached on the side of the price."""
        if len(self.bounds) == 1:
            return self.bounds[0].row
        count = flow if self.num_people is None else self.num_people - flow
        for bound in self.bounds:
            if count == (bound.most if price > 0 else bound.least):
                return bound.row
        raise UnprovedError


@dataclass(frozen=True, eq=False)
class Layout:
    """Nodes: L leaves, then places outside (the last for people of no quota), inner nodes, the sink.

    ``listing``: the claims and behind each household's the choice to stay outside, which tenants have not; ``outside``
    (n,) the place outside, -1 without claims. ``short`` and ``filled`` (A,): what a unit of flow costs at the level of the
    shortfall and of the reserves. ``carried`` by arc; ``silent``: arcs without a row that may have a jump. ``cells``: rows
    whose multiplier is the second node's distance less the first's. ``lacking``: rows that count nobody and lack somebody;
    ``short_at``: by row of a minimum that may be missed the arc that has the cost.
    """

    listing: Listing
    outside: Ints
    num_leaves: int
    num_nodes: int
    arcs: Arcs
    short: Ints
    filled: Ints
    carried: dict[int, Carried]
    silent: frozenset[int]
    cells: list[tuple[int, int, int]]
    lacking: list[int]
    short_at: dict[int, int]


@dataclass(frozen=True)
class _RowNumbers:
    """The first row of every pool that is claimed, and of the quotas by id."""

    of_pool: dict[int, int]
    of_quota: dict[str, int]


@dataclass(eq=False)
class _Draft:
    """Arcs in the making: tail, head, low, cap, and the costs of a unit at the two first levels."""

    numbers: _RowNumbers
    is_elastic: bool
    num_nodes: int
    unbounded: int
    rows: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)
    carried: dict[int, Carried] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    cells: list[tuple[int, int, int]] = field(default_factory=list)
    lacking: list[int] = field(default_factory=list)
    short_at: dict[int, int] = field(default_factory=dict)

    def node(self) -> int:
        self.num_nodes += 1
        return self.num_nodes - 1

    def arc(
        self, tail: int, head: int, low: int = 0, cap: int | None = None, *, short: int = 0, filled: int = 0
    ) -> int:
        self.rows.append((tail, head, low, self.unbounded if cap is None else cap, short, filled))
        return len(self.rows) - 1

    def hidden(self, tail: int, head: int, cap: int | None = None, *, short: int = 0, filled: int = 0) -> int:
        """An arc that is no row."""
        arc = self.arc(tail, head, 0, cap, short=short, filled=filled)
        self.silent.add(arc)
        return arc

    def wishes(self, quotas: Sequence[dict[str, Any]]) -> list[tuple[int, int]]:
        """The row and the number of each soft minimum (or, where all minima give way, of each hard one)."""
        name, behind = ("min", 0) if self.is_elastic else ("min_soft", 1)
        return [
            (self.numbers.of_quota[quota["id"]] + behind, quota[name]) for quota in quotas if quota.get(name)
        ]

    def bound(self, quota: dict[str, Any], most: int) -> RowBound:
        least = 0 if self.is_elastic else quota.get("min", 0)
        return RowBound(self.numbers.of_quota[quota["id"]], least, quota.get("max", most))


def layout_of(instance: Instance, wishes: Wishes, families: Families, *, is_elastic: bool = False) -> Layout:
    """The network of these quotas alone. Raises ``InfeasibleError`` where one counts too few.

    ``is_elastic``: no minimum is hard, each costs a unit of shortfall for everybody missing; tenants may stay outside.
    """
    network = laminar_or_crossing(_with_quotas(instance, families.pools))
    if isinstance(network, Crossing):
        raise NoFlowError(network.one, network.other)
    draft = _Draft(_row_numbers(instance, wishes, network), is_elastic, 0, instance.num_households + 1)
    people = _people_sets(wishes, families.people, draft)
    num_outside = len(people.sets) + 1
    _pools_side(network, num_outside, draft)
    _people_side(people, network.num_leaves, draft)
    root = network.num_leaves + len(people.sets)
    outside = np.where(people.around == _NONE, root, network.num_leaves + people.around)
    outside[np.diff(wishes.start) == 0] = _NONE
    table = np.array(draft.rows, np.int64).reshape(-1, 6)
    sink = draft.node()
    table[:, :2][table[:, :2] == _SINK] = sink
    tail, head, low, cap, short, filled = (np.ascontiguousarray(column) for column in table.T)
    listing = _with_outside(network.listing, wishes, outside, num_outside, is_elastic=is_elastic)
    return Layout(
        listing,
        outside,
        network.num_leaves,
        draft.num_nodes,
        Arcs(tail, head, low, cap),
        short,
        filled,
        draft.carried,
        frozenset(draft.silent),
        draft.cells,
        draft.lacking,
        draft.short_at,
    )


def _with_quotas(instance: Instance, quotas: Sequence[Quota]) -> Instance:
    """The instance with these quotas alone, and of their minima those that they have here."""
    found = {
        entry["id"]: entry
        for bound in ("max", "min", "min_soft")
        for entry in instance.extensions.get(bound, [])
    }
    kept = {
        name: instance.extensions[name] for name in ("current", "reserves") if name in instance.extensions
    }
    entries = [
        {name: value for name, value in found[quota.name].items() if name != "min" or quota.least}
        for quota in quotas
    ]
    return replace(instance, extensions={**kept, "max": entries})


def _row_numbers(instance: Instance, wishes: Wishes, network: Network) -> _RowNumbers:
    """Households with claims first, then pools, then quotas, a second row behind each with a soft minimum."""
    row = int((np.diff(wishes.start) > 0).sum())
    of_pool, of_quota = {}, {}
    for pool in np.unique(wishes.pool).tolist():
        of_pool[pool] = row
        seats = network.seats.get(pool)
        row += 1 if seats is None else len(_kinds(network, pool)) + len(_taken(network, pool))
    for quota in quotas_of(instance):
        of_quota[quota.name] = row
        row += 2 if quota.least_soft else 1
    return _RowNumbers(of_pool, of_quota)


def _kinds(network: Network, pool: int) -> list[tuple[tuple[bool, ...], Leaf]]:
    """The kinds of claimants of a pool with reserves, in the order of their rows, each with a leaf of it."""
    found = {}
    for number in network.listing.of_pool[pool]:
        leaf = network.listing.leaves[number]
        groups = [group in leaf.groups for group, _, _ in network.seats[pool].reserves]
        found[(leaf.is_home, *groups)] = leaf
    return sorted(found.items(), key=lambda entry: entry[0])


def _taken(network: Network, pool: int) -> list[int]:
    """The kinds of place that somebody may take, in the order of their rows: open ones (-1), then reserves."""
    rights = [network.seats[pool].rights(leaf) for _, leaf in _kinds(network, pool)]
    reserves = range(len(network.seats[pool].reserves))
    return [_NONE, *(place for place in reserves if any(right[place] for right in rights))]


def _pools_side(network: Network, num_outside: int, draft: _Draft) -> None:
    """The arcs of the network, the nodes behind the leaves moved up by the places outside.

    In a pool with reserves everybody with the same rights comes through one node, whose distance is the row of the cells.
    """

    def moved(node: int) -> int:
        if node == network.sink:
            return _SINK
        return node if node < network.num_leaves else node + num_outside

    draft.num_nodes = network.num_nodes - 1 + num_outside
    draft.lacking += [row for row, _ in draft.wishes(network.forest.empty)]
    if not draft.is_elastic and any(quota.get("min") for quota in network.forest.empty):
        raise InfeasibleError
    pool_of = {node: pool for pool, nodes in network.seat_nodes.items() for node in nodes}
    columns = (column.tolist() for column in (network.arcs.tail, network.arcs.head, network.set_of))
    sitting: dict[int, tuple[int, list[tuple[int, int]]]] = {}
    led_out = {NO_SET}  # a soft minimum makes parallel arcs there; here one way round each
    rows = zip(*columns, network.reserved.tolist(), strict=True)
    for tail, head, number, reserved in rows:
        if head in pool_of:
            sitting.setdefault(tail, (pool_of[head], []))[1].append((head, reserved))
        elif number not in led_out:
            led_out.add(number)
            _lead_out(draft, network.forest.sets[number], moved(tail), moved(head), network)
        elif number == NO_SET and tail not in pool_of:
            draft.arc(moved(tail), moved(head))
    _sit_down(network, draft, sitting, moved_by=num_outside)


def _lead_out(draft: _Draft, limit: LimitSet, tail: int, head: int, network: Network) -> None:
    """A set's hard bounds, and behind them a way round for each soft one: what goes it counts for the wish."""
    bounds = [draft.bound(quota, draft.unbounded) for quota in limit.quotas]
    if limit.pool is not None and limit.pool not in network.seats:
        bounds.insert(0, RowBound(draft.numbers.of_pool[limit.pool], 0, limit.places or 0))
    least = max((bound.least for bound in bounds), default=0)
    most = min((bound.most for bound in bounds), default=draft.unbounded)
    wishes = draft.wishes(limit.quotas)
    nodes = [tail, *(draft.node() for _ in wishes), head]
    arc = draft.arc(tail, nodes[1], least, min(most, draft.unbounded))
    if bounds:
        draft.carried[arc] = Carried(tuple(bounds))
    for (row, wish), one, other in zip(wishes, nodes[1:], nodes[2:], strict=False):
        draft.carried[draft.arc(one, other)] = Carried((RowBound(row, wish, draft.unbounded),))
        between = draft.node()
        draft.short_at[row] = draft.hidden(one, between, wish, short=-1)
        draft.hidden(between, other)


def _sit_down(
    network: Network,
    draft: _Draft,
    sitting: dict[int, tuple[int, list[tuple[int, int]]]],
    *,
    moved_by: int,
) -> None:
    """Through the node of their rights to the kinds of place, and from there into the pool."""

    def moved(node: int) -> int:
        return node if node < network.num_leaves else node + moved_by

    entry_of = dict(zip(network.arcs.tail.tolist(), network.arcs.head.tolist(), strict=True))
    through: dict[tuple[tuple[int, int], ...], int] = {}
    for tail, (_, places) in sitting.items():
        key = tuple(sorted(places))
        if key not in through:
            through[key] = draft.node()
            for seat, reserved in key:
                draft.hidden(through[key], moved(seat), filled=-reserved)
        draft.arc(moved(tail), through[key])
    for pool, nodes in network.seat_nodes.items():
        kinds, taken, seats = _kinds(network, pool), _taken(network, pool), network.seats[pool]
        first, entry = draft.numbers.of_pool[pool], moved(entry_of[nodes[0]])
        for number, (_, leaf) in enumerate(kinds):
            node = through.get(_places_of(leaf, seats, nodes))
            if node is not None:
                draft.cells.append((first + number, node, entry))
        for place, node in zip([*range(len(seats.reserves)), _NONE], nodes, strict=True):
            size = seats.num_open if place == _NONE else seats.reserves[place][1]
            if place in taken:
                row = first + len(kinds) + taken.index(place)
                draft.carried[draft.arc(moved(node), entry, 0, size)] = Carried((RowBound(row, 0, size),))


def _places_of(leaf: Leaf, seats: Seats, nodes: list[int]) -> tuple[tuple[int, int], ...]:
    """The kinds of place a leaf has a right to, with 1 where it counts."""
    *reserves, open_places = nodes
    rights = zip(reserves, seats.rights(leaf), strict=True)
    return tuple(sorted([*((node, int(right > 1)) for node, right in rights if right), (open_places, 0)]))


@dataclass(frozen=True, eq=False)
class _PeopleSets:
    """Sets of people, each with the set around it (-1: none), its size and its quotas; ``around`` (n,) the innermost."""

    sets: list[tuple[int, int, list[dict[str, Any]]]]
    around: Ints


def _people_sets(wishes: Wishes, quotas: Sequence[Quota], draft: _Draft) -> _PeopleSets:
    counted = [np.unique(wishes.household[claims_counted(wishes, quota)]) for quota in quotas]
    around = np.full(len(wishes.start) - 1, _NONE, np.int64)
    sets: list[tuple[int, int, list[dict[str, Any]]]] = []
    for number in sorted(range(len(quotas)), key=lambda one: -len(counted[one])):
        entry, members = _entry(quotas[number]), counted[number]
        if not len(members):
            draft.lacking += [row for row, _ in draft.wishes([entry])]
            if draft.bound(entry, 0).least:
                raise InfeasibleError
            continue
        parent = int(around[members[0]])
        if parent >= 0 and sets[parent][1] == len(members):
            sets[parent][2].append(entry)
            continue
        around[members] = len(sets)
        sets.append((parent, len(members), [entry]))
    return _PeopleSets(sets, around)


def _entry(quota: Quota) -> dict[str, Any]:
    """As the instance has it, without whom and where it counts."""
    bounds = {"min": quota.least, "min_soft": quota.least_soft, "max": quota.most}
    return {"id": quota.name, **{name: bound for name, bound in bounds.items() if bound is not None}}


def _people_side(people: _PeopleSets, first: int, draft: _Draft) -> None:
    """From the place outside of a set to that of the set around it, or to the last place and so to the sink.

    Whoever stays outside beyond what a soft minimum leaves costs a unit of shortfall.
    """
    root = first + len(people.sets)
    for number, (parent, size, entries) in enumerate(people.sets):
        bounds = [draft.bound(entry, size + 1) for entry in entries]
        low = max(0, size - min(bound.most for bound in bounds))
        cap = size - max(bound.least for bound in bounds)
        if cap < 0:
            raise InfeasibleError
        wishes = draft.wishes(entries)
        head = root if parent == _NONE else first + parent
        nodes = [first + number, *(draft.node() for _ in wishes), head]
        draft.carried[draft.arc(nodes[0], nodes[1], low, cap)] = Carried(tuple(bounds), size)
        for (row, wish), one, other in zip(wishes, nodes[1:], nodes[2:], strict=False):
            draft.short_at[row] = draft.arc(one, other, short=1)
            draft.carried[draft.short_at[row]] = Carried((RowBound(row, wish, size + 1),), size)
            between = draft.node()
            draft.hidden(one, between, max(0, size - wish))
            draft.hidden(between, other)
    draft.arc(root, _SINK)


def _with_outside(
    listing: Listing, wishes: Wishes, outside: Ints, num_outside: int, *, is_elastic: bool
) -> Listing:
    """Behind each household's claims the choice to stay outside; a tenant has none. Everybody counts as placed."""
    may_stay = (outside >= 0) & ((wishes.own < 0) | is_elastic)
    at = listing.start[1:][may_stay]
    nothing = np.zeros(len(at), np.int64)
    leaves = listing.leaves + tuple(Leaf(_NONE, (), is_home=False) for _ in range(num_outside))
    return Listing(
        listing.start + np.concatenate(([0], np.cumsum(may_stay))),
        np.insert(listing.pool, at, nothing - 1),
        np.insert(listing.rank, at, nothing),
        np.insert(listing.leaf, at, outside[may_stay]),
        np.where(outside >= 0, 0, -1),
        leaves,
    )
