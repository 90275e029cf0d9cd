"""What a round leaves behind: its record, its journal, and the tables of offers, leases and standings.

The frames of offers, leases and standings have the columns of ``OFFERS``, ``LEASES`` and ``STANDINGS``,
which are ``model.columns`` tables like the six that are delivered, so the store knows one kind of table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from allocator.model.canonical import fingerprint
from allocator.model.columns import Column, Table


class Standing(StrEnum):
    """Where a household stands across months; ``WAITING`` is where everyone begins."""

    WAITING = "waiting"
    HOUSED = "housed"
    WITHDRAWN = "withdrawn"
    FROZEN = "frozen"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True)
class RoundRecord:
    """One month's round. ``stage`` is the value of the last ``Stage`` done, ``on`` the date it was opened."""

    month: str
    stage: str
    policy: str
    policy_fingerprint: str
    rehearsal: bool
    on: date
    sub_rounds: tuple[str, ...]


@dataclass(frozen=True)
class ExportRecord:
    """One file set handed to the registry (登记系统).

    ``manifest`` is the JSON document of the export's manifest, ``receipt`` what the registry answered
    ({} until it did). Both without floats.
    """

    export_no: str
    month: str
    made_on: date
    num_rows: int
    rehearsal: bool
    manifest: Mapping[str, Any]
    receipt: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class JournalEntry:
    """One entry of the journal (审计日志): numbered from 1, chained to the entry before it.

    ``month`` is "" for acts outside a round. ``salt`` keeps a fingerprint from being guessed from
    details that have few possible values; ``previous`` is the fingerprint before, "" for the first.
    """

    number: int
    month: str
    stage: str
    actor: str
    stamp: str
    details: Mapping[str, Any]
    salt: str
    previous: str
    fingerprint: str

    def document(self) -> dict[str, Any]:
        """What the fingerprint is made of."""
        return {
            "number": self.number,
            "month": self.month,
            "stage": self.stage,
            "actor": self.actor,
            "stamp": self.stamp,
            "details": dict(self.details),
            "salt": self.salt,
            "previous": self.previous,
        }

    def expected_fingerprint(self) -> str:
        """``sha256:...`` of the canonical document; an entry is whole when it equals ``fingerprint``."""
        return fingerprint(self.document())


_STANDINGS: Final = {state.value: () for state in Standing}
_OFFER_STATES: Final = {"MADE": (), "ACCEPTED": (), "WAIVED": ()}

STANDINGS: Final = Table(
    "standings",
    "轮候状态",
    ("receipt_no",),
    (
        Column("receipt_no", "受理编号", "text"),
        Column("state", "状态", "choice", spellings=_STANDINGS),
        Column("num_waivers", "放弃次数", "integer"),
    ),
)
OFFERS: Final = Table(
    "offers",
    "配租通知单",
    ("month", "sub_round", "receipt_no"),
    (
        Column("month", "月份", "text"),
        Column("sub_round", "分场", "text"),
        Column("receipt_no", "受理编号", "text"),
        Column("code", "本轮编码", "text", is_personal=True),
        Column("pool", "房源组", "text"),
        Column("dwelling_id", "房源编号", "text"),
        Column("position", "配租排序", "integer"),
        Column("made_on", "通知日期", "date"),
        Column("state", "状态", "choice", spellings=_OFFER_STATES),
        Column("reason", "放弃原因", "text", may_be_empty=True, is_personal=True),
        Column("answered_on", "答复日期", "date", may_be_empty=True),
    ),
)
LEASES: Final = Table(
    "leases",
    "租赁合同",
    ("lease_no",),
    (
        Column("lease_no", "合同编号", "text"),
        Column("month", "月份", "text"),
        Column("receipt_no", "受理编号", "text"),
        Column("dwelling_id", "房源编号", "text"),
        Column("project_id", "项目编号", "text"),
        Column("starts_on", "起租日期", "date"),
        Column("ends_on", "到期日期", "date"),
        Column("rent", "月租金", "money", unit="yuan/month"),
        Column("subsidy", "月租赁补贴", "money", unit="yuan/month"),
        Column("area_m2", "建筑面积", "area", unit="m²"),
        Column("rent_per_m2", "月租金标准", "money", unit="yuan/m²/month; beds: yuan/bed/month"),
        Column("signed_on", "签订日期", "date", may_be_empty=True),
        Column("state", "状态", "text"),
    ),
)
