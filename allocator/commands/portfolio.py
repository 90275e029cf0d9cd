"""``allocator scenario portfolio``: which homes to build or lease, where and when, under money, land and debt."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.commands import shared
from allocator.commands.results_said import is_another
from allocator.commands.shared import (
    DEFAULT_LANGUAGE,
    DryRunOption,
    JsonOption,
    LangOption,
    NoProgressOption,
)

if TYPE_CHECKING:
    from scenarios.portfolio import Answer, Question

OUT = Path("out/portfolio")

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="Portfolio file or shipped name / 供给组合文件或内置名")
]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder to write / 输出目录")]
TimeOption = Annotated[
    float | None,
    typer.Option(
        "--time-limit", metavar="S", min=0.1, help="Stop after S seconds with the best plan so far / 限时秒数"
    ),
]
AcceptOption = Annotated[
    bool, typer.Option("--accept", help="Take this as the expected result / 接受为预期结果")
]


def register(group: typer.Typer) -> None:
    """Put the command into the group."""
    group.command("portfolio", help="Supply plan over the six modes / 六种供给方式的多期规划")(portfolio)


def portfolio(
    file: FileArgument,
    out: OutOption = None,
    time_limit: TimeOption = None,
    accept: AcceptOption = False,
    as_json: JsonOption = False,
    lang: LangOption = DEFAULT_LANGUAGE,
    dry_run: DryRunOption = False,
    no_progress: NoProgressOption = False,
) -> int:
    """Every fault of the file and its allocation first; a measures table beside FILE must be met (exit 1)."""
    from allocator.errors import Refused
    from allocator.messages import text_of
    from allocator.policy.faults import Faults
    from scenarios import portfolio as supply
    from scenarios.comparisons import expected_place
    from scenarios.portfolio_files import place_of
    from scenarios.portfolio_page import write_pages

    place, faults = place_of(file), Faults()
    question = supply.checked(place, faults)
    if question is None:
        listed = faults.listed()
        raise Refused("portfolio_invalid", count=len(listed), faults=listed)
    again = ["scenario", "portfolio", file]
    if dry_run:
        _tell_sound(question, lang, as_json)
        shared.next_command(lang, shared.typed(*again, lang=lang))
        return 0
    answer = supply.answered(question, time_limit, _progress(lang, shown=not no_progress))
    folder = out or OUT / question.asked.name
    supply.write(folder, answer)
    pages = write_pages(folder, question, answer)
    expected = expected_place(place)
    # What the clock cut short is held against nothing.
    differs = time_limit is None and is_another(expected, answer.measures(), accept=accept)
    _show(answer, folder, lang, as_json)
    if not as_json:
        shared.say(text_of("portfolio_pages_at", lang, paths=", ".join(str(one) for one in pages)))
    if differs:
        new = str(folder / supply.MEASURES)
        shared.note(text_of("portfolio_differs", lang, expected=str(expected), new=new))
    if differs or (time_limit is None and not expected.is_file()):
        again += ["--out", str(folder), "--accept"]
        shared.next_command(lang, shared.typed(*again, lang=lang))
    else:
        shared.next_command(lang, shared.typed("scenario", "list", lang=lang))
    return 1 if differs else 0


def _tell_sound(question: Question, lang: str, as_json: bool) -> None:
    """What would be planned."""
    from allocator.messages import text_of
    from scenarios.portfolio import sound

    told = sound(question)
    if as_json:
        shared.print_json(told | {"dry_run": True})
    else:
        shared.say(text_of("portfolio_sound", lang, **told))


def _progress(lang: str, *, shown: bool) -> Callable[[int, float], None] | None:
    """A line for each step with what is proved so far, on a terminal only."""
    from allocator.messages import text_of

    if not (shown and sys.stderr.isatty()):
        return None
    return lambda step, gap: shared.note(text_of("portfolio_step", lang, step=step, gap=f"{gap:.3%}"))


def _show(answer: Answer, folder: Path, lang: str, as_json: bool) -> None:
    """The single figures, starts by mode, shortage by course of demand, who pays."""
    import json

    from allocator.messages import text_of

    document = answer.document
    if as_json:
        tables = {
            name: json.loads(frame.to_json(orient="records"))
            for name, frame in (
                ("starts", answer.starts),
                ("by_period", answer.periods),
                ("by_site", answer.sites),
            )
        }
        shared.print_json(document | tables | {"out": str(folder)})
        return
    shared.say(text_of("portfolio_title", lang, **document))
    shared.say(text_of(f"portfolio_stopped_{document['stopped']}", lang, gap=f"{document['gap']:.4%}"))
    shared.say(
        text_of(
            "portfolio_bounds",
            lang,
            by_prices=f"{document['gap_by_prices']:.4%}",
            saved=f"{document['gap_of_what_is_saved']:.4%}",
        )
    )
    _table(("portfolio_mode", "portfolio_starts", "portfolio_homes"), _by_mode(answer, lang), lang)
    shortage = document["shortage"]
    rows = [(name, f"{figure:,}") for name, figure in shortage["cases"].items()]
    rows += [(text_of(f"portfolio_{name}", lang), _spelt(shortage[name])) for name in ("mean", "tail")]
    _table(("portfolio_case", "portfolio_lacking"), rows, lang)
    payers = [
        (text_of(f"portfolio_{name}", lang), f"{fen // 100:,}") for name, fen in document["payers"].items()
    ]
    owed = document["debt_at_the_end_fen"] // 100
    _table(
        ("portfolio_payer", "portfolio_yuan"), [*payers, (text_of("portfolio_owed", lang), f"{owed:,}")], lang
    )
    shared.say("")
    shared.say(text_of("portfolio_written", lang, path=str(folder)))


def _by_mode(answer: Answer, lang: str) -> list[tuple[str, ...]]:
    from allocator.messages import text_of

    rows: list[tuple[str, ...]] = []
    grouped = answer.starts.groupby(["mode", "is_renewal"], sort=False)[["starts", "homes"]].sum()
    for (mode, is_renewal), row in grouped.iterrows():
        name = text_of(f"law_mode_{mode}", lang)
        told = text_of("portfolio_renewed", lang, mode=name) if is_renewal else name
        rows.append((told, f"{row['starts']:,}", f"{row['homes']:,}"))
    return rows


def _spelt(figure: int | str) -> str:
    """A whole number or an exact fraction with one decimal."""
    from fractions import Fraction

    return f"{float(Fraction(figure)):,.1f}"


def _table(headers: tuple[str, ...], rows: Sequence[tuple[str, ...]], lang: str) -> None:
    from allocator.messages import text_of

    shared.say("")
    shared.say("\t".join(text_of(code, lang) for code in headers))
    for row in rows:
        shared.say("\t".join(row))
