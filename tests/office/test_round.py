"""The whole round: stages, refusals, bundles, two months on one store."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from allocator.audit import verify_bundle
from allocator.errors import Refused
from allocator.exchange import read_delivery, write_delivery
from allocator.model.enums import Stage
from allocator.office import month as months
from allocator.office import rounds
from allocator.office.acts import Act, Done
from allocator.office.deliveries import Ask, import_delivery
from allocator.publicity.leaks import leaks_in
from allocator.store import Store
from tests.office.conftest import MONTH, SAMPLE, imported


def bundle_of(act: Act) -> Path:
    """The public bundle."""
    return act.out / MONTH / "bundle"


def bytes_of(folder: Path) -> dict[str, str]:
    """Every file of a folder with its hash."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_sample_delivery_runs_its_whole_month(sample_round: tuple[Act, Done]) -> None:
    """From the bureau's files to a closed month; every stage is done once, in order."""
    act, done = sample_round
    with Store.open(act.store_url) as store:
        stages = [entry.stage for entry in store.entries(MONTH)]
        leases = store.leases(MONTH)
        assert store.verify_chain() is None
    assert stages == [str(stage) for stage in Stage]
    assert len(leases) > 100
    assert done.figures["stages"]["close"]["leases"] == len(leases)


def test_every_receipt_is_accounted_for(sample_round: tuple[Act, Done]) -> None:
    """The classes of the commitment add up to the 600 receipts of the delivery."""
    act, _ = sample_round
    receipts = json.loads((bundle_of(act) / "commitment.json").read_bytes())["receipts"]
    assert (receipts["total"], sum(receipts["by_class"].values())) == (600, 600)


