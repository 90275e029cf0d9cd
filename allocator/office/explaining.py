"""One household's why: verdict with every finding, place in each sub-round, and what would have changed it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from allocator import screening
from allocator.errors import Refused
from allocator.messages import text_of
from allocator.model.enums import Stage, Verdict
from allocator.model.month import month_of
from allocator.model.records import RoundRecord
from allocator.office import frozen
from allocator.office.acts import NO_SUB_ROUND, fingerprint, stage_dates
from allocator.office.chance_words import told_before
from allocator.office.cost_words import effects
from allocator.office.outcome_words import told_outcome
from allocator.office.shortlist_words import by_project
from allocator.office.stage_open import frozen_facts
from allocator.office.tenant_words import told_left_out, told_tenant
from allocator.policy import load as load_policy
from allocator.policy.allocating import LOTTERIES
from allocator.policy.in_force import Policy
from allocator.publicity.notices import sub_round_title
from allocator.rounds.freeze import PUBLIC, SubRound
from allocator.screening import Finding
from allocator.store import Store

Sentence = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Told:
    """What is told to one household. ``sentences`` in order; ``findings`` of the screening."""

    month: str
    receipt_no: str
    rehearsal: bool
    verdict: str
    findings: tuple[Finding, ...]
    sentences: tuple[Sentence, ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)

    def lines(self, language: str) -> list[str]:
        """The letter's text."""
        head = text_of("told_head", language, month=self.month, receipt_no=self.receipt_no)
        mark = [text_of("rehearsal_said", language)] if self.rehearsal else []
        verdict = text_of(f"told_verdict_{self.verdict.lower()}", language)
        found = ["  · " + finding.text(language) for finding in self.findings]
        return [*mark, head, verdict, *found, *(self._sentence(one, language) for one in self.sentences)]

    @staticmethod
    def _sentence(sentence: Sentence, language: str) -> str:
        code, params = sentence
        words = dict(params)
        if "sub_round" in words:
            words["sub_round"] = sub_round_title(str(words["sub_round"]), language)
        if "group" in words:
            words["group"] = words["group"][language]
        if "cost" in words:
            words["effects"] = effects(words["cost"], language)
        return text_of(code, language, **words)

    def document(self, language: str) -> dict[str, Any]:
        """The same for machines, with the words."""
        return {
            "month": self.month,
            "receipt_no": self.receipt_no,
            "rehearsal": self.rehearsal,
            "verdict": self.verdict,
            "findings": [{**finding.document(), "text": finding.text(language)} for finding in self.findings],
            **self.figures,
            "text": self.lines(language),
        }


def explain(month: str, receipt_no: str, store_url: str) -> Told:
    """Why this household got this pool, or none. Refused (3) where the round or the receipt is unknown."""
    month_of(month)
    with Store.open(store_url, create=False) as store:
        record = store.round(month)
        if record is None:
            raise Refused("round_unknown", month=month)
        dates = stage_dates(store, month)
        if Stage.SCREEN not in dates:
            raise Refused("not_screened_yet", month=month)
        facts = frozen_facts(store, month).of_household(receipt_no)
        if facts.households.empty:
            raise Refused("receipt_not_in_round", month=month, receipt_no=receipt_no)
        policy = law_of(record)
        people = frozen.people(store, month)
        me = people[people["receipt_no"] == receipt_no].iloc[0]
        # Waivers as they were counted then: a later one must not change this month's findings.
        findings = screening.findings_of(facts, policy, dates[Stage.SCREEN], int(me["num_waivers"]))
        verdict = str(me["verdict"])
        sentences, figures = _placed(store, month, receipt_no, record.sub_rounds, policy, me)
        sentences = by_project(sentences, store, month, record.sub_rounds, policy, facts, me)
        sentences = [*_barred(me), *sentences]
    return Told(month, receipt_no, record.rehearsal, verdict, tuple(findings), tuple(sentences), figures)


def _barred(me: pd.Series) -> list[Sentence]:
    """A ban that ran on the day of the screening."""
    if pd.isna(me["barred_until"]):
        return []
    return [("told_barred", {"barred_until": f"{me['barred_until']:%Y-%m-%d}"})]


