"""What the commands of the laboratory say of their results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from allocator.commands import shared

# Single figures said of each laboratory.
_SAID: Final = {
    "rent_to_own": ("price_fen", "neutral_price_fen", "break_even_month"),
    "subsidy": ("tenants", "cells"),
}

if TYPE_CHECKING:
    import pandas as pd

    from scenarios.comparisons import Comparison
    from scenarios.results import Results


def show(
    comparison: Comparison,
    folder: Path,
    pages: list[Path],
    differing: list[tuple[Path, Path]],
    lang: str,
    as_json: bool,
) -> None:
    """The comparison on stdout: the rows read first and who gains, or everything as JSON."""
    from allocator.messages import text_of

    if as_json:
        import json

        rows = json.loads(comparison.table.to_json(orient="records"))
        shared.print_json(
            {
                "scenarios": [result.document for result in comparison.results],
                "out": str(folder),
                "pages": [str(page) for page in pages],
                "differs": [str(new) for _, new in differing],
                "table": rows,
                "winners": json.loads(comparison.winners.to_json(orient="records")),
                "labs": labs_of(comparison.results),
            }
        )
        return
    run = comparison.results[0].document
    counted = run["months"] - run["warm_up_months"]
    shared.say(text_of("scenario_compared", lang, counted=counted, **run))
    headers = [text_of(f"scenario_{name}", lang) for name in ("baseline", "value", "difference", "interval")]
    for name, rows in comparison.shown().groupby("scenario", sort=False):
        shared.say("")
        shared.say(f"{name}\t" + "\t".join(headers))
        for row in rows.itertuples():
            low_high = "-" if isnan(row.low) else f"[{row.low:,.2f}, {row.high:,.2f}]"
            shared.say(
                f"  {row.measure}\t{row.baseline:,.2f}\t{row.value:,.2f}\t{row.difference:+,.2f}\t{low_high}"
            )
    shared.say("")
    for row in comparison.winners[comparison.winners["decile"] == 0].itertuples():
        told = {name: getattr(row, name) for name in ("scenario", "gain", "lose", "households")}
        shared.say(text_of("scenario_winners", lang, **told))
    for result in comparison.results:
        say_labs(result, folder, lang)
    shared.say(text_of("scenario_table_at", lang, path=str(folder / "differences.csv")))
    shared.say(text_of("whatif_pages_at", lang, paths=", ".join(str(page) for page in pages)))


def labs_of(results: Sequence[Results]) -> dict[str, Any]:
    """Single figures of each laboratory asked, by scenario and section."""
    return {
        one.name: {section: lab.document for section, lab in one.labs.items()} for one in results if one.labs
    }


def say_labs(result: Results, folder: Path, lang: str) -> None:
    """One line for each laboratory asked beside the simulation, and where its tables stand."""
    from allocator.messages import text_of

    for section, lab in result.labs.items():
        figures = {
            name: "-" if lab.document[name] is None else f"{lab.document[name]:,}" for name in _SAID[section]
        }
        place = str(folder / result.name / section)
        shared.say(text_of(f"scenario_{section}", lang, scenario=result.name, folder=place, **figures))


def is_another(
    expected: Path,
    measures: pd.DataFrame,
    *,
    accept: bool,
    holds_for: Callable[[bytes], bool] = lambda _: True,
) -> bool:
    """Whether the expected result beside a laboratory's file is another; ``accept`` takes the new one.

    ``holds_for``: whether the expected one was made of the same question; if not it is held against nothing.
    """
    from scenarios.comparisons import csv_of
    from scenarios.results import write_whole

    content = csv_of(measures)
    if accept:
        write_whole(expected, content)
        return False
    if not expected.is_file():
        return False
    found = expected.read_bytes().replace(b"\r\n", b"\n")
    return holds_for(found) and found != content
