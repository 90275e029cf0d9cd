"""``allocator scenario list · run · compare``: what-if on a simulated city."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.commands import beginning, shared
from allocator.commands.beginning import DeliveryOption, StoreOption
from allocator.commands.results_said import labs_of, say_labs, show
from allocator.commands.shared import (
    DEFAULT_LANGUAGE,
    DryRunOption,
    JsonOption,
    LangOption,
    NoProgressOption,
    OnOption,
    PolicyOption,
)

if TYPE_CHECKING:
    from scenarios.comparisons import Comparison
    from scenarios.reading import Stack
    from scenarios.results import Results
    from scenarios.running import Checked, Told
    from scenarios.start import Start

OUT = Path("out/scenarios")

FilesArgument = Annotated[
    list[str], typer.Argument(metavar="FILE…", help="Scenario files or shipped names / 情景文件或内置情景名")
]
HouseholdsOption = Annotated[
    int | None,
    typer.Option("--households", metavar="N", help="Sitting tenants at the start / 期初在租家庭数"),
]
WaitingOption = Annotated[
    int | None,
    typer.Option("--waiting", metavar="N", help="Waiting households at the start / 期初轮候家庭数"),
]
MonthsOption = Annotated[
    int | None, typer.Option("--months", metavar="M", help="Months, warm-up included / 月数（含预热期）")
]
WarmUpOption = Annotated[
    int | None, typer.Option("--warm-up", metavar="M", help="Months of warm-up / 预热月数")
]
ReplicationsOption = Annotated[
    int | None, typer.Option("--replications", metavar="R", help="Replications / 重复仿真次数")
]
SeedOption = Annotated[int | None, typer.Option("--seed", metavar="S", help="Random seed / 随机种子")]
WorkersOption = Annotated[
    int, typer.Option("--workers", metavar="W", min=1, help="Processes on this machine / 本机进程数")
]
SchedulerOption = Annotated[
    str | None,
    typer.Option("--scheduler", metavar="ADDRESS", help="A Dask cluster instead / 改用 Dask 集群"),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder to write and resume / 输出及续跑目录")
]
AcceptOption = Annotated[
    bool, typer.Option("--accept", help="Take this as the expected result / 接受为预期结果")
]


def register(group: typer.Typer) -> None:
    """Put the three commands into the group."""
    group.command("list", help="Shipped scenarios / 内置情景")(list_scenarios)
    group.command("run", help="Files stacked into one scenario, simulated / 把文件叠加为一个情景并仿真")(run)
    group.command("compare", help="Each FILE against the baseline / 逐个文件与基准情景对比")(compare)


def list_scenarios(as_json: JsonOption = False, lang: LangOption = DEFAULT_LANGUAGE) -> None:
    """By kind: name, title, and the command that runs it."""
    from itertools import groupby

    from allocator.messages import text_of
    from scenarios.shelves import shelves

    def command(words: tuple[str, ...]) -> str:
        return shared.typed(*words, lang=lang)

    found = list(shelves())
    if as_json:
        entries = [
            {
                "kind": s.kind,
                "name": s.name,
                "title_zh": s.title_zh,
                "title_en": s.title_en,
                "command": command(s.words),
            }
            for s in found
        ]
        shared.print_json({"scenarios": entries})
    else:
        for kind, entries_of in groupby(found, key=lambda one: one.kind):
            shared.say(text_of(f"scenario_kind_{kind}", lang))
            for one in entries_of:
                shared.say(f"  {one.name}\t{getattr(one, f'title_{lang}')}\t{command(one.words)}")
    shared.next_command(lang, shared.typed("scenario", "compare", "subsidy_up", lang=lang))


def run(
    files: FilesArgument,
    households: HouseholdsOption = None,
    waiting: WaitingOption = None,
    months: MonthsOption = None,
    warm_up: WarmUpOption = None,
    replications: ReplicationsOption = None,
    seed: SeedOption = None,
    workers: WorkersOption = 1,
    scheduler: SchedulerOption = None,
    out: OutOption = None,
    delivery: DeliveryOption = None,
    store: StoreOption = None,
    policy: PolicyOption = None,
    on: OnOption = None,
    as_json: JsonOption = False,
    lang: LangOption = DEFAULT_LANGUAGE,
    dry_run: DryRunOption = False,
    no_progress: NoProgressOption = False,
) -> None:
    """Every fault of every file first; finished replications in the folder are not run again."""
    from allocator.messages import text_of
    from scenarios.reading import read_stack
    from scenarios.running import checked, document_of, run_all

    settings = _settings(households, waiting, months, warm_up, replications, seed, policy, on)
    (stack,), start = _begun([read_stack(files)], settings, delivery, store, lang, shown=not no_progress)
    scenario = checked(stack, start)
    folder = out or OUT / scenario.scenario.name
    _tell_stack(scenario.stack, lang)
    beginning.tell(scenario, lang)
    results: list[Results] = []
    if not dry_run:
        with _progress(lang, shown=not no_progress) as told:
            results = run_all([scenario], folder, workers=workers, scheduler=scheduler, told=told)
    document = document_of(scenario) | {"out": str(folder), "dry_run": dry_run}
    if as_json:
        shared.print_json(document | {"labs": labs_of(results)})
    else:
        code = "scenario_would_run" if dry_run else "scenario_done"
        shared.say(text_of(code, lang, **{**document, "folder": str(folder / scenario.scenario.name)}))
        for result in results:
            say_labs(result, folder, lang)
    again = ["scenario", "compare", "+".join(files), *beginning.words(delivery, store)]
    shared.next_command(lang, shared.typed(*again, lang=lang))


def compare(
    files: FilesArgument,
    households: HouseholdsOption = None,
    waiting: WaitingOption = None,
    months: MonthsOption = None,
    warm_up: WarmUpOption = None,
    replications: ReplicationsOption = None,
    seed: SeedOption = None,
    workers: WorkersOption = 1,
    scheduler: SchedulerOption = None,
    out: OutOption = None,
    delivery: DeliveryOption = None,
    store: StoreOption = None,
    policy: PolicyOption = None,
    on: OnOption = None,
    accept: AcceptOption = False,
    as_json: JsonOption = False,
    lang: LangOption = DEFAULT_LANGUAGE,
    dry_run: DryRunOption = False,
    no_progress: NoProgressOption = False,
) -> int:
    """``a.toml+b.toml`` stacks the two; each other FILE is a scenario of its own.

    A file with an ``.expect.csv`` beside it, run with its own settings, must give it to the byte (exit 1).
    """
    from allocator.messages import text_of
    from scenarios.comparison_page import write_pages
    from scenarios.comparisons import compare as compared
    from scenarios.comparisons import refuse_unlike, write_comparison
    from scenarios.files import baseline_of
    from scenarios.reading import stacked
    from scenarios.running import checked, run_all

    settings = _settings(households, waiting, months, warm_up, replications, seed, policy, on)
    read = [_stack_of(word) for word in files]
    stacks, start = _begun(read, settings, delivery, store, lang, shown=not no_progress)
    refuse_unlike([stack.scenario for stack in stacks])
    base = stacked([], [])
    base = _replaced(base, baseline_of(stacks[0].scenario.run))
    scenarios = [checked(stack, start) for stack in [base, *stacks]]
    folder = out or OUT / "-".join(["compare", *(s.scenario.name for s in scenarios[1:])])
    for stack in stacks:
        _tell_stack(stack, lang)
    beginning.tell(scenarios[0], lang)
    if dry_run:
        _tell_plan(scenarios, folder, lang, as_json)
        again = ["scenario", "compare", *files, *beginning.words(delivery, store)]
        shared.next_command(lang, shared.typed(*again, lang=lang))
        return 0
    with _progress(lang, shown=not no_progress) as told:
        results = run_all(scenarios, folder, workers=workers, scheduler=scheduler, told=told)
    comparison = compared(results)
    write_comparison(folder, comparison)
    pages = write_pages(folder, comparison)
    differing = [] if settings or start is not None else _expectations(files, comparison, folder, accept)
    show(comparison, folder, pages, differing, lang, as_json)
    for place, new in differing:
        shared.note(text_of("scenario_differs", lang, expected=str(place), new=str(new)))
    again = ["scenario", "compare", *files, *beginning.words(delivery, store)]
    again += ["--accept"] if differing else ["--replications", "20"]
    shared.next_command(lang, shared.typed(*again, lang=lang))
    return 1 if differing else 0


def _settings(
    households: int | None,
    waiting: int | None,
    months: int | None,
    warm_up: int | None,
    replications: int | None,
    seed: int | None,
    policy: str | None,
    on: str | None,
) -> dict[str, Any]:
    """What the command sets over the files."""
    day: date | None = shared.date_of(on)
    settings = {
        "households": households,
        "waiting": waiting,
        "months": months,
        "warm_up_months": warm_up,
        "replications": replications,
        "seed": seed,
        "policy": policy,
        "start": None if day is None else f"{day:%Y-%m}",
    }
    return {name: value for name, value in settings.items() if value is not None}


def _begun(
    stacks: list[Stack],
    settings: dict[str, Any],
    delivery: Path | None,
    store: str | None,
    lang: str,
    *,
    shown: bool,
) -> tuple[list[Stack], Start | None]:
    """The stacks with the settings of the command and the sizes of the city they begin with, and that city."""
    from scenarios.city import first_of

    changed = {name: value for name, value in settings.items() if name not in {"households", "waiting"}}
    first = first_of(_with_settings(stacks[0], changed).scenario.run.start, 0)
    start = beginning.start_of(delivery, store, first, lang, shown=shown)
    if start is not None:
        settings = changed | beginning.sizes(start, settings.get("households"), settings.get("waiting"))
    return [_with_settings(stack, settings) for stack in stacks], start


def _stack_of(word: str) -> Stack:
    from scenarios.reading import read_stack, shipped

    if Path(word).is_file() or word in shipped():
        return read_stack([word])
    return read_stack(word.split("+"))


def _with_settings(stack: Stack, settings: dict[str, Any]) -> Stack:
    from scenarios.reading import with_settings

    return _replaced(stack, with_settings(stack.scenario, settings))


def _replaced(stack: Stack, scenario: Any) -> Stack:
    from dataclasses import replace

    return replace(stack, scenario=scenario)


def _tell_stack(stack: Stack, lang: str) -> None:
    """The order in which files were stacked, and what the later ones overruled."""
    from allocator.messages import text_of

    if len(stack.names) > 1:
        shared.note(text_of("scenario_stacked", lang, order=" → ".join(stack.names)))
    if stack.overruled:
        shared.note(text_of("scenario_overruled", lang, paths=", ".join(stack.overruled)))


def _tell_plan(scenarios: list[Checked], folder: Path, lang: str, as_json: bool) -> None:
    from allocator.messages import text_of
    from scenarios.running import document_of

    documents = [document_of(scenario) for scenario in scenarios]
    if as_json:
        shared.print_json({"scenarios": documents, "out": str(folder), "dry_run": True})
        return
    for document in documents:
        shared.say(text_of("scenario_would_run", lang, **document, folder=str(folder / document["scenario"])))


@contextmanager
def _progress(lang: str, *, shown: bool) -> Iterator[Told | None]:
    """A bar with the time left, on a terminal only."""
    if not (shown and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from allocator.messages import text_of

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(text_of("scenario_running", lang), total=None, left="")

        def told(done: int, total: int, seconds: float | None) -> None:
            left = "" if seconds is None else text_of("scenario_time_left", lang, seconds=round(seconds))
            bar.update(task, completed=done, total=total, left=left)

        yield told


def _expectations(
    files: list[str], comparison: Comparison, folder: Path, accept: bool
) -> list[tuple[Path, Path]]:
    """(expected, new) of each scenario whose result is not the expected one; ``accept`` takes the new ones."""
    from scenarios.comparisons import csv_of, expected_place
    from scenarios.reading import place_of, shipped
    from scenarios.results import write_whole

    differing = []
    for word, result in zip(files, comparison.results[1:], strict=True):
        if not (Path(word).is_file() or word in shipped()):
            continue  # a stack has no file of its own
        place = expected_place(place_of(word))
        content = csv_of(comparison.table[comparison.table["scenario"] == result.name])
        if accept:
            write_whole(place, content)
        elif place.is_file() and place.read_bytes().replace(b"\r\n", b"\n") != content:
            new = folder / f"{result.name}.expect.new.csv"
            write_whole(new, content)
            differing.append((place, new))
    return differing
