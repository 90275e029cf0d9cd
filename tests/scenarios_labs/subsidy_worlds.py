"""Small subsidy files: the shipped ones with single keys changed, in words of TOML."""

from __future__ import annotations

from pathlib import Path

from allocator.policy.faults import Faults
from scenarios.subsidy_lab import Asked, checked
from scenarios.subsidy_lab_files import LIBRARY

SHIPPED = (LIBRARY / "home_voucher_relief.toml").read_text(encoding="utf-8")
SMALL = (
    SHIPPED.replace("households = 1000", "households = 60")
    .replace("draws = 100", "draws = 20")
    .replace("points = 8", "points = 3")
)
# Asks for the cliffs alone.
CLIFFS = (
    SHIPPED[: SHIPPED.index("[population")] + SHIPPED[SHIPPED.index("[cliffs]") : SHIPPED.index("[tiers]")]
)
MARKET = (LIBRARY / "market_subsidy.toml").read_text(encoding="utf-8")
TABLE = (LIBRARY / "market_subsidy.csv").read_text(encoding="utf-8")


def told(text: str, *changes: tuple[str, str]) -> str:
    """The text with each first part replaced by its second; one that is not there is a fault of the test."""
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


def asked_of(folder: Path, text: str) -> Asked:
    """The file of that text, which must be sound."""
    file, faults = folder / "mine.toml", Faults()
    file.write_text(text, encoding="utf-8")
    (folder / "market_subsidy.csv").write_text(TABLE, encoding="utf-8")
    asked = checked(file, faults)
    assert asked is not None, format(faults.listed(), "en")
    return asked
