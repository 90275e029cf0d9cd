"""Chances before the draw: small worlds whose odds are known, and the errors stated with them."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest

from allocator.measures.odds import mean_with_error, with_errors
from allocator.policy.model import AllocationRules
from allocator.ranking.draw import REHEARSAL_TAG
from allocator.ranking.draw import SEED_TAG as REAL_TAG
from allocator.rounds import odds as chances
from allocator.rounds import trying
from allocator.rounds.freeze import SubRound
from tests.rounds.corridor import law_of

Lists = dict[str, list[str]]


def sub_round(
    lists: Lists, places: dict[str, int], bands: dict[str, int] | None = None, name: str = "public"
) -> SubRound:
    """A frozen sub-round; the code of a household is its name with the sub-round's."""
    people = sorted(lists)
    band = [(bands or {}).get(one, 0) for one in people]
    roster = pd.DataFrame(
        {
            "receipt_no": people,
            "code": [f"{one}-{name}" for one in people],
            "salt": "",
            "band": band,
            "points": 0,
            "priority_group": band,
        }
    )
    wishes = [(f"{one}-{name}", rank + 1, pool) for one in people for rank, pool in enumerate(lists[one])]
    return SubRound(
        name,
        roster,
        pd.DataFrame(wishes, columns=["code", "rank", "pool"]),
        pd.DataFrame({"pool": sorted(places), "capacity": [places[pool] for pool in sorted(places)]}),
        pd.DataFrame({"pool": [], "dwelling_id": []}),
    )


@functools.cache
def rules(mechanism: str) -> AllocationRules:
    return law_of("example", mechanism=mechanism).allocation


def odds_of(
    *rounds: SubRound, mechanism: str = "serial", num_draws: int = 40, **more: object
) -> chances.Odds:
    asked = {"seed": 5, "gone": set()} | more
    return chances.odds(rounds, asked.pop("gone"), rules(mechanism), num_draws=num_draws, **asked)


def chance(found: chances.Odds, receipt_no: str, pool: str, sub_round: str = "public") -> float:
    table = found.table
    row = table[
        (table["receipt_no"] == receipt_no) & (table["pool"] == pool) & (table["sub_round"] == sub_round)
    ]
    assert len(row) == 1
    return float(row["chance"].iloc[0])


def test_two_equals_and_one_place_have_a_half_each() -> None:
    """Equals in one band: in 100 draws each wins about half of them, together all; the interval holds a half."""
    found = odds_of(sub_round({"A": ["p"], "B": ["p"]}, {"p": 1}), num_draws=100)
    assert chance(found, "A", "p") + chance(found, "B", "p") == 1
    row = found.table[found.table["pool"] == "p"].iloc[0]
    assert row["low"] < 0.5 < row["high"]
    # sqrt(1/4 / 100) = 0.05
    assert row["error"] == pytest.approx(0.05, abs=0.002)
    assert found.housed == (1.0, 0.0)


def test_an_earlier_band_is_certain() -> None:
    """The draw decides inside bands only: A of band 0 always has the place, B of band 1 never."""
    found = odds_of(sub_round({"A": ["p"], "B": ["p"]}, {"p": 1}, {"B": 1}))
    assert [chance(found, one, "p") for one in "AB"] == [1.0, 0.0]
    row = found.table[(found.table["receipt_no"] == "B") & (found.table["pool"] == "p")].iloc[0]
    # Never in 40 draws is not never: 3.84 / 43.84 = 0.0876
    assert row["high"] == pytest.approx(0.0876, abs=0.0001)


def test_any_place_is_the_sum_over_the_list() -> None:
    """The row without a pool counts the draws in which the household is housed at all, in every sub-round."""
    found = odds_of(sub_round({"A": ["p", "q"], "B": ["p"], "C": ["q"]}, {"p": 1, "q": 1}))
    for one in "ABC":
        table = found.table[found.table["receipt_no"] == one]
        assert table.loc[table["pool"] == "", "wins"].sum() == table.loc[table["pool"] != "", "wins"].sum()
    assert list(found.table["rank"][:3]) == [0, 1, 2]


def test_who_is_housed_in_one_sub_round_leaves_the_next() -> None:
    """A always has the place kept for it, so B always has the public one."""
    found = odds_of(
        sub_round({"A": ["n"]}, {"n": 1}, name="need"), sub_round({"A": ["p"], "B": ["p"]}, {"p": 1})
    )
    assert chance(found, "A", "n", "need") == 1.0
    assert [chance(found, one, "p") for one in "AB"] == [0.0, 1.0]


