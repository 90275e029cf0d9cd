"""``allocator registry``: filing leases with the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from allocator.commands import shared
from allocator.commands.shared import (
    DEFAULT_LANGUAGE,
    DEFAULT_STORE,
    DryRunOption,
    JsonOption,
    LangOption,
    OnOption,
    PolicyOption,
    StoreOption,
)

group = typer.Typer(
    name="registry",
    help="Filing leases with the registry / 登记系统备案",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

MonthArgument = Annotated[str, typer.Argument(metavar="MONTH", help="Month / 月份 (2026-03)")]


@group.command(help="Leases of the month as parts with a counted, hashed manifest / 导出备案文件")
def export(
    month: MonthArgument,
    out: Annotated[Path, typer.Option("--out", help="Folder of exports / 输出目录", metavar="DIR")],
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal", help="A rehearsal round, marked as one / 演练批次，带演练标记")
    ] = False,
    increment: Annotated[
        bool, typer.Option("--increment", help="Only what is not taken in yet / 只导出尚未备案的")
    ] = False,
    store: StoreOption = DEFAULT_STORE,
    policy: PolicyOption = None,
    on: OnOption = None,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """The files hold names and ID numbers: for the registry only, readable by their owner alone."""
    from allocator.office import filing
    from allocator.office.acts import Act

    act = Act(store, policy, shared.date_of(on), out, lang, dry_run)
    exported = filing.export(act, month, rehearsal=rehearsal, increment=increment)
    figures = {"export_no": exported.export_no, "is_new": exported.is_new, **exported.figures}
    if as_json:
        shared.print_json(figures)
    else:
        _tell_exported(figures, out / exported.export_no, lang, dry_run=dry_run)
    if dry_run:
        again = [*(["--rehearsal"] if rehearsal else []), *(["--increment"] if increment else [])]
        words = ("registry", "export", month, "--out", str(out), *again)
        shared.next_command(lang, shared.typed(*words, store=store, lang=lang))
        return
    shared.next_command(lang, shared.typed("registry", "receive", month, "FILE", store=store, lang=lang))


def _tell_exported(figures: dict[str, Any], folder: Path, lang: str, *, dry_run: bool) -> None:
    from allocator.commands.tenancy import yuan
    from allocator.messages import text_of

    money = {"rent": yuan(figures["rent_fen"]), "subsidy": yuan(figures["subsidy_fen"])}
    shared.say(text_of("registry_exported", lang, **figures, **money, folder=folder))
    if not figures["is_new"]:
        shared.note(text_of("registry_unchanged", lang))
    if figures["rehearsal"]:
        shared.note(text_of("registry_is_rehearsal", lang))
    else:
        years = ", ".join(str(year) for year in figures["due_without_table"])
        code = "registry_due_weekdays" if years else "registry_due"
        shared.note(text_of(code, lang, due_on=figures["due_on"], years=years))
    if dry_run:
        shared.note(text_of("registry_dry_run", lang))


@group.command(help="Take in the registry's answer / 登记回执")
def receive(
    month: MonthArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The registry's answer / 回执文件")],
    store: StoreOption = DEFAULT_STORE,
    on: OnOption = None,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Exit 1 where the registry sent leases back: they are recorded, and listed one by one."""
    from allocator.messages import text_of
    from allocator.office import filing
    from allocator.office.acts import Act
    from allocator.office.tenancies import lines_of

    act = Act(store, None, shared.date_of(on), Path(), lang, dry_run)
    received = filing.receive(act, month, file)
    rejected = [
        {"row": fault.row, "lease_no": fault.value, "reason": fault.params["reason"]}
        for fault in received.rejected
    ]
    if as_json:
        shared.print_json({**received.figures, "leases_rejected": rejected})
    else:
        shared.say(text_of("registry_received", lang, **received.figures))
    shared.next_command(lang, shared.typed("tenancy", "list", month, store=store, lang=lang))
    if received.rejected:
        shared.note(lines_of(received.rejected, lang))
        raise typer.Exit(1)


@group.command(help="Count and hash an export again from its folder / 核对备案文件")
def check(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="One export / 某次导出的目录")],
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
) -> None:
    """Exit 1 where anything differs from the manifest."""
    from allocator.messages import text_of
    from allocator.office.registry import faulty_export

    faulty_export(folder, lang)
    if as_json:
        shared.print_json({"folder": str(folder), "sound": True})
    else:
        shared.say(text_of("registry_checked", lang, folder=folder.name))
    shared.next_command(lang, shared.typed("registry", "receive", "MONTH", "FILE", lang=lang))
