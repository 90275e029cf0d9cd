"""On small markets the arrays and verify.py judge lotteries alike, and neither takes another lottery's chances."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from allocator import mechanisms
from allocator.audit.leximin import leximin_certificate, leximin_laws
from allocator.audit.lotteries import lottery_certificate, lottery_laws
from allocator.errors import Refused
from allocator.model.documents import solution_document
from allocator.model.instance import Instance
from tests.declared.markets import LOTTERIES, markets, plain_lottery

JUDGES = {
    "probabilistic_serial": (lottery_laws, lottery_certificate),
    "leximin_lottery": (leximin_laws, leximin_certificate),
}
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
SEEDS = st.integers(0, 2**32).map(lambda number: f"{number:064x}")
both = pytest.mark.parametrize("mechanism", LOTTERIES)


def drawn(instance: Instance, mechanism: str, seed: str) -> dict[str, Any]:
    """The lottery's solution with its assignment; markets it refuses are left out."""
    try:
        return solution_document(instance, mechanisms.solve(instance, mechanism, seed=seed))
    except Refused:
        assume(False)
        raise


def arrays_certificate(instance: Instance, solution: dict[str, Any], mechanism: str) -> dict[str, Any] | None:
    laws, certificate = JUDGES[mechanism]
    if any(witnesses for _, witnesses in laws(instance, solution)):
        return None
    return certificate(instance, solution)


@both
@FEW
@given(data=st.data(), seed=SEEDS)
def test_both_judges_recompute_the_same_certificate(mechanism: str, data: st.DataObject, seed: str) -> None:
    """Chances, figures and drawing of the engine are taken by both, with the engine's own certificate."""
    market = data.draw(markets(mechanism))
    solution = drawn(market[0], mechanism, seed)
    assert arrays_certificate(market[0], solution, mechanism) == solution["certificate"]
    assert plain_lottery(*market, solution, mechanism) == solution["certificate"]


@both
@settings(FEW, max_examples=12)
@given(data=st.data(), seed=SEEDS)
def test_neither_takes_the_other_lotterys_chances(mechanism: str, data: st.DataObject, seed: str) -> None:
    """Lawful chances, fairly drawn, that another rule gives are refused by both wherever they differ."""
    market = data.draw(markets("probabilistic_serial"))
    other = next(name for name in LOTTERIES if name != mechanism)
    mine, forged = (drawn(market[0], name, seed) for name in (mechanism, other))
    assume(mine["chances"] != forged["chances"])
    assert arrays_certificate(market[0], forged, mechanism) is None
    assert plain_lottery(*market, forged, mechanism) is None


@both
@FEW
@given(data=st.data(), seed=SEEDS, other_seed=SEEDS)
def test_neither_takes_another_seeds_drawing(
    mechanism: str, data: st.DataObject, seed: str, other_seed: str
) -> None:
    """The true chances with the assignment of another seed are refused by both, unless it is the same one."""
    market = data.draw(markets(mechanism))
    mine, other = (drawn(market[0], mechanism, one) for one in (seed, other_seed))
    assume(mine["assignment"] != other["assignment"])
    forged = mine | {"assignment": other["assignment"]}
    assert arrays_certificate(market[0], forged, mechanism) is None
    assert plain_lottery(*market, forged, mechanism) is None
