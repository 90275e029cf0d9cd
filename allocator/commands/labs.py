"""``allocator scenario own``: rent-to-own asked of one contract and one law."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.commands import shared, subsidy_lab
from allocator.commands.results_said import is_another
from allocator.commands.shared import (
    DEFAULT_LANGUAGE,
    DryRunOption,
    JsonOption,
    LangOption,
    OnOption,
    PolicyOption,
)

if TYPE_CHECKING:
    from scenarios.ownership import Answer

OUT = Path("out/own")

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="Rent-to-own file or shipped name / 先租后售文件或内置名")
]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder to write / 输出目录")]
AcceptOption = Annotated[
    bool, typer.Option("--accept", help="Take this as the expected result / 接受为预期结果")
]


def register(group: typer.Typer) -> None:
    """Put the command into the group."""
    group.command("own", help="Rent-to-own: price, break-even, risk / 先租后售：价格、盈亏平衡与风险")(own)
    subsidy_lab.register(group)


def own(
    file: FileArgument,
    policy: PolicyOption = None,
    on: OnOption = None,
    out: OutOption = None,
    accept: AcceptOption = False,
    as_json: JsonOption = False,
    lang: LangOption = DEFAULT_LANGUAGE,
    dry_run: DryRunOption = False,
) -> int:
    """Every fault of the file and every bar of the law first; a measures table beside FILE must be met (exit 1)."""
    from allocator.errors import Refused, WrongUsage
    from allocator.messages import text_of
    from allocator.policy.faults import Faults
    from scenarios import ownership
    from scenarios.comparisons import expected_place
    from scenarios.ownership_files import place_of

    day = shared.date_of(on)
    if policy is None:
        raise WrongUsage("own_policy_missing")
    if day is None:
        raise WrongUsage("own_on_missing")
    place, faults = place_of(file), Faults()
    asked = ownership.checked(place, policy, day, faults)
    if asked is None:
        listed = faults.listed()
        raise Refused("own_invalid", count=len(listed), faults=listed)
    again = ["scenario", "own", file, "--on", day.isoformat()]
    if dry_run:
        told = ownership.sound(asked, policy, day)
        if as_json:
            shared.print_json(told | {"dry_run": True})
        else:
            shared.say(text_of("own_sound", lang, **_named(told, lang)))
        shared.next_command(lang, shared.typed(*again, policy=policy, lang=lang))
        return 0
    answer = ownership.answered(asked, policy, day)
    folder = out or OUT / asked.name
    ownership.write(folder, answer)
    expected = expected_place(place)
    differs = is_another(
        expected, answer.measures(), accept=accept, holds_for=lambda found: _held_against(found, answer)
    )
    _show(answer, folder, lang, as_json)
    if differs:
        new = str(folder / ownership.MEASURES)
        shared.note(text_of("own_differs", lang, expected=str(expected), new=new))
    if differs or not expected.is_file():
        again += ["--out", str(folder), "--accept"]
        shared.next_command(lang, shared.typed(*again, policy=policy, lang=lang))
    else:
        shared.next_command(lang, shared.typed("scenario", "list", lang=lang))
    return 1 if differs else 0


def _held_against(content: bytes, answer: Answer) -> bool:
    """An expected result holds for its own law and day only."""
    lines = content.decode("utf-8", "replace").splitlines()
    return all(f"{name},{answer.document[name]}" in lines for name in ("policy", "on"))


def _named(document: dict[str, Any], lang: str) -> dict[str, Any]:
    from allocator.messages import text_of

    return document | {"mode": text_of(f"law_mode_{document['supply_mode']}", lang)}


def _show(answer: Answer, folder: Path, lang: str, as_json: bool) -> None:
    """The single figures and two tables; by month they stand in the folder."""
    import json

    from allocator.messages import text_of

    document = answer.document
    if as_json:
        tables = {
            name: json.loads(frame.to_json(orient="records"))
            for name, frame in (("flows", answer.flows), ("deciles", answer.deciles))
        }
        shared.print_json(document | tables | {"out": str(folder)})
        return
    shared.say(text_of("own_title", lang, **_named(document, lang)))
    figures = (document["price_fen"], document["value_at_price_fen"], document["neutral_price_fen"])
    price, value, neutral = ("-" if figure is None else f"{figure:,}" for figure in figures)
    shared.say(text_of("own_price", lang, price=price, value=value, neutral=neutral))
    month = document["break_even_month"]
    code = "own_never_ahead" if month is None else "own_break_even"
    shared.say(text_of(code, lang, month=month, months=document["months"]))
    _rows(document["present"], ("own_present", "own_mean", "own_error", "own_worst"), lang)
    _rows(document["check"], ("own_closed", "own_closed_form", "own_simulated", "own_error"), lang)
    shared.say("")
    shared.say("\t".join(text_of(f"own_{name}", lang) for name in answer.deciles.columns))
    for row in answer.deciles.itertuples(index=False):
        shared.say("\t".join(f"{figure:,}" for figure in row))
    shared.say("")
    shared.say(text_of("own_written", lang, path=str(folder)))


def _rows(table: dict[str, dict[str, int]], headers: tuple[str, ...], lang: str) -> None:
    from allocator.messages import text_of

    ordered = {"own_mean": "mean_fen", "own_worst": "worst_fen", "own_error": "standard_error_fen"}
    ordered |= {"own_closed_form": "closed_fen", "own_simulated": "simulated_fen"}
    shared.say("")
    shared.say("\t".join(text_of(code, lang) for code in headers))
    for name, figures in table.items():
        cells = [f"{figures[ordered[code]]:,}" for code in headers[1:]]
        shared.say("\t".join([text_of(f"own_{name}", lang), *cells]))
