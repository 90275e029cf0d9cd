"""What one more home is worth at a site: by the file, or by the prices of its pools in an allocation.

A price says what a place more would change in the allocation that was made (somebody housed, ranks saved); how many listed the
pool does not enter: lists count everybody as often as they name pools. See docs/reference/supply-portfolio.md.
"""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from allocator.policy.faults import Faults
from scenarios.ownership_prices import half_up
from scenarios.portfolio_files import GREATEST_WORTH, Portfolio

RANK: Final = 1000  # the worth of one rank saved
MAX_BYTES: Final = 512 << 20
_CERTIFICATE, _POOLS = "certificate.json", "pools.csv"
# Fields of certificates with quotas, reserves or tenants, whose prices are of cells and not of pools.
_OF_CELLS: Final = ("shortfall", "reserved_filled", "prices", "sink_price")


def worths(asked: Portfolio, place: Path, faults: Faults) -> dict[str, int]:
    """Worth by site; faults of the allocation with file and key. A path in the file counts from the file's folder."""
    given = {site.name: site.worth for site in asked.sites if site.worth is not None}
    if asked.prices is not None:
        allocation = place.parent / asked.prices.allocation
        content = _allocation(allocation, place.name, faults)
        if content is None:
            return {}
        certificate, known = content
        by_pool = {pool: _worth_of(certificate, pool, asked.prices.housed_ranks) for pool in known}
        for number, site in enumerate(asked.sites):
            for pool in sorted(set(site.pools or ()) - known):
                faults.add(
                    "portfolio_pool_unknown",
                    place.name,
                    f"sites.{number}.pools",
                    value=pool,
                    path=allocation.name,
                )
            if site.pools is not None and not set(site.pools) - known:
                total = sum(part * by_pool[pool] for pool, part in site.pools.items())
                given[site.name] = min(GREATEST_WORTH, half_up(Fraction(total, sum(site.pools.values()))))
    if not len(faults) and not any(given.values()):
        faults.add("portfolio_worthless", place.name, "sites")
    return given


def _worth_of(certificate: dict[str, Any], pool: str, housed_ranks: int) -> int:
    """``housed_ranks`` if a place more houses one household more, and the ranks it saves the first band that gains."""
    houses = any(pool in band["closing"] for band in certificate["bands"])
    gains = (band["sink_price"] - band["prices"].get(pool, 0) for band in certificate["bands"])
    return RANK * (housed_ranks * houses + next((gain for gain in gains if gain > 0), 0))


def _allocation(place: Path, file: str, faults: Faults) -> tuple[dict[str, Any], set[str]] | None:
    """The certificate, and every pool that stands in the allocation."""
    key = "prices.allocation"
    source = place / _CERTIFICATE if place.is_dir() else place
    try:
        document = _document(source)
        certificate: dict[str, Any] = document.get("certificate", document)
        is_plain = _is_plain(certificate)
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError) as fault:
        faults.add("portfolio_allocation_unread", file, key, path=source.name, reason=_reason(fault))
        return None
    if not is_plain:
        faults.add("portfolio_allocation_unpriced", file, key, path=source.name)
        return None
    known = {pool for band in certificate["bands"] for name in ("closing", "prices") for pool in band[name]}
    known |= {pool for pool in (document.get("assignment") or {}).values() if isinstance(pool, str)}
    if place.is_dir() and (place / _POOLS).is_file():
        with (place / _POOLS).open(encoding="utf-8-sig", newline="") as rows:
            known |= {row["pool"] for row in csv.DictReader(rows) if row.get("pool")}
    return certificate, known


def _document(source: Path) -> dict[str, Any]:
    with source.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"> {MAX_BYTES} bytes")
    document = json.loads(content)
    if not isinstance(document, dict):
        raise TypeError("no JSON object")
    return document


def _is_plain(certificate: dict[str, Any]) -> bool:
    """Prices of pools: ``band_optimum`` without quotas, reserves and tenants."""
    if certificate.get("mechanism", "") != "band_optimum" or any(name in certificate for name in _OF_CELLS):
        return False
    return all(
        band["band"] >= 0
        and isinstance(band["sink_price"], int)
        and all(isinstance(price, int) for price in band["prices"].values())
        and not any("|" in pool for pool in (*band["closing"], *band["prices"]))
        for band in certificate["bands"]
    )


def _reason(fault: Exception) -> str:
    return getattr(fault, "strerror", None) or (f"no {fault}" if isinstance(fault, KeyError) else str(fault))
