"""可配户型: which types of dwelling fit a household, by size, couple, children, sex and generations."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from allocator.model.composition import Composition
from allocator.model.enums import DwellingType, Relation
from allocator.model.facts import Facts
from allocator.policy.in_force import Policy
from allocator.policy.rules import FitRow
from allocator.screening.columns import Bools, Ints


def entitled(
    facts: Facts, policy: Policy, on: date, *, composition: Composition | None = None
) -> pd.DataFrame:
    """``receipt_no`` and one bool column per dwelling type, in the households' order.

    The first row of the law that fits counts; a household no row fits is entitled to nothing.
    """
    people = composition if composition is not None else Composition.of(facts, on)
    family = _Family(people, policy)
    open_cases = np.ones(len(people), dtype=bool)
    types = {kind: np.zeros(len(people), dtype=bool) for kind in DwellingType}
    for row in policy.entitlement.rows:
        fits = open_cases & family.fits(row)
        for kind in row.types:
            types[kind] |= fits
        open_cases &= ~fits
    types[DwellingType.BED] &= people.size == 1
    receipts = people.households["receipt_no"].reset_index(drop=True)
    return pd.DataFrame({"receipt_no": receipts, **{str(kind): mask for kind, mask in types.items()}})


class _Family:
    """What the rows ask about, each counted once, among those who count for the fit."""

    def __init__(self, people: Composition, policy: Policy) -> None:
        counted = people.related(policy.screening.persons.fit)
        self._people, self._counted = people, counted
        self._children = people.related([Relation.CHILD]) & counted
        self.persons: Ints = people.count(counted)
        self.has_couple: Bools = people.any(people.related([Relation.SPOUSE]) & counted)
        self.has_child: Bools = people.any(self._children)
        men = people.count(counted & people.is_male)
        self.same_sex: Bools = (men == 0) | (men == self.persons)
        self.generations: Ints = (
            people.any(people.related([Relation.APPLICANT, Relation.SPOUSE]) & counted).astype(np.int64)
            + self.has_child
            + people.any(people.related([Relation.PARENT]) & counted)
        )

    def fits(self, row: FitRow) -> Bools:
        """Whether all conditions of the row hold."""
        fits = self.persons >= row.persons_from
        if row.persons_up_to is not None:
            fits &= self.persons <= row.persons_up_to
        if row.has_couple is not None:
            fits &= self.has_couple == row.has_couple
        if row.has_child is not None:
            fits &= self.has_child == row.has_child
        if row.same_sex is not None:
            fits &= self.same_sex == row.same_sex
        if row.generations_from is not None:
            fits &= self.generations >= row.generations_from
        if row.children_under is not None:
            fits &= self._children_under(row.children_under)
        return fits

    def _children_under(self, years: int) -> Bools:
        """No child is so old; a child without a birth date counts as old."""
        older = (self._people.ages >= years) | (self._people.ages < 0)
        return ~self._people.any(self._children & older)
