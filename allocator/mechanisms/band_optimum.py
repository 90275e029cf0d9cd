"""``band_optimum``: band by band, as many as can be housed, then the best ranks in total (design, section 3)."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from allocator.mechanisms.housing import house_bands
from allocator.mechanisms.market import Market
from allocator.mechanisms.pool_prices import Prices
from allocator.mechanisms.quota_optimum import FIELDS, NAME, band_optimum_with_quotas
from allocator.mechanisms.ranks import improve_band
from allocator.mechanisms.report import CERTIFICATE_FORMAT, rank_counts
from allocator.mechanisms.ties import settle_ties
from allocator.model.enums import SolutionStatus
from allocator.model.instance import Instance, Matching, Solution


def band_optimum(instance: Instance, *, housing_first: bool = False, housed: str | None = None) -> Solution:
    """The band-lexicographic assignment; unique, so no solver or version chooses the tenants.

    Quotas, reserves and sitting tenants go another way (``quota_optimum``).

    ``housing_first``: who is housed is settled for every band before any band's ranks are looked at.
    ``housed`` names the aim that wins where quotas set them at odds; without quotas they never are.
    """
    if FIELDS & instance.extensions.keys():
        return band_optimum_with_quotas(instance, housing_first=housing_first, housed=housed)
    market = Market(instance)
    edges = np.searchsorted(instance.band, np.arange(instance.num_bands + 1)).tolist()
    spans = list(itertools.pairwise(edges))
    closing: list[dict[int, int]] = []
    prices: list[Prices] = []
    for together in [spans] if housing_first else [[span] for span in spans]:
        closing += house_bands(market, together)
        prices += [improve_band(market, first, last) for first, last in together]
    settle_ties(market)
    figures = [
        _band_figures(market, number, span, closing[number], prices[number])
        for number, span in enumerate(spans)
    ]
    return Solution(
        mechanism=NAME,
        status=SolutionStatus.OPTIMAL,
        matching=Matching(market.assigned),
        certificate=_certificate(instance, housing_first, figures),
        report=rank_counts(instance, market.held),
        options={"housing_first": housing_first, "housed": housed},
    )


def _certificate(instance: Instance, housing_first: bool, figures: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "format": CERTIFICATE_FORMAT,
        "mechanism": NAME,
        "housing_first": housing_first,
        "num_households": instance.num_households,
        "num_housed": sum(band["num_housed"] for band in figures),
        "bands": figures,
    }


def _band_figures(
    market: Market, number: int, span: tuple[int, int], closing: dict[int, int], prices: Prices
) -> dict[str, Any]:
    """The figures of one band as ``docs/reference/certificate.md`` lists them."""
    names = market.instance.pool_ids
    held = market.held[span[0] : span[1]]
    held = held[held >= 0]
    priced = np.flatnonzero(prices.pools)
    return {
        "band": number,
        "num_households": span[1] - span[0],
        "num_housed": len(held),
        "total_rank": int(market.instance.rank[held].sum()),
        "closing": {names[pool]: position for pool, position in closing.items()},
        "prices": {
            names[pool]: price
            for pool, price in zip(priced.tolist(), prices.pools[priced].tolist(), strict=True)
        },
        "sink_price": prices.sink,
    }
