"""What a stage hands back to the desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """``said``: text codes with parameters; ``figures``: plain numbers for ``--json`` and the journal;
    ``sub_rounds``: set by the stage that makes them.
    """

    said: tuple[tuple[str, dict[str, Any]], ...]
    figures: dict[str, Any] = field(default_factory=dict)
    sub_rounds: tuple[str, ...] | None = None
