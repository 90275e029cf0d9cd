"""A comparison as a folder: runs side by side, the table of differences, and the result a scenario is expected to give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from allocator.errors import Refused
from scenarios.differences import MEAN_WAIT, paired
from scenarios.files import Scenario
from scenarios.results import Results, as_json, write_whole
from scenarios.small_groups import deciles_to_be_told, to_be_told
from scenarios.winners import winners

FORMAT: Final = "allocator-comparison/1"
BASELINE: Final = "baseline"
COMPARISON, DIFFERENCES, WINNERS = "comparison.json", "differences.csv", "winners.csv"
# What is said first; the whole table stands in the file.
SHOWN: Final = (
    "waiting",
    "housed",
    MEAN_WAIT,
    "refused",
    "tenants",
    "exits",
    "review_failed",
    "over_30",
    "paid_fen",
    "subsidy_fen",
    "relief_fen",
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """``results``: the baseline's first; ``table``: the paired differences of all others; ``winners``: who gains."""

    results: Sequence[Results]
    table: pd.DataFrame
    winners: pd.DataFrame

    def shown(self) -> pd.DataFrame:
        """The few rows a person reads first."""
        of_all = self.table[self.table["group_kind"] == "all"].set_index("measure")
        wanted = [name for name in SHOWN if name in of_all.index]
        return of_all.loc[wanted].reset_index().sort_values("scenario", kind="stable")


def compare(results: Sequence[Results]) -> Comparison:
    """The comparison of the runs with the first, the baseline; of a bureau's own city without small counts."""
    results = to_be_told(results)
    tables = [paired(results[0], other) for other in results[1:]]
    gains = deciles_to_be_told(winners(results[0], results[1:]), results)
    return Comparison(results, pd.concat(tables, ignore_index=True), gains)


def write_comparison(folder: Path, comparison: Comparison) -> None:
    """``comparison.json``, ``differences.csv`` and ``winners.csv`` beside the folders of the runs."""
    names = [result.name for result in comparison.results]
    document = {"format": FORMAT, "baseline": names[0], "scenarios": names[1:]}
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / DIFFERENCES, csv_of(comparison.table))
    write_whole(folder / WINNERS, csv_of(comparison.winners))
    write_whole(folder / COMPARISON, as_json(document))


def csv_of(table: pd.DataFrame) -> bytes:
    """The table as CSV with the same bytes on every machine."""
    content: str = table.to_csv(index=False, lineterminator="\n")
    return content.encode()


def expected_place(file: Path) -> Path:
    """Where the expected result of a scenario file lies: beside it."""
    return file.with_name(file.stem + ".expect.csv")


def refuse_unlike(scenarios: Sequence[Scenario]) -> None:
    """Raise ``Refused`` where names are not told apart, or sizes, horizons or seeds differ: nothing runs then."""
    first = scenarios[0]
    names = [scenario.name for scenario in scenarios]
    for name in names:
        if name == BASELINE or names.count(name) > 1:
            raise Refused("scenario_name_taken", value=name)
    for other in scenarios[1:]:
        for key in type(first.run).model_fields:
            ours, theirs = getattr(first.run, key), getattr(other.run, key)
            if ours != theirs:
                raise Refused("scenario_runs_differ", key=key, first=ours, second=theirs, scenario=other.name)
