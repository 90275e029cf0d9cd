"""What is shipped, by kind: each file of the library, its titles, and the command that runs it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from scenarios.reading import LIBRARY

# Kind -> folder of the library ("": its own), and the words that run a file of it by its name.
_SHELVES: Final = {
    "policy": ("", ("scenario", "compare", "{name}")),
    "own": ("own", ("scenario", "own", "{name}", "--policy", "example", "--on", "2026-03-01")),
    "subsidy": ("subsidy", ("scenario", "subsidy", "{name}")),
    "supply": ("supply", ("scenario", "portfolio", "{name}")),
}
KINDS: Final = tuple(_SHELVES)


@dataclass(frozen=True)
class Shipped:
    """One shipped file. ``words``: the command without ``allocator``."""

    kind: str
    name: str
    title_zh: str
    title_en: str
    words: tuple[str, ...]


def shelves() -> Iterator[Shipped]:
    """Every shipped file, by kind and name."""
    for kind, (folder, words) in _SHELVES.items():
        for place in sorted((LIBRARY / folder).glob("*.toml")):
            table = tomllib.loads(place.read_text(encoding="utf-8"))
            zh, en = (str(table.get(f"title_{language}", "")) for language in ("zh", "en"))
            yield Shipped(kind, place.stem, zh, en, tuple(word.format(name=place.stem) for word in words))
