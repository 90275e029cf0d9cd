"""``band_optimum`` with every field on cities too large to enumerate: the judge's other code agrees."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from allocator import audit, mechanisms
from allocator.model.documents import solution_document
from allocator.model.instance import Instance
from benchmarks.mechanisms import shortage
from benchmarks.quotas import with_quotas

SMALL, FULL = (2_000, 40, 6), (100_000, 500, 10)
SIZES = (SMALL, pytest.param(FULL, marks=pytest.mark.slow))


def city(size: tuple[int, int, int], num_bands: int) -> Instance:
    """Maxima and minima in every pool, reserves in half of them, totals by district; a soft minimum no pool can
    reach; every twentieth of those housed without tenants is the tenant of the pool it got there.
    """
    instance = with_quotas(shortage(*size, num_bands, seed=11))
    home = mechanisms.solve(instance, "band_optimum").matching.assigned
    names, pools = instance.household_ids, instance.pool_ids
    tenants = {names[at]: pools[int(home[at])] for at in np.flatnonzero(home >= 0)[::20].tolist()}
    soft = [
        {"id": f"soft {pool}", "pools": [pool], "groups": ["b"], "min_soft": int(places)}
        for pool, places in zip(pools, instance.capacity, strict=True)
    ]
    fields = {**instance.extensions, "current": tenants, "min_soft": soft}
    return replace(instance, extensions=fields, fingerprint="sha256:city")


@pytest.mark.parametrize("housing_first", [False, True])
@pytest.mark.parametrize("num_bands", [1, 4])
@pytest.mark.parametrize("size", SIZES)
def test_a_city_with_quotas_is_certified(
    size: tuple[int, int, int], num_bands: int, housing_first: bool
) -> None:
    """The solver's assignment and every figure of its certificate hold; two people exchanged who would both
    have the other's pool on their list, a law is broken.
    """
    instance = city(size, num_bands)
    solution = solution_document(
        instance, mechanisms.solve(instance, "band_optimum", housing_first=housing_first)
    )
    assert [result.law for result in audit.certify(instance, solution) if not result.holds] == []
    held = dict(solution["assignment"])
    one, other = _who_could_exchange(instance, held)
    held[one], held[other] = held[other], held[one]
    broken = [r.law for r in audit.certify(instance, {**solution, "assignment": held}) if not r.holds]
    assert broken != []
    assert "individually_rational" not in broken


def _who_could_exchange(instance: Instance, held: dict[str, str | None]) -> tuple[str, str]:
    """Two households, no tenants, each of which lists what the other holds."""
    names = instance.household_ids
    listed = [
        {instance.pool_ids[pool] for pool in instance.pool[first:last].tolist()}
        for first, last in itertools.pairwise(instance.start.tolist())
    ]
    free = [at for at, name in enumerate(names) if held[name] and name not in instance.extensions["current"]]
    return next(
        (names[one], names[other])
        for one, other in itertools.combinations(free, 2)
        if held[names[one]] != held[names[other]]
        and held[names[other]] in listed[one]
        and held[names[one]] in listed[other]
    )
