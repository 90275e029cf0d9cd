"""Replications run: here, in processes, or on a cluster; every finished one is kept, so that a long run goes on.

A replication is a pure function of the scenario, the law's files and its number. So results hang on no number of
workers, and one that was lost is simply run again.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import pandas as pd

from allocator import policy as policies
from allocator.errors import MachineRefused, Refused
from allocator.model.canonical import fingerprint, sha256_hex
from allocator.policy.book import PolicyBook
from allocator.policy.faults import Faults
from scenarios import simulate, snapshot
from scenarios.city import first_of
from scenarios.files import Scenario
from scenarios.lab_sections import answered, check_sections, write_labs
from scenarios.overlay import overlaid
from scenarios.reading import Stack, refuse_faults
from scenarios.results import FORMAT, Results, as_json, joined, parquet, write_run, write_whole
from scenarios.small_groups import merged
from scenarios.start import Start
from scenarios.worlds import world_named

_ATTEMPTS: Final = 3
_PARTS: Final = "replications"
Part = tuple[bytes, ...]
Told = Callable[[int, int, float | None], None]


@dataclass(frozen=True)
class Checked:
    """A scenario that may be run: it, the book of its law with the changes laid over, and the city it begins with."""

    stack: Stack
    book: PolicyBook
    start: Start | None = None

    @property
    def scenario(self) -> Scenario:
        """The stacked scenario."""
        return self.stack.scenario


@dataclass(frozen=True)
class Inputs:
    """Files a worker elsewhere needs: of the law where it is no shipped one, and of the start where there is one."""

    law: dict[str, bytes] | None = None
    start: dict[str, bytes] | None = None


def checked(stack: Stack, start: Start | None = None) -> Checked:
    """Lay the changes over the law and check what only the city knows. Raises ``Refused`` with every fault.

    ``start``: a bureau's own city; none: the synthetic one of the scenario's world.
    """
    scenario = stack.scenario
    faults = Faults()
    if start is None and not scenario.run.households:
        faults.add(
            "scenario_out_of_bounds", "+".join(stack.names) or "--", "run.households", value=0, bound=">= 1"
        )
    world_named(scenario.run.world)
    book = policies.load(scenario.run.policy)
    book.in_force(first_of(scenario.run.start, 0))
    origins = stack.origins or tuple(("--", f"policy.{n}") for n in range(len(scenario.policy)))
    changed = overlaid(book, scenario.policy, _days(scenario), origins, faults)
    _check_city(stack, book, start, faults)
    day = first_counted(scenario)
    check_sections(
        scenario, changed.in_force(day), day, "+".join(stack.names) or "--", faults, start is not None
    )
    refuse_faults(faults)
    return Checked(stack, changed, start)


def first_counted(scenario: Scenario) -> date:
    """The first day after the warm-up."""
    return first_of(scenario.run.start, scenario.run.warm_up_months)


def _days(scenario: Scenario) -> list[date]:
    run = scenario.run
    return [first_of(run.start, run.warm_up_months + change.from_month) for change in scenario.policy]


def _check_city(stack: Stack, book: PolicyBook, start: Start | None, faults: Faults) -> None:
    """Employers, districts and modes that the city has; changes that begin within the horizon."""
    scenario, file = stack.scenario, "+".join(stack.names) or "--"
    run = scenario.run
    last = run.months - run.warm_up_months - 1
    starts = [
        *((f"policy.{n}", change.from_month) for n, change in enumerate(scenario.policy)),
        *((f"places.{n}", change.from_month) for n, change in enumerate(scenario.places)),
        *((f"relief.{n}", change.from_month) for n, change in enumerate(scenario.relief)),
        *((f"demand.employers.{n}", c.from_month) for n, c in enumerate(scenario.demand.employers)),
    ]
    for key, month in starts:
        if month > last:
            faults.add("scenario_beyond_horizon", file, f"{key}.from_month", value=month, last=last)
    if not (scenario.demand.employers or scenario.places):
        return
    city = snapshot_of(scenario, book, start)
    for number, change in enumerate(scenario.demand.employers):
        key = f"demand.employers.{number}"
        if change.employer not in city.employers:
            known = ", ".join(city.employers)
            faults.add("scenario_name_unknown", file, f"{key}.employer", value=change.employer, known=known)
        wish = change.moves_to_district
        if wish is not None and wish not in city.districts:
            known = ", ".join(city.districts)
            faults.add("scenario_name_unknown", file, f"{key}.moves_to_district", value=wish, known=known)
    built = {snapshot.MODES[mode] for mode in set(city.homes.mode.tolist())}
    for number, places in enumerate(scenario.places):
        if places.mode.value not in built:
            known = ", ".join(sorted(built))
            faults.add(
                "scenario_name_unknown", file, f"places.{number}.mode", value=places.mode.value, known=known
            )


def snapshot_of(scenario: Scenario, book: PolicyBook, start: Start | None = None) -> snapshot.Snapshot:
    """The city the scenario draws from: the same for all scenarios with the same settings."""
    run = scenario.run
    law = book.in_force(first_of(run.start, 0))
    if start is not None:
        return snapshot.as_it_stands(start, run.start, law)
    return snapshot.synthetic(run.households + run.waiting, run.seed, run.world, run.start, law)


def replicate(document: str, inputs: Inputs, number: int) -> Part:
    """One replication of a scenario that was checked, as the bytes of its tables; what a worker runs.

    ``document``: the scenario as JSON. What its laboratories ask about comes third, in their order.
    """
    scenario = Scenario.model_validate_json(document)
    book = _book(scenario.run.policy, inputs.law)
    start = None if inputs.start is None else Start.of_tables(inputs.start)
    faults = Faults()
    days = _days(scenario)
    changed = overlaid(book, scenario.policy, days, [("--", "-")] * len(days), faults)
    refuse_faults(faults)
    city = snapshot_of(scenario, book, start)
    made = simulate.simulate(scenario, changed, city, number)
    if city.standing is not None:
        made = merged(made, city)
    about = [made.labs[section] for section in scenario.labs]
    return tuple(parquet(table) for table in (made.monthly, made.households, *about))


def _book(name: str, files: dict[str, bytes] | None) -> PolicyBook:
    if files is None:
        return policies.load(name)
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        for file, content in files.items():
            (Path(folder) / file).write_bytes(content)
        return policies.load(folder)


def _inputs(scenario: Checked) -> Inputs:
    is_shipped = scenario.scenario.run.policy in policies.shipped()
    return Inputs(
        None if is_shipped else dict(scenario.book.files),
        None if scenario.start is None else scenario.start.tables,
    )


def document_of(scenario: Checked) -> dict[str, Any]:
    """``run.json``: what was run, exactly."""
    run, book = scenario.scenario.run, scenario.book
    first, last = first_of(run.start, 0), first_of(run.start, run.months - 1)
    days = sorted({first, *(day for day in book.days_of_change() if first < day <= last)})
    return {
        "format": FORMAT,
        "scenario": scenario.scenario.name,
        "title_zh": scenario.scenario.title_zh,
        "title_en": scenario.scenario.title_en,
        "stack": list(scenario.stack.names),
        "on": first.isoformat(),
        **run.model_dump(mode="json"),
        **({} if scenario.start is None else {"began_with": began_with(scenario.start)}),
        "policy_fingerprints": {day.isoformat(): fingerprint(book.in_force(day).document()) for day in days},
        "software": software(),
    }


def began_with(start: Start) -> dict[str, Any]:
    """Of a bureau's own city in ``run.json``: where it was read, its fingerprint and how much there is of what."""
    return {
        "kind": start.kind,
        "fingerprint": start.fingerprint,
        "waiting": len(start.waiting),
        "tenants": len(start.tenants),
        "dwellings": len(start.facts.dwellings),
    }


