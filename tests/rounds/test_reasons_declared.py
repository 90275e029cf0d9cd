"""Under declared rules, too, every sentence of a letter is true: figures are compared, counterfactuals played again."""

from __future__ import annotations

import functools
import random
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest

from allocator import mechanisms
from allocator.model.instance import UNASSIGNED, Instance
from allocator.policy import load
from allocator.rounds.allocation import housed_with_last_choice, instance_in_order
from allocator.rounds.freeze import PUBLIC
from allocator.rounds.reasons import Reason, better_pools, free_pools
from allocator.rounds.standings import standings
from allocator.rounds.whatif import first_in_band
from scenarios.population import city
from tests.declared.authority import LAWS, authority
from tests.rounds.corridor import Played, play

SAMPLE = 25
# A maximum that shuts a group out, of some pools or of all.
SHUT = """
[[allocation.quotas]]
id = "no_migrants"
pools = { modes = ["developer_built", "leased"] }
groups = ["migrants"]
over = "each"
max = { places = 0 }
reference = "示例市实施细则（演练）第十四条第六款"
tag = "M"
"""


@functools.cache
def public(name: str) -> Played:
    """The public sub-round of a month under one of the authority's laws."""
    text = (LAWS / f"{name.removesuffix('_shut')}.toml").read_text(encoding="utf-8")
    if name.endswith("_shut"):
        text += SHUT if name == "tiers_shut" else SHUT.replace('modes = ["developer_built", "leased"]', "")
    with TemporaryDirectory() as folder:
        policy = load(authority(Path(folder) / "law", text)).in_force(date(2026, 3, 2))
    return next(
        one for one in play(city(400, seed=29, world="shortage"), policy) if one.frozen.name == PUBLIC
    )


def some(played: Played, *wanted: Reason) -> list[int]:
    """Places in the order (from 0) of households told one of these reasons."""
    rows = played.told[played.told["reason"].isin(wanted)]
    places = (rows["position"] - 1).tolist()
    return random.Random(5).sample(places, min(SAMPLE, len(places)))


def moved(played: Played, old: int, new: int) -> Instance:
    """The household at ``old`` stands at ``new`` (both from 0) and takes the band there; groups go with their codes."""
    rows = np.insert(np.delete(np.arange(len(played.order)), old), new, old)
    bands = played.order["band"].to_numpy(np.int64)[rows]
    bands[new] = played.order["band"].iloc[new]
    order = played.order.iloc[rows].reset_index(drop=True).assign(band=bands)
    instance = instance_in_order(played.frozen, order, played.removed)
    return replace(instance, band=np.unique(bands, return_inverse=True)[1].astype(np.int64))


def rerun(played: Played, instance: Instance) -> np.ndarray:
    return mechanisms.solve(instance, played.policy.allocation.mechanism).matching.assigned


def listed(played: Played, code: str) -> list[tuple[int, str]]:
    own = played.frozen.preferences.query("code == @code")
    return list(zip(own["rank"].astype(int).tolist(), own["pool"], strict=True))


@pytest.mark.parametrize("name", ["choosing", "choosing_shut", "optimum"])
def test_at_the_closing_position_it_would_have_been_housed(name: str) -> None:
    """STOOD_BEHIND in ``serial`` and ``band_optimum`` beside reserves and maxima: housed at the position named, not one place behind it."""
    played = public(name)
    places = some(played, Reason.STOOD_BEHIND)
    assert places
    for place in places:
        closing = int(played.told["closing_position"].iloc[place]) - 1
        assert closing < place
        assert rerun(played, moved(played, place, closing))[closing] != UNASSIGNED
        assert rerun(played, moved(played, place, closing + 1))[closing + 1] == UNASSIGNED


@pytest.mark.parametrize("name", ["choosing", "choosing_shut"])
def test_what_earlier_bands_filled_was_open_at_the_head(name: str) -> None:
    """FILLED_BY_EARLIER_BANDS: first in its band it is not housed, first of all it is."""
    played = public(name)
    for place in some(played, Reason.FILLED_BY_EARLIER_BANDS):
        first = int(np.searchsorted(played.instance.band, played.instance.band[place]))
        assert rerun(played, moved(played, place, first))[first] == UNASSIGNED
        assert rerun(played, moved(played, place, 0))[0] != UNASSIGNED


def test_what_was_filled_or_kept_was_out_of_reach_in_its_band() -> None:
    """FILLED_OR_KEPT: first in its own band the household is not housed either."""
    played = public("optimum")
    for place in some(played, Reason.FILLED_OR_KEPT):
        first = int(np.searchsorted(played.instance.band, played.instance.band[place]))
        assert rerun(played, moved(played, place, first))[first] == UNASSIGNED


