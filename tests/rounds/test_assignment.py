"""直接配租: who is assigned a home after so many lost draws takes, behind its own list, any home it is entitled to."""

from __future__ import annotations

from datetime import date

import pandas as pd

from allocator import policy
from allocator.rounds.wishes import with_assignment

PEOPLE = pd.DataFrame({"receipt_no": ["A", "B", "C"], "priority_group": [0, 1, 0]}).astype(
    {"receipt_no": "str"}
)
WISHES = pd.DataFrame(
    {
        "receipt_no": ["A", "A", "B"],
        "rank": [1, 2, 1],
        "project_id": ["p", "q", "p"],
        "dwelling_type": ["studio", "*", "studio"],
    }
).astype({"receipt_no": "str", "project_id": "str", "dwelling_type": "str", "rank": "Int64"})


def test_everything_stands_behind_the_list_of_those_assigned_a_home() -> None:
    """Chongqing's group of three lost draws gets one wildcard row as its last choice; nobody else's list changes."""
    law = policy.load("chongqing").in_force(date(2012, 6, 1))
    assert [group.assigned_any for group in law.ranking.groups] == [True]
    found = with_assignment(WISHES, PEOPLE, law)
    added = found.iloc[len(WISHES) :]
    assert found.iloc[: len(WISHES)].equals(WISHES)
    # A listed two choices, so everything is its third; C listed nothing, so everything is its first.
    assert added.to_dict("list") == {
        "receipt_no": ["A", "C"],
        "rank": [3, 1],
        "project_id": ["*", "*"],
        "dwelling_type": ["*", "*"],
    }


def test_no_list_changes_where_the_law_assigns_nobody() -> None:
    """Under a law without such a group the lists are those filed."""
    law = policy.load("beijing").in_force(date(2016, 3, 1))
    assert with_assignment(WISHES, PEOPLE, law) is WISHES
