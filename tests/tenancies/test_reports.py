"""What is reported of tenants, through the desk: located faults, one entry in the journal, and whose lease ends."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

import cli
from allocator.errors import FaultsFound
from allocator.model.enums import Stage
from allocator.office import breaches
from allocator.office.acts import Act
from allocator.office.tenancies import answer_round, offer_round, sign_round
from allocator.policy import load
from allocator.store import Store
from tests.exchange_registry.months import ANSWERED, MONTH, OFFERED, SIGNED, round_at
from tests.tenancies.worlds import three_families_three_dwellings

HEAD = "受理编号,情形,起始日期,终止日期,撤销\n"
LATE = date(2027, 3, 31)


@pytest.fixture
def act(tmp_path: Path) -> Act:
    """Three families with leases from 26 March 2026 on, under the law of the example."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    with Store.open(url) as store:
        store.write_delivery(three_families_three_dwellings())
        store.set_setting("policy", "example")
        store.create_round(round_at(Stage.PUBLISH_RESULT))
        codes = pd.Series(["a", "b", "c"], dtype="str")
        frames = {
            "roster": pd.DataFrame({"receipt_no": ["R1", "R2", "R3"], "code": codes}),
            "order": pd.DataFrame({"position": [1, 2, 3], "code": codes}),
            "result": pd.DataFrame({"code": codes, "pool": ["p"] * 3, "dwelling_id": ["D1", "D2", "D3"]}),
        }
        for name, frame in frames.items():
            store.put_frame(MONTH, "public", name, frame)
        offer_round(store, MONTH, OFFERED)
        answer_round(store, MONTH, ANSWERED, "accept-all", rehearsal=True, language="en")
        sign_round(store, load("example").in_force(date(2026, 3, 1)), MONTH, SIGNED)
    return Act(url, language="en")


def file_of(tmp_path: Path, *rows: str) -> Path:
    place = tmp_path / "reports.csv"
    place.write_text(HEAD + "".join(row + "\n" for row in rows), encoding="utf-8")
    return place


def reviewed(act: Act, month: str = "2027-03") -> list[tuple[str, str, int]]:
    tenants = breaches.review(act, month).tenants
    return list(tenants[["receipt_no", "kind", "months"]].itertuples(index=False, name=None))


def test_the_law_ends_the_lease_of_who_left_it_idle_too_long(act: Act, tmp_path: Path) -> None:
    """Idle from 1 April: after six months and a day the lease ends, not before; the neighbour keeps hers."""
    file = file_of(tmp_path, "R1,空置,2026-04-01,,", "R2,空置,2026-05-01,2026-06-30,")
    assert breaches.report(act, file, LATE) == {"reported": 2, "withdrawn": 0, "unchanged": 0}
    assert reviewed(act, "2026-09") == []
    assert reviewed(act, "2026-10") == [("R1", "idle", 7)]


def test_the_same_file_again_changes_nothing(act: Act, tmp_path: Path) -> None:
    """A report known already is no second one, and writes no entry."""
    file = file_of(tmp_path, "R1,空置,2026-04-01,,")
    breaches.report(act, file, LATE)
    assert breaches.report(act, file, LATE) == {"reported": 0, "withdrawn": 0, "unchanged": 1}
    with Store.open(act.store_url) as store:
        assert [entry.stage for entry in store.entries("")].count(breaches.REPORT) == 1
        assert store.verify_chain() is None


def test_a_later_word_counts(act: Act, tmp_path: Path) -> None:
    """An end entered later shortens the report; a withdrawn one was never there."""
    breaches.report(act, file_of(tmp_path, "R1,空置,2026-04-01,,", "R2,sublet,2026-08-01,,"), LATE)
    assert reviewed(act) == [("R1", "idle", 12), ("R2", "sublet", 8)]
    breaches.report(
        act, file_of(tmp_path, "R1,空置,2026-04-01,2026-05-31,", "R2,sublet,2026-08-01,,是"), LATE
    )
    assert reviewed(act) == []


def test_a_dry_run_writes_nothing(act: Act, tmp_path: Path) -> None:
    """Rehearsed reports end no lease."""
    rehearsal = Act(act.store_url, language="en", is_dry_run=True)
    told = breaches.report(rehearsal, file_of(tmp_path, "R1,sublet,2026-04-01,,"), LATE)
    assert told == {"reported": 1, "withdrawn": 0, "unchanged": 0}
    assert reviewed(act) == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("R9,空置,2026-04-01,,", "nobody has this receipt number"),
        ("R1,搬家,2026-04-01,,", "kind"),
        ("R1,空置,,,", "begins_on"),
        ("R1,空置,2026-03-25,,", "no lease on the day it begins"),
        ("R1,空置,2026-04-02,2026-04-01,", "it ends before it begins"),
        ("R1,空置,2027-04-01,,", "after the day of the act, 2027-03-31"),
        ("R1,欠租,2026-04-01,,是", "nothing of the kind was reported"),
        ("R3,空置,2026-05-01,,\nR3,空置,2026-05-01,2026-06-30,", "rows 3、4 say the same thing"),
    ],
)
def test_a_faulty_row_is_told_with_its_place_and_nothing_is_entered(
    row: str, words: str, act: Act, tmp_path: Path
) -> None:
    """One faulty row stops the whole file; the fault names file, row and cure."""
    file = file_of(tmp_path, "R2,sublet,2026-04-01,,", row)
    with pytest.raises(FaultsFound) as told:
        breaches.report(act, file, LATE)
    text = str(told.value.params["lines"])
    assert words in text
    assert "reports.csv, row 3" in text
    assert reviewed(act) == []


def test_no_report_stands_open_in_the_store(act: Act, tmp_path: Path) -> None:
    """What is said of a tenant is sealed at rest."""
    breaches.report(act, file_of(tmp_path, "R1,illegal_use,2026-04-01,,"), LATE)
    content = Path(act.store_url.removeprefix("sqlite:///")).read_bytes()
    assert b"illegal_use" not in content


def test_the_clerk_sees_article_and_ban(act: Act, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``tenancy report`` then ``tenancy review`` name lease, article and ban, in words and as JSON."""
    file = file_of(tmp_path, "R1,sublet,2026-04-01,,", "R3,欠租,2026-04-01,2026-12-31,")
    entered = ["tenancy", "report", str(file), "--on", "2027-03-31", "--store", act.store_url, "--lang", "en"]
    assert cli.run(entered) == 0
    assert "Entered 2 reports" in capsys.readouterr().out
    words = ["tenancy", "review", "2027-03", "--store", act.store_url]
    assert cli.run([*words, "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "the law ends 2 of them" in out
    assert "第二十七条（一）" in out
    assert cli.run([*words, "--json"]) == 0
    tenants = json.loads(capsys.readouterr().out)["tenants"]
    assert [(t["receipt_no"], t["kind"], t["months"], t["barred_months"]) for t in tenants] == [
        ("R1", "sublet", 12, 60),
        ("R3", "arrears", 9, None),
    ]
