"""Every kind of alteration of a sound bundle; the manifest is re-hashed afterwards, as a forger would."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from tests.audit.worlds import dump, sha

Files = dict[str, bytes]
Alteration = Callable[[Files, random.Random], None]


def _lines(files: Files, name: str) -> list[str]:
    return files[name].decode().split("\n")[:-1]


def _store(files: Files, name: str, lines: list[str]) -> None:
    files[name] = ("\n".join(lines) + "\n").encode()


def change_cell(name: str, column: str) -> Alteration:
    """Another value of the same kind in a random row."""

    def alter(files: Files, rng: random.Random) -> None:
        lines = _lines(files, name)
        place = lines[0].split(",").index(column)
        if len(lines) < 2:
            return
        row = rng.randrange(1, len(lines))
        cells = lines[row].split(",")
        cells[place] = _another(cells[place], rng)
        lines[row] = ",".join(cells)
        _store(files, name, lines)

    return alter


def _another(text: str, rng: random.Random) -> str:
    if text.lstrip("-").isdecimal():
        return str(int(text) + rng.choice([-1, 1, 2]))
    if not text:
        return "x"
    place = rng.randrange(len(text))
    return text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]


def drop_row(name: str) -> Alteration:
    def alter(files: Files, rng: random.Random) -> None:
        lines = _lines(files, name)
        if len(lines) > 1:
            del lines[rng.randrange(1, len(lines))]
        _store(files, name, lines)

    return alter


def repeat_row(name: str) -> Alteration:
    def alter(files: Files, rng: random.Random) -> None:
        lines = _lines(files, name)
        if len(lines) > 1:
            row = rng.randrange(1, len(lines))
            lines.insert(row, lines[row])
        _store(files, name, lines)

    return alter


def swap_rows(name: str) -> Alteration:
    def alter(files: Files, rng: random.Random) -> None:
        lines = _lines(files, name)
        if len(lines) > 2:
            one, other = rng.sample(range(1, len(lines)), 2)
            lines[one], lines[other] = lines[other], lines[one]
        _store(files, name, lines)

    return alter


def swap_codes(name: str) -> Alteration:
    """Two households change places, their codes alone."""

    def alter(files: Files, rng: random.Random) -> None:
        lines = _lines(files, name)
        place = lines[0].split(",").index("code")
        if len(lines) > 2:
            rows = rng.sample(range(1, len(lines)), 2)
            one, other = (lines[row].split(",") for row in rows)
            one[place], other[place] = other[place], one[place]
            lines[rows[0]], lines[rows[1]] = ",".join(one), ",".join(other)
        _store(files, name, sorted(lines[:1]) + (sorted(lines[1:]) if name == "result.csv" else lines[1:]))

    return alter


def change_figure(name: str, *path: str) -> Alteration:
    """Another value at a path of a JSON file; ``*`` takes any key or place."""

    def alter(files: Files, rng: random.Random) -> None:
        document = json.loads(files[name])
        holder, key = None, None
        value = document
        for step in path:
            keys = list(value) if isinstance(value, dict) else list(range(len(value)))
            if not keys:
                return
            holder, key = value, rng.choice(keys) if step == "*" else step
            if key not in keys:
                return
            value = holder[key]
        holder[key] = _another_value(value, rng)
        files[name] = dump(document)

    return alter


def _another_value(value, rng: random.Random):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + rng.choice([-1, 1])
    if isinstance(value, str):
        return _another(value, rng)
    return None


def add_figure(name: str, *path: str) -> Alteration:
    """A key more."""

    def alter(files: Files, rng: random.Random) -> None:
        document = json.loads(files[name])
        value = document
        for step in path:
            value = value[int(step) if isinstance(value, list) else step]
        value["Z"] = 0
        files[name] = dump(document)

    return alter


def append(name: str, content: bytes) -> Alteration:
    def alter(files: Files, rng: random.Random) -> None:
        files[name] += content

    return alter


def remove_file(name: str) -> Alteration:
    def alter(files: Files, rng: random.Random) -> None:
        del files[name]

    return alter


def one_as_true(files: Files, rng: random.Random) -> None:
    """In JSON true is not 1."""
    files["certificate.json"] = files["certificate.json"].replace(b'"band":1', b'"band":true')


def more_capacity_all_over(files: Files, rng: random.Random) -> None:
    """A pool larger by one, with its dwelling, and the commitment's figures brought in line."""
    lines = _lines(files, "pools.csv")
    cells = lines[1].split(",")
    cells[-1] = str(int(cells[-1]) + 1)
    lines[1] = ",".join(cells)
    _store(files, "pools.csv", lines)
    dwellings = _lines(files, "dwellings.csv")
    dwellings.insert(int(cells[-1]), f"{cells[0]},{cells[-1]},{cells[0]}-99")
    _store(files, "dwellings.csv", dwellings)
    commitment = json.loads(files["commitment.json"])
    commitment["pools"]["places"] += 1
    commitment["pools"]["sha256"] = sha(files["pools.csv"])
    commitment["dwellings_sha256"] = sha(files["dwellings.csv"])
    files["commitment.json"] = dump(commitment)


