"""Sealing what names or describes people: AES-256-GCM under keys derived from the store's one key.

A nonce is a keyed digest of what is sealed with its place, so equal things in equal places give equal
bytes and two different things never share a nonce (the synthetic nonce of RFC 5297 and RFC 8452, here
96 bits of keyed BLAKE2b, RFC 7693). Each purpose has keys of its own: a blob moved to another table
does not open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from allocator.errors import MachineRefused

NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
_PERSON_BYTES: Final = 16


@dataclass(frozen=True, repr=False)
class Sealer:
    """Seals and opens under the store's key (32 bytes)."""

    key: bytes

    def derived(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose only."""
        return blake2b(purpose.encode(), key=self.key, digest_size=KEY_BYTES).digest()

    @cached_property
    def key_check(self) -> str:
        """What the store keeps to recognise its key; tells nothing about it."""
        return self.derived("check").hex()

    def digests(self, purpose: str, rows: Sequence[bytes]) -> list[bytes]:
        """A keyed digest of 12 bytes for each row."""
        key = self.derived(f"digest:{purpose}")
        return [blake2b(row, key=key, digest_size=NONCE_BYTES).digest() for row in rows]

    def persons(self, id_numbers: Sequence[str]) -> list[bytes]:
        """The blind index of each ID number: 16 bytes, the same in every household."""
        key = self.derived("person")
        return [
            blake2b(number.encode(), key=key, digest_size=_PERSON_BYTES).digest() for number in id_numbers
        ]

    def seal_rows(self, purpose: str, nonces: Sequence[bytes], rows: Sequence[bytes]) -> list[bytes]:
        """Each row sealed under its nonce, which stands in the row's ``digest`` and not in the blob."""
        encrypt = AESGCM(self.derived(f"seal:{purpose}")).encrypt
        return [encrypt(nonce, row, None) for nonce, row in zip(nonces, rows, strict=True)]

    def open_rows(self, purpose: str, nonces: Sequence[bytes], blobs: Sequence[bytes]) -> list[bytes]:
        """The rows again. Raises ``MachineRefused`` when a blob was altered."""
        decrypt = AESGCM(self.derived(f"seal:{purpose}")).decrypt
        try:
            return [decrypt(nonce, blob, None) for nonce, blob in zip(nonces, blobs, strict=True)]
        except (InvalidTag, ValueError, TypeError):
            raise MachineRefused("store_damaged", table=purpose) from None

    def seal(self, purpose: str, place: str, content: bytes) -> bytes:
        """Nonce and sealed content, bound to its place."""
        where = place.encode()
        text = len(where).to_bytes(8, "big") + where + content
        nonce = self.digests(purpose, [text])[0]
        return nonce + AESGCM(self.derived(f"seal:{purpose}")).encrypt(nonce, content, where)

    def open(self, purpose: str, place: str, blob: bytes) -> bytes:
        """The content again. Raises ``MachineRefused`` when it was altered or moved."""
        cipher = AESGCM(self.derived(f"seal:{purpose}"))
        try:
            return cipher.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise MachineRefused("store_damaged", table=purpose) from None
