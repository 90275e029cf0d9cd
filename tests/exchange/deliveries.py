"""Small deliveries for these tests: the sound one of ``tests/data/wrong``, changed here and there."""

from __future__ import annotations

import shutil
from pathlib import Path

from allocator.model.columns import TABLES
from allocator.model.facts import Facts

DATA = Path(__file__).parent.parent / "data"
WRONG = DATA / "wrong"
SOUND = WRONG / "sound"
SAMPLE = DATA / "delivery-sample"


def sound_copy(folder: Path) -> Path:
    """A copy of the sound delivery: 1 employer, 3 projects, 4 dwellings, 3 households, 4 members, 4 wishes."""
    shutil.copytree(SOUND, folder, dirs_exist_ok=True)
    return folder


def replace_in(path: Path, old: str, new: str) -> None:
    """Change one text of a file; it must stand there."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def assert_equal_facts(one: Facts, other: Facts) -> None:
    """The same rows in any order, with the same dtypes."""
    import pandas as pd

    for table in TABLES:
        left, right = getattr(one, table.name), getattr(other, table.name)
        keys = list(table.key)
        pd.testing.assert_frame_equal(
            left.sort_values(keys).reset_index(drop=True), right.sort_values(keys).reset_index(drop=True)
        )
