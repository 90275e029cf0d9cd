"""The rule laid out for speed against the rule of the bureau, to the fen."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocator import policy
from allocator.policy.model import SubsidyRules, SubsidyTier
from allocator.tenancies.subsidies import monthly_subsidy_fen
from scenarios.subsidy_rule import columns_of, laid_out, subsidies_fen

ON = date(2026, 3, 1)
LAWS = ("example", "beijing")


def rules_of(name: str) -> SubsidyRules:
    """The subsidy of a shipped law."""
    found = policy.load(name).in_force(ON).tenancy.subsidy
    assert found is not None
    return found


def population(num: int, seed: int) -> pd.DataFrame:
    """Households around every bound, with blanks in every column that may have them."""
    rng = np.random.default_rng(seed)
    persons = rng.integers(0, 7, num)
    per_head = rng.choice([119_999, 120_000, 120_001, 160_000, 200_000, 240_000, 240_001, 300_000], num)
    income = pd.Series(per_head * 12 * np.maximum(persons, 1) + rng.integers(-1, 2, num), dtype="Int64")
    assets = pd.Series(
        rng.choice([0, 20_000_000, 20_000_001, 57_000_000, 57_000_001, 80_000_000], num), dtype="Int64"
    )
    status = rng.choice(
        ["none", "low_income", "minimum_living", "extreme_poverty", None], num, p=[0.6, 0.1, 0.1, 0.1, 0.1]
    )
    home = pd.Series(rng.choice([0, 0, 0, 1], num), dtype="Int8").astype("boolean")
    is_bed = rng.random(num) < 0.3
    return pd.DataFrame(
        {
            "income_per_year_fen": income.mask(rng.random(num) < 0.05),
            "assets_fen": assets.mask(rng.random(num) < 0.05),
            "benefit_status": pd.Series(status, dtype="str"),
            "num_persons": persons,
            "has_home": home.mask(pd.Series(rng.random(num) < 0.05)),
            "steps_up": rng.random(num) < 0.3,
            "area_cm2": rng.integers(60_000, 900_000, num),
            "rent_per_m2_fen": rng.integers(1, 20_000, num),
            "is_bed": is_bed,
            "is_payable": rng.random(num) < 0.9,
        }
    )


@pytest.mark.parametrize("name", LAWS)
def test_every_household_gets_the_same_amount(name: str) -> None:
    """Of 20,000 households around the bounds each gets what ``monthly_subsidy_fen`` gives, and thousands get something."""
    rules, frame = rules_of(name), population(20_000, 7)
    expected = monthly_subsidy_fen(frame, rules)["subsidy_fen"].tolist()
    assert subsidies_fen(columns_of(frame), laid_out(rules)).tolist() == expected
    assert sum(amount > 0 for amount in expected) > 2000


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=5, unique=True),
    st.lists(st.integers(0, 1000), min_size=6, max_size=6),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**32),
)
def test_any_table_without_holes(
    ends: list[int], shares: list[int], has_home_rule: bool, has_caps: bool, seed: int
) -> None:
    """Whatever the bounds, the shares (equal ones too), the caps and the bars: equal to the fen."""
    bounds = [None, *(end * 1000 for end in sorted(ends)), None]
    tiers = [
        SubsidyTier(id=f"t{n}", reference="r", tag="M", income_above_fen=low, income_up_to_fen=high, share_per_mille=share)
        for n, (low, high, share) in enumerate(zip(bounds[:-2], bounds[1:-1], shares, strict=False))
    ]  # fmt: skip
    by_status = SubsidyTier(
        id="s", reference="r", tag="M", statuses=("low_income",), share_per_mille=shares[5]
    )
    rules = SubsidyRules(
        reference="r", tag="M", area_cap_cm2=600_000, tiers=(by_status, *tiers), requires_no_home=has_home_rule,
        assets_caps_fen=((2, 20_000_000), (5, 57_000_000)) if has_caps else (),
    )  # fmt: skip
    frame = population(200, seed)
    expected = monthly_subsidy_fen(frame, rules)["subsidy_fen"].tolist()
    assert subsidies_fen(columns_of(frame), laid_out(rules)).tolist() == expected
