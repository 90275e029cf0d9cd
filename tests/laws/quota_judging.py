"""How tests put an assignment before the judge of ``band_optimum`` under quotas."""

from __future__ import annotations

from typing import Any

import numpy as np

from allocator import audit
from allocator.audit.quota_rights import BandQuotas, band_quotas
from allocator.model.documents import parse_instance
from allocator.model.instance import Instance
from tests.laws.markets import Document
from tests.laws.quota_enumeration import Way

NAME = "band_optimum"


def instance_of(market: Document) -> Instance:
    parsed = parse_instance(market)
    assert parsed.problems == []
    assert parsed.instance is not None
    return parsed.instance


def claimed(instance: Instance, way: Way, housing_first: bool, certificate: Any = None) -> Document:
    """A solution document that claims this assignment."""
    return {
        "format": "allocator-solution/1",
        "mechanism": NAME,
        "status": "OPTIMAL",
        "instance_fingerprint": instance.fingerprint,
        "assignment": way,
        "options": {"housing_first": housing_first, "housed": None},
        "certificate": certificate or {},
        "report": {},
    }


def broken(instance: Instance, way: Way, housing_first: bool = False) -> list[str]:
    """The laws an assignment breaks, whatever its certificate."""
    results = audit.certify(instance, claimed(instance, way, housing_first))
    return [result.law for result in results if not result.holds and result.law != "certificate"]


def case_of(instance: Instance, way: Way) -> BandQuotas:
    place: dict[str | None, int] = {pool: number for number, pool in enumerate(instance.pool_ids)}
    place[None] = -1
    return band_quotas(instance, np.array([place[way[name]] for name in instance.household_ids], np.int64))


def crosses(instance: Instance) -> tuple[str, str] | None:
    """Two bounds that cross, if any do."""
    nest = case_of(instance, dict.fromkeys(instance.household_ids)).nest
    return nest if isinstance(nest, tuple) else None


def figures(market: Document, way: Way, housing_first: bool = False) -> Document:
    """The certificate the judge computes for an assignment that keeps every law."""
    judgement = case_of(instance_of(market), way).judge({"options": {"housing_first": housing_first}})
    assert judgement.breaches == ()
    return dict(judgement.certificate or {})
