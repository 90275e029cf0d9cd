#!/usr/bin/env python3
"""核验程序 / The citizen's verifier of one published bundle of an allocation round.

用法 / Usage:  python3 verify.py [FOLDER] [--commitment HEX] [--public-value VALUE] [--previous HEX]

It needs Python 3.11 or newer and nothing else, reads nothing but the bundle (the folder it stands in, or the
one named) and says what does not fit and where. Exit code 0: nothing found. 1: a fault found. 2: wrong usage.
The bytes it checks are those of bundle.md and certificate.md, published with the engine.
"""

from __future__ import annotations

import argparse
import csv
import gc
import hashlib
import heapq
import json
import os
import re
import subprocess
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import accumulate, chain, groupby, repeat
from math import prod
from operator import add, le, lt, mul, sub
from pathlib import Path
from typing import Any, NoReturn

TABLES = {
    "roster.csv": "code,band,points,salt",
    "preferences.csv": "code,rank,pool",
    "pools.csv": "pool,project_id,dwelling_type,sex,rent_per_m2_fen,capacity",
    "dwellings.csv": "pool,place,dwelling_id",
    "order.csv": "position,code,band,ticket",
    "removals.csv": "code",
    "result.csv": "code,pool,dwelling_id",
    "groups.csv": "code,group",
    "rooms.csv": "dwelling_id,room_id,unit",
    "chances.csv": "code,pool,chance",
    "current.csv": "code,pool",
}
JSON_FILES = ("commitment.json", "draw.json", "certificate.json")
IN_FORCE = "policy/in_force.json"
# Only where the law declares priority, reserves or quotas; the key of the commitment that fingerprints each.
RULES_FILES = {"groups.csv": "groups_sha256", "rules.json": "rules_sha256"}
# The same, only where the law asks for a joint split of dormitory rooms.
ROOMS_FILES = {"rooms.csv": "rooms_sha256", "split.json": "split_sha256"}
# Only of a lottery; only where the law has tenants take part, with the key of the commitment that fingerprints it.
CURRENT, CURRENT_KEY = "current.csv", "current_sha256"
MAYBE = ("chances.csv", CURRENT)
SERVE_TENANTS = ("band_optimum", "deferred_acceptance", "top_trading_cycles")
# Mechanisms that state chances in chances.csv and draw one assignment from them.
LOTTERIES = {"probabilistic_serial", "leximin_lottery"}
NEEDED = (
    *JSON_FILES,
    *(name for name in TABLES if name not in RULES_FILES | ROOMS_FILES and name not in MAYBE),
    "verify.py",
    "README.txt",
    IN_FORCE,
)
CLASSES = {"roster", "ineligible", "incomplete", "set_aside", "withdrawn", "housed", "frozen"}
CLASSES |= {"not_shortlisted", "merged"}
# What desktops leave behind in any folder; nothing reads them.
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}
LARGEST = 10**15
LEAST_CELL = 10
# So many characters of a table are taken apart at a time.
PART = 1 << 21
# Every byte but the line feed that may stand in a CSV file.
PRINTING = bytes(sign for sign in range(256) if sign >= 32 and sign != 127) + b"\n"
MATCHER = "import json,re,sys; f,v=json.load(sys.stdin); print(int(re.fullmatch(f,v,re.A) is not None))"


