"""What we simulate is what we do: the round on columns against the round of the bureau."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from allocator.policy.in_force import Policy
from allocator.policy.model import AllocationRules
from allocator.policy.rules import Shortlist
from allocator.ranking import draw
from allocator.rounds import allocation, freeze, screened
from scenarios import demand
from scenarios.allocating import Round, hold_round
from scenarios.chance import draw_seed
from scenarios.city import City, State, in_number_order
from scenarios.files import Run, Scenario
from scenarios.population import city as synthetic_city
from scenarios.snapshot import facts_of, snapshot_of
from tests.scenarios_run.worlds import START, example

MONTH = 0


def settled(law: Policy, seed: int, waiting: int) -> tuple[City, object]:
    """A small city with an eighth of its homes vacant, and the delivered facts behind it."""
    delivered = synthetic_city(500, seed)
    run = Run(households=160, waiting=waiting, seed=seed)
    found = City(Scenario(name="village", run=run), snapshot_of(delivered, START, law), 1)
    demand.settle(found, law, START)
    tenants = found.rows_in(State.TENANT)
    found.move_out(tenants[::8], MONTH)
    some = found.rows_in(State.WAITING)[::5]
    found.waivers[some] = 3  # beyond what the law allows: ineligible
    return found, delivered


def by_the_bureau(city: City, delivered, law: Policy) -> dict[str, str]:
    """Receipt number -> dwelling, by the functions of the real round on the same facts as frames of text."""
    rows = in_number_order(city, city.rows_in(State.WAITING))
    who = city.who(rows)
    facts = replace(
        facts_of(city.snapshot, who, START),
        employers=delivered.employers,
        projects=delivered.projects.assign(head_lease_ends=pd.Series(pd.NaT, index=delivered.projects.index)),
        dwellings=vacant_dwellings(city),
        preferences=wishes(city, delivered, who),
    )
    facts.projects["head_lease_ends"] = facts.projects["head_lease_ends"].astype("datetime64[s]")
    standings = pd.DataFrame(
        {
            "receipt_no": pd.Series(who.receipts, dtype="str"),
            "state": "WAITING",
            "num_waivers": city.waivers[rows],
        }
    )
    people = screened.screen(facts, law, START, standings).people
    nobody = pd.DataFrame({"dwelling_id": pd.Series(dtype="str"), "sex": pd.Series(dtype="str")})
    seed = draw_seed(city.scenario.run.seed, city.replication, MONTH)
    housed: dict[str, str] = {}
    for sub in freeze.sub_rounds(facts, people, law, "2026-03", START, nobody, key=b"k" * 32):
        order = published(sub, seed)
        code_of = dict(zip(sub.roster["receipt_no"], sub.roster["code"], strict=True))
        removed = {code_of[receipt] for receipt in housed if receipt in code_of}
        result = allocation.allocate(sub, order, removed, law.allocation, seed).result
        receipt_of = {code: receipt for receipt, code in code_of.items()}
        housed |= {receipt_of[row.code]: row.dwelling_id for row in result.itertuples()}
    return housed


def published(sub, seed: str) -> pd.DataFrame:
    """The order of the sub-round with the tickets of the simulation's codes, under the bureau's codes."""
    name = freeze.EMPLOYER_PREFIX if sub.name.startswith(freeze.EMPLOYER_PREFIX) else sub.name
    ours = sub.roster.assign(code=name + "/" + sub.roster["receipt_no"])
    order = draw.order_of(ours[["code", "band", "points"]], seed)
    real = dict(zip(ours["code"], sub.roster["code"], strict=True))
    return order.assign(code=order["code"].map(real))


def vacant_dwellings(city: City) -> pd.DataFrame:
    """The vacant homes of the city as delivered dwellings."""
    homes, vacant = city.homes, city.vacant()
    template = city.template[vacant]
    pools = homes.pools.iloc[homes.pool[template]].reset_index(drop=True)
    return pd.DataFrame(
        {
            "dwelling_id": [f"D{home:09d}" for home in vacant],
            "project_id": pools["project_id"],
            "kind": np.where(homes.is_bed[template], "bed", "flat"),
            "dwelling_type": pools["dwelling_type"],
            "building_area_cm2": homes.area_cm2[template],
            "floor": pd.Series(homes.floor[template], dtype="Int64"),
            "room_id": pd.Series([f"R{home}" for home in vacant], dtype="str").where(homes.is_bed[template]),
            "accessible": pd.Series(homes.is_accessible[template], dtype="boolean"),
            "rent_per_m2_fen": pools["rent_per_m2_fen"],
            "available_on": pd.Series(pd.Timestamp("2020-01-01").as_unit("s"), index=range(len(vacant))),
            "room_sex": pools["sex"].where(homes.is_bed[template]).astype("str"),
        }
    )


def wishes(city: City, delivered, who) -> pd.DataFrame:
    """The ranked lists as filed, under the receipt numbers of the simulation."""
    profiles = city.snapshot.households["receipt_no"].to_numpy(dtype=object)[who.profile]
    asked = pd.DataFrame({"receipt_no": profiles, "new": who.receipts})
    filed = asked.merge(delivered.preferences, on="receipt_no")
    frame = filed.assign(receipt_no=filed["new"])[["receipt_no", "rank", "project_id", "dwelling_type"]]
    return frame.astype({"receipt_no": "str", "rank": "Int64", "project_id": "str", "dwelling_type": "str"})


def by_the_simulation(city: City, held: Round) -> dict[str, str]:
    """Receipt number -> dwelling."""
    receipts = city.receipt[held.offered]
    return {receipt: f"D{home:09d}" for receipt, home in zip(receipts, held.homes, strict=True)}


@pytest.mark.parametrize("mechanism", ["band_optimum", "serial"])
@pytest.mark.parametrize(("seed", "waiting"), [(1, 90), (2, 300)])
def test_the_same_people_get_the_same_dwellings(mechanism: str, seed: int, waiting: int) -> None:
    """Screening, sub-rounds, order, mechanism and places: the simulated round gives what the bureau's round gives."""
    law = example().in_force(START)
    law = law.model_copy(update={"allocation": law.allocation.model_copy(update={"mechanism": mechanism})})
    city, delivered = settled(law, seed, waiting)
    expected = by_the_bureau(city, delivered, law)
    held = hold_round(city, law, START, MONTH)
    assert len(expected) > 10
    assert by_the_simulation(city, held) == expected


