"""Dormitory rooms of one sex: the split of the empty rooms, the mechanism on what follows, the beds room by room.

``rooms`` (contract, section 4) leaves open how many empty rooms of a dormitory go to women. The split fills the most
beds over all lists, whatever the order; ties to the fewest rooms for women, by pool id. It fixes the capacities
of these pools; the mechanism then sees an instance without ``rooms``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from allocator.mechanisms.market import Flags
from allocator.mechanisms.rooms_demand import SEXES, Demand, demand_of, demand_of_units, sides_of
from allocator.mechanisms.rooms_proof import Leaf, RoomsLimitError
from allocator.mechanisms.rooms_split import Split, best_split
from allocator.model.canonical import fingerprint
from allocator.model.enums import SolutionStatus
from allocator.model.instance import UNASSIGNED, Instance, Ints, Matching, Solution

FIELD = "rooms"
# Nodes of a proof in a round, fewer than on files: a bureau waits for the answer.
ROUND_NODES = 400


def solve_with_rooms(instance: Instance, mechanism: str, run: Callable[[Instance], Solution]) -> Solution:
    """Split the rooms, run the mechanism, and say who lies where.

    Status ``LIMIT`` and nobody assigned where the split or its proof grows beyond the solver's limit.
    """
    demand = demand_of(instance)
    try:
        split = best_split(demand)
    except RoomsLimitError:
        return _ended(instance, mechanism)
    capacity, sides = instance.capacity.copy(), sides_of(instance)
    capacity[sides] = demand.places(split.rooms)
    fields = {name: value for name, value in instance.extensions.items() if name != FIELD}
    settled = replace(instance, capacity=capacity, extensions=fields)
    solution = run(settled)
    names = [settled.pool_ids[pool] for pool in sides.tolist()]
    figures = _split_figures(demand, split, names)
    proved = {**figures, **proof_figures(split, names, names[0::2])}
    report = {**figures, "beds": beds_of(instance, split.rooms, solution.matching)}
    return replace(
        solution,
        certificate={**solution.certificate, FIELD: {**proved, "fingerprint": fingerprint(proved)}},
        report={**solution.report, FIELD: report if solution.is_drawn else figures},
    )


def split_of_units(
    rooms: Ints, beds: Ints, partial: Ints, household: Ints, side: Ints, names: list[str]
) -> tuple[list[int], dict[str, Any]] | None:
    """The split of a round: units of each class for women, and ``num_filled`` with its proof; None beyond the limit.

    ``rooms`` (E,), ``beds`` (E, K), ``partial`` (2 K,): ``rooms_demand.Demand``; ``household, side``: who lists which
    side; ``names`` (2 K,) of the sides. In the proof classes go by their number from 0, as text.
    """
    demand = demand_of_units(rooms, beds, partial, household, side)
    try:
        split = best_split(demand, ROUND_NODES)
    except RoomsLimitError:
        return None
    figures = proof_figures(split, names, [str(number) for number in range(len(rooms))])
    return split.rooms.tolist(), {"num_filled": split.num_filled, **figures}


def beds_of(instance: Instance, split: Ints, matching: Matching) -> dict[str, list[list[str]]]:
    """By pool its rooms and who lies in each: those lived in as listed, then the new ones, filled in the published
    order. ``split`` (K,) rooms for F by dormitory, sorted by the F pool's id.
    """
    place = {name: number for number, name in enumerate(instance.pool_ids)}
    by_pool = np.argsort(matching.assigned, kind="stable")
    pools = matching.assigned[by_pool]
    entries: list[dict[str, Any]] = sorted(
        instance.extensions[FIELD], key=lambda entry: str(entry["pools"]["F"])
    )
    found: dict[str, list[list[str]]] = {}
    for entry, women in zip(entries, split.tolist(), strict=True):
        for sex, rooms in zip(SEXES, (women, entry["rooms"] - women), strict=True):
            name = entry["pools"][sex]
            low, high = np.searchsorted(pools, (place[name], place[name] + 1))
            inside = [instance.household_ids[one] for one in by_pool[low:high].tolist()]
            free = [*entry.get("partial", {}).get(sex, ()), *[entry["beds"]] * rooms]
            ends = np.cumsum([0, *free]).tolist()
            found[name] = [inside[one:other] for one, other in pairwise(ends)]
    return found


def _split_figures(demand: Demand, split: Split, names: list[str]) -> dict[str, Any]:
    """``split``: by pool the empty rooms it gets; ``num_filled``: beds that could be filled over all lists."""
    rooms = np.stack((split.rooms, demand.rooms - split.rooms), axis=1).ravel()
    return {"split": dict(zip(names, rooms.tolist(), strict=True)), "num_filled": split.num_filled}


def proof_figures(split: Split, names: list[str], classes: list[str]) -> dict[str, Any]:
    """The leaves, with the sets of pools they use named once; names of the sides and of the classes of units."""
    sets: dict[bytes, int] = {}
    named: list[list[str]] = []

    def number(sides: Flags) -> int:
        if sides.tobytes() not in sets:
            sets[sides.tobytes()] = len(named)
            named.append([names[side] for side in np.flatnonzero(sides).tolist()])
        return sets[sides.tobytes()]

    def figures(leaf: Leaf, box: tuple[Ints, Ints]) -> dict[str, Any]:
        narrower = np.flatnonzero((leaf.least > box[0]) | (leaf.most < box[1])).tolist()
        bounds = {classes[at]: [int(leaf.least[at]), int(leaf.most[at])] for at in narrower}
        rows = [[number(row.sides), number(row.inner), row.divisor, times] for row, times in leaf.rows]
        return {"within": bounds, "over": leaf.over, "rows": rows}

    def leaves(found: list[Leaf]) -> list[dict[str, Any]]:
        low = np.min([leaf.least for leaf in found], axis=0)
        high = np.max([leaf.most for leaf in found], axis=0)
        return [figures(leaf, (low, high)) for leaf in found]

    most = leaves(split.most)
    fewest = {classes[unit]: leaves(found) for unit, found in split.fewest.items()}
    return {"most": most, "fewest": fewest, "sets": named}


def _ended(instance: Instance, mechanism: str) -> Solution:
    nobody = np.full(instance.num_households, UNASSIGNED, np.int64)
    report = {"num_households": instance.num_households, "num_housed": 0, "num_by_rank": {}, "field": FIELD}
    return Solution(mechanism, SolutionStatus.LIMIT, Matching(nobody), {}, report, is_drawn=False)
