"""What a run leaves behind: one folder per scenario, with columns anybody can read (docs/reference/scenario-files.md)."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from allocator.errors import Refused

FORMAT: Final = "allocator-scenario-run/1"
MONTHLY, HOUSEHOLDS, RUN = "monthly.parquet", "households.parquet", "run.json"


@dataclass(frozen=True, eq=False)
class Replication:
    """What one replication gives: the long table by month, one row per household, and what laboratories ask about.

    ``labs``: by section, its table of the tenants at the end of the warm-up (``census``).
    """

    monthly: pd.DataFrame
    households: pd.DataFrame
    labs: Mapping[str, pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Lab:
    """What a laboratory beside the simulation answers: single figures, tables by name, and pages by file name."""

    document: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    pages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Results:
    """One scenario's run: its document, the long table by month, one row per household and replication, and labs by section."""

    document: dict[str, Any]
    monthly: pd.DataFrame
    households: pd.DataFrame
    labs: Mapping[str, Lab] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the scenario."""
        return str(self.document["scenario"])


def parquet(frame: pd.DataFrame) -> bytes:
    """The frame as Parquet: the same rows give the same bytes."""
    content = io.BytesIO()
    frame.to_parquet(content, index=False, compression="zstd")
    return content.getvalue()


def write_run(folder: Path, results: Results) -> None:
    """Write the three files, each whole or not at all; ``run.json`` last, so that it stands only beside its tables."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / MONTHLY, parquet(results.monthly))
    write_whole(folder / HOUSEHOLDS, parquet(results.households))
    write_whole(folder / RUN, as_json(results.document))


def read_run(folder: Path) -> Results:
    """The run of that folder. Raises ``Refused`` where there is none."""
    if not (folder / RUN).is_file():
        raise Refused("scenario_no_run", folder=str(folder))
    document = json.loads((folder / RUN).read_text(encoding="utf-8"))
    if document.get("format") != FORMAT:
        raise Refused("scenario_no_run", folder=str(folder))
    return Results(document, pd.read_parquet(folder / MONTHLY), pd.read_parquet(folder / HOUSEHOLDS))


def joined(document: dict[str, Any], parts: Sequence[tuple[bytes, ...]]) -> Results:
    """The replications, in their order, as one run."""
    monthly = [pd.read_parquet(io.BytesIO(part[0])) for part in parts]
    households = [pd.read_parquet(io.BytesIO(part[1])) for part in parts]
    return Results(document, pd.concat(monthly, ignore_index=True), pd.concat(households, ignore_index=True))


def as_json(document: Mapping[str, Any]) -> bytes:
    """Indented JSON in UTF-8, keys as they stand."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def write_whole(place: Path, content: bytes) -> None:
    """Beside the target first, then renamed over it."""
    beside = place.with_name(place.name + ".part")
    try:
        beside.write_bytes(content)
        beside.replace(place)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
