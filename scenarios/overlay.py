"""A scenario's changes laid over a policy book in memory: dated versions, checked like the law itself.

A change begins on a day; versions of the law that begin later are changed too (the scenario goes on), what held
before the day stays. Nothing is written, and the book given stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from allocator.model.enums import Branch
from allocator.policy.book import PolicyBook
from allocator.policy.checks import check_branches, check_section
from allocator.policy.dated import ONE_DAY, Version
from allocator.policy.faults import Faults
from allocator.policy.sections import SECTIONS
from scenarios.files import PolicyChange
from scenarios.reading import tell

ROUND_MECHANISMS: Final = ("serial", "band_optimum", "deferred_acceptance")
_BOUNDS: Final = "bounds"


class _Missing(Exception):
    """The path ends before its end: code and parameters of the fault."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def overlaid(
    book: PolicyBook,
    changes: Sequence[PolicyChange],
    days: Sequence[date],
    origins: Sequence[tuple[str, str]],
    faults: Faults,
) -> PolicyBook:
    """The book with the changes in their order, the later over the earlier; ``days``: when each begins.

    What cannot be changed so goes to ``faults`` with file and key (``origins``); the rest is laid over
    nevertheless, so that several faults are told at once.
    """
    for change, day, (file, key) in zip(changes, days, origins, strict=True):
        found = _found(book, change.path)
        if found is None:
            faults.add(
                "scenario_parameter_missing", file, f"{key}.path", value=change.path, known=_tops(book)
            )
            continue
        kind, name, rest, versions = found
        changed = _versions(versions, rest, change, day, file, key, faults)
        if changed is not None:
            book = _with(book, kind, name, changed)
    _check_whole(book, faults)
    return book


def _found(book: PolicyBook, path: str) -> tuple[str, Any, list[str], tuple[Version[Any], ...]] | None:
    """Kind of the part, its name, the rest of the path, its versions."""
    steps = path.removeprefix("screening.").split(".")
    head, rest = steps[0], steps[1:]
    if head in SECTIONS:
        return "sections", head, rest, book.sections.get(head, ())
    if head == "criteria" and rest and rest[0] in book.criteria:
        return "criteria", rest[0], rest[1:], book.criteria[rest[0]]
    if head == "branches" and rest and rest[0] in {branch.value for branch in book.branches}:
        branch = Branch(rest[0])
        return "branches", branch, rest[1:], book.branches[branch]
    return None


def _tops(book: PolicyBook) -> str:
    """What a path can begin with."""
    criteria = [f"criteria.{name}" for name in sorted(book.criteria)]
    branches = [f"branches.{branch.value}" for branch in book.branches]
    return ", ".join([*SECTIONS, *criteria, *branches])


def _with(book: PolicyBook, kind: str, name: Any, versions: tuple[Version[Any], ...]) -> PolicyBook:
    parts: Mapping[Any, Any] = getattr(book, kind)
    changed: dict[str, Any] = {kind: {**parts, name: versions}}
    return replace(book, **changed)


def _versions(
    versions: Sequence[Version[Any]],
    steps: list[str],
    change: PolicyChange,
    day: date,
    file: str,
    key: str,
    faults: Faults,
) -> tuple[Version[Any], ...] | None:
    """The versions with the change from the day on, or ``None`` with its fault."""
    if not any(version.holds(day) for version in versions):
        faults.add("scenario_rule_not_in_force", file, f"{key}.path", value=change.path, on=day.isoformat())
        return None
    changed: list[Version[Any]] = []
    for version in versions:
        if version.last is not None and version.last < day:
            changed.append(version)
            continue
        content = _content(version.content, steps, change, max(day, version.first), file, key, faults)
        if content is None:
            return None
        if version.first < day:
            changed.append(replace(version, last=day - ONE_DAY))
        changed.append(Version(max(day, version.first), version.last, content))
    return tuple(changed)


