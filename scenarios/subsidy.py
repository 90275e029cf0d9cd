"""Subsidy tiers (租赁补贴档次) under a budget: one tier per cell of equal income and rent, exactly optimal.

A household with income y and rent r in a tier of S pays on ``left = max(0, r - S)``; its burden is left / y and
the city pays r - left. Inside a cell a smaller burden therefore always costs more, and tiers that leave the same
rent are the same but for their number (a multiple-choice knapsack; mechanisms of the house, 3.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from allocator.errors import NoAllocation
from scenarios.documents import Reading

GREATEST_HOUSEHOLDS: Final = 1_000_000
GREATEST_TIERS: Final = 1000
AIMS: Final = ("count", "excess", "leximin")
KEYS: Final = ("households", "tiers_fen", "budget_fen", "threshold", "aim")
_HOUSEHOLD_KEYS: Final = ("income_fen", "rent_fen")
_GREATEST_SUM: Final = 2**50  # of what the solver adds up (``exact.GREATEST_SUM``)


@dataclass(frozen=True)
class Question:
    """Whose rent is subsidised, in which tiers. ``households``: (income, rent) in fen of the same period."""

    households: list[tuple[int, int]]
    tiers_fen: list[int]
    budget_fen: int
    threshold: Fraction
    aim: str


@dataclass(frozen=True)
class Option:
    """What a tier does to every household of a cell: the rent left to pay, in fen; the cell's cost in fen."""

    tier: int
    left_fen: int
    cost_fen: int


@dataclass(frozen=True)
class Cell:
    """All households of one income and rent. ``options``: cheapest first, each leaves another rent."""

    income_fen: int
    rent_fen: int
    num: int
    options: tuple[Option, ...]

    def burden(self, option: Option) -> Fraction | None:
        """Rent left to pay by income; ``None`` where it is infinite: rent to pay and no income."""
        if option.left_fen == 0:
            return Fraction(0)
        return Fraction(option.left_fen, self.income_fen) if self.income_fen else None

    def is_below(self, option: Option, threshold: Fraction) -> bool:
        """Whether the burden is at or under the threshold."""
        return option.left_fen * threshold.denominator <= threshold.numerator * self.income_fen

    def excess(self, option: Option, threshold: Fraction) -> int:
        """Rent above the threshold of the whole cell, in fen × the threshold's denominator."""
        over = option.left_fen * threshold.denominator - threshold.numerator * self.income_fen
        return self.num * max(0, over)


def read(document: object, reading: Reading) -> Question | None:
    """The question of a document (contract, section 7), or ``None`` and all its faults in ``reading``."""
    found = reading.record(document, "", KEYS)
    if found is None:
        return None
    households = _read_households(found.get("households", []), reading)
    tiers = [
        reading.whole(tier, f"tiers_fen[{number}]")
        for number, tier in enumerate(
            reading.sequence(found.get("tiers_fen", [0]), "tiers_fen", 1, GREATEST_TIERS)
        )
    ]
    budget = reading.whole(found.get("budget_fen", 0), "budget_fen", greatest=_GREATEST_SUM)
    threshold = reading.fraction(found.get("threshold", 0), "threshold")
    if found.get("aim", AIMS[0]) not in AIMS:
        reading.add("calc_aim_unknown", "aim", found["aim"], names=", ".join(AIMS))
    if reading.problems:
        return None
    assert budget is not None
    assert threshold is not None
    question = Question(households, [tier or 0 for tier in tiers], budget, threshold, found["aim"])
    _check_size(question, reading)
    return None if reading.problems else question


def _read_households(value: object, reading: Reading) -> list[tuple[int, int]]:
    households = []
    for number, entry in enumerate(reading.sequence(value, "households", 0, GREATEST_HOUSEHOLDS)):
        path = f"households[{number}]"
        found = reading.record(entry, path, _HOUSEHOLD_KEYS)
        if found is None:
            continue
        figures = [reading.whole(found.get(key, 0), f"{path}.{key}") for key in _HOUSEHOLD_KEYS]
        households.append((figures[0] or 0, figures[1] or 0))
    return households


