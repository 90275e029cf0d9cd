"""What is said to people, in Chinese and English: codes in, sentences out.

The texts stand in ``texts/<language>/<room>.toml``, one table of ``code = "sentence with {parameters}"``
per room. A message says what, where, why and the cure.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Final

LANGUAGES: Final = ("zh", "en")


@cache
def texts(language: str) -> dict[str, str]:
    """All sentences of one language, by code. Raises ``ValueError`` on a code that stands twice."""
    merged: dict[str, str] = {}
    folder = resources.files("allocator") / "texts" / language
    for page in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if page.name.endswith(".toml"):
            for code, sentence in tomllib.loads(page.read_text(encoding="utf-8")).items():
                if code in merged:
                    raise ValueError(f"the text {code!r} stands twice in {language}")
                merged[code] = str(sentence)
    return merged


def text_of(code: str, language: str, **params: object) -> str:
    """The sentence of a code. A code without a text is a bug and raises ``KeyError``."""
    return texts(language)[code].format(**params)
