"""How long the split of dormitory rooms takes with its proof, and the judge.

Run alone: ``python benchmarks/rooms.py [--households N --dormitories K --choices C]``. The floor is 20,000 people on
100 dormitories, exact and proved, in 30 s. Processor seconds stand beside the clock's: the search uses one core.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from allocator.audit import certify
from allocator.mechanisms import solve
from allocator.model.documents import solution_document
from allocator.model.instance import Instance

FLOOR_SECONDS = 30
SEED = 1


def dormitories(
    num_households: int, num_dormitories: int, num_choices: int, ratio: float, sizes: tuple[int, ...]
) -> Instance:
    """A city of single people, two fifths women, with ``ratio`` beds per head in rooms of these sizes."""
    random = np.random.default_rng(SEED)
    is_woman = random.random(num_households) < 0.4
    taste = np.log(random.lognormal(0, 1.0, num_dormitories))
    taste = taste + random.gumbel(size=(num_households, num_dormitories))
    best = np.argsort(-taste, axis=1)[:, :num_choices]
    beds = random.choice(sizes, num_dormitories)
    share = random.lognormal(0, 0.8, num_dormitories)
    rooms = np.maximum(1, np.round(share / share.sum() * num_households * ratio / beds)).astype(int)
    entries = [
        {
            "pools": {"F": f"d{number:03d}-f", "M": f"d{number:03d}-m"},
            "rooms": int(rooms[number]),
            "beds": int(beds[number]),
            "partial": {sex: [int(free) for free in random.integers(0, 3, 1)] for sex in "FM"},
        }
        for number in range(num_dormitories)
    ]
    return Instance(
        household_ids=[f"h{number:06d}" for number in range(num_households)],
        band=np.zeros(num_households, np.int64),
        pool_ids=[f"d{number:03d}-{sex}" for number in range(num_dormitories) for sex in "fm"],
        capacity=np.zeros(2 * num_dormitories, np.int64),
        start=np.arange(num_households + 1) * num_choices,
        pool=(2 * best + ~is_woman[:, None]).astype(np.int64).ravel(),
        rank=np.tile(np.arange(1, num_choices + 1), num_households),
        extensions={"rooms": entries},
        fingerprint="sha256:benchmark",
    )


def main(num_households: int = 20_000, num_dormitories: int = 100, num_choices: int = 10) -> dict[str, float]:
    """Print the table; give the seconds of split and proof by row."""
    print(
        f"{num_households:,} people x {num_dormitories} dormitories x {num_choices} choices, floor {FLOOR_SECONDS} s"
    )
    print(f"{'beds per head, room sizes':28}{'filled':>8}{'seconds':>9}{'cpu':>7}{'judge':>7}")
    taken = {}
    for ratio, sizes in ((0.33, (4,)), (0.8, (4, 6, 8)), (1.0, (4,)), (1.0, (4, 6, 8)), (1.2, (4,))):
        instance = dormitories(num_households, num_dormitories, num_choices, ratio, sizes)
        began, cpu = time.perf_counter(), time.process_time()
        document = solution_document(instance, solve(instance, "serial"))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        began = time.perf_counter()
        broken = [result.law for result in certify(instance, document) if not result.holds]
        judged = time.perf_counter() - began
        if broken:
            raise RuntimeError(f"laws broken: {broken}")
        row = f"{ratio}, {sizes}"
        taken[row] = seconds
        filled = document["report"]["rooms"]["num_filled"]
        print(f"{row:28}{filled:8}{seconds:9.1f}{cpu:7.1f}{judged:7.1f}", flush=True)
    return taken


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--households", type=int, default=20_000)
    parser.add_argument("--dormitories", type=int, default=100)
    parser.add_argument("--choices", type=int, default=10)
    wish = parser.parse_args()
    main(wish.households, wish.dormitories, wish.choices)
