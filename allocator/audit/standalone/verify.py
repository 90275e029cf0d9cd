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
import json
import os
import re
import subprocess
import sys
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, chain, groupby, repeat
from operator import add, lt, sub
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
}
JSON_FILES = ("commitment.json", "draw.json", "certificate.json")
IN_FORCE = "policy/in_force.json"
# Only where the law declares priority, reserves or quotas; the key of the commitment that fingerprints each.
RULES_FILES = {"groups.csv": "groups_sha256", "rules.json": "rules_sha256"}
NEEDED = (
    *JSON_FILES,
    *(name for name in TABLES if name not in RULES_FILES),
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
        known = name in NEEDED or name in RULES_FILES or name.startswith("policy/")
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
    for name in (*JSON_FILES, IN_FORCE, *(["rules.json"] if "rules.json" in bundle.bytes else [])):
        read_json(bundle, name)
    committed = bundle.json["commitment.json"]
    more = {key: is_hash for key in RULES_FILES.values() if key in committed}
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
    for name, value in commitment["rules"].items():
        same(f"commitment.json: rules.{name}", value, allocation.get(name))


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
    """In each pool, the order (or a second ticket) takes places 1, 2, …"""
    if bundle.json["commitment.json"]["rules"]["dwelling_rule"] == "order":
        turn: dict[int, Any] = {row: position for position, row in enumerate(bundle.order)}
    else:
        housed = list(bundle.held)
        codes = (bundle.codes[row] for row in housed)
        turn = dict(zip(housed, tickets_of(bundle.json["draw.json"]["seed"], "dwelling", codes), strict=True))
    taken = [0] * len(bundle.pools)
    for line, _row, pool, dwelling in sorted(bundle.given, key=lambda one: turn[one[1]]):
        same(f"result.csv:{line}", dwelling, bundle.dwellings[pool][taken[pool]])
        taken[pool] += 1


class Market:
    """The market in the published order: household i stands at position i + 1; whoever left has no list."""

    def __init__(self, bundle: Bundle) -> None:
        self.size = len(bundle.pools)
        self.capacity = bundle.capacity
        self.pools = bundle.pools
        self.codes = [bundle.codes[row] for row in bundle.order]
        self.band = [bundle.bands[row] for row in bundle.order]
        self.held = [bundle.held.get(row, -1) for row in bundle.order]
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
            kind = self.kind[household]
            for pool in wishes:
                tier = self.tiers[pool][kind] if pool in self.tiers else 1
                if tier > 0:
                    wanted[pool].append(tier * self.count + household)
                elif pool == held:
                    market.breach(household, pool, "规则不接纳该家庭", "the rules do not admit it there")
                if pool == held:
                    break
        for pool in self.tiers:
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
                choice.pass_on(0, (1, standing), self.count)
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
        """An outsider asks for what other groups leave, where it is released."""
        for place in range(first, len(self.slots)):
            _, members, is_released = self.slots[place]
            if is_released and claim[1] % count not in members and self.takes(place, claim, count):
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


class QuotaOptimum:
    """``band_optimum`` under reserves and quotas that nest, level by level as certificate.md says; nobody is a tenant.

    Nodes are the leaves (a pool with the groups that count there), the sink, then inner nodes. A pair is
    source * leaves + target. ``open``: pairs live to those not ranked yet; ``zero``: to those ranked, since which level.
    """

    def __init__(self, bundle: Bundle, market: Market, housing_first: bool) -> None:
        rules = bundle.json["rules.json"]
        self.market, self.housing_first = market, housing_first
        self.reserves = rules["reserves"]
        self.quotas = sorted(filter(counts_at_all, rules["quotas"]), key=lambda quota: str(quota["id"]))
        kinds = [bundle.kinds[row] for row in bundle.order]
        self.leaf_of: dict[tuple[int, frozenset[str]], int] = {}
        self.lists = self.leaves_listed(kinds, bundle.groups_of_kind)
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
        self.bands: list[range] = []
        begin = 0
        for end in range(1, len(market.band) + 1):
            if end == len(market.band) or market.band[end] != market.band[begin]:
                self.bands.append(range(begin, end))
                begin = end
        self.moves = [self.moves_of(households) for households in self.bands]
        # pairs live to later bands, with the last band that has them; the last band that may enter or leave a leaf
        self.open = {move[0]: band for band, moves in enumerate(self.moves) for move in moves}
        self.entering, self.leaving = [-1] * len(self.leaves), [-1] * len(self.leaves)
        for band, households in enumerate(self.bands):
            for household in households:
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
        for reserve in self.reserves:
            named[place[reserve["pool"]]].add(reserve["group"])
        of_kind: dict[tuple[int, int], int] = {}
        lists = []
        for kind, wishes in zip(kinds, self.market.lists, strict=True):
            for pool in wishes:
                if (pool, kind) not in of_kind:
                    leaf = (pool, groups[kind] & named[pool])
                    of_kind[pool, kind] = self.leaf_of.setdefault(leaf, len(self.leaf_of))
            lists.append([of_kind[pool, kind] for pool in wishes])
        return lists

    def key(self, leaf: int) -> str:
        """A leaf's name: the pool alone where it has but the plain cell."""
        pool, groups = self.leaves[leaf]
        name = re.sub(r"([\\|])", r"\\\1", self.market.pools[pool])
        cell = "+".join(re.sub(r"([\\|+@])", r"\\\1", group) for group in sorted(groups))
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
                raise Fault(
                    "rules.json", "名额互相交叉，本程序无法核验", "quotas cross: they cannot be checked here"
                )
            parent.append(holding.pop())
            for leaf in inside:
                around[leaf] = number
            count = sum(self.load[leaf] for leaf in inside)
            into.append(self.node())
            out.append(self.through(into[-1], count, least, most, soft))
        places = self.places_by_pool(place)
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

    def places_by_pool(self, place: dict[str, int]) -> dict[int, list[tuple[str | None, int, bool]]]:
        """Of pools with reserves the kinds of place: group (None: open), number, whether others may take it."""
        left = list(self.market.capacity)
        found: dict[int, list[tuple[str | None, int, bool]]] = {}
        for reserve in self.reserves:
            pool = place[reserve["pool"]]
            number = min(reserve["places"], left[pool])
            left[pool] -= number
            self.kept += number
            found.setdefault(pool, []).append((reserve["group"], number, reserve["release"]))
        return {pool: [*kinds, (None, left[pool], True)] for pool, kinds in found.items()}

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
                 if is_open or group in self.leaves[leaf][1]}
                for leaf in inside
            ]  # fmt: skip
            if any(one != own[0] for one in own):
                raise Fault("rules.json", "名额与预留交叉，本程序无法核验", "a quota crosses a reserve")
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

    def seat_one(
        self,
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

    def moves_of(self, households: range) -> list[tuple[int, int, int, bool]]:
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
        return {
            "band": band,
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


def fielded_certificate(bundle: Bundle, market: Market, mechanism: str) -> dict[str, Any]:
    """Of a mechanism under declared rules."""
    if mechanism == "band_optimum":
        return optimum_under_rules(bundle, market)
    rules = Rules(bundle, market)
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
    rules = bundle.json["rules.json"]
    housing_first = bundle.json["commitment.json"]["rules"]["housing_first"]
    if rules["priority"]:
        raise Fault("rules.json", "该机制不支持优先层级", "this mechanism knows no priority at pools")
    if rules["reserves"] or any(map(counts_at_all, rules["quotas"])):
        return QuotaOptimum(bundle, market, housing_first).certificate()
    return BandOptimum(market, housing_first).certificate()


def check_certificate(bundle: Bundle) -> None:
    """The laws of the result, and every figure of the certificate recomputed."""
    rules = bundle.json["commitment.json"]["rules"]
    market = Market(bundle)
    declared = "rules.json" in bundle.json
    if rules["mechanism"] == "deferred_acceptance" or declared:
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
