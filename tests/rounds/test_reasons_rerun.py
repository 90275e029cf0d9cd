"""Every sentence of a letter is true: each counterfactual it states is played again through the mechanism."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from allocator.model.instance import UNASSIGNED
from allocator.office.outcome_words import open_to
from allocator.rounds.reasons import Reason, better_pools
from allocator.rounds.whatif import first_in_band
from allocator.supply import pools as pool_rules
from scenarios.population import city
from tests.rounds.corridor import Played, law_of, moved, play, screened, with_last_choice

SMALL, LARGE = 250, 2000
SAMPLE = 80
LAWS: dict[str, Callable] = {
    "example": lambda: law_of("example"),
    "beijing": lambda: law_of("beijing"),
    "housing_first": lambda: law_of("example", housing_first=True, optimise_within="priority_group"),
    "bands_by_group": lambda: law_of("example", optimise_within="priority_group"),
}
Told = tuple[Played, int]
sizes = pytest.mark.parametrize(
    "households", [SMALL, pytest.param(LARGE, marks=pytest.mark.slow)], ids=["some", "all"]
)
laws = pytest.mark.parametrize(
    "law",
    [
        "example",
        "beijing",
        pytest.param("housing_first", marks=pytest.mark.slow),
        pytest.param("bands_by_group", marks=pytest.mark.slow),
    ],
)


@functools.cache
def month(law: str, households: int) -> list[Played]:
    """Every sub-round of a month under that law."""
    return play(city(households, seed=29, world="shortage"), LAWS[law]())


def everybody(law: str, households: int, *wanted: Reason) -> list[Told]:
    """Sub-round and place in its order (from 0) of those told one of these reasons; a sample in small cities."""
    found = [
        (played, int(row.position) - 1)
        for played in month(law, households)
        for row in played.told.itertuples()
        if row.reason in wanted
    ]
    return found if households == LARGE else random.Random(5).sample(found, min(SAMPLE, len(found)))


@laws
@sizes
def test_at_the_closing_position_it_would_have_been_housed(law: str, households: int) -> None:
    """STOOD_BEHIND: standing at the position named it is housed; one place behind it, it is not."""
    told = everybody(law, households, Reason.STOOD_BEHIND)
    for played, place in told:
        closing = int(played.told["closing_position"].iloc[place]) - 1
        assert closing < place
        assert played.instance.band[closing] == played.instance.band[place]
        assert played.rerun(moved(played.instance, place, closing))[closing] != UNASSIGNED
        assert played.rerun(moved(played.instance, place, closing + 1))[closing + 1] == UNASSIGNED
    assert told


@laws
@sizes
def test_no_position_in_its_band_would_have_been_enough(law: str, households: int) -> None:
    """FILLED_BY_EARLIER_BANDS: first in its own band it is not housed; at the head of the first band it is."""
    for played, place in everybody(law, households, Reason.FILLED_BY_EARLIER_BANDS):
        band = played.instance.band
        first = int(np.searchsorted(band, band[place]))
        assert played.rerun(moved(played.instance, place, first))[first] == UNASSIGNED
        assert played.rerun(moved(played.instance, place, 0, band=0))[0] != UNASSIGNED


def may_take(played: Played, people: pd.DataFrame) -> dict[str, set[str]]:
    """Every pool each household may take, as the lists are made: from a wish for anything anywhere."""
    own = people[people["receipt_no"].isin(played.frozen.roster["receipt_no"])].reset_index(drop=True)
    wish = pd.DataFrame({"receipt_no": own["receipt_no"], "rank": 1, "project_id": "*", "dwelling_type": "*"})
    pools = played.frozen.pools
    sexes = pools["sex"].map({"F": "female", "M": "male"}).fillna("")
    pairs = pool_rules.ranked_pools(wish, own, pools.assign(sex=sexes, employer_id=""))
    taken: dict[str, set[str]] = {name: set() for name in own["receipt_no"]}
    for household, pool in zip(pairs["household"], pairs["pool"], strict=True):
        taken[own["receipt_no"].iloc[household]].add(str(pools["pool"].iloc[pool]))
    return taken


WITHOUT = (Reason.STOOD_BEHIND, Reason.FILLED_BY_EARLIER_BANDS, Reason.NOTHING_LISTED)


@laws
@pytest.mark.parametrize(
    ("world", "households"),
    [
        ("shortage", SMALL),
        pytest.param("dormitory", SMALL, marks=pytest.mark.slow),
        pytest.param("undersubscribed", SMALL, marks=pytest.mark.slow),
        pytest.param("shortage", LARGE, marks=pytest.mark.slow),
        pytest.param("undersubscribed", LARGE, marks=pytest.mark.slow),
    ],
)
def test_an_open_pool_listed_last_would_have_housed_it(law: str, world: str, households: int) -> None:
    """The open pools named are those it may take and did not list; listing any of them last it is housed."""
    facts = city(households, seed=31, world=world)
    policy = LAWS[law]()
    people = screened(facts, policy).people
    by_receipt = people.set_index("receipt_no", drop=False)
    for played in play(facts, policy):
        free = set(played.frozen.pools["pool"]) - full_pools(played)
        allowed = may_take(played, people)
        receipt_of = played.frozen.roster.set_index("code")["receipt_no"]
        for row in played.told[played.told["reason"].isin(WITHOUT)].itertuples():
            receipt_no, place = receipt_of[row.code], row.position - 1
            listed = set(played.frozen.preferences.query("code == @row.code")["pool"])
            named = open_to(played.frozen, played.done.result, row.code, by_receipt.loc[receipt_no])
            assert set(named) == (free & allowed[receipt_no]) - listed
            for pool in named[:5]:
                assert played.rerun(with_last_choice(played.instance, place, pool))[place] != UNASSIGNED


def full_pools(played: Played) -> set[str]:
    """Pools whose places are all taken."""
    taken = played.done.result["pool"].value_counts()
    capacity = played.frozen.pools.set_index("pool")["capacity"]
    return {pool for pool, places in capacity.items() if taken.get(pool, 0) == places}


@laws
@sizes
def test_holders_of_better_pools_are_counted_right(law: str, households: int) -> None:
    """LATER_CHOICE: the holders of every pool it liked better, counted one by one, are as told and fill it."""
    told = everybody(law, households, Reason.LATER_CHOICE)
    assert told
    for played, place in told:
        row = played.told.iloc[place]
        frozen, result = played.frozen, played.done.result
        holders = dict(zip(result["code"], result["pool"], strict=True))
        ranked = frozen.preferences.query("code == @row.code")
        rows = better_pools(
            row.code, played.told, frozen.preferences, result, frozen.pools, played.done.certificate
        )
        assert [one["pool"] for one in rows] == list(ranked[ranked["rank"] < row["rank"]]["pool"])
        for one in rows:
            counts = dict.fromkeys(
                ("by_earlier_bands", "by_earlier_in_band", "by_later_in_band", "by_later_bands"), 0
            )
            for other in played.told.itertuples():
                if holders.get(other.code) == one["pool"]:
                    side = "earlier" if other.position < row.position else "later"
                    counts[f"by_{side}_in_band" if other.band == row.band else f"by_{side}_bands"] += 1
            assert counts == {key: one[key] for key in counts}
            assert sum(counts.values()) == one["capacity"]


@laws
@sizes
def test_first_in_its_band_is_told_as_it_would_be(law: str, households: int) -> None:
    """LATER_CHOICE: the pool told for standing first in its band is what a re-run gives, and never worse."""
    for played, place in everybody(law, households, Reason.LATER_CHOICE)[
        : 40 if households == SMALL else None
    ]:
        row, band = played.told.iloc[place], played.instance.band
        rules = played.policy.allocation
        pool = first_in_band(played.frozen, played.order, played.removed, rules, row.code)
        first = int(np.searchsorted(band, band[place]))
        assigned = played.rerun(moved(played.instance, place, first))
        assert pool == played.pool_names(assigned)[first]
        ranks = played.frozen.preferences.query("code == @row.code").set_index("pool")["rank"]
        assert ranks[pool] <= row["rank"]


@sizes
def test_at_the_last_place_of_a_better_pool_it_was_open(households: int) -> None:
    """Under ``serial``: at the position that took the last place of a better pool, it gets that pool or a better one."""
    told = everybody("beijing", households, Reason.LATER_CHOICE)
    for played, place in told:
        row = played.told.iloc[place]
        frozen = played.frozen
        ranks = frozen.preferences.query("code == @row.code").set_index("pool")["rank"]
        for one in better_pools(
            row.code,
            played.told,
            frozen.preferences,
            played.done.result,
            frozen.pools,
            played.done.certificate,
        ):
            last = one["last_place_to"] - 1
            assert last < place
            assigned = played.rerun(moved(played.instance, place, last, band=int(played.instance.band[last])))
            assert ranks[played.pool_names(assigned)[last]] <= one["rank"]
    assert told


@laws
@sizes
def test_who_is_housed_holds_what_the_letter_says(law: str, households: int) -> None:
    """FIRST_CHOICE has rank 1, LATER_CHOICE a later one, nobody else a home; each once, in the published order."""
    for played in month(law, households):
        told, result = played.told, played.done.result
        ranks = played.frozen.preferences.set_index(["code", "pool"])["rank"]
        held = {row.code: row.pool for row in result.itertuples()}
        assert list(told["code"]) == list(played.order["code"])
        for row in told.itertuples():
            pool = held.get(row.code, "")
            assert row.pool == pool
            rank = int(ranks[(row.code, pool)]) if pool else 0
            assert row.rank == rank
            is_first, is_later = row.reason == Reason.FIRST_CHOICE, row.reason == Reason.LATER_CHOICE
            assert (is_first, is_later) == (rank == 1, rank > 1)
            assert (row.reason == Reason.REMOVED) == (row.code in played.removed)
            if row.reason == Reason.NOTHING_LISTED:
                assert row.code not in set(played.frozen.preferences["code"])
