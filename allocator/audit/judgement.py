"""What a mechanism's laws say about one assignment: the recomputed certificate and every breach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from allocator.model.instance import Instance, Ints

Bools = npt.NDArray[np.bool_]
FORMAT: Final = "allocator-certificate/1"


@dataclass(frozen=True)
class Breach:
    """One witness against a law: a household, a pool, or both ("" where there is none)."""

    law: str
    household: str = ""
    pool: str = ""
    band: int = -1

    def witness(self) -> dict[str, object]:
        """The witness without empty fields."""
        fields: dict[str, object] = {"household": self.household, "pool": self.pool, "band": self.band}
        return {name: value for name, value in fields.items() if value not in {"", -1}}


@dataclass(frozen=True)
class Judgement:
    """``certificate`` is None where a breach keeps it from being computed."""

    certificate: Mapping[str, Any] | None
    breaches: tuple[Breach, ...]


@dataclass(frozen=True, eq=False)
class Seats:
    """Where everybody sits, seen from the lists.

    ``owner`` (E,) household index of each choice; ``own_choice`` (n,) index of the choice held, -1 for
    none; ``stray`` housed households whose pool is not on their list.
    """

    owner: Ints
    own_choice: Ints
    stray: Ints


def seats_of(instance: Instance, assigned: Ints) -> Seats:
    """Find everybody's held choice. O(E)."""
    households = np.arange(instance.num_households)
    owner = np.repeat(households, np.diff(instance.start))
    held = np.flatnonzero(instance.pool == assigned[owner])
    own_choice = np.full(instance.num_households, -1, dtype=np.int64)
    own_choice[owner[held][::-1]] = held[::-1]
    return Seats(owner, own_choice, np.flatnonzero((assigned >= 0) & (own_choice < 0)))


def loads_of(instance: Instance, assigned: Ints) -> Ints:
    """Households per pool, (C,)."""
    return np.bincount(assigned[assigned >= 0], minlength=instance.num_pools).astype(np.int64)
