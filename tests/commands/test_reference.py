"""The reference of the command line is made from the commands, and stays so."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]


def maker() -> ModuleType:
    """The script that writes the page."""
    spec = importlib.util.spec_from_file_location("make_cli", ROOT / "docs" / "reference" / "make_cli.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_commands_say() -> None:
    """``docs/reference/cli.md`` is byte for byte what its script makes of the commands."""
    script = maker()
    filed = script.PAGE.read_text(encoding="utf-8")
    assert filed == script.page(), (
        "docs/reference/cli.md is not what the commands say. If the change is meant, accept it with: "
        "python docs/reference/make_cli.py"
    )
