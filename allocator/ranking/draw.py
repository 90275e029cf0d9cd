"""The sealed draw (摇号): seed, tickets and the published order.

The bytes hashed are those of the contract, section 6; ``docs/reference/test-vectors.json`` holds worked
examples. There is no stream and no shuffle: a household's ticket hangs on the seed and its own code only,
so row order does not matter and a withdrawal leaves everyone else's ticket alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Purpose = Literal["order", "dwelling"]

SEED_TAG: Final = "allocator-seed/1"
REHEARSAL_TAG: Final = "allocator-rehearsal/1"


def value_is_well_formed(value: str, form: str) -> bool:
    """Whether the public value has the one spelling the commitment allows.

    The whole value must match ``form``, character classes taken as ASCII, and hold printable ASCII only:
    ``$`` of a careless form would let a line end through, and the seed would have two spellings.
    """
    if re.fullmatch(form, value, flags=re.ASCII) is None:
        return False
    return value.isascii() and value.isprintable()


def seed_of(commitment: bytes, value: str, *, rehearsal: bool) -> str:
    """Hex seed from the bytes of ``commitment.json`` and the public value (empty without ceremony)."""
    tag = REHEARSAL_TAG if rehearsal else SEED_TAG
    lines = f"{tag}\n{hashlib.sha256(commitment).hexdigest()}\n{value}\n"
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()


def tickets(seed_hex: str, purpose: Purpose, codes: Iterable[str]) -> list[str]:
    """Hex tickets (摇号码) of the codes, in their order; the smaller ticket comes first.

    The common beginning is hashed once and copied: 1 M tickets take under a second.
    """
    begun = hashlib.sha256(f"{seed_hex}\n{purpose}\n".encode("ascii")).copy
    hexes = []
    for code in codes:
        hasher = begun()
        hasher.update(f"{code}\n".encode())
        hexes.append(hasher.hexdigest())
    return hexes


def order_of(roster: pd.DataFrame, seed_hex: str) -> pd.DataFrame:
    """The published order: band upwards, points downwards, ticket upwards.

    Args:
        roster: ``code`` (unique), ``band`` and ``points`` (integers), rows in any order.
        seed_hex: what ``seed_of`` gave.

    Returns:
        ``position`` int64 from 1, ``code``, ``band`` int64, ``ticket`` hex; one row per household.

    Raises:
        ValueError: a code stands twice.
    """
    if roster["code"].duplicated().any():
        raise ValueError("a code stands twice in the roster")
    drawn = tickets(seed_hex, "order", roster["code"].tolist())
    band = roster["band"].to_numpy(dtype=np.int64)
    points = roster["points"].to_numpy(dtype=np.int64)
    places = _places(band, points, drawn)
    return pd.DataFrame(
        {
            "position": np.arange(1, len(places) + 1, dtype=np.int64),
            "code": roster["code"].iloc[places].reset_index(drop=True),
            "band": band[places],
            "ticket": pd.Series(drawn, dtype="str").iloc[places].reset_index(drop=True),
        }
    )


def _places(
    band: npt.NDArray[np.int64], points: npt.NDArray[np.int64], drawn: list[str]
) -> npt.NDArray[np.int64]:
    """Row numbers in published order; the 32 bytes of a ticket are compared as four big-endian words."""
    words = np.frombuffer(bytes.fromhex("".join(drawn)), dtype=">u8").astype(np.uint64).reshape(-1, 4)
    first = words[:, 0]
    if len(np.unique(first)) == len(first):
        return np.lexsort((first, -points, band))
    return np.lexsort((words[:, 3], words[:, 2], words[:, 1], first, -points, band))
