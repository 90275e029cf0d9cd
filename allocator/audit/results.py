"""What the audit answers: laws that hold or are broken, checks that pass or fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from allocator.messages import text_of

Witness = Mapping[str, object]


@dataclass(frozen=True)
class LawResult:
    """A law (性质) of an assignment; ``witnesses`` name who or what breaks it (JSON, at most a few)."""

    law: str
    holds: bool
    witnesses: tuple[Witness, ...] = ()

    def document(self) -> dict[str, object]:
        """As ``certify --json`` prints it."""
        return {"law": self.law, "holds": self.holds, "witnesses": [dict(one) for one in self.witnesses]}


@dataclass(frozen=True)
class CheckResult:
    """A named check of a bundle.

    ``where`` is the file with its line or key, ``detail`` an English sentence; ``code`` and ``params``
    give the sentence in any language. Where the check holds they are empty.
    """

    check: str
    holds: bool
    where: str = ""
    detail: str = ""
    code: str = ""
    params: Mapping[str, object] = field(default_factory=dict)

    def sentence(self, language: str) -> str:
        """What is wrong, in ``zh`` or ``en``; empty where the check holds."""
        return text_of(self.code, language, **self.params) if self.code else ""

    def document(self) -> dict[str, object]:
        """As ``verify --json`` prints it."""
        return {"check": self.check, "holds": self.holds, "where": self.where, "detail": self.detail}


class Fault(Exception):
    """A fault of a bundle, raised inside one check and turned into its ``CheckResult``."""

    def __init__(self, where: str, code: str, **params: object) -> None:
        super().__init__(code)
        self.where = where
        self.code = code
        self.params = {name: _short(value) for name, value in params.items()}

    def as_result(self, check: str) -> CheckResult:
        """The failing check."""
        return CheckResult(
            check, False, self.where, text_of(self.code, "en", **self.params), self.code, self.params
        )


def _short(value: object, limit: int = 80) -> object:
    """Hostile values may be long or unprintable: a message stays one line."""
    if isinstance(value, int) and abs(value) < 10**18:
        return value
    text = value if isinstance(value, str) else ascii(value)[: limit + 1]
    text = text[: limit + 1]
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= limit else text[:limit] + "…"
