"""Whole rounds of the test authority on SQLite, made once."""

from __future__ import annotations

import pytest

from scenarios.population import city
from tests.declared.authority import NAMES, law
from tests.forgery.true_rounds import Inputs, Published, publish

HOUSEHOLDS = 450


@pytest.fixture(scope="session")
def true_rounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Published]:
    """A city through the month up to the bundles, under each of the authority's laws."""
    facts = city(HOUSEHOLDS, seed=11, world="shortage")
    base = tmp_path_factory.mktemp("declared")
    return {name: publish(Inputs(facts, str(law(base / f"law-{name}", name))), base / name) for name in NAMES}