@pytest.mark.parametrize("per", ["round", "project"])
def test_a_shortlist_is_that_of_the_bureau(per: str) -> None:
    """入围 by registration, over the round or by project: the same people in the same dwellings."""
    law = example().in_force(START)
    rule = Shortlist(reference="a test", tag="M", dwellings=5, households=6, per=per)
    law = law.model_copy(update={"ranking": law.ranking.model_copy(update={"shortlist": rule})})
    city, delivered = settled(law, 4, 200)
    expected = by_the_bureau(city, delivered, law)
    assert by_the_simulation(city, hold_round(city, law, START, MONTH)) == expected


def test_who_is_assigned_a_home_is_so_as_by_the_bureau() -> None:
    """直接配租: where the first priority group is assigned any home, the same people get the same dwellings, and more of them."""
    law = example().in_force(START)
    first, *others = law.ranking.groups
    groups = (first.model_copy(update={"assigned_any": True}), *others)
    assigning = law.model_copy(update={"ranking": law.ranking.model_copy(update={"groups": groups})})
    city, delivered = settled(law, 4, 300)
    found = by_the_simulation(city, hold_round(city, assigning, START, MONTH))
    assert found == by_the_bureau(city, delivered, assigning)
    assert found != by_the_simulation(city, hold_round(city, law, START, MONTH))


def test_the_second_ticket_is_that_of_the_bureau() -> None:
    """Under the rule ``ticket`` the same people get the same pools; the dwelling inside hangs on the code's own ticket."""
    law = example().in_force(START)
    law = law.model_copy(update={"allocation": law.allocation.model_copy(update={"dwelling_rule": "ticket"})})
    city, delivered = settled(law, 4, 200)
    expected = by_the_bureau(city, delivered, law)
    found = by_the_simulation(city, hold_round(city, law, START, MONTH))
    pool_of = {f"D{home:09d}": city.homes.pool[city.template[home]] for home in city.vacant()}
    assert {r: pool_of[d] for r, d in found.items()} == {r: pool_of[d] for r, d in expected.items()}
    assert sorted(found.values()) == sorted(expected.values())
    assert found != expected


DECLARED = {
    "groups": [{"id": "migrants", "reference": "r", "tag": "M", "description_zh": "外来", "description_en": "migrants",
                "branches": ["migrant"], "when_small": "merge"}],
    "reserves": [{"id": "kept", "reference": "r", "tag": "M", "group": "migrants", "release": False,
                  "amount": {"share": "1/2", "rounding": "up"}}],
    "quotas": [{"id": "few", "reference": "r", "tag": "M", "groups": ["migrants"], "over": "each",
                "max": {"share": "2/3", "rounding": "up"}}],
}  # fmt: skip


def test_declared_reserves_and_quotas_are_those_of_the_bureau() -> None:
    """Half of each public pool kept for migrants, two thirds at most for them: the bureau's dwellings, and other ones than before."""
    law = example().in_force(START)
    rules = json.loads(law.allocation.model_dump_json()) | {"mechanism": "serial", **DECLARED}
    plain = law.model_copy(update={"allocation": law.allocation.model_copy(update={"mechanism": "serial"})})
    law = law.model_copy(update={"allocation": AllocationRules.model_validate_json(json.dumps(rules))})
    city, delivered = settled(law, 2, 300)
    expected = by_the_bureau(city, delivered, law)
    found = by_the_simulation(city, hold_round(city, law, START, MONTH))
    assert found == expected
    assert found != by_the_simulation(city, hold_round(city, plain, START, MONTH))


@pytest.mark.parametrize("mechanism", ["probabilistic_serial", "leximin_lottery"])
def test_a_lottery_is_drawn_as_by_the_bureau(mechanism: str) -> None:
    """With everybody in one band, chances and drawing from the month's seed put the same people in the same dwellings."""
    law = example().in_force(START)
    ranking = law.ranking.model_copy(update={"groups": (), "lines": ()})
    rules = law.allocation.model_copy(update={"mechanism": mechanism})
    law = law.model_copy(update={"allocation": rules, "ranking": ranking})
    city, delivered = settled(law, 2, 120)
    expected = by_the_bureau(city, delivered, law)
    assert len(expected) > 10
    assert by_the_simulation(city, hold_round(city, law, START, MONTH)) == expected
