"""Answers for rehearsals and scenarios, where no household is there to be asked."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import pandas as pd

from allocator.model.answers import Answer, DeclineReason
from allocator.model.enums import OfferState

# Modelling choice of rehearsals (domain.md 6: waivers 15-35 % in far estates, 5-10 % near); not a rule.
REFUSAL_PER_MILLE: Final = 150
_REASONS: Final = (
    DeclineReason.TOO_FAR,
    DeclineReason.RENT,
    DeclineReason.DWELLING_TYPE,
    DeclineReason.FOUND_HOUSING,
    DeclineReason.NOT_STATED,
)


def accept_all(offers: pd.DataFrame) -> pd.DataFrame:
    """Every open offer is accepted. Gives ``receipt_no, answer, reason``."""
    open_still = offers.loc[offers["state"] == OfferState.MADE.value, ["receipt_no"]]
    return open_still.assign(answer=Answer.ACCEPT.value, reason="").reset_index(drop=True)


def random_answers(offers: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Each open offer is refused with 15 %, by a hash of the seed and the household's code alone.

    So one household's answer hangs neither on the others nor on the rows' order.
    """
    open_still = offers.loc[offers["state"] == OfferState.MADE.value, ["receipt_no", "code"]]
    draws = [_draws(seed, code) for code in open_still["code"]]
    refuses = np.array([share * 1000 < REFUSAL_PER_MILLE << 64 for share, _ in draws], dtype=bool)
    reasons = np.array([_REASONS[pick % len(_REASONS)].value for _, pick in draws], dtype=object)
    answer = np.where(refuses, Answer.REFUSE.value, Answer.ACCEPT.value)
    answers = open_still.assign(answer=answer, reason=np.where(refuses, reasons, ""))
    return answers[["receipt_no", "answer", "reason"]].reset_index(drop=True)


def _draws(seed: int, code: str) -> tuple[int, int]:
    digest = hashlib.sha256(f"allocator-answers/1\n{seed}\n{code}\n".encode()).digest()
    return int.from_bytes(digest[:8]), int.from_bytes(digest[8:16])
