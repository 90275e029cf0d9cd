"""Stages ``allocate`` and ``publish --what result``."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from allocator.model.canonical import canonical_bytes, sha256_hex
from allocator.model.lookups import is_among
from allocator.office import bundles, frozen, papers, transfers
from allocator.office.acts import Desk
from allocator.office.steps import Step
from allocator.rounds import allocation


def allocate(desk: Desk) -> Step:
    """Assign every sub-round in turn; who is housed in one does not take part in the next."""
    gone = set(left_since_screening(desk))
    said: list[tuple[str, dict[str, Any]]] = []
    figures: dict[str, Any] = {}
    for name in desk.record.sub_rounds:
        sub_round = frozen.load(desk.store, desk.month, name)
        order = desk.store.frame(desk.month, name, "order")
        roster = sub_round.roster
        removed = sorted(roster.loc[is_among(roster["receipt_no"], gone), "code"])
        seed = json.loads(desk.store.artefact(desk.month, name, "draw"))["seed"]
        rules = desk.policy.allocation.of_sub_round(name)
        allocated = allocation.allocate(sub_round, order, set(removed), rules, seed)
        desk.store.put_frame(
            desk.month, name, "removals", pd.DataFrame({"code": pd.Series(removed, dtype="str")})
        )
        desk.store.put_frame(desk.month, name, "result", allocated.result)
        if allocated.chances is not None:
            desk.store.put_frame(desk.month, name, "chances", allocated.chances)
        desk.store.put_artefact(desk.month, name, "certificate", canonical_bytes(allocated.certificate))
        housed = roster.loc[is_among(roster["code"], allocated.result["code"]), "receipt_no"]
        gone |= set(housed)
        figures[name] = {"housed": len(housed), "places": sub_round.num_places, "removed": len(removed)}
        said.append(("allocated", {"sub_round": name, "households": len(roster), **figures[name]}))
        moving = transfers.counted(allocated.result, sub_round.current)
        if moving is not None:
            figures[name] |= moving
            said.append(("transfers_allocated", {"sub_round": name, **moving}))
    return Step(tuple(said), {"sub_rounds": figures})


def left_since_screening(desk: Desk) -> list[str]:
    """Receipts of households that withdrew or were frozen after the roster was published."""
    standings = desk.store.standings()
    return list(standings.loc[standings["state"].isin(["withdrawn", "frozen"]), "receipt_no"])


def publish_result(desk: Desk) -> Step:
    """Write every bundle, have the audit check each of them, publish the result."""
    said: list[tuple[str, dict[str, Any]]] = []
    manifests = {}
    for name in desk.record.sub_rounds:
        files = bundles.files_of(desk, name)
        desk.store.put_artefact(desk.month, name, "manifest", files["manifest.json"])
        folder = bundles.write(desk, name, files)
        bundles.check(folder, name)
        manifests[name] = sha256_hex(files["manifest.json"])
        said.append(
            ("bundle_written", {"sub_round": name, "folder": str(folder), "manifest": manifests[name]})
        )
    papers.write_results(desk)
    return Step(tuple(said), {"manifests": manifests})
