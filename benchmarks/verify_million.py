"""How long a stranger's plain Python needs for the bundle of a very large round.

Run alone (``python benchmarks/verify_million.py [--households N --pools C --choices K --bands B --mechanism NAME]``).
A synthetic shortage is drawn, allocated and written by the engine's own functions; then ``verify.py`` out of the
bundle checks it in a process of its own, with nothing but the standard library. Floor: 1,000,000 households within 40 s.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import pandas as pd

from allocator import mechanisms
from allocator.model.canonical import canonical_bytes
from allocator.model.instance import UNASSIGNED, Instance
from allocator.office.bundles import verifier
from allocator.policy.book import fingerprint_of
from allocator.publicity import bundle, commitment
from allocator.ranking.draw import order_of, seed_of
from benchmarks.mechanisms import SEED, shortage

FLOOR_SECONDS = 40
VALUE = "5f" * 32
CEREMONY = commitment.Ceremony(
    ceremony=True, source="beacon", moment="2026-03-10T10:00:00+08:00", fallbacks=(), form="[0-9a-f]{64}"
)


@dataclass(frozen=True)
class City:
    """Frames of a roster as they are frozen, before the draw."""

    roster: pd.DataFrame
    preferences: pd.DataFrame
    pools: pd.DataFrame
    dwellings: pd.DataFrame


def city(num_households: int, num_pools: int, num_choices: int, num_bands: int) -> City:
    """A shortage as files would have it; codes rise with the rows, so that lists stand in the order of the bundle."""
    market = shortage(num_households, num_pools, num_choices, 1, SEED)
    codes = np.array([f"{number:016X}" for number in range(num_households)], dtype=object)
    band = np.random.default_rng(SEED).integers(0, num_bands, num_households)
    names = np.array(market.pool_ids, dtype=object)
    capacity = market.capacity
    return City(
        pd.DataFrame(
            {"code": codes, "band": band, "points": 0, "salt": [f"{n:032x}" for n in range(num_households)]}
        ),
        pd.DataFrame(
            {"code": np.repeat(codes, num_choices), "rank": market.rank, "pool": names[market.pool]}
        ),
        pd.DataFrame(
            {
                "pool": names,
                "project_id": names,
                "dwelling_type": "one_room",
                "sex": "",
                "rent_per_m2_fen": 3200,
                "capacity": capacity,
            }
        ),
        pd.DataFrame(
            {
                "pool": np.repeat(names, capacity),
                "place": np.concatenate([np.arange(1, places + 1) for places in capacity]),
                "dwelling_id": [f"D{number:08d}" for number in range(int(capacity.sum()))],
            }
        ),
    )


def in_order(frozen: City, order: pd.DataFrame, num_choices: int) -> Instance:
    """The instance in the published order."""
    rows = np.array([int(code, 16) for code in order["code"]])
    choices = (rows[:, None] * num_choices + np.arange(num_choices)).ravel()
    pool = np.searchsorted(frozen.pools["pool"].to_numpy(str), frozen.preferences["pool"].to_numpy(str))
    return Instance(
        household_ids=[""] * len(order),
        band=order["band"].to_numpy(np.int64),
        pool_ids=list(frozen.pools["pool"]),
        capacity=frozen.pools["capacity"].to_numpy(np.int64).copy(),
        start=np.arange(len(order) + 1) * num_choices,
        pool=pool[choices],
        rank=frozen.preferences["rank"].to_numpy()[choices].copy(),
    )


def write_bundle(folder: Path, frozen: City, num_choices: int, mechanism: str) -> None:
    """The whole bundle of the city's round."""
    rules = {"mechanism": mechanism, "housing_first": False, "dwelling_rule": "order"}
    sources = [{"id": CEREMONY.source, "form": CEREMONY.form}]
    draw = {"skip_when_supply_suffices": False, "sources": sources}
    policy = {"in_force.json": canonical_bytes({"allocation": rules, "draw": draw})}
    counted = {"total": len(frozen.roster), "by_class": {"roster": len(frozen.roster)}, "root": "0" * 64}
    document = commitment.commitment_bytes(
        month="2026-03",
        sub_round="public",
        rehearsal=True,
        policy_fingerprint=fingerprint_of(policy),
        rules=rules,
        receipts=counted,
        previous_manifest="",
        ceremony=CEREMONY,
        **vars(frozen),
    )
    seed = seed_of(document, VALUE, rehearsal=True)
    order = order_of(frozen.roster, seed)
    solution = mechanisms.solve(in_order(frozen, order, num_choices), mechanism)
    assigned = solution.matching.assigned
    names = np.append(frozen.pools["pool"].to_numpy(object), "")
    held = names[np.where(assigned == UNASSIGNED, len(names) - 1, assigned)]
    files = bundle.bundle_files(
        commitment=document,
        **vars(frozen),
        public_value=VALUE,
        seed=seed,
        order=order,
        removals=[],
        result=bundle.result_of(order, held, frozen.dwellings, "order", seed),
        certificate=dict(solution.certificate),
        policy_files=policy,
        software_version="0",
        verifier=verifier(),
    )
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def verified(folder: Path) -> tuple[float, float, int]:
    """Seconds of ``verify.py`` by the clock and of the processor, in a process of its own, and its peak of memory in MB.

    Raises where it finds a fault.
    """
    wrapped = (
        "import os,runpy,sys; sys.argv=sys.argv[1:]\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "finally:\n"
        "    peak = [one for one in open('/proc/self/status') if one.startswith('VmHWM')]\n"
        "    used = os.times()\n"
        "    print(round(used.user + used.system, 1), int(peak[0].split()[1]) // 1024, file=sys.stderr)"
    )
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-I", "-c", wrapped, str(folder / "verify.py"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - begun
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    processor, megabytes = done.stderr.split()[-2:]
    return seconds, float(processor), int(megabytes)


def main(
    num_households: int = 1_000_000,
    num_pools: int = 2_000,
    num_choices: int = 10,
    num_bands: int = 20,
    mechanism: str = "band_optimum",
    keep: str | None = None,
) -> dict[str, float]:
    """Print the figures and give them."""
    with TemporaryDirectory() as folder:
        base = Path(keep or folder)
        write_bundle(base, city(num_households, num_pools, num_choices, num_bands), num_choices, mechanism)
        size = sum(path.stat().st_size for path in base.rglob("*") if path.is_file())
        seconds, processor, megabytes = verified(base)
    counts = f"{num_households:,} households x {num_pools:,} pools x {num_choices} choices, {num_bands} bands"
    print(f"verify.py on {counts}, {mechanism}, bundle of {size / 1e6:,.0f} MB:")
    print(
        f"  {seconds:.1f} s by the clock (floor {FLOOR_SECONDS} s for 1,000,000), {processor:.1f} s of the processor, "
        f"{megabytes:,} MB"
    )
    return {"seconds": seconds, "processor": processor, "megabytes": megabytes, "bundle_mb": size / 1e6}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument("--pools", type=int, default=2_000)
    parser.add_argument("--choices", type=int, default=10)
    parser.add_argument("--bands", type=int, default=20)
    parser.add_argument("--mechanism", default="band_optimum")
    parser.add_argument("--keep", help="write the bundle into this folder and leave it there")
    wish = parser.parse_args()
    main(wish.households, wish.pools, wish.choices, wish.bands, wish.mechanism, wish.keep)
