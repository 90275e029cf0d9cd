"""300,000 households with 700,000 members screened, scored and entitled, against a hand-written pandas pass.

The pass by hand knows one law by heart (the branches of 2011 with the override of 2014) and reads the same
columns in the same run; both must say the same of every household. Peak memory is that of the whole process.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from allocator import policy, screening
from allocator.model.columns import HOUSEHOLDS, MEMBERS
from allocator.model.composition import Composition
from allocator.model.facts import Facts, conform
from allocator.policy.in_force import Policy
from allocator.policy.quantities import NOTHING_DECLARED
from allocator.ranking import scores

ON = date(2026, 3, 1)
POLICY = "beijing"
REPEATS = 3
COUNTED = ("applicant", "spouse", "child")


def large_city(num_households: int, mean_members: float = 7 / 3) -> Facts:
    """Households of one to four persons with every column of the law filled but the claims."""
    rng = np.random.default_rng(1)
    receipts = np.array([f"R{number:07d}" for number in range(num_households)])
    days = pd.to_timedelta(rng.integers(0, 1500, num_households), "D")
    households = pd.DataFrame(
        {
            "receipt_no": receipts,
            "branch": rng.choice(["local", "migrant", "employer", "new_employee"], num_households),
            "employer_id": "E1",
            "registered_on": pd.Timestamp("2022-01-01") + days,
            "income_per_year_fen": rng.integers(20_000, 200_000, num_households) * 100,
            "assets_fen": rng.integers(0, 300_000, num_households) * 100,
            "building_area_cm2": rng.choice([0, 250_000, 500_000], num_households),
            "usable_area_cm2": rng.choice([0, 200_000], num_households),
            "benefit_status": rng.choice(["none", "low_income", "minimum_living"], num_households),
            "social_insurance_months": rng.integers(0, 100, num_households),
            "employment_months": rng.integers(0, 50, num_households),
            "household_registration": rng.choice(["local_urban", "other"], num_households),
        }
    )
    sizes = 1 + rng.binomial(3, (mean_members - 1) / 3, num_households)
    home = np.repeat(np.arange(num_households), sizes)
    is_first = np.r_[True, home[1:] != home[:-1]]
    born = pd.to_timedelta(rng.integers(0, 25_000, len(home)), "D")
    members = pd.DataFrame(
        {
            "receipt_no": receipts[home],
            "name": "x",
            "id_number": "x",
            "relation": np.where(is_first, "applicant", rng.choice(["spouse", "child", "parent"], len(home))),
            "sex": rng.choice(["male", "female"], len(home)),
            "birth_date": pd.Timestamp("1950-01-01") + born,
            "flags": rng.choice(["", "veteran", "severe_disability;orphan"], len(home), p=[0.96, 0.02, 0.02]),
        }
    )
    return replace(
        Facts.empty(), households=conform(households, HOUSEHOLDS), members=conform(members, MEMBERS)
    )


def by_law(facts: Facts, law: Policy) -> pd.DataFrame:
    """Verdict, types, group and points by the engine."""
    people = Composition.of(facts, ON)
    screened = screening.screen(facts, law, ON, composition=people)
    entitled = screening.entitled(facts, law, ON, composition=people)
    groups = scores.priority_groups(facts, law, ON, composition=people)
    points = scores.points(facts, law, ON, composition=people)["points"]
    return entitled.assign(verdict=screened.verdicts["verdict"], group=groups, points=points)


def by_hand(facts: Facts) -> pd.DataFrame:
    """The same for this one law and these filled columns, as one would write it in pandas."""
    households, members = facts.households, facts.members
    first = members["birth_date"]
    age = ON.year - first.dt.year - ((first.dt.month * 100 + first.dt.day) > ON.month * 100 + ON.day)
    counted = members["relation"].isin(COUNTED)
    is_child = members["relation"] == "child"
    marks = pd.DataFrame(
        {
            "persons": counted.astype("int64"),
            "couple": (members["relation"] == "spouse").astype("int64"),
            "child": is_child.astype("int64"),
            "older_child": (is_child & (age >= 10)).astype("int64"),
            "aged": (age >= 60).astype("int64"),
            "flagged": (members["flags"].fillna("") != "").astype("int64"),
            "everybody": 1,
            "wages": members["income_per_month_fen"].fillna(0).astype("int64"),
            "adult": ((members["relation"] == "applicant") & (age >= 18)).astype("int64"),
        }
    )
    families = marks.groupby(members["receipt_no"]).sum().reindex(households["receipt_no"]).reset_index()
    eligible = _passes_by_hand(households, families)
    types = _types_by_hand(families)
    types.insert(0, "receipt_no", households["receipt_no"])
    ordinary = (families["aged"] == 0) & (families["flagged"] == 0)
    verdict = pd.Series(np.where(eligible, "ELIGIBLE", "INELIGIBLE"), dtype="str")
    return types.assign(verdict=verdict, group=ordinary.astype("int64"), points=0)


def _passes_by_hand(households: pd.DataFrame, families: pd.DataFrame) -> pd.Series:
    persons = families["persons"]
    line = np.where(persons >= 4, 13_000_000, 10_000_000)
    too_old = households["income_as_of"] < pd.Timestamp(ON) - pd.DateOffset(months=12)
    silent = (households["income_per_year_fen"] == 0) & (families["wages"] > 0)
    income = (households["income_per_year_fen"] <= line) & ~too_old & ~silent | households[
        "benefit_status"
    ].isin(["minimum_living", "extreme_poverty"])
    area = households["usable_area_cm2"] <= persons * 150_000
    local = (households["household_registration"] == "local_urban") & area & income
    no_home = households["building_area_cm2"] <= 0
    stable = (households["employment_months"] >= 12) & (households["social_insurance_months"] >= 12)
    worker = stable & income & no_home
    branch = households["branch"]
    queue, product = (
        ~households[name].fillna("").str.strip().isin(["", *NOTHING_DECLARED])
        for name in ("registered_queue", "other_housing_product")
    )
    is_named = households["employer_id"].fillna("").str.strip() != ""
    passes = ~product & (
        ((branch == "local") & (queue | local))
        | ((branch == "migrant") & worker)
        | ((branch == "new_employee") & income & no_home)
        | ((branch == "employer") & is_named & (queue | local | worker))
    )
    return passes.fillna(value=False).astype(bool) & (families["adult"] > 0)


def _types_by_hand(families: pd.DataFrame) -> pd.DataFrame:
    persons, couple, child = families["persons"], families["couple"] > 0, families["child"] > 0
    young = child & (families["older_child"] == 0)
    single, two, family = persons == 1, persons == 2, persons >= 3
    small = two & (couple | young)
    return pd.DataFrame(
        {
            "bed": single & (families["everybody"] == 1),
            "studio": single | small,
            "one_room": single | small,
            "two_room": two | family,
            "three_room": (two & ~small) | family,
        }
    )


def _median(work: Callable[[], Any]) -> float:
    taken = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def measured(num_households: int) -> dict[str, float]:
    """Seconds of both passes and of one explanation, their ratio, members, and the peak in GB."""
    facts, law = large_city(num_households), policy.load(POLICY).in_force(ON)
    pd.testing.assert_frame_equal(by_law(facts, law), by_hand(facts), check_dtype=False)
    engine, hand = _median(lambda: by_law(facts, law)), _median(lambda: by_hand(facts))
    alone = facts.of_household(str(facts.households["receipt_no"].iloc[7]))
    return {
        "households": num_households,
        "members": len(facts.members),
        "engine_s": engine,
        "by_hand_s": hand,
        "ratio": engine / hand,
        "explanation_ms": 1000 * _median(lambda: screening.findings_of(alone, law, ON)),
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_048_576,
    }


def main(num_households: int = 300_000) -> None:
    """Print the figures, one a line."""
    for name, figure in measured(num_households).items():
        print(f"{name}\t{figure:.3f}" if isinstance(figure, float) else f"{name}\t{figure}")


if __name__ == "__main__":
    main()
