"""What a subsidy hangs on, read from the facts: one row per household asked about."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from allocator.model.enums import Relation
from allocator.model.facts import Facts
from allocator.policy.model import SubsidyRules
from allocator.tenancies.spans import days_of, years_of_age


def circumstances(facts: Facts, receipt_nos: Any, rules: SubsidyRules, on: date) -> pd.DataFrame:
    """One row per receipt number, in the given order, with missing values kept missing.

    Columns: ``receipt_no``, ``income_per_year_fen`` and ``assets_fen`` Int64, ``benefit_status`` str,
    ``num_persons`` int64 (0: no members known), ``has_home`` boolean (NA: unknown), ``steps_up`` bool.
    """
    asked = pd.Index(np.asarray(receipt_nos, dtype=object), name="receipt_no")
    columns = ["income_per_year_fen", "assets_fen", "benefit_status", "building_area_cm2", "usable_area_cm2"]
    found = facts.households.set_index("receipt_no")[columns].reindex(asked)
    families = _families(facts.members, rules, on).reindex(asked)
    found["num_persons"] = families["num_persons"].fillna(0).astype("int64")
    found["steps_up"] = families["steps_up"].eq(True)
    found["has_home"] = _has_home(found)
    kept = ["income_per_year_fen", "assets_fen", "benefit_status", "num_persons", "has_home", "steps_up"]
    return found[kept].reset_index()


def _has_home(found: pd.DataFrame) -> pd.Series:
    """Any known area is a home; a known zero and nothing else is none; silence is unknown."""
    areas = found[["building_area_cm2", "usable_area_cm2"]]
    known = areas.notna().any(axis=1)
    some = (areas > 0).fillna(False).any(axis=1)
    return some.astype("boolean").mask(~known)


def _families(members: pd.DataFrame, rules: SubsidyRules, on: date) -> pd.DataFrame:
    """Per receipt number: persons, and whether the household goes one tier up.

    A blank flag is no flag, and a missing birth date is nobody's old age: the step is given on evidence.
    """
    marked = _marked(members["flags"], rules.step_up_flags)
    is_child = members["relation"].to_numpy() == Relation.CHILD
    people = pd.DataFrame({"marked": marked, "aged": _aged(members, rules, on) & ~is_child})
    grouped = people.groupby(members["receipt_no"].to_numpy())
    return pd.DataFrame(
        {"num_persons": grouped.size(), "steps_up": grouped["marked"].any() | grouped["aged"].all()}
    )


def _marked(flags: pd.Series, wanted: tuple[str, ...]) -> Any:
    texts = ";" + flags.fillna("").astype("str") + ";"
    marked = np.zeros(len(texts), dtype=bool)
    for flag in wanted:
        marked |= texts.str.contains(f";{flag};", regex=False).to_numpy(dtype=bool)
    return marked


def _aged(members: pd.DataFrame, rules: SubsidyRules, on: date) -> Any:
    if rules.step_up_all_aged is None:
        return np.zeros(len(members), dtype=bool)
    born = days_of(members["birth_date"])
    known = ~np.isnat(born)
    age = years_of_age(np.where(known, born, np.datetime64(on, "D")), np.datetime64(on, "D"))
    return known & (age >= rules.step_up_all_aged)
