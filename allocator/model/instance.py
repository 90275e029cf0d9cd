"""What a mechanism gets (配租算例) and what it gives back (配租结果), as read-only integer arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from allocator.model.enums import SolutionStatus

Ints = npt.NDArray[np.int64]
UNASSIGNED: Final = -1

# Fields of contract, section 4, that a mechanism may have to refuse.
EXTENSION_FIELDS: Final = ("priority", "current", "reserves", "max", "min", "min_soft", "rooms")


@dataclass(frozen=True, eq=False)
class Instance:
    """n households in the published order, C pools in the order of their ids, E choices.

    ``household_ids``  n names; position i stands for the household at place i + 1 of the order.
    ``band``           (n,) int64, not decreasing, dense from 0.
    ``pool_ids``       C names, sorted by code point.
    ``capacity``       (C,) int64, 0 or more.
    ``start``          (n + 1,) int64: household i's choices are ``[start[i], start[i + 1])``.
    ``pool``           (E,) int64 pool index of each choice, best first as filed.
    ``rank``           (E,) int64 rank of each choice from 1; pools liked equally share a rank; dense.
    ``extensions``     fields of contract section 4 that are present and not in the arrays, as parsed JSON,
                       keyed by the names of ``EXTENSION_FIELDS``: what a mechanism does not honour it refuses.
    ``groups``         members of each group by its name: (m,) int64 positions from 0, ascending.
    ``fingerprint``    ``sha256:...`` of the document this was read from ("" where there was none).
    """

    household_ids: Sequence[str]
    band: Ints
    pool_ids: Sequence[str]
    capacity: Ints
    start: Ints
    pool: Ints
    rank: Ints
    extensions: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ""
    groups: Mapping[str, Ints] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for array in (self.band, self.capacity, self.start, self.pool, self.rank):
            array.setflags(write=False)

    @property
    def num_households(self) -> int:
        """n."""
        return len(self.household_ids)

    @property
    def num_pools(self) -> int:
        """C."""
        return len(self.pool_ids)

    @property
    def num_bands(self) -> int:
        """Bands are dense from 0."""
        return int(self.band[-1]) + 1 if len(self.band) else 0


@dataclass(frozen=True, eq=False)
class Matching:
    """配租结果: the pool index of each household in instance order, ``UNASSIGNED`` for none."""

    assigned: Ints

    def __post_init__(self) -> None:
        self.assigned.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Solution:
    """What a mechanism answers: status, matching, certificate and a report of plain numbers.

    ``certificate`` and ``report`` are JSON documents without floats (``docs/reference/certificate.md``).
    ``chances``: of lottery mechanisms only, by household and pool, exact fractions as text.
    ``is_drawn``: false where only chances were asked for, so that nobody was assigned anything.
    """

    mechanism: str
    status: SolutionStatus
    matching: Matching
    certificate: Mapping[str, Any]
    report: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    chances: Mapping[str, Mapping[str, str]] | None = None
    is_drawn: bool = True
