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
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator
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
}
JSON_FILES = ("commitment.json", "draw.json", "certificate.json")
IN_FORCE = "policy/in_force.json"
NEEDED = (*JSON_FILES, *TABLES, "verify.py", "README.txt", IN_FORCE)
CLASSES = {"roster", "ineligible", "incomplete", "set_aside", "withdrawn", "housed", "frozen"}
CLASSES |= {"not_shortlisted", "merged"}
# What desktops leave behind in any folder; nothing reads them.
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}
LARGEST = 10**15
LEAST_CELL = 10
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
        known = name in NEEDED or name.startswith("policy/")
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
    for name in (*JSON_FILES, IN_FORCE):
        read_json(bundle, name)
    check_shape("commitment.json", bundle.json["commitment.json"], COMMITMENT_SHAPE)
    check_shape("draw.json", bundle.json["draw.json"], DRAW_SHAPE)


def rows(bundle: Bundle, name: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every row of a CSV file; the spelling is strict."""
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
        text = content.decode()
    except UnicodeDecodeError as fault:
        wrong(f"{name}:{content.count(bytes([10]), 0, fault.start) + 1}")
    width = columns.count(",") + 1
    has_quotes = '"' in text
    lines = io.StringIO(text, newline="\n")
    next(lines)
    for number, line in enumerate(lines, 2):
        cells = unquoted(f"{name}:{number}", line[:-1]) if has_quotes else line[:-1].split(",")
        if len(cells) != width:
            raise Fault(f"{name}:{number}", f"应有 {width} 个单元格", f"must have {width} cells")
        yield number, cells


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
    before = None
    for line, (code, band, points, salt) in rows(bundle, "roster.csv"):
        where = f"roster.csv:{line}"
        rising(where, code, before)
        bundle.row_of[code] = len(bundle.codes)
        bundle.codes.append(code)
        bundle.bands.append(whole(where, band))
        bundle.points.append(whole(where, points, -LARGEST))
        bundle.salts.append(salt)
        before = code
    if bundle.bands and len(set(bundle.bands)) != max(bundle.bands) + 1:
        raise Fault("roster.csv", "优先级不连续", "bands are not 0, 1, 2 … without a gap")


def check_preferences(bundle: Bundle) -> None:
    """Lists by code; ranks dense from 1; pools that exist, none twice. Keeps each list as its leaf spells it."""
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
    bundle.leaf_lists = lists
    total = 0
    for size in sizes:
        total += size
        bundle.start.append(total)


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
    lines = list(rows(bundle, "order.csv"))
    same("order.csv", len(lines), len(bundle.codes))
    tickets = tickets_of(bundle.json["draw.json"]["seed"], "order", (row[1] for _, row in lines))
    before = None
    for ticket, (line, (position, code, band, published)) in zip(tickets, lines, strict=True):
        where = f"order.csv:{line}"
        same(where, whole(where, position), line - 1)
        row = known(where, code, bundle.row_of)
        same(where, whole(where, band), bundle.bands[row])
        same(where, published, ticket)
        key = (bundle.bands[row], -bundle.points[row], ticket)
        if before is not None and key <= before:
            raise Fault(where, f"{shown(code)} 次序不对", f"{shown(code)} stands out of order")
        before = key
        bundle.order.append(row)


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
        price = shortest(arcs, min(least.values(), default=0))
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


def shortest(arcs: list[list[tuple[int, int]]], least: int) -> list[int] | None:
    """Shortest distances with every node starting at 0; None where a negative cycle stands."""
    distance = [0] * len(arcs)
    floor = least * len(arcs)
    changed = set(range(len(arcs)))
    for _ in range(len(arcs) + 1):
        following = set()
        for tail in sorted(changed):
            for head, weight in arcs[tail]:
                if distance[tail] + weight < distance[head]:
                    distance[head] = distance[tail] + weight
                    following.add(head)
                    if distance[head] < floor:
                        return None
        if not following:
            return distance
        changed = following
    return None


def join(reach: list[int], tail: int, head: int) -> None:
    """Add an arc: whoever reaches the tail reaches all that the head reaches (sets as bits)."""
    if not reach[tail] >> head & 1:
        more = reach[head]
        for node, seen in enumerate(reach):
            if seen >> tail & 1:
                reach[node] = seen | more


def check_certificate(bundle: Bundle) -> None:
    """The laws of the result, and every figure of the certificate recomputed."""
    rules = bundle.json["commitment.json"]["rules"]
    market = Market(bundle)
    if rules["mechanism"] == "serial":
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
    sys.exit(main(sys.argv[1:]))