def software() -> str:
    """The version that runs."""
    try:
        return version("allocator")
    except PackageNotFoundError:
        return "0"


def run_all(
    scenarios: Sequence[Checked],
    out: Path | None,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    told: Told | None = None,
) -> list[Results]:
    """Run every replication of every scenario that is not finished yet in ``out``, and write the folders.

    ``workers``: processes on this machine; ``scheduler``: the address of a Dask cluster instead. ``out`` ``None``:
    nothing is written or resumed. ``told``: done, of how many, seconds left. Raises ``Refused`` without the cluster's
    package or cluster, ``MachineRefused`` where workers were lost time and again.
    """
    desks = [_Desk(scenario, out) for scenario in scenarios]
    tasks = [(at, number) for at, desk in enumerate(desks) for number in desk.open_numbers()]
    total = sum(desk.scenario.scenario.run.replications for desk in desks)
    begun, done = time.monotonic(), total - len(tasks)
    finished = 0
    if told is not None:
        told(done, total, None)
    with closing(_parts(desks, tasks, workers, scheduler)) as parts:
        for (at, number), part in parts:
            desks[at].keep(number, part)
            finished += 1
            if told is not None:
                left = (time.monotonic() - begun) / finished * (len(tasks) - finished)
                told(done + finished, total, left)
    return [desk.close() for desk in desks]


