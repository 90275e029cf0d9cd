"""Households and their members in a synthetic city."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator.model.columns import FLAGS
from allocator.model.enums import BenefitStatus, Branch, HouseholdRegistration, Relation
from scenarios.housing import MAIN_EMPLOYER
from scenarios.identity import id_numbers, names
from scenarios.worlds import BRANCHES, DISTRICTS, World

# Households of more than one person: spouse, children, parents, and how common (domain.md 6, rescaled).
_SHAPES: Final = ((1, 0, 0), (1, 1, 0), (1, 2, 0), (0, 1, 0), (1, 0, 1))
_SHAPE_SHARES: Final = np.array([18.0, 13.0, 4.0, 1.5, 1.5]) / 38.0
# Flag -> chance for a grown-up; orphans are applicants living alone.
_FLAG_CHANCES: Final = {
    "severe_disability": 0.008,
    "serious_illness": 0.008,
    "veteran": 0.012,
    "model_worker": 0.002,
    "orphan": 0.004,
}
_STATUS_SHARES: Final = {True: (0.86, 0.07, 0.05, 0.02), False: (0.985, 0.010, 0.004, 0.001)}
_REGISTRATIONS: Final = tuple(HouseholdRegistration)
_REGISTRATION_SHARES: Final = {
    Branch.LOCAL: (0.94, 0.06, 0.0),
    Branch.NEW_EMPLOYEE: (0.25, 0.15, 0.60),
    Branch.MIGRANT: (0.0, 0.12, 0.88),
    Branch.EMPLOYER: (0.10, 0.20, 0.70),
}
# Pay over the year against its mean: slack in spring, peak from August to December.
_SEASON: Final = np.array([0.75, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0, 1.15, 1.25, 1.3, 1.2, 1.15])


@dataclass(frozen=True, eq=False)
class People:
    """Households, their members, and what preferences hang on, row for row with ``households``.

    ``num_persons``; ``is_male`` (applicant); ``has_big_child``: a single parent with a child of ten or more.
    """

    households: pd.DataFrame
    members: pd.DataFrame
    num_persons: np.ndarray
    is_male: np.ndarray
    has_big_child: np.ndarray


def people(
    num: int,
    world: World,
    first_day: np.datetime64,
    employer_ids: np.ndarray,
    generator: np.random.Generator,
    *,
    first_number: int = 1,
    taken: pd.Series | None = None,
) -> People:
    """``num`` households, numbered from ``first_number``, none of whose members has an ID of ``taken``."""
    year = str(first_day)[:4]
    receipts = np.array([f"SL{year}{k:07d}" for k in range(first_number, first_number + num)], dtype=object)
    branch = generator.choice(4, num, p=world.branch_shares)
    shape = _shapes(num, world, generator)
    members = _members(receipts, shape, branch, first_day, generator, taken)
    households = _households(receipts, branch, shape, world, first_day, employer_ids, generator)
    households["needs_accessible"] = _needs_accessible(households, members, generator)
    _leave_gaps(households, generator)
    applicants = members[members["relation"] == Relation.APPLICANT]
    child_births = (
        members.loc[members["relation"] == Relation.CHILD].groupby("receipt_no")["birth_date"].min()
    )
    ten_years_ago = pd.Timestamp(first_day) - pd.DateOffset(years=10)
    has_big_child = (child_births.reindex(receipts) <= ten_years_ago).to_numpy() & (shape[:, 0] == 0)
    is_male = (applicants["sex"] == "male").to_numpy()
    return People(households, members, 1 + shape.sum(axis=1), is_male, has_big_child)


def _shapes(num: int, world: World, generator: np.random.Generator) -> np.ndarray:
    """(num, 3) spouse, children, parents."""
    shape = np.array(_SHAPES)[generator.choice(len(_SHAPES), num, p=_SHAPE_SHARES)]
    shape[generator.random(num) < world.single_share] = 0
    return shape


def _members(
    receipts: np.ndarray,
    shape: np.ndarray,
    branch: np.ndarray,
    first_day: np.datetime64,
    generator: np.random.Generator,
    taken: pd.Series | None,
) -> pd.DataFrame:
    """One row per person, in household order, the applicant first."""
    num = len(receipts)
    age = _applicant_ages(shape, branch, generator)
    is_male = generator.random(num) < 0.6
    blocks = [(np.arange(num), Relation.APPLICANT, age, is_male)]
    spouse = np.flatnonzero(shape[:, 0])
    near = np.minimum(age[spouse] + generator.normal(0, 2.5, len(spouse)), 80)
    # Spread, not clipped to 20: an atom would put thousands on one day of birth, more than ID numbers hold.
    near = np.where(near < 20, 20 + 6 * generator.random(len(spouse)), near)
    blocks.append((spouse, Relation.SPOUSE, near, ~is_male[spouse]))
    child = np.repeat(np.arange(num), shape[:, 1])
    child_age = generator.random(len(child)) * np.clip(age[child] - 20, 0.5, 17.9)
    blocks.append((child, Relation.CHILD, child_age, generator.random(len(child)) < 0.52))
    parent = np.flatnonzero(shape[:, 2])
    parent_age = age[parent] + generator.uniform(22, 32, len(parent))
    blocks.append((parent, Relation.PARENT, parent_age, generator.random(len(parent)) < 0.4))
    household, ages, male = (np.concatenate([block[k] for block in blocks]) for k in (0, 2, 3))
    relation = np.concatenate([np.full(len(block[0]), block[1], dtype=object) for block in blocks])
    birth = first_day - (ages * 365.25).astype(np.int64).astype("timedelta64[D]")
    frame = pd.DataFrame({"receipt_no": receipts[household], "relation": relation, "birth_date": birth})
    frame["sex"] = np.where(male, "male", "female")
    frame["id_number"] = id_numbers(birth, male, taken)
    frame["name"] = names(len(frame), generator)
    frame["flags"] = _flags(ages, shape.sum(axis=1)[household] == 0, generator)
    return frame.iloc[np.argsort(household, kind="stable")].reset_index(drop=True)


def _applicant_ages(shape: np.ndarray, branch: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Lognormal around 25 for singles, older with a family; 18 to 55, and a few local elders."""
    num = len(shape)
    median = np.where(shape[:, 1] > 0, 34.0, np.where(shape.any(axis=1), 29.0, 25.0))
    age = median * generator.lognormal(0.0, 0.25, num)
    low = np.where(shape.any(axis=1), 22.0, 18.0)
    outside = (age < low) | (age > 55)
    age[outside] = (low + generator.random(num) * 14)[outside]
    is_elder = (branch == BRANCHES.index(Branch.LOCAL)) & (shape[:, 1:].sum(axis=1) == 0)
    is_elder &= generator.random(num) < 0.07
    age[is_elder] = generator.uniform(60, 78, int(is_elder.sum()))
    return age


