"""The figures of a round: small worlds counted by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from allocator.measures import round_figures
from allocator.measures.fairness import rates_by_group, wilson
from allocator.measures.places import pool_figures
from allocator.measures.small_cells import merge_small, merge_small_spans
from allocator.model.figures import RoundFigures, SubRoundRecord
from tests.reporting.filed_rounds import finished_round

POOLS = pd.DataFrame(
    [
        ("p1", "P1", "云杉", "government_invested", "one_room", "", 800, 2),
        ("p2", "P1", "云杉", "government_invested", "two_room", "", 800, 2),
        ("p3", "P2", "青禾", "leased", "bed", "male", 10_000, 1),
        ("p4", "P2", "青禾", "leased", "studio", "", 700, 1),
    ],
    columns=[
        "pool",
        "project_id",
        "project_name",
        "supply_mode",
        "dwelling_type",
        "sex",
        "rent_per_m2_fen",
        "capacity",
    ],
)
DWELLINGS = pd.DataFrame(
    [("p1", "d1"), ("p1", "d2"), ("p2", "d3"), ("p2", "d4"), ("p3", "d5"), ("p4", "d6")],
    columns=["pool", "dwelling_id"],
)


def four_households_six_places() -> SubRoundRecord:
    """a and b in band 0, c and d in band 1; c wanted p1 and got its second choice p2; d got nothing."""
    roster = pd.DataFrame({"receipt_no": ["R1", "R2", "R3", "R4"], "code": ["a", "b", "c", "d"]})
    roster = roster.assign(
        band=[0, 0, 1, 1],
        points=0,
        priority_group=[0, 0, 1, 1],
        branch=["local", "local", "migrant", "migrant"],
        num_persons=[1, 2, 6, 7],
    )
    lists = [("a", 1, "p1"), ("b", 1, "p1"), ("c", 1, "p1"), ("c", 2, "p2"), ("d", 1, "p1"), ("d", 2, "p4")]
    lists += [("a", 2, "p4")]
    result = pd.DataFrame(
        [("a", "p1", "d1"), ("b", "p1", "d2"), ("c", "p2", "d3")], columns=["code", "pool", "dwelling_id"]
    )
    certificate = {
        "mechanism": "band_optimum",
        "bands": [
            {"band": 0, "num_households": 2, "closing": {}, "prices": {}, "sink_price": 0},
            {"band": 1, "num_households": 2, "closing": {"p1": 0}, "prices": {}, "sink_price": 0},
        ],
    }
    preferences = pd.DataFrame(lists, columns=["code", "rank", "pool"])
    return SubRoundRecord(
        "public", roster, preferences, POOLS, DWELLINGS, result, certificate, has_ceremony=True
    )


def figures_of(*records: SubRoundRecord, **more: object) -> RoundFigures:
    told: dict[str, object] = {
        "month": "2026-03",
        "authority_zh": "示例",
        "authority_en": "Example",
        "is_rehearsal": False,
        "num_receipts_by_class": {"roster": 4, "ineligible": 20},
    }
    return round_figures(**(told | more), sub_rounds=list(records))


def many_of(record: SubRoundRecord, times: int) -> SubRoundRecord:
    """The same sub-round ``times`` over, with names of its own each time."""

    def again(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
        copies = [frame.assign(**{c: frame[c] + f"-{k}" for c in columns}) for k in range(times)]
        return pd.concat(copies, ignore_index=True)

    return replace(
        record,
        roster=again(record.roster, ["receipt_no", "code"]),
        preferences=again(record.preferences, ["code"]),
        pools=record.pools.assign(capacity=record.pools["capacity"] * times),
        dwellings=again(record.dwellings, ["dwelling_id"]),
        result=again(record.result, ["code", "dwelling_id"]),
    )


def test_supply_counts_flats_beds_and_what_is_taken():
    """Every one of the six modes has a row; government: 4 flats, 3 taken; leased: 1 flat, 1 bed, none taken."""
    supply = figures_of(four_households_six_places()).supply.set_index("supply_mode")
    assert len(supply) == 6
    assert supply.loc["government_invested"].tolist() == [4, 0, 3]
    assert supply.loc["leased"].tolist() == [1, 1, 0]
    assert supply.loc["large_estate"].tolist() == [0, 0, 0]


def test_empty_places_have_a_reason():
    """p2 has one of two left (1 asked), p3 nobody asked, p4 two asked but a was housed better."""
    empty = figures_of(four_households_six_places()).empty
    told = {(mode, reason): num for mode, reason, num in empty.itertuples(index=False)}
    assert told == {
        ("government_invested", "fewer_asked_than_places"): 1,  # d4
        ("leased", "nobody_asked"): 1,  # d5
        ("leased", "preferred_elsewhere"): 1,  # d6: a and d asked for one place
    }


def test_a_declined_dwelling_is_empty_again_until_it_is_offered_on():
    """A waived offer empties its dwelling, unless the next in line has been offered it."""
    record = four_households_six_places()
    offers = pd.DataFrame(
        {
            "receipt_no": ["R1", "R2", "R3"],
            "dwelling_id": ["d1", "d2", "d3"],
            "state": ["WAIVED", "ACCEPTED", "MADE"],
        }
    )
    waived = figures_of(record, offers=offers)
    assert waived.empty.loc[waived.empty["reason"] == "waived", "num_places"].tolist() == [1]
    assert waived.supply["num_housed"].sum() == 2
    again = pd.concat(
        [offers, pd.DataFrame({"receipt_no": ["R4"], "dwelling_id": ["d1"], "state": ["ACCEPTED"]})]
    )
    assert "waived" not in set(figures_of(record, offers=again).empty["reason"])


def test_the_way_from_application_to_lease():
    """24 received, 5 eligible, 4 on the roster, 3 housed, 2 accepted, 1 signed."""
    verdicts = pd.DataFrame(
        {"receipt_no": list("12345678"), "verdict": ["ELIGIBLE"] * 5 + ["INELIGIBLE"] * 3}
    )
    offers = pd.DataFrame(
        {
            "receipt_no": ["R1", "R2", "R3"],
            "dwelling_id": ["d1", "d2", "d3"],
            "state": ["ACCEPTED", "ACCEPTED", "WAIVED"],
        }
    )
    figures = figures_of(
        four_households_six_places(), verdicts=verdicts, offers=offers, leases=offers.iloc[:1]
    )
    assert figures.funnel["num_households"].tolist() == [24, 5, 4, 3, 2, 1]
    steps = ["received", "eligible", "roster", "housed", "accepted", "signed"]
    assert figures.funnel["step"].tolist() == steps


def test_stages_to_come_leave_no_figures():
    """Before the allocation there are no ranks, rates or closing positions, and every place is open."""
    figures = figures_of(replace(four_households_six_places(), result=None, certificate=None))
    assert figures.funnel["step"].tolist() == ["received", "roster"]
    assert not figures.is_allocated
    assert figures.ranks.empty
    assert figures.rates.empty
    assert figures.pools["closing_position"].isna().all()
    assert set(figures.empty["reason"]) == {"not_allocated"}
    nothing = figures_of()
    assert nothing.funnel["step"].tolist() == ["received"]
    assert nothing.supply["num_flats"].sum() == 0


def test_closing_positions_come_from_the_certificate():
    """p1 was filled by earlier bands: position 0, cut after the 2 households of band 0; the others did not close."""
    pools = figures_of(four_households_six_places()).pools.set_index("pool")
    assert pools.loc["p1", ["closing_band", "closing_position", "cut_position"]].tolist() == [1, 0, 2]
    assert pools.loc[["p2", "p3", "p4"], "closing_position"].isna().all()
    assert pools["num_asked"].tolist() == [4, 1, 0, 2]
    assert pools["num_empty"].tolist() == [0, 1, 1, 1]


def test_a_sealed_pool_is_full_after_its_band():
    """A pool whose price is not the sink's at band 0 is closed to band 1: full after the 2 households of band 0."""
    record = four_households_six_places()
    levels = [
        {"band": 0, "num_households": 2, "closing": {}, "prices": {"p1": -1}, "sink_price": 0},
        {"band": 1, "num_households": 2, "closing": {"p4": 3}, "prices": {}, "sink_price": 0},
    ]
    pools = pool_figures([replace(record, certificate={"bands": levels})]).set_index("pool")
    columns = ["closing_band", "closing_position", "cut_position"]
    assert pools.loc["p1", columns].tolist() == [1, 0, 2]
    assert pools.loc["p4", columns].tolist() == [1, 3, 3]