class _Desk:
    """The replications of one scenario: what is finished, and where it is kept."""

    def __init__(self, scenario: Checked, out: Path | None) -> None:
        self.scenario = scenario
        self.document = scenario.scenario.model_dump_json()
        self.inputs = _inputs(scenario)
        self.run = document_of(scenario)
        self.parts: dict[int, Part] = {}
        self.folder = None if out is None else out / scenario.scenario.name
        # A finished replication counts only for the very same scenario, law and software.
        same = [
            self.document,
            self.run["policy_fingerprints"],
            self.run["software"],
            self.run.get("began_with"),
        ]
        self.mark = sha256_hex(json.dumps(same, sort_keys=True).encode())[:16]
        self._resume()

    def _places(self, number: int) -> tuple[Path, ...] | None:
        if self.folder is None:
            return None
        kept = self.folder / _PARTS / self.mark
        names = ("monthly", "households", *self.scenario.scenario.labs)
        return tuple(kept / f"{number:04d}.{name}.parquet" for name in names)

    def _resume(self) -> None:
        for number in range(1, self.scenario.scenario.run.replications + 1):
            places = self._places(number)
            if places is not None and all(place.is_file() for place in places):
                self.parts[number] = tuple(place.read_bytes() for place in places)

    def open_numbers(self) -> list[int]:
        """Replications still to run, from 1."""
        every = range(1, self.scenario.scenario.run.replications + 1)
        return [number for number in every if number not in self.parts]

    def keep(self, number: int, part: Part) -> None:
        """One more is finished; each file stands only once the one before it is whole."""
        self.parts[number] = part
        places = self._places(number)
        if places is not None:
            places[0].parent.mkdir(parents=True, exist_ok=True)
            for place, content in zip(places, part, strict=True):
                write_whole(place, content)

    def close(self) -> Results:
        """All replications as one run, written where there is a folder."""
        parts = [self.parts[number] for number in sorted(self.parts)]
        scenario = self.scenario.scenario
        about = {
            section: [pd.read_parquet(io.BytesIO(part[place])) for part in parts]
            for place, section in enumerate(scenario.labs, start=2)
        }
        labs = answered(scenario, first_counted(scenario), about)
        results = replace(joined(self.run, parts), labs=labs)
        if self.folder is not None:
            write_labs(self.folder, labs)
            write_run(self.folder, results)
            write_whole(self.folder / "scenario.json", as_json(json.loads(self.document)))
        return results


Task = tuple[int, int]


def _parts(
    desks: Sequence[_Desk], tasks: Sequence[Task], workers: int, scheduler: str | None
) -> Generator[tuple[Task, Part]]:
    if scheduler is not None:
        yield from _on_cluster(desks, tasks, scheduler)
    elif workers > 1 and len(tasks) > 1:
        yield from _in_processes(desks, tasks, workers)
    else:
        for at, number in tasks:
            yield (at, number), replicate(desks[at].document, desks[at].inputs, number)


def _in_processes(desks: Sequence[_Desk], tasks: Sequence[Task], workers: int) -> Iterator[tuple[Task, Part]]:
    """Fresh processes (spawn: no state of this one); a pool that broke is set up again for what is left."""
    left = dict.fromkeys(tasks)
    for attempt in range(1, _ATTEMPTS + 1):
        pool = ProcessPoolExecutor(min(workers, len(left)), mp_context=get_context("spawn"))
        try:
            futures = {
                pool.submit(replicate, desks[at].document, desks[at].inputs, number): (at, number)
                for at, number in left
            }
            for future in as_completed(futures):
                task, part = futures[future], future.result()
                del left[task]
                yield task, part
        except BrokenProcessPool:
            if attempt == _ATTEMPTS:
                raise MachineRefused("scenario_workers_lost", attempts=_ATTEMPTS) from None
        else:
            return
        finally:
            # Whoever stops early does not wait for what has not begun.
            pool.shutdown(cancel_futures=True)


def _on_cluster(desks: Sequence[_Desk], tasks: Sequence[Task], scheduler: str) -> Iterator[tuple[Task, Part]]:
    """On the workers of a Dask cluster; a lost worker's replications go to the others."""
    try:
        cluster: Any = import_module("distributed")
    except ImportError:
        raise Refused("scenario_no_cluster_package") from None
    try:
        client = cluster.Client(scheduler, timeout="10s", set_as_default=False)
        client.wait_for_workers(1, timeout=30)
    except (OSError, ValueError, TimeoutError) as fault:
        raise Refused("scenario_no_scheduler", address=scheduler, reason=str(fault)) from None
    with client:
        futures = {
            client.submit(
                replicate, desks[at].document, desks[at].inputs, number, pure=False, retries=_ATTEMPTS
            ): (at, number)
            for at, number in tasks
        }
        for future in cluster.as_completed(list(futures), loop=client.loop):
            yield futures[future], future.result()
