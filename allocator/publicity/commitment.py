"""The commitment (承诺书): what is frozen and published before the draw (``docs/reference/bundle.md``).

No free text stands in it, and no figure that the draw could still move.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from allocator.model.canonical import canonical_bytes, merkle_root, sha256_hex
from allocator.publicity.rooms import committed_keys
from allocator.publicity.tables import (
    current_csv,
    dwellings_csv,
    groups_csv,
    in_list_order,
    pools_csv,
    sorted_by_text,
    text_ranks,
)

FORMAT: Final = "allocator-commitment/1"
CLASSES: Final = ("roster", "ineligible", "incomplete", "set_aside", "withdrawn", "housed", "frozen")
# A class of policies with a shortlist only; without a receipt it is left out, not written as 0.
NOT_SHORTLISTED: Final = "not_shortlisted"
MERGED: Final = "merged"
LEAST_CELL: Final = 10


@dataclass(frozen=True)
class Ceremony:
    """The ``draw`` of a commitment: where and when the public value comes from, and its one spelling.

    ``moment`` is ISO 8601 with its offset from UTC. Without ceremony the fields may be empty: the seed then
    comes from the commitment and an empty value.
    """

    ceremony: bool
    source: str
    moment: str
    fallbacks: tuple[str, ...]
    form: str


def commitment_bytes(
    *,
    month: str,
    sub_round: str,
    rehearsal: bool,
    policy_fingerprint: str,
    rules: Mapping[str, Any],
    roster: pd.DataFrame,
    preferences: pd.DataFrame,
    pools: pd.DataFrame,
    dwellings: pd.DataFrame,
    receipts: Mapping[str, Any],
    previous_manifest: str,
    ceremony: Ceremony,
    groups: pd.DataFrame | None = None,
    declared: Mapping[str, Any] | None = None,
    rooms: Mapping[str, bytes] | None = None,
    current: pd.DataFrame | None = None,
) -> bytes:
    """The bytes of ``commitment.json``.

    Args:
        month: ``2026-03``.
        sub_round: name of the sub-round.
        rehearsal: whether this is one.
        policy_fingerprint: ``sha256:...`` of the policy files.
        rules: ``mechanism``, ``housing_first``, ``dwelling_rule``; other keys are left out.
        roster: ``code, band, points, salt``.
        preferences: ``code, rank, pool`` (``tables.in_list_order``).
        pools: the columns of ``tables.POOLS``.
        dwellings: ``pool, place, dwelling_id``.
        receipts: what ``receipts_counted`` gives; the same for every sub-round, so counted once.
        previous_manifest: hex SHA-256 of the previous round's manifest, or empty.
        ceremony: the draw to come.
        groups: ``code, group``, where the policy declares priority, reserves or quotas; then
        declared: the document of ``rules.json`` too.
        rooms: the files of ``rooms.room_files``, where the policy asks for a joint split of rooms.
        current: ``code, pool`` of tenants, where the policy has them take part.
    """
    document: dict[str, Any] = {
        "format": FORMAT,
        "month": month,
        "sub_round": sub_round,
        "rehearsal": rehearsal,
        "policy_fingerprint": policy_fingerprint,
        "rules": {name: rules[name] for name in ("mechanism", "housing_first", "dwelling_rule")},
        "roster": {"count": len(roster), "root": roster_root(roster, preferences)},
        "pools": {
            "count": len(pools),
            "places": int(pools["capacity"].sum()),
            "sha256": sha256_hex(pools_csv(pools)),
        },
        "dwellings_sha256": sha256_hex(dwellings_csv(dwellings)),
        "receipts": dict(receipts),
        "previous_manifest": previous_manifest,
        "draw": asdict(ceremony),
    }
    if groups is not None and declared is not None:
        document["groups_sha256"] = sha256_hex(groups_csv(groups))
        document["rules_sha256"] = sha256_hex(canonical_bytes(dict(declared)))
    if current is not None:
        document["current_sha256"] = sha256_hex(current_csv(current))
    return canonical_bytes(document | committed_keys(rooms or {}))


def needs_ceremony(places: int, households: int, skip_when_supply_suffices: bool) -> bool:
    """False where the policy skips the draw and there are at least as many places as households."""
    return not (skip_when_supply_suffices and places >= households)


def merged_classes(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts by class with no cell from 1 to 9 (cells under ten could point at a person).

    Small counts are added up under ``merged``, with the next smallest class while the sum is itself under ten;
    equals go by name. The roster's count stands in the commitment anyway, so hiding others behind it hides
    nothing: it is taken only when no other class is left. Classes without a receipt stand as 0.

    Raises:
        ValueError: a class that is not in ``CLASSES``.
    """
    if unknown := sorted(set(counts) - {*CLASSES, NOT_SHORTLISTED}):
        raise ValueError(f"not a class of receipts: {unknown}")
    classes = (*CLASSES, *((NOT_SHORTLISTED,) if counts.get(NOT_SHORTLISTED) else ()))
    full = {name: int(counts.get(name, 0)) for name in classes}
    small = [name for name, count in full.items() if 0 < count < LEAST_CELL]
    if not small:
        return full
    spare = [name for name, count in full.items() if count >= LEAST_CELL]
    spare.sort(key=lambda name: (name == "roster", full[name], name))
    while sum(full[name] for name in small) < LEAST_CELL and spare:
        small.append(spare.pop(0))
    merged = sum(full[name] for name in small)
    return {name: count for name, count in full.items() if name not in small} | {MERGED: merged}


