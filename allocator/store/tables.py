"""The tables at rest, one SQLModel class per noun.

What names or describes a person stands in no column of its own: the personal columns of
``model.columns`` lie together in ``sealed`` (``store.sealing``). ``digest`` is a keyed digest of the
whole row: it tells whether a delivered row is news, and it is the seal's nonce. Integers that
are counts of fen, cm² or months are 64 bits wide. A test holds these classes against ``model.columns``.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from sqlalchemy import BigInteger, MetaData
from sqlmodel import Field, SQLModel

_WITHOUT_ROWID: Final[dict[str, Any]] = {"sqlite_with_rowid": False}


class Row(SQLModel):
    """What all tables share: one set of tables of their own, apart from anyone else's."""

    metadata = MetaData()


class SettingRow(Row, table=True):
    """What the store remembers about itself: schema version, key check, its own policy."""

    __tablename__ = "settings"
    name: str = Field(primary_key=True)
    value: str


class EmployerRow(Row, table=True):
    """用人单位."""

    __tablename__ = "employers"
    __table_args__ = _WITHOUT_ROWID
    employer_id: str = Field(primary_key=True)
    name: str
    credit_code: str
    district: str
    digest: bytes


class ProjectRow(Row, table=True):
    """项目."""

    __tablename__ = "projects"
    __table_args__ = _WITHOUT_ROWID
    project_id: str = Field(primary_key=True)
    name: str
    supply_mode: str
    district: str
    operator_id: str | None
    head_lease_ends: date | None
    digest: bytes


class DwellingRow(Row, table=True):
    """房源."""

    __tablename__ = "dwellings"
    __table_args__ = _WITHOUT_ROWID
    dwelling_id: str = Field(primary_key=True)
    project_id: str = Field(foreign_key="projects.project_id")
    kind: str
    dwelling_type: str
    building_area_cm2: int = Field(sa_type=BigInteger)
    floor: int = Field(sa_type=BigInteger)
    room_id: str | None
    accessible: bool
    rent_per_m2_fen: int = Field(sa_type=BigInteger)
    available_on: date
    room_sex: str | None
    digest: bytes


class HouseholdRow(Row, table=True):
    """申请家庭."""

    __tablename__ = "households"
    __table_args__ = _WITHOUT_ROWID
    receipt_no: str = Field(primary_key=True)
    branch: str
    employer_id: str | None
    registered_on: date | None
    social_insurance_months: int | None = Field(sa_type=BigInteger)
    district: str | None
    household_registration: str | None
    residence_permit_months: int | None = Field(sa_type=BigInteger)
    employment_months: int | None = Field(sa_type=BigInteger)
    last_home_disposed_on: date | None
    other_housing_product: str | None
    registered_queue: str | None
    employer_is_tenant: bool | None
    digest: bytes
    sealed: bytes


class MemberRow(Row, table=True):
    """家庭成员. ``person`` is the blind index of the ID number: equal for equal numbers, silent without the key."""

    __tablename__ = "members"
    __table_args__ = _WITHOUT_ROWID
    receipt_no: str = Field(primary_key=True, foreign_key="households.receipt_no")
    person: bytes = Field(primary_key=True)
    relation: str
    sex: str
    digest: bytes
    sealed: bytes


class PreferenceListRow(Row, table=True):
    """意向登记: a household's whole list in one row.

    ``list`` has one line per preference, ``rank TAB project_id TAB dwelling_type`` by rank, in the
    escapes of ``store.packing``. A list comes, goes and is replaced as one; ten rows would cost ten times.
    """

    __tablename__ = "preferences"
    __table_args__ = _WITHOUT_ROWID
    receipt_no: str = Field(primary_key=True, foreign_key="households.receipt_no")
    list: str
    digest: bytes


class StandingRow(Row, table=True):
    """轮候状态 across months; who waits and never waived has no row."""

    __tablename__ = "standings"
    __table_args__ = _WITHOUT_ROWID
    receipt_no: str = Field(primary_key=True)
    state: str
    num_waivers: int = Field(sa_type=BigInteger)
    digest: bytes


class SetAsideRow(Row, table=True):
    """A receipt received but set aside at import; it may be unknown to ``households``."""

    __tablename__ = "set_aside"
    __table_args__ = _WITHOUT_ROWID
    receipt_no: str = Field(primary_key=True)


class RoundRow(Row, table=True):
    """月度批次. ``sub_rounds`` is a JSON list."""

    __tablename__ = "rounds"
    month: str = Field(primary_key=True)
    stage: str
    policy: str
    policy_fingerprint: str
    rehearsal: bool
    opened_on: date
    sub_rounds: str


class ArtefactRow(Row, table=True):
    """A frozen frame or document of a round, compressed and sealed; never changed, never deleted."""

    __tablename__ = "artefacts"
    month: str = Field(primary_key=True, foreign_key="rounds.month")
    sub_round: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    num_bytes: int = Field(sa_type=BigInteger)
    sealed: bytes


class JournalRow(Row, table=True):
    """审计日志; ``actor``, ``details`` and the salt are sealed. Never changed, never deleted."""

    __tablename__ = "journal"
    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    month: str = Field(index=True)
    stage: str
    stamp: str
    previous: str
    fingerprint: str
    sealed: bytes


class OfferRow(Row, table=True):
    """配租通知单; ``code`` and ``reason`` are sealed."""

    __tablename__ = "offers"
    __table_args__ = _WITHOUT_ROWID
    month: str = Field(primary_key=True, foreign_key="rounds.month")
    sub_round: str = Field(primary_key=True)
    receipt_no: str = Field(primary_key=True, foreign_key="households.receipt_no")
    pool: str
    dwelling_id: str
    position: int = Field(sa_type=BigInteger)
    made_on: date
    state: str
    answered_on: date | None
    digest: bytes
    sealed: bytes


class LeaseRow(Row, table=True):
    """租赁合同; rent and subsidy in fen per month."""

    __tablename__ = "leases"
    __table_args__ = _WITHOUT_ROWID
    lease_no: str = Field(primary_key=True)
    month: str = Field(foreign_key="rounds.month", index=True)
    receipt_no: str = Field(foreign_key="households.receipt_no")
    dwelling_id: str
    project_id: str
    starts_on: date
    ends_on: date
    rent_fen: int = Field(sa_type=BigInteger)
    subsidy_fen: int = Field(sa_type=BigInteger)
    area_cm2: int = Field(sa_type=BigInteger)
    rent_per_m2_fen: int = Field(sa_type=BigInteger)
    signed_on: date | None
    state: str
    digest: bytes


class ExportRow(Row, table=True):
    """A file set handed to the registry; manifest and answer are sealed JSON."""

    __tablename__ = "exports"
    export_no: str = Field(primary_key=True)
    month: str = Field(foreign_key="rounds.month", index=True)
    made_on: date
    num_rows: int = Field(sa_type=BigInteger)
    rehearsal: bool
    sealed: bytes


APPEND_ONLY: Final = ("journal", "artefacts")
