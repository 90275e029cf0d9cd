"""Small named worlds of supply."""

from __future__ import annotations

import pandas as pd

from allocator.model.columns import DWELLINGS, PROJECTS
from allocator.model.facts import conform

TYPES = ("bed", "studio", "one_room", "two_room", "three_room")


def dwellings(*rows: dict) -> pd.DataFrame:
    """Dwellings with plain defaults: a flat of P1, 40 m², 8.00 yuan, on floor 3."""
    default = {
        "project_id": "P1",
        "kind": "flat",
        "dwelling_type": "one_room",
        "building_area_cm2": 400_000,
        "floor": 3,
        "accessible": False,
        "rent_per_m2_fen": 800,
        "available_on": pd.Timestamp("2026-03-01"),
    }
    return conform(pd.DataFrame([{**default, **row} for row in rows]), DWELLINGS)


def projects(*rows: dict) -> pd.DataFrame:
    """Projects, by default built by government."""
    default = {"name": "示例", "supply_mode": "government_invested", "district": "410102"}
    return conform(pd.DataFrame([{**default, **row} for row in rows]), PROJECTS)


def people(*rows: dict) -> pd.DataFrame:
    """Households as ``rounds.screened`` gives them; entitled to everything unless said otherwise."""
    default = {"employer_id": "", "sex": "", **dict.fromkeys(TYPES, True)}
    return pd.DataFrame([{**default, **row} for row in rows])


def wishes(*rows: tuple[str, int, str, str]) -> pd.DataFrame:
    """Lists as ``receipt_no, rank, project_id, dwelling_type``."""
    frame = pd.DataFrame(rows, columns=["receipt_no", "rank", "project_id", "dwelling_type"])
    return frame.astype({"receipt_no": "str", "project_id": "str", "dwelling_type": "str", "rank": "Int64"})
