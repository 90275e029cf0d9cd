"""What the split of dormitory rooms is made from: the rooms, and how many households list which of their pools.

What goes to one sex whole is a *unit*: a room, or a floor or building of one sex. Units with the same beds are a class.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from allocator.mechanisms.market import Flags
from allocator.mechanisms.wishes import wishes_of
from allocator.model.instance import Instance, Ints

SEXES: Final = ("F", "M")


@dataclass(frozen=True, eq=False)
class Demand:
    """K dormitories (pairs of pools) and 2 K *sides*: F of dormitory k is side 2 k, M is 2 k + 1. E classes of units,
    in the order in which ties are settled. Households that list the same sides are one *profile*.

    ``rooms`` (E,) empty units of each class; ``beds`` (E, K) the beds one of them has in each dormitory; ``partial``
    (2 K,) free beds whose sex is settled; ``least``, ``most`` (E,) bounds on the units given to F within
    which every sitting tenant keeps a bed; ``start`` (P + 1,), ``side``: the sides each profile lists,
    ascending; ``supply`` (P,) households of each profile.
    """

    rooms: Ints
    beds: Ints
    partial: Ints
    least: Ints
    most: Ints
    start: Ints
    side: Ints
    supply: Ints

    @property
    def num_sides(self) -> int:
        """2 K."""
        return len(self.partial)

    @cached_property
    def lists(self) -> Flags:
        """(P, 2 K) which sides a profile lists."""
        listed = np.zeros((len(self.supply), self.num_sides), bool)
        listed[np.repeat(np.arange(len(self.supply)), np.diff(self.start)), self.side] = True
        return listed

    @cached_property
    def shared(self) -> Flags:
        """(2 K, 2 K) whether some household lists both sides."""
        listed = self.lists.astype(np.float32)
        return listed.T @ listed > 0

    @cached_property
    def asking(self) -> Ints:
        """(2 K,) households that list each side."""
        return np.asarray(self.supply @ self.lists, dtype=np.int64)

    def reach(self, sides: Flags) -> int:
        """How many households list any of these sides."""
        return int(self.supply[self.lists[:, sides].any(axis=1)].sum())

    def places(self, split: Ints) -> Ints:
        """(2 K,) beds of every side when ``split`` (E,) units go to F."""
        beds = self.partial.copy()
        beds[0::2] += split @ self.beds
        beds[1::2] += (self.rooms - split) @ self.beds
        return beds


def sides_of(instance: Instance) -> Ints:
    """(2 K,) index of each side in ``Instance.pool_ids``: the entries of ``rooms`` by the id of their F pool."""
    place = {name: number for number, name in enumerate(instance.pool_ids)}
    return np.array([place[entry["pools"][sex]] for entry in _entries(instance) for sex in SEXES], np.int64)


def _entries(instance: Instance) -> list[dict[str, Any]]:
    return sorted(instance.extensions["rooms"], key=lambda entry: str(entry["pools"]["F"]))


def demand_of(instance: Instance) -> Demand:
    """The rooms of an instance and the lists over them: each entry a class of its own dormitory.

    Quotas, reserves and the order play no part.
    """
    entries, pool = _entries(instance), sides_of(instance)
    rooms = np.array([entry["rooms"] for entry in entries], np.int64)
    beds = np.array([entry["beds"] for entry in entries], np.int64)
    partial = np.array(
        [sum(entry.get("partial", {}).get(sex, ())) for entry in entries for sex in SEXES], np.int64
    )
    wishes = wishes_of(instance)
    side = np.full(instance.num_pools, -1, np.int64)
    side[pool] = np.arange(len(pool))
    tenants = np.bincount(side[wishes.own[wishes.own >= 0]] + 1, minlength=len(pool) + 1)[1:]
    short = -(-np.maximum(tenants - partial, 0) // np.repeat(beds, 2))
    least, most = short[0::2], rooms - short[1::2]
    is_possible = least <= most  # where no split keeps the tenants, the mechanism itself refuses
    least, most = np.where(is_possible, least, 0), np.where(is_possible, most, rooms)
    profiles = _profiles(wishes.household, side[wishes.pool])
    return Demand(rooms, np.diag(beds), partial, least, most, *profiles)


def demand_of_units(rooms: Ints, beds: Ints, partial: Ints, household: Ints, side: Ints) -> Demand:
    """``rooms`` (E,), ``beds`` (E, K), ``partial`` (2 K,) as in ``Demand``; ``household``, ``side``: who lists what
    (side -1: a choice that is no bed). Nobody lives in these units, so every split is possible.
    """
    return Demand(rooms, beds, partial, np.zeros_like(rooms), rooms.copy(), *_profiles(household, side))


def _profiles(household: Ints, listed: Ints) -> tuple[Ints, Ints, Ints]:
    """``start, side, supply``: shorter lists first, then by their sides."""
    is_bed = listed >= 0
    household, listed = household[is_bed], listed[is_bed]
    order = np.lexsort((listed, household))
    household, listed = household[order], listed[order]
    _, first, counts = np.unique(household, return_index=True, return_counts=True)
    lengths: list[Ints] = []
    sides: list[Ints] = []
    supplies: list[Ints] = []
    for length in np.unique(counts):
        rows = listed[first[counts == length][:, None] + np.arange(length)]
        rows, supply = np.unique(rows, axis=0, return_counts=True)
        lengths.append(np.full(len(rows), length))
        sides.append(rows.ravel())
        supplies.append(supply)
    nothing = [np.zeros(0, np.int64)]
    ends = np.cumsum(np.concatenate(nothing + lengths), dtype=np.int64)
    return (
        np.concatenate((np.zeros(1, np.int64), ends)),
        np.concatenate(nothing + sides),
        np.concatenate(nothing + supplies).astype(np.int64),
    )
