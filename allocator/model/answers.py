"""Answers to offers: the words of the answer file and the typed reasons for declining.

Spellings are lists of what a file may say for each word, as in ``model.columns``; compared in lower case.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Answer(StrEnum):
    """答复 to an offer (contract, section 2)."""

    ACCEPT = "accept"
    REFUSE = "refuse"


class DeclineReason(StrEnum):
    """Why an offer was waived; ``LATE`` is given by the calendar, never by a file."""

    TOO_FAR = "too_far"
    RENT = "rent"
    DWELLING_TYPE = "dwelling_type"
    FLOOR = "floor"
    HOUSEHOLD_CHANGED = "household_changed"
    FOUND_HOUSING = "found_housing"
    OTHER = "other"
    NOT_STATED = "not_stated"
    LATE = "late"


ANSWERS: Final = {
    Answer.ACCEPT: ("accept", "accepted", "yes", "接受", "同意", "是"),
    Answer.REFUSE: ("refuse", "refused", "waive", "no", "放弃", "拒绝", "否"),
}
DECLINE_REASONS: Final = {
    DeclineReason.TOO_FAR: ("too_far", "too far", "位置偏远", "距离远", "太远"),
    DeclineReason.RENT: ("rent", "租金高", "租金", "租金过高"),
    DeclineReason.DWELLING_TYPE: ("dwelling_type", "dwelling type", "户型", "户型不合适", "户型不符"),
    DeclineReason.FLOOR: ("floor", "楼层", "楼层不合适"),
    DeclineReason.HOUSEHOLD_CHANGED: ("household_changed", "household changed", "家庭变化", "家庭情况变化"),
    DeclineReason.FOUND_HOUSING: ("found_housing", "found housing", "已有住房", "已另行租房"),
    DeclineReason.OTHER: ("other", "其他"),
    DeclineReason.NOT_STATED: ("", "not_stated", "not stated", "未说明"),
}
ANSWER_HEADERS: Final = {
    "receipt_no": ("受理编号",),
    "answer": ("答复",),
    "reason": ("原因",),
}
