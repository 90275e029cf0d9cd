"""The files of a bundle that tell the split of dormitory rooms (``docs/reference/bundle.md``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from allocator.model.canonical import canonical_bytes, sha256_hex
from allocator.publicity.tables import csv_bytes, sorted_by_text

# With the key of the commitment that fingerprints each.
ROOMS_FILES: Final = {"rooms.csv": "rooms_sha256", "split.json": "split_sha256"}
ROOMS: Final = ("dwelling_id", "room_id", "unit")


def room_files(beds: pd.DataFrame, document: Mapping[str, Any]) -> dict[str, bytes]:
    """``rooms.csv`` (``dwelling_id,room_id,unit``, by dwelling) and ``split.json``."""
    return {
        "rooms.csv": csv_bytes(sorted_by_text(beds, "dwelling_id"), ROOMS),
        "split.json": canonical_bytes(dict(document)),
    }


def committed_keys(files: Mapping[str, bytes]) -> dict[str, str]:
    """What the commitment says of these files."""
    return {ROOMS_FILES[name]: sha256_hex(content) for name, content in files.items()}
