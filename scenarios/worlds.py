"""The synthetic worlds as a small table of shares. Modelled on domain.md, section 6; none is a measured city."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from allocator.errors import WrongUsage
from allocator.model.enums import Branch, DwellingType, SupplyMode

BRANCHES: Final = tuple(Branch)
TYPES: Final = tuple(DwellingType)
MODES: Final = tuple(SupplyMode)
DISTRICTS: Final = ("410102", "410103", "410104", "410105", "410106", "410108", "410122", "410184")


@dataclass(frozen=True)
class World:
    """One kind of city.

    ``places_per_household``: supply over demand. ``branch_shares``: in the order of ``BRANCHES``.
    ``single_share``: households of one person; the others keep their mix among themselves.
    ``type_shares``: places by dwelling type, in the order of ``TYPES``.
    ``main_employer_staff``: share of all households that work for the first employer;
    ``main_employer_places``: share of all places that stand in its own projects.
    """

    places_per_household: float
    branch_shares: tuple[float, float, float, float]
    single_share: float
    type_shares: tuple[float, float, float, float, float]
    main_employer_staff: float
    main_employer_places: float


WORLDS: Final[Mapping[str, World]] = MappingProxyType(
    {
        # 1 place for 4 households.
        "shortage": World(1 / 4, (0.30, 0.15, 0.37, 0.18), 0.62, (0.35, 0.23, 0.22, 0.16, 0.04), 0.06, 0.05),
        # 1,551 dwellings opened, 362 applications came.
        "undersubscribed": World(
            1551 / 362, (0.30, 0.15, 0.37, 0.18), 0.62, (0.20, 0.25, 0.30, 0.20, 0.05), 0.06, 0.05
        ),
        # One plant: 10,000 beds for 12,000 staff, and a quarter as many other households.
        "employer": World(
            11 / 15, (0.08, 0.05, 0.07, 0.80), 0.80, (0.90, 0.04, 0.03, 0.02, 0.01), 0.80, 10 / 11
        ),
        # Mostly dormitory beds.
        "dormitory": World(1 / 2, (0.12, 0.18, 0.45, 0.25), 0.85, (0.82, 0.08, 0.05, 0.04, 0.01), 0.08, 0.08),
    }
)


def world_named(name: str) -> World:
    """The world of that name; an unknown one is wrong usage and lists them all."""
    if name not in WORLDS:
        raise WrongUsage("world_unknown", value=name, known=", ".join(WORLDS))
    return WORLDS[name]


def whole_shares(total: int, shares: np.ndarray) -> np.ndarray:
    """``total`` split by shares into whole numbers (largest remainder; ties to the earlier)."""
    exact = total * np.asarray(shares, dtype=np.float64) / np.sum(shares)
    counts = np.floor(exact).astype(np.int64)
    rest = total - int(counts.sum())
    counts[np.argsort(-(exact - counts), kind="stable")[:rest]] += 1
    return counts
