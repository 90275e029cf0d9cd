"""Two laws on the real households of a round: who changes verdict, order or entitlement. No personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from allocator.errors import Refused
from allocator.messages import text_of
from allocator.model.enums import Stage, Verdict
from allocator.model.facts import Facts
from allocator.model.lookups import positions_among
from allocator.model.month import month_of
from allocator.office import history
from allocator.office.acts import NO_SUB_ROUND, stage_dates
from allocator.office.stage_open import SNAPSHOT, frozen_facts
from allocator.policy.in_force import Policy
from allocator.rounds.freeze import bands_of
from allocator.rounds.screened import TYPE_COLUMNS
from allocator.rounds.screened import screen as screen_people
from allocator.store import Store

_VERDICTS = tuple(str(verdict) for verdict in Verdict)


@dataclass(frozen=True, eq=False)
class LawDifferences:
    """One row per screened household, by receipt number, under both laws (``_a``, ``_b``).

    ``people``: ``receipt_no, verdict_a, verdict_b, priority_group_a, priority_group_b, points_a, points_b, band_a,
    band_b`` (Int64: NA off the roster), ``gained, lost`` (dwelling types, ``;`` between), ``changes_verdict``,
    ``changes_order`` (group or points, on both rosters), ``changes_entitlement`` (on either roster). ``on``: the day
    both are asked about, that of the round's screening.
    """

    month: str
    on: date
    people: pd.DataFrame

    def counts(self) -> dict[str, int]:
        """Households in all, and how many change what."""
        people = self.people
        earlier = people["changes_order"] & (people["band_b"] < people["band_a"]).fillna(value=False)
        later = people["changes_order"] & (people["band_b"] > people["band_a"]).fillna(value=False)
        return {
            "households": len(people),
            "verdict": int(people["changes_verdict"].sum()),
            "order": int(people["changes_order"].sum()),
            "earlier_band": int(earlier.sum()),
            "later_band": int(later.sum()),
            "entitlement": int(people["changes_entitlement"].sum()),
        }

    def verdicts(self) -> list[tuple[str, str, list[str]]]:
        """Verdict under A, verdict under B, receipts; only what changes, in the verdicts' order."""
        changed = self.people[self.people["changes_verdict"]]
        groups = dict(iter(changed.groupby(["verdict_a", "verdict_b"])["receipt_no"]))
        pairs = [(a, b) for a in _VERDICTS for b in _VERDICTS if (a, b) in groups]
        return [(a, b, groups[a, b].tolist()) for a, b in pairs]

    def document(self) -> dict[str, Any]:
        """Counts and receipts for machines."""
        order = self.people[self.people["changes_order"]]
        types = self.people[self.people["changes_entitlement"]]
        names = ("priority_group_a", "priority_group_b", "points_a", "points_b", "band_a", "band_b")
        return {
            "round": self.month,
            "on": self.on.isoformat(),
            "counts": self.counts(),
            "verdict": [{"a": a, "b": b, "num": len(who), "receipts": who} for a, b, who in self.verdicts()],
            "order": [
                {"receipt_no": row["receipt_no"], **{name: int(row[name]) for name in names}}
                for row in order[["receipt_no", *names]].to_dict("records")
            ],
            "entitlement": [
                {"receipt_no": receipt, "gained": _words(gained), "lost": _words(lost)}
                for receipt, gained, lost in zip(
                    types["receipt_no"], types["gained"], types["lost"], strict=True
                )
            ],
        }

    def lines(self, language: str) -> list[str]:
        """Counts in words; no receipt."""
        counts = self.counts()
        said = [text_of("law_diff_head", language, month=self.month, on=self.on.isoformat(), **counts)]
        for a, b, who in self.verdicts():
            words = [text_of(f"law_diff_{verdict.lower()}", language) for verdict in (a, b)]
            said.append(text_of("law_diff_verdict", language, before=words[0], after=words[1], num=len(who)))
        said.append(text_of("law_diff_order", language, **counts))
        said.append(text_of("law_diff_entitlement", language, **counts))
        return said


