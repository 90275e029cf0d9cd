"""``--delivery`` and ``--store`` at the gate: told, refused with the faults located, the same anywhere, naming nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from allocator.exchange import write_delivery
from allocator.model.facts import conform
from allocator.model.records import LEASES, STANDINGS, RoundRecord
from allocator.office import standing_city
from allocator.store import Store
from scenarios.files import baseline_of
from scenarios.reading import Stack
from scenarios.running import checked, run_all
from tests.commands.conftest import Ended
from tests.scenarios_run.test_running import content
from tests.scenarios_run.test_start import MONTH, RUN, delivery, waiting_only
from tests.scenarios_run.worlds import START

RunCommand = Callable[..., Ended]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The delivery as a bureau hands it over."""
    folder = tmp_path_factory.mktemp("delivered")
    write_delivery(delivery(), folder, "en")
    return folder


SMALL = ("--months", "2", "--warm-up", "1", "--replications", "2")


def _names_nobody(folder: Path) -> int:
    """No receipt or ID number stands in any file below; gives the number of files."""
    facts = delivery()
    personal = {*facts.households["receipt_no"], *facts.members["id_number"]}
    written = [place for place in folder.rglob("*") if place.is_file()]
    for place in written:
        content = place.read_bytes()
        assert not [word for word in personal if word.encode() in content], place
        if place.suffix == ".parquet":
            cells = set(pd.read_parquet(place).astype("str").to_numpy().reshape(-1))
            assert personal.isdisjoint(cells), place
    return len(written)


def test_a_delivery_is_run_and_names_nobody(run: RunCommand, files: Path, tmp_path: Path) -> None:
    """``run --delivery`` ends well, says what it began with, keeps stdout for the result, and writes no person."""
    out = tmp_path / "out"
    ended = run(
        "scenario", "run", "rent_relief", "--delivery", files, *SMALL, "--out", out, "--json", "--lang", "en"
    )
    assert ended.code == 0, ended.err
    assert "150 households wait, 0 rent, 38 dwellings; 0 left out" in ended.err
    assert json.loads(ended.out)["began_with"]["waiting"] == 150
    assert "--delivery" in ended.sentences[-1]
    assert _names_nobody(out) == 8  # run, scenario, two tables, and two of each replication
    monthly = pd.read_parquet(out / "rent_relief" / "monthly.parquet")
    assert monthly.loc[monthly["measure"] == "relief_fen", "value"].sum() > 0


@pytest.mark.slow
def test_a_delivery_is_compared(run: RunCommand, files: Path, tmp_path: Path) -> None:
    """``compare --delivery`` of the empty scenario differs by exactly nothing; the page says how the city begins."""
    out = tmp_path / "out"
    ended = run(
        "scenario", "compare", "empty", "--delivery", files, *SMALL, "--out", out, "--json", "--lang", "en"
    )
    assert ended.code == 0, ended.err
    assert {row["difference"] for row in json.loads(ended.out)["table"]} <= {0.0, None}
    assert _names_nobody(out) > 10
    assert "as it stands" in (out / "comparison-en.html").read_text(encoding="utf-8")


