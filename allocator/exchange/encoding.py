"""Which encoding a text file is in, found out by itself: UTF-8, UTF-8 with BOM, or GB18030."""

from __future__ import annotations

import codecs
import re

from .faults import Faults

_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
# Beginnings of files that are no text whatever they are called.
_BINARY_MARKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff")


def utf8_of(content: bytes, table: str, file: str, faults: Faults) -> bytes | None:
    """The content in UTF-8 without BOM, or None and a located fault."""
    if not content.strip(b" \t\r\n\xef\xbb\xbf"):
        faults.of_file("file_empty", table, file)
        return None
    if content.startswith(_WIDE_MARKS):
        faults.of_file("encoding_unknown", table, file)
        return None
    if content.startswith(_BINARY_MARKS):
        faults.of_file("file_binary", table, file)
        return None
    nul = content.find(b"\x00")
    if nul >= 0:
        faults.of_file("nul_byte", table, file, row=_line(content, nul))
        return None
    return _decoded(content, table, file, faults)


def _decoded(content: bytes, table: str, file: str, faults: Faults) -> bytes | None:
    if content.startswith(codecs.BOM_UTF8):
        content = content[len(codecs.BOM_UTF8) :]
        broken_at = _broken_at(content, "utf-8")
        if broken_at is None:
            return content
        faults.of_file("encoding_unknown", table, file, row=_line(content, broken_at))
        return None
    if content.isascii():
        return content
    utf8_broken_at = _broken_at(content, "utf-8")
    if utf8_broken_at is None and not _looks_like_gb18030(content):
        return content
    gb_broken_at = _broken_at(content, "gb18030")
    if gb_broken_at is None:
        return content.decode("gb18030").encode("utf-8")
    farthest = max(gb_broken_at, utf8_broken_at or 0)
    faults.of_file("encoding_unknown", table, file, row=_line(content, farthest))
    return None


def _looks_like_gb18030(content: bytes) -> bool:
    """Two-byte Chinese can happen to be lawful UTF-8 of other letters: then no byte begins a Chinese one."""
    if re.search(rb"[\xe2-\xf4]", content):
        return False
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return all(character >= "\u2e80" for character in text if not character.isascii())


def _broken_at(content: bytes, encoding: str) -> int | None:
    try:
        content.decode(encoding)
    except UnicodeDecodeError as fault:
        return fault.start
    return None


def _line(content: bytes, offset: int) -> int:
    return content.count(b"\n", 0, offset) + 1
