"""Strict reading of JSON documents: every fault becomes a ``Problem`` with its path, and all are collected."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from allocator.model.problem import Problem

GREATEST: Final = 2**53 - 1  # what every JSON reader keeps exactly (RFC 8785, section 3.2.2.3)
_SHOWN: Final = 60


class Faults:
    """The faults of one document so far. ``path`` is written like ``households[3].preferences[0]``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def add(self, code: str, path: str, value: object, row: int = 0, **params: object) -> None:
        """Note one fault; ``row`` is the line where it is known, else 0."""
        self.problems.append(Problem(code, self.file, row, path, _shown(value), params=params))

    def integer(self, value: object, path: str, least: int) -> int | None:
        """The whole number, or ``None`` and a fault: a float, a boolean, too small or too great."""
        if type(value) is int and least <= value <= GREATEST:
            return value
        self.add("document_integer_wrong", path, value, least=least, greatest=GREATEST)
        return None

    def text(self, value: object, path: str) -> str | None:
        """The text, or ``None`` and a fault: no text, empty, or not expressible in UTF-8."""
        if isinstance(value, str) and value and (value.isascii() or _is_whole(value)):
            return value
        self.add("document_text_wrong", path, value)
        return None

    def entries(self, value: object, path: str) -> list[Any]:
        """The list, or an empty one and a fault."""
        if isinstance(value, list):
            return value
        self.add("document_list_wrong", path, value)
        return []

    def record(
        self, value: object, path: str, needed: Collection[str], others: Collection[str] = ()
    ) -> dict[str, Any] | None:
        """The object with all of ``needed`` and nothing beyond ``others``; ``None`` where it is no object.

        A missing or an unknown key is a fault, and the object is read on.
        """
        if not isinstance(value, dict):
            self.add("document_object_wrong", path, value)
            return None
        allowed = {*needed, *others}
        for key in value.keys() - allowed:
            self.add(
                "document_key_unknown", _under(path, key), value[key], allowed=", ".join(sorted(allowed))
            )
        for key in needed:
            if key not in value:
                self.add("document_key_missing", _under(path, key), "", key=key)
        return value

    def known(self, value: object, path: str, names: Collection[str], code: str) -> str | None:
        """The text if it is one of ``names``, else ``None`` and a fault of that code."""
        if isinstance(value, str) and value in names:
            return value
        self.add(code, path, value)
        return None

    def ordered(self) -> list[Problem]:
        """All faults, by their place."""
        return sorted(self.problems, key=lambda fault: (fault.row, _natural(fault.column), fault.code))


def load_json(
    content: bytes, file: str, greatest_size: int, parse_number: Callable[[str], Any] | None = None
) -> tuple[object, list[Problem]]:
    """The JSON of a file's bytes, or ``None`` and the fault that kept it from being read.

    UTF-8 (with or without a byte order mark) only; a key that stands twice in one object, NaN and Infinity
    are faults. ``parse_number``, where given, reads every number as it is spelled, NaN and Infinity included.
    """
    faults = Faults(file)
    document: object = None
    if len(content) > greatest_size:
        faults.add("document_too_large", "", "", greatest_mib=greatest_size >> 20)
        return None, faults.problems
    try:
        document = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=lambda pairs: _object(pairs, faults),
            parse_float=parse_number,
            parse_int=parse_number,
            parse_constant=parse_number or (lambda word: faults.add("document_number_not_finite", "", word)),
        )
    except UnicodeDecodeError as fault:
        faults.add("document_not_utf8", "", "", position=fault.start)
    except json.JSONDecodeError as fault:
        faults.add("document_not_json", "", "", row=fault.lineno, line=fault.lineno, place=fault.colno)
    except RecursionError:
        faults.add("document_too_deep", "", "")
    except ValueError:
        faults.add("document_number_too_long", "", "")
    return (None if faults.problems else document), faults.problems


def _object(pairs: list[tuple[str, Any]], faults: Faults) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, value in pairs:
            if key in seen:
                faults.add("document_key_twice", key, value)
            seen.add(key)
    return found


def _under(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _is_whole(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _shown(value: object) -> str:
    """A short spelling of the value; what cannot be shown is escaped."""
    if isinstance(value, list | Mapping):
        value = "[…]" if isinstance(value, list) else "{…}"
    text = value if isinstance(value, str) else _spelled(value)
    text = text[:_SHOWN] + ("…" if len(text) > _SHOWN else "")
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _spelled(value: object) -> str:
    if isinstance(value, int) and abs(value) > 10**_SHOWN:
        return "1" + "0" * _SHOWN + "…"
    return json.dumps(value)


def _natural(path: str) -> list[tuple[int, int, str]]:
    """Sort key by which ``[10]`` comes after ``[9]``."""
    parts = path.replace("]", "").replace("[", ".").split(".")
    return [(0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in parts]
