"""Reference bundles: a market dressed as files, written by the letter of bundle.md with the standard library."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.audit import markets

VERIFIER = Path(__file__).parents[2] / "allocator" / "audit" / "standalone" / "verify.py"
FORM = "[0-9]{8}"


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def dump(document) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def csv_of(header: str, rows) -> bytes:
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


@dataclass(frozen=True)
class World:
    """People by code: band, points and list; supply; the rules. ``seed_salt`` varies codes and so the order."""

    bands: tuple[int, ...]
    points: tuple[int, ...]
    lists: tuple[tuple[tuple[str, int], ...], ...]
    capacity: dict[str, int]
    mechanism: str = "band_optimum"
    housing_first: bool = False
    dwelling_rule: str = "order"
    removed: tuple[int, ...] = ()
    ceremony: bool = True
    rehearsal: bool = True
    public_value: str = "20260315"
    previous: str = ""
    may_skip: bool = True
    by_class: dict[str, int] = field(default_factory=lambda: {"roster": 0, "ineligible": 12, "merged": 10})

    def code(self, person: int) -> str:
        """The person's code for this round."""
        return "C" + sha(f"person {person}".encode())[:10]

    def salt(self, person: int) -> str:
        """The salt of the person's leaf."""
        return sha(f"salt {person}".encode())[:32]


def root_of(leaves: list[bytes]) -> str:
    """RFC 9162, 2.1.1, by its recursive definition."""

    def tree(part: list[bytes]) -> bytes:
        if not part:
            return hashlib.sha256(b"").digest()
        if len(part) == 1:
            return hashlib.sha256(b"\0" + part[0]).digest()
        cut = 1
        while cut * 2 < len(part):
            cut *= 2
        return hashlib.sha256(b"\1" + tree(part[:cut]) + tree(part[cut:])).digest()

    return tree(leaves).hex()


def leaf(world: World, person: int) -> bytes:
    text, before = "", None
    for pool, rank in world.lists[person]:
        text += pool if before is None else ("=" if rank == before else ">") + pool
        before = rank
    fields = (
        world.code(person),
        str(world.bands[person]),
        str(world.points[person]),
        world.salt(person),
        text,
    )
    return "\t".join(fields).encode()


def policy_of(world: World) -> dict[str, bytes]:
    in_force = {
        "allocation": {
            "mechanism": world.mechanism,
            "housing_first": world.housing_first,
            "dwelling_rule": world.dwelling_rule,
        },
        "draw": {
            "skip_when_supply_suffices": world.may_skip,
            "sources": [{"id": "balls", "form": FORM}],
        },
    }
    return {"policy/rules.toml": b"# rules\n", "policy/in_force.json": dump(in_force)}


def supply_of(world: World) -> dict[str, bytes]:
    pools = sorted(world.capacity.items())
    return {
        "pools.csv": csv_of(
            "pool,project_id,dwelling_type,sex,rent_per_m2_fen,capacity",
            [(pool, "P-1", "one_room", "", 3200, places) for pool, places in pools],
        ),
        "dwellings.csv": csv_of(
            "pool,place,dwelling_id",
            [(pool, k, f"{pool}-{k:02}") for pool, places in pools for k in range(1, places + 1)],
        ),
    }


def files_of(world: World) -> dict[str, bytes]:
    """The whole bundle of a world."""
    people = sorted(range(len(world.bands)), key=world.code)
    files = {**policy_of(world), **supply_of(world), "verify.py": VERIFIER.read_bytes()}
    files["README.txt"] = "核验 / how to check\n".encode()
    files["roster.csv"] = csv_of(
        "code,band,points,salt",
        [(world.code(p), world.bands[p], world.points[p], world.salt(p)) for p in people],
    )
    files["preferences.csv"] = csv_of(
        "code,rank,pool", [(world.code(p), rank, pool) for p in people for pool, rank in world.lists[p]]
    )
    files["commitment.json"] = dump(commitment_of(world, files, people))
    return {**files, **outcome_of(world, files, people)}


