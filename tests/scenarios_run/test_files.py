"""Scenario files: read strictly, refused with file, key and cure before anything runs, stacked in a stated order."""

from __future__ import annotations

from pathlib import Path

import pytest

from allocator.errors import Refused
from scenarios.reading import place_of, read_stack, shipped, with_settings
from scenarios.running import checked
from tests.scenarios_run.worlds import scenario, stack, written

WRONG = {
    "unknown_key": ("colour = 1", "scenario_key_unknown", "colour"),
    "unknown_key_inside": ("[run]\nmonth = 1", "scenario_key_unknown", "run.month"),
    "share_above_one": ("[behaviour]\nrefuse_far = 1.2", "scenario_out_of_bounds", "behaviour.refuse_far"),
    "negative_horizon": ("[run]\nmonths = -3", "scenario_out_of_bounds", "run.months"),
    "negative_share": ("[demand]\nleaves_list = -0.1", "scenario_out_of_bounds", "demand.leaves_list"),
    "no_number": ("[demand]\nleaves_list = nan", "scenario_value_wrong", "demand.leaves_list"),
    "warm_up_too_long": ("[run]\nmonths = 3\nwarm_up_months = 3", "scenario_value_wrong", "-"),
    "text_for_number": ("[run]\nmonths = '12'", "scenario_value_wrong", "run.months"),
    "no_such_mode": ("[[places]]\nmode = 'castle'\nper_month = 1", "scenario_value_wrong", "places.0.mode"),
    "mode_missing": ("[[places]]\nper_month = 1", "scenario_key_missing", "places.0.mode"),
    "two_verbs": ("[[policy]]\npath = 'a'\nadd = 1\nvalue = 2", "scenario_value_wrong", "policy.0"),
    "malformed": ("[run", "scenario_file_malformed", "-"),
    "eleven_months": ("[demand]\nseason = [1.0]", "scenario_value_wrong", "demand.season"),
    "relief_above_one": ("[[relief]]\nper_mille = 1001", "scenario_out_of_bounds", "relief.0.per_mille"),
}
UNLAWFUL = {
    "missing_parameter": (
        "path = 'tenancy.subsidy.tiers.up_to_9.share_per_mille'\nvalue = 1",
        "scenario_parameter_missing",
        "policy.0.path",
    ),
    "missing_section": ("path = 'moon.phase'\nvalue = 1", "scenario_parameter_missing", "policy.0.path"),
    "missing_criterion": (
        "path = 'criteria.height.value'\nvalue = 1",
        "scenario_parameter_missing",
        "policy.0.path",
    ),
    "section_alone": ("path = 'tenancy'\nvalue = 1", "scenario_parameter_missing", "policy.0.path"),
    "rule_absent": (
        "path = 'tenancy.market_subsidy.reduced_per_mille'\nvalue = 1",
        "scenario_rule_not_in_force",
        "policy.0.path",
    ),
    "section_not_in_force": (
        "path = 'imputation.wage_per_month_fen'\nvalue = 1",
        "scenario_rule_not_in_force",
        "policy.0.path",
    ),
    "subsidy_above_one": (
        "path = 'tenancy.subsidy.tiers.up_to_1200.share_per_mille'\nvalue = 1200",
        "scenario_out_of_bounds",
        "policy.0.value",
    ),
    "no_number_to_add_to": (
        "path = 'allocation.mechanism'\nadd = 1",
        "scenario_not_a_number",
        "policy.0.add",
    ),
    "lottery": (
        "path = 'allocation.mechanism'\nvalue = 'probabilistic_serial'",
        "scenario_mechanism",
        "policy.0.value",
    ),
    "no_such_mechanism": (
        "path = 'allocation.mechanism'\nvalue = 'auction'",
        "scenario_mechanism",
        "policy.0.value",
    ),
    "hole_in_the_tiers": (
        "path = 'tenancy.subsidy.tiers.up_to_1600.income_above_fen'\nadd = 100",
        "policy_tier_hole",
        "policy.0.add.subsidy.tiers.up_to_1600",
    ),
    "beyond_the_horizon": (
        "path = 'tenancy.max_waivers'\nvalue = 1\nfrom_month = 99",
        "scenario_beyond_horizon",
        "policy.0.from_month",
    ),
}
UNKNOWN = {
    "employer": ("[[demand.employers]]\nemployer = 'E999'", "demand.employers.0.employer"),
    "district": (
        "[[demand.employers]]\nemployer = 'E001'\nmoves_to_district = '000000'",
        "demand.employers.0.moves_to_district",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_with_its_key(name: str, tmp_path: Path) -> None:
    """Each mistake of form is one fault with the file and the key."""
    text, code, key = WRONG[name]
    with pytest.raises(Refused) as refused:
        stack(tmp_path, text)
    assert refused.value.code == "scenario_invalid"
    assert [(f.code, f.file, f.key) for f in refused.value.params["faults"]] == [(code, "asked.toml", key)]


@pytest.mark.parametrize("name", UNLAWFUL)
def test_a_change_the_law_cannot_take_is_refused(name: str, tmp_path: Path) -> None:
    """A change of nothing, of no rule in force, or into an unsound rule is one fault with the file and the key."""
    text, code, key = UNLAWFUL[name]
    asked = stack(tmp_path, f"[[policy]]\n{text}")
    with pytest.raises(Refused) as refused:
        checked(asked)
    found = [(f.code, f.file, f.key) for f in refused.value.params["faults"]]
    assert [(c, k) for c, _, k in found] == [(code, key)]
    assert found[0][1] in {"asked.toml", "asked"}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_the_city_does_not_have_is_refused(name: str, tmp_path: Path) -> None:
    """An employer or a district nobody knows is a fault that lists the known ones."""
    text, key = UNKNOWN[name]
    with pytest.raises(Refused) as refused:
        checked(stack(tmp_path, text))
    (fault,) = refused.value.params["faults"]
    assert (fault.code, fault.key) == ("scenario_name_unknown", key)
    assert "E001" in str(fault.params["known"]) or "410102" in str(fault.params["known"])


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """Two files with two faults each give four, in both languages with file, key and cure."""
    files = [
        written(tmp_path, name, "colour = 1\n[behaviour]\nrefuse_near = 2.0\n")
        for name in ("first", "second")
    ]
    with pytest.raises(Refused) as refused:
        read_stack(files)
    faults = refused.value.params["faults"]
    assert [(f.file, f.key) for f in faults] == [
        (f"{file}.toml", key) for file in ("first", "second") for key in ("behaviour.refuse_near", "colour")
    ]
    for language in ("zh", "en"):
        assert [line.split(":")[0].strip() for line in format(faults, language).splitlines()] == [
            f.file for f in faults
        ]


def test_faults_of_the_law_are_told_at_once(tmp_path: Path) -> None:
    """Three changes that cannot be made are three faults."""
    paths = ("moon.phase", "criteria.height.value", "tenancy.market_subsidy.tiers")
    text = "\n".join(f"[[policy]]\npath = '{path}'\nvalue = 1" for path in paths)
    with pytest.raises(Refused) as refused:
        checked(stack(tmp_path, text))
    assert [f.key for f in refused.value.params["faults"]] == [f"policy.{n}.path" for n in range(3)]


def test_a_file_nobody_has_is_refused_with_the_shipped_names() -> None:
    """Neither a file nor a shipped name: refused, and the shipped ones are listed."""
    with pytest.raises(Refused) as refused:
        place_of("no_such_thing")
    assert refused.value.code == "scenario_unknown"
    assert "subsidy_up" in str(refused.value.params["names"])


def test_later_files_stand_over_earlier_ones(tmp_path: Path) -> None:
    """Changes are made in the order of the files; single settings are the last that names them; the order is kept."""
    first = written(tmp_path, "first", "[run]\nmonths = 9\nseed = 5\n[behaviour]\nrefuse_near = 0.2\n"
                    "[[policy]]\npath = 'tenancy.max_waivers'\nvalue = 1\n")  # fmt: skip
    second = written(tmp_path, "second", "[run]\nmonths = 8\n[[policy]]\npath = 'tenancy.max_waivers'\nvalue = 3\n"
                     "[[policy]]\npath = 'tenancy.lease_months'\nadd = 12\n")  # fmt: skip
    found = read_stack([first, second])
    assert found.names == ("first", "second")
    assert found.scenario.name == "first+second"
    assert (found.scenario.run.months, found.scenario.run.seed) == (8, 5)
    assert found.scenario.behaviour.refuse_near == 0.2
    assert found.overruled == ("tenancy.max_waivers",)
    assert found.origins == (
        ("first.toml", "policy.0"),
        ("second.toml", "policy.0"),
        ("second.toml", "policy.1"),
    )
    law = checked(found).book.in_force(found_day(found.scenario.run.warm_up_months))
    assert (law.tenancy.max_waivers, law.tenancy.lease_months) == (3, 48)
    turned = checked(read_stack([second, first])).book.in_force(found_day(found.scenario.run.warm_up_months))
    assert turned.tenancy.max_waivers == 1


def found_day(month: int):
    from scenarios.city import first_of

    return first_of("2026-03", month)


def test_settings_of_the_command_are_checked_like_a_file() -> None:
    """A negative horizon given by the command is refused with its key."""
    with pytest.raises(Refused) as refused:
        with_settings(scenario(), {"months": -1})
    (fault,) = refused.value.params["faults"]
    assert (fault.code, fault.key) == ("scenario_out_of_bounds", "run.months")


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_scenario_is_sound(name: str) -> None:
    """It loads, its law can be changed so, and it is named like its file in both languages."""
    found = checked(read_stack([name])).scenario
    assert found.name == name
    assert found.title_zh
    assert found.title_en
