"""Checking for the commands: a bundle on disk, an instance and a solution on disk."""

from __future__ import annotations

import json
from pathlib import Path

from allocator import audit
from allocator.audit import CheckResult, LawResult
from allocator.errors import WrongUsage
from allocator.model import documents
from allocator.model.problem import Problem


def verify(
    folder: Path, *, commitment: str | None, public_value: str | None, previous: str | None
) -> list[CheckResult]:
    """Every check of the bundle. Raises ``WrongUsage`` where the path is no folder."""
    if not folder.is_dir():
        raise WrongUsage("audit_no_folder", path=str(folder))
    return audit.verify_bundle(folder, commitment=commitment, public_value=public_value, previous=previous)


def certify(instance_path: Path, solution_path: Path) -> tuple[list[LawResult], list[Problem]]:
    """The laws of a solution, or the faults of the instance file. Raises ``WrongUsage`` without the files."""
    for path in (instance_path, solution_path):
        if not path.is_file():
            raise WrongUsage("audit_no_file", path=str(path))
    parsed = documents.read_instance(instance_path)
    if parsed.instance is None:
        return [], parsed.problems
    return audit.certify(parsed.instance, _solution(solution_path)), []


def _solution(path: Path) -> object:
    """The JSON of a solution; None (which breaks the law of format) where it is not JSON."""
    try:
        return json.loads(path.read_bytes(), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _refuse(word: str) -> None:
    raise ValueError(word)
