"""The engine's own bundles, altered and re-hashed, are refused by both judges; what they cannot see is named."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from allocator.audit import verify_bundle
from tests.audit import judges
from tests.audit.worlds import VERIFIER, dump, rehashed, sha, write
from tests.forgery.altering import CATALOGUE, Files, altered, cells_of, put_cells
from tests.forgery.true_rounds import Published

Rounds = dict[str, Published]
Case = tuple[str, str, Files]
NUM_ALTERATIONS = 200


def bundles_in_turn(rounds: Rounds) -> list[tuple[str, Files]]:
    """Every sub-round's bundle of every round, by name."""
    return [
        (f"{policy}/{name}", published.files(name))
        for policy, published in rounds.items()
        for name in published.folders
    ]


def cases(rounds: Rounds, wanted: int, begin: int = 0) -> Iterator[Case]:
    """``wanted`` alterations: the kinds in turn, each on the next bundle that it changes, at a random place."""
    bundles = bundles_in_turn(rounds)
    turns = cycle(range(len(bundles)))
    made, attempt = 0, begin
    for kind in cycle(CATALOGUE):
        if made == wanted:
            return
        attempt += 1
        for _ in bundles:
            name, files = bundles[next(turns)]
            changed = altered(files, kind, attempt)
            if changed is not None:
                made += 1
                yield kind, name, changed
                break


def faults_of_arrays(folder: Path) -> list[str]:
    return [fault.where for fault in verify_bundle(folder) if not fault.holds]


def run_verifier(folder: Path, *options: str) -> tuple[int, str]:
    """The citizen's verifier as the citizen runs it, from a copy that the bundle did not bring."""
    command = [sys.executable, "-I", str(VERIFIER), str(folder), *options]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout


def test_the_true_bundles_are_accepted(true_rounds: Rounds, tmp_path: Path) -> None:
    """Both judges accept every sub-round's bundle as the engine wrote it: refusals below are not cheap."""
    for name, files in bundles_in_turn(true_rounds):
        assert judges.verdicts(write(tmp_path / name, files)) == (True, True), name
    assert len(bundles_in_turn(true_rounds)) == 6


def test_every_kind_of_alteration_is_refused_by_both(true_rounds: Rounds, tmp_path: Path) -> None:
    """Every kind once, on the bundles in turn: both judges refuse and say where."""
    for number, (kind, name, changed) in enumerate(cases(true_rounds, len(CATALOGUE))):
        folder = write(tmp_path / str(number), changed)
        code, printed = judges.plain_verdict(folder)
        assert code == 1, (kind, name)
        assert "FAULT" in printed, (kind, name)
        assert any(faults_of_arrays(folder)), (kind, name)


@pytest.mark.slow
def test_two_hundred_alterations_are_refused_by_both(true_rounds: Rounds, tmp_path: Path) -> None:
    """200 alterations, verify.py run as a citizen runs it: no judge lets one pass, and each says where."""
    unnoticed = []
    for number, (kind, name, changed) in enumerate(cases(true_rounds, NUM_ALTERATIONS, begin=1000)):
        folder = write(tmp_path / str(number), changed)
        code, printed = run_verifier(folder)
        if code != 1 or "FAULT" not in printed or not any(faults_of_arrays(folder)):
            unnoticed.append((kind, name))
    assert unnoticed == []
    assert number + 1 == NUM_ALTERATIONS


@pytest.mark.slow
def test_every_kind_on_every_bundle_is_refused_by_both(true_rounds: Rounds, tmp_path: Path) -> None:
    """Each kind on each of the six bundles at another place: nothing passes."""
    unnoticed = []
    for name, files in bundles_in_turn(true_rounds):
        for number, kind in enumerate(CATALOGUE):
            changed = altered(files, kind, 5000 + number)
            if changed is None:
                continue
            folder = write(tmp_path / name / str(number), changed)
            if judges.verdicts(folder) != (False, False):
                unnoticed.append((kind, name))
    assert unnoticed == []


@pytest.mark.parametrize("name", ["README.txt", "manifest.json"])
def test_free_words_are_pinned_by_the_manifest_alone(name: str, true_rounds: Rounds, tmp_path: Path) -> None:
    """README.txt and the software's version bear on no figure: both judges pass them, the published hash does not.

    The hash of the manifest stands in the next round's commitment (``previous_manifest``).
    """
    files = true_rounds["example"].files("public")
    if name == "README.txt":
        changed = rehashed({**files, name: files[name] + b"!"})
    else:
        changed = {**files, name: dump(json.loads(files[name]) | {"software_version": "9"})}
    assert judges.verdicts(write(tmp_path, changed)) == (True, True)
    assert sha(changed["manifest.json"]) != sha(files["manifest.json"])


def test_another_verifier_is_refused_by_the_arrays_alone(true_rounds: Rounds, tmp_path: Path) -> None:
    """A verify.py that was tampered with cannot be trusted to say so: the engine's audit does."""
    files = true_rounds["example"].files("public")
    changed = rehashed({**files, "verify.py": files["verify.py"] + b"\n"})
    assert judges.verdicts(write(tmp_path, changed)) == (False, True)


def test_a_false_removal_may_pass(true_rounds: Rounds, tmp_path: Path) -> None:
    """Who is declared gone without a home and without effect on any figure passes: the public bundle cannot tell.

    ``docs/decisions/sub-rounds-before-the-seed.md``, cost 3. Nobody gains a place by it.
    """
    files = true_rounds["example"].files("public")
    passed = [
        code for code in unhoused(files)[:40] if judges.verdicts(removed(files, code, tmp_path / code))[0]
    ]
    assert passed
    for code in passed[:3]:
        folder = removed(files, code, tmp_path / f"again-{code}")
        assert judges.verdicts(folder) == (True, True)
        assert (folder / "result.csv").read_bytes() == files["result.csv"]


def unhoused(files: Files) -> list[str]:
    """Codes without a home that have not left, at random."""
    taken = {row[0] for name in ("result.csv", "removals.csv") for row in cells_of(files, name)}
    codes = [row[0] for row in cells_of(files, "roster.csv")[1:] if row[0] not in taken]
    return random.Random(3).sample(codes, len(codes))


def removed(files: Files, code: str, folder: Path) -> Path:
    """The bundle with one household more among those who left."""
    changed = dict(files)
    gone = cells_of(files, "removals.csv")
    put_cells(changed, "removals.csv", [gone[0], *sorted([*gone[1:], [code]])])
    manifest = json.loads(files["manifest.json"])
    manifest["counts"]["removed"] = len(gone)
    return write(folder, rehashed({**changed, "manifest.json": dump(manifest)}))
