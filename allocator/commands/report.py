"""``allocator report``: pages to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from allocator.commands import shared
from allocator.commands.shared import DEFAULT_LANGUAGE, DEFAULT_STORE, JsonOption, LangOption, StoreOption

group = typer.Typer(
    name="report",
    help="Pages to look at / 报告页面",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@group.callback()
def _pages() -> None:
    """Pages to look at / 报告页面."""


@group.command("round", help="One self-contained page of a round, at any stage / 批次报告页（任何阶段均可）")
def round_(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="Month / 月份 (2026-03)")],
    out: Annotated[Path, typer.Option("--out", help="Output folder / 输出目录", metavar="DIR")] = Path("out"),
    store: StoreOption = DEFAULT_STORE,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: shared.DryRunOption = False,
) -> None:
    """Writes ``DIR/<MONTH>/report.html``; a dry run only makes the page and says where it would stand."""
    from tempfile import TemporaryDirectory

    from allocator.messages import text_of
    from allocator.office.reports import write_report

    if dry_run:
        with TemporaryDirectory() as folder:
            write_report(store, month, Path(folder), lang)
        path = out / month / "report.html"
    else:
        path = write_report(store, month, out, lang)
    if as_json:
        shared.print_json({"month": month, "page": str(path), "dry_run": dry_run})
    else:
        shared.say(text_of("data_dry_run" if dry_run else "report_written", lang, page=str(path)))
    shared.next_command(lang, shared.typed("round", "status", month, store=store, lang=lang))
