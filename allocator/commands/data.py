"""``allocator data``: input files made, checked and imported."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.commands import shared
from allocator.commands.shared import (
    DEFAULT_LANGUAGE,
    DEFAULT_STORE,
    DryRunOption,
    JsonOption,
    LangOption,
    NoProgressOption,
    OnOption,
    PolicyOption,
    StoreOption,
)

if TYPE_CHECKING:
    from allocator.exchange import Delivery
    from allocator.office.deliveries import Ask, Imported

group = typer.Typer(
    name="data",
    help="Input files: template, synthetic city, check, import / 数据文件：模板、虚拟城市、检查、导入",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

# People read some two hundred lines; machines read --json.
MAX_LINES = 200

FolderArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the files / 数据文件目录")]
SyntheticOption = Annotated[
    bool,
    typer.Option(
        "--synthetic-ids", help="Accept synthetic people, rehearsals only / 接受虚拟身份证号（仅演练）"
    ),
]
KnownStoreOption = Annotated[
    str | None,
    typer.Option("--store", help="Check against this store too / 同时与库中数据核对", metavar="URL"),
]
SetAsideOption = Annotated[
    Path | None,
    typer.Option(
        "--set-aside",
        help="Workbook for faulty households; the sound ones are imported / 搁置有错家庭的工作簿，其余照常导入",
        metavar="FILE.xlsx",
    ),
]


@group.command("template")
def template(
    folder: FolderArgument,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Empty input files with headers in both languages and one example row / 空模板：中英文表头加一行示例."""
    from allocator.exchange.template import write_template

    names = write_template(folder, lang.value, is_dry_run=dry_run)
    _tell_written(names, folder, lang.value, as_json=as_json, dry_run=dry_run)
    shared.next_command(
        lang.value, shared.typed("data", "check", str(folder), "--synthetic-ids", lang=lang.value)
    )


@group.command("generate")
def generate(
    folder: FolderArgument,
    households: Annotated[
        int, typer.Option("--households", min=1, help="Households / 家庭户数", metavar="N")
    ],
    seed: Annotated[int, typer.Option("--seed", help="Seed / 随机种子", metavar="S")],
    world: Annotated[str, typer.Option("--world", help="World / 情形", metavar="NAME")] = "shortage",
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
    no_progress: NoProgressOption = False,
) -> None:
    """A synthetic city as input files / 虚拟城市的数据文件."""
    from allocator.exchange import write_delivery
    from allocator.exchange.template import refuse_existing
    from allocator.progress import step
    from scenarios.population import city

    refuse_existing(folder)
    with step(str(folder), shown=not no_progress):
        facts = city(households, seed, world)
        counts = {} if dry_run else write_delivery(facts, folder, lang.value)
    _tell_written(counts, folder, lang.value, as_json=as_json, dry_run=dry_run)
    shared.next_command(
        lang.value, shared.typed("data", "check", str(folder), policy="example", lang=lang.value)
    )


def _tell_written(
    files: list[str] | dict[str, int], folder: Path, language: str, *, as_json: bool, dry_run: bool
) -> None:
    from allocator.messages import text_of

    if as_json:
        shared.print_json({"folder": str(folder), "files": files, "dry_run": dry_run})
    elif dry_run:
        shared.say(text_of("data_dry_run", language))
    else:
        for name in files:
            shared.say(text_of("data_written", language, file=str(folder / name)))


@group.command("check")
def check(
    folder: FolderArgument,
    store: KnownStoreOption = None,
    policy: PolicyOption = None,
    on: OnOption = None,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    no_progress: NoProgressOption = False,
    synthetic_ids: SyntheticOption = False,
) -> None:
    """Every fault of the files, located; writes nothing / 列出所有问题及其位置，不写入."""
    from allocator.office.deliveries import Ask, check_delivery

    ask = Ask(folder, store, policy, synthetic_ids, shared.date_of(on), language=lang.value)
    with _step(lang.value, shown=not no_progress):
        delivery = check_delivery(ask)
    if as_json:
        shared.print_json(_document(delivery, lang.value))
    else:
        _print_problems(delivery, lang.value)
        _print_verdict(delivery, lang.value)
    if delivery.has_errors:
        raise typer.Exit(1)
    shared.next_command(lang.value, _import_command(ask))


@group.command("import")
def import_(
    folder: FolderArgument,
    set_aside: SetAsideOption = None,
    store: StoreOption = DEFAULT_STORE,
    policy: PolicyOption = None,
    on: OnOption = None,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
    no_progress: NoProgressOption = False,
    synthetic_ids: SyntheticOption = False,
) -> None:
    """The same check, then all or nothing into the store / 同样的检查，然后整批写入或完全不写."""
    from allocator.office.deliveries import Ask, import_delivery

    ask = Ask(folder, store, policy, synthetic_ids, shared.date_of(on), set_aside, lang.value, dry_run)
    with _step(lang.value, shown=not no_progress):
        done = import_delivery(ask)
    if as_json:
        shared.print_json(_import_document(done, lang.value, dry_run=dry_run))
    else:
        _print_problems(done.delivery, lang.value)
        _print_import(ask, done)
    if not done.is_done:
        raise typer.Exit(1)
    if dry_run:
        shared.next_command(lang.value, _import_command(ask))
        return
    shared.next_command(
        lang.value, shared.typed("round", "open", _likely_month(done), store=store, lang=lang.value)
    )


