"""What a criterion can be about: names, units and the frame columns read.

The law names a quantity; ``screening.criteria`` registers how it is counted. A quantity is a fraction of
whole numbers (numerator over denominator), so that a bound is compared exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Form = Literal["bound", "one_of", "declared", "not_declared", "consented"]
# Whose number divides, or chooses the size bucket.
Denominator = Literal["income", "housing", "fit"]


@dataclass(frozen=True)
class Quantity:
    """One thing a rule may ask about.

    ``unit`` as the law file writes it; ``scale``: base units (fen, cm², months, …) in one of it.
    ``column``: the household column it hangs on ("" when it comes from the members).
    """

    form: Form
    unit: str
    scale: int
    column: str
    household: Denominator = "income"


QUANTITIES: Final[Mapping[str, Quantity]] = MappingProxyType(
    {
        "income_per_year": Quantity("bound", "yuan/year", 100, "income_per_year_fen"),
        "income_per_head_per_year": Quantity("bound", "yuan/person/year", 100, "income_per_year_fen"),
        "income_per_head_per_month": Quantity("bound", "yuan/person/month", 100, "income_per_year_fen"),
        "assets": Quantity("bound", "yuan", 100, "assets_fen"),
        "assets_per_head": Quantity("bound", "yuan/person", 100, "assets_fen"),
        "usable_area_per_head": Quantity("bound", "m2/person", 10_000, "usable_area_cm2", "housing"),
        "building_area_per_head": Quantity("bound", "m2/person", 10_000, "building_area_cm2", "housing"),
        "building_area": Quantity("bound", "m2", 10_000, "building_area_cm2", "housing"),
        "social_insurance_months": Quantity("bound", "months", 1, "social_insurance_months"),
        "employment_months": Quantity("bound", "months", 1, "employment_months"),
        "residence_permit_months": Quantity("bound", "months", 1, "residence_permit_months"),
        "months_since_home_disposed": Quantity("bound", "months", 1, "last_home_disposed_on", "housing"),
        "applicant_age": Quantity("bound", "years", 1, ""),
        "num_persons": Quantity("bound", "persons", 1, "", "fit"),
        "num_waivers": Quantity("bound", "waivers", 1, ""),
        "household_registration": Quantity("one_of", "none", 1, "household_registration"),
        "benefit_status": Quantity("one_of", "none", 1, "benefit_status"),
        "employer": Quantity("declared", "none", 1, "employer_id"),
        "employer_is_tenant": Quantity("consented", "none", 1, "employer_is_tenant"),
        "registered_queue": Quantity("declared", "none", 1, "registered_queue"),
        "other_housing_product": Quantity("not_declared", "none", 1, "other_housing_product"),
    }
)
# Text codes of the units.
UNIT_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "yuan/year": "unit_yuan_per_year",
        "yuan/person/year": "unit_yuan_per_person_year",
        "yuan/person/month": "unit_yuan_per_person_month",
        "yuan": "unit_yuan",
        "yuan/person": "unit_yuan_per_person",
        "m2/person": "unit_m2_per_person",
        "m2": "unit_m2",
        "months": "unit_months",
        "years": "unit_years",
        "persons": "unit_persons",
        "waivers": "unit_waivers",
    }
)
# Words in a free cell that say "there is none".
NOTHING_DECLARED: Final = ("无", "没有", "否", "none", "no", "None", "No", "NONE", "NO", "N", "n", "/", "-")