def test_turned_away_is_who_wanted_it_more_than_what_they_got():
    """c got its second choice and d nothing: both wanted p1; d also p4, which a did not need; who left does not count."""
    record = four_households_six_places()
    pools = pool_figures([record]).set_index("pool")
    assert pools["num_turned_away"].tolist() == [2, 0, 0, 1]
    gone = pool_figures([replace(record, removed=frozenset("d"))]).set_index("pool")
    assert gone["num_turned_away"].tolist() == [1, 0, 0, 0]
    assert gone["num_asked"].tolist() == [3, 1, 0, 1]


def test_serial_closing_positions_are_those_filled():
    """Of `serial` the position that took the last place is the closing position and has no band."""
    record = replace(four_households_six_places(), certificate={"mechanism": "serial", "filled": {"p1": 2}})
    pools = pool_figures([record]).set_index("pool")
    assert pools.loc["p1", "closing_position"] == 2
    assert pd.isna(pools.loc["p1", "closing_band"])


def test_ranks_got_are_merged_under_ten():
    """20 times (two first choices, one second): 40 and 20; one time: the two cells under ten become one."""
    large = figures_of(many_of(four_households_six_places(), 20)).ranks
    assert large.to_numpy().tolist() == [[1, 1, 40], [2, 2, 20]]
    small = figures_of(four_households_six_places()).ranks
    assert small.to_numpy().tolist() == [[1, 2, 3]]


