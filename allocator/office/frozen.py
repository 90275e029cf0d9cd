"""Frozen frames of a round in and out of the store."""

from __future__ import annotations

import json

import pandas as pd

from allocator.model.canonical import canonical_bytes
from allocator.office.acts import NO_SUB_ROUND
from allocator.rounds.declared import Declared
from allocator.rounds.freeze import SubRound
from allocator.rounds.rooms import RoomSplit
from allocator.store import Store

_FRAMES = ("roster", "preferences", "pools", "dwellings")
# Where the policy has tenants take part.
_TENANTS = ("current", "left_out")


def save(store: Store, month: str, frozen: SubRound) -> None:
    """Put the frozen sub-round beside the others."""
    for name in _FRAMES:
        store.put_frame(month, frozen.name, name, getattr(frozen, name))
    if frozen.declared is not None:
        store.put_frame(month, frozen.name, "groups", frozen.declared.groups)
        store.put_artefact(month, frozen.name, "rules", canonical_bytes(frozen.declared.document))
    for name in _TENANTS:
        frame = getattr(frozen, name)
        if frame is not None:
            store.put_frame(month, frozen.name, name, frame)
    if frozen.rooms is not None:
        store.put_frame(month, frozen.name, "rooms", frozen.rooms.beds)
        store.put_artefact(month, frozen.name, "split", canonical_bytes(frozen.rooms.document))


def load(store: Store, month: str, sub_round: str) -> SubRound:
    """A frozen sub-round as it was saved."""
    frames = {name: store.frame(month, sub_round, name) for name in _FRAMES}
    declared, rooms = _declared(store, month, sub_round), _rooms(store, month, sub_round)
    tenants = {
        name: store.frame(month, sub_round, name)
        for name in _TENANTS
        if store.has_artefact(month, sub_round, name)
    }
    return SubRound(sub_round, **frames, declared=declared, rooms=rooms, **tenants)


def _declared(store: Store, month: str, sub_round: str) -> Declared | None:
    if not store.has_artefact(month, sub_round, "rules"):
        return None
    document = json.loads(store.artefact(month, sub_round, "rules"))
    return Declared(store.frame(month, sub_round, "groups"), document)


def _rooms(store: Store, month: str, sub_round: str) -> RoomSplit | None:
    if not store.has_artefact(month, sub_round, "split"):
        return None
    document = json.loads(store.artefact(month, sub_round, "split"))
    return RoomSplit(store.frame(month, sub_round, "rooms"), document)


def roster(store: Store, month: str, sub_round: str) -> pd.DataFrame:
    """The frozen roster alone."""
    return store.frame(month, sub_round, "roster")


def people(store: Store, month: str) -> pd.DataFrame:
    """Everyone screened this month (``rounds.screened``)."""
    return store.frame(month, NO_SUB_ROUND, "people")


def previous_manifest(store: Store, month: str) -> str:
    """Hex hash of the last closed month's public manifest, or "" for the first month."""
    earlier = [record.month for record in store.rounds() if record.month < month]
    if not earlier:
        return ""
    last = max(earlier)
    if not store.has_artefact(last, "public", "manifest"):
        return ""
    from allocator.model.canonical import sha256_hex

    return sha256_hex(store.artefact(last, "public", "manifest"))


def occupied(store: Store) -> pd.DataFrame:
    """``dwelling_id, sex`` of every dwelling with a lease in force; the sex of its applicant."""
    leases = store.leases()
    in_force = leases[leases["state"] == "IN_FORCE"]
    if in_force.empty:
        return pd.DataFrame({"dwelling_id": pd.Series(dtype="str"), "sex": pd.Series(dtype="str")})
    members = store.read_facts().members
    applicants = members[members["relation"] == "applicant"].drop_duplicates("receipt_no")
    sex = applicants.set_index("receipt_no")["sex"]
    return pd.DataFrame(
        {
            "dwelling_id": in_force["dwelling_id"].to_numpy(),
            "sex": in_force["receipt_no"].map(sex).fillna("").to_numpy(),
        }
    )
