"""The parts of the comparison's page: what is said, drawn and tabled of each, and the figures behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

from allocator.reporting.parts import Chart, Grid, Section, grid_of
from scenarios import page_charts as charts
from scenarios import page_figures as figures
from scenarios import waits
from scenarios.comparisons import SHOWN, Comparison
from scenarios.differences import MEAN_WAIT
from scenarios.lab_files import SECTION, SUBSIDY
from scenarios.page_labs import own_section, own_tables, subsidy_section, subsidy_tables
from scenarios.page_words import PageWords, in_unit
from scenarios.results import Lab

_BY_DECILE: Final = ("housed", "waiting", MEAN_WAIT, "over_30", "subsidy_fen", "paid_fen")
_BY_BRANCH: Final = ("waiting", "housed", MEAN_WAIT, "gave_up")
_BY_MODE: Final = ("places", "tenants", "vacant", "housed")
# In the table of all, under what is drawn.
_BESIDES: Final = ("arrivals", "offers", "gave_up", "turned_away", "must_reapply", "reviewed", "transferred")
_MONEY: Final = ("rent_fen", "paid_fen", "subsidy_fen", "relief_fen")
# Below one a month a percentage says nothing.
_LEAST: Final = 1.0
Tables = tuple[tuple[str, pd.DataFrame], ...]


@dataclass(frozen=True, eq=False)
class Part:
    """A section of the page, and the tables that can be taken away (file name without ending, rows)."""

    section: Section
    tables: Tables


@dataclass(frozen=True, eq=False)
class Desk:
    """What every maker of a part needs."""

    comparison: Comparison
    words: PageWords
    names: dict[str, str]

    @property
    def palette(self) -> charts.Palette:
        """Names in the order given, with their colours."""
        first, *others = self.names.values()
        return charts.Palette(first, tuple(others))

    @property
    def warm_up(self) -> int:
        """Months."""
        return int(self.comparison.results[0].document["warm_up_months"])

    def section(
        self, anchor: str, shown: Sequence[Chart], grids: Sequence[Grid], note: str = "", **lead: object
    ) -> Section:
        """The section whose sentences are ``<anchor>_title``, ``_lead`` and ``_legend``."""
        title, told, legend = (
            self.words.told(f"{anchor}_{part}", **lead) for part in ("title", "lead", "legend")
        )
        return Section(anchor, title, told, legend, tuple(shown), tuple(grids), note)

    def named(self, frame: pd.DataFrame, measure: str, kind: str = "") -> pd.DataFrame:
        """Rows to draw: scenarios and groups by their words, figures in the unit shown."""
        scaled = {name: [in_unit(measure, v) for v in frame[name]] for name in figures.FIGURES}
        groups = [self.words.of_group(kind, group) for group in frame["group"]] if kind else frame["group"]
        return frame.assign(name=frame["scenario"].map(self.names), group=groups, **scaled).drop(
            columns=[name for name in ("scenario", "group_kind", "measure") if name in frame]
        )

    def rows(self, kind: str, measures: Sequence[str]) -> pd.DataFrame:
        """Of the paired differences: these measures in their order, groups as they stand in the runs."""
        table = self.comparison.table
        chosen = table[(table["group_kind"] == kind) & table["measure"].isin(list(measures))]
        order = {name: at for at, name in enumerate(measures)}
        places = {name: at for at, name in enumerate(self.groups(kind))}
        scenarios = {name: at for at, name in enumerate(self.names)}
        keys = chosen.assign(
            measure=chosen["measure"].map(order),
            group=chosen["group"].map(places),
            scenario=chosen["scenario"].map(scenarios),
        )
        return chosen.loc[keys.sort_values(["scenario", "measure", "group"], kind="stable").index]

    def groups(self, kind: str) -> list[str]:
        """As they stand in the runs."""
        monthly = self.comparison.results[0].monthly
        return list(dict.fromkeys(monthly.loc[monthly["group_kind"] == kind, "group"]))


def parts(desk: Desk) -> list[Part]:
    """All parts in reading order."""
    makers = (_differences, _winners, _deciles, _waiting, _cost, _supply, _own, _subsidy, _runs)
    return [part for maker in makers if (part := maker(desk)) is not None]


def _grids(desk: Desk, rows: pd.DataFrame, *, groups: bool) -> list[Grid]:
    """The paired differences as words: a table for each scenario, its name at the head of the first column."""
    return [
        _grid(desk, desk.names[str(scenario)], found, groups=groups)
        for scenario, found in rows.groupby("scenario", sort=False)
    ]


def _grid(desk: Desk, name: str, rows: pd.DataFrame, *, groups: bool) -> Grid:
    words, every = desk.words, list(rows.itertuples())
    columns = [
        (name, [words.measure(row.measure) for row in every], False),
        (words.told("col_baseline"), [words.amount(row.measure, row.baseline) for row in every], True),
        (words.told("col_value"), [words.amount(row.measure, row.value) for row in every], True),
        (
            words.told("col_difference"),
            [words.amount(row.measure, row.difference, signed=True) for row in every],
            True,
        ),
        (words.told("col_interval"), [words.interval(row.measure, row.low, row.high) for row in every], True),
        (words.told("col_reading"), [words.reading(row.low, row.high) for row in every], False),
    ]
    if groups:
        told = [words.of_group(row.group_kind, row.group) for row in every]
        columns.insert(1, (words.told("col_group"), told, False))
    return grid_of(columns)


def _as_drawn(rows: pd.DataFrame) -> pd.DataFrame:
    """Paired differences in the columns of a chart."""
    return rows.drop(columns="value").rename(columns={"difference": "value"})


def _differences(desk: Desk) -> Part:
    words, rows = desk.words, desk.rows("all", SHOWN)
    drawn = _as_drawn(rows[rows["baseline"] >= _LEAST])
    relative = drawn.assign(**{name: drawn[name] / drawn["baseline"] for name in figures.FIGURES})
    relative = relative.assign(
        group=[words.measure(name) for name in relative["measure"]], name=relative["scenario"].map(desk.names)
    )
    kept = relative[["group", "name", *figures.FIGURES]]
    title = words.told("differences_title")
    spec = charts.differences(kept, title, words.told("axis_relative"), desk.palette, "+.1%")
    shown = [Chart(spec, title)] if len(kept) else []
    every = desk.rows("all", (*SHOWN, *_BESIDES))
    clear = int(((every["low"] > 0) | (every["high"] < 0)).sum())
    note = words.told("one_replication") if every["low"].isna().all() else ""
    section = desk.section(
        "differences", shown, _grids(desk, every, groups=False), note, clear=clear, total=len(every)
    )
    return Part(replace(section, is_open=True), (("differences", desk.comparison.table),))


def _winners(desk: Desk) -> Part:
    words, table = desk.words, desk.comparison.winners
    drawn = figures.winners_by_decile(desk.comparison.results)
    told_of = pd.MultiIndex.from_frame(table[["scenario", "decile"]])
    drawn = drawn[pd.MultiIndex.from_frame(drawn[["scenario", "decile"]]).isin(told_of)]
    deciles = drawn[drawn["decile"] > 0].assign(group=lambda rows: rows["decile"].astype(str))
    shares = deciles[deciles["measure"] != "change_fen"]
    limit = max(0.01, float(shares[["value", "high"]].max().max())) * 1.05
    axes = words.told("axis_decile"), words.told("axis_share")
    told = words.told("gain"), words.told("lose")
    shown = []
    for scenario, rows in shares.groupby("scenario", sort=False):
        sign = rows["measure"].map({"gain_share": 1, "lose_share": -1})
        part = rows["measure"].map({"gain_share": told[0], "lose_share": told[1]})
        kept = rows.assign(part=part, **{name: rows[name] * sign for name in figures.FIGURES})
        spec = charts.gains(
            kept[["group", "part", *figures.FIGURES]], desk.names[str(scenario)], axes, told, limit
        )
        shown.append(
            Chart(
                spec, words.told("winners_of", scenario=desk.names[str(scenario)]), desk.names[str(scenario)]
            )
        )
    change = desk.named(deciles[deciles["measure"] == "change_fen"], "change_fen")
    caption = words.told("change_caption")
    spec = charts.by_decile(
        change.drop(columns="decile"), caption, (axes[0], words.told("axis_yuan")), desk.palette
    )
    shown.append(Chart(spec, caption, caption))
    every = list(table.itertuples())
    grid = grid_of(
        [
            (words.told("col_scenario"), [desk.names[row.scenario] for row in every], False),
            (
                words.told("col_group"),
                [
                    words.of_group(*("decile", str(row.decile)) if row.decile else ("all", "all"))
                    for row in every
                ],
                False,
            ),
            *(
                (words.told(f"col_{name}"), [words.count(value) for value in table[name]], True)
                for name in ("households", "gain", "lose")
            ),
            *(
                (words.told(f"col_{name}"), [words.yuan(value) for value in table[name]], True)
                for name in ("gained_fen_per_month", "lost_fen_per_month")
            ),
            *(
                (words.told(f"col_{name}"), [words.count(value) for value in table[name]], True)
                for name in ("housed_more", "housed_less")
            ),
        ]
    )
    return Part(desk.section("winners", shown, [grid]), (("winners", table), ("winners_by_decile", drawn)))


def _deciles(desk: Desk) -> Part:
    rows = desk.rows("decile", _BY_DECILE)
    shown = []
    for measure in _BY_DECILE:
        frame = desk.named(_as_drawn(rows[rows["measure"] == measure]), measure)
        caption = desk.words.measure(measure)
        axes = desk.words.told("axis_decile"), desk.words.told("axis_difference")
        kept = frame[["group", "name", *figures.FIGURES]]
        shown.append(Chart(charts.by_decile(kept, caption, axes, desk.palette), caption, caption))
    return Part(desk.section("deciles", shown, _grids(desk, rows, groups=True)), (("deciles", rows),))


def _courses(
    desk: Desk, frame: pd.DataFrame, measure: str, axis: str, caption: Callable[[str, str], str]
) -> list[Chart]:
    """A chart for each group of which anything is known."""
    shown = []
    start = desk.words.told("axis_month")
    pairs = [(kind, group) for kind in dict.fromkeys(frame["group_kind"]) for group in desk.groups(kind)]
    for kind, group in pairs:
        rows = frame[(frame["group_kind"] == kind) & (frame["group"] == group)]
        named = desk.named(rows, measure)[["name", "month", *figures.FIGURES]]
        if named["value"].notna().any() and (named["value"] != 0).any():
            title = caption(kind, group)
            spec = charts.courses(
                named, title, (start, axis), desk.palette, (desk.warm_up, desk.words.told("warm_up"))
            )
            shown.append(Chart(spec, title, title))
    return shown


def _waiting(desk: Desk) -> Part:
    words, results = desk.words, desk.comparison.results
    kinds = ("all", "branch")
    waited = figures.mean_wait_by_month(results, kinds)
    listed = figures.by_month(results, "waiting", ("all",))

    def of(kind: str, group: str) -> str:
        return words.told("waited_by", group=words.of_group(kind, group))

    shown = _courses(desk, waited, "", words.told("axis_months"), of)
    shown += _courses(desk, listed, "", words.told("axis_households"), lambda *_: words.told("listed"))
    curves = _curves(desk)
    rows = pd.concat([desk.rows("all", _BY_BRANCH), desk.rows("branch", _BY_BRANCH)])
    course = pd.concat([waited.assign(measure="waiting_months_mean"), listed.assign(measure="waiting")])
    return Part(
        desk.section("waiting", [*shown, *(chart for chart, _ in curves)], _grids(desk, rows, groups=True)),
        (("waiting_by_month", course), ("waiting_differences", rows), *(table for _, table in curves[:1])),
    )


def _curves(desk: Desk) -> list[tuple[Chart, tuple[str, pd.DataFrame]]]:
    """A chart for each group of how likely a home is within so many months, each with the table of all of them."""
    words, results = desk.words, desk.comparison.results
    if not waits.can_be_told(results):
        return []
    found = waits.housed_within(results)
    axes = words.told("axis_waited"), words.told("axis_housed_share")
    shown = []
    for (kind, group), rows in found.groupby(["group_kind", "group"], sort=False):
        title = words.told("housed_within", group=words.of_group(str(kind), str(group)))
        named = desk.named(rows, "")[["name", "month", *figures.FIGURES]]
        chart = charts.courses(named, title, axes, desk.palette, (0, ""))
        shown.append((Chart(chart, title, title), ("housed_within", found)))
    return shown


def _cost(desk: Desk) -> Part:
    words = desk.words
    course = figures.by_month(desk.comparison.results, "cost_fen", ("payer",))
    shown = _courses(desk, course, "cost_fen", words.told("axis_yuan"), words.of_group)
    rows = pd.concat([desk.rows("payer", ("cost_fen",)), desk.rows("all", _MONEY)])
    return Part(
        desk.section("cost", shown, _grids(desk, rows, groups=True)),
        (("cost_by_month", course), ("cost_differences", rows)),
    )


def _supply(desk: Desk) -> Part:
    words, results = desk.words, desk.comparison.results
    found = figures.means(results, "mode")
    used = found.loc[(found["measure"] == "places") & (found["value"] > 0), "group"]
    order = [group for group in desk.groups("mode") if group in set(used)]
    found = pd.concat([found[found["group"] == group] for group in order])
    shown = []
    for measure in _BY_MODE:
        named = desk.named(found[found["measure"] == measure], measure, "mode")
        caption = words.told("supply_mean", measure=words.measure(measure))
        spec = charts.levels(named, caption, words.told("axis_mean"), desk.palette)
        shown.append(Chart(spec, caption, caption))
    course = figures.by_month(results, "vacant", ("mode",))

    def of(kind: str, group: str) -> str:
        return words.told("vacant_by", group=words.of_group(kind, group))

    shown += _courses(desk, course[course["group"].isin(order)], "", words.told("axis_places"), of)
    rows = desk.rows("mode", _BY_MODE)
    return Part(
        desk.section("supply", shown, _grids(desk, rows[rows["group"].isin(order)], groups=True)),
        (("supply_means", found), ("vacant_by_month", course), ("supply_differences", rows)),
    )


def _labs(desk: Desk, section: str) -> dict[str, Lab]:
    """What a laboratory answered, by the shown name of the scenario that asked it."""
    results = desk.comparison.results
    return {desk.names[one.name]: one.labs[section] for one in results if section in one.labs}


def _own(desk: Desk) -> Part | None:
    labs = _labs(desk, SECTION)
    return Part(own_section(labs, desk.words, desk.palette), tuple(own_tables(labs))) if labs else None


def _subsidy(desk: Desk) -> Part | None:
    labs = _labs(desk, SUBSIDY)
    return Part(subsidy_section(labs, desk.words), tuple(subsidy_tables(labs))) if labs else None


def _runs(desk: Desk) -> Part:
    words = desk.words
    documents: list[dict[str, Any]] = [one.document for one in desk.comparison.results]
    orders = [" → ".join(document.get("stack", [])) or words.told("no_files") for document in documents]
    laws = [
        ", ".join(f"{day} {mark.removeprefix('sha256:')[:12]}" for day, mark in found.items())
        for found in (document.get("policy_fingerprints", {}) for document in documents)
    ]
    grid = grid_of(
        [
            (words.told("col_scenario"), list(desk.names.values()), False),
            (words.told("col_name"), [one.name for one in desk.comparison.results], False),
            (words.told("col_stack"), orders, False),
            (words.told("col_law"), laws, False),
        ]
    )
    run = documents[0]
    section = desk.section(
        "runs", [], [grid], seed=run["seed"], replications=run["replications"], software=run.get("software", "0"),
        policy=run["policy"], world=run.get("world", ""),
    )  # fmt: skip
    return Part(section, ())
