"""The letter of a real round: every kind of reason is told, in both languages, with the figures of the reasons."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

import allocator
from allocator.errors import Refused
from allocator.exchange import write_delivery
from allocator.model.enums import Stage
from allocator.office import month as months
from allocator.office import rounds
from allocator.office.acts import Act
from allocator.office.explaining import explain
from allocator.rounds.reasons import Reason
from allocator.store import Store
from scenarios.population import city
from tests.office.conftest import MONTH, imported

LAWS = ("example", "beijing")
SHIPPED = Path(allocator.__file__).parent / "policy" / "files"


@pytest.fixture(scope="module")
def acts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Act]:
    """A city under both laws, up to the offers."""
    made = {}
    for law in LAWS:
        base = tmp_path_factory.mktemp(law)
        write_delivery(city(200, seed=17, world="shortage"), base / "files", "zh")
        made[law] = imported(base / "files", base, law, synthetic_ids=True)
        months.run(MONTH, made[law], months.Wishes(public_value="ab" * 32))
    return made


def receipts(act: Act, wanted: int) -> list[str]:
    """Some receipts at random, half of them with an offer where there are offers."""
    with Store.open(act.store_url) as store:
        everybody = list(store.read_facts().households["receipt_no"])
        offered = list(store.offers(MONTH)["receipt_no"])
    some = random.Random(2).sample(offered, min(wanted // 2, len(offered)))
    return some + random.Random(2).sample(everybody, wanted - len(some))


@pytest.mark.parametrize("law", LAWS)
def test_every_letter_reads_in_both_languages(law: str, acts: dict[str, Act]) -> None:
    """No placeholder is left open, and the sentences are those of the law's own mechanism."""
    told_reasons = set()
    for receipt_no in receipts(acts[law], 14 if law == "example" else 28):
        told = explain(MONTH, receipt_no, acts[law].store_url)
        for language in ("zh", "en"):
            text = "\n".join(told.lines(language))
            assert "{" not in text
            assert "None" not in text
        codes = {code for code, _ in told.sentences}
        told_reasons |= {
            one["reason"] for one in told.figures.get("sub_rounds", {}).values() if "reason" in one
        }
        if law == "beijing":
            assert not codes & {"told_better_pool", "told_first_in_band_same", "told_first_in_band_other"}
        else:
            assert "told_better_pool_serial" not in codes
            better = "told_better_pool" in codes
            assert better == bool(codes & {"told_first_in_band_same", "told_first_in_band_other"})
    assert Reason.LATER_CHOICE in told_reasons
    assert len(told_reasons) > 1


def test_who_was_not_shortlisted_is_told_so_truly(acts: dict[str, Act]) -> None:
    """An eligible household is told, project by project, that it registered later than everybody who got in there."""
    act = acts["beijing"]
    with Store.open(act.store_url) as store:
        classes = store.frame(MONTH, "", "receipts").set_index("receipt_no")["class"]
        registered = store.read_facts().households.set_index("receipt_no")["registered_on"]
        roster, lists = (store.frame(MONTH, "public", name) for name in ("roster", "preferences"))
    project = lists["pool"].str.rsplit("-", n=2).str[0]
    receipts = lists["code"].map(roster.set_index("code")["receipt_no"])
    last = registered[receipts].groupby(project.to_numpy()).max()
    left_out = list(classes.index[classes == "not_shortlisted"])
    assert left_out
    partly = 0
    for name in [*left_out[:3], *roster["receipt_no"].iloc[:12]]:
        sentences = explain(MONTH, name, act.store_url).sentences
        told = [params for code, params in sentences if code == "told_not_shortlisted_project"]
        assert "told_not_shortlisted" not in {code for code, _ in sentences}
        assert told or name not in left_out
        partly += bool(told) and name not in left_out
        for params in told:
            assert params["last"] == f"{last[params['project']]:%Y-%m-%d}"
            assert not registered[name] <= last[params["project"]]
    assert partly


def test_a_later_waiver_does_not_change_an_earlier_letter(tmp_path: Path) -> None:
    """Findings are told as they were on the day of the screening: what is waived at the end counts next month."""
    write_delivery(city(40, seed=17, world="shortage"), tmp_path / "files", "zh")
    act = imported(tmp_path / "files", tmp_path)
    months.run(MONTH, act, months.Wishes())
    with Store.open(act.store_url) as store:
        offered = list(store.offers(MONTH)["receipt_no"])
    before = {name: explain(MONTH, name, act.store_url).findings for name in offered}
    months.run(MONTH, act, months.Wishes(answers="random:3"))
    with Store.open(act.store_url) as store:
        standings = store.standings()
    waived = list(standings.loc[standings["num_waivers"] > 0, "receipt_no"])
    assert waived
    for name in waived:
        assert explain(MONTH, name, act.store_url).findings == before[name]


def test_a_letter_is_not_told_under_another_law(tmp_path: Path) -> None:
    """When the law's files have changed since, the letter is refused rather than told with other numbers."""
    own = tmp_path / "own"
    shutil.copytree(SHIPPED / "example", own)
    write_delivery(city(40, seed=17, world="shortage"), tmp_path / "files", "zh")
    act = imported(tmp_path / "files", tmp_path, str(own))
    for stage in (Stage.OPEN, Stage.SCREEN):
        rounds.do(stage, MONTH, act)
    name = receipts(act, 1)[0]
    explain(MONTH, name, act.store_url)
    page = own / "screening.toml"
    page.write_text(
        page.read_text(encoding="utf-8").replace("value = 4500", "value = 4600"), encoding="utf-8"
    )
    with pytest.raises(Refused) as fault:
        explain(MONTH, name, act.store_url)
    assert fault.value.code == "policy_changed"
