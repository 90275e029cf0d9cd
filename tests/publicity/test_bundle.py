"""The bundle's files, its manifest, and which dwelling inside the pool."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator.model.canonical import canonical_bytes, sha256_hex
from allocator.publicity import bundle
from allocator.ranking import draw
from tests.publicity.worlds import (
    CEREMONY,
    CODES,
    FEW,
    committed,
    shuffled,
    text_frame,
    three_families_two_flats,
)

SEED = "5e" * 32


def bundled(world, commitment=None, **changes):
    """A bundle of three families: A gets X-01, B gets X-02, C nothing."""
    a, b, c = CODES
    said = {
        "commitment": commitment or committed(world),
        **{name: world[name] for name in ("roster", "preferences", "pools", "dwellings")},
        "public_value": "ab" * 16,
        "seed": SEED,
        "order": text_frame(
            position=[1, 2, 3], code=[a, b, c], band=[0, 0, 1], ticket=["1" * 64, "2" * 64, "3" * 64]
        ),
        "removals": [c],
        "result": text_frame(code=[b, a], pool=["P2", "P1"], dwelling_id=["X-02", "X-01"]),
        "certificate": {"mechanism": "serial", "filled": {"P3": 0}},
        "policy_files": {"rules.toml": b"a = 1\n", "in_force.json": b"{}"},
        "software_version": "0.1.0",
        "verifier": b"print('judge')\n",
        **changes,
    }
    return bundle.bundle_files(**said)


def test_files_of_a_bundle_are_those_of_the_contract_manifest_last():
    """Every file of bundle.md and no other."""
    expected = [
        "commitment.json", "roster.csv", "preferences.csv", "pools.csv", "dwellings.csv", "draw.json", "order.csv",
        "removals.csv", "result.csv", "certificate.json", "policy/in_force.json", "policy/rules.toml", "verify.py",
        "README.txt", "manifest.json",
    ]  # fmt: skip
    assert list(bundled(three_families_two_flats())) == expected


def test_manifest_counts_and_hashes_every_other_file():
    """What the manifest says of the smallest world, recomputed."""
    files = bundled(three_families_two_flats())
    manifest = json.loads(files["manifest.json"])
    hashes = {name: sha256_hex(content) for name, content in files.items() if name != "manifest.json"}
    assert manifest == {
        "format": "allocator-bundle/1",
        "software_version": "0.1.0",
        "month": "2026-03",
        "sub_round": "public",
        "rehearsal": True,
        "policy_fingerprint": "sha256:" + "0" * 64,
        "counts": {"households": 3, "pools": 3, "places": 2, "preferences": 4, "housed": 2, "removed": 1},
        "files": hashes,
    }
    assert files["manifest.json"] == canonical_bytes(manifest)


def test_small_files_letter_by_letter():
    """Draw, order, result, removals and certificate of the smallest world."""
    files = bundled(three_families_two_flats())
    a, b, c = CODES
    value = "ab" * 16
    assert files["draw.json"].decode() == (
        f'{{"format":"allocator-draw/1","public_value":"{value}","seed":"{SEED}"}}'
    )
    assert files["order.csv"].decode() == (
        f"position,code,band,ticket\n1,{a},0,{'1' * 64}\n2,{b},0,{'2' * 64}\n3,{c},1,{'3' * 64}\n"
    )
    assert files["result.csv"].decode() == f"code,pool,dwelling_id\n{a},P1,X-01\n{b},P2,X-02\n"
    assert files["removals.csv"].decode() == f"code\n{c}\n"
    assert files["certificate.json"] == b'{"filled":{"P3":0},"mechanism":"serial"}'


@FEW
@given(st.randoms(use_true_random=False))
def test_a_bundle_does_not_hang_on_row_order(chance):
    """Shuffled frames give byte-identical files."""
    world = three_families_two_flats()
    other = {
        name: frame if name == "preferences" else shuffled(frame, chance) for name, frame in world.items()
    }
    assert bundled(other) == bundled(world)


@pytest.mark.parametrize(("name", "column"), [("pools", "capacity"), ("dwellings", "place")])
def test_a_supply_other_than_committed_is_refused(name, column):
    """Pools and dwellings are published with the very bytes that were committed to."""
    world = three_families_two_flats()
    commitment = committed(world)
    world[name] = world[name].assign(**{column: world[name][column] + 1})
    with pytest.raises(ValueError, match="committed"):
        bundled(world, commitment)


def test_readme_says_what_it_is_in_both_languages_and_marks_a_rehearsal():
    """Chinese and English, how to check, what cannot be checked, and the mark only in a rehearsal."""
    world = three_families_two_flats()
    readme = bundle.readme(committed(world)).decode()
    for said in (
        "怎样核验",
        "How to check it",
        "verify.py 不能核对什么",
        "What verify.py cannot check",
        "beacon",
    ):
        assert said in readme
    assert readme.startswith("【演练】")
    assert "[REHEARSAL]" in readme
    real = bundle.readme(committed(world, rehearsal=False)).decode()
    assert "演练" not in real
    assert "REHEARSAL" not in real


def test_readme_of_a_skipped_draw_says_so():
    """Without ceremony no source is named."""
    skipped = CEREMONY.__class__(ceremony=False, source="", moment="", fallbacks=(), form="")
    readme = bundle.readme(committed(three_families_two_flats(), ceremony=skipped)).decode()
    assert "不举行抽签" in readme
    assert "by rule there was no draw" in readme


def test_dwellings_by_published_order():
    """In pool P the first in the order takes place 1, the third place 2; Q's only household its place 1."""
    order = text_frame(position=[1, 2, 3, 4], code=["D", "C", "B", "A"])
    stock = text_frame(pool=["P", "Q", "P"], place=[2, 1, 1], dwelling_id=["p2", "q1", "p1"])
    result = bundle.result_of(order, ["P", "Q", "P", None], stock, "order", SEED)
    assert result.to_dict("list") == {
        "code": ["B", "C", "D"],
        "pool": ["P", "Q", "P"],
        "dwelling_id": ["p2", "q1", "p1"],
    }


