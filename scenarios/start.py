"""A bureau's city as it stands: who waits, who lives where, which dwellings there are. Nobody is named in it.

Receipt numbers become running numbers in the order of their hash, names and ID numbers are blank, rows are sorted:
so a start is the same whatever order the files came in, and nobody can be found by it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import pandas as pd

from allocator.errors import Refused
from allocator.measures.small_cells import LEAST_COUNT
from allocator.model.canonical import sha256_hex
from allocator.model.columns import TABLES
from allocator.model.facts import Facts, conform
from allocator.model.lookups import is_among, positions_among
from scenarios.results import parquet

WAITING_COLUMNS: Final = {"receipt_no": "str", "num_waivers": "int64", "num_lost": "int64"}
TENANT_COLUMNS: Final = {"receipt_no": "str", "dwelling_id": "str", "since": "datetime64[s]"}
_OF_HOUSEHOLDS: Final = ("households", "members", "preferences")


@dataclass(frozen=True, eq=False)
class Start:
    """``waiting`` (``WAITING_COLUMNS``) and ``tenants`` (``TENANT_COLUMNS``; ``since``: the lease) are all households.

    ``kind``: ``delivery`` or ``store``, where it was read.
    """

    kind: str
    facts: Facts
    waiting: pd.DataFrame
    tenants: pd.DataFrame

    @cached_property
    def tables(self) -> dict[str, bytes]:
        """Everything as Parquet, by name: what travels to a worker."""
        frames = {table.name: getattr(self.facts, table.name) for table in TABLES}
        frames |= {"waiting": self.waiting, "tenants": self.tenants}
        return {"kind": self.kind.encode()} | {name: parquet(frame) for name, frame in frames.items()}

    @classmethod
    def of_tables(cls, tables: Mapping[str, bytes]) -> Self:
        """What ``tables`` gave."""
        frames = {
            name: pd.read_parquet(io.BytesIO(found)) for name, found in tables.items() if name != "kind"
        }
        facts = Facts(**{table.name: conform(frames[table.name], table) for table in TABLES})
        waiting, tenants = frames["waiting"].astype(WAITING_COLUMNS), frames["tenants"].astype(TENANT_COLUMNS)
        return cls(tables["kind"].decode(), facts, waiting, tenants)

    @cached_property
    def fingerprint(self) -> str:
        """``sha256:…`` over all tables."""
        digests = "\n".join(f"{name} {sha256_hex(found)}" for name, found in sorted(self.tables.items()))
        return "sha256:" + sha256_hex(digests.encode())


def start_of(kind: str, facts: Facts, waiting: pd.DataFrame, tenants: pd.DataFrame) -> Start:
    """The start of these facts; households that neither wait nor rent are left out.

    Raises ``Refused`` where fewer than ten households wait or rent: no figure of so few may be told.
    """
    known = pd.concat([waiting["receipt_no"], tenants["receipt_no"]], ignore_index=True)
    if len(known) < LEAST_COUNT:
        raise Refused("scenario_start_small", count=len(known), least=LEAST_COUNT)
    hashes = [hashlib.sha256(receipt.encode()).digest() for receipt in known]
    place = np.empty(len(known), dtype=np.int64)
    place[sorted(range(len(known)), key=hashes.__getitem__)] = np.arange(len(known))
    names = np.array([f"{number:09d}" for number in place.tolist()], dtype=object)

    def renamed(frame: pd.DataFrame) -> pd.DataFrame:
        kept = frame[is_among(frame["receipt_no"], known)]
        found = names[positions_among(kept["receipt_no"], known)]
        return kept.assign(receipt_no=pd.Series(found, index=kept.index, dtype="str"))

    tables = {table.name: getattr(facts, table.name) for table in TABLES}
    tables |= {name: renamed(tables[name]) for name in _OF_HOUSEHOLDS}
    ordered = {table.name: conform(_sorted(tables[table.name], table.key), table) for table in TABLES}
    ordered["members"] = ordered["members"].assign(name="", id_number="")
    waiting, tenants = (_sorted(renamed(frame), ["receipt_no"]) for frame in (waiting, tenants))
    bare = Facts(**ordered)
    return Start(
        kind,
        replace(bare, dwellings=_with_sexes(bare, tenants)),
        waiting.astype(WAITING_COLUMNS),
        tenants.astype(TENANT_COLUMNS),
    )


def everybody_waits(facts: Facts) -> pd.DataFrame:
    """All households as a waiting list without a history: what a delivery says."""
    receipts = facts.households["receipt_no"]
    return pd.DataFrame({"receipt_no": receipts, "num_waivers": 0, "num_lost": 0}).astype(WAITING_COLUMNS)


def no_tenants() -> pd.DataFrame:
    """No row of ``TENANT_COLUMNS``: a delivery knows no leases."""
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in TENANT_COLUMNS.items()})


def _sorted(frame: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    return frame.sort_values(list(keys), ignore_index=True, kind="stable")


def _with_sexes(facts: Facts, tenants: pd.DataFrame) -> pd.DataFrame:
    """The dwellings, a room somebody lives in with the sex of its tenant where it came without one."""
    dwellings = facts.dwellings
    applicants = facts.members[facts.members["relation"] == "applicant"].set_index("receipt_no")["sex"]
    sex_of = dict(zip(tenants["dwelling_id"], applicants.reindex(tenants["receipt_no"]), strict=True))
    own: Any = dwellings["dwelling_id"].map(sex_of).astype("object")
    room = dwellings["project_id"] + "/" + dwellings["room_id"].fillna("")
    lived_in = own.groupby(room).transform("first").where(dwellings["kind"] == "bed")
    return dwellings.assign(room_sex=dwellings["room_sex"].fillna(lived_in).astype("str"))