def test_who_listed_nothing_has_no_chance_and_is_told_so() -> None:
    """On the roster with an empty list: one row, for any place, and it is 0."""
    found = odds_of(sub_round({"A": ["p"], "B": []}, {"p": 1}), num_draws=3)
    assert found.table.loc[found.table["receipt_no"] == "B", ["pool", "wins"]].to_numpy().tolist() == [
        ["", 0]
    ]


def test_who_has_left_takes_no_part() -> None:
    """A withdrew after the roster was published, so B has the place."""
    found = odds_of(sub_round({"A": ["p"], "B": ["p"]}, {"p": 1}), gone={"A"})
    assert [chance(found, one, "p") for one in "AB"] == [0.0, 1.0]


def test_the_same_seed_gives_the_same_odds_whatever_the_order_of_rows() -> None:
    """Odds are a function of what is frozen and the seed; another seed gives other draws."""
    lists = {name: ["p", "q"] for name in "ABCDEF"}
    frozen = sub_round(lists, {"p": 1, "q": 2})
    shuffled = SubRound(
        frozen.name,
        frozen.roster.sample(frac=1, random_state=4).reset_index(drop=True),
        frozen.preferences.sample(frac=1, random_state=3).sort_values("rank").reset_index(drop=True),
        frozen.pools,
        frozen.dwellings,
    )
    first, again = odds_of(frozen, num_draws=15), odds_of(shuffled, num_draws=15)
    keys = ["receipt_no", "rank"]
    pd.testing.assert_frame_equal(first.table, again.table.sort_values(keys).reset_index(drop=True))
    other = odds_of(frozen, num_draws=15, seed=6)
    assert not first.table["wins"].equals(other.table["wins"])


def test_a_lottery_states_its_chances_itself() -> None:
    """Three equals who eat p and then q get 1/3 of each, exactly and without a draw."""
    lists = {name: ["p", "q"] for name in "ABC"}
    found = odds_of(sub_round(lists, {"p": 1, "q": 1}), mechanism="probabilistic_serial")
    assert found.is_exact
    assert found.table.loc[found.table["pool"] != "", "chance"].tolist() == [1 / 3] * 6
    assert found.housed == (2.0, 0.0)
    assert (found.table["error"] == 0).all()


def test_no_rehearsed_seed_can_be_that_of_a_round() -> None:
    """Rehearsed draws have a tag of their own, and one seed per number."""
    assert trying.SEED_TAG not in {REAL_TAG, REHEARSAL_TAG}
    seeds = {trying.rehearsed_seed(seed, number) for seed in range(3) for number in range(50)}
    assert len(seeds) == 150


def one_gains_by_cutting() -> SubRound:
    """A likes p, then q; B and C only p: inside the band the rule sends A to q and houses two. Cut, A keeps p."""
    return sub_round({"A": ["p", "q"], "B": ["p"]}, {"p": 1, "q": 1})


def test_cutting_the_list_can_pay_inside_a_band() -> None:
    """Under `band_optimum` A gains p by leaving q out whenever it stands first; choosing in order nobody gains."""
    tried = odds_of(one_gains_by_cutting(), mechanism="band_optimum", num_draws=20, sample=40)
    told = tried.manipulability
    assert (told["sampled"], told["exploiting"] > 0) == (40, True)
    # Only A can gain, and only in draws that put it before B.
    assert told["exploiting"] < 20
    assert told["low"] < told["share"] < told["high"]
    honest = odds_of(one_gains_by_cutting(), mechanism="serial", num_draws=20, sample=40)
    assert honest.manipulability["exploiting"] == 0


def test_the_price_of_priority_is_that_of_the_one_band_optimum() -> None:
    """A of band 0 takes p, so B, who lists nothing else, is without; in one band A takes q and both are housed."""
    frozen = sub_round({"A": ["p", "q"], "B": ["p"]}, {"p": 1, "q": 1}, {"B": 1})
    price = odds_of(frozen, mechanism="band_optimum", num_draws=4).price
    # Own: A with rank 1. One band: A with rank 2 and B with rank 1, on average 1.5.
    assert (price["housed"], price["mean_rank_own"], price["mean_rank_change"]) == (1.0, 1.0, 0.5)


def test_errors_are_those_of_a_share_and_of_a_mean() -> None:
    """Of 3 in 4: sqrt(3/16 / 4); the mean of 1, 2, 3 has 1 / sqrt(3); of one draw nothing is known."""
    table = with_errors(pd.DataFrame({"wins": [3, 0]}), 4)
    assert table["error"].tolist() == pytest.approx([np.sqrt(3 / 64), 0.0])
    assert (table["low"] <= table["chance"]).all()
    assert mean_with_error(np.array([1.0, 2.0, 3.0])) == pytest.approx((2.0, 1 / np.sqrt(3)))
    assert np.isnan(mean_with_error(np.array([1.0]))[1])
