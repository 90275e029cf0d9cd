"""kill -9 at any moment: the store opens whole, as it was before the act or after it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from allocator.store import Store
from tests.store.worlds import MARCH, assert_same, city, two_families

# A writer that does whole acts one after the other and says so, until it is killed.
WRITER = """
import sys
from dataclasses import replace
from allocator.store import Store
from tests.store.worlds import MARCH, city
url, seed = sys.argv[1], int(sys.argv[2])
people = city(1500, seed)
print("ready", flush=True)
with Store.open(url) as store:
    for act in range(100_000):
        with store.transaction():
            incomes = people.households["income_per_year_fen"] + act
            store.write_delivery(replace(people, households=people.households.assign(income_per_year_fen=incomes)))
            if store.round("2026-03") is None:
                store.create_round(MARCH)
            store.put_artefact("2026-03", "", f"act-{act}", str(act).encode() * 5000)
            store.append_entry(month="2026-03", stage="import", actor="clerk", stamp="-", details={"act": act})
"""
MAKER = """
import sys
from allocator.store import Store
print("ready", flush=True)
Store.open(sys.argv[1]).close()
"""


def killed(program: str, after_seconds: float, *arguments: str) -> None:
    """Start a program and kill it so long after it is ready."""
    run = subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE)
    assert run.stdout is not None
    assert run.stdout.readline() == b"ready\n"
    time.sleep(after_seconds)
    run.send_signal(signal.SIGKILL)
    run.wait()
    run.stdout.close()


def check_whole(url: str, seed: int) -> int:
    """Everything in the store is of the same number of acts; gives that number."""
    with Store.open(url) as store:
        acts = [entry.details["act"] for entry in store.entries()]
        assert acts == list(range(len(acts)))
        assert store.verify_chain() is None
        found, people = store.read_facts(), city(1500, seed)
        if not acts:
            assert (len(found.households), store.rounds()) == (0, [])
            return 0
        people.households["income_per_year_fen"] += acts[-1]
        assert_same(people, found)
        assert store.artefact_names("2026-03") == sorted(("", f"act-{act}") for act in acts)
        return len(acts)


def test_a_writer_killed_at_any_moment_leaves_whole_acts(tmp_path: Path) -> None:
    """However often a writer is killed, facts, round, artefacts and journal are all of one act."""
    chance = random.Random(7)
    done = []
    for attempt in range(3):
        url = f"sqlite:///{tmp_path}/{attempt}.db"
        killed(WRITER, chance.uniform(0.0, 0.9), url, "5")
        done.append(check_whole(url, seed=5))
    assert max(done) > 0


@pytest.mark.slow
def test_a_writer_killed_sixty_times_leaves_whole_acts(tmp_path: Path) -> None:
    """The same law over many moments."""
    chance = random.Random(8)
    for attempt in range(60):
        url = f"sqlite:///{tmp_path}/{attempt}.db"
        killed(WRITER, chance.uniform(0.0, 1.5), url, "6")
        check_whole(url, seed=6)


def test_a_maker_killed_at_any_moment_leaves_a_place_for_a_store(tmp_path: Path) -> None:
    """When the making of a store is killed, the next opening makes or opens it, and it works."""
    chance = random.Random(9)
    for attempt in range(3):
        url = f"sqlite:///{tmp_path}/{attempt}.db"
        killed(MAKER, chance.uniform(0.0, 0.04), url)
        with Store.open(url) as store:
            store.write_delivery(two_families())
            store.create_round(MARCH)
        with Store.open(url, create=False) as store:
            assert_same(two_families(), store.read_facts())


def test_two_makers_at_once_make_one_store(tmp_path: Path) -> None:
    """Two programs that open a new store at the same moment end with one store and one key."""
    url = f"sqlite:///{tmp_path}/s.db"
    runs = [subprocess.Popen([sys.executable, "-c", MAKER, url], stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [run.wait() for run in runs] == [0, 0]
    with Store.open(url, create=False) as store:
        store.set_setting("policy", "example")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.db", "s.db.key"]
