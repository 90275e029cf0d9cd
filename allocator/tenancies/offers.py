"""配租通知单: offers made from a result, and what the households answer."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.model.answers import Answer, DeclineReason
from allocator.model.enums import OfferState
from allocator.model.facts import conform
from allocator.model.problem import Problem
from allocator.model.records import OFFERS


def offers_of(
    result: pd.DataFrame,
    roster: pd.DataFrame,
    order: pd.DataFrame,
    *,
    month: str,
    sub_round: str,
    made_on: date,
) -> pd.DataFrame:
    """One offer for each row of the result, by position in the order.

    ``result``: ``code, pool, dwelling_id``; ``roster``: ``receipt_no, code``; ``order``: ``position, code``.
    Gives ``model.records.OFFERS``, all ``MADE``, ``answered_on`` and ``reason`` missing. A code of the result that is
    not on the roster or in the order is a bug and raises ``ValueError``.
    """
    named = result[["code", "pool", "dwelling_id"]].merge(
        roster[["receipt_no", "code"]], on="code", how="left", validate="one_to_one"
    )
    placed = named.merge(order[["position", "code"]], on="code", how="left", validate="one_to_one")
    if placed[["receipt_no", "position"]].isna().any(axis=None):
        raise ValueError("a code of the result is not on the roster or in the order")
    made = placed.assign(
        month=month,
        sub_round=sub_round,
        made_on=pd.Series(pd.Timestamp(made_on).as_unit("s"), index=placed.index, dtype="datetime64[s]"),
        state=OfferState.MADE.value,
    )
    return conform(made.sort_values("position"), OFFERS)


def apply_answers(
    offers: pd.DataFrame,
    answers: pd.DataFrame,
    on: date,
    *,
    known: Any = (),
    file: str = "",
) -> tuple[pd.DataFrame, list[Problem]]:
    """The offers with the sound answers applied, and every fault with its row.

    ``answers``: ``receipt_no``, ``answer`` (accept, refuse), ``reason``, and ``row`` (the line in ``file``; without
    it rows are counted from 2). ``known``: receipt numbers the bureau knows, so that a household without an
    offer is told from a number nobody has. A household named more than once has every row reported and none
    applied; the answer already recorded may come again and changes nothing, another one is a fault.
    """
    rows = answers.reset_index(drop=True)
    if "row" not in rows:
        rows = rows.assign(row=np.arange(len(rows)) + 2)
    place = pd.Index(offers["receipt_no"]).get_indexer(rows["receipt_no"])
    verdict = _faults_of(offers, rows, place, known)
    sound = verdict == ""
    problems = _problems(rows, verdict, file)
    changed = _with_answers(offers, rows[sound], place[sound], on)
    return changed, problems


def _faults_of(offers: pd.DataFrame, rows: pd.DataFrame, place: npt.NDArray[np.intp], known: Any) -> Any:
    """Code of the fault of each row, "" for none; the first that applies."""
    verdict = np.full(len(rows), "", dtype=object)
    answer = rows["answer"]
    has_offer = place >= 0
    names = pd.Index(rows["receipt_no"], dtype=object)  # text columns look up one by one
    is_known = names.isin(list(known))
    repeated = rows["receipt_no"].duplicated(keep=False).to_numpy(dtype=bool)
    several = repeated & ~rows.duplicated(["receipt_no", "answer"], keep=False).to_numpy(dtype=bool)
    several = names.isin(names[several])
    states = np.append(offers["state"].to_numpy(dtype=object), "")[place]
    wished = np.where(answer == Answer.ACCEPT, OfferState.ACCEPTED.value, OfferState.WAIVED.value)
    settled = has_offer & (states != OfferState.MADE) & (states != wished)
    cases = [
        (~answer.isin(list(Answer)).to_numpy(dtype=bool), "answer_not_understood"),
        (~has_offer & ~is_known, "answer_unknown_receipt"),
        (~has_offer, "answer_not_offered"),
        (repeated & several, "answer_contradicts"),
        (repeated, "answer_twice"),
        (settled, "answer_already_given"),
    ]
    for holds, code in reversed(cases):
        verdict[holds] = code
    return verdict


def _problems(rows: pd.DataFrame, verdict: Any, file: str) -> list[Problem]:
    faulty = rows[verdict != ""]
    codes = verdict[verdict != ""]
    concerned = rows[rows["receipt_no"].isin(faulty["receipt_no"])]
    lines = {
        name: sorted(int(row) for row in group) for name, group in concerned.groupby("receipt_no")["row"]
    }
    problems = []
    for code, row, receipt_no, answer in zip(
        codes, faulty["row"], faulty["receipt_no"], faulty["answer"], strict=True
    ):
        is_about_answer = code in {"answer_not_understood", "answer_contradicts", "answer_already_given"}
        value, column = (answer, "answer") if is_about_answer else (receipt_no, "receipt_no")
        also = ", ".join(str(line) for line in lines.get(receipt_no, []))
        problems.append(Problem(code, file, int(row), column, str(value), params={"rows": also}))
    return sorted(problems, key=lambda problem: (problem.row, problem.code))


def _with_answers(
    offers: pd.DataFrame, answers: pd.DataFrame, place: npt.NDArray[np.intp], on: date
) -> pd.DataFrame:
    state, reason = offers["state"].to_numpy(dtype=object), offers["reason"].to_numpy(dtype=object)
    answered_on = offers["answered_on"].to_numpy(dtype="datetime64[s]").copy()
    is_new = state[place] == OfferState.MADE
    place, answers = place[is_new], answers[is_new]
    accepts = (answers["answer"] == Answer.ACCEPT).to_numpy(dtype=bool)
    given = answers["reason"].fillna("").replace("", DeclineReason.NOT_STATED.value).to_numpy(dtype=object)
    state, reason = state.copy(), reason.copy()
    state[place] = np.where(accepts, OfferState.ACCEPTED.value, OfferState.WAIVED.value)
    reason[place] = np.where(accepts, "", given)
    answered_on[place] = np.datetime64(on, "s")
    return _replaced(offers, state, reason, answered_on)


def _replaced(offers: pd.DataFrame, state: Any, reason: Any, answered_on: Any) -> pd.DataFrame:
    index = offers.index
    missing = pd.isna(reason) | (reason == "")
    return offers.assign(
        state=pd.Series(state, index=index, dtype="str"),
        reason=pd.Series(np.where(missing, None, reason), index=index, dtype="str"),
        answered_on=pd.Series(answered_on, index=index),
    )


def waive_unanswered(offers: pd.DataFrame, on: date) -> pd.DataFrame:
    """Offers still ``MADE`` become ``WAIVED`` with the reason ``late``: not choosing or signing in time is one waiver."""
    open_still = offers["state"].to_numpy(dtype=object) == OfferState.MADE
    day = np.datetime64(on, "s")
    state = np.where(open_still, OfferState.WAIVED.value, offers["state"].to_numpy(dtype=object))
    reason = np.where(open_still, DeclineReason.LATE.value, offers["reason"].to_numpy(dtype=object))
    answered = np.where(open_still, day, offers["answered_on"].to_numpy(dtype="datetime64[s]"))
    return _replaced(offers, state, reason, answered)


class WaiverConsequence(StrEnum):
    """What a household's waivers mean for it."""

    WAITS_ON = "waits_on"
    MUST_APPLY_AGAIN = "must_apply_again"


def waivers_after(standings: pd.DataFrame, offers: pd.DataFrame, max_waivers: int) -> pd.DataFrame:
    """Waivers of every household with a history or an offer, after these offers, and the consequence, by receipt number.

    ``standings``: ``receipt_no``, ``num_waivers`` before. Each ``WAIVED`` offer is one more. Up to ``max_waivers``
    (inclusive) the household waits on; beyond, it must apply again.
    Gives ``receipt_no``, ``num_waivers`` int64, ``consequence`` str.
    """
    is_waived = (offers["state"] == OfferState.WAIVED.value).to_numpy(dtype=np.int64)
    names = np.r_[standings["receipt_no"].to_numpy(dtype=object), offers["receipt_no"].to_numpy(dtype=object)]
    added = np.r_[standings["num_waivers"].to_numpy(dtype=np.int64), is_waived]
    after = pd.Series(added).groupby(names).sum().sort_index()
    consequence = np.where(
        after > max_waivers, WaiverConsequence.MUST_APPLY_AGAIN.value, WaiverConsequence.WAITS_ON.value
    )
    return pd.DataFrame(
        {"receipt_no": after.index.astype("str"), "num_waivers": after.to_numpy(), "consequence": consequence}
    ).reset_index(drop=True)
