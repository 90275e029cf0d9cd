"""Overlays: the law from a day on, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

from allocator.policy.book import PolicyBook
from allocator.policy.faults import Faults
from scenarios.files import PolicyChange
from scenarios.overlay import overlaid
from tests.scenarios_run.worlds import example

DAY = date(2026, 9, 1)
EVE = date(2026, 8, 31)


def changed(*changes: dict[str, Any], day: date = DAY) -> PolicyBook:
    """The example law with these changes from the day on."""
    faults = Faults()
    asked = [PolicyChange.model_validate(change) for change in changes]
    book = overlaid(example(), asked, [day] * len(asked), [("f.toml", "policy.0")] * len(asked), faults)
    assert not faults.listed()
    return book


def shares(book: PolicyBook, on: date) -> dict[str, int]:
    """Share of each tier of the subsidy on a day."""
    rules = book.in_force(on).tenancy.subsidy
    assert rules is not None
    return {tier.id: tier.share_per_mille for tier in rules.tiers}


def test_what_held_before_the_day_stays() -> None:
    """The eve has the old share, the day has the new one, and only that one differs."""
    book = changed({"path": "tenancy.subsidy.tiers.up_to_1600.share_per_mille", "value": 600})
    before, after = shares(book, EVE), shares(book, DAY)
    assert before == shares(example(), DAY)
    assert after == before | {"up_to_1600": 600}


def test_everything_else_is_the_law_as_it_was() -> None:
    """Two documents of the day differ in the one number."""
    book = changed({"path": "tenancy.max_waivers", "add": 1})
    ours, theirs = book.in_force(DAY).document(), example().in_force(DAY).document()
    assert ours["tenancy"].pop("max_waivers") == theirs["tenancy"].pop("max_waivers") + 1
    assert ours == theirs


def test_the_book_given_stays_as_it_is() -> None:
    """Overlaying changes no book but its own."""
    book = example()
    before = book.in_force(DAY).document()
    overlaid(
        book, [PolicyChange(path="tenancy.max_waivers", value=0)], [DAY], [("f.toml", "policy.0")], Faults()
    )
    assert book.in_force(DAY).document() == before


def test_no_change_is_no_change() -> None:
    """Without changes the law is the same document."""
    assert changed().in_force(DAY).document() == example().in_force(DAY).document()


def test_amounts_are_added_and_multiplied_exactly() -> None:
    """6 per cent of 500 and half up: 500 x 1061/1000 = 530.5 -> 531; then 31 less."""
    path = "tenancy.subsidy.tiers.up_to_1600.share_per_mille"
    book = changed({"path": path, "times": "1061/1000"}, {"path": path, "add": -31})
    assert shares(book, DAY)["up_to_1600"] == 500


def test_value_of_a_criterion_stands_for_all_its_sizes() -> None:
    """Assets have a bound for small and for large households: both rise."""
    book = changed({"path": "criteria.assets.value", "times": "2"})
    before, after = (b.in_force(DAY).screening.criteria["assets"].bounds for b in (example(), book))
    assert [bound.value for bound in after] == [2 * bound.value for bound in before]
    one = changed({"path": "criteria.assets.bounds.0.value", "add": 100})
    assert [b.value for b in one.in_force(DAY).screening.criteria["assets"].bounds] == [
        before[0].value + 100,
        before[1].value,
    ]


def test_a_later_version_of_the_law_is_changed_too() -> None:
    """The income line rises in 2020 by law: a change of 2015 holds before and after."""
    book = changed({"path": "screening.criteria.income_per_head.value", "add": 700}, day=date(2015, 1, 1))
    lines = [
        b.in_force(on).screening.criteria["income_per_head"].bounds[0].value
        for b in (example(), book)
        for on in (date(2014, 12, 31), date(2015, 1, 1), date(2020, 1, 1))
    ]
    assert lines == [300_000, 300_000, 450_000, 300_000, 300_700, 450_700]


def test_a_whole_rule_can_be_taken_from_a_list_by_its_number() -> None:
    """Entries are found by ``id``, or by number where they have none."""
    book = changed(
        {"path": "ranking.lines.waiting.cap", "value": 5},
        {"path": "ranking.groups.0.member_age_from", "value": 70},
    )
    ranking = book.in_force(DAY).ranking
    assert [line.cap for line in ranking.lines if line.id == "waiting"] == [5]
    assert ranking.groups[0].member_age_from == 70


GROUP = {"id": "migrants", "reference": "a test", "tag": "M", "description_zh": "外来", "description_en": "migrants",
         "branches": ["migrant"], "when_small": "merge"}  # fmt: skip
QUOTA = {"id": "few", "reference": "a test", "tag": "M", "groups": ["migrants"], "over": "each",
         "max": {"share": "1/2", "rounding": "up"}}  # fmt: skip


def test_a_whole_rule_can_be_set() -> None:
    """A group and a quota that the law does not know, set at once, stand in it from the day on, and not on the eve."""
    book = changed({"path": "allocation", "value": {"groups": [GROUP], "quotas": [QUOTA]}})
    assert book.in_force(EVE).allocation.quotas == ()
    law = book.in_force(DAY).allocation
    assert [(quota.id, quota.groups) for quota in law.quotas] == [("few", ("migrants",))]
    assert law.mechanism == example().in_force(DAY).allocation.mechanism
    again = changed(
        {"path": "allocation", "value": {"groups": [GROUP], "quotas": [QUOTA]}},
        {"path": "allocation.quotas.few.max.share", "value": "2/3"},
    )
    assert [quota.max.share for quota in again.in_force(DAY).allocation.quotas] == ["2/3"]


def test_a_whole_rule_is_checked_like_the_law() -> None:
    """A quota of a group nobody declared, and one with an unknown key, are refused with the key of the file."""
    for value in (QUOTA, QUOTA | {"colour": 1}):
        faults = Faults()
        asked = [PolicyChange.model_validate({"path": "allocation.quotas", "value": [value]})]
        overlaid(example(), asked, [DAY], [("f.toml", "policy.0")], faults)
        assert faults.listed()
        assert all(f.file == "f.toml" and f.key.startswith("policy.0.value") for f in faults.listed())
