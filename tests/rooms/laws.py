"""Laws that ask for the joint split, and small dormitory cities under them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from allocator.model.facts import Facts
from allocator.policy.model import OneSexRule, RoomRules
from scenarios.population import city
from tests.declared.authority import SHIPPED, authority

SAID = 'reference = "示例"\ntag = "M"\n'


def rooms(*one_sex: tuple[str, str]) -> RoomRules:
    """Joint, with floors or buildings of one sex: (project, unit)."""
    rules = tuple(
        OneSexRule(reference="示例", tag="M", projects=(project,), unit=unit) for project, unit in one_sex
    )
    return RoomRules(reference="示例", tag="M", split="joint", one_sex=rules)


def law_folder(base: Path, one_sex: str = "[]", allocation: str = "") -> Path:
    """The example's law with a joint split of rooms, and perhaps another allocation section."""
    folder = base / "law"
    if allocation:
        authority(folder, allocation)
    else:
        shutil.copytree(SHIPPED, folder)
    page = folder / "allocation.toml"
    text = page.read_text(encoding="utf-8")
    after = "need_by_request = true\n"
    assert text.count(after) == 1
    declared = f'{after}\n[supply.rooms]\n{SAID}split = "joint"\none_sex = {one_sex}\n'
    page.write_text(text.replace(after, declared), encoding="utf-8")
    return folder


MIGRANTS_ONLY = f"""
[[allocation]]
from = 2012-01-01
{SAID}mechanism = "deferred_acceptance"

[[allocation.groups]]
id = "migrants"
description_zh = "外来务工家庭"
description_en = "migrant workers"
branches = ["migrant"]
when_small = "refuse"
{SAID}
[[allocation.priority]]
id = "beds_for_migrants"
pools = {{ types = ["bed"] }}
tiers = [["migrants"]]
others = false
{SAID}"""


def crowded(num_households: int = 700, num_beds: int = 120) -> Facts:
    """A city of dormitories with few beds, all rooms empty: who gets the rooms matters."""
    facts = city(num_households, seed=11, world="dormitory")
    homes = facts.dwellings.copy()
    homes["room_sex"] = None
    is_bed = (homes["kind"] == "bed").to_numpy()
    kept = homes[~is_bed | (is_bed.cumsum() <= num_beds)].reset_index(drop=True)
    return replace(facts, dwellings=kept.astype(facts.dwellings.dtypes))
