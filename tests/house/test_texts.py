"""The texts of both languages are complete."""

import re
import string
from pathlib import Path

import allocator
from allocator.messages import LANGUAGES, texts

ROOT = Path(allocator.__file__).parent


def _params(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_both_languages_say_the_same_codes_with_the_same_parameters() -> None:
    """Every text stands in Chinese and English and takes the same parameters."""
    zh, en = (texts(language) for language in LANGUAGES)
    assert zh.keys() == en.keys()
    assert {code: _params(zh[code]) for code in zh} == {code: _params(en[code]) for code in en}


def test_every_code_raised_in_the_code_has_a_text() -> None:
    """A fault raised with a literal code finds its sentence."""
    raised = re.compile(
        r"(?:Refused|WrongUsage|FaultsFound|NoAllocation|MachineRefused)\(\s*\"([a-z0-9_]+)\""
    )
    used = {
        (path.name, code)
        for path in ROOT.rglob("*.py")
        for code in raised.findall(path.read_text(encoding="utf-8"))
    }
    assert used, "the search finds nothing: it is broken"
    assert sorted((name, code) for name, code in used if code not in texts("zh")) == []
