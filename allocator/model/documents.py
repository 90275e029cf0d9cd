"""``allocator-instance/1`` in, ``allocator-solution/1`` out (contract, sections 4 and 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from allocator.model.canonical import fingerprint
from allocator.model.checking import Faults, load_json
from allocator.model.enums import SolutionStatus
from allocator.model.extensions import read_extensions
from allocator.model.instance import Instance, Ints, Solution
from allocator.model.problem import Problem

INSTANCE_FORMAT: Final = "allocator-instance/1"
SOLUTION_FORMAT: Final = "allocator-solution/1"
GREATEST_SIZE: Final = 512 << 20  # bytes; a million households with ten choices take about 150 MiB

_FAULTY: Final = -1  # a band that was given and could not be read

_DOCUMENT_KEYS: Final = ("quotas", "reserves", "rooms")
_HOUSEHOLD_KEYS: Final = ("band", "groups", "current")


@dataclass(frozen=True)
class Parsed:
    """What a file gave: the instance, or ``None`` and every fault found."""

    instance: Instance | None
    problems: list[Problem]


@dataclass(eq=False)
class _Rows:
    """Households as lists, in the order of the file. ``rows``: which of the file's entries each one is."""

    ids: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    orders: list[int] = field(default_factory=list)
    bands: list[int | None] = field(default_factory=list)
    pools: list[list[int]] = field(default_factory=list)
    ranks: list[list[int]] = field(default_factory=list)
    groups: list[list[str]] = field(default_factory=list)


def read_bytes(path: Path) -> bytes:
    """The file's bytes, one more than ``GREATEST_SIZE`` at most. Raises ``OSError``."""
    with path.open("rb") as file:
        return file.read(GREATEST_SIZE + 1)


def read_instance(path: Path) -> Parsed:
    """Read and check an instance file. Raises ``OSError`` where the file cannot be opened."""
    document, problems = load_json(read_bytes(path), path.name, GREATEST_SIZE)
    if problems:
        return Parsed(None, problems)
    return parse_instance(document, path.name)


def parse_instance(document: object, file: str = "") -> Parsed:
    """Check a parsed JSON document against contract section 4 and lay it out in arrays.

    All faults are collected in one pass. Bands are made dense from 0 and pools sorted by id; the meaning stays.
    """
    faults = Faults(file)
    if not isinstance(document, dict) or document.get("format") != INSTANCE_FORMAT:
        named = document.get("format", "") if isinstance(document, dict) else document
        faults.add("document_format_wrong", "format", named, format=INSTANCE_FORMAT)
    if not isinstance(document, dict):
        return Parsed(None, faults.problems)
    faults.record(document, "", ("format", "households", "pools"), _DOCUMENT_KEYS)
    capacity = _read_pools(document.get("pools", []), faults)
    place = {name: number for number, name in enumerate(sorted(capacity))}
    rows = _read_households(document.get("households", []), place, faults)
    _check_order(rows, faults)
    extensions = read_extensions(document, capacity, set(rows.ids), faults)
    if faults.problems:
        return Parsed(None, faults.ordered())
    return Parsed(_laid_out(rows, capacity, extensions, instance_fingerprint(document)), [])


def instance_fingerprint(document: dict[str, Any]) -> str:
    """``sha256:...`` of the document as delivered, with households and pools sorted by id."""
    by_id = {name: sorted(document[name], key=lambda entry: entry["id"]) for name in ("households", "pools")}
    return fingerprint({**document, **by_id})


def solution_document(instance: Instance, solution: Solution) -> dict[str, Any]:
    """The ``allocator-solution/1`` of a solution; households in the published order."""
    names: list[str | None] = [*instance.pool_ids, None]  # UNASSIGNED is -1 and finds the last
    held = [names[pool] for pool in solution.matching.assigned.tolist()]
    drawn = dict(zip(instance.household_ids, held, strict=True)) if solution.is_drawn else {}
    chances = {} if solution.chances is None else {"chances": {**solution.chances}}
    return {
        "format": SOLUTION_FORMAT,
        "mechanism": solution.mechanism,
        "status": str(solution.status),
        "instance_fingerprint": instance.fingerprint,
        "assignment": drawn,
        **chances,
        "options": dict(solution.options),
        "certificate": dict(solution.certificate),
        "report": dict(solution.report),
    }


def refused_document(instance: Instance, mechanism: str, report: dict[str, Any]) -> dict[str, Any]:
    """The ``allocator-solution/1`` of a refusal: nobody was assigned anything, and ``report`` says why."""
    return {
        "format": SOLUTION_FORMAT,
        "mechanism": mechanism,
        "status": str(SolutionStatus.REFUSED),
        "instance_fingerprint": instance.fingerprint,
        "assignment": {},
        "options": {},
        "certificate": {},
        "report": report,
    }


