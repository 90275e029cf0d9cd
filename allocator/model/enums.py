"""The closed sets of words (contract, section 3)."""

from __future__ import annotations

from enum import StrEnum


class SupplyMode(StrEnum):
    """供给方式: the six ways of 郑政办〔2012〕36号 三(二)."""

    DEVELOPER_BUILT = "developer_built"
    ENTERPRISE_BUILT = "enterprise_built"
    LEASED = "leased"
    GOVERNMENT_INVESTED = "government_invested"
    MIXED_DEVELOPMENT = "mixed_development"
    LARGE_ESTATE = "large_estate"


class DwellingKind(StrEnum):
    """类别."""

    FLAT = "flat"
    BED = "bed"


class DwellingType(StrEnum):
    """户型, from small to large."""

    BED = "bed"
    STUDIO = "studio"
    ONE_ROOM = "one_room"
    TWO_ROOM = "two_room"
    THREE_ROOM = "three_room"


class Sex(StrEnum):
    """性别."""

    MALE = "male"
    FEMALE = "female"


class Branch(StrEnum):
    """准入类别."""

    LOCAL = "local"
    NEW_EMPLOYEE = "new_employee"
    MIGRANT = "migrant"
    EMPLOYER = "employer"


class BenefitStatus(StrEnum):
    """救助身份, granted by civil affairs; not an income band."""

    NONE = "none"
    LOW_INCOME = "low_income"
    MINIMUM_LIVING = "minimum_living"
    EXTREME_POVERTY = "extreme_poverty"


class Relation(StrEnum):
    """与申请人关系."""

    APPLICANT = "applicant"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    OTHER = "other"


class Flag(StrEnum):
    """特殊情形."""

    SEVERE_DISABILITY = "severe_disability"
    SERIOUS_ILLNESS = "serious_illness"
    VETERAN = "veteran"
    MODEL_WORKER = "model_worker"
    ORPHAN = "orphan"


class HouseholdRegistration(StrEnum):
    """户籍."""

    LOCAL_URBAN = "local_urban"
    LOCAL_RURAL = "local_rural"
    OTHER = "other"


class Verdict(StrEnum):
    """审核结论."""

    ELIGIBLE = "ELIGIBLE"
    INELIGIBLE = "INELIGIBLE"
    INCOMPLETE = "INCOMPLETE"


class SolutionStatus(StrEnum):
    """Status of a solution (contract, section 5)."""

    OPTIMAL = "OPTIMAL"
    FEASIBLE = "FEASIBLE"
    INFEASIBLE = "INFEASIBLE"
    LIMIT = "LIMIT"
    REFUSED = "REFUSED"


class Stage(StrEnum):
    """阶段 of a round, in order; ``publish`` stands three times."""

    OPEN = "open"
    SCREEN = "screen"
    PUBLISH_ROSTER = "publish_roster"
    DRAW = "draw"
    PUBLISH_ORDER = "publish_order"
    ALLOCATE = "allocate"
    PUBLISH_RESULT = "publish_result"
    OFFER = "offer"
    ANSWER = "answer"
    SIGN = "sign"
    EXPORT = "export"
    CLOSE = "close"


class OfferState(StrEnum):
    """States of an offer (配租通知单)."""

    MADE = "MADE"
    ACCEPTED = "ACCEPTED"
    WAIVED = "WAIVED"
