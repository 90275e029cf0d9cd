"""Forgeries of tenants and their homes: both judges see what is inconsistent, and say where the bundle stops telling."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from allocator.model.canonical import sha256_hex
from tests.audit import judges
from tests.audit.worlds import dump, rehashed, write
from tests.forgery.altering import Files, cells_of, put_cells, reseed
from tests.transfers.conftest import WHERE, Rounds

Alteration = Callable[[Files], None]


def a_tenant_left_out(files: Files) -> None:
    """A tenant's right is forgotten."""
    rows = cells_of(files, "current.csv")
    put_cells(files, "current.csv", [rows[0], *rows[2:]])


def a_newcomer_as_tenant(files: Files) -> None:
    """Somebody without a home is given the right to one."""
    rows = cells_of(files, "current.csv")
    tenants = {row[0] for row in rows}
    code, _, pool = next(row for row in cells_of(files, "preferences.csv")[1:] if row[0] not in tenants)
    put_cells(files, "current.csv", [rows[0], *sorted([*rows[1:], [code, pool]])])


def another_pool(files: Files) -> None:
    """A tenant is told to live elsewhere on its list."""
    rows = cells_of(files, "current.csv")
    lists = [row for row in cells_of(files, "preferences.csv")[1:] if row[0] == rows[1][0]]
    rows[1][1] = lists[0][2]
    put_cells(files, "current.csv", rows)


def twice(files: Files) -> None:
    """A tenant stands there twice."""
    rows = cells_of(files, "current.csv")
    put_cells(files, "current.csv", [*rows[:2], *rows[1:]])


def unknown(files: Files) -> None:
    """A code that is on no roster."""
    rows = cells_of(files, "current.csv")
    put_cells(files, "current.csv", [*rows, ["ZZZZZZZZZZZZ", rows[-1][1]]])


SLOW = pytest.param("integrated", marks=pytest.mark.slow)
TENANTS: dict[str, Alteration] = {
    one.__name__.replace("_", " "): one
    for one in (a_tenant_left_out, a_newcomer_as_tenant, another_pool, twice, unknown)
}


def recommitted(files: Files) -> Files:
    """The commitment's hash of the tenants and the seed brought in line; the tickets stay."""
    committed = json.loads(files["commitment.json"])
    committed["current_sha256"] = sha256_hex(files["current.csv"])
    files["commitment.json"] = dump(committed)
    reseed(files)
    return files


@pytest.mark.parametrize("law", ["integrated_optimum", SLOW])
@pytest.mark.parametrize("kind", TENANTS)
def test_altered_tenants_are_refused_by_both_judges(
    kind: str, law: str, asked: Rounds, tmp_path: Path
) -> None:
    """Re-hashed alone, or with the commitment brought in line: neither judge takes the bundle."""
    files = dict(asked[law].published("2026-04").files(WHERE[law]))
    TENANTS[kind](files)
    assert judges.verdicts(write(tmp_path / "one", rehashed(dict(files)))) == (False, False)
    assert judges.verdicts(write(tmp_path / "other", rehashed(recommitted(files)))) == (False, False)


def given_a_home(files: Files) -> None:
    """Who stays is said to have been given a dwelling."""
    rows = cells_of(files, "result.csv")
    row = next(row for row in rows[1:] if not row[2])
    row[2] = next(cells[2] for cells in cells_of(files, "dwellings.csv")[1:] if cells[0] == row[1])
    put_cells(files, "result.csv", rows)


def put_out(files: Files) -> None:
    """A tenant ends without a home."""
    rows = cells_of(files, "result.csv")
    tenants = {row[0] for row in cells_of(files, "current.csv")[1:]}
    at = next(place for place, row in enumerate(rows) if row[0] in tenants)
    put_cells(files, "result.csv", [*rows[:at], *rows[at + 1 :]])


