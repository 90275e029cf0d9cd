"""What changed between two laws, in the words of their pages."""

from __future__ import annotations

from allocator.messages import text_of
from allocator.policy.in_force import Policy
from allocator.policy.page import parts


def changes_in_words(before: Policy, after: Policy, language: str) -> list[str]:
    """Headed lines: what is gone, what is new, and for what stays the lines that differ, old and new."""
    lines: list[str] = []
    for (title, old), (_, new) in zip(parts(before, language), parts(after, language), strict=True):
        changed = _changed(_entries(old), _entries(new), language)
        if changed:
            lines += ["## " + title, *changed]
    return lines


def _entries(lines: list[str]) -> dict[str, list[str]]:
    """Name of each entry (up to its colon) -> its lines without indent and name."""
    entries: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        if not line.startswith(" "):
            name, _, rest = line.removeprefix("- ").partition(": ")
            entries[name] = [rest] if rest else []
        else:
            entries.setdefault(name, []).append(line.strip())
    return entries


def _changed(old: dict[str, list[str]], new: dict[str, list[str]], language: str) -> list[str]:
    lines = []
    for name in dict.fromkeys([*old, *new]):
        if name not in new:
            lines.append(text_of("policy_change_gone", language, name=name, told=_told(old[name])))
        elif name not in old:
            lines.append(text_of("policy_change_new", language, name=name, told=_told(new[name])))
        elif old[name] != new[name]:
            left = [line for line in old[name] if line not in new[name]]
            right = [line for line in new[name] if line not in old[name]]
            told = {"before": _told(left), "after": _told(right)}
            lines.append(text_of("policy_change_altered", language, name=name, **told))
    return lines


def _told(lines: list[str]) -> str:
    return "; ".join(lines) or "-"
