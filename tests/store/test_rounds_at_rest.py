"""Settings, standings, rounds, artefacts, journal, offers, leases and exports at rest."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from allocator.errors import Refused
from allocator.model.columns import Table
from allocator.model.facts import Facts
from allocator.model.records import LEASES, OFFERS, STANDINGS, ExportRecord, JournalEntry
from allocator.store import Counts, Store
from tests.store.worlds import MARCH, two_families


@pytest.fixture
def march(store: Store) -> Store:
    """A store with two families and an open round."""
    store.write_delivery(two_families())
    store.create_round(MARCH)
    return store


def rows(table: Table, **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    return frame.astype({name: dtype for name, dtype in table.dtypes.items() if name in frame})


def test_settings_are_remembered(store: Store) -> None:
    """A setting is None until set, and holds what it was last set to."""
    assert store.setting("policy") is None
    store.set_setting("policy", "example")
    store.set_setting("policy", "beijing")
    assert store.setting("policy") == "beijing"


def test_only_those_who_do_not_simply_wait_have_a_standing(store: Store) -> None:
    """Standings hold who is not waiting or has waived; a household back at waiting leaves the table."""
    given = rows(
        STANDINGS,
        receipt_no=["R1", "R2", "R3"],
        state=["housed", "waiting", "waiting"],
        num_waivers=[0, 2, 0],
    )
    store.set_standings(given)
    pd.testing.assert_frame_equal(store.standings(), given.iloc[:2])
    store.set_standings(rows(STANDINGS, receipt_no=["R1"], state=["waiting"], num_waivers=[0]))
    assert store.standings()["receipt_no"].tolist() == ["R2"]
    assert {name: str(kind) for name, kind in store.standings().dtypes.items()} == STANDINGS.dtypes


def test_a_receipt_is_set_aside_until_it_comes_sound(store: Store) -> None:
    """A receipt set aside shows as such where it would wait, and no more once its household is delivered."""
    store.set_standings(rows(STANDINGS, receipt_no=["R5"], state=["frozen"], num_waivers=[1]))
    store.set_aside(["R9", "R2", "R9", "R5"])
    store.set_aside(["R2"])
    assert store.set_aside_receipts() == ["R2", "R5", "R9"]
    seen = store.standings()
    assert dict(zip(seen["receipt_no"], seen["state"], strict=True)) == {
        "R2": "set_aside",
        "R5": "frozen",
        "R9": "set_aside",
    }
    store.set_standings(seen)
    pd.testing.assert_frame_equal(store.standings(), seen)
    store.write_delivery(two_families())
    assert store.set_aside_receipts() == ["R5", "R9"]


def test_a_state_that_is_none_is_a_bug(store: Store) -> None:
    """Only the five states of a household are kept."""
    with pytest.raises(ValueError, match="moved"):
        store.set_standings(rows(STANDINGS, receipt_no=["R1"], state=["moved"], num_waivers=[0]))


def test_a_month_has_one_round(march: Store) -> None:
    """A round is kept as it was given, changed by update, and never made twice."""
    assert march.round("2026-03") == MARCH
    assert march.round("2026-04") is None
    drawn = replace(MARCH, stage="draw", sub_rounds=("accessible", "public"))
    march.update_round(drawn)
    april = replace(MARCH, month="2026-04", rehearsal=False, on=date(2026, 4, 1))
    march.create_round(april)
    assert march.rounds() == [drawn, april]
    for act, code in (
        (march.create_round, "store_round_exists"),
        (march.update_round, "store_round_unknown"),
    ):
        with pytest.raises(Refused) as refused:
            act(MARCH if code == "store_round_exists" else replace(MARCH, month="2026-05"))
        assert refused.value.code == code


@pytest.mark.parametrize("content", [b"", b"\x00", "名册".encode() * 10_000])
def test_an_artefact_is_frozen(march: Store, content: bytes) -> None:
    """A document comes back byte for byte; the same again is harmless, another in its place is refused."""
    first = march.put_artefact("2026-03", "", "roster", content)
    assert march.artefact("2026-03", "", "roster") == content
    assert march.put_artefact("2026-03", "", "roster", content) == first
    with pytest.raises(Refused) as refused:
        march.put_artefact("2026-03", "", "roster", content + b"!")
    assert refused.value.code == "store_artefact_frozen"
    assert march.artefact("2026-03", "", "roster") == content


def test_artefacts_lie_by_month_sub_round_and_name(march: Store) -> None:
    """Frames and documents of different sub-rounds do not mix, and what was never frozen is refused."""
    frame = two_families().members
    march.put_frame("2026-03", "public", "people", frame)
    march.put_artefact("2026-03", "", "people", b"other")
    pd.testing.assert_frame_equal(march.frame("2026-03", "public", "people"), frame)
    assert march.artefact_names("2026-03") == [("", "people"), ("public", "people")]
    assert not march.has_artefact("2026-03", "public", "order")
    with pytest.raises(Refused) as refused:
        march.artefact("2026-03", "public", "order")
    assert refused.value.code == "store_artefact_unknown"


@pytest.mark.parametrize("statement", ["UPDATE {} SET sealed = x'00'", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["journal", "artefacts"])
def test_the_database_itself_refuses_to_rewrite_history(
    march: Store, file: Path, table: str, statement: str
) -> None:
    """Journal and artefacts are append-only for everyone who has the file."""
    noted(march, 1)
    march.put_artefact("2026-03", "", "a", b"1")
    with sqlite3.connect(file) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement.format(table))
    connection.close()


def noted(store: Store, times: int) -> list[JournalEntry]:
    return [
        store.append_entry(
            month="2026-03" if at % 2 else None,
            stage="open",
            actor="clerk",
            stamp=f"t{at}",
            details={"n": at, "字": [None, True]},
        )
        for at in range(times)
    ]


def test_the_journal_is_a_chain(march: Store) -> None:
    """Entries come back as written, numbered from 1, each naming the fingerprint of the one before."""
    written = noted(march, 4)
    assert march.entries() == written
    assert [entry.number for entry in written] == [1, 2, 3, 4]
    assert [entry.previous for entry in written] == ["", *(entry.fingerprint for entry in written[:3])]
    assert all(entry.fingerprint == entry.expected_fingerprint() for entry in written)
    assert march.entries("2026-03") == [written[1], written[3]]
    assert march.entries("") == [written[0], written[2]]
    assert march.verify_chain() is None


def test_an_empty_journal_is_whole(store: Store) -> None:
    """A chain without entries is whole."""
    assert store.verify_chain() is None


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("UPDATE journal SET stamp = 'earlier' WHERE number = 2", 2),
        ("UPDATE journal SET stage = 'draw' WHERE number = 3", 3),
        ("UPDATE journal SET sealed = (SELECT sealed FROM journal WHERE number = 1) WHERE number = 2", 2),
        ("UPDATE journal SET fingerprint = 'sha256:0' WHERE number = 4", 4),
        ("DELETE FROM journal WHERE number = 1", 1),
        ("DELETE FROM journal WHERE number = 2", 2),
        ("DELETE FROM journal WHERE number = 4", 4),
        ("DELETE FROM journal", 1),
        ("DELETE FROM settings WHERE name = 'journal_head'", 5),
        (
            "INSERT INTO journal SELECT 5, month, stage, stamp, previous, fingerprint, sealed FROM journal LIMIT 1",
            5,
        ),
    ],
)
def test_a_journal_rewritten_by_force_is_found(march: Store, file: Path, tampering: str, broken: int) -> None:
    """Whoever drops the triggers and alters, removes, adds or cuts off entries is found at the first of them."""
    noted(march, 4)
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TRIGGER journal_no_update")
        connection.execute("DROP TRIGGER journal_no_delete")
        connection.execute(tampering)
    connection.close()
    assert march.verify_chain() == broken


def an_offer(receipt_no: str = "R1") -> pd.DataFrame:
    return rows(
        OFFERS,
        month=["2026-03"],
        sub_round=["public"],
        receipt_no=[receipt_no],
        code=["K-1"],
        pool=["P1|one_room"],
        dwelling_id=["D1"],
        position=[1],
        made_on=pd.to_datetime(["2026-04-01"]),
        state=["MADE"],
    )


def test_an_offer_is_answered(march: Store) -> None:
    """An answer changes the columns it names and no other; months are kept apart."""
    assert march.write_offers(an_offer()) == Counts(inserted=1)
    answer = rows(
        OFFERS, month=["2026-03"], sub_round=["public"], receipt_no=["R1"], state=["WAIVED"], reason=["太远"],
        answered_on=pd.to_datetime(["2026-04-03"]),
    )  # fmt: skip
    assert march.update_offers(answer) == Counts(updated=1)
    offer = march.offers("2026-03").iloc[0]
    assert (offer["state"], offer["reason"], offer["code"], offer["position"]) == ("WAIVED", "太远", "K-1", 1)
    assert march.offers("2026-04").empty
    assert {name: str(kind) for name, kind in march.offers("2026-04").dtypes.items()} == OFFERS.dtypes


def test_an_answer_to_no_offer_is_a_bug(march: Store) -> None:
    """Only offers that were made can be answered."""
    march.write_offers(an_offer())
    with pytest.raises(ValueError, match="nobody made"):
        march.update_offers(an_offer("R2"))
    assert march.update_offers(an_offer().iloc[:0]) == Counts()


def test_leases_are_kept_by_number(march: Store) -> None:
    """Leases come back with money in fen and dates, by month or all; a lease again is updated."""
    leases = rows(
        LEASES, lease_no=["L1"], month=["2026-03"], receipt_no=["R1"], dwelling_id=["D1"], project_id=["P1"],
        starts_on=pd.to_datetime(["2026-05-01"]), ends_on=pd.to_datetime(["2029-05-01"]), rent_fen=[90_000],
        subsidy_fen=[0], area_cm2=[450_000], rent_per_m2_fen=[2_000], signed_on=pd.to_datetime(["2026-04-20"]),
        state=["IN_FORCE"],
    )  # fmt: skip
    assert march.write_leases(leases) == Counts(inserted=1)
    pd.testing.assert_frame_equal(march.leases("2026-03"), leases)
    assert march.leases("2026-04").empty
    ended = leases.assign(state=pd.Series(["ENDED"], dtype="str"))
    assert march.write_leases(ended) == Counts(updated=1)
    pd.testing.assert_frame_equal(march.leases(), ended)


def test_columns_a_table_does_not_have_are_a_bug(march: Store) -> None:
    """An unknown or missing column of an offer is refused instead of dropped or filled."""
    with pytest.raises(ValueError, match="colour"):
        march.write_offers(an_offer().assign(colour="red"))
    with pytest.raises(ValueError, match="pool"):
        march.write_offers(an_offer().drop(columns="pool"))


def test_an_export_is_kept_with_what_the_registry_answered(march: Store) -> None:
    """An export comes back as written; writing it again adds the registry's receipt."""
    sent = ExportRecord(
        "2026-03-01", "2026-03", date(2026, 5, 1), 1, True, {"parts": [{"name": "a.csv", "rows": 1}]}
    )
    march.write_export(sent)
    answered = replace(sent, receipt={"accepted": 1})
    assert march.exports("2026-03") == [sent]
    march.write_export(answered)
    assert march.exports() == [answered]
    assert march.exports("2026-04") == []


