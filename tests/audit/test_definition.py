"""The laws are the definition: of all assignments of a small market only the optimum is without a breach."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.audit.outcome import judged
from allocator.model.instance import Instance
from tests.audit import markets, strategies
from tests.audit.judges import VERIFIER


@st.composite
def small_markets(draw, most=5):
    size = draw(st.integers(1, most))
    steps = [0] + [draw(st.integers(0, 1)) for _ in range(size - 1)]
    bands = tuple(sum(steps[: place + 1]) for place in range(size))
    lists = tuple(draw(strategies.lists()) for _ in range(size))
    return markets.Market(bands, lists, {pool: draw(st.integers(0, 2)) for pool in strategies.POOLS})


def instance_of(market: markets.Market) -> Instance:
    pools = sorted(market.capacity)
    rows = [(pools.index(pool), rank) for wishes in market.lists for pool, rank in wishes]
    return Instance(
        household_ids=[f"H{i}" for i in range(market.size)],
        band=np.array(market.bands, dtype=np.int64),
        pool_ids=pools,
        capacity=np.array([market.capacity[pool] for pool in pools], dtype=np.int64),
        start=np.cumsum([0, *map(len, market.lists)]).astype(np.int64),
        pool=np.array([pool for pool, _ in rows], dtype=np.int64),
        rank=np.array([rank for _, rank in rows], dtype=np.int64),
    )


def arrays_certificate(market, assignment, mechanism, housing_first):
    """The certificate by the arrays, or None where a law is broken."""
    pools = sorted(market.capacity)
    assigned = np.array([-1 if held is None else pools.index(held) for held in assignment], dtype=np.int64)
    judgement = judged(instance_of(market), assigned, mechanism, housing_first=housing_first)
    return None if judgement.breaches else judgement.certificate


def plain_certificate(market, assignment, mechanism, housing_first):
    """The certificate by verify.py, or None where a law is broken."""
    pools = sorted(market.capacity)
    bundle = SimpleNamespace(
        pools=pools,
        capacity=[market.capacity[pool] for pool in pools],
        order=list(range(market.size)),
        codes=[f"H{i}" for i in range(market.size)],
        bands=list(market.bands),
        held={i: pools.index(held) for i, held in enumerate(assignment) if held is not None},
        tenants={},
        removed=set(),
        start=np.cumsum([0, *map(len, market.lists)]).tolist(),
        choice_pool=[pools.index(pool) for wishes in market.lists for pool, _ in wishes],
        choice_rank=[rank for wishes in market.lists for _, rank in wishes],
    )
    seen = VERIFIER.Market(bundle)
    try:
        if mechanism == "serial":
            return VERIFIER.serial_certificate(seen)
        return VERIFIER.BandOptimum(seen, housing_first).certificate()
    except VERIFIER.Fault:
        return None


@pytest.mark.parametrize("certificate_of", [arrays_certificate, plain_certificate])
@settings(max_examples=60, deadline=None)
@given(market=small_markets(most=4), housing_first=st.booleans())
def test_only_the_band_optimum_keeps_its_laws(certificate_of, market, housing_first):
    """An assignment is without a breach exactly when it is the least of all by the definition."""
    best = markets.band_optimum(market, housing_first)
    for assignment in markets.feasible(market):
        certificate = certificate_of(market, assignment, "band_optimum", housing_first)
        assert (certificate is not None) == (assignment == best), assignment


@pytest.mark.parametrize("certificate_of", [arrays_certificate, plain_certificate])
@settings(max_examples=150, deadline=None)
@given(market=small_markets(), housing_first=st.booleans())
def test_the_certificate_is_the_one_by_the_letter(certificate_of, market, housing_first):
    """Closing positions, prices and counts equal those computed naively from certificate.md."""
    best = markets.band_optimum(market, housing_first)
    expected = markets.band_certificate(market, best, housing_first)
    assert certificate_of(market, best, "band_optimum", housing_first) == expected


@pytest.mark.parametrize("certificate_of", [arrays_certificate, plain_certificate])
@settings(max_examples=60, deadline=None)
@given(market=small_markets(most=4))
def test_only_choosing_in_order_keeps_the_serial_law(certificate_of, market):
    """An assignment is without a breach exactly when everybody took the best pool still open."""
    best = markets.serial(market)
    for assignment in markets.feasible(market):
        certificate = certificate_of(market, assignment, "serial", False)
        assert (certificate is not None) == (assignment == best), assignment
    assert certificate_of(market, best, "serial", False) == markets.serial_certificate(market, best)


def test_a_sealed_pool_is_closed_to_later_bands():
    """Who swaps a later household into a pool an earlier band paid for breaks the earlier band's rank law."""
    # H0 and H1 (band 0) fill A and B; H1 had to leave A. H2 (band 1) listed A alone: a place there would cost rank.
    market = markets.Market(
        (0, 0, 1), ((("A", 1),), (("A", 1), ("B", 2)), (("B", 1), ("A", 2))), {"A": 1, "B": 2}
    )
    best = ("A", "B", "B")
    assert markets.band_optimum(market, False) == best
    certificate = arrays_certificate(market, best, "band_optimum", False)
    # One step down from B's price 0: a household at B would gain one rank in A.
    assert certificate["bands"][0]["prices"] == {"A": -1}
    assert certificate == plain_certificate(market, best, "band_optimum", False)
