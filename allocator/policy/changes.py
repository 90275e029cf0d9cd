"""What changed between two laws, in the words of their pages."""

from __future__ import annotations

from collections.abc import Iterable

from allocator.messages import text_of
from allocator.policy.in_force import Policy
from allocator.policy.page import parts
from allocator.policy.shown import Entry


def changes_in_words(before: Policy, after: Policy, language: str) -> list[str]:
    """Headed lines: what is gone, what is new, and for what stays the lines that differ, old and new."""
    lines: list[str] = []
    for (title, old), (_, new) in zip(parts(before, language), parts(after, language), strict=True):
        changed = _changed({e.key: e for e in old}, {e.key: e for e in new}, language)
        if changed:
            lines += ["## " + title, *changed]
    return lines


def _changed(old: dict[str, Entry], new: dict[str, Entry], language: str) -> list[str]:
    lines = []
    for key in dict.fromkeys([*old, *new]):
        if key not in new:
            entry = old[key]
            told = {"name": entry.name, "told": _told([*entry.says, *entry.source], language)}
            lines.append(text_of("policy_change_gone", language, **told))
        elif key not in old:
            entry = new[key]
            told = {"name": entry.name, "told": _told([*entry.says, *entry.source], language)}
            lines.append(text_of("policy_change_new", language, **told))
        elif old[key] != new[key]:
            left, right = _written(old[key]), _written(new[key])
            told = {
                "before": _told([line for line in left if line not in right], language),
                "after": _told([line for line in right if line not in left], language),
            }
            lines.append(text_of("policy_change_altered", language, name=new[key].name, **told))
    return lines


def _written(entry: Entry) -> list[str]:
    return [entry.name, *entry.says, *entry.source]


def _told(lines: Iterable[str], language: str) -> str:
    return ("；" if language == "zh" else "; ").join(lines) or "-"