def roster_root(roster: pd.DataFrame, preferences: pd.DataFrame) -> str:
    """Hex Merkle root (RFC 9162) over the roster's leaves by code."""
    return merkle_root(roster_leaves(roster, preferences))


def roster_leaves(roster: pd.DataFrame, preferences: pd.DataFrame) -> list[bytes]:
    r"""``code \t band \t points \t salt \t preferences`` by code, preferences as ``lists_of`` writes them.

    Raises:
        ValueError: a preference whose code is not on the roster.
    """
    ordered = sorted_by_text(roster, "code")
    codes = ordered["code"].tolist()
    lists = dict(lists_of(preferences))
    if not lists.keys() <= set(codes):
        raise ValueError("preferences of a code that is not on the roster")
    numbers = (map(str, ordered[name].tolist()) for name in ("band", "points"))
    rows = zip(
        codes, *numbers, ordered["salt"].tolist(), (lists.get(code, "") for code in codes), strict=True
    )
    return [line.encode("utf-8") for line in map("\t".join, rows)]


def lists_of(preferences: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Per household its code and its list in one line: ``>`` before a pool of higher rank, ``=`` of equal."""
    if preferences.empty:
        return
    ordered = in_list_order(preferences)
    household = text_ranks(ordered["code"])
    rank = ordered["rank"].to_numpy(dtype=np.int64)
    is_first = np.diff(household, prepend=-1) != 0
    is_equal = ~is_first & (np.diff(rank, prepend=rank[0] - 1) == 0)
    pool = text_ranks(ordered["pool"])
    names = np.array(sorted(set(ordered["pool"].tolist())), dtype=object)
    marked = np.concatenate([names, ">" + names, "=" + names])
    pieces = marked[pool + len(names) * np.where(is_first, 0, np.where(is_equal, 2, 1))].tolist()
    starts = np.flatnonzero(is_first).tolist()
    codes = ordered["code"].iloc[starts].tolist()
    for code, start, end in zip(codes, starts, [*starts[1:], len(pieces)], strict=True):
        yield code, "".join(pieces[start:end])


def receipts_counted(receipts: pd.DataFrame) -> dict[str, Any]:
    """Total, counts by class and root over every receipt received: ``receipt_no, class, salt``."""
    by_class = receipts["class"].value_counts().to_dict()
    return {"total": len(receipts), "by_class": merged_classes(by_class), "root": receipts_root(receipts)}


def receipts_root(receipts: pd.DataFrame) -> str:
    """Hex Merkle root over all receipts received, by receipt number; the salts stay with bureau and slip."""
    return merkle_root(receipt_leaves(receipts))


def receipt_leaves(receipts: pd.DataFrame) -> list[bytes]:
    r"""``receipt_no \t class \t salt`` by receipt number.

    Raises:
        ValueError: a receipt number stands twice.
    """
    if receipts["receipt_no"].duplicated().any():
        raise ValueError("a receipt number stands twice")
    ordered = sorted_by_text(receipts, "receipt_no")
    columns = (ordered[name].tolist() for name in ("receipt_no", "class", "salt"))
    return [line.encode("utf-8") for line in map("\t".join, zip(*columns, strict=True))]


def leaf_is_under(root: str, leaf: bytes, path: Sequence[str]) -> bool:
    """Whether the leaf and its path (``path_of``) give the root: what a slip's holder checks."""
    node = sha256_hex(b"\x00" + leaf)
    for step in path:
        side, sibling = step[0], step[1:]
        pair = (sibling, node) if side == "L" else (node, sibling)
        node = sha256_hex(b"\x01" + bytes.fromhex(pair[0]) + bytes.fromhex(pair[1]))
    return node == root


def path_of(leaves: Sequence[bytes], place: int) -> list[str]:
    """The way from leaf ``place`` (from 0) to the root: ``L`` or ``R`` (the sibling's side) and its hex hash."""
    level = [bytes.fromhex(sha256_hex(b"\x00" + leaf)) for leaf in leaves]
    path = []
    while len(level) > 1:
        sibling = place ^ 1
        if sibling < len(level):
            path.append(("L" if sibling < place else "R") + level[sibling].hex())
        pairs = zip(level[::2], level[1::2], strict=False)
        odd = [level[-1]] if len(level) % 2 else []
        level = [bytes.fromhex(sha256_hex(b"\x01" + left + right)) for left, right in pairs] + odd
        place //= 2
    return path
