"""Stage ``publish --what roster``: sub-rounds are frozen, committed to and published, before the draw."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from allocator.errors import Refused, WrongUsage
from allocator.model.canonical import sha256_hex
from allocator.model.enums import Stage, Verdict
from allocator.model.lookups import is_among
from allocator.office import frozen, papers, transfers
from allocator.office.acts import NO_SUB_ROUND, Desk
from allocator.office.chance_words import STATED
from allocator.office.stage_open import frozen_facts
from allocator.office.steps import Step
from allocator.publicity import codes, commitment
from allocator.publicity.rooms import room_files
from allocator.rounds import allocation, freeze, lifecycle
from allocator.rounds.declared import LEAST_CELL
from allocator.rounds.freeze import SubRound

_RULES = ("mechanism", "housing_first", "dwelling_rule")


def publish_roster(desk: Desk, source: str | None = None, moment: str | None = None) -> Step:
    """Freeze rosters, pools and lists of every sub-round, commit to them, publish the qualified list."""
    facts = frozen_facts(desk.store, desk.month)
    people = frozen.people(desk.store, desk.month)
    key = codes.round_key(facts, desk.month)
    occupied = frozen.occupied(desk.store)
    tenants = transfers.tenants(desk.store, desk.month)
    rounds = freeze.sub_rounds(
        facts, still_asking(desk, people), desk.policy, desk.month, desk.on, occupied, key, tenants
    )
    receipts = received(desk, people, key, rounds)
    counted = commitment.receipts_counted(receipts)
    previous = frozen.previous_manifest(desk.store, desk.month)
    ceremony = declared_draw(desk, source, moment)
    policy_files = desk.book.published_files(desk.record.on)
    committed = {}
    for sub_round in rounds:
        rules = desk.policy.allocation.of_sub_round(sub_round.name)
        chances = allocation.refuse_unserved(sub_round, rules)
        declared, split = sub_round.declared, sub_round.rooms
        rooms = {} if split is None else room_files(split.beds, split.document)
        document = commitment.commitment_bytes(
            month=desk.month,
            sub_round=sub_round.name,
            rehearsal=desk.record.rehearsal,
            policy_fingerprint=desk.record.policy_fingerprint,
            rules={name: getattr(rules, name) for name in _RULES},
            roster=sub_round.roster,
            preferences=sub_round.preferences,
            pools=sub_round.pools,
            dwellings=sub_round.dwellings,
            receipts=counted,
            previous_manifest=previous,
            ceremony=_ceremony(desk, sub_round, ceremony),
            groups=None if declared is None else declared.groups,
            declared=None if declared is None else declared.document,
            rooms=rooms,
            current=sub_round.current,
        )
        frozen.save(desk.store, desk.month, sub_round)
        desk.store.put_artefact(desk.month, sub_round.name, "commitment", document)
        committed[sub_round.name] = sha256_hex(document)
        papers.write_commitment(desk, sub_round.name, document)
        if declared is not None:
            papers.write_rules(desk, sub_round.name, declared.document)
        papers.write_rooms(desk, sub_round.name, rooms)
        if chances is not None:
            desk.store.put_frame(desk.month, sub_round.name, STATED, chances)
            papers.write_chances(desk, sub_round.name, chances)
    for name, content in policy_files.items():
        desk.store.put_artefact(desk.month, NO_SUB_ROUND, f"policy/{name}", content)
    desk.store.put_frame(desk.month, NO_SUB_ROUND, "receipts", receipts)
    papers.write_rosters(desk, facts, rounds, committed, ceremony, receipts)
    return Step(
        _said(desk, rounds, ceremony, committed), _figures(rounds, receipts, committed), tuple(committed)
    )


def still_asking(desk: Desk, people: pd.DataFrame) -> pd.DataFrame:
    """The people without those who withdrew, or whose case was frozen, since they were screened."""
    standings = desk.store.standings()
    gone = standings.loc[standings["state"].isin(["withdrawn", "frozen"]), "receipt_no"]
    return people[~is_among(people["receipt_no"], gone)].reset_index(drop=True)


def received(desk: Desk, people: pd.DataFrame, key: bytes, rounds: Sequence[SubRound]) -> pd.DataFrame:
    """Every receipt received so far, with its class and salt: ``receipt_no, class, salt``.

    Who is eligible and on no roster of the round was not shortlisted.
    """
    classes = people["verdict"].map(
        {
            str(Verdict.ELIGIBLE): "roster",
            str(Verdict.INELIGIBLE): "ineligible",
            str(Verdict.INCOMPLETE): "incomplete",
        }
    )
    rostered = pd.concat([sub_round.roster["receipt_no"] for sub_round in rounds])
    is_left_out = (classes == "roster") & ~is_among(people["receipt_no"], rostered)
    classes = classes.mask(is_left_out, commitment.NOT_SHORTLISTED)
    screened = pd.DataFrame({"receipt_no": people["receipt_no"], "class": classes})
    standings = desk.store.standings()
    gone = standings[standings["state"].isin(["housed", "withdrawn", "frozen"])]
    # A tenant who asks to move stands on the roster; one who does not is housed, whatever the screening found.
    gone = gone[~((gone["state"] == "housed") & is_among(gone["receipt_no"], rostered))]
    others = pd.DataFrame({"receipt_no": gone["receipt_no"], "class": gone["state"]})
    # What came with faults after the screening does not change what was screened.
    late = desk.store.set_aside_receipts()
    aside = pd.DataFrame({"receipt_no": sorted({*late} - {*people["receipt_no"]}), "class": "set_aside"})
    everyone = pd.concat([screened, others, aside], ignore_index=True).astype("str")
    everyone = everyone.drop_duplicates("receipt_no", keep="last").reset_index(drop=True)
    salts = codes.receipt_salts_of(key, desk.month, NO_SUB_ROUND, everyone["receipt_no"].tolist())
    return everyone.assign(salt=pd.Series(salts, dtype="str"))


def declared_draw(desk: Desk, source: str | None, moment: str | None) -> commitment.Ceremony:
    """Source, moment and form of the public value to come, as the policy declares them."""
    rules = desk.policy.draw
    declared = {known.id: known for known in rules.sources}
    by_name = {name: known for known in rules.sources for name in (known.id, known.name_zh, known.name_en)}
    chosen = by_name.get(source) if source else rules.sources[0]
    if chosen is None:
        raise Refused("source_not_declared", source=source, declared=", ".join(declared))
    return commitment.Ceremony(
        ceremony=True,
        source=chosen.id,
        moment=_moment(desk, moment),
        fallbacks=tuple(rules.fallbacks),
        form=chosen.form,
    )


def _moment(desk: Desk, moment: str | None) -> str:
    """The moment as ISO 8601 with its offset; by default the calendar's hour on the day of the draw."""
    calendar = desk.policy.calendar
    if moment is None:
        earliest = desk.on + timedelta(days=calendar.roster_window_days)
        day = max(lifecycle.day_of(Stage.DRAW, desk.month, calendar), earliest)
        return f"{day.isoformat()}T{calendar.public_value_at}:00{calendar.utc_offset}"
    try:
        told = datetime.fromisoformat(moment)
    except ValueError:
        raise WrongUsage("moment_malformed", value=moment) from None
    if re.fullmatch(r"\d{4}-\d\d-\d\d", moment):
        return f"{moment}T{calendar.public_value_at}:00{calendar.utc_offset}"
    if told.tzinfo is None:
        return f"{told.isoformat(timespec='seconds')}{calendar.utc_offset}"
    return told.isoformat(timespec="seconds")


