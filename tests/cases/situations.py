"""Situations of households as TOML: a common household, and what differs in each case."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from allocator.model.columns import HOUSEHOLDS, MEMBERS
from allocator.model.facts import Facts, conform

FOLDER = Path(__file__).parent
SCALES = {"money": 100, "area": 10_000}
RELATIONS = {"A": "applicant", "S": "spouse", "C": "child", "P": "parent", "O": "other"}
SEXES = {"M": "male", "F": "female", "-": None}


@dataclass(frozen=True)
class Situation:
    """One household, the law and the day, and what is expected."""

    title: str
    policy: str
    on: date
    household: dict[str, Any]
    members: tuple[str, ...]
    num_waivers: int
    expect: dict[str, Any]

    def facts(self) -> Facts:
        """The household and its members as facts."""
        return facts_of({self.title: (self.household, self.members)})


def facts_of(households: dict[str, tuple[dict[str, Any], tuple[str, ...]]]) -> Facts:
    """Facts of several households by receipt number; amounts as a file writes them (yuan, m²)."""
    rows, people = [], []
    for receipt_no, (household, members) in households.items():
        rows.append({"receipt_no": receipt_no, **household_row(household)})
        people += [member_row(receipt_no, number, text) for number, text in enumerate(members)]
    return replace(
        Facts.empty(),
        households=conform(pd.DataFrame(rows, columns=_named(rows)), HOUSEHOLDS),
        members=conform(pd.DataFrame(people, columns=list(MEMBERS.frame_columns)), MEMBERS),
    )


def _named(rows: list[dict[str, Any]]) -> list[str]:
    return sorted({name for row in rows for name in row})


def household_row(household: dict[str, Any]) -> dict[str, Any]:
    """The frame's cells of one household; an unknown column is a fault of the case."""
    cells = {}
    for name, value in household.items():
        column = HOUSEHOLDS.column(name)
        amount = value
        if column.kind in SCALES:
            scaled = Decimal(str(value)) * SCALES[column.kind]
            amount = int(scaled)
            assert amount == scaled, f"{name} = {value} is not exact"
        cells[column.frame_name] = pd.Timestamp(value) if column.kind == "date" else amount
    return cells


def member_row(receipt_no: str, number: int, text: str) -> dict[str, Any]:
    """``"C M 2016-03-01 orphan;veteran wage=1800"``: relation, sex, birth date or ``-``, flags, yuan a month."""
    relation, sex, born, *others = text.split()
    flags = [word for word in others if not word.startswith("wage=")]
    wages = [int(Decimal(word.removeprefix("wage=")) * 100) for word in others if word.startswith("wage=")]
    return {
        "receipt_no": receipt_no,
        "name": f"person {number}",
        "id_number": f"{receipt_no}/{number}",
        "relation": RELATIONS[relation],
        "sex": SEXES[sex],
        "birth_date": pd.NaT if born == "-" else pd.Timestamp(born),
        "flags": flags[0] if flags else None,
        "income_per_month_fen": wages[0] if wages else None,
    }


def situations() -> list[Situation]:
    """All cases of all files of this folder."""
    found = []
    for place in sorted(FOLDER.glob("*.toml")):
        table = tomllib.loads(place.read_text(encoding="utf-8"), parse_float=Decimal)
        for case in table["case"]:
            found.append(_situation(table, case))
    return found


def _situation(table: dict[str, Any], case: dict[str, Any]) -> Situation:
    known = {"title", "on", "members", "num_waivers", "expect", "blank", "household", "law"}
    assert set(case) <= known, f"unknown keys in {case['title']}: {set(case) - known}"
    household = {**table["household"], **case.get("household", {})}
    for name in case.get("blank", []):
        household.pop(name, None)
    return Situation(
        title=f"{table['policy']}: {case['title']}",
        policy=table["policy"],
        on=case.get("on", table["on"]),
        household=household,
        members=tuple(case.get("members", table["members"])),
        num_waivers=case.get("num_waivers", 0),
        expect=case["expect"],
    )
