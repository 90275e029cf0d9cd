"""Registry records of synthetic people for the tests."""

from __future__ import annotations

import pandas as pd
from hypothesis import strategies as st

from allocator.exchange.registry import FIELDS

DAY = pd.Timestamp(2026, 3, 26)
DTYPES = {"text": "str", "integer": "int64", "date": "datetime64[s]"}


def record(number, **given):
    row = {
        "action": "file",
        "lease_no": f"ZL202603{number:06d}",
        "receipt_no": f"SL{number:06d}",
        "applicant_name": "张三",
        "applicant_id_number": "999999199001010016",
        "num_persons": 3,
        "project_id": "P1",
        "supply_mode": "government_invested",
        "district": "410102",
        "dwelling_id": f"D{number}",
        "kind": "flat",
        "dwelling_type": "one_room",
        "area_cm2": 500_000,
        "rent_per_m2_fen": 1_000,
        "rent_fen": 50_000,
        "subsidy_fen": 35_000,
        "signed_on": DAY,
        "starts_on": DAY,
        "ends_on": pd.Timestamp(2029, 3, 25),
    }
    return {**row, **given}


def records_frame(*rows):
    columns = {field.name: [row[field.name] for row in rows] for field in FIELDS}
    return pd.DataFrame(
        {field.name: pd.Series(columns[field.name], dtype=DTYPES[field.kind]) for field in FIELDS}
    )


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "action": st.sampled_from(["file", "cancel"]),
            "applicant_name": TEXTS
            | st.sampled_from(["=1+1", "'=1", "''-2", "@x", "+7", '"', "a,b", "a\r\nb", "'"]),
            "dwelling_id": TEXTS,
            "rent_fen": st.integers(0, 10**12),
            "subsidy_fen": st.integers(0, 10**12),
        }
    ),
    max_size=12,
).map(lambda rows: records_frame(*(record(number, **row) for number, row in enumerate(rows, start=1))))
