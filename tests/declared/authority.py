"""A small authority that declares priority, reserves and quotas: ``example`` with another ``[[allocation]]``."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import allocator

SHIPPED = Path(allocator.__file__).parent / "policy" / "files" / "example"
LAWS = Path(__file__).parent / "laws"
NAMES = ("tiers", "choosing", "released", "optimum")


def authority(folder: Path, allocation: str) -> Path:
    """The folder of ``example`` copied, its allocation section replaced by this text."""
    shutil.copytree(SHIPPED, folder)
    page = folder / "allocation.toml"
    text = page.read_text(encoding="utf-8")
    section = re.compile(r"^\[\[allocation\]\]\n.*?(?=^\[\[)", re.DOTALL | re.MULTILINE)
    assert len(section.findall(text)) == 1
    page.write_text(section.sub(lambda _: "", text) + "\n" + allocation, encoding="utf-8")
    return folder


def law(folder: Path, name: str) -> Path:
    """The folder under one of ``NAMES``."""
    return authority(folder, (LAWS / f"{name}.toml").read_text(encoding="utf-8"))