class Failure(Exception):
    """Something goes wrong in the middle."""


def test_a_transaction_is_all_or_nothing(store: Store) -> None:
    """What was written in a transaction that fails is gone, across all kinds of things; reads inside it see it."""

    def write_much_and_fail() -> None:
        with store.transaction():
            store.write_delivery(two_families())
            store.create_round(MARCH)
            store.put_artefact("2026-03", "", "a", b"1")
            noted(store, 2)
            store.set_setting("policy", "example")
            assert len(store.read_facts().households) == 2
            raise Failure

    with pytest.raises(Failure):
        write_much_and_fail()
    assert store.read_facts().households.empty
    assert (store.rounds(), store.entries(), store.setting("policy")) == ([], [], None)
    with store.transaction():
        store.write_delivery(two_families())
    assert len(store.read_facts().households) == 2


def test_a_transaction_inside_a_transaction_is_a_bug(store: Store) -> None:
    """Nested use is refused and undoes the outer transaction."""

    def nest() -> None:
        with store.transaction():
            store.set_setting("policy", "example")
            with store.transaction():
                pass

    with pytest.raises(RuntimeError, match="inside"):
        nest()
    assert store.setting("policy") is None


def test_absent_tables_of_a_delivery_are_no_deletions(march: Store) -> None:
    """An empty delivery changes nothing."""
    before = march.read_facts()
    march.write_delivery(Facts.empty())
    for name in Facts.__dataclass_fields__:
        pd.testing.assert_frame_equal(getattr(before, name), getattr(march.read_facts(), name))