def sent_home(files: Files) -> None:
    """A tenant who moved is said to have stayed."""
    rows = cells_of(files, "result.csv")
    home = dict(cells_of(files, "current.csv")[1:])
    row = next(row for row in rows[1:] if home.get(row[0], row[1]) != row[1])
    row[1:] = [home[row[0]], ""]
    put_cells(files, "result.csv", rows)


def homes_exchanged(files: Files) -> None:
    """Two who enter one pool exchange their dwellings."""
    rows = cells_of(files, "result.csv")
    one, other = next(
        (one, other)
        for one in rows[1:]
        for other in rows[1:]
        if one[0] < other[0] and one[1] == other[1] and one[2] and other[2]
    )
    one[2], other[2] = other[2], one[2]
    put_cells(files, "result.csv", rows)


def a_home_given_twice(files: Files) -> None:
    """Two who enter one pool are given one dwelling."""
    rows = cells_of(files, "result.csv")
    one, other = next(
        (one, other)
        for one in rows[1:]
        for other in rows[1:]
        if one[0] < other[0] and one[1] == other[1] and one[2] and other[2]
    )
    other[2] = one[2]
    put_cells(files, "result.csv", rows)


def dwelling_left_blank(files: Files) -> None:
    """Who moves is given no dwelling."""
    rows = cells_of(files, "result.csv")
    next(row for row in rows[1:] if row[2])[2] = ""
    put_cells(files, "result.csv", rows)


def a_tenant_has_left(files: Files) -> None:
    """A tenant is said to have left the roster."""
    code = cells_of(files, "current.csv")[1][0]
    put_cells(files, "removals.csv", [["code"], [code]])
    rows = [row for row in cells_of(files, "result.csv") if row[0] != code]
    put_cells(files, "result.csv", rows)


HOMES: dict[str, Alteration] = {
    one.__name__.replace("_", " "): one
    for one in (
        given_a_home,
        put_out,
        sent_home,
        homes_exchanged,
        a_home_given_twice,
        dwelling_left_blank,
        a_tenant_has_left,
    )
}


@pytest.mark.parametrize("law", ["exchange_only", SLOW])
@pytest.mark.parametrize("kind", HOMES)
def test_altered_homes_are_refused_by_both_judges(kind: str, law: str, asked: Rounds, tmp_path: Path) -> None:
    """A result that puts a tenant out, sends one back or gives homes otherwise than in turn is refused by both."""
    files = dict(asked[law].published("2026-04").files(WHERE[law]))
    before = dict(files)
    HOMES[kind](files)
    assert files != before
    assert judges.verdicts(write(tmp_path / "forged", rehashed(files))) == (False, False)


def test_tenants_cannot_be_slipped_in_or_left_out(asked: Rounds, tmp_path: Path) -> None:
    """A sub-round without tenants is refused with the file, one with them without it, the commitment brought in line."""
    own = asked["exchange_only"].published("2026-04")
    public = dict(own.files("public"))
    public["current.csv"] = b"code,pool\n"
    assert judges.verdicts(write(tmp_path / "in", rehashed(recommitted(public)))) == (False, False)
    files = dict(own.files("transfer"))
    del files["current.csv"]
    committed = json.loads(files["commitment.json"])
    del committed["current_sha256"]
    files["commitment.json"] = dump(committed)
    reseed(files)
    assert judges.verdicts(write(tmp_path / "out", rehashed(files))) == (False, False)


def test_the_sub_round_of_tenants_trades_whatever_the_law_says_of_others(
    asked: Rounds, tmp_path: Path
) -> None:
    """Its commitment names trading cycles; the mechanism of the public sub-round in its place is refused."""
    files = dict(asked["exchange_only"].published("2026-04").files("transfer"))
    committed = json.loads(files["commitment.json"])
    assert committed["rules"]["mechanism"] == "top_trading_cycles"
    committed["rules"]["mechanism"] = "band_optimum"
    files["commitment.json"] = dump(committed)
    reseed(files)
    assert judges.verdicts(write(tmp_path / "other", rehashed(files))) == (False, False)
