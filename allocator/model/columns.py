"""The one schema source of the six delivered tables.

Headers of files, dtypes of frames, columns of the store and of exports all come from here
(contract, section 3). A frame column may differ from the file's in name and unit: a file says
``income_per_year`` in yuan, the frame ``income_per_year_fen`` in integer fen.

Kinds and their frame dtypes:

=========  ==================  ==========================================================
kind       dtype               from the file
=========  ==================  ==========================================================
text       str                 as it stands, trimmed
choice     str                 one of ``spellings``' keys
choices    str                 several keys, sorted, joined by ``;`` (empty: none)
integer    Int64               a whole number, 0 or more
money      Int64               yuan with at most two decimals -> fen
area       Int64               m² with at most four decimals -> cm²
date       datetime64[s]       ``2026-03-01``, ``2026/3/1``, ``2026年3月1日``
yes_no     boolean             是/否, yes/no
id_number  str                 18 characters of GB 11643, X upper-case
=========  ==================  ==========================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

Kind = Literal["text", "choice", "choices", "integer", "money", "area", "date", "yes_no", "id_number"]

DTYPES: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        "text": "str",
        "choice": "str",
        "choices": "str",
        "integer": "Int64",
        "money": "Int64",
        "area": "Int64",
        "date": "datetime64[s]",
        "yes_no": "boolean",
        "id_number": "str",
    }
)

_SUFFIX: Final[Mapping[str, str]] = MappingProxyType({"money": "_fen", "area": "_cm2"})


@dataclass(frozen=True)
class Column:
    """One column of a delivered table.

    ``name`` and ``header_zh`` are the file's headers. ``is_required``: the header must stand in the
    file. ``may_be_empty``: a cell may be blank (screening then finds ``INCOMPLETE`` where it matters).
    """

    name: str
    header_zh: str
    kind: Kind
    is_required: bool = True
    may_be_empty: bool = False
    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_personal: bool = False
    unit: str = ""

    @property
    def frame_name(self) -> str:
        """Name in the frame: with its unit where the file's unit differs."""
        suffix = _SUFFIX.get(self.kind, "")
        base = self.name.removesuffix("_m2") if self.kind == "area" else self.name
        return base + suffix

    @property
    def dtype(self) -> str:
        """The pandas dtype of the frame column."""
        return DTYPES[self.kind]


