"""``allocator solve``: exit codes, what is written and what is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import cli
from allocator.mechanisms import NAMES, mechanism_named
from tests.mechanisms.test_documents import ROOMS, THREE_FAMILIES, changed


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """An instance file and a place for the solution."""
    instance = tmp_path / "instance.json"
    instance.write_text(json.dumps(THREE_FAMILIES), encoding="utf-8")
    return instance, tmp_path / "solution.json"


def run(files: tuple[Path, Path], *more: str, mechanism: str = "band_optimum") -> int:
    return cli.run(["solve", str(files[0]), "--mechanism", mechanism, "--out", str(files[1]), *more])


@pytest.mark.parametrize("mechanism", [name for name in NAMES if not name.endswith(("c_serial", "_lottery"))])
def test_solve_writes_the_solution(files: tuple[Path, Path], mechanism: str) -> None:
    """A sound instance gives a solution document of the contract and exit 0."""
    assert run(files, mechanism=mechanism) == 0
    solution = json.loads(files[1].read_text(encoding="utf-8"))
    assert list(solution) == [
        "format",
        "mechanism",
        "status",
        "instance_fingerprint",
        "assignment",
        "options",
        "certificate",
        "report",
    ]
    # A1 takes p1; A2 its first choice p2; A3 lists nothing.
    assert solution["assignment"] == {"A1": "p1", "A2": "p2", "A3": None}
    assert solution["status"] == "OPTIMAL"
    assert solution["report"] == {"num_households": 3, "num_housed": 2, "num_by_rank": {"1": 2}}


def test_options_are_recorded(files: tuple[Path, Path]) -> None:
    """The options of the contract stand in the solution as given."""
    assert run(files, "--housing-first", "--housed", "order") == 0
    solution = json.loads(files[1].read_text(encoding="utf-8"))
    assert solution["options"] == {"housing_first": True, "housed": "order"}


def test_a_dry_run_writes_nothing(files: tuple[Path, Path]) -> None:
    """A dry run solves and leaves no file."""
    assert run(files, "--dry-run") == 0
    assert list(files[0].parent.iterdir()) == [files[0]]


def test_json_stands_alone_on_stdout(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """With --json stdout is one document; the next command goes to stderr."""
    assert run(files, "--json", "--lang", "en") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["report"]["num_housed"] == 2
    assert "allocator certify" in said.err


def test_an_unknown_mechanism_is_wrong_usage(files: tuple[Path, Path], capsys: Any) -> None:
    """An unknown name exits 2 and lists the names."""
    assert run(files, mechanism="magic") == 2
    said = capsys.readouterr().err
    assert all(name in said for name in NAMES)
    assert not files[1].exists()


def test_tenants_moves_come_in_an_order_in_which_they_can_be_carried_out(files: tuple[Path, Path]) -> None:
    """Two tenants who swap are one cycle: somebody goes to a buffer first, and comes back from it last."""
    swap = {
        "format": "allocator-instance/1",
        "households": [
            {"id": "A1", "order": 1, "preferences": ["p2"], "current": "p1"},
            {"id": "A2", "order": 2, "preferences": ["p1"], "current": "p2"},
        ],
        "pools": [{"id": "p1", "capacity": 1}, {"id": "p2", "capacity": 1}],
    }
    files[0].write_text(json.dumps(swap), encoding="utf-8")
    assert run(files, mechanism="top_trading_cycles") == 0
    moves = json.loads(files[1].read_text(encoding="utf-8"))["report"]["moves"]
    acts = [(row["act"], row["household"]) for row in moves["steps"]]
    assert acts == [("to_buffer", "A1"), ("move", "A2"), ("from_buffer", "A1")]


def with_field(field: str) -> dict[str, Any]:
    """The three families with one field more."""
    documents = {
        "priority": changed("pools.1.priority", [["A1", "A2", "A3"]]),
        "current": changed("households.0.current", "p2"),
        "reserves": changed("reserves", [{"pool": "p1", "group": "g1", "places": 1, "release": True}]),
        "max": changed("quotas", [{"id": "q", "pools": ["p1"], "max": 1}]),
        "min": changed("quotas", [{"id": "q", "pools": ["p1"], "min": 1}]),
        "min_soft": changed("quotas", [{"id": "q", "pools": ["p1"], "min_soft": 1}]),
        "rooms": changed("rooms", ROOMS),
    }
    documents["rooms"]["pools"] += [{"id": "f"}, {"id": "m"}]
    return documents[field]


FIELDS = ("priority", "current", "reserves", "max", "min", "min_soft", "rooms")
UNSERVED = [(name, field) for name in NAMES for field in FIELDS if field not in mechanism_named(name).honours]


@pytest.mark.parametrize(("mechanism", "field"), UNSERVED)
def test_a_field_not_honoured_is_refused_by_name(
    files: tuple[Path, Path], mechanism: str, field: str, capsys: Any
) -> None:
    """A field present and not honoured exits 3, is named, and the solution says REFUSED and assigns nobody."""
    files[0].write_text(json.dumps(with_field(field)), encoding="utf-8")
    assert run(files, "--lang", "en", mechanism=mechanism) == 3
    assert repr(field) in capsys.readouterr().err
    solution = json.loads(files[1].read_text(encoding="utf-8"))
    assert (solution["status"], solution["assignment"]) == ("REFUSED", {})
    assert solution["report"] == {"code": "mechanism_field_refused", "mechanism": mechanism, "field": field}


@pytest.mark.parametrize(
    ("mechanism", "field"),
    [
        ("deferred_acceptance", "priority"),
        ("deferred_acceptance", "current"),
        ("deferred_acceptance", "reserves"),
        ("deferred_acceptance", "max"),
        ("top_trading_cycles", "priority"),
        ("top_trading_cycles", "current"),
        ("serial", "reserves"),
        ("serial", "max"),
    ],
)
def test_a_field_honoured_is_solved_and_certified(
    files: tuple[Path, Path], mechanism: str, field: str
) -> None:
    """A field of the contract's table is served, and certify finds every law to hold."""
    files[0].write_text(json.dumps(with_field(field)), encoding="utf-8")
    assert run(files, mechanism=mechanism) == 0
    assert cli.run(["certify", str(files[0]), str(files[1])]) == 0