def _content(
    content: BaseModel, steps: list[str], change: PolicyChange, on: date, file: str, key: str, faults: Faults
) -> BaseModel | None:
    document = json.loads(content.model_dump_json())
    verb = next(name for name in ("value", "add", "times") if getattr(change, name) is not None)
    # A rule the law may have and has not is set whole; several that hang together are set at once.
    if verb == "value" and len(steps) == 1 and steps[0] in type(content).model_fields:
        document.setdefault(steps[0], None)
    try:
        if not steps and isinstance(change.value, dict):
            document.update(change.value)
        else:
            _apply(document, steps, _verb(change), change.path)
    except _Missing as missing:
        at = "path" if missing.code != "scenario_not_a_number" else verb
        faults.add(missing.code, file, f"{key}.{at}", **{"on": on.isoformat(), **missing.params})
        return None
    try:
        sound = type(content).model_validate_json(json.dumps(document))
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False):
            tell(dict(error) | {"loc": (verb,)}, file, key, faults)
        return None
    before = len(faults)
    _check_mechanism(sound, file, f"{key}.{verb}", faults)
    if len(faults) == before:
        check_section(sound, file, f"{key}.{verb}", faults)
    return sound if len(faults) == before else None


def _check_mechanism(content: Any, file: str, key: str, faults: Faults) -> None:
    mechanism = getattr(content, "mechanism", None)
    if mechanism is not None and mechanism not in ROUND_MECHANISMS:
        faults.add("scenario_mechanism", file, key, value=mechanism, known=", ".join(ROUND_MECHANISMS))


def _apply(document: Any, steps: list[str], verb: Callable[[Any], Any], path: str) -> None:
    """Change what stands at the end of the path; ``value`` of a criterion stands for all its bounds."""
    if steps == ["value"] and isinstance(document, dict) and document.get(_BOUNDS):
        for bucket in document[_BOUNDS]:
            bucket["value"] = verb(bucket["value"])
        return
    if not steps:
        raise _Missing("scenario_parameter_missing", value=path, known=", ".join(_names(document)))
    for step in steps[:-1]:
        document = _step(document, step, path)
    last = steps[-1]
    at = _place(document, last, path)
    document[at] = verb(document[at])


def _step(document: Any, step: str, path: str) -> Any:
    inner = document[_place(document, step, path)]
    if inner is None:
        raise _Missing("scenario_rule_not_in_force", value=path)
    return inner


def _place(document: Any, step: str, path: str) -> Any:
    """Key of a table, or number of an entry of a list by its ``id`` or its number from 0."""
    if isinstance(document, dict) and step in document:
        return step
    if isinstance(document, list):
        for number, entry in enumerate(document):
            if isinstance(entry, dict) and entry.get("id") == step:
                return number
        if step.isascii() and step.isdigit() and int(step) < len(document):
            return int(step)
    raise _Missing("scenario_parameter_missing", value=path, known=", ".join(_names(document)))


def _names(document: Any) -> list[str]:
    if isinstance(document, dict):
        return sorted(document)
    if isinstance(document, list):
        named = [str(entry["id"]) for entry in document if isinstance(entry, dict) and "id" in entry]
        return named or [str(number) for number in range(len(document))]
    return ["-"]


def _verb(change: PolicyChange) -> Callable[[Any], Any]:
    """What becomes of the value that stands there."""
    if change.value is not None:
        return lambda _before: change.value
    if change.add is not None:
        added = change.add
        return lambda before: _number(before, change.path) + added
    factor = Fraction(change.times or "1")
    return lambda before: _half_up(_number(before, change.path) * factor)


def _number(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Missing("scenario_not_a_number", value=path, found=value)
    return value


def _half_up(amount: Fraction) -> int:
    return int((2 * amount + 1) // 2)


def _check_whole(book: PolicyBook, faults: Faults) -> None:
    """Branches still ask only criteria that stand."""
    own = Faults()
    places = {f"criteria.{name}": "policy" for name in book.criteria} | {"branches": "policy"}
    check_branches(dict(book.branches), dict(book.criteria), places, own)
    for fault in own.listed():
        if fault.code != "policy_criterion_unread":
            faults.add(fault.code, fault.file, fault.key, **fault.params)