def test_dwellings_by_ticket_use_the_tickets_of_the_draw():
    """With the rule 'ticket' the smallest ticket of purpose 'dwelling' takes place 1, whatever the order."""
    codes = [f"C{number:02d}" for number in range(20)]
    order = text_frame(position=list(range(1, 21)), code=codes)
    stock = text_frame(
        pool=["P"] * 20, place=list(range(1, 21)), dwelling_id=[f"d{n:02d}" for n in range(1, 21)]
    )
    result = bundle.result_of(order, np.array(["P"] * 20, dtype=object), stock, "ticket", SEED)
    by_ticket = [code for _, code in sorted(zip(draw.tickets(SEED, "dwelling", codes), codes, strict=True))]
    assert result.sort_values("dwelling_id")["code"].tolist() == by_ticket


def test_nobody_housed_is_an_empty_result():
    """No assignment, no row."""
    order = text_frame(position=[1], code=["A"])
    stock = text_frame(pool=["P"], place=[1], dwelling_id=["p1"])
    result = bundle.result_of(order, pd.Series([None], dtype="str"), stock, "order", SEED)
    assert (result.columns.tolist(), len(result)) == (["code", "pool", "dwelling_id"], 0)


@pytest.mark.parametrize(("rule", "said"), [("order", "more households"), ("lot", "not a rule")])
def test_too_few_places_and_unknown_rules_are_refused(rule, said):
    """No household is left without the place it was given, and no rule is guessed."""
    order = text_frame(position=[1, 2], code=["A", "B"])
    stock = text_frame(pool=["P"], place=[1], dwelling_id=["p1"])
    with pytest.raises(ValueError, match=said):
        bundle.result_of(order, ["P", "P"], stock, rule, SEED)
