"""``allocator round``: one stage each, or all that need no person."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial
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
from allocator.model.enums import Stage

if TYPE_CHECKING:
    from allocator.office.acts import Done

group = typer.Typer(
    name="round",
    help="One monthly round, stage by stage / 月度批次，逐阶段办理",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

MonthArgument = Annotated[str, typer.Argument(metavar="MONTH", help="Month / 月份 (2026-03)")]
OutOption = Annotated[
    Path, typer.Option("--out", help="Folder of bundles and notices / 输出目录", metavar="DIR")
]
ValueOption = Annotated[
    str | None, typer.Option("--public-value", help="Public random value / 公开随机值", metavar="VALUE")
]
MinutesOption = Annotated[
    str | None, typer.Option("--source", help="Minutes of the draw / 摇号记录", metavar="TEXT")
]
SourceOption = Annotated[
    str | None,
    typer.Option("--source", help="Public source declared by the policy / 政策声明的公开来源", metavar="ID"),
]
MomentOption = Annotated[
    str | None,
    typer.Option("--moment", help="When the public value is made / 公开值产生时刻", metavar="TIME"),
]
RehearsalOption = Annotated[bool, typer.Option("--rehearsal", help="Export a rehearsal / 导出演练批次")]
OUT = Path("out")


class What(StrEnum):
    """What ``publish`` publishes."""

    ROSTER = "roster"
    ORDER = "order"
    RESULT = "result"


def _do(
    stage: Stage,
    month: str,
    *,
    store: str,
    policy: str | None,
    on: str | None,
    out: Path,
    lang: str,
    as_json: bool,
    dry_run: bool,
    no_progress: bool,
    **details: object,
) -> None:
    """One stage: act, print what was done, name the next command."""
    from allocator.office import rounds
    from allocator.office.acts import Act
    from allocator.progress import step

    act = Act(
        store_url=store, policy_name=policy, on=shared.date_of(on), out=out, language=lang, is_dry_run=dry_run
    )
    with step(f"{stage} {month}", shown=not no_progress):
        done = rounds.do(stage, month, act, **details)
    finish(done, lang, as_json=as_json)


def finish(done: Done, language: str, *, as_json: bool) -> None:
    """Print what was done and name the next command."""
    if as_json:
        shared.print_json(done.document())
    else:
        tell(done, language)
    if done.next_command:
        shared.next_command(language, done.next_command)


def tell(done: Done, language: str) -> None:
    """Print what was done."""
    from allocator.commands.tables import lines_of

    for line in lines_of(done, language):
        shared.say(line)


def _plain_stage(stage: Stage, text: str) -> Callable[..., None]:
    """The command of a stage that needs nothing but the month."""

    def command(
        month: MonthArgument,
        store: StoreOption = DEFAULT_STORE,
        policy: PolicyOption = None,
        on: OnOption = None,
        out: OutOption = OUT,
        lang: LangOption = DEFAULT_LANGUAGE,
        as_json: JsonOption = False,
        dry_run: DryRunOption = False,
        no_progress: NoProgressOption = False,
    ) -> None:
        _do(
            stage,
            month,
            store=store,
            policy=policy,
            on=on,
            out=out,
            lang=lang,
            as_json=as_json,
            dry_run=dry_run,
            no_progress=no_progress,
        )

    command.__doc__ = text
    return command


_PLAIN = {
    Stage.OPEN: "Open the month under the policy in force / 开启本月批次",
    Stage.SCREEN: "Freeze the facts and screen every household / 冻结数据，资格审核",
    Stage.ALLOCATE: "Assign dwellings in the published order / 按公布顺序配租",
    Stage.OFFER: "Make the offers / 发出配租通知单",
    Stage.SIGN: "Sign leases for accepted offers / 签订租赁合同",
    Stage.CLOSE: "Close the month / 结束本月批次",
}
for _stage, _text in _PLAIN.items():
    group.command(str(_stage), help=_text)(_plain_stage(_stage, _text))


@group.command(help="Publish the roster, the order or the result / 公示名单、顺序或结果")
def publish(
    month: MonthArgument,
    what: Annotated[
        What,
        typer.Option(
            "--what", help="roster, order, result / 名单、顺序、结果", metavar="roster|order|result"
        ),
    ],
    source: SourceOption = None,
    moment: MomentOption = None,
    store: StoreOption = DEFAULT_STORE,
    policy: PolicyOption = None,
    on: OnOption = None,
    out: OutOption = OUT,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
    no_progress: NoProgressOption = False,
) -> None:
    """Publish one of the three lists."""
    named = {"source": source, "moment": moment} if what is What.ROSTER else {}
    _do(
        Stage(f"publish_{what}"),
        month,
        store=store,
        policy=policy,
        on=on,
        out=out,
        lang=lang,
        as_json=as_json,
        dry_run=dry_run,
        no_progress=no_progress,
        **named,
    )


@group.command(help="Enter the public value and draw the order / 录入公开随机值，摇号")
def draw(
    month: MonthArgument,
    public_value: ValueOption = None,
    source: MinutesOption = None,
    store: StoreOption = DEFAULT_STORE,
    policy: PolicyOption = None,
    on: OnOption = None,
    out: OutOption = OUT,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
    no_progress: NoProgressOption = False,
) -> None:
    """Draw the order of every sub-round."""
    _do(
        Stage.DRAW,
        month,
        store=store,
        policy=policy,
        on=on,
        out=out,
        lang=lang,
        as_json=as_json,
        dry_run=dry_run,
        no_progress=no_progress,
        public_value=public_value,
        minutes=source,
    )


@group.command(help="Enter the answers to the offers / 录入配租答复")
def answer(
    month: MonthArgument,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Answers, or accept-all, random:SEED / 答复文件")
    ],
    store: StoreOption = DEFAULT_STORE,
    policy: PolicyOption = None,
    on: OnOption = None,
    out: OutOption = OUT,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
    no_progress: NoProgressOption = False,
) -> None:
    """Enter accepted and refused offers."""
    _do(
        Stage.ANSWER,
        month,
        store=store,
        policy=policy,
        on=on,
        out=out,
        lang=lang,
        as_json=as_json,
        dry_run=dry_run,
        no_progress=no_progress,
        answers=file,
    )


@group.command(help="Write the month's leases for the registry / 导出本月租赁合同备案文件")
def export(
    month: MonthArgument,
    rehearsal: RehearsalOption = False,
    store: StoreOption = DEFAULT_STORE,
    policy: PolicyOption = None,
    on: OnOption = None,
    out: OutOption = OUT,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
    no_progress: NoProgressOption = False,
) -> None:
    """Write the registry file of the month."""
    _do(
        Stage.EXPORT,
        month,
        store=store,
        policy=policy,
        on=on,
        out=out,
        lang=lang,
        as_json=as_json,
        dry_run=dry_run,
        no_progress=no_progress,
        rehearsal=rehearsal,
    )


@group.command(help="All stages that need no person / 自动办理无需人工的阶段")
def run(
    month: MonthArgument,
    public_value: ValueOption = None,
    source: MinutesOption = None,
    moment: MomentOption = None,
    answers: Annotated[
        str | None,
        typer.Option("--answers", help="FILE, accept-all or random:SEED (rehearsals) / 答复", metavar="FILE"),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    policy: PolicyOption = None,
    on: OnOption = None,
    out: OutOption = OUT,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
    no_progress: NoProgressOption = False,
) -> None:
    """Run the round as far as it goes without a person."""
    from allocator.office import month as months
    from allocator.office.acts import Act
    from allocator.progress import step

    act = Act(
        store_url=store, policy_name=policy, on=shared.date_of(on), out=out, language=lang, is_dry_run=dry_run
    )
    wishes = months.Wishes(public_value=public_value, minutes=source, moment=moment, answers=answers)
    done = months.run(
        month,
        act,
        wishes,
        step=partial(step, shown=not no_progress),
        tell=None if as_json else partial(tell, language=lang),
    )
    if as_json:
        shared.print_json(done.document())
    shared.next_command(lang, done.next_command)


@group.command(help="Where the round stands / 批次进度")
def status(
    month: MonthArgument,
    store: StoreOption = DEFAULT_STORE,
    out: OutOption = OUT,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
) -> None:
    """Stages done and due, with their dates."""
    from allocator.office import month as months
    from allocator.office.acts import Act

    finish(months.status(month, Act(store_url=store, out=out, language=lang)), lang, as_json=as_json)


@group.command(help="Why this household got this pool, or none / 一户的配租说明")
def explain(
    month: MonthArgument,
    receipt_no: Annotated[str, typer.Argument(metavar="RECEIPT_NO", help="Receipt number / 受理编号")],
    store: StoreOption = DEFAULT_STORE,
    lang: LangOption = DEFAULT_LANGUAGE,
    as_json: JsonOption = False,
) -> None:
    """One household's why, in words."""
    from allocator.office import explaining

    told = explaining.explain(month, receipt_no, store)
    if as_json:
        shared.print_json(told.document(lang))
    else:
        for line in told.lines(lang):
            shared.say(line)
    shared.next_command(lang, shared.typed("round", "status", month, store=store, lang=lang))


# As the month goes, whatever order they are written in.
_ORDER = (
    *("open", "screen", "publish", "draw", "allocate", "offer", "answer", "sign", "export", "close"),
    *("run", "status", "explain"),
)
group.registered_commands.sort(key=lambda one: _ORDER.index(one.name or one.callback.__name__))  # type: ignore[union-attr]
