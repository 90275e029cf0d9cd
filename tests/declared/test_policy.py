"""What a law may declare of priority, reserves and quotas is judged when it is read, in words with a cure."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from allocator import policy
from allocator.errors import Refused
from allocator.policy.allocating import Amount
from allocator.policy.page import page
from tests.declared.authority import LAWS, NAMES, authority, law

TIERS = (LAWS / "tiers.toml").read_text(encoding="utf-8")
CHOOSING = (LAWS / "choosing.toml").read_text(encoding="utf-8")
OPTIMUM = (LAWS / "optimum.toml").read_text(encoding="utf-8")
WRONG = {
    "hardship": (TIERS, 'branches = ["migrant"]', 'statuses = ["low_income"]', "policy_group_private"),
    "health": (TIERS, 'branches = ["migrant"]', 'flags = ["serious_illness"]', "policy_group_private"),
    "a key nobody knows": (TIERS, 'branches = ["migrant"]', "hobbies = []", "policy_key_unknown"),
    "no condition": (TIERS, 'branches = ["migrant"]\n', "", "policy_group_without_condition"),
    "a group that is not there": (TIERS, '[["own_staff"]]', '[["staff"]]', "policy_reference_missing"),
    "one group twice in a rule": (TIERS, '["city"], ["new_employees"]', '["city"], ["city"]', "policy_twice"),
    "two rules of one name": (TIERS, 'id = "city_first"', 'id = "staff_first"', "policy_twice"),
    "places and share": (TIERS, "{ places = 2 }", '{ places = 2, share = "1/2" }', "policy_amount_one_of"),
    "neither": (TIERS, "{ places = 2 }", "{ }", "policy_amount_one_of"),
    "more than everything": (TIERS, '"1/4"', '"5/4"', "policy_share_above_one"),
    "not rounded": (TIERS, '{ share = "1/4", rounding = "up" }', '{ share = "1/4" }', "policy_key_missing"),
    "rounded places": (TIERS, "{ places = 2 }", '{ places = 2, rounding = "up" }', "policy_key_unknown"),
    "no bound": (TIERS, 'max = { share = "1/2", rounding = "up" }\n', "", "policy_quota_without_bound"),
    "nobody else admitted": (TIERS, "others = true", "others = false", "policy_group_must_refuse"),
    "a maximum together": (TIERS, 'over = "each"', 'over = "together"', "policy_max_together"),
    "a minimum": (TIERS, "max = ", "min = ", "policy_rule_not_honoured"),
    "priority in serial": (TIERS, '"deferred_acceptance"', '"serial"', "policy_rule_not_honoured"),
    "trading cycles": (
        TIERS,
        '"deferred_acceptance"',
        '"top_trading_cycles"',
        "policy_rule_not_honoured",
    ),
    "priority in band_optimum": (
        TIERS,
        'mechanism = "deferred_acceptance"',
        'mechanism = "band_optimum"\nlocal_rule = "示例"',
        "policy_rule_not_honoured",
    ),
    "a hard minimum": (OPTIMUM, "min_soft = ", "min = ", "policy_minimum_hard"),
    "released beside together": (CHOOSING, "release = false", "release = true", "policy_max_beside_release"),
    "housing first": (TIERS, "housing_first = false", "housing_first = true", "policy_housing_first_unread"),
    "relative and together": (
        CHOOSING.replace('branches = ["migrant"]', 'of_pool = "district"'),
        "",
        "",
        "policy_quota_relative",
    ),
}


def refusal(folder: Path) -> Refused:
    with pytest.raises(Refused) as caught:
        policy.load(folder)
    return caught.value


@pytest.mark.parametrize("name", NAMES)
def test_a_sound_law_is_in_force_with_its_rules(name: str, tmp_path: Path) -> None:
    """Each law of the test authority loads whole, and says what it declares on the day of the round."""
    rules = policy.load(law(tmp_path / "law", name)).in_force(date(2026, 3, 2)).allocation
    assert rules.declares
    assert {group.id for group in rules.groups} >= {"city", "new_employees"}


@pytest.mark.parametrize("mistake", WRONG)
def test_each_mistake_is_refused_in_its_words(mistake: str, tmp_path: Path) -> None:
    """A declaration the round could not honour, or that would tell health in public, is refused with file and key."""
    text, old, new, code = WRONG[mistake]
    assert old in text
    refused = refusal(authority(tmp_path / "law", text.replace(old, new, 1)))
    assert refused.exit_code == 3
    faults = refused.params["faults"]
    assert code in {fault.code for fault in faults}
    for fault in faults:
        assert fault.file == "allocation.toml"
        assert fault.text("zh") != fault.text("en")


def test_a_group_that_no_rule_reads_is_refused(tmp_path: Path) -> None:
    """A group stands in the public bundle only where a rule needs it."""
    text = TIERS.replace('tiers = [["own_staff"]]', 'tiers = [["city"]]')
    (fault,) = refusal(authority(tmp_path / "law", text)).params["faults"]
    assert (fault.code, fault.key) == ("policy_group_unread", "allocation[2012-01-01].groups.own_staff")


@pytest.mark.parametrize(
    ("marks", "code"),
    [
        ('flags = ["severe_disability", "serious_illness"]', "policy_group_private"),
        ('statuses = ["minimum_living"]', "policy_group_private"),
        ("member_age_from = 60", None),
        ('flags = ["severe_disability"]\nmember_age_from = 60', None),
    ],
)
def test_a_priority_group_of_health_or_hardship_alone_is_no_public_group(
    marks: str, code: str | None, tmp_path: Path
) -> None:
    """A priority group may tell households apart in the bundle only where it is no matter of health or hardship alone."""
    text = TIERS.replace('branches = ["migrant"]', 'priority_groups = ["first"]')
    folder = authority(tmp_path / "law", text)
    page = folder / "allocation.toml"
    entry = f'\n[[ranking.groups]]\nid = "first"\nreference = "第十二条"\ntag = "M"\n{marks}\n'
    page.write_text(with_group(page.read_text(encoding="utf-8"), entry), encoding="utf-8")
    if code is None:
        policy.load(folder)
    else:
        assert code in {fault.code for fault in refusal(folder).params["faults"]}


def with_group(text: str, entry: str) -> str:
    """This priority group beside those of the ranking."""
    assert text.count("\n[[ranking.groups]]\n") == 1
    return text.replace("\n[[ranking.groups]]\n", entry + "\n[[ranking.groups]]\n")


def test_a_priority_group_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A group may name only priority groups that the ranking has on the same days."""
    text = TIERS.replace('branches = ["migrant"]', 'priority_groups = ["nobody"]')
    codes = {fault.code for fault in refusal(authority(tmp_path / "law", text)).params["faults"]}
    assert codes == {"policy_reference_missing"}


