"""Notices, slips and commitments as files. The private folder holds what joins people to codes."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pandas as pd

from allocator.model.canonical import canonical_bytes, sha256_hex
from allocator.model.facts import Facts
from allocator.model.lookups import is_among, positions_among
from allocator.office import frozen
from allocator.office.acts import Desk
from allocator.office.stage_open import frozen_facts
from allocator.policy.model import TRANSFER
from allocator.publicity import masking, notices, slips, tables
from allocator.publicity.commitment import Ceremony
from allocator.publicity.notices import Notice, What
from allocator.rounds.freeze import NEED, SubRound

_WINDOWS: Final = {
    "roster": "roster_window_days",
    "order": "order_window_days",
    "result": "result_window_days",
}


def write_commitment(desk: Desk, sub_round: str, document: bytes) -> None:
    """``commitment.json`` where the bundle will stand."""
    _write(desk.bundle_folder(sub_round) / "commitment.json", document)


def write_rules(desk: Desk, sub_round: str, document: Mapping[str, Any]) -> None:
    """``rules.json`` beside the commitment: who has which right where is told before the draw."""
    _write(desk.bundle_folder(sub_round) / "rules.json", canonical_bytes(dict(document)))


def write_rooms(desk: Desk, sub_round: str, files: Mapping[str, bytes]) -> None:
    """The split of dormitory rooms with its proof beside the commitment, where there is one: told before the draw."""
    for name, content in files.items():
        _write(desk.bundle_folder(sub_round) / name, content)


def write_chances(desk: Desk, sub_round: str, chances: pd.DataFrame) -> None:
    """``chances.csv`` beside the commitment: what a lottery states before the draw, should nobody leave."""
    _write(desk.bundle_folder(sub_round) / "chances.csv", tables.chances_csv(chances))


def write_rosters(
    desk: Desk,
    facts: Facts,
    rounds: list[SubRound],
    committed: Mapping[str, str],
    ceremony: Ceremony,
    receipts: pd.DataFrame,
) -> None:
    """The qualified list of every sub-round, and everybody's slip."""
    own = []
    masked = _masked(facts)
    names = dict(zip(masked["receipt_no"].tolist(), masked["name"].tolist(), strict=True))
    for sub_round in rounds:
        identities = _identities(masked, sub_round.roster)
        rows = notices.roster_rows(sub_round.roster, identities)
        told = {
            "commitment_sha256": committed[sub_round.name],
            "source": ceremony.source,
            "moment": ceremony.moment,
        }
        _write_notice(desk, _notice(desk, "roster", sub_round.name, told), rows)
        own.append(_slips(desk, names, sub_round, receipts, committed[sub_round.name]))
    _write_private(
        desk.out / desk.month / "private" / "slips.csv", slips.slips_csv(pd.concat(own, ignore_index=True))
    )


def _masked(facts: Facts) -> pd.DataFrame:
    """``receipt_no, name, receipt_tail`` of every household, masked once for all sub-rounds."""
    receipts = facts.households["receipt_no"]
    everyone = pd.DataFrame({"receipt_no": receipts, "code": receipts})
    return masking.identities_of(facts, everyone).rename(columns={"code": "receipt_no"})


def _identities(masked: pd.DataFrame, roster: pd.DataFrame) -> pd.DataFrame:
    """``code, name, receipt_tail`` of those on the roster."""
    place = positions_among(roster["receipt_no"], masked["receipt_no"])
    named = masked[["name", "receipt_tail"]].iloc[place].reset_index(drop=True)
    return named.assign(code=roster["code"].to_numpy())[["code", "name", "receipt_tail"]]


def _slips(
    desk: Desk, names: Mapping[str, str], sub_round: SubRound, receipts: pd.DataFrame, committed: str
) -> pd.DataFrame:
    """Everybody's slip of the public sub-round; of the others only of those who take part."""
    if sub_round.name != "public":
        receipts = receipts[is_among(receipts["receipt_no"], sub_round.roster["receipt_no"])]
    salts = receipts.rename(columns={"salt": "receipt_salt"})[["receipt_no", "receipt_salt"]]
    codes = salts.merge(sub_round.roster[["receipt_no", "code", "salt"]], on="receipt_no", how="left")
    classes = receipts[["receipt_no", "class"]]
    return slips.slips_of(codes, classes, names, desk.month, sub_round.name, committed)


def write_orders(desk: Desk) -> dict[str, int]:
    """The order of every sub-round; gives the number of rows of each."""
    masked = _masked(frozen_facts(desk.store, desk.month, with_preferences=False))
    counts = {}
    for name in desk.record.sub_rounds:
        order = desk.store.frame(desk.month, name, "order")
        identities = _identities(masked, frozen.roster(desk.store, desk.month, name))
        _write_notice(
            desk, _notice(desk, "order", name, _drawn(desk, name)), notices.order_rows(order, identities)
        )
        counts[name] = len(order)
    return counts


def write_results(desk: Desk) -> None:
    """The result of every sub-round."""
    masked = _masked(frozen_facts(desk.store, desk.month, with_preferences=False))
    for name in desk.record.sub_rounds:
        roster = frozen.roster(desk.store, desk.month, name)
        order, result = (desk.store.frame(desk.month, name, frame) for frame in ("order", "result"))
        # A tenant who stays has got nothing, so there is nothing to object to.
        result = result[result["dwelling_id"] != ""]
        housed = roster[is_among(roster["code"], result["code"])]
        identities = _identities(masked, housed)
        rows = notices.result_rows(result, order, identities)
        _write_notice(desk, _notice(desk, "result", name, _drawn(desk, name)), rows)


def write_moves(desk: Desk, moves: pd.DataFrame) -> Path:
    """The moves in an order in which they can be carried out; receipts and homes together, so for the bureau alone."""
    path = desk.out / desk.month / "private" / "moves.csv"
    _write_private(path, tables.csv_bytes(moves, tuple(moves.columns)))
    return path


def _drawn(desk: Desk, name: str) -> dict[str, str]:
    """What a citizen checks the bundle with, once it is drawn."""
    document = desk.store.artefact(desk.month, name, "commitment")
    declared = json.loads(document)["draw"]
    drawn = json.loads(desk.store.artefact(desk.month, name, "draw"))
    return {
        "commitment_sha256": sha256_hex(document),
        "source": declared["source"],
        "moment": declared["moment"],
        "public_value": drawn["public_value"],
        "seed": drawn["seed"],
    }


def _notice(desk: Desk, what: What, sub_round: str, told: Mapping[str, Any]) -> Notice:
    window = int(getattr(desk.policy.calendar, _WINDOWS[what]))
    authority = desk.policy.authority
    name = authority.name_zh if desk.language == "zh" else authority.name_en
    return Notice(
        what=what,
        month=desk.month,
        sub_round=sub_round,
        authority=name,
        rehearsal=desk.record.rehearsal,
        published_on=desk.on.isoformat(),
        objections_until=(desk.on + timedelta(days=window)).isoformat(),
        objections_to=name,
        mechanism=desk.policy.allocation.of_sub_round(sub_round).mechanism,
        audience="auditor" if sub_round in {NEED, TRANSFER} else "public",
        **told,
    )


def _write_notice(desk: Desk, notice: Notice, rows: pd.DataFrame) -> None:
    base = desk.out / desk.month
    folder = base / "notices" if notice.sub_round == "public" else base / notice.sub_round / "notices"
    for name, content in notices.notice_files(notice, rows, desk.language).items():
        _write(folder / name, content)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _write_private(path: Path, content: bytes) -> None:
    """Readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
