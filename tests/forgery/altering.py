"""Alterations of the engine's own bundles: those of ``tests/audit`` and what only a real bundle has."""

from __future__ import annotations

import json
import random

from tests.audit import alterations as known
from tests.audit.alterations import Alteration, Files, append, change_figure, remove_file
from tests.audit.worlds import dump, rehashed, sha

LAWS = ("allocation", "screening", "tenancy")


def altered(files: Files, kind: str, seed: int) -> Files | None:
    """The bundle altered and re-hashed, or None where this alteration changes nothing here."""
    changed = dict(files)
    CATALOGUE[kind](changed, random.Random(seed))
    return None if changed == files else rehashed(changed)


def cells_of(files: Files, name: str) -> list[list[str]]:
    """The rows of a table without quotes; the header first."""
    return [line.split(",") for line in files[name].decode().split("\n")[:-1]]


def put_cells(files: Files, name: str, rows: list[list[str]]) -> None:
    """The rows back into their file."""
    files[name] = "".join(",".join(row) + "\n" for row in rows).encode()


def change_document(files: Files, name: str, **changes: object) -> None:
    """Other values of some keys of a JSON file."""
    files[name] = dump(json.loads(files[name]) | changes)


def reseed(files: Files) -> None:
    """The seed that follows from the commitment as it now is: a forger who does not redo the tickets."""
    committed, draw = json.loads(files["commitment.json"]), json.loads(files["draw.json"])
    tag = "allocator-rehearsal/1" if committed["rehearsal"] else "allocator-seed/1"
    words = f"{tag}\n{sha(files['commitment.json'])}\n{draw['public_value']}\n"
    change_document(files, "draw.json", seed=sha(words.encode()))


def swap_pools(files: Files, rng: random.Random) -> None:
    """Two housed households exchange pool and dwelling."""
    rows = cells_of(files, "result.csv")
    pools = {row[1] for row in rows[1:]}
    if len(pools) < 2:
        return
    one = rng.randrange(1, len(rows))
    other = rng.choice([at for at in range(1, len(rows)) if rows[at][1] != rows[one][1]])
    rows[one][1:], rows[other][1:] = rows[other][1:], rows[one][1:]
    put_cells(files, "result.csv", rows)


def swap_dwellings(files: Files, rng: random.Random) -> None:
    """Two households of one pool exchange their dwellings: the better floor for a friend."""
    rows = cells_of(files, "result.csv")
    by_pool: dict[str, list[int]] = {}
    for at, row in enumerate(rows[1:], 1):
        by_pool.setdefault(row[1], []).append(at)
    shared = [places for places in by_pool.values() if len(places) > 1]
    if not shared:
        return
    one, other = rng.sample(rng.choice(shared), 2)
    rows[one][2], rows[other][2] = rows[other][2], rows[one][2]
    put_cells(files, "result.csv", rows)


def give_to_an_unhoused(files: Files, rng: random.Random) -> None:
    """A housed household's place goes to one that lists the pool and has none."""
    rows = cells_of(files, "result.csv")
    housed = {row[0] for row in rows[1:]} | {row[0] for row in cells_of(files, "removals.csv")[1:]}
    wishes = cells_of(files, "preferences.csv")[1:]
    offers = [(code, at) for code, _, pool in wishes for at in range(1, len(rows)) if rows[at][1] == pool]
    offers = [(code, at) for code, at in offers if code not in housed]
    if not offers:
        return
    code, at = rng.choice(offers)
    rows[at][0] = code
    put_cells(files, "result.csv", [rows[0], *sorted(rows[1:])])


def move_up(files: Files, rng: random.Random) -> None:
    """A household moves up the order; the positions run on."""
    rows = cells_of(files, "order.csv")
    if len(rows) < 3:
        return
    old = rng.randrange(2, len(rows))
    rows.insert(rng.randrange(1, old), rows.pop(old))
    for position, row in enumerate(rows[1:], 1):
        row[0] = str(position)
    put_cells(files, "order.csv", rows)


def leave_out(files: Files, rng: random.Random) -> None:
    """A household vanishes from every table, the counts brought in line; seed and tickets left."""
    code = rng.choice(cells_of(files, "roster.csv")[1:])[0]
    for name in ("roster.csv", "preferences.csv", "order.csv", "removals.csv", "result.csv"):
        rows = cells_of(files, name)
        at = rows[0].index("code")
        kept = [row for row in rows[1:] if row[at] != code]
        if name == "order.csv":
            kept = [[str(position), *row[1:]] for position, row in enumerate(kept, 1)]
        put_cells(files, name, [rows[0], *kept])
    _recount(files)


def more_points(files: Files, rng: random.Random) -> None:
    """A household's points raised in the roster; the commitment's count fits, the root does not."""
    rows = cells_of(files, "roster.csv")
    rng.choice(rows[1:])[2] = "999"
    put_cells(files, "roster.csv", rows)