def _read_pools(value: object, faults: Faults) -> dict[str, int | None]:
    """Capacity by pool id; ``None`` where the pool gives none (its ``rooms`` entry does)."""
    capacity: dict[str, int | None] = {}
    first: dict[str, int] = {}
    for number, entry in enumerate(faults.entries(value, "pools")):
        path = f"pools[{number}]"
        pool = faults.record(entry, path, ("id",), ("capacity", "priority"))
        if pool is None or "id" not in pool or (name := faults.text(pool["id"], f"{path}.id")) is None:
            continue
        if name in first:
            faults.add("document_id_twice", f"{path}.id", name, first=f"pools[{first[name]}].id")
            continue
        first[name] = number
        capacity[name] = None
        if "capacity" in pool:
            capacity[name] = faults.integer(pool["capacity"], f"{path}.capacity", 0) or 0
    return capacity


def _read_households(value: object, place: dict[str, int], faults: Faults) -> _Rows:
    rows = _Rows()
    first: dict[str, int] = {}
    for number, entry in enumerate(faults.entries(value, "households")):
        path = f"households[{number}]"
        household = faults.record(entry, path, ("id", "order", "preferences"), _HOUSEHOLD_KEYS)
        if household is None:
            continue
        name = faults.text(household["id"], f"{path}.id") if "id" in household else None
        if name is not None and name in first:
            faults.add("document_id_twice", f"{path}.id", name, first=f"households[{first[name]}].id")
        elif name is not None:
            first[name] = number
        order = faults.integer(household["order"], f"{path}.order", 1) if "order" in household else None
        band = faults.integer(household["band"], f"{path}.band", 0) if "band" in household else None
        pools, ranks = _read_preferences(household.get("preferences", []), path, place, faults)
        rows.ids.append(name or "")
        rows.rows.append(number)
        rows.orders.append(order or 0)
        rows.bands.append(_FAULTY if band is None and "band" in household else band)
        rows.pools.append(pools)
        rows.ranks.append(ranks)
        rows.groups.append(_texts_of(household.get("groups", [])))
    return rows


def _texts_of(value: object) -> list[str]:
    """The texts of a list; what is none of them is a fault noted by ``read_extensions``."""
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _read_preferences(
    value: object, path: str, place: dict[str, int], faults: Faults
) -> tuple[list[int], list[int]]:
    """Pools best first and the rank of each; a list inside the list is a group liked equally."""
    path = f"{path}.preferences"
    pools: list[int] = []
    ranks: list[int] = []
    for number, entry in enumerate(faults.entries(value, path)):
        group = entry if isinstance(entry, list) else (entry,)
        if not group:
            faults.add("document_group_empty", f"{path}[{number}]", entry)
        for inner, pool in enumerate(group):
            index = place.get(pool) if isinstance(pool, str) else None
            if index is None or index in pools:
                where = f"{path}[{number}]" + (f"[{inner}]" if isinstance(entry, list) else "")
                faults.add("document_pool_unknown" if index is None else "document_pool_twice", where, pool)
                continue
            pools.append(index)
            ranks.append(number + 1)
    return pools, ranks


def _check_order(rows: _Rows, faults: Faults) -> None:
    """The order is strict and total; bands stand at all households or none and never fall along it."""
    by_order: dict[int, int] = {}
    for number, order in zip(rows.rows, rows.orders, strict=True):
        if order in by_order and order > 0:
            path = f"households[{by_order[order]}].order"
            faults.add("document_order_twice", f"households[{number}].order", order, first=path)
        by_order.setdefault(order, number)
    has_bands = any(band is not None for band in rows.bands)
    greatest, holder = -1, 0
    for at in sorted(range(len(rows.ids)), key=lambda at: rows.orders[at]):
        number, band = rows.rows[at], rows.bands[at]
        if band is None and has_bands:
            faults.add("document_band_missing", f"households[{number}].band", "")
        elif band is not None and _FAULTY < band < greatest and rows.orders[at] > 0:
            path = f"households[{holder}]"
            faults.add("document_band_falls", f"households[{number}].band", band, earlier=path, band=greatest)
        elif band is not None and band > _FAULTY and rows.orders[at] > 0:
            greatest, holder = band, number


def _laid_out(
    rows: _Rows, capacity: dict[str, int | None], extensions: dict[str, Any], fingerprint_: str
) -> Instance:
    along = sorted(range(len(rows.ids)), key=lambda at: rows.orders[at])
    names = sorted(capacity)
    counts = [len(rows.pools[at]) for at in along]
    bands = np.array([rows.bands[at] or 0 for at in along], np.int64)
    return Instance(
        household_ids=[rows.ids[at] for at in along],
        band=np.unique(bands, return_inverse=True)[1].astype(np.int64),
        pool_ids=names,
        capacity=np.array([capacity[name] or 0 for name in names], np.int64),
        start=np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64))),
        pool=np.array([pool for at in along for pool in rows.pools[at]], np.int64),
        rank=np.array([rank for at in along for rank in rows.ranks[at]], np.int64),
        extensions=extensions,
        fingerprint=fingerprint_,
        groups=_members([rows.groups[at] for at in along]),
    )


def _members(groups: list[list[str]]) -> dict[str, Ints]:
    """Positions of each group's members, ascending; groups by name."""
    found: dict[str, list[int]] = {}
    for position, names in enumerate(groups):
        for name in names:
            found.setdefault(name, []).append(position)
    return {name: np.array(found[name], np.int64) for name in sorted(found)}
