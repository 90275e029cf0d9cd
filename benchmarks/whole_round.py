"""One whole round of 100,000 households, stage by stage, against the sum of its floors.

Floors, in the same run: reading the delivered bytes, writing the same rows in bulk into a bare SQLite file, the
bare min-cost flow of the public sub-round, hashing the tickets.
"""

from __future__ import annotations

import hashlib
import resource
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

MONTH = "2026-03"
POLICY = "example"
PAPER = "notices, slips, page"
# The stages the floor names: import, screen, draw (freezing and committing before it), allocate, verify, export.
NAMED = ("import", "screen", "publish_roster", "draw", "allocate", "verify", "export")


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    result = work()
    return time.perf_counter() - begun, result


def deliver(folder: Path, households: int) -> None:
    """A synthetic city as six files."""
    from allocator.exchange import write_delivery
    from scenarios.population import city

    write_delivery(city(households, seed=7, world="shortage"), folder, "zh")


def round_seconds(folder: Path, work: Path) -> dict[str, float]:
    """Seconds of the import and of each stage, and of the verification by both judges."""
    import subprocess

    from allocator.audit import verify_bundle
    from allocator.model.enums import Stage
    from allocator.office import rounds
    from allocator.office.acts import Act
    from allocator.office.deliveries import Ask, import_delivery

    act = Act(store_url=f"sqlite:///{work / 'city.db'}", policy_name=POLICY, out=work / "out", language="zh")
    ask = Ask(folder, store_url=act.store_url, policy_name=POLICY)
    seconds = {"import": _timed(lambda: import_delivery(ask))[0]}
    paper = _Paper()
    for stage in Stage:
        details: dict[str, object] = {"answers": "random:1"} if stage is Stage.ANSWER else {}
        spent = paper.seconds
        whole = _timed(lambda s=stage, d=details: rounds.do(s, MONTH, act, **d))[0]
        seconds[str(stage)] = whole - (paper.seconds - spent)
    seconds[PAPER] = paper.seconds
    bundle = work / "out" / MONTH / "bundle"
    seconds["verify"] = _timed(lambda: verify_bundle(bundle))[0]
    plain = [sys.executable, "-I", str(bundle / "verify.py"), str(bundle)]
    seconds["verify.py (not in the sum)"] = _timed(
        lambda: subprocess.run(plain, check=True, capture_output=True)
    )[0]
    return seconds


class _Paper:
    """Seconds spent on notices, slips and the page, told apart from the stages that write them."""

    def __init__(self) -> None:
        from allocator.office import papers, reports

        self.seconds = 0.0
        for room, name in (
            (papers, "write_rosters"),
            (papers, "write_orders"),
            (papers, "write_results"),
            (reports, "write_round_page"),
        ):
            setattr(room, name, self._timed(getattr(room, name)))

    def _timed(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            spent, result = _timed(lambda: work(*given, **named))
            self.seconds += spent
            return result

        return timed


def floor_seconds(folder: Path, work: Path) -> dict[str, float]:
    """What cannot be saved: bytes, rows, the bare solve, the tickets."""
    from allocator.exchange import read_delivery

    reading = _timed(lambda: [path.read_bytes() for path in sorted(folder.iterdir())])[0]
    facts = read_delivery(folder, synthetic_ids=True, known=None).facts
    writing = _timed(lambda: _bulk(work / "floor.db", facts))[0]
    instance = _public_instance(work)
    solving = _timed(lambda: bare_solve(instance))[0]
    names = instance.household_ids
    hashing = _timed(
        lambda: [hashlib.sha256(f"seed\norder\n{name}\n".encode()).hexdigest() for name in names]
    )[0]
    return {"reading bytes": reading, "writing rows": writing, "bare solve": solving, "tickets": hashing}


def _bulk(path: Path, facts: Any) -> None:
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    base.execute("PRAGMA journal_mode=WAL")
    for name in ("employers", "projects", "dwellings", "households", "members", "preferences"):
        frame = getattr(facts, name)
        columns = [
            frame[column].astype(object).where(frame[column].notna(), None).astype(str) for column in frame
        ]
        rows = list(zip(*(column.tolist() for column in columns), strict=True))
        base.execute(f"CREATE TABLE {name} ({', '.join(frame.columns)})")
        base.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(frame.columns))})", rows)
    base.commit()
    base.close()


def _public_instance(work: Path) -> Any:
    from allocator.office import frozen
    from allocator.rounds.allocation import instance_in_order
    from allocator.store import Store

    with Store.open(f"sqlite:///{work / 'city.db'}") as store:
        sub_round = frozen.load(store, MONTH, "public")
        return instance_in_order(sub_round, store.frame(MONTH, "public", "order"), set())


def bare_solve(instance: Any) -> int:
    """The same arcs in bulk into ``SimpleMinCostFlow``, cost = rank, one large cost for staying unhoused."""
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    n, num_pools = instance.num_households, instance.num_pools
    owner = np.repeat(np.arange(n), np.diff(instance.start))
    sink = n + num_pools
    flow = SimpleMinCostFlow()
    ones = np.ones(len(owner), dtype=np.int64)
    flow.add_arcs_with_capacity_and_unit_cost(owner, n + instance.pool, ones, instance.rank)
    staying = np.full(n, int(instance.rank.max(initial=1)) * 100, dtype=np.int64)
    flow.add_arcs_with_capacity_and_unit_cost(
        np.arange(n), np.full(n, sink), np.ones(n, dtype=np.int64), staying
    )
    pools = np.arange(n, sink)
    flow.add_arcs_with_capacity_and_unit_cost(
        pools, np.full(num_pools, sink), instance.capacity, np.zeros(num_pools, dtype=np.int64)
    )
    flow.set_nodes_supplies(np.r_[np.arange(n), sink], np.r_[np.ones(n, dtype=np.int64), -n])
    if flow.solve() != flow.OPTIMAL:
        raise RuntimeError("the bare flow did not solve")
    return int(flow.optimal_cost())


def main(households: int = 100_000, runs: int = 3) -> None:
    """Print the medians, each stage's share, and the ratio against the floors."""
    totals, floors = [], []
    with TemporaryDirectory() as base:
        folder = Path(base) / "files"
        deliver(folder, households)
        for run in range(runs):
            work = Path(base) / f"run{run}"
            work.mkdir()
            totals.append(round_seconds(folder, work))
            floors.append(floor_seconds(folder, work))
    _print(households, totals, floors)


def _print(households: int, totals: list[dict[str, float]], floors: list[dict[str, float]]) -> None:
    median = {name: statistics.median(run[name] for run in totals) for name in totals[0]}
    floor = {name: statistics.median(run[name] for run in floors) for name in floors[0]}
    whole = sum(seconds for name, seconds in median.items() if "not in the sum" not in name)
    print(f"\nWhole round, {households:,} households, medians of {len(totals)}")
    for name, seconds in median.items():
        print(f"  {name:28} {seconds:7.2f} s  {seconds / whole:6.1%}")
    print(f"  {'sum':28} {whole:7.2f} s")
    for name, seconds in floor.items():
        print(f"  floor: {name:21} {seconds:7.2f} s")
    named = sum(median[name] for name in NAMED)
    print(
        f"  {'named stages: ' + str(len(NAMED)):28} {named:7.2f} s, {named / sum(floor.values()):.2f} x the floors"
    )
    print(f"  {'everything':28} {whole:7.2f} s, {whole / sum(floor.values()):.2f} x the floors")
    print(
        f"  peak memory                  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:7.2f} GB"
    )


if __name__ == "__main__":
    main()
