"""Rounds by ``top_trading_cycles`` without tenants: published, judged twice, forged, and told to the households."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator import mechanisms
from allocator.audit import verify_bundle
from allocator.office.explaining import explain
from allocator.store import Store
from tests.audit import judges
from tests.audit.worlds import dump, rehashed, write
from tests.declared.markets import markets, plain_verdict
from tests.declared.test_two_judges import arrays_verdict, elsewhere, fits
from tests.forgery.true_rounds import MONTH, Published
from tests.transfers.conftest import TRADING

NAME = "top_trading_cycles"
laws = pytest.mark.parametrize("law", [TRADING[1], pytest.param(TRADING[0], marks=pytest.mark.slow)])


@laws
def test_both_judges_accept_every_bundle(law: str, traded: dict[str, Published]) -> None:
    """Arrays and verify.py, the latter alone with plain Python, accept each sub-round's bundle."""
    for folder in traded[law].folders.values():
        assert [check for check in verify_bundle(folder) if not check.holds] == []
        words = [sys.executable, "-I", str(folder / "verify.py"), str(folder)]
        assert subprocess.run(words, capture_output=True, check=False).returncode == 0


def places(document: object) -> Iterator[tuple[object, object]]:
    """Every holder and key of a figure or name."""
    keys = (
        list(document)
        if isinstance(document, dict)
        else range(len(document))
        if isinstance(document, list)
        else ()
    )
    for key in keys:
        if isinstance(document[key], (str, int)):
            yield document, key
        else:
            yield from places(document[key])


@laws
def test_every_figure_of_the_cycles_is_bound(law: str, traded: dict[str, Published], tmp_path: Path) -> None:
    """A count, household or pool of the published cycles changed, the manifest re-hashed, is found by both judges."""
    rng = random.Random(3)
    files = traded[law].files("public")
    for number in range(12):
        document = json.loads(files["certificate.json"])
        holder, key = rng.choice(list(places(document)))
        holder[key] = holder[key] + 1 if isinstance(holder[key], int) else holder[key] + "x"
        forged = write(tmp_path / str(number), rehashed({**files, "certificate.json": dump(document)}))
        assert judges.verdicts(forged) == (False, False), (holder, key)


@laws
@pytest.mark.parametrize("how", ["rounds swapped", "a round left out", "an empty round"])
def test_the_order_of_the_cycles_is_bound(
    how: str, law: str, traded: dict[str, Published], tmp_path: Path
) -> None:
    """Cycles told in another order, or not told, are found by both judges."""
    files = traded[law].files("public")
    document = json.loads(files["certificate.json"])
    rounds = document["rounds"]
    if how == "rounds swapped":
        rounds[0], rounds[1] = rounds[1], rounds[0]
    elif how == "a round left out":
        rounds.pop()
    else:
        rounds.append([])
    forged = write(tmp_path / "forged", rehashed({**files, "certificate.json": dump(document)}))
    assert judges.verdicts(forged) == (False, False)


def test_two_who_exchange_what_they_got_are_found(traded: dict[str, Published], tmp_path: Path) -> None:
    """A result in which two households hold each other's places, both listed, is refused by both judges."""
    files = traded["trading_tiers"].files("public")
    lists: dict[str, list[str]] = {}
    for line in files["preferences.csv"].decode().split("\n")[1:-1]:
        code, _, pool = line.split(",")
        lists.setdefault(code, []).append(pool)
    head, *rows = (line.split(",") for line in files["result.csv"].decode().split("\n")[:-1])
    one, other = next(
        (one, other)
        for one in rows
        for other in rows
        if one[1] < other[1] and other[1] in lists[one[0]] and one[1] in lists[other[0]]
    )
    one[1:], other[1:] = other[1:], one[1:]
    text = "\n".join(",".join(row) for row in [head, *rows]) + "\n"
    forged = write(tmp_path / "forged", rehashed({**files, "result.csv": text.encode()}))
    assert judges.verdicts(forged) == (False, False)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_both_judges_recompute_the_cycles_alike(data: st.DataObject) -> None:
    """On random markets with priorities the mechanism's certificate is both judges' own, and no other assignment passes."""
    market = data.draw(markets(NAME))
    instance = market[0]
    solution = mechanisms.solve(instance, NAME)
    assigned = solution.matching.assigned.copy()
    assert plain_verdict(*market, assigned, NAME) == dict(solution.certificate)
    assert arrays_verdict(instance, assigned, NAME) == dict(solution.certificate)
    for other in [other for other in elsewhere(instance, assigned) if fits(instance, other)][:15]:
        assert not np.array_equal(other, assigned)
        assert plain_verdict(*market, other, NAME) is None
        assert arrays_verdict(instance, other, NAME) is None


@laws
def test_letters_read_in_both_languages(law: str, traded: dict[str, Published]) -> None:
    """Every letter is told without a gap; what is said of a pool's last place stands in the published cycles."""
    base = traded[law].folders["public"].parents[2]
    url = f"sqlite:///{base / 'store.db'}"
    with Store.open(url) as store:
        receipts = list(store.frame(MONTH, "public", "roster")["receipt_no"])
    rounds = json.loads(traded[law].files("public")["certificate.json"])["rounds"]
    codes: set[str] = set()
    for receipt_no in random.Random(2).sample(receipts, 12):
        told = explain(MONTH, receipt_no, url)
        codes |= {code for code, _ in told.sentences}
        for code, row in told.sentences:
            if code == "told_trade_traded":
                assert any(pool == row["pool"] for cycle in rounds[row["round"] - 1] for _, pool in cycle)
                assert not any(
                    pool == row["pool"]
                    for cycles in rounds[row["round"] :]
                    for cycle in cycles
                    for _, pool in cycle
                )
        for language in ("zh", "en"):
            text = "\n".join(told.lines(language))
            assert "{" not in text
            assert "None" not in text
    assert {"told_trade_traded", "told_traded_away"} <= codes
