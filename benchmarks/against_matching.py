"""Deferred acceptance here and in the package ``matching``: the same markets, sizes doubled until it takes a minute.

    python benchmarks/against_matching.py --matching PYTHON [--seconds 60]

``PYTHON`` is the interpreter of an environment of its own with ``matching`` in it (its pins are not ours). It is given
the lists of both sides as the dictionaries it asks for; building its players and solving are timed, reading the file
is not. Ours is timed with its certificate. Both run on one processor, whose time is taken, so that a busy machine
favours neither; both must seat everybody alike, since the household-optimal stable matching is unique.
Floor: at least a hundred times faster at the largest size which the other finishes within the limit.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from allocator.mechanisms import solve
from allocator.model.instance import Instance
from benchmarks.mechanisms import SEED, shortage

FIRST_SIZE = 1_000
HOUSEHOLDS_PER_POOL = 200
NUM_CHOICES = 10
FLOOR = 100

OTHER = """
import json, sys, time
from matching.games import HospitalResident

with open(sys.argv[1], encoding="utf-8") as file:
    given = json.load(file)
begun = time.process_time()
game = HospitalResident.create_from_dictionaries(given["lists"], given["priority"], given["capacity"])
matching = game.solve(optimal="resident")
taken = time.process_time() - begun
seated = {resident.name: hospital.name for hospital, residents in matching.items() for resident in residents}
with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump({"taken": taken, "seated": seated}, file)
"""


def as_dictionaries(instance: Instance) -> dict[str, object]:
    """Both sides' lists: households name pools, and every pool ranks those who named it by their order."""
    lists: dict[str, list[str]] = {}
    priority: dict[str, list[str]] = {pool: [] for pool in instance.pool_ids}
    for number, household in enumerate(instance.household_ids):
        wished = instance.pool[instance.start[number] : instance.start[number + 1]].tolist()
        lists[household] = [instance.pool_ids[pool] for pool in wished]
        for pool in lists[household]:
            priority[pool].append(household)
    capacity = dict(zip(instance.pool_ids, instance.capacity.tolist(), strict=True))
    return {"lists": lists, "priority": priority, "capacity": capacity}


def ours(instance: Instance) -> tuple[float, dict[str, str]]:
    """Processor seconds with the certificate, and who was seated where."""
    begun = time.process_time()
    solution = solve(instance, "deferred_acceptance")
    taken = time.process_time() - begun
    held = zip(instance.household_ids, solution.matching.assigned.tolist(), strict=True)
    return taken, {household: instance.pool_ids[pool] for household, pool in held if pool >= 0}


def theirs(python: str, instance: Instance, limit: float) -> tuple[float, dict[str, str]] | None:
    """The same by ``matching``; None where it did not end within ``limit`` processor seconds."""
    with tempfile.TemporaryDirectory() as folder:
        given, answer, script = (Path(folder) / name for name in ("given.json", "answer.json", "other.py"))
        given.write_text(json.dumps(as_dictionaries(instance)), encoding="utf-8")
        script.write_text(OTHER, encoding="utf-8")
        try:
            # Its clock is the wall's, the limit the processor's: on a busy machine it is given longer.
            subprocess.run([python, str(script), str(given), str(answer)], check=True, timeout=4 * limit)
        except subprocess.TimeoutExpired:
            return None
        told = json.loads(answer.read_text(encoding="utf-8"))
    return None if told["taken"] > limit else (told["taken"], told["seated"])


def main() -> int:
    """Print every size tried and the ratio at the largest; 1 where anybody is seated otherwise or the floor is missed."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--matching", required=True, metavar="PYTHON")
    asked.add_argument("--seconds", type=float, default=60.0)
    words = asked.parse_args()
    size, ratio = FIRST_SIZE, 0.0
    solve(shortage(100, 5, 2, 1, SEED), "deferred_acceptance")  # the first call loads what both sizes share
    while True:
        instance = shortage(size, max(NUM_CHOICES, size // HOUSEHOLDS_PER_POOL), NUM_CHOICES, 1, SEED)
        other = theirs(words.matching, instance, words.seconds)
        if other is None:
            print(f"{size:9,} households: matching did not end within {words.seconds:.0f} s")
            break
        mine, here = ours(instance)
        if here != other[1]:
            print(f"{size:9,} households: somebody is seated otherwise")
            return 1
        ratio = other[0] / mine
        print(
            f"{size:9,} households: {other[0]:8.3f} s by matching, {mine:.4f} s here, {ratio:,.0f} times faster"
        )
        size *= 2
    print(f"at the largest size it finished: {ratio:,.0f} times faster (floor {FLOOR})")
    return 0 if ratio >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
