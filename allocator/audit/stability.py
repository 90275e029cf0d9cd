"""Stability and household-optimality of an assignment to pools with priorities, reserves and maxima.

A pool chooses among all who want it at least as much as what they hold. Stable: it would choose exactly
those it has. Best for the households: let ``next`` of a housed household be who would be taken in if it
left; no stable improvement exists exactly when no chain of these runs in a circle (Erdil and Ergin 2008).
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from allocator.audit.claims import Claims, claims_of, counted, group
from allocator.audit.judgement import FORMAT, Breach, Judgement
from allocator.model.instance import Instance, Ints

Standing = tuple[int, int]  # tier, household


@dataclass(frozen=True)
class Slot:
    """Reserved places: how many, for whom, and whether others may have what is left."""

    places: int
    members: frozenset[int]
    is_released: bool


@dataclass(frozen=True)
class Rules:
    """Places in all, reserves as declared, and maxima as (id, members, most)."""

    capacity: int
    slots: tuple[Slot, ...] = ()
    maxima: tuple[tuple[str, frozenset[int], int], ...] = ()


@dataclass
class Choice:
    """Whom a pool takes: the holders of the open places and of each reserve, as (outsider, tier, household)."""

    open: list[Standing] = field(default_factory=list)
    reserved: list[list[tuple[int, int, int]]] = field(default_factory=list)

    def seats(self) -> dict[int, int]:
        """Household to slot: -1 the open places."""
        found = {household: -1 for _, household in self.open}
        for number, holders in enumerate(self.reserved):
            found.update({household: number for _, _, household in holders})
        return found


def choose(rules: Rules, asking: list[Standing]) -> Choice:
    """The pool's choice among those asking, best standing first."""
    num_open = rules.capacity - sum(slot.places for slot in rules.slots)
    choice = Choice(reserved=[[] for _ in rules.slots])
    left = {name: most for name, _, most in rules.maxima}
    for tier, household in asking:
        held_by = [name for name, members, _ in rules.maxima if household in members]
        if any(left[name] == 0 for name in held_by):
            continue
        for name in held_by:
            left[name] -= 1
        _seat(rules, choice, num_open, tier, household)
    return choice


def _seat(rules: Rules, choice: Choice, num_open: int, tier: int, household: int) -> None:
    """Own reserves, then open places, then what others leave; a member bumps an outsider on."""
    own = [number for number, slot in enumerate(rules.slots) if household in slot.members]
    for number in own:
        if _takes(rules, choice, number, (0, tier, household)):
            return
    if len(choice.open) < num_open:
        choice.open.append((tier, household))
        return
    _seat_outside(rules, choice, -1, tier, household)


def _seat_outside(rules: Rules, choice: Choice, after: int, tier: int, household: int) -> None:
    for number in range(after + 1, len(rules.slots)):
        slot = rules.slots[number]
        if household in slot.members or not (slot.is_released or tier == 0):
            continue
        if _takes(rules, choice, number, (0 if tier == 0 else 1, tier, household)):
            return


def _takes(rules: Rules, choice: Choice, number: int, claim: tuple[int, int, int]) -> bool:
    holders = choice.reserved[number]
    insort(holders, claim)
    if len(holders) <= rules.slots[number].places:
        return True
    out = holders.pop()
    if out == claim:
        return False
    _seat_outside(rules, choice, number, out[1], out[2])
    return True


def judge_stable(instance: Instance, assigned: Ints, mechanism: str) -> Judgement:
    """Certificate and breaches of an assignment in which everybody holds a claim of its own."""
    claims = claims_of(instance)
    capacity, special = _rules(instance)
    wanted = _wanted(instance, claims, assigned)
    breaches: list[Breach] = []
    follower = np.full(instance.num_households + 1, instance.num_households, dtype=np.int64)
    cutoffs: dict[str, Any] = {}
    _judge_plain(instance, assigned, wanted, (capacity, special), (breaches, follower, cutoffs))
    for pool, rules in special.items():
        asking = wanted.of(pool)
        choice = choose(rules, asking)
        seats = choice.seats()
        holders = set(np.flatnonzero(assigned == pool).tolist())
        for household in sorted(holders ^ set(seats)):
            breaches.append(Breach("stable", instance.household_ids[household], instance.pool_ids[pool]))
        for household, entrant in _followers(rules, asking, seats):
            follower[household] = entrant
        figures = _figures(rules, choice, seats, asking)
        if figures:
            cutoffs[instance.pool_ids[pool]] = figures
    if not breaches:
        breaches.extend(_cycles(instance, assigned, follower))
    figures = {
        "format": FORMAT,
        "mechanism": mechanism,
        "num_households": instance.num_households,
        "num_housed": int((assigned >= 0).sum()),
        "cutoffs": cutoffs,
    }
    return Judgement(figures, tuple(breaches))


@dataclass(frozen=True, eq=False)
class _Wanted:
    """Claims of those who want the pool at least as much as what they hold, by pool, best standing first."""

    household: Ints
    tier: Ints
    bounds: Ints

    def of(self, pool: int) -> list[Standing]:
        within = slice(int(self.bounds[pool]), int(self.bounds[pool + 1]))
        return list(zip(self.tier[within].tolist(), self.household[within].tolist(), strict=True))


def _wanted(instance: Instance, claims: Claims, assigned: Ints) -> _Wanted:
    held = claims.held(assigned)[claims.household]
    is_wanted = (claims.tier >= 0) & ((held < 0) | (np.arange(len(held)) <= held))
    household, pool, tier = claims.household[is_wanted], claims.pool[is_wanted], claims.tier[is_wanted]
    order = np.lexsort((household, tier, pool))
    bounds = np.searchsorted(pool[order], np.arange(instance.num_pools + 1))
    return _Wanted(household[order], tier[order], bounds)