def moment_day(moment: str) -> date:
    """The day of a moment, in its own offset."""
    return datetime.fromisoformat(moment).date()


def _ceremony(desk: Desk, sub_round: SubRound, declared: commitment.Ceremony) -> commitment.Ceremony:
    """The same draw for every sub-round, but none where there is a place for everyone."""
    needed = commitment.needs_ceremony(
        sub_round.num_places, len(sub_round.roster), desk.policy.draw.skip_when_supply_suffices
    )
    return (
        declared
        if needed
        else commitment.Ceremony(ceremony=False, source="", moment="", fallbacks=(), form="")
    )


def _said(
    desk: Desk, rounds: list[SubRound], ceremony: commitment.Ceremony, committed: dict[str, str]
) -> tuple[tuple[str, dict[str, Any]], ...]:
    lines: list[tuple[str, dict[str, Any]]] = []
    for sub_round in rounds:
        counts = {
            "households": len(sub_round.roster),
            "places": sub_round.num_places,
            "pools": len(sub_round.pools),
        }
        lines.append(
            (
                "roster_published",
                {"sub_round": sub_round.name, "commitment": committed[sub_round.name], **counts},
            )
        )
        if sub_round.declared is not None and sub_round.declared.document["merged"]:
            merged = ", ".join(sub_round.declared.document["merged"])
            told = {"sub_round": sub_round.name, "groups": merged, "least": LEAST_CELL}
            lines.append(("groups_merged", told))
    lines.append(
        ("value_to_come", {"source": ceremony.source, "moment": ceremony.moment, "form": ceremony.form})
    )
    if desk.record.rehearsal:
        lines.append(("rehearsal_said", {}))
    return tuple(lines)


def _figures(rounds: list[SubRound], receipts: pd.DataFrame, committed: dict[str, str]) -> dict[str, Any]:
    return {
        "commitments": committed,
        "receipts": {str(name): int(count) for name, count in receipts["class"].value_counts().items()},
        "sub_rounds": {
            sub_round.name: {
                "households": len(sub_round.roster),
                "pools": len(sub_round.pools),
                "places": sub_round.num_places,
            }
            for sub_round in rounds
        },
    }
