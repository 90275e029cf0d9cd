"""Small named worlds and a columnar city for the store's tests. All people are invented; address code 999999."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from allocator.model.columns import TABLES, table_named
from allocator.model.facts import Facts, conform
from allocator.model.records import RoundRecord

MARCH = RoundRecord("2026-03", "open", "example", "sha256:00", True, date(2026, 3, 1), ())


def frame(table: str, **columns: object) -> pd.DataFrame:
    """A frame of that table; columns not named are empty."""
    return conform(pd.DataFrame(columns), table_named(table))


def two_families() -> Facts:
    """A family of two and a single person want the one project's one flat."""
    return Facts(
        employers=frame(
            "employers", employer_id=["E1"], name=["厂"], credit_code=["91"], district=["999999"]
        ),
        projects=frame(
            "projects", project_id=["P1"], name=["里"], supply_mode=["leased"], district=["999999"]
        ),
        dwellings=frame(
            "dwellings",
            dwelling_id=["D1"],
            project_id=["P1"],
            kind=["flat"],
            dwelling_type=["one_room"],
            building_area_cm2=[450_000],
            floor=[1],
            accessible=[False],
            rent_per_m2_fen=[2_000],
            available_on=pd.to_datetime(["2026-03-01"]),
        ),
        households=frame(
            "households",
            receipt_no=["R1", "R2"],
            branch=["local", "migrant"],
            income_per_year_fen=[6_000_000, None],
            benefit_status=["low_income", None],
            needs_accessible=[True, None],
        ),
        members=frame(
            "members",
            receipt_no=["R1", "R1", "R2"],
            name=["甄士隐", "封氏", "贾雨村"],
            id_number=["999999197001010011", "999999197202020029", "999999198003030035"],
            relation=["applicant", "spouse", "applicant"],
            sex=["male", "female", "male"],
            birth_date=pd.to_datetime(["1970-01-01", "1972-02-02", "1980-03-03"]),
            flags=["", "severe_disability", ""],
        ),
        preferences=frame(
            "preferences",
            receipt_no=["R1", "R1", "R2"],
            rank=[1, 2, 1],
            project_id=["P1", "*", "P1"],
            dwelling_type=["one_room", "*", "*"],
        ),
    )


def city(num_households: int, seed: int) -> Facts:
    """A city in columns: 1.65 members and 10 preferences per household."""
    chance = np.random.default_rng(seed)
    projects = np.array([f"P{number:03d}" for number in range(60)])
    receipts = np.array([f"R{number:08d}" for number in range(num_households)])
    num_members = 1 + (chance.random(num_households) < 0.65)
    owner = np.repeat(receipts, num_members)
    is_first = np.r_[True, owner[1:] != owner[:-1]]
    born = pd.Timestamp("1960-01-01") + pd.to_timedelta(chance.integers(0, 15_000, len(owner)), "D")
    numbers = [f"999999{day:%Y%m%d}{at % 10_000:04d}" for at, day in enumerate(born)]
    chosen = np.argsort(chance.random((num_households, len(projects))), axis=1)[:, :10].ravel()
    num_dwellings = max(1, num_households // 3)
    return Facts(
        employers=frame(
            "employers", employer_id=["E1"], name=["厂"], credit_code=["91"], district=["999999"]
        ),
        projects=frame(
            "projects", project_id=projects, name=projects, supply_mode="leased", district="999999"
        ),
        dwellings=frame(
            "dwellings",
            dwelling_id=[f"D{number:07d}" for number in range(num_dwellings)],
            project_id=chance.choice(projects, num_dwellings),
            kind="flat",
            dwelling_type="one_room",
            building_area_cm2=450_000,
            floor=chance.integers(1, 30, num_dwellings),
            accessible=chance.random(num_dwellings) < 0.1,
            rent_per_m2_fen=2_000,
            available_on=pd.Timestamp("2026-01-01"),
        ),
        households=frame(
            "households",
            receipt_no=receipts,
            branch="local",
            registered_on=pd.Timestamp("2020-01-01"),
            income_per_year_fen=chance.integers(10**6, 10**7, num_households),
            assets_fen=chance.integers(10**7, 10**8, num_households),
            building_area_cm2=chance.integers(0, 10**6, num_households),
            benefit_status="none",
            social_insurance_months=chance.integers(0, 300, num_households),
        ),
        members=frame(
            "members",
            receipt_no=owner,
            name=[f"甄士隐{at}" for at in range(len(owner))],
            id_number=numbers,
            relation=np.where(is_first, "applicant", "spouse"),
            sex="male",
            birth_date=born,
            flags="",
        ),
        preferences=frame(
            "preferences",
            receipt_no=np.repeat(receipts, 10),
            rank=np.tile(np.arange(1, 11), num_households),
            project_id=projects[chosen],
            dwelling_type="*",
        ),
    )


def assert_same(expected: Facts, actual: Facts) -> None:
    """Equal values and dtypes, whatever the order of ``expected``'s rows."""
    for table in TABLES:
        want = getattr(expected, table.name).sort_values(list(table.key), ignore_index=True)
        pd.testing.assert_frame_equal(want, getattr(actual, table.name))
