"""Under declared rules the arrays and verify.py judge alike, and accept what the mechanisms give."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from allocator import mechanisms
from allocator.audit import fielded
from allocator.audit.quota_rights import band_quotas
from allocator.audit.results import Fault
from allocator.errors import Refused
from allocator.model.instance import UNASSIGNED, Instance
from tests.declared.markets import markets, plain_verdict

Market = tuple[Instance, dict, list[frozenset[str]]]
FEW = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
MECHANISMS = pytest.mark.parametrize("mechanism", ["deferred_acceptance", "serial"])


def solved(market: Market, mechanism: str) -> tuple[np.ndarray, dict]:
    """Assignment and certificate; markets the mechanism refuses are left out."""
    instance, _, _ = market
    try:
        solution = mechanisms.solve(instance, mechanism)
    except Refused:
        assume(False)
    return solution.matching.assigned.copy(), dict(solution.certificate)


def arrays_verdict(instance: Instance, assigned: np.ndarray, mechanism: str) -> dict | None:
    """The certificate as the arrays recompute it; None where a law is broken."""
    if not fielded.is_fielded(instance, mechanism):
        return None
    try:
        if any(witnesses for _, witnesses in fielded.rights_laws(instance, assigned, mechanism)):
            return None
        judgement = fielded.judge_fielded(instance, assigned, mechanism, {})
    except Fault:
        return None
    return None if judgement.breaches else dict(judgement.certificate)


@FEW
@given(data=st.data(), housing_first=st.booleans())
def test_both_judges_of_band_optimum_agree(data: st.DataObject, housing_first: bool) -> None:
    """Under reserves, maxima and soft minima that nest: the optimum's certificate by both, every other assignment by none."""
    market = data.draw(markets("band_optimum"))
    instance = market[0]
    nobody = np.full(instance.num_households, UNASSIGNED, dtype=np.int64)
    assume(instance.extensions and not isinstance(band_quotas(instance, nobody).nest, tuple))
    solution = mechanisms.solve(instance, "band_optimum", housing_first=housing_first)
    assigned = solution.matching.assigned
    assert plain_verdict(*market, assigned, "band_optimum", housing_first=housing_first) == dict(
        solution.certificate
    )
    for other in [other for other in elsewhere(instance, assigned) if fits(instance, other)][:15]:
        assert plain_verdict(*market, other, "band_optimum", housing_first=housing_first) is None
        case = band_quotas(instance, other)
        wrongs = any(witnesses for _, witnesses in case.rights())
        assert wrongs or case.judge({"options": {"housing_first": housing_first}}).breaches


@MECHANISMS
@FEW
@given(data=st.data())
def test_both_judges_recompute_the_mechanisms_own_certificate(mechanism: str, data: st.DataObject) -> None:
    """What the mechanism gives is accepted by both, with its certificate figure for figure."""
    market = data.draw(markets(mechanism))
    assigned, certificate = solved(market, mechanism)
    assert plain_verdict(*market, assigned, mechanism) == certificate
    if fielded.is_fielded(market[0], mechanism):
        assert arrays_verdict(market[0], assigned, mechanism) == certificate


@MECHANISMS
@FEW
@given(data=st.data())
def test_both_judges_refuse_every_other_assignment(mechanism: str, data: st.DataObject) -> None:
    """Both mechanisms determine one assignment: whoever is put elsewhere, within list and capacity, is found out by both."""
    market = data.draw(markets(mechanism))
    assigned, _ = solved(market, mechanism)
    instance = market[0]
    assume(fielded.is_fielded(instance, mechanism))
    others = [other for other in elsewhere(instance, assigned) if fits(instance, other)]
    for other in others[:20]:
        assert arrays_verdict(instance, other, mechanism) is None
        assert plain_verdict(*market, other, mechanism) is None


def elsewhere(instance: Instance, assigned: np.ndarray) -> Iterator[np.ndarray]:
    """One household put into another pool of its list or out; two who exchange what they hold."""
    for household in range(instance.num_households):
        wishes = instance.pool[instance.start[household] : instance.start[household + 1]].tolist()
        for pool in {UNASSIGNED, *wishes} - {int(assigned[household])}:
            other = assigned.copy()
            other[household] = pool
            yield other
            for rival in np.flatnonzero(assigned == pool)[:1] if pool >= 0 else ():
                exchanged = other.copy()
                exchanged[rival] = assigned[household]
                yield exchanged


def fits(instance: Instance, assigned: np.ndarray) -> bool:
    """Within every list and capacity."""
    lists = [
        instance.pool[instance.start[at] : instance.start[at + 1]] for at in range(instance.num_households)
    ]
    listed = all(pool < 0 or pool in wishes for pool, wishes in zip(assigned, lists, strict=True))
    loads = np.bincount(assigned[assigned >= 0], minlength=instance.num_pools)
    return listed and bool((loads <= instance.capacity).all())
