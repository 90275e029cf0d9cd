"""Dormitory rooms and the lists over them as the judge reads them, and the inequalities of a proof.

Sides: the F pool of the k-th dormitory (by the F pool's id) is side 2 k, its M pool 2 k + 1. Units (rooms, floors or
buildings) go to one sex whole; those with the same beds are a class. See ``docs/reference/rooms.md`` for every formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from allocator.audit.claims import claims_of
from allocator.audit.judgement import Bools
from allocator.model.instance import Instance, Ints


@dataclass(frozen=True, eq=False)
class Dormitories:
    """``names`` of 2 K sides and of E ``classes``; ``rooms`` (E,) units of each; ``beds`` (E, K) of one of them;
    ``partial`` (2 K,); bounds ``least``, ``most`` (E,) on the units for F within which tenants keep their beds; who
    lists what: ``household``, ``side`` of each claim.
    """

    names: list[str]
    classes: list[str]
    rooms: Ints
    beds: Ints
    partial: Ints
    least: Ints
    most: Ints
    household: Ints
    side: Ints

    @cached_property
    def kinds(self) -> tuple[Bools, Ints]:
        """(P, 2 K) the different sets of sides listed, and how many households list each."""
        _, who = np.unique(self.household, return_inverse=True)
        lists = np.zeros((int(who.max(initial=-1)) + 1, len(self.names)), dtype=np.bool_)
        lists[who, self.side] = True
        packed, counts = np.unique(np.packbits(lists, axis=1), axis=0, return_counts=True)
        kinds = np.unpackbits(packed, axis=1, count=len(self.names)).astype(np.bool_)
        return kinds, counts.astype(np.int64)

    def reach(self, sides: Bools) -> int:
        """Households that list any of the sides."""
        lists, supply = self.kinds
        return int(supply[lists[:, sides].any(axis=1)].sum())

    def places(self, split: Ints) -> Ints:
        """(2 K,) beds of the sides."""
        empty = np.stack([split @ self.beds, (self.rooms - split) @ self.beds], axis=1)
        return self.partial + empty.ravel()


def dormitories_of(instance: Instance) -> Dormitories:
    """The entries of ``rooms``, and the choices for their pools that ``current`` and ``priority`` admit."""
    entries = sorted(instance.extensions["rooms"], key=lambda entry: entry["pools"]["F"])
    names = [entry["pools"][sex] for entry in entries for sex in ("F", "M")]
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    side_of = np.full(instance.num_pools + 1, -1, dtype=np.int64)
    side_of[[index[name] for name in names]] = np.arange(len(names))
    claims = claims_of(instance)
    rooms = np.array([entry["rooms"] for entry in entries], dtype=np.int64)
    beds = np.array([entry["beds"] for entry in entries], dtype=np.int64)
    free = [sum(entry.get("partial", {}).get(sex, [])) for entry in entries for sex in ("F", "M")]
    partial = np.array(free, dtype=np.int64)
    homes = side_of[claims.own]  # without a pool of its own: -1, and the last entry is -1
    tenants = np.bincount(homes[homes >= 0], minlength=len(names))
    needed = -(-np.maximum(tenants - partial, 0) // np.repeat(beds, 2))
    least, most = needed[0::2], rooms - needed[1::2]
    impossible = least > most
    is_bed = (claims.tier >= 0) & (side_of[claims.pool] >= 0)
    return Dormitories(
        names,
        names[0::2],
        rooms,
        np.diag(beds),
        partial,
        np.where(impossible, 0, least),
        np.where(impossible, rooms, most),
        claims.household[is_bed],
        side_of[claims.pool[is_bed]],
    )


def inequality(
    dormitories: Dormitories, sides: Bools, inner: Bools, divisor: int
) -> tuple[int, list[tuple[int, int]]] | None:
    """``most, [(class, units' coefficient)]`` of a row of a proof; None where there is no such row."""
    reach = dormitories.reach(sides)
    if divisor == 0:
        return (reach, []) if not inner.any() else None
    if (inner & ~sides).any():
        return None
    outside = sides & ~inner
    women, men = outside[0::2].astype(np.int64), outside[1::2].astype(np.int64)
    net = (dormitories.beds @ (women - men)).tolist()
    rooms = dormitories.rooms.tolist()
    settled = int(dormitories.partial @ outside) + int(dormitories.rooms @ dormitories.beds @ men)
    settled += sum(min(size, 0) * count for size, count in zip(net, rooms, strict=True))
    gap = reach - dormitories.reach(inner) - settled
    if gap <= 0:
        return None
    rest = (gap - 1) % divisor + 1
    most = reach - rest * -(-gap // divisor)
    terms = []
    for kind, size in enumerate(net):
        weight = rest * (abs(size) // divisor) + min(abs(size) % divisor, rest)
        if size:
            terms.append((kind, weight if size > 0 else -weight))
        most += weight * rooms[kind] if size < 0 else 0
    return most, terms
