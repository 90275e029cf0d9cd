"""PostgreSQL works the same: every law of the store on a real server."""

from __future__ import annotations

import threading

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from allocator.errors import AllocatorError, MachineRefused, Refused
from allocator.model.columns import TABLES
from allocator.model.facts import Facts
from allocator.model.records import OFFERS
from allocator.store import Counts, Store
from tests.store.test_round_trip import emptied
from tests.store.test_round_trip import facts as any_facts
from tests.store.test_rounds_at_rest import an_offer, noted
from tests.store.worlds import MARCH, assert_same, city, two_families

KEY = bytes(range(32))


def test_a_round_on_postgres(postgres_url: str) -> None:
    """Facts, standings, rounds, artefacts, journal and offers come back as on SQLite."""
    people = city(400, seed=1)
    with Store.open(postgres_url, key=KEY) as store:
        counts = store.write_delivery(people)
        assert counts["members"] == Counts(inserted=len(people.members))
    with Store.open(postgres_url, key=KEY, create=False) as store:
        assert_same(people, store.read_facts())
        again = store.write_delivery(people)
        assert again == {t.name: Counts(unchanged=len(getattr(people, t.name))) for t in TABLES}
        changed = people.households.assign(branch=pd.Series(["migrant"] * 400, dtype="str"))
        assert store.write_delivery(Facts(**{**vars(people), "households": changed}))["households"] == Counts(
            updated=400
        )
        store.set_aside(["R9"])
        assert store.standings()["receipt_no"].tolist() == ["R9"]
        store.create_round(MARCH)
        store.put_frame("2026-03", "", "members", people.members)
        pd.testing.assert_frame_equal(store.frame("2026-03", "", "members"), people.members)
        written = noted(store, 3)
        assert store.entries() == written
        assert store.verify_chain() is None
        store.write_offers(an_offer(people.households["receipt_no"][0]))
        answer = an_offer(people.households["receipt_no"][0])[[*OFFERS.key]].assign(
            state=pd.Series(["ACCEPTED"], dtype="str")
        )
        assert store.update_offers(answer) == Counts(updated=1)
        assert store.offers("2026-03")["state"].tolist() == ["ACCEPTED"]
        assert [record.month for record in store.rounds()] == ["2026-03"]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(any_facts())
def test_facts_come_out_of_postgres_as_they_went_in(postgres_url: str, delivered: Facts) -> None:
    """Any facts the schema allows survive the server, texts sorted by code point."""
    with Store.open(postgres_url, key=KEY) as store:
        emptied(store)
        store.write_delivery(delivered)
        assert_same(delivered, store.read_facts())


@pytest.mark.parametrize("statement", ["UPDATE {} SET sealed = ''", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["journal", "artefacts"])
def test_the_server_refuses_to_rewrite_history(postgres_url: str, table: str, statement: str) -> None:
    """Journal and artefacts are append-only on the server too."""
    import psycopg

    with Store.open(postgres_url, key=KEY) as store:
        store.create_round(MARCH)
        noted(store, 1)
        store.put_artefact("2026-03", "", "a", b"1")
    with (
        psycopg.connect(postgres_url.replace("+psycopg", "")) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
    ):
        connection.execute(statement.format(table))


def code_of(url: str, **options: object) -> tuple[int, str]:
    with pytest.raises(AllocatorError) as refused:
        Store.open(url, **options)
    return refused.value.exit_code, refused.value.code


def test_a_server_needs_a_key_and_the_right_one(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key nothing is made on a server; another key than the store's is refused."""
    assert code_of(postgres_url) == (3, "store_key_needed")
    assert code_of(postgres_url, create=False) == (3, "store_not_found")
    monkeypatch.setenv("ALLOCATOR_KEY", KEY.hex())
    Store.open(postgres_url).close()
    assert code_of(postgres_url, key=bytes(32)) == (3, "store_key_wrong")


def test_a_server_that_is_not_there_is_the_machines_fault(postgres_url: str) -> None:
    """No server, no database: exit 74, and no password in the fault."""
    assert code_of("postgresql+psycopg://u:secret@127.0.0.1:1/x", key=KEY) == (74, "store_unreachable")
    assert code_of(postgres_url.replace("/round_trip?", "/nothing?"), key=KEY) == (74, "store_unreachable")


def test_a_dangling_reference_tells_no_values(postgres_url: str) -> None:
    """The server's own message would name the row; ours does not, and nothing is kept."""
    world = two_families()
    orphans = world.members.assign(receipt_no=pd.Series(["R9"] * 3, dtype="str"))
    with Store.open(postgres_url, key=KEY) as store:
        with pytest.raises(Refused) as refused:
            store.write_delivery(Facts(**{**vars(world), "members": orphans}))
        assert (refused.value.code, refused.value.params) == ("store_row_refused", {})
        assert store.read_facts().households.empty


def test_writers_take_turns(postgres_url: str) -> None:
    """A second writer waits and is refused; a patient one sees what the first has written."""
    seen: list[int] = []

    def append() -> None:
        with Store.open(postgres_url, key=KEY) as patient:
            seen.append(noted(patient, 1)[0].number)

    with (
        Store.open(postgres_url, key=KEY) as first,
        Store.open(postgres_url, key=KEY, wait_seconds=0.1) as hasty,
    ):
        with first.transaction():
            noted(first, 1)
            with pytest.raises(MachineRefused) as refused:
                hasty.set_setting("policy", "beijing")
            waiting = threading.Thread(target=append)
            waiting.start()
            waiting.join(0.3)
            assert waiting.is_alive()
        waiting.join()
        assert refused.value.code == "store_locked"
        assert seen == [2]
        assert first.verify_chain() is None
