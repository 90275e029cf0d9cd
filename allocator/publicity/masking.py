"""Masking (脱敏): enough for a household to find itself in a notice, too little for anyone else.

A notice shows the code of the round, the surname with one star, and the end of the receipt number. It never shows
how long the name is, a digit of an ID number, or a birth date: the first 14 digits of an ID, once published in a
queue elsewhere, are a birth date (``domain.md`` 5.1).
"""

from __future__ import annotations

from typing import Final

import pandas as pd

from allocator.model.enums import Relation
from allocator.model.facts import Facts

STAR: Final = "*"
TAIL_LENGTH: Final = 4
_HIDDEN: Final = "…"

# Double surnames still borne today; one not listed here shows its first character only, which hides more.
COMPOUND_SURNAMES: Final = frozenset(
    [
        "欧阳",
        "上官",
        "司马",
        "司徒",
        "司空",
        "诸葛",
        "夏侯",
        "皇甫",
        "尉迟",
        "公孙",
        "公冶",
        "慕容",
        "令狐",
        "长孙",
        "宇文",
        "轩辕",
        "东方",
        "东郭",
        "南宫",
        "西门",
        "独孤",
        "端木",
        "百里",
        "呼延",
        "闻人",
        "申屠",
        "太史",
        "澹台",
        "濮阳",
        "淳于",
        "单于",
        "公羊",
        "赫连",
        "钟离",
        "宗政",
        "鲜于",
        "闾丘",
        "亓官",
        "仲孙",
        "拓跋",
        "夹谷",
        "宰父",
        "谷梁",
        "梁丘",
        "左丘",
        "东门",
        "第五",
        "羊舌",
        "微生",
        "乐正",
        "漆雕",
        "公西",
        "巫马",
        "万俟",
        "壤驷",
        "段干",
        "完颜",
        "纳兰",
        "叶赫",
        "歐陽",
        "司馬",
        "諸葛",
        "東方",
        "南宮",
        "西門",
        "獨孤",
        "鍾離",
        "長孫",
        "軒轅",
        "聞人",
        "赫連",
        "單于",
        "尉遲",
        "鮮于",
    ]
)


def mask_name(name: str) -> str:
    """Surname and one star, whatever the length.

    ``张三丰`` -> ``张*``; ``欧阳修`` -> ``欧阳*``; two characters are surname and given name (``欧阳`` -> ``欧*``);
    a name with a middle dot or in Latin letters shows its first character; a single character shows none.
    """
    trimmed = name.strip()
    if len(trimmed) <= 1:
        return STAR
    is_compound = len(trimmed) > 2 and trimmed[:2] in COMPOUND_SURNAMES
    return trimmed[: 2 if is_compound else 1] + STAR


def receipt_tail(receipt_no: str) -> str:
    """The last four characters, and never more than a third of the number: ``SL2026000001`` -> ``…0001``."""
    shown = min(TAIL_LENGTH, len(receipt_no) // 3)
    return _HIDDEN + receipt_no[len(receipt_no) - shown :]


def identities_of(facts: Facts, codes: pd.DataFrame) -> pd.DataFrame:
    """Who stands behind each code, masked: ``code, name, receipt_tail``, in the order of ``codes``.

    ``codes`` has ``receipt_no, code``. The name is the applicant's (the smallest ID number, should several call
    themselves so); a household without an applicant shows a star.
    """
    applicants = facts.members[facts.members["relation"] == Relation.APPLICANT.value]
    applicants = applicants.sort_values(["receipt_no", "id_number"]).drop_duplicates("receipt_no")
    name_of = dict(
        zip(applicants["receipt_no"].tolist(), applicants["name"].fillna("").tolist(), strict=True)
    )
    receipts = codes["receipt_no"].tolist()
    columns = {
        "code": codes["code"].tolist(),
        "name": [mask_name(name_of.get(number, "")) for number in receipts],
        "receipt_tail": [receipt_tail(number) for number in receipts],
    }
    return pd.DataFrame({column: pd.Series(values, dtype="str") for column, values in columns.items()})
