"""The commands ``tenancy`` and ``registry``: what they print and how they end."""

from __future__ import annotations

import json

import pytest

from cli import run

from .months import ALL_ACCEPTED, MONTH, receipt_file, signed


@pytest.fixture
def month(store, policy, url, tmp_path):
    """A signed month with three leases, on the store at ``url``."""
    signed(store, policy)
    return ["--store", url, "--lang", "en"]


def export(month, tmp_path, *more):
    return run(["registry", "export", MONTH, "--out", str(tmp_path / "out"), *month, *more])


def test_list_and_ledger(month, capsys):
    """The list has one row per lease and the ledger its sums, in words and as JSON."""
    assert run(["tenancy", "list", MONTH, *month]) == 0
    lines = capsys.readouterr().out.splitlines()
    # the flat of 50 m² at 40 yuan; subsidy 70 %
    assert lines[1] == ("ZL202603000001\tR1\tD1\t2026-03-26\t2029-03-25\t2000.00\t1400.00\tIN_FORCE\tPENDING")
    assert len(lines) == 4
    assert run(["tenancy", "ledger", MONTH, *month, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lines"][-1] == {
        "supply_mode": "total",
        "paid_by": "",
        "leases": 3,
        "rent_fen": 340_000,
        "subsidy_fen": 140_000,
    }


def test_list_of_all_months_as_json(month, capsys):
    """Without a month the leases of all months are listed."""
    assert run(["tenancy", "list", *month, "--json"]) == 0
    assert [lease["receipt_no"] for lease in json.loads(capsys.readouterr().out)["leases"]] == [
        "R1",
        "R2",
        "R3",
    ]


def test_export_check_and_receive(month, tmp_path, capsys):
    """An export checks; an answer that takes everything in ends with 0."""
    assert export(month, tmp_path) == 3  # a rehearsal, not said so
    assert export(month, tmp_path, "--rehearsal") == 0
    folder = next((tmp_path / "out").iterdir())
    assert run(["registry", "check", str(folder)]) == 0
    file = receipt_file(tmp_path, type("Export", (), {"folder": folder}), *ALL_ACCEPTED)
    assert run(["registry", "receive", MONTH, str(file), *month]) == 0
    assert "took in 3 leases and sent back 0" in capsys.readouterr().out


def test_leases_sent_back_end_with_one(month, tmp_path, capsys):
    """Leases sent back are listed on stderr and end with 1; the JSON on stdout stays whole."""
    export(month, tmp_path, "--rehearsal")
    folder = next((tmp_path / "out").iterdir())
    file = receipt_file(
        tmp_path, type("Export", (), {"folder": folder}), *ALL_ACCEPTED[:2], "ZL202603000003,退回,x"
    )
    capsys.readouterr()
    assert run(["registry", "receive", MONTH, str(file), *month, "--json"]) == 1
    told = capsys.readouterr()
    assert json.loads(told.out) == {
        "accepted": 2,
        "rejected": 1,
        "leases_rejected": [{"row": 4, "lease_no": "ZL202603000003", "reason": "x"}],
    }
    assert "ZL202603000003" in told.err


def test_a_dry_answer_is_not_recorded(month, store, tmp_path):
    """With --dry-run the answer is checked and not recorded."""
    export(month, tmp_path, "--rehearsal")
    folder = next((tmp_path / "out").iterdir())
    file = receipt_file(tmp_path, type("Export", (), {"folder": folder}), *ALL_ACCEPTED)
    assert run(["registry", "receive", MONTH, str(file), *month, "--dry-run"]) == 0
    assert not store.exports(MONTH)[0].receipt


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["tenancy", "list", "2026-13"], 2),
        (["tenancy", "ledger", "2026-04"], 3),
        (["registry", "receive", MONTH, "none.csv"], 2),
        (["registry", "receive", MONTH, __file__], 1),
        (["registry", "export", MONTH], 2),
    ],
)
def test_exit_codes(month, words, code):
    """Wrong words end with 2, an unknown round with 3, a file that is no answer with 1."""
    assert run([*words, *month]) == code


def test_an_altered_export_ends_with_one(month, tmp_path, capsys):
    """A folder that is not what its manifest says ends with 1 and names the part."""
    export(month, tmp_path, "--rehearsal")
    folder = next((tmp_path / "out").iterdir())
    part = next(folder.glob("*.csv"))
    part.write_bytes(part.read_bytes() + b"x\r\n")
    assert run(["registry", "check", str(folder), "--lang", "en"]) == 1
    assert f"{part.name}: this part is not the one the manifest counted" in capsys.readouterr().err
