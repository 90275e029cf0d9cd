"""资格审核: criteria, verdicts, findings and entitlement, in columns."""

from __future__ import annotations

from allocator.screening.entitlement import entitled
from allocator.screening.findings import Finding, findings_by_row, findings_of
from allocator.screening.verdicts import Screening, screen

__all__ = ["Finding", "Screening", "entitled", "findings_by_row", "findings_of", "screen"]