def _check_size(question: Question, reading: Reading) -> None:
    """The solver adds up whole numbers of 64 bits; what could overflow is refused before."""
    total = sum(rent for _, rent in question.households)
    if total > _GREATEST_SUM:
        reading.add("calc_sum_beyond", "households", total, greatest=_GREATEST_SUM)
    elif question.aim == "excess" and total * question.threshold.denominator > _GREATEST_SUM:
        reading.add("calc_threshold_fine", "threshold", str(question.threshold))


def cells_of(question: Question) -> dict[tuple[int, int], Cell]:
    """The cells by income and rent, in order of their first household."""
    nums: dict[tuple[int, int], int] = {}
    for household in question.households:
        nums[household] = nums.get(household, 0) + 1
    return {
        (income, rent): Cell(income, rent, num, _options(rent, num, question.tiers_fen))
        for (income, rent), num in nums.items()
    }


def _options(rent_fen: int, num: int, tiers_fen: list[int]) -> tuple[Option, ...]:
    first: dict[int, int] = {}
    for number, tier_fen in enumerate(tiers_fen):
        first.setdefault(max(0, rent_fen - tier_fen), number)
    return tuple(Option(first[left], left, num * (rent_fen - left)) for left in sorted(first, reverse=True))


def solve(question: Question) -> dict[str, Any]:
    """The output document; ``status`` is OPTIMAL, INFEASIBLE, LIMIT, or for ``excess`` FEASIBLE with ``gap_fen``."""
    cells = cells_of(question)
    smallest = sum(cell.options[0].cost_fen for cell in cells.values())
    if smallest > question.budget_fen:
        return {**_nothing("INFEASIBLE"), "smallest_budget_fen": smallest}
    from scenarios.subsidy_aims import chosen, nearly_chosen

    try:
        options = chosen(list(cells.values()), question)
    except NoAllocation:
        if question.aim != "excess":
            return _nothing("LIMIT")
        options, gap = nearly_chosen(list(cells.values()), question)
        document = _document(question, dict(zip(cells, options, strict=True)), cells)
        return {**document, "status": "FEASIBLE", "gap_fen": _plain(gap)}
    return _document(question, dict(zip(cells, options, strict=True)), cells)


def _nothing(status: str) -> dict[str, Any]:
    keys = ("tier", "below_threshold", "excess_fen", "cost_fen", "burdens")
    return {**dict.fromkeys(keys), "status": status}


def _document(
    question: Question, chosen: dict[tuple[int, int], Option], cells: dict[tuple[int, int], Cell]
) -> dict[str, Any]:
    threshold = question.threshold
    taken = [(cells[key], option) for key, option in chosen.items()]
    excess = Fraction(sum(cell.excess(option, threshold) for cell, option in taken), threshold.denominator)
    return {
        "tier": [chosen[household].tier for household in question.households],
        "below_threshold": sum(cell.num for cell, option in taken if cell.is_below(option, threshold)),
        "excess_fen": _plain(excess),
        "cost_fen": sum(option.cost_fen for _, option in taken),
        "burdens": _burdens(taken),
        "status": "OPTIMAL",
    }


def _plain(figure: Fraction) -> int | str:
    return int(figure) if figure.denominator == 1 else str(figure)


def _burdens(taken: list[tuple[Cell, Option]]) -> list[str]:
    """Every household's burden, the greatest first; ``inf`` where there is rent to pay and no income."""
    nums: dict[Fraction | None, int] = {}
    for cell, option in taken:
        burden = cell.burden(option)
        nums[burden] = nums.get(burden, 0) + cell.num
    infinite = ["inf"] * nums.pop(None, 0)
    finite = sorted((burden for burden in nums if burden is not None), reverse=True)
    assert all(greater > less for greater, less in pairwise(finite))
    return infinite + [str(burden) for burden in finite for _ in range(nums[burden])]
