"""Codes of one round (本轮编码) and salts, from a key that only the frozen inputs give.

Why no random numbers: the same frozen inputs must give the same bundle on any machine. The round key hashes
the name and ID number of *every* member, so nobody outside the bureau can compute it, and whoever holds all of
them already holds what the codes hide (``docs/decisions/codes-from-frozen-inputs.md``).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from allocator.model.facts import Facts

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U
CODE_LENGTH: Final = 12
SALT_LENGTH: Final = 32
_KEY_TAG: Final = "allocator-round-key/1"
_CODE_TAG: Final = "allocator-code/1"
_RECEIPT_TAG: Final = "allocator-receipt-salt/1"
_BLOCK: Final = 64

Digest = Callable[[bytes], bytes]


def round_key(facts: Facts, month: str) -> bytes:
    r"""32 secret bytes of the round: SHA-256 over a tag, the month and all members sorted.

    A member counts as ``receipt_no \t id_number \t name``. The key never leaves the bureau: with it and a
    receipt number anyone could compute the household's code.
    """
    members = facts.members[["receipt_no", "id_number", "name"]].fillna("")
    lines = sorted(map("\t".join, zip(*(members[name].tolist() for name in members.columns), strict=True)))
    text = "\n".join([_KEY_TAG, month, *lines, ""])
    return hashlib.sha256(text.encode("utf-8")).digest()


def codes_of(source: Facts | bytes, month: str, sub_round: str, receipt_nos: Sequence[str]) -> pd.DataFrame:
    """Codes and salts of the receipts, other ones in every month and sub-round.

    Args:
        source: the frozen facts, or the key ``round_key`` made of them.
        month: ``2026-03``.
        sub_round: name of the sub-round.
        receipt_nos: each once, in any order: no row's code hangs on the order.

    Returns:
        ``receipt_no`` in the given order, ``code`` (12 characters of Crockford's base32), ``salt`` and
        ``receipt_salt`` (32 hex characters each): the leaf of the roster and of the receipts.

    Raises:
        ValueError: a receipt number stands twice.
    """
    key = source if isinstance(source, bytes) else round_key(source, month)
    receipts = [str(number) for number in receipt_nos]
    if len(set(receipts)) != len(receipts):
        raise ValueError("a receipt number stands twice")
    digest = hmac_sha256(key)
    codes, salts = _distinct(receipts, lambda some, attempt: _derive(digest, month, sub_round, some, attempt))
    receipt_salts = receipt_salts_of(key, month, sub_round, receipts)
    columns = {"receipt_no": receipts, "code": codes, "salt": salts, "receipt_salt": receipt_salts}
    return pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})


def receipt_salts_of(key: bytes, month: str, sub_round: str, receipt_nos: Sequence[str]) -> list[str]:
    """Salts of the receipts' leaves, 32 hex characters each, in the given order."""
    digest = hmac_sha256(key)
    head = f"{_RECEIPT_TAG}\n{month}\n{sub_round}\n".encode()
    return _hex_words(b"".join([digest(head + f"{number}\n".encode())[:16] for number in receipt_nos]))


def hmac_sha256(key: bytes) -> Digest:
    """HMAC-SHA256 (RFC 2104) with the two keyed blocks hashed once; half the time of ``hmac.digest``."""
    block = (key if len(key) <= _BLOCK else hashlib.sha256(key).digest()).ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block)).copy
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block)).copy

    def digest(message: bytes) -> bytes:
        inside = inner()
        inside.update(message)
        outside = outer()
        outside.update(inside.digest())
        return outside.digest()

    return digest


def _derive(
    digest: Digest, month: str, sub_round: str, receipts: Sequence[str], attempt: int
) -> tuple[list[str], list[str]]:
    """Codes from the first 60 bits, salts from the last 128."""
    head = f"{_CODE_TAG}\n{month}\n{sub_round}\n{attempt}\n".encode()
    joined = b"".join([digest(head + f"{number}\n".encode()) for number in receipts])
    table = np.frombuffer(joined, dtype=np.uint8).reshape(-1, 32)
    first = np.ascontiguousarray(table[:, :8]).view(">u8").astype(np.uint64)[:, 0]
    return base32_of(first >> np.uint64(4)), _hex_words(table[:, 16:].tobytes())


def base32_of(numbers: npt.NDArray[np.uint64]) -> list[str]:
    """``(n,) uint64`` below 2**60 -> 12 characters each, the highest five bits first."""
    shifts = np.arange(5 * (CODE_LENGTH - 1), -1, -5, dtype=np.uint64)
    digits = (numbers[:, None] >> shifts) & np.uint64(31)
    text = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)[digits].tobytes().decode("ascii")
    return [text[start : start + CODE_LENGTH] for start in range(0, len(text), CODE_LENGTH)]


def _hex_words(joined: bytes) -> list[str]:
    text = joined.hex()
    return [text[start : start + SALT_LENGTH] for start in range(0, len(text), SALT_LENGTH)]


def _distinct(
    receipts: Sequence[str], derive: Callable[[Sequence[str], int], tuple[list[str], list[str]]]
) -> tuple[list[str], list[str]]:
    """Codes without collisions: where several receipts share one, all but the smallest receipt draw anew.

    With 60 bits a million households collide once in some two million rounds; it must still end well.
    """
    codes, salts = derive(receipts, 0)
    attempt = 0
    while len(set(codes)) < len(codes):
        attempt += 1
        again = _later_holders(receipts, codes)
        new_codes, new_salts = derive([receipts[place] for place in again], attempt)
        for place, code, salt in zip(again, new_codes, new_salts, strict=True):
            codes[place], salts[place] = code, salt
    return codes, salts


def _later_holders(receipts: Sequence[str], codes: Sequence[str]) -> list[int]:
    """Places of the receipts that share a code with a smaller receipt, by receipt."""
    shared = {code for code, count in Counter(codes).items() if count > 1}
    again, seen = [], set()
    for place in sorted((p for p, code in enumerate(codes) if code in shared), key=lambda p: receipts[p]):
        if codes[place] in seen:
            again.append(place)
        seen.add(codes[place])
    return again
