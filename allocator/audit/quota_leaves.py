"""The choices that count under quotas, reserves and tenants, and the leaves they lead to (certificate.md).

A leaf is a pool together with the groups by which quotas and reserves tell its people apart there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from allocator.audit.judgement import Bools
from allocator.model.instance import Instance, Ints

BOUNDS = ("max", "min", "min_soft")


@dataclass(frozen=True, eq=False)
class Leaves:
    """m choices by household, best first, and the L leaves they lead to.

    ``household``, ``pool``, ``rank``, ``leaf`` (m,); ``first`` (n + 1,) cuts the choices by household; a tenant's
    end with its own pool. ``own`` (n,) the tenant's pool, -1 for none. ``pool_of`` (L,), ``is_home`` (L,): tenants
    at home in a pool with reserves; ``groups_of`` L sorted tuples of names.
    """

    household: Ints
    pool: Ints
    rank: Ints
    leaf: Ints
    first: Ints
    own: Ints
    pool_of: Ints
    is_home: Bools
    groups_of: tuple[tuple[str, ...], ...]
    pool_ids: tuple[str, ...]

    @property
    def num_leaves(self) -> int:
        """L."""
        return len(self.pool_of)

    @cached_property
    def keys(self) -> list[str]:
        """Each leaf's name in the certificate: the pool alone where it has no other cell than the plain one."""
        num_cells = np.bincount(self.pool_of, minlength=len(self.pool_ids))
        names = []
        for leaf, pool in enumerate(self.pool_of.tolist()):
            name = _escaped(self.pool_ids[pool], "\\|")
            cell = "+".join(_escaped(group, "\\|+@") for group in self.groups_of[leaf])
            cell += "@home" if self.is_home[leaf] else ""
            names.append(name if num_cells[pool] == 1 and not cell else f"{name}|{cell}")
        return names

    def of_any(self, groups: list[str] | None) -> Bools:
        """(L,) the leaves of people in any of the groups; all for None."""
        if groups is None:
            return np.ones(self.num_leaves, dtype=np.bool_)
        inside = np.zeros(self.num_leaves, dtype=np.bool_)
        for group in groups:
            inside[self._with_group.get(group, [])] = True
        return inside

    @cached_property
    def _with_group(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for leaf, groups in enumerate(self.groups_of):
            for group in groups:
                found.setdefault(group, []).append(leaf)
        return found

    def held(self, assigned: Ints) -> Ints:
        """(n,) the choice each household holds, -1 for none."""
        found = np.full(len(assigned), -1, dtype=np.int64)
        is_held = self.pool == assigned[self.household]
        found[self.household[is_held]] = np.flatnonzero(is_held)
        return found


def _escaped(name: str, signs: str) -> str:
    """A backslash before each sign that has a meaning of its own in a leaf's key."""
    return "".join(f"\\{sign}" if sign in signs else sign for sign in name)


def quotas_of(instance: Instance) -> Iterator[dict[str, Any]]:
    """Every quota with a bound, once, by id."""
    found = {quota["id"]: quota for bound in BOUNDS for quota in instance.extensions.get(bound, [])}
    return (found[name] for name in sorted(found))


def leaves_of(instance: Instance) -> Leaves:
    """Lay out choices and leaves. O(E log E)."""
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    current = instance.extensions.get("current", {})
    own = np.array([index.get(current.get(name), -1) for name in instance.household_ids], dtype=np.int64)
    household, pool, rank = _choices(instance, own)
    first = np.searchsorted(household, np.arange(instance.num_households + 1))
    cell, cells = _cells(instance, first, pool)
    has_reserve = np.zeros(instance.num_pools, dtype=np.bool_)
    has_reserve[[index[entry["pool"]] for entry in instance.extensions.get("reserves", [])]] = True
    is_home = (pool == own[household]) & has_reserve[pool]
    code = (pool * len(cells) + cell) * 2 + is_home
    distinct, leaf = np.unique(code, return_inverse=True)
    return Leaves(
        household,
        pool,
        rank,
        leaf.astype(np.int64),
        first,
        own,
        distinct // 2 // len(cells),
        distinct % 2 == 1,
        tuple(cells[place] for place in (distinct // 2 % len(cells)).tolist()),
        tuple(instance.pool_ids),
    )


def _choices(instance: Instance, own: Ints) -> tuple[Ints, Ints, Ints]:
    """Household, pool and rank of every choice; a tenant's list is cut behind its own pool, or ends with it."""
    households = np.arange(instance.num_households)
    owner = np.repeat(households, np.diff(instance.start))
    if not (own >= 0).any():
        return owner, instance.pool, instance.rank
    never = len(owner)
    home = np.full(len(own), never, dtype=np.int64)
    at_home = np.flatnonzero(instance.pool == own[owner])
    home[owner[at_home]] = at_home
    keep = np.arange(never) <= home[owner]
    missing = np.flatnonzero((own >= 0) & (home == never))
    last = np.zeros(len(own), dtype=np.int64)
    np.maximum.at(last, owner, instance.rank)
    household = np.concatenate([owner[keep], missing])
    order = np.argsort(household, kind="stable")
    pool = np.concatenate([instance.pool[keep], own[missing]])
    rank = np.concatenate([instance.rank[keep], last[missing] + 1])
    return household[order], pool[order], rank[order]


def _cells(instance: Instance, first: Ints, pool: Ints) -> tuple[Ints, list[tuple[str, ...]]]:
    """(m,) which cell each choice falls into, and the cells as sorted names of groups."""
    cells: list[tuple[str, ...]] = [()]
    cell = np.zeros(len(pool), dtype=np.int64)
    for name, counts in sorted(_named(instance).items()):
        members = instance.groups.get(name, np.empty(0, dtype=np.int64))
        lengths = first[members + 1] - first[members]
        offsets = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        choices = np.repeat(first[members], lengths) + offsets
        choices = choices[counts[pool[choices]]]
        before, which = np.unique(cell[choices], return_inverse=True)
        cell[choices] = len(cells) + which
        cells.extend((*cells[place], name) for place in before.tolist())
    return cell, cells


def _named(instance: Instance) -> dict[str, Bools]:
    """(C,) per group: the pools in which a quota or a reserve names it."""
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    found: dict[str, Bools] = {}

    def note(group: str, pools: list[str]) -> None:
        counts = found.setdefault(group, np.zeros(instance.num_pools, dtype=np.bool_))
        counts[[index[pool] for pool in pools]] = True

    for quota in quotas_of(instance):
        for group in quota.get("groups") or ():
            note(group, quota["pools"])
    for entry in instance.extensions.get("reserves", []):
        note(entry["group"], [entry["pool"]])
    return found
