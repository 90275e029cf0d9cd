"""A large city is read and checked in seconds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from allocator.exchange import read_delivery, write_delivery
from scenarios.population import city


@pytest.mark.slow
def test_a_hundred_thousand_households_take_seconds(tmp_path: Path) -> None:
    """Reading with all checks stays under 8 s and writing under 6 s, twice what was measured alone."""
    facts = city(100_000, 1)
    began = time.monotonic()
    write_delivery(facts, tmp_path, "zh")
    written = time.monotonic()
    assert not read_delivery(tmp_path, synthetic_ids=True).has_errors
    assert written - began < 6
    assert time.monotonic() - written < 8
