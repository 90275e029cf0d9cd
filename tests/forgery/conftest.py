"""True rounds of the engine, made once."""

from __future__ import annotations

import pytest

from scenarios.population import city
from tests.forgery.true_rounds import Inputs, Published, publish

POLICIES = ("example", "beijing")


@pytest.fixture(scope="session")
def true_rounds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Published]:
    """A city of 600 households through the month: under ``example`` (band_optimum) and ``beijing`` (serial)."""
    facts = city(600, seed=11, world="shortage")
    return {name: publish(Inputs(facts, name), tmp_path_factory.mktemp(name)) for name in POLICIES}
