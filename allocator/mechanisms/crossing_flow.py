"""``band_optimum`` where the quotas that bind are a flow though they cross: at the size of a city, with proofs.

Quotas that keep themselves are left out: if the optimum without them keeps them, it is the optimum with them. So only
those that bind have to part into two families (``crossing_families``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from allocator.mechanisms.crossing_advice import count_held, flow_advice
from allocator.mechanisms.crossing_families import Families, claims_counted, two_sides
from allocator.mechanisms.crossing_layout import InfeasibleError, NoFlowError, layout_of
from allocator.mechanisms.crossing_market import CrossingMarket, Prices
from allocator.mechanisms.crossing_program import Quota, quotas_of, ranks_of
from allocator.mechanisms.crossing_walk import Refusal, Walk
from allocator.mechanisms.wishes import Wishes, wishes_of
from allocator.model.instance import Instance, Ints

TENANTS: Final = -1


@dataclass(frozen=True, eq=False)
class Impossible:
    """Nothing keeps every bound. ``advice`` as the report has it; ``None`` where not all quotas together are a flow."""

    advice: dict[str, Any] | None


@dataclass(eq=False)
class Found:
    """``held`` (n,) the claim of each household, -1 for none; ``figures`` and ``proofs`` as the certificate has them."""

    held: Ints
    figures: dict[str, Any]
    proofs: list[dict[str, Any]] = field(default_factory=list)


def flow_optimum(
    instance: Instance, *, housing_first: bool, most_first: bool
) -> Found | Impossible | tuple[str, str]:
    """The assignment; why there is none; or two quotas that bind and are no flow together."""
    wishes = wishes_of(instance)
    quotas = [quota for quota in quotas_of(instance) if _can_bind(instance, wishes, quota)]
    needed: list[Quota] = []
    while True:
        families = _families(wishes, needed, quotas)
        if isinstance(families, tuple):
            return families
        try:
            crossing = _market(instance, wishes, families)
        except NoFlowError as fault:
            return str(fault.args[0]), str(fault.args[1])
        except InfeasibleError:
            if len(families.all) < len(quotas):
                return Impossible(None)
            return Impossible(flow_advice(instance, wishes, families))
        found = _Levels(instance, wishes, crossing).run(housing_first=housing_first, most_first=most_first)
        served = {quota.name for quota in families.all}
        left_out = [quota for quota in quotas if quota.name not in served]
        broken = [quota for quota in left_out if not _is_kept(wishes, quota, found.held)]
        if not broken:
            return found
        needed = [quota for quota in quotas if quota in needed or quota in broken]


def _market(instance: Instance, wishes: Wishes, families: Families) -> CrossingMarket:
    """Later bands may sleep where no minimum and no reserve can need them."""
    layout = layout_of(instance, wishes, families)
    needs = any(quota.least or quota.least_soft for quota in families.all)
    may_sleep = not (needs or "reserves" in instance.extensions)
    return CrossingMarket(layout, (wishes.own < 0) & (layout.outside >= 0) & may_sleep)


def _can_bind(instance: Instance, wishes: Wishes, quota: Quota) -> bool:
    """Whether the quota says more than that households hold one place and pools have so many."""
    if quota.least or quota.least_soft:
        return True
    people = len(np.unique(wishes.household[claims_counted(wishes, quota)]))
    places = int(instance.capacity[list(quota.pools)].sum())
    return quota.most is not None and quota.most < min(people, places)


def _families(wishes: Wishes, needed: list[Quota], quotas: Sequence[Quota]) -> Families | tuple[str, str]:
    """Two families of those needed and of as many others as fit, by id."""
    families = two_sides(wishes, quotas)
    if isinstance(families, Families):
        return families
    chosen = list(needed)
    families = two_sides(wishes, chosen)
    for quota in quotas:
        if isinstance(families, tuple):
            return families
        if quota not in chosen:
            wider = two_sides(wishes, [*chosen, quota])
            if isinstance(wider, Families):
                families, chosen = wider, [*chosen, quota]
    return families


def _is_kept(wishes: Wishes, quota: Quota, held: Ints) -> bool:
    count = count_held(wishes, quota, held)
    return max(quota.least or 0, quota.least_soft or 0) <= count and (
        quota.most is None or count <= quota.most
    )


class _Levels:
    """The levels in turn, and the proof of each in the order of ``docs/reference/crossing.md``."""

    def __init__(self, instance: Instance, wishes: Wishes, crossing: CrossingMarket) -> None:
        self.crossing = crossing
        self.wishes = wishes
        rank = ranks_of(instance, wishes)
        self.is_tenant = wishes.own >= 0
        # (n,) the band of each, the tenants' before all.
        self.band = np.where(self.is_tenant, TENANTS, instance.band)
        self.num_bands = instance.num_bands
        listing = crossing.market.listing
        self.cost = np.zeros(len(listing.leaf), np.int64)
        self.cost[crossing.is_home(np.arange(len(listing.leaf)))] = rank
        self.has_claims = np.diff(wishes.start) > 0
        self.rank = rank
        self.proofs: list[dict[str, Any]] = []
        self.soft = [quota for quota in quotas_of(instance) if quota.least_soft]
        self.reserved = np.flatnonzero(crossing.layout.filled)
        self.needs = {"shortfall": 0, "reserved_filled": 0}

    def run(self, *, housing_first: bool, most_first: bool) -> Found:
        bands = [TENANTS] * bool(self.is_tenant.any()) + list(range(self.num_bands))
        self._fill_needs()
        for band in bands:
            members = np.flatnonzero((self.band == band) & self.has_claims)
            if len(members):
                self._house(members, most_first=most_first)
                if not housing_first:
                    self._rank(band)
        if housing_first:
            for band in bands:
                if ((self.band == band) & self.has_claims).any():
                    self._rank(band)
        self._settle()
        held = self.crossing.held()
        return Found(held, self._figures(bands, held), self.proofs)

    def _fill_needs(self) -> None:
        """The least shortfall, then as many places reserved as can be held by members."""
        crossing, layout = self.crossing, self.crossing.layout
        if self.soft:
            self._proved(
                sorted([*crossing.level(inner_cost=layout.short), *([row, -1] for row in layout.lacking)])
            )
        if len(self.reserved):
            self._proved(crossing.level(inner_cost=layout.filled))
            self.needs["reserved_filled"] = -int((crossing.market.flow * layout.filled).sum())

    def _house(self, members: Ints, *, most_first: bool) -> None:
        crossing = self.crossing
        crossing.wake(members)
        if most_first:
            movable = crossing.market.movable
            is_counted = np.zeros(len(self.band), bool)
            is_counted[members] = True
            is_out = ~crossing.is_home(movable.edges) & is_counted[movable.households][movable.owner]
            self._proved(crossing.level(is_out.astype(np.int64)))
        walk = Walk(crossing)
        self._refused(walk.house(members.tolist()))
        walk.close()

    def _rank(self, band: int) -> None:
        movable = self.crossing.market.movable
        is_counted = self.band[movable.households] == band
        cost = np.where(is_counted[movable.owner], self.cost[movable.edges], 0)
        self._proved(self.crossing.level(cost))

    def _settle(self) -> None:
        """Ties: the housed in order."""
        listing = self.crossing.market.listing
        housed = np.flatnonzero(self.crossing.held() >= 0)
        walk = Walk(self.crossing)
        self._refused(walk.settle(housed.tolist(), listing.leaf[listing.start[housed]].tolist()))
        walk.close()

    def _proved(self, prices: Prices) -> None:
        self.proofs.append({"over": 1, "prices": prices})

    def _refused(self, refusals: Iterable[Refusal]) -> None:
        number_of: dict[int, int] = {}
        for refusal in refusals:
            if refusal.prices is None:
                self.proofs.append({"as": number_of[refusal.cut]})
            else:
                number_of[refusal.cut] = len(self.proofs)
                self._proved(refusal.prices)

    def _figures(self, bands: list[int], held: Ints) -> dict[str, Any]:
        figures = []
        for band in bands:
            members = self.band == band
            mine = held[members]
            mine = mine[mine >= 0]
            figures.append(
                {
                    "band": band,
                    "num_households": int(members.sum()),
                    "num_housed": len(mine),
                    "total_rank": int(self.rank[mine].sum()),
                }
            )
        counts = [(quota.least_soft, count_held(self.wishes, quota, held)) for quota in self.soft]
        self.needs["shortfall"] = sum(max(0, (wish or 0) - count) for wish, count in counts)
        return {**self.needs, "bands": figures}
