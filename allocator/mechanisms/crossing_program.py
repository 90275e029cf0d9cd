"""The assignments that keep every bound, as an integer program, for quotas that are no flow.

Variables are the claims (one per household and pool it may hold), the seats of pools with reserves (how many of
a cell sit on which kind of place) and the shortfall of each soft minimum. Objectives and rows are whole numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from allocator.mechanisms.market import Flags
from allocator.mechanisms.places import Reserve, members_of, reserves_of
from allocator.mechanisms.wishes import NOT_LISTED, Wishes, wishes_of
from allocator.model.instance import Instance, Ints

Row = tuple[list[int], list[int], int, int]
OPEN = -1


@dataclass(frozen=True)
class Quota:
    """Households of ``members`` (n,) bool in ``pools`` together; ``least`` and ``most`` where they are given."""

    name: str
    members: Flags
    pools: tuple[int, ...]
    least: int | None
    least_soft: int | None
    most: int | None


@dataclass(eq=False)
class Program:
    """``upper`` (v,) of variables that start at 0; the first ``num_claims`` are the claims, in ``wishes`` order.

    ``rows``: (variables, coefficients, low, high). ``reserved``: variables of members on reserved places;
    ``shortfalls``: variables of soft minima; ``row_of``: the row of each household that has claims.
    """

    wishes: Wishes
    rank: Ints
    upper: list[int]
    rows: list[Row] = field(default_factory=list)
    reserved: list[int] = field(default_factory=list)
    shortfalls: list[int] = field(default_factory=list)
    row_of: dict[int, int] = field(default_factory=dict)

    @property
    def num_claims(self) -> int:
        """Claims come first among the variables."""
        return len(self.wishes.household)

    def claims_of(self, household: int) -> range:
        """The variables of one household, best first."""
        return range(int(self.wishes.start[household]), int(self.wishes.start[household + 1]))

    def new(self, upper: int) -> int:
        """A further variable from 0 to ``upper``."""
        self.upper.append(upper)
        return len(self.upper) - 1


def quotas_of(instance: Instance) -> list[Quota]:
    """Every quota once, sorted by id."""
    place = {name: number for number, name in enumerate(instance.pool_ids)}
    found = {}
    for kind in ("min", "min_soft", "max"):
        for entry in instance.extensions.get(kind, []):
            found[entry["id"]] = entry
    everybody = np.ones(instance.num_households, bool)
    return [
        Quota(
            name,
            members_of(instance, list(entry["groups"])) if "groups" in entry else everybody,
            tuple(sorted(place[pool] for pool in entry["pools"])),
            entry.get("min"),
            entry.get("min_soft"),
            entry.get("max"),
        )
        for name, entry in sorted(found.items())
    ]


def ranks_of(instance: Instance, wishes: Wishes) -> Ints:
    """(m,) rank of each claim; a tenant's own pool that is not listed stands one behind its last."""
    is_added = wishes.choice == NOT_LISTED
    last = np.zeros(instance.num_households, np.int64)
    owner = np.repeat(np.arange(instance.num_households), np.diff(instance.start))
    np.maximum.at(last, owner, instance.rank)
    if not len(instance.rank):
        return np.where(is_added, 1, 0)
    return np.where(is_added, last[wishes.household] + 1, instance.rank[wishes.choice])


def program_of(instance: Instance, *, without: frozenset[str] = frozenset()) -> Program:
    """All rows of the feasible assignments; hard minima of the quotas ``without`` are left out."""
    wishes = wishes_of(instance)
    program = Program(wishes, ranks_of(instance, wishes), [1] * len(wishes.household))
    for household in range(instance.num_households):
        claims = list(program.claims_of(household))
        if claims:
            low = int(wishes.own[household] >= 0)
            program.row_of[household] = len(program.rows)
            program.rows.append((claims, [1] * len(claims), low, 1))
    reserves = reserves_of(instance, instance.capacity)
    for pool in range(instance.num_pools):
        _add_places(program, instance, pool, reserves.get(pool, ()))
    for quota in quotas_of(instance):
        _add_quota(program, quota, is_hard=quota.name not in without)
    return program


def _add_places(program: Program, instance: Instance, pool: int, reserves: tuple[Reserve, ...]) -> None:
    claims = program.wishes.asking(pool)
    if not len(claims):
        return
    capacity = int(instance.capacity[pool])
    if not reserves:
        program.rows.append((claims.tolist(), [1] * len(claims), 0, capacity))
        return
    households = program.wishes.household[claims]
    is_home = program.wishes.own[households] == pool
    kind = np.stack([is_home, *(reserve.members[households] for reserve in reserves)], axis=1)
    cells, cell_of = np.unique(kind, axis=0, return_inverse=True)
    seats: dict[int, list[int]] = {}
    for number, cell in enumerate(cells.tolist()):
        inside = claims[cell_of.reshape(-1) == number].tolist()
        places = _seats(program, cell, reserves, len(inside), seats)
        program.rows.append((inside + places, [1] * len(inside) + [-1] * len(places), 0, 0))
    sizes = {place: reserve.places for place, reserve in enumerate(reserves)}
    sizes[OPEN] = capacity - sum(sizes.values())
    for place, variables in sorted(seats.items()):
        program.rows.append((variables, [1] * len(variables), 0, sizes[place]))


def _seats(
    program: Program,
    cell: list[bool],
    reserves: tuple[Reserve, ...],
    size: int,
    seats: dict[int, list[int]],
) -> list[int]:
    """The kinds of place one cell may sit on: open ones, its own reserves, released ones; all for tenants at home."""
    is_home, *is_member = cell
    found = []
    for place in (OPEN, *range(len(reserves))):
        is_own = place != OPEN and is_member[place]
        if place == OPEN or is_own or reserves[place].is_released or is_home:
            variable = program.new(size)
            found.append(variable)
            seats.setdefault(place, []).append(variable)
            if is_own:
                program.reserved.append(variable)
    return found


def _add_quota(program: Program, quota: Quota, *, is_hard: bool) -> None:
    wishes = program.wishes
    counted = [wishes.asking(pool) for pool in quota.pools]
    claims = np.concatenate(counted) if counted else np.zeros(0, np.int64)
    claims = np.sort(claims[quota.members[wishes.household[claims]]])
    variables, most = claims.tolist(), len(claims)
    least = quota.least if is_hard and quota.least else 0
    upper = most if quota.most is None else quota.most
    program.rows.append((variables, [1] * most, least, max(upper, least)))
    if quota.least_soft:
        short = program.new(quota.least_soft)
        program.shortfalls.append(short)
        program.rows.append(
            ([*variables, short], [1] * (most + 1), quota.least_soft, most + quota.least_soft)
        )
