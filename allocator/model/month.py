"""A month as people write it: ``2026-03``."""

from __future__ import annotations

import re
from datetime import date

from allocator.errors import WrongUsage

_MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")


def month_of(text: str) -> str:
    """The month if well formed; a malformed one is wrong usage (exit 2)."""
    if _MONTH.fullmatch(text) is None:
        raise WrongUsage("month_malformed", value=text)
    return text


def first_day(month: str) -> date:
    """First day of the month."""
    year, number = month.split("-")
    return date(int(year), int(number), 1)
