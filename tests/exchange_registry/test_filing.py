"""From result to registry answer on a store: offers, answers, leases, export, receipt."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from allocator.errors import FaultsFound, Refused, WrongUsage
from allocator.exchange.registry_check import check_export, read_export
from allocator.model.enums import Stage
from allocator.office import filing, registry, tenancies
from allocator.office.acts import Act

from .months import (
    ALL_ACCEPTED,
    ANSWERED,
    MONTH,
    OFFERED,
    SIGNED,
    answered,
    exported,
    file_of,
    receipt_file,
    round_at,
    signed,
)


def test_a_month_ends_in_leases_and_standings(store, policy, tmp_path):
    """Who accepts has a lease and is housed, who refuses or is silent has one waiver more."""
    answers = file_of(tmp_path, "受理编号,答复,原因\nR1,接受,\nR2,放弃,太远\n")
    figures = signed(store, policy, answers).figures
    # D1: 50 m² x 40 yuan = 2,000 yuan; R1: 1,000 yuan a head and month -> 70 % = 1,400 yuan
    assert figures == {
        "made": 0,
        "accepted": 1,
        "waived": 2,
        "leases": 1,
        "rent_fen": 200_000,
        "subsidy_fen": 140_000,
        "held": 0,
        "must_apply_again": 0,
    }
    standings = store.standings().set_index("receipt_no")
    assert standings["state"].to_dict() == {"R1": "housed", "R2": "waiting", "R3": "waiting"}
    assert standings["num_waivers"].to_dict() == {"R1": 0, "R2": 1, "R3": 1}
    assert store.offers(MONTH).set_index("receipt_no")["reason"].fillna("").to_dict() == {
        "R1": "",
        "R2": "too_far",
        "R3": "late",
    }


def test_beyond_the_limit_a_household_must_apply_again(store, policy):
    """The waiver beyond the limit takes the household off the waiting list."""
    before = pd.DataFrame({"receipt_no": ["R2"], "state": ["waiting"], "num_waivers": [2]})
    store.set_standings(before.astype({"receipt_no": "str", "state": "str", "num_waivers": "Int64"}))
    tenancies.offer_round(store, MONTH, OFFERED)
    figures = tenancies.sign_round(store, policy, MONTH, SIGNED).figures
    assert figures["must_apply_again"] == 1
    assert store.standings().set_index("receipt_no").loc["R2"].tolist() == ["withdrawn", 3]


def test_a_frozen_case_is_not_signed(store, policy):
    """A household whose case is frozen after it accepted gets no lease and keeps its standing."""
    answered(store)
    frozen = pd.DataFrame({"receipt_no": ["R1"], "state": ["frozen"], "num_waivers": [0]})
    store.set_standings(frozen.astype({"receipt_no": "str", "state": "str", "num_waivers": "Int64"}))
    figures = tenancies.sign_round(store, policy, MONTH, SIGNED).figures
    assert (figures["leases"], figures["held"]) == (2, 1)
    assert store.standings().set_index("receipt_no").loc["R1", "state"] == "frozen"


def test_faulty_answers_change_nothing(store, tmp_path):
    """One faulty row holds the whole file back, and the message names its row."""
    tenancies.offer_round(store, MONTH, OFFERED)
    answers = file_of(tmp_path, "受理编号,答复\nR1,接受\nR9,接受\n", "答复.csv")
    with pytest.raises(FaultsFound) as fault:
        tenancies.answer_round(store, MONTH, ANSWERED, answers, rehearsal=False, language="en")
    assert fault.value.code == "filed_file_faulty"
    assert str(fault.value.params["lines"]).startswith("答复.csv, row 3, receipt_no: «R9»: nobody has this")
    assert set(store.offers(MONTH)["state"]) == {"MADE"}


@pytest.mark.parametrize("wish", ["accept-all", "random:7"])
def test_made_up_answers_never_meet_a_real_round(store, wish):
    """Answers nobody gave are refused outside rehearsals."""
    tenancies.offer_round(store, MONTH, OFFERED)
    with pytest.raises(Refused) as fault:
        tenancies.answer_round(store, MONTH, ANSWERED, wish, rehearsal=False, language="en")
    assert fault.value.code == "answers_only_rehearsed"


@pytest.mark.parametrize("wish", ["random:", "random:x", "random:-1", "random:1.5", "random:²"])
def test_a_malformed_seed_is_wrong_usage(store, wish):
    """A seed is a whole number."""
    tenancies.offer_round(store, MONTH, OFFERED)
    with pytest.raises(WrongUsage):
        tenancies.answer_round(store, MONTH, ANSWERED, wish, rehearsal=True, language="en")


def test_ledger_sums_to_its_last_line(store, policy):
    """The ledger's lines by supply mode add up to its last line, and name who pays."""
    signed(store, policy)
    lines = tenancies.ledger(store.leases(MONTH), store.read_facts(), policy)
    assert [line["supply_mode"] for line in lines] == [
        "enterprise_built",
        "government_invested",
        "leased",
        "total",
    ]
    for name in ("leases", "rent_fen", "subsidy_fen"):
        assert sum(line[name] for line in lines[:-1]) == lines[-1][name]
    # 2,000 + 1,200 + 200 yuan
    assert lines[-1]["rent_fen"] == 340_000


