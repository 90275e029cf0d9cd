"""The figures that stand side by side: against plain loops, and small worlds by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator import mechanisms
from allocator.measures import comparison
from allocator.measures.envy import envy
from allocator.measures.holdings import holdings_of
from allocator.measures.misreports import Report, family, own_list, with_report
from allocator.model.documents import parse_instance
from allocator.model.instance import UNASSIGNED, Instance
from allocator.rounds import comparing, trying
from allocator.rounds.trying import Way
from tests.laws.markets import Document, markets


def instance_of(document: Document) -> Instance:
    parsed = parse_instance(document)
    assert parsed.instance is not None
    return parsed.instance


@settings(max_examples=60)
@given(document=markets(), mechanism=st.sampled_from(["serial", "band_optimum"]))
def test_envy_is_counted_by_its_definition(document: Document, mechanism: str) -> None:
    """Households and pairs by a loop over everybody and everybody behind; in order alone there is none."""
    instance = instance_of(document)
    bands = instance.band.tolist()
    whole = trying.in_one_band(instance)
    assigned = mechanisms.solve(whole, mechanism).matching.assigned
    ranks = [dict(zip(*own_list(instance, i), strict=True)) for i in range(instance.num_households)]
    pairs = [
        (i, j)
        for i in range(instance.num_households)
        for j in range(i + 1, instance.num_households)
        if assigned[j] in ranks[i] and ranks[i][assigned[j]] < ranks[i].get(assigned[i], 99)
    ]
    inside = [(i, j) for i, j in pairs if bands[i] == bands[j]]
    found = envy(instance, holdings_of(instance, assigned))
    assert (found.households, found.pairs) == (len({i for i, _ in pairs}), len(pairs))
    assert (found.households_in_band, found.pairs_in_band) == (len({i for i, _ in inside}), len(inside))
    if mechanism == "serial":
        assert found.pairs == 0


def test_the_family_of_misreports() -> None:
    """Of a over b and c, liked equally: one cut, two promotions beside the equal ones, drops of each."""
    truth = Report(np.array([7, 8, 9]), np.array([1, 2, 2]))
    reports = {(tuple(r.pools.tolist()), tuple(r.ranks.tolist())) for r in family(truth)}
    assert reports == {
        ((7,), (1,)),  # cut after rank 1
        ((8, 7, 9), (1, 2, 3)),
        ((9, 7, 8), (1, 2, 3)),
        ((8, 9), (1, 1)),  # a left out
        ((7, 9), (1, 2)),
        ((7, 8), (1, 2)),
    }


@settings(max_examples=40)
@given(markets())
def test_a_misreport_changes_one_list_alone(document: Document) -> None:
    """Everybody else's list and the order stand; the truth put back is the instance itself."""
    instance = instance_of(document)
    for me in range(instance.num_households):
        truth = own_list(instance, me)
        for report in family(truth):
            told = with_report(instance, me, report)
            assert [one.tolist() for one in own_list(told, me)] == [one.tolist() for one in report]
            for other in range(instance.num_households):
                if other != me:
                    assert own_list(told, other)[0].tolist() == own_list(instance, other)[0].tolist()
            back = with_report(told, me, truth)
            assert (back.pool.tolist(), back.rank.tolist(), back.start.tolist()) == (
                instance.pool.tolist(),
                instance.rank.tolist(),
                instance.start.tolist(),
            )


def hundred(num_bands: int) -> Instance:
    """120 households who list one pool of 60 places; the bands of equal size."""
    n = 120
    return Instance(
        household_ids=[f"h{number:03}" for number in range(n)],
        band=np.arange(n) * num_bands // n,
        pool_ids=["p"],
        capacity=np.array([60]),
        start=np.arange(n + 1),
        pool=np.zeros(n, np.int64),
        rank=np.ones(n, np.int64),
    )


