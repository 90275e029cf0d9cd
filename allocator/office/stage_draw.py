"""Stages ``draw`` and ``publish --what order``: the public value makes the seed, the seed the order."""

from __future__ import annotations

import json
from typing import Any

from allocator.errors import Refused
from allocator.model.canonical import canonical_bytes
from allocator.office import frozen, papers
from allocator.office.acts import NO_SUB_ROUND, Desk
from allocator.office.stage_freeze import moment_day
from allocator.office.steps import Step
from allocator.ranking import draw as draws


def draw(desk: Desk, public_value: str | None = None, minutes: str | None = None) -> Step:
    """Enter the public value, in the one spelling committed to, and make every sub-round's order."""
    commitments = {
        name: desk.store.artefact(desk.month, name, "commitment") for name in desk.record.sub_rounds
    }
    drawn = {name: json.loads(document)["draw"] for name, document in commitments.items()}
    value = value_for(desk, drawn, public_value)
    said: list[tuple[str, dict[str, Any]]] = []
    seeds = {}
    for name, document in commitments.items():
        used = value if drawn[name]["ceremony"] else ""
        seed = draws.seed_of(document, used, rehearsal=desk.record.rehearsal)
        roster = frozen.roster(desk.store, desk.month, name)
        order = draws.order_of(roster[["code", "band", "points"]], seed)
        desk.store.put_frame(desk.month, name, "order", order)
        drawn_as = {"public_value": used, "seed": seed}
        desk.store.put_artefact(desk.month, name, "draw", canonical_bytes(drawn_as))
        seeds[name] = seed
        code = "drawn" if drawn[name]["ceremony"] else "draw_skipped"
        said.append((code, {"sub_round": name, "households": len(order), "seed": seed}))
    if minutes:
        desk.store.put_artefact(desk.month, NO_SUB_ROUND, "minutes", minutes.encode("utf-8"))
    return Step(tuple(said), {"public_value": value, "seeds": seeds})


def value_for(desk: Desk, drawn: dict[str, dict[str, Any]], public_value: str | None) -> str:
    """The value to use: as entered and well formed, or the policy's stand-in; empty if no ceremony needs one."""
    held = [document for document in drawn.values() if document["ceremony"]]
    if not held:
        return ""
    moment = held[0]["moment"]
    if desk.on < moment_day(moment):
        raise Refused("moment_not_passed", month=desk.month, on=desk.on.isoformat(), moment=moment)
    value = public_value if public_value is not None else desk.policy.draw.stand_in
    if value is None:
        raise Refused("value_missing", month=desk.month, source=held[0]["source"], moment=moment)
    if not draws.value_is_well_formed(value, held[0]["form"]):
        raise Refused("value_misspelled", form=held[0]["form"])
    return value


def publish_order(desk: Desk) -> Step:
    """Publish the order of every sub-round for objections."""
    counts = papers.write_orders(desk)
    said = tuple(
        ("order_published", {"sub_round": name, "households": count}) for name, count in counts.items()
    )
    return Step(said, {"published": counts})