def test_export_holds_the_leases_and_who_signed(store, policy, tmp_path):
    """The export checks, holds every lease with applicant, and the store remembers it."""
    signed(store, policy)
    export = exported(store, policy, tmp_path)
    assert export.export_no == "rehearsal-registry-2026-03-001"
    frame, problems = read_export(export.folder)
    assert problems == []
    columns = ["lease_no", "receipt_no", "applicant_name", "num_persons", "dwelling_id", "rent_fen"]
    assert frame[columns].to_numpy().tolist() == [
        ["ZL202603000001", "R1", "甲", 3, "D1", 200_000],
        ["ZL202603000002", "R2", "丁", 1, "D2", 120_000],
        ["ZL202603000003", "R3", "戊", 1, "D3", 20_000],
    ]
    assert [record.export_no for record in store.exports(MONTH)] == [export.export_no]
    # five weekdays after Thursday 26 March 2026: Thursday 2 April
    assert export.figures["due_on"] == "2026-04-02"


def test_the_same_month_exported_again_is_the_same(store, policy, tmp_path):
    """Without a change a second export has the number and the bytes of the first."""
    signed(store, policy)
    first = exported(store, policy, tmp_path)
    before = {entry.name: entry.read_bytes() for entry in first.folder.iterdir()}
    again = registry.export_round(store, policy, MONTH, tmp_path / "other", SIGNED, rehearsal=True)
    assert (again.export_no, again.is_new) == (first.export_no, False)
    assert before == {entry.name: entry.read_bytes() for entry in again.folder.iterdir()}
    assert len(store.exports(MONTH)) == 1


def test_a_rehearsal_is_not_filed_by_mistake(store, policy, tmp_path):
    """A rehearsal is refused without the word, and nothing is written."""
    signed(store, policy)
    with pytest.raises(Refused) as fault:
        exported(store, policy, tmp_path, rehearsal=False)
    assert fault.value.code == "registry_rehearsal"
    assert not (tmp_path / "out").exists()


def test_a_real_round_never_gets_the_mark(store, policy, tmp_path):
    """A real round is not exported as a rehearsal."""
    signed(store, policy)
    store.update_round(round_at(Stage.SIGN, rehearsal=False))
    with pytest.raises(Refused) as fault:
        exported(store, policy, tmp_path)
    assert fault.value.code == "registry_not_a_rehearsal"
    assert exported(store, policy, tmp_path, rehearsal=False).export_no == "registry-2026-03-001"


def test_a_lease_without_applicant_is_not_filed(store, policy, tmp_path):
    """A record with a gap stops the export and names the lease."""
    signed(store, policy)
    facts = store.read_facts()
    lone = facts.members[facts.members["receipt_no"] != "R2"]
    with pytest.raises(Refused) as fault:
        registry.records_of(store.leases(MONTH), facts.__class__(**{**vars(facts), "members": lone}))
    assert fault.value.params["leases"] == "ZL202603000002"


def test_a_cancelled_lease_becomes_a_tombstone(store, policy, tmp_path):
    """A lease filed and then cancelled is in the next export as a tombstone, out of all sums."""
    signed(store, policy)
    exported(store, policy, tmp_path)
    leases = store.leases(MONTH)
    leases.loc[leases["lease_no"] == "ZL202603000001", "state"] = "CANCELLED"
    store.write_leases(leases)
    export = exported(store, policy, tmp_path)
    assert export.export_no == "rehearsal-registry-2026-03-002"
    assert (export.figures["tombstones"], export.figures["rent_fen"]) == (1, 140_000)


def test_a_lease_cancelled_before_filing_is_not_exported(store, policy, tmp_path):
    """What the registry never heard of needs no tombstone."""
    signed(store, policy)
    leases = store.leases(MONTH)
    leases.loc[0, "state"] = "CANCELLED"
    store.write_leases(leases)
    assert exported(store, policy, tmp_path).figures["records"] == 2


def test_receipt_files_and_sends_back(store, policy, tmp_path):
    """Leases taken in are FILED, those sent back REJECTED and located with the registry's reason."""
    signed(store, policy)
    export = exported(store, policy, tmp_path)
    file = receipt_file(
        tmp_path, export, ALL_ACCEPTED[0], "ZL202603000002,退回,身份证号不符", ALL_ACCEPTED[2]
    )
    received = registry.receive(store, MONTH, file, language="zh")
    assert received.figures == {"accepted": 2, "rejected": 1}
    assert [(fault.row, fault.value, fault.params["reason"]) for fault in received.rejected] == [
        (3, "ZL202603000002", "身份证号不符")
    ]
    filings = registry.filings(store.leases(MONTH), store.exports(MONTH))
    assert filings.tolist() == ["FILED", "REJECTED", "FILED"]