def test_both_judges_accept_every_bundle(sample_round: tuple[Act, Done]) -> None:
    """The audit in arrays and the citizen's plain ``verify.py`` accept each sub-round's bundle."""
    act, _ = sample_round
    bundles = sorted((act.out / MONTH).rglob("bundle"))
    assert len(bundles) == 2  # the public sub-round and the employer's own stock
    for bundle in bundles:
        assert [check for check in verify_bundle(bundle) if not check.holds] == []
        run = subprocess.run(
            [sys.executable, "-I", str(bundle / "verify.py"), str(bundle)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr


def test_nothing_personal_in_the_bundle(sample_round: tuple[Act, Done]) -> None:
    """No name, ID number or receipt number of the city stands in any file of any bundle."""
    act, _ = sample_round
    facts = read_delivery(SAMPLE, synthetic_ids=True, known=None).facts
    names, ids = list(facts.members["name"]), list(facts.members["id_number"])
    receipts = list(facts.households["receipt_no"])
    for bundle in (act.out / MONTH).rglob("bundle"):
        for path in sorted(path for path in bundle.rglob("*") if path.is_file()):
            found = leaks_in(path.read_bytes(), names, ids, receipts)
            # The law itself speaks of health; everything else must not.
            is_law = path.parent.name == "policy"
            assert [leak for leak in found if not (is_law and leak.kind == "health_word")] == [], path.name


def test_a_rehearsal_is_marked_everywhere(sample_round: tuple[Act, Done]) -> None:
    """Manifest, commitment, notices and report of a rehearsal all say so."""
    act, _ = sample_round
    month = act.out / MONTH
    assert json.loads((month / "bundle/manifest.json").read_bytes())["rehearsal"] is True
    pages = [*(month / "notices").glob("*.html"), month / "report.html"]
    assert len(pages) == 4
    assert [page.name for page in pages if "演练" not in page.read_text(encoding="utf-8")] == []


def test_same_inputs_give_the_same_bytes_whatever_the_row_order(
    sample_round: tuple[Act, Done], tmp_path: Path
) -> None:
    """The sample with every table's rows shuffled, in another store, gives byte-identical bundles."""
    act, _ = sample_round
    facts = read_delivery(SAMPLE, synthetic_ids=True, known=None).facts
    shuffled = type(facts)(
        **{
            name: frame.sample(frac=1, random_state=5).reset_index(drop=True)
            for name, frame in vars(facts).items()
        }
    )
    write_delivery(shuffled, tmp_path / "files", "en")
    other = imported(tmp_path / "files", tmp_path)
    months.run(MONTH, other, months.Wishes())
    assert bytes_of(bundle_of(other)) == bytes_of(bundle_of(act))


def test_stage_by_stage_equals_the_run(sample_round: tuple[Act, Done], fresh: Callable[..., Act]) -> None:
    """Doing each stage by hand gives the bundle that ``round run`` gives."""
    act = fresh()
    for stage in list(Stage)[: list(Stage).index(Stage.OFFER)]:
        rounds.do(stage, MONTH, act)
    assert bytes_of(bundle_of(act)) == bytes_of(bundle_of(sample_round[0]))


def test_run_stops_before_the_answers(fresh: Callable[..., Act]) -> None:
    """Without answers the run ends after the offers and names ``answer`` as the next command."""
    act = fresh()
    done = months.run(MONTH, act, months.Wishes())
    assert "round answer 2026-03 FILE" in done.next_command
    again = months.run(MONTH, act, months.Wishes())
    assert again.said[0][0] == "waits_for_answers"


@pytest.mark.parametrize("stage", [Stage.OPEN, Stage.DRAW])
def test_a_stage_done_twice_or_out_of_turn_is_refused(fresh: Callable[..., Act], stage: Stage) -> None:
    """The same stage again, or one too early, is refused and the store stays as it was."""
    act = fresh()
    rounds.do(Stage.OPEN, MONTH, act)
    with pytest.raises(Refused):
        rounds.do(stage, MONTH, act)
    with Store.open(act.store_url) as store:
        assert [entry.stage for entry in store.entries(MONTH)] == ["open"]


def test_a_dry_run_writes_nothing(fresh: Callable[..., Act]) -> None:
    """``--dry-run`` tells what would be done and leaves store and folder alone."""
    act = fresh()
    rounds.do(Stage.OPEN, MONTH, act)
    dry = Act(act.store_url, act.policy_name, None, act.out, "zh", is_dry_run=True)
    told = rounds.do(Stage.SCREEN, MONTH, dry)
    assert told.said[0][0] == "round_screened"
    with Store.open(act.store_url) as store:
        assert store.round(MONTH).stage == "open"
    assert not act.out.exists()


def test_a_value_in_another_spelling_is_refused(fresh: Callable[..., Act]) -> None:
    """The public value is taken only in the one spelling the commitment allows."""
    act = fresh()
    for stage in (Stage.OPEN, Stage.SCREEN, Stage.PUBLISH_ROSTER):
        rounds.do(stage, MONTH, act)
    for value in ("AB" * 32, "ab" * 31, " " + "ab" * 32, "ab" * 32 + "\n", ""):
        with pytest.raises(Refused) as fault:
            rounds.do(Stage.DRAW, MONTH, act, public_value=value)
        assert fault.value.code == "value_misspelled"
    rounds.do(Stage.DRAW, MONTH, act, public_value="ab" * 32)


def test_a_real_authority_waits_for_its_windows_and_its_value(tmp_path: Path) -> None:
    """Under ``beijing`` the draw is refused before the window has passed, and without a public value."""
    from scenarios.population import city

    write_delivery(city(200, seed=3, world="shortage"), tmp_path / "files", "zh")
    act = imported(tmp_path / "files", tmp_path, "beijing", synthetic_ids=True)
    for stage in (Stage.OPEN, Stage.SCREEN, Stage.PUBLISH_ROSTER):
        rounds.do(stage, MONTH, act)
    with Store.open(act.store_url) as store:
        published = date.fromisoformat(store.entries(MONTH)[-1].details["on"])
    early = Act(act.store_url, act.policy_name, published, act.out, "zh")
    with pytest.raises(Refused) as fault:
        rounds.do(Stage.DRAW, MONTH, early)
    assert fault.value.code == "window_open"
    with pytest.raises(Refused) as fault:
        rounds.do(Stage.DRAW, MONTH, act)
    assert fault.value.code == "value_missing"
    rounds.do(Stage.DRAW, MONTH, act, public_value="ab" * 32)


def test_two_months_on_one_store(fresh: Callable[..., Act]) -> None:
    """Who is housed is not on the next roster, leased dwellings are not in the next supply, the manifests are chained."""
    act = fresh()
    months.run("2026-03", act, months.Wishes(answers="accept-all"))
    months.run("2026-04", act, months.Wishes(answers="accept-all"))
    with Store.open(act.store_url) as store:
        leases = store.leases()
        roster = store.frame("2026-04", "public", "roster")
        dwellings = store.frame("2026-04", "public", "dwellings")
        march = leases[leases["month"] == "2026-03"]
    assert not set(march["receipt_no"]) & set(roster["receipt_no"])
    assert not set(march["dwelling_id"]) & set(dwellings["dwelling_id"])
    assert not leases["dwelling_id"].duplicated().any()
    april = json.loads((act.out / "2026-04/bundle/commitment.json").read_bytes())
    manifest = (act.out / "2026-03/bundle/manifest.json").read_bytes()
    assert april["previous_manifest"] == hashlib.sha256(manifest).hexdigest()
    assert april["receipts"]["by_class"]["housed"] == len(march)
    assert [check for check in verify_bundle(act.out / "2026-04/bundle") if not check.holds] == []


def test_more_places_than_people_skips_the_draw(tmp_path: Path) -> None:
    """Where places suffice there is no ceremony: the seed comes from the commitment and an empty value."""
    from scenarios.population import city

    write_delivery(city(120, seed=3, world="undersubscribed"), tmp_path / "files", "zh")
    act = imported(tmp_path / "files", tmp_path)
    done = months.run(MONTH, act, months.Wishes())
    assert "draw_skipped" in {code for code, _ in done.said}
    drawn = json.loads((bundle_of(act) / "draw.json").read_bytes())
    assert drawn["public_value"] == ""
    assert [check for check in verify_bundle(bundle_of(act)) if not check.holds] == []


def test_a_changed_policy_is_refused_under_way(tmp_path: Path) -> None:
    """A city's own policy folder that changes while the round is open is refused."""
    import allocator

    shipped = Path(allocator.__file__).parent / "policy" / "files" / "example"
    own = tmp_path / "own"
    shutil.copytree(shipped, own)
    act = imported(SAMPLE, tmp_path, str(own))
    rounds.do(Stage.OPEN, MONTH, act)
    page = own / "allocation.toml"
    page.write_text(page.read_text(encoding="utf-8").replace("cap = 60", "cap = 61"), encoding="utf-8")
    with pytest.raises(Refused) as fault:
        rounds.do(Stage.SCREEN, MONTH, act)
    assert fault.value.code == "policy_changed"


def test_importing_twice_changes_nothing(fresh: Callable[..., Act]) -> None:
    """The same delivery again: every row unchanged."""
    act = fresh()
    again = import_delivery(Ask(SAMPLE, store_url=act.store_url))
    assert {(count.inserted, count.updated) for count in again.counts.values()} == {(0, 0)}


def test_leases_pay_what_the_dwelling_costs(sample_round: tuple[Act, Done]) -> None:
    """Rent is area × rent per m² rounded half up to the fen, a bed's rent its price: recomputed with Decimal."""
    from decimal import ROUND_HALF_UP, Decimal

    act, _ = sample_round
    with Store.open(act.store_url) as store:
        leases = store.leases(MONTH)
        dwellings = store.read_facts().dwellings.set_index("dwelling_id")
    assert len(leases)
    for lease in leases.itertuples():
        home = dwellings.loc[lease.dwelling_id]
        area = Decimal(int(home["building_area_cm2"])) / 10_000
        cost = Decimal(int(home["rent_per_m2_fen"])) * (1 if home["kind"] == "bed" else area)
        assert lease.rent_fen == int(cost.quantize(Decimal(1), ROUND_HALF_UP))
    assert pd.Series(leases["receipt_no"]).is_unique
