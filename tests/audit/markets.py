"""Small markets solved by enumerating the definition, and their certificate by the letter of certificate.md.

Nothing here is shared with the engine or with either verifier: plain dicts and loops.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

NOWHERE = None


@dataclass(frozen=True)
class Market:
    """Households in the published order: band and list of ``(pool, rank)``; pools with capacities."""

    bands: tuple[int, ...]
    lists: tuple[tuple[tuple[str, int], ...], ...]
    capacity: dict[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Households."""
        return len(self.bands)


def rank_of(market: Market, household: int, pool: str) -> int:
    return dict(market.lists[household])[pool]


def feasible(market: Market):
    """Every assignment that keeps to lists and capacities."""
    choices = [[*(pool for pool, _ in wishes), NOWHERE] for wishes in market.lists]
    for assignment in product(*choices):
        if all(assignment.count(pool) <= places for pool, places in market.capacity.items()):
            yield assignment


def band_optimum(market: Market, housing_first: bool):
    """The one assignment the definition names: the least key over all of them."""
    return min(feasible(market), key=lambda assignment: _key(market, assignment, housing_first))


def _key(market: Market, assignment, housing_first: bool):
    housing, ranks = [], []
    for band in range(max(market.bands, default=-1) + 1):
        members = [i for i in range(market.size) if market.bands[i] == band]
        out = tuple(assignment[i] is NOWHERE for i in members)
        housing.append((sum(out), out))
        ranks.append(sum(rank_of(market, i, assignment[i]) for i in members if assignment[i] is not NOWHERE))
    places = [
        [pool for pool, _ in wishes].index(held) if held is not NOWHERE else -1
        for wishes, held in zip(market.lists, assignment, strict=True)
    ]
    if housing_first:
        return (tuple(housing), tuple(ranks), places)
    return (tuple(zip(housing, ranks, strict=True)), (), places)


def serial(market: Market):
    left = dict(market.capacity)
    assignment = []
    for wishes in market.lists:
        held = next((pool for pool, _ in wishes if left[pool] > 0), NOWHERE)
        if held is not NOWHERE:
            left[held] -= 1
        assignment.append(held)
    return tuple(assignment)


def serial_certificate(market: Market, assignment):
    filled = {}
    for pool, places in market.capacity.items():
        holders = [i + 1 for i, held in enumerate(assignment) if held == pool]
        if len(holders) == places:
            filled[pool] = max(holders, default=0)
    return {
        "format": "allocator-certificate/1",
        "mechanism": "serial",
        "num_households": market.size,
        "num_housed": sum(held is not NOWHERE for held in assignment),
        "filled": filled,
    }


class _Levels:
    def __init__(self, market: Market, assignment, housing_first: bool) -> None:
        self.market, self.assignment, self.housing_first = market, assignment, housing_first
        self.live = {i: [pool for pool, _ in market.lists[i]] for i in range(market.size)}
        self.sealed: set[str] = set()
        self.num_bands = max(market.bands, default=-1) + 1

    def members(self, bands):
        return [i for i in range(self.market.size) if self.market.bands[i] in bands]

    def housed(self, bands):
        return [i for i in self.members(bands) if self.assignment[i] is not NOWHERE]

    def roomy(self, counted):
        held = [self.assignment[i] for i in counted]
        return {p for p, c in self.market.capacity.items() if held.count(p) < c and p not in self.sealed}

    def closing(self, band: int):
        counted = self.housed(range(band + 1))
        reach = {pool: {pool} for pool in self.market.capacity}
        for _ in self.market.capacity:
            for reached in reach.values():
                for i in counted:
                    if self.assignment[i] in reached:
                        reached |= set(self.live[i])
        closing = {}
        for i in self.members([band]):
            if self.assignment[i] is NOWHERE:
                for pool in self.live[i]:
                    holders = [j + 1 for j in self.housed([band]) if self.assignment[j] in reach[pool]]
                    closing[pool] = max(holders, default=0)
                    assert not reach[pool] & self.roomy(counted)
                    assert closing[pool] < i + 1
        return closing

    def prices(self, band: int):
        """All walks of up to C + 1 arcs, from zero everywhere; then the strikes and seals."""
        counted = self.housed(range(self.num_bands if self.housing_first else band + 1))
        arcs = [(p, "sink", 0) for p in self.roomy(counted)]
        arcs += [("sink", self.assignment[i], 0) for i in counted if self.assignment[i] not in self.sealed]
        for i in counted:
            arcs += [(self.assignment[i], q, self.weight(i, q, band)) for q in self.live[i]]
        price = dict.fromkeys([*self.market.capacity, "sink"], 0)
        for _ in range(len(price) + 1):
            price = {
                node: min([cost] + [price[tail] + w for tail, head, w in arcs if head == node])
                for node, cost in price.items()
            }
        for i in counted:
            held = self.assignment[i]
            self.live[i] = [q for q in self.live[i] if self.weight(i, q, band) + price[held] - price[q] == 0]
        fresh = {p for p in self.market.capacity if price[p] != price["sink"]} - self.sealed
        self.sealed |= fresh
        for i in set(range(self.market.size)) - set(counted):
            self.live[i] = [q for q in self.live[i] if q not in fresh]
        return price

    def weight(self, i: int, pool: str, band: int) -> int:
        if self.market.bands[i] != band:
            return 0
        return rank_of(self.market, i, pool) - rank_of(self.market, i, self.assignment[i])


def band_certificate(market: Market, assignment, housing_first: bool):
    levels = _Levels(market, assignment, housing_first)
    bands = range(levels.num_bands)
    if housing_first:
        closings = [levels.closing(band) for band in bands]
        prices = [levels.prices(band) for band in bands]
    else:
        pairs = [(levels.closing(band), levels.prices(band)) for band in bands]
        closings, prices = [one for one, _ in pairs], [other for _, other in pairs]
    return {
        "format": "allocator-certificate/1",
        "mechanism": "band_optimum",
        "housing_first": housing_first,
        "num_households": market.size,
        "num_housed": sum(held is not NOWHERE for held in assignment),
        "bands": [
            {
                "band": band,
                "num_households": len(levels.members([band])),
                "num_housed": len(levels.housed([band])),
                "total_rank": sum(rank_of(market, i, assignment[i]) for i in levels.housed([band])),
                "closing": closings[band],
                "prices": {p: d for p, d in prices[band].items() if d and p != "sink"},
                "sink_price": prices[band]["sink"],
            }
            for band in bands
        ],
    }
