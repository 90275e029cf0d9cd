"""A sub-round's bundle: gathered from the store, written whole, checked by the audit."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from importlib.metadata import version
from pathlib import Path

from allocator import audit
from allocator.office import frozen
from allocator.office.acts import Desk
from allocator.publicity import bundle
from allocator.publicity.rooms import room_files


def verifier() -> bytes:
    """The citizen's verifier, the same bytes in every bundle of this format."""
    return (resources.files("allocator") / "audit" / "standalone" / "verify.py").read_bytes()


def files_of(desk: Desk, name: str) -> dict[str, bytes]:
    """Every file of the bundle of one sub-round."""
    store, month = desk.store, desk.month
    sub_round = frozen.load(store, month, name)
    drawn = json.loads(store.artefact(month, name, "draw"))
    declared, split = sub_round.declared, sub_round.rooms
    return bundle.bundle_files(
        commitment=store.artefact(month, name, "commitment"),
        roster=sub_round.roster,
        preferences=sub_round.preferences,
        pools=sub_round.pools,
        dwellings=sub_round.dwellings,
        public_value=drawn["public_value"],
        seed=drawn["seed"],
        order=store.frame(month, name, "order"),
        removals=list(store.frame(month, name, "removals")["code"]),
        result=store.frame(month, name, "result"),
        certificate=json.loads(store.artefact(month, name, "certificate")),
        policy_files=desk.book.published_files(desk.record.on),
        software_version=version("allocator"),
        verifier=verifier(),
        groups=None if declared is None else declared.groups,
        declared=None if declared is None else declared.document,
        rooms=None if split is None else room_files(split.beds, split.document),
        current=sub_round.current,
        chances=store.frame(month, name, "chances") if store.has_artefact(month, name, "chances") else None,
    )


def write(desk: Desk, name: str, files: dict[str, bytes]) -> Path:
    """Write the files beside the final folder and swap it in, so that no half bundle ever stands there."""
    folder = desk.bundle_folder(name)
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    for path, content in files.items():
        target = fresh / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)
    return folder


def check(folder: Path, name: str) -> None:
    """Who solves does not judge: the audit reads the written bundle. A fault here is a bug, and stops the round."""
    faults = [result for result in audit.verify_bundle(folder) if not result.holds]
    if faults:
        raise RuntimeError(f"the bundle of {name} does not verify: {[fault.check for fault in faults]}")
