"""Canonical bytes, fingerprints and Merkle roots."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable


def canonical_bytes(document: object) -> bytes:
    """The JSON of RFC 8785 (JCS) for documents of objects with ASCII keys, lists, text, integers, booleans, null.

    Floats are refused (``ValueError``): nothing that is fingerprinted may hang on how a float is printed.
    """
    _refuse_floats(document)
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def _refuse_floats(document: object) -> None:
    stack = [document]
    while stack:
        value = stack.pop()
        if isinstance(value, float):
            raise ValueError(f"a float in a canonical document: {value!r}")
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list | tuple):
            stack.extend(value)


def sha256_hex(content: bytes) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(content).hexdigest()


def fingerprint(document: object) -> str:
    """``sha256:<hex>`` of the canonical bytes."""
    return "sha256:" + sha256_hex(canonical_bytes(document))


def merkle_root(leaves: Iterable[bytes]) -> str:
    """Hex root of the Merkle tree of RFC 9162, section 2.1.1, over the leaves in the given order.

    Pairing level by level and carrying an odd node up unchanged gives the tree of the RFC.
    """
    sha = hashlib.sha256
    level = [sha(b"\x00" + leaf).digest() for leaf in leaves]
    if not level:
        return sha(b"").hexdigest()
    while len(level) > 1:
        odd = [level[-1]] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [sha(b"\x01" + left + right).digest() for left, right in pairs] + odd
    return level[0].hex()
