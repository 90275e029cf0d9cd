"""The split in published bundles: both judges follow it, and no other split passes them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from allocator import mechanisms
from allocator.audit import room_split
from allocator.audit.bundle import _contents, _files  # the bundle as the checks get it
from allocator.audit.results import Fault
from allocator.office import bundles
from tests.audit.judges import VERIFIER, faults, plain_verdict
from tests.forgery.true_rounds import Inputs, Published, publish
from tests.rooms.laws import MIGRANTS_ONLY, SAID, crowded, law_folder

ONE_SEX = f'[{{ projects = ["P003"], unit = "floor", {SAID.strip().replace(chr(10), ", ")} }}]'
Document = dict[str, Any]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """A crowded city under a law with a joint split."""
    base = tmp_path_factory.mktemp("rooms")
    return publish(Inputs(crowded(), str(law_folder(base, ONE_SEX))), base)


def test_both_judges_accept_the_split(published: Published) -> None:
    """Rooms and split stand in the public bundle alone, are committed to, and hold before both judges."""
    folder = published.folders["public"]
    assert faults(folder) == []
    code, said = plain_verdict(folder)
    assert code == 0
    assert "[通过 ok] 宿舍房间的性别划分" in said
    assert "rooms.csv" in said.partition("could not check")[2]
    commitment = json.loads(published.files("public")["commitment.json"])
    assert {"rooms_sha256", "split_sha256"} <= set(commitment)
    others = [name for name in published.folders if name != "public"]
    assert others
    assert not any("split.json" in published.files(name) for name in others)


def test_who_is_not_admitted_to_beds_does_not_count(published: Published, tmp_path: Path) -> None:
    """Where the law keeps beds for one group, both judges count that group's lists alone."""
    shut = publish(Inputs(crowded(), str(law_folder(tmp_path, "[]", MIGRANTS_ONLY))), tmp_path)
    folder = shut.folders["public"]
    assert faults(folder) == []
    assert plain_verdict(folder)[0] == 0
    files = shut.files("public")
    migrants = files["groups.csv"].count(b"\n") - 1
    filled = json.loads(files["split.json"])["num_filled"]
    everybody = json.loads(published.files("public")["split.json"])["num_filled"]
    assert 0 < filled <= min(migrants, everybody)
    assert filled < everybody


def alterations(document: Document) -> Iterator[Document]:
    """The split document with one whole number raised or lowered, or one part struck out."""

    def paths(part: Any, at: tuple = ()) -> Iterator[tuple]:
        if isinstance(part, dict | list):
            for key in list(part) if isinstance(part, dict) else range(len(part)):
                yield (*at, key)
                yield from paths(part[key], (*at, key))

    for path in paths(document):
        for change in (1, -1, None):
            forged = copy.deepcopy(document)
            part = forged
            for key in path[:-1]:
                part = part[key]
            if change is None:
                del part[path[-1]]
            elif isinstance(part[path[-1]], int):
                part[path[-1]] += change
            else:
                continue
            yield forged


def test_the_judges_agree_on_every_altered_proof(published: Published) -> None:
    """Both refuse or both accept; what they accept still states the same split and the same number of beds."""
    folder = published.folders["public"]
    bundle = _contents(_files(folder))
    plain = VERIFIER.Bundle(folder)
    checks = [check for _, _, check in VERIFIER.CHECKS]
    for check in checks[: checks.index(VERIFIER.check_rooms)]:
        check(plain)
    pools = [row for _, row in VERIFIER.rows(plain, "pools.csv")]
    right = bundle.documents["split.json"]
    num_refused = 0
    for forged in alterations(right):
        bundle.documents["split.json"] = forged
        try:
            room_split._check_due(bundle)
            accepts = True
        except (Fault, LookupError, TypeError, ValueError, AttributeError):
            accepts = False
        try:
            VERIFIER.RoomSplit(plain, pools).check(forged)
            also = True
        except (VERIFIER.Fault, LookupError, TypeError, ValueError, AttributeError):
            also = False
        assert accepts == also, forged
        if accepts:
            assert all(forged[key] == right[key] for key in ("format", "classes", "num_filled"))
        num_refused += not accepts
    bundle.documents["split.json"] = right
    assert num_refused > 40


@pytest.mark.parametrize("step", [1, -1])
def test_another_split_carried_through_the_whole_round_is_found(
    step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bureau that gives one unit more or less to women and does everything else by the book is refused by both."""
    honest = mechanisms.split_of_units

    def other(*asked: Any) -> Any:
        split, figures = honest(*asked)
        at = int(
            np.argmax([0 <= women + step <= units for women, units in zip(split, asked[0], strict=True)])
        )
        split[at] += step
        return split, figures

    monkeypatch.setattr(mechanisms, "split_of_units", other)
    monkeypatch.setattr(bundles, "check", lambda folder, name: None)
    forged = publish(Inputs(crowded(), str(law_folder(tmp_path, ONE_SEX))), tmp_path)
    folder = forged.folders["public"]
    assert [check for check, _ in faults(folder)] == ["rooms"]
    code, said = plain_verdict(folder)
    assert code == 1
    assert "[不符 FAULT] 宿舍房间的性别划分" in said
