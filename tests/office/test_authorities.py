"""Each shipped authority runs a whole round, and an old round keeps its old rules."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from allocator import audit, policy
from allocator.exchange.writing import write_delivery
from allocator.model.facts import Facts
from allocator.office import month as months
from allocator.office.acts import Act
from allocator.office.explaining import explain
from allocator.store import Store
from scenarios.population import city
from tests.office.conftest import imported

VALUE = "ab" * 32


def filled(facts: Facts) -> Facts:
    """The city with the optional columns a real law asks for, so that many pass and some do not."""
    households = facts.households.copy()
    numbers = np.arange(len(households))
    households["usable_area_cm2"] = pd.array(np.where(numbers % 9 == 0, 900_000, 100_000), dtype="Int64")
    households["building_area_cm2"] = pd.array(np.zeros(len(numbers), dtype=np.int64), dtype="Int64")
    households["household_registration"] = np.where(numbers % 7 == 0, "other", "local_urban")
    for name in ("employment_months", "residence_permit_months", "social_insurance_months"):
        households[name] = pd.array(np.where(numbers % 8 == 0, 3, 30), dtype="Int64")
    low = np.where(numbers % 2 == 0, "low_income", "minimum_living")
    households["benefit_status"] = np.where(numbers % 3 == 0, "none", low)
    households["income_per_year_fen"] = pd.array(1_000_000 + numbers * 10_000, dtype="Int64")
    households["registered_on"] = households["registered_on"].min() + pd.to_timedelta(numbers // 4, "D")
    return replace(facts, households=households.astype(facts.households.dtypes.to_dict()))


def through(base: Path, facts: Facts, name: str, month: str) -> Act:
    """The month run under that authority up to the answers, with everybody accepting."""
    write_delivery(facts, base / "files", "zh")
    act = imported(base / "files", base, name, synthetic_ids=True)
    months.run(month, act, months.Wishes(public_value=VALUE, answers="accept-all"))
    return act


@pytest.mark.parametrize(
    ("name", "month"),
    [("beijing", "2016-03"), ("xuzhou", "2019-03"), ("chongqing", "2012-03"), ("shanghai-pudong", "2015-03")],
)
def test_each_authority_runs_a_whole_round_that_verifies(name: str, month: str, tmp_path: Path) -> None:
    """200 households are screened, drawn with a public value and housed; every receipt is accounted for."""
    act = through(tmp_path, filled(city(200, seed=5, world="shortage", month=month)), name, month)
    folder = act.out / month / "bundle"
    assert [check for check in audit.verify_bundle(folder, public_value=VALUE) if not check.holds] == []
    with Store.open(act.store_url) as store:
        receipts = store.frame(month, "", "receipts")
        leases = store.leases(month)
    by_class = receipts["class"].value_counts()
    assert len(receipts) == 200
    assert by_class["roster"] > 20
    assert by_class["ineligible"] > 0
    assert len(leases) > 10
    assert set(leases["receipt_no"]) <= set(receipts.loc[receipts["class"] == "roster", "receipt_no"])


def test_who_is_not_shortlisted_registered_later_and_is_accounted_for(tmp_path: Path) -> None:
    """Under a law with a shortlist who is left out registered later than everybody at each project it listed."""
    month = "2016-03"
    facts = filled(city(200, seed=5, world="shortage", month=month))
    act = through(tmp_path, facts, "beijing", month)
    with Store.open(act.store_url) as store:
        receipts = store.frame(month, "", "receipts").set_index("receipt_no")["class"]
        roster, pools = store.frame(month, "public", "roster"), store.frame(month, "public", "pools")
        lists = store.frame(month, "public", "preferences").merge(pools, on="pool").merge(roster, on="code")
    registered = facts.households.set_index("receipt_no")["registered_on"]
    left_out = list(receipts.index[receipts == "not_shortlisted"])
    assert left_out
    last = registered[lists["receipt_no"]].groupby(lists["project_id"].to_numpy()).max()
    for name in left_out[:4]:
        told = [params for _, params in explain(month, name, act.store_url).sentences]
        projects = [params["project"] for params in told if "project" in params]
        assert projects
        assert not (registered[name] <= last[projects]).any()
    # At most 1:1.2 over all projects, but for the rest of each last day.
    days = registered[roster["receipt_no"]]
    ties = sum(days[days.notna()].value_counts() - 1)
    assert len(roster) <= int(pools["capacity"].sum()) * 6 // 5 + ties
    commitment = json.loads((act.out / month / "bundle" / "commitment.json").read_text(encoding="utf-8"))
    assert sum(commitment["receipts"]["by_class"].values()) == 200


@pytest.mark.parametrize(("month", "verdict"), [("2014-03", "INELIGIBLE"), ("2014-06", "ELIGIBLE")])
def test_a_round_of_2014_keeps_the_rules_of_2014(month: str, verdict: str, tmp_path: Path) -> None:
    """The certificate stands in for the income line from 2014-05-01 on; a round before it does not know that."""
    facts = filled(city(60, seed=5, world="shortage", month=month))
    rich = facts.households.assign(
        branch="local",
        benefit_status="minimum_living",
        income_per_year_fen=pd.array([20_000_000] * 60, dtype="Int64"),
        usable_area_cm2=pd.array([0] * 60, dtype="Int64"),
        household_registration="local_urban",
    ).astype(facts.households.dtypes.to_dict())
    write_delivery(replace(facts, households=rich), tmp_path / "files", "zh")
    act = imported(tmp_path / "files", tmp_path, "beijing", synthetic_ids=True)
    months.run(month, act, months.Wishes(public_value=VALUE))
    with Store.open(act.store_url) as store:
        verdicts = store.frame(month, "", "people")["verdict"]
        record = store.round(month)
    assert set(verdicts) == {verdict}
    assert record is not None
    law = policy.load("beijing").in_force(record.on)
    published = json.loads((act.out / month / "bundle" / "policy" / "in_force.json").read_bytes())
    assert published == law.document()
    assert law.tenancy.subsidy is None


def test_after_three_lost_draws_a_household_stands_first(tmp_path: Path) -> None:
    """Under the law that assigns a home after three failed draws, who lost three rounds is in group 0 of the fourth."""
    facts = filled(city(30, seed=5, world="shortage", month="2012-03"))
    act = through(tmp_path, facts, "chongqing", "2012-03")
    groups = {}
    for month in ("2012-04", "2012-05", "2012-06"):
        months.run(month, act, months.Wishes(public_value=VALUE, answers="accept-all"))
    with Store.open(act.store_url) as store:
        for month in ("2012-05", "2012-06"):
            people = store.frame(month, "", "people")
            groups[month] = set(people.loc[people["verdict"] == "ELIGIBLE", "priority_group"])
    assert groups == {"2012-05": {1}, "2012-06": {0}}
