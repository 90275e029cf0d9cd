"""A scenario on a bureau's own city: it begins with exactly who waits, who rents and what stands, and tells nobody's name."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from allocator.errors import Refused
from allocator.model.columns import TABLES
from allocator.model.enums import Verdict
from allocator.model.facts import Facts
from allocator.office.policies import try_facts
from scenarios import settling, small_groups
from scenarios.city import City, State
from scenarios.files import Run, Scenario, baseline_of
from scenarios.population import city as synthetic_city
from scenarios.reading import Stack
from scenarios.results import Replication, Results, parquet
from scenarios.running import Inputs, checked, replicate
from scenarios.snapshot import NUM_DECILES, as_it_stands
from scenarios.start import TENANT_COLUMNS, Start, everybody_waits, no_tenants, start_of
from tests.scenarios_run.worlds import START, example

MONTH = "2026-03"
RUN = Run(households=0, waiting=150, months=3, warm_up_months=0, replications=1)


@cache
def delivery() -> Facts:
    """150 households and 38 dwellings."""
    return synthetic_city(150, 5)


def waiting_only(facts: Facts) -> Start:
    """Everybody waits, nobody rents."""
    return start_of("delivery", facts, everybody_waits(facts), no_tenants())


def settled(start: Start, num_drawn: int = 0) -> City:
    """The first day of that city."""
    law = example().in_force(START)
    found = as_it_stands(start, MONTH, law)
    num = len(start.tenants) + num_drawn
    run = RUN.model_copy(update={"households": num, "waiting": len(start.waiting)})
    city = City(Scenario(name="known", run=run), found, 1)
    assert found.standing is not None
    settling.settle(city, found.standing, law, START)
    return city


def test_the_order_of_the_files_changes_nothing() -> None:
    """Rows of every table turned round give the same start, byte for byte."""
    turned = Facts(**{t.name: getattr(delivery(), t.name).iloc[::-1].reset_index(drop=True) for t in TABLES})
    assert waiting_only(turned).tables == waiting_only(delivery()).tables


def test_nobody_can_be_found_in_a_start() -> None:
    """No receipt number, name or ID number of the delivery stands in any cell of what travels to a worker."""
    facts = delivery()
    start = waiting_only(facts)
    cells = set()
    for name, content in start.tables.items():
        if name != "kind":
            frame = pd.read_parquet(io.BytesIO(content))
            cells |= set(frame.select_dtypes(exclude="number").astype("str").to_numpy().reshape(-1))
    personal = {*facts.households["receipt_no"], *facts.members["id_number"], *facts.members["name"]}
    assert personal.isdisjoint(cells)
    assert len(start.facts.members) == len(facts.members)


def test_what_travels_is_what_arrives() -> None:
    """A start read from its own tables is that start."""
    start = waiting_only(delivery())
    again = Start.of_tables(start.tables)
    assert again.tables == start.tables
    assert again.fingerprint == start.fingerprint


def test_everybody_waits_since_their_own_day() -> None:
    """Each delivered household waits once, registered on its day, and each delivered dwelling stands vacant once."""
    facts = delivery()
    city = settled(waiting_only(facts))
    assert (city.state == State.WAITING).all()
    registered = facts.households["registered_on"].to_numpy(dtype="datetime64[D]")
    assert sorted(city.registered_on) == sorted(registered)
    months = (registered.astype("datetime64[M]") - np.datetime64(MONTH, "M")).astype(int)
    assert sorted(city.arrived) == sorted(months)
    assert len(city.vacant()) == len(facts.dwellings)
    assert sorted(city.template) == list(range(len(facts.dwellings)))


def test_the_first_screening_is_that_of_the_law_on_that_day() -> None:
    """In the first month as many are found eligible and ineligible as ``policy try`` finds in the files."""
    facts = delivery()
    made = _lived(waiting_only(facts), months=1)
    found = made.monthly[(made.monthly["group_kind"] == "all") & (made.monthly["month"] == 0)]
    counts = found.set_index("measure")["value"]
    verdicts = try_facts(facts, example().in_force(START), dwelling=None).people["verdict"]
    assert counts["eligible"] == (verdicts == Verdict.ELIGIBLE).sum() > 20
    assert counts["turned_away"] == (verdicts == Verdict.INELIGIBLE).sum() > 5
    assert counts["waiting"] + counts["housed"] + counts["turned_away"] == len(facts.households)


def _lived(start: Start, **run: Any) -> Replication:
    """One replication in which nobody comes, leaves or refuses."""
    sizes = {"households": len(start.tenants), "waiting": len(start.waiting), **run}
    still: dict[str, Any] = {
        "demand": {"arrivals_per_month": 0, "leaves_list": 0, "exits": dict.fromkeys(
            ("local", "new_employee", "migrant", "employer"), 0)},
        "behaviour": {"refuse_near": 0, "refuse_far": 0, "refuse_per_burden": 0, "wishes_transfer": 0},
    }  # fmt: skip
    document = {"name": "still", "run": RUN.model_dump(mode="json") | sizes, **still}
    asked = Scenario.model_validate_json(json.dumps(document))
    ready = checked(Stack(asked, (), (), ()), start)
    parts = replicate(ready.scenario.model_dump_json(), Inputs(start=start.tables), 1)
    return Replication(*(pd.read_parquet(io.BytesIO(part)) for part in parts))


def test_a_dwelling_is_let_from_its_own_month_on() -> None:
    """Dwellings available in May are no places in March and April, and are let in May."""
    facts = delivery()
    may = pd.Series(pd.Timestamp("2026-05-10").as_unit("s"), index=facts.dwellings.index)
    late = replace(facts, dwellings=facts.dwellings.assign(available_on=may))
    made = _lived(waiting_only(late))
    by_mode = made.monthly[made.monthly["group_kind"] == "mode"]
    table = by_mode.pivot_table(index="month", columns="measure", values="value", aggfunc="sum")
    assert table["places"].tolist() == [0, 0, len(facts.dwellings)]
    assert table["housed"].tolist()[:2] == [0, 0]
    assert table.loc[2, "housed"] > 10


def with_tenants() -> tuple[Facts, Start]:
    """The first twelve flats are let to families since November, everybody else waits."""
    facts = delivery()
    sizes = facts.members.groupby("receipt_no").size()
    families = sorted(sizes.index[sizes > 1])[:12]
    flats = sorted(facts.dwellings.loc[facts.dwellings["kind"] == "flat", "dwelling_id"])[:12]
    tenants = pd.DataFrame(
        {"receipt_no": families, "dwelling_id": flats, "since": pd.Timestamp("2025-11-03")}
    )
    waiting = everybody_waits(facts)
    waiting = waiting[~waiting["receipt_no"].isin(families)].reset_index(drop=True)
    return facts, start_of("store", facts, waiting, tenants.astype(TENANT_COLUMNS))


def test_tenants_live_where_their_lease_says() -> None:
    """Each tenant holds its own dwelling since its lease, nobody else does, and it is on no waiting list."""
    _, start = with_tenants()
    city = settled(start, num_drawn=20)
    rows = city.rows_in(State.TENANT)
    known = rows[city.number[rows] >= 2 * 10**9]
    assert len(known) == 12
    assert set(city.since[known]) == {-4}
    homes = city.homes.dwelling_ids.to_numpy()[city.template[city.home[known]]]
    lease_of = dict(zip(start.tenants["receipt_no"], start.tenants["dwelling_id"], strict=True))
    receipts = city.snapshot.households["receipt_no"].to_numpy()[city.profile[known]]
    assert [lease_of[receipt] for receipt in receipts] == list(homes)
    assert (city.tenant[city.home[rows]] == rows).all()
    waiting = city.rows_in(State.WAITING)
    assert set(city.profile[waiting]).isdisjoint(city.profile[known])
    # 20 drawn homes, some of which nobody may live in; all dwellings of the files stand once besides.
    assert len(city.tenant) == 20 + len(start.facts.dwellings)
    assert 10 < len(rows) - len(known) <= 20


def test_a_lease_of_november_is_reviewed_in_november() -> None:
    """Twelve months after the lease each tenant is reviewed, and in no month before."""
    made = _lived(with_tenants()[1], months=10)
    rows = made.monthly[(made.monthly["group_kind"] == "all") & (made.monthly["measure"] == "reviewed")]
    assert rows["value"].tolist() == [0] * 8 + [12, 0]


def test_who_registers_later_is_left_out_and_counted() -> None:
    """A household registered after the first day does not wait on it."""
    facts = delivery()
    registered = facts.households["registered_on"].copy()
    registered.iloc[:3] = pd.Timestamp("2026-03-02")
    later = replace(facts, households=facts.households.assign(registered_on=registered))
    standing = as_it_stands(waiting_only(later), MONTH, example().in_force(START)).standing
    assert standing is not None
    assert (len(standing.waiting), standing.left_out) == (147, 3)


def test_too_few_households_are_refused() -> None:
    """Nine households would be told apart: refused; ten are taken."""
    facts = delivery()
    some = everybody_waits(facts)
    assert len(start_of("delivery", facts, some.iloc[:10], no_tenants()).waiting) == 10
    with pytest.raises(Refused, match="scenario_start_small"):
        start_of("delivery", facts, some.iloc[:9], no_tenants())


def test_a_city_without_dwellings_is_refused() -> None:
    """Without any dwelling of a mode the law rules nothing runs."""
    bare = replace(delivery(), dwellings=delivery().dwellings.iloc[:0])
    with pytest.raises(Refused, match="scenario_start_no_dwellings"):
        as_it_stands(waiting_only(bare), MONTH, example().in_force(START))


def test_small_groups_are_added_up() -> None:
    """No branch and no decile told has one to nine households of the city; sums over all groups stay as they are."""
    facts = delivery()
    branch = facts.households["branch"].copy()
    branch.iloc[:] = "local"
    branch.iloc[:4] = "migrant"
    branch.iloc[4:60] = "employer"
    start = waiting_only(replace(facts, households=facts.households.assign(branch=branch)))
    law = example().in_force(START)
    snapshot = as_it_stands(start, MONTH, law)
    made = _lived(start, months=1)
    groups = made.monthly.groupby("group_kind")["group"].unique()
    # 4 migrants alone are too few: the next smallest branch, 56 of employers, joins them.
    assert set(groups["branch"]) == {"local", "new_employee", "merged"}
    of_all = made.monthly[made.monthly["group_kind"] == "all"].set_index("measure")["value"]
    for kind in ("branch", "decile"):
        rows = made.monthly[made.monthly["group_kind"] == kind]
        assert rows.groupby("measure")["value"].sum().to_dict() == of_all.to_dict()
    told = pd.Series(snapshot.decile).value_counts()
    assert set(made.households["decile"]) <= {*told[told >= 10].index, NUM_DECILES + 1}
    assert set(made.households.columns).isdisjoint({"branch", "persons", "benefit_status", "arrived"})


def _counted(document: dict[str, Any], **values: float) -> Results:
    rows = [
        {"group_kind": "branch", "group": group, "measure": measure, "value": value}
        for name, value in values.items()
        for measure, group in [name.split("__")]
    ]
    frame = pd.DataFrame(rows).assign(scenario="s", replication=1, month=0, is_warm_up=False)
    return Results(
        {"scenario": "s", "months": 1, "warm_up_months": 0, "replications": 1, **document}, frame, frame
    )


def test_counts_below_ten_are_not_told() -> None:
    """A count of one to nine is left out of every scenario with what hangs on it, and a lone one takes the next along."""
    first = {"tenants__local": 4, "tenants__migrant": 30, "tenants__employer": 50, "subsidy_fen__local": 900,
             "subsidy_fen__migrant": 800, "subsidy_fen__employer": 700, "offers__local": 0, "offers__migrant": 12}  # fmt: skip
    other = first | {"tenants__local": 20, "offers__migrant": 11}
    told = small_groups.to_be_told([_counted({"began_with": {}}, **found) for found in (first, other)])
    for one, before in zip(told, (first, other), strict=True):
        left = {f"{row.measure}__{row.group}": row.value for row in one.monthly.itertuples()}
        kept = ("tenants__employer", "subsidy_fen__employer", "offers__local", "offers__migrant")
        assert left == {name: before[name] for name in kept}
    assert len(small_groups.to_be_told([_counted({}, **first)])[0].monthly) == len(first)


def test_deciles_with_few_winners_are_not_told() -> None:
    """A decile in which one to nine gain or lose is left out, a lone one with the next; all together stay told."""
    rows = [(0, 60, 30), (1, 20, 0), (2, 4, 20), (3, 36, 10)]
    table = pd.DataFrame(rows, columns=["decile", "gain", "lose"]).assign(
        scenario="s", housed_more=0, housed_less=0
    )
    own = [_counted({"began_with": {}}, tenants__local=40)]
    assert small_groups.deciles_to_be_told(table, own)["decile"].tolist() == [0, 1]
    assert small_groups.deciles_to_be_told(table, [_counted({}, tenants__local=40)]) is table


def test_an_empty_scenario_differs_by_nothing() -> None:
    """From the same start the empty scenario gives the bytes of the baseline, but for its name."""
    start = waiting_only(delivery())
    inputs = Inputs(start=start.tables)
    made = [
        replicate(asked.model_dump_json(), inputs, 1)
        for asked in (baseline_of(RUN), Scenario(name="empty", run=RUN))
    ]
    base, empty = ([pd.read_parquet(io.BytesIO(part)) for part in parts] for parts in made)
    for ours, theirs in zip(empty, base, strict=True):
        assert parquet(ours.assign(scenario="baseline")) == parquet(theirs)
