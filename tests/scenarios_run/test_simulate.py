"""A city lives its months: nobody is lost, nothing is let twice, and a scenario differs by policy only."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.model.enums import OfferState
from allocator.policy.faults import Faults
from allocator.tenancies.offers import WaiverConsequence, waivers_after
from scenarios import simulate as months
from scenarios.behaviour import waive
from scenarios.city import City, State, first_of
from scenarios.files import Scenario, baseline_of
from scenarios.overlay import overlaid
from scenarios.results import parquet
from scenarios.running import snapshot_of
from scenarios.snapshot import Snapshot, moved_to
from tests.scenarios_run.worlds import VILLAGE, example, scenario

RUN = VILLAGE.model_copy(update={"households": 150, "waiting": 80, "months": 4, "warm_up_months": 1})


@cache
def drawn_from() -> Snapshot:
    """The snapshot of these runs: it hangs on their settings alone."""
    return snapshot_of(baseline_of(RUN), example())


def lived(asked: Scenario, replication: int = 1) -> months.Replication:
    """One replication."""
    faults = Faults()
    run = asked.run
    days = [first_of(run.start, run.warm_up_months + change.from_month) for change in asked.policy]
    book = overlaid(example(), asked.policy, days, [("f.toml", "-")] * len(days), faults)
    assert not faults.listed()
    return months.simulate(asked, book, drawn_from(), replication)


def figures(made: months.Replication, kind: str = "all") -> pd.DataFrame:
    """Month by measure, summed over the groups of that kind."""
    rows = made.monthly[made.monthly["group_kind"] == kind]
    return rows.pivot_table(index="month", columns="measure", values="value", aggfunc="sum").astype("int64")


@pytest.fixture(scope="module")
def base() -> months.Replication:
    """The baseline."""
    return lived(baseline_of(RUN))


def test_an_empty_scenario_is_exactly_no_difference(base: months.Replication) -> None:
    """The empty scenario gives the bytes of the baseline, but for its name."""
    empty = lived(Scenario(name="empty", run=RUN))
    for ours, theirs in ((empty.monthly, base.monthly), (empty.households, base.households)):
        assert parquet(ours.assign(scenario="baseline")) == parquet(theirs)


def test_the_same_replication_gives_the_same_bytes(base: months.Replication) -> None:
    """Run again, byte for byte; another replication is another one."""
    again, other = lived(baseline_of(RUN)), lived(baseline_of(RUN), 2)
    assert parquet(again.monthly) == parquet(base.monthly)
    assert parquet(again.households) == parquet(base.households)
    assert parquet(other.monthly) != parquet(base.monthly)


def test_nobody_is_lost(base: months.Replication) -> None:
    """Waiting: before + arrivals - housed - every way out = after; tenants: before + housed - exits = after."""
    table = figures(base)
    waiting, tenants = table["waiting"], table["tenants"]
    out = table[["housed", "gave_up", "must_reapply", "turned_away"]].sum(axis=1)
    assert (waiting.diff() - (table["arrivals"] - out)).dropna().tolist() == [0] * 3
    assert waiting[0] == 80 + table["arrivals"][0] - out[0]
    assert (tenants.diff() - (table["housed"] - table["exits"])).dropna().tolist() == [0] * 3
    assert (table["offers"] == table["housed"] + table["refused"]).all()
    assert table[["arrivals", "housed", "exits", "reviewed", "turned_away"]].to_numpy().sum() > 30


def test_every_group_kind_adds_up_to_all(base: months.Replication) -> None:
    """Branches and deciles are the same people as all; modes hold the same homes as tenants."""
    of_all = figures(base)
    for kind in ("branch", "decile"):
        assert figures(base, kind)[of_all.columns].equals(of_all)
    by_mode = figures(base, "mode")
    for measure in ("tenants", "housed", "rent_fen", "subsidy_fen"):
        assert (by_mode[measure] == of_all[measure]).all()
    assert (by_mode["places"] == by_mode["vacant"] + by_mode["tenants"]).all()
    assert (of_all["paid_fen"] == of_all["rent_fen"] - of_all["relief_fen"] - of_all["subsidy_fen"]).all()
    assert (figures(base, "payer")["cost_fen"] == of_all["subsidy_fen"] + of_all["relief_fen"]).all()


def test_no_home_is_let_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every month: a tenant lives in one home, and that home knows this tenant and no other."""
    seen = []
    close = months.Tally.close

    def looking(tally: Any, city: Any, law: Any, month: int) -> None:
        tenants = city.rows_in(State.TENANT)
        homes = city.home[tenants]
        seen.append((len(np.unique(homes)) == len(homes), (city.tenant[homes] == tenants).all(),
                     (city.tenant >= 0).sum() == len(tenants)))  # fmt: skip
        close(tally, city, law, month)

    monkeypatch.setattr(months.Tally, "close", looking)
    lived(baseline_of(RUN))
    assert seen == [(True, True, True)] * RUN.months


