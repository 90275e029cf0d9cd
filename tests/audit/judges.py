"""Both judges in one process: the engine's audit in arrays, and verify.py loaded from its file."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from pathlib import Path
from types import ModuleType

from allocator import audit
from tests.audit import worlds


def load_verifier() -> ModuleType:
    """A fresh module of the single-file verifier."""
    spec = importlib.util.spec_from_file_location("citizens_verifier", worlds.VERIFIER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VERIFIER = load_verifier()


def arrays_accept(folder: Path, **outside: str) -> bool:
    return all(result.holds for result in audit.verify_bundle(folder, **outside))


def plain_verdict(folder: Path, *options: str, module: ModuleType = VERIFIER) -> tuple[int, str]:
    """Exit code and printed lines of verify.py."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = module.main([str(folder), *options])
    return code, printed.getvalue()


def verdicts(folder: Path) -> tuple[bool, bool]:
    """(arrays, plain): does each accept the bundle?"""
    return arrays_accept(folder), plain_verdict(folder)[0] == 0


def faults(folder: Path) -> list[tuple[str, str]]:
    """(check, where) of what the arrays refuse."""
    return [(result.check, result.where) for result in audit.verify_bundle(folder) if not result.holds]
