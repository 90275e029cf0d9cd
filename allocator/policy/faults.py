"""Faults of a policy folder: each with file, key and cure; all of a folder are told at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from allocator.messages import text_of


@dataclass(frozen=True)
class Fault:
    """One fault: where it stands and the code of the sentence that says what is wrong and how to mend it."""

    code: str
    file: str
    key: str
    params: dict[str, object] = field(default_factory=dict, compare=False)

    def text(self, language: str) -> str:
        """The fault in words: file, key, what, cure."""
        return f"{self.file}: {self.key}: " + text_of(self.code, language, **self.params)


class FaultList(tuple[Fault, ...]):
    """All faults of a folder. ``format(faults, "zh")`` and ``format(faults, "en")`` give the lines."""

    __slots__ = ()

    def __format__(self, language: str) -> str:
        """One line for each fault, in that language (English by default)."""
        return "\n".join("  " + fault.text(language or "en") for fault in self)


class Faults:
    """Collects faults while a folder is read; nothing is raised before the end."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def add(self, code: str, file: str, key: str, **params: object) -> None:
        """One more fault."""
        self._found.append(Fault(code, file, key, params))

    def __len__(self) -> int:
        return len(self._found)

    def listed(self) -> FaultList:
        """The faults by file and key; each once."""
        distinct = {(f.file, f.key, f.code, str(sorted(f.params.items()))): f for f in self._found}
        return FaultList(distinct[place] for place in sorted(distinct))
