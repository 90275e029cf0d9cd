"""``band_optimum`` with maxima, minima, reserves and sitting tenants: levels in the order of the law.

Shortfall of the soft minima, places reserved and filled by members, the tenants' ranks, then the bands; each level
exact and fixed before the next (``docs/reference/certificate.md``).
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

import numpy as np

from allocator.mechanisms.infeasible import advice
from allocator.mechanisms.quota_housing import house_band
from allocator.mechanisms.quota_leaves import keys_of
from allocator.mechanisms.quota_levels import fill_needs, improve_ranks
from allocator.mechanisms.quota_market import LeafMarket
from allocator.mechanisms.quota_network import Network, laminar_or_crossing
from allocator.mechanisms.quota_prices import LeafPrices
from allocator.mechanisms.quota_report import level_prices
from allocator.mechanisms.quota_sets import Crossing
from allocator.mechanisms.quota_ties import settle_ties
from allocator.mechanisms.report import CERTIFICATE_FORMAT, rank_counts
from allocator.model.enums import SolutionStatus
from allocator.model.instance import UNASSIGNED, Instance, Ints, Matching, Solution

NAME: Final = "band_optimum"
FIELDS: Final = frozenset({"current", "reserves", "max", "min", "min_soft"})
_NEEDS: Final = ("min", "min_soft", "reserves")
TENANTS: Final = -1


def band_optimum_with_quotas(instance: Instance, *, housing_first: bool, housed: str | None) -> Solution:
    """The assignment of an instance with any of ``FIELDS``; unique like that without.

    Where no assignment keeps the bounds: status ``INFEASIBLE``, nobody assigned, and ``report.advice``. Where two sets
    cross this is no flow, and ``crossing_optimum`` answers. Elsewhere ``housed`` changes nothing: as many as can be
    are housed and the earlier first, both.
    """
    network = laminar_or_crossing(instance)
    options = {"housing_first": housing_first, "housed": housed}
    if isinstance(network, Crossing):
        # Constraint programming takes long to load, and few instances cross.
        from allocator.mechanisms.crossing import crossing_optimum

        crossing = (network.one, network.other)
        return crossing_optimum(instance, crossing, housing_first=housing_first, housed=housed)
    solving = _Solving(instance, network, housing_first)
    if not solving.run():
        return Solution(
            mechanism=NAME,
            status=SolutionStatus.INFEASIBLE,
            matching=Matching(np.full(instance.num_households, UNASSIGNED, np.int64)),
            certificate={},
            report={"code": "mechanism_infeasible", "advice": advice(instance, network)},
            options=options,
            is_drawn=False,
        )
    return Solution(
        mechanism=NAME,
        status=SolutionStatus.OPTIMAL,
        matching=Matching(solving.assigned),
        certificate=solving.certificate(),
        report=solving.report(),
        options=options,
    )


class _Solving:
    """One run: the levels in turn, and the figures each leaves behind."""

    def __init__(self, instance: Instance, network: Network, housing_first: bool) -> None:
        listing = network.listing
        self.instance = instance
        self.network = network
        self.housing_first = housing_first
        self.market = LeafMarket(listing, network.arcs, network.num_nodes)
        edges = np.searchsorted(instance.band, np.arange(instance.num_bands + 1)).tolist()
        self.spans = list(itertools.pairwise(edges))
        # (n,) the level that counts each household's rank: its band, or the tenants'.
        self.level = np.where(listing.own >= 0, TENANTS, instance.band)
        self.has_tenants = bool((listing.own >= 0).any())
        self.keys = keys_of(instance, listing)
        self.needs: dict[str, Any] = {}
        self.closing: dict[int, dict[int, int]] = {TENANTS: {}}
        self.prices: dict[int, LeafPrices] = {}
        self.with_needs = self.market

    def run(self) -> bool:
        """All levels and the ties; false where nothing is feasible."""
        if not self._fill_needs():
            return False
        self.with_needs = self.market.snapshot()
        if self.has_tenants and not self.housing_first:
            self._improve(TENANTS)
        for band, (first, last) in enumerate(self.spans):
            self.closing[band] = house_band(self.market, first, last)
            if not self.housing_first:
                self._improve(band)
        if self.housing_first:
            for level in [TENANTS] * self.has_tenants + list(range(len(self.spans))):
                self._improve(level)
        settle_ties(self.market)
        return True

    def _fill_needs(self) -> bool:
        has_needs = any(name in self.instance.extensions for name in _NEEDS)
        if not (has_needs or self.has_tenants):
            return True
        is_hopeless = any(quota.get("min") for quota in self.network.forest.empty)
        prices = None if is_hopeless else fill_needs(self.market, self.network)
        if prices is None:
            return False
        if has_needs:
            filled = self.market.filled
            self.needs = {
                "shortfall": self.network.all_soft - int((filled * self.network.soft).sum()),
                "reserved_filled": int((filled * self.network.reserved).sum()),
                **self._priced(prices),
            }
        return True

    def _improve(self, level: int) -> None:
        is_counted = self.level[self.market.movable.households] == level
        self.prices[level] = improve_ranks(self.market, is_counted)

    def _priced(self, prices: LeafPrices) -> dict[str, Any]:
        priced = np.flatnonzero(prices.leaves)
        values = prices.leaves[priced].tolist()
        return {
            "prices": {self.keys[leaf]: value for leaf, value in zip(priced.tolist(), values, strict=True)},
            "sink_price": prices.sink,
        }

    @cached_property
    def held(self) -> Ints:
        """(n,) the choice each household holds, -1 for none."""
        listing, at = self.network.listing, self.market.at
        household = np.repeat(np.arange(len(at)), np.diff(listing.start))
        taken = np.flatnonzero(listing.leaf == at[household])
        held = np.full(len(at), -1, np.int64)
        held[household[taken]] = taken
        return held

    @property
    def assigned(self) -> Ints:
        """(n,) the pool of each household or ``UNASSIGNED``."""
        pool = np.append(self.network.listing.pool, UNASSIGNED)
        return pool[self.held]

    def certificate(self) -> dict[str, Any]:
        """As ``docs/reference/certificate.md`` lists it."""
        levels = [TENANTS] * self.has_tenants + list(range(len(self.spans)))
        return {
            "format": CERTIFICATE_FORMAT,
            "mechanism": NAME,
            "housing_first": self.housing_first,
            "num_households": len(self.level),
            "num_housed": int((self.held >= 0).sum()),
            **self.needs,
            "bands": [self._band_figures(level) for level in levels],
        }

    def _band_figures(self, level: int) -> dict[str, Any]:
        counted = self.level == level
        held = self.held[counted]
        held = held[held >= 0]
        return {
            "band": level,
            "num_households": int(counted.sum()),
            "num_housed": len(held),
            "total_rank": int(self.network.listing.rank[held].sum()),
            "closing": {self.keys[leaf]: position for leaf, position in self.closing[level].items()},
            **self._priced(self.prices[level]),
        }

    def report(self) -> dict[str, Any]:
        """Households by rank; of tenants how many stay; what each level above the bands costs."""
        listing, held = self.network.listing, self.held
        report = rank_counts(replace(self.instance, rank=listing.rank), held)
        if self.has_tenants:
            at_home = listing.pool[held[held >= 0]] == listing.own[held >= 0]
            report["num_staying"] = int(at_home.sum())
        if "reserves" in self.instance.extensions:
            report["reserve_order"] = "own_reserve_first"
        levels = level_prices(self.instance, self.network, self.with_needs, int((held >= 0).sum()))
        return {**report, "levels": levels} if levels else report
