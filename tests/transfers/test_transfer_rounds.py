"""Whole rounds in which tenants ask to move: nobody is put out, nobody into a home that is not left, all of it published."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from allocator.audit import verify_bundle
from allocator.model.canonical import sha256_hex
from allocator.model.lookups import is_among
from allocator.office import frozen
from allocator.office.explaining import explain
from allocator.publicity.leaks import leaks_in_files
from allocator.store import Store
from tests.audit import judges
from tests.transfers.conftest import WHERE, Rounds
from tests.transfers.months import (
    FIRST,
    SECOND,
    City,
    conclude,
    deliver,
    everybody_elsewhere,
    under,
    up_to_result,
    wishing,
)

SLOW = ("integrated", "integrated_trading", "own_sub_round")
laws = pytest.mark.parametrize(
    "law", [pytest.param(law, marks=pytest.mark.slow if law in SLOW else ()) for law in WHERE]
)


def gone_on(city: City, base: Path) -> City:
    """A copy of a city's store, to go on with."""
    base.mkdir(exist_ok=True)
    for name in ("store.db", "store.db.key"):
        shutil.copy(city.act.out.parent / name, base / name)
    return City(replace(city.act, store_url=f"sqlite:///{base / 'store.db'}", out=base / "out"), city.facts)


def holdings(city: City, law: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Tenants (``code, pool, dwelling_id, receipt_no``), result and preferences of the sub-round they stand in."""
    with Store.open(city.url) as store:
        sub_round = frozen.load(store, SECOND, WHERE[law])
        result = store.frame(SECOND, WHERE[law], "result")
    names = sub_round.roster.set_index("code")["receipt_no"]
    return (
        sub_round.current.assign(receipt_no=sub_round.current["code"].map(names)),
        result,
        sub_round.preferences,
    )


@laws
def test_both_judges_accept_every_bundle(law: str, asked: Rounds) -> None:
    """Arrays and verify.py, the latter alone with plain Python, accept each sub-round's bundle with its tenants."""
    for name, folder in asked[law].published(SECOND).folders.items():
        assert [check for check in verify_bundle(folder) if not check.holds] == []
        words = [sys.executable, "-I", str(folder / "verify.py"), str(folder)]
        assert subprocess.run(words, capture_output=True, check=False).returncode == 0
        assert (folder / "current.csv").exists() == (name == WHERE[law])


@laws
def test_a_tenant_keeps_or_betters_its_home(law: str, asked: Rounds) -> None:
    """Everybody who asks holds a pool at or before its own on its list; who stays is given no dwelling."""
    tenants, result, wishes = holdings(asked[law], law)
    held = result.set_index("code")["pool"]
    given = result.set_index("code")["dwelling_id"]
    ranks = wishes.set_index(["code", "pool"])["rank"]
    moves = 0
    for row in tenants.itertuples():
        assert ranks[row.code, held[row.code]] <= ranks[row.code, row.pool]
        assert (given[row.code] == "") == (held[row.code] == row.pool)
        moves += held[row.code] != row.pool
    assert moves >= 10


@laws
def test_the_bundle_tells_no_home(law: str, asked: Rounds) -> None:
    """Of a tenant the bundle tells the pool, shared with nine others where everybody reads it, and nobody's name."""
    city = asked[law]
    tenants, result, _ = holdings(city, law)
    files = city.published(SECOND).files(WHERE[law])
    rows = [line.split(",") for line in files["current.csv"].decode().split("\n")[1:-1]]
    assert rows == tenants[["code", "pool"]].to_numpy().tolist()
    if WHERE[law] == "public":
        assert min(Counter(pool for _, pool in rows).values()) >= 10
    home = tenants.set_index("code")["dwelling_id"]
    own = result[is_among(result["code"], home.index)]
    assert not (own["dwelling_id"] == own["code"].map(home)).any()
    people = (list(city.facts.members["name"]), list(city.facts.members["id_number"]))
    assert leaks_in_files(files, *people, list(city.facts.households["receipt_no"])) == []


@laws
def test_everybody_who_accepts_moves_and_old_leases_end(law: str, asked: Rounds, tmp_path: Path) -> None:
    """When all accept: one lease a tenant and a dwelling, the old one over before the new begins, and moves that can be carried out."""
    city = gone_on(asked[law], tmp_path / "on")
    before = city.leases()
    tenants, result, _ = holdings(city, law)
    conclude(city, SECOND, "accept-all")
    after = city.leases()
    running = after[after["state"] == "IN_FORCE"]
    assert running["receipt_no"].is_unique
    assert running["dwelling_id"].is_unique
    movers = set(tenants["code"]) & set(result.loc[result["dwelling_id"] != "", "code"])
    names = tenants.set_index("code")["receipt_no"]
    given = result.set_index("code")["dwelling_id"]
    new = running.set_index("receipt_no")
    old = after[after["state"] == "CANCELLED"].set_index("receipt_no")
    assert set(old.index) == {names[code] for code in movers}
    for code in movers:
        assert new.loc[names[code], "dwelling_id"] == given[code]
        assert old.loc[names[code], "ends_on"] < new.loc[names[code], "starts_on"]
    staying = set(tenants["receipt_no"]) - set(old.index)
    assert (new.loc[sorted(staying), "month"] == FIRST).all()
    carried_out(
        pd.read_csv(city.act.out / SECOND / "private" / "moves.csv", dtype=str), before, new["dwelling_id"]
    )


def carried_out(moves: pd.DataFrame, before: pd.DataFrame, after: pd.Series) -> None:
    """Step by step nobody moves into a home that somebody lives in; at the end everybody named is where it signed."""
    lives_in = dict(zip(before["dwelling_id"], before["receipt_no"], strict=True))
    for row in moves.fillna("").itertuples():
        if row.from_dwelling:
            assert lives_in.pop(row.from_dwelling) == row.receipt_no
        if row.to_dwelling:
            assert row.to_dwelling not in lives_in
            lives_in[row.to_dwelling] = row.receipt_no
    for dwelling, receipt_no in lives_in.items():
        if receipt_no in set(moves["receipt_no"]):
            assert after[receipt_no] == dwelling


@laws
def test_who_refuses_keeps_its_home(law: str, asked: Rounds, tmp_path: Path) -> None:
    """After any answers nobody lives in two homes or shares one, no tenant is without, and a refused move costs no waiver."""
    city = gone_on(asked[law], tmp_path / "on")
    tenants, _, _ = holdings(city, law)
    conclude(city, SECOND, "random:3")
    with Store.open(city.url) as store:
        offers, standings = store.offers(SECOND), store.standings().set_index("receipt_no")
    leases = city.leases()
    running = leases[leases["state"] == "IN_FORCE"].set_index("receipt_no")
    assert running.index.is_unique
    assert running["dwelling_id"].is_unique
    own = offers[is_among(offers["receipt_no"], tenants["receipt_no"])].set_index("receipt_no")
    assert {"ACCEPTED", "WAIVED"} <= set(own["state"])
    home = tenants.set_index("receipt_no")["dwelling_id"]
    for receipt_no, dwelling in home.items():
        signed = running.loc[receipt_no, "dwelling_id"]
        assert standings.loc[receipt_no, "state"] == "housed"
        assert standings.loc[receipt_no, "num_waivers"] == 0
        if receipt_no not in own.index or own.loc[receipt_no, "state"] == "WAIVED":
            assert signed == dwelling
        else:
            assert signed in {dwelling, own.loc[receipt_no, "dwelling_id"]}
    accepted = offers[offers["state"] == "ACCEPTED"].set_index("receipt_no")
    fell = [
        one for one, row in accepted.iterrows() if running.get("dwelling_id").get(one) != row["dwelling_id"]
    ]
    for receipt_no in fell:
        # Whoever lives there stays: it was offered nothing, refused, or its own move fell through.
        assert accepted.loc[receipt_no, "dwelling_id"] in set(running["dwelling_id"])
    assert fell


@laws
def test_letters_tell_tenants_in_both_languages(law: str, asked: Rounds) -> None:
    """A tenant who moves, one who stays and one who takes no part are each told so, without a gap."""
    city = asked[law]
    tenants, result, _ = holdings(city, law)
    stays = set(result.loc[result["dwelling_id"] == "", "code"])
    rng = random.Random(4)
    names = tenants["receipt_no"].tolist()
    sample = [*rng.sample(names, 4), *tenants.loc[is_among(tenants["code"], stays), "receipt_no"][:2]]
    for receipt_no in sample:
        told = explain(SECOND, receipt_no, city.url)
        codes = {code for code, _ in told.sentences}
        code = tenants.loc[tenants["receipt_no"] == receipt_no, "code"].iloc[0]
        assert ("told_tenant_stays" in codes) == (code in stays)
        assert ("told_tenant_moves" in codes) == (code not in stays)
        for language in ("zh", "en"):
            text = "\n".join(told.lines(language))
            assert "{" not in text
            assert "None" not in text
    with Store.open(city.url) as store:
        left_out = frozen.load(store, SECOND, "public").left_out
    for row in left_out.groupby("cause").head(1).itertuples():
        codes = [code for code, _ in explain(SECOND, row.receipt_no, city.url).sentences]
        assert f"told_transfer_{row.cause}" in codes
    assert not left_out.empty


def test_a_list_delivered_once_more_asks_for_nothing(housed: City, tmp_path: Path) -> None:
    """The same files a month later: nobody who is housed takes part, and both judges accept an empty list of tenants."""
    city = under(housed, "integrated", tmp_path)
    deliver(city, city.facts, tmp_path / "again")
    up_to_result(city, SECOND)
    public = city.published(SECOND).folders["public"]
    assert (public / "current.csv").read_bytes() == b"code,pool\n"
    assert judges.verdicts(public) == (True, True)
    with Store.open(city.url) as store:
        roster = frozen.load(store, SECOND, "public").roster
    assert not is_among(roster["receipt_no"], city.leases().query("month == @FIRST")["receipt_no"]).any()


def test_without_transfers_new_lists_of_tenants_change_no_byte(housed: City, tmp_path: Path) -> None:
    """Under a law without transfers a tenant's new list leaves every published byte as it was."""
    published = []
    for name in ("without", "with"):
        city = gone_on(housed, tmp_path / name)
        if name == "with":
            city = wishing(city, everybody_elsewhere(housed), tmp_path / name / "again")
        up_to_result(city, SECOND)
        published.append({sub: city.published(SECOND).files(sub) for sub in city.published(SECOND).folders})
    assert published[0] == published[1]
    assert "current.csv" not in published[0]["public"]
    assert b"current" not in published[0]["public"]["commitment.json"]
    assert sha256_hex(published[0]["public"]["manifest.json"]) == sha256_hex(
        published[1]["public"]["manifest.json"]
    )


def test_nine_neighbours_wait(housed: City, tmp_path: Path) -> None:
    """Where fewer than ten of a pool ask, the public bundle would point at them: they wait, and are told so."""
    city = under(housed, "integrated", tmp_path)
    lists = everybody_elsewhere(housed)
    project = housed.facts.dwellings.set_index("dwelling_id")["project_id"]
    homes = housed.leases().set_index("receipt_no")["dwelling_id"].map(project)
    kinds = housed.facts.dwellings.set_index("dwelling_id")["kind"]
    flats = housed.leases().set_index("receipt_no")["dwelling_id"].map(kinds) == "flat"
    nine = [one for one in sorted(lists) if homes[one] == "P004" and flats[one]][:9]
    city = wishing(city, {one: lists[one] for one in nine}, tmp_path / "again")
    up_to_result(city, SECOND)
    with Store.open(city.url) as store:
        public = frozen.load(store, SECOND, "public")
    assert public.current.empty
    assert dict(public.left_out["cause"].value_counts()) == {"few_neighbours": 9}
    assert ("told_transfer_few_neighbours", {}) in explain(SECOND, nine[0], city.url).sentences


def test_the_receipts_count_tenants_where_they_stand(asked: Rounds) -> None:
    """A tenant on the roster counts there, one who takes no part as housed; nobody is counted twice."""
    city = asked["exchange_only"]
    tenants, _, _ = holdings(city, "exchange_only")
    with Store.open(city.url) as store:
        receipts = store.frame(SECOND, "", "receipts").set_index("receipt_no")["class"]
        left_out = frozen.load(store, SECOND, "public").left_out
    assert receipts.index.is_unique
    assert set(receipts[tenants["receipt_no"]]) == {"roster"}
    assert set(receipts[left_out["receipt_no"]]) == {"housed"}
    committed = json.loads(city.published(SECOND).files("public")["commitment.json"])
    assert committed["receipts"]["total"] == len(receipts)
