"""``comparison-<language>.html``: scenarios beside the baseline, one self-contained page in each language."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from allocator.messages import LANGUAGES
from allocator.reporting.pages import chart_library, json_for_script, page
from scenarios.comparisons import Comparison, csv_of
from scenarios.page_sections import Desk, Part, parts
from scenarios.page_words import PageWords
from scenarios.results import write_whole
from scenarios.small_groups import BEGAN_WITH

PAGE: Final = "comparison-{language}.html"


def page_of(comparison: Comparison, language: str) -> str:
    """The page in ``zh`` or ``en`` (else ``ValueError``); charts and data stand in it, nothing is loaded."""
    if language not in LANGUAGES:
        raise ValueError(f"no such language: {language!r}")
    words = PageWords(language)
    names = words.names(comparison.results)
    desk = Desk(comparison, words, names)
    made = parts(desk)
    run = comparison.results[0].document
    counted = run["months"] - run["warm_up_months"]
    specs = [chart.spec for part in made for chart in part.section.charts]
    others = list(names.values())[1:]
    return page(
        "scenarios.html",
        words=words,
        lang="zh-CN" if language == "zh" else "en",
        title=words.told("title", scenarios=words.told("comma").join(others)),
        authority=words.told(_subtitle(run), policy=run["policy"], start=run["start"]),
        is_rehearsal=False,
        cards=[
            (words.count(len(others)), words.told("card_scenarios")),
            (words.count(run["replications"]), words.told("card_replications")),
            (words.count(counted), words.told("card_months", warm_up=run["warm_up_months"])),
            (words.count(run["households"]), words.told("card_households")),
            (words.count(run["waiting"]), words.told("card_waiting")),
        ],
        notes=[words.told("note", seed=run["seed"]), _on_warm_up(run["warm_up_months"], words)],
        sections=[part.section for part in made],
        reading=[words.told(f"reading_{name}") for name in ("pairs", "interval", _limits(run))],
        key=desk.palette.key(),
        downloads={part.section.anchor: _downloads(part) for part in made},
        specs=json_for_script(specs),
        library=chart_library(),
    )


def _subtitle(run: Mapping[str, Any]) -> str:
    return "subtitle_known" if BEGAN_WITH in run else "subtitle"


def _limits(run: Mapping[str, Any]) -> str:
    return "limits_known" if BEGAN_WITH in run else "limits"


def _on_warm_up(months: int, words: PageWords) -> str:
    return words.told("note_warm_up", warm_up=months) if months else words.told("note_no_warm_up")


def _downloads(part: Part) -> list[tuple[str, str]]:
    """(file name, address) of each table; the address holds the table itself."""
    return [
        (f"{name}.csv", f"data:text/csv;charset=utf-8;base64,{base64.b64encode(csv_of(table)).decode()}")
        for name, table in part.tables
    ]


def write_pages(folder: Path, comparison: Comparison) -> list[Path]:
    """The pages of all languages in the comparison's folder, each whole or not at all; their places."""
    places = []
    for language in LANGUAGES:
        place = folder / PAGE.format(language=language)
        write_whole(place, page_of(comparison, language).encode())
        places.append(place)
    return places
