"""Beijing 2015 (京建法〔2015〕14号), computed by hand. Standard household: 3 persons, 50 m² at 40 yuan/m²: rent 2,000 yuan."""

from __future__ import annotations

from datetime import date

import pytest

from allocator.policy import load
from allocator.tenancies.subsidies import monthly_subsidy_fen

from .worlds import BEIJING_2015, M2, YUAN, frame_of, household


def judged(**given):
    row = monthly_subsidy_fen(frame_of(household(**given)), BEIJING_2015).iloc[0]
    return int(row["subsidy_fen"]), row["tier"], row["reason"]


def yearly(per_head_yuan, persons=3):
    """Yearly household income of that monthly income per head."""
    return per_head_yuan * 12 * persons * YUAN


@pytest.mark.parametrize(
    ("income_fen", "subsidy_yuan", "tier"),
    [
        (0, 1_400, "up_to_1200"),  # 2,000 x 70 %
        (yearly(1_200), 1_400, "up_to_1200"),  # 1,200 belongs below
        (yearly(1_200) + 1, 1_000, "up_to_1600"),  # one fen a year more: 2,000 x 50 %
        (yearly(1_600), 1_000, "up_to_1600"),
        (yearly(1_600) + 1, 500, "up_to_2000"),  # 2,000 x 25 %
        (yearly(2_000), 500, "up_to_2000"),
        (yearly(2_000) + 1, 200, "up_to_2400"),  # 2,000 x 10 %
        (yearly(2_400), 200, "up_to_2400"),
    ],
)
def test_income_tiers_on_both_sides_of_each_bound(income_fen, subsidy_yuan, tier):
    """A bound belongs to the tier below it; one fen a year more is the next tier."""
    assert judged(income_per_year_fen=income_fen) == (subsidy_yuan * YUAN, tier, "paid")


def test_above_the_last_bound_nothing_is_paid():
    """Above 2,400 yuan a head and month there is no subsidy."""
    assert judged(income_per_year_fen=yearly(2_400) + 1) == (0, "", "income_above")


@pytest.mark.parametrize(
    ("status", "subsidy_yuan"),
    # 2,000 x 95 %, 2,000 x 90 %
    [("minimum_living", 1_900), ("extreme_poverty", 1_900), ("low_income", 1_800)],
)
def test_a_certificate_overrides_income(status, subsidy_yuan):
    """A certificate of civil affairs decides, however high or unknown the income."""
    for income in (0, yearly(9_999), None):
        assert judged(benefit_status=status, income_per_year_fen=income)[0] == subsidy_yuan * YUAN


@pytest.mark.parametrize(
    ("area_m2", "subsidy_yuan"),
    # 59 x 40 x 70 % = 1,652; 60 x 40 x 70 % = 1,680; 80 m² counts as 60
    [(59, 1_652), (60, 1_680), (61, 1_680), (80, 1_680)],
)
def test_area_counts_up_to_sixty_square_metres(area_m2, subsidy_yuan):
    """Building area above 60 m² is not subsidised."""
    assert judged(area_cm2=area_m2 * M2)[0] == subsidy_yuan * YUAN


@pytest.mark.parametrize(
    ("persons", "assets_yuan", "reason"),
    [
        (1, 570_000, "paid"),
        (3, 570_000, "paid"),
        (3, 570_001, "assets_above"),
        (4, 570_001, "paid"),
        (4, 760_000, "paid"),
        (4, 760_001, "assets_above"),
    ],
)
def test_assets_cap_by_household_size(persons, assets_yuan, reason):
    """Up to three persons may own 570,000 yuan, four and more 760,000, both included."""
    assert judged(num_persons=persons, assets_fen=assets_yuan * YUAN)[2] == reason


@pytest.mark.parametrize(
    ("given", "subsidy_yuan", "tier"),
    [
        ({"income_per_year_fen": yearly(2_400)}, 500, "up_to_2000"),  # 10 % -> 25 %
        ({"income_per_year_fen": yearly(2_000)}, 1_000, "up_to_1600"),  # 25 % -> 50 %
        ({"income_per_year_fen": yearly(1_600)}, 1_400, "up_to_1200"),  # 50 % -> 70 %
        ({"income_per_year_fen": yearly(1_200)}, 1_800, "certified_90"),  # 70 % -> 90 %
        ({"benefit_status": "low_income"}, 1_900, "certified_95"),  # 90 % -> 95 %
        ({"benefit_status": "minimum_living"}, 1_900, "certified_95"),  # nothing above
    ],
)
def test_one_step_up_once(given, subsidy_yuan, tier):
    """Disability, serious illness or old age without children lift a household by one tier, once."""
    assert judged(steps_up=True, **given) == (subsidy_yuan * YUAN, tier, "paid")


def test_a_step_up_does_not_open_the_door():
    """Above the last bound there is no tier to step up from."""
    assert judged(steps_up=True, income_per_year_fen=yearly(2_401)) == (0, "", "income_above")


def test_an_own_home_bars():
    """A household with a home of its own gets nothing, certificate or not."""
    assert judged(has_home=True, benefit_status="minimum_living") == (0, "", "has_home")


@pytest.mark.parametrize(
    "given",
    [
        {"income_per_year_fen": None},
        {"assets_fen": None},
        {"benefit_status": None},
        {"has_home": None},
        {"num_persons": 0},
        {"assets_fen": None, "benefit_status": "minimum_living"},
    ],
)
def test_silence_is_never_paid(given):
    """A missing value gives nothing and the reason ``unknown``."""
    assert judged(**given) == (0, "", "unknown")


def test_a_known_bar_is_told_before_a_missing_value():
    """What is known to bar is the reason, even where something else is missing."""
    assert judged(income_per_year_fen=None, has_home=True)[2] == "has_home"


def test_income_is_not_divided():
    """Income per head is compared without division: 28,800.01 yuan for one person is above 2,400 a month."""
    # 28,800.01 / 12 = 2,400.000833...
    assert judged(num_persons=1, income_per_year_fen=2_880_001)[2] == "income_above"
    assert judged(num_persons=1, income_per_year_fen=2_880_000)[2] == "paid"


def test_half_a_fen_of_subsidy_goes_up():
    """The subsidy is rounded once, at the end, half up."""
    # 0.5 m² x 0.10 yuan x 70 % = 3.5 fen -> 4
    assert judged(area_cm2=5_000, rent_per_m2_fen=10)[0] == 4


def test_a_bed_has_a_share_of_its_rent():
    """A bed's subsidy is the share of the rent per bed."""
    # 150 yuan x 70 % = 105 yuan
    assert judged(is_bed=True, area_cm2=6 * M2, rent_per_m2_fen=150 * YUAN)[0] == 105 * YUAN


def test_the_shipped_law_is_this_rule():
    """The tiers, caps and steps computed here by hand are those of the shipped Beijing policy."""
    shipped = load("beijing").in_force(date(2026, 3, 1)).tenancy.subsidy
    assert shipped is not None
    assert [_figures(tier) for tier in shipped.tiers] == [_figures(tier) for tier in BEIJING_2015.tiers]
    for name in ("area_cap_cm2", "assets_caps_fen", "step_up_flags", "step_up_all_aged", "requires_no_home"):
        assert getattr(shipped, name) == getattr(BEIJING_2015, name)


def _figures(tier):
    return (set(tier.statuses), tier.income_above_fen, tier.income_up_to_fen, tier.share_per_mille)
