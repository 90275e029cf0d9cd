"""The registry's answer to an export: which leases it took in and which it sent back."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Final

import pandas as pd

from allocator.model.columns import Column, Table
from allocator.model.problem import Problem

from .answers import read_one_table


class Outcome(StrEnum):
    """What the registry did with a lease."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


_OUTCOMES: Final = {
    "accepted": ("accept", "ok", "接收", "通过", "已备案"),
    "rejected": ("reject", "退回", "不通过", "驳回"),
}
RECEIPT_TABLE: Final = Table(
    "receipt",
    "备案回执",
    (),
    (
        Column("manifest_sha256", "清单指纹", "text"),
        Column("lease_no", "合同编号", "text"),
        Column("outcome", "备案结果", "choice", spellings=_OUTCOMES),
        Column("reason", "原因", "text", is_required=False, may_be_empty=True),
    ),
)


def read_receipt(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """The receipt as ``manifest_sha256, lease_no, outcome, reason, row`` and every fault of the file."""
    return read_one_table(path, RECEIPT_TABLE)


def check_receipt(
    receipt: pd.DataFrame, *, manifest_sha256: str, lease_nos: Collection[str], file: str
) -> list[Problem]:
    """Where the receipt is not the answer to this export; empty where it answers every lease exactly once.

    ``receipt_foreign``: a row for another manifest, or for one that was altered. ``receipt_lease_unknown``,
    ``receipt_lease_twice`` (every row of it), ``receipt_lease_missing`` (row 1: it stands in no row).
    """
    foreign = receipt["manifest_sha256"].fillna("").str.lower() != manifest_sha256
    if foreign.any():
        return _problems("receipt_foreign", receipt[foreign], "manifest_sha256", file)
    unknown = ~pd.Index(receipt["lease_no"], dtype=object).isin(list(lease_nos))
    twice = receipt["lease_no"].duplicated(keep=False) & ~unknown
    missing = sorted(set(lease_nos) - set(receipt["lease_no"]))
    problems = [
        *_problems("receipt_lease_unknown", receipt[unknown], "lease_no", file),
        *_problems("receipt_lease_twice", receipt[twice], "lease_no", file),
        *(Problem("receipt_lease_missing", file, 1, "lease_no", lease_no) for lease_no in missing),
    ]
    return sorted(problems, key=lambda problem: (problem.row, problem.code, problem.value))


def rejections(receipt: pd.DataFrame, file: str) -> list[Problem]:
    """Every lease the registry sent back, at its row, with its reason: to be mended and exported again."""
    sent_back = receipt[receipt["outcome"] == Outcome.REJECTED.value]
    return [
        Problem("registry_rejected", file, int(row), "outcome", str(lease_no), params={"reason": str(reason)})
        for row, lease_no, reason in zip(
            sent_back["row"], sent_back["lease_no"], sent_back["reason"].fillna("—"), strict=True
        )
    ]


def _problems(code: str, rows: pd.DataFrame, column: str, file: str) -> list[Problem]:
    return [
        Problem(code, file, int(row), column, str(value))
        for row, value in zip(rows["row"], rows[column], strict=True)
    ]
