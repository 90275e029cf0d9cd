"""The households of a subsidy file: read from a table of cells, or made by income decile; whole columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from allocator.policy.faults import Faults
from scenarios.chance import Keys, keys_of, mixed
from scenarios.documents import GREATEST_MONEY
from scenarios.subsidy_chains import Ints
from scenarios.subsidy_lab_files import GREATEST_HOUSEHOLDS, NUM_DECILES, Population, Synthetic

COLUMNS: Final = ("persons", "income_fen", "rent_fen", "households")
MILLION: Final = 1_000_000
_GREATEST_BYTES: Final = 64 << 20
_GREATEST_PERSONS: Final = 20
_PURPOSES: Final = 16
_SHOWN: Final = 20


class Purpose(IntEnum):
    """What a number is drawn for; part of a file's meaning, never renumbered."""

    PERSONS = 1
    INCOME = 2
    RENT = 3
    TAKES = 4
    UNIT_TAKE_UP = 5
    VALUED = 6
    VOUCHER_TAKE_UP = 7
    PASS_THROUGH = 8
    RELIEF_TAKE_UP = 9


def millionths(keys: Keys, number: int, purpose: Purpose) -> Ints:
    """A whole number from 0 to 999,999 for each key, of its shape."""
    counter = mixed(np.uint64(number * _PURPOSES + int(purpose)))
    return (mixed(keys ^ counter) % np.uint64(MILLION)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class People:
    """``(n,)`` int64 each, of a month: ``persons``, ``income_fen``, ``rent_fen`` (market); ``decile`` 0 to 9.

    Deciles of income per head; equal incomes per head in the order of the table.
    """

    persons: Ints
    income_fen: Ints
    rent_fen: Ints
    decile: Ints

    def __len__(self) -> int:
        return len(self.persons)

    def cells(self) -> list[tuple[int, int, int, int]]:
        """(persons, rent, income, households), each once, in rising order."""
        table = np.stack([self.persons, self.rent_fen, self.income_fen], axis=1)
        found, nums = np.unique(table, axis=0, return_counts=True)
        return [
            (persons, rent, income, num)
            for (persons, rent, income), num in zip(found.tolist(), nums.tolist(), strict=True)
        ]


def people_of(population: Population, beside: Path, faults: Faults) -> People | None:
    """The households, or ``None`` and the faults of the table."""
    if population.synthetic is not None:
        return _made(population.synthetic)
    assert population.file is not None
    rows = _rows(beside / population.file, faults)
    return None if rows is None else of_cells(rows)


def of_cells(cells: Sequence[tuple[int, int, int, int]]) -> People:
    """The households of cells (persons, income, rent, households); the order of the cells plays no part."""
    persons, income, rent, num = (np.array(column, np.int64) for column in zip(*sorted(cells), strict=True))
    return _with_deciles(*(np.repeat(column, num) for column in (persons, income, rent)))


def _with_deciles(persons: Ints, income: Ints, rent: Ints) -> People:
    """Income per head compared exactly: fen x the other's persons would be the same order."""
    whole, rest = np.divmod(income, persons)
    order = np.lexsort((rest * 232_792_560 // persons, whole))  # lcm(1 … 20): remainders told exactly
    decile = np.empty(len(order), np.int64)
    decile[order] = np.arange(len(order)) * NUM_DECILES // len(order)
    return People(persons, income, rent, decile)


def _made(asked: Synthetic) -> People:
    """As many households of every decile; each figure a function of seed and household alone, in whole numbers."""
    keys = keys_of(asked.seed, 0, np.arange(asked.households))
    ends = np.array([int(sum(asked.persons[: at + 1]) * MILLION) for at in range(len(asked.persons))])
    persons = np.searchsorted(ends, millionths(keys, 0, Purpose.PERSONS), side="right")
    decile = np.arange(asked.households) * NUM_DECILES // asked.households
    middle = np.array(asked.incomes_fen, np.int64)[decile]
    income = _spread(middle, asked.spread, millionths(keys, 0, Purpose.INCOME), asked.income_step_fen)
    market = np.array(asked.rents_fen, np.int64)[persons]
    rent = _spread(market, asked.rent_spread, millionths(keys, 0, Purpose.RENT), asked.rent_step_fen)
    return _with_deciles(persons.astype(np.int64) + 1, income, rent)


def _spread(middle: Ints, spread: Fraction, luck: Ints, step: int) -> Ints:
    """Evenly from (1 - spread) to (1 + spread) of the middle, to the nearest step."""
    part = int(spread * MILLION)
    around = MILLION + (2 * luck - MILLION + 1) * part // MILLION
    found = middle * around // MILLION
    return np.asarray((found + step // 2) // step * step)


def _rows(place: Path, faults: Faults) -> list[tuple[int, int, int, int]] | None:
    """(persons, income, rent, households) of each row; every fault with its row and column."""
    if not place.is_file():
        faults.add("subsidylab_no_table", place.name, "population.file", columns=", ".join(COLUMNS))
        return None
    content = place.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        faults.add(
            "subsidylab_table_malformed", place.name, "-", reason=str(fault), columns=", ".join(COLUMNS)
        )
        return None
    reader = csv.DictReader(io.StringIO(text))
    if len(content) > _GREATEST_BYTES or set(reader.fieldnames or ()) != set(COLUMNS):
        found = ", ".join(reader.fieldnames or ())
        faults.add("subsidylab_table_malformed", place.name, "-", reason=found, columns=", ".join(COLUMNS))
        return None
    bounds = {"persons": (1, _GREATEST_PERSONS), "income_fen": (0, 10**9), "rent_fen": (0, 10**9)}
    rows: list[tuple[int, int, int, int]] = []
    before = len(faults)
    for number, row in enumerate(reader, start=2):
        cells = []
        for name in COLUMNS:
            least, greatest = bounds.get(name, (1, GREATEST_HOUSEHOLDS))
            cells.append(_cell(row.get(name), least, greatest, place.name, f"{number}.{name}", faults))
        rows.append((cells[0], cells[1], cells[2], cells[3]))
        if len(faults) - before >= _SHOWN:
            return None
    if not rows or sum(row[3] for row in rows) > GREATEST_HOUSEHOLDS:
        faults.add("subsidylab_table_size", place.name, "households", greatest=GREATEST_HOUSEHOLDS)
    return rows if len(faults) == before else None


def _cell(value: object, least: int, greatest: int, file: str, key: str, faults: Faults) -> int:
    text = str(value).strip()
    if (
        text.isascii()
        and text.isdigit()
        and len(text) <= len(str(GREATEST_MONEY))
        and least <= int(text) <= greatest
    ):
        return int(text)
    faults.add("subsidylab_cell_wrong", file, key, value=text, least=least, greatest=greatest)
    return least
