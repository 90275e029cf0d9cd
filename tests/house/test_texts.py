"""The texts of both languages are complete."""

import ast
import string
from collections.abc import Iterator
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


SPOKEN = {"text_of", "Refused", "WrongUsage", "FaultsFound", "NoAllocation", "MachineRefused"}


def _constants(value: ast.expr) -> Iterator[str]:
    """The literal texts an expression may be: itself, or either end of a choice."""
    if isinstance(value, ast.IfExp):
        yield from _constants(value.body)
        yield from _constants(value.orelse)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value


def _codes_spoken(source: str) -> Iterator[str]:
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and call.args:
            name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            if name in SPOKEN:
                yield from _constants(call.args[0])


def test_every_code_in_the_code_has_a_text() -> None:
    """Every literal code that is said or raised, also where one of two is chosen, finds its sentence."""
    assert list(_codes_spoken('text_of("a" if dry else "b", lang)')) == ["a", "b"]
    paths = [*ROOT.rglob("*.py"), *(ROOT.parent / "scenarios").rglob("*.py")]
    used = {(path.name, code) for path in paths for code in _codes_spoken(path.read_text(encoding="utf-8"))}
    assert len(used) > 100, "the search finds too little: it is broken"
    assert sorted((name, code) for name, code in used if code not in texts("zh")) == []
