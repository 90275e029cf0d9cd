"""``INFEASIBLE``: the bounds said to be at odds are at odds, by counting (certificate.md, law ``infeasible``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from allocator.audit.crossing import proves_nothing_possible
from allocator.audit.judgement import Bools
from allocator.audit.quota_leaves import Leaves, leaves_of, quotas_of
from allocator.audit.quota_network import Bound, quotas_in, right_of
from allocator.audit.quota_seating import places_of
from allocator.model.instance import Instance, Ints

Witness = Mapping[str, object]


@dataclass(frozen=True, eq=False)
class _Case:
    instance: Instance
    leaves: Leaves
    quotas: dict[str, Bound]

    def needed(self, names: list[str]) -> tuple[Bools, int] | None:
        """(L,) the leaves of these quotas, none of which share any, and the people their minima ask for."""
        within = np.zeros(self.leaves.num_leaves, dtype=np.bool_)
        total = 0
        for name in names:
            quota = self.quotas.get(name)
            if quota is None or within[quota.leaves].any():
                return None
            within[quota.leaves] = True
            total += quota.least
        return within, total

    def named(self, names: list[str]) -> dict[str, list[str]]:
        """The groups and pools these quotas count."""
        mine = [quota for quota in quotas_of(self.instance) if quota["id"] in names]
        return {
            "groups": sorted({group for quota in mine for group in quota.get("groups") or ()}),
            "pools": sorted({pool for quota in mine for pool in quota["pools"]}),
        }

    def covering(self, limits: list[tuple[str, int]]) -> Ints | None:
        """(L,) how many limits somebody at a leaf uses up a place of: maxima, capacities, and kinds of place
        (``pool/group``, ``pool/`` open), which count where all kinds the leaf has a right to are named.
        """
        over = np.zeros(self.leaves.num_leaves, dtype=np.int64)
        kinds = self._kinds()
        named: dict[int, set[int]] = {}
        for name, most in limits:
            quota = self.quotas.get(name)
            is_quota = quota is not None and quota.most == most
            is_pool = name in self.instance.pool_ids and self._capacity(name) == most
            if (is_quota or is_pool) and limits.count((name, most)) > 1:
                return None
            if quota is not None and is_quota:
                over[quota.leaves] += 1
            elif is_pool:
                over[self.leaves.pool_of == self.instance.pool_ids.index(name)] += 1
            else:
                left = [one for one in kinds.get((name, most), []) if one[1] not in named.get(one[0], ())]
                if not left:
                    return None
                named.setdefault(left[0][0], set()).add(left[0][1])
        for pool, numbers in named.items():
            places = places_of(self.instance)[pool]
            for leaf in np.flatnonzero(self.leaves.pool_of == pool).tolist():
                may = {number for number, place in enumerate(places) if right_of(self.leaves, place, leaf)[0]}
                over[leaf] += may <= numbers
        return over

    def _capacity(self, name: str) -> int:
        return int(self.instance.capacity[self.instance.pool_ids.index(name)])

    def _kinds(self) -> dict[tuple[str, int], list[tuple[int, int]]]:
        found: dict[tuple[str, int], list[tuple[int, int]]] = {}
        for pool, places in places_of(self.instance).items():
            # Of two reserves alike the released one first: whoever may take the other may take it too.
            for number, place in sorted(enumerate(places), key=lambda one: not one[1].is_released):
                name = f"{self.instance.pool_ids[pool]}/{place.group or ''}"
                found.setdefault((name, place.number), []).append((pool, number))
        return found

    def count(self, needed: Bools, over: Ints) -> tuple[int, int]:
        """Tenants who use up a limit wherever they are (one more where they also count for a minimum); households
        that can count for a minimum and use up none.
        """
        leaves = self.leaves
        is_short = (over < 1 + needed)[leaves.leaf]
        is_loose = (needed & (over == 0))[leaves.leaf]
        loose = np.zeros(self.instance.num_households, dtype=np.bool_)
        loose[leaves.household[is_loose]] = True
        short = np.zeros(self.instance.num_households, dtype=np.bool_)
        short[leaves.household[is_short]] = True
        return int(((leaves.own >= 0) & ~short).sum()), int(loose.sum())


def is_claimed(solution: Mapping[str, Any]) -> bool:
    """Whether this is a mechanism with minima that says its bounds are at odds."""
    return solution.get("status") == "INFEASIBLE" and solution.get("mechanism") in (
        "band_optimum",
        "leximin_lottery",
    )


def disproved(instance: Instance, report: object) -> Iterator[Witness]:
    """What of the advice does not hold; nothing where it proves that no assignment is possible."""
    advice = report.get("advice") if isinstance(report, Mapping) else None
    if not isinstance(advice, Mapping):
        yield {"reason": "no advice"}
        return
    if "proof" in advice:
        if not proves_nothing_possible(instance, advice["proof"]):
            yield {"field": "proof"}
        return
    quotas, limits = _texts(advice.get("quotas")), _limits(advice.get("limits"))
    if quotas is None or limits is None:
        yield {"reason": "unreadable"}
        return
    leaves = leaves_of(instance)
    case = _Case(instance, leaves, {quota.name: quota for quota in quotas_in(instance, leaves)})
    needed, over = case.needed(quotas), case.covering(limits)
    if needed is None or over is None:
        yield {"reason": "unknown bound"}
        return
    tenants, households = case.count(needed[0], over)
    named = advice.get("tenants")
    if type(named) is not int or not 0 <= named <= tenants:
        yield {"field": "tenants", "published": ascii(named)[:80], "recomputed": tenants}
        return
    required, available = needed[1] + named, households + sum(most for _, most in limits)
    figures = {"required": required, "households": households, "available": available, **case.named(quotas)}
    for name, figure in figures.items():
        if type(advice.get(name)) is not type(figure) or advice[name] != figure:
            yield {"field": name, "published": ascii(advice.get(name))[:80], "recomputed": figure}
    if required <= available:
        yield {"required": required, "available": available}


def _texts(value: object) -> list[str] | None:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return None
    return value if len(set(value)) == len(value) else None


def _limits(value: object) -> list[tuple[str, int]] | None:
    if not isinstance(value, list):
        return None
    found: list[tuple[str, int]] = []
    for entry in value:
        fits = isinstance(entry, dict) and set(entry) == {"name", "most"}
        if not fits or not isinstance(entry["name"], str) or type(entry["most"]) is not int:
            return None
        found.append((entry["name"], entry["most"]))
    return found


def unsolved(instance: Instance, solution: Mapping[str, Any]) -> Iterator[tuple[str, list[Witness]]]:
    """The laws of a solution that says nothing is possible: nobody is assigned, and the bounds are at odds."""
    empty = {"chances": {}, **solution}
    for law, fields in (("assignment", ("assignment", "chances")), ("certificate", ("certificate",))):
        yield law, [{"field": name} for name in fields if empty.get(name) != {}]
    yield "infeasible", list(disproved(instance, solution.get("report")))
