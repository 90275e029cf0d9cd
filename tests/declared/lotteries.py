"""The test authority with a lottery: nothing parts its households into bands."""

from __future__ import annotations

import re
from pathlib import Path

from tests.declared.authority import LAWS, authority

NAMES = ("eating", "equal")
_PARTING = re.compile(r"^\[\[ranking\.(groups|lines|tie_breaks)\]\]\n.*?(?=^\[|\Z)", re.DOTALL | re.MULTILINE)


def lottery_law(folder: Path, allocation: str) -> Path:
    """The folder of ``example`` without priority groups and points, under this allocation section."""
    authority(folder, allocation)
    page = folder / "allocation.toml"
    page.write_text(_PARTING.sub("", page.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


def law(folder: Path, name: str) -> Path:
    """The folder under one of ``NAMES``."""
    return lottery_law(folder, (LAWS / f"{name}.toml").read_text(encoding="utf-8"))
