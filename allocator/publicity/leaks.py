"""The search for leaks: nothing that goes out may hold a name, an ID number, a telephone or a receipt number.

A given text is found wherever it stands, inside longer words too: of all places those are kept, byte after byte,
that may still begin a wanted text; the eight (six, four) bytes that are left are looked up in a bit table of all
beginnings, and what hits is compared in full. Without a Python object per place, 45 MB against 165,000 people
take a few seconds.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["name", "id_number", "receipt_no", "phone", "health_word"]

# Words that would tell a health or hardship reason (zh and en); policy files, which are law and not people, may use them.
HEALTH_WORDS: Final = (
    *(
        "残疾",
        "疾病",
        "重病",
        "大病",
        "患病",
        "病情",
        "癌",
        "尿毒症",
        "精神障碍",
        "艾滋",
        "孤儿",
        "低保",
        "特困",
        "优抚",
    ),
    *(
        "severe_disability",
        "serious_illness",
        "disabled",
        "disability",
        "illness",
        "minimum_living",
        "extreme_poverty",
    ),
)
MOST_REPORTED: Final = 1000

_ID_SHAPED: Final = re.compile(rb"(?<![0-9A-Za-z])\d{6}(?:19|20)\d{2}[01]\d[0-3]\d{4}[\dXx](?![0-9A-Za-z])")
_PHONE: Final = re.compile(rb"(?<![0-9A-Za-z.])1[3-9]\d{9}(?![0-9A-Za-z.])")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_CHUNK: Final = 1 << 21
_TABLE_BITS: Final = 24
_ZIP_MAGIC: Final = b"PK\x03\x04"
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_ALPHANUMERIC: Final = np.array([byte < 128 and chr(byte).isalnum() for byte in range(256)])


@dataclass(frozen=True)
class Leak:
    """One find. ``file`` is empty where content was searched alone; ``line`` counts from 1.

    ``value`` is personal: it is left out of the representation, so that no log carries it on.
    """

    kind: Kind
    file: str
    line: int
    value: str = field(repr=False)


@dataclass(frozen=True, eq=False)
class _Wanted:
    """Texts of one sort and one window: what a place must look like to be worth comparing.

    ``lawful`` ``(width, 256) bool``: which bytes may stand where; ``table``: which windows occur.
    """

    kind: Kind
    is_alone: bool
    texts: frozenset[bytes]
    lengths: tuple[int, ...]
    width: int
    lawful: npt.NDArray[np.bool_]
    table: npt.NDArray[np.bool_]


Find = tuple[int, Kind, str]


def leaks_in(
    content: bytes,
    names: Collection[str],
    id_numbers: Collection[str],
    receipt_nos: Collection[str],
    words: Collection[str] = HEALTH_WORDS,
    *,
    form: bytes = b"",
) -> list[Leak]:
    """Everything personal in the content, by place; about ``MOST_REPORTED`` finds of each sort at most.

    Names of one character or under four bytes cannot be told from other text and are not searched. ID numbers are
    also found by their shape (18 characters that stand alone, with a possible date and a right checksum), mobile
    numbers by theirs. A workbook is unpacked first.

    Args:
        content: the bytes of one file, UTF-8 (XLSX: as it is).
        names: full names of members.
        id_numbers: of members.
        receipt_nos: of households.
        words: health and hardship words; empty: none are searched.
        form: the same file made without a household: what a name's characters already say there
            (a person may be called 高明) does not count.
    """
    return _searched("", content, _wanted(names, id_numbers, receipt_nos), words, form)


def leaks_in_files(
    files: Mapping[str, bytes],
    names: Collection[str],
    id_numbers: Collection[str],
    receipt_nos: Collection[str],
    *,
    forms: Mapping[str, bytes] | None = None,
    fixed: Collection[str] = ("verify.py", "README.txt"),
    fixed_folders: tuple[str, ...] = ("policy/",),
) -> list[Leak]:
    """The finds of a whole bundle or of several notices, file by file.

    Files that are prose written before anyone applied (``fixed``, ``fixed_folders``) are searched for ID numbers,
    telephones and receipt numbers only: words of the law may be somebody's name. ``forms``: file -> its form.
    """
    people = _wanted(names, id_numbers, receipt_nos)
    nameless = [wanted for wanted in people if wanted.kind != "name"]
    finds: list[Leak] = []
    for name in sorted(files):
        is_prose = name in fixed or name.startswith(fixed_folders)
        words: Collection[str] = () if is_prose else HEALTH_WORDS
        form = (forms or {}).get(name, b"")
        finds += _searched(name, files[name], nameless if is_prose else people, words, form)
    return finds


def _wanted(
    names: Collection[str], id_numbers: Collection[str], receipt_nos: Collection[str]
) -> list[_Wanted]:
    """What is searched, made ready once for all files."""
    kinds: tuple[tuple[Kind, Collection[str], bool], ...] = (
        ("name", [name for name in names if not name.isascii()], False),
        ("name", [name for name in names if name.isascii()], True),
        ("id_number", id_numbers, False),
        ("receipt_no", receipt_nos, True),
    )
    ready = []
    for kind, wanted, is_alone in kinds:
        texts = {text.encode("utf-8") for text in wanted if len(text) > 1}
        ready += [
            _prepared(kind, is_alone, group, width) for width, group in sorted(_by_width(texts).items())
        ]
    return ready


def _by_width(texts: Collection[bytes]) -> dict[int, set[bytes]]:
    """The texts by the widest window (8, 6 or 4 bytes) that their beginning fills."""
    groups: dict[int, set[bytes]] = {}
    for text in texts:
        width = next((width for width in (8, 6, 4) if len(text) >= width), 0)
        if width:
            groups.setdefault(width, set()).add(text)
    return groups


def _prepared(kind: Kind, is_alone: bool, texts: Collection[bytes], width: int) -> _Wanted:
    joined = np.frombuffer(b"".join(text[:width] for text in texts), dtype=np.uint8)
    columns = list(joined.reshape(-1, width).T)
    lawful = np.zeros((width, 256), dtype=np.bool_)
    for shift, column in enumerate(columns):
        lawful[shift, column] = True
    table = np.zeros(1 << _TABLE_BITS, dtype=np.bool_)
    table[_slots(columns)] = True
    lengths = tuple(sorted({len(text) for text in texts}))
    return _Wanted(kind, is_alone, frozenset(texts), lengths, width, lawful, table)


def _searched(
    file: str, content: bytes, people: list[_Wanted], words: Collection[str], form: bytes
) -> list[Leak]:
    if content[:4] == _ZIP_MAGIC:
        plain = b"".join(_unpacked(form).values()) if form else b""
        parts = {f"{file}/{part}".lstrip("/"): text for part, text in _unpacked(content).items()}
        return [leak for name in sorted(parts) for leak in _searched(name, parts[name], people, words, plain)]
    finds = [find for wanted in people for find in _found(content, form, wanted)]
    return _placed(content, sorted({*finds, *_shaped(content), *_worded(content, form, words)}), file)


def _found(content: bytes, form: bytes, wanted: _Wanted) -> Iterator[Find]:
    """Places of given texts; with ``is_alone`` only where no letter or digit adjoins."""
    told = 0
    for place in _candidates(content, wanted):
        for length in wanted.lengths:
            text = content[place : place + length]
            if text not in wanted.texts or (wanted.is_alone and not _is_alone(content, place, length)):
                continue
            if form and text in form:
                continue
            yield place, wanted.kind, text.decode("utf-8")
            told += 1
        if told >= MOST_REPORTED:
            return


def _candidates(content: bytes, wanted: _Wanted) -> Iterator[int]:
    """Places whose bytes may begin a wanted text (a few more than do)."""
    whole = np.frombuffer(content, dtype=np.uint8)
    num_windows = len(whole) - wanted.width + 1
    for start in range(0, num_windows, _CHUNK):
        stop = min(start + _CHUNK, num_windows)
        at = np.flatnonzero(wanted.lawful[0][whole[start:stop]]) + start
        if wanted.is_alone:
            at = at[(at == 0) | ~_ALPHANUMERIC[whole[at - 1]]]
        for shift in range(1, wanted.width):
            at = at[wanted.lawful[shift][whole[at + shift]]]
        yield from at[wanted.table[_slots([whole[at + shift] for shift in range(wanted.width)])]].tolist()


def _slots(columns: list[npt.NDArray[np.uint8]]) -> npt.NDArray[np.intp]:
    """Windows given byte by byte -> places in the bit table."""
    window = columns[0].astype(np.uint64)
    for column in columns[1:]:
        window = (window << np.uint64(8)) | column
    return ((window * _MIX) >> np.uint64(64 - _TABLE_BITS)).astype(np.intp)


def _is_alone(content: bytes, place: int, length: int) -> bool:
    before = content[place - 1 : place] if place else b""
    after = content[place + length : place + length + 1]
    return not any(neighbour and _ALPHANUMERIC[neighbour[0]] for neighbour in (before, after))


def _shaped(content: bytes) -> Iterator[Find]:
    """ID numbers and mobile numbers by their shape, whoever's they are."""
    for match in _ID_SHAPED.finditer(content):
        text = match.group().decode("ascii")
        if _is_id_number(text.upper()):
            yield match.start(), "id_number", text
    for match in _PHONE.finditer(content):
        yield match.start(), "phone", match.group().decode("ascii")


def _is_id_number(text: str) -> bool:
    """GB 11643: a date that exists and the checksum of ISO 7064 MOD 11-2."""
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text[:17], strict=True))
    return text[17] == _CHECKS[total % 11]


def _worded(content: bytes, form: bytes, words: Collection[str]) -> Iterator[Find]:
    for word in sorted(words):
        text = word.encode("utf-8")
        place = content.find(text) if text not in form else -1
        if place >= 0:
            yield place, "health_word", word


def _placed(content: bytes, finds: list[Find], file: str) -> list[Leak]:
    """Finds by place -> leaks with their line."""
    leaks, line, seen = [], 1, 0
    for place, kind, value in finds:
        line += content.count(b"\n", seen, place)
        seen = place
        leaks.append(Leak(kind, file, line, value))
    return leaks


def _unpacked(workbook: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