@dataclass(frozen=True)
class Table:
    """One delivered table: its two file names, its key and its columns in order."""

    name: str
    name_zh: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def required(self) -> tuple[Column, ...]:
        """The columns whose header must stand in the file."""
        return tuple(column for column in self.columns if column.is_required)

    @property
    def frame_columns(self) -> tuple[str, ...]:
        """Names of the frame's columns, in order."""
        return tuple(column.frame_name for column in self.columns)

    @property
    def dtypes(self) -> dict[str, str]:
        """Frame column -> pandas dtype."""
        return {column.frame_name: column.dtype for column in self.columns}

    def column(self, name: str) -> Column:
        """The column of that English file header. Raises ``KeyError``."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


SUPPLY_MODES: Final = {
    "developer_built": ("开发企业建设",),
    "enterprise_built": ("企业自建",),
    "leased": ("长期租赁",),
    "government_invested": ("政府投资",),
    "mixed_development": ("配建",),
    "large_estate": ("大型社区",),
}
KINDS: Final = {"flat": ("成套",), "bed": ("床位",)}
DWELLING_TYPES: Final = {
    "bed": ("床位",),
    "studio": ("单间",),
    "one_room": ("一居室",),
    "two_room": ("两居室",),
    "three_room": ("三居室",),
}
ANY_TYPE: Final = "*"
SEXES: Final = {"male": ("男", "M", "m"), "female": ("女", "F", "f")}
YES_NO: Final = {"yes": ("是",), "no": ("否",)}
BRANCHES: Final = {
    "local": ("本市",),
    "new_employee": ("新就业",),
    "migrant": ("外来务工",),
    "employer": ("用人单位",),
}
BENEFIT_STATUSES: Final = {
    "none": ("无",),
    "low_income": ("低收入",),
    "minimum_living": ("低保",),
    "extreme_poverty": ("特困",),
}
RELATIONS: Final = {
    "applicant": ("本人",),
    "spouse": ("配偶",),
    "child": ("子女",),
    "parent": ("父母",),
    "other": ("其他",),
}
FLAGS: Final = {
    "severe_disability": ("重度残疾",),
    "serious_illness": ("重大疾病",),
    "veteran": ("退役军人",),
    "model_worker": ("劳动模范",),
    "orphan": ("孤儿",),
}
REGISTRATIONS: Final = {"local_urban": ("本市城镇",), "local_rural": ("本市农村",), "other": ("外地",)}

EMPLOYERS: Final = Table(
    "employers",
    "用人单位",
    ("employer_id",),
    (
        Column("employer_id", "单位编号", "text"),
        Column("name", "单位名称", "text"),
        Column("credit_code", "统一社会信用代码", "text"),
        Column("district", "行政区划代码", "text"),
    ),
)
PROJECTS: Final = Table(
    "projects",
    "项目",
    ("project_id",),
    (
        Column("project_id", "项目编号", "text"),
        Column("name", "项目名称", "text"),
        Column("supply_mode", "供给方式", "choice", spellings=SUPPLY_MODES),
        Column("district", "行政区划代码", "text"),
        Column("operator_id", "运营单位编号", "text", may_be_empty=True),
        Column("head_lease_ends", "承租到期日", "date", may_be_empty=True),
    ),
)
DWELLINGS: Final = Table(
    "dwellings",
    "房源",
    ("dwelling_id",),
    (
        Column("dwelling_id", "房源编号", "text"),
        Column("project_id", "项目编号", "text"),
        Column("kind", "类别", "choice", spellings=KINDS),
        Column("dwelling_type", "户型", "choice", spellings=DWELLING_TYPES),
        Column("building_area_m2", "建筑面积", "area", unit="m²"),
        Column("floor", "楼层", "integer"),
        Column("room_id", "房间号", "text", may_be_empty=True),
        Column("accessible", "无障碍", "yes_no", spellings=YES_NO),
        Column("rent_per_m2", "月租金标准", "money", unit="yuan/m²/month; beds: yuan/bed/month"),
        Column("available_on", "可配租日期", "date"),
        Column("room_sex", "房间性别", "choice", is_required=False, may_be_empty=True, spellings=SEXES),
    ),
)
HOUSEHOLDS: Final = Table(
    "households",
    "申请家庭",
    ("receipt_no",),
    (
        Column("receipt_no", "受理编号", "text"),
        Column("branch", "准入类别", "choice", spellings=BRANCHES),
        Column("employer_id", "单位编号", "text", may_be_empty=True),
        Column("registered_on", "轮候登记日期", "date", may_be_empty=True),
        Column(
            "income_per_year", "家庭年收入", "money", may_be_empty=True, is_personal=True, unit="yuan/year"
        ),
        Column("assets", "家庭财产", "money", may_be_empty=True, is_personal=True, unit="yuan"),
        Column("building_area_m2", "现住房建筑面积", "area", may_be_empty=True, is_personal=True, unit="m²"),
        Column(
            "benefit_status",
            "救助身份",
            "choice",
            may_be_empty=True,
            is_personal=True,
            spellings=BENEFIT_STATUSES,
        ),
        Column("social_insurance_months", "社保缴纳月数", "integer", may_be_empty=True, unit="months"),
        Column("district", "行政区划代码", "text", is_required=False, may_be_empty=True),
        Column(
            "usable_area_m2",
            "现住房使用面积",
            "area",
            is_required=False,
            may_be_empty=True,
            is_personal=True,
            unit="m²",
        ),
        Column(
            "household_registration",
            "户籍",
            "choice",
            is_required=False,
            may_be_empty=True,
            spellings=REGISTRATIONS,
        ),
        Column(
            "residence_permit_months",
            "居住证月数",
            "integer",
            is_required=False,
            may_be_empty=True,
            unit="months",
        ),
        Column(
            "employment_months",
            "稳定就业月数",
            "integer",
            is_required=False,
            may_be_empty=True,
            unit="months",
        ),
        Column("last_home_disposed_on", "最近处置住房日期", "date", is_required=False, may_be_empty=True),
        Column("other_housing_product", "已享受住房保障", "text", is_required=False, may_be_empty=True),
        Column("registered_queue", "其他保障房轮候", "text", is_required=False, may_be_empty=True),
        Column(
            "needs_accessible",
            "需无障碍",
            "yes_no",
            is_required=False,
            may_be_empty=True,
            is_personal=True,
            spellings=YES_NO,
        ),
        Column(
            "income_as_of", "收入核定日期", "date", is_required=False, may_be_empty=True, is_personal=True
        ),
        Column(
            "employer_is_tenant",
            "单位承租",
            "yes_no",
            is_required=False,
            may_be_empty=True,
            spellings=YES_NO,
        ),
    ),
)
MEMBERS: Final = Table(
    "members",
    "家庭成员",
    ("receipt_no", "id_number"),
    (
        Column("receipt_no", "受理编号", "text"),
        Column("name", "姓名", "text", is_personal=True),
        Column("id_number", "身份证号", "id_number", is_personal=True),
        Column("relation", "与申请人关系", "choice", spellings=RELATIONS),
        Column("sex", "性别", "choice", spellings=SEXES),
        Column("birth_date", "出生日期", "date", is_personal=True),
        Column("flags", "特殊情形", "choices", may_be_empty=True, is_personal=True, spellings=FLAGS),
        Column(
            "income_per_month",
            "月收入",
            "money",
            is_required=False,
            may_be_empty=True,
            is_personal=True,
            unit="yuan/month",
        ),
    ),
)
PREFERENCES: Final = Table(
    "preferences",
    "意向登记",
    ("receipt_no", "rank"),
    (
        Column("receipt_no", "受理编号", "text"),
        Column("rank", "志愿序号", "integer"),
        Column("project_id", "项目编号", "text"),
        Column("dwelling_type", "户型", "choice", spellings={ANY_TYPE: ("*",), **DWELLING_TYPES}),
    ),
)
TABLES: Final = (EMPLOYERS, PROJECTS, DWELLINGS, HOUSEHOLDS, MEMBERS, PREFERENCES)


def table_named(name: str) -> Table:
    """The delivered table of that English name. Raises ``KeyError``."""
    for table in TABLES:
        if table.name == name:
            return table
    raise KeyError(name)