def test_small_bands_are_told_together() -> None:
    """Sixty bands of two: twelve rows of ten households, none smaller; nobody behind the sixtieth is housed."""
    instance = hundred(60)
    rows = comparison.by_band(
        instance, holdings_of(instance, mechanisms.solve(instance, "serial").matching.assigned)
    )
    assert rows["num_households"].tolist() == [10] * 12
    assert rows["num_housed"].tolist() == [10] * 6 + [0] * 6
    assert (rows["first_band"].iloc[0], rows["last_band"].iloc[-1]) == (0, 59)
    assert rows["mean_rank"].isna().tolist() == [False] * 6 + [True] * 6


def test_small_groups_are_merged_and_rates_have_intervals() -> None:
    """A group of three joins the next smallest: 3 + 20 households; the ratio is over the best rate."""
    instance = hundred(1)
    held = holdings_of(instance, mechanisms.solve(instance, "serial").matching.assigned)
    groups = ["big"] * 97 + ["mid"] * 20 + ["few"] * 3
    rows = comparison.by_group(pd.DataFrame({"branch": groups}), held).set_index("group")
    assert rows["num_households"].to_dict() == {"big": 97, "merged": 23}
    # The first sixty are housed, all of them of the big group.
    assert rows["num_housed"].to_dict() == {"big": 60, "merged": 0}
    assert rows["impact_ratio"].to_dict() == {"big": 1.0, "merged": 0.0}
    assert (rows["low"] <= rows["rate"]).all()
    assert comparison.merged_names(pd.Series(groups), "branch") == ["big"] * 97 + ["merged"] * 23


def test_changes_are_counted_household_by_household() -> None:
    """Before: A rank 1, B rank 2, C none, D rank 1. After: A none, B rank 1, C rank 3, D rank 1."""
    instance = Instance(
        household_ids=list("ABCD"),
        band=np.zeros(4, np.int64),
        pool_ids=["p", "q", "r"],
        capacity=np.array([2, 2, 2]),
        start=np.arange(5) * 3,
        pool=np.tile([0, 1, 2], 4),
        rank=np.tile([1, 2, 3], 4),
    )
    before = holdings_of(instance, np.array([0, 1, UNASSIGNED, 0]))
    after = holdings_of(instance, np.array([UNASSIGNED, 0, 2, 0]))
    assert comparison.change_from(before, after) == comparison.Change(2, 1, 1, 1)


def two_bands() -> Instance:
    """A of band 0 likes p over q, B of band 1 lists p alone; one place each."""
    return instance_of(
        {
            "format": "allocator-instance/1",
            "households": [
                {"id": "A", "order": 1, "band": 0, "preferences": ["p", "q"]},
                {"id": "B", "order": 2, "band": 1, "preferences": ["p"]},
            ],
            "pools": [{"id": "p", "capacity": 1}, {"id": "q", "capacity": 1}],
        }
    )


def compared(instance: Instance, own: Way) -> comparing.Compared:
    people = pd.DataFrame({"branch": ["local"] * instance.num_households})
    return comparing.compare(instance, people, own, seed="ab" * 32, sample=4)


def test_every_mechanism_stands_there_or_says_why_not() -> None:
    """Two bands: both lotteries refuse, all others run; what each did is proved by its certificate."""
    frame = compared(two_bands(), Way("band_optimum")).mechanisms.set_index("mechanism")
    assert frame.index[0] == "band_optimum"
    assert set(frame.index) == {*mechanisms.NAMES, "band_optimum+housing_first"}
    assert set(frame.index[frame["refusal"] != ""]) == {"probabilistic_serial", "leximin_lottery"}
    ran = frame[frame["refusal"] == ""]
    assert ran["broken"].map(len).tolist() == [0] * len(ran)
    assert {"housing", "rank_optimality", "tie_rule"} <= set(ran.loc["band_optimum", "proofs"])
    assert frame["is_own"].tolist() == [True] + [False] * (len(frame) - 1)


