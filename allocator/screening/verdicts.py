"""审核结论: three-valued, so that a missing value is never a pass.

A branch is open to a household when all that is ``always`` asked holds and one of its ways does. A way
holds when all its criteria hold, fails when one fails, and else is open. What failed for certain makes
``INELIGIBLE`` even where something else is unknown; only an open case is ``INCOMPLETE``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.model.composition import Composition
from allocator.model.enums import Branch, Verdict
from allocator.model.facts import Facts
from allocator.policy.in_force import Policy
from allocator.policy.rules import BranchRule
from allocator.screening.columns import Bools, Columns
from allocator.screening.criteria import HOLDS, NOT_ASKED, UNKNOWN, Answers, judge

Truths = npt.NDArray[np.int8]
# A lattice: "and" is the least, "or" the greatest.
NO, OPEN, YES = 0, 1, 2
_VERDICTS: Final = np.array(
    [Verdict.INELIGIBLE.value, Verdict.INCOMPLETE.value, Verdict.ELIGIBLE.value], dtype=object
)


@dataclass(frozen=True, eq=False)
class Screening:
    """``verdicts``: ``receipt_no, verdict, num_persons``, one row per household in the facts' order.

    ``findings``: ``receipt_no`` and one int8 column per criterion: 1 holds, 0 fails, -1 unknown, -2 not asked.
    """

    verdicts: pd.DataFrame
    findings: pd.DataFrame


def columns_of(composition: Composition, policy: Policy, num_waivers: Any = None) -> Columns:
    """The columns criteria are counted from; ``num_waivers`` in the households' order (none: no waivers)."""
    waivers = np.zeros(len(composition), dtype=np.int64)
    if num_waivers is not None:
        waivers = pd.Series(num_waivers).astype("Int64").fillna(0).to_numpy(dtype=np.int64)
    rules = policy.screening
    return Columns(composition, rules.persons, waivers, rules.imputation, rules.freshness)


def screen(
    facts: Facts,
    policy: Policy,
    on: date,
    *,
    num_waivers: pd.Series | None = None,
    composition: Composition | None = None,
) -> Screening:
    """Verdict and findings of every household on that day.

    ``num_waivers``: in the households' order. ``composition``: of the same facts and day, to save the work.
    """
    people = composition if composition is not None else Composition.of(facts, on)
    columns = columns_of(people, policy, num_waivers)
    rules = policy.screening
    outcomes = {name: judge(rules.criteria[name], columns).holds for name in rules.used()}
    branch = people.households["branch"]
    rows = {b: np.flatnonzero((branch == b.value).to_numpy(dtype=bool, na_value=False)) for b in Branch}
    findings = {name: np.full(len(people), NOT_ASKED, dtype=np.int8) for name in outcomes}
    truth = np.where(branch.isna().to_numpy(dtype=bool), OPEN, NO).astype(np.int8)
    for name, rule in rules.branches.items():
        named = rows[name]
        answers = {key: outcomes[key].take(named) for key in asked_by(rule)}
        truth[named] = branch_truth(rule, answers)
        for key, found in answers.items():
            findings[key][named] = found
    receipts = people.households["receipt_no"].reset_index(drop=True)
    verdicts = pd.DataFrame(
        {
            "receipt_no": receipts,
            "verdict": pd.Series(_VERDICTS[truth], dtype="str"),
            "num_persons": columns.persons("fit"),
        }
    )
    return Screening(verdicts, pd.DataFrame({"receipt_no": receipts, **findings}))


def asked_by(rule: BranchRule) -> tuple[str, ...]:
    """Criteria a branch asks, each once, in its order."""
    return tuple(dict.fromkeys([*(name for way in rule.ways for name in way), *rule.always]))


def branch_truth(rule: BranchRule, answers: Mapping[str, Answers]) -> Truths:
    """``NO``, ``OPEN`` or ``YES`` of each household that names the branch."""
    ways = [np.minimum.reduce([_truth(answers[name], NO) for name in way]) for way in rule.ways]
    always = [_truth(answers[name], YES) for name in rule.always]
    return np.minimum.reduce([np.maximum.reduce(ways), *always])


def _truth(answers: Answers, when_not_asked: int) -> Truths:
    """A way nobody claimed is not taken; a bar nothing is recorded for bars nothing."""
    known: Bools = answers == HOLDS
    truth = np.where(known, YES, np.where(answers == UNKNOWN, OPEN, NO))
    return np.where(answers == NOT_ASKED, when_not_asked, truth).astype(np.int8)
