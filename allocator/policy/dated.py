"""Dated versions: what holds from a day on, until the next version or a last day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Generic, TypeVar

from allocator.policy.faults import Faults

Content = TypeVar("Content")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Version(Generic[Content]):
    """What holds from ``first`` to ``last`` (both included; ``None``: until further notice)."""

    first: date
    last: date | None
    content: Content

    def holds(self, on: date) -> bool:
        """Whether it is in force on that day."""
        return self.first <= on and (self.last is None or on <= self.last)


@dataclass(frozen=True)
class Span:
    """The dates of one version as they are written, with its place."""

    first: date
    last: date | None
    key: str


def span_of(table: dict[str, object], file: str, key: str, faults: Faults) -> Span | None:
    """Take ``from`` and ``until`` out of a table; a missing or malformed one is a fault."""
    first, last = table.pop("from", None), table.pop("until", None)
    if not _is_date(first):
        code = "policy_from_missing" if first is None else "policy_not_a_date"
        faults.add(code, file, f"{key}.from", value=first)
        return None
    if last is not None and not _is_date(last):
        faults.add("policy_not_a_date", file, f"{key}.until", value=last)
        return None
    assert isinstance(first, date)
    assert last is None or isinstance(last, date)
    if last is not None and last < first:
        faults.add("policy_dates_reversed", file, f"{key}.until", first=first, last=last)
        return None
    return Span(first, last, key)


def check_order(spans: Sequence[Span], file: str, faults: Faults) -> bool:
    """Whether versions stand in rising order, without overlap and without a gap; else the faults are told."""
    before = len(faults)
    for earlier, later in pairwise(spans):
        if later.first < earlier.first:
            faults.add(
                "policy_dates_reversed", file, f"{later.key}.from", first=earlier.first, last=later.first
            )
        elif later.first == earlier.first or (earlier.last and later.first <= earlier.last):
            last = earlier.last or earlier.first
            faults.add("policy_dates_overlap", file, f"{later.key}.from", first=later.first, last=last)
        elif earlier.last and later.first > earlier.last + ONE_DAY:
            faults.add("policy_dates_gap", file, f"{later.key}.from", first=later.first, last=earlier.last)
    return len(faults) == before


def closed(versions: Iterable[Version[Content]]) -> tuple[Version[Content], ...]:
    """The versions with every open end closed by the day before the next one begins."""
    ordered = sorted(versions, key=lambda version: version.first)
    ends = [*(later.first - ONE_DAY for later in ordered[1:]), None]
    return tuple(
        Version(version.first, version.last if version.last is not None else end, version.content)
        for version, end in zip(ordered, ends, strict=False)
    )


def in_force(versions: Iterable[Version[Content]], on: date) -> Content | None:
    """The content that holds on that day, or ``None``."""
    return next((version.content for version in versions if version.holds(on)), None)


def covers(versions: Sequence[Version[object]], first: date, last: date | None) -> bool:
    """Whether some version holds on every day from ``first`` to ``last``."""
    if not versions or versions[0].first > first:
        return False
    end = versions[-1].last
    return end is None or (last is not None and end >= last)


def _is_date(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)