def commitment_of(world: World, files, people):
    by_class = {**world.by_class, "roster": max(len(people), 10)}
    policy = {name[7:]: sha(content) for name, content in files.items() if name.startswith("policy/")}
    return {
        "format": "allocator-commitment/1",
        "month": "2026-03",
        "sub_round": "public",
        "rehearsal": world.rehearsal,
        "policy_fingerprint": "sha256:" + sha(dump(policy)),
        "rules": {
            "mechanism": world.mechanism,
            "housing_first": world.housing_first,
            "dwelling_rule": world.dwelling_rule,
        },
        "roster": {"count": len(people), "root": root_of([leaf(world, p) for p in people])},
        "pools": {
            "count": len(world.capacity),
            "places": sum(world.capacity.values()),
            "sha256": sha(files["pools.csv"]),
        },
        "dwellings_sha256": sha(files["dwellings.csv"]),
        "receipts": {"total": sum(by_class.values()), "by_class": by_class, "root": sha(b"receipts")},
        "previous_manifest": world.previous,
        "draw": {
            "ceremony": world.ceremony,
            "source": "balls" if world.ceremony else "",
            "moment": "2026-03-15T10:00:00+08:00" if world.ceremony else "",
            "fallbacks": [],
            "form": FORM if world.ceremony else "",
        },
    }


def outcome_of(world: World, files, people) -> dict[str, bytes]:
    """What follows from the commitment and the public value."""
    value = world.public_value if world.ceremony else ""
    tag = "allocator-rehearsal/1" if world.rehearsal else "allocator-seed/1"
    seed = sha(f"{tag}\n{sha(files['commitment.json'])}\n{value}\n".encode())

    def ticket(purpose: str, person: int) -> str:
        return sha(f"{seed}\n{purpose}\n{world.code(person)}\n".encode())

    order = sorted(people, key=lambda p: (world.bands[p], -world.points[p], ticket("order", p)))
    market = markets.Market(
        tuple(world.bands[p] for p in order),
        tuple(() if p in world.removed else world.lists[p] for p in order),
        world.capacity,
    )
    if world.mechanism == "serial":
        assignment = markets.serial(market)
        certificate = markets.serial_certificate(market, assignment)
    else:
        assignment = markets.band_optimum(market, world.housing_first)
        certificate = markets.band_certificate(market, assignment, world.housing_first)
    held = {p: pool for p, pool in zip(order, assignment, strict=True) if pool is not None}
    turn = order.index if world.dwelling_rule == "order" else (lambda p: ticket("dwelling", p))
    queue = {pool: sorted((p for p in held if held[p] == pool), key=turn) for pool in world.capacity}
    given = {p: f"{held[p]}-{queue[held[p]].index(p) + 1:02}" for p in held}
    made = {
        "draw.json": dump({"format": "allocator-draw/1", "public_value": value, "seed": seed}),
        "order.csv": csv_of(
            "position,code,band,ticket",
            [(i, world.code(p), world.bands[p], ticket("order", p)) for i, p in enumerate(order, 1)],
        ),
        "removals.csv": csv_of("code", sorted([world.code(p)] for p in world.removed)),
        "result.csv": csv_of(
            "code,pool,dwelling_id", [(world.code(p), held[p], given[p]) for p in people if p in held]
        ),
        "certificate.json": dump(certificate),
    }
    counts = {
        "households": len(people),
        "pools": len(world.capacity),
        "places": sum(world.capacity.values()),
        "preferences": sum(map(len, world.lists)),
        "housed": len(held),
        "removed": len(world.removed),
    }
    commitment = json.loads(files["commitment.json"])
    manifest = {
        "format": "allocator-bundle/1",
        "software_version": "0.1.0",
        "month": "2026-03",
        "sub_round": "public",
        "rehearsal": world.rehearsal,
        "policy_fingerprint": commitment["policy_fingerprint"],
        "counts": counts,
        "files": {name: sha(content) for name, content in {**files, **made}.items()},
    }
    return {**made, "manifest.json": dump(manifest)}


def rehashed(files: dict[str, bytes]) -> dict[str, bytes]:
    """The manifest brought in line with altered files: what a careful forger does."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {name: sha(content) for name, content in files.items() if name != "manifest.json"}
    return {**files, "manifest.json": dump(manifest)}


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def five_households() -> World:
    """Two bands, a tie in a list, a household without a place and one that left."""
    return World(
        bands=(0, 0, 1, 1, 1, 1),
        points=(10, 8, 5, 5, 5, 4),
        lists=(
            (("A", 1), ("B", 2)),
            (("A", 1), ("B", 2), ("C", 3)),
            (("B", 1), ("C", 1), ("A", 2)),
            (("C", 1), ("B", 2)),
            (("C", 1), ("B", 2)),
            (("A", 1), ("C", 2)),
        ),
        capacity={"A": 1, "B": 2, "C": 1},
        removed=(4,),
    )


def as_serial(world: World) -> World:
    return replace(world, mechanism="serial")
