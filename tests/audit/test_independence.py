"""Who solves does not judge, and the two judges share nothing."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from allocator import audit
from tests.audit.worlds import VERIFIER

AUDIT = VERIFIER.parents[1]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_the_single_file_needs_the_standard_library_only():
    """verify.py imports nothing a plain Python does not have."""
    roots = {name.split(".")[0] for name in imported(VERIFIER)}
    assert roots <= set(sys.stdlib_module_names)


def test_the_arrays_share_no_code_with_solver_draw_or_publisher():
    """The audit imports only its own room, the model, the texts and array libraries."""
    allowed = ("allocator.audit", "allocator.model", "allocator.messages", "numpy", "pyarrow")
    for path in AUDIT.glob("*.py"):
        for name in imported(path):
            known = name.split(".")[0] in sys.stdlib_module_names
            assert known or name.startswith(allowed), (path.name, name)


def test_the_judge_is_package_data():
    """The bytes that go into every bundle are the file's own."""
    assert audit.judge_bytes() == VERIFIER.read_bytes()
