"""Inequalities that hold for every split, from sets of sides; integers only.

Let x_p be the households seated in side p and y_e the units of class e given to F. With reach(A), the households that
list any side of A, and C inside A: x(A) <= reach(A), and x(A) <= reach(C) + beds of the sides of A outside C. Those
beds are a constant + sum n_e y_e, with n_e the beds of a unit on women's sides there less those on men's. Where y is
whole the two together are sharper (mixed-integer rounding; Nemhauser and Wolsey 1990). Let u_e = y_e where n_e > 0 and
rooms_e - y_e where n_e < 0; g = reach(A) - reach(C) - the beds there that are left when all u are 0; with a divisor d
and r = (g - 1) mod d + 1:

    x(A) <= reach(A) - r ceil(g / d) + sum (r floor(|n_e| / d) + min(|n_e| mod d, r)) u_e.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from allocator.mechanisms.market import Flags
from allocator.mechanisms.rooms_demand import Demand
from allocator.model.instance import Ints


@dataclass(frozen=True, eq=False)
class Row:
    """x(``sides``) <= ``most`` + ``per_room`` (E,) · y; ``divisor`` 0: the plain reach (``inner`` is empty)."""

    sides: Flags
    inner: Flags
    divisor: int
    most: int
    per_room: Ints


class Rows:
    """The inequalities met so far, each once. ``known``: all of them in the order they were learnt."""

    def __init__(self, demand: Demand) -> None:
        self.demand = demand
        self.known: list[Row] = []
        self._plain: set[bytes] = set()
        self._rounded: set[tuple[bytes, bytes]] = set()

    def learn(self, sides: Flags, inner: Flags) -> bool:
        """Take up the rows of a set: the plain one, and the roundings with and without the inner set."""
        before = len(self.known)
        nothing = np.zeros_like(sides)
        if sides.tobytes() not in self._plain:
            self._plain.add(sides.tobytes())
            flat = np.zeros(len(self.demand.rooms), np.int64)
            self.known.append(Row(sides, nothing, 0, self.demand.reach(sides), flat))
        for one in (nothing, inner):
            key = (sides.tobytes(), one.tobytes())
            if key not in self._rounded:
                self._rounded.add(key)
                self.known.extend(roundings(self.demand, sides, one))
        return len(self.known) > before

    def learn_all(self, pairs: list[tuple[Flags, Flags]]) -> bool:
        """Take up several sets; whether any of them was new."""
        return any([self.learn(*pair) for pair in pairs])  # noqa: C419 - all are learnt, not only the first


def roundings(demand: Demand, sides: Flags, inner: Flags) -> list[Row]:
    """The rounded rows of a set with an inner set, one for each size of unit that tells outside the inner."""
    reach, outside = demand.reach(sides), sides & ~inner
    women, men = outside[0::2].astype(np.int64), outside[1::2].astype(np.int64)
    net = demand.beds @ (women - men)
    settled = demand.partial[outside].sum() + (demand.rooms @ demand.beds)[outside[1::2]].sum()
    settled += (np.minimum(net, 0) * demand.rooms).sum()
    gap = reach - demand.reach(inner) - int(settled)
    if gap <= 0:
        return []
    sizes = np.unique(np.abs(net[net != 0])).tolist()
    return [_rounded(demand, sides, inner, size, reach, gap, net) for size in sizes]


def _rounded(demand: Demand, sides: Flags, inner: Flags, size: int, reach: int, gap: int, net: Ints) -> Row:
    rest = (gap - 1) % size + 1
    weight = rest * (np.abs(net) // size) + np.minimum(np.abs(net) % size, rest)
    most = reach - rest * -(-gap // size) + int((weight * demand.rooms)[net < 0].sum())
    return Row(sides, inner, size, most, np.sign(net) * weight)
