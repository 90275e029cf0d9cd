"""``allocator scenario``: the what-if laboratory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.commands import labs, portfolio, shared, what_if
from allocator.commands.shared import DEFAULT_LANGUAGE, DryRunOption, JsonOption, LangOption

if TYPE_CHECKING:
    from allocator.model.problem import Problem

_SHOWN = 50

group = typer.Typer(
    name="scenario",
    help="What-if laboratory / 情景实验室",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@group.callback()
def _laboratory() -> None:
    """What-if laboratory / 情景实验室."""


@group.command("calc", help="One model alone, on numbers / 单独运行一个模型")
def calc(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="rent_to_own, subsidy_tiers, supply_mix / 模型")
    ],
    figures: Annotated[Path, typer.Argument(metavar="INPUT.json", help="Figures to read / 输入文件")],
    out: Annotated[Path, typer.Option("--out", metavar="OUTPUT.json", help="Answer to write / 输出文件")],
    as_json: JsonOption = False,
    lang: LangOption = DEFAULT_LANGUAGE,
    dry_run: DryRunOption = False,
) -> int:
    """Faults of the input are listed with their keys and nothing is written (exit 1).

    An infeasible question is written with its status, and the smallest relaxation is named (exit 4).
    """
    from allocator.errors import NoAllocation
    from scenarios import calc as laboratory

    chosen = laboratory.model_named(model)
    _check_out(out, figures)
    content = _content_of(figures)
    answer = laboratory.calc(chosen, content, figures.name)
    if answer.document is None:
        _show_problems(answer.problems, lang, as_json)
        return 1
    _write(answer.document, out, dry_run)
    _show(model, answer.document, out, lang, as_json, dry_run)
    status = answer.document.get("status")
    if status == "INFEASIBLE":
        raise NoAllocation("calc_infeasible", budget=answer.document["smallest_budget_fen"])
    if status == "LIMIT":
        raise NoAllocation("calc_limit")
    return 0


def _check_out(out: Path, figures: Path) -> None:
    """Where nothing can be written, nothing is computed."""
    from allocator.errors import WrongUsage

    if out.is_dir():
        raise WrongUsage("calc_out_is_folder", path=str(out))
    if not out.parent.is_dir():
        raise WrongUsage("calc_no_such_folder", path=str(out.parent))
    if figures.exists() and out.exists() and out.samefile(figures):
        raise WrongUsage("calc_out_is_input", path=str(out))


def _content_of(figures: Path) -> bytes:
    """The file's bytes, one more than are taken at most."""
    from scenarios.documents import GREATEST_SIZE

    with figures.open("rb") as file:
        return file.read(GREATEST_SIZE + 1)


def _write(document: dict[str, Any], out: Path, dry_run: bool) -> None:
    """Whole or not at all: beside the target first, then renamed over it."""
    from scenarios.documents import written

    if dry_run:
        return
    beside = out.with_name(f".calc-{os.getpid()}.part")
    try:
        beside.write_text(written(document), encoding="utf-8")
        beside.replace(out)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _show(model: str, document: dict[str, Any], out: Path, lang: str, as_json: bool, dry_run: bool) -> None:
    """The single figures, one per line; lists stand in the file."""
    from allocator.messages import text_of
    from scenarios.documents import written

    if as_json:
        shared.say(written(document).rstrip())
        return
    shared.say(text_of("calc_done", lang, model=model))
    for key, value in document.items():
        if not isinstance(value, list):
            shared.say(f"  {key}: {'-' if value is None else value}")
    shared.say(text_of("calc_not_written" if dry_run else "calc_written", lang, path=str(out)))


def _show_problems(problems: list[Problem], lang: str, as_json: bool) -> None:
    """Faults with their keys on stderr, or all of them as JSON on stdout."""
    from allocator.messages import text_of

    said = [text_of(p.code, lang, **{"value": p.value, **p.params}) for p in problems]
    if as_json:
        shared.print_json(
            {
                "problems": [
                    {
                        "code": problem.code,
                        "file": problem.file,
                        "row": problem.row,
                        "column": problem.column,
                        "value": problem.value,
                        "severity": problem.severity,
                        "message": message,
                    }
                    for problem, message in zip(problems, said, strict=True)
                ]
            }
        )
        return
    for problem, message in list(zip(problems, said, strict=True))[:_SHOWN]:
        shared.note(": ".join(part for part in (problem.file, problem.column, message) if part))
    if len(problems) > _SHOWN:
        shared.note(text_of("calc_more_problems", lang, count=len(problems) - _SHOWN))


what_if.register(group)
labs.register(group)
portfolio.register(group)
