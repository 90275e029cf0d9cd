"""Exact circulations: flows in whole fractions between a floor and a ceiling, and the parts that can still move.

Everything is counted in integers of one scale per part, so no step rounds. Work is counted in arcs looked at,
never in seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction


class OverworkedError(Exception):
    """The count of arcs looked at went beyond what was allowed."""


@dataclass
class Network:
    """Arcs from ``tail`` to ``head`` with a flow that is in balance at every node.

    ``low`` and ``high`` (None: no ceiling) bound the flow once it is feasible. ``greatest``: more than any flow.
    ``left``: how many more arcs may be looked at.
    """

    num_nodes: int
    greatest: int
    left: int
    tail: list[int] = field(default_factory=list)
    head: list[int] = field(default_factory=list)
    low: list[Fraction] = field(default_factory=list)
    high: list[Fraction | None] = field(default_factory=list)
    flow: list[Fraction] = field(default_factory=list)

    def add(self, tail: int, head: int, low: int, high: int | None) -> int:
        """A new arc without flow; gives its number."""
        self.tail.append(tail)
        self.head.append(head)
        self.low.append(Fraction(low))
        self.high.append(None if high is None else Fraction(high))
        self.flow.append(Fraction(0))
        return len(self.tail) - 1

    def fix(self, arc: int) -> None:
        """The arc keeps its flow for good."""
        self.low[arc] = self.high[arc] = self.flow[arc]

    def is_fixed(self, arc: int) -> bool:
        """Whether floor and ceiling meet."""
        return self.low[arc] == self.high[arc]

    def can_rise(self, arc: int) -> bool:
        """Whether the ceiling is not reached."""
        ceiling = self.high[arc]
        return ceiling is None or self.flow[arc] < ceiling

    def can_fall(self, arc: int) -> bool:
        """Whether the floor is not reached."""
        return self.flow[arc] > self.low[arc]

    def count_work(self, arcs: int) -> None:
        """Raises ``OverworkedError`` when more arcs were looked at than allowed."""
        self.left -= arcs
        if self.left < 0:
            raise OverworkedError


@dataclass(frozen=True)
class Cut:
    """Why floors cannot be met: the arcs into a set of nodes and those out of it."""

    entering: list[int]
    leaving: list[int]


def raise_floors(network: Network, arcs: Sequence[int], floors: Mapping[int, Fraction]) -> Cut | None:
    """Move flow over ``arcs`` alone until those of ``floors`` carry that much; the cut where it cannot be.

    ``floors`` are not above the arcs' ceilings. Other arcs keep their own bounds. Nothing changes where it fails.
    """
    moving = _Residual(network, arcs, floors)
    if moving.all_routed():
        moving.write_back()
        return None
    return moving.cut()


def push_most(network: Network, arcs: Sequence[int], arc: int) -> None:
    """Raise the flow of ``arc`` by as much as the others of ``arcs`` allow."""
    moving = _Residual(network, [one for one in arcs if one != arc], {})
    gained = moving.pushed(network.head[arc], network.tail[arc])
    moving.write_back()
    network.flow[arc] += gained


class _Residual:
    """What can move, in integers of one scale. Edge 2k is the k-th arc forwards, 2k + 1 backwards."""

    def __init__(self, network: Network, arcs: Sequence[int], floors: Mapping[int, Fraction]) -> None:
        self.network, self.arcs = network, arcs
        network.count_work(8 * len(arcs))
        self.place: dict[int, int] = {}
        low, high = network.low, network.high
        parts = {one.denominator for arc in arcs for one in (network.flow[arc], low[arc], high[arc]) if one}
        self.scale = math.lcm(*parts, *(floor.denominator for floor in floors.values()))
        self.to: list[int] = []
        self.room: list[int] = []
        self.edges: list[list[int]] = []
        self.excess: dict[int, int] = {}
        self.forced: dict[int, int] = {}
        endless = network.greatest * self.scale
        for arc in arcs:
            flow, ceiling = self._whole(network.flow[arc]), high[arc]
            up = endless if ceiling is None else self._whole(ceiling) - flow
            down = flow - self._whole(floors.get(arc, low[arc]))
            if down < 0:
                self._force(arc, -down)
                up, down = up + down, 0
            self._edge(network.tail[arc], network.head[arc], up, down)
        self.first = list(self.room)

    def _whole(self, value: Fraction) -> int:
        return value.numerator * (self.scale // value.denominator)

    def _node(self, name: int) -> int:
        found = self.place.setdefault(name, len(self.edges))
        if found == len(self.edges):
            self.edges.append([])
        return found

    def _edge(self, tail: int, head: int, up: int, down: int) -> None:
        one, other = self._node(tail), self._node(head)
        self.edges[one].append(len(self.to))
        self.edges[other].append(len(self.to) + 1)
        self.to += [other, one]
        self.room += [up, down]

    def _force(self, arc: int, amount: int) -> None:
        self.forced[arc] = amount
        for node, sign in ((self.network.head[arc], 1), (self.network.tail[arc], -1)):
            self.excess[node] = self.excess.get(node, 0) + sign * amount

    def all_routed(self) -> bool:
        """Lead what the floors force in at heads back to the tails."""
        due = 0
        for node, amount in self.excess.items():
            if amount > 0:
                self._edge(-1, node, amount, 0)
                due += amount
            elif amount < 0:
                self._edge(node, -2, -amount, 0)
        return not due or self._flow(self._node(-1), self._node(-2)) == due

    def pushed(self, source: int, sink: int) -> Fraction:
        """The most that can be led from one node to the other."""
        return Fraction(self._flow(self._node(source), self._node(sink)), self.scale)

    def write_back(self) -> None:
        """Take the flow over into the network."""
        for number, arc in enumerate(self.arcs):
            moved = self.first[2 * number] - self.room[2 * number] + self.forced.get(arc, 0)
            if moved:
                self.network.flow[arc] += Fraction(moved, self.scale)

    def cut(self) -> Cut:
        """The arcs over the border of what the source still reaches."""
        reached = {self.place[-1]}
        waiting = list(reached)
        while waiting:
            for edge in self.edges[waiting.pop()]:
                if self.room[edge] and self.to[edge] not in reached:
                    reached.add(self.to[edge])
                    waiting.append(self.to[edge])
        entering, leaving = [], []
        for number, arc in enumerate(self.arcs):
            head_in, tail_in = self.to[2 * number] in reached, self.to[2 * number + 1] in reached
            if head_in and not tail_in:
                entering.append(arc)
            elif tail_in and not head_in:
                leaving.append(arc)
        return Cut(entering, leaving)

    def _flow(self, source: int, sink: int) -> int:
        """Most flow by shortest ways, a layer at a time (Dinitz 1970)."""
        total = 0
        while (depth := self._depths(source, sink)) is not None:
            total += self._blocking(source, sink, depth)
        return total

    def _depths(self, source: int, sink: int) -> list[int] | None:
        """How far each node is from the sink, -1 where the way to the source is no longer."""
        depth = [-1] * len(self.edges)
        depth[sink] = 0
        layer = [sink]
        to, room, edges, seen = self.to, self.room, self.edges, 0
        while layer and depth[source] < 0:
            following = []
            for node in layer:
                here = depth[node] + 1
                seen += len(edges[node])
                for edge in edges[node]:
                    other = to[edge]
                    if depth[other] < 0 and room[edge ^ 1]:
                        depth[other] = here
                        following.append(other)
            layer = following
        self.network.count_work(seen)
        return depth if depth[source] >= 0 else None

    def _blocking(self, source: int, sink: int, depth: list[int]) -> int:
        """Ways that come nearer by one with every step, until none is left."""
        to, room, edges = self.to, self.room, self.edges
        at = [0] * len(edges)
        total, node, seen = 0, source, 0
        way: list[int] = []
        while True:
            if node == sink:
                least = min([room[edge] for edge in way])
                total += least
                cut = len(way)
                for place in range(len(way) - 1, -1, -1):
                    edge = way[place]
                    room[edge] -= least
                    room[edge ^ 1] += least
                    if not room[edge]:
                        cut = place
                node = to[way[cut] ^ 1]
                del way[cut:]
            below, own = depth[node] - 1, edges[node]
            for place in range(at[node], len(own)):
                edge = own[place]
                if room[edge] and depth[to[edge]] == below:
                    seen += place - at[node] + 1
                    at[node] = place
                    way.append(edge)
                    node = to[edge]
                    break
            else:
                seen += len(own) - at[node]
                at[node] = len(own)
                if not way:
                    self.network.count_work(seen)
                    return total
                node = to[way.pop() ^ 1]
                at[node] += 1


def moving_parts(network: Network, arcs: Iterable[int]) -> list[list[int]]:
    """The arcs whose flow may still change, parted so that no change in one touches another; the rest are fixed.

    A change of a circulation runs in circles: it stays inside strongly connected parts of what can move, and no
    circle crosses a bridge.
    """
    free = [arc for arc in arcs if not network.is_fixed(arc)]
    network.count_work(4 * len(free))
    strong = _strong_parts(network, free)
    inside = [arc for arc in free if strong[network.tail[arc]] == strong[network.head[arc]]]
    part = _without_bridges(network, inside)
    found: dict[int, list[int]] = {}
    for arc in free:
        one = part.get(arc)
        if one is None:
            network.fix(arc)
        else:
            found.setdefault(one, []).append(arc)
    return list(found.values())


def _strong_parts(network: Network, arcs: Sequence[int]) -> dict[int, int]:
    """The strongly connected part of each node, by Tarjan's walk (1972) without recursion."""
    after: dict[int, list[int]] = {}
    for arc in arcs:
        tail, head = network.tail[arc], network.head[arc]
        after.setdefault(tail, [])
        after.setdefault(head, [])
        if network.can_rise(arc):
            after[tail].append(head)
        if network.can_fall(arc):
            after[head].append(tail)
    number: dict[int, int] = {}
    lowest: dict[int, int] = {}
    part: dict[int, int] = {}
    open_nodes: list[int] = []
    for root in list(after):
        if root in number:
            continue
        number[root] = lowest[root] = len(number)
        open_nodes.append(root)
        walk = [(root, iter(after[root]))]
        while walk:
            node, rest = walk[-1]
            for other in rest:
                if other not in number:
                    number[other] = lowest[other] = len(number)
                    open_nodes.append(other)
                    walk.append((other, iter(after[other])))
                    break
                if other not in part:
                    lowest[node] = min(lowest[node], number[other])
            else:
                walk.pop()
                if walk:
                    lowest[walk[-1][0]] = min(lowest[walk[-1][0]], lowest[node])
                if lowest[node] == number[node]:
                    while open_nodes[-1] != node:
                        part[open_nodes.pop()] = number[node]
                    part[open_nodes.pop()] = number[node]
    return part