def _likely_month(done: Imported) -> str:
    """The first month that begins when nearly all dwellings and households of the files are there."""
    facts = done.delivery.facts
    dated = (facts.dwellings["available_on"].dropna(), facts.households["registered_on"].dropna())
    days = [column.quantile(0.9, interpolation="nearest") for column in dated if len(column)]
    if not days:
        return "MONTH"
    last = max(days)
    return f"{last:%Y-%m}" if last.day == 1 else f"{last + timedelta(days=32 - last.day):%Y-%m}"


def _step(language: str, *, shown: bool):  # type: ignore[no-untyped-def]  # noqa: ANN202 (a context manager)
    from allocator.messages import text_of
    from allocator.progress import step

    return step(text_of("data_checking", language), shown=shown)


def _import_command(ask: Ask) -> str:
    words = ["data", "import", str(ask.folder)]
    if ask.synthetic_ids:
        words.append("--synthetic-ids")
    if ask.on:
        words += ["--on", ask.on.isoformat()]
    if ask.set_aside:
        words += ["--set-aside", str(ask.set_aside)]
    place = ask.store_url or DEFAULT_STORE
    return shared.typed(*words, store=place, policy=ask.policy_name, lang=ask.language)


def _document(delivery: Delivery, language: str) -> dict[str, object]:
    from allocator.exchange.wording import document_of

    return {
        "problems": [document_of(problem, language) for problem in delivery.problems],
        "rows": delivery.rows,
    }


def _import_document(done: Imported, language: str, *, dry_run: bool) -> dict[str, object]:
    counts = {
        table: {"inserted": count.inserted, "updated": count.updated, "unchanged": count.unchanged}
        for table, count in done.counts.items()
    }
    return {
        **_document(done.delivery, language),
        "imported": done.is_done and not dry_run,
        "counts": counts,
        "set_aside": list(done.set_aside),
        "dry_run": dry_run,
    }


def _print_problems(delivery: Delivery, language: str) -> None:
    """By file, worst first, cut at what a person reads; where all are listed is said."""
    from allocator.messages import text_of

    files = list(dict.fromkeys([*(problem.file for problem in delivery.problems), *delivery.rows]))
    left = MAX_LINES
    for file in files:
        problems = [problem for problem in delivery.problems if problem.file == file]
        problems.sort(key=lambda problem: problem.severity != "error")
        counted = Counter(problem.severity for problem in problems)
        if not problems:
            shared.say(text_of("data_counted", language, file=file, rows=delivery.rows[file]))
            continue
        numbers = {"errors": counted["error"], "warnings": counted["warning"]}
        shared.say(text_of("data_file_summary", language, file=file, **numbers))
        _print_table(problems[:left], language)
        left = max(0, left - len(problems))
    if len(delivery.problems) > MAX_LINES:
        shared.say(text_of("data_more", language, num=len(delivery.problems) - MAX_LINES))


def _print_table(problems: list, language: str) -> None:  # type: ignore[type-arg]
    """A table on a terminal; plain lines elsewhere, one for each problem."""
    import sys

    from allocator.exchange.wording import header_of, message_of, reason_of
    from allocator.messages import text_of

    grades = {grade: text_of(f"data_{grade}", language) for grade in ("error", "warning")}
    if not sys.stdout.isatty():
        for problem in problems:
            shared.say(f"  [{grades[problem.severity]}] {message_of(problem, language)}")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for code in ("data_severity", "data_place", "data_what"):
        # Chinese has no spaces to break at: fold, or the cure is cut off.
        table.add_column(text_of(code, language), overflow="fold")
    for problem in problems:
        place = f"{problem.row} {header_of(problem.column, problem.file, language)}".strip()
        # Text, not markup: a cell may hold square brackets.
        table.add_row(grades[problem.severity], Text(place), Text(reason_of(problem, language)))
    if problems:
        Console().print(table)


def _print_verdict(delivery: Delivery, language: str) -> None:
    from allocator.messages import text_of

    counted = Counter(problem.severity for problem in delivery.problems)
    code = "data_faulty" if delivery.has_errors else "data_clean"
    shared.say(text_of(code, language, errors=counted["error"], warnings=counted["warning"]))


def _print_import(ask: Ask, done: Imported) -> None:
    from allocator.messages import text_of
    from allocator.model.columns import table_named

    language = ask.language
    if not done.is_done:
        if ask.set_aside is not None:
            shared.say(text_of("data_set_aside_useless", language))
        _print_verdict(done.delivery, language)
        return
    for name, count in done.counts.items():
        table = table_named(name).name_zh if language == "zh" else name
        numbers = {"inserted": count.inserted, "updated": count.updated, "unchanged": count.unchanged}
        shared.say(text_of("data_imported", language, table=table, **numbers))
    if done.set_aside:
        code = "data_set_aside_dry" if ask.is_dry_run else "data_set_aside"
        shared.say(text_of(code, language, num=len(done.set_aside), file=str(ask.set_aside)))
    if ask.is_dry_run:
        shared.say(text_of("data_dry_run", language))
