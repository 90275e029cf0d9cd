"""From a folder to parsed tables: what may be read, and the faults of files."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from allocator.errors import Refused
from allocator.policy.faults import Faults

SHIPPED: Final = Path(__file__).parent / "files"
MAX_BYTES: Final = 2_000_000


def shipped() -> tuple[str, ...]:
    """Names of the authorities that come with the engine, sorted."""
    return tuple(sorted(place.name for place in SHIPPED.iterdir() if place.is_dir()))


def folder_of(name_or_dir: str | Path) -> Path:
    """The folder of a shipped authority or of a city. Raises ``Refused`` when there is none."""
    wish = str(name_or_dir)
    if wish in shipped():
        return SHIPPED / wish
    folder = Path(wish)
    if wish and "\0" not in wish and folder.is_dir():
        return folder
    raise Refused("policy_not_found", name=wish, shipped=", ".join(shipped()))


def read_files(folder: Path, faults: Faults) -> dict[str, bytes]:
    """File name -> bytes of every TOML file of the folder that may be read."""
    contents = {}
    places = sorted(place for place in folder.iterdir() if place.suffix == ".toml")
    if not places:
        faults.add("policy_folder_empty", folder.name, "*.toml")
    for place in places:
        content = _content(place, folder, faults)
        if content is not None:
            contents[place.name] = content
    return contents


def _content(place: Path, folder: Path, faults: Faults) -> bytes | None:
    try:
        is_inside = place.resolve().is_relative_to(folder.resolve())
        is_file = place.is_file()
    except (OSError, RuntimeError):  # links that lead in a circle
        is_inside, is_file = True, False
    if not is_inside:
        faults.add("policy_file_outside", place.name, "-")
        return None
    if not is_file:
        faults.add("policy_file_unreadable", place.name, "-")
        return None
    if place.stat().st_size > MAX_BYTES:
        faults.add("policy_file_too_large", place.name, "-", limit=MAX_BYTES)
        return None
    return place.read_bytes()


def parse(name: str, content: bytes, faults: Faults) -> dict[str, Any] | None:
    """The tables of one file; decimals stay exact. ``None`` with a fault when it is no TOML in UTF-8."""
    if content.startswith(b"\xef\xbb\xbf"):
        faults.add("policy_file_bom", name, "-")
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as fault:
        faults.add("policy_file_encoding", name, "-", position=fault.start)
        return None
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError, ArithmeticError) as fault:
        faults.add("policy_file_malformed", name, "-", reason=str(fault))
        return None