def test_what_priority_costs() -> None:
    """By bands A has p and B nothing; in one band both are housed, and A then has a claim against B."""
    found = compared(two_bands(), Way("band_optimum"))
    frame = found.mechanisms.set_index("mechanism")
    assert frame.loc["band_optimum", ["num_housed", "price_housed", "envy_households"]].tolist() == [1, 1, 0]
    # All bands are housed before any rank is looked at: A is moved to q for B's sake.
    first = frame.loc["band_optimum+housing_first"]
    assert first[["num_housed", "price_housed", "better", "worse", "newly_housed"]].tolist() == [
        2,
        0,
        1,
        1,
        1,
    ]
    assert found.optimum["num_housed"] == 2
    assert found.optimum["envy_households"] == 1
    assert "housing" in found.optimum["proofs"]
    assert found.optimum["broken"] == []


def test_what_a_quota_costs() -> None:
    """Without the maximum on p its second place goes to B: one more housed, one first choice more."""
    instance = instance_of(
        {
            "format": "allocator-instance/1",
            "households": [
                {"id": "A", "order": 1, "preferences": ["p"]},
                {"id": "B", "order": 2, "preferences": ["p"]},
            ],
            "pools": [{"id": "p", "capacity": 2}],
            "quotas": [{"id": "at most one", "pools": ["p"], "max": 1}],
        }
    )
    found = compared(instance, Way("serial"))
    (row,) = found.quotas.to_dict("records")
    assert (row["kind"], row["name"]) == ("max", "at most one")
    assert (row["num_housed"], row["num_first"], row["total_rank"], row["broken"]) == (1, 1, 1, [])
    # The target does not look at maxima, so it is not stated.
    assert found.target_refusal[0] == "mechanism_field_refused"


def test_the_leximin_target_and_the_distance_to_it() -> None:
    """Sixty places, two groups of sixty: thirty each would be even; in order the first group has all: thirty short."""
    instance = hundred(1)
    people = pd.DataFrame({"branch": ["local"] * 60 + ["migrant"] * 60})
    found = comparing.compare(instance, people, Way("serial"), seed="ab" * 32, sample=0)
    assert found.targets[["group", "target", "is_proved"]].to_numpy().tolist() == [
        ["local", 30, True],
        ["migrant", 30, True],
    ]
    short = found.distances.set_index("mechanism")["short"]
    assert short["serial"] == 30


def test_lotteries_over_many_are_left_out_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where exact chances would take too long the lotteries stand there with the reason and the way to run them."""
    monkeypatch.setattr(comparing, "LOTTERY_HOUSEHOLDS", 1)
    whole = trying.in_one_band(two_bands())
    frame = compared(whole, Way("serial")).mechanisms.set_index("mechanism")
    left_out = set(frame.index[frame["refusal"] == "compare_lottery_left_out"])
    assert left_out == {"probabilistic_serial", "leximin_lottery"}
    people = pd.DataFrame({"branch": ["local"] * 2})
    every = comparing.compare(whole, people, Way("serial"), seed="ab" * 32, sample=0, all_lotteries=True)
    assert (every.mechanisms["refusal"] == "").all()


def test_lotteries_state_what_they_house_on_average() -> None:
    """In one band with strict lists all mechanisms run; of a lottery the expected number is exact."""
    found = compared(trying.in_one_band(two_bands()), Way("serial")).mechanisms.set_index("mechanism")
    assert (found["refusal"] == "").all()
    # A eats half of p and, when p is gone, half of q; B eats the other half of p: 1/2 + 1/2 + 1/2.
    assert found.loc["probabilistic_serial", "expected_housed"] == 1.5
    # As even as can be: B has p for certain, A has q for certain.
    assert found.loc["leximin_lottery", "expected_housed"] == 2.0
    assert np.isnan(found.loc["serial", "expected_housed"])