def law_differences(store_url: str, month: str, a: Policy, b: Policy) -> LawDifferences:
    """What two laws say about the households of a round as its facts were frozen.

    Both are asked about the day of the round's screening and what was known on it, so that nothing but the law
    differs. Raises ``Refused`` for an unknown round and one that is not screened yet.
    """
    month_of(month)
    with Store.open(store_url, create=False) as store:
        if store.round(month) is None:
            raise Refused("round_unknown", month=month)
        if not store.has_artefact(month, NO_SUB_ROUND, SNAPSHOT + "households"):
            raise Refused("law_diff_not_screened", month=month)
        facts = frozen_facts(store, month, with_preferences=False)
        on = stage_dates(store, month)[Stage.SCREEN]
        known = _known_then(store, month, facts)
    sides = [_ranked(screen_people(facts, policy, on, **known).people, policy) for policy in (a, b)]
    return LawDifferences(month, on, compared(*sides))


def _known_then(store: Store, month: str, facts: Facts) -> dict[str, Any]:
    """Waivers, lost draws and bans as the screening of the month knew them."""
    people = store.frame(month, NO_SUB_ROUND, "people")
    place = positions_among(facts.households["receipt_no"], people["receipt_no"])
    lost = history.lost_rounds(store, before=month)
    return {
        "standings": people[["receipt_no", "num_waivers"]],
        "lost_rounds": history.of_households(lost, facts.households),
        "barred_until": people["barred_until"].to_numpy(dtype="datetime64[D]")[place],
    }


def _ranked(people: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """The people with their band on that law's roster."""
    is_on_roster = (people["verdict"] == str(Verdict.ELIGIBLE)).to_numpy(dtype=bool)
    bands = pd.array(np.zeros(len(people), dtype=np.int64), dtype="Int64")
    bands[is_on_roster] = bands_of(people[is_on_roster], policy)
    bands[~is_on_roster] = pd.NA
    return people.assign(band=bands)


def compared(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """The two sides beside each other (``LawDifferences.people``); both sorted by receipt number."""
    both = {
        f"{name}_{side}": frame[name].to_numpy() if name != "band" else frame[name].array
        for name in ("verdict", "priority_group", "points", "band")
        for side, frame in (("a", a), ("b", b))
    }
    people = pd.DataFrame({"receipt_no": a["receipt_no"].to_numpy(), **both})
    may_a, may_b = (frame[list(TYPE_COLUMNS)].to_numpy(dtype=bool) for frame in (a, b))
    eligible = str(Verdict.ELIGIBLE)
    on_a, on_b = (people["verdict_a"] == eligible).to_numpy(), (people["verdict_b"] == eligible).to_numpy()
    moves = (people["priority_group_a"] != people["priority_group_b"]) | (
        people["points_a"] != people["points_b"]
    )
    fits_otherwise = (may_a != may_b).any(axis=1) & (on_a | on_b)
    return people.assign(
        gained=_named(may_b & ~may_a, fits_otherwise),
        lost=_named(may_a & ~may_b, fits_otherwise),
        changes_verdict=(people["verdict_a"] != people["verdict_b"]).to_numpy(),
        changes_order=moves.to_numpy() & on_a & on_b,
        changes_entitlement=fits_otherwise,
    )


def _named(masks: Any, rows: Any) -> list[str]:
    """The types each row's mask picks, joined; there are few kinds of rows, so each is spelled once."""
    weights = 1 << np.arange(len(TYPE_COLUMNS))
    codes = np.where(rows, masks @ weights, 0)
    spelled = {
        code: ";".join(name for place, name in enumerate(TYPE_COLUMNS) if code >> place & 1)
        for code in np.unique(codes).tolist()
    }
    return [spelled[code] for code in codes.tolist()]


def _words(joined: str) -> list[str]:
    return joined.split(";") if joined else []