class Fault(Exception):
    """A fault of the bundle: where, and what in Chinese and English."""

    def __init__(self, where: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.where, self.zh, self.en = where, zh, en


class CrossingError(Exception):
    """Two sets of declared rules cross: the certificate is another one (crossing.md)."""


def shown(value: object) -> str:
    """A hostile value on one printable line of bounded length."""
    if isinstance(value, int) and abs(value) > 10**18:
        return "(…)"
    text = value if isinstance(value, str) else ascii(value)
    text = text[:81] if text[:81].isprintable() else ascii(text[:81])
    return text if len(text) <= 80 else text[:80] + "…"


def same(where: str, published: object, recomputed: object) -> None:
    """Two figures that must agree, in type too (true is not 1)."""
    if published != recomputed or isinstance(published, bool) != isinstance(recomputed, bool):
        one, other = shown(published), shown(recomputed)
        raise Fault(where, f"公布 {one}，重算 {other}", f"published {one}, recomputed {other}")


def wrong(where: str) -> NoReturn:
    """Something has not the form it must have."""
    raise Fault(where, "格式不对", "not in the form it must have")


def sha256(content: bytes) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(content).hexdigest()


def is_hash(value: object) -> bool:
    """64 hex digits in small letters."""
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def is_count(value: object) -> bool:
    """A whole number from 0 to the largest we take."""
    return type(value) is int and 0 <= value <= LARGEST


def is_text(value: object) -> bool:
    """Any text."""
    return isinstance(value, str)


def is_name(value: object) -> bool:
    """Printable text that is not empty."""
    return isinstance(value, str) and value != "" and value.isprintable()


def is_flag(value: object) -> bool:
    """True or false."""
    return isinstance(value, bool)


def is_fingerprint(value: object) -> bool:
    """``sha256:`` and 64 hex digits."""
    return isinstance(value, str) and value[:7] == "sha256:" and is_hash(value[7:])


def is_month(value: object) -> bool:
    """Like 2026-03."""
    return isinstance(value, str) and re.fullmatch("[0-9]{4}-(0[1-9]|1[0-2])", value) is not None


COMMITMENT_SHAPE: dict[str, Any] = {
    "format": lambda value: value == "allocator-commitment/1",
    "month": is_month,
    "sub_round": is_name,
    "rehearsal": is_flag,
    "policy_fingerprint": is_fingerprint,
    "rules": {
        "mechanism": is_name,
        "housing_first": is_flag,
        "dwelling_rule": lambda value: value in ("order", "ticket"),
    },
    "roster": {"count": is_count, "root": is_hash},
    "pools": {"count": is_count, "places": is_count, "sha256": is_hash},
    "dwellings_sha256": is_hash,
    "receipts": {
        "total": is_count,
        "by_class": lambda value: (
            isinstance(value, dict) and set(value) <= CLASSES and all(map(is_count, value.values()))
        ),
        "root": is_hash,
    },
    "previous_manifest": lambda value: value == "" or is_hash(value),
    "draw": {
        "ceremony": is_flag,
        "source": is_text,
        "moment": is_text,
        "fallbacks": lambda value: isinstance(value, list) and all(map(is_text, value)),
        "form": is_text,
    },
}
MANIFEST_SHAPE: dict[str, Any] = {
    "format": lambda value: value == "allocator-bundle/1",
    "software_version": is_name,
    "month": is_month,
    "sub_round": is_name,
    "rehearsal": is_flag,
    "policy_fingerprint": is_fingerprint,
    "counts": dict.fromkeys(("households", "pools", "places", "preferences", "housed", "removed"), is_count),
    "files": lambda value: isinstance(value, dict) and all(map(is_hash, value.values())),
}
DRAW_SHAPE: dict[str, Any] = {
    "format": lambda value: value == "allocator-draw/1",
    "public_value": lambda value: isinstance(value, str) and value.isascii() and value.isprintable(),
    "seed": is_hash,
}


def check_shape(where: str, value: object, shape: Any) -> None:
    """Exactly the keys of the shape, each value to its rule."""
    if not isinstance(shape, dict):
        if not shape(value):
            wrong(where)
        return
    if not isinstance(value, dict) or set(value) != set(shape):
        wrong(where)
    for key, rule in shape.items():
        check_shape(f"{where}: {key}" if ":" not in where else f"{where}.{key}", value[key], rule)


def canonical(document: object) -> bytes:
    """The one spelling of a JSON document (RFC 8785; no fractions stand in ours)."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def refuse(word: str) -> NoReturn:
    """Fractions, NaN and infinities."""
    raise ValueError(word)


class Bundle:
    """Everything read of the bundle, as the checks go on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bytes: dict[str, bytes] = {}
        self.json: dict[str, Any] = {}
        # roster row -> its fields; code -> roster row
        self.codes: list[str] = []
        self.row_of: dict[str, int] = {}
        self.bands: list[int] = []
        self.points: list[int] = []
        self.salts: list[str] = []
        # lists: household of roster row r has choices start[r] … start[r + 1]
        self.start = array("q", [0])
        self.choice_pool = array("q")
        self.choice_rank = array("q")
        self.leaf_lists: list[str] = []
        self.pools: list[str] = []
        self.pool_of: dict[str, int] = {}
        self.capacity: list[int] = []
        self.dwellings: list[list[str]] = []
        # the order: position - 1 -> roster row; tickets
        self.order: list[int] = []
        self.order_bands: list[int] = []
        self.tickets: list[str] = []
        self.removed: set[int] = set()
        # tenants who ask to move: roster row -> the pool they live in
        self.tenants: dict[int, int] = {}
        # declared rules: the kind of each roster row (its groups), and the groups of each kind; no rules: none
        self.kinds: list[int] = []
        self.groups_of_kind: list[frozenset[str]] = []
        # result: roster row -> pool; (line, row, pool, dwelling)
        self.held: dict[int, int] = {}
        self.given: list[tuple[int, int, int, str]] = []


def names_in(folder: Path) -> set[str]:
    """Every plain file under the folder; links and oddities are faults."""
    names = set()
    for place, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(place) / name
            relative = path.relative_to(folder).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise Fault(shown(relative), "不是普通文件", "not a plain file")
            if path.is_file() and name not in LITTER:
                names.add(relative)
    return names


def read_bytes(bundle: Bundle, name: str) -> bytes:
    """One file."""
    try:
        return (bundle.folder / name).read_bytes()
    except (OSError, ValueError):
        raise Fault(shown(name), "文件缺失或无法读取", "missing, or cannot be read") from None


def read_json(bundle: Bundle, name: str) -> None:
    """A JSON object in its one spelling, without fractions."""
    content = bundle.bytes[name]
    try:
        document = json.loads(content, parse_float=refuse, parse_constant=refuse)
        spelled = canonical(document)
    except (ValueError, RecursionError):
        raise Fault(name, "不是合格的 JSON", "not sound JSON") from None
    if not isinstance(document, dict) or spelled != content:
        raise Fault(name, "不是规范写法的 JSON 对象", "not a JSON object in canonical spelling")
    bundle.json[name] = document


def check_manifest(bundle: Bundle) -> None:
    """Every file is listed and has the hash listed."""
    present = names_in(bundle.folder)
    bundle.bytes["manifest.json"] = read_bytes(bundle, "manifest.json")
    read_json(bundle, "manifest.json")
    check_shape("manifest.json", bundle.json["manifest.json"], MANIFEST_SHAPE)
    listed = bundle.json["manifest.json"]["files"]
    for name in sorted(listed):
        known = name in NEEDED or name in RULES_FILES | ROOMS_FILES or name.startswith("policy/")
        known = known or name in MAYBE
        if not known or len(name) > 200 or re.fullmatch(r"(policy/)?\w[\w.-]*", name) is None:
            raise Fault(
                "manifest.json", f"列有不应有的文件 {shown(name)}", f"lists {shown(name)}: no such file"
            )
    for name in NEEDED:
        if name not in listed:
            raise Fault(name, "清单中缺少该文件", "missing in the manifest")
    for name in sorted(present - set(listed) - {"manifest.json"}):
        raise Fault(shown(name), "该文件不在清单中", "not listed in the manifest")
    for name in sorted(listed):
        bundle.bytes[name] = read_bytes(bundle, name)
        same(name, listed[name], sha256(bundle.bytes[name]))


def check_documents(bundle: Bundle) -> None:
    """The JSON files have the keys and values they must have."""
    optional = (name for name in ("rules.json", "split.json") if name in bundle.bytes)
    for name in (*JSON_FILES, IN_FORCE, *optional):
        read_json(bundle, name)
    committed = bundle.json["commitment.json"]
    keys = (*RULES_FILES.values(), *ROOMS_FILES.values(), CURRENT_KEY)
    more = {key: is_hash for key in keys if key in committed}
    check_shape("commitment.json", committed, COMMITMENT_SHAPE | more)
    check_shape("draw.json", bundle.json["draw.json"], DRAW_SHAPE)


def text_of(bundle: Bundle, name: str) -> str:
    """The text of a CSV file behind its first line; header, end and signs are checked."""
    content, columns = bundle.bytes[name], TABLES[name]
    if not content.startswith(columns.encode() + b"\n"):
        raise Fault(f"{name}:1", f"首行应为 {columns}", f"the first line must be {columns}")
    if content[-1:] != b"\n":
        raise Fault(name, "末行没有换行", "the last line does not end")
    odd = content.translate(None, PRINTING)
    if odd:
        odd_line = content.count(b"\n", 0, content.index(odd[:1])) + 1
        raise Fault(f"{name}:{odd_line}", "含有控制字符", "holds a control character")
    try:
        return content[len(columns) + 1 :].decode()
    except UnicodeDecodeError as fault:
        wrong(f"{name}:{content.count(bytes([10]), 0, len(columns) + 1 + fault.start) + 1}")


def columns(bundle: Bundle, name: str) -> Iterator[tuple[int, list[list[str]]]]:
    """Columns of a CSV file, some ten thousand rows at a time, with the line of the first; the spelling is strict."""
    text, width = text_of(bundle, name), TABLES[name].count(",") + 1
    has_quotes = '"' in text
    begin, line = 0, 2
    while begin < len(text):
        end = text.index("\n", min(begin + PART, len(text) - 1))
        lines = text.count("\n", begin, end) + 1
        # Every line feed begins a cell: whether those are the first cells of all rows tells that no row is short or long.
        cells = ("\n" + text[begin:end].replace("\n", ",\n")).split(",")
        first = "".join(cells[::width]).split("\n")[1:]
        if has_quotes or len(cells) != lines * width or len(first) != lines:
            yield line, cell_by_cell(name, line, text[begin:end].split("\n"), width)
        else:
            yield line, [first, *(cells[place::width] for place in range(1, width))]
        begin, line = end + 1, line + lines


def cell_by_cell(name: str, line: int, lines: list[str], width: int) -> list[list[str]]:
    """The same where there are quotes, or to say which row is short or long."""
    cells = []
    for number, text in enumerate(lines, line):
        cells.append(unquoted(f"{name}:{number}", text))
        if len(cells[-1]) != width:
            raise Fault(f"{name}:{number}", f"应有 {width} 个单元格", f"must have {width} cells")
    return [list(column) for column in zip(*cells, strict=True)]


def rows(bundle: Bundle, name: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every row of a CSV file."""
    for line, cells in columns(bundle, name):
        yield from enumerate(map(list, zip(*cells, strict=True)), line)


def unquoted(where: str, line: str) -> list[str]:
    """The cells of a line with quotes; they may stand only where RFC 4180 needs them."""
    if '"' not in line:
        return line.split(",")
    try:
        row = next(csv.reader([line], strict=True))
    except (csv.Error, StopIteration):
        wrong(where)
    spelled = ('"' + cell.replace('"', '""') + '"' if "," in cell or '"' in cell else cell for cell in row)
    if ",".join(spelled) != line:
        wrong(where)
    return row


def whole(where: str, text: str, lowest: int = 0) -> int:
    """A plainly written whole number in range."""
    if len(text) < 18 and re.fullmatch("0|-?[1-9][0-9]*", text) and lowest <= int(text) <= LARGEST:
        return int(text)
    raise Fault(where, f"{shown(text)} 不是合格的整数", f"{shown(text)} is not a plain whole number in range")


def numbers(name: str, line: int, texts: list[str], lowest: int = 0) -> list[int]:
    """A column of whole numbers; its first row stands in that line."""
    found = {}
    for text in set(texts):
        try:
            found[text] = whole(name, text, lowest)
        except Fault:
            whole(f"{name}:{line + texts.index(text)}", text, lowest)
    return list(map(found.__getitem__, texts))


def known(where: str, name: str, places: dict[str, int]) -> int:
    """The place of a name that must exist."""
    place = places.get(name)
    if place is None:
        raise Fault(where, f"{shown(name)} 不存在", f"{shown(name)} does not exist")
    return place


def rising(where: str, value: str, before: str | None) -> None:
    """Rows by code point, none twice."""
    if before is not None and value <= before:
        raise Fault(
            where, f"{shown(value)} 次序不对或重复", f"{shown(value)} is out of order or stands twice"
        )


def check_pools(bundle: Bundle) -> None:
    """The pools, by name, and their places."""
    before = None
    for line, (pool, _project, _type, _sex, rent, capacity) in rows(bundle, "pools.csv"):
        where = f"pools.csv:{line}"
        rising(where, pool, before)
        if pool == "" or ">" in pool or "=" in pool:
            wrong(where)
        whole(where, rent)
        bundle.pool_of[pool] = len(bundle.pools)
        bundle.pools.append(pool)
        bundle.capacity.append(whole(where, capacity))
        before = pool


def check_dwellings(bundle: Bundle) -> None:
    """Each pool's places 1, 2, … up to its capacity, no dwelling twice."""
    bundle.dwellings = [[] for _ in bundle.pools]
    seen: set[str] = set()
    before = 0
    for line, (name, number, dwelling) in rows(bundle, "dwellings.csv"):
        where = f"dwellings.csv:{line}"
        pool = known(where, name, bundle.pool_of)
        if pool < before:
            raise Fault(where, "房源组次序不对", "pools are out of order")
        same(where, whole(where, number), len(bundle.dwellings[pool]) + 1)
        if dwelling in seen:
            raise Fault(where, f"{shown(dwelling)} 出现两次", f"{shown(dwelling)} stands twice")
        seen.add(dwelling)
        bundle.dwellings[pool].append(dwelling)
        before = pool
    for name, capacity, places in zip(bundle.pools, bundle.capacity, bundle.dwellings, strict=True):
        same(f"dwellings.csv: {shown(name)}", len(places), capacity)


def check_roster_rows(bundle: Bundle) -> None:
    """The roster by code, nobody twice, bands dense from 0."""
    for line, (codes, bands, points, salts) in columns(bundle, "roster.csv"):
        so_far = [*bundle.codes[-1:], *codes]
        if not all(map(lt, so_far, so_far[1:])):
            last = bundle.codes[-1] if bundle.codes else None
            for number, code in enumerate(codes, line):
                rising(f"roster.csv:{number}", code, last)
                last = code
        bundle.codes += codes
        bundle.bands += numbers("roster.csv", line, bands)
        bundle.points += numbers("roster.csv", line, points, -LARGEST)
        bundle.salts += salts
    bundle.row_of = {code: row for row, code in enumerate(bundle.codes)}
    if bundle.bands and len(set(bundle.bands)) != max(bundle.bands) + 1:
        raise Fault("roster.csv", "优先级不连续", "bands are not 0, 1, 2 … without a gap")


def check_preferences(bundle: Bundle) -> None:
    """Lists by code; ranks dense from 1; pools that exist, none twice. Keeps each list as its leaf spells it."""
    lists, sizes = [""] * len(bundle.codes), [0] * len(bundle.codes)
    spelled: dict[tuple[str, ...], tuple[array[int], list[str]]] = {}
    rest: list[list[str]] = [[], [], []]
    before = -1
    for part in chain((cells for _, cells in columns(bundle, "preferences.csv")), [None]):
        # The last household of a part may go on in the next one.
        codes, ranks, pools = map(add, rest, part or [[], [], []])
        end = codes.index(codes[-1]) if part else len(codes)
        rest = [codes[end:], ranks[end:], pools[end:]]
        at = 0
        for code, same_code in groupby(codes[:end]):
            size = len(list(same_code))
            row, own, names = bundle.row_of.get(code, -1), tuple(ranks[at : at + size]), pools[at : at + size]
            if own not in spelled:
                spelled[own] = spelling_of(own)
            numbers, marks = spelled[own]
            known_pools = list(map(bundle.pool_of.get, names, repeat(-1)))
            if row <= before or not numbers or len(set(known_pools)) < size or -1 in known_pools:
                read_lists_slowly(bundle)
                return
            bundle.choice_pool.extend(known_pools)
            bundle.choice_rank.extend(numbers)
            lists[row] = "".join(map(add, marks, names)) if marks else ">".join(names)
            sizes[row] = size
            before, at = row, at + size
    keep_lists(bundle, lists, sizes)


def spelling_of(ranks: tuple[str, ...]) -> tuple[array[int], list[str]]:
    """The ranks of a list as numbers, and the sign before each pool (none where all are ``>``).

    No numbers where they are not dense from 1.
    """
    found = [int(text) if re.fullmatch("[1-9][0-9]{0,8}", text) else 0 for text in ranks]
    steps = list(map(sub, found, [0, *found]))
    if steps[0] != 1 or not set(steps) <= {0, 1}:
        return array("q"), []
    marks = ["", *(">" if step else "=" for step in steps[1:])]
    return array("q", found), marks if "=" in marks else []


def keep_lists(bundle: Bundle, lists: list[str], sizes: list[int]) -> None:
    """Each household's list as its leaf spells it, and where it begins and ends among all choices."""
    bundle.leaf_lists = lists
    bundle.start.extend(accumulate(sizes))


def read_lists_slowly(bundle: Bundle) -> None:
    """The lists row by row, to say in which line something is wrong."""
    bundle.choice_pool, bundle.choice_rank, bundle.start = array("q"), array("q"), array("q", [0])
    ranks = {str(number): number for number in range(1, 1000)}
    lists = [""] * len(bundle.codes)
    sizes = [0] * len(bundle.codes)
    pieces: list[str] = []
    listed: set[str] = set()
    current, household, before = None, -1, 0
    for line, (code, text, pool) in rows(bundle, "preferences.csv"):
        if code != current:
            if household >= 0:
                lists[household], sizes[household] = "".join(pieces), len(listed)
            place = known(f"preferences.csv:{line}", code, bundle.row_of)
            if place <= household:
                raise Fault(f"preferences.csv:{line}", "家庭次序不对", "households are out of order")
            current, household, before = code, place, 0
            pieces, listed = [], set()
        rank = ranks.get(text) or whole(f"preferences.csv:{line}", text)
        if pool in listed or not before <= rank <= before + 1 or rank < 1:
            raise Fault(f"preferences.csv:{line}", "志愿序号不对或房源组重复", "a bad rank, or a pool twice")
        bundle.choice_pool.append(known(f"preferences.csv:{line}", pool, bundle.pool_of))
        bundle.choice_rank.append(rank)
        pieces.append(pool if before == 0 else "=" + pool if rank == before else ">" + pool)
        listed.add(pool)
        before = rank
    if household >= 0:
        lists[household], sizes[household] = "".join(pieces), len(listed)
    keep_lists(bundle, lists, sizes)


def check_policy(bundle: Bundle) -> None:
    """The fingerprint of the policy files; the rules committed to are those in force."""
    commitment = bundle.json["commitment.json"]
    files = {name[7:]: sha256(content) for name, content in bundle.bytes.items() if name[:7] == "policy/"}
    recomputed = "sha256:" + sha256(canonical(files))
    same("commitment.json: policy_fingerprint", commitment["policy_fingerprint"], recomputed)
    same("manifest.json: policy_fingerprint", bundle.json["manifest.json"]["policy_fingerprint"], recomputed)
    allocation = bundle.json[IN_FORCE].get("allocation")
    if not isinstance(allocation, dict) or not isinstance(bundle.json[IN_FORCE].get("draw"), dict):
        wrong(IN_FORCE)
    due = {name: allocation.get(name) for name in commitment["rules"]}
    if commitment["sub_round"] == "transfer" and allocation.get("transfers") is not None:
        # Tenants among themselves trade, whatever the mechanism of the others.
        due |= {"mechanism": "top_trading_cycles", "housing_first": False}
    for name, value in commitment["rules"].items():
        same(f"commitment.json: rules.{name}", value, due[name])


def check_commitment(bundle: Bundle) -> None:
    """What was promised before the draw fits the files and itself."""
    commitment, manifest = bundle.json["commitment.json"], bundle.json["manifest.json"]
    for name in ("month", "sub_round", "rehearsal"):
        same(f"manifest.json: {name}", manifest[name], commitment[name])
    same("commitment.json: roster.count", commitment["roster"]["count"], len(bundle.codes))
    same("commitment.json: pools.count", commitment["pools"]["count"], len(bundle.pools))
    same("commitment.json: pools.places", commitment["pools"]["places"], sum(bundle.capacity))
    same("commitment.json: pools.sha256", commitment["pools"]["sha256"], sha256(bundle.bytes["pools.csv"]))
    dwellings = sha256(bundle.bytes["dwellings.csv"])
    same("commitment.json: dwellings_sha256", commitment["dwellings_sha256"], dwellings)
    receipts = dict(commitment["receipts"]["by_class"])
    same("commitment.json: receipts.total", commitment["receipts"]["total"], sum(receipts.values()))
    merged = receipts.pop("merged", LEAST_CELL)
    small = [name for name, count in receipts.items() if 0 < count < LEAST_CELL]
    if small or (merged < LEAST_CELL and any(receipts.values())):
        where = f"commitment.json: receipts.by_class.{(small or ['merged'])[0]}"
        raise Fault(where, "小于十的数应当合并", "a count under ten must be merged")


def check_roster_root(bundle: Bundle) -> None:
    """The Merkle root (RFC 9162) over code, band, points, salt and list of everybody."""
    hash_of = hashlib.sha256
    fields = zip(bundle.codes, bundle.bands, bundle.points, bundle.salts, bundle.leaf_lists, strict=True)
    nodes = [
        hash_of(b"\0" + f"{c}\t{b}\t{p}\t{s}\t{wishes}".encode()).digest() for c, b, p, s, wishes in fields
    ]
    while len(nodes) > 1:
        last = nodes.pop() if len(nodes) % 2 else None
        halves = iter(nodes)
        nodes = [hash_of(b"\1" + left + right).digest() for left, right in zip(halves, halves, strict=True)]
        if last is not None:
            nodes.append(last)
    root = nodes[0].hex() if nodes else sha256(b"")
    same("commitment.json: roster.root", bundle.json["commitment.json"]["roster"]["root"], root)


def check_rules(bundle: Bundle) -> None:
    """Groups and rules stand where the law declares some, as committed to, and follow from law, pools and projects."""
    commitment, allocation = bundle.json["commitment.json"], bundle.json[IN_FORCE]["allocation"]
    is_due = commitment["sub_round"] == "public" and any(
        allocation.get(field) for field in ("priority", "reserves", "quotas")
    )
    for name, key in RULES_FILES.items():
        found = sha256(bundle.bytes[name]) if name in bundle.bytes else None
        same(f"commitment.json: {key}", commitment.get(key), found)
        if is_due != (name in bundle.bytes):
            raise Fault(name, "应有而无，或应无而有", "missing where it is due, or there where it is not")
    if is_due:
        published = bundle.json["rules.json"]
        compare("rules.json", published, resolved_rules(bundle, allocation, published))
        same("rules.json", canonical(published) == bundle.bytes["rules.json"], True)
        check_groups(bundle, group_names(published))


def resolved_rules(bundle: Bundle, allocation: Any, published: Any) -> dict[str, Any]:
    """What the law makes of these pools; only the projects' public facts and the merged groups are taken as told."""
    pools = [row for _, row in rows(bundle, "pools.csv")]
    projects, merged = published["projects"], published["merged"]
    same("rules.json: projects", sorted(projects), sorted({row[1] for row in pools}))
    for name, facts in projects.items():
        same(f"rules.json: {shown(name)}", sorted(facts), ["district", "employer", "supply_mode"])
        if not all(map(is_text, facts.values())):
            wrong(f"rules.json: {shown(name)}")
    relative = {group["id"]: group["of_pool"] for group in allocation.get("groups", [])}
    same("rules.json: merged", merged, sorted({name for name in merged if name.split("@")[0] in relative}))

    def fits(rule: Any, row: list[str]) -> bool:
        asked, facts = rule["pools"], projects[row[1]]
        found: dict[str, str] = {"projects": row[1], "types": row[2], "modes": facts["supply_mode"]}
        found |= {"districts": facts["district"], "employers": facts["employer"]}
        return all(asked[kind] == [] or value in asked[kind] for kind, value in found.items())

    def here(groups: list[str], row: list[str]) -> list[str]:
        named = [(group, relative[group] and projects[row[1]][relative[group]]) for group in groups]
        told = [group if value is None else f"{group}@{value}" for group, value in named if value != ""]
        return [name for name in told if name not in merged]

    priority: dict[str, Any] = {}
    for row in pools:
        for rule in allocation.get("priority", []):
            if fits(rule, row):
                tiers = [here(tier, row) for tier in rule["tiers"]]
                priority[row[0]] = {"tiers": [tier for tier in tiers if tier], "others": rule["others"]}
                break
    reserves = [
        {"id": rule["id"], "pool": row[0], "group": name, "places": places, "release": rule["release"]}
        for rule in allocation.get("reserves", [])
        for row in pools
        if fits(rule, row)
        for places in [places_of(rule["amount"], int(row[5]))]
        for name in here([rule["group"]], row)
        if places
    ]
    quotas = []
    for rule in allocation.get("quotas", []):
        counted = [row for row in pools if fits(rule, row)]
        is_each = rule["over"] == "each"
        for part in [[row] for row in counted] if is_each else [counted] * bool(counted):
            quota: dict[str, Any] = {"id": f"{rule['id']}@{part[0][0]}" if is_each else rule["id"]}
            quota["pools"] = [row[0] for row in part]
            groups = here(rule["groups"], part[0])
            if rule["groups"] and not groups:
                continue
            if groups:
                quota["groups"] = groups
            for bound in ("max", "min", "min_soft"):
                if rule[bound] is not None:
                    quota[bound] = places_of(rule[bound], sum(int(row[5]) for row in part))
            quotas.append(quota)
    return {
        "format": "allocator-rules/1",
        "projects": projects,
        "merged": merged,
        "priority": priority,
        "reserves": reserves,
        "quotas": quotas,
    }


def places_of(amount: Any, capacity: int) -> int:
    """So many places, or an exact share of them rounded down or up."""
    if amount["share"] is None:
        return int(min(amount["places"], capacity))
    numerator, denominator = map(int, amount["share"].split("/"))
    exact = capacity * numerator
    return exact // denominator if amount["rounding"] == "down" else -(-exact // denominator)


def group_names(rules: Any) -> set[str]:
    """Every group a rule names."""
    names = {name for rule in rules["priority"].values() for tier in rule["tiers"] for name in tier}
    names.update(reserve["group"] for reserve in rules["reserves"])
    names.update(name for quota in rules["quotas"] for name in quota.get("groups", []))
    return names


def check_groups(bundle: Bundle, names: set[str]) -> None:
    """Memberships by code and group, each once; no fewer than ten households with the same groups."""
    groups: dict[int, list[str]] = {}
    before = ("", "")
    for line, (code, group) in rows(bundle, "groups.csv"):
        where = f"groups.csv:{line}"
        row = known(where, code, bundle.row_of)
        if group not in names:
            raise Fault(where, f"没有规则提到 {shown(group)}", f"no rule names {shown(group)}")
        if (code, group) <= before:
            raise Fault(where, "次序不对或重复", "out of order, or twice")
        before = (code, group)
        groups.setdefault(row, []).append(group)
    numbers = {frozenset[str](): 0}
    for row in range(len(bundle.codes)):
        bundle.kinds.append(numbers.setdefault(frozenset(groups.get(row, ())), len(numbers)))
    bundle.groups_of_kind = list(numbers)
    if groups and min(Counter(bundle.kinds).values()) < LEAST_CELL:
        raise Fault(
            "groups.csv", "同类家庭不足十户，应当合并", "fewer than ten households with the same groups"
        )


def check_rooms(bundle: Bundle) -> None:
    """Where the law asks for a joint split of dormitory rooms: as committed to, as the rooms stand, and proved."""
    commitment, law = bundle.json["commitment.json"], bundle.json[IN_FORCE].get("supply")
    asked = isinstance(law, dict) and law.get("rooms") is not None
    pools = [row for _, row in rows(bundle, "pools.csv")]
    is_due = asked and commitment["sub_round"] == "public" and any(row[3] for row in pools)
    for name, key in ROOMS_FILES.items():
        found = sha256(bundle.bytes[name]) if name in bundle.bytes else None
        same(f"commitment.json: {key}", commitment.get(key), found)
        if is_due != (name in bundle.bytes):
            raise Fault(name, "应有而无，或应无而有", "missing where it is due, or there where it is not")
    if is_due:
        split = RoomSplit(bundle, pools)
        split.check(bundle.json["split.json"])


class RoomSplit:
    """Dormitory rooms (rooms.md): the women's and the men's pool of dormitory k are the sides 2 k and 2 k + 1.

    Sets of sides are bits of a number. ``units``, ``beds``: of each class how many there are, and the beds of one
    in each dormitory; ``women``: how many of them went to women; ``settled``: beds of each side whose sex was
    settled before; ``lists``: how many households list which sides.
    """

    def __init__(self, bundle: Bundle, pools: list[list[str]]) -> None:
        found: dict[tuple[str, str, int], dict[str, str]] = {}
        for name, project, kind, sex, rent, _ in pools:
            here = found.setdefault((project, kind, int(rent)), {})
            if sex not in ("", "F", "M") or sex in here:
                wrong(f"pools.csv: {shown(name)}")
            if sex:
                here[sex] = name
        pairs = [(here.get("F"), here.get("M")) for _, here in sorted(found.items()) if here]
        self.names = [name for women, men in pairs for name in (women or f"!{men}", men or f"!{women}")]
        self.side_of = {name: side for side, name in enumerate(self.names)}
        if len(self.side_of) < len(self.names):
            wrong("pools.csv")
        self.settled = [0] * len(self.names)
        held = self.read_units(bundle, {row[0]: row[1] for row in pools})
        self.told = [
            {"beds": dict(beds), "units": len(sexes), "women": sum(sexes)} for beds, sexes in held.items()
        ]
        self.units = [len(sexes) for sexes in held.values()]
        self.women = [sum(sexes) for sexes in held.values()]
        self.beds = [[0] * len(pairs) for _ in held]
        for own, beds in zip(self.beds, held, strict=True):
            for name, count in beds:
                own[self.side_of[name] // 2] = count
        self.all_beds = [
            sum(map(mul, self.units, (own[place] for own in self.beds))) for place in range(len(pairs))
        ]
        self.lists = self.read_lists(bundle)
        self.reached: dict[int, int] = {}
        self.rows: dict[tuple[int, int, int], tuple[int, list[int]] | None] = {}

    def read_units(
        self, bundle: Bundle, project_of: dict[str, str]
    ) -> dict[tuple[tuple[str, int], ...], list[bool]]:
        """The classes in order, each by its beds in women's pools: which of its units, by name, are for women."""
        side_at: dict[str, int] = {}
        for pool, dwellings in zip(bundle.pools, bundle.dwellings, strict=True):
            if pool in self.side_of:
                side_at.update(dict.fromkeys(dwellings, self.side_of[pool]))
        units: dict[tuple[str, str], Counter[int]] = {}
        before = None
        for line, (dwelling, _room, unit) in rows(bundle, "rooms.csv"):
            where = f"rooms.csv:{line}"
            rising(where, dwelling, before)
            before, side = dwelling, known(where, dwelling, side_at)
            if unit == "":
                self.settled[side] += 1
                continue
            beds = units.setdefault((project_of[self.names[side]], unit), Counter())
            beds[side] += 1
            if len({one % 2 for one in beds}) > 1:
                raise Fault(where, f"{shown(unit)} 同时有两种性别", f"{shown(unit)} is for both sexes")
        same("rooms.csv", sum(self.settled) + sum(map(Counter.total, units.values())), len(side_at))
        classes: dict[tuple[tuple[str, int], ...], list[bool]] = {}
        for name in sorted(units):
            beds = units[name]
            key = sorted((self.names[side // 2 * 2], count) for side, count in beds.items())
            classes.setdefault(tuple(key), []).append(min(beds) % 2 == 0)
        for sexes in classes.values():
            if sexes != sorted(sexes, reverse=True):
                raise Fault("rooms.csv", "同类单元应按名称先归女性", "of equal units the first go to women")
        return dict(sorted(classes.items()))

    def read_lists(self, bundle: Bundle) -> Counter[int]:
        """How many households list which sides; who left since counts, a choice its pool's priority bars does not."""
        plain = [1 << self.side_of[pool] if pool in self.side_of else 0 for pool in bundle.pools]
        rules = bundle.json.get("rules.json", {"priority": {}})["priority"]
        of_kind = []
        for groups in bundle.groups_of_kind or [frozenset[str]()]:
            barred = [name for name, rule in rules.items() if Rules.tier(rule, groups) < 0]
            bits = plain.copy()
            for name in barred:
                bits[bundle.pool_of[name]] = 0
            of_kind.append(bits)
        lists: Counter[int] = Counter()
        for row, kind in enumerate(bundle.kinds or [0] * len(bundle.codes)):
            bits, sides = of_kind[kind], 0
            for pool in bundle.choice_pool[bundle.start[row] : bundle.start[row + 1]]:
                sides |= bits[pool]
            lists[sides] += 1
        del lists[0]
        return lists

    def check(self, figures: Any) -> None:
        """``split.json``: the split is the one that stands, and its two claims are proved."""
        shape = {"format", "classes", "num_filled", "most", "fewest", "sets"}
        same("split.json", sorted(figures), sorted(shape))
        same("split.json: format", figures["format"], "allocator-split/1")
        compare("split.json: classes", figures["classes"], self.told)
        places = self.settled.copy()
        for units, women, beds in zip(self.units, self.women, self.beds, strict=True):
            for dormitory, count in enumerate(beds):
                places[2 * dormitory] += count * women
                places[2 * dormitory + 1] += count * (units - women)
        filled = most_seated(self.lists, places)
        same("split.json: num_filled", figures["num_filled"], filled)
        sets = [self.read_set(f"split.json: sets[{at}]", names) for at, names in enumerate(figures["sets"])]
        least, most = [0] * len(self.units), self.units.copy()
        self.claim("split.json: most", (least, most), figures["most"], filled + 1, sets)
        above = {str(kind): women for kind, women in enumerate(self.women) if women}
        same("split.json: fewest", sorted(figures["fewest"]), sorted(above))
        for kind, women in enumerate(self.women):
            if women:
                most[kind] = women - 1
                where = f"split.json: fewest.{kind}"
                self.claim(where, (least, most), figures["fewest"][str(kind)], filled, sets)
            least[kind] = most[kind] = women

    def read_set(self, where: str, names: list[str]) -> int:
        """A set of sides."""
        sides = [known(where, name, self.side_of) for name in names]
        if sides != sorted(set(sides)):
            wrong(where)
        return sum(1 << side for side in sides)

    def claim(
        self, where: str, box: tuple[list[int], list[int]], leaves: list[Any], target: int, sets: list[int]
    ) -> None:
        """No split of the box seats ``target``: its leaves part it, and in none of them there is room for so many."""
        parts = []
        for at, leaf in enumerate(leaves):
            here = f"{where}[{at}]"
            same(here, sorted(leaf), ["over", "rows", "within"])
            least, most = box[0].copy(), box[1].copy()
            for name, (low, high) in leaf["within"].items():
                kind = int(name)
                if name != str(kind) or not least[kind] <= low <= high <= most[kind]:
                    wrong(f"{here}.within")
                least[kind], most[kind] = low, high
            parts.append((least, most))
            over = leaf["over"]
            if (
                not is_count(over)
                or over < 1
                or self.bound((least, most), over, leaf["rows"], sets) >= over * target
            ):
                raise Fault(here, "未能证明", "not proved")
        for at, (least, most) in enumerate(parts):
            for other_least, other_most in parts[:at]:
                if all(map(le, least, other_most)) and all(map(le, other_least, most)):
                    raise Fault(where, "各部分重叠", "its parts overlap")
        same(f"{where}: parts", sum(map(volume, parts)), volume(box))

    def bound(
        self, box: tuple[list[int], list[int]], over: int, lines: list[list[int]], sets: list[int]
    ) -> int:
        """``over`` times the most households the rows leave room for within the box."""
        rest, total, per_unit = [over] * len(self.names), 0, [0] * len(self.units)
        for sides, inner, divisor, times in lines:
            if not all(map(is_count, (sides, inner, divisor, times))) or times < 1:
                wrong("split.json")
            row = self.row(sets[sides], sets[inner], divisor)
            if row is None:
                wrong("split.json")
            total += times * row[0]
            per_unit = [own + times * more for own, more in zip(per_unit, row[1], strict=True)]
            rest = [own - times * (sets[sides] >> side & 1) for side, own in enumerate(rest)]
        rest = [max(own, 0) for own in rest]
        total += sum(map(mul, rest, self.settled)) + sum(map(mul, rest[1::2], self.all_beds))
        net = list(map(sub, rest[0::2], rest[1::2]))
        for kind, (low, high) in enumerate(zip(*box, strict=True)):
            weight = per_unit[kind] + sum(map(mul, self.beds[kind], net))
            total += max(weight * low, weight * high)
        return total

    def row(self, sides: int, inner: int, divisor: int) -> tuple[int, list[int]] | None:
        """The inequality of a set, an inner set and a divisor: its constant, and its weight for each class."""
        key = (sides, inner, divisor)
        if key not in self.rows:
            self.rows[key] = self.made_row(sides, inner, divisor)
        return self.rows[key]

    def made_row(self, sides: int, inner: int, divisor: int) -> tuple[int, list[int]] | None:
        """See ``row``; None where there is none."""
        reach = self.reach(sides)
        if divisor == 0:
            return (reach, [0] * len(self.units)) if inner == 0 else None
        if inner & ~sides:
            return None
        outside = [(sides & ~inner) >> side & 1 for side in range(len(self.names))]
        women, men = outside[0::2], outside[1::2]
        net = [sum(map(mul, beds, map(sub, women, men))) for beds in self.beds]
        free = sum(map(mul, outside, self.settled)) + sum(map(mul, men, self.all_beds))
        free += sum(min(size, 0) * units for size, units in zip(net, self.units, strict=True))
        gap = reach - self.reach(inner) - free
        if gap <= 0:
            return None
        rest = (gap - 1) % divisor + 1
        weights = [rest * (abs(size) // divisor) + min(abs(size) % divisor, rest) for size in net]
        own = zip(weights, net, self.units, strict=True)
        most = (
            reach - rest * -(-gap // divisor) + sum(weight * units for weight, size, units in own if size < 0)
        )
        return most, [weight if size > 0 else -weight for weight, size in zip(weights, net, strict=True)]

    def reach(self, sides: int) -> int:
        """Households that list any of the sides."""
        if sides not in self.reached:
            self.reached[sides] = sum(count for own, count in self.lists.items() if own & sides)
        return self.reached[sides]


def volume(box: tuple[list[int], list[int]]) -> int:
    """How many splits the box holds."""
    return prod(high - low + 1 for low, high in zip(*box, strict=True))


def bits_of(number: int) -> Iterator[int]:
    """The places of its ones, the lowest first."""
    while number:
        yield (number & -number).bit_length() - 1
        number &= number - 1


def most_seated(lists: Counter[int], places: list[int]) -> int:
    """How many households can be seated at once: ``lists`` says how many take which sides (bits)."""
    free, waiting = places.copy(), dict(lists)
    seats: list[Counter[int]] = [Counter() for _ in places]  # by side, how many of which list
    for own in sorted(lists, key=lambda one: (one.bit_count(), one)):
        for side in bits_of(own):
            count = min(waiting[own], free[side])
            seats[side][own] += count
            waiting[own] -= count
            free[side] -= count
    while True:
        came_from: dict[int, int] = {}
        for own, count in waiting.items():
            if count:
                came_from.update(dict.fromkeys(bits_of(own), -1))
        queue, seen = list(came_from), sum(1 << side for side in came_from)
        end = next((side for side in queue if free[side]), None)
        for side in queue:
            if end is not None:
                break
            wanted = 0
            for own, count in seats[side].items():
                wanted |= own if count else 0
            for other in bits_of(wanted & ~seen):
                came_from[other] = side
                queue.append(other)
                end = other if free[other] and end is None else end
            seen |= wanted
        if end is None:
            return sum(sum(own.values()) for own in seats)
        free[end] -= 1
        while came_from[end] >= 0:
            before = came_from[end]
            own = next(one for one, count in seats[before].items() if count and one >> end & 1)
            seats[before][own] -= 1
            seats[end][own] += 1
            end = before
        own = next(one for one, count in waiting.items() if count and one >> end & 1)
        waiting[own] -= 1
        seats[end][own] += 1


def check_draw(bundle: Bundle) -> None:
    """The public value in its one spelling, and the seed made from it."""
    draw, commitment = bundle.json["draw.json"], bundle.json["commitment.json"]
    ceremony, rules, value = commitment["draw"], bundle.json[IN_FORCE]["draw"], draw["public_value"]
    if ceremony["ceremony"]:
        sources = rules.get("sources")
        for source in sources if isinstance(sources, list) else []:
            if isinstance(source, dict) and source.get("id") == ceremony["source"]:
                same("commitment.json: draw.form", ceremony["form"], source.get("form"))
        if not matches(ceremony["form"], value):
            raise Fault("draw.json: public_value", "不符合规定的写法", "not in the spelling committed to")
    else:
        suffices = sum(bundle.capacity) >= len(bundle.codes)
        if rules.get("skip_when_supply_suffices") is not True or not suffices:
            where = "commitment.json: draw.ceremony"
            raise Fault(where, "不应省略摇号", "the draw must not be skipped here")
        same("draw.json: public_value", value, "")
    tag = "allocator-rehearsal/1" if commitment["rehearsal"] else "allocator-seed/1"
    seed = sha256(f"{tag}\n{sha256(bundle.bytes['commitment.json'])}\n{value}\n".encode())
    same("draw.json: seed", draw["seed"], seed)


def matches(form: str, value: str) -> bool:
    """Whether the whole value has the form. A hostile form may run for ever, so it runs aside, with a limit."""
    where = "commitment.json: draw.form"
    if not form or len(form) > 2000 or re.search(r"\(\?(?!:)|\\[1-9]", form):
        wrong(where)
    try:
        if re.search(r"[*+?|]|\{\d*,", form) is None or not sys.executable:
            return re.fullmatch(form, value, re.ASCII) is not None
        done = subprocess.run(  # noqa: S603 (the program is fixed; form and value go in as text)
            [sys.executable, "-I", "-c", MATCHER],
            input=json.dumps([form, value]).encode(),
            capture_output=True,
            timeout=20,
            check=True,
        )
    except (re.error, OverflowError, RecursionError, subprocess.SubprocessError):
        wrong(where)
    return done.stdout.strip() == b"1"


def tickets_of(seed: str, purpose: str, codes: Iterable[str]) -> list[str]:
    """Hex SHA-256 of seed, purpose and code, a line each."""
    head = hashlib.sha256(f"{seed}\n{purpose}\n".encode())
    tickets = []
    for code in codes:
        one = head.copy()
        one.update(f"{code}\n".encode())
        tickets.append(one.hexdigest())
    return tickets


def check_order(bundle: Bundle) -> None:
    """Tickets, bands and the order: band, points downwards, ticket; everybody once."""
    before: list[tuple[int, int, str]] = []
    for line, (positions, codes, bands, published) in columns(bundle, "order.csv"):
        if positions != list(map(str, range(line - 1, line - 1 + len(codes)))):
            for number, text in enumerate(positions, line):
                same(f"order.csv:{number}", whole(f"order.csv:{number}", text), number - 1)
        found = [bundle.row_of.get(code, -1) for code in codes]
        if -1 in found:
            known(f"order.csv:{line + found.index(-1)}", codes[found.index(-1)], bundle.row_of)
        due = [bundle.bands[row] for row in found]
        tickets = tickets_of(bundle.json["draw.json"]["seed"], "order", codes)
        for column, recomputed in ((numbers("order.csv", line, bands), due), (published, tickets)):
            if column != recomputed:
                for number, pair in enumerate(zip(column, recomputed, strict=True), line):
                    same(f"order.csv:{number}", *pair)
        keys = [*before, *zip(due, [-bundle.points[row] for row in found], tickets, strict=True)]
        if not all(map(lt, keys, keys[1:])):
            place = next(place for place in range(1, len(keys)) if keys[place] <= keys[place - 1])
            code = shown(codes[place - len(before)])
            where = f"order.csv:{line + place - len(before)}"
            raise Fault(where, f"{code} 次序不对", f"{code} stands out of order")
        before = keys[-1:]
        bundle.order += found
    same("order.csv", len(bundle.order), len(bundle.codes))


def check_removals(bundle: Bundle) -> None:
    """Only households of the roster have left, by code."""
    before = None
    for line, (code,) in rows(bundle, "removals.csv"):
        rising(f"removals.csv:{line}", code, before)
        bundle.removed.add(known(f"removals.csv:{line}", code, bundle.row_of))
        if bundle.row_of[code] in bundle.tenants:
            raise Fault(f"removals.csv:{line}", "承租家庭不能退出名单", "a tenant cannot leave the roster")
        before = code


def check_result(bundle: Bundle) -> None:
    """Everybody housed is on the roster, has not left, and holds a place of a pool on its list."""
    before = None
    load = [0] * len(bundle.pools)
    for line, (code, name, dwelling) in rows(bundle, "result.csv"):
        where = f"result.csv:{line}"
        rising(where, code, before)
        row, pool = known(where, code, bundle.row_of), known(where, name, bundle.pool_of)
        if row in bundle.removed:
            raise Fault(where, f"{shown(code)} 已退出", f"{shown(code)} had left")
        if pool not in bundle.choice_pool[bundle.start[row] : bundle.start[row + 1]]:
            raise Fault(where, f"{shown(name)} 不在其意向之内", f"{shown(name)} is not on its list")
        load[pool] += 1
        if load[pool] > bundle.capacity[pool]:
            raise Fault(where, f"{shown(name)} 超出房源数", f"{shown(name)} has not so many places")
        bundle.held[row] = pool
        bundle.given.append((line, row, pool, dwelling))
        before = code


def check_counts(bundle: Bundle) -> None:
    """The manifest's counts."""
    counts = {
        "households": len(bundle.codes),
        "pools": len(bundle.pools),
        "places": sum(bundle.capacity),
        "preferences": len(bundle.choice_pool),
        "housed": len(bundle.held),
        "removed": len(bundle.removed),
    }
    for name, count in counts.items():
        same(f"manifest.json: counts.{name}", bundle.json["manifest.json"]["counts"][name], count)


def check_dwelling_rule(bundle: Bundle) -> None:
    """In each pool, the order (or a second ticket) takes places 1, 2, …; of a tenant's pool ``check_homes``."""
    if bundle.json["commitment.json"]["rules"]["dwelling_rule"] == "order":
        turn: dict[int, Any] = {row: position for position, row in enumerate(bundle.order)}
    else:
        housed = list(bundle.held)
        codes = (bundle.codes[row] for row in housed)
        turn = dict(zip(housed, tickets_of(bundle.json["draw.json"]["seed"], "dwelling", codes), strict=True))
    taken = [0] * len(bundle.pools)
    if bundle.tenants:
        check_homes(bundle, turn)
        return
    for line, _row, pool, dwelling in sorted(bundle.given, key=lambda one: turn[one[1]]):
        same(f"result.csv:{line}", dwelling, bundle.dwellings[pool][taken[pool]])
        taken[pool] += 1


def check_tenants(bundle: Bundle) -> None:
    """Tenants stand where the law has them take part, as committed to; each list ends with the pool lived in."""
    commitment, transfers = (
        bundle.json["commitment.json"],
        bundle.json[IN_FORCE]["allocation"].get("transfers"),
    )
    sub_round = commitment["sub_round"]
    form = transfers.get("form") if isinstance(transfers, dict) else ""
    is_due = (form, sub_round) in {("integrated", "public"), ("sub_round", "transfer")}
    found = sha256(bundle.bytes[CURRENT]) if CURRENT in bundle.bytes else None
    same(f"commitment.json: {CURRENT_KEY}", commitment.get(CURRENT_KEY), found)
    if is_due != (CURRENT in bundle.bytes):
        raise Fault(CURRENT, "应有而无，或应无而有", "missing where it is due, or there where it is not")
    before = None
    for line, (code, name) in rows(bundle, CURRENT) if is_due else ():
        where = f"{CURRENT}:{line}"
        rising(where, code, before)
        before = code
        row, pool = known(where, code, bundle.row_of), known(where, name, bundle.pool_of)
        begin, end = bundle.start[row], bundle.start[row + 1]
        is_last = end > begin and bundle.choice_pool[end - 1] == pool
        if not is_last or (end > begin + 1 and bundle.choice_rank[end - 2] == bundle.choice_rank[end - 1]):
            raise Fault(
                where, "其意向没有以现住房源组结尾", "its list does not end with the pool it lives in"
            )
        bundle.tenants[row] = pool
    least = LEAST_CELL if sub_round == "public" else 1
    for pool, count in Counter(bundle.tenants.values()).items():
        if count < least:
            raise Fault(CURRENT, "同组承租家庭不足十户", "fewer than ten tenants of a pool can be told apart")
        if count > bundle.capacity[pool]:
            raise Fault(CURRENT, "承租家庭多于房源", "a pool has fewer places than tenants")


def check_homes(bundle: Bundle, turn: dict[int, Any]) -> None:
    """Who stays is given nothing; the others take the empty dwellings in turn, then homes that tenants leave."""
    lived_in = Counter(bundle.tenants.values())
    taken, last = [0] * len(bundle.pools), [-1] * len(bundle.pools)
    for line, row, pool, dwelling in sorted(bundle.given, key=lambda one: turn[one[1]]):
        where, places = f"result.csv:{line}", bundle.dwellings[pool]
        empty = bundle.capacity[pool] - lived_in[pool]
        if bundle.tenants.get(row) == pool:
            same(where, dwelling, "")
        elif taken[pool] < empty:
            same(where, dwelling, places[taken[pool]])
            taken[pool] += 1
        else:
            if dwelling not in places[max(empty, last[pool] + 1) :]:
                raise Fault(
                    where, "不是该组承租家庭的住房，或次序不对", "no tenant's home there, or out of order"
                )
            last[pool] = places.index(dwelling)


class Market:
    """The market in the published order: household i stands at position i + 1; whoever left has no list."""

    def __init__(self, bundle: Bundle) -> None:
        self.size = len(bundle.pools)
        self.capacity = bundle.capacity
        self.pools = bundle.pools
        self.codes = [bundle.codes[row] for row in bundle.order]
        self.band = [bundle.bands[row] for row in bundle.order]
        self.held = [bundle.held.get(row, -1) for row in bundle.order]
        # the pool a tenant lives in, -1 for all others
        self.own = [bundle.tenants.get(row, -1) for row in bundle.order]
        self.lists: list[Any] = []
        self.ranks: list[Any] = []
        for row in bundle.order:
            begin, end = (
                bundle.start[row],
                bundle.start[row] if row in bundle.removed else bundle.start[row + 1],
            )
            self.lists.append(bundle.choice_pool[begin:end])
            self.ranks.append(bundle.choice_rank[begin:end])

    def breach(self, household: int, pool: int, zh: str, en: str) -> NoReturn:
        """A law broken against a household."""
        code, name = shown(self.codes[household]), shown(self.pools[pool])
        raise Fault(
            "result.csv", f"家庭 {code} 与房源组 {name}：{zh}", f"household {code}, pool {name}: {en}"
        )

    def loads(self, band: int) -> list[int]:
        """Households of bands up to this one in each pool."""
        load = [0] * self.size
        for pool, own in zip(self.held, self.band, strict=True):
            if own > band:
                break
            if pool >= 0:
                load[pool] += 1
        return load


def serial_certificate(market: Market) -> dict[str, Any]:
    """``serial``: nobody passed over an open pool that stands earlier on its list."""
    left = list(market.capacity)
    filled = {market.pools[pool]: 0 for pool, places in enumerate(left) if places == 0}
    for household, (held, wishes) in enumerate(zip(market.held, market.lists, strict=True)):
        for pool in wishes:
            if pool == held:
                break
            if left[pool] > 0:
                market.breach(household, pool, "轮到时仍有空房", "it was open at its turn and liked better")
        if held >= 0:
            left[held] -= 1
            if left[held] == 0:
                filled[market.pools[held]] = household + 1
    return {
        "format": "allocator-certificate/1",
        "mechanism": "serial",
        "num_households": len(market.held),
        "num_housed": sum(pool >= 0 for pool in market.held),
        "filled": filled,
    }


class Rules:
    """What the declared rules make of each pool: standings, places, reserves and maxima (certificate.md).

    A *standing* is tier * n + household, smaller is better; -1: not admitted. A slot: places, members, whether
    others may have what is left. A maximum: name, members, most.
    """

    def __init__(self, bundle: Bundle, market: Market) -> None:
        rules = bundle.json.get("rules.json", {"priority": {}, "reserves": [], "quotas": []})
        self.count = len(market.held)
        self.capacity = list(market.capacity)
        self.kind = [bundle.kinds[row] for row in bundle.order] if bundle.kinds else [0] * self.count
        self.kinds = bundle.groups_of_kind or [frozenset[str]()]
        self.tiers: dict[int, list[int]] = {}
        for name, rule in rules["priority"].items():
            self.tiers[bundle.pool_of[name]] = [self.tier(rule, groups) for groups in self.kinds]
        # maxima on some households of one pool, by pool; over several pools, with the pools
        self.maxima: dict[int, list[tuple[str, set[int], int]]] = {}
        self.across: list[tuple[str, set[int], int, list[int]]] = []
        for quota in rules["quotas"]:
            if "max" not in quota:
                raise Fault("rules.json", "只能核验上限", "only maxima can be checked")
            pools = [bundle.pool_of[name] for name in quota["pools"]]
            members = self.members(quota.get("groups"))
            if len(pools) == 1 and len(members) == self.count:
                self.capacity[pools[0]] = min(self.capacity[pools[0]], quota["max"])
            elif len(pools) == 1:
                self.maxima.setdefault(pools[0], []).append((quota["id"], members, quota["max"]))
            else:
                self.across.append((quota["id"], members, quota["max"], pools))
        self.slots: dict[int, list[tuple[int, set[int], bool]]] = {}
        for reserve in rules["reserves"]:
            slots = self.slots.setdefault(bundle.pool_of[reserve["pool"]], [])
            left = self.capacity[bundle.pool_of[reserve["pool"]]] - sum(slot[0] for slot in slots)
            places = min(reserve["places"], left)
            slots.append((places, self.members([reserve["group"]]), reserve["release"]))

    @staticmethod
    def tier(rule: Any, groups: frozenset[str]) -> int:
        """The first tier that has a group of the household's, from 1; then the others."""
        for number, tier in enumerate(rule["tiers"], 1):
            if not groups.isdisjoint(tier):
                return number
        return len(rule["tiers"]) + 1 if rule["others"] else -1

    def members(self, groups: list[str] | None) -> set[int]:
        """Households of any of the groups; everybody for None."""
        if groups is None:
            return set(range(self.count))
        kinds = {number for number, own in enumerate(self.kinds) if not own.isdisjoint(groups)}
        return {household for household, kind in enumerate(self.kind) if kind in kinds}

    def num_open(self, pool: int) -> int:
        """Places not reserved."""
        return self.capacity[pool] - sum(slot[0] for slot in self.slots.get(pool, []))

    def asking(self, market: Market) -> list[list[int]]:
        """Per pool the standings of those who want it at least as much as what they hold, best first."""
        wanted: list[list[int]] = [[] for _ in market.pools]
        for household, (held, wishes) in enumerate(zip(market.held, market.lists, strict=True)):
            kind, own = self.kind[household], market.own[household]
            for pool in wishes:
                tier = 0 if pool == own else self.tiers[pool][kind] if pool in self.tiers else 1
                if tier >= 0:
                    wanted[pool].append(tier * self.count + household)
                elif pool == held:
                    market.breach(household, pool, "规则不接纳该家庭", "the rules do not admit it there")
                if pool == held:
                    break
        for pool in {*self.tiers, *market.own} - {-1}:
            wanted[pool].sort()
        return wanted

    def spelled(self, standing: int) -> list[int]:
        """``[tier, position]``."""
        return [standing // self.count, standing % self.count + 1]

    def choose(self, pool: int, asking: list[int]) -> Choice:
        """Whom the pool takes of those asking, best first: own reserve, open place, then what others leave."""
        slots, maxima = self.slots.get(pool, []), self.maxima.get(pool, [])
        choice = Choice(slots)
        left, num_open = [most for _, _, most in maxima], self.num_open(pool)
        # households of one kind have the same rights: which maxima count them, which reserves are theirs
        rights: dict[int, tuple[list[int], list[int]]] = {}
        for standing in asking:
            household = standing % self.count
            kind = self.kind[household]
            if kind not in rights:
                counted = [place for place, (_, members, _) in enumerate(maxima) if household in members]
                rights[kind] = counted, [place for place, slot in enumerate(slots) if household in slot[1]]
            counted, own = rights[kind]
            if not all(left[place] for place in counted):
                continue
            for place in counted:
                left[place] -= 1
            if own and any(choice.takes(place, (0, standing), self.count) for place in own):
                continue
            if len(choice.open) < num_open:
                choice.open.append(standing)
            elif choice.is_settled():
                break
            else:
                choice.pass_on(0, (int(standing >= self.count), standing), self.count)
        return choice


class Choice:
    """Holders of a pool's places: of the open ones their standings, of each reserve (outsider, standing)."""

    def __init__(self, slots: list[tuple[int, set[int], bool]]) -> None:
        self.slots = slots
        self.open: list[int] = []
        self.reserved: list[list[tuple[int, int]]] = [[] for _ in slots]

    def is_settled(self) -> bool:
        """Whether members hold every reserved place: nobody of a worse standing gets in any more."""
        return all(
            len(held) == slot[0] and not any(outsider for outsider, _ in held)
            for slot, held in zip(self.slots, self.reserved, strict=True)
        )

    def takes(self, place: int, claim: tuple[int, int], count: int) -> bool:
        """Whether the reserve has the claimant; whom it puts out goes on to the next."""
        holders = self.reserved[place]
        holders.append(claim)
        if len(holders) <= self.slots[place][0]:
            return True
        out = max(holders)
        holders.remove(out)
        if out != claim:
            self.pass_on(place + 1, out, count)
        return out != claim

    def pass_on(self, first: int, claim: tuple[int, int], count: int) -> None:
        """An outsider asks for what other groups leave, where it is released; a tenant at home also where not."""
        for place in range(first, len(self.slots)):
            _, members, is_released = self.slots[place]
            may_ask = (is_released or claim[1] < count) and claim[1] % count not in members
            if may_ask and self.takes(place, claim, count):
                return

    def seats(self, count: int) -> dict[int, int]:
        """Household -> its reserve, -1 for an open place."""
        seats = {standing % count: -1 for standing in self.open}
        for place, holders in enumerate(self.reserved):
            seats.update((standing % count, place) for _, standing in holders)
        return seats


def stable_certificate(rules: Rules, market: Market, mechanism: str) -> dict[str, Any]:
    """``deferred_acceptance`` (and ``serial`` with released reserves): stable, and best for the households."""
    count = rules.count
    follower: dict[int, int] = {}
    cutoffs: dict[str, Any] = {}
    holders: list[set[int]] = [set() for _ in market.pools]
    for household, pool in enumerate(market.held):
        if pool >= 0:
            holders[pool].add(household)
    for pool, asking in enumerate(rules.asking(market)):
        figures: dict[str, Any] = {}
        if pool in rules.slots or pool in rules.maxima:
            choice = rules.choose(pool, asking)
            seats = choice.seats(count)
            figures = choice_figures(rules, pool, choice, seats)
            follower.update(followers(rules, pool, asking, seats))
            chosen = set(seats)
        else:
            places = rules.capacity[pool]
            chosen = {standing % count for standing in asking[:places]}
            if len(asking) >= places:
                figures["open"] = rules.spelled(asking[places - 1]) if places else [0, 0]
            if len(asking) > places:
                follower.update(dict.fromkeys(chosen, asking[places] % count))
        for household in sorted(chosen ^ holders[pool]):
            market.breach(
                household, pool, "位次更前者应得此处", "the pool must have the best standings that want it"
            )
        if figures:
            cutoffs[market.pools[pool]] = figures
    check_no_circle(follower, market)
    return {
        "format": "allocator-certificate/1",
        "mechanism": mechanism,
        "num_households": count,
        "num_housed": sum(pool >= 0 for pool in market.held),
        "cutoffs": cutoffs,
    }


def choice_figures(rules: Rules, pool: int, choice: Choice, seats: dict[int, int]) -> dict[str, Any]:
    """The worst standings at full open places, of full reserves and of maxima that are reached."""
    figures: dict[str, Any] = {}
    if len(choice.open) == rules.num_open(pool):
        figures["open"] = rules.spelled(choice.open[-1]) if choice.open else [0, 0]
    slots = zip(choice.slots, choice.reserved, strict=True)
    reserved = [
        None if len(held) < slot[0] else [max(held)[0], *rules.spelled(max(held)[1])] if held else [0, 0, 0]
        for slot, held in slots
    ]
    if reserved:
        figures["reserved"] = reserved
    standing = {one % rules.count: one for one in choice.open}
    standing.update((one % rules.count, one) for held in choice.reserved for _, one in held)
    if pool in rules.maxima:
        figures["max"] = {}
    for name, members, most in rules.maxima.get(pool, []):
        inside = [standing[household] for household in seats if household in members]
        if len(inside) == most:
            figures["max"][name] = rules.spelled(max(inside)) if inside else [0, 0]
    return figures


def followers(rules: Rules, pool: int, asking: list[int], seats: dict[int, int]) -> Iterator[tuple[int, int]]:
    """Each holder with whom the pool would take in if it left; holders of one kind of place are alike."""
    known_kinds: dict[tuple[int, ...], int | None] = {}
    maxima = rules.maxima.get(pool, [])
    for household, slot in seats.items():
        kind = (slot, *(place for place, (_, members, _) in enumerate(maxima) if household in members))
        if kind not in known_kinds:
            others = [standing for standing in asking if standing % rules.count != household]
            entering = set(rules.choose(pool, others).seats(rules.count)) - set(seats)
            known_kinds[kind] = min(entering, default=None)
        entrant = known_kinds[kind]
        if entrant is not None:
            yield household, entrant


def check_no_circle(follower: dict[int, int], market: Market) -> None:
    """No chain of followers runs in a circle: all on it could be better off at once."""
    done: set[int] = set()
    for first in follower:
        trail: set[int] = set()
        household = first
        while household in follower and household not in done:
            if household in trail:
                market.breach(
                    household, market.held[household], "可同时改善", "a circle could be better off at once"
                )
            trail.add(household)
            household = follower[household]
        done |= trail


def may_take(members: set[int] | None, household: int) -> bool:
    """Whether a limit speaks of the household."""
    return members is None or household in members


def choosing_certificate(rules: Rules, market: Market) -> dict[str, Any]:
    """``serial`` under reserves and maxima: in order, everybody has the first listed pool with room for it."""
    # places or most, and for whom (None: for all); then what is left of each, and who used it up
    limits: list[tuple[int, set[int] | None]] = [(rules.num_open(p), None) for p in range(market.size)]
    of_pool: list[list[int]] = [[pool] for pool in range(market.size)]
    binding: list[list[int]] = [[] for _ in range(market.size)]
    named: dict[int, str] = {}
    for pool, slots in rules.slots.items():
        of_pool[pool] = [*range(len(limits), len(limits) + len(slots)), pool]
        limits += [(places, members) for places, members, _ in slots]
    maxima = [(*one, [pool]) for pool, ones in rules.maxima.items() for one in ones] + rules.across
    for name, members, most, pools in maxima:
        for pool in pools:
            binding[pool].append(len(limits))
        named[len(limits)] = name
        limits.append((most, members))
    left = [places for places, _ in limits]
    used_up = [0 if places == 0 else None for places in left]
    for household, (held, wishes) in enumerate(zip(market.held, market.lists, strict=True)):
        for pool in wishes:
            counted = [one for one in binding[pool] if may_take(limits[one][1], household)]
            places = of_pool[pool] if all(left[one] for one in counted) else []
            mine = (one for one in places if left[one] and may_take(limits[one][1], household))
            place = next(mine, None)
            if place is not None and pool != held:
                market.breach(household, pool, "轮到时仍有空房", "it was open at its turn and liked better")
            if place is None and pool == held:
                market.breach(
                    household, pool, "轮到时已无可取之处", "no place there was left for it at its turn"
                )
            if pool == held:
                for one in counted if place is None else [*counted, place]:
                    left[one] -= 1
                    if left[one] == 0:
                        used_up[one] = household + 1
                break
    names = market.pools
    figures: dict[str, Any] = {
        "format": "allocator-certificate/1",
        "mechanism": "serial",
        "num_households": len(market.held),
        "num_housed": sum(pool >= 0 for pool in market.held),
        "filled": {names[pool]: used_up[pool] for pool in range(market.size) if used_up[pool] is not None},
    }
    if rules.slots:
        figures["reserved"] = {
            names[pool]: [used_up[one] for one in of_pool[pool][:-1]] for pool in rules.slots
        }
    if named:
        figures["maxima"] = {name: used_up[one] for one, name in named.items() if used_up[one] is not None}
    return figures


class BandOptimum:
    """``band_optimum``, level by level as certificate.md says.

    A pair is source * C + target, "somebody who holds source has target live". All households of bands
    already ranked share the fate of their pair, for their moves cost nothing: ``zero`` keeps the pairs still
    live, each with the level since which it has been so without a break.
    """

    def __init__(self, market: Market, housing_first: bool) -> None:
        self.market = market
        self.housing_first = housing_first
        self.sealed = [False] * market.size
        self.zero: dict[int, int] = {}
        # tight moves: (pair, household, the band, whether target stands earlier on the list)
        self.tight: list[tuple[int, int, int, bool]] = []
        self.bands: list[range] = []
        begin = 0
        for end in range(1, len(market.band) + 1):
            if end == len(market.band) or market.band[end] != market.band[begin]:
                self.bands.append(range(begin, end))
                begin = end

    def certificate(self) -> dict[str, Any]:
        """All figures; raises a fault where a law is broken."""
        market = self.market
        closings = self.closings_first() if self.housing_first else []
        prices = []
        pending = self.all_pairs() if self.housing_first else {}
        load = market.loads(len(self.bands)) if self.housing_first else [0] * market.size
        for band, households in enumerate(self.bands):
            if self.housing_first:
                moves = [move for move in self.moves(households) if move[0] in pending]
                others = [*self.zero, *(pair for pair, last in pending.items() if last > band)]
            else:
                moves = [move for move in self.moves(households) if not self.sealed[move[0] % market.size]]
                others = list(self.zero)
                self.count(load, households)
                closings.append(self.closing(band, {*others, *(move[0] for move in moves)}, load))
            price = self.settle(band, moves, others, load)
            pending = {pair: last for pair, last in pending.items() if self.level(price, pair)}
            prices.append(price)
        self.check_ties(market.loads(len(self.bands)))
        figures = zip(range(len(self.bands)), self.bands, closings, prices, strict=True)
        return {
            "format": "allocator-certificate/1",
            "mechanism": "band_optimum",
            "housing_first": self.housing_first,
            "num_households": len(market.held),
            "num_housed": sum(pool >= 0 for pool in market.held),
            "bands": [self.figures(*one) for one in figures],
        }

    def level(self, price: list[int], pair: int) -> bool:
        """Whether the prices of both pools of a pair agree."""
        source, target = divmod(pair, self.market.size)
        return price[source] == price[target]

    def count(self, load: list[int], households: range) -> None:
        """Add a band's households to the loads."""
        for household in households:
            if self.market.held[household] >= 0:
                load[self.market.held[household]] += 1

    def moves(self, households: range) -> list[tuple[int, int, int, bool]]:
        """(pair, change of rank, household, is better) for all that the housed list besides what they hold."""
        market, found = self.market, []
        for household in households:
            held = market.held[household]
            wishes = market.lists[household]
            if held < 0 or len(wishes) < 2:
                continue
            ranks, own, base = market.ranks[household], wishes.index(held), held * market.size
            for place, pool in enumerate(wishes):
                if place != own:
                    found.append((base + pool, ranks[place] - ranks[own], household, place < own))
        return found

    def all_pairs(self) -> dict[int, int]:
        """Every pair with the last band that has it."""
        return {
            move[0]: band for band, households in enumerate(self.bands) for move in self.moves(households)
        }

    def closings_first(self) -> list[dict[int, int]]:
        """Housing first: all housing levels before any rank level."""
        pairs: set[int] = set()
        load = [0] * self.market.size
        closings = []
        for band, households in enumerate(self.bands):
            pairs.update(move[0] for move in self.moves(households))
            self.count(load, households)
            closings.append(self.closing(band, pairs, load))
        return closings

    def closing(self, band: int, pairs: set[int], load: list[int]) -> dict[int, int]:
        """H level: the closing positions; nobody unhoused could have been housed."""
        market = self.market
        asked: dict[int, int] = {}
        for household in self.bands[band]:
            if market.held[household] < 0:
                for pool in market.lists[household]:
                    if not self.sealed[pool]:
                        asked.setdefault(pool, household)
        if not asked:
            return {}
        into: list[list[int]] = [[] for _ in range(market.size)]
        for pair in pairs:
            source, target = divmod(pair, market.size)
            into[target].append(source)
        latest = [0] * market.size
        for household in self.bands[band]:
            if market.held[household] >= 0:
                latest[market.held[household]] = household + 1
        roomy = [p for p in range(market.size) if load[p] < market.capacity[p] and not self.sealed[p]]
        is_open = spread_back(into, roomy, dict.fromkeys(roomy, 1))
        by_latest = sorted((p for p in range(market.size) if latest[p]), key=lambda p: -latest[p])
        reached = spread_back(into, by_latest, {pool: latest[pool] for pool in by_latest})
        for pool, household in asked.items():
            if pool in is_open or reached.get(pool, 0) > household:
                market.breach(household, pool, "本可入住却落选", "it was left out but could have been housed")
        return {pool: reached.get(pool, 0) for pool in asked}

    def settle(
        self, band: int, moves: list[tuple[int, int, int, bool]], others: list[int], load: list[int]
    ) -> list[int]:
        """R level: the prices; what stays live; which pools are sealed."""
        size = self.market.size
        least: dict[int, int] = dict.fromkeys(others, 0)
        for pair, weight, _, _ in moves:
            if weight < least.get(pair, weight + 1):
                least[pair] = weight
        arcs: list[list[tuple[int, int]]] = [[] for _ in range(size + 1)]
        for pair, weight in least.items():
            arcs[pair // size].append((pair % size, weight))
        for pool in range(size):
            if not self.sealed[pool]:
                if load[pool] < self.market.capacity[pool]:
                    arcs[pool].append((size, 0))
                if load[pool] > 0:
                    arcs[size].append((pool, 0))
        price = least_distances(arcs, len(arcs))
        if price is None:
            zh = f"优先级 {band} 的志愿总和还可以更好"
            raise Fault("result.csv", zh, f"the ranks of band {band} could be better in total")
        self.zero = {pair: since for pair, since in self.zero.items() if self.level(price, pair)}
        for pair, weight, household, is_better in moves:
            if weight + price[pair // size] == price[pair % size]:
                self.tight.append((pair, household, band, is_better))
                self.zero.setdefault(pair, band)
        for pool in range(size):
            self.sealed[pool] = self.sealed[pool] or price[pool] != price[size]
        return price

    def check_ties(self, load: list[int]) -> None:
        """Nobody could have a better live choice at the cost of later households' ties alone."""
        size = self.market.size
        live = [move for move in self.tight if move[0] in self.zero and self.zero[move[0]] <= move[2]]
        reach = [1 << node for node in range(size + 1)]
        for pool in range(size):
            if not self.sealed[pool]:
                join(reach, size, pool)
                if load[pool] < self.market.capacity[pool]:
                    join(reach, pool, size)
        live.sort(key=lambda move: -move[1])
        place = 0
        while place < len(live):
            household = live[place][1]
            end = place
            while end < len(live) and live[end][1] == household:
                source, target = divmod(live[end][0], size)
                if live[end][3] and reach[target] >> source & 1:
                    self.market.breach(
                        household, target, "只动后面家庭的同等选择即可得到", "ties gave it away"
                    )
                end += 1
            for pair, _, _, _ in live[place:end]:
                join(reach, *divmod(pair, size))
            place = end

    def figures(
        self, band: int, households: range, closing: dict[int, int], price: list[int]
    ) -> dict[str, Any]:
        """The figures of one band."""
        market = self.market
        housed = [household for household in households if market.held[household] >= 0]
        return {
            "band": band,
            "num_households": len(households),
            "num_housed": len(housed),
            "total_rank": sum(market.ranks[h][market.lists[h].index(market.held[h])] for h in housed),
            "closing": {market.pools[pool]: position for pool, position in closing.items()},
            "prices": {name: one for name, one in zip(market.pools, price, strict=False) if one},
            "sink_price": price[-1],
        }


# Beside the groups of a leaf of people who live in its pool, where that has a reserve.
AT_HOME = "@home"


class QuotaOptimum:
    """``band_optimum`` beside tenants, reserves and quotas that nest, level by level as certificate.md says.

    ``bands``: the households of each level, the tenants of all bands first where there are any, then the others by band.
    Nodes are the leaves (a pool with the groups that count there), the sink, then inner nodes. A pair is
    source * leaves + target. ``open``: pairs live to those not ranked yet; ``zero``: to those ranked, since which level.
    """

    def __init__(self, bundle: Bundle, market: Market, housing_first: bool) -> None:
        rules = bundle.json.get("rules.json", {"reserves": [], "quotas": []})
        self.market, self.housing_first = market, housing_first
        self.reserves = rules["reserves"]
        self.quotas = sorted(filter(counts_at_all, rules["quotas"]), key=lambda quota: str(quota["id"]))
        kinds = [bundle.kinds[row] if bundle.kinds else 0 for row in bundle.order]
        self.leaf_of: dict[tuple[int, frozenset[str]], int] = {}
        self.lists = self.leaves_listed(kinds, bundle.groups_of_kind or [frozenset[str]()])
        self.leaves = list(self.leaf_of)
        self.cells = Counter(pool for pool, _ in self.leaves)
        self.sink = self.nodes = len(self.leaves)
        self.nodes += 1
        self.held = [
            leaves[market.lists[one].index(market.held[one])] if market.held[one] >= 0 else -1
            for one, leaves in enumerate(self.lists)
        ]
        self.load = [0] * len(self.leaves)
        for leaf in self.held:
            if leaf >= 0:
                self.load[leaf] += 1
        # links of the network: tail, head, flow, least, most, gain in shortfall, gain in reserves
        self.links: list[tuple[int, int, int, int, int, int, int]] = []
        self.shortfall = self.filled = self.kept = 0
        self.lay_network()
        # residual arcs: tail, head, what using them loses in shortfall and in reserves
        more = [(tail, head, -s, -v) for tail, head, flow, _, most, s, v in self.links if flow < most]
        less = [(head, tail, s, v) for tail, head, flow, least, _, s, v in self.links if flow > least]
        self.inner = more + less
        self.free = [True] * len(self.leaves)
        self.zero: dict[int, int] = {}
        self.tight: list[tuple[int, int, int, bool]] = []
        tenants = [household for household, own in enumerate(market.own) if own >= 0]
        self.bands: list[list[int]] = [tenants] if tenants else []
        begin = 0
        for end in range(1, len(market.band) + 1):
            if end == len(market.band) or market.band[end] != market.band[begin]:
                self.bands.append([one for one in range(begin, end) if market.own[one] < 0])
                begin = end
        for household in tenants:
            if self.held[household] < 0:
                market.breach(
                    household, market.own[household], "承租家庭失去住房", "a tenant is left without"
                )
        self.moves = [self.moves_of(households) for households in self.bands]
        # pairs live to later bands, with the last band that has them; the last band that may enter or leave a leaf
        self.open = {move[0]: band for band, moves in enumerate(self.moves) for move in moves}
        self.entering, self.leaving = [-1] * len(self.leaves), [-1] * len(self.leaves)
        for band, households in enumerate(self.bands):
            for household in households:
                if market.own[household] >= 0:
                    continue
                if self.held[household] >= 0:
                    self.leaving[self.held[household]] = band
                else:
                    for leaf in self.lists[household]:
                        self.entering[leaf] = band

    def leaves_listed(self, kinds: list[int], groups: list[frozenset[str]]) -> list[list[int]]:
        """Per household the leaves of its list; leaves are numbered as they occur."""
        named: list[set[str]] = [set() for _ in self.market.pools]
        place = {name: pool for pool, name in enumerate(self.market.pools)}
        for quota in self.quotas:
            for name in quota["pools"]:
                named[place[name]].update(quota.get("groups", ()))
        reserving = {place[reserve["pool"]] for reserve in self.reserves}
        for reserve in self.reserves:
            named[place[reserve["pool"]]].add(reserve["group"])
        of_kind: dict[tuple[int, int], int] = {}
        lists = []
        for kind, wishes, home in zip(kinds, self.market.lists, self.market.own, strict=True):
            others = wishes[:-1] if home in reserving else wishes
            for pool in others:
                if (pool, kind) not in of_kind:
                    leaf = (pool, groups[kind] & named[pool])
                    of_kind[pool, kind] = self.leaf_of.setdefault(leaf, len(self.leaf_of))
            leaves = [of_kind[pool, kind] for pool in others]
            if home in reserving:
                leaf = (home, groups[kind] & named[home] | {AT_HOME})
                leaves.append(self.leaf_of.setdefault(leaf, len(self.leaf_of)))
            lists.append(leaves)
        return lists

    def key(self, leaf: int) -> str:
        """A leaf's name: the pool alone where it has but the plain cell."""
        pool, groups = self.leaves[leaf]
        name = re.sub(r"([\\|])", r"\\\1", self.market.pools[pool])
        cell = "+".join(re.sub(r"([\\|+@])", r"\\\1", group) for group in sorted(groups - {AT_HOME}))
        cell += AT_HOME if AT_HOME in groups else ""
        return name if self.cells[pool] == 1 and not cell else f"{name}|{cell}"

    def node(self) -> int:
        """One more inner node."""
        self.nodes += 1
        return self.nodes - 1

    def lay_network(self) -> None:
        """Quotas and pools as sets of leaves, the larger outside; the people at the leaves led through them."""
        place = {name: pool for pool, name in enumerate(self.market.pools)}
        # leaves, least, most, soft, pool (-1: a quota)
        bounds: list[tuple[list[int], int, int, int, int]] = []
        for quota in self.quotas:
            pools, groups = {place[name] for name in quota["pools"]}, quota.get("groups")
            inside = [
                leaf
                for leaf, (pool, own) in enumerate(self.leaves)
                if pool in pools and (groups is None or not own.isdisjoint(groups))
            ]
            load = sum(self.load[leaf] for leaf in inside)
            least, most, soft = quota.get("min", 0), quota.get("max", LARGEST), quota.get("min_soft", 0)
            if not least <= load <= most:
                where = shown(str(quota["id"]))
                raise Fault("result.csv", f"名额 {where} 不符", f"the quota {where} is not kept")
            self.shortfall += max(0, soft - load)
            if inside:
                bounds.append((inside, least, most, soft, -1))
        of_pool: dict[int, list[int]] = {}
        for leaf, (pool, _) in enumerate(self.leaves):
            of_pool.setdefault(pool, []).append(leaf)
        bounds += [(inside, 0, self.market.capacity[pool], 0, pool) for pool, inside in of_pool.items()]
        bounds.sort(key=lambda bound: -len(bound[0]))
        around = [-1] * len(self.leaves)
        parent, into, out = [], [], []
        for number, (inside, least, most, soft, _) in enumerate(bounds):
            holding = {around[leaf] for leaf in inside}
            if len(holding) != 1:
                raise CrossingError
            parent.append(holding.pop())
            for leaf in inside:
                around[leaf] = number
            count = sum(self.load[leaf] for leaf in inside)
            into.append(self.node())
            out.append(self.through(into[-1], count, least, most, soft))
        places = reserved_places(self.market, self.reserves)
        self.kept = sum(number for *kinds, _ in places.values() for _, number, _ in kinds)
        waiting: dict[int, list[tuple[int, list[int], int]]] = {}
        whole = [(leaf, [leaf], around[leaf]) for leaf in range(len(self.leaves))]
        whole += [(out[number], bound[0], parent[number]) for number, bound in enumerate(bounds)]
        for node, inside, outer in whole:
            count = sum(self.load[leaf] for leaf in inside)
            if outer >= 0 and bounds[outer][4] in places:
                waiting.setdefault(outer, []).append((node, inside, count))
            else:
                self.links.append((node, into[outer] if outer >= 0 else self.sink, count, 0, LARGEST, 0, 0))
        for outer, inside_pool in waiting.items():
            self.seat(inside_pool, places[bounds[outer][4]], into[outer])

    def through(self, node: int, count: int, least: int, most: int, soft: int) -> int:
        """The links of one set, from where people come in to where they leave."""
        end = self.node()
        self.links.append((node, end, count, least, most, 0, 0))
        if soft:
            node, end = end, self.node()
            wanted = min(count, soft)
            self.links.append((node, end, wanted, 0, soft, 1, 0))
            self.links.append((node, end, count - wanted, 0, LARGEST, 0, 0))
        return end

    def seat(
        self,
        waiting: list[tuple[int, list[int], int]],
        places: list[tuple[str | None, int, bool]],
        pool_node: int,
    ) -> None:
        """A place for everybody in a pool with reserves, as many members in their own as can be."""
        # what each class may take: kind of place -> whether it counts as a member there
        rights: list[dict[int, bool]] = []
        for _, inside, _ in waiting:
            own = [
                {k: group in self.leaves[leaf][1] for k, (group, _, is_open) in enumerate(places)
                 if is_open or not self.leaves[leaf][1].isdisjoint((group, AT_HOME))}
                for leaf in inside
            ]  # fmt: skip
            if any(one != own[0] for one in own):
                raise CrossingError
            rights.append(own[0])
        taken = [[0] * len(places) for _ in waiting]
        for number, (_, _, count) in enumerate(waiting):
            for _ in range(count):
                self.seat_one(number, taken, rights, places)
        for kind, (_, number, _) in enumerate(places):
            used = sum(column[kind] for column in taken)
            kind_node = self.node()
            self.links.append((kind_node, pool_node, used, 0, number, 0, 0))
            for (node, _, _), column, may in zip(waiting, taken, rights, strict=True):
                if kind in may:
                    self.links.append((node, kind_node, column[kind], 0, LARGEST, 0, int(may[kind])))
                    self.filled += column[kind] * may[kind]

    @staticmethod
    def seat_one(
        number: int,
        taken: list[list[int]],
        rights: list[dict[int, bool]],
        places: list[tuple[Any, ...]],
    ) -> None:
        """One more of a class, along the path that gains most in members: others move up."""
        best: dict[int, int] = {}  # kind -> gain when a place of it is asked for
        came: dict[
            int, tuple[int, int]
        ] = {}  # kind -> who turns to it, and from which kind (-1: from outside)
        changed = [(number, -1, 0)]
        while changed:
            who, left, gain = changed.pop()
            for kind, counts in rights[who].items():
                if kind != left and gain + counts > best.get(kind, -LARGEST):
                    best[kind], came[kind] = gain + counts, (who, left)
                    changed += [
                        (other, kind, gain + counts - rights[other][kind])
                        for other, column in enumerate(taken)
                        if column[kind]
                    ]
        ends = [kind for kind in best if sum(column[kind] for column in taken) < places[kind][1]]
        if not ends:
            raise Fault(
                "result.csv", "预留不符：有家庭没有可取之处", "reserves are not kept: somebody has no place"
            )
        kind = max(ends, key=lambda end: best[end])
        while kind >= 0:
            who, left = came[kind]
            taken[who][kind] += 1
            if left >= 0:
                taken[who][left] -= 1
            kind = left

    def moves_of(self, households: list[int]) -> list[tuple[int, int, int, bool]]:
        """(pair, change of rank, household, is better) for all that the housed list besides what they hold."""
        found = []
        for household in households:
            held, leaves = self.held[household], self.lists[household]
            if held >= 0 and len(leaves) > 1:
                ranks, own, base = self.market.ranks[household], leaves.index(held), held * self.sink
                found += [
                    (base + leaf, ranks[at] - ranks[own], household, at < own)
                    for at, leaf in enumerate(leaves)
                    if at != own
                ]
        return found

    def certificate(self) -> dict[str, Any]:
        """All figures; raises a fault where a law is broken."""
        count = len(self.bands)
        worth = 1 + min(self.kept, len(self.held))
        aims = self.reprice(-1, dict.fromkeys(self.open, 0), worth, "预留或最低名额未尽可能满足")
        closings = [self.closing(band) for band in range(count)] if self.housing_first else []
        prices = []
        for band in range(count):
            if not self.housing_first:
                closings.append(self.closing(band))
            prices.append(self.settle(band, count if self.housing_first else band))
        self.check_ties()
        market = self.market
        figures: dict[str, Any] = {
            "format": "allocator-certificate/1",
            "mechanism": "band_optimum",
            "housing_first": self.housing_first,
            "num_households": len(market.held),
            "num_housed": sum(pool >= 0 for pool in market.held),
            "bands": [self.figures(*one) for one in zip(range(count), closings, prices, strict=True)],
        }
        if self.reserves or any(quota.get("min") or quota.get("min_soft") for quota in self.quotas):
            figures |= {"shortfall": self.shortfall, "reserved_filled": self.filled, **self.priced(aims)}
        return figures

    def reprice(self, band: int, pairs: dict[int, int], worth: int, zh: str) -> list[int]:
        """Prices of a level; keeps live what is tight. ``band``: households of later ones may come and go."""
        sink = self.sink
        arcs: list[list[tuple[int, int]]] = [[] for _ in range(self.nodes)]
        for tail, head, short, kept in self.inner:
            arcs[tail].append((head, worth * short + kept if worth else 0))
        for leaf in range(sink):
            if self.free[leaf] and self.entering[leaf] > band:
                arcs[sink].append((leaf, 0))
            if self.free[leaf] and self.leaving[leaf] > band:
                arcs[leaf].append((sink, 0))
        for pair, weight in pairs.items():
            arcs[pair // sink].append((pair % sink, weight))
        price = least_distances(arcs, sink + 1)
        if price is None:
            raise Fault(
                "result.csv", zh, "not the optimum: reserves, minima or the total of ranks could be better"
            )
        self.zero = {
            pair: since for pair, since in self.zero.items() if price[pair // sink] == price[pair % sink]
        }
        self.open = {
            pair: last for pair, last in self.open.items() if price[pair // sink] == price[pair % sink]
        }
        self.free = [free and price[leaf] == price[sink] for leaf, free in enumerate(self.free)]
        self.inner = [
            (tail, head, short, kept)
            for tail, head, short, kept in self.inner
            if price[tail] < LARGEST and price[head] < LARGEST
            and price[tail] + (worth * short + kept if worth else 0) == price[head]
        ]  # fmt: skip
        return price[: sink + 1]

    def settle(self, band: int, provisional_after: int) -> list[int]:
        """R level: the prices of a band."""
        own = [move for move in self.moves[band] if move[0] in self.open]
        pairs = dict.fromkeys(self.zero, 0)
        pairs.update((pair, 0) for pair, last in self.open.items() if last > band)
        for pair, weight, _, _ in own:
            pairs[pair] = min(weight, pairs.get(pair, weight))
        price = self.reprice(provisional_after, pairs, 0, f"优先级 {band} 的志愿总和还可以更好")
        for pair, weight, household, is_better in own:
            if weight + price[pair // self.sink] == price[pair % self.sink]:
                self.tight.append((pair, household, band, is_better))
                self.zero.setdefault(pair, band)
        return price

    def closing(self, band: int) -> dict[int, int]:
        """H level: the closing positions; nobody unhoused could have been housed."""
        asked: dict[int, int] = {}
        for household in self.bands[band]:
            if self.held[household] < 0:
                for leaf in self.lists[household]:
                    if self.free[leaf]:
                        asked.setdefault(leaf, household)
        if not asked:
            return {}
        sink = self.sink
        into: list[list[int]] = [[] for _ in range(self.nodes)]
        least = 0 if self.housing_first else band
        for pair in {*self.zero, *(pair for pair, last in self.open.items() if last >= least)}:
            into[pair % sink].append(pair // sink)
        for tail, head, _, _ in self.inner:
            into[head].append(tail)
        for leaf in range(sink):
            if self.free[leaf] and self.entering[leaf] > band:
                into[leaf].append(sink)
            if self.free[leaf] and self.leaving[leaf] > band:
                into[sink].append(leaf)
        latest: dict[int, int] = {sink: LARGEST}
        for household in self.bands[band]:
            if self.held[household] >= 0 and self.free[self.held[household]]:
                latest[self.held[household]] = household + 1
        reached = spread_back(into, sorted(latest, key=lambda leaf: -latest[leaf]), latest)
        for leaf, household in asked.items():
            if reached.get(leaf, 0) > household:
                pool = self.leaves[leaf][0]
                self.market.breach(
                    household, pool, "本可入住却落选", "it was left out but could have been housed"
                )
        return {leaf: reached.get(leaf, 0) for leaf in asked}

    def check_ties(self) -> None:
        """Nobody could have a better live choice at the cost of later households' ties alone."""
        live = [move for move in self.tight if move[0] in self.zero and self.zero[move[0]] <= move[2]]
        reach = [1 << node for node in range(self.nodes)]
        for tail, head, _, _ in self.inner:
            join(reach, tail, head)
        live.sort(key=lambda move: -move[1])
        for household, own in groupby(live, key=lambda move: move[1]):
            moves = list(own)
            for pair, _, _, is_better in moves:
                source, target = divmod(pair, self.sink)
                if is_better and reach[target] >> source & 1:
                    pool = self.leaves[target][0]
                    self.market.breach(household, pool, "只动后面家庭的同等选择即可得到", "ties gave it away")
            for pair, _, _, _ in moves:
                join(reach, *divmod(pair, self.sink))

    def priced(self, price: list[int]) -> dict[str, Any]:
        """Prices of leaves that are not 0, and the sink's."""
        leaves = {self.key(leaf): one for leaf, one in enumerate(price[:-1]) if one}
        return {"prices": leaves, "sink_price": price[-1]}

    def figures(self, band: int, closing: dict[int, int], price: list[int]) -> dict[str, Any]:
        """The figures of one band."""
        market = self.market
        housed = [household for household in self.bands[band] if market.held[household] >= 0]
        has_tenants = any(own >= 0 for own in market.own)
        return {
            "band": band - has_tenants,
            "num_households": len(self.bands[band]),
            "num_housed": len(housed),
            "total_rank": sum(market.ranks[h][market.lists[h].index(market.held[h])] for h in housed),
            "closing": {self.key(leaf): position for leaf, position in closing.items()},
            **self.priced(price),
        }


def counts_at_all(quota: Any) -> bool:
    """Whether a quota bounds anything: a minimum of 0 does not."""
    return "max" in quota or bool(quota.get("min") or quota.get("min_soft"))


def least_distances(arcs: list[list[tuple[int, int]]], starting: int) -> list[int] | None:
    """Shortest distances, the first nodes starting at 0 and the others out of reach; None on a negative cycle.

    The arcs by which nodes were last lowered form a circle only where there is a negative cycle, and soon after it is
    first gone round, so a forged market need not be lowered as often as it has nodes before it is refused.
    """
    distance = [0] * starting + [LARGEST] * (len(arcs) - starting)
    before = [-1] * len(arcs)
    changed = set(range(starting))
    for turn in range(1, len(arcs) + 2):
        following = set()
        for tail in sorted(changed):
            for head, weight in arcs[tail]:
                if distance[tail] + weight < distance[head]:
                    distance[head] = distance[tail] + weight
                    before[head] = tail
                    following.add(head)
        if not following:
            return distance
        if turn >= 16 and turn & (turn - 1) == 0 and has_circle(before):
            return None
        changed = following
    return None


def has_circle(before: list[int]) -> bool:
    """Whether somebody who goes from node to node before it comes round again."""
    visitor = [-1] * len(before)
    for first in range(len(before)):
        node = first
        while node >= 0 and visitor[node] < 0:
            visitor[node] = first
            node = before[node]
        if node >= 0 and visitor[node] == first:
            return True
    return False


def spread_back(into: list[list[int]], seeds: list[int], value: dict[int, int]) -> dict[int, int]:
    """For every pool that reaches a seed the value of the first such seed."""
    found: dict[int, int] = {}
    for seed in seeds:
        stack = [] if seed in found else [seed]
        while stack:
            pool = stack.pop()
            if pool not in found:
                found[pool] = value[seed]
                stack.extend(into[pool])
    return found


def join(reach: list[int], tail: int, head: int) -> None:
    """Add an arc: whoever reaches the tail reaches all that the head reaches (sets as bits)."""
    if not reach[tail] >> head & 1:
        more = reach[head]
        for node, seen in enumerate(reach):
            if seen >> tail & 1:
                reach[node] = seen | more


class Trading:
    """``top_trading_cycles`` replayed by its definition (certificate.md): who still waits, what is left, who points where.

    Pools with neither priority nor tenants all point at one household: the node -1 stands for them.
    """

    def __init__(self, rules: Rules, market: Market) -> None:
        if rules.slots or rules.maxima or rules.across or rules.capacity != market.capacity:
            raise Fault(
                "rules.json", "循环交换不支持预留与名额", "trading cycles know neither reserves nor quotas"
            )
        self.left = list(market.capacity)
        self.lists: list[list[int]] = []
        self.everyone = list(range(rules.count))
        # by pool with a line of its own or with tenants; tenants still without a place, in order
        self.lines = dict.fromkeys({*market.own} - {-1}, self.everyone)
        self.tenants: dict[int, list[int]] = {pool: [] for pool in self.lines}
        self.own = market.own
        standings: dict[int, list[int]] = {pool: [] for pool in rules.tiers}
        for household, wishes in enumerate(market.lists):
            own, kind = [], rules.kind[household]
            for pool in wishes:
                tier = rules.tiers[pool][kind] if pool in rules.tiers else 1
                if tier > 0 or pool == market.own[household]:
                    own.append(pool)
                    if pool in standings and tier > 0:
                        standings[pool].append(tier * rules.count + household)
            self.lists.append(own)
            if market.own[household] >= 0:
                self.tenants[market.own[household]].append(household)
        for pool, line in standings.items():
            self.lines[pool] = [standing % rules.count for standing in sorted(line)]
        self.special = sorted(self.lines)
        self.at = [0] * rules.count
        self.turn: dict[int, int] = {}

    def points_at(self, household: int) -> int:
        """The first pool of its list with a place left, -1 for none."""
        wishes, at = self.lists[household], self.at[household]
        while at < len(wishes) and self.left[wishes[at]] == 0:
            at += 1
        self.at[household] = at
        return wishes[at] if at < len(wishes) else -1

    def head(self, node: int) -> int:
        """Whom the pool points at: the first of its line that points somewhere, else its tenants; -1 for nobody."""
        tenants = self.tenants.get(node, [])
        if node >= 0 and self.left[node] <= len(tenants):
            return tenants[0] if self.left[node] and tenants else -1
        line, turn = self.lines.get(node, self.everyone), self.turn.get(node, 0)
        while turn < len(line) and self.points_at(line[turn]) < 0:
            turn += 1
        self.turn[node] = turn
        return line[turn] if turn < len(line) else tenants[0] if tenants else -1

    def cycles(self) -> list[list[tuple[int, int]]]:
        """All cycles of a round, each from its earliest household, the earliest cycle first."""
        self.special = [pool for pool in self.special if self.left[pool]]
        heads = {node: self.head(node) for node in (-1, *self.special)}
        found, visitor = [], dict[int, int]()
        for first in heads:
            walk, node = [], first
            while node not in visitor and heads[node] >= 0:
                visitor[node] = first
                walk.append(node)
                target = self.points_at(heads[node])
                node = target if target in self.lines else -1
            if visitor.get(node) == first and node in walk:
                steps = [(heads[one], self.points_at(heads[one])) for one in walk[walk.index(node) :]]
                least = steps.index(min(steps))
                found.append(steps[least:] + steps[:least])
        return sorted(found)

    def leave(self, household: int, pool: int) -> None:
        """It has the place and points nowhere any more."""
        self.left[pool] -= 1
        self.lists[household] = []
        if self.own[household] >= 0:
            self.tenants[self.own[household]].remove(household)


def trading_certificate(rules: Rules, market: Market) -> dict[str, Any]:
    """``top_trading_cycles``: replayed round by round, everybody gets what the result says."""
    trading, rounds, got = Trading(rules, market), [], [-1] * rules.count
    while cycles := trading.cycles():
        for household, pool in chain.from_iterable(cycles):
            got[household] = pool
            trading.leave(household, pool)
        rounds.append([[[market.codes[one], market.pools[pool]] for one, pool in c] for c in cycles])
    for household, (pool, held) in enumerate(zip(got, market.held, strict=True)):
        if pool != held:
            market.breach(household, max(pool, held), "与逐轮交换的结果不符", "not what the cycles give it")
    return {
        "format": "allocator-certificate/1",
        "mechanism": "top_trading_cycles",
        "num_households": rules.count,
        "num_housed": sum(pool >= 0 for pool in got),
        "rounds": rounds,
    }


def fielded_certificate(bundle: Bundle, market: Market, mechanism: str) -> dict[str, Any]:
    """Of a mechanism under declared rules."""
    if mechanism == "band_optimum":
        return optimum_under_rules(bundle, market)
    rules = Rules(bundle, market)
    if mechanism == "top_trading_cycles":
        return trading_certificate(rules, market)
    if mechanism == "serial" and rules.tiers:
        raise Fault("rules.json", "选房不支持优先层级", "choosing in order knows no priority at pools")
    is_released = any(slot[2] for slots in rules.slots.values() for slot in slots)
    if mechanism == "serial" and not is_released:
        return choosing_certificate(rules, market)
    if rules.across:
        raise Fault(
            "rules.json", "该机制不支持合计上限", "this mechanism knows no maximum over several pools"
        )
    return stable_certificate(rules, market, mechanism)


def optimum_under_rules(bundle: Bundle, market: Market) -> dict[str, Any]:
    """``band_optimum`` with what is left of the declared rules this month."""
    rules = bundle.json.get("rules.json", {"priority": {}, "reserves": [], "quotas": []})
    housing_first = bundle.json["commitment.json"]["rules"]["housing_first"]
    if rules["priority"]:
        raise Fault("rules.json", "该机制不支持优先层级", "this mechanism knows no priority at pools")
    if bundle.tenants or rules["reserves"] or any(map(counts_at_all, rules["quotas"])):
        try:
            optimum = QuotaOptimum(bundle, market, housing_first)
        except CrossingError:
            if bundle.tenants:
                raise Fault("rules.json", "名额交叉时不能办理调房", "no tenants where quotas cross") from None
            return crossing_certificate(bundle, market, housing_first)
        return optimum.certificate()
    return BandOptimum(market, housing_first).certificate()


class CrossingOptimum:
    """``band_optimum`` where quotas cross: every level's value from the result, every published proof added up (crossing.md).

    Variables: the claims (households in order, lists best first), then seats and what soft minima lack, each from
    ``least`` to ``most``. Rows: variables with factors, whose sum lies from ``low`` to ``high``.
    """

    def __init__(self, market: Market, rules: Any, members: Callable[[list[str] | None], list[bool]]) -> None:
        self.market, self.members = market, members
        self.begin = [0, *accumulate(map(len, market.lists))]
        self.pool = list(chain(*market.lists))
        self.rank = list(chain(*market.ranks))
        self.owner = [who for who, wishes in enumerate(market.lists) for _ in wishes]
        self.least, self.most = [0] * len(self.pool), [1] * len(self.pool)
        self.rows: list[dict[int, int]] = []
        self.low: list[int] = []
        self.high: list[int] = []
        self.seated: list[int] = []
        self.short: list[int] = []
        self.row_of = [-1] * len(market.lists)
        for who, wishes in enumerate(market.lists):
            if len(wishes):
                self.row_of[who] = len(self.rows)
                self.row(dict.fromkeys(self.claims(who), 1), 0, 1)
        self.num_asking = len(self.rows)
        self.places = reserved_places(market, rules["reserves"])
        asked: list[list[int]] = [[] for _ in market.pools]
        for claim, pool in enumerate(self.pool):
            asked[pool].append(claim)
        for pool, claims in enumerate(asked):
            if pool in self.places and claims:
                self.seat_rows(claims, self.places[pool])
            elif claims:
                self.row(dict.fromkeys(claims, 1), 0, market.capacity[pool])
        self.shortfall = 0
        for quota in sorted(filter(counts_at_all, rules["quotas"]), key=lambda quota: str(quota["id"])):
            self.quota_rows(quota)
        self.num_fixed = len(self.rows)
        # by claim the rows of pools, kinds and quotas that count it
        self.counted: list[list[int]] = [[] for _ in self.pool]
        for row in range(self.num_asking, self.num_fixed):
            for variable in self.rows[row]:
                if variable < len(self.pool):
                    self.counted[variable].append(row)
        # by number of a proof: its divisor, prices by row, and the bound of a sum of nothing
        self.shared: dict[int, tuple[int, dict[int, int], int]] = {}
        self.proofs: list[Any] = []
        self.used = 0

    def claims(self, who: int) -> range:
        """The claims of a household, best first."""
        return range(self.begin[who], self.begin[who + 1])

    def row(self, factors: dict[int, int], low: int, high: int) -> None:
        """A further row."""
        self.rows.append(factors)
        self.low.append(low)
        self.high.append(high)

    def variable(self, most: int) -> int:
        """A further variable."""
        self.least.append(0)
        self.most.append(most)
        return len(self.most) - 1

    def seat_rows(self, claims: list[int], places: list[tuple[str | None, int, bool]]) -> None:
        """A row for each kind of claimant, then one for the open places and each reserve that somebody may sit on."""
        *reserves, (_, num_open, _) = places
        inside = [self.members([str(name)]) for name, _, _ in reserves]
        kinds: dict[tuple[bool, ...], list[int]] = {}
        for claim in claims:
            kinds.setdefault(tuple(own[self.owner[claim]] for own in inside), []).append(claim)
        on_place: dict[int, list[int]] = {}
        for kind in sorted(kinds):
            factors = dict.fromkeys(kinds[kind], 1)
            may = [place for place, (_, _, is_released) in enumerate(reserves) if kind[place] or is_released]
            for place in [-1, *may]:
                seat = self.variable(len(kinds[kind]))
                on_place.setdefault(place, []).append(seat)
                factors[seat] = -1
                if place >= 0 and kind[place]:
                    self.seated.append(seat)
            self.row(factors, 0, 0)
        for place in sorted(on_place):
            self.row(dict.fromkeys(on_place[place], 1), 0, num_open if place < 0 else reserves[place][1])

    def quota_rows(self, quota: Any) -> None:
        """The bounds of a quota, and behind them its soft minimum with what it lacks."""
        place = {name: pool for pool, name in enumerate(self.market.pools)}
        pools, inside = {place[name] for name in quota["pools"]}, self.members(quota.get("groups"))
        counted = [
            claim for claim, pool in enumerate(self.pool) if pool in pools and inside[self.owner[claim]]
        ]
        load = sum(
            held in pools and own for held, own in zip(self.market.held, inside, strict=True) if held >= 0
        )
        least, soft = quota.get("min", 0), quota.get("min_soft", 0)
        self.row(dict.fromkeys(counted, 1), least, max(least, quota.get("max", len(counted))))
        if soft:
            self.short.append(self.variable(soft))
            self.row(dict.fromkeys([*counted, self.short[-1]], 1), soft, len(counted) + soft)
            self.shortfall += max(0, soft - load)

    def certificate(self, published: Any, housing_first: bool, housed: Any) -> dict[str, Any]:
        """The figures from the result, the proofs as published; a fault where a proof does not add up."""
        if housed not in ("count", "order"):
            raise Fault(f"{IN_FORCE}: allocation.housed", "须为 count 或 order", "must be count or order")
        proofs = published.get("proofs")
        self.proofs = proofs if isinstance(proofs, list) else []
        self.level(dict.fromkeys(self.short, 1), self.shortfall, -1, "最低名额未尽可能满足")
        filled = sum(self.seated_in(pool) for pool in self.places)
        self.level(dict.fromkeys(self.seated, 1), filled, 1, "预留未尽可能满足")
        market = self.market
        bands = [
            [who for who, own in enumerate(market.band) if own == band]
            for band in range(max(market.band, default=-1) + 1)
        ]
        num_housed, ranks = [], []
        for members in bands:
            num_housed.append(self.house(members, housed == "count"))
            if not housing_first:
                ranks.append(self.improve(members))
        if housing_first:
            ranks = [self.improve(members) for members in bands]
        self.settle_ties()
        same("certificate.json: proofs", len(self.proofs), self.used)
        return {
            "format": "allocator-certificate/1",
            "mechanism": "band_optimum",
            "housing_first": housing_first,
            "housed": housed,
            "num_households": len(market.held),
            "num_housed": sum(pool >= 0 for pool in market.held),
            "shortfall": self.shortfall,
            "reserved_filled": filled,
            "bands": [
                {
                    "band": band,
                    "num_households": len(members),
                    "num_housed": num_housed[band],
                    "total_rank": ranks[band],
                }
                for band, members in enumerate(bands)
            ],
            "proofs": self.proofs,
        }

    def seated_in(self, pool: int) -> int:
        """Members on places of their own groups, with a place for everybody in the pool."""
        *reserves, _ = places = self.places[pool]
        inside = [self.members([str(name)]) for name, _, _ in reserves]
        kinds = Counter(
            tuple(own[who] for own in inside) for who, held in enumerate(self.market.held) if held == pool
        )
        rights: list[dict[int, bool]] = [
            {
                **{
                    at: kind[at] for at, (_, _, is_released) in enumerate(reserves) if kind[at] or is_released
                },
                len(reserves): False,
            }
            for kind in kinds
        ]
        taken = [[0] * len(places) for _ in kinds]
        for number, count in enumerate(kinds.values()):
            for _ in range(count):
                QuotaOptimum.seat_one(number, taken, rights, places)
        return sum(
            count * may.get(at, False)
            for column, may in zip(taken, rights, strict=True)
            for at, count in enumerate(column)
        )

    def house(self, members: list[int], most_first: bool) -> int:
        """Who of a band is housed: as many as can be (if that is first), then nobody left out that could be in."""
        asking = [who for who in members if self.row_of[who] >= 0]
        number = sum(self.market.held[who] >= 0 for who in asking)
        if most_first:
            every = {claim: 1 for who in asking for claim in self.claims(who)}
            self.level(every, number, 1, "本可安置更多家庭")
        for who in asking:
            is_housed = int(self.market.held[who] >= 0)
            if not is_housed:
                self.refuse(who, self.claims(who), "该家庭本可获得安置")
            self.settle(self.row_of[who], is_housed)
        return number

    def improve(self, members: list[int]) -> int:
        """The total rank of a band, the least that can be."""
        total = 0
        for who in members:
            held = self.market.held[who]
            if held >= 0:
                total += self.market.ranks[who][self.market.lists[who].index(held)]
        weights = {claim: self.rank[claim] for who in members for claim in self.claims(who)}
        self.level(weights, total, -1, "意愿总位次本可更好")
        return total

    def settle_ties(self) -> None:
        """In order, nobody could have an earlier choice of its list."""
        for who, held in enumerate(self.market.held):
            if held < 0:
                continue
            claims = self.claims(who)
            own = claims[self.market.lists[who].index(held)]
            if own > claims[0]:
                self.refuse(who, range(claims[0], own), "该家庭本可获得更前的志愿")
            for claim in claims:
                self.least[claim] = self.most[claim] = int(claim == own)

    def level(self, factors: dict[int, int], value: int, sign: int, zh: str) -> None:
        """A level's value, proved the greatest (``sign`` 1) or the least, and a row from then on."""
        if factors:
            weights = {variable: sign * factor for variable, factor in factors.items()}
            if not self.shows(weights, sign * value, -1):
                self.unproved(zh, "the proof does not show that the level's value is the best")
            self.used += 1
            self.row(factors, value, value)

    def refuse(self, who: int, claims: range, zh: str) -> None:
        """A household can have none of these claims."""
        if not self.shows(dict.fromkeys(claims, 1), 0, who):
            code = shown(self.market.codes[who])
            self.unproved(f"{code}：{zh}", f"the proof does not show that {code} could have nothing better")
        self.used += 1

    def unproved(self, zh: str, en: str) -> NoReturn:
        """A proof that does not add up."""
        raise Fault(f"certificate.json: proofs[{self.used}]", f"证明不成立：{zh}", en)

    def settle(self, row: int, value: int) -> None:
        """The sum of a row is known."""
        self.low[row] = self.high[row] = value

    def end(self, row: int, factor: int) -> int:
        """The bound of a row that a multiplier of this sign uses."""
        return self.high[row] if factor > 0 else self.low[row]

    def shows(self, weights: dict[int, int], most: int, who: int) -> bool:
        """Whether the next proof shows the weighted sum (of claims of ``who`` alone, or -1) to be at most ``most``."""
        proof = self.proofs[self.used] if self.used < len(self.proofs) else None
        if not isinstance(proof, dict):
            return False
        if "as" in proof:
            known_at = proof["as"]
            return (
                is_count(known_at) and known_at in self.shared and self.refuses(known_at, weights, most, who)
            )
        if "prices" not in proof:
            return self.tree(proof, weights, most, 200)
        read = self.read_prices(proof)
        if read is None:
            return False
        over, prices = read
        if who < 0:
            return self.proves_level(over, prices, weights, most)
        left = self.left(over, prices, {})
        self.shared[self.used] = (over, prices, self.bound(prices, left, self.greatest(left)))
        return self.refuses(self.used, weights, most, who)

    def read_prices(self, proof: Any) -> tuple[int, dict[int, int]] | None:
        """The divisor and the price by row, of rows behind those of households; None where they are not sound."""
        over, pairs = proof.get("over"), proof["prices"]
        if type(over) is not int or not 1 <= over < 1 << 20 or not isinstance(pairs, list):
            return None
        prices: dict[int, int] = {}
        for pair in pairs:
            if not is_pair(pair) or not self.num_asking <= pair[0] < self.num_fixed or pair[0] in prices:
                return None
            prices[pair[0]] = pair[1]
        return (over, prices) if sum(map(abs, prices.values())) < 1 << 40 else None

    def left(self, over: int, prices: dict[int, int], weights: dict[int, int]) -> list[int]:
        """What the prices leave of each variable's weight."""
        left = [0] * len(self.most)
        for variable, weight in weights.items():
            left[variable] = over * weight
        for row, price in prices.items():
            for variable, factor in self.rows[row].items():
                left[variable] -= price * factor
        return left

    def greatest(self, left: list[int]) -> list[int | None]:
        """By row of a household the greatest that is left of a claim it may still hold."""
        found: list[int | None] = [None] * self.num_asking
        for claim, who in enumerate(self.owner):
            if self.most[claim]:
                row, best = self.row_of[who], found[self.row_of[who]]
                found[row] = left[claim] if best is None else max(best, left[claim])
        return found

    def bound(self, prices: dict[int, int], left: list[int], greatest: list[int | None]) -> int:
        """The bound of the sum, times the divisor."""
        total = sum(price * self.end(row, price) for row, price in prices.items())
        for row, best in enumerate(greatest):
            if self.low[row] > 0:
                if best is None:
                    return 1 << 80
                total += best
            elif self.high[row] > 0 and best is not None:
                total += max(best, 0)
        for variable in range(len(self.pool), len(self.most)):
            rest = left[variable]
            total += rest * (self.most[variable] if rest > 0 else self.least[variable])
        return total

    def proves_level(self, over: int, prices: dict[int, int], weights: dict[int, int], most: int) -> bool:
        """A level: where the bound is the value itself, whatever no optimum uses is settled."""
        left = self.left(over, prices, weights)
        greatest = self.greatest(left)
        total = self.bound(prices, left, greatest)
        if total == most * over:
            bars = self.bars(greatest)
            for row, price in prices.items():
                if price:
                    self.settle(row, self.end(row, price))
            for row, best in enumerate(greatest):
                if best is not None and best > 0 and self.low[row] == 0 and self.high[row] > 0:
                    self.low[row] = 1
            for claim, who in enumerate(self.owner):
                bar = bars[self.row_of[who]]
                if bar is not None and left[claim] < bar:
                    self.most[claim] = 0
            for variable in range(len(self.pool), len(self.most)):
                if left[variable] > 0:
                    self.least[variable] = self.most[variable]
                elif left[variable] < 0:
                    self.most[variable] = self.least[variable]
        return total < (most + 1) * over

    def bars(self, greatest: list[int | None]) -> list[int | None]:
        """By row of a household what a claim must be left with to be used by an optimum."""
        return [
            best if low > 0 else max(best or 0, 0)
            for best, low in zip(greatest, self.low[: self.num_asking], strict=True)
        ]

    def refuses(self, number: int, weights: dict[int, int], most: int, who: int) -> bool:
        """A household's own part taken out of the bound of nothing, and put back with its weights."""
        over, prices, base = self.shared[number]
        row = self.row_of[who] if who >= 0 else -1
        if row < 0:
            return False
        before, after = [], []
        for claim in self.claims(who):
            if self.most[claim]:
                price = sum(prices.get(one, 0) for one in self.counted[claim])
                before.append(-price)
                after.append(weights.get(claim, 0) * over - price)
        if not self.low[row]:
            before.append(0)
            after.append(0)
        if not before:
            return False
        change = max(after) - max(before) if self.high[row] else 0
        return base + change < (most + 1) * over

    def tree(self, tree: Any, weights: dict[int, int], most: int, depth: int) -> bool:
        """A leaf adds up; a node is settled both ways."""
        if not isinstance(tree, dict) or depth == 0:
            return False
        if "split" not in tree:
            return self.leaf(tree, weights, most)
        variable = tree["split"]
        if not is_count(variable) or variable >= len(self.most):
            return False
        low, high = self.least[variable], self.most[variable]
        holds = low == 0 and high == 1
        for answer, value in (("no", 0), ("yes", 1)):
            self.least[variable] = self.most[variable] = value
            holds = holds and self.tree(tree.get(answer), weights, most, depth - 1)
        self.least[variable], self.most[variable] = low, high
        return holds

    def leaf(self, leaf: Any, weights: dict[int, int], most: int) -> bool:
        """Weak duality in whole numbers: any multipliers of rows bound the sum."""
        over, duals = leaf.get("over"), leaf.get("duals")
        if type(over) is not int or over < 1 or not isinstance(duals, list):
            return False
        left = {variable: weight * over for variable, weight in weights.items()}
        total = 0
        for pair in duals:
            if not is_pair(pair) or not 0 <= pair[0] < len(self.rows):
                return False
            row, dual = pair
            total += dual * self.end(row, dual)
            for variable, factor in self.rows[row].items():
                left[variable] = left.get(variable, 0) - dual * factor
        for variable, weight in left.items():
            total += weight * (self.most[variable] if weight > 0 else self.least[variable])
        return total < (most + 1) * over


def is_pair(value: object) -> bool:
    """Two whole numbers."""
    return isinstance(value, list) and len(value) == 2 and all(type(one) is int for one in value)


def reserved_places(market: Market, reserves: Any) -> dict[int, list[tuple[str | None, int, bool]]]:
    """Of pools with reserves the kinds of place: group (None: open), number, whether others may take it."""
    place = {name: pool for pool, name in enumerate(market.pools)}
    left = list(market.capacity)
    found: dict[int, list[tuple[str | None, int, bool]]] = {}
    for reserve in reserves:
        pool = place[reserve["pool"]]
        number = min(reserve["places"], left[pool])
        left[pool] -= number
        found.setdefault(pool, []).append((reserve["group"], number, reserve["release"]))
    return {pool: [*kinds, (None, left[pool], True)] for pool, kinds in found.items()}


def crossing_certificate(bundle: Bundle, market: Market, housing_first: bool) -> dict[str, Any]:
    """``band_optimum`` where quotas cross; that they do, and are kept, is known."""
    if any(own >= 0 for own in market.own):
        raise Fault("rules.json", "承租家庭与交叉名额不能并存", "quotas may not cross beside tenants")
    kinds = [bundle.kinds[row] for row in bundle.order]

    def members(groups: list[str] | None) -> list[bool]:
        inside = [groups is None or not own.isdisjoint(groups) for own in bundle.groups_of_kind]
        return [inside[kind] for kind in kinds]

    optimum = CrossingOptimum(market, bundle.json["rules.json"], members)
    housed = bundle.json[IN_FORCE]["allocation"].get("housed")
    return optimum.certificate(bundle.json["certificate.json"], housing_first, housed)


class Lottery:
    """The chances of a lottery (chances.csv) and the limits they keep (certificate.md).

    A choice is a household, in the published order, and a pool of its list; choices are numbered in this order. ``chance``:
    of every choice; ``limits``: pools, then quotas by name: section, name, the most, and the choices counted.
    """

    def __init__(self, bundle: Bundle, market: Market) -> None:
        self.market = market
        self.begin = [0, *accumulate(map(len, market.lists))]
        self.cells = [(who, pool) for who, wishes in enumerate(market.lists) for pool in wishes]
        self.chance = [Fraction(0)] * len(self.cells)
        self.read(bundle, {cell: number for number, cell in enumerate(self.cells)})
        counted: list[list[int]] = [[] for _ in market.pools]
        for number, (_, pool) in enumerate(self.cells):
            counted[pool].append(number)
        self.limits = [
            ("pools", name, most, cells)
            for name, most, cells in zip(market.pools, market.capacity, counted, strict=True)
        ]
        rules = bundle.json.get("rules.json", {"quotas": []})
        if rules.get("reserves") or rules.get("priority"):
            raise Fault("rules.json", "抽取机制只认上限", "a lottery serves maxima only")
        kinds = [bundle.kinds[row] for row in bundle.order] if bundle.kinds else []
        for quota in sorted(rules["quotas"], key=lambda quota: quota["id"]):
            if set(quota) - {"id", "pools", "groups"} != {"max"}:
                raise Fault("rules.json", "抽取机制只认上限", "a lottery serves maxima only")
            groups = quota.get("groups")
            inside = [groups is None or not own.isdisjoint(groups) for own in bundle.groups_of_kind]
            pools = {bundle.pool_of[name] for name in quota["pools"]}
            cells = [
                number
                for number, (who, pool) in enumerate(self.cells)
                if pool in pools and (groups is None or inside[kinds[who]])
            ]
            self.limits.append(("maxima", quota["id"], quota["max"], cells))
        self.check_bounds()
        named: dict[tuple[str, int], frozenset[int]] = {
            ("row", who): frozenset(self.row(who)) for who in range(len(market.codes))
        }
        for place, (section, _, _, cells) in enumerate(self.limits):
            named[section, place - (section == "maxima") * len(market.pools)] = frozenset(cells)
        named = {name: cells for name, cells in named.items() if cells}
        self.sets = list(named.values())
        self.side_of = dict(zip(named, sides_of(self.sets), strict=True))

    def read(self, bundle: Bundle, number_of: dict[tuple[int, int], int]) -> None:
        """The rows by code, then in the order of the household's list; exact fractions in lowest terms."""
        position = {row: place for place, row in enumerate(bundle.order)}
        before = (-1, -1)
        for line, (code, name, text) in rows(bundle, "chances.csv"):
            where = f"chances.csv:{line}"
            row, pool = known(where, code, bundle.row_of), known(where, name, bundle.pool_of)
            number = number_of.get((position[row], pool), -1)
            if number < 0:
                raise Fault(where, f"{shown(name)} 不在其意向之内", f"{shown(name)} is not on its list")
            if (row, number) <= before:
                raise Fault(where, "次序不对或重复", "out of order, or twice")
            before = (row, number)
            self.chance[number] = fraction_of(where, text)

    def total(self, cells: Iterable[int]) -> Fraction:
        """The chances of these choices together."""
        return sum((self.chance[number] for number in cells if self.chance[number]), Fraction(0))

    def row(self, who: int) -> range:
        """The choices of a household, in the order of its list."""
        return range(self.begin[who], self.begin[who + 1])

    def check_bounds(self) -> None:
        """Nobody is more than certain, no limit is passed."""
        for who, code in enumerate(self.market.codes):
            if self.total(self.row(who)) > 1:
                raise Fault(
                    f"chances.csv: {shown(code)}", "机会之和超过 1", "its chances are more than certain"
                )
        for _, name, most, cells in self.limits:
            if self.total(cells) > most:
                raise Fault(
                    f"chances.csv: {shown(name)}", f"超过上限 {most}", f"more than the {most} there are"
                )

    def certificate(self, mechanism: str, more: dict[str, Any]) -> dict[str, Any]:
        """The figures of every lottery, and those of this one."""
        return {
            "format": "allocator-certificate/1",
            "mechanism": mechanism,
            "num_households": len(self.market.codes),
            "expected_housed": str(self.total(range(len(self.cells)))),
            **more,
        }

    def eating(self) -> dict[str, Any]:
        """``probabilistic_serial``: everybody eats of the first choice still open, all at one speed."""
        until = [Fraction(0)] * len(self.cells)
        for who in range(len(self.market.codes)):
            now = Fraction(0)
            for number in self.row(who):
                now += self.chance[number]
                until[number] = now
        ends = [Fraction(1)] * len(self.cells)
        closed: dict[str, dict[str, str]] = {"pools": {}, "maxima": {}}
        for section, name, most, cells in self.limits:
            if self.total(cells) == most:
                time = max((until[number] for number in cells if self.chance[number]), default=Fraction(0))
                if time < 1:
                    closed[section][name] = str(time)
                    for number in cells:
                        ends[number] = min(ends[number], time)
        for number, (who, pool) in enumerate(self.cells):
            now = until[number] - self.chance[number]
            if max(now, ends[number]) != until[number]:
                self.breach(who, pool, "机会与取食规则不符", "not the chance that eating gives")
        return self.certificate("probabilistic_serial", {"closed": closed})

    def breach(self, who: int, pool: int, zh: str, en: str) -> NoReturn:
        """A chance that is not what the rule gives."""
        code, name = shown(self.market.codes[who]), shown(self.market.pools[pool])
        raise Fault(
            "chances.csv", f"家庭 {code} 与房源组 {name}：{zh}", f"household {code}, pool {name}: {en}"
        )

    def check_drawn(self, seed: str) -> None:
        """Everybody holds what the coins of the round's seed choose."""
        found = [-1] * len(self.market.codes)
        for number in Drawing(self.chance, self.sets, list(self.side_of.values()), seed).chosen():
            who, pool = self.cells[number]
            found[who] = pool
        for who, (one, other) in enumerate(zip(self.market.held, found, strict=True)):
            if one != other:
                code = shown(self.market.codes[who])
                raise Fault("result.csv", f"家庭 {code}：并非种子所抽", f"{code}: not what the seed draws")


class Drawing:
    """One assignment drawn from chances by the coins of a seed (certificate.md, ``probabilistic_serial``).

    Edges: the choices, then the sets. Node -1 is the root, node k the set k.
    """

    def __init__(
        self, chances: list[Fraction], sets: list[frozenset[int]], side: list[int], seed: str
    ) -> None:
        self.num_cells, self.seed, self.thrown = len(chances), seed, 0
        outer = [-1] * len(sets)
        inner: tuple[dict[int, int], dict[int, int]] = ({}, {})
        latest: tuple[dict[int, int], dict[int, int]] = ({}, {})
        for number in sorted(range(len(sets)), key=lambda number: len(sets[number])):
            for cell in sets[number]:
                below = latest[side[number]].get(cell)
                if below is None:
                    inner[side[number]][cell] = number
                else:
                    outer[below] = number
                latest[side[number]][cell] = number
        self.ends = [(inner[0].get(cell, -1), inner[1].get(cell, -1)) for cell in range(len(chances))]
        self.value = list(chances)
        for number, one in enumerate(sets):
            self.ends.append((outer[number], number) if side[number] == 0 else (number, outer[number]))
            self.value.append(sum((chances[cell] for cell in one if chances[cell]), Fraction(0)))
        # the edges at each node that are no whole numbers, the least first; those that became whole leave when met
        self.near: list[list[int]] = [[] for _ in range(len(sets) + 1)]
        for edge, value in enumerate(self.value):
            if value.denominator > 1:
                for node in self.ends[edge]:
                    self.near[node].append(edge)

    def chosen(self) -> list[int]:
        """The choices that end at 1."""
        for edge in range(len(self.value)):
            while self.value[edge].denominator > 1:
                self.push(self.circle(edge))
        return [cell for cell in range(self.num_cells) if self.value[cell] == 1]

    def circle(self, first: int) -> list[tuple[int, bool]]:
        """From the tail of the edge on, always by the least one not just come by, until a node returns."""
        path: list[tuple[int, bool]] = []
        edge, node = first, self.ends[first][0]
        entered: dict[int, int] = {}
        while node not in entered:
            entered[node] = len(path)
            if path:
                edge = self.onward(node, edge)
            forth = self.ends[edge][0] == node
            path.append((edge, forth))
            node = self.ends[edge][1 if forth else 0]
        return path[entered[node] :]

    def onward(self, node: int, came_by: int) -> int:
        """The least edge at the node that is no whole number, other than the one just come by."""
        near, is_aside = self.near[node], False
        while near[0] == came_by or self.value[near[0]].denominator == 1:
            is_aside |= heapq.heappop(near) == came_by
        found = near[0]
        if is_aside:
            heapq.heappush(near, came_by)
        return found

    def push(self, circle: list[tuple[int, bool]]) -> None:
        """The coin moves the circle up or down until one of its edges is a whole number."""
        up = min(1 - self.value[edge] % 1 if forth else self.value[edge] % 1 for edge, forth in circle)
        down = min(self.value[edge] % 1 if forth else 1 - self.value[edge] % 1 for edge, forth in circle)
        step = up if self.falls(down / (up + down)) else -down
        for edge, forth in circle:
            self.value[edge] += step if forth else -step

    def falls(self, weight: Fraction) -> bool:
        """The next coin: bits of SHA-256 read as a number below the denominator."""
        self.thrown += 1
        size, block = weight.denominator.bit_length(), 0
        while True:
            bits = b""
            while 8 * len(bits) < size:
                text = f"allocator-lottery/1\n{self.seed}\n{self.thrown}\n{block}\n"
                bits += hashlib.sha256(text.encode()).digest()
                block += 1
            number = int.from_bytes(bits, "big") >> (8 * len(bits) - size)
            if number < weight.denominator:
                return number < weight.numerator


class Leximin:
    """``leximin_lottery``: what could be moved in the chances, as a graph of sets (lottery-certificate.md).

    A *kind* is the households of the same pools at the same ranks that the same maxima count: its members, pools by
    rank, maxima. Its choices are (kind, pool). Arcs are the sets, then the choices; node 0 is the root, node k + 1 the set k.
    """

    def __init__(self, lottery: Lottery) -> None:
        self.lottery = lottery
        self.names = [name for section, name, _, _ in lottery.limits if section == "maxima"]
        self.counted = [set(cells) for section, _, _, cells in lottery.limits if section == "maxima"]
        self.kinds = self.found_kinds()
        self.mass = {
            (kind, pool): len(members) * lottery.chance[self.cell(members[0], pool)]
            for kind, (members, ranks, _) in enumerate(self.kinds)
            for rank in ranks
            for pool in rank
        }
        self.check_equals()
        self.struck: set[tuple[int, int]] = set()
        self.chains: list[list[int]] = []
        self.limits: list[tuple[str, str, int, int]] = []
        self.tail: list[int] = []
        self.head: list[int] = []
        self.flow: list[Fraction] = []
        inner = self.add_sets()
        self.arc_of: dict[tuple[int, int], int] = {}
        for cell, mass in self.mass.items():
            self.arc_of[cell] = len(self.tail)
            self.tail.append(inner[0].get(cell, 0))
            self.head.append(inner[1].get(cell, 0))
            self.flow.append(mass)

    def cell(self, who: int, pool: int) -> int:
        """The number of a household's choice."""
        return self.lottery.begin[who] + self.lottery.market.lists[who].index(pool)

    def found_kinds(self) -> list[tuple[list[int], tuple[tuple[int, ...], ...], tuple[int, ...]]]:
        """By their ranks, then by the maxima that count some choice of theirs."""
        market = self.lottery.market
        inside: list[set[int]] = [set() for _ in market.codes]
        for quota, cells in enumerate(self.counted):
            for number in cells:
                inside[self.lottery.cells[number][0]].add(quota)
        found: dict[tuple[Any, ...], list[int]] = {}
        for who, (wishes, ranks) in enumerate(zip(market.lists, market.ranks, strict=True)):
            by_rank: dict[int, list[int]] = {}
            for pool, rank in zip(wishes, ranks, strict=True):
                by_rank.setdefault(rank, []).append(pool)
            own = tuple(tuple(sorted(by_rank[rank])) for rank in sorted(by_rank))
            found.setdefault((own, tuple(sorted(inside[who]))), []).append(who)
        return [(found[key], *key) for key in sorted(found)]

    def check_equals(self) -> None:
        """Households of one kind have equal chances."""
        for members, ranks, _ in self.kinds:
            for pool in chain(*ranks):
                chances = [self.lottery.chance[self.cell(who, pool)] for who in members]
                for who, chance in zip(members, chances, strict=True):
                    if chance != chances[0]:
                        self.lottery.breach(who, pool, "同类家庭机会不等", "equals have other chances")

    def add_sets(self) -> tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]:
        """The arcs of the sets; the innermost set of each family (its node) that holds each choice."""
        sets, sides = self.found_sets()
        inner: tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]] = ({}, {})
        around = [0] * len(sets)
        for number in sorted(range(len(sets)), key=lambda number: (len(sets[number]), number), reverse=True):
            for cell in sets[number]:
                around[number] = inner[sides[number]].get(cell, 0)
                inner[sides[number]][cell] = number + 1
        for number, cells in enumerate(sets):
            ends = (around[number], number + 1)
            self.tail.append(ends[sides[number]])
            self.head.append(ends[1 - sides[number]])
            self.flow.append(sum((self.mass[cell] for cell in cells), Fraction(0)))
        return inner

    def found_sets(self) -> tuple[list[list[tuple[int, int]]], list[int]]:
        """Of each kind its first ranks and its row, then pools, then maxima; with the family of each."""
        lottery, side = self.lottery, self.lottery.side_of
        sets: list[list[tuple[int, int]]] = []
        sides: list[int] = []
        by_pool: dict[int, list[tuple[int, int]]] = {}
        by_quota: dict[int, list[tuple[int, int]]] = {}
        for kind, (members, ranks, quotas) in enumerate(self.kinds):
            upto: list[tuple[int, int]] = []
            self.chains.append([len(sets) + depth for depth in range(len(ranks))])
            for rank in ranks:
                upto = upto + [(kind, pool) for pool in rank]
                sets.append(upto)
                sides.append(side["row", members[0]])
            for cell in upto:
                by_pool.setdefault(cell[1], []).append(cell)
                for quota in quotas:
                    if self.cell(members[0], cell[1]) in self.counted[quota]:
                        by_quota.setdefault(quota, []).append(cell)
        for pool in sorted(by_pool):
            self.limits.append(("pools", lottery.market.pools[pool], len(sets), lottery.limits[pool][2]))
            sets.append(by_pool[pool])
            sides.append(side["pools", pool])
        for quota in sorted(by_quota):
            most = lottery.limits[len(lottery.market.pools) + quota][2]
            alone = sum(len(self.kinds[kind][0]) for kind in {kind for kind, _ in by_quota[quota]}) == 1
            if alone and most == 0:
                self.struck.update(by_quota[quota])
            if not alone:
                self.limits.append(("quotas", self.names[quota], len(sets), most))
                sets.append(by_quota[quota])
                sides.append(side["maxima", quota])
        return sets, sides

    def along(self, cell: tuple[int, int]) -> list[tuple[int, int]]:
        """Steps of a choice: along it, and back where it has a chance; none where a maximum of 0 strikes it out."""
        arc = self.arc_of[cell]
        ends = (self.tail[arc], self.head[arc])
        return [] if cell in self.struck else [ends, ends[::-1]] if self.flow[arc] > 0 else [ends]

    def at_limits(self) -> list[tuple[int, int]]:
        """Steps of pools and maxima: more where there is room, less where there is something."""
        found = []
        for _, _, arc, most in self.limits:
            ends = (self.tail[arc], self.head[arc])
            found += [ends] * (self.flow[arc] < most) + [ends[::-1]] * (self.flow[arc] > 0)
        return found

    def certificate(self) -> dict[str, Any]:
        """Every stage's levels with their prices; nobody can have more without harm to one with no more."""
        num_stages = max((len(chain) for chain in self.chains), default=0) or 1
        stages = [{"stage": stage, "levels": self.levels(stage)} for stage in range(num_stages)]
        self.check_ties()
        return self.lottery.certificate("leximin_lottery", {"stages": stages})

    def levels(self, stage: int) -> list[dict[str, Any]]:
        """The figures of a stage from the lowest up."""
        looked_at = {
            kind: arcs[stage - 1]
            for kind, arcs in enumerate(self.chains)
            if arcs and (stage < len(arcs) or not stage)
        }
        chance = {kind: self.flow[arc] / len(self.kinds[kind][0]) for kind, arc in looked_at.items()}
        steps = self.at_limits()
        for cell in self.arc_of:
            steps += self.along(cell)
        for arcs in self.chains:
            for arc in arcs[stage:-1]:
                steps += [(self.tail[arc], self.head[arc]), (self.head[arc], self.tail[arc])]
        found = []
        for value in sorted(set(chance.values())):
            arcs_from: list[list[tuple[int, int]]] = [[] for _ in range(len(self.tail) - len(self.mass) + 1)]
            for one, other in steps:
                arcs_from[one].append((other, 0))
            for kind, arc in looked_at.items():
                if stage or chance[kind] < 1:
                    arcs_from[self.tail[arc]].append((self.head[arc], -1 if chance[kind] == value else 0))
                if chance[kind] > value:
                    arcs_from[self.head[arc]].append((self.tail[arc], 0))
            at_level = [kind for kind in looked_at if chance[kind] == value]
            distance = least_distances(arcs_from, len(arcs_from))
            if distance is None:
                who, pool = self.kinds[at_level[0]][0][0], self.kinds[at_level[0]][1][0][0]
                self.lottery.breach(
                    who, pool, "本可更均等", "somebody here could have more, at no equal's cost"
                )
            prices: dict[str, dict[str, int]] = {"pools": {}, "quotas": {}}
            for section, name, arc, _ in self.limits:
                price = distance[self.head[arc]] - distance[self.tail[arc]]
                if price:
                    prices[section][name] = price
            count = sum(len(self.kinds[kind][0]) for kind in at_level)
            found.append({"chance": str(value), "num_households": count, "prices": prices})
        return found

    def check_ties(self) -> None:
        """What is left free is settled by the kinds in order, ranks in order, pools by name: as much as can be."""
        after: dict[int, list[int]] = {}
        for one, other in self.at_limits():
            after.setdefault(one, []).append(other)
        tied = [
            (kind, pool)
            for kind, (_, ranks, _) in enumerate(self.kinds)
            for rank in ranks
            for pool in rank
            if len(rank) > 1 and (kind, pool) not in self.struck
        ]
        for cell in reversed(tied):
            arc = self.arc_of[cell]
            seen, waiting = {self.head[arc]}, [self.head[arc]]
            while waiting:
                new = [node for node in after.get(waiting.pop(), []) if node not in seen]
                seen.update(new)
                waiting += new
            if self.tail[arc] in seen:
                who = self.kinds[cell[0]][0][0]
                self.lottery.breach(who, cell[1], "同位房源组之间的分配不符", "not as ties are settled")
            for one, other in self.along(cell):
                after.setdefault(one, []).append(other)


def sides_of(sets: list[frozenset[int]]) -> list[int]:
    """0 for the first set of each connected part, then by crossing: sets that meet and neither holds the other."""
    holding: dict[int, list[int]] = {}
    for number, one in enumerate(sets):
        for cell in one:
            holding.setdefault(cell, []).append(number)
    side = [-1] * len(sets)
    for first in range(len(sets)):
        if side[first] >= 0:
            continue
        side[first], waiting = 0, [first]
        while waiting:
            here = waiting.pop()
            for other in {other for cell in sets[here] for other in holding[cell]}:
                if sets[here] <= sets[other] or sets[other] <= sets[here]:
                    continue
                if side[other] < 0:
                    side[other] = 1 - side[here]
                    waiting.append(other)
                elif side[other] == side[here]:
                    raise Fault("rules.json", "上限交叉成奇圈", "the maxima cross in an odd cycle")
    return side


def fraction_of(where: str, text: str) -> Fraction:
    """A chance above 0 and at most 1, in lowest terms, written in the one way."""
    if re.fullmatch("[1-9][0-9]{0,3999}(/[1-9][0-9]{0,3999})?", text) is None:
        wrong(where)
    value = Fraction(text)
    if value > 1 or str(value) != text:
        wrong(where)
    return value


def lottery_certificate(bundle: Bundle, market: Market, mechanism: str) -> dict[str, Any]:
    """The chances are lawful and what the rule gives, and the result is what the seed draws from them."""
    if len(set(market.band)) > 1:
        raise Fault("roster.csv", "抽取机制只有一档", "a lottery has one band")
    lottery = Lottery(bundle, market)
    recomputed = Leximin(lottery).certificate() if mechanism == "leximin_lottery" else lottery.eating()
    lottery.check_drawn(bundle.json["draw.json"]["seed"])
    return recomputed


def check_certificate(bundle: Bundle) -> None:
    """The laws of the result, and every figure of the certificate recomputed."""
    rules = bundle.json["commitment.json"]["rules"]
    market = Market(bundle)
    if bundle.tenants and rules["mechanism"] not in SERVE_TENANTS:
        raise Fault(CURRENT, "该机制不能办理承租家庭调房", "this mechanism knows no tenants")
    declared = "rules.json" in bundle.json
    if (rules["mechanism"] in LOTTERIES) != ("chances.csv" in bundle.bytes):
        raise Fault(
            "chances.csv", "应有而无，或应无而有", "missing where it is due, or there where it is not"
        )
    if rules["mechanism"] in LOTTERIES:
        recomputed = lottery_certificate(bundle, market, rules["mechanism"])
    elif rules["mechanism"] in {"deferred_acceptance", "top_trading_cycles"} or declared or bundle.tenants:
        recomputed = fielded_certificate(bundle, market, rules["mechanism"])
    elif rules["mechanism"] == "serial":
        recomputed = serial_certificate(market)
    elif rules["mechanism"] == "band_optimum":
        recomputed = BandOptimum(market, rules["housing_first"]).certificate()
    else:
        raise Fault("commitment.json: rules.mechanism", "不认识的配租机制", "an unknown mechanism")
    compare("certificate.json", bundle.json["certificate.json"], recomputed)
    same("certificate.json", sha256(bundle.bytes["certificate.json"]), sha256(canonical(recomputed)))


def compare(where: str, published: object, recomputed: object) -> None:
    """Say at which figure two documents differ."""
    if isinstance(published, dict) and isinstance(recomputed, dict):
        for key in sorted({*published, *recomputed}):
            compare(f"{where}: {shown(key)}", published.get(key), recomputed.get(key))
    elif isinstance(published, list) and isinstance(recomputed, list) and len(published) == len(recomputed):
        for place, (one, other) in enumerate(zip(published, recomputed, strict=True)):
            compare(f"{where}[{place}]", one, other)
    else:
        same(where, published, recomputed)


CHECKS: tuple[tuple[str, str, Callable[[Bundle], None]], ...] = (
    ("清单与各文件哈希", "the manifest and every file's hash", check_manifest),
    ("各 JSON 文件的格式", "the form of the JSON files", check_documents),
    ("房源组", "the pools", check_pools),
    ("房源", "the dwellings", check_dwellings),
    ("公示名单", "the roster", check_roster_rows),
    ("意向", "the preferences", check_preferences),
    ("政策指纹与规则", "the policy's fingerprint and rules", check_policy),
    ("承诺书", "the commitment", check_commitment),
    ("名单的默克尔根", "the roster's Merkle root", check_roster_root),
    ("声明的规则与人群", "the declared rules and groups", check_rules),
    ("宿舍房间的性别划分", "the split of dormitory rooms", check_rooms),
    ("申请调房的承租家庭", "the tenants who ask to move", check_tenants),
    ("公开随机值与种子", "the public value and the seed", check_draw),
    ("摇号码与排序", "the tickets and the order", check_order),
    ("退出的家庭", "the removals", check_removals),
    ("配租结果", "the result", check_result),
    ("清单中的计数", "the manifest's counts", check_counts),
    ("组内选房规则", "the dwelling rule", check_dwelling_rule),
    ("结果的性质与核验证书", "the laws of the result and its certificate", check_certificate),
)


def run_checks(bundle: Bundle) -> bool:
    """Run the checks in order up to the first fault; whether none was found."""
    for zh, en, check in CHECKS:
        try:
            check(bundle)
        except Fault as fault:
            say(f"[不符 FAULT] {zh} / {en}")
            say(f"    {fault.where}")
            say(f"    {fault.zh} / {fault.en}")
            return False
        except Exception as broken:  # noqa: BLE001 (a hostile bundle may break a check in unforeseen ways)
            say(f"[不符 FAULT] {zh} / {en}")
            say(f"    内容无法核验 / its content cannot be checked ({type(broken).__name__})")
            return False
        say(f"[通过 ok] {zh} / {en}")
    return True


def check_outside(bundle: Bundle, given: argparse.Namespace) -> bool:
    """Compare with what was published outside the bundle, where it was given."""
    commitment = bundle.json["commitment.json"]
    compared = (
        ("承诺书哈希", "the commitment's hash", given.commitment, sha256(bundle.bytes["commitment.json"])),
        ("公开随机值", "the public value", given.public_value, bundle.json["draw.json"]["public_value"]),
        ("上期清单哈希", "the previous manifest's hash", given.previous, commitment["previous_manifest"]),
    )
    is_fine = True
    for zh, en, outside, inside in compared:
        if outside is None:
            continue
        if outside == inside:
            say(f"[通过 ok] 包外公布的{zh} / {en}, as published outside")
        else:
            is_fine = False
            say(f"[不符 FAULT] 包外公布的{zh} / {en}, as published outside")
            say(f"    包内为 {shown(inside)} / the bundle has {shown(inside)}")
    return is_fine


def conclude(bundle: Bundle, given: argparse.Namespace) -> None:
    """The plain statement, and what this program could not check."""
    say("")
    say("内部一致 / internally consistent")
    if bundle.json["commitment.json"]["rehearsal"]:
        say("这是演练 / this is a rehearsal")
    say("本程序无法核验 / what this program could not check:")
    if given.commitment is None:
        say("  - 承诺书是否就是摇号前公布的那一份 / that the commitment is the one published before the draw")
        say("    (--commitment HEX)")
    if given.public_value is None:
        say("  - 公开随机值是否就是当众产生的那一个 / that the public value is the one drawn in public")
        say("    (--public-value VALUE)")
    if given.previous is None:
        say("  - 上一期的清单 / the previous round's manifest (--previous HEX)")
    if bundle.removed:
        count = len(bundle.removed)
        say(
            f"  - removals.csv 中的 {count} 户是否确已退出（各户可查自己的编码） / that the {count} households in"
        )
        say("    removals.csv truly left (each can look for its own code there)")
    if "rules.json" in bundle.json:
        say("  - 各户是否确在 groups.csv 所列人群（各户可查自己的编码），合并人群与项目信息是否属实")
        say(
            "    / that everybody is in the groups of groups.csv (each can look for its own code), and that the merged"
        )
        say("    groups and the projects in rules.json are told truly")
    if "split.json" in bundle.json:
        say(
            "  - rooms.csv 中房间、楼层、楼栋与已定性别是否属实 / that rooms.csv tells truly which beds lie together and"
        )
        say("    which had their sex settled before")
    if bundle.tenants:
        say("  - 各承租家庭是否确住 current.csv 所列房源组，腾出的是否就是其住房（各户可查自己的编码）")
        say(
            "    / that tenants live in the pools of current.csv, and that the homes given on are those they left"
        )
    say("  - 全部受理编号的默克尔根（叶子在当事人手中） / the root over all receipts (slips hold its leaves)")
    say("  - 本程序自身：请比对另行公布的哈希 / this program itself: compare its hash, published elsewhere")


def say(line: str) -> None:
    """One line, on any terminal."""
    try:
        print(line)
    except UnicodeEncodeError:
        print(line.encode("ascii", "replace").decode())


def hash_argument(text: str) -> str:
    """64 hex digits."""
    value = text.strip().lower().removeprefix("sha256:")
    if not is_hash(value):
        raise argparse.ArgumentTypeError("64 hex digits / 64 位十六进制数")
    return value


def arguments(words: list[str]) -> argparse.Namespace:
    """The command line; wrong usage leaves with 2."""
    parser = argparse.ArgumentParser(
        prog="verify.py", description="核验公开核验包 / checks a published bundle"
    )
    parser.add_argument("folder", nargs="?", help="核验包所在文件夹 / folder of the bundle")
    parser.add_argument("--commitment", type=hash_argument, metavar="HEX", help="SHA-256")
    parser.add_argument("--public-value", metavar="VALUE", help="公开随机值 / the public value")
    parser.add_argument("--previous", type=hash_argument, metavar="HEX", help="SHA-256")
    return parser.parse_args(words)


def folder_of(given: argparse.Namespace) -> Path:
    """The folder named, else the one we are in, else the one this file stands in."""
    if given.folder is not None:
        return Path(given.folder)
    return Path() if Path("manifest.json").exists() else Path(__file__).resolve().parent


def main(words: list[str]) -> int:
    """Check one bundle; 0 fine, 1 a fault, 2 wrong usage."""
    given = arguments(words)
    folder = folder_of(given)
    if not folder.is_dir():
        print(f"{shown(str(folder))}: 不是文件夹 / not a folder", file=sys.stderr)
        return 2
    bundle = Bundle(folder)
    if not run_checks(bundle):
        say("")
        say("核验包不成立 / the bundle does not verify")
        return 1
    if not check_outside(bundle, given):
        say("")
        say("与包外公布的内容不符 / it is not what was published outside")
        return 1
    conclude(bundle, given)
    return 0


if __name__ == "__main__":
    gc.disable()  # nothing here goes round in circles, and millions of lists need not be looked through
    sys.exit(main(sys.argv[1:]))
