"""Frames to files to frames: nothing is lost, in any language, encoding or format."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocator.exchange import read_delivery, write_delivery
from allocator.model.columns import TABLES, Column, Table
from allocator.model.facts import Facts, conform

# Text as registers hold it: Chinese of all planes, letters, marks that CSV must quote.
CHARACTERS = st.one_of(
    st.sampled_from("甲乙丙·（），、 \",;'#%&-_/\\.AZaz09é𠮷㐂"),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5),
)
PLAIN = (
    st.text(CHARACTERS, min_size=1, max_size=12)
    .map(str.strip)
    .filter(lambda text: text != "" and text[0] not in "=@+-")
)
KEYS = st.text(st.sampled_from("ABCXYZ0123456789-_甲乙"), min_size=1, max_size=8).filter(
    lambda text: text[0] not in "=@+-"
)
DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(0, 999_999),
    "money": st.integers(0, 999_999_999_999),
    "area": st.integers(0, 99_999_999_999),
    "date": DAYS.map(pd.Timestamp),
    "yes_no": st.booleans(),
    "id_number": st.sampled_from(["999999199001010016", "11010519491231002X", "999999199202020026"]),
}


def cells(column: Column) -> st.SearchStrategy[Any]:
    """Values of a column's kind, blank where the column may be blank."""
    if column.kind == "choice":
        found: st.SearchStrategy[Any] = st.sampled_from(sorted(column.spellings))
    elif column.kind == "choices":
        chosen = st.sets(st.sampled_from(sorted(column.spellings)), min_size=1)
        found = chosen.map(lambda keys: ";".join(sorted(keys)))
    elif column.kind == "text":
        found = KEYS if column.name.endswith(("_id", "_no", "district", "credit_code")) else PLAIN
    else:
        found = KINDS[column.kind]
    return st.one_of(st.none(), found) if column.may_be_empty else found


def frames(table: Table) -> st.SearchStrategy[pd.DataFrame]:
    """Frames of a table with up to five rows; keys may repeat, references may dangle: only cells matter."""
    row = st.fixed_dictionaries({column.frame_name: cells(column) for column in table.columns})
    rows = st.lists(row, max_size=5)
    return rows.map(lambda found: conform(pd.DataFrame(found, columns=list(table.frame_columns)), table))


FACTS = st.builds(Facts, **{table.name: frames(table) for table in TABLES})
FORMATS = st.sampled_from([("csv", "utf-8"), ("csv", "utf-8-sig"), ("csv", "gb18030"), ("xlsx", "utf-8")])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FACTS, FORMATS, st.sampled_from(["zh", "en"]))
def test_what_is_written_is_read_again(facts: Facts, how: tuple[Any, str], language: Any) -> None:
    """Any frames come back equal from CSV in three encodings and from XLSX, with headers in both languages."""
    file_format, encoding = how
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_delivery(facts, folder, language, encoding=encoding, file_format=file_format)
        read = read_delivery(folder, synthetic_ids=True)
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(facts, table.name), getattr(read.facts, table.name))
