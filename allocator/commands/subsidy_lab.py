"""``allocator scenario subsidy``: forms of help, cliffs, the best tiers under a budget, the price of a yuan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from allocator.commands import shared
from allocator.commands.results_said import is_another
from allocator.commands.shared import DEFAULT_LANGUAGE, DryRunOption, JsonOption, LangOption

if TYPE_CHECKING:
    from scenarios.subsidy_lab import Answer, Asked

OUT = Path("out/subsidy")

FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="Subsidy file or shipped name / 补贴文件或内置名")
]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder to write / 输出目录")]
AcceptOption = Annotated[
    bool, typer.Option("--accept", help="Take this as the expected result / 接受为预期结果")
]


def register(group: typer.Typer) -> None:
    """Put the command into the group."""
    group.command("subsidy", help="Subsidies: forms, cliffs, best tiers / 补贴：方式、断崖与最优档次")(
        subsidy
    )


def subsidy(
    file: FileArgument,
    out: OutOption = None,
    accept: AcceptOption = False,
    as_json: JsonOption = False,
    lang: LangOption = DEFAULT_LANGUAGE,
    dry_run: DryRunOption = False,
) -> int:
    """Every fault of the file first (exit 3); an expected result beside FILE must be met (exit 1)."""
    from allocator.errors import Refused
    from allocator.messages import text_of
    from allocator.policy.faults import Faults
    from scenarios import subsidy_lab
    from scenarios.comparisons import expected_place
    from scenarios.subsidy_lab_files import place_of
    from scenarios.subsidy_lab_page import write_pages

    place, faults = place_of(file), Faults()
    asked = subsidy_lab.checked(place, faults)
    if asked is None:
        listed = faults.listed()
        raise Refused("subsidylab_invalid", count=len(listed), faults=listed)
    again = ["scenario", "subsidy", file]
    if dry_run:
        _tell_plan(subsidy_lab.sound(asked), lang, as_json)
        shared.next_command(lang, shared.typed(*again, lang=lang))
        return 0
    answer = subsidy_lab.answered(asked)
    folder = out or OUT / asked.file.name
    subsidy_lab.write(folder, answer)
    pages = write_pages(folder, asked, answer)
    expected = expected_place(place)
    differs = is_another(expected, answer.measures(), accept=accept)
    _show(asked, answer, folder, pages, lang, as_json)
    if differs:
        new = str(folder / subsidy_lab.MEASURES)
        shared.note(text_of("subsidylab_differs", lang, expected=str(expected), new=new))
    if differs or not expected.is_file():
        again += ["--out", str(folder), "--accept"]
        shared.next_command(lang, shared.typed(*again, lang=lang))
    else:
        shared.next_command(lang, shared.typed("scenario", "list", lang=lang))
    return 1 if differs else 0


def _tell_plan(told: dict[str, Any], lang: str, as_json: bool) -> None:
    from allocator.messages import text_of

    if as_json:
        shared.print_json(told | {"dry_run": True})
        return
    asks = text_of("subsidylab_comma", lang).join(
        text_of(f"subsidylab_asks_{name}", lang) for name in told["asks"]
    )
    shared.say(text_of("subsidylab_sound", lang, **(told | {"asks": asks})))


def _show(asked: Asked, answer: Answer, folder: Path, pages: list[Path], lang: str, as_json: bool) -> None:
    """The single figures and the short tables; courses and cells stand in the folder."""
    from allocator.messages import text_of
    from scenarios.subsidy_lab_words import said_of_tiers

    document = answer.document
    if as_json:
        tables = {name: json.loads(frame.to_json(orient="records")) for name, frame in answer.tables.items()}
        where = {"out": str(folder), "pages": [str(page) for page in pages]}
        shared.print_json(document | {"tables": tables} | where)
        return
    shared.say(text_of("subsidylab_title", lang, **document))
    if "forms" in document:
        _show_forms(document["forms"], lang)
    if "cliffs" in document:
        single = document["cliffs"]
        figures = {"loss": f"{single['greatest_loss_fen']:,}", "zone": f"{single['greatest_zone_fen']:,}"}
        shared.say(text_of("subsidylab_cliffs_said", lang, cliffs=single["cliffs"], **figures))
        heads = ("persons", "income_year", "at", "above", "loss", "regained", "zone")
        _table(answer.tables["cliffs"], heads, lang)
    if asked.file.tiers is not None:
        for sentence in said_of_tiers(document["tiers"], asked.file.tiers, lambda fen: f"{fen:,}", lang):
            shared.say(sentence)
    if "frontier" in answer.tables:
        names = ("budget", "households", "cost", "at_most", "per_household")
        shown = answer.tables["frontier"].drop(columns="share_per_mille")
        _table(shown, (*names, "next_households", "next_fen", "missing"), lang)
    shared.say(text_of("subsidylab_written", lang, path=str(folder)))
    shared.say(text_of("subsidylab_pages", lang, paths=", ".join(str(page) for page in pages)))


def _show_forms(single: dict[str, Any], lang: str) -> None:
    from allocator.messages import text_of

    figures = {"benefit": single["benefit_mean_fen"], "voucher": single["voucher_mean_fen"]}
    figures |= {"unit": single["unit_cost_mean_fen"]}
    shared.say(text_of("subsidylab_converted", lang, **{name: f"{fen:,}" for name, fen in figures.items()}))
    even = single["break_even_pass_through"]
    shared.say(
        text_of("subsidylab_never_even", lang)
        if even is None
        else text_of("subsidylab_even", lang, share=f"{float(even):.1%}")
    )
    measures = ("takers", "cost_fen", "gain_fen", "more", "less")
    ends = [text_of(f"subsidylab_{end}", lang) for end in ("mean", "low", "high")]
    for form in ("unit", "voucher", "relief"):
        shared.say("\t".join([text_of(f"subsidylab_form_{form}", lang), *ends]))
        for measure in measures:
            cells = [f"{single[form][measure][end]:,}" for end in ("mean", "low", "high")]
            shared.say("\t".join(["  " + text_of(f"subsidylab_measure_{measure}", lang), *cells]))


def _table(frame: Any, heads: tuple[str, ...], lang: str) -> None:
    """Rows of whole numbers under their heads; what is not known is a dash."""
    from allocator.messages import text_of

    shared.say("\t".join(text_of(f"subsidylab_{head}", lang) for head in heads))
    for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False):
        shared.say("\t".join("-" if cell is None else f"{cell:,}" for cell in row))
    shared.say("")
