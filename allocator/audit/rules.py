"""Checks of the declared rules of a bundle: due or not, as the law makes them, and no group that points at a person."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from allocator.audit import declared
from allocator.audit.contents import Contents
from allocator.audit.outcome import compare_figures
from allocator.audit.promises import same
from allocator.audit.reading import IN_FORCE, RULES_FILES
from allocator.audit.results import Fault
from allocator.model.canonical import sha256_hex

_LEAST_CELL: Final = 10
_FACTS: Final = ("district", "employer", "supply_mode")


def check_rules(bundle: Contents) -> None:
    """Rules and groups stand exactly where the law declares some, are those committed to, and follow from the law."""
    allocation = bundle.documents[IN_FORCE]["allocation"]
    due = declared.is_due(allocation, bundle.commitment["sub_round"])
    for name, key in RULES_FILES.items():
        recomputed = sha256_hex(bundle.files[name]) if name in bundle.files else None
        same(f"commitment.json: {key}", bundle.commitment.get(key), recomputed)
        if due != (name in bundle.files):
            raise Fault(name, "audit_missing_file" if due else "audit_unlisted_file")
    if due:
        _check_document(bundle, allocation)
        _check_groups(bundle)


def _check_document(bundle: Contents, allocation: dict[str, Any]) -> None:
    published = bundle.documents["rules.json"]
    projects, merged = published["projects"], published["merged"]
    pools = _pools(bundle)
    same("rules.json: projects", sorted(projects), sorted({row["project_id"] for row in pools}))
    for name, facts in projects.items():
        same(f"rules.json: projects.{name}", sorted(facts), list(_FACTS))
        if not all(isinstance(value, str) for value in facts.values()):
            raise Fault(f"rules.json: projects.{name}", "audit_bad_field", field=name)
    ids = {group["id"] for group in allocation.get("groups", ())}
    for name in merged:
        if name.partition("@")[0] not in ids:
            raise Fault("rules.json: merged", "audit_unknown_name", column="merged", value=name)
    compare_figures(
        "rules.json", published, declared.rules_of(allocation, pools, projects, sorted(set(merged)))
    )


def _pools(bundle: Contents) -> list[dict[str, Any]]:
    table = bundle.tables["pools.csv"]
    columns = {name: table[name].to_pylist() for name in ("pool", "project_id", "dwelling_type")}
    rows = zip(*columns.values(), table["capacity"].tolist(), strict=True)
    return [dict(zip((*columns, "capacity"), row, strict=True)) for row in rows]


def _check_groups(bundle: Contents) -> None:
    """Memberships by code and group, each once, of groups that a rule names; no cell of one to nine households."""
    table = bundle.tables["groups.csv"]
    codes, groups = table["code"].to_pylist(), table["group"].to_pylist()
    rows = list(zip(codes, groups, strict=True))
    for place in range(1, len(rows)):
        if rows[place] <= rows[place - 1]:
            raise Fault(f"groups.csv:{place + 2}", "audit_not_sorted", column="code", value=rows[place][0])
    at = bundle.known("groups.csv", "code", bundle.codes)
    known = declared.named(bundle.documents["rules.json"])
    for place, name in enumerate(groups):
        if name not in known:
            raise Fault(f"groups.csv:{place + 2}", "audit_unknown_name", column="group", value=name)
    if not rows:
        return
    number = pc.dictionary_encode(table["group"]).indices.to_numpy(zero_copy_only=False).astype(np.int64)
    member = np.zeros((len(bundle.codes), int(number.max()) + 1), dtype=np.bool_)
    member[at, number] = True
    counts = np.unique(np.packbits(member, axis=1), axis=0, return_counts=True)[1]
    if counts.min() < _LEAST_CELL:
        raise Fault("groups.csv", "audit_small_cell", count=int(counts.min()))
