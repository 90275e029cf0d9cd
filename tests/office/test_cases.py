"""One case withdrawn or frozen between the stages, through a whole round."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from allocator.audit import verify_bundle
from allocator.errors import Refused, WrongUsage
from allocator.model.enums import Stage
from allocator.office import cases, rounds
from allocator.office import month as months
from allocator.office.acts import Act
from allocator.store import Store
from tests.office.conftest import MONTH

Fresh = Callable[..., Act]
TO_ORDER = (Stage.OPEN, Stage.SCREEN, Stage.PUBLISH_ROSTER, Stage.DRAW, Stage.PUBLISH_ORDER)


def do(act: Act, *stages: Stage) -> None:
    """These stages, in order."""
    for stage in stages:
        rounds.do(stage, MONTH, act)


def freeze(act: Act, receipt_no: str) -> object:
    """Freeze a case."""
    return cases.change("freeze", MONTH, receipt_no, act, reason="异议待查", approver="李主任")


def withdraw(act: Act, receipt_no: str) -> object:
    """Withdraw a case."""
    return cases.change("withdraw", MONTH, receipt_no, act, reason="本人申请退出")


def housed_in_a_plain_run(act: Act) -> list[tuple[str, str]]:
    """Receipt and code of the public sub-round's housed, by position, when nobody leaves."""
    with Store.open(act.store_url) as store:
        roster, order = store.frame(MONTH, "public", "roster"), store.frame(MONTH, "public", "order")
        result = store.frame(MONTH, "public", "result")
    named = order.merge(roster[["receipt_no", "code"]], on="code")
    named = named[named["code"].isin(result["code"])].sort_values("position")
    return list(zip(named["receipt_no"], named["code"], strict=True))


def judged(act: Act) -> None:
    """Both judges accept every bundle."""
    for bundle in sorted((act.out / MONTH).rglob("bundle")):
        assert [check for check in verify_bundle(bundle) if not check.holds] == []
        run = [sys.executable, "-I", str(bundle / "verify.py"), str(bundle)]
        assert subprocess.run(run, capture_output=True, check=False).returncode == 0


def test_after_the_commitment_the_position_stays_and_the_list_is_empty(
    sample_round: tuple[Act, object], fresh: Fresh
) -> None:
    """A household withdrawn and one frozen after the order keep their positions, get nothing, stand in removals.csv."""
    (gone, gone_code), (held, held_code) = housed_in_a_plain_run(sample_round[0])[:2]
    act = fresh()
    do(act, *TO_ORDER)
    assert withdraw(act, gone).figures["effect"] == "case_keeps_position"
    freeze(act, held)
    months.run(MONTH, act, months.Wishes(answers="accept-all"))
    bundle = act.out / MONTH / "bundle"
    plain = sample_round[0].out / MONTH / "bundle"
    # Who was housed among its employer's staff stands in both: it had left the public sub-round anyway.
    removed, before = (
        set((folder / "removals.csv").read_text(encoding="utf-8").split()) for folder in (bundle, plain)
    )
    assert removed - before == {gone_code, held_code}
    assert (bundle / "order.csv").read_bytes() == (plain / "order.csv").read_bytes()
    result = (bundle / "result.csv").read_text(encoding="utf-8")
    assert gone_code not in result
    assert held_code not in result
    judged(act)
    with Store.open(act.store_url) as store:
        assert not set(store.leases()["receipt_no"]) & {gone, held}
        standings = store.standings().set_index("receipt_no")["state"]
    assert (standings[gone], standings[held]) == ("withdrawn", "frozen")


def test_before_the_roster_the_case_is_left_out(sample_round: tuple[Act, object], fresh: Fresh) -> None:
    """Who withdraws between screening and roster stands on no roster and is counted as withdrawn, one household less."""
    (gone, _), *_ = housed_in_a_plain_run(sample_round[0])
    act = fresh()
    do(act, Stage.OPEN, Stage.SCREEN)
    assert withdraw(act, gone).figures["effect"] == "case_left_out"
    months.run(MONTH, act, months.Wishes())
    bundle = act.out / MONTH / "bundle"
    receipts = json.loads((bundle / "commitment.json").read_bytes())["receipts"]
    assert receipts["total"] == 600
    with Store.open(act.store_url) as store:
        assert gone not in set(store.frame(MONTH, "public", "roster")["receipt_no"])
        assert store.frame(MONTH, "", "receipts").set_index("receipt_no")["class"][gone] == "withdrawn"
    judged(act)


def test_after_the_allocation_no_lease_is_signed(sample_round: tuple[Act, object], fresh: Fresh) -> None:
    """A case frozen after the result keeps its published place, its lease waits; the bundle is as if nothing happened."""
    (held, _), *_ = housed_in_a_plain_run(sample_round[0])
    act = fresh()
    months.run(MONTH, act, months.Wishes())
    assert freeze(act, held).figures["effect"] == "case_not_signed"
    months.run(MONTH, act, months.Wishes(answers="accept-all"))
    with Store.open(act.store_url) as store:
        assert held not in set(store.leases()["receipt_no"])
    name = Path(MONTH) / "bundle" / "result.csv"
    assert (act.out / name).read_bytes() == (sample_round[0].out / name).read_bytes()


