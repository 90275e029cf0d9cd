"""What ``policy check`` says of a law that is sound: one situation for each warning, and silence where there is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from allocator import policy
from allocator.policy.warnings import warnings_of

SOUND = Path(__file__).parent / "sound"
APPROVED = 'approved_by = "Council"\napproved_on = 2011-06-01\n'


def warned(tmp_path: Path, file: str, before: str, after: str) -> list[tuple[str, str, str]]:
    """Codes, files and keys for the sound law with one passage changed, all of it approved."""
    folder = tmp_path / "city"
    shutil.copytree(SOUND, folder)
    for place in folder.glob("*.toml"):
        text = place.read_text(encoding="utf-8").replace('tag = "M"\n', 'tag = "M"\n' + APPROVED)
        if place.name == file:
            assert before in text
            text = text.replace(before, after, 1)
        place.write_text(text, encoding="utf-8")
    return [(fault.code, fault.file, fault.key) for fault in warnings_of(policy.load(folder))]


def test_an_approved_law_that_reads_all_it_has_is_not_warned_of(tmp_path: Path) -> None:
    """Without a cause there is no warning."""
    assert warned(tmp_path, "draw.toml", "from", "from") == []


ROW = '{ id = "any", persons_from = 1, types'
SINGLE = '{ id = "single", persons_from = 1, persons_up_to = 1, types = ["bed"] },\n  '


@pytest.mark.parametrize(
    ("file", "before", "after", "expected"),
    [
        (
            "registry.toml",
            "from = 2012-01-01",
            "from = 2012-01-01\nuntil = 2030-12-31",
            ("policy_warning_ends", "registry.toml", "registry"),
        ),
        (
            "entitlement.toml",
            "persons_from = 1",
            "persons_from = 2",
            ("policy_warning_sizes", "entitlement.toml", "entitlement[2012-01-01].rows"),
        ),
        (
            "entitlement.toml",
            ROW,
            '{ id = "all", persons_from = 1, types = ["bed"] },\n  ' + ROW,
            ("policy_warning_row_unreached", "entitlement.toml", "entitlement[2012-01-01].rows.any"),
        ),
        (
            "ranking.toml",
            "age_from = 18",
            "age_from = 18\nline = 5",
            ("policy_warning_field_unread", "ranking.toml", "ranking[2012-01-01].lines.children.line"),
        ),
        (
            "supply.toml",
            '["need", "employer", "public"]',
            '["employer", "public"]',
            ("policy_warning_need_unread", "supply.toml", "supply[2012-01-01].need_flags"),
        ),
        (
            "screening.toml",
            'from = 2012-01-01\nbranch = "local"',
            'from = 2016-01-01\nbranch = "local"',
            ("policy_warning_unasked", "criteria.toml", "criteria.income"),
        ),
        (
            "calendar.toml",
            "approved_on = 2011-06-01",
            "approved_on = 2012-01-02",
            ("policy_warning_approved_late", "calendar.toml", "calendar[2012-01-01]"),
        ),
        (
            "registry.toml",
            APPROVED,
            "",
            ("policy_warning_approver", "registry.toml", "approved_by"),
        ),
    ],
)
def test_each_cause_is_warned_of_once_in_its_place(
    file: str, before: str, after: str, expected: tuple[str, str, str], tmp_path: Path
) -> None:
    """One cause gives exactly its warning, with file and key."""
    assert set(warned(tmp_path, file, before, after)) == {expected}


def test_a_row_before_that_leaves_some_sizes_hides_nothing(tmp_path: Path) -> None:
    """A row for one person does not make the row for everybody unreached."""
    assert warned(tmp_path, "entitlement.toml", ROW, SINGLE + ROW) == []


@pytest.mark.parametrize("name", policy.shipped())
def test_shipped_laws_are_warned_of_days_of_approval_only(name: str) -> None:
    """A shipped law has no unread parameter, no end, no size without a row, nobody's rule; only days are open."""
    found = warnings_of(policy.load(name))
    assert {fault.code for fault in found} <= {
        "policy_warning_approval_day",
        "policy_warning_approved_undated",
    }
    assert all(fault.text("zh") and fault.text("en") for fault in found)


def test_an_approval_whose_day_is_open_is_warned_of(tmp_path: Path) -> None:
    """An inferred approver without a day is told by file; nobody at all is told apart from that."""
    undated = 'tag = "M"\napproved_by = "Council"\napproved_tag = "I"\n'
    found = warned(tmp_path, "registry.toml", 'tag = "M"\n' + APPROVED, undated)
    assert found == [("policy_warning_approved_undated", "registry.toml", "approved_on")]


def test_an_authority_that_approves_all_leaves_no_rule_to_nobody(tmp_path: Path) -> None:
    """With ``authority.approval`` no rule is nobody's; without its day that day alone is asked for."""
    folder = tmp_path / "city"
    shutil.copytree(SOUND, folder)
    assert {fault.code for fault in warnings_of(policy.load(folder))} == {"policy_warning_approver"}
    place = folder / "authority.toml"
    text = place.read_text(encoding="utf-8") + '\n[authority.approval]\nby = "Council"\ntag = "I"\n'
    place.write_text(text, encoding="utf-8")
    told = [(fault.code, fault.key) for fault in warnings_of(policy.load(folder))]
    assert told == [("policy_warning_approval_day", "authority.approval.on")]