def lottery_families() -> dict[str, Any]:
    """The three families in one band with strict lists."""
    households = [
        {"id": "A1", "order": 1, "preferences": ["p2", "p1"]},
        {"id": "A2", "order": 2, "preferences": ["p2"]},
        {"id": "A3", "order": 3, "preferences": []},
    ]
    return {**THREE_FAMILIES, "households": households}


@pytest.mark.parametrize("seed", [[], ["--seed", "0"]])
def test_a_lottery_states_chances_and_draws_by_seed(
    files: tuple[Path, Path], seed: list[str], capsys: Any
) -> None:
    """Chances are exact fractions; only a seed, 0 included, draws an assignment; certify accepts both."""
    files[0].write_text(json.dumps(lottery_families()), encoding="utf-8")
    assert run(files, *seed, "--lang", "en", mechanism="probabilistic_serial") == 0
    assert "in expectation" in capsys.readouterr().out
    solution = json.loads(files[1].read_text(encoding="utf-8"))
    # A1 and A2 share the one place of p2; A1 goes on to p1, which has two.
    assert solution["chances"] == {"A1": {"p2": "1/2", "p1": "1/2"}, "A2": {"p2": "1/2"}, "A3": {}}
    assert set(solution["assignment"]) == ({"A1", "A2", "A3"} if seed else set())
    assert cli.run(["certify", str(files[0]), str(files[1])]) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "mechanism_several_bands"),
        ({"households": [{"id": "A", "order": 1, "preferences": [["p1", "p2"]]}]}, "mechanism_tied_groups"),
    ],
)
def test_what_a_lottery_cannot_honour_is_refused(
    files: tuple[Path, Path], changes: dict[str, Any], code: str
) -> None:
    """Several bands and pools liked equally are refused by the eating."""
    files[0].write_text(json.dumps({**THREE_FAMILIES, **changes}), encoding="utf-8")
    assert run(files, mechanism="probabilistic_serial") == 3
    assert json.loads(files[1].read_text(encoding="utf-8"))["report"]["code"] == code


