"""What differs between two policies in force, key by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allocator.messages import text_of
from allocator.policy.in_force import Policy


@dataclass(frozen=True)
class Difference:
    """One key; ``None`` where it stands on one side only."""

    key: str
    before: str | None
    after: str | None

    def text(self, language: str) -> str:
        """In words."""
        kind = "changed"
        if self.before is None:
            kind = "added"
        elif self.after is None:
            kind = "removed"
        return text_of(
            f"policy_difference_{kind}", language, key=self.key, before=self.before, after=self.after
        )


def differences(before: Policy, after: Policy) -> list[Difference]:
    """Every leaf of the two documents that is not equal, by key; the day itself is no difference."""
    left, right = dict(_leaves(before.written(), "")), dict(_leaves(after.written(), ""))
    left.pop("on", None)
    right.pop("on", None)
    return [
        Difference(key, left.get(key), right.get(key))
        for key in sorted({*left, *right})
        if left.get(key) != right.get(key)
    ]


def _leaves(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, f"{key}.{name}" if key else name)
    elif isinstance(value, list) and value:
        for position, inner in enumerate(value):
            yield from _leaves(inner, f"{key}[{_name(inner, position)}]")
    else:
        yield key, _shown(value)


def _name(inner: Any, position: int) -> str:
    """Entries that carry an id are told apart by it, so that a new one does not shift all others."""
    return str(inner["id"]) if isinstance(inner, dict) and "id" in inner else str(position)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "-" if value is None or not (value or isinstance(value, int | str)) else str(value)