def test_a_law_without_declared_rules_keeps_its_bytes() -> None:
    """What held on a day is published without empty rules, so that older rounds keep their fingerprint."""
    document = policy.load("example").in_force(date(2026, 3, 2)).document()
    assert not {"groups", "priority", "reserves", "quotas"} & set(document["allocation"])


@pytest.mark.parametrize(
    ("amount", "capacity", "places"),
    [
        (Amount(places=3), 5, 3),
        (Amount(places=3), 2, 2),
        (Amount(share="1/3", rounding="down"), 10, 3),
        (Amount(share="1/3", rounding="up"), 10, 4),
        (Amount(share="1/3", rounding="up"), 9, 3),
        (Amount(share="1/1", rounding="down"), 7, 7),
        # 0.1 * 30 is 3.0000000000000004 in floats, which would round up to 4
        (Amount(share="1/10", rounding="up"), 30, 3),
    ],
)
def test_a_share_is_exact(amount: Amount, capacity: int, places: int) -> None:
    """A share of the capacity is an exact fraction, rounded as the law says; never more than there are."""
    assert amount.of(capacity) == places


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_the_page_of_the_law_tells_every_rule(name: str, language: str, tmp_path: Path) -> None:
    """Groups, tiers, reserves and bounds stand on the readable page with their source, in both languages."""
    found = policy.load(law(tmp_path / "law", name)).in_force(date(2026, 3, 2))
    told = page(found, language)
    rules = found.allocation
    for group in rules.groups:
        assert told.count(getattr(group, f"description_{language}")) >= 2
    for rule in (*rules.priority, *rules.reserves, *rules.quotas):
        assert rule.reference in told
    assert "{" not in told
