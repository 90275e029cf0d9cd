"""What a subsidy hangs on, read from the facts: one row per household asked about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator.model.composition import Composition
from allocator.model.enums import Relation
from allocator.model.facts import Facts
from allocator.model.lookups import is_among
from allocator.policy.known import Proof, assets_of, income_of
from allocator.policy.model import MarketSubsidyRules, SubsidyRules
from allocator.tenancies.spans import days_of, years_of_age

_KEPT: Final = ("income_per_year_fen", "assets_fen", "benefit_status", "district")
_AREAS: Final = ("building_area_cm2", "usable_area_cm2")


AnyRules = SubsidyRules | MarketSubsidyRules


def circumstances(facts: Facts, receipt_nos: Any, rules: AnyRules, on: date) -> pd.DataFrame:
    """One row per receipt number, in the given order, with missing values kept missing.

    Columns: ``receipt_no``, ``income_per_year_fen`` and ``assets_fen`` Int64, ``benefit_status`` str,
    ``num_persons`` int64 (heads the rules count; 0: none known), ``has_home`` boolean (NA: unknown),
    ``owned_area_cm2`` Int64 (building area), ``district`` str, ``steps_up`` bool.
    """
    asked = pd.Index(np.asarray(receipt_nos, dtype=object), name="receipt_no")
    households = facts.households[is_among(facts.households["receipt_no"], asked)].reset_index(drop=True)
    found = _as_known(replace(facts, households=households), rules, on).reindex(asked)
    families = _families(_counted(facts.members, rules), rules, on).reindex(asked)
    found["num_persons"] = families["num_persons"].fillna(0).astype("int64")
    found["steps_up"] = families["steps_up"].eq(True)
    found["has_home"] = _has_home(found)
    found["owned_area_cm2"] = found["building_area_cm2"]
    return found[[*_KEPT, "num_persons", "has_home", "owned_area_cm2", "steps_up"]].reset_index()


def _as_known(facts: Facts, rules: AnyRules, on: date) -> pd.DataFrame:
    """By receipt number, with income and assets as the screening counts them: imputed, and missing where not known."""
    households, people = facts.households, Composition.of(facts, on)
    proof = Proof(rules.counted or tuple(Relation), rules.imputation, rules.freshness)
    found = households.set_index("receipt_no")[[*_KEPT, *_AREAS]]
    for name, amount in (
        ("income_per_year_fen", income_of(people, proof)),
        ("assets_fen", assets_of(people, proof)),
    ):
        found[name] = pd.Series(amount.amounts, index=found.index).astype("Int64").where(amount.known)
    return found


def _counted(members: pd.DataFrame, rules: AnyRules) -> pd.DataFrame:
    """The members who count as heads; rules that name none count everybody."""
    if not rules.counted:
        return members
    return members[members["relation"].isin([str(relation) for relation in rules.counted])]


def _has_home(found: pd.DataFrame) -> pd.Series:
    """Any known area is a home; a known zero and nothing else is none; silence is unknown."""
    areas = found[list(_AREAS)]
    known = areas.notna().any(axis=1)
    some = (areas > 0).fillna(False).any(axis=1)
    return some.astype("boolean").mask(~known)


def _families(members: pd.DataFrame, rules: AnyRules, on: date) -> pd.DataFrame:
    """Per receipt number: persons, and whether the household goes one tier up.

    A blank flag is no flag, and a missing birth date is nobody's old age: the step is given on evidence.
    """
    flags = rules.step_up_flags if isinstance(rules, SubsidyRules) else ()
    marked = _marked(members["flags"], flags)
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


def _aged(members: pd.DataFrame, rules: AnyRules, on: date) -> Any:
    if not isinstance(rules, SubsidyRules) or rules.step_up_all_aged is None:
        return np.zeros(len(members), dtype=bool)
    born = days_of(members["birth_date"])
    known = ~np.isnat(born)
    age = years_of_age(np.where(known, born, np.datetime64(on, "D")), np.datetime64(on, "D"))
    return known & (age >= rules.step_up_all_aged)
