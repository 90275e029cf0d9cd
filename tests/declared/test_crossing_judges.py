"""Where quotas cross, the arrays and verify.py take the same proofs and refuse the same forgeries."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from allocator import mechanisms
from allocator.audit.quota_rights import band_quotas
from allocator.model.enums import SolutionStatus
from allocator.model.instance import UNASSIGNED, Instance
from tests.declared.markets import CROSSING, markets, plain_verdict
from tests.declared.test_two_judges import elsewhere, fits

Market = tuple[Instance, dict[str, Any], list[frozenset[str]]]
FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
options = st.fixed_dictionaries(
    {"housing_first": st.booleans(), "housed": st.sampled_from(["count", "order"])}
)


def solved(market: Market, wish: dict[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
    """Assignment and certificate of a market whose quotas cross; others are left out."""
    instance = market[0]
    nobody = np.full(instance.num_households, UNASSIGNED, dtype=np.int64)
    assume(isinstance(band_quotas(instance, nobody).nest, tuple))
    solution = mechanisms.solve(instance, "band_optimum", **wish)
    assert solution.status is SolutionStatus.OPTIMAL
    return solution.matching.assigned.copy(), dict(solution.certificate)


def verdicts(
    market: Market, assigned: np.ndarray, certificate: dict[str, Any], wish: dict[str, Any]
) -> tuple[bool, bool]:
    """(arrays, plain): whether each takes the assignment with this certificate."""
    case = band_quotas(market[0], assigned)
    is_taken = not any(witnesses for _, witnesses in case.rights())
    if is_taken:
        judgement = case.judge({"options": wish, "certificate": certificate})
        is_taken = not judgement.breaches and judgement.certificate == certificate
    plain = plain_verdict(*market, assigned, "band_optimum", **wish, certificate=certificate)
    return is_taken, plain == certificate


@FEW
@given(data=st.data(), wish=options)
def test_both_judges_take_the_optimum_and_nothing_else(data: st.DataObject, wish: dict[str, Any]) -> None:
    """The optimum with its proofs is taken by both; every other assignment beside them by neither."""
    market = data.draw(markets(CROSSING))
    assigned, certificate = solved(market, wish)
    assert verdicts(market, assigned, certificate, wish) == (True, True)
    for other in [other for other in elsewhere(market[0], assigned) if fits(market[0], other)][:10]:
        assert verdicts(market, other, certificate, wish) == (False, False)


@FEW
@given(data=st.data(), wish=options)
def test_both_judges_add_up_proofs_alike(data: st.DataObject, wish: dict[str, Any]) -> None:
    """A number of a proof changed, a proof left out or put twice: both judges come to the same verdict, whichever it is."""
    check_alike(data, wish)


def check_alike(data: st.DataObject, wish: dict[str, Any]) -> None:
    market = data.draw(markets(CROSSING))
    assigned, certificate = solved(market, wish)
    assume(certificate["proofs"])
    rng = data.draw(st.randoms(use_true_random=False))
    for _ in range(8):
        forged = copy.deepcopy(certificate)
        spoil(forged["proofs"], rng)
        arrays, plain = verdicts(market, assigned, forged, wish)
        assert arrays == plain


def spoil(proofs: list[Any], rng: Any) -> None:
    """One change somewhere in the proofs."""
    kind = rng.choice(["number", "number", "number", "drop", "twice", "swap"])
    at = rng.randrange(len(proofs))
    if kind == "drop":
        proofs.pop(at)
    elif kind == "twice":
        proofs.insert(at, copy.deepcopy(proofs[at]))
    elif kind == "swap":
        proofs[at], proofs[-1] = proofs[-1], proofs[at]
    else:
        places = list(numbers(proofs[at]))
        holder, key = rng.choice(places)
        holder[key] += rng.choice([-2, -1, 1, 3])


def numbers(value: Any) -> Any:
    """Where every number of a proof stands."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        if isinstance(value[key], int):
            yield value, key
        else:
            yield from numbers(value[key])


@pytest.mark.slow
@settings(FEW, max_examples=1500)
@given(data=st.data(), wish=options)
def test_both_judges_agree_on_many_forgeries(data: st.DataObject, wish: dict[str, Any]) -> None:
    """Proofs spoilt at random on many markets: the judges never differ."""
    check_alike(data, wish)