def test_what_was_never_open_was_not_open_at_the_head() -> None:
    """NEVER_OPEN: even first of all the household is not housed."""
    played = public("choosing_shut")
    places = some(played, Reason.NEVER_OPEN)
    assert places
    for place in places:
        assert rerun(played, moved(played, place, 0))[0] == UNASSIGNED


@pytest.mark.parametrize("name", ["choosing", "choosing_shut"])
def test_at_the_last_place_of_a_better_pool_it_was_open(name: str) -> None:
    """LATER_CHOICE: at the position that used up the last place open to it, it gets that pool or one it likes no less."""
    played = public(name)
    frozen, tried = played.frozen, 0
    for place in some(played, Reason.LATER_CHOICE):
        row = played.told.iloc[place]
        ranks = {pool: rank for rank, pool in listed(played, row.code)}
        told = better_pools(
            row.code, played.told, frozen.preferences, played.done.result, frozen.pools,
            played.done.certificate, frozen.declared,
        )  # fmt: skip
        for one in told:
            last = one["last_place_to"] - 1
            assert last < place
            where = max(last, 0)
            pool = rerun(played, moved(played, place, where))[where]
            gets = ranks[frozen.pools["pool"].iloc[pool]] if pool >= 0 else len(ranks) + 1
            if last >= 0:
                assert gets <= one["rank"]
                tried += 1
            else:
                assert pool < 0 or frozen.pools["pool"].iloc[pool] != one["pool"]
    assert tried


@pytest.mark.parametrize("name", ["tiers", "tiers_shut", "released"])
def test_the_standings_told_are_those_of_the_pools(name: str) -> None:
    """BETTER_STANDINGS and LATER_CHOICE: whoever holds an open place stands before it there; who is shut out, is."""
    played = public(name)
    causes = set()
    for place in some(played, Reason.BETTER_STANDINGS, Reason.LATER_CHOICE):
        row = played.told.iloc[place]
        wanted = [
            (rank, pool) for rank, pool in listed(played, row.code) if not row["rank"] or rank < row["rank"]
        ]
        for one in standings(row.code, place + 1, wanted, played.done.certificate, played.frozen.declared):
            causes.add(one["cause"])
            tier = tier_of(played, row.code, one["pool"])
            assert one["tier"] == tier
            if one["cause"] == "open":
                assert (one["last_tier"], one["last_position"]) < (tier, place + 1)
                assert (
                    tier_of(played, played.order["code"].iloc[one["last_position"] - 1], one["pool"])
                    == (one["last_tier"])
                )
            for kept in one["reserved"]:
                assert (kept["last_tier"], kept["last_position"]) < (tier, place + 1)
    assert "open" in causes
    assert ("maximum" in causes) == (name == "tiers_shut") or name == "tiers"


def tier_of(played: Played, code: str, pool: str) -> int:
    """The tier of a household at a pool, from the instance itself."""
    tiers = played.instance.extensions.get("priority", {}).get(pool, [[code]])
    return next(number for number, tier in enumerate(tiers, 1) if code in tier)


@pytest.mark.parametrize("name", ["tiers", "released", "optimum"])
def test_first_in_its_band_is_told_as_it_would_be(name: str) -> None:
    """LATER_CHOICE: the pool told for standing first in its band is what a re-run gives, and never worse."""
    played = public(name)
    for place in some(played, Reason.LATER_CHOICE):
        row = played.told.iloc[place]
        band = played.instance.band
        first = int(np.searchsorted(band, band[place]))
        rules = played.policy.allocation
        pool = first_in_band(played.frozen, played.order, played.removed, rules, row.code)
        assigned = rerun(played, moved(played, place, first))
        assert pool == played.pool_names(assigned)[first]
        assert {pool: rank for rank, pool in listed(played, row.code)}[pool] <= row["rank"]


@pytest.mark.parametrize("name", ["tiers_shut", "choosing_shut", "released", "optimum"])
def test_an_empty_place_is_told_only_where_it_could_be_had(name: str) -> None:
    """An open pool is named exactly when listing it last would have housed the household: kept places are not."""
    played = public(name)
    free = list(free_pools(played.frozen.pools, played.done.result)["pool"])
    for place in some(played, Reason.BETTER_STANDINGS, Reason.STOOD_BEHIND, Reason.NEVER_OPEN)[:6]:
        code = str(played.order["code"].iloc[place])
        known = {pool for _, pool in listed(played, code)}
        for pool in [pool for pool in free if pool not in known][:4]:
            told = housed_with_last_choice(
                played.frozen, played.order, played.removed, played.policy.allocation, code, pool
            )
            more = pd.DataFrame({"code": [code], "rank": [len(known) + 1], "pool": [pool]})
            wishes = pd.concat([played.frozen.preferences, more], ignore_index=True)
            asked = replace(played.frozen, preferences=wishes)
            again = rerun(played, instance_in_order(asked, played.order, played.removed))
            assert told == (again[place] != UNASSIGNED)
