"""What changed between two laws, in words."""

from __future__ import annotations

from datetime import date

import pytest

from allocator import policy
from allocator.policy.changes import changes_in_words


def changed(name: str, before: date, after: date, language: str = "en") -> list[str]:
    book = policy.load(name)
    return changes_in_words(book.in_force(before), book.in_force(after), language)


def test_a_line_that_rises_is_told_with_both_amounts() -> None:
    """A bound that changes is told by its criterion, in the law's unit, old and new."""
    (heading, line) = changed("example", date(2019, 12, 31), date(2020, 1, 1))
    assert heading == "## Criteria"
    assert line.startswith("- Income per head and month at or under the line (mean of twelve months): from ")
    assert "at most 3,000 yuan a month per person" in line.split('" to "')[0]
    assert "at most 4,500 yuan a month per person" in line.split('" to "')[1]


def test_a_programme_that_begins_is_told_tier_by_tier() -> None:
    """The table of 2020 is new, and the subsidy of 2015, which stays, is not told again."""
    lines = changed("beijing", date(2020, 7, 31), date(2020, 8, 1))
    assert lines[0] == "## Tenancy and subsidy"
    tier = (
        "- new: income per head and month of more than 3,700 and at most 4,200 yuan: at most a month (yuan): "
    )
    assert [
        line for line in lines if line.startswith(tier + "1 to 2 persons: 1,000; 3 persons or more: 1,200")
    ]
    assert not [line for line in lines if "at most 1,600" in line]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", policy.shipped())
def test_a_law_does_not_change_by_itself(name: str, language: str) -> None:
    """Two days of one version have no change."""
    assert changed(name, date(2024, 1, 1), date(2026, 1, 1), language) == []


def test_every_pair_of_laws_has_its_changes_told() -> None:
    """Any two shipped laws differ, and every line has its words in both languages."""
    names = policy.shipped()
    laws = [policy.load(name).in_force(date(2024, 1, 1)) for name in names]
    for before in laws:
        for after in laws:
            if before is not after:
                told = {language: changes_in_words(before, after, language) for language in ("zh", "en")}
                assert len(told["zh"]) > 5
                assert len(told["zh"]) == len(told["en"])