def _without_bridges(network: Network, arcs: Sequence[int]) -> dict[int, int]:
    """The part of each arc that lies on an undirected circle, by one walk in depth."""
    around: dict[int, list[tuple[int, int]]] = {}
    for arc in arcs:
        around.setdefault(network.tail[arc], []).append((arc, network.head[arc]))
        around.setdefault(network.head[arc], []).append((arc, network.tail[arc]))
    number: dict[int, int] = {}
    lowest: dict[int, int] = {}
    part: dict[int, int] = {}
    open_nodes: list[int] = []
    for root in list(around):
        if root in number:
            continue
        number[root] = lowest[root] = len(number)
        open_nodes.append(root)
        walk = [(root, -1, iter(around[root]))]
        while walk:
            node, came_by, rest = walk[-1]
            for arc, other in rest:
                if arc == came_by:
                    continue
                if other not in number:
                    number[other] = lowest[other] = len(number)
                    open_nodes.append(other)
                    walk.append((other, arc, iter(around[other])))
                    break
                lowest[node] = min(lowest[node], number[other])
            else:
                walk.pop()
                if walk:
                    lowest[walk[-1][0]] = min(lowest[walk[-1][0]], lowest[node])
                if lowest[node] == number[node]:
                    while open_nodes[-1] != node:
                        part[open_nodes.pop()] = number[node]
                    part[open_nodes.pop()] = number[node]
    ends = ((arc, part[network.tail[arc]], part[network.head[arc]]) for arc in arcs)
    return {arc: one for arc, one, other in ends if one == other}
