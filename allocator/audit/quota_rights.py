"""``band_optimum`` with quotas, reserves or tenants: what everybody is owed, and the door to its judgement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from allocator.audit.crossing import judge_crossing
from allocator.audit.judgement import Judgement
from allocator.audit.quota_leaves import Leaves, leaves_of
from allocator.audit.quota_levels import judge_quotas
from allocator.audit.quota_network import Bound, Nest, nest_of, quotas_in, right_of
from allocator.audit.quota_seating import places_of, seat
from allocator.model.instance import Instance, Ints

Witness = Mapping[str, object]
HONOURED: Final = frozenset({"current", "reserves", "max", "min", "min_soft"})
OWN_LAWS: Final = ("shortfall", "reserved", "housing", "rank_optimality", "tie_rule")


@dataclass(frozen=True, eq=False)
class BandQuotas:
    """One assignment (n,) under the bounds of an instance. ``load`` (L,) households per leaf."""

    instance: Instance
    assigned: Ints
    leaves: Leaves
    held: Ints
    load: Ints
    quotas: list[Bound]
    nest: Nest | tuple[str, str]

    def rights(self) -> Iterator[tuple[str, list[Witness]]]:
        """Lists and tenants kept, bounds kept, a seat for everybody, no field passed over."""
        yield "individually_rational", list(self._named((self.leaves.own < 0) & (self.assigned >= 0)))
        yield "tenants_kept", list(self._named(self.leaves.own >= 0))
        yield "maxima", list(self._outside("max"))
        yield "minima", list(self._outside("min"))
        yield "reserves", list(self._without_seat())
        unserved: list[Witness] = [
            {"field": name} for name in sorted(set(self.instance.extensions) - HONOURED)
        ]
        yield "fields_honoured", unserved

    def _named(self, asked: Any) -> Iterator[Witness]:
        """Of those asked about, who holds nothing it may hold."""
        for household in np.flatnonzero(asked & (self.held < 0)).tolist():
            pool = int(self.assigned[household])
            named = {"pool": self.instance.pool_ids[pool]} if pool >= 0 else {}
            yield {"household": self.instance.household_ids[household], **named}

    def _outside(self, bound: str) -> Iterator[Witness]:
        for quota in self.quotas:
            load = int(self.load[quota.leaves].sum())
            if bound == "max" and load > quota.most:
                yield {"quota": quota.name, "load": load, "max": quota.most}
            if bound == "min" and load < quota.least:
                yield {"quota": quota.name, "load": load, "min": quota.least}

    def _without_seat(self) -> Iterator[Witness]:
        """Pools with reserves in which not everybody can have a place it may take."""
        for pool, places in places_of(self.instance).items():
            inside = np.flatnonzero((self.leaves.pool_of == pool) & (self.load > 0)).tolist()
            rights = [[right_of(self.leaves, place, leaf) for place in places] for leaf in inside]
            load = [int(self.load[leaf]) for leaf in inside]
            if seat(load, rights, [place.number for place in places]) is None:
                yield {"pool": self.instance.pool_ids[pool], "load": sum(load)}

    def judge(self, solution: Mapping[str, Any]) -> Judgement:
        """Levels and certificate; the rights hold by now. Bounds that cross are judged by their proofs."""
        options = solution.get("options", {})
        housing_first = isinstance(options, Mapping) and options.get("housing_first") is True
        if isinstance(self.nest, tuple):
            return judge_crossing(self.instance, self.assigned, solution, housing_first=housing_first)
        return judge_quotas(self.instance, self.leaves, self.nest, self.held, housing_first=housing_first)


def band_quotas(instance: Instance, assigned: Ints) -> BandQuotas:
    """Read the bounds afresh. O(E log E)."""
    leaves = leaves_of(instance)
    held = leaves.held(assigned)
    load = np.bincount(leaves.leaf[held[held >= 0]], minlength=leaves.num_leaves)
    quotas = quotas_in(instance, leaves)
    nest = nest_of(instance, leaves, quotas)
    return BandQuotas(instance, assigned, leaves, held, load, quotas, nest)
