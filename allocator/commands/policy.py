"""``allocator policy``: the law in force, its soundness, differences, and a trial on a delivery."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from allocator.commands import shared
from allocator.commands.shared import DEFAULT_LANGUAGE, JsonOption, LangOption, OnOption
from allocator.errors import WrongUsage

group = typer.Typer(
    name="policy",
    help="The law as data / 政策",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

NameArgument = Annotated[
    str | None, typer.Argument(metavar="[NAME|DIR]", help="Shipped authority or a folder / 政策名或目录")
]
PolicyOption = shared.PolicyOption
LaterOption = Annotated[
    str | None, typer.Option("--on-b", help="Date of B / B 的日期 (YYYY-MM-DD)", metavar="DATE")
]
RoundOption = Annotated[
    str | None,
    typer.Option("--round", help="Count this round's households too / 同时统计该批次的家庭", metavar="MONTH"),
]
DwellingOption = Annotated[
    str | None,
    typer.Option(
        "--dwelling", help="Reckon rent and subsidy / 试算租金与补贴", metavar="AREA_M2,RENT_PER_M2"
    ),
]
SyntheticOption = Annotated[
    bool, typer.Option("--synthetic-ids", help="Accept synthetic ID numbers / 接受合成身份证号")
]


def _named(name: str | None, policy: str | None) -> str:
    wish = name or policy
    if wish is None:
        raise WrongUsage("policy_name_missing")
    return wish


def _day(text: str | None) -> date:
    day = shared.date_of(text)
    if day is None:
        raise WrongUsage("policy_on_missing")
    return day


@group.command("list")
def list_policies(as_json: JsonOption = False, lang: LangOption = DEFAULT_LANGUAGE) -> None:
    """Shipped authorities / 内置政策."""
    from allocator.office import policies

    entries = policies.listed()
    if as_json:
        shared.print_json({"policies": entries})
    else:
        for entry in entries:
            shared.say(f"{entry['id']}\t{entry[f'name_{lang}']}")
    shared.next_command(lang, shared.typed("policy", "show", str(entries[0]["id"]), lang=lang))


@group.command("show")
def show(
    name: NameArgument = None,
    policy: PolicyOption = None,
    on: OnOption = None,
    as_json: JsonOption = False,
    lang: LangOption = DEFAULT_LANGUAGE,
) -> None:
    """The law in force on a date, or the newest / 某日有效的政策，默认为最新."""
    from allocator.office import policies
    from allocator.policy.page import page

    found = policies.in_force(_named(name, policy), shared.date_of(on))
    if as_json:
        shared.print_json(found.document())
    else:
        shared.say(page(found, lang))
    wish = _named(name, policy)
    shared.next_command(lang, shared.typed("policy", "check", wish, "--on", on or "DATE", lang=lang))


@group.command("check")
def check(
    name: NameArgument = None,
    policy: PolicyOption = None,
    on: OnOption = None,
    as_json: JsonOption = False,
    lang: LangOption = DEFAULT_LANGUAGE,
) -> None:
    """Every fault of a law folder at once / 一次查出政策目录的全部错误."""
    from allocator.messages import text_of
    from allocator.office import policies

    day = _day(on)
    wish = _named(name, policy)
    found = policies.in_force(wish, day)
    figures = {
        "authority": found.authority.id,
        "on": day.isoformat(),
        "criteria": len(found.screening.used()),
        "branches": len(found.screening.branches),
        "mechanism": found.allocation.mechanism,
    }
    warned = policies.warnings(wish)
    if as_json:
        told = [{"code": w.code, "file": w.file, "key": w.key, "message": w.text(lang)} for w in warned]
        shared.print_json({"sound": True, **figures, "warnings": told})
    else:
        shared.say(text_of("policy_sound", lang, **figures))
        for warning in warned:
            shared.say("  " + warning.text(lang))
    shared.next_command(
        lang, shared.typed("policy", "try", "DIR", "--on", day.isoformat(), policy=wish, lang=lang)
    )


@group.command("diff")
def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="Policy / 政策")],
    b: Annotated[str, typer.Argument(metavar="B", help="Policy / 政策")],
    on: OnOption = None,
    on_b: LaterOption = None,
    of_round: RoundOption = None,
    store: shared.StoreOption = shared.DEFAULT_STORE,
    as_json: JsonOption = False,
    lang: LangOption = DEFAULT_LANGUAGE,
) -> None:
    """What differs between two laws, or one law on two dates; for whom / 两部政策或两个日期之间的差别及受影响的家庭."""
    from allocator.messages import text_of
    from allocator.office import policies
    from allocator.policy.changes import changes_in_words
    from allocator.policy.differences import differences

    first = shared.date_of(on)
    laws = policies.in_force(a, first), policies.in_force(b, shared.date_of(on_b) or first)
    found = differences(*laws)
    people = None
    if of_round is not None:
        from allocator.office.law_differences import law_differences

        people = law_differences(store, of_round, *laws)
    if as_json:
        told = {"differences": [{"key": d.key, "before": d.before, "after": d.after} for d in found]}
        shared.print_json(told if people is None else {**told, **people.document()})
    else:
        for line in changes_in_words(*laws, lang):
            shared.say(line)
        for difference in found:
            shared.say(difference.text(lang))
        if not found:
            shared.say(text_of("policy_no_difference", lang))
        for line in people.lines(lang) if people is not None else []:
            shared.say(line)
    shared.next_command(lang, shared.typed("policy", "show", b, lang=lang))


@group.command("try")
def try_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Delivery / 数据目录")],
    policy: PolicyOption = None,
    on: OnOption = None,
    dwelling: DwellingOption = None,
    synthetic_ids: SyntheticOption = False,
    as_json: JsonOption = False,
    lang: LangOption = DEFAULT_LANGUAGE,
) -> None:
    """What a law says about every household of a delivery / 对一批数据试算政策."""
    from allocator.messages import text_of
    from allocator.office import policies

    asked = policies.dwelling_of(dwelling) if dwelling is not None else None
    day = _day(on)
    found = policies.in_force(_named(None, policy), day)
    tried = policies.try_on(folder, found, dwelling=asked, synthetic_ids=synthetic_ids)
    if as_json:
        shared.print_json(tried.document())
    else:
        verdicts = tried.people["verdict"]
        for receipt_no, verdict in zip(tried.people["receipt_no"], verdicts, strict=True):
            shared.say(text_of("policy_try_line", lang, receipt_no=receipt_no, verdict=verdict))
        counts = {
            word.lower(): int((verdicts == word).sum()) for word in ("ELIGIBLE", "INELIGIBLE", "INCOMPLETE")
        }
        shared.say(text_of("policy_try_counts", lang, **counts))
    if tried.num_errors:
        shared.note(text_of("policy_delivery_left_out", lang, count=tried.num_errors, folder=folder.name))
        raise typer.Exit(1)
    also = ("--synthetic-ids",) if synthetic_ids else ()
    shared.next_command(lang, shared.typed("data", "import", str(folder), *also, policy=policy, lang=lang))