def _flags(ages: np.ndarray, is_alone: np.ndarray, generator: np.random.Generator) -> Any:
    """Flags joined by ``;`` in the order of their names; none for most."""
    words = sorted(FLAGS)
    may = dict.fromkeys(words, ages >= 18) | {"orphan": is_alone & (ages < 30)}
    may["severe_disability"] = np.ones(len(ages), dtype=bool)
    bits = np.zeros(len(ages), dtype=np.int64)
    for place, word in enumerate(words):
        bits |= (may[word] & (generator.random(len(ages)) < _FLAG_CHANCES[word])).astype(np.int64) << place
    spelled = [";".join(compress(words, (code >> k & 1 for k in range(5)))) or None for code in range(32)]
    return np.array(spelled, dtype=object)[bits]


def _households(
    receipts: np.ndarray,
    branch: np.ndarray,
    shape: np.ndarray,
    world: World,
    first_day: np.datetime64,
    employer_ids: np.ndarray,
    generator: np.random.Generator,
) -> pd.DataFrame:
    num, is_local = len(receipts), branch == BRANCHES.index(Branch.LOCAL)
    persons = 1 + shape.sum(axis=1)
    status = _statuses(is_local, generator)
    waited = np.minimum(generator.exponential(420, num), 1795).astype(np.int64) + 5
    frame = pd.DataFrame({"receipt_no": receipts, "branch": np.array(BRANCHES, dtype=object)[branch]})
    frame["employer_id"] = _employers_of(branch, world, employer_ids, generator)
    frame["registered_on"] = first_day - waited.astype("timedelta64[D]")
    frame["income_per_year_fen"] = _incomes(shape, status > 0, first_day, generator)
    assets = generator.lognormal(np.log(45_000), 1.0, num) * np.where(status > 0, 0.3, 1.0)
    frame["assets_fen"] = (assets.astype(np.int64) // 100) * 10_000
    usable = _areas(persons, generator)
    frame["usable_area_cm2"] = usable
    frame["building_area_cm2"] = usable * 13 // 10
    frame["benefit_status"] = np.array(tuple(BenefitStatus), dtype=object)[status]
    frame["district"] = np.array(DISTRICTS)[generator.integers(0, len(DISTRICTS), num)]
    frame["household_registration"] = _registrations(branch, generator)
    return frame.assign(**_months(is_local, generator), **_histories(is_local, first_day, generator))


def _statuses(is_local: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    drawn = generator.random(len(is_local))
    local, other = (np.cumsum(_STATUS_SHARES[known])[:-1] for known in (True, False))
    return np.where(is_local, np.searchsorted(local, drawn), np.searchsorted(other, drawn))


def _employers_of(
    branch: np.ndarray, world: World, employer_ids: np.ndarray, generator: np.random.Generator
) -> Any:
    """Staff of the main employer come first from the employer branch, then from others who work."""
    num = len(branch)
    is_staff = branch == BRANCHES.index(Branch.EMPLOYER)
    works = generator.random(num) < np.where(branch == BRANCHES.index(Branch.LOCAL), 0.4, 0.8)
    employer = employer_ids[generator.integers(1, len(employer_ids), num)].astype(object)
    num_main = min(round(world.main_employer_staff * num), num)
    first = np.argsort(~is_staff * 2 + ~works + generator.random(num) * 0.5, kind="stable")[:num_main]
    employer[~(is_staff | works)] = None
    employer[first] = MAIN_EMPLOYER
    return employer


def _incomes(
    shape: np.ndarray, is_assisted: np.ndarray, first_day: np.datetime64, generator: np.random.Generator
) -> np.ndarray:
    """Fen over the twelve months before: pay swings with the season, so one month says little."""
    num = len(shape)
    earners = 1 + (shape[:, 0] * (generator.random(num) < 0.75))
    monthly = generator.lognormal(np.log(3_500), 0.28, num) * np.where(is_assisted, 0.3, 1.0)
    month = np.roll(_SEASON, -(int(str(first_day)[5:7]) - 1))
    pay = month * np.exp(generator.normal(0, 0.1, (num, 12)))
    return (monthly * earners * pay.sum(axis=1)).astype(np.int64) * 100


def _areas(persons: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """cm² of usable area; four in five households own nothing here."""
    per_head = generator.integers(8, 45, len(persons)) * 5_000
    return np.where(generator.random(len(persons)) < 0.82, 0, per_head * persons)


def _registrations(branch: np.ndarray, generator: np.random.Generator) -> Any:
    limits = np.array([np.cumsum(_REGISTRATION_SHARES[name])[:2] for name in BRANCHES])
    drawn = generator.random(len(branch))
    return np.array(_REGISTRATIONS, dtype=object)[(drawn[:, None] >= limits[branch]).sum(axis=1)]


def _months(is_local: np.ndarray, generator: np.random.Generator) -> dict[str, Any]:
    """Tenure with a monthly hazard of 6 % (median 11 months); insurance also from earlier employers."""
    num = len(is_local)
    # Two in five know the one-year rules and ask only when they fulfil them.
    employment = np.minimum(generator.geometric(0.06, num) + 12 * (generator.random(num) < 0.4), 240)
    earlier = generator.integers(6, 60, num) * (generator.random(num) < 0.65)
    permit = pd.array(np.minimum(employment + generator.integers(0, 60, num), 300), dtype="Int64")
    permit[is_local] = pd.NA
    return {
        "employment_months": employment,
        "social_insurance_months": employment + earlier,
        "residence_permit_months": permit,
    }


def _histories(
    is_local: np.ndarray, first_day: np.datetime64, generator: np.random.Generator
) -> dict[str, Any]:
    num = len(is_local)
    sold = (first_day - generator.integers(30, 3000, num).astype("timedelta64[D]")).astype("datetime64[s]")
    other = np.array([None, "保障性租赁住房"], dtype=object)[(generator.random(num) < 0.008).astype(int)]
    queued = is_local & (generator.random(num) < 0.04)
    queue = np.array([None, "经济适用住房轮候"], dtype=object)[queued.astype(int)]
    return {
        "last_home_disposed_on": np.where(generator.random(num) < 0.025, sold, np.datetime64("NaT")),
        "other_housing_product": other,
        "registered_queue": queue,
    }


def _needs_accessible(
    households: pd.DataFrame, members: pd.DataFrame, generator: np.random.Generator
) -> np.ndarray:
    is_disabled = members["flags"].astype("str").str.contains("severe_disability", na=False)
    disabled = households["receipt_no"].isin(members.loc[is_disabled, "receipt_no"]).to_numpy()
    return generator.random(len(households)) < np.where(disabled, 0.6, 0.004)


def _leave_gaps(households: pd.DataFrame, generator: np.random.Generator) -> None:
    """Late papers: one of five columns is empty for about 4 % of the households."""
    columns = (
        "income_per_year_fen",
        "assets_fen",
        "usable_area_cm2",
        "benefit_status",
        "social_insurance_months",
    )
    missing = np.where(
        generator.random(len(households)) < 0.04, generator.integers(0, 5, len(households)), -1
    )
    for place, column in enumerate(columns):
        households[column] = households[column].mask(missing == place)
    # Who brings no paper of the usable area brings none of the building area.
    households["building_area_cm2"] = households["building_area_cm2"].mask(missing == 2)