def test_a_case_frozen_and_taken_up_again_changes_nothing(
    sample_round: tuple[Act, object], fresh: Fresh
) -> None:
    """Frozen and unfrozen before the allocation, the round publishes byte for byte what it would have published."""
    (held, _), *_ = housed_in_a_plain_run(sample_round[0])
    act = fresh()
    do(act, *TO_ORDER)
    freeze(act, held)
    done = cases.change("unfreeze", MONTH, held, act, reason="异议不成立", approver="李主任")
    assert done.figures["effect"] == "case_takes_part"
    months.run(MONTH, act, months.Wishes())
    for file in ("result.csv", "removals.csv", "certificate.json"):
        name = Path(MONTH) / "bundle" / file
        assert (act.out / name).read_bytes() == (sample_round[0].out / name).read_bytes()


def test_reason_and_approver_stand_in_the_journal(fresh: Fresh) -> None:
    """The entry names receipt, reason, approver and both standings; the chain stays whole, the stages' days too."""
    act = fresh()
    do(act, Stage.OPEN)
    with Store.open(act.store_url) as store:
        receipt = store.read_facts().households["receipt_no"].iloc[0]
    freeze(act, receipt)
    with Store.open(act.store_url) as store:
        entry = store.entries(MONTH)[-1]
        assert store.verify_chain() is None
    wanted = {"receipt_no": receipt, "reason": "异议待查", "approver": "李主任"}
    assert wanted.items() <= dict(entry.details).items()
    assert (entry.stage, entry.details["before"], entry.details["after"]) == ("freeze", "waiting", "frozen")
    assert [code for code, _ in months.status(MONTH, act).said][:1] == ["stage_line_done"]


def test_what_cannot_be_done_is_refused_and_changes_nothing(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown receipt or round, wrong standing, no approver, approving oneself, a day before the stage: refused."""
    act = fresh()
    do(act, Stage.OPEN)
    monkeypatch.setenv("ALLOCATOR_ACTOR", "小王")
    with Store.open(act.store_url) as store:
        receipt = store.read_facts().households["receipt_no"].iloc[0]
    asked = {"month": MONTH, "receipt_no": receipt, "act": act, "reason": "x", "approver": "李主任"}
    wrong = [
        ("unfreeze", {}, "case_not_unfreeze"),
        ("withdraw", {"receipt_no": "SL0"}, "case_unknown"),
        ("withdraw", {"month": "2026-04"}, "round_unknown"),
        ("freeze", {"approver": "小王"}, "case_approver_is_actor"),
        ("freeze", {"approver": None}, "case_approver_missing"),
        ("withdraw", {"reason": " "}, "case_reason_missing"),
        ("withdraw", {"act": replace(act, on=date(2026, 1, 1))}, "case_before_stage"),
    ]
    for verb, change, code in wrong:
        with pytest.raises((Refused, WrongUsage)) as fault:
            cases.change(verb, **(asked | change))
        assert fault.value.code == code
    with Store.open(act.store_url) as store:
        assert len(store.standings()) == 0
        assert [entry.stage for entry in store.entries(MONTH)] == ["open"]


def test_a_dry_run_of_an_act_writes_nothing(fresh: Fresh) -> None:
    """``--dry-run`` tells the effect and leaves standing and journal alone."""
    act = fresh()
    do(act, Stage.OPEN)
    with Store.open(act.store_url) as store:
        receipt = store.read_facts().households["receipt_no"].iloc[0]
    done = withdraw(replace(act, is_dry_run=True), receipt)
    assert done.said[-1][0] == "dry_run_done"
    with Store.open(act.store_url) as store:
        assert len(store.standings()) == 0


def test_the_commands_do_what_the_desk_does(fresh: Fresh) -> None:
    """``round freeze``, ``unfreeze`` and ``withdraw`` on the command line: exit 0, JSON on stdout, standing in the store."""
    from typer.testing import CliRunner

    from allocator.commands.app import app

    act = fresh()
    do(act, Stage.OPEN)
    with Store.open(act.store_url) as store:
        receipt = store.read_facts().households["receipt_no"].iloc[0]
    for verb, state in (("freeze", "frozen"), ("unfreeze", "waiting"), ("withdraw", "withdrawn")):
        line = [
            "round",
            verb,
            MONTH,
            receipt,
            "--reason",
            "异议",
            "--approver",
            "李主任",
            "--store",
            act.store_url,
        ]
        run = CliRunner().invoke(app, [*line, "--json"])
        assert run.exit_code == 0, run.output
        assert json.loads(run.stdout)["after"] == state
        with Store.open(act.store_url) as store:
            standings = store.standings().set_index("receipt_no")["state"]
        assert standings.get(receipt, "waiting") == state
