"""Beside sitting tenants the arrays and verify.py judge alike, and accept what the mechanisms give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from allocator import mechanisms
from allocator.audit.quota_rights import band_quotas
from allocator.errors import Refused
from allocator.model.instance import UNASSIGNED, Instance
from tests.declared.markets import markets, plain_verdict
from tests.declared.test_two_judges import arrays_verdict, elsewhere, fits

Market = tuple[Instance, dict, list[frozenset[str]]]
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


@st.composite
def with_tenants(draw: st.DrawFn, mechanism: str) -> Market:
    """A market some of whose households live in the last pool of their list, as a round's lists have it."""
    instance, rules, own = draw(markets(mechanism))
    left = instance.capacity.copy()
    homes = {}
    for place, name in enumerate(instance.household_ids):
        wishes = instance.pool[instance.start[place] : instance.start[place + 1]].tolist()
        if wishes and left[wishes[-1]] > 0 and draw(st.booleans()):
            left[wishes[-1]] -= 1
            homes[name] = instance.pool_ids[wishes[-1]]
    assume(homes)
    return replace(instance, extensions={**instance.extensions, "current": homes}), rules, own


@pytest.mark.parametrize("mechanism", ["deferred_acceptance", "top_trading_cycles"])
@FEW
@given(data=st.data())
def test_both_judges_agree_on_markets_with_tenants(mechanism: str, data: st.DataObject) -> None:
    """What the mechanism gives has one certificate, all three alike; every other assignment is refused by both judges."""
    market = data.draw(with_tenants(mechanism))
    instance = market[0]
    try:
        solution = mechanisms.solve(instance, mechanism)
    except Refused:
        assume(False)
    assigned = solution.matching.assigned.copy()
    home = instance.extensions["current"]
    for place, name in enumerate(instance.household_ids):
        assert name not in home or assigned[place] >= 0
    assert plain_verdict(*market, assigned, mechanism) == dict(solution.certificate)
    assert arrays_verdict(instance, assigned, mechanism) == dict(solution.certificate)
    for other in [other for other in elsewhere(instance, assigned) if fits(instance, other)][:12]:
        assert not np.array_equal(other, assigned)
        assert plain_verdict(*market, other, mechanism) is None
        assert arrays_verdict(instance, other, mechanism) is None


@FEW
@given(data=st.data(), housing_first=st.booleans())
def test_both_judges_of_band_optimum_agree_beside_tenants(data: st.DataObject, housing_first: bool) -> None:
    """Tenants first, then the bands, under reserves, maxima and soft minima that nest: one certificate, all three alike."""
    market = data.draw(with_tenants("band_optimum"))
    instance = market[0]
    nobody = np.full(instance.num_households, UNASSIGNED, dtype=np.int64)
    assume(not isinstance(band_quotas(instance, nobody).nest, tuple))
    solution = mechanisms.solve(instance, "band_optimum", housing_first=housing_first)
    assume(solution.status == "OPTIMAL")
    assigned = solution.matching.assigned.copy()
    options = {"housing_first": housing_first}
    assert plain_verdict(*market, assigned, "band_optimum", **options) == dict(solution.certificate)
    assert band_quotas(instance, assigned).judge({"options": options}).certificate == dict(
        solution.certificate
    )
    for other in [other for other in elsewhere(instance, assigned) if fits(instance, other)][:12]:
        assert plain_verdict(*market, other, "band_optimum", **options) is None
        case = band_quotas(instance, other)
        wrongs = any(witnesses for _, witnesses in case.rights())
        assert wrongs or case.judge({"options": options}).breaches
