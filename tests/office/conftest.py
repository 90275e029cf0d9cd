"""Rounds through the whole house, on real stores and real files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from allocator.office import month as months
from allocator.office.acts import Act, Done
from allocator.office.deliveries import Ask, import_delivery

SAMPLE = Path(__file__).parents[1] / "data" / "delivery-sample"
MONTH = "2026-03"


def imported(folder: Path, base: Path, policy: str = "example", *, synthetic_ids: bool = False) -> Act:
    """A store under ``base`` with the delivery in it, and the act to run a month on it."""
    url = f"sqlite:///{base / 'store.db'}"
    done = import_delivery(Ask(folder, store_url=url, policy_name=policy, synthetic_ids=synthetic_ids))
    assert done.is_done, done.delivery.problems[:5]
    return Act(store_url=url, policy_name=policy, out=base / "out", language="zh")


@pytest.fixture(scope="session")
def sample_round(tmp_path_factory: pytest.TempPathFactory) -> tuple[Act, Done]:
    """The delivery sample through the whole month of 2026-03 under ``example``, answers at random."""
    act = imported(SAMPLE, tmp_path_factory.mktemp("sample"))
    return act, months.run(MONTH, act, months.Wishes(answers="random:1"))


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[..., Act]:
    """A store of its own with the delivery sample imported."""

    def make(policy: str = "example", *, synthetic_ids: bool = False) -> Act:
        return imported(SAMPLE, tmp_path, policy, synthetic_ids=synthetic_ids)

    return make