def law_of(record: RoundRecord) -> Policy:
    """The law the round was held under. Refused (3) where its files have changed: a letter would quote another law."""
    book = load_policy(record.policy)
    if fingerprint(book, record.on) != record.policy_fingerprint:
        raise Refused("policy_changed", month=record.month, policy=record.policy, opened_under=record.policy)
    return book.in_force(record.on)


def _placed(
    store: Store,
    month: str,
    receipt_no: str,
    sub_rounds: tuple[str, ...],
    policy: Policy,
    me: pd.Series,
) -> tuple[list[Sentence], dict[str, Any]]:
    """Sentences on every sub-round the household is on the roster of."""
    is_eligible = me["verdict"] == Verdict.ELIGIBLE
    sentences: list[Sentence] = []
    figures: dict[str, Any] = {}
    for name in sub_rounds:
        sub_round = frozen.load(store, month, name)
        own = sub_round.roster[sub_round.roster["receipt_no"] == receipt_no]
        if own.empty:
            continue
        code = str(own["code"].iloc[0])
        rules = policy.allocation.of_sub_round(name)
        here = policy.model_copy(update={"allocation": rules})
        said, told = _in_sub_round(store, month, sub_round, code, here, me)
        said = told_tenant(said, sub_round, code)
        sentences += said
        figures.setdefault("sub_rounds", {})[name] = told
    left_out = told_left_out(store, month, receipt_no, sub_rounds, figures, is_eligible=is_eligible)
    if left_out is not None:
        sentences += left_out
    elif is_eligible and PUBLIC not in figures.get("sub_rounds", {}):
        sentences.append((_on_no_roster(store, month, receipt_no, sub_rounds), {}))
    return sentences, figures


def _on_no_roster(store: Store, month: str, receipt_no: str, sub_rounds: tuple[str, ...]) -> str:
    """Why an eligible household is not on the public roster: none yet, it left before, or it was not shortlisted."""
    if not sub_rounds:
        return "told_not_frozen_yet"
    receipts = store.frame(month, NO_SUB_ROUND, "receipts").set_index("receipt_no")["class"]
    has_left = str(receipts[receipt_no]) in {"withdrawn", "frozen"}
    return "told_left_before_roster" if has_left else "told_not_shortlisted"


def _in_sub_round(
    store: Store, month: str, sub_round: SubRound, code: str, policy: Policy, me: pd.Series
) -> tuple[list[Sentence], dict[str, Any]]:
    if not store.has_artefact(month, sub_round.name, "order"):
        waiting: list[Sentence] = [("told_on_roster", {"sub_round": sub_round.name, "round_code": code})]
        said, told = told_before(store, month, sub_round, code)
        return waiting + said, {"code": code, **told}
    order = store.frame(month, sub_round.name, "order")
    place = order[order["code"] == code].iloc[0]
    in_band = order[order["band"] == place["band"]]
    position, band = int(place["position"]), int(place["band"])
    standing = {
        "sub_round": sub_round.name,
        "round_code": code,
        "position": position,
        "households": len(order),
        "band": band + 1,
        "band_ticket": int((in_band["position"] <= position).sum()),
        "in_band": len(in_band),
    }
    told_at = {"serial": "told_position_serial", **dict.fromkeys(LOTTERIES, "told_position_lottery")}
    sentences: list[Sentence] = [(told_at.get(policy.allocation.mechanism, "told_position"), standing)]
    sentences += _assigned(policy, int(me["priority_group"]))
    figures = {"code": code, "position": position, "band": band}
    if store.has_artefact(month, sub_round.name, "result"):
        said, told = told_outcome(store, month, sub_round, order, code, me, policy)
        sentences += said
        figures |= told
    return sentences, figures


def _assigned(policy: Policy, place: int) -> list[Sentence]:
    """Where the law assigns a home to the household's priority group."""
    groups = policy.ranking.groups
    if place >= len(groups) or not groups[place].assigned_any:
        return []
    return [("told_assigned_any", {"reference": groups[place].reference})]
