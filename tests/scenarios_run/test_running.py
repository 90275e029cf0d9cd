"""Replications run anywhere give the same results, and what is finished is never lost."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from allocator.errors import MachineRefused, Refused
from scenarios import running
from scenarios.files import baseline_of
from scenarios.reading import Stack, stacked
from scenarios.results import read_run
from scenarios.running import Checked, checked, run_all
from tests.scenarios_run.worlds import VILLAGE, scenario

TINY = VILLAGE.model_copy(update={"months": 2, "replications": 3})


def tiny(**changes: Any) -> Checked:
    """A scenario of seconds."""
    asked = scenario(run=TINY, **changes) if changes else baseline_of(TINY)
    return checked(Stack(asked, (), tuple(("f.toml", "-") for _ in asked.policy), ()))


def content(folder: Path) -> dict[str, bytes]:
    """Every file by its place."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Two scenarios run one replication after the other."""
    folder = tmp_path_factory.mktemp("alone")
    run_all([tiny(), tiny(relief=[{"per_mille": 100}])], folder)
    return content(folder)


def test_what_is_written_can_be_read(alone: dict[str, bytes], tmp_path: Path) -> None:
    """Three tables and documents per scenario, with the columns promised; nothing half written lies about."""
    for place, bytes_ in alone.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(bytes_)
    found = read_run(tmp_path / "village")
    assert found.document["replications"] == 3
    assert list(found.document["policy_fingerprints"]) == ["2026-03-01"]
    assert sorted(set(found.monthly["replication"])) == [1, 2, 3]
    assert list(found.monthly.columns) == [
        *(
            "scenario",
            "replication",
            "month",
            "period",
            "is_warm_up",
            "group_kind",
            "group",
            "measure",
            "value",
        )
    ]
    assert found.households.set_index(["replication", "household"]).index.is_unique
    assert not [place for place in alone if place.endswith(".part")]
    with pytest.raises(Refused, match="scenario_no_run"):
        read_run(tmp_path / "elsewhere")


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(alone: dict[str, bytes], tmp_path: Path) -> None:
    """Two processes write the bytes that one wrote."""
    run_all([tiny(), tiny(relief=[{"per_mille": 100}])], tmp_path, workers=2)
    assert content(tmp_path) == alone


def test_finished_replications_are_not_run_again(
    alone: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was cut off goes on with what is missing, and ends with the same bytes."""
    ran = []
    replicate = running.replicate

    def cut_off(document: str, files: Any, number: int) -> Any:
        if len(ran) == 2:
            raise KeyboardInterrupt
        ran.append(number)
        return replicate(document, files, number)

    monkeypatch.setattr(running, "replicate", cut_off)
    with pytest.raises(KeyboardInterrupt):
        run_all([tiny()], tmp_path)
    assert ran == [1, 2]
    ran[:] = []
    steps: list[tuple[int, int]] = []
    run_all([tiny()], tmp_path, told=lambda done, total, _: steps.append((done, total)))
    assert ran == [3]
    assert steps == [(2, 3), (3, 3)]
    assert content(tmp_path) == {place: b for place, b in alone.items() if place.startswith("baseline/")}


def test_other_scenarios_do_not_take_finished_replications(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file of the same name asks something else, everything is run anew."""
    ran = []
    monkeypatch.setattr(running, "replicate", lambda _d, _f, number: ran.append(number) or (b"", b""))
    monkeypatch.setattr(running._Desk, "close", lambda _desk: None)
    for share in (0.1, 0.2):
        run_all([tiny(behaviour={"refuse_near": share})], tmp_path)
    assert ran == [1, 2, 3] * 2


def test_time_left_is_told() -> None:
    """Before anything is done it is unknown; at the end nothing is left."""
    steps: list[tuple[int, int, float | None]] = []
    one = checked(stacked([baseline_of(TINY.model_copy(update={"replications": 1}))], ["f.toml"]))
    run_all([one], None, told=lambda *step: steps.append(step))
    assert steps == [(0, 1, None), (1, 1, 0.0)]


@pytest.mark.slow
def test_a_killed_process_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies in its first task breaks the pool; a new one finishes what is left."""
    marker = tmp_path / "died"
    monkeypatch.setattr(running, "replicate", _DiesOnce(str(marker)))
    out = tmp_path / "out"
    run_all([tiny()], out, workers=2)
    assert marker.is_file()
    assert read_run(out / "baseline").monthly["replication"].nunique() == 3


@pytest.mark.slow
def test_workers_that_die_every_time_end_the_run_with_a_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    """After three pools the machine is named, not a traceback."""
    monkeypatch.setattr(running, "replicate", _dies)
    with pytest.raises(MachineRefused, match="scenario_workers_lost"):
        run_all([tiny()], None, workers=2)


class _DiesOnce:
    """A worker's function that kills its process the first time, and works afterwards."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __call__(self, document: str, files: Any, number: int) -> Any:
        from scenarios.running import replicate

        if not Path(self.marker).exists():
            Path(self.marker).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return replicate(document, files, number)


def _dies(document: str, files: Any, number: int) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_cluster_gives_the_same_results(alone: dict[str, bytes], tmp_path: Path) -> None:
    """Separate worker processes on a Dask cluster write the bytes that one process wrote."""
    pytest.importorskip("distributed")
    from tests.scenarios_run.cluster import cluster

    with cluster(tmp_path, 2) as made:
        out = tmp_path / "out"
        run_all([tiny(), tiny(relief=[{"per_mille": 100}])], out, scheduler=made.address)
    assert content(out) == alone


@pytest.mark.slow
def test_a_lost_worker_of_the_cluster_loses_no_result(alone: dict[str, bytes], tmp_path: Path) -> None:
    """One of two workers is killed while it works; the other finishes everything, byte for byte."""
    pytest.importorskip("distributed")
    from tests.scenarios_run.cluster import cluster

    with cluster(tmp_path, 2) as made:

        def kill_one(done: int, _total: int, _left: float | None) -> None:
            if done == 1:
                made.kill_worker(0)

        out = tmp_path / "out"
        run_all([tiny(), tiny(relief=[{"per_mille": 100}])], out, scheduler=made.address, told=kill_one)
        assert made.workers[0].poll() is not None
    assert content(out) == alone


@pytest.mark.slow
def test_no_scheduler_is_refused_with_the_address() -> None:
    """Where nobody answers, nothing runs and the address is named."""
    pytest.importorskip("distributed")
    with pytest.raises(Refused, match="scenario_no_scheduler") as refused:
        run_all([tiny()], None, scheduler="tcp://localhost:9")
    assert refused.value.params["address"] == "tcp://localhost:9"


def test_without_the_package_a_cluster_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """``distributed`` is an extra: without it the refusal says how to get it."""
    import importlib

    real = importlib.import_module

    def absent(name: str, *rest: Any) -> Any:
        if name == "distributed":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(running, "import_module", absent)
    with pytest.raises(Refused, match="scenario_no_cluster_package"):
        run_all([tiny()], None, scheduler="tcp://localhost:9")
