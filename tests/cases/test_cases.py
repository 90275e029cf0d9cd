"""Every situation under ``tests/cases/*.toml`` against the shipped laws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

import pandas as pd
import pytest

from allocator import policy, screening
from allocator.model.composition import Composition
from allocator.model.facts import Facts
from allocator.office.policies import Dwelling, try_facts
from allocator.policy.in_force import Policy
from allocator.ranking import scores
from allocator.screening import Finding
from tests.cases.situations import Situation, facts_of, situations

SITUATIONS = situations()


@dataclass(frozen=True)
class Told:
    """What a law says on a day about all situations of that law and day, by title."""

    law: Policy
    facts: Facts
    verdicts: pd.DataFrame
    columns: pd.DataFrame
    findings: dict[str, list[Finding]]
    entitled: pd.DataFrame
    groups: pd.Series
    points: pd.DataFrame


@cache
def book(name: str) -> policy.PolicyBook:
    return policy.load(name)


@cache
def told(name: str, on: date) -> Told:
    """One columnar pass over every situation of the law and day."""
    law = book(name).in_force(on)
    asked = [situation for situation in SITUATIONS if (situation.policy, situation.on) == (name, on)]
    facts = facts_of({situation.title: (situation.household, situation.members) for situation in asked})
    titles = [situation.title for situation in asked]
    waivers = pd.Series([situation.num_waivers for situation in asked])
    screened = screening.screen(facts, law, on, num_waivers=waivers)
    findings = screening.findings_by_row(Composition.of(facts, on), law, waivers)
    return Told(
        law,
        facts,
        screened.verdicts.set_index("receipt_no"),
        screened.findings.set_index("receipt_no"),
        dict(zip(titles, findings, strict=True)),
        screening.entitled(facts, law, on).set_index("receipt_no"),
        scores.priority_groups(facts, law, on).set_axis(titles),
        scores.points(facts, law, on).set_index("receipt_no"),
    )


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.title)
def test_the_law_says_of_each_situation_what_was_worked_out_by_hand(situation: Situation) -> None:
    """Verdict, failed and unknown criteria, types, group, points and subsidy are those of the case."""
    answer, expect, title = told(situation.policy, situation.on), dict(situation.expect), situation.title
    findings = answer.findings[title]
    assert expect.pop("verdict", None) in {None, answer.verdicts["verdict"][title]}
    assert expect.pop("fails", None) in (None, [f.criterion for f in findings if f.holds is False])
    assert expect.pop("unknown", None) in (None, [f.criterion for f in findings if f.holds is None])
    if "entitled" in expect:
        row = answer.entitled.loc[title]
        assert expect.pop("entitled") == [kind for kind in row.index if row[kind]]
    assert expect.pop("group", None) in {None, answer.groups[title]}
    for name, amount in expect.pop("points", {}).items():
        assert amount == answer.points[name][title], name
    if "subsidy_fen" in expect:
        tried = try_facts(situation.facts(), answer.law, dwelling=Dwelling(*expect.pop("dwelling")))
        assert expect.pop("subsidy_fen") == tried.people["subsidy_fen"].iloc[0]
        if "market_subsidy_fen" in expect:
            assert expect.pop("market_subsidy_fen") == tried.people["market_subsidy_fen"].iloc[0]
    assert expect.pop("causes", None) in (None, [f.cause for f in findings if f.holds is None])
    assert expect == {}


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.title)
def test_the_page_of_findings_says_what_the_columns_say(situation: Situation) -> None:
    """Findings of one household equal its cells in the columns, and each has its words in both languages."""
    answer = told(situation.policy, situation.on)
    columns = answer.columns.loc[situation.title]
    asked = {name: int(holds) for name, holds in columns.items() if holds != -2}
    found = answer.findings[situation.title]
    named = {f.criterion: {True: 1, False: 0, None: -1}[f.holds] for f in found}
    assert asked == {name: holds for name, holds in named.items() if name != "branch"}
    assert all(f.text("zh") and f.text("en") for f in found)


@pytest.mark.parametrize("situation", SITUATIONS[::12], ids=lambda situation: situation.title)
def test_one_household_alone_is_judged_as_among_all(situation: Situation) -> None:
    """Explaining one household is the same function on one row: nothing hangs on the neighbours."""
    answer, facts = told(situation.policy, situation.on), situation.facts()
    alone = screening.findings_of(facts, answer.law, situation.on, situation.num_waivers)
    assert answer.findings[situation.title] == alone
    verdict = screening.screen(
        facts, answer.law, situation.on, num_waivers=pd.Series([situation.num_waivers])
    ).verdicts["verdict"]
    assert answer.verdicts["verdict"][situation.title] == verdict.iloc[0]


def test_titles_are_distinct() -> None:
    """Every case can be named."""
    titles = [situation.title for situation in SITUATIONS]
    assert len(titles) == len(set(titles))


def test_every_criterion_of_every_law_fails_and_holds_in_some_case() -> None:
    """No criterion of a shipped law is without a case on either side."""
    sides: dict[tuple[str, str], set[bool | None]] = {}
    for situation in SITUATIONS:
        for finding in told(situation.policy, situation.on).findings[situation.title]:
            sides.setdefault((situation.policy, finding.criterion), set()).add(finding.holds)
    for name in policy.shipped():
        for criterion in book(name).criteria:
            missing = {True, False} - sides.get((name, criterion), set())
            # Who names no employer is asked for it, and any permit will do: nobody fails by these.
            never_fails = {"employer_named", "through_employer", "residence_permit"}
            missing -= {False} if criterion in never_fails else set()
            assert missing == set(), (name, criterion, missing)
