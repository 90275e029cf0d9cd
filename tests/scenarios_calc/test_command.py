"""``allocator scenario calc``: exit codes, what is written and what is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cli
from allocator.errors import NoAllocation
from scenarios.calc import MODELS
from tests.scenarios_calc.test_documents import RENT, SOUND, TIERS


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A place for the input and one for the output."""
    return tmp_path / "input.json", tmp_path / "output.json"


def run(files: tuple[Path, Path], model: str, document: object, *more: str) -> int:
    files[0].write_text(json.dumps(document), encoding="utf-8")
    return cli.run(["scenario", "calc", model, str(files[0]), "--out", str(files[1]), *more])


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        # Month 1: 10 paid by 1, half leave with 10; month 2: 10 by 1/2, 1/4 leaves with 20.
        (
            "rent_to_own",
            {
                "pv_rent_fen": 150,
                "pv_premium_fen": 15,
                "pv_refund_fen": 10,
                "survival": 0.25,
                "value_at_exercise_fen": 1000,
                "neutral_price_fen": 980,
            },
        ),
        (
            "subsidy_tiers",
            {
                "tier": [1],
                "below_threshold": 1,
                "excess_fen": 0,
                "cost_fen": 20,
                "burdens": ["1/5"],
                "status": "OPTIMAL",
            },
        ),
        # A start in period 0 stands in period 1 with 2 units at 10 + 1; period 0 lacks its 1.
        ("supply_mix", {"starts": [[1, 0]], "shortage": 1, "cost_fen": 11, "status": "OPTIMAL"}),
    ],
)
def test_the_answer_of_the_contract(
    files: tuple[Path, Path], model: str, expected: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each model writes exactly the keys of the contract, and --json prints the same document."""
    assert run(files, model, SOUND[model], "--json") == 0
    assert json.loads(files[1].read_text(encoding="utf-8")) == expected
    assert json.loads(capsys.readouterr().out) == expected


def test_an_unknown_model_lists_those_there_are(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown model exits 2, lists the models and writes nothing."""
    assert run(files, "rent_to_buy", RENT) == 2
    said = capsys.readouterr().err
    assert all(name in said for name in MODELS)
    assert not files[1].exists()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_faults_write_nothing(
    files: tuple[Path, Path], language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An invalid file exits 1, says every fault with its key and leaves what stood at OUTPUT alone."""
    files[1].write_text("before", encoding="utf-8")
    spoilt = {**RENT, "months": -1, "refund_share": "3/2"}
    assert run(files, "rent_to_own", spoilt, "--lang", language) == 1
    said = capsys.readouterr()
    assert [line.split(": ")[:2] for line in said.err.splitlines()] == [
        ["input.json", "months"],
        ["input.json", "refund_share"],
    ]
    assert said.out == ""
    assert files[1].read_text(encoding="utf-8") == "before"
    assert sorted(files[0].parent.iterdir()) == sorted(files)


def test_faults_as_json(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the faults stand on stdout in the form of ``data check``."""
    assert run(files, "rent_to_own", {**RENT, "months": 1201}, "--json", "--lang", "en") == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["column"], problem["value"], problem["severity"]) == ("months", "1201", "error")
    assert "1200" in problem["message"]


def test_infeasible_is_written_and_exits_4(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the cheapest tiers cost more than the budget: INFEASIBLE, and the smallest budget in words."""
    # The only tier costs min(20, 40).
    assert run(files, "subsidy_tiers", {**TIERS, "tiers_fen": [20], "budget_fen": 19}, "--lang", "en") == 4
    assert "20 fen" in capsys.readouterr().err
    answer = json.loads(files[1].read_text(encoding="utf-8"))
    assert (answer["status"], answer["smallest_budget_fen"]) == ("INFEASIBLE", 20)


def test_a_limit_is_no_answer(files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the solver's limit comes first, no answer is given: LIMIT, exit 4."""
    monkeypatch.setattr("scenarios.exact.Stages.least", _used_up)
    many = [{"income_fen": 1000 + 7 * at, "rent_fen": 400 + 13 * at} for at in range(40)]
    harder = {**TIERS, "households": many, "tiers_fen": [0, 150], "budget_fen": 300, "aim": "count"}
    assert run(files, "subsidy_tiers", harder) == 4
    answer = json.loads(files[1].read_text(encoding="utf-8"))
    assert (answer["status"], answer["tier"]) == ("LIMIT", None)


def _used_up(*_: object) -> int:
    raise NoAllocation("calc_limit")


def test_a_dry_run_writes_nothing(files: tuple[Path, Path]) -> None:
    """A dry run answers and leaves no file."""
    assert run(files, "rent_to_own", RENT, "--dry-run") == 0
    assert list(files[0].parent.iterdir()) == [files[0]]


def test_wrong_places(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """An output that cannot be, the input as output, and an input that is not there exit 2."""
    folder = files[0].parent
    assert run((files[0], folder / "no" / "x.json"), "rent_to_own", RENT) == 2
    assert run((files[0], folder), "rent_to_own", RENT) == 2
    assert run((files[0], files[0]), "rent_to_own", RENT) == 2
    assert json.loads(files[0].read_text(encoding="utf-8")) == RENT
    assert cli.run(["scenario", "calc", "rent_to_own", str(folder / "no.json"), "--out", str(files[1])]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 4
    assert not files[1].exists()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"months": 1, "months": 2}'])
def test_what_is_no_json(files: tuple[Path, Path], content: bytes) -> None:
    """Bytes that are no JSON document exit 1 without a traceback."""
    files[0].write_bytes(content)
    assert cli.run(["scenario", "calc", "rent_to_own", str(files[0]), "--out", str(files[1])]) == 1
    assert not files[1].exists()
