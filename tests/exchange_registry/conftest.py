"""Fixtures of the registry tests."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from allocator.model.enums import Stage
from allocator.policy import load
from allocator.store import Store
from tests.tenancies.worlds import three_families_three_dwellings

from .months import MONTH, round_at


@pytest.fixture(scope="module")
def policy():
    return load("example").in_force(date(2026, 3, 1))


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'a.db'}"


@pytest.fixture
def store(url):
    with Store.open(url) as opened:
        opened.write_delivery(three_families_three_dwellings())
        opened.create_round(round_at(Stage.PUBLISH_RESULT))
        codes = pd.Series(["a", "b", "c"], dtype="str")
        roster = pd.DataFrame({"receipt_no": ["R1", "R2", "R3"], "code": codes})
        order = pd.DataFrame({"position": [1, 2, 3], "code": codes})
        result = pd.DataFrame({"code": codes, "pool": ["p"] * 3, "dwelling_id": ["D1", "D2", "D3"]})
        for name, frame in (("roster", roster), ("order", order), ("result", result)):
            opened.put_frame(MONTH, "public", name, frame)
        yield opened
