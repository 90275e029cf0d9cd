"""A round on PostgreSQL is the round on SQLite."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from allocator.office import month as months
from allocator.office.acts import Act, Done
from allocator.office.deliveries import Ask, import_delivery
from allocator.store import Store
from tests.office.conftest import MONTH, SAMPLE
from tests.office.test_round import bundle_of, bytes_of


def test_the_same_month_on_postgresql_gives_the_same_bytes(
    sample_round: tuple[Act, Done], postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The delivery sample through the whole month on a real PostgreSQL server: byte-identical bundles, equal leases."""
    monkeypatch.setenv("ALLOCATOR_KEY", "7" * 64)
    done = import_delivery(Ask(SAMPLE, store_url=postgres_url, policy_name="example"))
    assert done.is_done
    act = replace(sample_round[0], store_url=postgres_url, out=tmp_path / "out")
    months.run(MONTH, act, months.Wishes(answers="random:1"))
    assert bytes_of(bundle_of(act)) == bytes_of(bundle_of(sample_round[0]))
    with Store.open(postgres_url) as there:
        leases = there.leases(MONTH)
    monkeypatch.delenv("ALLOCATOR_KEY")
    with Store.open(sample_round[0].store_url) as here:
        assert here.leases(MONTH).equals(leases)