def test_an_increment_holds_what_was_sent_back(store, policy, tmp_path):
    """After an answer the increment files what was sent back, and its own answer settles it."""
    signed(store, policy)
    export = exported(store, policy, tmp_path)
    rows = (ALL_ACCEPTED[0], "ZL202603000002,退回,x", ALL_ACCEPTED[2])
    registry.receive(store, MONTH, receipt_file(tmp_path, export, *rows), language="zh")
    more = exported(store, policy, tmp_path, increment=True)
    assert (more.figures["kind"], more.figures["records"]) == ("increment", 1)
    registry.receive(store, MONTH, receipt_file(tmp_path, more, ALL_ACCEPTED[1]), language="zh")
    filings = registry.filings(store.leases(MONTH), store.exports(MONTH))
    assert set(filings) == {"FILED"}


def test_receiving_twice_changes_nothing_and_another_answer_is_refused(store, policy, tmp_path):
    """The same answer may come again; a different one to the same export is refused."""
    signed(store, policy)
    export = exported(store, policy, tmp_path)
    file = receipt_file(tmp_path, export, *ALL_ACCEPTED)
    for _ in range(2):
        assert registry.receive(store, MONTH, file, language="zh").figures["accepted"] == 3
    other = receipt_file(tmp_path, export, *ALL_ACCEPTED[:2], "ZL202603000003,退回,x")
    with pytest.raises(Refused) as fault:
        registry.receive(store, MONTH, other, language="zh")
    assert fault.value.code == "receipt_already_received"


@pytest.mark.parametrize(
    ("rows", "fault_line"),
    [
        (ALL_ACCEPTED[:2], "row 1, lease_no: «ZL202603000003»"),
        ((*ALL_ACCEPTED, "ZL209901000001,接收,"), "row 5, lease_no: «ZL209901000001»"),
        ((*ALL_ACCEPTED, ALL_ACCEPTED[0]), "row 2, lease_no: «ZL202603000001»"),
        ((*ALL_ACCEPTED[:2], "ZL202603000003,也许,"), "row 4, outcome: «也许»"),
    ],
)
def test_an_answer_that_does_not_fit_is_not_recorded(store, policy, tmp_path, rows, fault_line):
    """An answer must name every lease of the export exactly once; otherwise each fault is located."""
    signed(store, policy)
    export = exported(store, policy, tmp_path)
    with pytest.raises(FaultsFound) as fault:
        registry.receive(store, MONTH, receipt_file(tmp_path, export, *rows), language="en")
    assert fault_line in str(fault.value.params["lines"])
    assert not store.exports(MONTH)[0].receipt


def test_an_answer_to_another_manifest_is_refused(store, policy, tmp_path):
    """A foreign or altered manifest is refused: its hash is not the one handed over."""
    signed(store, policy)
    export = exported(store, policy, tmp_path)
    manifest = (export.folder / "manifest.json").read_bytes()
    (export.folder / "manifest.json").write_bytes(manifest.replace(b'"rehearsal":true', b'"rehearsal":false'))
    with pytest.raises(Refused) as fault:
        registry.receive(store, MONTH, receipt_file(tmp_path, export, *ALL_ACCEPTED), language="en")
    assert fault.value.code == "receipt_is_foreign"
    assert check_export(export.folder) == []  # sound in itself: only the hash kept by the bureau tells


def test_an_answer_before_any_export_is_refused(store, policy, tmp_path):
    """Nothing can be received where nothing was exported."""
    signed(store, policy)
    file = file_of(tmp_path, "清单指纹,合同编号,备案结果\nx,ZL1,接收\n")
    with pytest.raises(Refused) as fault:
        registry.receive(store, MONTH, file, language="en")
    assert fault.value.code == "registry_nothing_exported"


def test_a_dry_run_leaves_store_and_files(store, policy, url, tmp_path):
    """A dry export writes neither store nor files, and tells the same figures."""
    signed(store, policy)
    act = Act(url, on=SIGNED, out=tmp_path / "out", is_dry_run=True)
    dry = filing.export(act, MONTH, rehearsal=True, increment=False)
    assert store.exports(MONTH) == []
    assert not (tmp_path / "out").exists()
    real = filing.export(Act(url, on=SIGNED, out=tmp_path / "out"), MONTH, rehearsal=True, increment=False)
    assert real.figures == dry.figures
    assert [entry.stage for entry in store.entries(MONTH)] == ["registry_export"]


def test_nothing_is_filed_before_signing(store, url):
    """Before the leases are signed there is nothing to export or to sum."""
    with pytest.raises(Refused) as fault:
        filing.export(Act(url, out=Path()), MONTH, rehearsal=True, increment=False)
    assert fault.value.code == "tenancy_not_signed"


def test_the_list_names_no_person(store, policy, url, tmp_path):
    """The list of leases has receipt numbers and filing, and no name and no ID number."""
    signed(store, policy)
    exported(store, policy, tmp_path)
    leases = filing.leases_of_store(url, MONTH)
    assert leases["filing"].tolist() == ["PENDING"] * 3
    text = leases.to_csv()
    for person in store.read_facts().members[["name", "id_number"]].to_numpy().ravel():
        assert person not in text
