"""审核意见 are true: changing a fact by exactly what the letter says makes the criterion hold, one unit less does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from allocator import screening
from allocator.model.composition import Composition
from allocator.model.enums import Verdict
from allocator.model.facts import Facts
from allocator.policy import shipped
from allocator.policy.in_force import Policy
from allocator.policy.quantities import QUANTITIES
from allocator.policy.rules import Criterion
from scenarios.population import city
from tests.rounds.corridor import DAY, law_of

HOUSEHOLDS = 2000
# A fact that is a date is moved back by months or years; every other one is a whole number of base units.
DATED = {"months_since_home_disposed": 1, "applicant_age": 12}
# What divides the household's figure: persons, and months of a year.
PER_HEAD = {"income_per_head_per_year", "assets_per_head", "usable_area_per_head", "building_area_per_head"}
PER_HEAD_AND_MONTH = {"income_per_head_per_month"}


def bewildered(seed: int, num_households: int = HOUSEHOLDS) -> tuple[Facts, pd.Series]:
    """A city in which many fail: too young, too rich, too new, home given up lately, waivers behind them."""
    facts = city(num_households, seed, "shortage")
    random = np.random.default_rng(seed)
    households, members = facts.households.copy(), facts.members.copy()
    pick = random.random(len(households)) < 0.3
    households.loc[pick, "income_per_year_fen"] = random.integers(9_000_000, 40_000_000, pick.sum())
    pick = random.random(len(households)) < 0.3
    households.loc[pick, "social_insurance_months"] = random.integers(0, 14, pick.sum())
    households.loc[pick, "employment_months"] = random.integers(0, 14, pick.sum())
    pick = random.random(len(households)) < 0.2
    days = random.integers(1, 2500, pick.sum()).astype("timedelta64[D]")
    households.loc[pick, "last_home_disposed_on"] = np.datetime64(DAY) - days
    young = (members["relation"] == "applicant") & (random.random(len(members)) < 0.1)
    members.loc[young, "birth_date"] = np.datetime64("2009-01-31") + random.integers(
        0, 3000, young.sum()
    ).astype("timedelta64[D]")
    waivers = pd.Series(random.choice([0, 0, 0, 2, 3, 5], len(households)))
    return replace(facts, households=households, members=members), waivers


def with_change(
    facts: Facts, waivers: pd.Series, policy: Policy, criterion: Criterion, change: np.ndarray
) -> tuple[Facts, pd.Series]:
    """The facts with each household's figure for a criterion moved towards passing by ``change`` base units."""
    quantity = QUANTITIES[criterion.rule]
    sign = -1 if criterion.direction == "at_most" else 1
    if criterion.rule == "num_waivers":
        return facts, waivers + sign * change
    if criterion.rule in DATED:
        return _earlier(facts, criterion.rule, change * DATED[criterion.rule]), waivers
    heads = Composition.of(facts, DAY).persons(getattr(policy.screening.persons, quantity.household))
    times = heads if criterion.rule in PER_HEAD | PER_HEAD_AND_MONTH else np.ones_like(heads)
    if criterion.rule in PER_HEAD_AND_MONTH:
        times = times * 12
    households = facts.households.copy()
    households[quantity.column] = households[quantity.column] + sign * change * times
    # A home's usable area is never above its building area: the two would contradict each other.
    areas = households[["usable_area_cm2", "building_area_cm2"]].min(axis=1, skipna=False)
    both = households["usable_area_cm2"].notna() & households["building_area_cm2"].notna()
    households["usable_area_cm2"] = households["usable_area_cm2"].where(~both, areas)
    return replace(facts, households=households), waivers


def _earlier(facts: Facts, rule: str, months: np.ndarray) -> Facts:
    """A date moved back by whole months (the last day of a shorter month stands in for the 29th to 31st)."""
    if rule == "applicant_age":
        members = facts.members.copy()
        back = dict(zip(facts.households["receipt_no"], months, strict=True))
        rows = members.index[members["relation"] == "applicant"]
        moved = [_back(members.loc[row, "birth_date"], back[members.loc[row, "receipt_no"]]) for row in rows]
        members.loc[rows, "birth_date"] = pd.Series(moved, index=rows).astype("datetime64[s]")
        return replace(facts, members=members)
    households = facts.households.copy()
    dates = zip(households["last_home_disposed_on"], months, strict=True)
    moved = pd.Series([_back(day, back) for day, back in dates]).astype("datetime64[s]")
    return replace(facts, households=households.assign(last_home_disposed_on=moved))


def _back(day: pd.Timestamp, months: int) -> pd.Timestamp:
    return day - pd.DateOffset(months=int(months))


def short_by(
    facts: Facts, waivers: pd.Series, policy: Policy, criterion: Criterion
) -> tuple[np.ndarray, np.ndarray]:
    """Rows told that they fail this bound, and what each is told to be short by, in base units."""
    rows, units = [], []
    scale = QUANTITIES[criterion.rule].scale
    told = screening.findings_by_row(Composition.of(facts, DAY), policy, waivers)
    for row, findings in enumerate(told):
        for finding in findings:
            if finding.criterion == criterion.id and finding.holds is False:
                assert isinstance(finding.short_by, int | float)
                rows.append(row)
                units.append(round(finding.short_by * scale))
    return np.array(rows, dtype=np.int64), np.array(units, dtype=np.int64)


def answers(facts: Facts, waivers: pd.Series, policy: Policy, criterion: str) -> np.ndarray:
    """The screening's answer to one criterion, per household."""
    return screening.screen(facts, policy, DAY, num_waivers=waivers).findings[criterion].to_numpy()


@pytest.mark.parametrize(
    ("law", "num_households"),
    [
        *((name, 400) for name in shipped()),
        *(pytest.param(name, HOUSEHOLDS, marks=pytest.mark.slow) for name in shipped()),
    ],
)
def test_what_would_have_passed_passes_exactly(law: str, num_households: int) -> None:
    """For every failed bound of every household: short by x means x makes it hold, and one unit less does not."""
    policy = law_of(law)
    facts, waivers = bewildered(37, num_households)
    asked = 0
    for name in policy.screening.used():
        criterion = policy.screening.criteria[name]
        if QUANTITIES[criterion.rule].form != "bound":
            continue
        rows, units = short_by(facts, waivers, policy, criterion)
        asked += len(rows)
        for less, expected in ((0, 1), (1, 0)):
            change = np.zeros(len(facts.households), dtype=np.int64)
            change[rows] = units - less
            changed = with_change(facts, waivers, policy, criterion, change)
            assert (answers(*changed, policy, name)[rows] == expected).all(), (name, less)
    assert asked > 100


@pytest.mark.parametrize("law", ["example", "beijing"])
def test_a_verdict_follows_from_the_findings_told(law: str) -> None:
    """An eligible household is told of a way that holds, an ineligible one of a criterion that fails."""
    policy = law_of(law)
    facts, waivers = bewildered(41)
    verdicts = screening.screen(facts, policy, DAY, num_waivers=waivers).verdicts["verdict"]
    told = screening.findings_by_row(Composition.of(facts, DAY), policy, waivers)
    for verdict, findings in zip(verdicts, told, strict=True):
        holds = {finding.holds for finding in findings}
        if verdict == Verdict.INELIGIBLE:
            assert False in holds
        elif verdict == Verdict.INCOMPLETE:
            assert None in holds
        else:
            assert True in holds