def prefer_otherwise(files: Files, rng: random.Random) -> None:
    """Two pools of one list change places."""
    rows = cells_of(files, "preferences.csv")
    pairs = [at for at in range(2, len(rows)) if rows[at][0] == rows[at - 1][0]]
    if not pairs:
        return
    at = rng.choice(pairs)
    rows[at][2], rows[at - 1][2] = rows[at - 1][2], rows[at][2]
    put_cells(files, "preferences.csv", rows)


def other_dwelling(files: Files, rng: random.Random) -> None:
    """A dwelling in the published order becomes another one, the result with it."""
    rows = cells_of(files, "dwellings.csv")
    row = rng.choice(rows[1:])
    files["result.csv"] = files["result.csv"].replace(b"," + row[2].encode() + b"\n", b",D-OTHER\n")
    row[2] = "D-OTHER"
    put_cells(files, "dwellings.csv", rows)


def other_value(files: Files, rng: random.Random) -> None:
    """Another public value with the seed that follows, the tickets left."""
    value = json.loads(files["draw.json"])["public_value"]
    change_document(
        files, "draw.json", public_value="".join(rng.choices("0123456789abcdef", k=64)) if value else "0"
    )
    reseed(files)


def remove_a_housed(files: Files, rng: random.Random) -> None:
    """A housed household is declared gone and its place stands empty."""
    rows = cells_of(files, "result.csv")
    code = rows.pop(rng.randrange(1, len(rows)))[0]
    put_cells(files, "result.csv", rows)
    gone = cells_of(files, "removals.csv")
    put_cells(files, "removals.csv", [gone[0], *sorted([*gone[1:], [code]])])
    _recount(files)


def _recount(files: Files) -> None:
    manifest, committed = json.loads(files["manifest.json"]), json.loads(files["commitment.json"])
    tables = {"households": "roster", "preferences": "preferences", "housed": "result", "removed": "removals"}
    for count, table in tables.items():
        manifest["counts"][count] = len(cells_of(files, f"{table}.csv")) - 1
    committed["roster"]["count"] = manifest["counts"]["households"]
    files["manifest.json"], files["commitment.json"] = dump(manifest), dump(committed)


def reseeded(alteration: Alteration) -> Alteration:
    """An alteration of the commitment with the seed brought in line."""

    def alter(files: Files, rng: random.Random) -> None:
        before = files["commitment.json"]
        alteration(files, rng)
        if files["commitment.json"] != before:
            reseed(files)

    return alter


def law_number(law: str) -> Alteration:
    """A digit of a law file changed, the fingerprints brought in line."""

    def alter(files: Files, rng: random.Random) -> None:
        name = f"policy/{law}.toml"
        content = bytearray(files[name])
        digits = [at for at, sign in enumerate(content) if chr(sign).isdigit() and sign < 128]
        at = rng.choice(digits)
        content[at] = ord("1") if content[at] != ord("1") else ord("2")
        files[name] = bytes(content)
        _refingerprint(files)

    return alter


def change_in_force(files: Files, rng: random.Random) -> None:
    """A section of what was in force is altered, the fingerprints brought in line."""
    change_document(files, "policy/in_force.json", supply={})
    _refingerprint(files)


def _refingerprint(files: Files) -> None:
    names = [name for name in files if name.startswith("policy/")]
    fingerprint = "sha256:" + sha(dump({name[7:]: sha(files[name]) for name in names}))
    for name in ("commitment.json", "manifest.json"):
        change_document(files, name, policy_fingerprint=fingerprint)


def _catalogue() -> dict[str, Alteration]:
    # The reference worlds of ``tests/audit`` have one law file of their own.
    found = {
        name: alter
        for name, alter in known.CATALOGUE.items()
        if "rules.toml" not in name and name != "policy file"
    }
    for law in LAWS:
        found[f"words {law}.toml"] = append(f"policy/{law}.toml", b"# more\n")
        found[f"number {law}.toml"] = law_number(law)
        found[f"without {law}.toml"] = remove_file(f"policy/{law}.toml")
    for path in (
        ("rules", "*"),
        ("roster", "*"),
        ("pools", "*"),
        ("receipts", "*"),
        ("draw", "*"),
        ("previous_manifest",),
    ):
        found[f"reseeded commitment {'.'.join(path)}"] = reseeded(change_figure("commitment.json", *path))
    for path in (("receipts", "root"), ("draw", "moment"), ("format",)):
        found[f"figure commitment.json {'.'.join(path)}"] = change_figure("commitment.json", *path)
    found["figure manifest.json format"] = change_figure("manifest.json", "format")
    found["words authority.toml"] = append("policy/authority.toml", b"# more\n")
    found["reseeded more capacity"] = reseeded(known.more_capacity_all_over)
    found["reseeded other policy"] = reseeded(known.other_policy)
    own = (
        swap_pools,
        swap_dwellings,
        give_to_an_unhoused,
        move_up,
        leave_out,
        more_points,
        prefer_otherwise,
        other_dwelling,
        other_value,
        remove_a_housed,
        change_in_force,
    )
    return found | {alteration.__name__.replace("_", " "): alteration for alteration in own}


CATALOGUE = _catalogue()
