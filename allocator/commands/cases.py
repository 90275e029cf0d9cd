"""``allocator round withdraw · freeze · unfreeze`` and ``allocator data link``: one case, while the round goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from allocator.commands import shared
from allocator.commands.round import OUT, MonthArgument, OutOption, finish
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

if TYPE_CHECKING:
    from allocator.office.acts import Act

ReceiptArgument = Annotated[str, typer.Argument(metavar="RECEIPT_NO", help="Receipt number / 受理编号")]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Reason, kept in the journal / 理由，记入审计日志", metavar="TEXT")
]
ApproverOption = Annotated[
    str | None,
    typer.Option(
        "--approver", help="Who approved, kept in the journal / 批准人，记入审计日志", metavar="TEXT"
    ),
]
HELP = {
    "withdraw": "Take one household out; the round goes on / 一户退出，批次照常",
    "freeze": "Hold one case, not the round / 冻结一户，批次照常",
    "unfreeze": "Take a frozen case up again / 解除一户的冻结",
}


def case_command(verb: str) -> Callable[..., None]:
    """The command of one verb."""

    def command(
        month: MonthArgument,
        receipt_no: ReceiptArgument,
        reason: ReasonOption,
        approver: ApproverOption = None,
        store: StoreOption = DEFAULT_STORE,
        on: OnOption = None,
        out: OutOption = OUT,
        lang: LangOption = DEFAULT_LANGUAGE,
        as_json: JsonOption = False,
        dry_run: DryRunOption = False,
    ) -> None:
        from allocator.office import cases

        act = _act(store, on, out, lang.value, dry_run=dry_run)
        done = cases.change(verb, month, receipt_no, act, reason=reason, approver=approver)
        finish(done, lang.value, as_json=as_json)

    command.__doc__ = HELP[verb]
    return command


SinceOption = Annotated[
    str,
    typer.Option("--since", help="First day, or last day when lifted / 起算（或终止）日期", metavar="DATE"),
]


def ban(
    receipt_no: ReceiptArgument,
    since: SinceOption,
    reason: ReasonOption,
    approver: ApproverOption = None,
    lift: Annotated[bool, typer.Option("--lift", help="End the ban on that day / 在该日终止禁申")] = False,
    store: StoreOption = DEFAULT_STORE,
    policy: PolicyOption = None,
    on: OnOption = None,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Bar the applicant of an ended case for the months of the law / 禁申：违规者在规定期限内不得再申请."""
    from allocator.errors import WrongUsage
    from allocator.office import cases

    day = shared.date_of(since)
    if day is None:
        raise WrongUsage("case_day_missing")
    act = _act(store, on, OUT, lang.value, dry_run=dry_run, policy=policy)
    if lift:
        done = cases.lift_ban(receipt_no, act, on=day, reason=reason, approver=approver)
    else:
        done = cases.ban(receipt_no, act, since=day, reason=reason, approver=approver)
    finish(done, lang.value, as_json=as_json)


def link(
    receipt_no: ReceiptArgument,
    earlier: Annotated[
        str, typer.Argument(metavar="EARLIER", help="Receipt of the ended case / 已结束的受理编号")
    ],
    reason: ReasonOption,
    approver: ApproverOption = None,
    store: StoreOption = DEFAULT_STORE,
    on: OnOption = None,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Confirm that a case goes on from an ended one, with its date / 确认一户延续已结束的申请及其登记日期."""
    from allocator.office import cases

    act = _act(store, on, OUT, lang.value, dry_run=dry_run)
    done = cases.link(receipt_no, earlier, act, reason=reason, approver=approver)
    finish(done, lang.value, as_json=as_json)


def _act(
    store: str, on: str | None, out: Path, language: str, *, dry_run: bool, policy: str | None = None
) -> Act:
    from allocator.office.acts import Act

    return Act(store, policy, shared.date_of(on), out, language, dry_run)


def register(round_group: typer.Typer, data_group: typer.Typer) -> None:
    """Put the commands into their groups."""
    for verb, text in HELP.items():
        round_group.command(verb, help=text)(case_command(verb))
    data_group.command("link")(link)
    data_group.command("ban")(ban)