def test_a_faulty_delivery_is_refused_with_its_faults(run: RunCommand, files: Path, tmp_path: Path) -> None:
    """A date that is none: exit 1 with file, row and column, and nothing is written."""
    bad = tmp_path / "bad"
    bad.mkdir()
    for place in files.iterdir():
        (bad / place.name).write_bytes(place.read_bytes())
    frame = pd.read_csv(bad / "households.csv", dtype="str", encoding="utf-8-sig")
    frame.loc[3, "registered_on"] = "yesterday"
    frame.to_csv(bad / "households.csv", index=False)
    ended = run(
        "scenario", "run", "empty", "--delivery", bad, *SMALL, "--out", tmp_path / "out", "--lang", "en"
    )
    assert ended.code == 1
    # Row 1 is the header: the fourth household stands in row 5.
    assert "households.csv, row 5, registered_on: «yesterday»" in ended.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [("--delivery", "files", "--store", "sqlite:///none.db"), ("--delivery", "files", "--waiting", "9")],
)
def test_words_that_contradict_the_start_are_refused(
    words: tuple[str, ...], run: RunCommand, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two starts at once, or another number of waiting households than the files hold: exit 2, nothing runs."""
    monkeypatch.chdir(files.parent)
    given = [files.name if word == "files" else word for word in words]
    assert run("scenario", "run", "empty", *given).code == 2


def test_a_store_tells_who_waits_and_who_rents(tmp_path: Path) -> None:
    """Not on the list: who is housed, withdrawn or frozen; a tenant is who has a lease that runs on the day."""
    facts = delivery()
    names = sorted(facts.households["receipt_no"])
    homes = sorted(facts.dwellings["dwelling_id"])
    project_of = facts.dwellings.set_index("dwelling_id")["project_id"]
    ends = pd.to_datetime(["2029-03-01", "2026-04-30"]).as_unit("s")
    leases = pd.DataFrame({"lease_no": ["L1", "L2"], "month": "2026-03", "receipt_no": names[:2],
                           "dwelling_id": homes[:2], "project_id": [project_of[home] for home in homes[:2]], "state": "IN_FORCE",
                           "starts_on": pd.Timestamp("2026-03-20").as_unit("s"), "ends_on": ends,
                           "rent_fen": 1, "subsidy_fen": 0, "area_cm2": 1, "rent_per_m2_fen": 1})  # fmt: skip
    standings = pd.DataFrame({"receipt_no": names[:5], "num_waivers": [0, 0, 0, 0, 2],
                              "state": ["housed", "housed", "withdrawn", "frozen", "waiting"]})  # fmt: skip
    url = f"sqlite:///{tmp_path / 'desk.db'}"
    with Store.open(url) as store:
        store.write_delivery(facts)
        store.create_round(RoundRecord(MONTH, "sign", "example", "sha256:0", True, START, ()))
        store.write_leases(conform(leases, LEASES))
        store.set_standings(conform(standings, STANDINGS))
    found = standing_city.stored(url, date(2026, 5, 1))
    assert found.tenants[["receipt_no", "dwelling_id"]].to_numpy().tolist() == [[names[0], homes[0]]]
    assert sorted(found.waiting["receipt_no"]) == names[4:]
    waivers = found.waiting.set_index("receipt_no")["num_waivers"]
    assert (waivers[names[4]], waivers.sum()) == (2, 2)
    assert len(standing_city.stored(url, date(2026, 4, 30)).tenants) == 2


@pytest.mark.slow
def test_the_store_begins_with_its_tenants(
    run: RunCommand, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a month's round the tenants of the store rent, and who got nothing or withdrew nothing waits on."""
    monkeypatch.chdir(tmp_path)
    assert run("data", "import", files, "--policy", "example").code == 0
    assert run("round", "run", "2026-03", "--answers", "accept-all").code == 0
    signed = json.loads(run("tenancy", "list", "2026-03", "--json").out)
    ended = run("scenario", "run", "empty", "--store", "sqlite:///allocator.db", "--on", "2026-05-01", *SMALL,
                "--out", "out", "--json", "--lang", "en")  # fmt: skip
    assert ended.code == 0, ended.err
    began = json.loads(ended.out)["began_with"]
    num = len(signed["leases"])
    assert (began["kind"], began["tenants"], began["waiting"]) == ("store", num, 150 - num)
    assert num > 10
    refused = run("scenario", "run", "empty", "--store", "sqlite:///allocator.db", "--households", "5")
    assert refused.code == 2


@pytest.mark.slow
def test_workers_begin_with_the_same_city(tmp_path: Path) -> None:
    """Two processes, which get the city as bytes, write what one process writes."""
    ready = checked(
        Stack(baseline_of(RUN.model_copy(update={"replications": 2})), (), (), ()), waiting_only(delivery())
    )
    for workers in (1, 2):
        run_all([ready], tmp_path / str(workers), workers=workers)
    assert content(tmp_path / "2") == content(tmp_path / "1")
