"""Altered bundles are refused by both judges, even with the manifest re-hashed."""

from __future__ import annotations

import json
import random
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.audit import judges, strategies
from tests.audit.alterations import CATALOGUE
from tests.audit.worlds import FORM, dump, files_of, five_households, rehashed, write

WORLDS = {
    "band_optimum": five_households(),
    "housing_first": replace(five_households(), housing_first=True, dwelling_rule="ticket"),
    "serial": replace(five_households(), mechanism="serial"),
}
FILES = {name: files_of(world) for name, world in WORLDS.items()}


def altered(files, kind: str, seed: int):
    """The bundle altered and re-hashed, or None where this alteration changes nothing here."""
    changed = dict(files)
    CATALOGUE[kind](changed, random.Random(seed))
    return None if changed == files else rehashed(changed)


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_an_alteration_is_refused_by_both(kind, tmp_path):
    """No figure can be altered in three worlds without both judges refusing."""
    tried = 0
    for name, files in FILES.items():
        changes = (altered(files, kind, seed) for seed in range(30))
        changed = next((change for change in changes if change is not None), None)
        if changed is None:
            continue
        tried += 1
        folder = write(tmp_path / name, changed)
        assert judges.verdicts(folder) == (False, False), (kind, name)
    assert tried


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=strategies.worlds(), kind=st.sampled_from(sorted(CATALOGUE)), seed=st.integers(0, 10**6))
def test_a_random_alteration_of_a_random_bundle_is_refused_by_both(world, kind, seed):
    """Any alteration that changes a byte of a random sound bundle is refused by both."""
    changed = altered(files_of(world), kind, seed)
    assume(changed is not None)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), changed)
        assert judges.verdicts(Path(folder)) == (False, False)


def test_a_change_without_new_hashes_is_named_by_its_file(tmp_path):
    """A byte changed in a file is a fault at that file."""
    files = dict(FILES["band_optimum"])
    files["README.txt"] += b"!"
    folder = write(tmp_path, files)
    assert judges.faults(folder) == [("manifest", "README.txt")]
    assert "README.txt" in judges.plain_verdict(folder)[1]


def test_a_changed_ticket_is_named_by_its_line(tmp_path):
    """A changed ticket is found in the line of the order where it stands."""
    lines = FILES["band_optimum"]["order.csv"].decode().split("\n")
    lines[3] = lines[3][:-1] + ("0" if lines[3][-1] != "0" else "1")
    folder = write(tmp_path, rehashed({**FILES["band_optimum"], "order.csv": "\n".join(lines).encode()}))
    # The header is line 1, so the third household of the order stands in line 4.
    assert ("tickets", "order.csv:4") in judges.faults(folder)
    assert "order.csv:4" in judges.plain_verdict(folder)[1]


def test_a_shifted_closing_position_is_named_by_its_place(tmp_path):
    """A closing position shifted by one is found at its band and pool."""
    certificate = json.loads(FILES["band_optimum"]["certificate.json"])
    band = next(place for place, one in enumerate(certificate["bands"]) if one["closing"])
    pool = min(certificate["bands"][band]["closing"])
    certificate["bands"][band]["closing"][pool] += 1
    changed = rehashed({**FILES["band_optimum"], "certificate.json": dump(certificate)})
    folder = write(tmp_path, changed)
    where = dict(judges.faults(folder))["certificate"]
    assert where.startswith(f"certificate.json: bands.{band}.closing.{pool}")
    assert f"[{band}]: closing: {pool}" in judges.plain_verdict(folder)[1]


def test_the_arrays_know_the_true_verifier(tmp_path):
    """Another verify.py, even re-hashed, is refused by the engine: the accused must not bring the judge."""
    files = rehashed({**FILES["serial"], "verify.py": b"print('fine')\n"})
    assert judges.faults(write(tmp_path, files)) == [("judge", "verify.py")]


@pytest.mark.parametrize(
    ("value", "form"),
    [("2026031", FORM), ("20260315 ", FORM), ("２０２６０３１５", FORM), ("202603150", FORM)],
)
def test_another_spelling_of_the_public_value_is_refused(value, form, tmp_path):
    """A value not in the committed spelling is refused even when seed, tickets and result follow from it."""
    files = files_of(replace(five_households(), public_value=value))
    assert judges.verdicts(write(tmp_path, files)) == (False, False)


def test_skipping_the_draw_needs_the_policy_and_the_supply(tmp_path):
    """Without ceremony both want the policy's leave and at least as many places as households."""
    scarce = replace(five_households(), ceremony=False)
    plenty = replace(scarce, capacity={"A": 3, "B": 3, "C": 3})
    forbidden = replace(plenty, may_skip=False)
    outcomes = []
    for name, world in (("scarce", scarce), ("plenty", plenty), ("forbidden", forbidden)):
        outcomes.append(judges.verdicts(write(tmp_path / name, files_of(world))))
    assert outcomes == [(False, False), (True, True), (False, False)]


def test_receipts_must_be_merged_under_ten(tmp_path):
    """A class of 1 to 9 receipts standing alone is refused; a merged sum under ten with other classes too."""
    for number, classes in enumerate(({"ineligible": 9}, {"ineligible": 12, "merged": 4})):
        files = files_of(replace(five_households(), by_class=classes))
        assert judges.verdicts(write(tmp_path / str(number), files)) == (False, False)


def test_an_unlisted_file_is_refused(tmp_path):
    """A file the manifest does not list is a fault; what a desktop leaves behind is not."""
    folder = write(tmp_path, FILES["serial"])
    (folder / ".DS_Store").write_bytes(b"x")
    assert judges.verdicts(folder) == (True, True)
    (folder / "more.csv").write_bytes(b"x")
    assert judges.verdicts(folder) == (False, False)