def test_rates_by_group_and_their_ratio():
    """Local 40 of 40, migrant 20 of 40: rates 1 and ½, ratio ½; sizes of five and more are one group."""
    rates = figures_of(many_of(four_households_six_places(), 20)).rates.set_index(["grouping", "group"])
    assert rates.loc[("branch", "local"), "rate"] == 1
    assert rates.loc[("branch", "migrant"), ["num_households", "num_housed"]].tolist() == [40, 20]
    assert rates.loc[("branch", "migrant"), "impact_ratio"] == 0.5
    assert rates.loc[("num_persons", "5"), "num_households"] == 40
    assert rates.loc[("priority_group", "1"), "rate"] == 0.5
    # Wilson by hand for 20 of 40: centre ½, half-width z·sqrt(¼/40 + z²/6400)/(1 + z²/40) = 0.1480.
    assert rates.loc[("branch", "migrant"), "low"] == pytest.approx(0.3520, abs=5e-4)
    assert rates.loc[("branch", "migrant"), "high"] == pytest.approx(0.6480, abs=5e-4)


def test_a_dwelling_and_a_household_in_two_sub_rounds_count_once():
    """What is left over runs on: totals count each dwelling and each household once."""
    record = many_of(four_households_six_places(), 10)
    first = replace(record, sub_round="employer-E001", result=record.result.iloc[:10])
    second = replace(record, result=record.result.iloc[10:])
    figures = figures_of(first, second)
    assert figures.totals["places"] == 60
    assert figures.totals["on_roster"] == 40
    assert figures.totals["housed"] == 30
    assert figures.supply["num_housed"].sum() == 30
    assert figures.totals["empty"] == 30


def test_few_households_in_need_are_told_with_the_next_sub_round():
    """A sub-round of four households is not told alone, and its pools are not told at all."""
    need = replace(four_households_six_places(), sub_round="need")
    figures = figures_of(need, many_of(four_households_six_places(), 20))
    assert figures.sub_rounds["sub_round"].tolist() == ["need+public"]
    assert figures.sub_rounds["num_households"].tolist() == [84]
    assert set(figures.pools["sub_round"]) == {"public"}


def test_figures_do_not_depend_on_row_order():
    """Shuffled rows give the same figures."""
    record = many_of(four_households_six_places(), 12)

    def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.sample(frac=1, random_state=3)

    names = ("roster", "preferences", "pools", "dwellings", "result")
    other = replace(record, **{name: shuffled(getattr(record, name)) for name in names})
    one, two = figures_of(record), figures_of(other)
    for name in ("funnel", "receipts", "sub_rounds", "supply", "ranks", "pools", "rates", "empty"):
        assert_frame_equal(getattr(one, name), getattr(two, name))


def test_places_add_up():
    """In a whole city: taken and empty places are all places, and the funnel never widens after the roster."""
    _, figures = finished_round(400)
    assert figures.supply["num_housed"].sum() + figures.totals["empty"] == figures.totals["places"]
    assert figures.empty["num_places"].sum() == figures.totals["empty"]
    assert figures.funnel["num_households"].iloc[2:].is_monotonic_decreasing
    assert figures.ranks["num_households"].sum() == figures.totals["housed"]


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 30), max_size=8))
def test_merging_keeps_the_sum_and_leaves_no_small_cell(counts):
    """Nothing is lost, and no cell from 1 to 9 is left unless all together are under ten."""
    frame = pd.DataFrame(sorted(counts.items()), columns=["group", "num"])
    merged = merge_small(frame, "group", ("num",))
    assert merged["num"].sum() == sum(counts.values())
    if sum(counts.values()) >= 10:
        assert not merged["num"].between(1, 9).any()
    else:
        assert (merged["num"] > 0).sum() <= 1


@given(st.lists(st.integers(0, 30), min_size=1, max_size=10))
def test_spans_keep_the_sum_and_cover_every_number(counts):
    """Spans follow one another without a gap; none holds 1 to 9 unless all together are under ten."""
    spans = merge_small_spans(pd.Series(counts, index=range(1, len(counts) + 1)))
    assert spans["count"].sum() == sum(counts)
    covered = [
        number for first, last, _ in spans.itertuples(index=False) for number in range(first, last + 1)
    ]
    assert covered == list(range(1, len(counts) + 1))
    if sum(counts) >= 10:
        assert not spans["count"].between(1, 9).any()


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_bounds_solve_their_equation(successes, failures):
    """Each bound p fulfils (share − p)² = z² p (1 − p) / n, the score interval's definition."""
    num = successes + failures
    low, high = wilson([successes], [num])
    if num == 0:
        assert (low[0], high[0]) == (0.0, 1.0)
        return
    share, z = successes / num, 1.959963984540054
    assert low[0] <= share + 1e-12
    assert high[0] >= share - 1e-12
    for bound in (low[0], high[0]):
        assert math.isclose((share - bound) ** 2, z**2 * bound * (1 - bound) / num, abs_tol=1e-9)


def test_nobody_housed_has_no_ratio():
    """Where no group was housed there is nothing to compare with: the ratio is missing, not zero."""
    people = pd.DataFrame(
        {"branch": ["local"] * 20, "num_persons": 1, "priority_group": 0, "is_housed": False}
    )
    rates = rates_by_group(people)
    assert rates["impact_ratio"].isna().all()
    assert (rates["rate"] == 0).all()