def other_policy(files: Files, rng: random.Random) -> None:
    """A rule in force changed, the fingerprints brought in line, the commitment's rules left."""
    in_force = json.loads(files["policy/in_force.json"])
    in_force["allocation"]["housing_first"] = not in_force["allocation"]["housing_first"]
    files["policy/in_force.json"] = dump(in_force)
    names = [name for name in files if name.startswith("policy/")]
    fingerprint = "sha256:" + sha(dump({name[7:]: sha(files[name]) for name in names}))
    for name in ("commitment.json", "manifest.json"):
        document = json.loads(files[name])
        document["policy_fingerprint"] = fingerprint
        files[name] = dump(document)


_CELLS = {
    "roster.csv": ("code", "band", "points", "salt"),
    "preferences.csv": ("code", "rank", "pool"),
    "pools.csv": ("pool", "project_id", "dwelling_type", "sex", "rent_per_m2_fen", "capacity"),
    "dwellings.csv": ("pool", "place", "dwelling_id"),
    "order.csv": ("position", "code", "band", "ticket"),
    "result.csv": ("code", "pool", "dwelling_id"),
    "removals.csv": ("code",),
}
_FIGURES = {
    "commitment.json": [
        ("month",),
        ("sub_round",),
        ("rehearsal",),
        ("policy_fingerprint",),
        ("rules", "*"),
        ("roster", "*"),
        ("pools", "*"),
        ("dwellings_sha256",),
        ("receipts", "total"),
        ("receipts", "by_class", "*"),
        ("draw", "ceremony"),
        ("draw", "form"),
        ("draw", "source"),
        ("previous_manifest",),
    ],
    "draw.json": [("format",), ("public_value",), ("seed",)],
    "manifest.json": [("counts", "*"), ("month",), ("sub_round",), ("rehearsal",), ("policy_fingerprint",)],
    "certificate.json": [
        ("format",),
        ("mechanism",),
        ("housing_first",),
        ("num_households",),
        ("num_housed",),
        ("filled", "*"),
        ("bands", "*", "band"),
        ("bands", "*", "num_households"),
        ("bands", "*", "num_housed"),
        ("bands", "*", "total_rank"),
        ("bands", "*", "sink_price"),
        ("bands", "*", "closing", "*"),
        ("bands", "*", "prices", "*"),
    ],
}


def _catalogue() -> dict[str, Alteration]:
    found: dict[str, Alteration] = {}
    for name, columns in _CELLS.items():
        found.update({f"cell {name} {column}": change_cell(name, column) for column in columns})
        found[f"drop {name}"] = drop_row(name)
        found[f"repeat {name}"] = repeat_row(name)
        if name != "removals.csv":
            found[f"swap rows {name}"] = swap_rows(name)
        found[f"end {name}"] = append(name, b"\n")
    for name in ("roster.csv", "preferences.csv", "order.csv", "result.csv"):
        found[f"swap codes {name}"] = swap_codes(name)
    for name, paths in _FIGURES.items():
        found.update({f"figure {name} {'.'.join(path)}": change_figure(name, *path) for path in paths})
        found[f"key {name}"] = add_figure(name)
        if name != "manifest.json":
            found[f"space {name}"] = append(name, b"\n")
    found["policy file"] = append("policy/rules.toml", b"# more\n")
    for name in ("policy/in_force.json", "policy/rules.toml", "result.csv", "verify.py", "README.txt"):
        found[f"without {name}"] = remove_file(name)
    found["one as true"] = one_as_true
    found["more capacity"] = more_capacity_all_over
    found["other policy"] = other_policy
    return found


CATALOGUE = _catalogue()
