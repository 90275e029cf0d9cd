"""Empty input files: headers in both languages and one example row that reads as what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa

from allocator.errors import Refused
from allocator.model.columns import TABLES, Table

from .writing import Language, csv_bytes

EXAMPLE_RECEIPT: Final = "示例-EXAMPLE-0001"
# A synthetic person: address code 999999 belongs to nobody.
_EXAMPLES: Final[dict[str, dict[str, str]]] = {
    "employers": {
        "employer_id": "E-EXAMPLE",
        "name": "示例单位（请删除此行）",
        "credit_code": "91350200776049653A",
        "district": "410102",
    },
    "projects": {
        "project_id": "P-EXAMPLE",
        "name": "示例项目（请删除此行）",
        "supply_mode": "政府投资",
        "district": "410102",
        "operator_id": "E-EXAMPLE",
    },
    "dwellings": {
        "dwelling_id": "D-EXAMPLE",
        "project_id": "P-EXAMPLE",
        "kind": "成套",
        "dwelling_type": "一居室",
        "building_area_m2": "41.50",
        "floor": "3",
        "accessible": "否",
        "rent_per_m2": "8.00",
        "available_on": "2026-03-01",
    },
    "households": {
        "receipt_no": EXAMPLE_RECEIPT,
        "branch": "本市",
        "registered_on": "2024-05-06",
        "income_per_year": "48000.00",
        "assets": "30000.00",
        "building_area_m2": "12.5",
        "benefit_status": "无",
        "social_insurance_months": "36",
    },
    "members": {
        "receipt_no": EXAMPLE_RECEIPT,
        "name": "示例（请删除此行）",
        "id_number": "999999199001010016",
        "relation": "本人",
        "sex": "男",
        "birth_date": "1990-01-01",
    },
    "preferences": {
        "receipt_no": EXAMPLE_RECEIPT,
        "rank": "1",
        "project_id": "P-EXAMPLE",
        "dwelling_type": "一居室",
    },
}


def write_template(folder: Path, language: Language = "zh", *, is_dry_run: bool = False) -> list[str]:
    """Write six CSV files (UTF-8 with BOM, so that spreadsheets know) and give their names.

    Raises ``Refused`` when one of them exists; nothing is written then.
    """
    names = {table.name: f"{table.name if language == 'en' else table.name_zh}.csv" for table in TABLES}
    refuse_existing(folder)
    if is_dry_run:
        return list(names.values())
    folder.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        (folder / names[table.name]).write_bytes(csv_bytes(_texts(table), "utf-8-sig"))
    return list(names.values())


def refuse_existing(folder: Path) -> None:
    """Nothing is ever written over a delivery: ``Refused`` when a file of any table stands in the folder."""
    for table in TABLES:
        for stem in (table.name, table.name_zh):
            for suffix in (".csv", ".xlsx"):
                path = folder / (stem + suffix)
                if path.exists() or path.is_symlink():
                    raise Refused("template_exists", file=str(path))


def _texts(table: Table) -> dict[str, pa.Array]:
    example = _EXAMPLES[table.name]
    return {
        f"{column.header_zh} {column.name}": pa.array([example.get(column.name, "")], pa.string())
        for column in table.columns
    }
