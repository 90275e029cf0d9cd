"""A household's standing at the pools it did not get, as the sentences of its letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from allocator.policy.model import AllocationRules

Sentence = tuple[str, dict[str, Any]]


def told_standings(rows: Sequence[Mapping[str, Any]], rules: AllocationRules) -> list[Sentence]:
    """For each row of ``rounds.standings.standings``: what was full, and of the reserves of its own groups the same."""
    said: list[Sentence] = []
    for row in rows:
        said.append((f"told_standing_{row['cause']}", dict(row)))
        for kept in row["reserved"]:
            taken = "told_standing_reserve" if kept["last_position"] else "told_standing_no_reserve"
            said.append((taken, {**kept, "group": named(kept["group"], rules)}))
    return said


def named(group: str, rules: AllocationRules) -> dict[str, str]:
    """A group in words, by language; one relative to the pool with its employer or district."""
    group_id, _, where = group.partition("@")
    found = next(one for one in rules.groups if one.id == group_id)
    behind = f" ({where})" if where else ""
    return {"zh": found.description_zh + behind, "en": found.description_en + behind}
