"""Common random numbers: every household x month x purpose has a number of its own.

A number hangs on its key alone (a counter-based hash, the finaliser of splitmix64), never on how many were drawn
before. So two scenarios of one replication meet the same luck, and their difference is about policy.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_PURPOSES: Final = 64
_SPREAD: Final = 10.0


class Purpose(IntEnum):
    """What a number is drawn for; the numbers are part of a scenario's meaning and never change."""

    PROFILE = 1
    ARRIVALS = 2
    LEAVES_LIST = 3
    EXITS = 4
    REFUSES = 5
    INCOME_SIZE = 6
    INCOME_ANGLE = 7
    WISHES_TRANSFER = 8
    SINCE = 9
    STAFF_STAYS_AWAY = 10
    STAFF_LEAVES = 11
    ROOM = 12


def mixed(numbers: Any) -> Keys:
    """Well-spread 64 bits for each whole number."""
    with np.errstate(over="ignore"):  # the wrap around is the hash
        z = np.asarray(numbers, dtype=np.uint64) + _STEP
        z = (z ^ (z >> np.uint64(30))) * _FIRST
        z = (z ^ (z >> np.uint64(27))) * _SECOND
    return np.asarray(z ^ (z >> np.uint64(31)), dtype=np.uint64)


def keys_of(seed: int, replication: int, numbers: Any) -> Keys:
    """A key for each household number of this seed and replication."""
    base = int.from_bytes(hashlib.sha256(f"{seed}/{replication}".encode()).digest()[:8], "big")
    return mixed(mixed(np.asarray(numbers, dtype=np.int64).astype(np.uint64)) ^ np.uint64(base))


def uniforms(keys: Keys, month: int, purpose: Purpose) -> Floats:
    """A number in [0, 1) for each key in that month (-1 and more) for that purpose."""
    counter = mixed(np.uint64((month + 1) * _PURPOSES + int(purpose)))
    return (mixed(keys ^ counter) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normals(keys: Keys, month: int) -> Floats:
    """A standard normal number for each key (Box and Muller 1958)."""
    size = np.sqrt(-2.0 * np.log1p(-uniforms(keys, month, Purpose.INCOME_SIZE)))
    return np.asarray(size * np.cos(2.0 * np.pi * uniforms(keys, month, Purpose.INCOME_ANGLE)))


def poisson(share: float, mean: float) -> int:
    """The number at ``share`` of the Poisson distribution: never smaller for a greater mean."""
    if mean <= 0:
        return 0
    counts = np.arange(int(mean + _SPREAD * np.sqrt(mean)) + 20, dtype=np.float64)
    logs = np.cumsum(np.log(np.maximum(counts, 1.0)))
    below = np.cumsum(np.exp(counts * np.log(mean) - mean - logs))
    return int(np.searchsorted(below, share, side="right"))


def draw_seed(seed: int, replication: int, month: int) -> str:
    """Hex seed of the month's draw: as public and as fixed as the scenario file."""
    return hashlib.sha256(f"allocator-scenario/1\n{seed}\n{replication}\n{month}\n".encode()).hexdigest()
