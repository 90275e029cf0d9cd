"""A whole round whose quotas cross: which aim comes first is law, the bundle carries the proofs, both judges add them up."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from allocator import policy
from allocator.audit import verify_bundle
from allocator.errors import Refused
from allocator.office.reports import figures_of
from allocator.store import Store
from scenarios.population import city
from tests.audit import judges
from tests.audit.worlds import dump, rehashed, write
from tests.declared.authority import LAWS, authority
from tests.declared.letters import codes_told
from tests.declared.test_rounds import refused_roster
from tests.forgery.altering import CATALOGUE, altered
from tests.forgery.true_rounds import MONTH, Inputs, Published, publish

HOUSEHOLDS = 220
LAW = (LAWS / "crossing.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def crossed(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The month up to its bundles, as many housed as can be."""
    base = tmp_path_factory.mktemp("crossing")
    inputs = Inputs(city(HOUSEHOLDS, seed=11, world="shortage"), str(authority(base / "law", LAW)))
    return publish(inputs, base)


def certificate_of(published: Published) -> dict[str, Any]:
    return json.loads(published.files("public")["certificate.json"])


def test_both_judges_accept_every_bundle(crossed: Published) -> None:
    """Arrays and verify.py, the latter alone with plain Python, accept the proofs; some households are refused by proof."""
    for folder in crossed.folders.values():
        assert [check for check in verify_bundle(folder) if not check.holds] == []
        words = [sys.executable, "-I", str(folder / "verify.py"), str(folder)]
        assert subprocess.run(words, capture_output=True, check=False).returncode == 0
    assert len(certificate_of(crossed)["proofs"]) > 20
    assert certificate_of(crossed)["housed"] == "count"


def test_figures_and_proofs_are_bound(crossed: Published, tmp_path: Path) -> None:
    """A figure altered, a proof left out or put twice, all made of nothing: refused by both judges."""
    files = crossed.files("public")
    true = certificate_of(crossed)
    rng = random.Random(3)
    forged = []
    for name in ("num_housed", "shortfall", "reserved_filled", "num_households"):
        forged.append(true | {name: true[name] + 1})
    forged.append(true | {"housed": "order"})
    forged.append(true | {"proofs": [{"over": 1, "duals": []} for _ in true["proofs"]]})
    for change in ("drop", "twice"):
        document = copy.deepcopy(true)
        at = rng.randrange(len(document["proofs"]))
        kept = document["proofs"].pop(at)
        if change == "twice":
            document["proofs"][at:at] = [kept, kept]
        forged.append(document)
    for place, band in enumerate(true["bands"][:2]):
        document = copy.deepcopy(true)
        document["bands"][place] = band | {"total_rank": band["total_rank"] - 1}
        forged.append(document)
    for number, document in enumerate(forged):
        folder = write(tmp_path / str(number), rehashed({**files, "certificate.json": dump(document)}))
        assert judges.verdicts(folder) == (False, False), number


@pytest.mark.parametrize("kind", ["swap pools", "give to an unhoused", "remove a housed", "move up"])
def test_another_result_is_refused(kind: str, crossed: Published, tmp_path: Path) -> None:
    """Whoever is put in another's place, declared gone or moved in the order: the proofs no longer fit."""
    changed = altered(crossed.files("public"), kind, 1)
    assert changed is not None
    assert judges.verdicts(write(tmp_path / "bundle", changed)) == (False, False)


@pytest.mark.slow
def test_every_known_alteration_is_refused(crossed: Published, tmp_path: Path) -> None:
    """The whole catalogue of alterations against the bundle."""
    for number, kind in enumerate(CATALOGUE):
        changed = altered(crossed.files("public"), kind, number)
        if changed is not None:
            assert judges.verdicts(write(tmp_path / str(number), changed)) == (False, False), kind


def test_letters_and_page_are_told(crossed: Published) -> None:
    """Who is refused by proof is told so in both languages, and the month's page has its figures."""
    url = f"sqlite:///{crossed.folders['public'].parents[2] / 'store.db'}"
    with Store.open(url) as store:
        assert figures_of(store, MONTH).mechanism == "band_optimum"
    codes = codes_told(crossed, 12)
    assert "told_quotas_settled" in codes


def test_without_the_aim_the_roster_is_refused(tmp_path: Path) -> None:
    """Quotas that cross under a law that does not say which aim comes first stop the roster, with the words to add."""
    refused = refused_roster(tmp_path, LAW.replace('housed = "count"\n', ""), HOUSEHOLDS)
    assert refused.code == "rules_cross"


def test_the_aim_is_read_by_band_optimum_alone(tmp_path: Path) -> None:
    """A law that names the aim beside another mechanism is refused when it is read."""
    text = (LAWS / "choosing.toml").read_text(encoding="utf-8")
    folder = authority(tmp_path / "law", text.replace("housing_first = false", 'housed = "order"'))
    with pytest.raises(Refused) as caught:
        policy.load(folder)
    assert [fault.code for fault in caught.value.params["faults"]] == ["policy_housed_unread"]


@pytest.mark.slow
def test_the_earlier_first_is_another_law(crossed: Published, tmp_path: Path) -> None:
    """Under ``order`` the same inputs are served, certified and judged; the law's choice stands in the certificate."""
    text = LAW.replace('housed = "count"', 'housed = "order"')
    inputs = Inputs(city(HOUSEHOLDS, seed=11, world="shortage"), str(authority(tmp_path / "law", text)))
    other = publish(inputs, tmp_path / "round")
    assert judges.verdicts(other.folders["public"]) == (True, True)
    assert certificate_of(other)["housed"] == "order"
    assert certificate_of(other)["num_housed"] <= certificate_of(crossed)["num_housed"]