def _rules(instance: Instance) -> tuple[Ints, dict[int, Rules]]:
    """Places of every pool, and the rules of those with reserves or maxima on some households."""
    capacity = instance.capacity.copy()
    maxima: dict[int, list[tuple[str, frozenset[int], int]]] = {}
    for quota, members, pools in counted(instance):
        for pool in pools:
            if members.all():
                capacity[pool] = min(int(capacity[pool]), quota["max"])
            else:
                inside = frozenset(np.flatnonzero(members).tolist())
                maxima.setdefault(pool, []).append((quota["id"], inside, quota["max"]))
    slots: dict[int, list[Slot]] = {}
    index = {name: place for place, name in enumerate(instance.pool_ids)}
    for entry in instance.extensions.get("reserves", []):
        declared = slots.setdefault(index[entry["pool"]], [])
        left = int(capacity[index[entry["pool"]]]) - sum(slot.places for slot in declared)
        inside = frozenset(np.flatnonzero(group(instance, [entry["group"]])).tolist())
        declared.append(Slot(min(entry["places"], left), inside, entry.get("release", False)))
    return capacity, {
        pool: Rules(
            int(capacity[pool]),
            tuple(slots.get(pool, ())),
            tuple(sorted(maxima.get(pool, ()), key=lambda one: one[0])),
        )
        for pool in sorted({*slots, *maxima})
    }


def _judge_plain(
    instance: Instance,
    assigned: Ints,
    wanted: _Wanted,
    rules: tuple[Ints, dict[int, Rules]],
    found: tuple[list[Breach], Ints, dict[str, Any]],
) -> None:
    """All pools without rules of their own: the first ``capacity`` of those who want it are those it has."""
    capacity, special = rules
    breaches, follower, cutoffs = found
    num_asking = np.diff(wanted.bounds)
    pool = np.repeat(np.arange(instance.num_pools), num_asking)
    standing = np.arange(len(pool)) - wanted.bounds[pool]
    is_plain = np.ones(instance.num_pools, dtype=np.bool_)
    is_plain[list(special)] = False
    is_wrong = ((standing < capacity[pool]) != (assigned[wanted.household] == pool)) & is_plain[pool]
    for place in np.flatnonzero(is_wrong)[:3]:
        household = instance.household_ids[int(wanted.household[place])]
        breaches.append(Breach("stable", household, instance.pool_ids[int(pool[place])]))
    for one in np.flatnonzero(is_plain & (num_asking >= capacity)).tolist():
        last = int(wanted.bounds[one] + capacity[one] - 1)
        is_shut = capacity[one] == 0
        figure = [0, 0] if is_shut else [int(wanted.tier[last]), int(wanted.household[last]) + 1]
        cutoffs[instance.pool_ids[one]] = {"open": figure}
    entrant = np.full(instance.num_pools, instance.num_households, dtype=np.int64)
    waiting = np.flatnonzero(is_plain & (num_asking > capacity))
    entrant[waiting] = wanted.household[wanted.bounds[waiting] + capacity[waiting]]
    housed = np.flatnonzero(assigned >= 0)
    settled = housed[is_plain[assigned[housed]]]
    follower[settled] = entrant[assigned[settled]]


def _followers(rules: Rules, asking: list[Standing], seats: Mapping[int, int]) -> Iterator[tuple[int, int]]:
    """Each holder of the pool with who would be taken in if it left; one trial per slot and maximum."""
    known: dict[tuple[int, ...], int | None] = {}
    for household, slot in seats.items():
        cells = tuple(n for n, (_, members, _) in enumerate(rules.maxima) if household in members)
        kind = (slot, *cells)
        if kind not in known:
            without = choose(rules, [one for one in asking if one[1] != household]).seats()
            known[kind] = next(iter(set(without) - set(seats)), None)
        entrant = known[kind]
        if entrant is not None:
            yield household, entrant


def _cycles(instance: Instance, assigned: Ints, follower: Ints) -> Iterator[Breach]:
    """Households that stand on a circle of followers: all of them could be better off at once."""
    reached = follower
    for _ in range(int(instance.num_households).bit_length() + 1):
        reached = reached[reached]
    on_circle = np.unique(reached[reached < instance.num_households])
    for household in on_circle[:3]:
        pool = int(assigned[np.flatnonzero(follower == household)[0]])
        yield Breach("household_optimal", instance.household_ids[int(household)], instance.pool_ids[pool])


def _figures(
    rules: Rules, choice: Choice, seats: Mapping[int, int], asking: list[Standing]
) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    num_open = rules.capacity - sum(slot.places for slot in rules.slots)
    if len(choice.open) == num_open:
        figures["open"] = _last(choice.open, 2)
    if rules.slots:
        figures["reserved"] = [
            _last(holders, 3) if len(holders) == slot.places else None
            for slot, holders in zip(rules.slots, choice.reserved, strict=True)
        ]
    full = {}
    for name, members, most in rules.maxima:
        inside = [one for one in asking if one[1] in members and one[1] in seats]
        if len(inside) == most:
            full[name] = _last(inside, 2)
    return {**figures, "max": full} if rules.maxima else figures


def _last(holders: list[Any], length: int) -> list[int]:
    """The worst standing among the holders, its household as a position from 1."""
    if not holders:
        return [0] * length
    *standing, household = max(holders)
    return [*standing, household + 1]
