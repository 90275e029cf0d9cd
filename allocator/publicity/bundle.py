"""The public bundle (公开核验包) of a sub-round: every file's bytes (``docs/reference/bundle.md``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.model.canonical import canonical_bytes, sha256_hex
from allocator.publicity.commitment import FORMAT as COMMITMENT_FORMAT
from allocator.publicity.pages import page_of
from allocator.publicity.rooms import ROOMS_FILES
from allocator.publicity.tables import (
    chances_csv,
    current_csv,
    dwellings_csv,
    groups_csv,
    order_csv,
    pools_csv,
    preferences_csv,
    removals_csv,
    result_csv,
    roster_csv,
    sorted_by_text,
)

FORMAT: Final = "allocator-bundle/1"
DRAW_FORMAT: Final = "allocator-draw/1"


def bundle_files(
    *,
    commitment: bytes,
    roster: pd.DataFrame,
    preferences: pd.DataFrame,
    pools: pd.DataFrame,
    dwellings: pd.DataFrame,
    public_value: str,
    seed: str,
    order: pd.DataFrame,
    removals: Sequence[str],
    result: pd.DataFrame,
    certificate: Mapping[str, Any],
    policy_files: Mapping[str, bytes],
    software_version: str,
    verifier: bytes,
    groups: pd.DataFrame | None = None,
    declared: Mapping[str, Any] | None = None,
    chances: pd.DataFrame | None = None,
    rooms: Mapping[str, bytes] | None = None,
    current: pd.DataFrame | None = None,
) -> dict[str, bytes]:
    """File name -> bytes, ``manifest.json`` last.

    Args:
        commitment: the bytes published before the draw; month, sub-round, rehearsal and policy come from it.
        roster: ``code, band, points, salt``.
        preferences: ``code, rank, pool`` as committed (``tables.in_list_order``).
        pools: the columns of ``tables.POOLS``.
        dwellings: ``pool, place, dwelling_id``.
        public_value: as entered; empty without ceremony.
        seed: hex, ``ranking.draw.seed_of``.
        order: ``position, code, band, ticket``.
        removals: codes of those who left after the commitment.
        result: ``code, pool, dwelling_id`` of the housed (``result_of``).
        certificate: the document of ``certificate.md``, without floats.
        policy_files: file name -> bytes, as fingerprinted; they go under ``policy/``.
        software_version: of the engine.
        verifier: the bytes of the citizen's ``verify.py``.
        groups: ``code, group``, where the policy declares priority, reserves or quotas; then
        declared: the document of ``rules.json`` too.
        chances: ``code, pool, chance`` of a lottery, each household's in the order of its list.
        rooms: the files of ``rooms.room_files``, where the policy asks for a joint split of rooms.
        current: ``code, pool`` of tenants, where the policy has them take part.

    Raises:
        ValueError: pools, dwellings, groups or rules are not those committed to.
    """
    committed = json.loads(commitment)
    files = {
        "commitment.json": commitment,
        "roster.csv": roster_csv(roster),
        "preferences.csv": preferences_csv(preferences),
        "pools.csv": pools_csv(pools),
        "dwellings.csv": dwellings_csv(dwellings),
        "draw.json": canonical_bytes({"format": DRAW_FORMAT, "public_value": public_value, "seed": seed}),
        "order.csv": order_csv(order),
        "removals.csv": removals_csv(removals),
        "result.csv": result_csv(result),
        "certificate.json": canonical_bytes(dict(certificate)),
        **{f"policy/{name}": policy_files[name] for name in sorted(policy_files)},
        "verify.py": verifier,
        "README.txt": readme(commitment),
    }
    if groups is not None and declared is not None:
        files["groups.csv"] = groups_csv(groups)
        files["rules.json"] = canonical_bytes(dict(declared))
    if chances is not None:
        files["chances.csv"] = chances_csv(chances)
    files |= rooms or {}
    if current is not None:
        files["current.csv"] = current_csv(current)
    _refuse_other_supply(committed, files)
    counts = {
        "households": len(roster),
        "pools": len(pools),
        "places": int(pools["capacity"].sum()),
        "preferences": len(preferences),
        "housed": len(result),
        "removed": len(removals),
    }
    files["manifest.json"] = manifest_bytes(committed, counts, files, software_version)
    return files


def manifest_bytes(
    committed: Mapping[str, Any], counts: Mapping[str, int], files: Mapping[str, bytes], software_version: str
) -> bytes:
    """The bytes of ``manifest.json``: what this is, counts, and the SHA-256 of every other file."""
    document = {
        "format": FORMAT,
        "software_version": software_version,
        "month": committed["month"],
        "sub_round": committed["sub_round"],
        "rehearsal": committed["rehearsal"],
        "policy_fingerprint": committed["policy_fingerprint"],
        "counts": dict(counts),
        "files": {name: sha256_hex(content) for name, content in files.items()},
    }
    return canonical_bytes(document)


def readme(commitment: bytes) -> bytes:
    """``README.txt``, Chinese then English: what this is, how to check it, what ``verify.py`` cannot check."""
    committed = json.loads(commitment)
    if committed["format"] != COMMITMENT_FORMAT:
        raise ValueError(f"not a commitment: {committed['format']!r}")
    page = page_of(
        "readme.txt.j2",
        month=committed["month"],
        sub_round=committed["sub_round"],
        rehearsal=committed["rehearsal"],
        ceremony=committed["draw"]["ceremony"],
        source=committed["draw"]["source"],
        moment=committed["draw"]["moment"],
        commitment_sha256=sha256_hex(commitment),
    )
    return page.encode("utf-8")


def result_of(
    order: pd.DataFrame,
    assigned: Sequence[str | None] | npt.NDArray[np.object_],
    dwellings: pd.DataFrame,
    dwelling_rule: Literal["order", "ticket"],
    seed_hex: str,
) -> pd.DataFrame:
    """Which dwelling inside the pool: its households take places 1, 2, ... in published order or by ticket.

    Args:
        order: ``position, code``, one row per household.
        assigned: pool of each row of ``order``, missing or empty where none.
        dwellings: ``pool, place, dwelling_id``, rows in any order.
        dwelling_rule: ``order``, or ``ticket`` (the smaller ``dwelling`` ticket first).
        seed_hex: the seed of the draw; read by the rule ``ticket`` only.

    Returns:
        ``code, pool, dwelling_id`` of the housed, by code.

    Raises:
        ValueError: more households than places in a pool, or an unknown rule.
    """
    if dwelling_rule not in {"order", "ticket"}:
        raise ValueError(f"not a rule for dwellings: {dwelling_rule!r}")
    pools = pd.Series(np.asarray(assigned, dtype=object), dtype="str").fillna("").to_numpy(dtype=object)
    is_housed = pools != ""
    housed = order.loc[is_housed, ["position", "code"]].assign(pool=pools[is_housed])
    if dwelling_rule == "ticket":
        housed["position"] = _dwelling_tickets(seed_hex, housed["code"].tolist())
    housed = housed.astype({"pool": "str"}).sort_values("position")
    housed["place"] = housed.groupby("pool", sort=False).cumcount().to_numpy(dtype=np.int64) + 1
    stock = dwellings[["pool", "place", "dwelling_id"]].astype({"pool": "str", "place": "int64"})
    placed = housed.merge(stock, on=["pool", "place"], how="left", validate="one_to_one")
    if placed["dwelling_id"].isna().any():
        raise ValueError("more households than places in a pool")
    return sorted_by_text(placed, "code")[["code", "pool", "dwelling_id"]].reset_index(drop=True)


def _dwelling_tickets(seed_hex: str, codes: Sequence[str]) -> list[str]:
    # Rooms do not import each other; a test holds this equal to ``ranking.draw.tickets``.
    return [sha256_hex(f"{seed_hex}\ndwelling\n{code}\n".encode()) for code in codes]


def _refuse_other_supply(committed: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    same_pools = sha256_hex(files["pools.csv"]) == committed["pools"]["sha256"]
    if not same_pools or sha256_hex(files["dwellings.csv"]) != committed["dwellings_sha256"]:
        raise ValueError("the supply is not the one committed to")
    declared = {
        "groups.csv": "groups_sha256",
        "rules.json": "rules_sha256",
        "current.csv": "current_sha256",
    }
    for name, key in (declared | ROOMS_FILES).items():
        found = sha256_hex(files[name]) if name in files else None
        if found != committed.get(key):
            raise ValueError(f"{name} is not the one committed to")
