"""The words of a lease's life that tenancies, the desk and the registry share."""

from __future__ import annotations

from enum import StrEnum


class LeaseState(StrEnum):
    """States of a lease."""

    IN_FORCE = "IN_FORCE"
    CANCELLED = "CANCELLED"


class Filing(StrEnum):
    """Where a lease stands with the registry: not answered yet, taken in, or sent back."""

    PENDING = "PENDING"
    FILED = "FILED"
    REJECTED = "REJECTED"