@pytest.mark.parametrize(
    ("mechanism", "changes", "code"),
    [
        (
            "deferred_acceptance",
            {"quotas": [{"id": "q", "pools": ["p1", "p2"], "max": 1}]},
            "mechanism_max_across_pools",
        ),
        (
            "deferred_acceptance",
            {"quotas": [{"id": q, "pools": ["p2"], "groups": ["g1"], "max": 1} for q in "ab"]},
            "mechanism_max_overlapping",
        ),
        (
            "serial",
            {
                "quotas": [{"id": "q", "pools": ["p1", "p2"], "max": 1}],
                "reserves": [{"pool": "p1", "group": "g1", "places": 1, "release": True}],
            },
            "mechanism_release_beside_max",
        ),
    ],
)
def test_what_a_field_holds_beyond_the_mechanism_is_refused(
    files: tuple[Path, Path], mechanism: str, changes: dict[str, Any], code: str, capsys: Any
) -> None:
    """Maxima that are no partition of one pool are refused by name of the quota or cause, with the cure."""
    files[0].write_text(json.dumps({**THREE_FAMILIES, **changes}), encoding="utf-8")
    assert run(files, "--lang", "en", mechanism=mechanism) == 3
    assert "REFUSED" in capsys.readouterr().err
    assert json.loads(files[1].read_text(encoding="utf-8"))["report"]["code"] == code


@pytest.mark.parametrize("mechanism", ["deferred_acceptance", "top_trading_cycles"])
def test_more_tenants_than_places_is_refused(files: tuple[Path, Path], mechanism: str, capsys: Any) -> None:
    """A tenant of a pool whose capacity does not count its place cannot be kept from harm."""
    files[0].write_text(json.dumps(changed("households.0.current", "p3")), encoding="utf-8")
    assert run(files, "--lang", "en", mechanism=mechanism) == 3
    assert "p3" in capsys.readouterr().err


@pytest.mark.parametrize("seed", ["", "a\nb", "\udc80"])
def test_a_seed_nobody_can_type_again_is_wrong_usage(files: tuple[Path, Path], seed: str) -> None:
    """A seed is printable text, since whoever checks the drawing has to type it."""
    assert run(files, "--seed", seed, mechanism="probabilistic_serial") == 2
    assert not files[1].exists()


@pytest.mark.parametrize("option", [["--housing-first"], ["--housed", "count"], ["--seed", "0"]])
def test_an_option_the_mechanism_has_not_is_wrong_usage(files: tuple[Path, Path], option: list[str]) -> None:
    """No option is ever ignored, not even the seed 0."""
    assert run(files, *option, mechanism="serial") == 2
    assert not files[1].exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04\xff\xfe", b"[" * 100_000, b"{}", b'{"format": NaN}'])
def test_a_file_that_is_no_instance_exits_1(
    files: tuple[Path, Path], content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken file ends with 1, a sentence naming it, and nothing written."""
    files[0].write_bytes(content)
    assert run(files) == 1
    assert "instance.json" in capsys.readouterr().err
    assert list(files[0].parent.iterdir()) == [files[0]]


def test_faults_as_json_name_file_place_and_value(files: tuple[Path, Path], capsys: Any) -> None:
    """With --json the faults are listed with code, file, path, value and sentence."""
    files[0].write_text(json.dumps(changed("pools.1.capacity", 1.5)), encoding="utf-8")
    assert run(files, "--json", "--lang", "en") == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["code"] == "document_integer_wrong"
    assert (problem["file"], problem["column"], problem["value"]) == (
        "instance.json",
        "pools[1].capacity",
        "1.5",
    )


def test_paths_that_cannot_be_are_wrong_usage(files: tuple[Path, Path], tmp_path: Path) -> None:
    """A missing file, a folder, a missing folder and the instance itself as output exit 2 and change nothing."""
    before = files[0].read_bytes()
    instance, out = files
    for pair in (
        (tmp_path / "none.json", out),
        (tmp_path, out),
        (tmp_path / ("x" * 300), out),
        (instance, tmp_path),
        (instance, tmp_path / "none" / "solution.json"),
        (instance, tmp_path / ("x" * 300)),
        (instance, instance / "solution.json"),
        (instance, instance),
    ):
        assert run(pair) == 2
    assert files[0].read_bytes() == before
    assert list(tmp_path.iterdir()) == [instance]


def test_a_full_disk_leaves_the_old_solution(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk is full the command exits 74 and what stood there before still stands."""
    files[1].write_text("old", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert run(files) == 74
    assert files[1].read_text(encoding="utf-8") == "old"
    assert len(list(files[0].parent.iterdir())) == 2
