"""What may be reported of a tenant: kinds, and the file it comes in."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from allocator.model.columns import YES_NO, Column, Table


class BreachKind(StrEnum):
    """违规与退出情形 (住建部令第11号 Art. 27, 29, 31)."""

    IDLE = "idle"
    ARREARS = "arrears"
    SUBLET = "sublet"
    CHANGED_USE = "changed_use"
    DAMAGED = "damaged"
    ILLEGAL_USE = "illegal_use"
    OTHER_HOME = "other_home"
    OTHER_PRODUCT = "other_product"


# Where the same three stand in two rows the later one counts.
BREACH_KEY: Final = ("receipt_no", "kind", "begins_on")
KINDS: Final = {
    str(BreachKind.IDLE): ("空置", "闲置"),
    str(BreachKind.ARREARS): ("欠租", "拖欠租金"),
    str(BreachKind.SUBLET): ("转借转租", "转借", "转租", "调换"),
    str(BreachKind.CHANGED_USE): ("改变用途",),
    str(BreachKind.DAMAGED): ("损毁", "破坏", "擅自装修"),
    str(BreachKind.ILLEGAL_USE): ("违法活动",),
    str(BreachKind.OTHER_HOME): ("另有住房",),
    str(BreachKind.OTHER_PRODUCT): ("另享保障", "另享住房保障"),
}
BREACHES: Final = Table(
    "breaches",
    "租户情形报告",
    (),
    (
        Column("receipt_no", "受理编号", "text"),
        Column("kind", "情形", "choice", spellings=KINDS),
        Column("begins_on", "起始日期", "date"),
        Column("ends_on", "终止日期", "date", is_required=False, may_be_empty=True),
        Column("withdrawn", "撤销", "yes_no", is_required=False, may_be_empty=True, spellings=YES_NO),
    ),
)