CHANGES: dict[str, dict[str, Any]] = {
    "subsidy": {"policy": [{"path": "tenancy.subsidy.tiers.up_to_2000.share_per_mille", "value": 900}]},
    "line": {"policy": [{"path": "criteria.income_per_head.value", "add": 200_000}]},
    "points": {"policy": [{"path": "ranking.lines.waiting.each", "times": "3"}]},
    "relief": {"relief": [{"per_mille": 300}]},
    "fewer": {"places": [{"mode": "large_estate", "per_month": -4, "until_month": 2}]},
    "more": {"places": [{"mode": "government_invested", "per_month": 9, "until_month": 2}]},
    "growth": {"demand": {"employers": [{"employer": "E004", "growth": 3.0}]}},
    "shrinking": {"demand": {"employers": [{"employer": "E004", "growth": -1.0, "leaving": 0.5}]}},
    "refusing": {"behaviour": {"refuse_near": 1.0, "refuse_far": 1.0}},
}


@pytest.fixture(scope="module")
def made() -> dict[str, months.Replication]:
    """Every change once."""
    return {
        name: lived(Scenario.model_validate_json(_document(name, change))) for name, change in CHANGES.items()
    }


def _document(name: str, change: dict[str, Any]) -> str:
    return json.dumps({"name": name, "run": RUN.model_dump(mode="json"), **change})


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "refusing"])
def test_the_warm_up_is_the_same_in_every_scenario(
    name: str, base: months.Replication, made: dict[str, months.Replication]
) -> None:
    """Changes begin after the warm-up: until then every figure is the baseline's, afterwards some is not."""
    ours, theirs = made[name].monthly, base.monthly
    warm = theirs["is_warm_up"]
    assert ours["value"][warm].tolist() == theirs["value"][warm].tolist()
    assert ours["value"][~warm].tolist() != theirs["value"][~warm].tolist()


def test_what_each_change_does(base: months.Replication, made: dict[str, months.Replication]) -> None:
    """Each change moves its own measure in its own direction, after the warm-up."""
    before = figures(base).loc[1:].sum()
    after = {name: figures(result).loc[1:].sum() for name, result in made.items()}
    assert after["subsidy"]["subsidy_fen"] > before["subsidy_fen"]
    assert after["subsidy"]["tenants"] == before["tenants"]
    assert after["line"]["turned_away"] < before["turned_away"]
    assert after["relief"]["relief_fen"] > 0 == before["relief_fen"]
    places = {name: figures(result, "mode").loc[3, "places"] for name, result in made.items()}
    assert places["more"] == figures(base, "mode").loc[3, "places"] + 3 * 9
    assert places["fewer"] < figures(base, "mode").loc[3, "places"]
    assert after["growth"]["arrivals"] > before["arrivals"] > after["shrinking"]["arrivals"]
    assert after["shrinking"]["exits"] > before["exits"]
    assert after["refusing"]["housed"] == 0 < after["refusing"]["refused"]


def test_who_comes_anyhow_is_the_same_in_every_scenario(
    base: months.Replication, made: dict[str, months.Replication]
) -> None:
    """Common random numbers: more staff come beside all who came before, fewer are some of them."""
    came = set(base.households["household"])
    assert came < set(made["growth"].households["household"])
    both = base.households.merge(made["growth"].households, on="household")
    assert (both["persons_x"] == both["persons_y"]).all()
    assert (both["decile_x"] == both["decile_y"]).all()


def test_a_relief_is_the_share_of_the_rent(made: dict[str, months.Replication]) -> None:
    """30 % of every rent, each rounded to the fen: within half a fen for each tenant and month."""
    table = figures(made["relief"]).loc[1:]
    assert ((table["relief_fen"] - table["rent_fen"] * 0.3).abs() <= table["tenants"] / 2).all()


def test_an_employer_that_moves_draws_its_staff() -> None:
    """Its staff put the pools of the new district first, in their old order; everybody else's list stays."""
    city = snapshot_of(scenario(), example())
    district = int(city.districts.get_loc("410184"))
    employer = int(city.employers.get_loc("E002"))
    moved = moved_to(city, city.lists, employer, district)
    changed = 0
    for profile in range(len(city)):
        span = slice(city.lists.start[profile], city.lists.start[profile + 1])
        before, after = city.lists.pool[span].tolist(), moved.pool[span].tolist()
        near = [pool for pool in before if city.homes.pool_district[pool] == district]
        far = [pool for pool in before if city.homes.pool_district[pool] != district]
        is_staff = city.employer[profile] == employer
        assert after == (near + far if is_staff else before)
        changed += after != before
    assert changed > 5


def test_waivers_are_counted_as_the_bureau_counts_them() -> None:
    """After none, one and two waivers one more: who must apply again is who the bureau's own function names."""
    law = example().in_force(first_of(RUN.start, 0))
    city = City(baseline_of(RUN), drawn_from(), 1)
    rows = city.add(np.arange(3), np.arange(3), np.datetime64("2026-03-01"), 0)
    city.waivers[rows] = [0, 1, 2]
    out = waive(city, rows, law, 0)
    receipts = city.receipt[rows]
    standings = pd.DataFrame({"receipt_no": receipts, "num_waivers": [0, 1, 2]})
    offers = pd.DataFrame({"receipt_no": receipts, "state": OfferState.WAIVED.value})
    after = waivers_after(standings, offers, law.tenancy.max_waivers)
    assert city.waivers[rows].tolist() == after["num_waivers"].tolist()
    must = after["consequence"] == WaiverConsequence.MUST_APPLY_AGAIN.value
    assert city.receipt[out].tolist() == after.loc[must, "receipt_no"].tolist() == [receipts[2]]
    assert city.rows_in(State.MUST_REAPPLY).tolist() == out.tolist()
