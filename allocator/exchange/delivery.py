"""A whole delivery: six tables read and checked in one pass (contract, section 3)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from allocator.model.columns import TABLES, Table
from allocator.model.facts import Facts, conform
from allocator.model.problem import Problem

from .csv_rows import read_csv
from .faults import Faults
from .frames import Read, read_frame
from .header import rows_of
from .identity import check_dates, check_identity
from .keys import check_key
from .locating import Source, find_sources
from .people import check_people
from .rows import Rows
from .stock import check_households, check_stock
from .wishes import check_references, check_wishes
from .xlsx_rows import read_xlsx

# Tables whose rows belong to one household and can be set aside with it.
HOUSEHOLD_TABLES = ("households", "members", "preferences")


@dataclass(frozen=True)
class Delivery:
    """What was delivered, read and checked.

    ``facts`` hold every row; a faulty cell is NA there, so they may be used only without errors or as
    ``sound_facts``. ``rows`` counts the rows of each delivered file; ``reads`` keeps the text as delivered.
    ``former_applicants``: ``receipt_no, id_number`` of those the store holds as applicants and who stepped down.
    """

    facts: Facts
    rows: dict[str, int]
    reads: dict[str, Read]
    faults: Faults
    former_applicants: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"receipt_no": [], "id_number": []}, dtype="str")
    )

    @cached_property
    def problems(self) -> list[Problem]:
        """Every fault, by table, row and column."""
        return self.faults.problems()

    @property
    def has_errors(self) -> bool:
        """Whether anything forbids the import."""
        return self.faults.has_errors

    @property
    def refuses_everything(self) -> bool:
        """Whether a fault belongs to no household: a broken file, a project, a dwelling, an employer."""
        return any(
            block.severity == "error" and (block.table not in HOUSEHOLD_TABLES or not len(block.positions))
            for block in self.faults.blocks
        )

    @cached_property
    def faulty_receipts(self) -> frozenset[str]:
        """Receipt numbers of households with an error in any row of theirs."""
        receipts: set[str] = set()
        for block in self.faults.blocks:
            if block.severity == "error" and block.table in HOUSEHOLD_TABLES:
                receipts.update(self.receipts_of(block.table).iloc[block.positions])
        return frozenset(receipts)

    def receipts_of(self, table: str) -> pd.Series:
        """The receipt number of every row, as read where it could be read; '' where it is blank."""
        read = self.reads[table]
        if "receipt_no" not in read.rows.cells:
            return pd.Series([""] * len(read.rows), dtype="str")
        as_delivered = pd.Series(pd.array(read.rows.cells["receipt_no"], dtype="str")).str.strip()
        return read.frame["receipt_no"].fillna(as_delivered)

    def sound_facts(self) -> Facts:
        """The facts without the faulty households; their members and preferences go with them."""
        if not self.faulty_receipts:
            return self.facts
        kept = {table.name: getattr(self.facts, table.name) for table in TABLES}
        for name in HOUSEHOLD_TABLES:
            is_sound = ~self.receipts_of(name).isin(self.faulty_receipts).to_numpy(dtype=bool)
            kept[name] = kept[name][is_sound].reset_index(drop=True)
        return Facts(**kept)


def read_delivery(
    folder: Path,
    *,
    synthetic_ids: bool,
    known: Facts | None = None,
    on: date | None = None,
    ended: Collection[str] = (),
) -> Delivery:
    """Read the six files of a folder (or the six sheets of one workbook) and find every fault of them.

    ``synthetic_ids`` accepts the ID numbers of synthetic people (address code 999999). ``known`` is what
    the store holds already: references may be satisfied by it. ``on``: nothing past may lie after it.
    ``ended``: receipts of withdrawn cases, whose people may apply anew.
    Raises ``WrongUsage`` when there is nothing at that path.
    """
    faults = Faults()
    sources = find_sources(folder, faults)
    rows = {table.name: _read_rows(sources.get(table.name), table, faults) for table in TABLES}
    reads = {name: read_frame(delivered, faults) for name, delivered in rows.items()}
    stepped_down = _check(
        reads, known or Facts.empty(), faults, synthetic_ids=synthetic_ids, on=on, ended=ended
    )
    facts = Facts(**{table.name: conform(reads[table.name].frame, table) for table in TABLES})
    counts = {source.label: len(rows[name]) for name, source in sources.items()}
    return Delivery(facts, counts, reads, faults, stepped_down)


def _read_rows(source: Source | None, table: Table, faults: Faults) -> Rows:
    grid = None
    label = source.label if source is not None else f"{table.name}.csv"
    if source is not None:
        if source.path.suffix.lower() == ".csv":
            grid = read_csv(source.path, table.name, label, faults)
        else:
            grid = read_xlsx(source.path, table.name, label, faults, source.sheet)
    if grid is not None:
        return rows_of(grid, table, label, faults)
    none, cells = np.empty(0, dtype=np.int64), pa.array([], pa.string())
    return Rows(table, label, [], [], {c.name: cells for c in table.columns}, none, none.astype(bool))


def _check(
    reads: dict[str, Read],
    known: Facts,
    faults: Faults,
    *,
    synthetic_ids: bool,
    on: date | None,
    ended: Collection[str],
) -> pd.DataFrame:
    """Checks inside each table always; between tables only where both could be read. Who stepped down."""
    for read in reads.values():
        check_key(read, faults)
    check_identity(reads["members"], faults, synthetic_ids=synthetic_ids)
    check_stock(reads, known, faults)
    check_households(reads["households"], faults)
    if any(faults.broken(table.name) for table in TABLES):
        return Facts.empty().members[["receipt_no", "id_number"]]
    check_dates(reads["members"], reads["households"], faults, on)
    stepped_down = check_people(reads["households"], reads["members"], known, faults, ended)
    check_references(reads, known, faults)
    check_wishes(reads, known, faults)
    return stepped_down
