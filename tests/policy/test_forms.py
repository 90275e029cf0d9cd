"""A rule whose form changes keeps both forms, each dated in its name and each in force on its own days."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from allocator import policy, screening
from allocator.policy.page import page
from tests.cases.situations import facts_of

SOUND = Path(__file__).parent / "sound"
CRITERIA = """
[criteria.income_per_year_2012]
rule = "income_per_year"
description_zh = "家庭年收入"
description_en = "Income of the household"
unit = "yuan/year"
reference = "Art 5 of 2012"
tag = "M"
direction = "at_most"
inclusive = true
values = [{ from = 2012-01-01, until = 2015-12-31, value = 60_000 }]

[criteria.income_per_head_2016]
rule = "income_per_head_per_month"
description_zh = "家庭人均月收入"
description_en = "Income per head and month"
unit = "yuan/person/month"
reference = "Art 5 of 2016"
tag = "M"
direction = "at_most"
inclusive = false
values = [{ from = 2016-01-01, value = 2_400 }]
"""
BRANCHES = """
[[branches]]
from = 2012-01-01
branch = "local"
reference = "Art 6 of 2012"
tag = "M"
ways = [["income_per_year_2012"]]

[[branches]]
from = 2016-01-01
branch = "local"
reference = "Art 6 of 2016"
tag = "M"
ways = [["income_per_head_2016"]]
"""


def law_of_two_forms(folder: Path) -> policy.PolicyBook:
    shutil.copytree(SOUND, folder)
    (folder / "criteria.toml").write_text(CRITERIA, encoding="utf-8")
    screening_file = folder / "screening.toml"
    persons = screening_file.read_text(encoding="utf-8").split("[[branches]]")[0]
    screening_file.write_text(persons + BRANCHES, encoding="utf-8")
    return policy.load(folder)


def test_each_form_judges_on_its_own_days(tmp_path: Path) -> None:
    """60,000 yuan for one passes the old form and fails the new; 80,000 for three the other way round."""
    book = law_of_two_forms(tmp_path / "city")
    household = {"branch": "local", "benefit_status": "none"}
    facts = facts_of(
        {
            "one": (household | {"income_per_year": 60_000}, ("A F 1980-01-01",)),
            "three": (
                household | {"income_per_year": 80_000},
                ("A F 1980-01-01", "S M 1980-01-01", "C M 2010-01-01"),
            ),
        }
    )
    told = {}
    for on in (date(2015, 12, 31), date(2016, 1, 1)):
        told[on.year] = screening.screen(facts, book.in_force(on), on).verdicts["verdict"].tolist()
    # 60,000 / 12 = 5,000 a head; 80,000 / 12 / 3 = 2,222 a head
    assert told == {2015: ["ELIGIBLE", "INELIGIBLE"], 2016: ["INELIGIBLE", "ELIGIBLE"]}


def test_the_page_names_the_form_of_its_day(tmp_path: Path) -> None:
    """Each day's page shows the form in force and not the other."""
    book = law_of_two_forms(tmp_path / "city")
    before, after = (page(book.in_force(on), "en") for on in (date(2015, 12, 31), date(2016, 1, 1)))
    assert "Art 5 of 2012" in before
    assert "Art 5 of 2016" not in before
    assert "Art 5 of 2016" in after
    assert "less than 2,400 yuan a month per person" in after


def test_subsidies_carry_the_year_of_their_form() -> None:
    """The share of 2015 and the table of 2020 stand beside each other, each under its name."""
    book = policy.load("beijing")
    forms = [book.in_force(day).tenancy for day in (date(2014, 1, 1), date(2016, 1, 1), date(2021, 1, 1))]
    named = [
        tuple(rules.form for rules in (tenancy.subsidy, tenancy.market_subsidy) if rules is not None)
        for tenancy in forms
    ]
    assert named == [(), ("share_of_rent_2015",), ("share_of_rent_2015", "table_2020")]
